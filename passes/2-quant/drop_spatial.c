/* The loop of --max-drop for bits and copies of a spatial machine. */
#include <math.h>

#include "passes/2-quant/choose_drop.h"
#include "passes/2-quant/choose_spatial.h"

/* The first budget: an output that is wrong by a seventh; of errors that are
 * not measured those of 6 bits. */
#define FIRST_ERROR 0.02
#define FIRST_BITS 6

struct chooser {
	struct imc_module *m;
	const struct imc_bit_problem *b;
	struct imc_arena *a;
};

static bool solve(void *cx, double budget, struct imc_drop_pick *out)
{
	const struct chooser *s = cx;
	struct imc_choice *c = imc_arena_alloc(s->a, sizeof *c);

	if (!imc_choice_solve(s->m, s->b, budget, s->a, c))
		return false;
	*out = (struct imc_drop_pick){.found = c->found,
				      .n = (size_t)s->b->p.n,
				      .pick = c->s.pick,
				      .error = c->s.error,
				      .value = c->value,
				      .gap = imc_choice_gap(c),
				      .of = c};
	return true;
}

static void assign(void *cx, const struct imc_drop_pick *p,
		   struct imc_assign *to)
{
	const struct chooser *s = cx;

	imc_choice_assign(s->b, p->of, to);
}

bool imc_choice_for_drop(struct imc_module *m, struct imc_pass_cx *cx,
			 const struct imc_bit_problem *b,
			 struct imc_choice *out)
{
	double bits = m->opt.budget_bits;
	struct chooser s = {m, b, cx->scratch};
	struct imc_drop_chooser by = {
		.cx = &s,
		.solve = solve,
		.assign = assign,
		/* what is 0 has no logarithm */
		.floor = fmax(imc_bit_budget(m, 8), 1e-12),
		.top = imc_bit_budget(m, bits > 0 ? bits : 2),
		.first = m->opt.error_model ? imc_bit_budget(m, FIRST_BITS)
					    : FIRST_ERROR,
		.most_exact = "8 bits everywhere",
	};
	struct imc_drop_pick p;

	if (!imc_drop_search(m, cx, &by, &p))
		return false;
	if (!p.found)
		return imc_choice_none(m, b, fmax(by.top, by.floor));
	*out = *(const struct imc_choice *)p.of;
	return true;
}
