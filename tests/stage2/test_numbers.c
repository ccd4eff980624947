/* numbers.c: scales, weights, biases on rows. */
#include <math.h>
#include <stdlib.h>

#include "ir/num.h"
#include "ir/support/checked.h"
#include "passes/2-quant/quant.h"
#include "tests/check.h"
#include "tests/stage2/lab.h"

#define OK(condition) CHECK(condition, "wrong")

static float next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (float)((double)(*seed >> 40) * 0x1p-23 - 1);
}

static void check_qparams(float lo, float hi, int bits, bool fixed)
{
	struct imc_qparams q = imc_qparams_of(lo, hi, bits, fixed);
	double top = (1 << (bits - 1)) - 1, s = (double)q.scale;

	CHECK(q.scale > 0 && isfinite(q.scale), "%g .. %g", (double)lo,
	      (double)hi);
	CHECK(!fixed || q.zero == 0, "zero %d", (int)q.zero);
	CHECK(q.zero >= -top - 1 && q.zero <= top, "zero %d", (int)q.zero);
	/* both ends lie within half a step of a code */
	CHECK(s * (top - q.zero) >= (double)hi - 0.501 * s &&
		      s * (-top - 1 - q.zero) <= (double)lo + 0.501 * s,
	      "%g .. %g, %d bits: scale %g zero %d", (double)lo, (double)hi,
	      bits, s, (int)q.zero);
}

static void test_qparams(void)
{
	static const float range[][2] = {{-1, 1},	 {0, 6},   {-3, 0},
					 {2, 5},	 {-7, -4}, {-0.1f, 9},
					 {-1e6f, 1e-3f}, {0, 0},   {0, 1e-20f}};
	struct imc_qparams q;

	for (size_t i = 0; i < sizeof range / sizeof *range; i++)
		for (int bits = 2; bits <= 8; bits++)
			for (int fixed = 0; fixed < 2; fixed++)
				check_qparams(range[i][0], range[i][1], bits,
					      fixed);
	q = imc_qparams_of(0, 255, 8, false);
	OK(q.zero == -128 && fabsf(q.scale - 1) < 1e-6f);
	q = imc_qparams_of(-254, 20, 8, true);
	OK(q.zero == 0 && fabsf(q.scale - 2) < 1e-6f);
	q = imc_qparams_of(0, 0, 8, false);
	OK(q.zero == 0 && fabsf(q.scale - 1) < 1e-6f);
}

static void test_weight_max(void)
{
	struct lab l;

	lab_open(&l, "weights", 1);
	l.m->hw->ima_cell_bits = 4;
	OK(imc_slices_of(l.m->hw, 4) == 1 && imc_weight_max(l.m->hw, 4) == 7);
	OK(imc_slices_of(l.m->hw, 5) == 2 && imc_weight_max(l.m->hw, 5) == 15);
	OK(imc_slices_of(l.m->hw, 8) == 2 && imc_weight_max(l.m->hw, 8) == 119);
	OK(imc_slices_of(l.m->hw, 2) == 1 && imc_weight_max(l.m->hw, 2) == 1);
	l.m->hw->ima_cell_bits = 8;
	OK(imc_slices_of(l.m->hw, 8) == 1 && imc_weight_max(l.m->hw, 8) == 127);
	OK(imc_weight_max(l.m->hw, 4) == 7);
	lab_close(&l);
}

static double error(const float *w, int n, double scale, int slices, int bits,
		    int32_t max)
{
	double e = 0;

	for (int i = 0; i < n; i++) {
		double x = fmax(-max, fmin(max, (double)w[i] / scale));
		double d = imc_slice_round(x, slices, bits) * scale - w[i];

		e += d * d;
	}
	return e;
}

/* Never worse than to scale by the largest weight. */
static void test_weight_scale(void)
{
	uint64_t seed = 5;
	float w[50];

	for (int t = 0; t < 200; t++) {
		int slices = 1 + t % 2, bits = slices == 1 && t % 4 ? 8 : 4;
		int32_t max = imc_slice_max(slices, bits);
		double m = 0, tried, naive;

		for (int i = 0; i < 50; i++) {
			w[i] = next(&seed);
			w[i] *= w[i] * w[i]; /* long tails */
			m = fmax(m, fabs((double)w[i]));
		}
		tried = error(
			w, 50,
			(double)imc_weight_scale(w, 50, slices, bits, max),
			slices, bits, max);
		naive = error(w, 50, (double)(float)(m / max), slices, bits,
			      max);
		CHECK(tried <= naive, "%g, not %g", tried, naive);
	}
	for (int i = 0; i < 50; i++)
		w[i] = 0;
	OK(imc_weight_scale(w, 50, 1, 4, 7) > 0);
}

