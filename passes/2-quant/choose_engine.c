/* Which engine computes each node, and how. The engine fixes the arithmetic
 * (row blocks, slices, what follows the ADC), so this comes before
 * quantisation; tilings and copies inside arrays are chosen with it, since all
 * compete for the same arrays.
 *
 * If even the smallest choices of all nodes that gain from the crossbars do
 * not fit, nodes that gain least for each cell they need go back to the
 * digital engines until the rest does; then those that still fit beside it
 * return. That tells whether the machine is too small for the network. What is
 * best under the number of arrays is then chosen for all nodes together. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/op.h"
#include "ir/support/checked.h"
#include "passes/2-quant/choose_bits.h"
#include "passes/2-quant/choose_engine.h"

/* Without --spill at most this share of the multiply-accumulates may fall
 * back to the cores for want of arrays: a classifier, say, whose weights are
 * many and whose work is little. */
#define SPILL_SHARE 0.10

/* imc_pack_best is asked so often whether fuller arrays can be packed. */
#define MAX_BEST 5

/* What the objective counts, of one node. */
static double measure(const struct imc_engine_choice *c,
		      const struct imc_cost *cost)
{
	switch ((enum imc_objective)c->m->opt.objective) {
	case IMC_OBJECTIVE_LATENCY:
	case IMC_OBJECTIVE_ARRAYS:
	case IMC_OBJECTIVE_THROUGHPUT: /* one image at a time */
		return cost->ns;
	case IMC_OBJECTIVE_ENERGY:
		return cost->pj;
	case IMC_OBJECTIVE_EDP:
		return cost->ns * cost->pj;
	case IMC_N_OBJECTIVE:
		break;
	}
	return cost->ns;
}

/* Finds small and digital among the options. */
static void rate_options(const struct imc_engine_choice *c,
			 struct imc_engine_step *s)
{
	s->small = s->digital = -1;
	for (size_t i = 0; i < s->o.n; i++) {
		const struct imc_map_option *x = &s->o.v[i];
		bool crossbar = x->as.engine == IMC_ENGINE_CROSSBAR;
		int32_t *at = crossbar ? &s->small : &s->digital;
		const struct imc_map_option *best =
			&s->o.v[*at < 0 ? (int32_t)i : *at];

		if (*at < 0 || (crossbar ? x->cells < best->cells
					 : measure(c, &x->as.cost) <
						   measure(c, &best->as.cost)))
			*at = (int32_t)i;
	}
	if (s->small < 0)
		return;
	if (s->digital >= 0)
		s->saves = measure(c, &s->o.v[s->digital].as.cost) -
			   measure(c, &s->o.v[s->small].as.cost);
	s->use = s->digital < 0 || s->saves > 0;
}

static bool list_matrix(struct imc_engine_choice *c, struct imc_engine_step *s)
{
	const struct imc_node *n = imc_node_at(c->m->g, s->node);
	struct imc_matrix mx = imc_matrix_of(c->m->g, n);
	enum imc_engine forced = imc_map_forced(c->m, n);
	const char *why;

	s->is_matrix = true;
	s->macs = mx.n_window * mx.rows * mx.cols * mx.groups;
	s->o = imc_map_options_of(c->m, s->node, c->scratch, &why);
	if (why)
		return imc_diag(c->m->diags, n->loc, IMC_D_ENGINE_FORCED,
				imc_engine_name(forced), why);
	rate_options(c, s);
	return true;
}

/* The way of a node that only the cores compute. */
static void list_other(struct imc_engine_choice *c, struct imc_engine_step *s)
{
	struct imc_map_option *x =
		IMC_PUSH(c->scratch, s->o.v, s->o.n, s->o.cap);

	x->as = c->m->map.assign[s->node.i];
	x->lanes = imc_map_lanes(c->m, &x->as);
	s->small = -1;
}

static bool list_steps(struct imc_engine_choice *c)
{
	const struct imc_graph *g = c->m->g;
	bool ok = true;

	c->v = imc_arena_array(c->scratch, g->n_order + 1, sizeof *c->v);
	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);
		struct imc_engine_step *s = &c->v[c->n];

		s->node = g->order[i];
		if (imc_map_is_matrix(g, n))
			ok &= list_matrix(c, s);
		else if (c->m->map.assign[s->node.i].cost.ns > 0)
			list_other(c, s);
		else
			continue;
		c->n++;
	}
	return ok;
}

/* The tiles of option x, equal neighbours together. */
static void set_runs(const struct imc_engine_choice *c,
		     const struct imc_engine_step *s,
		     const struct imc_map_option *x,
		     struct imc_select_option *out)
{
	const struct imc_node *n = imc_node_at(c->m->g, s->node);
	struct imc_matrix mx = imc_matrix_of(c->m->g, n);
	struct imc_select_run *v = NULL;
	size_t n_run = 0, cap = 0;
	struct imc_cut cut;

