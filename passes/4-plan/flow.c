#include "passes/4-plan/flow.h"

#include <math.h>

#include "hwdesc/cost.h"

/* What makes a flow: the index of each value, by id of its root. */
struct making {
	struct imc_flow *f;
	const struct imc_module *m;
	struct imc_arena *a;
	int32_t *index; /* -1: none */
};

static imc_val root_of(const struct making *k, imc_val v)
{
	return (imc_val){k->m->plan.root[v.i]};
}

static bool is_const(const struct making *k, imc_val v)
{
	return imc_value_at(k->m->g, v)->t.data != NULL;
}

static int32_t add_value(struct making *k, imc_val v, int32_t maker)
{
	const struct imc_tensor *t = &imc_value_at(k->m->g, v)->t;
	struct imc_flow_value *x = &k->f->value[k->f->n_value];

	x->val = v;
	x->rows = imc_plan_n_row(t);
	x->row_bytes = (int64_t)imc_tensor_bytes(t) / x->rows;
	x->maker = maker;
	x->last = -1;
	k->index[v.i] = k->f->n_value;
	return k->f->n_value++;
}

/* Jobs give whole patches. */
static int64_t step_of(const struct imc_module *m, const struct imc_assign *as)
{
	int64_t step = 1;

	if (as->engine != IMC_ENGINE_CROSSBAR)
		return 1;
	for (int32_t i = 0; i < as->n_tile; i++)
		step = imc_lcm_i64(step,
				   m->map.tile[as->first_tile + i].patch_h);
	return step;
}

int64_t imc_flow_window_bytes(const struct imc_map *map,
			      const struct imc_assign *as, bool adc)
{
	int64_t columns = 0;

	for (int32_t t = 0; t < as->n_tile; t++) {
		const struct imc_tile *tile = &map->tile[as->first_tile + t];

		if (tile->copy == 0)
			columns += tile->w / (tile->patch_h * tile->patch_w);
	}
	return columns * (adc ? 1 : (int64_t)sizeof(int32_t));
}

/* Cores beside arrays take twice the scratch: not where that is much of L1. */
static void set_codes(struct making *k, struct imc_flow_unit *u,
		      const struct imc_node *n)
{
	int64_t out_w = imc_matrix_of(k->m->g, n).out_w;
	int64_t row = out_w * imc_flow_window_bytes(&k->m->map, &u->as,
						    n->a.adc[0] != 0);

	if (2 * row * u->step > k->m->hw->l1_bytes / 4)
		u->as.overlap = false;
	u->code_row = row * (u->as.overlap ? 2 : 1);
}

static void set_engine(struct making *k, struct imc_flow_unit *u)
{
	const struct imc_graph *g = k->m->g;
	const struct imc_node *n = imc_node_at(g, u->node);
	const struct imc_assign *as = &k->m->map.assign[u->node.i];
	struct imc_step s = {.kind = IMC_STEP_RUN, .node = u->node};
	const struct imc_tensor *y = &imc_node_out(g, n, 0)->t;

	u->in_place = as->engine == IMC_ENGINE_CORES;
	u->step = imc_min_i64(step_of(k->m, as), u->rows);
	u->lanes = imc_step_lanes(&k->m->map, &s);
	/* jobs that are started and left alone are those of one image */
	if (!(u->lanes & IMC_LANE_CORES) && y->dim[0] != 1)
		u->lanes |= IMC_LANE_CORES | IMC_LANE_PORT | IMC_LANE_PE;
	u->constants = imc_plan_constants(g, &k->m->map, u->node, 0).bytes;
	if (n->op == IMC_OP_Q_CONV2D &&
	    (as->engine == IMC_ENGINE_CORES || as->engine == IMC_ENGINE_PE))
		u->channels = y->dim[3];
	u->as = *as;
	if (as->engine == IMC_ENGINE_CROSSBAR && !n->a.post[0])
		set_codes(k, u, n);
}

