/* ADCs whose range has whole ends: the integers that stand for them, what
 * float32 makes of the same sums, the choice of ends, and cuts for a reader of
 * whole lines. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hwdesc/cost.h"
#include "imc_model_adc.h"
#include "ir/eval/adc_lines.h"
#include "ir/num.h"
#include "ir/num_adc.h"
#include "ir/support/splitmix.h"
#include "passes/2-quant/adc_range.h"
#include "tests/check.h"

#define SIDE 256
#define CELL_MAX 7
#define SUM_MAX (SIDE * 127 * CELL_MAX)

/* |a| / d rounded, halves up. */
static int64_t quotient(int64_t a, int64_t d)
{
	return (2 * a + d) / (2 * d);
}

/* Every sum of an array, in every range that it can need. */
static void test_factors(void)
{
	for (int32_t n = 1; n <= 2 * SIDE; n++) {
		int64_t d = (int64_t)CELL_MAX * n, wrong = 0;
		int32_t mult, shift;

		imc_adc_ends_factor(CELL_MAX, n, &mult, &shift);
		/* sums around halves are those that may go wrong */
		for (int64_t half = d; half < 2 * SUM_MAX; half += 2 * d)
			for (int64_t s = half / 2 - 2; s <= half / 2 + 2; s++)
				wrong += s >= 0 && s <= SUM_MAX &&
					 (imc_rescale(s, mult, shift) !=
						  quotient(s, d) ||
					  imc_rescale(-s, mult, shift) !=
						  -quotient(s, d));
		for (int64_t s = 0; n % 37 == 1 && s <= SUM_MAX; s++)
			wrong += imc_rescale(s, mult, shift) != quotient(s, d);
		CHECK(wrong == 0, "%d: %d", n, (int)wrong);
	}
}

/* Odd cells and large ranges, too. */
static void test_large_factors(void)
{
	uint64_t state = 11;

	for (int i = 0; i < 200000; i++) {
		int32_t max = 1 + (int32_t)(imc_splitmix_next(&state) % 127);
		int32_t n = 1 + (int32_t)(imc_splitmix_next(&state) %
					  IMC_ADC_ENDS_MAX);
		int64_t d = (int64_t)max * n, mult_d;
		int64_t s = (int64_t)(imc_splitmix_next(&state) % (1 << 29));
		int32_t mult, shift;

		if (i % 2) /* on a half, or beside it */
			s = s / d * d + d / 2 + i % 3;
		if (s >= 1 << 29)
			continue;
		imc_adc_ends_factor(max, n, &mult, &shift);
		mult_d = imc_rescale(s, mult, shift);
		CHECK(mult_d == quotient(s, d) && mult >= 1 << 30 &&
			      shift <= IMC_SHIFT_MAX,
		      "%d * %d: %d", max, n, (int)s);
	}
}

/* Sums at the ends and beyond have the same code in integers and float32. */
static void test_ends(void)
{
	for (int32_t low = 0; low <= 40; low++)
		for (int32_t high = !low; high <= 40; high++) {
			int32_t n = low + high;
			int32_t lo = -imc_adc_end_code(low, n);
			int32_t hi = imc_adc_end_code(high, n);
			struct imc_adc a = imc_adc_whole(CELL_MAX, low, high);

			CHECK(a.lo == lo && a.hi == hi && a.zero == 0 &&
				      fabs(a.gain * CELL_MAX * n - 1) < 1e-12,
			      "%d %d", low, high);
			CHECK(imc_adc_float_code(1e6F, low, high) == hi &&
				      imc_adc_float_code((float)high, low,
							 high) == hi &&
				      imc_adc_float_code(-1e6F, low, high) ==
					      lo &&
				      imc_adc_float_code(-(float)low, low,
							 high) == lo,
			      "%d %d", low, high);
		}
}

/* Cells and inputs of a full array. */
struct array {
	int8_t cell[SIDE * SIDE];
	int16_t x[SIDE];
};

static void fill(struct array *m, uint64_t seed)
{
	for (int i = 0; i < SIDE * SIDE; i++)
		m->cell[i] = (int8_t)((int)(imc_splitmix_next(&seed) % 15) - 7);
	for (int i = 0; i < SIDE; i++)
		m->x[i] =
			(int16_t)((int)(imc_splitmix_next(&seed) % 256) - 128);
}

static int64_t sum_of(const struct array *m, int j)
{
	int64_t sum = 0;

	for (int i = 0; i < SIDE; i++)
		sum += m->x[i] * m->cell[i * SIDE + j];
	return sum;
}

/* Codes of column j by the model of the runtime. */
static int32_t model_code(const struct array *m, int j, int32_t low,
			  int32_t high)
{
	static const struct imc_model_adc adc = {CELL_MAX, imc_model_float_add,
						 imc_model_float_read};
	int32_t sum = 0;

	for (int i = 0; i < SIDE; i++)
		adc.add(&adc, m->x[i], &m->cell[i * SIDE + j], 1, &sum);
	return adc.read(&adc, sum, low, high);
}