	if (!imc_cut_assigned(c->m->hw, &mx, &x->as, &cut))
		return;
	for (int32_t i = 0; i < cut.n_tile; i++) {
		struct imc_tile t = imc_cut_tile(&mx, &cut, x->as.bias_rows, i);

		if (n_run == 0 || v[n_run - 1].rect.w != t.w ||
		    v[n_run - 1].rect.h != t.h)
			IMC_PUSH(c->scratch, v, n_run, cap)->rect =
				(struct imc_pack_rect){t.w, t.h};
		v[n_run - 1].n++;
	}
	out->run = v;
	out->n_run = (int32_t)n_run;
}

/* Several output rows of one image, by an operator that needs only some rows
 * of its inputs for each. */
static bool goes_by_rows(const struct imc_graph *g, const struct imc_node *n)
{
	enum imc_kind kind = imc_op_info(n->op)->kind;
	const struct imc_tensor *y = &imc_node_out(g, n, 0)->t;

	return (kind == IMC_MATRIX || kind == IMC_DIGITAL ||
		(kind == IMC_MOVE && imc_plan_by_rows(g, n))) &&
	       n->n_out == 1 && y->rank == 4 && y->dim[0] == 1 && y->dim[1] > 1;
}

/* Whether v is made by node `maker`, or shows it in another shape. */
static bool comes_from(const struct imc_graph *g, imc_val v, imc_node_id maker)
{
	while (imc_val_ok(v)) {
		imc_node_id def = imc_value_at(g, v)->def;

		if (def.i == maker.i)
			return true;
		if (def.i == IMC_NO_NODE.i ||
		    !imc_plan_is_view(g, imc_node_at(g, def)))
			return false;
		v = imc_node_at(g, def)->in[0];
	}
	return false;
}

/* Whether b can run beside a, behind it strip by strip if it reads it. */
static bool may_pair(const struct imc_graph *g, imc_node_id a, imc_node_id b)
{
	const struct imc_node *first = imc_node_at(g, a);
	const struct imc_node *then = imc_node_at(g, b);
	bool reads = false;

	for (int k = 0; k < then->n_in; k++) {
		imc_val v = then->in[k];
		bool same = comes_from(g, v, a);

		if (same && imc_value_at(g, v)->def.i != a.i)
			return false; /* in another shape */
		reads |= same;
	}
	return !reads || (goes_by_rows(g, first) && goes_by_rows(g, then));
}

void imc_engine_group(struct imc_engine_choice *c)
{
	c->group = imc_arena_array(c->scratch, c->n + 1, sizeof *c->group);
	for (size_t i = 0; i < c->n; i++) {
		const struct imc_engine_step *s = &c->v[i];
		struct imc_select_option *o =
			imc_arena_array(c->scratch, s->o.n, sizeof *o);

		for (size_t k = 0; k < s->o.n; k++) {
			const struct imc_map_option *x = &s->o.v[k];

			o[k].ns = x->as.cost.ns;
			o[k].pj = x->as.cost.pj;
			o[k].cells = x->cells;
			o[k].lanes = x->lanes;
			o[k].error = x->error;
			if (x->as.engine == IMC_ENGINE_CROSSBAR)
				set_runs(c, s, x, &o[k]);
		}
		c->group[i].n = (int32_t)s->o.n;
		c->group[i].option = o;
		c->group[i].may_pair =
			!c->m->opt.no_overlap && i + 1 < c->n &&
			may_pair(c->m->g, s->node, c->v[i + 1].node);
	}
}

bool imc_engine_is_final(const struct imc_engine_choice *c)
{
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->v[i].o.n; k++)
			if (c->v[i].o.v[k].as.bias_rows)
				return false;
	return true;
}

/* Arrays that compute one image at a time give most images a second when each
 * takes the shortest time. */
static enum imc_objective objective_of(const struct imc_module *m)
{
	enum imc_objective o = (enum imc_objective)m->opt.objective;

	return o == IMC_OBJECTIVE_THROUGHPUT ? IMC_OBJECTIVE_LATENCY : o;
}

struct imc_select_problem imc_engine_problem(const struct imc_engine_choice *c)
{
	static imc_pack_solver *const solver[] = {
		imc_pack_best, imc_pack_greedy, imc_pack_area};
	const struct imc_hw *hw = c->m->hw;
	int which = c->m->opt.solver;

