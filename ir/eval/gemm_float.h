/* gemm_float.h: what imc_gemm (ir/eval.h) is made of, for rows that lie in
 * pieces. */
#ifndef IMC_GEMM_FLOAT_H
#define IMC_GEMM_FLOAT_H

#include "ir/eval/panel.h"
#include "ir/support/arena.h"

/* Columns b[j][k] of each group packed, in a: of each panel k rows. */
float *imc_panels_float(const float *b, int64_t k, int64_t n_col,
			int64_t n_group, struct imc_arena *a);

/* c[i * ldc + j] += a[i] times column j of the panels, i < m, j < n; a row of a
 * is its runs, which are k elements in all. Each sum runs over them in order.
 */
struct imc_gemm_rows {
	int64_t m, n, k, n_run;
	const struct imc_gemm_run *run;
	const float *const *a;
	const float *panels; /* or NULL: from b[j][k], one after the other in */
	const float *b;
	float *panel; /* room for one: k * IMC_PANEL */
	float *c;
	int64_t ldc;
};

void imc_gemm_float(const struct imc_gemm_rows *p);

#endif
