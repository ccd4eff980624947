#include <stdlib.h>
#include <string.h>

#include "ir/plan.h"
#include "ir/support/checked.h"

/* What is known while the slots are walked through. Rows are made and stored
 * from the first one on, so their number says which. */
struct check {
	const struct imc_graph *g;
	const struct imc_map *m;
	const struct imc_plan *p;
	struct imc_arena *a;
	int64_t *made;	 /* by value id: rows made so far */
	int64_t *ready;	 /* by value id: rows made before this slot */
	int64_t *stored; /* by value id: rows stored so far */
	bool *ran;	 /* by node id: all of its rows */
};

static const char *name_of(const struct check *c, imc_val v)
{
	return imc_value_at(c->g, v)->name;
}

static bool is_const(const struct check *c, imc_val v)
{
	return imc_value_at(c->g, v)->t.data != NULL;
}

static int64_t rows_of(const struct check *c, imc_val v)
{
	return imc_plan_n_row(&imc_value_at(c->g, v)->t);
}

static int32_t buffer_of(const struct check *c, imc_val v)
{
	for (size_t i = 0; i < c->p->n_buffer; i++)
		if (c->p->buffer[i].val.i == c->p->root[v.i])
			return (int32_t)i;
	return -1;
}

/* The buffer of v must be large enough and live in step i. */
static const char *check_live(const struct check *c, imc_val v, size_t i)
{
	int32_t at = buffer_of(c, v);
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

/* Those rows of v are read in step i. What the slot itself makes is not
 * there yet. */
static const char *check_read(const struct check *c, imc_val v,
			      struct imc_rows rows, size_t i)
{
	if (is_const(c, v))
		return NULL;
	if (rows.end > c->ready[v.i])
		return imc_arena_printf(
			c->a,
			"step %zu reads %lld rows of '%s', of which %lld are "
			"made in slots before it",
			i, (long long)rows.end, name_of(c, v),
			(long long)c->ready[v.i]);
	return check_live(c, v, i);
}

/* Those rows of v are made in step i. */
static const char *check_made(const struct check *c, imc_val v,
			      struct imc_rows rows, size_t i)
{
	const struct imc_buffer *b;
	const char *bad = check_live(c, v, i);

	if (bad)
		return bad;
	b = &c->p->buffer[buffer_of(c, v)];
	if (b->val.i != v.i)
		return imc_arena_printf(c->a,
					"'%s' is made in the buffer of '%s'",
					name_of(c, v), name_of(c, b->val));
	if (rows.first != c->made[v.i] || rows.end <= rows.first ||
	    rows.end > rows_of(c, v))
		return imc_arena_printf(c->a,
					"step %zu makes rows %lld to %lld of "
					"'%s', of whose %lld rows %lld are "
					"made",
					i, (long long)rows.first,
					(long long)rows.end, name_of(c, v),
					(long long)rows_of(c, v),
					(long long)c->made[v.i]);
	c->made[v.i] = rows.end;
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
		if (c->ready[y.i] || c->ready[x.i] < rows_of(c, x))
			continue;
		c->made[y.i] = c->ready[y.i] = rows_of(c, y);
		if (c->p->root[y.i] != c->p->root[x.i])
			return imc_arena_printf(
				c->a,
				"'%s' is a view, but not in the buffer "
				"of '%s'",
				name_of(c, y), name_of(c, x));
	}
	return NULL;
}

/* Bytes that all tiles of the node give for one output row, each pixel by one
 * of the copies; -1: too many. */
static int64_t code_bytes(const struct check *c, const struct imc_node *n,
			  const struct imc_assign *as)
{
	int64_t out_w = imc_matrix_of(c->g, n).out_w, bytes = 0;

	for (int32_t k = 0; k < as->n_tile; k++) {
		const struct imc_tile *t = &c->m->tile[as->first_tile + k];

		/* copies share the pixels */
		bytes += t->copy ? 0 : (int64_t)t->n_col * t->n_slice;
	}
	bytes *= n->a.adc[0] ? 1 : (int64_t)sizeof(int32_t);
	return imc_mul_i64(bytes, out_w, &bytes) ? bytes : -1;
}

/* A crossbar step whose codes the cores join: whole patches in every strip,
 * and room for two strips when the arrays work beside the cores. */
static const char *check_codes(const struct check *c, const struct imc_node *n,
			       size_t i)
{
	const struct imc_step *s = &c->p->step[i];
	const struct imc_assign *as = &c->m->assign[s->node.i];
	int32_t out_h = imc_matrix_of(c->g, n).out_h;
	int64_t row = code_bytes(c, n, as), room;

	if (s->strip_rows < 1 || s->strip_rows > out_h)
		return imc_arena_printf(c->a, "step %zu has strips of %d rows",
					i, (int)s->strip_rows);
	for (int32_t k = 0; k < as->n_tile && s->strip_rows < out_h; k++)
		if (s->strip_rows % c->m->tile[as->first_tile + k].patch_h)
			return imc_arena_printf(
				c->a,
				"step %zu cuts patches by strips of %d rows", i,
				(int)s->strip_rows);
	if (s->scratch < 0)
		return imc_arena_printf(c->a, "step %zu has no scratch", i);
	room = c->p->buffer[s->scratch].size_bytes / (as->overlap ? 2 : 1);
	if (row < 0 || room / s->strip_rows < row)
		return imc_arena_printf(
			c->a, "the scratch of step %zu is too small", i);
	return NULL;
}

