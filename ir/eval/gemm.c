#include "ir/eval/gemm_float.h"

#include <string.h>

#include "ir/eval.h"
#include "ir/eval/tile_float.h"
#include "ir/support/checked.h"

/* Rows of b that are packed at once. Sums then go on from those stored in c, so
 * that each runs over k in order, whatever the blocks. */
#define DEPTH 256
#define ROWS IMC_TILE_ROWS
#define COLS IMC_PANEL
#define THIN 8

/* ---- one panel ---- */

/* c[m][cols] (+)= a[m] * b[k][COLS]. c has any strides. */
struct panel {
	struct imc_tile_float_job job; /* but a and c */
	int64_t m, cols, c_row, c_col;
	const float *const *a;
	float *c;
};

/* By way of a whole tile: rows past the end repeat the last one, and neither
 * they nor columns past the end are stored. */
static void edge_tile(const struct panel *p, imc_tile_float *tile, int64_t row,
		      int64_t rows)
{
	float sum[ROWS * COLS] = {0}, *c = p->c + row * p->c_row;
	struct imc_tile_float_job t = p->job;
	const float *a[ROWS];

	for (int64_t r = 0; r < ROWS; r++)
		a[r] = p->a[row + imc_min_i64(r, rows - 1)];
	t.a = a;
	t.c = sum;
	t.ldc = COLS;
	for (int64_t r = 0; r < rows && t.add; r++)
		for (int64_t j = 0; j < p->cols; j++)
			sum[r * COLS + j] = c[r * p->c_row + j * p->c_col];
	tile(&t);
	for (int64_t r = 0; r < rows; r++)
		for (int64_t j = 0; j < p->cols; j++)
			c[r * p->c_row + j * p->c_col] = sum[r * COLS + j];
}

static void run_panel(const struct panel *p)
{
	const struct imc_tiles_float *tiles = imc_tiles_float_at(0);

	for (int64_t i = 0; i < p->m; i += ROWS) {
		int64_t rows = imc_min_i64(ROWS, p->m - i);
		imc_tile_float *tile = rows == 1 ? tiles->one : tiles->all;
		struct imc_tile_float_job t = p->job;

		if (p->cols < COLS || p->c_col > 1 ||
		    (rows > 1 && rows < ROWS)) {
			edge_tile(p, tile, i, rows);
			continue;
		}
		t.a = p->a + i;
		t.c = p->c + i * p->c_row;
		t.ldc = p->c_row;
		tile(&t);
	}
}

/* ---- rows in pieces ---- */

/* n rows of cols columns that lie ld apart, and zeros up to COLS. */
static void turn(const float *b, int64_t ld, int64_t n, int64_t cols,
		 float *out)
{
	for (int64_t r = 0; r < n; r++, b++, out += COLS) {
		for (int64_t j = 0; j < cols; j++)
			out[j] = b[j * ld];
		for (int64_t j = cols; j < COLS; j++)
			out[j] = 0;
	}
}

float *imc_panels_float(const float *b, int64_t k, int64_t n_col,
			int64_t n_group, struct imc_arena *a)
{
	int64_t n = n_group * imc_ceil_div(n_col, COLS);
	float *all = imc_arena_room(a, (size_t)(n * k * COLS), sizeof *all);
	float *out = all;

	for (int64_t g = 0; g < n_group; g++, b += n_col * k)
		for (int64_t j = 0; j < n_col; j += COLS, out += k * COLS)
			turn(b + j * k, k, k, imc_min_i64(COLS, n_col - j),
			     out);
	return all;
}

void imc_gemm_float(const struct imc_gemm_rows *p)
{
	for (int64_t j = 0; j < p->n; j += COLS) {
		int64_t cols = imc_min_i64(COLS, p->n - j);
		const float *b = p->panel;
		struct panel panel = {.job = {.run = p->run,
					      .n_run = p->n_run,
					      .ldb = COLS,
					      .add = true},
				      .m = p->m,
				      .cols = cols,
				      .a = p->a,
				      .c = p->c + j,
				      .c_row = p->ldc,
				      .c_col = 1};

		if (p->panels)
			b = p->panels + j * p->k;
		else
			turn(p->b + j * p->k, p->k, p->k, cols, p->panel);
		panel.job.b = b;
		run_panel(&panel);
	}
}

