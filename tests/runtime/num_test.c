#include "imc_rt_num.h"
#include "ir/num.h"
#include "tests/check.h"
#include "tests/runtime/random.h"

static const int64_t values[] = {
	0,	    1,
	2,	    3,
	127,	    128,
	255,	    1000,
	65535,	    1 << 20,
	1 << 30,    INT32_MAX,
	-1,	    -2,
	-3,	    -127,
	-128,	    -1000,
	-(1 << 20), -(1 << 30),
	-INT32_MAX, INT32_MIN + 0LL,
};

static const int32_t mults[] = {0,	 1,	    2,		3,  1 << 15,
				1 << 30, INT32_MAX, 1431655765, 99, 2147483646};

#define N(x) (sizeof(x) / sizeof *(x))

static void check_one(int64_t v, int32_t mult, int32_t shift)
{
	int32_t zero = (int32_t)(v % 100);

	CHECK(imc_rt_rescale(v, mult, shift) == imc_rescale(v, mult, shift),
	      "%lld * %d >> %d", (long long)v, mult, shift);
	EXPECT(imc_rt_requant(v, mult, shift, zero, -128, 127) ==
	       imc_requant(v, mult, shift, zero, -128, 127));
	EXPECT(imc_rt_clamp(v, -7, 7) == imc_clamp(v, -7, 7));
}

static void check_scaled(int64_t v, int32_t mult, int32_t shift)
{
	const struct imc_rt_scale s = imc_rt_scale_of(mult, shift);
	int32_t zero = (int32_t)(v % 100);

	CHECK(imc_rt_scaled(&s, (int32_t)v, zero, -128, 127) ==
		      imc_rt_requant(v, mult, shift, zero, -128, 127),
	      "%lld * %d >> %d in 32 bits", (long long)v, mult, shift);
}

/* Values beside every power of two, and ties, for all shifts. */
static void check_all_shifts(int32_t mult)
{
	for (int32_t s = 0; s <= IMC_SHIFT_MAX; s++)
		for (int bit = 0; bit < 31; bit++)
			for (int d = -3; d <= 3; d++) {
				int64_t v = ((int64_t)1 << bit) + d;

				check_scaled(v, mult, s);
				check_scaled(-v, mult, s);
				v = (2 * (int64_t)d + 1) *
				    ((int64_t)1 << (bit > 28 ? 28 : bit));
				check_scaled(v, mult, s);
				check_scaled(3 * d * 37, mult, s);
			}
}

static void check_known(void)
{
	CHECK(IMC_RT_SUM_FRAC == IMC_SUM_FRAC, "%d", IMC_RT_SUM_FRAC);
	CHECK(imc_rt_rescale(5, 1, 1) == 3, "2.5 goes to 3");
	CHECK(imc_rt_rescale(-5, 1, 1) == -3, "-2.5 goes to -3");
	CHECK(imc_rt_rescale(-1, 1, 2) == 0, "-0.25 goes to 0");
	EXPECT(imc_rt_requant(1000, 1, 0, 0, -128, 100) == 100);
}

static void check_factors(void)
{
	for (int bits = 1; bits <= 8; bits++)
		for (int n = 1; bits * (n - 1) <= 8; n++)
			for (int s = 0; s < n; s++)
				CHECK(imc_rt_slice_factor(s, n, bits) ==
					      imc_slice_factor(s, n, bits),
				      "slice %d of %d of %d bits", s, n, bits);
	CHECK(imc_rt_slice_factor(7, 8, 1) == -128, "two's complement");
}

int main(void)
{
	struct random r = {1};

	for (size_t i = 0; i < N(values); i++)
		for (size_t j = 0; j < N(mults); j++)
			for (int32_t s = 0; s <= IMC_SHIFT_MAX; s++)
				check_one(values[i], mults[j], s);
	for (size_t j = 0; j < N(mults); j++)
		check_all_shifts(mults[j]);
	for (int i = 0; i < 20000; i++) {
		int32_t v = pick(&r, -INT32_MAX, INT32_MAX);
		int32_t mult = pick(&r, 0, INT32_MAX);
		int32_t shift = pick(&r, 0, IMC_SHIFT_MAX);

		check_one(v, mult, shift);
		check_scaled(v, mult, shift);
		check_scaled(v >> pick(&r, 0, 30), mult, shift);
		check_scaled(v, mult >> pick(&r, 0, 30), shift);
	}
	check_known();
	check_factors();
	return check_result();
}
