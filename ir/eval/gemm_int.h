/* gemm_int.h: products of integer matrices.
 *
 * Rows of int16 (panel.h) times an int8 matrix. Sums are int32 and exact:
 * |a| <= 255 and at most 65536 rows of b never leave it. */
#ifndef IMC_GEMM_INT_H
#define IMC_GEMM_INT_H

#include "ir/eval/panel.h"
#include "ir/support/arena.h"

/* b packed for the runs. Of each panel first what its sums begin with, one
 * int32 a column, then pairs of rows, side by side; a run of odd length ends
 * with a row of zeros. */
struct imc_panels {
	const struct imc_gemm_run *run;
	int64_t n_run, n_pair, n_col;
	int16_t *v;
};

/* b[r * row + j * col]: n_col columns; rows in the order of the runs, which
 * are borrowed. start: of each column, or NULL: 0. Allocated in a. */
struct imc_panels imc_panels_pack(const struct imc_gemm_run *run, int64_t n_run,
				  int64_t n_col, const int8_t *b, int64_t row,
				  int64_t col, const int32_t *start,
				  struct imc_arena *a);

/* c[i * ldc + j] = start[j] + sum of a[i] with column j, i < m. One element
 * behind a run is readable. */
void imc_gemm_int(const struct imc_panels *p, const int16_t *const *a,
		  int64_t m, int32_t *c, int64_t ldc);

/* The sum of n products. */
int32_t imc_dot_int(const int16_t *a, const int8_t *b, int64_t n);

#endif