/* Scratch, and strip_rows, of step i. */
static const char *check_scratch(const struct check *c, size_t i)
{
	const struct imc_step *s = &c->p->step[i];
	const struct imc_buffer *b;
	const struct imc_node *n;

	if (s->scratch >= 0) {
		if ((size_t)s->scratch >= c->p->n_buffer)
			return imc_arena_printf(c->a, "step %zu has no scratch",
						i);
		b = &c->p->buffer[s->scratch];
		if (imc_val_ok(b->val) || b->first > (int64_t)i ||
		    b->last < (int64_t)i)
			return imc_arena_printf(
				c->a, "the scratch of step %zu is not its own",
				i);
	}
	if (s->kind != IMC_STEP_RUN)
		return NULL;
	n = imc_node_at(c->g, s->node);
	if (n->op == IMC_OP_Q_CONV2D && !n->a.post[0] &&
	    c->m->assign[s->node.i].engine == IMC_ENGINE_CROSSBAR)
		return check_codes(c, n, i);
	return s->strip_rows ? imc_arena_printf(c->a, "step %zu has strips", i)
			     : NULL;
}

/* Part of a node: arrays give whole patches, and no cores are left to work
 * behind them. */
static const char *check_strip(const struct check *c, const struct imc_node *n,
			       size_t i)
{
	const struct imc_step *s = &c->p->step[i];
	const struct imc_assign *as = &c->m->assign[s->node.i];

	if (s->n_row == 0)
		return NULL;
	if (n->n_out != 1 || s->strip_rows)
		return imc_arena_printf(c->a, "step %zu cannot run by rows", i);
	if (as->engine != IMC_ENGINE_CROSSBAR)
		return NULL;
	for (int32_t k = 0; k < as->n_tile; k++) {
		int64_t h = c->m->tile[as->first_tile + k].patch_h;

		if (h > 1 && (s->row % h || s->n_row % h))
			return imc_arena_printf(
				c->a,
				"step %zu runs rows %d to %d in patches of "
				"%lld rows",
				i, (int)s->row, (int)s->row + (int)s->n_row,
				(long long)h);
	}
	return NULL;
}

static const char *check_run(const struct check *c, size_t i)
{
	const struct imc_step *s = &c->p->step[i];
	const struct imc_node *n;
	const char *bad = NULL;

	if (s->node.i >= c->g->n_node || c->g->node[s->node.i].dead ||
	    c->ran[s->node.i])
		return imc_arena_printf(c->a, "step %zu runs no node", i);
	n = imc_node_at(c->g, s->node);
	if (imc_plan_is_view(c->g, n))
		return imc_arena_printf(c->a, "step %zu runs a view", i);
	if (s->node.i >= c->m->n_assign)
		return imc_arena_printf(c->a, "step %zu has no engine", i);
	bad = check_strip(c, n, i);
	for (int k = 0; k < n->n_out && !bad; k++) {
		struct imc_rows out;

		if (!imc_val_ok(n->out[k]))
			continue;
		out = imc_step_rows(s, &imc_node_out(c->g, n, k)->t);
		bad = check_made(c, n->out[k], out, i);
		c->ran[s->node.i] = out.end == rows_of(c, n->out[k]);
	}
	for (int k = 0; k < n->n_in && !bad; k++) {
		struct imc_rows out =
			imc_step_rows(s, &imc_node_out(c->g, n, 0)->t);

		if (imc_val_ok(n->in[k]))
			bad = check_read(c, n->in[k],
					 imc_plan_reads(c->g, n, k, out), i);
	}
	return bad;
}

static const char *check_store(const struct check *c, imc_val v,
			       struct imc_rows rows, size_t i)
{
	if (rows.first != c->stored[v.i] || rows.end <= rows.first)
		return imc_arena_printf(c->a,
					"step %zu stores rows %lld to %lld of "
					"'%s', of which %lld are stored",
					i, (long long)rows.first,
					(long long)rows.end, name_of(c, v),
					(long long)c->stored[v.i]);
	c->stored[v.i] = rows.end;
	return check_read(c, v, rows, i);
}

static const char *check_transfer(const struct check *c, size_t i)
{
	const struct imc_step *s = &c->p->step[i];
	bool load = s->kind == IMC_STEP_LOAD;
	struct imc_rows rows;

	if (s->val.i >= c->g->n_value)
		return imc_arena_printf(c->a, "step %zu moves no value", i);
	if (load ? !imc_graph_is_input(c->g, s->val)
		 : !imc_graph_is_output(c->g, s->val))
		return imc_arena_printf(c->a, "step %zu moves '%s'", i,
					name_of(c, s->val));
	rows = imc_step_rows(s, &imc_value_at(c->g, s->val)->t);
	return load ? check_made(c, s->val, rows, i)
		    : check_store(c, s->val, rows, i);
}

