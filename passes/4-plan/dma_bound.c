#include "passes/4-plan/dma_bound.h"

#include <string.h>

#include "hwdesc/hw.h"
#include "ir/plan.h"
#include "ir/support/checked.h"

/* A flag for each row of each value. */
struct flow {
	const struct imc_module *m;
	const struct imc_graph *g;
	int64_t l1;
	size_t *at; /* by value: its first row among all rows */
	size_t n_row;
	bool *need;  /* by row: something depends on it */
	bool *again; /* by row: it is read behind a moment */
	bool *after; /* by value: all of its rows depend on a node */
	bool *taken; /* by value: it has its part in the bound */
};

static const struct imc_tensor *tensor(const struct flow *f, imc_val v)
{
	return &imc_value_at(f->g, v)->t;
}

static int64_t row_bytes(const struct imc_tensor *t)
{
	return (int64_t)imc_tensor_bytes(t) / imc_plan_n_row(t);
}

static bool is_data(const struct flow *f, imc_val v)
{
	return imc_val_ok(v) && !tensor(f, v)->data;
}

static imc_val root_of(const struct flow *f, imc_val v)
{
	const struct imc_graph *g = f->g;

	for (;;) {
		imc_node_id def = imc_value_at(g, v)->def;

		if (def.i == UINT32_MAX ||
		    !imc_plan_is_view(g, imc_node_at(g, def)))
			return v;
		v = imc_node_at(g, def)->in[0];
	}
}

/* The caller's memory holds it anyway. */
static bool is_far(const struct flow *f, imc_val v)
{
	return imc_graph_is_input(f->g, v) || imc_graph_is_output(f->g, v);
}

static struct flow flow_of(const struct imc_module *m, struct imc_arena *a)
{
	const struct imc_graph *g = m->g;
	struct flow f = {.m = m, .g = g, .l1 = m->hw->l1_bytes};

	f.at = imc_arena_array(a, g->n_value + 1, sizeof *f.at);
	for (size_t v = 0; v < g->n_value; v++) {
		f.at[v] = f.n_row;
		f.n_row += (size_t)imc_plan_n_row(&g->value[v].t);
	}
	f.need = imc_arena_array(a, f.n_row + 1, sizeof *f.need);
	f.again = imc_arena_array(a, f.n_row + 1, sizeof *f.again);
	f.after = imc_arena_array(a, g->n_value + 1, sizeof *f.after);
	f.taken = imc_arena_array(a, g->n_value + 1, sizeof *f.taken);
	return f;
}

/* ---- what depends on what ---- */

static void mark(const struct flow *f, bool *flag, imc_val v,
		 struct imc_rows rows)
{
	for (int64_t r = rows.first; r < rows.end; r++)
		flag[f->at[v.i] + (size_t)r] = true;
}

static void mark_all(const struct flow *f, bool *flag, imc_val v)
{
	mark(f, flag, v, (struct imc_rows){0, imc_plan_n_row(tensor(f, v))});
}

static bool all_marked(const struct flow *f, const bool *flag, imc_val v)
{
	int64_t n = imc_plan_n_row(tensor(f, v));

	for (int64_t r = 0; r < n; r++)
		if (!flag[f->at[v.i] + (size_t)r])
			return false;
	return true;
}

/* Marks the rows of the inputs of n that the marked rows of its outputs depend
 * on. Rows of a view are not those of what it is a view of: all or none. */
static void mark_inputs(const struct flow *f, bool *flag,
			const struct imc_node *n)
{
	for (int o = 0; o < n->n_out; o++) {
		imc_val y = n->out[o];
		int64_t n_row = imc_plan_n_row(tensor(f, y));

		if (imc_plan_is_view(f->g, n)) {
			if (all_marked(f, flag, y))
				mark_all(f, flag, n->in[0]);
			continue;
		}
		for (int64_t r = 0; r < n_row; r++)
			for (int k = 0;
			     flag[f->at[y.i] + (size_t)r] && k < n->n_in; k++)
				if (is_data(f, n->in[k]))
					mark(f, flag, n->in[k],
					     imc_plan_reads(f->g, n, k,
							    (struct imc_rows){
								    r, r + 1}));
	}
}

