/* adc_range.h: the ADC setting that reads some sums best. */
#ifndef IMC_ADC_RANGE_H
#define IMC_ADC_RANGE_H

#include <stdint.h>

/* A sum before the ADC, and what one unit of its error costs.
 * end 0: as it is; every error of its reading counts.
 * end -1: one that is read harmlessly however small it is read, since the
 * output is clamped there: acc is the largest reading that changes nothing,
 * so that only a low end of the range above acc costs, by the difference.
 * end 1: the same upside down. */
struct imc_adc_sum {
	float acc, weight;
	int end;
};

/* code = clamp(floor(acc * gain + 1/2) + zero, lo, hi). */
struct imc_adc {
	double gain; /* > 0; imc_adc_best: at most 1, as sums are integers */
	int32_t zero, lo, hi;
};

/* What a reads as its code for acc, in units of the sum. */
double imc_adc_value(const struct imc_adc *a, double acc);

/* The setting of an ADC of `bits` bits (2 .. 16) that gives the n sums v the
 * least squared error, as far as a search over both ends of its range finds
 * it: too wide a range wastes codes, too narrow a one clips. */
struct imc_adc imc_adc_best(int bits, const struct imc_adc_sum *v, int64_t n);

/* The same with that gain: only the zero is chosen. */
struct imc_adc imc_adc_best_zero(int bits, double gain,
				 const struct imc_adc_sum *v, int64_t n);

/* ADCs whose range has whole ends (ir/num_adc.h). */
struct imc_adc imc_adc_whole(int32_t cell_max, int32_t low, int32_t high);

/* The LOW and HIGH that give the n sums v the least squared error; LOW + HIGH
 * is at least 1. */
void imc_adc_best_ends(int32_t cell_max, const struct imc_adc_sum *v, int64_t n,
		       int32_t *low, int32_t *high);

/* Squared weighted error with which a reads the n sums v. */
double imc_adc_error(const struct imc_adc *a, const struct imc_adc_sum *v,
		     int64_t n);

/* How many of the n sums a clips at its low and at its high end, by more than
 * half a step, so that it matters. */
void imc_adc_clipped(const struct imc_adc *a, const struct imc_adc_sum *v,
		     int64_t n, int64_t *low, int64_t *high);

#endif
