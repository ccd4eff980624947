/* What one operator set says differently from another. ir/ops.def has the
 * newest form; older ones are brought to it here. */
#include <string.h>

#include "frontend/onnx/onnx_import.h"

/* Positions in the word lists of import_attrs.c. */
#define ASYMMETRIC 1
#define ROUND_FLOOR 2

const struct imc_onnx_attr *imc_onnx_attr(const struct imc_onnx_node *p,
					  const char *name)
{
	for (size_t i = 0; i < p->n_attr; i++)
		if (!strcmp(p->attr[i].name, name))
			return &p->attr[i];
	return NULL;
}

imc_val imc_onnx_add_const(struct imc_onnx_import *im, imc_node_id n,
			   const char *suffix, const struct imc_tensor *t)
{
	const char *name = imc_arena_printf(
		im->a, "%s_%s", imc_node_at(im->g, n)->name, suffix);

	return imc_graph_add_const(im->g, name, t);
}

static bool bad_attr(struct imc_onnx_import *im, struct imc_loc loc,
		     const char *name, const char *why)
{
	return imc_diag(im->d, loc, IMC_D_ONNX_ATTRIBUTE, name, why);
}

/* A vector (or, n < 0, a scalar) of type t whose elements lie at v. */
static struct imc_tensor vector(enum imc_dtype t, const void *v, int64_t n)
{
	struct imc_tensor out = {.dtype = t, .rank = n >= 0};

	out.dim[0] = n;
	out.data = (void *)(uintptr_t)v; /* copied by who gets it */
	return out;
}

/* The value of a Constant in each of its forms but a tensor. */
static bool constant_list(const struct imc_onnx_attr *v, struct imc_tensor *out)
{
	if (!strcmp(v->name, "value_float"))
		*out = vector(IMC_F32, &v->f, -1);
	else if (!strcmp(v->name, "value_int"))
		*out = vector(IMC_I64, &v->i, -1);
	else if (!strcmp(v->name, "value_floats"))
		*out = vector(IMC_F32, v->floats, (int64_t)v->n_float);
	else if (!strcmp(v->name, "value_ints"))
		*out = vector(IMC_I64, v->ints, (int64_t)v->n_int);
	else
		return false;
	return true;
}

bool imc_onnx_constant(struct imc_onnx_import *im,
		       const struct imc_onnx_node *p, struct imc_loc loc,
		       struct imc_tensor *out)
{
	const struct imc_onnx_attr *v = p->n_attr ? &p->attr[0] : NULL;

	if (p->n_attr != 1)
		return imc_diag(im->d, loc, IMC_D_ONNX_ARITY,
				"a Constant has exactly one attribute");
	if (!strcmp(v->name, "value") && v->t)
		return imc_onnx_make_tensor(v->t, loc, im->a, im->d, out);
	if (!constant_list(v, out))
		return bad_attr(im, loc, v->name,
				"only numbers in a dense tensor, a list or "
				"alone can be constants");
	if (imc_tensor_bytes(out))
		out->data = imc_arena_memdup(im->a, out->data,
					     imc_tensor_bytes(out));
	else
		out->data = imc_arena_alloc(im->a, 0);
	return true;
}

void imc_onnx_opset_defaults(struct imc_onnx_import *im, imc_node_id id)
{
	struct imc_node *n = imc_node_at(im->g, id);

	switch ((int)n->op) {
	case IMC_OP_SOFTMAX:
	case IMC_OP_LOG_SOFTMAX:
	case IMC_OP_HARDMAX:
		if (im->opset < 13) {
			n->a.axis[0] = 1;
			n->a.flat[0] = 1;
		}
		break;
	case IMC_OP_RESIZE:
		if (im->opset < 11) {
			n->a.coord[0] = ASYMMETRIC;
			n->a.nearest[0] = ROUND_FLOOR;
		}
		break;
	}
}

/* Sets input k, making room for it. */
static void set_in(struct imc_onnx_import *im, imc_node_id id, int k, imc_val v)
{
	if (imc_node_at(im->g, id)->n_in <= k)
		imc_node_resize_in(im->g, id, k + 1);
	imc_node_at(im->g, id)->in[k] = v;
}

/* An absent roi or scales may be written as a constant of no elements. */
static void drop_empty(const struct imc_onnx_import *im, struct imc_node *n)
{
	for (int k = 1; k < n->n_in; k++) {
		const struct imc_value *v = imc_node_in(im->g, n, k);

		if (v && v->t.data && imc_tensor_count(&v->t) == 0)
			n->in[k] = IMC_NO_VAL;
	}
}

