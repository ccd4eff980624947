/* adc_range.h: the ADC setting that reads some sums best. */
#ifndef IMC_ADC_RANGE_H
#define IMC_ADC_RANGE_H

#include <stdint.h>

/* A sum before the ADC, and what one unit of its error costs. */
struct imc_adc_sum {
	float acc, weight;
};

/* code = clamp(floor(acc * gain + 1/2) + zero, lo, hi). */
struct imc_adc {
	double gain; /* > 0; imc_adc_best: at most 1, as sums are integers */
	int32_t zero, lo, hi;
};

/* The setting of an ADC of `bits` bits, of a few, that gives the n sums v the
 * least squared error: too wide a range wastes codes, too narrow a one clips.
 */
struct imc_adc imc_adc_best(int bits, const struct imc_adc_sum *v, int64_t n);

/* The same with that gain: only the zero is chosen. */
struct imc_adc imc_adc_best_zero(int bits, double gain,
				 const struct imc_adc_sum *v, int64_t n);

/* Squared weighted error with which a reads the n sums v. */
double imc_adc_error(const struct imc_adc *a, const struct imc_adc_sum *v,
		     int64_t n);

#endif
