/* select_inner.h: what the parts of the selection share. */
#ifndef IMC_SELECT_INNER_H
#define IMC_SELECT_INNER_H

#include "passes/solver/select.h"

/* What a pick pays for: each ns, each pJ, each cell, each unit of error. */
struct imc_select_price {
	double ns, pj, cell, error;
};

/* Time of two neighbours, or a negative number if they cannot pair. */
double imc_select_pair_ns(const struct imc_select_group *first,
			  const struct imc_select_option *x,
			  const struct imc_select_option *y);

/* Picks of at most `cells` cells that pay least for ns, pJ and errors
 * (price.cell is searched), as far as prices find them, and a proven bound on
 * what any such picks pay. False: there are none. Whatever p->max_error. */
bool imc_select_within(const struct imc_select_problem *p,
		       struct imc_select_price price, int64_t cells,
		       int32_t *pick, double *bound, struct imc_arena *scratch);

/* The same within p->max_error, for which price->error is searched: the least
 * that keeps the limit. The bound is on what they pay for ns and pJ. False:
 * prices find none. Without a limit as imc_select_within. */
bool imc_select_limited(const struct imc_select_problem *p,
			struct imc_select_price *price, int64_t cells,
			int32_t *pick, double *bound,
			struct imc_arena *scratch);

/* Sets p->n_bin to the bins that the picks of fewest cells take, p->start to
 * those picks. False: they do not pack, or break the limit on errors. */
bool imc_select_fewest_bins(struct imc_select_problem *p, int32_t *pick);

/* All cells of n_bin bins. */
int64_t imc_select_capacity(const struct imc_select_problem *p);

/* What the objective compares; ties go to less energy (or time). INFINITY: a
 * limit is not kept. */
double imc_select_merit(const struct imc_select_problem *p, double ns,
			double pj, double error);

#endif
