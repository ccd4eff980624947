#include "ir/verify.h"

#include <math.h>
#include <string.h>

#include "ir/op.h"
#include "ir/support/checked.h"

bool imc_verify_fail(const struct imc_verify *v, const struct imc_node *n,
		     const char *fmt, ...)
{
	struct imc_loc loc = n ? n->loc : IMC_NOWHERE;
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = imc_arena_vprintf(v->scratch, fmt, ap);
	va_end(ap);
	if (n)
		text = imc_arena_printf(v->scratch, "%s '%s': %s",
					imc_op_info(n->op)->name, n->name,
					text);
	return imc_diag(v->m->diags, loc, IMC_D_VERIFY, text);
}

/* Marks the node ids of order; every live node is there once. */
static bool check_order(const struct imc_verify *v)
{
	const struct imc_graph *g = v->m->g;
	bool *seen = imc_arena_array(v->scratch, g->n_node + 1, sizeof *seen);

	for (size_t i = 0; i < g->n_order; i++) {
		uint32_t id = g->order[i].i;

		if (id >= g->n_node || g->node[id].dead || seen[id])
			return imc_verify_fail(v, NULL,
					       "order has no use for node %u",
					       (unsigned)id);
		seen[id] = true;
	}
	for (size_t i = 0; i < g->n_node; i++)
		if (!g->node[i].dead && !seen[i])
			return imc_verify_fail(v, &g->node[i],
					       "it is not in order");
	return true;
}

static bool ids_in_range(const struct imc_graph *g, size_t n, const imc_val *v,
			 bool may_miss)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].i >= g->n_value && !(may_miss && !imc_val_ok(v[i])))
			return false;
	return true;
}

static bool check_ids(const struct imc_verify *v)
{
	const struct imc_graph *g = v->m->g;

	if (!ids_in_range(g, g->n_input, g->input, false) ||
	    !ids_in_range(g, g->n_output, g->output, false))
		return imc_verify_fail(v, NULL,
				       "a graph input or output is no value");
	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);
		const struct imc_op_info *info = imc_op_info(n->op);

		if (!ids_in_range(g, (size_t)n->n_in, n->in, true) ||
		    !ids_in_range(g, (size_t)n->n_out, n->out, true))
			return imc_verify_fail(v, n, "an id is no value");
		if (n->n_in < info->n_in_min || n->n_in > info->n_in_max ||
		    n->n_out < 1)
			return imc_verify_fail(v, n,
					       "it has %d inputs, %d outputs",
					       n->n_in, n->n_out);
	}
	for (size_t i = 0; i < g->n_value; i++)
		if (!ids_in_range(g, 1, &g->value[i].scales, true) ||
		    !ids_in_range(g, 1, &g->value[i].means, true) ||
		    !ids_in_range(g, 1, &g->value[i].clips, true) ||
		    !ids_in_range(g, 1, &g->value[i].divisors, true))
			return imc_verify_fail(v, NULL,
					       "'%s' has no scales, means, "
					       "clips or divisors",
					       g->value[i].name);
	return true;
}

/* The first input of an operator that has one at all must be there, and its
 * first output; of matrix nodes, the weights too. */
static bool check_present(const struct imc_verify *v, const struct imc_node *n)
{
	const struct imc_graph *g = v->m->g;
	const struct imc_op_info *info = imc_op_info(n->op);
	int least = info->n_in_min < 2 ? info->n_in_min : 2;

	for (int k = 0; k < least; k++)
		if (!imc_node_in(g, n, k))
			return imc_verify_fail(v, n, "input %d is absent", k);
	if (!imc_node_out(g, n, 0))
		return imc_verify_fail(v, n, "its output is absent");
	return true;
}

/* ready[v]: v is known when the walk reaches a node. */
static bool check_flow(const struct imc_verify *v, imc_node_id id, bool *ready)
{
	const struct imc_graph *g = v->m->g;
	const struct imc_node *n = imc_node_at(g, id);

	for (int k = 0; k < n->n_in; k++)
		if (imc_val_ok(n->in[k]) && !ready[n->in[k].i])
			return imc_verify_fail(v, n, "it reads '%s' too early",
					       imc_node_in(g, n, k)->name);
	for (int k = 0; k < n->n_out; k++) {
		const struct imc_value *y = imc_node_out(g, n, k);

		if (y && (y->def.i != id.i || ready[n->out[k].i]))
			return imc_verify_fail(
				v, n, "'%s' is made elsewhere too", y->name);
		if (y)
			ready[n->out[k].i] = true;
	}
	return true;
}

