/* The operators of domain com.microsoft on codes: each becomes the standard
 * operator that it is named after, between dequantise and quantise. */
#include <string.h>

#include "frontend/onnx/onnx_import.h"

enum form {
	ONE, /* x, sx, zx, sy, zy */
	TWO, /* a, sa, za, b, sb, zb, sy, zy */
	PRODUCT /* a, sa, za, b, sb, zb, c, sy, zy */,
	MANY /* sy, zy, then x, sx, zx for each */
};

static const struct kind {
	const char *onnx;
	enum imc_op op;
	enum form form;
	int least, most; /* inputs */
} kinds[] = {
	{"QLinearAdd", IMC_OP_ADD, TWO, 7, 8},
	{"QLinearMul", IMC_OP_MUL, TWO, 7, 8},
	{"QGemm", IMC_OP_GEMM, PRODUCT, 6, 9},
	{"QLinearConcat", IMC_OP_CONCAT, MANY, 5, 770},
	{"QLinearAveragePool", IMC_OP_AVERAGE_POOL, ONE, 4, 5},
	{"QLinearGlobalAveragePool", IMC_OP_GLOBAL_AVERAGE_POOL, ONE, 4, 5},
	{"QLinearSigmoid", IMC_OP_SIGMOID, ONE, 4, 5},
	{"QLinearLeakyRelu", IMC_OP_LEAKY_RELU, ONE, 4, 5},
	{"QLinearSoftmax", IMC_OP_SOFTMAX, ONE, 4, 5},
};

static const struct kind *kind_of(const struct imc_onnx_node *p)
{
	if (strcmp(p->domain, "com.microsoft") != 0)
		return NULL;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(kinds[i].onnx, p->op))
			return &kinds[i];
	return NULL;
}

enum imc_op imc_onnx_qlinear_op(const struct imc_onnx_node *p)
{
	const struct kind *k = kind_of(p);

	return k ? k->op : IMC_N_OP;
}

/* Only channel-first, and softmax over the axis that it names. */
bool imc_onnx_qlinear_attr(const struct imc_onnx_node *p,
			   const struct imc_onnx_attr *a)
{
	return kind_of(p) &&
	       ((!strcmp(a->name, "channels_last") && a->i == 0) ||
		(!strcmp(a->name, "opset") && a->i >= 13));
}

/* One node on its way: `in` are the inputs it was written with. */
struct one {
	struct imc_onnx_import *im;
	imc_node_id id;
	const imc_val *in;
	int n_in;
};

static imc_val input(const struct one *o, int k)
{
	return k < o->n_in ? o->in[k] : IMC_NO_VAL;
}

static imc_val add_step(const struct one *o, enum imc_op op, const imc_val v[3],
			const char *what)
{
	struct imc_graph *g = o->im->g;
	int n = imc_val_ok(v[2]) ? 3 : 2;
	imc_node_id id = imc_graph_add_node(g, op, n, 1, imc_node_at(g, o->id));
	struct imc_node *step = imc_node_at(g, id);
	const char *name =
		imc_arena_printf(o->im->a, "%s_%s", step->name, what);

	memcpy(step->in, v, (size_t)n * sizeof *v);
	imc_node_set_out(g, id, 0, imc_graph_add_value(g, name));
	return imc_node_at(g, id)->out[0];
}

/* The real numbers of inputs k, k + 1, k + 2: codes, scale, zero. */
static imc_val real_of(const struct one *o, int k)
{
	const imc_val v[3] = {input(o, k), input(o, k + 1), input(o, k + 2)};

	return add_step(o, IMC_OP_DEQUANTIZE_LINEAR, v, "real");
}

/* What reads the output of the node gets its codes with scale and zero of
 * inputs k and k + 1. */
static void give_codes(const struct one *o, int k)
{
	struct imc_graph *g = o->im->g;
	imc_val out = imc_node_at(g, o->id)->out[0], real, codes;
	imc_node_id q;

	real = imc_graph_add_value(
		g, imc_arena_printf(o->im->a, "%s_result",
				    imc_node_at(g, o->id)->name));
	imc_node_set_out(g, o->id, 0, real);
	{
		const imc_val v[3] = {real, input(o, k), input(o, k + 1)};

		codes = add_step(o, IMC_OP_QUANTIZE_LINEAR, v, "codes");
	}
	q = imc_value_at(g, codes)->def;
	imc_node_set_out(g, q, 0, out);
}

static void set_inputs(const struct one *o, int n, const imc_val *v)
{
	struct imc_node *node = imc_node_at(o->im->g, o->id);

	node->n_in = n; /* fewer than there were */
	memcpy(node->in, v, (size_t)n * sizeof *v);
}

static bool faulty(const struct one *o, const char *why)
{
	return imc_diag(o->im->d, imc_node_at(o->im->g, o->id)->loc,
			IMC_D_ONNX_ARITY, why);
}

