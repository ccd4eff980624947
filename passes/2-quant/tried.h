/* tried.h: networks that were measured, for all choices of one module. */
#ifndef IMC_TRIED_H
#define IMC_TRIED_H

#include "passes/2-quant/choose_drop.h"

struct imc_tried_net {
	/* The choice that made it: where these are the same, so are picks. */
	int64_t arrays;
	int objective, post;
	struct imc_drop_pick c;
	const struct imc_assign *assign; /* [n_assign], before fit_adc */
	size_t n_assign;
	bool is_end; /* measured whatever its errors */
	double budget, drop;
	struct imc_score score;
};

/* Shared by a module and its forks (m->tried), which differ only in the
 * options of the choice. Freed with its arena. */
struct imc_tried {
	struct imc_arena *arena;
	size_t n, cap;
	struct imc_tried_net *net;
	bool complete; /* choices are made among them, nothing is measured */
};

/* A network of that assignment; NULL: none was measured. t may be NULL. */
const struct imc_tried_net *imc_tried_same(const struct imc_tried *t,
					   const struct imc_assign *assign,
					   size_t n_assign);

/* True if net was made by the choice that m asks for, but for the drop. */
bool imc_tried_fits(const struct imc_module *m,
		    const struct imc_tried_net *net);

/* True if m has networks for its choice, and no others are to be measured. */
bool imc_tried_complete(const struct imc_module *m);

/* Adds a net to m->tried, copied but for c.of, which lives as long. */
void imc_tried_add(const struct imc_module *m, struct imc_tried_net net);

#endif
