/* passes/2-quant/round_matrix.h: against nearest rounding, all choices there
 * are, and other numbers of threads. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/support/splitmix.h"
#include "passes/2-quant/round_matrix.h"
#include "tests/check.h"

int test_stats(void);

/* A random problem: inputs are mixtures of a few signals and noise. */
static struct imc_round problem(int64_t k, int64_t r, uint64_t seed,
				const struct imc_grid *grid,
				struct imc_arena *a)
{
	int64_t n = r + 8;
	float *w = imc_arena_array(a, (size_t)(k * r), sizeof *w);
	double *h = imc_arena_array(a, (size_t)(r * r), sizeof *h);
	double *x = imc_arena_array(a, (size_t)r, sizeof *x);

	for (int64_t i = 0; i < k * r; i++)
		w[i] = (float)imc_splitmix_normal(&seed);
	for (int64_t p = 0; p < n; p++) {
		double common = imc_splitmix_normal(&seed);

		for (int64_t i = 0; i < r; i++)
			x[i] = common + imc_splitmix_normal(&seed);
		for (int64_t i = 0; i < r * r; i++)
			h[i] += x[i / r] * x[i % r] / (double)n;
	}
	imc_round_damp(h, r, 0.01);
	return (struct imc_round){.k = k, .r = r, .w = w, .h = h, .grid = grid};
}

/* e^T H e of output k. */
static double error_of(const struct imc_round *p, const struct imc_rounded *o,
		       int64_t k)
{
	double sum = 0;

	for (int64_t i = 0; i < p->r; i++)
		for (int64_t j = 0; j < p->r; j++) {
			double s = (double)o->scale[k];
			double a = s * o->code[k * p->r + i] -
				   (double)p->w[k * p->r + i];
			double b = s * o->code[k * p->r + j] -
				   (double)p->w[k * p->r + j];

			sum += a * b * p->h[i * p->r + j];
		}
	return sum;
}

static struct imc_grid grid_of(int cell_bits, int bits)
{
	struct imc_hw hw = {.ima_cell_bits = cell_bits};
	struct imc_assign as = {.engine = IMC_ENGINE_CROSSBAR,
				.weight_bits = bits,
				.slices = (bits + cell_bits - 1) / cell_bits};

	return imc_grid_of(&hw, &as);
}

static const int grids[][2] = {{4, 4}, {4, 8}, {8, 8}, {2, 2}, {1, 4}, {1, 8}};
#define N_GRID (sizeof grids / sizeof *grids)

static void check_codes(const struct imc_round *p, const struct imc_rounded *o)
{
	for (int64_t i = 0; i < p->k * p->r; i++)
		CHECK(imc_grid_has(p->grid, o->code[i]), "code %d", o->code[i]);
	for (int64_t k = 0; k < p->k; k++)
		CHECK(o->scale[k] > 0 &&
			      (!p->one_scale || o->scale[k] == o->scale[0]),
		      "scale %g", (double)o->scale[k]);
}

static void check_errors(const struct imc_round *p, const struct imc_rounded *o,
			 const struct imc_rounded *nearest, double *sums)
{
	double all = 0, all_nearest = 0;

	for (int64_t k = 0; k < p->k; k++) {
		double e = error_of(p, o, k), n = error_of(p, nearest, k);

		CHECK(fabs(e - o->error[k]) <= 1e-4 * n, "%g is said to be %g",
		      e, o->error[k]);
		CHECK(p->one_scale || e <= n * (1 + 1e-4), "%g, nearest %g", e,
		      n);
		all += e;
		all_nearest += n;
	}
	CHECK(all <= all_nearest * (1 + 1e-4), "%g, nearest %g", all,
	      all_nearest);
	CHECK(fabs(all_nearest - o->nearest) <= 1e-4 * all_nearest, "%g, %g",
	      all_nearest, o->nearest);
	sums[0] += all / all_nearest;
}

/* Never worse than nearest codes; much better on average. */
static void test_nearest(void)
{
	for (size_t g = 0; g < N_GRID; g++)
		for (int one = 0; one < 2; one++) {
			struct imc_grid grid =
				grid_of(grids[g][0], grids[g][1]);
			double ratio = 0;

			for (uint64_t seed = 0; seed < 6; seed++) {
				struct imc_arena *a = imc_arena_new();
				struct imc_round p =
					problem(5, 7 + 9 * (int64_t)seed, seed,
						&grid, a);
				struct imc_rounded o, n;

				p.one_scale = one;
				o = imc_round_matrix(&p, a);
				n = imc_round_nearest(&p, a);
				check_codes(&p, &o);
				check_errors(&p, &o, &n, &ratio);
				imc_arena_free(a);
			}
			CHECK(ratio < 6 * 0.7, "%d bits: %g of nearest",
			      grids[g][1], ratio / 6);
		}
}

/* At most so many codes of each block are not 0. */
static void check_cells(const struct imc_round *p, const struct imc_rounded *o)
{
	for (int64_t k = 0; k < p->k; k++)
		for (int64_t i0 = 0; i0 < p->r; i0 += p->block) {
			int64_t n = 0;

			for (int64_t i = i0; i < i0 + p->block && i < p->r; i++)
				n += o->code[k * p->r + i] != 0;
			CHECK(n <= p->cells, "%d codes, not %d", (int)n,
			      (int)p->cells);
		}
}

