#include <stdlib.h>

#include "ir/plan.h"

/* What is known while the steps are walked through. */
struct check {
	const struct imc_graph *g;
	const struct imc_plan *p;
	struct imc_arena *a;
	bool *made;   /* by value id: has been produced */
	bool *stored; /* by value id */
	bool *ran;    /* by node id */
};

static const char *name_of(const struct check *c, imc_val v)
{
	return imc_value_at(c->g, v)->name;
}

static bool is_const(const struct check *c, imc_val v)
{
	return imc_value_at(c->g, v)->t.data != NULL;
}

/* The buffer of v must be large enough and live in step i. */
static const char *check_live(const struct check *c, imc_val v, size_t i)
{
	int32_t at = c->p->buffer_of[v.i];
	const struct imc_buffer *b;

	if (at < 0 || (size_t)at >= c->p->n_buffer)
		return imc_arena_printf(c->a, "value '%s' has no buffer",
					name_of(c, v));
	b = &c->p->buffer[at];
	if (!imc_val_ok(b->val))
		return imc_arena_printf(c->a, "value '%s' lies in scratch",
					name_of(c, v));
	if (b->first > (int64_t)i || b->last < (int64_t)i)
		return imc_arena_printf(
			c->a, "step %zu uses '%s', which lives %d to %d", i,
			name_of(c, v), (int)b->first, (int)b->last);
	if (b->size_bytes <
	    (int64_t)imc_tensor_bytes(&imc_value_at(c->g, v)->t))
		return imc_arena_printf(c->a, "the buffer of '%s' is too small",
					name_of(c, v));
	return NULL;
}

/* v is read in step i. */
static const char *check_read(const struct check *c, imc_val v, size_t i)
{
	if (is_const(c, v))
		return NULL;
	if (!c->made[v.i])
		return imc_arena_printf(
			c->a, "step %zu reads '%s', which is not made yet", i,
			name_of(c, v));
	return check_live(c, v, i);
}

static const char *check_made(const struct check *c, imc_val v, size_t i)
{
	const struct imc_buffer *b;
	const char *bad = check_live(c, v, i);

	if (bad)
		return bad;
	b = &c->p->buffer[c->p->buffer_of[v.i]];
	if (c->made[v.i] || b->val.i != v.i || b->first != (int64_t)i)
		return imc_arena_printf(c->a,
					"'%s' is made in step %zu, but its "
					"buffer is of '%s' from step %d",
					name_of(c, v), i, name_of(c, b->val),
					(int)b->first);
	c->made[v.i] = true;
	return NULL;
}

/* Views of values that are made are made too, in their buffer. The order of
 * the graph lets one pass over it find them all. */
static const char *make_views(const struct check *c)
{
	for (size_t k = 0; k < c->g->n_order; k++) {
		const struct imc_node *n = imc_node_at(c->g, c->g->order[k]);
		imc_val x, y;

		if (!imc_plan_is_view(c->g, n))
			continue;
		x = n->in[0];
		y = n->out[0];
		if (c->made[y.i] || !c->made[x.i])
			continue;
		c->made[y.i] = true;
		if (c->p->buffer_of[y.i] != c->p->buffer_of[x.i])
			return imc_arena_printf(
				c->a,
				"'%s' is a view, but not in the buffer "
				"of '%s'",
				name_of(c, y), name_of(c, x));
	}
	return NULL;
}

static const char *check_scratch(const struct check *c, size_t i)
{
	int32_t at = c->p->step[i].scratch;
	const struct imc_buffer *b;

	if (at < 0)
		return NULL;
	if ((size_t)at >= c->p->n_buffer)
		return imc_arena_printf(c->a, "step %zu has no scratch", i);
	b = &c->p->buffer[at];
	if (imc_val_ok(b->val) || b->first > (int64_t)i || b->last < (int64_t)i)
		return imc_arena_printf(
			c->a, "the scratch of step %zu is not its own", i);
	return NULL;
}

static const char *check_run(const struct check *c, size_t i)
{
	imc_node_id id = c->p->step[i].node;
	const struct imc_node *n;
	const char *bad = NULL;

	if (id.i >= c->g->n_node || c->g->node[id.i].dead || c->ran[id.i])
		return imc_arena_printf(c->a, "step %zu runs no node", i);
	n = imc_node_at(c->g, id);
	if (imc_plan_is_view(c->g, n))
		return imc_arena_printf(c->a, "step %zu runs a view", i);
	c->ran[id.i] = true;
	for (int k = 0; k < n->n_in && !bad; k++)
		if (imc_val_ok(n->in[k]))
			bad = check_read(c, n->in[k], i);
	for (int k = 0; k < n->n_out && !bad; k++)
		if (imc_val_ok(n->out[k]))
			bad = check_made(c, n->out[k], i);
	return bad;
}

