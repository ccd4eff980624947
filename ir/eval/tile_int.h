/* tile_int.h: the innermost loop of imc_gemm_int, once for each instruction
 * set. All give the same sums. */
#ifndef IMC_TILE_INT_H
#define IMC_TILE_INT_H

#include "ir/eval/gemm_int.h"

/* c[IMC_TILE_ROWS][IMC_PANEL] = what the panel b begins with + the products of
 * its pairs with the runs of each row. */
struct imc_tile_job {
	const int16_t *const *a;
	const struct imc_gemm_run *run;
	int64_t n_run;
	const int16_t *b;
	int32_t *c;
	int64_t ldc;
};

typedef void imc_tile_int(const struct imc_tile_job *t);

/* Those that this machine has, the fastest first; NULL behind the last. */
imc_tile_int *imc_tile_int_at(int i);

#endif
