/* tile_float.h: the innermost loop of products of floats, once for each
 * instruction set. All give the same bits: each sum runs over k in
 * order, in fused multiply-adds, which C's fmaf is, too. */
#ifndef IMC_TILE_FLOAT_H
#define IMC_TILE_FLOAT_H

#include <stdbool.h>

#include "ir/eval/panel.h"

/* c[rows][IMC_PANEL] (+)= the runs of each row of a times b, whose rows lie ldb
 * apart. */
struct imc_tile_float_job {
	const float *const *a;
	const struct imc_gemm_run *run;
	int64_t n_run;
	const float *b;
	int64_t ldb;
	float *c;
	int64_t ldc;
	bool add;
};

typedef void imc_tile_float(const struct imc_tile_float_job *t);

/* For one row, or IMC_TILE_ROWS of them. */
struct imc_tiles_float {
	imc_tile_float *one, *all;
};

/* Those that this machine has, the fastest first; NULL behind the last. */
const struct imc_tiles_float *imc_tiles_float_at(int i);

#endif
