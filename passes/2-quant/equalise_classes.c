/* Which channels must share a scale, and which must keep theirs. */
#include <math.h>
#include <string.h>

#include "ir/op.h"
#include "ir/support/checked.h"
#include "passes/2-quant/equalise.h"

/* A bound is left alone by channels that stay below this part of it; the
 * others keep their scale. */
#define BELOW_BOUND 0.9

/* Joins channels of what node n reads and makes. False: they keep their
 * scales. */
typedef bool joiner(struct imc_eq *e, const struct imc_node *n);

static size_t find(size_t *parent, size_t i)
{
	while (parent[i] != i)
		i = parent[i] = parent[parent[i]];
	return i;
}

/* The first slot is the root. */
static void join(size_t *parent, size_t i, size_t k)
{
	i = find(parent, i);
	k = find(parent, k);
	if (i < k)
		parent[k] = i;
	else
		parent[i] = k;
}

static size_t slots_of(const struct imc_eq *e, imc_val v)
{
	return imc_val_ok(v) ? e->at[v.i] : IMC_EQ_NONE;
}

static int64_t channels_of(const struct imc_eq *e, imc_val v)
{
	return imc_eq_channels(imc_value_at(e->g, v));
}

static void fix(struct imc_eq *e, imc_val v)
{
	if (slots_of(e, v) == IMC_EQ_NONE)
		return;
	for (int64_t c = 0; c < channels_of(e, v); c++)
		e->fixed[e->at[v.i] + (size_t)c] = true;
}

static bool has_slots(const struct imc_eq *e, imc_val v)
{
	return slots_of(e, v) != IMC_EQ_NONE;
}

static bool join_values(struct imc_eq *e, imc_val x, imc_val y)
{
	if (!has_slots(e, x) || !has_slots(e, y) ||
	    channels_of(e, x) != channels_of(e, y))
		return false;
	for (int64_t c = 0; c < channels_of(e, x); c++)
		join(e->root, e->at[x.i] + (size_t)c, e->at[y.i] + (size_t)c);
	return true;
}

/* A clip of v to lo .. hi. 0 is a bound at any scale. */
static bool bound(struct imc_eq *e, imc_val v, double lo, double hi)
{
	if ((lo != 0 && lo > -3e38) || hi <= 0)
		return false;
	if (hi > 3e38)
		return true;
	for (int64_t c = 0; c < channels_of(e, v); c++) {
		size_t i = e->at[v.i] + (size_t)c;
		double least = e->stat[i].hi / (BELOW_BOUND * hi);

		if (least > 1)
			e->fixed[i] = true;
		else
			e->least[i] = fmax(e->least[i], least);
	}
	return true;
}

static bool bound_act(struct imc_eq *e, const struct imc_node *n)
{
	return !n->a.act[0] ||
	       bound(e, n->out[0], n->a.act_lo[0], n->a.act_hi[0]);
}

static bool is_plain_const(const struct imc_value *v)
{
	return v && v->t.data && v->t.dtype == IMC_F32 &&
	       !imc_val_ok(v->scales) && v->scale <= 0;
}

static bool join_conv(struct imc_eq *e, const struct imc_node *n)
{
	const struct imc_value *b = imc_node_in(e->g, n, 2);

	return has_slots(e, n->in[0]) && has_slots(e, n->out[0]) &&
	       is_plain_const(imc_node_in(e->g, n, 1)) &&
	       (!b || is_plain_const(b)) && bound_act(e, n);
}

static bool join_same(struct imc_eq *e, const struct imc_node *n)
{
	return join_values(e, n->in[0], n->out[0]);
}

static bool join_prelu(struct imc_eq *e, const struct imc_node *n)
{
	const struct imc_value *b = imc_node_in(e->g, n, 1);

	return b && b->t.data && join_same(e, n);
}

static bool join_clip(struct imc_eq *e, const struct imc_node *n)
{
	return n->n_in == 1 && join_same(e, n) &&
	       bound(e, n->out[0], n->a.act_lo[0], n->a.act_hi[0]);
}