/* ---- whole matrices ---- */

/* cols columns of b, side by side, with zeros up to COLS. */
static void pack_columns(const float *b, int64_t ldb, int64_t k, int64_t cols,
			 float *out)
{
	size_t bytes = (size_t)cols * sizeof *out;

	for (int64_t i = 0; i < k; i++, b += ldb, out += COLS) {
		if (cols == COLS) {
			memcpy(out, b, COLS * sizeof *out);
			continue;
		}
		memset(out, 0, COLS * sizeof *out);
		memcpy(out, b, bytes);
	}
}

/* Rows of a that are pointed to at once. */
#define BAND 64

/* The panel, of m rows that lie lda apart. */
static void run_rows(struct panel p, const float *a, int64_t lda, int64_t m)
{
	const float *row[BAND];
	float *c = p.c;

	p.a = row;
	for (int64_t i = 0; i < m; i += BAND) {
		p.m = imc_min_i64(BAND, m - i);
		p.c = c + i * p.c_row;
		for (int64_t r = 0; r < p.m; r++)
			row[r] = a + (i + r) * lda;
		run_panel(&p);
	}
}

static void wide_block(const struct imc_gemm *p, int64_t k0, int64_t k)
{
	float packed[DEPTH * COLS];
	const float *b = p->b + k0 * p->ldb;
	const struct imc_gemm_run run = {k0, k};

	for (int64_t j = 0; j < p->n; j += COLS) {
		int64_t cols = imc_min_i64(COLS, p->n - j);
		/* Few rows do not repay packing. */
		bool direct = p->m <= ROWS && cols == COLS;
		struct panel panel = {.job = {.run = &run,
					      .n_run = 1,
					      .b = direct ? b + j : packed,
					      .ldb = direct ? p->ldb : COLS,
					      .add = p->add || k0 > 0},
				      .cols = cols,
				      .c = p->c + j,
				      .c_row = p->ldc,
				      .c_col = 1};

		if (!direct)
			pack_columns(b + j, p->ldb, k, cols, packed);
		run_rows(panel, p->a, p->lda, p->m);
	}
}

/* Few columns: the transposed product, whose columns are rows of a. */
static void thin_block(const struct imc_gemm *p, int64_t k0, int64_t k)
{
	float packed[DEPTH * COLS], bt[THIN * DEPTH];
	const struct imc_gemm_run run = {0, k};

	for (int64_t i = 0; i < k; i++)
		for (int64_t j = 0; j < p->n; j++)
			bt[j * DEPTH + i] = p->b[(k0 + i) * p->ldb + j];
	for (int64_t i = 0; i < p->m; i += COLS) {
		struct panel panel = {.job = {.run = &run,
					      .n_run = 1,
					      .b = packed,
					      .ldb = COLS,
					      .add = p->add || k0 > 0},
				      .cols = imc_min_i64(COLS, p->m - i),
				      .c = p->c + i * p->ldc,
				      .c_row = 1,
				      .c_col = p->ldc};

		turn(p->a + i * p->lda + k0, p->lda, k, panel.cols, packed);
		run_rows(panel, bt, DEPTH, p->n);
	}
}

void imc_gemm(const struct imc_gemm *p)
{
	bool thin = p->n <= THIN && p->m > p->n;

	if (p->k == 0 && !p->add)
		for (int64_t i = 0; i < p->m; i++)
			memset(p->c + i * p->ldc, 0,
			       (size_t)p->n * sizeof *p->c);
	for (int64_t k0 = 0; k0 < p->k; k0 += DEPTH) {
		int64_t k = imc_min_i64(DEPTH, p->k - k0);

		if (thin)
			thin_block(p, k0, k);
		else
			wide_block(p, k0, k);
	}
}
