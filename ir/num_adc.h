/* num_adc.h: ADCs whose range ends at whole numbers.
 *
 * Registers LOW and HIGH count products of the largest input (127) and the
 * largest cell. What is beyond -LOW .. HIGH is clipped, and LOW + HIGH = n of
 * them have code 127, so that a sum of integers has
 *     code = clamp(round(sum / (cell_max * n)), -round(127 LOW / n),
 *                  round(127 HIGH / n)),    halves away from zero.
 * That is imc_requant with the factors below. Machines that compute this in
 * float32 (adc_float) give the neighbouring code now and then: they are
 * repeated operation by operation. */
#ifndef IMC_NUM_ADC_H
#define IMC_NUM_ADC_H

#include <stdint.h>

#define IMC_ADC_FULL 127 /* the largest input, and the largest code */

/* LOW + HIGH at most: what 65536 word lines can add up to, twice. */
#define IMC_ADC_ENDS_MAX (1 << 17)

/* mult / 2^shift of such ADCs: 1 / (cell_max * n), rounded up a little, so that
 * imc_requant gives the code above for all |sum| < 2^29: halves stay on the
 * outer side, and all else on its own. 1 <= n <= IMC_ADC_ENDS_MAX,
 * 1 <= cell_max <= 127. */
void imc_adc_ends_factor(int32_t cell_max, int32_t n, int32_t *mult,
			 int32_t *shift);

/* The code of `end` (LOW or HIGH) of a range of n = LOW + HIGH. */
static inline int32_t imc_adc_end_code(int64_t end, int64_t n)
{
	return (int32_t)((2 * IMC_ADC_FULL * end + n) / (2 * n));
}

/* What a word line adds to a sum in float32, input x and a cell. */
static inline float imc_adc_float_term(float x, float cell, float cell_max)
{
	return x / IMC_ADC_FULL * cell / cell_max;
}

/* The code of such a sum, each step rounded to float32. */
static inline int32_t imc_adc_float_code(float sum, int32_t low, int32_t high)
{
	const float full = IMC_ADC_FULL;
	float v = sum >= (float)high   ? (float)high
		  : sum <= -(float)low ? -(float)low
				       : sum;
	int32_t code;

	v = v * full / (float)(low + high);
	v = v >= full ? full : v <= -full ? -full : v;
	code = (int32_t)v;
	v -= (float)code;
	return code + (v >= 0.5F) - (v <= -0.5F);
}

#endif
