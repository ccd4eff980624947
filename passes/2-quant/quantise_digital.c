/* The operators of the cores to their forms on int8 codes. */
#include <math.h>
#include <string.h>

#include "ir/eval.h"
#include "ir/num.h"
#include "ir/op.h"
#include "ir/support/checked.h"
#include "ir/window.h"
#include "passes/2-quant/quant.h"

/* Rewrites node id into its form on codes. */
typedef void quantiser(struct imc_module *m, imc_node_id id);

/* Two factors over one power of two, with 20 significant bits. */
static void add_factors(struct imc_node *n, double a, double b)
{
	int exponent, shift;

	frexp(fmax(fabs(a), fabs(b)), &exponent);
	shift = (int)imc_clamp(20 - exponent, 0, 60);
	n->a.mult[0] = llround(ldexp(a, shift));
	n->a.mult[1] = llround(ldexp(b, shift));
	n->a.shift[0] = shift;
}

static void quantise_add(struct imc_module *m, imc_node_id id)
{
	struct imc_node *n = imc_node_at(m->g, id);
	const struct imc_value *a = imc_node_in(m->g, n, 0);
	const struct imc_value *b = imc_node_in(m->g, n, 1);
	const struct imc_value *y = imc_node_out(m->g, n, 0);
	double sign = n->op == IMC_OP_SUB ? -1 : 1;

	add_factors(n, (double)a->scale / y->scale,
		    sign * (double)b->scale / y->scale);
	imc_clamp_act(n, y);
	n->op = IMC_OP_Q_ADD;
}

static void factor_of(struct imc_node *n, double factor)
{
	int32_t mult, shift;

	imc_factor(factor, &mult, &shift);
	n->a.mult[0] = mult;
	n->a.mult[1] = 0;
	n->a.shift[0] = shift;
}

static void quantise_mul(struct imc_module *m, imc_node_id id)
{
	struct imc_node *n = imc_node_at(m->g, id);
	const struct imc_value *a = imc_node_in(m->g, n, 0);
	const struct imc_value *b = imc_node_in(m->g, n, 1);
	const struct imc_value *y = imc_node_out(m->g, n, 0);

	factor_of(n, (double)a->scale * b->scale / y->scale);
	imc_clamp_act(n, y);
	n->op = IMC_OP_Q_MUL;
}

/* relu and clip that could not be fused. */
static void quantise_clip(struct imc_module *m, imc_node_id id)
{
	struct imc_node *n = imc_node_at(m->g, id);
	const struct imc_value *x = imc_node_in(m->g, n, 0);
	const struct imc_value *y = imc_node_out(m->g, n, 0);
	double lo = n->op == IMC_OP_RELU ? 0 : (double)n->a.act_lo[0];
	double hi = n->op == IMC_OP_RELU ? INFINITY : (double)n->a.act_hi[0];

	factor_of(n, (double)x->scale / y->scale);
	imc_clamp_to(n, y, lo, hi);
	imc_node_resize_in(m->g, id, 1);
	n->op = IMC_OP_Q_RESCALE;
}

/* Any function of one element: a table of what it gives for each code. */
static void quantise_table(struct imc_module *m, imc_node_id id)
{
	struct imc_graph *g = m->g;
	struct imc_node *n = imc_node_at(g, id);
	const struct imc_value *x = imc_node_in(g, n, 0);
	const struct imc_value *y = imc_node_out(g, n, 0);
	float real[256], result[256];
	int8_t code[256], table[256];
	struct imc_tensor in = {IMC_F32, 1, {256}, real};
	struct imc_tensor out = {IMC_F32, 1, {256}, result};
	struct imc_tensor t = {IMC_I8, 1, {256}, table};
	struct imc_arena *a = imc_arena_new();
	imc_val v;

	for (int i = 0; i < 256; i++)
		code[i] = (int8_t)(i - 128);
	imc_dequantise_array(x, code, real, 256);
	imc_op_info(n->op)->eval(g, n, &in, &out, a);
	imc_quantise_array(y, result, table, 256);
	v = imc_graph_add_const(g, imc_arena_printf(a, "%s.table", n->name),
				&t);
	imc_arena_free(a);
	imc_node_resize_in(g, id, 2);
	n = imc_node_at(g, id);
	n->in[1] = v;
	n->op = IMC_OP_Q_LUT;
}

