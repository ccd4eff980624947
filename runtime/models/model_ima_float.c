/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "imc_model_adc.h"

/* The largest input, and the largest code. */
#define FULL 127.0F

void imc_model_float_add(const struct imc_model_adc *adc, int32_t x,
			 const int8_t *restrict cell, int32_t n,
			 int32_t *restrict sum)
{
	const float in = (float)x / FULL, most = (float)adc->cell_max;
	float v;

	for (int32_t j = 0; j < n; j++) {
		memcpy(&v, &sum[j], sizeof v);
		v += in * (float)cell[j] / most;
		memcpy(&sum[j], &v, sizeof v);
	}
}

int32_t imc_model_float_read(const struct imc_model_adc *adc, int32_t sum,
			     int32_t low, int32_t high)
{
	int32_t code;
	float v;

	(void)adc;
	memcpy(&v, &sum, sizeof v);
	if (v >= (float)high)
		v = (float)high;
	else if (v <= -(float)low)
		v = -(float)low;
	v = v * FULL / (float)(low + high);
	v = v >= FULL ? FULL : v <= -FULL ? -FULL : v;
	code = (int32_t)v;
	v -= (float)code;
	return code + (v >= 0.5F) - (v <= -0.5F);
}