	return (struct imc_select_problem){
		.bin_w = (int32_t)hw->ima_cols,
		.bin_h = (int32_t)hw->ima_rows,
		.n_bin = (int32_t)hw->ima_arrays,
		.n = (int32_t)c->n,
		.group = c->group,
		.objective = objective_of(c->m),
		.slack = c->no_slack ? 0 : c->m->opt.slack / 100,
		.max_error = c->max_error,
		.pack = solver[which],
		.n_pack = which == 0 && imc_engine_is_final(c) ? MAX_BEST : 0,
		.fits = which == 2 ? NULL : imc_pack_fits,
	};
}

/* The small choice of every step that uses the crossbars, the digital one of
 * the others. */
static int32_t *small_picks(const struct imc_engine_choice *c)
{
	int32_t *pick = imc_arena_array(c->scratch, c->n + 1, sizeof *pick);

	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].is_matrix)
			pick[i] = c->v[i].use ? c->v[i].small : c->v[i].digital;
	return pick;
}

/* Arrays that the small choices need; INT32_MAX/2 bins are always enough. */
static int32_t arrays_needed(const struct imc_engine_choice *c)
{
	struct imc_select_problem p = imc_engine_problem(c);
	struct imc_arena *a = imc_arena_new();
	struct imc_pack_problem tiles;
	int32_t n;

	p.n_bin = INT32_MAX / 2;
	tiles = imc_select_tiles(&p, small_picks(c), a);
	n = p.pack(&tiles, a).n_used;
	imc_arena_free(a);
	return n;
}

static bool small_fits(const struct imc_engine_choice *c)
{
	struct imc_select_problem p = imc_engine_problem(c);
	int32_t *pick = small_picks(c);
	struct imc_pack_problem tiles;

	if (imc_select_cells(&p, pick) > (int64_t)p.bin_w * p.bin_h * p.n_bin)
		return false;
	tiles = imc_select_tiles(&p, pick, c->scratch);
	if (p.fits && p.fits(&tiles))
		return true;
	return (!p.fits || p.n_pack > 0) && p.pack(&tiles, c->scratch).found;
}

static int64_t small_cells(const struct imc_engine_step *s)
{
	return imc_max_i64(1, s->o.v[s->small].cells);
}

static double gain_per_cell(const struct imc_engine_step *s)
{
	return s->saves / (double)small_cells(s);
}

/* The step to give up next: least gain a cell; the later one of equals. */
static struct imc_engine_step *weakest(const struct imc_engine_choice *c)
{
	struct imc_engine_step *w = NULL;

	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].use && c->v[i].digital >= 0 &&
		    (!w || gain_per_cell(&c->v[i]) <= gain_per_cell(w)))
			w = &c->v[i];
	return w;
}

/* The spilled step with the most to win that was not tried before. */
static struct imc_engine_step *best_spilled(const struct imc_engine_choice *c)
{
	struct imc_engine_step *best = NULL;

	for (size_t i = 0; i < c->n; i++) {
		struct imc_engine_step *s = &c->v[i];

		if (s->spilled && !s->tried &&
		    (!best || s->saves > best->saves))
			best = s;
	}
	return best;
}

/* Puts back what still fits beside the rest: the last step taken off may
 * have been much larger than needed. */
static void put_back(struct imc_engine_choice *c)
{
	struct imc_engine_step *s;

	while ((s = best_spilled(c))) {
		s->tried = s->use = true;
		s->spilled = false;
		if (small_fits(c))
			continue;
		s->use = false;
		s->spilled = true;
	}
}

/* What was forced onto the crossbars does not fit. */
static bool no_room(const struct imc_engine_choice *c)
{
	struct imc_select_problem p = imc_engine_problem(c);
	struct imc_pack_problem tiles =
		imc_select_tiles(&p, small_picks(c), c->scratch);
	int32_t need = arrays_needed(c);

	return imc_diag(c->m->diags, IMC_IN_FILE(c->m->model_path),
			IMC_D_NO_ROOM, tiles.n, need,
			imc_pack_lower_bound(&tiles, c->scratch),
			c->m->hw->name, p.n_bin, need);
}

/* It found no array, and only the cores are left. */
static bool on_cores(const struct imc_engine_step *s)
{
	return s->spilled && s->o.v[s->digital].as.engine == IMC_ENGINE_CORES;
}

/* Takes small choices off the crossbars until the rest fits. */
static bool fit_arrays(struct imc_engine_choice *c)
{
	int64_t macs = 1, spilled = 0;
	int32_t have = (int32_t)c->m->hw->ima_arrays, need;

	if (small_fits(c))
		return true;
	need = arrays_needed(c);
	do {
		struct imc_engine_step *w = weakest(c);

		if (!w)
			return no_room(c);
		w->use = false;
		w->spilled = true;
	} while (!small_fits(c));
	put_back(c);
	for (size_t i = 0; i < c->n; i++) {
		macs += c->v[i].macs;
		spilled += on_cores(&c->v[i]) ? c->v[i].macs : 0;
	}
	if (c->m->opt.spill || (double)spilled <= SPILL_SHARE * (double)macs)
		return true;
	return imc_diag(c->m->diags, IMC_IN_FILE(c->m->model_path),
			IMC_D_TOO_FEW_ARRAYS, need, c->m->hw->name, have,
			100.0 * (double)spilled / (double)macs, need);
}

