#include <string.h>

#include "ir/eval.h"
#include "ir/eval/simd.h"
#include "ir/support/checked.h"

/* A tile of ROWS x COLS sums stays in registers while k runs; then the next
 * block of DEPTH goes on from the sums stored in c. So each sum runs over k
 * in order, whatever the blocks. COLS is two vectors of LANES. */
#define ROWS 4
#define LANES 8
#define COLS (2 * LANES)
#define DEPTH 256
#define THIN 8

typedef float vec __attribute__((vector_size(LANES * sizeof(float))));

/* One column panel: c[m][cols] += a[m][k] * b[k][COLS]. b is readable up to
 * COLS columns; c has any strides. */
struct panel {
	int64_t m, k, cols;
	const float *a, *b;
	float *c;
	int64_t lda, ldb, c_row, c_col;
	bool fresh; /* sums start at 0, not at c */
};

#define LOAD(v, p) memcpy(&(v), (p), sizeof(vec))
#define STORE(p, v) memcpy((p), &(v), sizeof(vec))

/* t[r][..] += sum_i a[r][i] * b[i][..] */
IMC_SIMD
static void sum_tile(const float *const a[ROWS], const float *b, int64_t ldb,
		     int64_t k, float t[ROWS][COLS])
{
	const float *a0 = a[0], *a1 = a[1], *a2 = a[2], *a3 = a[3];
	vec s00, s01, s10, s11, s20, s21, s30, s31, lo, hi;

	LOAD(s00, t[0]), LOAD(s01, t[0] + LANES);
	LOAD(s10, t[1]), LOAD(s11, t[1] + LANES);
	LOAD(s20, t[2]), LOAD(s21, t[2] + LANES);
	LOAD(s30, t[3]), LOAD(s31, t[3] + LANES);
	for (int64_t i = 0; i < k; i++, b += ldb) {
		LOAD(lo, b), LOAD(hi, b + LANES);
		s00 += a0[i] * lo, s01 += a0[i] * hi;
		s10 += a1[i] * lo, s11 += a1[i] * hi;
		s20 += a2[i] * lo, s21 += a2[i] * hi;
		s30 += a3[i] * lo, s31 += a3[i] * hi;
	}
	STORE(t[0], s00), STORE(t[0] + LANES, s01);
	STORE(t[1], s10), STORE(t[1] + LANES, s11);
	STORE(t[2], s20), STORE(t[2] + LANES, s21);
	STORE(t[3], s30), STORE(t[3] + LANES, s31);
}

static void load_tile(const struct panel *p, int64_t row, int64_t rows,
		      float t[ROWS][COLS])
{
	const float *c = p->c + row * p->c_row;

	memset(t, 0, ROWS * COLS * sizeof(float));
	if (p->fresh)
		return;
	for (int64_t r = 0; r < rows; r++, c += p->c_row)
		for (int64_t j = 0; j < p->cols; j++)
			t[r][j] = c[j * p->c_col];
}

static void store_tile(const struct panel *p, int64_t row, int64_t rows,
		       float t[ROWS][COLS])
{
	float *c = p->c + row * p->c_row;

	for (int64_t r = 0; r < rows; r++, c += p->c_row)
		if (p->cols == COLS && p->c_col == 1)
			memcpy(c, t[r], sizeof t[r]);
		else
			for (int64_t j = 0; j < p->cols; j++)
				c[j * p->c_col] = t[r][j];
}

static void run_panel(const struct panel *p)
{
	float t[ROWS][COLS];

	for (int64_t i = 0; i < p->m; i += ROWS) {
		int64_t rows = imc_min_i64(ROWS, p->m - i);
		const float *a[ROWS];

		/* Rows past the end repeat the last one and are not stored. */
		for (int64_t r = 0; r < ROWS; r++)
			a[r] = p->a + (i + imc_min_i64(r, rows - 1)) * p->lda;
		load_tile(p, i, rows, t);
		sum_tile(a, p->b, p->ldb, p->k, t);
		store_tile(p, i, rows, t);
	}
}

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

/* `rows` rows of a as columns. */
static void pack_rows(const float *a, int64_t lda, int64_t k, int64_t rows,
		      float *out)
{
	if (rows < COLS)
		memset(out, 0, (size_t)k * COLS * sizeof *out);
	for (int64_t r = 0; r < rows; r++)
		for (int64_t i = 0; i < k; i++)
			out[i * COLS + r] = a[r * lda + i];
}

static void wide_block(const struct imc_gemm *p, int64_t k0, int64_t k)
{
	float packed[DEPTH * COLS];
	const float *b = p->b + k0 * p->ldb;

	for (int64_t j = 0; j < p->n; j += COLS) {
		int64_t cols = imc_min_i64(COLS, p->n - j);
		/* Few rows do not repay packing. */
		bool direct = p->m <= ROWS && cols == COLS;
		struct panel panel = {.m = p->m,
				      .k = k,
				      .cols = cols,
				      .a = p->a + k0,
				      .lda = p->lda,
				      .b = direct ? b + j : packed,
				      .ldb = direct ? p->ldb : COLS,
				      .c = p->c + j,
				      .c_row = p->ldc,
				      .c_col = 1,
				      .fresh = !p->add && k0 == 0};

		if (!direct)
			pack_columns(b + j, p->ldb, k, cols, packed);
		run_panel(&panel);
	}
}

/* Few columns: the transposed product, whose columns are rows of a. */
static void thin_block(const struct imc_gemm *p, int64_t k0, int64_t k)
{
	float packed[DEPTH * COLS], bt[THIN * DEPTH];

	for (int64_t i = 0; i < k; i++)
		for (int64_t j = 0; j < p->n; j++)
			bt[j * DEPTH + i] = p->b[(k0 + i) * p->ldb + j];
	for (int64_t i = 0; i < p->m; i += COLS) {
		struct panel panel = {.m = p->n,
				      .k = k,
				      .cols = imc_min_i64(COLS, p->m - i),
				      .a = bt,
				      .lda = DEPTH,
				      .b = packed,
				      .ldb = COLS,
				      .c = p->c + i * p->ldc,
				      .c_row = 1,
				      .c_col = p->ldc,
				      .fresh = !p->add && k0 == 0};

		pack_rows(p->a + i * p->lda + k0, p->lda, k, panel.cols,
			  packed);
		run_panel(&panel);
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
