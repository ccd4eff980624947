#include "ir/eval/gemm_int.h"

#include <string.h>

#include "ir/eval/simd.h"
#include "ir/eval/tile_int.h"
#include "ir/support/checked.h"

#define ROWS IMC_TILE_ROWS
#define COLS IMC_PANEL

/* ---- packing ---- */

/* int16 elements of one panel. */
static int64_t panel_size(const struct imc_panels *p)
{
	return 2 * COLS * (1 + p->n_pair);
}

/* n rows of `cols` <= COLS columns, row elements apart, that lie side by side.
 */
IMC_SIMD
static void pack_rows(const int8_t *b, int64_t row, int64_t n, int64_t cols,
		      int16_t *out)
{
	for (int64_t r = 0; r < n; r += 2, out += 2 * COLS) {
		const int8_t *b0 = b + r * row, *b1 = b0 + row;

		if (r + 1 == n)
			for (int64_t j = 0; j < cols; j++)
				out[2 * j] = b0[j];
		else
			for (int64_t j = 0; j < cols; j++) {
				out[2 * j] = b0[j];
				out[2 * j + 1] = b1[j];
			}
	}
}

/* Rows of COLS columns at once that are turned. */
#define TURN 32

/* n <= TURN elements, widened, and zeros. */
IMC_SIMD
static void widen(const int8_t *b, int64_t n, int16_t *out)
{
	if (n == TURN) {
		for (int i = 0; i < TURN; i++)
			out[i] = b[i];
		return;
	}
	memset(out, 0, TURN * sizeof *out);
	for (int64_t i = 0; i < n; i++)
		out[i] = b[i];
}

/* n rows of columns that are `col` elements apart. */
static void pack_columns(const int8_t *b, int64_t col, int64_t n, int64_t cols,
			 int16_t *out)
{
	int16_t wide[COLS][TURN];
	int32_t pair;

	for (int64_t r = 0; r < n; r += TURN, out += TURN * COLS) {
		int64_t rows = imc_min_i64(TURN, n - r);

		for (int64_t j = 0; j < cols; j++)
			widen(b + j * col + r, rows, wide[j]);
		for (int64_t i = 0; i < rows; i += 2)
			for (int64_t j = 0; j < cols; j++) {
				memcpy(&pair, &wide[j][i], sizeof pair);
				memcpy(out + i * COLS + 2 * j, &pair,
				       sizeof pair);
			}
	}
}

struct imc_panels imc_panels_pack(const struct imc_gemm_run *run, int64_t n_run,
				  int64_t n_col, const int8_t *b, int64_t row,
				  int64_t col, const int32_t *start,
				  struct imc_arena *a)
{
	struct imc_panels p = {.run = run, .n_run = n_run, .n_col = n_col};
	int16_t *out;

	for (int64_t i = 0; i < n_run; i++)
		p.n_pair += imc_ceil_div(run[i].n, 2);
	p.v = out = imc_arena_array(
		a, (size_t)(imc_ceil_div(n_col, COLS) * panel_size(&p)),
		sizeof *p.v);
	for (int64_t j = 0; j < n_col; j += COLS) {
		int64_t cols = imc_min_i64(COLS, n_col - j), r = 0;

		if (start)
			memcpy(out, start + j, (size_t)cols * sizeof *start);
		out += 2 * COLS;
		for (int64_t i = 0; i < n_run; r += run[i++].n) {
			const int8_t *from = b + r * row + j * col;

			if (col == 1)
				pack_rows(from, row, run[i].n, cols, out);
			else
				pack_columns(from, col, run[i].n, cols, out);
			out += imc_ceil_div(run[i].n, 2) * 2 * COLS;
		}
	}
	return p;
}

/* ---- the product ---- */

/* Rows past the end repeat the last one and are not stored. */
static void edge_tile(imc_tile_int *tile, struct imc_tile_job t, int64_t rows,
		      int64_t cols)
{
	int32_t sum[ROWS * COLS], *c = t.c;
	const int16_t *a[ROWS];
	int64_t ldc = t.ldc;

	for (int64_t r = 0; r < ROWS; r++)
		a[r] = t.a[imc_min_i64(r, rows - 1)];
	t.a = a;
	t.c = sum;
	t.ldc = COLS;
	tile(&t);
	for (int64_t r = 0; r < rows; r++)
		memcpy(c + r * ldc, sum + r * COLS, (size_t)cols * sizeof *c);
}

void imc_gemm_int(const struct imc_panels *p, const int16_t *const *a,
		  int64_t m, int32_t *c, int64_t ldc)
{
	imc_tile_int *tile = imc_tile_int_at(0);
	const int16_t *b = p->v;

	for (int64_t j = 0; j < p->n_col; j += COLS, b += panel_size(p)) {
		int64_t cols = imc_min_i64(COLS, p->n_col - j);

		for (int64_t i = 0; i < m; i += ROWS) {
			int64_t rows = imc_min_i64(ROWS, m - i);
			struct imc_tile_job t = {.a = a + i,
						 .run = p->run,
						 .n_run = p->n_run,
						 .b = b,
						 .c = c + i * ldc + j,
						 .ldc = ldc};

			if (rows == ROWS && cols == COLS)
				tile(&t);
			else
				edge_tile(tile, t, rows, cols);
		}
	}
}

IMC_SIMD
int32_t imc_dot_int(const int16_t *a, const int8_t *b, int64_t n)
{
	int32_t sum = 0;

	for (int64_t i = 0; i < n; i++)
		sum += a[i] * (int16_t)b[i];
	return sum;
}
