/* select_inner.h: what the parts of the selection share. */
#ifndef IMC_SELECT_INNER_H
#define IMC_SELECT_INNER_H

#include "passes/solver/select.h"

/* What a pick pays for: each ns, each pJ, each cell. */
struct imc_select_price {
	double ns, pj, cell;
};

/* Time of two neighbours, or a negative number if they cannot pair. */
double imc_select_pair_ns(const struct imc_select_group *first,
			  const struct imc_select_option *x,
			  const struct imc_select_option *y);

/* Picks of at most `cells` cells that pay least for ns and pJ (price.cell is
 * searched), as far as prices find them, and a proven bound on what any such
 * picks pay. False: there are none. */
bool imc_select_within(const struct imc_select_problem *p,
		       struct imc_select_price price, int64_t cells,
		       int32_t *pick, double *bound, struct imc_arena *scratch);

/* All cells of n_bin bins. */
int64_t imc_select_capacity(const struct imc_select_problem *p);

/* What the objective compares; ties go to less energy (or time). */
double imc_select_merit(const struct imc_select_problem *p, double ns,
			double pj);

#endif
