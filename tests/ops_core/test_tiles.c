/* What the products and requantisation are made of, in every form that this
 * machine has: the same bits as plain loops. */
#include <math.h>

#include "ir/eval/gemm_int.h"
#include "ir/eval/requant.h"
#include "ir/eval/tile_float.h"
#include "ir/eval/tile_int.h"
#include "ir/num.h"
#include "tests/ops_core/rig.h"

#define SIZE 4096
#define ROWS IMC_TILE_ROWS
#define COLS IMC_PANEL

/* Some runs in a row of SIZE / 2 elements; how many elements they are. */
static int64_t draw_runs(struct imc_gemm_run *run, int64_t n)
{
	int64_t total = 0;

	for (int64_t i = 0; i < n; i++) {
		run[i].n = rig_random(1, 40);
		run[i].at = rig_random(0, SIZE / 2 - 41);
		total += run[i].n;
	}
	return total;
}

static float float_sum(const float *a, const struct imc_gemm_run *run,
		       int64_t n_run, const float *b, float start)
{
	float sum = start;

	for (int64_t k = 0; k < n_run; k++)
		for (int64_t i = 0; i < run[k].n; i++, b += COLS)
			sum = fmaf(a[run[k].at + i], *b, sum);
	return sum;
}

static void check_float_tile(imc_tile_float *tile, int rows, bool add)
{
	static float x[SIZE], b[SIZE * COLS];
	struct imc_gemm_run run[4];
	const float *a[ROWS];
	float c[ROWS * COLS], want[ROWS * COLS];
	struct imc_tile_float_job t = {.a = a,
				       .run = run,
				       .n_run = rig_random(1, 4),
				       .b = b,
				       .ldb = COLS,
				       .c = c,
				       .ldc = COLS,
				       .add = add};

	draw_runs(run, t.n_run);
	for (int i = 0; i < SIZE; i++)
		x[i] = (float)rig_random(-10000, 10000) / 777.0f;
	for (int i = 0; i < SIZE * COLS; i++)
		b[i] = (float)rig_random(-10000, 10000) / 333.0f;
	for (int r = 0; r < rows; r++)
		a[r] = x + rig_random(0, SIZE / 2);
	for (int i = 0; i < rows * COLS; i++) {
		c[i] = (float)rig_random(-10, 10) / 3.0f;
		want[i] = float_sum(a[i / COLS], run, t.n_run, b + i % COLS,
				    add ? c[i] : 0);
	}
	tile(&t);
	CHECK(!memcmp(c, want, (size_t)rows * COLS * sizeof *c), "%d rows",
	      rows);
}

static void check_float(void)
{
	const struct imc_tiles_float *t;

	for (int i = 0; (t = imc_tiles_float_at(i)); i++)
		for (int k = 0; k < 20; k++) {
			check_float_tile(t->one, 1, k % 2);
			check_float_tile(t->all, ROWS, k % 2);
		}
}

/* Element r of column j of b; by_row: as imc_panels_pack takes rows. */
static int64_t at_b(bool by_row, int64_t n_row, int64_t n_col, int64_t r,
		    int64_t j)
{
	return by_row ? r * n_col + j : j * n_row + r;
}

/* A product of m rows and n columns. */
struct product {
	int64_t m, n, n_run, n_row;
	bool by_row;
	struct imc_gemm_run run[5];
	int16_t x[SIZE + 1];
	const int16_t *a[64];
	int8_t b[200 * 40];
	int32_t start[40], want[64 * 40];
};

static void draw_product(struct product *p, bool extreme)
{
	p->m = rig_random(1, 64);
	p->n = rig_random(1, 40);
	p->n_run = rig_random(1, 5);
	p->n_row = draw_runs(p->run, p->n_run);
	p->by_row = rig_random(0, 1);
	for (int i = 0; i <= SIZE; i++)
		p->x[i] = (int16_t)(extreme ? -255 : rig_random(-255, 255));
	for (int64_t i = 0; i < p->n_row * p->n; i++)
		p->b[i] = (int8_t)(extreme ? -128 : rig_random(-128, 127));
	for (int64_t i = 0; i < p->m; i++)
		p->a[i] = p->x + rig_random(0, SIZE / 2);
	for (int64_t j = 0; j < p->n; j++)
		p->start[j] = (int32_t)rig_random(-100000, 100000);
	for (int64_t i = 0; i < p->m * p->n; i++) {
		int64_t j = i % p->n, r = 0;

		p->want[i] = p->start[j];
		for (int64_t k = 0; k < p->n_run; k++)
			for (int64_t e = 0; e < p->run[k].n; e++, r++)
				p->want[i] += p->a[i / p->n][p->run[k].at + e] *
					      p->b[at_b(p->by_row, p->n_row,
							p->n, r, j)];
	}
}

