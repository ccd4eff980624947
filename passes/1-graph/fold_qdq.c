/* fold_qdq: a network that others quantised becomes a float network whose
 * values have given scales and zeros.
 *
 * Integer operators become dequantise - float operator - quantise. Operators
 * that only move codes go behind the dequantise in front of which they are.
 * What is then left are pairs of quantise and dequantise with the same
 * numbers: those of a value that has none yet give it theirs and vanish; those
 * of a value with other numbers become a clip to the range of their codes,
 * which rescales. */
#include <string.h>

#include "passes/1-graph/given.h"

/* ---- integer operators ---- */

static imc_val dequantised(struct imc_rw *rw, imc_node_id like, int k, int axis)
{
	const struct imc_node *n = imc_node_at(rw->g, like);
	imc_val scale = n->in[k + 1], zero = n->in[k + 2];
	imc_node_id id =
		imc_rw_add(rw, IMC_OP_DEQUANTIZE_LINEAR, like, n->in[k], scale);

	if (imc_val_ok(zero)) {
		imc_node_resize_in(rw->g, id, 3);
		imc_node_at(rw->g, id)->in[2] = zero;
	}
	imc_node_at(rw->g, id)->a.axis[0] = axis;
	imc_rw_infer(rw, id);
	return imc_node_at(rw->g, id)->out[0];
}

/* Node id, whose output has scale and zero in inputs 6 and 7, becomes the
 * quantise of v. */
static void requantise(struct imc_rw *rw, imc_node_id id, imc_val v)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	imc_val scale = n->in[6], zero = n->in[7];

	imc_rw_become(rw, id, IMC_OP_QUANTIZE_LINEAR, 3);
	n->in[0] = v;
	n->in[1] = scale;
	n->in[2] = zero;
}

/* The bias, in units of input scale times weight scale, as a float. */
static imc_val float_bias(struct imc_rw *rw, const struct imc_node *n)
{
	const struct imc_value *b = imc_node_in(rw->g, n, 8);
	const struct imc_tensor *sx = imc_rw_f32_in(rw->g, n, 1);
	const struct imc_tensor *sw = imc_rw_f32_in(rw->g, n, 4);
	int64_t count = imc_tensor_count(&b->t), many = imc_tensor_count(sw);
	float *x = imc_arena_array(rw->scratch, (size_t)count, sizeof *x);

	for (int64_t k = 0; k < count; k++)
		x[k] = (float)((double)((const int32_t *)b->t.data)[k] *
			       *(const float *)sx->data *
			       ((const float *)sw->data)[many > 1 ? k : 0]);
	return imc_rw_const(rw, b->name, 1, &count, x);
}

/* Scales, weights and bias are constants, as far as they are there. */
static bool is_constant(const struct imc_graph *g, const struct imc_node *n)
{
	static const int scale[] = {1, 4, 6};

	for (int i = 0; i < 3; i++)
		if (!imc_rw_f32_in(g, n, scale[i]))
			return false;
	for (int k = 2; k < n->n_in; k++)
		if (k != 3 && imc_node_in(g, n, k) && !imc_rw_const_in(g, n, k))
			return false;
	return n->op == IMC_OP_QLINEAR_MATMUL || imc_rw_const_in(g, n, 3);
}

static bool split_conv(struct imc_rw *rw, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(rw->g, id);
	struct imc_attrs *a;
	imc_node_id conv;
	imc_val x, w, b;

	if (n->op != IMC_OP_QLINEAR_CONV || !is_constant(rw->g, n))
		return false;
	x = dequantised(rw, id, 0, 0);
	w = dequantised(rw, id, 3, 0);
	conv = imc_rw_add(rw, IMC_OP_CONV2D, id, x, w);
	n = imc_node_at(rw->g, id);
	a = &imc_node_at(rw->g, conv)->a;
	memcpy(a->kernel, n->a.kernel, sizeof a->kernel);
	memcpy(a->stride, n->a.stride, sizeof a->stride);
	memcpy(a->pads, n->a.pads, sizeof a->pads);
	memcpy(a->dilation, n->a.dilation, sizeof a->dilation);
	a->group[0] = n->a.group[0];
	a->auto_pad[0] = n->a.auto_pad[0];
	if (imc_node_in(rw->g, n, 8)) {
		b = float_bias(rw, n);
		imc_node_resize_in(rw->g, conv, 3);
		imc_node_at(rw->g, conv)->in[2] = b;
	}
	imc_rw_infer(rw, conv);
	requantise(rw, id, imc_node_at(rw->g, conv)->out[0]);
	return true;
}