/* Fewer arrays are no reason to leave them: nodes that gain from the
 * crossbars stay there. */
static void keep_crossbars(struct imc_engine_choice *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct imc_engine_step *s = &c->v[i];
		size_t kept = 0;

		if (!s->use)
			continue;
		for (size_t k = 0; k < s->o.n; k++)
			if (s->o.v[k].as.engine == IMC_ENGINE_CROSSBAR)
				s->o.v[kept++] = s->o.v[k];
		s->o.n = kept;
		rate_options(c, s);
	}
}

struct imc_select_answer imc_engine_select(const struct imc_engine_choice *c,
					   const int32_t *start)
{
	struct imc_select_problem p = imc_engine_problem(c);

	p.start = start;
	return imc_select_priced(&p, c->scratch);
}

static bool select_all(struct imc_engine_choice *c, struct imc_pass_cx *cx,
		       struct imc_select_answer *s)
{
	if (c->m->opt.objective == IMC_OBJECTIVE_ARRAYS) {
		keep_crossbars(c);
		imc_engine_group(c);
	}
	if (!imc_variants_are_chosen(c->m))
		*s = imc_engine_select(c, small_picks(c));
	else if (!imc_engine_for_accuracy(c, cx, s))
		return false;
	return s->found || no_room(c);
}

double imc_engine_value(const struct imc_module *m,
			const struct imc_select_answer *s)
{
	switch (objective_of(m)) {
	case IMC_OBJECTIVE_LATENCY:
	case IMC_OBJECTIVE_THROUGHPUT:
		return s->ns;
	case IMC_OBJECTIVE_ENERGY:
		return s->pj;
	case IMC_OBJECTIVE_EDP:
		return s->ns * s->pj;
	case IMC_OBJECTIVE_ARRAYS:
		return s->n_bin;
	case IMC_N_OBJECTIVE:
		break;
	}
	return s->ns;
}

void imc_engine_assign(const struct imc_engine_choice *c, const int32_t *pick,
		       struct imc_assign *assign)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct imc_engine_step *t = &c->v[i];
		struct imc_assign as = t->o.v[pick[i]].as;

		as.spilled = t->spilled && as.engine != IMC_ENGINE_CROSSBAR;
		assign[t->node.i] = as;
	}
}

/* Takes over what was picked, and says what found no array. */
static void assign_picks(const struct imc_engine_choice *c,
			 const struct imc_select_answer *s,
			 struct imc_pass_cx *cx)
{
	struct imc_module *m = c->m;

	imc_engine_assign(c, s->pick, m->map.assign);
	for (size_t i = 0; i < c->n; i++) {
		imc_node_id id = c->v[i].node;
		const struct imc_assign *as = &m->map.assign[id.i];

		cx->n_changed += as->engine == IMC_ENGINE_CROSSBAR;
		if (as->spilled)
			imc_diag(m->diags, imc_node_at(m->g, id)->loc,
				 IMC_D_SPILLED, imc_engine_name(as->engine));
	}
	m->map.bound_ns = m->map.chain_bound_ns = 0;
	if (objective_of(m) == IMC_OBJECTIVE_LATENCY)
		imc_engine_bound(c, s);
}

static void assign_rest(struct imc_module *m)
{
	for (size_t i = 0; i < m->g->n_order; i++) {
		imc_node_id id = m->g->order[i];
		struct imc_assign *as = &m->map.assign[id.i];

		if (imc_plan_is_view(m->g, imc_node_at(m->g, id)))
			as->engine = IMC_ENGINE_NONE;
		as->cost = imc_cost_node(m->hw, m->g, id, as);
	}
}

bool imc_pass_choose_engine(struct imc_module *m, struct imc_pass_cx *cx)
{
	struct imc_engine_choice c = {.m = m, .scratch = cx->scratch};
	struct imc_select_answer s;

	m->map.n_assign = 0;
	m->map.adc_per_job = m->hw->ima_adc_range == 0;
	m->map.pe_shares_port = m->hw->pe_shares_port != 0;
	m->map.own_arrays = imc_hw_is_spatial(m->hw);
	imc_assign_grow(m);
	assign_rest(m);
	if (m->map.own_arrays)
		return imc_choose_spatial(m, cx);
	if (!list_steps(&c))
		return false;
	imc_engine_group(&c);
	if (!fit_arrays(&c) || !select_all(&c, cx, &s))
		return false;
	assign_picks(&c, &s, cx);
	return true;
}