static const struct imc_tensor *floats(const struct one *o, int k)
{
	const struct imc_value *v =
		imc_val_ok(input(o, k)) ? imc_value_at(o->im->g, input(o, k))
					: NULL;

	return v && v->t.data && v->t.dtype == IMC_F32 ? &v->t : NULL;
}

/* The bias of a QGemm has scale alpha * sa * sb and zero 0. */
static bool real_bias(const struct one *o, imc_val *bias)
{
	struct imc_graph *g = o->im->g;
	const struct imc_tensor *sa = floats(o, 1), *sb = floats(o, 4);
	double alpha = (double)imc_node_at(g, o->id)->a.alpha[0];
	imc_val v[3] = {input(o, 6), IMC_NO_VAL, IMC_NO_VAL};
	struct imc_tensor t;
	float *x;

	*bias = IMC_NO_VAL;
	if (!imc_val_ok(v[0]))
		return true;
	if (!sa || !sb || imc_tensor_count(sa) != 1 || sb->rank > 1)
		return faulty(o, "the scales of a QGemm with a bias must be "
				 "constants");
	t = *sb;
	t.data = x = imc_arena_array(o->im->scratch,
				     (size_t)imc_tensor_count(sb), sizeof *x);
	for (int64_t i = 0; i < imc_tensor_count(sb); i++)
		x[i] = (float)(alpha * *(const float *)sa->data *
			       ((const float *)sb->data)[i]);
	v[1] = imc_onnx_add_const(o->im, o->id, "bias_scale", &t);
	*bias = add_step(o, IMC_OP_DEQUANTIZE_LINEAR, v, "bias");
	if (imc_value_at(g, v[0])->shaped)
		imc_node_at(g, imc_value_at(g, *bias)->def)->a.axis[0] =
			imc_value_at(g, v[0])->t.rank - 1;
	return true;
}

static bool expand_product(const struct one *o)
{
	struct imc_graph *g = o->im->g;
	imc_val v[3] = {real_of(o, 0), real_of(o, 3), IMC_NO_VAL};
	bool trans = imc_node_at(g, o->id)->a.trans_b[0];

	imc_node_at(g, imc_value_at(g, v[1])->def)->a.axis[0] = trans ? 0 : 1;
	if (!real_bias(o, &v[2]))
		return false;
	set_inputs(o, imc_val_ok(v[2]) ? 3 : 2, v);
	if (imc_val_ok(input(o, 7)))
		give_codes(o, 7);
	return true;
}

static bool expand_many(const struct one *o)
{
	int n = (o->n_in - 2) / 3;
	imc_val *v;

	if (o->n_in != 2 + 3 * n)
		return faulty(o, "each input has codes, a scale and a zero");
	v = imc_arena_array(o->im->scratch, (size_t)n, sizeof *v);
	for (int k = 0; k < n; k++)
		v[k] = real_of(o, 2 + 3 * k);
	set_inputs(o, n, v);
	give_codes(o, 0);
	return true;
}

static bool expand(const struct one *o, enum form form)
{
	imc_val v[2];

	switch (form) {
	case ONE:
		v[0] = real_of(o, 0);
		set_inputs(o, 1, v);
		give_codes(o, 3);
		return true;
	case TWO:
		v[0] = real_of(o, 0);
		v[1] = real_of(o, 3);
		set_inputs(o, 2, v);
		give_codes(o, 6);
		return true;
	case PRODUCT:
		return expand_product(o);
	case MANY:
		return expand_many(o);
	}
	return false;
}

/* Inputs that may be absent are zeros, and of a product the bias and the
 * scale of the result. */
static bool may_lack(enum form form, int k)
{
	switch (form) {
	case ONE:
		return k == 2 || k == 4;
	case TWO:
		return k == 2 || k == 5 || k == 7;
	case PRODUCT:
		return k == 2 || k == 5 || k >= 6;
	case MANY:
		return k == 1 || k % 3 == 1;
	}
	return false;
}

bool imc_onnx_expand_qlinear(struct imc_onnx_import *im,
			     const struct imc_onnx_node *p, imc_node_id id)
{
	const struct kind *k = kind_of(p);
	const struct imc_node *n = imc_node_at(im->g, id);
	struct one o = {im, id, NULL, n->n_in};

	if (!k)
		return true;
	if (n->n_in < k->least || n->n_in > k->most)
		return faulty(&o, imc_arena_printf(im->d->arena,
						   "it has %d inputs, %d to %d "
						   "would do",
						   n->n_in, k->least, k->most));
	for (int i = 0; i < n->n_in; i++)
		if (!imc_val_ok(n->in[i]) && !may_lack(k->form, i))
			return faulty(
				&o,
				imc_arena_printf(im->d->arena,
						 "its input %d is missing", i));
	o.in = imc_arena_memdup(im->scratch, n->in,
				(size_t)n->n_in * sizeof *n->in);
	return expand(&o, k->form);
}
