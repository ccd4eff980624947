#include <string.h>

#include "passes/1-graph/nhwc.h"

static int64_t last_axis(int64_t axis)
{
	static const int64_t of[4] = {0, 3, 1, 2};

	return of[axis < 0 ? axis + 4 : axis];
}

static void turn_axes(struct imc_ints *axes)
{
	for (int i = 0; i < axes->n; i++)
		axes->v[i] = last_axis(axes->v[i]);
}

/* A list with an entry for each axis. */
static void turn_list(struct imc_ints *l)
{
	struct imc_ints old = *l;

	for (int i = 0; i < 4 && l->n == 4; i++)
		l->v[i] = old.v[imc_to_last[i]];
}

static bool turn_conv(struct imc_rw *rw, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(rw->g, id);
	imc_val w;

	if (n->op != IMC_OP_CONV2D)
		return false;
	if (imc_rw_const_in(rw->g, n, 1)) {
		w = imc_nhwc_const(rw, n->in[1]);
		imc_node_at(rw->g, id)->in[1] = w;
	}
	return true;
}

/* Input k of a broadcasting node whose result is a picture. */
static imc_val operand(struct imc_rw *rw, imc_node_id id, imc_val v)
{
	struct imc_tensor t = imc_value_at(rw->g, v)->t;
	int64_t dim[4] = {1, 1, 1, 1};

	if (imc_nhwc_is_picture(rw->g, v) || imc_tensor_count(&t) == 1)
		return v;
	if (t.data)
		return imc_nhwc_const(rw, v);
	for (int i = 0; i < t.rank; i++)
		dim[i + 4 - t.rank] = t.dim[i];
	v = imc_rw_reshape(rw, id, v, 4, dim);
	return imc_rw_transpose(rw, id, v, 4, imc_to_last);
}

static bool turn_broadcast(struct imc_rw *rw, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(rw->g, id);

	if (!imc_nhwc_is_picture(rw->g, n->out[0]))
		return false;
	for (int k = 0; k < n->n_in; k++) {
		imc_val v = imc_node_at(rw->g, id)->in[k];

		if (imc_val_ok(v)) {
			v = operand(rw, id, v);
			imc_node_at(rw->g, id)->in[k] = v;
		}
	}
	return true;
}

/* Flattened at axis 1, a picture is one row in either order. */
static bool turn_norm(struct imc_node *n)
{
	switch ((int)n->op) {
	case IMC_OP_BATCH_NORM:
	case IMC_OP_INSTANCE_NORM:
	case IMC_OP_LRN:
		return true; /* they ask for the layout */
	case IMC_OP_SOFTMAX:
	case IMC_OP_LOG_SOFTMAX:
	case IMC_OP_HARDMAX:
		if (n->a.flat[0])
			return n->a.axis[0] == 0 || n->a.axis[0] == 1;
		n->a.axis[0] = last_axis(n->a.axis[0]);
		return true;
	case IMC_OP_LP_NORM:
		n->a.axis[0] = last_axis(n->a.axis[0]);
		return true;
	}
	return false;
}

static bool turn_reduce(const struct imc_graph *g, struct imc_node *n)
{
	if (n->op == IMC_OP_CUM_SUM || n->n_in > 1 ||
	    !imc_nhwc_is_picture(g, n->out[0]))
		return false;
	if (n->op == IMC_OP_ARG_MAX || n->op == IMC_OP_ARG_MIN)
		n->a.axis[0] = last_axis(n->a.axis[0]);
	else
		turn_axes(&n->a.axes);
	return true;
}

static bool turn_slice(struct imc_node *n)
{
	if (n->n_in > 1)
		return false;
	if (!n->a.axes.n) {
		n->a.axes.n = n->a.starts.n;
		for (int i = 0; i < n->a.axes.n; i++)
			n->a.axes.v[i] = i;
	}
	turn_axes(&n->a.axes);
	return true;
}