/* exp(-d * scale) in 0 .. 2^23 for every difference d to the largest code. */
static void quantise_softmax(struct imc_module *m, imc_node_id id)
{
	struct imc_graph *g = m->g;
	struct imc_node *n = imc_node_at(g, id);
	const struct imc_value *x = imc_node_in(g, n, 0);
	int32_t table[256];
	imc_val v;

	for (int d = 0; d < 256; d++)
		table[d] =
			(int32_t)lround(ldexp(exp(-d * (double)x->scale), 23));
	v = imc_const_i32(g, "softmax.table", table, 256);
	imc_node_resize_in(g, id, 2);
	n = imc_node_at(g, id);
	n->in[1] = v;
	n->a.lo[0] = -128;
	n->a.hi[0] = 127;
	n->op = IMC_OP_Q_SOFTMAX;
}

/* Elements of a window inside the input, for the windows that have fewest. */
static int64_t smallest_window(const struct imc_walk *w, bool count_pad)
{
	int64_t least = w->kernel;

	for (int64_t o = 0; o < w->out; o++) {
		int64_t first = o * w->stride - w->before;
		int64_t last = first + w->kernel;
		int64_t lo = count_pad ? -w->before : 0;
		int64_t hi = w->in + (count_pad ? w->after : 0);

		least = imc_min_i64(least, imc_min_i64(last, hi) -
						   imc_max_i64(first, lo));
	}
	return imc_max_i64(least, 1);
}

static struct imc_walk walk_of(const struct imc_node *n, int axis, int64_t in,
			       int64_t out)
{
	return (struct imc_walk){.in = in,
				 .kernel = n->a.kernel[axis],
				 .stride = n->a.stride[axis],
				 .dilation = 1,
				 .before = n->a.pads[axis],
				 .after = n->a.pads[axis + 2],
				 .out = out};
}

static void quantise_pool(struct imc_module *m, imc_node_id id)
{
	struct imc_graph *g = m->g;
	struct imc_node *n = imc_node_at(g, id);
	const struct imc_value *x = imc_node_in(g, n, 0);
	const struct imc_value *y = imc_node_out(g, n, 0);
	struct imc_plane px = imc_plane_of(&x->t, g->layout);
	struct imc_plane py = imc_plane_of(&y->t, g->layout);
	double factor = (double)x->scale / y->scale;
	struct imc_arena *a = imc_arena_new();
	struct imc_walk wy, wx;
	int64_t least, most;
	int32_t *table, shift;
	imc_val v;

	if (n->op == IMC_OP_GLOBAL_AVERAGE_POOL) {
		n->a.kernel[0] = px.h;
		n->a.kernel[1] = px.w;
		n->a.stride[0] = n->a.stride[1] = 1;
		memset(n->a.pads, 0, sizeof n->a.pads);
	}
	wy = walk_of(n, 0, px.h, py.h);
	wx = walk_of(n, 1, px.w, py.w);
	least = smallest_window(&wy, n->a.count_pad[0]) *
		smallest_window(&wx, n->a.count_pad[0]);
	most = wy.kernel * wx.kernel;
	table = imc_arena_array(a, (size_t)(most - least + 1), sizeof *table);
	imc_factor(factor / (double)least, &table[0], &shift);
	for (int64_t c = least; c <= most; c++)
		table[c - least] =
			(int32_t)llround(ldexp(factor / (double)c, shift));
	v = imc_const_i32(g, imc_arena_printf(a, "%s.mult", n->name), table,
			  most - least + 1);
	imc_arena_free(a);
	imc_node_resize_in(g, id, 2);
	n = imc_node_at(g, id);
	n->in[1] = v;
	n->a.count_min[0] = least;
	n->a.shift[0] = shift;
	n->a.lo[0] = -128;
	n->a.hi[0] = 127;
	n->op = IMC_OP_Q_AVERAGE_POOL;
}

/* How an operator gets its device form; NULL: it has none. */
static quantiser *form_of(enum imc_op op)
{
	if (op == IMC_OP_ADD || op == IMC_OP_SUB)
		return quantise_add;
	if (op == IMC_OP_MUL)
		return quantise_mul;
	if (op == IMC_OP_RELU || op == IMC_OP_CLIP)
		return quantise_clip;
	if (op == IMC_OP_AVERAGE_POOL || op == IMC_OP_GLOBAL_AVERAGE_POOL)
		return quantise_pool;
	if (op == IMC_OP_SOFTMAX)
		return quantise_softmax;
	if (imc_op_info(op)->eval == imc_eval_unary &&
	    imc_op_info(op)->kind == IMC_DIGITAL)
		return quantise_table;
	return NULL;
}

bool imc_digital_can(enum imc_op op)
{
	return form_of(op) != NULL;
}

void imc_quantise_digital(struct imc_module *m, imc_node_id id)
{
	enum imc_op op = imc_node_at(m->g, id)->op;

	/* match_concat makes nodes that are quantised from the start */
	if (imc_op_info(op)->type != imc_type_q_elementwise)
		form_of(op)(m, id);
}
