/* round_matrix.h: a weight matrix on its grid, with the least error of sums.
 *
 * Of weights w, codes q with scale s and inputs x the error of an output is
 * e^T H e, e = s q - w, H the mean of x x^T. Columns are rounded one by one,
 * those of the strongest inputs first, and the error of each is carried to
 * those that follow (GPTQ: Frantar et al., arXiv 2210.17323, in the form
 * without an inverse of QuIP: Chee et al., arXiv 2307.13304, theorem 6). Then
 * single codes move while that helps.
 *
 * Where few codes may differ from 0, those that do are chosen first, block by
 * block (SparseGPT: Frantar et al., arXiv 2301.00774): what the others lose is
 * carried on, too. Then codes also move to places that have none. */
#ifndef IMC_ROUND_MATRIX_H
#define IMC_ROUND_MATRIX_H

#include "ir/support/arena.h"
#include "passes/2-quant/round_grid.h"

/* k outputs of r weights. */
struct imc_round {
	int64_t k, r;
	const float *w;	 /* [k][r] */
	const double *h; /* [r][r], symmetric, positive definite */
	const struct imc_grid *grid;
	bool one_scale; /* for all outputs */
	/* Of each `block` weights of an output, from the first on, at most
	 * `cells` have a code other than 0. 0: any number. */
	int64_t block, cells;
};

/* What comes out; error[k]: e^T H e. */
struct imc_rounded {
	float *scale;	/* [k] */
	int8_t *code;	/* [k][r] */
	double *error;	/* [k] */
	double nearest; /* the sum of errors, if each were rounded alone */
};

/* Adds `part` of the mean of the diagonal to it, and to zeros 1 if all are
 * zero, so that h is positive definite and decisions do not hang on the last
 * bits of its small eigenvalues. */
void imc_round_damp(double *h, int64_t r, double part);

/* Errors are never more, of each output (with one_scale: of all), than those
 * of nearest codes with the scale of imc_weight_scale. Uses all processors;
 * the result does not depend on how many. */
struct imc_rounded imc_round_matrix(const struct imc_round *p,
				    struct imc_arena *a);

/* The nearest codes, with that scale; error: NULL. */
struct imc_rounded imc_round_nearest(const struct imc_round *p,
				     struct imc_arena *a);

#endif
