/* SPDX-License-Identifier: Apache-2.0 */
/* imc_model_adc.h: ADCs that round otherwise than imc_rt_requant does.
 *
 * sum: 32 bits of each column that are the ADC's own; 0 before any word line.
 * It reads the range -low .. high of its registers (imc_hal.h). */
#ifndef IMC_MODEL_ADC_H
#define IMC_MODEL_ADC_H

#include <stdint.h>

struct imc_model_adc {
	int32_t cell_max; /* the largest code of a cell */
	/* Adds a word line with input x to the sums of n columns. */
	void (*add)(const struct imc_model_adc *adc, int32_t x,
		    const int8_t *cell, int32_t n, int32_t *sum);
	int32_t (*read)(const struct imc_model_adc *adc, int32_t sum,
			int32_t low, int32_t high);
};

/* model_ima_float.c: sums and codes in float32, as the open model of the
 * accelerator makes them (GVSoC, pulp/ima/ima_v1): with cell_max 7
 *     sum += x / 127 * cell / 7, clipped to -low .. high,
 *     code = round(sum * 127 / (low + high)), halves away from zero,
 * each step rounded. Only there when the machine is one of these. */
void imc_model_float_add(const struct imc_model_adc *adc, int32_t x,
			 const int8_t *cell, int32_t n, int32_t *sum);
int32_t imc_model_float_read(const struct imc_model_adc *adc, int32_t sum,
			     int32_t low, int32_t high);

#endif