/* Evaluator and model give the same; few codes are not those of the exact sum,
 * and then its neighbours. Mostly halves go wrong: one of 7 n sums. */
static void test_float(void)
{
	static struct array m;
	struct imc_arena *a = imc_arena_new();
	struct imc_gemm_run all = {0, SIDE};
	int n = 0, differ = 0, far = 0, other = 0;

	for (int t = 0; t < 128; t++) {
		struct imc_adc_lines l = {.run = &all,
					  .n_run = 1,
					  .n_col = SIDE,
					  .cell_max = CELL_MAX,
					  .low = 4 + t % 13,
					  .high = 4 + t % 13};
		const int16_t *x = m.x;
		int32_t code[SIDE], mult, shift;

		fill(&m, (uint64_t)t);
		imc_adc_lines_pack(&l, m.cell, NULL, SIDE, a);
		imc_adc_lines_read(&l, &x, 1, code, SIDE);
		imc_adc_ends_factor(CELL_MAX, 2 * l.low, &mult, &shift);
		for (int j = 0; j < SIDE; j++, n++) {
			int32_t want = imc_requant(sum_of(&m, j), mult, shift,
						   0, -imc_adc_end_code(1, 2),
						   imc_adc_end_code(1, 2));

			other += code[j] != model_code(&m, j, l.low, l.high);
			differ += code[j] != want;
			far += abs(code[j] - want) > 1;
		}
	}
	CHECK(other == 0, "%d of %d are not the model's", other, n);
	CHECK(far == 0, "%d are far off", far);
	CHECK(differ > n / 1000 && differ < n / 30, "%d of %d differ", differ,
	      n);
	printf("%d of %d codes differ\n", differ, n);
	imc_arena_free(a);
}

/* No other pair of ends reads the sums much better; what is searched are bins,
 * and ends that the sums reach. */
static void test_best(void)
{
	struct imc_adc_sum v[500];
	uint64_t seed = 5;

	for (int t = 0; t < 20; t++) {
		int width = 3000 + 2000 * t, offset = t % 3 * width / 3;
		double least = INFINITY, e;
		struct imc_adc best;
		int32_t low, high;

		for (int i = 0; i < 500; i++)
			v[i] = (struct imc_adc_sum){
				(float)((int)(imc_splitmix_next(&seed) %
					      (uint64_t)width) -
					offset),
				1, 0};
		imc_adc_best_ends(CELL_MAX, v, 500, &low, &high);
		best = imc_adc_whole(CELL_MAX, low, high);
		e = imc_adc_error(&best, v, 500);
		for (int32_t i = 0; i < 60; i++)
			for (int32_t k = !i; k < 60; k++) {
				best = imc_adc_whole(CELL_MAX, i, k);
				least = fmin(least,
					     imc_adc_error(&best, v, 500));
			}
		CHECK(e <= least * 1.1, "%d: %g, not %g", t, e, least);
		CHECK(offset || low == 0, "nothing lies below 0: %d", low);
	}
}

static struct imc_matrix matrix(int32_t kernel, int32_t channels)
{
	return (struct imc_matrix){.rows = kernel * kernel * channels,
				   .cols = 16,
				   .groups = 1,
				   .batch = 1,
				   .out_h = 8,
				   .out_w = 8,
				   .kernel_h = kernel,
				   .kernel_w = kernel,
				   .stride_h = 1,
				   .stride_w = 1,
				   .n_window = 64};
}

/* Blocks are whole lines of the kernel, or parts of one. */
static void test_cuts(void)
{
	static const int32_t want[][3] = {
		/* kernel, channels, rows of a block */
		{3, 16, 144}, {3, 64, 192},  {3, 128, 192}, {3, 40, 240},
		{5, 16, 240}, {1, 600, 256}, {3, 96, 144},  {7, 64, 224},
	};
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	struct imc_hw *hw = imc_hw_load("pulp-ima", a, &d);
	struct imc_cut c;

	CHECK(hw, "%s", d.n ? d.v[0].text : "");
	for (size_t i = 0; hw && i < sizeof want / sizeof *want; i++) {
		struct imc_matrix mx = matrix(want[i][0], want[i][1]);

		CHECK(imc_cut_matrix(hw, &mx, 1, 0, 1, &c) &&
			      c.block_rows == want[i][2],
		      "%dx%d of %d: %d", want[i][0], want[i][0], want[i][1],
		      c.block_rows);
		c = (struct imc_cut){
			.bundle = 1, .block_rows = want[i][2] - 4, .slices = 1};
		CHECK(imc_cut_blocks(hw, &mx, 0, &c) == (want[i][0] == 1), "%d",
		      (int)i);
	}
	imc_arena_free(a);
}

int main(void)
{
	test_factors();
	test_large_factors();
	test_ends();
	test_float();
	test_best();
	test_cuts();
	return check_result();
}
