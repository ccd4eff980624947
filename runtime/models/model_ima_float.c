/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_model_adc.h"

/* The largest input, and the largest code. */
#define FULL 127.0F

/* A sum as it is kept. */
union bits {
	int32_t word;
	float sum;
};

void imc_model_float_add(const struct imc_model_adc *adc, int32_t x,
			 const int8_t *restrict cell, int32_t n,
			 int32_t *restrict sum)
{
	const float in = (float)x / FULL, most = (float)adc->cell_max;

	for (int32_t j = 0; j < n; j++) {
		union bits v = {sum[j]};

		v.sum += in * (float)cell[j] / most;
		sum[j] = v.word;
	}
}

int32_t imc_model_float_read(const struct imc_model_adc *adc, int32_t sum,
			     int32_t low, int32_t high)
{
	const union bits kept = {sum};
	int32_t code;
	float v = kept.sum;

	(void)adc;
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