/* What the rows give and what is left make the bias; up to the reach of the
 * rows at most half of the finest drive is left: nothing, when that is 1. */
static void check_bias(const struct imc_hw *hw, double most)
{
	int32_t cell = imc_cell_max((int)hw->ima_cell_bits);
	struct imc_ints d = imc_bias_drives(hw, most);
	int64_t top = (int64_t)most, step = top / 100 + 1, reach = 0;

	for (int i = 0; i < d.n; i++) {
		reach += d.v[i] * cell;
		CHECK(d.v[i] > 0 && d.v[i] < 1 << (hw->ima_dac_bits - 1) &&
			      (i == 0 || d.v[i] <= d.v[i - 1]),
		      "drive %lld", (long long)d.v[i]);
	}
	for (int64_t bias = -top; bias <= top; bias += step) {
		int8_t c[IMC_MAX_RANK];
		int64_t left = imc_bias_cells(&d, bias, cell, c, 1), sum = left;

		for (int i = 0; i < d.n; i++) {
			sum += d.v[i] * c[i];
			CHECK(abs(c[i]) <= cell, "cell %d", c[i]);
		}
		CHECK(sum == bias, "%lld of %lld", (long long)sum,
		      (long long)bias);
		CHECK(llabs(left) <= d.v[d.n - 1] / 2 || llabs(bias) > reach,
		      "cells %d, dac %d, most %g: %lld of %lld left", (int)cell,
		      (int)hw->ima_dac_bits, most, (long long)left,
		      (long long)bias);
	}
}

static void test_bias(void)
{
	static const double most[] = {0.7, 1,	3,    7,    63,	  64,  100,
				      889, 890, 1000, 2000, 4321, 5000};
	struct lab l;

	lab_open(&l, "bias", 1);
	for (int cell = 2; cell <= 8; cell++)
		for (int dac = 2; dac <= 8; dac++)
			for (size_t i = 0; i < sizeof most / sizeof *most;
			     i++) {
				l.m->hw->ima_cell_bits = cell;
				l.m->hw->ima_dac_bits = dac;
				check_bias(l.m->hw, most[i]);
			}
	OK(imc_bias_drives(l.m->hw, 0).n == 0);
	OK(imc_bias_drives(l.m->hw, 0.4).n == 0);
	lab_close(&l);
}

/* Every channel is visited, and no more than asked for. */
static void test_subset(void)
{
	for (int64_t channels = 1; channels < 70; channels += 3)
		for (int64_t n = channels; n < 40000; n = n * 3 + channels) {
			bool seen[70] = {false};
			int64_t step, kept = 0, n_seen = 0;

			step = imc_subset_step(n, 256, channels);
			for (int64_t i = 0; i < n; i += step, kept++)
				seen[i % channels] = true;
			for (int64_t c = 0; c < channels; c++)
				n_seen += seen[c];
			CHECK(kept <= 256 && (kept < 140 || n_seen == channels),
			      "%lld of %lld: %lld channels of %lld",
			      (long long)kept, (long long)n, (long long)n_seen,
			      (long long)channels);
		}
}

static void check_clamp(double lo, double hi, int64_t want_lo, int64_t want_hi)
{
	struct imc_value v = {.scale = 0.5f, .zero = -10};
	struct imc_node n = {0};

	imc_clamp_to(&n, &v, lo, hi);
	CHECK(n.a.lo[0] == want_lo && n.a.hi[0] == want_hi, "%d .. %d",
	      (int)n.a.lo[0], (int)n.a.hi[0]);
}

static void test_clamp(void)
{
	check_clamp(0, 1.2, -10, -8);
	check_clamp(-1e30, 1e30, -128, 127);
	check_clamp(-INFINITY, INFINITY, -128, 127);
	check_clamp(-1e30, -1e30, -128, -128);
	check_clamp(1, -1, -12, -12);
}

int test_numbers(void)
{
	test_qparams();
	test_weight_max();
	test_weight_scale();
	test_bias();
	test_subset();
	test_clamp();
	return check_result();
}