/* From the nodes before place `end` of the order on back to the inputs. */
static void mark_back(const struct flow *f, bool *flag, size_t end)
{
	for (size_t i = end; i-- > 0;)
		mark_inputs(f, flag, imc_node_at(f->g, f->g->order[i]));
}

/* True if every row of the output depends on rows of input k. */
static bool always_reads(const struct flow *f, const struct imc_node *n, int k)
{
	int64_t n_row = imc_plan_n_row(tensor(f, n->out[0]));

	for (int64_t r = 0; r < n_row; r++) {
		struct imc_rows in =
			imc_plan_reads(f->g, n, k, (struct imc_rows){r, r + 1});

		if (in.first >= in.end)
			return false;
	}
	return true;
}

/* May be computed in blocks of channels, each from such a block of its input;
 * others need all channels. */
static bool is_pool(const struct imc_node *n)
{
	return n->op == IMC_OP_MAX_POOL || n->op == IMC_OP_Q_AVERAGE_POOL ||
	       n->op == IMC_OP_GLOBAL_MAX_POOL ||
	       n->op == IMC_OP_GLOBAL_AVERAGE_POOL;
}

/* True if node n can only run when all of f->after's values are there. */
static bool runs_after(const struct flow *f, const struct imc_node *n)
{
	for (int k = 0; k < n->n_in; k++)
		if (is_data(f, n->in[k]) && f->after[n->in[k].i] &&
		    (imc_plan_is_view(f->g, n) || always_reads(f, n, k)))
			return true;
	return false;
}

/* Marks in f->again what is read by nodes of which every row depends on node b,
 * at place `at` of the order. */
static void mark_after(const struct flow *f, const struct imc_node *b,
		       size_t at)
{
	const struct imc_graph *g = f->g;

	memset(f->after, 0, g->n_value * sizeof *f->after);
	memset(f->again, 0, f->n_row * sizeof *f->again);
	for (int o = 0; o < b->n_out; o++)
		f->after[b->out[o].i] = true;
	for (size_t i = at + 1; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		if ((is_pool(n) && is_pool(b)) || !runs_after(f, n))
			continue;
		for (int o = 0; o < n->n_out; o++) {
			f->after[n->out[o].i] = true;
			if (!imc_plan_is_view(g, n))
				mark_all(f, f->again, n->out[o]);
		}
		mark_inputs(f, f->again, n);
		for (int o = 0; o < n->n_out; o++)
			memset(&f->again[f->at[n->out[o].i]], 0,
			       (size_t)imc_plan_n_row(tensor(f, n->out[o])));
	}
	/* what is read through a view is read */
	for (size_t i = g->n_order; i-- > 0;) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		if (imc_plan_is_view(g, n))
			mark_inputs(f, f->again, n);
	}
}

/* ---- the parts of the bound ---- */

/* 1: the rows of inputs that outputs depend on, and the outputs. */
static int64_t ends(const struct flow *f)
{
	const struct imc_graph *g = f->g;
	int64_t bytes = 0;

	memset(f->need, 0, f->n_row * sizeof *f->need);
	for (size_t k = 0; k < g->n_output; k++) {
		if (!all_marked(f, f->need, g->output[k]))
			bytes += (int64_t)imc_tensor_bytes(
				tensor(f, g->output[k]));
		mark_all(f, f->need, g->output[k]);
	}
	mark_back(f, f->need, g->n_order);
	for (size_t k = 0; k < g->n_input; k++) {
		const struct imc_tensor *t = tensor(f, g->input[k]);

		for (int64_t r = 0; r < imc_plan_n_row(t); r++)
			if (f->need[f->at[g->input[k].i] + (size_t)r])
				bytes += row_bytes(t);
	}
	return bytes;
}

/* 2 */
static int64_t constants(const struct flow *f)
{
	const struct imc_graph *g = f->g;
	int64_t bytes = 0;

	for (size_t i = 0; i < g->n_order; i++) {
		imc_node_id id = g->order[i];

		if (f->m->map.assign[id.i].engine != IMC_ENGINE_NONE &&
		    !imc_plan_is_view(g, imc_node_at(g, id)))
			bytes += imc_plan_constants(g, &f->m->map, id, 0).bytes;
	}
	return bytes;
}

