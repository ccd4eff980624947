/* fold_scale: multiplies and adds by a number a channel go into the matrix
 * node before them, or else into the convolution behind them. Those between
 * two nodes that cannot take them (a batch norm before an activation) become
 * a depth-wise 1x1 convolution, which stage 2 knows. */
#include "passes/1-graph/rewrite.h"

/* x * c or x + c with c constant and without a clip: x is input `at`. */
struct scale {
	const struct imc_tensor *c;
	int at;
	bool mul;
};

static bool scale_of(const struct imc_graph *g, imc_node_id id, struct scale *s)
{
	const struct imc_node *n;
	int k;

	if (!imc_rw_is(g, id, IMC_OP_MUL) && !imc_rw_is(g, id, IMC_OP_ADD))
		return false;
	n = imc_node_at(g, id);
	s->c = imc_rw_operand(g, n, &k);
	s->at = 1 - k;
	s->mul = n->op == IMC_OP_MUL;
	return s->c && !n->a.act[0];
}

/* The numbers of s along `axis` of its x; NULL: it varies otherwise. */
static double *numbers(struct imc_rw *rw, imc_node_id id, const struct scale *s,
		       int axis)
{
	const struct imc_node *n = imc_node_at(rw->g, id);

	return imc_rw_channels(rw, s->c, imc_rw_type_in(rw->g, n, s->at), axis);
}

/* Into the matrix node that computes x. */
static bool fold_back(struct imc_rw *rw, imc_node_id id)
{
	struct scale s;
	imc_node_id def;
	double *v;
	int axis;

	if (!scale_of(rw->g, id, &s))
		return false;
	def = imc_rw_sole_def(rw->g, imc_node_at(rw->g, id), s.at);
	axis = imc_rw_matrix_axis(rw->g, def);
	if (axis < 0)
		return false;
	v = numbers(rw, id, &s, axis);
	if (!v ||
	    !imc_rw_scale_matrix(rw, def, s.mul ? v : NULL, s.mul ? NULL : v))
		return false;
	imc_rw_take_over(rw, def, id);
	return true;
}

/* The input channel of element i of the weights w of a convolution. */
static int64_t channel_of(const struct imc_node *conv,
			  const struct imc_tensor *w, int64_t i)
{
	int64_t per_channel = 1, k, per_group = w->dim[0] / conv->a.group[0];

	for (int d = 2; d < w->rank; d++)
		per_channel *= w->dim[d];
	k = i / (per_channel * w->dim[1]);
	return k / per_group * w->dim[1] + i / per_channel % w->dim[1];
}

/* conv(x * v): v into the weights. */
static void mul_into(struct imc_rw *rw, imc_node_id id, const double *v)
{
	const struct imc_node *n = imc_node_at(rw->g, id);
	const struct imc_tensor *w = imc_rw_f32_in(rw->g, n, 1);
	const float *old = w->data;
	int64_t count = imc_tensor_count(w);
	float *x = imc_arena_array(rw->scratch, (size_t)count, sizeof *x);
	imc_val c;

	for (int64_t i = 0; i < count; i++)
		x[i] = (float)((double)old[i] * v[channel_of(n, w, i)]);
	c = imc_rw_const(rw, imc_value_at(rw->g, n->in[1])->name, w->rank,
			 w->dim, x);
	n = imc_node_at(rw->g, id);
	if (imc_value_given(imc_value_at(rw->g, n->in[1])))
		imc_value_at(rw->g, c)->given = IMC_GIVEN_AXIS;
	imc_node_at(rw->g, id)->in[1] = c;
}

/* conv(x + v): every window sees v whole, so it only moves the bias. */
static bool add_into(struct imc_rw *rw, imc_node_id id, const double *v)
{
	const struct imc_node *n = imc_node_at(rw->g, id);
	const struct imc_tensor *w = imc_rw_f32_in(rw->g, n, 1);
	const float *f = w->data;
	int64_t count = imc_tensor_count(w);
	double *add =
		imc_arena_array(rw->scratch, (size_t)w->dim[0], sizeof *add);

	for (int k = 0; k < 4; k++)
		if (n->a.pads[k] > 0)
			return false;
	if (n->a.auto_pad[0])
		return false;
	for (int64_t i = 0; i < count; i++)
		add[i / (count / w->dim[0])] +=
			(double)f[i] * v[channel_of(n, w, i)];
	return imc_rw_scale_matrix(rw, id, NULL, add);
}

/* Into the convolution that reads x * v or x + v. */
static bool fold_on(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	imc_node_id def = imc_rw_sole_def(rw->g, n, 0);
	struct scale s;
	double *v;

	if (n->op != IMC_OP_CONV2D || imc_rw_matrix_axis(rw->g, id) != 1 ||
	    !scale_of(rw->g, def, &s))
		return false;
	v = numbers(rw, def, &s, 1);
	if (!v)
		return false;
	if (s.mul)
		mul_into(rw, id, v);
	else if (!add_into(rw, id, v))
		return false;
	n = imc_node_at(rw->g, id);
	imc_node_add_origin(rw->g, id, imc_node_at(rw->g, def));
	n->in[0] = imc_node_at(rw->g, def)->in[s.at];
	return true;
}

static imc_val float_const(struct imc_rw *rw, imc_node_id id, const char *what,
			   int rank, const double *v, int64_t n)
{
	const struct imc_node *node = imc_node_at(rw->g, id);
	const char *name =
		imc_arena_printf(rw->g->arena, "%s.%s",
				 imc_value_at(rw->g, node->out[0])->name, what);
	float *x = imc_arena_array(rw->scratch, (size_t)n, sizeof *x);
	int64_t dim[] = {n, 1, 1, 1};

	for (int64_t i = 0; i < n; i++)
		x[i] = v ? (float)v[i] : 1;
	return imc_rw_const(rw, name, rank, dim, x);
}

/* What is left: a convolution of one weight a channel. */
static bool to_depthwise(struct imc_rw *rw, imc_node_id id)
{
	struct scale s;
	const struct imc_tensor *x;
	int64_t n_channel;
	imc_val in, w, b = IMC_NO_VAL;
	struct imc_node *n;
	double *v;

	if (!scale_of(rw->g, id, &s))
		return false;
	x = imc_rw_type_in(rw->g, imc_node_at(rw->g, id), s.at);
	if (x->rank != 4)
		return false;
	v = numbers(rw, id, &s, 1);
	if (!v)
		return false;
	n_channel = x->dim[1];
	in = imc_node_at(rw->g, id)->in[s.at];
	w = float_const(rw, id, "weight", 4, s.mul ? v : NULL, n_channel);
	if (!s.mul)
		b = float_const(rw, id, "bias", 1, v, n_channel);
	imc_rw_become(rw, id, IMC_OP_CONV2D, 2);
	imc_node_resize_in(rw->g, id, s.mul ? 2 : 3);
	n = imc_node_at(rw->g, id);
	n->in[0] = in;
	n->in[1] = w;
	if (!s.mul)
		n->in[2] = b;
	n->a.kernel[0] = n->a.kernel[1] = 1;
	n->a.group[0] = n_channel;
	return true;
}

bool imc_pass_fold_scale(struct imc_module *m, struct imc_pass_cx *cx)
{
	static imc_rw_rule *const fold[] = {fold_back, fold_on};
	static imc_rw_rule *const rest[] = {fold_back, to_depthwise};

	return imc_rw_run(m, cx, fold, 2) && imc_rw_run(m, cx, rest, 2);
}
