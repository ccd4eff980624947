/* The arithmetic of every level against its definition. */
#include <math.h>
#include <stdlib.h>

#include "ir/num.h"
#include "tests/ops_core/rig.h"

/* v * mult / 2^shift with halves away from zero, by quotient and rest. */
static int64_t divide(int64_t v, int64_t mult, int shift)
{
	int64_t p = llabs(v) * mult, by = (int64_t)1 << shift;
	int64_t q = p / by, rest = p % by;

	q += rest >= by - rest;
	return v < 0 ? -q : q;
}

static void check_rescale(void)
{
	OK(imc_rescale(1, 1, 1) == 1);
	OK(imc_rescale(-1, 1, 1) == -1);
	OK(imc_rescale(3, 1, 1) == 2);
	OK(imc_rescale(-3, 1, 1) == -2);
	OK(imc_rescale(5, 1, 2) == 1);
	OK(imc_rescale(-5, 1, 2) == -1);
	OK(imc_rescale(7, 9, 0) == 63);
	for (int i = 0; i < 20000; i++) {
		int bits = (int)rig_random(1, 31);
		int64_t v = rig_random(-(1LL << bits) + 1, (1LL << bits) - 1);
		int32_t mult = (int32_t)rig_random(0, INT32_MAX);
		int shift = (int)rig_random(0, IMC_SHIFT_MAX);

		CHECK(imc_rescale(v, mult, shift) == divide(v, mult, shift),
		      "%lld * %d >> %d", (long long)v, (int)mult, shift);
	}
	OK(imc_requant(-1000, 1, 2, 3, -128, 127) == -128);
	OK(imc_requant(10, 1, 2, 3, -128, 127) == 6);
}

static void check_factor(void)
{
	int32_t mult, shift;

	for (int i = 0; i < 20000; i++) {
		double f = ldexp(1 + (double)rig_random(0, INT32_MAX) / 0x1p31,
				 (int)rig_random(-31, 30));

		imc_factor(f, &mult, &shift);
		CHECK(fabs(ldexp(mult, -shift) - f) <= f * 0x1p-30, "%a", f);
		OK(shift >= 0 && shift <= IMC_SHIFT_MAX && mult > 0);
	}
	imc_factor(0, &mult, &shift);
	OK(mult == 0);
	imc_factor(1, &mult, &shift);
	OK(ldexp(mult, -shift) == 1);
	/* rounds up to the next power of two */
	imc_factor(1 - 0x1p-40, &mult, &shift);
	OK(ldexp(mult, -shift) == 1);
	imc_factor(0x1p-40, &mult, &shift);
	OK(ldexp(mult, -shift) == 0x1p-40);
	imc_factor(0x1p-200, &mult, &shift);
	OK(mult == 0);
}

/* Every value that is a sum of digits, and no other, can be cut. */
static void check_slices(int n, int bits)
{
	int32_t max = imc_slice_max(n, bits), cell = imc_cell_max(bits);
	int64_t count = 0, digits = 1;

	for (int32_t w = -max - 3; w <= max + 3; w++) {
		int64_t sum = 0;

		if (!imc_sliceable(w, n, bits))
			continue;
		count++;
		for (int s = 0; s < n; s++) {
			int32_t d = imc_slice(w, s, n, bits);

			CHECK(abs(d) <= cell, "slice %d of %d", s, (int)w);
			sum += d * (1LL << (bits * s));
		}
		CHECK(sum == w, "%d in %d of %d bits", (int)w, n, bits);
	}
	for (int s = 0; s < n; s++)
		digits *= 2 * cell + 1;
	CHECK(count == digits, "%d of %d bits", n, bits);
	OK(imc_sliceable(max, n, bits) && imc_sliceable(-max, n, bits));
}

static void check_round(int n, int bits)
{
	int32_t max = imc_slice_max(n, bits);

	for (int i = 0; i < 300; i++) {
		double x = (double)rig_random(-2000, 2000) / 1000 * max;
		int32_t got = imc_slice_round(x, n, bits);
		double best = INFINITY;

		for (int32_t w = -max; w <= max; w++)
			if (imc_sliceable(w, n, bits))
				best = fmin(best, fabs(x - w));
		CHECK(imc_sliceable(got, n, bits), "%g", x);
		CHECK(fabs(x - got) == best, "%g of %d x %d gives %d", x, n,
		      bits, (int)got);
	}
}

/* Bits of two's complement: every value of n bits, and no other. */
static void check_bits(int n)
{
	int32_t half = 1 << (n - 1);

	CHECK(imc_slice_max(n, 1) == half - 1, "%d bits", n);
	for (int32_t w = -300; w <= 300; w++) {
		bool fits = w >= -half && w < half;
		int32_t sum = 0, digits = 0;

		CHECK(imc_sliceable(w, n, 1) == fits, "%d in %d bits", (int)w,
		      n);
		for (int s = 0; s < n && fits; s++) {
			int32_t d = imc_slice(w, s, n, 1);

			CHECK(d >= 0 && d <= imc_slice_cell_max(1),
			      "bit %d of %d", s, (int)w);
			digits += d << s;
			sum += d * imc_slice_factor(s, n, 1);
		}
		CHECK(!fits || (sum == w && digits == (w & (2 * half - 1))),
		      "%d in %d bits", (int)w, n);
	}
	for (int s = 0; s < n; s++)
		CHECK(imc_slice_factor(s, n, 1) ==
			      (s == n - 1 ? -(1 << s) : 1 << s),
		      "factor %d of %d", s, n);
}

static void check_one_bit(void)
{
	/* one bit of two's complement has no 1 */
	for (int32_t w = -2; w <= 2; w++)
		OK(!imc_sliceable(w, 1, 1));
	for (int n = 2; n <= 8; n++) {
		check_bits(n);
		check_round(n, 1);
	}
	OK(imc_slice_round(-2.6, 2, 1) == -1 && imc_slice_round(9, 4, 1) == 7);
	OK(imc_slice_cell_max(1) == 1);
	for (int bits = 2; bits <= 8; bits++) {
		OK(imc_slice_cell_max(bits) == imc_cell_max(bits));
		for (int s = 0; s < 2; s++)
			OK(imc_slice_factor(s, 2, bits) == 1 << (s * bits));
	}
}

int main(void)
{
	check_rescale();
	check_factor();
	for (int n = 1; n <= 3; n++)
		for (int bits = 2; bits <= 4; bits++) {
			check_slices(n, bits);
			check_round(n, bits);
		}
	check_one_bit();
	return check_result();
}
