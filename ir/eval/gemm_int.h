/* gemm_int.h: products of integer matrices whose rows lie in pieces.
 *
 * A row of a is some runs of neighbouring int16 elements, at the same offsets
 * from the beginning of every row: the windows of a convolution are rows of a
 * padded picture, and need not be copied out of it. The int8 matrix b is
 * packed into panels of IMC_PANEL columns. Sums are int32 and exact: |a| <=
 * 255 and at most 65536 rows of b never leave it. */
#ifndef IMC_GEMM_INT_H
#define IMC_GEMM_INT_H

#include "ir/support/arena.h"

#define IMC_PANEL 16

/* Elements at .. at + n behind the beginning of a row. */
struct imc_gemm_run {
	int64_t at, n;
};

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
