/* adc_range.c: the range of an ADC. */
#include <math.h>

#include "passes/2-quant/adc_range.h"
#include "tests/check.h"
#include "tests/stage2/lab.h"

#define N 4000

static double read(const struct imc_adc *a, double acc)
{
	double code = floor(acc * a->gain + 0.5) + a->zero;

	return (fmax(a->lo, fmin(a->hi, code)) - a->zero) / a->gain;
}

/* Sums of bell shape, and one far away. */
static void make(struct imc_adc_sum *v, double spread, double far)
{
	uint64_t seed = 9;

	for (int i = 0; i < N; i++) {
		double x = -2;

		for (int k = 0; k < 4; k++) {
			seed = seed * 6364136223846793005u +
			       1442695040888963407u;
			x += (double)(seed >> 40) * 0x1p-24;
		}
		v[i] = (struct imc_adc_sum){(float)round(x * spread), 1};
	}
	v[7].acc = (float)far;
}

static void test_exact(void)
{
	struct imc_adc_sum v[N];
	struct imc_adc a;

	/* within the codes of the ADC every sum is read exactly */
	make(v, 50, 90);
	a = imc_adc_best(8, v, N);
	CHECK(a.gain >= 1 && a.gain <= 1, "gain %g", a.gain);
	CHECK(imc_adc_error(&a, v, N) <= 0, "not exact");
	/* and sums that were not seen, on either side, have the spare codes */
	CHECK(read(&a, -110) <= -110 && read(&a, 110) >= 110, "zero %d",
	      (int)a.zero);
}

static void test_tail(void)
{
	struct imc_adc_sum v[N];
	struct imc_adc best, wide;
	int clipped = 0;

	make(v, 4000, 40000);
	best = imc_adc_best(8, v, N);
	wide = best;
	wide.gain = 255 / (40000.0 + 8000);
	wide.zero = -128 + (int32_t)(8000 * wide.gain);
	CHECK(imc_adc_error(&best, v, N) < imc_adc_error(&wide, v, N),
	      "no better than the whole range");
	for (int i = 0; i < N; i++)
		clipped += fabs(read(&best, (double)v[i].acc) -
				(double)v[i].acc) > 0.51 / best.gain;
	CHECK(clipped < N / 200, "%d of %d clip", clipped, N);
}

int test_range(void)
{
	struct imc_adc a;

	test_exact();
	test_tail();
	a = imc_adc_best(8, NULL, 0);
	CHECK(a.gain > 0 && a.zero >= a.lo && a.zero <= a.hi, "no sums");
	return check_result();
}