/* Upsample and Resize 10: the scales are input 1 or an attribute. */
static bool adapt_resize(struct imc_onnx_import *im,
			 const struct imc_onnx_node *p, imc_node_id id)
{
	const struct imc_onnx_attr *scales = imc_onnx_attr(p, "scales");
	struct imc_node *n = imc_node_at(im->g, id);
	struct imc_tensor t;

	if (im->opset >= 11) {
		drop_empty(im, n);
		return true;
	}
	if (!scales) {
		if (n->n_in != 2)
			return imc_diag(im->d, n->loc, IMC_D_ONNX_ARITY,
					"it needs a tensor and its scales");
		set_in(im, id, 2, n->in[1]);
		imc_node_at(im->g, id)->in[1] = IMC_NO_VAL;
		return true;
	}
	if (scales->type != IMC_ONNX_FLOATS || scales->n_float == 0 ||
	    scales->n_float > IMC_MAX_RANK || n->n_in != 1)
		return bad_attr(im, n->loc, "scales",
				"it must be a float for each axis");
	t = vector(IMC_F32, scales->floats, (int64_t)scales->n_float);
	set_in(im, id, 2, imc_onnx_add_const(im, id, "scales", &t));
	return true;
}

/* Sizes of parts: an attribute up to 12; more than fit a field: input 1. */
static bool adapt_split(struct imc_onnx_import *im,
			const struct imc_onnx_node *p, imc_node_id id)
{
	const struct imc_onnx_attr *split = imc_onnx_attr(p, "split");
	const struct imc_onnx_attr *parts = imc_onnx_attr(p, "num_outputs");
	struct imc_node *n = imc_node_at(im->g, id);
	struct imc_tensor t;

	if (parts && (uint64_t)parts->i != p->n_out)
		return bad_attr(im, n->loc, "num_outputs",
				"it must be the number of outputs");
	if (!split)
		return true;
	if (n->n_in != 1 || split->n_int != p->n_out)
		return bad_attr(im, n->loc, "split",
				"it must be one size for each output");
	if (split->n_int <= IMC_MAX_RANK) {
		n->a.split.n = (int)split->n_int;
		memcpy(n->a.split.v, split->ints,
		       split->n_int * sizeof *split->ints);
		return true;
	}
	t = vector(IMC_I64, split->ints, (int64_t)split->n_int);
	set_in(im, id, 1, imc_onnx_add_const(im, id, "split", &t));
	return true;
}

static bool adapt_constant_of_shape(struct imc_onnx_import *im,
				    const struct imc_onnx_node *p,
				    imc_node_id id)
{
	const struct imc_onnx_attr *value = imc_onnx_attr(p, "value");
	struct imc_loc loc = imc_node_at(im->g, id)->loc;
	struct imc_tensor t;

	if (!value)
		return true;
	if (!value->t)
		return bad_attr(im, loc, "value", "it must be a tensor");
	if (!imc_onnx_make_tensor(value->t, loc, im->scratch, im->d, &t))
		return false;
	if (imc_tensor_count(&t) != 1)
		return bad_attr(im, loc, "value", "it must be one number");
	set_in(im, id, 1, imc_onnx_add_const(im, id, "value", &t));
	return true;
}

/* output_dtype without a zero point: one of that type, in the shape of the
 * scales, says the same. */
static bool adapt_quantize(struct imc_onnx_import *im,
			   const struct imc_onnx_node *p, imc_node_id id)
{
	const struct imc_onnx_attr *to = imc_onnx_attr(p, "output_dtype");
	struct imc_node *n = imc_node_at(im->g, id);
	const struct imc_value *scale = imc_node_in(im->g, n, 1);
	struct imc_tensor t;

	if (!to || to->i == 0 || imc_node_in(im->g, n, 2) || !scale)
		return true;
	if (to->i < 0 || to->i > INT32_MAX || !scale->shaped ||
	    !imc_dtype_of_onnx((int)to->i, &t.dtype))
		return bad_attr(im, n->loc, "output_dtype",
				"only integers of 8, 16 or 32 bits with a "
				"constant scale are supported");
	t = (struct imc_tensor){.dtype = t.dtype, .rank = scale->t.rank};
	memcpy(t.dim, scale->t.dim, sizeof t.dim);
	t.data = imc_arena_alloc(im->scratch, imc_tensor_bytes(&t));
	set_in(im, id, 2, imc_onnx_add_const(im, id, "zero_point", &t));
	return true;
}

