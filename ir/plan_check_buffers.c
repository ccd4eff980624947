#include <stdlib.h>

#include "ir/plan_check.h"
#include "ir/support/checked.h"

/* A buffer, and the first and last step of the slots that it lives in: no
 * step of a slot is sure to end before another one begins. */
struct life {
	const struct imc_buffer *b;
	int64_t first, last;
};

struct imc_places imc_plan_places(struct imc_arena *a, int64_t n)
{
	struct imc_places p = {.n = n};

	p.v = imc_arena_array(a, (size_t)n + 1, sizeof *p.v);
	for (int64_t i = 0; i < n; i++)
		p.v[i] = (struct imc_place){-1, 0, -1, -1};
	return p;
}

static const char *check_bounds(const struct imc_plan_checker *c,
				const struct imc_buffer *b)
{
	const struct imc_plan *p = c->p;
	int64_t size = b->mem == IMC_MEM_L1 ? p->l1_bytes : p->l2_bytes;
	int i = (int)(b - p->buffer);

	if (b->offset < 0 || b->size_bytes < 0 || b->offset > size ||
	    b->size_bytes > size - b->offset)
		return imc_arena_printf(c->a, "buffer %d leaves %s", i,
					b->mem == IMC_MEM_L1 ? "L1" : "L2");
	if (b->first < 0 || b->first > b->last || b->last >= (int64_t)p->n_step)
		return imc_arena_printf(c->a, "buffer %d lives %d to %d", i,
					(int)b->first, (int)b->last);
	if (b->lines < 0 || b->n_chan < 0)
		return imc_arena_printf(c->a, "buffer %d has negative lines",
					i);
	return NULL;
}

/* Room for `lines` of n units of `bytes` each. */
static const char *check_room(struct imc_plan_checker *c,
			      const struct imc_buffer *b, int64_t n,
			      int64_t bytes, const char *name)
{
	int64_t size;

	if (b->lines < 1 || b->lines > n)
		return imc_arena_printf(
			c->a, "the buffer of '%s' has %d lines of %lld", name,
			(int)b->lines, (long long)n);
	if (!imc_mul_i64(b->lines, bytes, &size) || b->size_bytes < size)
		return imc_arena_printf(c->a, "the buffer of '%s' is too small",
					name);
	c->buffer[b - c->p->buffer] = imc_plan_places(c->a, b->lines);
	return NULL;
}

static const char *check_far(struct imc_plan_checker *c,
			     const struct imc_buffer *b)
{
	const struct imc_tensor *t = &imc_value_at(c->g, b->val)->t;
	const char *name = imc_plan_name(c, b->val);

	if (imc_graph_is_input(c->g, b->val) ||
	    imc_graph_is_output(c->g, b->val))
		return imc_arena_printf(
			c->a, "'%s' has a place of its own and no need of L2",
			name);
	if (b->lines || b->n_chan)
		return imc_arena_printf(
			c->a, "the buffer of '%s' in L2 is a ring", name);
	if (b->size_bytes < (int64_t)imc_tensor_bytes(t))
		return imc_arena_printf(
			c->a, "the buffer of '%s' in L2 is too small", name);
	c->buffer[b - c->p->buffer] = imc_plan_places(c->a, imc_plan_n_row(t));
	return NULL;
}

static const char *check_value(struct imc_plan_checker *c,
			       const struct imc_buffer *b)
{
	const struct imc_tensor *t;
	int64_t n_chan, block;
	const char *name;

	if (b->val.i >= c->g->n_value || c->p->root[b->val.i] != b->val.i ||
	    imc_node_ok(b->node))
		return imc_arena_printf(c->a, "buffer %d holds no value",
					(int)(b - c->p->buffer));
	if (b->mem == IMC_MEM_L2)
		return check_far(c, b);
	t = &imc_value_at(c->g, b->val)->t;
	name = imc_plan_name(c, b->val);
	if (!b->n_chan)
		return check_room(c, b, imc_plan_n_row(t),
				  imc_plan_row_bytes(t), name);
	n_chan = imc_plan_n_chan(t);
	if (b->n_chan >= n_chan)
		return imc_arena_printf(
			c->a,
			"the buffer of '%s' is cut into blocks of %d of %lld "
			"channels",
			name, (int)b->n_chan, (long long)n_chan);
	block = (int64_t)imc_tensor_bytes(t) / n_chan * b->n_chan;
	return check_room(c, b, imc_ceil_div(n_chan, b->n_chan), block, name);
}