/* The other operand of a sum: an activation of as many channels, or constants
 * of theirs. */
static bool join_term(struct imc_eq *e, imc_val x, imc_val y)
{
	const struct imc_value *v = imc_value_at(e->g, x);

	if (v->t.data)
		return is_plain_const(v) &&
		       imc_eq_channels(v) == channels_of(e, y);
	return join_values(e, x, y);
}

static bool join_add(struct imc_eq *e, const struct imc_node *n)
{
	imc_val y = n->out[0];

	return has_slots(e, y) && join_term(e, n->in[0], y) &&
	       join_term(e, n->in[1], y) && bound_act(e, n);
}

/* x times what keeps its scale. */
static bool join_mul(struct imc_eq *e, const struct imc_node *n)
{
	const struct imc_value *a = imc_node_in(e->g, n, 0);
	int x = a->t.data ||
		imc_tensor_count(&a->t) <
			imc_tensor_count(&imc_node_out(e->g, n, 0)->t);

	fix(e, n->in[1 - x]);
	return join_values(e, n->in[x], n->out[0]) && bound_act(e, n);
}

/* Row-major elements keep their order. */
static bool join_reshape(struct imc_eq *e, const struct imc_node *n)
{
	imc_val x = n->in[0], y = n->out[0];
	int64_t cx, cy, count;

	if (!has_slots(e, x) || !has_slots(e, y))
		return false;
	cx = channels_of(e, x);
	cy = channels_of(e, y);
	count = imc_min_i64(imc_lcm_i64(cx, cy),
			    imc_tensor_count(&imc_value_at(e->g, x)->t));
	for (int64_t i = 0; i < count; i++)
		join(e->root, e->at[x.i] + (size_t)(i % cx),
		     e->at[y.i] + (size_t)(i % cy));
	return true;
}

static bool join_pad(struct imc_eq *e, const struct imc_node *n)
{
	const struct imc_value *v = imc_node_in(e->g, n, 2);
	bool zero = n->a.act_lo[0] == 0 &&
		    (!v || (is_plain_const(v) && *(float *)v->t.data == 0));

	/* the type rule brings input 1 to starts and ends */
	return (n->a.mode[0] != 0 || zero) &&
	       (n->a.starts.n == 0 || n->a.starts.v[n->a.starts.n - 1] == 0) &&
	       join_same(e, n);
}

static bool join_resize(struct imc_eq *e, const struct imc_node *n)
{
	return n->a.mode[0] == 0 && join_same(e, n);
}

static bool join_transpose(struct imc_eq *e, const struct imc_node *n)
{
	int last = n->a.perm.n - 1;

	return last >= 0 && n->a.perm.v[last] == last && join_same(e, n);
}

static bool join_slice(struct imc_eq *e, const struct imc_node *n)
{
	int last = imc_node_in(e->g, n, 0)->t.rank - 1;

	for (int i = 0; i < n->a.axes.n; i++)
		if (n->a.axes.v[i] == last || n->a.axes.v[i] < 0)
			return false;
	return n->n_in == 1 && join_same(e, n);
}

/* The parts of a concat or split, one after another. */
static bool join_parts(struct imc_eq *e, imc_val whole, const imc_val *part,
		       int n_part, int64_t axis)
{
	int last = imc_value_at(e->g, whole)->t.rank - 1;
	size_t at;

	if (!has_slots(e, whole))
		return false;
	at = e->at[whole.i];
	for (int k = 0; k < n_part; k++) {
		if (!has_slots(e, part[k]))
			return false;
		if (axis != last && axis != -1) {
			if (!join_values(e, part[k], whole))
				return false;
			continue;
		}
		for (int64_t c = 0; c < channels_of(e, part[k]); c++)
			join(e->root, at++, e->at[part[k].i] + (size_t)c);
	}
	return true;
}

static bool join_concat(struct imc_eq *e, const struct imc_node *n)
{
	return join_parts(e, n->out[0], n->in, n->n_in, n->a.axis[0]);
}

static bool join_split(struct imc_eq *e, const struct imc_node *n)
{
	return join_parts(e, n->in[0], n->out, n->n_out, n->a.axis[0]);
}

