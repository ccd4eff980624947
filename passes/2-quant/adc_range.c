/* Choosing the range of an ADC: a local search over its two ends. */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "passes/2-quant/adc_range.h"

/* The sums that an ADC of a tells apart. */
struct range {
	double low, high;
};

/* Codes that the range leaves over lie on both sides of it, for sums that no
 * sample had. */
static struct imc_adc setting_of(int bits, const struct range *r)
{
	struct imc_adc a = {1, 0, -(1 << (bits - 1)), (1 << (bits - 1)) - 1};
	double steps = a.hi - a.lo, width = r->high - r->low, low = r->low;

	if (width > steps)
		a.gain = steps / width;
	else
		low -= (steps - width) / 2;
	a.zero = a.lo - (int32_t)floor(low * a.gain + 0.5);
	return a;
}

double imc_adc_error(const struct imc_adc *a, const struct imc_adc_sum *v,
		     int64_t n)
{
	double e = 0;

	for (int64_t i = 0; i < n; i++) {
		double code = floor(v[i].acc * a->gain + 0.5) + a->zero, d;

		code = fmax(a->lo, fmin(a->hi, code));
		d = ((code - a->zero) / a->gain - v[i].acc) * v[i].weight;
		e += d * d;
	}
	return e;
}

/* From the smallest to the largest sum; 0 is always inside. */
static struct range whole_range(const struct imc_adc_sum *v, int64_t n)
{
	struct range r = {0, 0};

	for (int64_t i = 0; i < n; i++) {
		r.low = fmin(r.low, v[i].acc);
		r.high = fmax(r.high, v[i].acc);
	}
	return r;
}

/* Tries every ZERO_STEP-th zero from the middle out, so that of equals the
 * one with most room on both sides is taken. */
#define ZERO_STEP 4

struct imc_adc imc_adc_best_zero(int bits, double gain,
				 const struct imc_adc_sum *v, int64_t n)
{
	struct range r = whole_range(v, n);
	struct imc_adc best = {gain, 0, -(1 << (bits - 1)),
			       (1 << (bits - 1)) - 1};
	double middle = -floor((r.low + r.high) / 2 * gain + 0.5), least;

	best.zero = (int32_t)fmax(best.lo, fmin(best.hi, middle));
	least = imc_adc_error(&best, v, n);
	for (int i = 1; i < (2 << bits) / ZERO_STEP; i++) {
		struct imc_adc a = best;
		double e, zero = middle +
				 (i % 2 ? 1 : -1) * (i + 1) / 2 * ZERO_STEP;

		a.zero = (int32_t)fmax(a.lo, fmin(a.hi, zero));
		e = imc_adc_error(&a, v, n);
		if (e < least * 0.999) {
			least = e;
			best = a;
		}
	}
	return best;
}

/* Moves the ends of the range in (and a little out) in turn, as long as that
 * lowers the error. */
struct imc_adc imc_adc_best(int bits, const struct imc_adc_sum *v, int64_t n)
{
	static const double factor[] = {0.6, 0.8, 0.9, 0.95, 1.05};
	struct range r = whole_range(v, n);
	struct imc_adc best = setting_of(bits, &r);
	double least = imc_adc_error(&best, v, n);
	bool better = true;

	while (better && best.gain < 1) {
		better = false;
		for (size_t t = 0; t < 2 * sizeof factor / sizeof *factor;
		     t++) {
			struct range s = r;
			struct imc_adc a;
			double e;

			*(t % 2 ? &s.low : &s.high) *= factor[t / 2];
			a = setting_of(bits, &s);
			e = imc_adc_error(&a, v, n);
			if (e >= least * 0.999)
				continue;
			least = e;
			best = a;
			r = s;
			better = true;
		}
	}
	return best;
}
