/* Bounds on the latency hold for plans of random networks in L1 of any size:
 * for whole layers and pairs of them that of pairs, for strips that of chains.
 * And plans of least energy take less of it, but for a little that the search
 * may miss. */
#include <stdio.h>
#include <string.h>

#include "hwdesc/cost.h"
#include "hwdesc/hw.h"
#include "passes/4-plan/chain.h"
#include "passes/pass.h"
#include "passes/solver/select.h"
#include "tests/check.h"
#include "tests/plan/nets.h"

#define N_NET 200
#define SAME 1e-9
#define MISSED 0.01

struct world {
	struct imc_module *m;
	struct imc_diags d;
	struct random r;
	/* plans of chains; those that the bound of pairs does not hold for */
	int n_chains, n_below;
	double tight; /* sum of bound / latency of plans of chains */
	int n_energy; /* pairs of plans that energy is compared of */
	int n_less, n_more;
};

static bool schedule(struct world *w, enum imc_objective o, int64_t l1_bytes)
{
	struct imc_pass_cx cx = {.scratch = imc_arena_new()};
	bool ok;

	w->m->opt.objective = (int)o;
	w->m->hw->l1_bytes = l1_bytes;
	ok = imc_pass_schedule(w->m, &cx);
	imc_arena_free(cx.scratch);
	return ok;
}

/* The one option of each node, as it is or cut as one likes. */
static struct imc_select_problem problem_of(const struct imc_module *m,
					    bool cut, struct imc_arena *a)
{
	const struct imc_graph *g = m->g;
	struct imc_select_problem p = {.bin_w = 1, .bin_h = 1};
	struct imc_select_group *group =
		imc_arena_array(a, g->n_order + 1, sizeof *group);

	for (size_t i = 0; i < g->n_order; i++) {
		imc_node_id id = g->order[i];
		struct imc_step s = {.kind = IMC_STEP_RUN, .node = id};
		struct imc_select_option *o = imc_arena_alloc(a, sizeof *o);
		const struct imc_assign *as = &m->map.assign[id.i];

		if (imc_plan_is_view(g, imc_node_at(g, id)))
			continue;
		o->lanes = imc_step_lanes(&m->map, &s);
		o->ns = cut ? imc_cost_least_ns(m->hw, g, id, as)
			    : imc_cost_node(m->hw, g, id, as).ns;
		group[p.n++] =
			(struct imc_select_group){1, o, !m->opt.no_overlap};
	}
	if (p.n)
		group[p.n - 1].may_pair = false;
	p.group = group;
	return p;
}

static void set_bounds(struct world *w)
{
	struct imc_select_problem p = problem_of(w->m, false, w->d.arena);

	w->m->map.bound_ns = imc_select_bound(&p);
	p = problem_of(w->m, true, w->d.arena);
	w->m->map.chain_bound_ns = imc_select_bound_chains(
		&p, w->m->opt.no_overlap ? 1 : IMC_CHAIN_UNITS);
}

static void check_bound(struct world *w)
{
	const struct imc_map *map = &w->m->map;
	double bound = imc_plan_bound_ns(map, &w->m->plan);
	double ns = imc_plan_total(&w->m->plan, NULL).ns;

	CHECK(ns >= bound * (1 - SAME), "%g ns, at least %g (%s, L1 %lld)", ns,
	      bound, w->m->plan.in_chains ? "chains" : "pairs",
	      (long long)w->m->hw->l1_bytes);
	EXPECT(map->chain_bound_ns <= map->bound_ns * (1 + SAME));
	if (!w->m->plan.in_chains)
		return;
	w->n_chains++;
	w->n_below += ns < map->bound_ns * (1 - SAME);
	w->tight += bound / ns;
}

/* L1 of that size, or twice and twice until there is a plan. */
static void check_size(struct world *w, int64_t l1_bytes)
{
	double pj;

	while (!schedule(w, IMC_OBJECTIVE_LATENCY, l1_bytes))
		l1_bytes *= 2;
	check_bound(w);
	pj = imc_plan_total(&w->m->plan, NULL).pj;
	if (!schedule(w, IMC_OBJECTIVE_ENERGY, l1_bytes)) {
		EXPECT(!"a plan of least energy");
		return;
	}
	check_bound(w);
	w->n_energy++;
	w->n_less += imc_plan_total(&w->m->plan, NULL).pj < pj * (1 - 1e-6);
	w->n_more += imc_plan_total(&w->m->plan, NULL).pj > pj * (1 + 1e-6);
	CHECK(imc_plan_total(&w->m->plan, NULL).pj <= pj * (1 + MISSED),
	      "%g pJ for least energy, %g for least time (L1 %lld)",
	      imc_plan_total(&w->m->plan, NULL).pj, pj, (long long)l1_bytes);
}

int main(void)
{
	struct world w = {.r = {77}};

	for (int i = 0; i < N_NET && !n_fail; i++) {
		w.d = (struct imc_diags){.arena = imc_arena_new()};
		w.m = net_make(&w.r, &w.d);
		w.m->opt.no_overlap = pick(&w.r, 0, 7) == 0;
		w.m->hw->dma_bytes_per_cycle = pick(&w.r, 0, 1) ? 1000 : 4;
		set_bounds(&w);
		check_size(&w, 1 << 20);
		check_size(&w, pick(&w.r, 100, 1500));
		check_size(&w, pick(&w.r, 1000, 5000));
		imc_module_free(w.m);
		imc_arena_free(w.d.arena);
		if (n_fail)
			fprintf(stderr, "network %d\n", i);
	}
	printf("%d of chains, %d of them below the bound of pairs; bound / "
	       "latency %.2f; less energy %d of %d, more %d\n",
	       w.n_chains, w.n_below, w.tight / w.n_chains, w.n_less,
	       w.n_energy, w.n_more);
	EXPECT(w.n_chains > 50 && w.n_below > 0 && w.n_less > 10 * w.n_more);
	return check_result();
}
