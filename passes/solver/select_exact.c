/* Every pick of a small instance. */
#include <math.h>
#include <string.h>

#include "passes/solver/select_inner.h"

struct walk {
	const struct imc_select_problem *p;
	struct imc_arena *a;
	struct imc_select_answer best;
	int32_t *pick;
};

static double merit_of(const struct imc_select_problem *p, const int32_t *pick)
{
	double ns, pj;

	imc_select_cost(p, pick, &ns, &pj);
	return imc_select_merit(p, ns, pj, imc_select_error(p, pick));
}

static void look_at(struct walk *w)
{
	const struct imc_select_problem *p = w->p;
	bool by_bins = p->objective == IMC_OBJECTIVE_ARRAYS;
	double merit = merit_of(p, w->pick);
	struct imc_pack_problem tiles;
	struct imc_pack_answer pack;

	if (isinf(merit) ||
	    imc_select_cells(p, w->pick) > imc_select_capacity(p) ||
	    (w->best.found && !by_bins && merit >= merit_of(p, w->best.pick)))
		return;
	tiles = imc_select_tiles(p, w->pick, w->a);
	pack = imc_pack_exhaustive(&tiles, w->a);
	if (!pack.found)
		return;
	if (w->best.found && by_bins &&
	    (pack.n_used > w->best.n_bin ||
	     (pack.n_used == w->best.n_bin &&
	      merit >= merit_of(p, w->best.pick))))
		return;
	w->best.found = true;
	w->best.n_bin = by_bins ? pack.n_used : p->n_bin;
	memcpy(w->best.pick, w->pick, (size_t)p->n * sizeof *w->pick);
}

static void walk_from(struct walk *w, int32_t i)
{
	if (i == w->p->n) {
		look_at(w);
		return;
	}
	for (int32_t k = 0; k < w->p->group[i].n; k++) {
		w->pick[i] = k;
		walk_from(w, i + 1);
	}
}

struct imc_select_answer
imc_select_exhaustive(const struct imc_select_problem *p, struct imc_arena *a)
{
	struct walk w = {.p = p, .a = a};
	struct imc_select_answer *s = &w.best;
	double merit;

	w.pick = imc_arena_array(a, (size_t)p->n + 1, sizeof *w.pick);
	s->pick = imc_arena_array(a, (size_t)p->n + 1, sizeof *s->pick);
	walk_from(&w, 0);
	if (!s->found)
		return *s;
	imc_select_cost(p, s->pick, &s->ns, &s->pj);
	merit = p->objective == IMC_OBJECTIVE_EDP ? s->ns * s->pj : s->ns;
	s->bound = p->objective == IMC_OBJECTIVE_ENERGY ? s->pj : merit;
	return *s;
}