static bool turn_move(const struct imc_graph *g, struct imc_node *n)
{
	switch ((int)n->op) {
	case IMC_OP_DEPTH_TO_SPACE:
	case IMC_OP_SPACE_TO_DEPTH:
		return true; /* they ask for the layout */
	case IMC_OP_CONCAT:
		for (int k = 0; k < n->n_in; k++)
			if (!imc_nhwc_is_picture(g, n->in[k]))
				return false;
		n->a.axis[0] = last_axis(n->a.axis[0]);
		return true;
	case IMC_OP_SPLIT:
		n->a.axis[0] = last_axis(n->a.axis[0]);
		return true;
	case IMC_OP_SLICE:
		return turn_slice(n);
	case IMC_OP_PAD:
		if (n->n_in > 1 || n->a.starts.n != 4)
			return false;
		turn_list(&n->a.starts);
		turn_list(&n->a.ends);
		return true;
	}
	return false;
}

static bool turn_gather(const struct imc_graph *g, struct imc_node *n)
{
	if (n->op != IMC_OP_GATHER || !imc_nhwc_is_picture(g, n->in[0]) ||
	    !imc_nhwc_is_picture(g, n->out[0]))
		return false;
	n->a.axis[0] = last_axis(n->a.axis[0]);
	return true;
}

/* A vector with an entry for each axis (or two runs of them: a region). */
static imc_val turn_vector(struct imc_rw *rw, imc_val v)
{
	struct imc_tensor t = imc_value_at(rw->g, v)->t, y = t;
	size_t size = imc_dtype_size(t.dtype);
	int64_t n = imc_tensor_count(&t);

	y.data = imc_arena_alloc(rw->scratch, imc_tensor_bytes(&t));
	for (int64_t i = 0; i < n; i++)
		memcpy((char *)y.data + (size_t)i * size,
		       (const char *)t.data +
			       (size_t)(i / 4 * 4 + imc_to_last[i % 4]) * size,
		       size);
	return imc_graph_add_const(rw->g, imc_value_at(rw->g, v)->name, &y);
}

static bool turn_resize(struct imc_rw *rw, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(rw->g, id);

	for (int k = 1; k < n->n_in; k++) {
		const struct imc_value *v = imc_node_in(rw->g, n, k);

		if (v && (!v->t.data || imc_tensor_count(&v->t) % 4))
			return false;
	}
	for (int k = 1; k < imc_node_at(rw->g, id)->n_in; k++) {
		imc_val v = imc_node_at(rw->g, id)->in[k];

		if (imc_val_ok(v)) {
			v = turn_vector(rw, v);
			imc_node_at(rw->g, id)->in[k] = v;
		}
	}
	return true;
}

static bool turn_quantize(struct imc_node *n)
{
	if (n->op == IMC_OP_DYNAMIC_QUANTIZE)
		return true;
	if (n->op != IMC_OP_QUANTIZE_LINEAR &&
	    n->op != IMC_OP_DEQUANTIZE_LINEAR)
		return false;
	/* the axis has a meaning for scales of rank 1 only, and is checked
	 * against the rank always */
	if (n->a.axis[0] >= -4 && n->a.axis[0] < 4)
		n->a.axis[0] = last_axis(n->a.axis[0]);
	return true;
}

static bool turn(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	imc_evaluator *family = imc_op_info(n->op)->eval;

	if (family == imc_eval_unary || family == imc_eval_cast ||
	    family == imc_eval_pool)
		return true;
	if (family == imc_eval_conv)
		return turn_conv(rw, id);
	if (family == imc_eval_binary || family == imc_eval_variadic)
		return turn_broadcast(rw, id);
	if (family == imc_eval_norm)
		return turn_norm(n);
	if (family == imc_eval_reduce)
		return turn_reduce(rw->g, n);
	if (family == imc_eval_move)
		return turn_move(rw->g, n);
	if (family == imc_eval_gather)
		return turn_gather(rw->g, n);
	if (family == imc_eval_resize)
		return turn_resize(rw, id);
	if (family == imc_eval_quantize)
		return turn_quantize(n);
	return false;
}

void imc_nhwc_adapt(struct imc_rw *rw, imc_node_id id)
{
	if (!turn(rw, id))
		imc_nhwc_wrap(rw, id);
}