/* Blocks are of a convolution on cores or digital array. */
static bool has_blocks(const struct imc_plan_checker *c, imc_node_id id)
{
	enum imc_engine e = c->m->assign[id.i].engine;

	return imc_node_at(c->g, id)->op == IMC_OP_Q_CONV2D &&
	       (e == IMC_ENGINE_CORES || e == IMC_ENGINE_PE);
}

static const char *check_constants(struct imc_plan_checker *c,
				   const struct imc_buffer *b)
{
	const struct imc_node *n;
	int64_t n_chan, bytes;

	if (b->node.i >= c->g->n_node || b->node.i >= c->m->n_assign ||
	    c->g->node[b->node.i].dead || b->mem != IMC_MEM_L1)
		return imc_arena_printf(c->a,
					"buffer %d holds constants of no node",
					(int)(b - c->p->buffer));
	n = imc_node_at(c->g, b->node);
	bytes = imc_plan_constants(c->g, c->m, b->node, b->n_chan).bytes;
	if (bytes == 0)
		return imc_arena_printf(c->a, "'%s' has no constants for L1",
					n->name);
	if (!b->n_chan)
		return check_room(c, b, 1, bytes, n->name);
	n_chan = imc_plan_out_chan(c->g, n);
	if (b->n_chan >= n_chan || !has_blocks(c, b->node))
		return imc_arena_printf(
			c->a,
			"constants of '%s' are cut into blocks of %d of %lld "
			"channels",
			n->name, (int)b->n_chan, (long long)n_chan);
	return check_room(c, b, imc_ceil_div(n_chan, b->n_chan), bytes,
			  n->name);
}

static const char *check_own(struct imc_plan_checker *c,
			     const struct imc_buffer *b)
{
	if (imc_val_ok(b->val))
		return check_value(c, b);
	if (imc_node_ok(b->node))
		return check_constants(c, b);
	if (b->mem != IMC_MEM_L1 || b->lines || b->n_chan)
		return imc_arena_printf(c->a,
					"buffer %d, scratch, is not plain L1",
					(int)(b - c->p->buffer));
	c->buffer[b - c->p->buffer] = imc_plan_places(c->a, 1);
	return NULL;
}

static int by_first(const void *a, const void *b)
{
	const struct life *p = a, *q = b;

	if (p->b->mem != q->b->mem)
		return p->b->mem < q->b->mem ? -1 : 1;
	if (p->first != q->first)
		return p->first < q->first ? -1 : 1;
	return p->b < q->b ? -1 : p->b > q->b; /* their order in one array */
}

static bool hold_same(const struct imc_buffer *a, const struct imc_buffer *b)
{
	return (imc_val_ok(a->val) && a->val.i == b->val.i) ||
	       (imc_node_ok(a->node) && a->node.i == b->node.i);
}

/* Sorted by birth: only those born before l[i] dies can meet it. */
static const char *check_overlap(const struct imc_plan_checker *c,
				 const struct life *l, size_t i)
{
	const struct imc_buffer *b = l[i].b, *all = c->p->buffer;

	for (size_t k = i + 1; k < c->p->n_buffer; k++) {
		const struct imc_buffer *o = l[k].b;

		if (o->mem != b->mem || l[k].first > l[i].last)
			break;
		if (hold_same(b, o))
			return imc_arena_printf(
				c->a, "buffers %d and %d hold the same",
				(int)(b - all), (int)(o - all));
		if (o->offset < b->offset + b->size_bytes &&
		    b->offset < o->offset + o->size_bytes)
			return imc_arena_printf(
				c->a, "buffers %d and %d overlap in step %lld",
				(int)(b - all), (int)(o - all),
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

const char *imc_plan_check_buffers(struct imc_plan_checker *c)
{
	const struct imc_plan *p = c->p;
	struct life *l = imc_arena_array(c->a, p->n_buffer + 1, sizeof *l);
	const char *bad = NULL;

	c->buffer = imc_arena_array(c->a, p->n_buffer + 1, sizeof *c->buffer);
	for (size_t i = 0; i < p->n_buffer && !bad; i++) {
		bad = check_bounds(c, &p->buffer[i]);
		bad = bad ? bad : check_own(c, &p->buffer[i]);
		if (!bad)
			l[i] = life_of(p, &p->buffer[i]);
	}
	if (bad)
		return bad;
	qsort(l, p->n_buffer, sizeof *l, by_first);
	for (size_t i = 0; i < p->n_buffer && !bad; i++)
		bad = check_overlap(c, l, i);
	return bad;
}