static bool adapt_dropout(struct imc_onnx_import *im, imc_node_id id)
{
	struct imc_node *n = imc_node_at(im->g, id);
	const struct imc_value *training = imc_node_in(im->g, n, 2);
	const unsigned char *on = training ? training->t.data : NULL;

	if (training && (!on || training->t.dtype != IMC_BOOL ||
			 imc_tensor_count(&training->t) != 1 || *on))
		return imc_diag(im->d, n->loc, IMC_D_ONNX_UNSUPPORTED_OP,
				"it may drop values at random (training_mode)",
				"export the network for inference");
	return true;
}

/* The rank of input k as far as the file says; -1: unknown. */
static int rank_of(const struct imc_onnx_import *im,
		   const struct imc_onnx_node *p, imc_node_id id, int k)
{
	const struct imc_value *v =
		imc_node_in(im->g, imc_node_at(im->g, id), k);

	if (v && v->shaped)
		return v->t.rank;
	for (size_t i = 0; i < im->m->n_info; i++)
		if (!strcmp(im->m->info[i].name, p->in[k]) &&
		    im->m->info[i].has_shape)
			return (int)im->m->info[i].n_dim;
	return -1;
}

/* Up to operator set 6 the second operand could be laid over the first from
 * `axis` on: it gets axes of size 1 behind it. */
static bool adapt_axis(struct imc_onnx_import *im,
		       const struct imc_onnx_node *p, imc_node_id id,
		       int64_t axis)
{
	struct imc_node *n = imc_node_at(im->g, id);
	int a = n->n_in == 2 ? rank_of(im, p, id, 0) : -1;
	int b = n->n_in == 2 ? rank_of(im, p, id, 1) : -1;
	imc_node_id wide;
	struct imc_node *w;

	if (a < 0 || b < 0 || a > IMC_MAX_RANK)
		return bad_attr(im, n->loc, "axis",
				"the rank of an operand is not known; convert "
				"the model to operator set 7 or later");
	axis += axis < 0 ? a : 0;
	if (axis < 0 || axis + b > a)
		return bad_attr(im, n->loc, "axis",
				"the second operand does not fit there");
	if (axis + b == a)
		return true;
	wide = imc_graph_add_node(im->g, IMC_OP_UNSQUEEZE, 1, 1,
				  imc_node_at(im->g, id));
	w = imc_node_at(im->g, wide);
	w->in[0] = imc_node_at(im->g, id)->in[1];
	for (int64_t k = b; k < a - axis; k++)
		w->a.axes.v[w->a.axes.n++] = k;
	imc_node_set_out(
		im->g, wide, 0,
		imc_graph_add_value(
			im->g, imc_arena_printf(im->a, "%s_wide", w->name)));
	imc_node_at(im->g, id)->in[1] = imc_node_at(im->g, wide)->out[0];
	return true;
}

/* PRelu 6: a vector of slopes is one a channel. */
static bool adapt_prelu(struct imc_onnx_import *im,
			const struct imc_onnx_node *p, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(im->g, id);
	const struct imc_value *slope = imc_node_in(im->g, n, 1);

	if (im->opset >= 7 || !slope)
		return true;
	if (slope->shaped && imc_tensor_count(&slope->t) == 1)
		return true;
	return adapt_axis(im, p, id, 1);
}

static bool adapt_broadcast(struct imc_onnx_import *im,
			    const struct imc_onnx_node *p, imc_node_id id)
{
	const struct imc_onnx_attr *axis = imc_onnx_attr(p, "axis");
	const struct imc_onnx_attr *broadcast = imc_onnx_attr(p, "broadcast");

	if (im->opset >= 7 || !axis || !broadcast || broadcast->i == 0)
		return true;
	return adapt_axis(im, p, id, axis->i);
}

bool imc_onnx_adapt(struct imc_onnx_import *im, const struct imc_onnx_node *p,
		    imc_node_id id)
{
	switch ((int)imc_node_at(im->g, id)->op) {
	case IMC_OP_RESIZE:
		return adapt_resize(im, p, id);
	case IMC_OP_SPLIT:
		return adapt_split(im, p, id);
	case IMC_OP_CONSTANT_OF_SHAPE:
		return adapt_constant_of_shape(im, p, id);
	case IMC_OP_QUANTIZE_LINEAR:
		return adapt_quantize(im, p, id);
	case IMC_OP_DROPOUT:
		return adapt_dropout(im, id);
	case IMC_OP_PRELU:
		return adapt_prelu(im, p, id);
	case IMC_OP_ADD:
	case IMC_OP_SUB:
	case IMC_OP_MUL:
	case IMC_OP_DIV:
	case IMC_OP_POW:
	case IMC_OP_AND:
	case IMC_OP_OR:
	case IMC_OP_XOR:
	case IMC_OP_EQUAL:
	case IMC_OP_LESS:
	case IMC_OP_GREATER:
		return adapt_broadcast(im, p, id);
	}
	return true;
}