static bool check_data_flow(const struct imc_verify *v)
{
	const struct imc_graph *g = v->m->g;
	bool *ready =
		imc_arena_array(v->scratch, g->n_value + 1, sizeof *ready);

	for (size_t i = 0; i < g->n_value; i++)
		ready[i] = g->value[i].t.data != NULL;
	for (size_t i = 0; i < g->n_input; i++)
		ready[g->input[i].i] = true;
	for (size_t i = 0; i < g->n_order; i++)
		if (!check_present(v, imc_node_at(g, g->order[i])) ||
		    !check_flow(v, g->order[i], ready))
			return false;
	for (size_t i = 0; i < g->n_output; i++)
		if (!ready[g->output[i].i])
			return imc_verify_fail(
				v, NULL, "nobody makes output '%s'",
				imc_value_at(g, g->output[i])->name);
	return true;
}

static bool in_range(const struct imc_attr_info *info, const void *field)
{
	const struct imc_ints *list = field;
	const int64_t *x = field;

	if (info->type == IMC_FIELD_L)
		return list->n >= 0 && list->n <= IMC_MAX_RANK;
	for (int i = 0; info->type == IMC_FIELD_I && i < info->count; i++)
		if (x[i] < info->min || x[i] > info->max)
			return false;
	return true;
}

static bool check_attributes(const struct imc_verify *v,
			     const struct imc_node *n)
{
	const struct imc_op_info *info = imc_op_info(n->op);

	for (int i = 0; i < info->n_attr; i++)
		if (!in_range(&info->attr[i],
			      (const char *)&n->a + info->attr[i].offset))
			return imc_verify_fail(v, n, "%s is out of its range",
					       info->attr[i].name);
	return true;
}

static bool check_shape(const struct imc_verify *v, const struct imc_value *x)
{
	int64_t n = 1;
	bool ok = x->t.rank >= 0 && x->t.rank <= IMC_MAX_RANK;

	for (int i = 0; ok && i < x->t.rank; i++)
		ok = x->t.dim[i] >= 0 &&
		     imc_mul_i64(n, imc_max_i64(x->t.dim[i], 1), &n) &&
		     n < INT64_MAX / 16;
	if (ok)
		return true;
	return imc_verify_fail(v, NULL, "'%s' has an impossible shape",
			       x->name);
}

/* Numbers of a value that lie in a constant: n of them (-1: any). */
static bool are_floats(const struct imc_graph *g, imc_val id, int64_t n)
{
	const struct imc_tensor *t;

	if (!imc_val_ok(id))
		return true;
	t = &imc_value_at(g, id)->t;
	return t->data && t->dtype == IMC_F32 &&
	       (n < 0 || imc_tensor_count(t) == n);
}

/* Scales along another axis than the first have more than one. */
static bool scales_fit(const struct imc_graph *g, const struct imc_value *x)
{
	bool by_rows = imc_val_ok(x->scales) && x->t.rank > 0 &&
		       imc_value_at(g, x->scales)->t.rank == 1;

	return are_floats(g, x->scales, by_rows ? x->t.dim[0] : -1);
}

static bool given_fits(const struct imc_value *x)
{
	return !imc_value_given(x) || (isfinite(x->scale) && x->scale >= 0 &&
				       x->zero >= -128 && x->zero <= 127);
}

static bool check_numbers(const struct imc_verify *v, const struct imc_value *x)
{
	const struct imc_graph *g = v->m->g;
	int rank = x->t.rank;
	int64_t c = (x->shaped || x->t.data) && rank ? x->t.dim[rank - 1] : -1;

	if (!scales_fit(g, x))
		return imc_verify_fail(v, NULL, "'%s' has no scales for it",
				       x->name);
	if (!are_floats(g, x->means, c) || !are_floats(g, x->clips, 12) ||
	    !are_floats(g, x->divisors, c))
		return imc_verify_fail(v, NULL,
				       "'%s' has no means, clips or divisors "
				       "for it",
				       x->name);
	return given_fits(x) ||
	       imc_verify_fail(v, NULL, "'%s' has no given scale and zero",
			       x->name);
}

