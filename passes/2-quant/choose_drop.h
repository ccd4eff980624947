/* choose_drop.h: the closed loop of --max-drop, whatever is chosen. Private to
 * stage 2.
 *
 * Errors that add up are a model: networks chosen under budgets of them are
 * brought to device arithmetic and measured (imc_trials_run, the one place
 * that says how), and the largest budget is looked for with which the drop is
 * small enough. */
#ifndef IMC_CHOOSE_DROP_H
#define IMC_CHOOSE_DROP_H

#include "passes/2-quant/choose_bits.h"

/* What was picked under a budget. */
struct imc_drop_pick {
	bool found;
	size_t n; /* the picks: equal ones are measured once */
	const int32_t *pick;
	double error, value, gap; /* predicted; of the objective; proven */
	const void *of;		  /* the chooser's own */
};

/* Who chooses. */
struct imc_drop_chooser {
	void *cx;
	/* Picks with errors of at most `budget` in all, in an arena that lives
	 * as long as the search. False: reported. */
	bool (*solve)(void *cx, double budget, struct imc_drop_pick *out);
	/* Writes the picks over assign[node]. */
	void (*assign)(void *cx, const struct imc_drop_pick *p,
		       struct imc_assign *assign);
	double floor, top; /* budgets between which it is searched, > 0 */
	double first;	   /* the first one */
	/* Measured before all others, under no budget; nothing that is slower
	 * is, if it is good enough. Not found: there is none. */
	struct imc_drop_pick seed;
	/* Measured next: the best under no budget; if it is good enough, no
	 * other one is. Not found: there is none. */
	struct imc_drop_pick fastest;
	/* A copy of p->of in a, for m->tried; NULL: that is not used. */
	const void *(*keep)(const struct imc_drop_pick *p, struct imc_arena *a);
	/* Picks under budgets up to floor, in words, for who reads that even
	 * they lose too much; NULL: there are none in particular. */
	const char *most_exact;
};

/* The picks of least value of those that lose at most m->opt.max_drop, or,
 * where all lose more, those that lose least, with a warning. Begins with the
 * networks of m->tried, if there is one, and adds to it. Adds what was measured
 * to m->trial. Not found: under no budget, or too few trials; nothing
 * is reported. False: reported. */
bool imc_drop_search(struct imc_module *m, struct imc_pass_cx *cx,
		     const struct imc_drop_chooser *chooser,
		     struct imc_drop_pick *out);

#endif
