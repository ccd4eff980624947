/* Clusters share the way to L2, layers without clusters the cores: what all
 * layers together take there is a stage of the pipeline. To the solver it is a
 * sum with a limit, as errors are. */
#include <math.h>

#include "passes/2-quant/choose_spatial.h"

static double shared_of(const struct imc_module *m,
			const struct imc_bit_problem *b, size_t i, int32_t k)
{
	const struct imc_bit_option *o = &b->option[i][k];

	return b->shares ? imc_cost_shared(m->hw, &o->as) + o->narrow.ns : 0;
}

double imc_choice_shared(const struct imc_module *m,
			 const struct imc_bit_problem *b, const int32_t *pick)
{
	double sum = 0;

	for (size_t i = 0; i < b->n; i++)
		sum += shared_of(m, b, i, pick[i]);
	return sum;
}

double imc_choice_most_shared(const struct imc_module *m,
			      const struct imc_bit_problem *b)
{
	double sum = 0;

	for (size_t i = 0; i < b->n; i++) {
		double most = 0;

		for (int32_t k = 0; k < b->p.layer[i].n; k++)
			most = fmax(most, shared_of(m, b, i, k));
		sum += most;
	}
	return sum;
}

/* Errors have a limit of their own: what shares the least time is left. */
static void keep_least(const struct imc_module *m,
		       const struct imc_bit_problem *b, size_t i,
		       struct imc_alloc_option *o)
{
	double least = INFINITY;

	for (int32_t k = 0; k < b->p.layer[i].n; k++)
		least = fmin(least, shared_of(m, b, i, k));
	for (int32_t k = 0; k < b->p.layer[i].n; k++)
		if (shared_of(m, b, i, k) > least)
			o[k].stage_ns = INFINITY;
}

void imc_choice_share(const struct imc_module *m,
		      const struct imc_bit_problem *b, double most,
		      struct imc_alloc_problem *p, struct imc_arena *a)
{
	bool errors = isfinite(p->max_error);
	struct imc_alloc_layer *layer;

	if (imc_choice_most_shared(m, b) <= 0)
		return;
	layer = imc_arena_array(a, b->n + 1, sizeof *layer);
	for (size_t i = 0; i < b->n; i++) {
		size_t n = (size_t)b->p.layer[i].n;
		struct imc_alloc_option *o = imc_arena_memdup(
			a, b->p.layer[i].option, n * sizeof *o);

		if (errors)
			keep_least(m, b, i, o);
		for (size_t k = 0; k < n && !errors; k++)
			o[k].error = shared_of(m, b, i, (int32_t)k);
		layer[i] = (struct imc_alloc_layer){(int32_t)n, o};
	}
	p->layer = layer;
	if (!errors)
		p->max_error = most;
	if (isinf(p->max_stage_ns))
		p->max_stage_ns = 1e300;
}

/* ---- what was picked ---- */

double imc_choice_gap(const struct imc_choice *c)
{
	return c->bound > 0 && c->value > 0
		       ? fmax(0, (c->value - c->bound) / c->value)
		       : 0;
}

void imc_choice_assign(const struct imc_bit_problem *b,
		       const struct imc_choice *c, struct imc_assign *assign)
{
	for (size_t i = 0; i < b->n; i++)
		assign[b->node[i].i] = b->option[i][c->s.pick[i]].as;
}