static const char *check_transfer(const struct check *c, size_t i)
{
	const struct imc_step *s = &c->p->step[i];
	bool load = s->kind == IMC_STEP_LOAD;

	if (s->val.i >= c->g->n_value)
		return imc_arena_printf(c->a, "step %zu moves no value", i);
	if (load ? !imc_graph_is_input(c->g, s->val)
		 : !imc_graph_is_output(c->g, s->val) || c->stored[s->val.i])
		return imc_arena_printf(c->a, "step %zu moves '%s'", i,
					name_of(c, s->val));
	if (load)
		return check_made(c, s->val, i);
	c->stored[s->val.i] = true;
	return check_read(c, s->val, i);
}

static const char *check_steps(const struct check *c)
{
	const char *bad = NULL;
	bool run;

	for (size_t i = 0; i < c->p->n_step && !bad; i++) {
		run = c->p->step[i].kind == IMC_STEP_RUN;
		bad = run ? check_run(c, i) : check_transfer(c, i);
		if (!bad)
			bad = check_scratch(c, i);
		if (!bad)
			bad = make_views(c);
	}
	for (size_t k = 0; k < c->g->n_order && !bad; k++) {
		imc_node_id id = c->g->order[k];
		const struct imc_node *n = imc_node_at(c->g, id);

		if (!c->ran[id.i] && !imc_plan_is_view(c->g, n))
			bad = imc_arena_printf(c->a, "node '%s' never runs",
					       n->name);
	}
	for (size_t k = 0; k < c->g->n_output && !bad; k++)
		if (!c->stored[c->g->output[k].i])
			bad = imc_arena_printf(c->a, "'%s' is never stored",
					       name_of(c, c->g->output[k]));
	return bad;
}

static int by_first(const void *a, const void *b)
{
	const struct imc_buffer *p = *(const struct imc_buffer *const *)a;
	const struct imc_buffer *q = *(const struct imc_buffer *const *)b;

	if (p->first != q->first)
		return p->first < q->first ? -1 : 1;
	return p < q ? -1 : p > q; /* both in one array: their order there */
}

static const char *check_bounds(const struct imc_plan *p,
				const struct imc_buffer *b, struct imc_arena *a)
{
	if (b->offset < 0 || b->size_bytes < 0 || b->offset > p->l1_bytes ||
	    b->size_bytes > p->l1_bytes - b->offset)
		return imc_arena_printf(a, "buffer %d leaves L1",
					(int)(b - p->buffer));
	if (b->first < 0 || b->first > b->last || b->last >= (int64_t)p->n_step)
		return imc_arena_printf(a, "buffer %d lives %d to %d",
					(int)(b - p->buffer), (int)b->first,
					(int)b->last);
	return NULL;
}

/* Sorted by birth: only those born before b dies can meet it. */
static const char *check_overlap(const struct imc_plan *p,
				 const struct imc_buffer **b, size_t i,
				 struct imc_arena *a)
{
	for (size_t k = i + 1; k < p->n_buffer; k++) {
		if (b[k]->first > b[i]->last)
			break;
		if (b[k]->offset < b[i]->offset + b[i]->size_bytes &&
		    b[i]->offset < b[k]->offset + b[k]->size_bytes)
			return imc_arena_printf(
				a, "buffers %d and %d overlap in step %d",
				(int)(b[i] - p->buffer),
				(int)(b[k] - p->buffer), (int)b[k]->first);
	}
	return NULL;
}

static const char *check_buffers(const struct check *c)
{
	const struct imc_plan *p = c->p;
	const struct imc_buffer **b =
		imc_arena_array(c->a, p->n_buffer + 1, sizeof *b);
	const char *bad = NULL;

	for (size_t i = 0; i < p->n_buffer && !bad; i++) {
		b[i] = &p->buffer[i];
		bad = check_bounds(p, b[i], c->a);
		if (!bad && imc_val_ok(b[i]->val) &&
		    b[i]->val.i >= c->g->n_value)
			bad = "a buffer holds no value";
	}
	if (bad)
		return bad;
	qsort(b, p->n_buffer, sizeof *b, by_first);
	for (size_t i = 0; i < p->n_buffer && !bad; i++)
		bad = check_overlap(p, b, i, c->a);
	return bad;
}

const char *imc_plan_check(const struct imc_graph *g, const struct imc_plan *p,
			   struct imc_arena *a)
{
	struct check c = {.g = g, .p = p, .a = a};
	const char *bad;

	if (p->n_buffer_of != g->n_value)
		return "values and buffers do not match";
	c.made = imc_arena_array(a, g->n_value + 1, sizeof *c.made);
	c.stored = imc_arena_array(a, g->n_value + 1, sizeof *c.stored);
	c.ran = imc_arena_array(a, g->n_node + 1, sizeof *c.ran);
	bad = check_buffers(&c);
	return bad ? bad : check_steps(&c);
}