static bool split_matmul(struct imc_rw *rw, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(rw->g, id);
	imc_node_id product;
	imc_val x, w;

	if (n->op != IMC_OP_QLINEAR_MATMUL || !is_constant(rw->g, n))
		return false;
	x = dequantised(rw, id, 0, 0);
	n = imc_node_at(rw->g, id);
	w = dequantised(rw, id, 3, imc_rw_type_in(rw->g, n, 3)->rank - 1);
	product = imc_rw_add(rw, IMC_OP_MATMUL, id, x, w);
	imc_rw_infer(rw, product);
	requantise(rw, id, imc_node_at(rw->g, product)->out[0]);
	return true;
}

/* ---- dequantise ---- */

static bool dequantise_const(struct imc_rw *rw, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(rw->g, id);

	if (n->op != IMC_OP_DEQUANTIZE_LINEAR)
		return false;
	for (int k = 0; k < n->n_in; k++)
		if (imc_node_in(rw->g, n, k) && !imc_rw_const_in(rw->g, n, k))
			return false;
	imc_given_evaluate(rw->g, id);
	return true;
}

static bool all_zero(const struct imc_tensor *t)
{
	const char *p = t->data;

	for (size_t i = 0; i < imc_tensor_bytes(t); i++)
		if (p[i])
			return false;
	return true;
}

/* Codes of pads are those of 0 only with that zero. */
static bool moves_codes(const struct imc_graph *g, const struct imc_node *n,
			const struct imc_node *dq)
{
	const struct imc_tensor *zero = imc_rw_const_in(g, dq, 2);

	if (n->n_out != 1 ||
	    (!imc_given_moves(n->op) && n->op != IMC_OP_CONCAT))
		return false;
	if (n->op != IMC_OP_PAD || n->a.mode[0] != 0)
		return true;
	return !imc_node_in(g, n, 2) && n->a.act_lo[0] == 0 &&
	       (!imc_node_in(g, dq, 2) || (zero && all_zero(zero)));
}

/* Dequantise of a move of codes: the move of what was dequantised. */
static bool dequantise_before(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	imc_node_id def = imc_rw_def(rw->g, n, 0);
	struct imc_node move, dq = *n;
	const struct imc_tensor *scale = imc_rw_const_in(rw->g, n, 1);

	if (n->op != IMC_OP_DEQUANTIZE_LINEAR || !imc_rw_found(def) || !scale ||
	    imc_tensor_count(scale) != 1)
		return false;
	move = *imc_node_at(rw->g, def);
	if (!moves_codes(rw->g, &move, n))
		return false;
	if (n->n_in < move.n_in)
		imc_node_resize_in(rw->g, id, move.n_in);
	dq.in = imc_arena_memdup(rw->scratch, dq.in,
				 (size_t)dq.n_in * sizeof *dq.in);
	imc_rw_become(rw, id, move.op, move.n_in);
	imc_node_at(rw->g, id)->a = move.a;
	imc_node_add_origin(rw->g, id, &move);
	for (int k = 0; k < move.n_in; k++) {
		imc_val v = move.in[k];

		if (k == 0 || move.op == IMC_OP_CONCAT) {
			imc_node_id each =
				imc_rw_add(rw, dq.op, def, v, dq.in[1]);

			imc_node_resize_in(rw->g, each, dq.n_in);
			memcpy(imc_node_at(rw->g, each)->in + 1, dq.in + 1,
			       (size_t)(dq.n_in - 1) * sizeof *dq.in);
			imc_rw_infer(rw, each);
			v = imc_node_at(rw->g, each)->out[0];
		}
		imc_node_at(rw->g, id)->in[k] = v;
	}
	return true;
}

/* ---- pairs ---- */

/* Scale and zero of a quantise or dequantise, as of an int8. */
struct numbers {
	enum imc_dtype code;
	float scale;
	int64_t zero;
};

static int64_t integer(const struct imc_tensor *t)
{
	switch ((int)t->dtype) {
	case IMC_U8:
		return *(const uint8_t *)t->data;
	case IMC_I8:
		return *(const int8_t *)t->data;
	case IMC_U16:
		return *(const uint16_t *)t->data;
	case IMC_I16:
		return *(const int16_t *)t->data;
	}
	return 0;
}

/* False: they are not one constant scale of codes of 8 or 16 bits. */
static bool numbers_of(const struct imc_graph *g, const struct imc_node *n,
		       enum imc_dtype code, struct numbers *out)
{
	const struct imc_tensor *s = imc_rw_f32_in(g, n, 1);
	const struct imc_tensor *z = imc_rw_const_in(g, n, 2);

	if (!s || imc_tensor_count(s) != 1 || (imc_node_in(g, n, 2) && !z) ||
	    (z && imc_tensor_count(z) != 1) ||
	    (code != IMC_U8 && code != IMC_I8 && code != IMC_U16 &&
	     code != IMC_I16))
		return false;
	out->code = code;
	out->scale = *(const float *)s->data;
	out->zero = (z ? integer(z) : 0) - (code == IMC_U8 ? 128 : 0);
	return true;
}