/* A pool over all rows and columns that may be done channels by channels. */
static bool is_global_pool(const struct imc_graph *g, const struct imc_node *n)
{
	const struct imc_tensor *x, *y;

	if (n->op != IMC_OP_MAX_POOL && n->op != IMC_OP_Q_AVERAGE_POOL &&
	    n->op != IMC_OP_GLOBAL_MAX_POOL)
		return false;
	x = &imc_node_in(g, n, 0)->t;
	y = &imc_node_out(g, n, 0)->t;
	return x->rank == 4 && y->rank == 4 && x->dim[0] == 1 &&
	       y->dim[0] == 1 && y->dim[1] == 1 && y->dim[2] == 1;
}

static void add_unit(struct making *k, imc_node_id id)
{
	const struct imc_graph *g = k->m->g;
	const struct imc_node *n = imc_node_at(g, id);
	int32_t at = k->f->n_unit++;
	struct imc_flow_unit *u = &k->f->unit[at];

	u->node = id;
	u->rows = imc_plan_n_row(&imc_node_out(g, n, 0)->t);
	u->by_rows = imc_plan_by_rows(g, n) && n->n_out == 1;
	if (!u->by_rows)
		u->rows = 1;
	u->read = imc_arena_array(k->a, (size_t)n->n_in, sizeof *u->read);
	u->made = imc_arena_array(k->a, (size_t)n->n_out, sizeof *u->made);
	for (int i = 0; i < n->n_in; i++) {
		struct imc_flow_read r = {.input = i};

		if (!imc_val_ok(n->in[i]) || is_const(k, n->in[i]) ||
		    is_const(k, root_of(k, n->in[i])))
			continue;
		r.value = k->index[root_of(k, n->in[i]).i];
		r.all = !u->by_rows || k->f->value[r.value].val.i != n->in[i].i;
		k->f->value[r.value].last = at;
		u->read[u->n_read++] = r;
	}
	for (int i = 0; i < n->n_out; i++)
		if (imc_val_ok(n->out[i]))
			u->made[u->n_made++] = add_value(k, n->out[i], at);
	set_engine(k, u);
	if (is_global_pool(g, n) && u->n_read == 1 &&
	    k->f->value[u->read[0].value].val.i == n->in[0].i) {
		u->pool = true;
		u->channels = imc_node_out(g, n, 0)->t.dim[3];
	}
	u->row = imc_arena_array(k->a, (size_t)u->rows + 1, sizeof *u->row);
}

static bool is_shown(const struct imc_flow_value *x, imc_val v)
{
	for (int32_t i = 0; i < x->n_shown; i++)
		if (x->shown[i].i == v.i)
			return true;
	return false;
}

static void show_outputs(struct making *k)
{
	const struct imc_graph *g = k->m->g;

	for (size_t i = 0; i < g->n_output; i++) {
		imc_val v = g->output[i];
		struct imc_flow_value *x =
			&k->f->value[k->index[root_of(k, v).i]];

		x->n_out++;
		if (x->val.i == v.i) {
			x->is_output = true;
		} else if (!is_shown(x, v)) {
			if (!x->shown)
				x->shown = imc_arena_array(k->a, g->n_output,
							   sizeof *x->shown);
			x->shown[x->n_shown++] = v;
		}
	}
}

struct imc_flow imc_flow_of(const struct imc_module *m, struct imc_arena *a)
{
	const struct imc_graph *g = m->g;
	struct imc_flow f = {.m = m, .a = a};
	struct making k = {&f, m, a, NULL};

	k.index = imc_arena_array(a, g->n_value + 1, sizeof *k.index);
	for (size_t v = 0; v < g->n_value; v++)
		k.index[v] = -1;
	f.value = imc_arena_array(a, g->n_value + 1, sizeof *f.value);
	f.unit = imc_arena_array(a, g->n_order + 1, sizeof *f.unit);
	f.scratch_bytes = imc_min_i64(16384, m->hw->l1_bytes / 16);
	for (size_t i = 0; i < g->n_input; i++)
		if (k.index[g->input[i].i] < 0)
			add_value(&k, g->input[i], -1);
	for (size_t i = 0; i < g->n_order; i++) {
		imc_node_id id = g->order[i];

		if (!imc_plan_is_view(g, imc_node_at(g, id)) &&
		    m->map.assign[id.i].engine != IMC_ENGINE_NONE)
			add_unit(&k, id);
	}
	show_outputs(&k);
	return f;
}

