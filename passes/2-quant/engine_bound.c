/* What no mapping can be faster than. */
#include <math.h>

#include "hwdesc/cost.h"
#include "passes/2-quant/choose_engine.h"
#include "passes/4-plan/chain.h"

/* Whole layers, or cut as one likes. */
typedef double cost_of(const struct imc_hw *hw, const struct imc_graph *g,
		       imc_node_id n, const struct imc_assign *as);

static double whole_ns(const struct imc_hw *hw, const struct imc_graph *g,
		       imc_node_id n, const struct imc_assign *as)
{
	return imc_cost_node(hw, g, n, as).ns;
}

/* Lowers time and cells of o to those of `as`, if that is possible. */
static void take_less(const struct imc_engine_choice *c, imc_node_id id,
		      const struct imc_assign *as, cost_of *ns,
		      struct imc_select_option *o)
{
	struct imc_matrix mx;
	struct imc_cut cut;

	if (as->engine == IMC_ENGINE_CROSSBAR) {
		mx = imc_matrix_of(c->m->g, imc_node_at(c->m->g, id));
		if (!imc_cut_assigned(c->m->hw, &mx, as, &cut))
			return;
		o->cells = imc_min_i64(o->cells, cut.cells);
	}
	o->ns = fmin(o->ns, ns(c->m->hw, c->m->g, id, as));
}

/* What fit_adc may still make of the option: fewer bias rows, and then fewer
 * blocks. */
static void without_bias(const struct imc_engine_choice *c, imc_node_id id,
			 struct imc_assign as, cost_of *ns,
			 struct imc_select_option *o)
{
	if (as.bias_rows == 0)
		return;
	as.bias_rows = 0;
	take_less(c, id, &as, ns, o);
	as.block_rows = 0;
	take_less(c, id, &as, ns, o);
}

/* The options at the least that they may still cost. */
static struct imc_select_problem
problem_at_least(const struct imc_engine_choice *c, cost_of *ns)
{
	struct imc_select_problem p = imc_engine_problem(c);
	struct imc_select_group *g =
		imc_arena_memdup(c->scratch, c->group, c->n * sizeof *g);

	for (size_t i = 0; i < c->n; i++) {
		struct imc_select_option *o = imc_arena_memdup(
			c->scratch, g[i].option, (size_t)g[i].n * sizeof *o);

		for (int32_t k = 0; k < g[i].n; k++) {
			const struct imc_assign *as = &c->v[i].o.v[k].as;

			take_less(c, c->v[i].node, as, ns, &o[k]);
			without_bias(c, c->v[i].node, *as, ns, &o[k]);
		}
		g[i].option = o;
	}
	p.group = g;
	return p;
}

void imc_engine_bound(const struct imc_engine_choice *c,
		      const struct imc_select_answer *s)
{
	struct imc_map *map = &c->m->map;
	struct imc_select_problem p;

	map->bound_ns = s->bound;
	if (!imc_engine_is_final(c)) {
		p = problem_at_least(c, whole_ns);
		map->bound_ns = imc_select_bound(&p);
	}
	p = problem_at_least(c, imc_cost_least_ns);
	map->chain_bound_ns = imc_select_bound_chains(
		&p, c->m->opt.no_overlap ? 1 : IMC_CHAIN_UNITS);
}
