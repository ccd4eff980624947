/* adc_range.c: the range of an ADC. */
#include <math.h>

#include "passes/2-quant/adc_sums.h"
#include "passes/2-quant/quant.h"
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
		v[i] = (struct imc_adc_sum){(float)round(x * spread), 1, 0};
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

/* A few sums of three kinds, some of which weigh more. */
static void make_few(struct imc_adc_sum *v, int n, uint64_t seed)
{
	for (int i = 0; i < n; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		v[i].acc = (float)((int)(seed >> 33) % 60 -
				   (int)(seed >> 50) % 25);
		v[i].weight = seed >> 20 & 1 ? 4 : 1;
		v[i].end = (int)(seed >> 40) % 5 == 0	? -1
			   : (int)(seed >> 44) % 7 == 0 ? 1
							: 0;
	}
}

/* The least error of all ranges with ends at halves of a unit. */
static double least_error(int bits, const struct imc_adc_sum *v, int n)
{
	double least = INFINITY, steps = (1 << bits) - 1;

	for (double low = -30; low < 60; low += 0.5)
		for (double high = low + steps; high < 62; high += 0.5) {
			struct imc_adc a = {steps / (high - low), 0,
					    -(1 << (bits - 1)),
					    (1 << (bits - 1)) - 1};

			a.zero = a.lo - (int32_t)floor(low * a.gain + 0.5);
			least = fmin(least, imc_adc_error(&a, v, n));
		}
	return least;
}

/* What the search finds is close to the best there is; with the 8 codes of 3
 * bits the error of a few sums has many valleys. */
static void test_search(void)
{
	struct imc_adc_sum v[40];

	for (uint64_t seed = 1; seed < 13; seed++) {
		int bits = 3 + (int)(seed % 2);
		struct imc_adc a;
		double e, least;

		make_few(v, 40, seed);
		a = imc_adc_best(bits, v, 40);
		e = imc_adc_error(&a, v, 40);
		least = least_error(bits, v, 40);
		CHECK(e <= least * (bits == 3 ? 1.4 : 1.2),
		      "seed %d: %g, least %g", (int)seed, e, least);
		/* and no zero of that gain is better */
		a = imc_adc_best_zero(bits, a.gain, v, 40);
		e = imc_adc_error(&a, v, 40);
		for (a.zero = a.lo; a.zero <= a.hi; a.zero++)
			CHECK(imc_adc_error(&a, v, 40) >= e * 0.99, "zero %d",
			      (int)a.zero);
	}
}

/* The sums of a high slice decide where there are two kinds. */
static void test_weight(void)
{
	struct imc_adc_sum v[N];
	struct imc_adc a, light;

	make(v, 300, 0);
	for (int i = 0; i < N; i += 2)
		v[i].acc *= 20;
	light = imc_adc_best(6, v, N);
	for (int i = 1; i < N; i += 2)
		v[i].weight = 16;
	a = imc_adc_best(6, v, N);
	CHECK(a.gain > 1.3 * light.gain, "gain %g, %g", a.gain, light.gain);
}

static void test_clipped(void)
{
	const struct imc_adc a = {0.5, 0, -4, 3}; /* -8 .. 6 */
	const struct imc_adc_sum v[] = {{-8, 1, 0},  {-9, 1, 0}, {-10, 1, 0},
					{6, 1, 0},   {8, 1, 0},	 {-20, 1, -1},
					{-7, 1, -1}, {20, 1, 1}, {3, 1, 1}};
	int64_t low, high;

	imc_adc_clipped(&a, v, sizeof v / sizeof *v, &low, &high);
	CHECK(low == 2 && high == 2, "%d, %d", (int)low, (int)high);
	CHECK(fabs(imc_adc_error(&a, &v[5], 1) - 144) < 1e-9 &&
		      imc_adc_error(&a, &v[6], 1) <= 0 &&
		      fabs(imc_adc_error(&a, &v[7], 1) - 196) < 1e-9 &&
		      imc_adc_error(&a, &v[8], 1) <= 0,
	      "errors of sums with an end");
}

/* What the sums of an output give when an ADC ends at `end`. */
static double total_of(const int32_t *acc, const double *factor, int side,
		       double end)
{
	double total = 0;

	for (int i = 0; i < 4; i++)
		total += factor[i] *
			 (side > 0 ? fmax(acc[i], end) : fmin(acc[i], end));
	return total;
}

/* Clamped outputs: the level is the last one that leaves them clamped. */
static void test_settle(void)
{
	static const double factor[] = {1, 16, 1, 16};
	static const int32_t acc[][4] = {{-90, 10, -20, -30}, {5, -7, 5, -7},
					 {-1, -1, -1, -1},    {-400, 9, 3, 2},
					 {1, 90, 30, -10},    {7, 7, 70, 70}};
	const struct imc_adc_channel c = {-10, 200, 0.5f};
	struct imc_adc_sum v[4];

	for (size_t i = 0; i < sizeof acc / sizeof *acc; i++) {
		double total = total_of(acc[i], factor, 1, -1e9);
		int side = total < c.lo ? 1 : total > c.hi ? -1 : 0;
		int n = imc_adc_settle(acc[i], factor, 4, &c, v);
		double at;

		CHECK(side || n == 4, "%d sums", n);
		CHECK(!side || n > 0, "no sums");
		if (!side || !n)
			continue;
		at = (double)v[0].acc;
		CHECK(v[0].end == -side, "end %d", v[0].end);
		CHECK(side > 0 ? total_of(acc[i], factor, 1, at) <= c.lo
			       : total_of(acc[i], factor, -1, at) >= c.hi,
		      "case %d: level %g changes the output", (int)i, at);
		CHECK(side > 0 ? total_of(acc[i], factor, 1, at + 1) > c.lo
			       : total_of(acc[i], factor, -1, at - 1) < c.hi,
		      "case %d: level %g is too small", (int)i, at);
	}
}

/* Ranges of activations: never worse than the whole one. */
static void test_value_range(void)
{
	struct imc_adc_sum v[N];
	float x[N];

	make(v, 100, 5000);
	for (int i = 0; i < N; i++)
		x[i] = fmaxf(v[i].acc, 0);
	for (int bits = 4; bits <= 8; bits++) {
		float range[2] = {0, 5000};
		double e[2] = {0, 0};

		imc_range_of(x, N, bits, bits % 2 == 0, range);
		for (int k = 0; k < 2; k++) {
			struct imc_qparams q = imc_qparams_of(
				0, k ? range[1] : 5000, bits, bits % 2 == 0);
			double top = (1 << (bits - 1)) - 1, s = q.scale;

			for (int i = 0; i < N; i++) {
				double c = floor(x[i] / s + 0.5) + q.zero;
				double d = (fmin(c, top) - q.zero) * s - x[i];

				e[k] += d * d;
			}
		}
		CHECK(e[1] <= e[0], "%d bits: %g, whole range %g", bits, e[1],
		      e[0]);
	}
}

int test_range(void)
{
	struct imc_adc a;

	test_search();
	test_weight();
	test_clipped();
	test_settle();
	test_value_range();

	test_exact();
	test_tail();
	a = imc_adc_best(8, NULL, 0);
	CHECK(a.gain > 0 && a.zero >= a.lo && a.zero <= a.hi, "no sums");
	return check_result();
}
