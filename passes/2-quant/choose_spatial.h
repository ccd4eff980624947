/* choose_spatial.h: what choosing once and choosing in a loop share. Private
 * to stage 2. */
#ifndef IMC_CHOOSE_SPATIAL_H
#define IMC_CHOOSE_SPATIAL_H

#include "passes/2-quant/choose_bits.h"

/* What was picked under a budget. */
struct imc_choice {
	bool found;
	struct imc_alloc_answer s; /* of the last call of the solver */
	/* Of the objective, in ns, pj or arrays (edp: pj * ns), and what it
	 * cannot be below; 0: not known. */
	double value, bound;
};

/* Picks by the objective of m with errors of at most `budget` in all (INFINITY:
 * any), in a. Not found: nothing is reported. False: the solver is wrong,
 * which is reported. */
bool imc_choice_solve(const struct imc_module *m,
		      const struct imc_bit_problem *b, double budget,
		      struct imc_arena *a, struct imc_choice *out);

/* The time of the picks that is part of the stage of what all share, and the
 * largest there can be (0 unless b->shares). */
double imc_choice_shared(const struct imc_module *m,
			 const struct imc_bit_problem *b, const int32_t *pick);
double imc_choice_most_shared(const struct imc_module *m,
			      const struct imc_bit_problem *b);

/* Limits that time to `most` in p: it takes the place of errors, or, where
 * these are limited already, is done without wherever possible. */
void imc_choice_share(const struct imc_module *m,
		      const struct imc_bit_problem *b, double most,
		      struct imc_alloc_problem *p, struct imc_arena *a);

/* Reports why there is no choice under that budget. Returns false. */
bool imc_choice_none(const struct imc_module *m,
		     const struct imc_bit_problem *b, double budget);

/* Writes the picks over assign[]. */
void imc_choice_assign(const struct imc_bit_problem *b,
		       const struct imc_choice *c, struct imc_assign *assign);

/* (value - bound) / value; 0 where no bound is known. */
double imc_choice_gap(const struct imc_choice *c);

/* Chooses by what trials measure, for m->opt.max_drop. */
bool imc_choice_for_drop(struct imc_module *m, struct imc_pass_cx *cx,
			 const struct imc_bit_problem *b,
			 struct imc_choice *out);

/* The same in the way of LRMP (m->opt.search): an agent (passes/solver/ddpg.h)
 * picks bits, the solver copies, and the reward is measured. */
bool imc_search_bits(struct imc_module *m, struct imc_pass_cx *cx,
		     const struct imc_bit_problem *b, struct imc_choice *out);

#endif