/* Bytes of v that are needed by a node and again behind it. */
static int64_t kept_bytes(const struct flow *f, imc_val v)
{
	int64_t n = 0, rows = imc_plan_n_row(tensor(f, v));

	for (int64_t r = 0; r < rows; r++) {
		size_t at = f->at[v.i] + (size_t)r;

		n += f->need[at] && f->again[at];
	}
	return n * row_bytes(tensor(f, v));
}

static bool counts(const struct flow *f, size_t v)
{
	imc_val x = {(uint32_t)v};

	return is_data(f, x) && !f->taken[v] && root_of(f, x).i == v &&
	       kept_bytes(f, x) > 0;
}

/* 4: node b, at place `at` of the order. */
static int64_t moment(const struct flow *f, const struct imc_node *b, size_t at)
{
	int64_t far = 0, all = 0, over;

	memset(f->need, 0, f->n_row * sizeof *f->need);
	for (int o = 0; o < b->n_out; o++)
		mark_all(f, f->need, b->out[o]);
	mark_inputs(f, f->need, b);
	for (int o = 0; o < b->n_out; o++) /* made by it, not before it */
		memset(&f->need[f->at[b->out[o].i]], 0,
		       (size_t)imc_plan_n_row(tensor(f, b->out[o])));
	mark_back(f, f->need, at);
	mark_after(f, b, at);
	for (size_t v = 0; v < f->g->n_value; v++) {
		imc_val x = {(uint32_t)v};

		if (!counts(f, v))
			continue;
		all += kept_bytes(f, x);
		far += is_far(f, x) ? kept_bytes(f, x) : 0;
	}
	over = all - f->l1;
	if (over <= 0)
		return 0;
	for (size_t v = 0; v < f->g->n_value; v++)
		f->taken[v] = f->taken[v] || counts(f, v);
	return over + imc_max_i64(over - far, 0);
}

static bool is_moment(const struct flow *f, const struct imc_node *n)
{
	return !imc_plan_is_view(f->g, n) &&
	       (!imc_plan_by_rows(f->g, n) ||
		imc_plan_n_row(tensor(f, n->out[0])) == 1);
}

/* Bytes of rows of input k that some row of the output depends on. */
static int64_t read_bytes(const struct flow *f, const struct imc_node *n, int k)
{
	memset(f->need, 0, f->n_row * sizeof *f->need);
	mark_all(f, f->need, n->out[0]);
	mark_inputs(f, f->need, n);
	memset(f->again, 1, f->n_row * sizeof *f->again);
	return kept_bytes(f, n->in[k]);
}

/* 3 */
static int64_t weights(const struct flow *f, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(f->g, id);
	enum imc_engine e = f->m->map.assign[id.i].engine;
	int64_t w, x;
	imc_val root;

	if (n->op != IMC_OP_Q_CONV2D || !is_data(f, n->in[0]) ||
	    (e != IMC_ENGINE_CORES && e != IMC_ENGINE_PE) ||
	    imc_matrix_of(f->g, n).groups > 1)
		return 0;
	root = root_of(f, n->in[0]);
	w = imc_plan_constants(f->g, &f->m->map, id, 0).bytes - f->l1;
	if (w <= 0 || f->taken[root.i])
		return 0;
	x = read_bytes(f, n, 0) - f->l1;
	if (x <= 0)
		return 0;
	f->taken[root.i] = true;
	return imc_min_i64(w, is_far(f, root) ? x : 2 * x);
}

int64_t imc_dma_lower_bound(const struct imc_module *m)
{
	struct imc_arena *scratch = imc_arena_new();
	struct flow f = flow_of(m, scratch);
	const struct imc_graph *g = m->g;
	int64_t bytes = ends(&f) + constants(&f);

	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		if (is_moment(&f, n))
			bytes += moment(&f, n, i);
	}
	for (size_t i = 0; i < g->n_order; i++)
		bytes += weights(&f, g->order[i]);
	imc_arena_free(scratch);
	return bytes;
}