bool imc_verify_graph(const struct imc_verify *v)
{
	const struct imc_graph *g = v->m->g;

	if (!check_order(v) || !check_ids(v) || !check_data_flow(v))
		return false;
	for (size_t i = 0; i < g->n_value; i++)
		if ((g->value[i].shaped || g->value[i].t.data) &&
		    !check_shape(v, &g->value[i]))
			return false;
	for (size_t i = 0; i < g->n_value; i++)
		if (!check_numbers(v, &g->value[i]))
			return false;
	for (size_t i = 0; i < g->n_order; i++)
		if (!check_attributes(v, imc_node_at(g, g->order[i])))
			return false;
	return true;
}

/* A graph whose values and nodes may be changed without harm to g. */
static struct imc_graph copy_of(const struct imc_graph *g, struct imc_arena *a)
{
	struct imc_graph c = *g;

	c.arena = a;
	c.value = imc_arena_memdup(a, g->value, g->n_value * sizeof *g->value);
	c.node = imc_arena_memdup(a, g->node, g->n_node * sizeof *g->node);
	c.cap_value = g->n_value;
	c.cap_node = g->n_node;
	for (size_t i = 0; i < g->n_order; i++) {
		struct imc_node *n = imc_node_at(&c, g->order[i]);

		n->in = imc_arena_memdup(a, n->in,
					 (size_t)n->n_in * sizeof *n->in);
		n->out = imc_arena_memdup(a, n->out,
					  (size_t)n->n_out * sizeof *n->out);
	}
	return c;
}

static bool same_type(const struct imc_value *a, const struct imc_value *b)
{
	return a->t.dtype == b->t.dtype && a->t.rank == b->t.rank &&
	       !memcmp(a->t.dim, b->t.dim,
		       (size_t)a->t.rank * sizeof *a->t.dim);
}

static bool check_type(const struct imc_verify *v, struct imc_graph *copy,
		       imc_node_id id)
{
	const struct imc_graph *g = v->m->g;
	const struct imc_node *n = imc_node_at(g, id);
	struct imc_diags d = {.arena = v->scratch};

	if (!imc_op_infer(copy, id, &d))
		return imc_verify_fail(v, n, "%s",
				       d.n ? d.v[0].body : "no type");
	for (int k = 0; k < n->n_out; k++)
		if (imc_val_ok(n->out[k]) &&
		    !same_type(imc_value_at(copy, n->out[k]),
			       imc_node_out(g, n, k)))
			return imc_verify_fail(v, n,
					       "'%s' has not the type it gives",
					       imc_node_out(g, n, k)->name);
	return true;
}

bool imc_verify_types(const struct imc_verify *v)
{
	const struct imc_graph *g = v->m->g;
	struct imc_graph copy = copy_of(g, v->scratch);

	for (size_t i = 0; i < g->n_input; i++)
		if (!imc_value_at(g, g->input[i])->shaped)
			return imc_verify_fail(
				v, NULL, "input '%s' has no shape",
				imc_value_at(g, g->input[i])->name);
	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		for (int k = 0; k < n->n_in; k++)
			if (imc_val_ok(n->in[k]) &&
			    !imc_node_in(g, n, k)->shaped)
				return imc_verify_fail(
					v, n, "'%s' has no shape",
					imc_node_in(g, n, k)->name);
		for (int k = 0; k < n->n_out; k++)
			if (imc_val_ok(n->out[k]) &&
			    !imc_node_out(g, n, k)->shaped)
				return imc_verify_fail(
					v, n, "'%s' has no shape",
					imc_node_out(g, n, k)->name);
		if (!check_type(v, &copy, g->order[i]))
			return false;
	}
	return true;
}

