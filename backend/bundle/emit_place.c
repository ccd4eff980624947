#include "backend/bundle/emit.h"
#include "ir/support/checked.h"

const char *imc_emit_number(struct imc_emit *e, int64_t v)
{
	return imc_arena_printf(e->a, "\1%lld\1", (long long)v);
}

/* The same for the place of block `block` of a ring of `lines`: base +
 * block % lines * size. */
static const char *ring_place(struct imc_emit *e, int64_t block, int64_t lines,
			      int64_t size, int64_t base)
{
	return imc_arena_printf(e->a, "\1%lld:%lld:%lld:%lld\1",
				(long long)block, (long long)lines,
				(long long)size, (long long)base);
}

/* ---- values ---- */

const struct imc_buffer *imc_emit_buffer(const struct imc_emit *e, imc_val v,
					 enum imc_memory mem)
{
	int32_t b = imc_plan_now_of(&e->now, v, mem);

	return b < 0 ? NULL : &e->m->plan.buffer[b];
}

int64_t imc_emit_ring_size(const struct imc_emit *e, imc_val v)
{
	const struct imc_buffer *b = imc_emit_buffer(e, v, IMC_MEM_L1);
	const struct imc_tensor *t;

	if (!b || b->n_chan)
		return 0;
	t = &imc_value_at(e->g, b->val)->t;
	return b->lines >= imc_plan_n_row(t) ? 0
					     : b->lines * imc_plan_row_bytes(t);
}

int64_t imc_emit_lines(const struct imc_emit *e, imc_val v)
{
	int64_t ring = imc_emit_ring_size(e, v);
	int64_t line = imc_plan_row_bytes(&imc_value_at(e->g, v)->t);

	return ring % line ? -1 : ring / line;
}

/* A constant: among those of the node that e->step runs, or by itself. */
static const char *constant_operand(struct imc_emit *e, imc_val v)
{
	const struct imc_step *s = &e->m->plan.step[e->step];
	struct imc_constants c = {0};

	if (s->kind == IMC_STEP_RUN)
		c = imc_plan_constants(e->g, &e->m->map, s->node, 0);
	for (int i = 0; i < c.n; i++) {
		const char *at = imc_emit_constants(e, s, 0);

		if (imc_node_at(e->g, s->node)->in[c.part[i].input].i != v.i)
			continue;
		if (!c.part[i].offset)
			return at;
		return imc_arena_printf(e->a, "%s + %lld", at,
					(long long)c.part[i].offset);
	}
	return imc_arena_printf(
		e->a, "I8(%lld)",
		(long long)imc_emit_const(e, imc_plan_origin(e->g, v)));
}

/* What the cores find in its far place. */
static const char *far_operand(struct imc_emit *e, imc_val v)
{
	const struct imc_buffer *b = imc_emit_buffer(e, v, IMC_MEM_L2);
	struct imc_home home;

	if (b)
		return imc_arena_printf(e->a, "l2 + %lld",
					(long long)b->offset);
	home = imc_plan_home(e->g, &e->m->plan, v);
	switch (home.kind) {
	case IMC_HOME_INPUT:
		return imc_arena_printf(e->a, "in->%s", e->input[home.i]);
	case IMC_HOME_OUTPUT:
		return imc_arena_printf(e->a, "out->%s", e->output[home.i]);
	case IMC_HOME_NONE:
		break;
	}
	return constant_operand(e, v);
}

const char *imc_emit_operand(struct imc_emit *e, imc_val v)
{
	const struct imc_buffer *b = imc_emit_buffer(e, v, IMC_MEM_L1);

	if (imc_value_at(e->g, imc_plan_origin(e->g, v))->t.data)
		return constant_operand(e, v);
	if (!b)
		return far_operand(e, v);
	return imc_arena_printf(e->a, "l1 + %lld", (long long)b->offset);
}

/* Blocks that there are of all channels. */
static int64_t n_block(int64_t channels, int64_t n_chan)
{
	return n_chan ? imc_ceil_div(channels, n_chan) : 1;
}

/* Block k of n, of that size, in buffer b, which may hold fewer. */
static const char *in_buffer(struct imc_emit *e, const struct imc_buffer *b,
			     int64_t k, int64_t n, int64_t size)
{
	int64_t lines = imc_min_i64(b->lines, n);
	const char *at = ring_place(e, k, lines, size, b->offset);

	if (lines == n)
		at = imc_emit_number(e, b->offset + k * size);
	return imc_arena_printf(e->a, "l1 + %s", at);
}

const char *imc_emit_block(struct imc_emit *e, imc_val v, int64_t chan)
{
	const struct imc_buffer *b = imc_emit_buffer(e, v, IMC_MEM_L1);
	const struct imc_tensor *t = &imc_value_at(e->g, b->val)->t;
	int64_t channels = t->dim[t->rank - 1];

	return in_buffer(e, b, chan / b->n_chan, n_block(channels, b->n_chan),
			 imc_tensor_count(t) / channels * b->n_chan);
}

/* ---- constants ---- */

static const struct imc_buffer *constants_buffer(const struct imc_emit *e,
						 const struct imc_step *s)
{
	int32_t b = e->now.node[s->node.i];

	return b < 0 ? NULL : &e->m->plan.buffer[b];
}

int64_t imc_emit_block_of(const struct imc_emit *e, const struct imc_step *s)
{
	const struct imc_buffer *b = constants_buffer(e, s);

	if (imc_node_at(e->g, s->node)->op != IMC_OP_Q_CONV2D)
		return 0;
	return b ? b->n_chan : s->n_chan;
}

const char *imc_emit_constants_l2(struct imc_emit *e, const struct imc_step *s,
				  int64_t chan)
{
	int64_t n_chan = imc_emit_block_of(e, s);
	struct imc_constants c =
		imc_plan_constants(e->g, &e->m->map, s->node, n_chan);
	int64_t at = imc_emit_piece(e, s->node, n_chan);

	if (!n_chan)
		return imc_arena_printf(e->a, "I8(%lld)", (long long)at);
	at += chan / n_chan * imc_emit_piece_step(&c);
	return imc_arena_printf(e->a, "I8(%s)", imc_emit_number(e, at));
}

const char *imc_emit_constants(struct imc_emit *e, const struct imc_step *s,
			       int64_t chan)
{
	const struct imc_buffer *b = constants_buffer(e, s);
	int64_t n_chan = imc_emit_block_of(e, s);
	const struct imc_node *n = imc_node_at(e->g, s->node);
	struct imc_constants c =
		imc_plan_constants(e->g, &e->m->map, s->node, n_chan);

	if (!c.bytes)
		return "0";
	if (!b)
		return imc_emit_constants_l2(e, s, chan);
	if (!n_chan)
		return imc_arena_printf(e->a, "l1 + %lld",
					(long long)b->offset);
	return in_buffer(e, b, chan / n_chan,
			 n_block(imc_node_in(e->g, n, 1)->t.dim[0], n_chan),
			 c.bytes);
}