/* Steps i .. end run at the same time. */
static const char *check_slot(const struct check *c, size_t i, size_t end)
{
	unsigned busy = 0;
	const char *bad = NULL;

	for (; i < end && !bad; i++) {
		const struct imc_step *s = &c->p->step[i];
		unsigned lanes;

		bad = s->row < 0 || s->n_row < 0 ? "a step has negative rows"
		      : s->kind == IMC_STEP_RUN	 ? check_run(c, i)
						 : check_transfer(c, i);
		if (!bad)
			bad = check_scratch(c, i);
		if (bad)
			break;
		lanes = imc_step_lanes(c->m, s);
		if (lanes & busy)
			return imc_arena_printf(
				c->a,
				"step %zu needs what another step of its slot "
				"keeps busy",
				i);
		busy |= lanes;
	}
	memcpy(c->ready, c->made, c->g->n_value * sizeof *c->made);
	return bad ? bad : make_views(c);
}

static const char *check_steps(const struct check *c)
{
	const char *bad = NULL;

	for (size_t i = 0, end; i < c->p->n_step && !bad; i = end) {
		end = imc_plan_slot_end(c->p, i);
		bad = check_slot(c, i, end);
	}
	for (size_t k = 0; k < c->g->n_order && !bad; k++) {
		imc_node_id id = c->g->order[k];
		const struct imc_node *n = imc_node_at(c->g, id);

		if (!c->ran[id.i] && !imc_plan_is_view(c->g, n))
			bad = imc_arena_printf(c->a, "node '%s' never runs",
					       n->name);
	}
	for (size_t k = 0; k < c->g->n_output && !bad; k++)
		if (c->stored[c->g->output[k].i] < rows_of(c, c->g->output[k]))
			bad = imc_arena_printf(c->a, "'%s' is never stored",
					       name_of(c, c->g->output[k]));
	return bad;
}

/* A buffer, and the first and last step of the slots that it lives in: no
 * step of a slot is sure to end before another one begins. */
struct life {
	const struct imc_buffer *b;
	int64_t first, last;
};

static int by_first(const void *a, const void *b)
{
	const struct life *p = a, *q = b;

	if (p->first != q->first)
		return p->first < q->first ? -1 : 1;
	return p->b < q->b ? -1 : p->b > q->b; /* their order in one array */
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

/* Sorted by birth: only those born before l[i] dies can meet it. */
static const char *check_overlap(const struct imc_plan *p, const struct life *l,
				 size_t i, struct imc_arena *a)
{
	const struct imc_buffer *b = l[i].b;

	for (size_t k = i + 1; k < p->n_buffer; k++) {
		const struct imc_buffer *o = l[k].b;

		if (l[k].first > l[i].last)
			break;
		if (o->offset < b->offset + b->size_bytes &&
		    b->offset < o->offset + o->size_bytes)
			return imc_arena_printf(
				a, "buffers %d and %d overlap in step %lld",
				(int)(b - p->buffer), (int)(o - p->buffer),
				(long long)l[k].first);
	}
	return NULL;
}

static struct life life_of(const struct imc_plan *p, const struct imc_buffer *b)
{
	int64_t first = b->first;

	while (p->step[first].beside)
		first--;
	return (struct life){
		b, first, (int64_t)imc_plan_slot_end(p, (size_t)b->last) - 1};
}

static const char *check_buffers(const struct check *c)
{
	const struct imc_plan *p = c->p;
	struct life *l = imc_arena_array(c->a, p->n_buffer + 1, sizeof *l);
	const char *bad = NULL;

	for (size_t i = 0; i < p->n_buffer && !bad; i++) {
		const struct imc_buffer *b = &p->buffer[i];

		bad = check_bounds(p, b, c->a);
		if (!bad && imc_val_ok(b->val) && b->val.i >= c->g->n_value)
			bad = "a buffer holds no value";
		if (!bad)
			l[i] = life_of(p, b);
	}
	if (bad)
		return bad;
	qsort(l, p->n_buffer, sizeof *l, by_first);
	for (size_t i = 0; i < p->n_buffer && !bad; i++)
		bad = check_overlap(p, l, i, c->a);
	return bad;
}

const char *imc_plan_check(const struct imc_graph *g, const struct imc_map *m,
			   const struct imc_plan *p, struct imc_arena *a)
{
	struct check c = {.g = g, .m = m, .p = p, .a = a};
	const char *bad;

	if (p->n_root != g->n_value)
		return "values and buffers do not match";
	if (p->n_step && p->step[0].beside)
		return "step 0 is beside none";
	c.made = imc_arena_array(a, g->n_value + 1, sizeof *c.made);
	c.ready = imc_arena_array(a, g->n_value + 1, sizeof *c.ready);
	c.stored = imc_arena_array(a, g->n_value + 1, sizeof *c.stored);
	c.ran = imc_arena_array(a, g->n_node + 1, sizeof *c.ran);
	bad = check_buffers(&c);
	return bad ? bad : check_steps(&c);
}