struct imc_rows imc_flow_reads(const struct imc_flow *f, int32_t u, int k,
			       struct imc_rows out)
{
	const struct imc_flow_unit *unit = &f->unit[u];
	const struct imc_flow_read *r = &unit->read[k];

	if (r->all)
		return (struct imc_rows){0, f->value[r->value].rows};
	return imc_plan_reads(f->m->g, imc_node_at(f->m->g, unit->node),
			      r->input, out);
}

int64_t imc_flow_made(const struct imc_flow *f, int32_t u, int32_t v,
		      int64_t rows)
{
	if (f->unit[u].by_rows)
		return rows;
	return rows ? f->value[v].rows : 0;
}

bool imc_flow_is_far(const struct imc_flow *f, int32_t v, bool write)
{
	const struct imc_flow_value *x = &f->value[v];

	if (x->maker < 0)
		return true;
	if (x->is_output)
		return x->n_out == 1;
	if (!write || !x->n_shown)
		return true;
	return x->n_out == 1 && x->last < 0;
}

struct imc_cost imc_flow_far_cost(const struct imc_flow *f, int32_t u,
				  int32_t value, int64_t n_row)
{
	const struct imc_flow_unit *unit = &f->unit[u];
	const struct imc_module *m = f->m;
	const struct imc_node *n = imc_node_at(m->g, unit->node);
	struct imc_cost sum = {0};
	const struct imc_tensor *y = &imc_node_out(m->g, n, 0)->t;

	if (unit->rows == 1) /* all of them, whatever images there are */
		n_row = y->rank == 4 ? y->dim[1] : 1;
	for (int32_t k = -1; k < unit->n_read; k++) {
		struct imc_cost c;

		if (k < 0 ? f->value[value].maker != u
			  : unit->read[k].value != value)
			continue;
		c = imc_cost_in_l2(m->hw, m->g, n,
				   k < 0 ? -1 : unit->read[k].input, n_row);
		sum.cycles += c.cycles;
		sum.ns += c.ns;
		sum.core_ns += c.core_ns;
		sum.pj += c.pj;
	}
	return sum;
}

static bool is_better(const struct imc_flow *f, const struct imc_cost *a,
		      const struct imc_cost *b)
{
	if (f->m->opt.objective == IMC_OBJECTIVE_ENERGY &&
	    fabs(a->pj - b->pj) > 1e-9 * b->pj)
		return a->pj < b->pj;
	return a->ns < b->ns * (1 - 1e-9);
}

/* The strips of codes that take least time, or energy if that is asked for, in
 * the scratch there may be. */
static void price_codes(const struct imc_flow *f, const struct imc_flow_unit *u,
			int64_t n_row, struct imc_flow_cost *out)
{
	const struct imc_hw *hw = f->m->hw;
	struct imc_matrix mx =
		imc_matrix_of(f->m->g, imc_node_at(f->m->g, u->node));

	for (int64_t n = u->step;; n *= 2) {
		int64_t strip = imc_min_i64(n, n_row);
		struct imc_cost c;

		if (n > u->step && strip * u->code_row > f->scratch_bytes)
			break;
		c = imc_cost_strips(hw, &mx, &u->as, (int32_t)n_row,
				    (int32_t)strip);
		if (n == u->step || is_better(f, &c, &out->cost)) {
			out->cost = c;
			out->strip_rows = (int32_t)strip;
		}
		if (strip == n_row)
			break;
	}
}

const struct imc_flow_cost *imc_flow_cost(struct imc_flow *f, int32_t u,
					  int64_t n_row)
{
	struct imc_flow_unit *unit = &f->unit[u];
	struct imc_flow_cost *c = &unit->row[n_row];

	if (c->known)
		return c;
	c->known = true;
	if (unit->code_row)
		price_codes(f, unit, n_row, c);
	else if (n_row == unit->rows)
		c->cost =
			imc_cost_node(f->m->hw, f->m->g, unit->node, &unit->as);
	else
		c->cost = imc_cost_rows(f->m->hw, f->m->g, unit->node,
					&unit->as, (int32_t)n_row);
	return c;
}