static bool same(const struct numbers *a, const struct numbers *b)
{
	return a->code == b->code && !memcmp(&a->scale, &b->scale, 4) &&
	       a->zero == b->zero;
}

static bool is_byte(const struct numbers *x)
{
	return x->code == IMC_U8 || x->code == IMC_I8;
}

/* Nothing gave v numbers yet, nor what it is a move of. */
static bool can_take(const struct imc_graph *g, imc_val v)
{
	const struct imc_value *x = imc_value_at(g, v);

	while (!x->t.data && x->given == IMC_GIVEN_NONE) {
		const struct imc_node *n;

		if (!imc_node_ok(x->def))
			return true;
		n = imc_node_at(g, x->def);
		if (!imc_given_moves(n->op))
			return true;
		if (imc_graph_n_use(g, n->in[0], NULL) > 1)
			return false;
		x = imc_value_at(g, n->in[0]);
	}
	return false;
}

static void take(struct imc_graph *g, imc_val v, const struct numbers *x)
{
	struct imc_value *to = imc_value_at(g, v);
	const struct imc_node *n;

	to->given = is_byte(x) ? IMC_GIVEN_KEPT : IMC_GIVEN_BITS;
	if (is_byte(x)) {
		to->scale = x->scale;
		to->zero = (int32_t)x->zero;
	}
	if (!imc_node_ok(to->def))
		return;
	n = imc_node_at(g, to->def);
	if (imc_given_moves(n->op))
		take(g, n->in[0], x);
	for (int k = 0; n->op == IMC_OP_CONCAT && k < n->n_in; k++)
		if (can_take(g, n->in[k]) &&
		    imc_graph_n_use(g, n->in[k], NULL) == 1)
			take(g, n->in[k], x);
}

/* v has these numbers already, itself or as a move of what has them. */
static bool has_taken(const struct imc_graph *g, imc_val v,
		      const struct numbers *x)
{
	const struct imc_value *y = imc_value_at(g, v);

	while (y->given == IMC_GIVEN_NONE && imc_node_ok(y->def) &&
	       imc_given_moves(imc_node_at(g, y->def)->op))
		y = imc_value_at(g, imc_node_at(g, y->def)->in[0]);
	if (!is_byte(x))
		return y->given != IMC_GIVEN_NONE;
	return imc_value_given(y) && !memcmp(&y->scale, &x->scale, 4) &&
	       y->zero == x->zero;
}

/* Dequantise id becomes a clip of v to the range of its codes. */
static void become_clip(struct imc_rw *rw, imc_node_id id,
			const struct numbers *x)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	struct imc_value *y = imc_node_out(rw->g, n, 0);

	imc_rw_become(rw, id, IMC_OP_CLIP, 1);
	y->given = IMC_GIVEN_KEPT;
	y->scale = x->scale;
	y->zero = (int32_t)x->zero;
	imc_value_given_range(y, &n->a.act_lo[0], &n->a.act_hi[0]);
}

static bool fold_pair(struct imc_rw *rw, imc_node_id id)
{
	struct imc_graph *g = rw->g;
	struct imc_node *n = imc_node_at(g, id);
	imc_node_id def = imc_rw_def(g, n, 0);
	struct numbers x, y;
	imc_val v;

	if (n->op != IMC_OP_DEQUANTIZE_LINEAR ||
	    !imc_rw_is(g, def, IMC_OP_QUANTIZE_LINEAR))
		return false;
	v = imc_node_at(g, def)->in[0];
	if (imc_value_at(g, v)->t.dtype != IMC_F32 ||
	    imc_rw_type_out(g, n, 0)->dtype != IMC_F32 ||
	    !numbers_of(g, n, imc_rw_type_in(g, n, 0)->dtype, &y) ||
	    !numbers_of(g, imc_node_at(g, def), imc_rw_type_in(g, n, 0)->dtype,
			&x) ||
	    !same(&x, &y))
		return false;
	imc_node_add_origin(g, id, imc_node_at(g, def));
	n->in[0] = v;
	if (imc_graph_n_use(g, imc_node_at(g, def)->out[0], NULL) == 0)
		imc_node_at(g, def)->dead = true;
	if (can_take(g, v))
		take(g, v, &x);
	if (!is_byte(&x) || has_taken(g, v, &x)) {
		imc_rw_become(rw, id, IMC_OP_IDENTITY, 1);
		if (imc_rw_bypass(rw, id))
			return true;
		imc_value_give(g, n->out[0], v);
		return true;
	}
	become_clip(rw, id, &x);
	return true;
}

bool imc_pass_fold_qdq(struct imc_module *m, struct imc_pass_cx *cx)
{
	static imc_rw_rule *const rules[] = {
		split_conv,	   split_matmul, dequantise_const,
		dequantise_before, fold_pair,
	};

	return imc_rw_run(m, cx, rules, sizeof rules / sizeof *rules);
}