static void check_product(struct product *p)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_panels panels = imc_panels_pack(
		p->run, p->n_run, p->n, p->b,
		at_b(p->by_row, p->n_row, p->n, 1, 0),
		at_b(p->by_row, p->n_row, p->n, 0, 1), p->start, a);
	int32_t c[64 * 40], tile_c[ROWS * COLS];
	imc_tile_int *tile;

	imc_gemm_int(&panels, p->a, p->m, c, p->n);
	CHECK(!memcmp(c, p->want, (size_t)(p->m * p->n) * sizeof *c),
	      "%d x %d x %d", (int)p->m, (int)p->n, (int)p->n_row);
	for (int i = 0; p->m >= ROWS && (tile = imc_tile_int_at(i)); i++) {
		struct imc_tile_job t = {.a = p->a,
					 .run = p->run,
					 .n_run = p->n_run,
					 .b = panels.v,
					 .c = tile_c,
					 .ldc = COLS};

		tile(&t);
		for (int64_t r = 0; r < ROWS; r++)
			for (int64_t j = 0; j < COLS && j < p->n; j++)
				CHECK(tile_c[r * COLS + j] ==
					      p->want[r * p->n + j],
				      "tile %d", i);
	}
	imc_arena_free(a);
}

static void check_dot(void)
{
	int16_t a[300];
	int8_t b[300];

	for (int64_t n = 0; n < 300; n += 7) {
		int32_t want = 0;

		for (int64_t i = 0; i < n; i++) {
			a[i] = (int16_t)rig_random(-255, 255);
			b[i] = (int8_t)rig_random(-128, 127);
			want += a[i] * b[i];
		}
		CHECK(imc_dot_int(a, b, n) == want, "%d", (int)n);
	}
}

#define MOST 37

/* Numbers at and inside the ends of what imc_requant takes. */
struct numbers {
	int32_t sum[4 * MOST], bias[MOST], mult[MOST], shift[MOST], zero[MOST];
};

static void draw_numbers(struct numbers *v)
{
	for (int i = 0; i < 4 * MOST; i++) {
		int64_t most = rig_random(0, 3) ? 1 << 16 : INT32_MAX / 2;

		v->sum[i] = (int32_t)rig_random((int)-most, (int)most);
	}
	for (int i = 0; i < MOST; i++) {
		v->bias[i] = (int32_t)rig_random(-1000, 1000);
		v->shift[i] = (int32_t)rig_random(0, IMC_SHIFT_MAX);
		v->mult[i] = (int32_t)rig_random(
			0, v->shift[i] < 20 ? 9 : INT32_MAX);
		v->zero[i] = (int32_t)rig_random(-128, 127);
	}
}

static void check_requant(int64_t n)
{
	struct numbers v;
	struct imc_requant_columns c = {v.bias,
					v.mult,
					v.shift,
					(int32_t)rig_random(-128, 127),
					(int32_t)rig_random(-128, 0),
					(int32_t)rig_random(1, 127)};
	struct imc_adc_columns adc = {v.mult, v.shift, v.zero, -2048, 2047};
	int8_t y[4 * (MOST + 3)];
	int32_t sum[4 * MOST] = {0};
	struct imc_adc_rows rows = {v.sum, n, 64, sum, n};

	draw_numbers(&v);
	imc_requant_rows(&c, 4, n, v.sum, y, n + 3);
	for (int64_t i = 0; i < 4 * n; i++) {
		int64_t j = i % n;

		CHECK(y[i / n * (n + 3) + j] ==
			      imc_requant((int64_t)v.sum[i] + v.bias[j],
					  v.mult[j], v.shift[j], c.zero, c.lo,
					  c.hi),
		      "column %d of %d", (int)j, (int)n);
	}
	imc_adc_read(&adc, 4, n, &rows);
	for (int64_t i = 0; i < 4 * n; i++) {
		int64_t j = i % n;

		CHECK(sum[i] == (imc_requant(v.sum[i], v.mult[j], v.shift[j],
					     v.zero[j], -2048, 2047) -
				 v.zero[j]) *
					64,
		      "column %d of %d", (int)j, (int)n);
	}
}

int main(void)
{
	static struct product p;

	check_float();
	for (int i = 0; i < 60; i++) {
		draw_product(&p, i < 3);
		check_product(&p);
	}
	check_dot();
	for (int i = 0; i < 20; i++)
		for (int64_t n = 1; n <= MOST; n++)
			check_requant(n);
	return check_result();
}
