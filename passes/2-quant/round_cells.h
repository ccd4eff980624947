/* round_cells.h: which weights of a matrix stay, where few may. */
#ifndef IMC_ROUND_CELLS_H
#define IMC_ROUND_CELLS_H

#include "passes/2-quant/round_matrix.h"

/* H of p, factored: U D U^T in the given order of its rows, which goes from
 * block to block. */
struct imc_round_factor {
	const int32_t *order; /* [r] */
	const float *carry;   /* [j][i < j]: U[i][j] */
	const double *pivot;  /* [j]: D[j] */
};

/* Chooses the weights that stay, stay[k][r], and what they grow to, since they
 * make up for the others: value[k][r], 0 where none stays. A weight w with the
 * pivot d costs w^2 * d: what setting it to 0 adds to the error if all that
 * follow make up for it. Uses all processors. */
void imc_round_choose(const struct imc_round *p,
		      const struct imc_round_factor *f, bool *stay,
		      float *value);

/* Of one output: sets all codes but those of the largest weights to 0. */
void imc_round_drop_small(const struct imc_round *p, const float *w,
			  int8_t *code);

#endif