static bool verify_all(const struct imc_verify *v)
{
	const struct imc_module *m = v->m;
	const char *bad;

	if (!m->g)
		return imc_verify_fail(v, NULL, "there is no graph");
	if (!imc_verify_graph(v) || !imc_verify_bits(v))
		return false;
	if (imc_module_has(m, IMC_FACT_SHAPED) && !imc_verify_types(v))
		return false;
	if (imc_module_has(m, IMC_FACT_QUANTISED) && !imc_verify_numbers(v))
		return false;
	if (imc_module_has(m, IMC_FACT_ASSIGNED) && !imc_verify_map(v))
		return false;
	if (!imc_module_has(m, IMC_FACT_PLANNED))
		return true;
	bad = imc_plan_check(m->g, &m->map, &m->plan, v->scratch);
	return bad ? imc_verify_fail(v, NULL, "%s", bad) : true;
}

/* A fact that rests on others means nothing without them. */
static bool facts_fit(const struct imc_verify *v)
{
	static const enum imc_fact rests_on[][2] = {
		{IMC_FACT_QUANTISED, IMC_FACT_SHAPED},
		{IMC_FACT_QUANTISED, IMC_FACT_ASSIGNED},
		{IMC_FACT_FITTED, IMC_FACT_QUANTISED},
		{IMC_FACT_TILED, IMC_FACT_FITTED},
		{IMC_FACT_TILED, IMC_FACT_ASSIGNED},
		{IMC_FACT_PLACED, IMC_FACT_TILED},
		{IMC_FACT_PLANNED, IMC_FACT_PLACED},
	};

	for (size_t i = 0; i < sizeof rests_on / sizeof *rests_on; i++)
		if (imc_module_has(v->m, rests_on[i][0]) &&
		    !imc_module_has(v->m, rests_on[i][1]))
			return imc_verify_fail(v, NULL, "it is %s but not %s",
					       imc_fact_name(rests_on[i][0]),
					       imc_fact_name(rests_on[i][1]));
	return true;
}

/* Choices are positions in lists of words. */
static bool options_in_range(const struct imc_verify *v)
{
	const struct imc_options *o = &v->m->opt;
	const struct {
		const char *name;
		int value, most;
	} option[] = {
		{"weight_bits", o->weight_bits, 8},
		{"calib_method", o->calib_method, 2},
		{"equalise", o->equalise, 2},
		{"post", o->post, 2},
		{"solver", o->solver, 2},
		{"objective", o->objective, IMC_N_OBJECTIVE - 1},
		{"tiling", o->tiling, 2},
		{"conv_engine", o->conv_engine, IMC_N_ENGINE - 1},
		{"dw_engine", o->dw_engine, IMC_N_ENGINE - 1},
		{"max_copies", o->max_copies, INT32_MAX},
		{"dw_job", o->dw_job, INT32_MAX},
		{"act_bits", o->act_bits, 8},
		{"max_replicas", o->max_replicas, INT32_MAX},
		{"error_model", o->error_model, 1},
		{"search", o->search, 1},
		{"rounding", o->rounding, 2},
		{"max_trials", o->max_trials, INT32_MAX},
	};

	if (o->column_cells < -1) /* -1: chosen */
		return imc_verify_fail(v, NULL, "option column_cells is %d",
				       o->column_cells);
	for (size_t i = 0; i < sizeof option / sizeof *option; i++)
		if (option[i].value < 0 || option[i].value > option[i].most)
			return imc_verify_fail(v, NULL, "option %s is %d",
					       option[i].name, option[i].value);
	return true;
}

/* Amounts; 0 stands for none. */
static bool amounts_in_range(const struct imc_verify *v)
{
	const struct imc_options *o = &v->m->opt;
	const struct {
		const char *name;
		double value;
	} option[] = {
		{"budget_bits", o->budget_bits},
		{"max_drop", o->max_drop},
		{"solver_time", o->solver_time},
		{"min_throughput", o->min_throughput},
		{"residual", o->residual},
		{"robust time_s", v->m->robust.time_s},
		{"robust runs", (double)v->m->robust.runs},
	};

	for (size_t i = 0; i < sizeof option / sizeof *option; i++)
		if (!isfinite(option[i].value) || option[i].value < 0)
			return imc_verify_fail(v, NULL, "option %s is %g",
					       option[i].name, option[i].value);
	return true;
}

bool imc_module_verify(const struct imc_module *m)
{
	struct imc_verify v = {m, imc_arena_new()};
	bool ok = options_in_range(&v) && amounts_in_range(&v) &&
		  facts_fit(&v) && verify_all(&v);

	imc_arena_free(v.scratch);
	return ok;
}