/* What gives s * y for s * x, channel by channel; every other operator wants
 * its channels as they are. */
static joiner *const rule[IMC_N_OP] = {
	[IMC_OP_CONV2D] = join_conv,
	[IMC_OP_RELU] = join_same,
	[IMC_OP_LEAKY_RELU] = join_same,
	[IMC_OP_PRELU] = join_prelu,
	[IMC_OP_CLIP] = join_clip,
	[IMC_OP_ABS] = join_same,
	[IMC_OP_NEG] = join_same,
	[IMC_OP_MAX_POOL] = join_same,
	[IMC_OP_AVERAGE_POOL] = join_same,
	[IMC_OP_GLOBAL_AVERAGE_POOL] = join_same,
	[IMC_OP_GLOBAL_MAX_POOL] = join_same,
	[IMC_OP_ADD] = join_add,
	[IMC_OP_SUB] = join_add,
	[IMC_OP_MUL] = join_mul,
	[IMC_OP_IDENTITY] = join_same,
	[IMC_OP_RESHAPE] = join_reshape,
	[IMC_OP_FLATTEN] = join_reshape,
	[IMC_OP_SQUEEZE] = join_reshape,
	[IMC_OP_UNSQUEEZE] = join_reshape,
	[IMC_OP_PAD] = join_pad,
	[IMC_OP_RESIZE] = join_resize,
	[IMC_OP_TRANSPOSE] = join_transpose,
	[IMC_OP_SLICE] = join_slice,
	[IMC_OP_CONCAT] = join_concat,
	[IMC_OP_SPLIT] = join_split,
};

static void fix_node(struct imc_eq *e, const struct imc_node *n)
{
	for (int k = 0; k < n->n_in; k++)
		fix(e, n->in[k]);
	for (int k = 0; k < n->n_out; k++)
		fix(e, n->out[k]);
}

/* Ends, and activations whose numbers are given. */
static void fix_ends(struct imc_eq *e)
{
	const struct imc_graph *g = e->g;

	for (size_t i = 0; i < g->n_input; i++)
		fix(e, g->input[i]);
	for (size_t i = 0; i < g->n_output; i++)
		fix(e, g->output[i]);
	for (size_t v = 0; v < e->n_value; v++)
		if (g->value[v].scale > 0)
			fix(e, (imc_val){(uint32_t)v});
}

/* What was said of slots goes to their roots. */
static void settle(struct imc_eq *e)
{
	for (size_t i = 0; i < e->n_slot; i++) {
		size_t r = e->root[i] = find(e->root, i);

		e->fixed[r] |= e->fixed[i];
		e->least[r] = fmax(e->least[r], e->least[i]);
	}
}

/* All channels of a value are searched together. */
static void join_groups(struct imc_eq *e)
{
	memcpy(e->group, e->root, e->n_slot * sizeof *e->group);
	for (size_t v = 0; v < e->n_value; v++) {
		int64_t n = e->at[v] == IMC_EQ_NONE
				    ? 0
				    : imc_eq_channels(&e->g->value[v]);

		for (int64_t c = 1; c < n; c++)
			join(e->group, e->at[v], e->at[v] + (size_t)c);
	}
	for (size_t i = 0; i < e->n_slot; i++)
		e->group[i] = find(e->group, i);
}

void imc_eq_classes(struct imc_eq *e)
{
	const struct imc_graph *g = e->g;

	e->root = imc_arena_array(e->a, e->n_slot, sizeof *e->root);
	e->group = imc_arena_array(e->a, e->n_slot, sizeof *e->group);
	e->fixed = imc_arena_array(e->a, e->n_slot, sizeof *e->fixed);
	e->least = imc_arena_array(e->a, e->n_slot, sizeof *e->least);
	for (size_t i = 0; i < e->n_slot; i++)
		e->root[i] = i;
	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		if (!rule[n->op] || !rule[n->op](e, n))
			fix_node(e, n);
	}
	fix_ends(e);
	settle(e);
	join_groups(e);
}