/* Few codes that are not 0, in blocks of 16 of 16 .. 61 weights: much better
 * than those of the largest weights. */
static void test_few_cells(void)
{
	for (size_t g = 0; g < N_GRID; g++)
		for (int64_t cells = 1; cells <= 16; cells += 3) {
			struct imc_grid grid =
				grid_of(grids[g][0], grids[g][1]);
			double ratio = 0;

			for (uint64_t seed = 0; seed < 6; seed++) {
				struct imc_arena *a = imc_arena_new();
				struct imc_round p =
					problem(5, 16 + 9 * (int64_t)seed, seed,
						&grid, a);
				struct imc_rounded o, n;

				p.block = 16;
				p.cells = cells;
				o = imc_round_matrix(&p, a);
				n = imc_round_nearest(&p, a);
				check_codes(&p, &o);
				check_cells(&p, &o);
				check_cells(&p, &n);
				check_errors(&p, &o, &n, &ratio);
				imc_arena_free(a);
			}
			CHECK(ratio < 6 * 0.7, "%d bits, %d cells: %g",
			      grids[g][1], (int)cells, ratio / 6);
		}
}

/* The least error of all codes, each with its best scale w^T H q / q^T H q. */
static double exhaustive(const struct imc_round *p)
{
	int64_t n = 1, base = p->grid->hi - p->grid->lo + 1;
	double best = INFINITY, q[8], hq, wq, whw;
	int64_t set;

	for (int64_t i = 0; i < p->r; i++)
		n *= base;
	for (int64_t t = 0; t < n; t++) {
		int64_t left = t;

		for (int64_t i = 0; i < p->r; i++, left /= base)
			q[i] = (double)(p->grid->lo + left % base);
		set = 0;
		for (int64_t i = 0; i < p->r; i++)
			set += q[i] < 0 || q[i] > 0;
		if (p->cells && set > p->cells)
			continue;
		hq = wq = whw = 0;
		for (int64_t i = 0; i < p->r; i++)
			for (int64_t j = 0; j < p->r; j++) {
				double h = p->h[i * p->r + j];

				hq += h * q[i] * q[j];
				wq += h * q[i] * (double)p->w[j];
				whw += h * (double)p->w[i] * (double)p->w[j];
			}
		if (wq > 0 && whw - wq * wq / hq < best)
			best = whw - wq * wq / hq;
	}
	return best;
}

/* Codes -3 .. 3 of five weights, so many of them not 0 (0: any number): at most
 * 3 times the least error, and 1.5 times on average. */
static void test_exhaustive(int64_t cells)
{
	struct imc_grid grid = grid_of(3, 3);
	double sum = 0, least = 0;

	for (uint64_t seed = 100; seed < 140; seed++) {
		struct imc_arena *a = imc_arena_new();
		struct imc_round p = problem(1, 5, seed, &grid, a);
		struct imc_rounded o;
		double best, e;

		p.block = 5;
		p.cells = cells;
		o = imc_round_matrix(&p, a);
		best = exhaustive(&p);
		e = error_of(&p, &o, 0);
		CHECK(e >= best * (1 - 1e-4) && e <= best * 3, "%g, least %g",
		      e, best);
		sum += e;
		least += best;
		imc_arena_free(a);
	}
	CHECK(sum <= 1.5 * least, "%g, least %g", sum, least);
}

static void test_threads(int64_t cells)
{
	struct imc_grid grid = grid_of(4, 4);
	struct imc_arena *a = imc_arena_new();
	struct imc_round p = problem(70, 40, 7, &grid, a);
	struct imc_rounded o[2];

	p.block = 15;
	p.cells = cells;
	for (int i = 0; i < 2; i++) {
		setenv("IMC_THREADS", i ? "3" : "1", 1);
		o[i] = imc_round_matrix(&p, a);
	}
	unsetenv("IMC_THREADS");
	CHECK(!memcmp(o[0].code, o[1].code, 70 * 40) &&
		      !memcmp(o[0].scale, o[1].scale, 70 * sizeof(float)),
	      "threads count");
	imc_arena_free(a);
}

/* Weights or inputs that are all zero have codes, too. */
static void test_zeros(void)
{
	struct imc_grid grid = grid_of(4, 4);
	struct imc_arena *a = imc_arena_new();
	float w[6] = {0, 0, 0, 1, -2, 3};
	double h[9] = {0};
	struct imc_round p = {.k = 2, .r = 3, .w = w, .h = h, .grid = &grid};
	struct imc_rounded o;

	imc_round_damp(h, 3, 0.01);
	o = imc_round_matrix(&p, a);
	check_codes(&p, &o);
	for (int i = 0; i < 6; i++)
		CHECK(fabsf(o.scale[i / 3] * (float)o.code[i] - w[i]) < 0.3f,
		      "weight %d is %g", i,
		      (double)(o.scale[i / 3] * (float)o.code[i]));
	imc_arena_free(a);
}

int main(void)
{
	test_nearest();
	test_few_cells();
	for (int64_t cells = 0; cells < 4; cells++)
		test_exhaustive(cells);
	test_threads(0);
	test_threads(3);
	test_zeros();
	return test_stats() | check_result();
}
