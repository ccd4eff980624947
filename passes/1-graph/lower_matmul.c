/* lower_matmul: all that multiplies by constant weights becomes conv2d.
 *
 * Rows of a matrix are pictures of one pixel, [n, f] = [n, f, 1, 1], when
 * there are as many as pictures; else, and for every other left side, they
 * are the pixels of a picture: [b, s, f] is the channel-last picture
 * [b, 1, s, f]. Transposes say so here and cancel in to_nhwc. 1-D
 * convolutions and pools become 2-D ones of height 1. */
#include <string.h>

#include "passes/1-graph/given.h"
#include "passes/1-graph/rewrite.h"

/* y = x * w + b: w is [n_out, n_in], row-major. */
struct product {
	int64_t n_in, n_out;
	float *w;
	const float *b; /* NULL: none */
	/* Of the constant that w is made from: the axis of its outputs, and
	 * alpha for each of them (NULL: 1). */
	int axis;
	const double *mul;
};

static const double *repeated(struct imc_rw *rw, double x, int64_t n)
{
	double *v = imc_arena_array(rw->scratch, (size_t)n, sizeof *v);

	for (int64_t i = 0; i < n; i++)
		v[i] = x;
	return v;
}

/* w of node n with alpha and the transposition applied. */
static void weights_of(struct imc_rw *rw, const struct imc_node *n,
		       struct product *p)
{
	const struct imc_tensor *t = imc_rw_f32_in(rw->g, n, 1);
	bool gemm = n->op == IMC_OP_GEMM, trans = gemm && n->a.trans_b[0];
	double alpha = gemm ? (double)n->a.alpha[0] : 1;
	const float *v = t->data;
	int64_t rows = t->dim[0], cols = t->dim[1];

	p->n_in = trans ? cols : rows;
	p->n_out = trans ? rows : cols;
	p->axis = trans ? 0 : 1;
	p->mul = alpha < 1 || alpha > 1 ? repeated(rw, alpha, p->n_out) : NULL;
	p->w = imc_arena_array(rw->scratch, (size_t)(rows * cols),
			       sizeof *p->w);
	for (int64_t i = 0; i < rows; i++)
		for (int64_t j = 0; j < cols; j++)
			p->w[trans ? i * cols + j : j * rows + i] =
				(float)(alpha * (double)v[i * cols + j]);
}

static const float *to_float(struct imc_rw *rw, const double *v, int64_t n,
			     double by)
{
	float *x = imc_arena_array(rw->scratch, (size_t)n, sizeof *x);

	for (int64_t i = 0; i < n; i++)
		x[i] = (float)(v[i] * by);
	return x;
}

static bool bias_of_gemm(struct imc_rw *rw, const struct imc_node *n,
			 struct product *p)
{
	const struct imc_tensor *c = imc_rw_f32_in(rw->g, n, 2);
	double *v;

	if (n->op != IMC_OP_GEMM || !imc_node_in(rw->g, n, 2))
		return true;
	v = c ? imc_rw_channels(rw, c, imc_rw_type_out(rw->g, n, 0), 1) : NULL;
	if (!v)
		return false;
	p->b = to_float(rw, v, p->n_out, (double)n->a.beta[0]);
	return true;
}

/* A matmul whose sum with a constant is not a gemm, since it has more than
 * two axes: takes the add, which is returned, as its bias. */
static imc_node_id bias_of_add(struct imc_rw *rw, const struct imc_node *n,
			       struct product *p)
{
	imc_node_id add = imc_rw_sole_reader(rw->g, n);
	const struct imc_tensor *c, *y = imc_rw_type_out(rw->g, n, 0);
	double *v;
	int k;

	if (n->op != IMC_OP_MATMUL || !imc_rw_is(rw->g, add, IMC_OP_ADD) ||
	    imc_node_at(rw->g, add)->a.act[0])
		return IMC_NO_NODE;
	c = imc_rw_operand(rw->g, imc_node_at(rw->g, add), &k);
	v = c && y->rank ? imc_rw_channels(rw, c, y, y->rank - 1) : NULL;
	if (!v || y->dim[y->rank - 1] != p->n_out)
		return IMC_NO_NODE;
	p->b = to_float(rw, v, p->n_out, 1);
	return add;
}

/* The convolution of x, a picture with n_in channels, by p. */
static imc_val add_conv(struct imc_rw *rw, imc_node_id like, imc_val x,
			const struct product *p)
{
	int64_t dim[] = {p->n_out, p->n_in, 1, 1};
	const struct imc_node *n = imc_node_at(rw->g, like);
	const char *name = imc_value_at(rw->g, n->in[1])->name;
	const char *y = imc_value_at(rw->g, n->out[0])->name;
	imc_val w = imc_rw_const(rw, name, 4, dim, p->w);
	imc_node_id id = imc_rw_add(rw, IMC_OP_CONV2D, like, x, w);

	n = imc_node_at(rw->g, like);
	imc_given_follow(rw, w, 0, n->in[1], p->axis, p->mul);
	if (p->b) {
		imc_val b = imc_rw_const(
			rw, imc_arena_printf(rw->g->arena, "%s.bias", y), 1,
			&p->n_out, p->b);

		imc_node_resize_in(rw->g, id, 3);
		imc_node_at(rw->g, id)->in[2] = b;
	}
	imc_node_at(rw->g, id)->a.kernel[0] = 1;
	imc_node_at(rw->g, id)->a.kernel[1] = 1;
	imc_rw_infer(rw, id);
	return imc_node_at(rw->g, id)->out[0];
}

/* The batch of the network: of its first input. */
static int64_t batch(const struct imc_graph *g)
{
	const struct imc_tensor *t;

	if (!g->n_input)
		return 1;
	t = &imc_value_at(g, g->input[0])->t;
	return t->rank ? t->dim[0] : 1;
}

/* Rows x of n_in elements as a picture, through the convolution, and out
 * again as a channel-last picture or [n, n_out, 1, 1]: the same elements. */
static imc_val convolve(struct imc_rw *rw, imc_node_id like, imc_val x,
			const struct product *p)
{
	static const int64_t to_nchw[] = {0, 3, 1, 2};
	static const int64_t to_nhwc[] = {0, 2, 3, 1};
	struct imc_tensor t = imc_value_at(rw->g, x)->t;
	int64_t n_row = imc_tensor_count(&t) / p->n_in;
	int64_t pixel[] = {n_row, p->n_in, 1, 1};
	int64_t rows[] = {1, 1, n_row, p->n_in};

	if (t.rank <= 2 && n_row == batch(rw->g)) {
		x = imc_rw_reshape(rw, like, x, 4, pixel);
		return add_conv(rw, like, x, p);
	}
	if (t.rank >= 3) {
		rows[0] = t.dim[0];
		rows[2] = t.dim[t.rank - 2];
		rows[1] = rows[0] && rows[2] ? n_row / rows[0] / rows[2] : 0;
	}
	x = imc_rw_reshape(rw, like, x, 4, rows);
	x = imc_rw_transpose(rw, like, x, 4, to_nchw);
	x = add_conv(rw, like, x, p);
	return imc_rw_transpose(rw, like, x, 4, to_nhwc);
}

static bool is_product(const struct imc_graph *g, const struct imc_node *n)
{
	const struct imc_tensor *x, *w;

	if (n->op != IMC_OP_GEMM && n->op != IMC_OP_MATMUL)
		return false;
	w = imc_rw_f32_in(g, n, 1);
	if (!w || w->rank != 2 || !imc_tensor_count(w) ||
	    imc_rw_const_in(g, n, 0))
		return false;
	x = imc_rw_type_in(g, n, 0);
	if (x->dtype != IMC_F32 || x->rank < 1 || !imc_tensor_count(x))
		return false;
	return n->op == IMC_OP_MATMUL || !n->a.trans_a[0] || x->dim[1] == 1;
}

/* Node id becomes the reshape of v to what it computed. */
static void end_with_reshape(struct imc_rw *rw, imc_node_id id, imc_val v)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	const struct imc_tensor *y = imc_rw_type_out(rw->g, n, 0);

	imc_rw_become(rw, id, IMC_OP_RESHAPE, 1);
	n->in[0] = v;
	n->a.dims.n = y->rank;
	n->a.allowzero[0] = 1;
	memcpy(n->a.dims.v, y->dim, (size_t)y->rank * sizeof *y->dim);
}

static bool lower_product(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	struct product p = {.b = NULL};
	imc_node_id add;
	imc_val y;

	if (!is_product(rw->g, n))
		return false;
	weights_of(rw, n, &p);
	if (!bias_of_gemm(rw, n, &p))
		return false;
	add = bias_of_add(rw, n, &p);
	if (imc_rw_found(add))
		imc_node_add_origin(rw->g, id, imc_node_at(rw->g, add));
	y = convolve(rw, id, imc_node_at(rw->g, id)->in[0], &p);
	end_with_reshape(rw, id, y);
	if (imc_rw_found(add))
		imc_rw_take_over(rw, id, add);
	return true;
}

/* Operators whose channels the layout places, at three axes as at four. */
static bool has_channels(const struct imc_graph *g, const struct imc_node *n)
{
	imc_evaluator *family = imc_op_info(n->op)->eval;

	return (n->op == IMC_OP_CONV2D && imc_rw_f32_in(g, n, 1)) ||
	       family == imc_eval_pool || n->op == IMC_OP_BATCH_NORM ||
	       n->op == IMC_OP_INSTANCE_NORM || n->op == IMC_OP_LRN;
}

/* Makes node `two` read what id does, with x for its picture and weights of
 * four axes. */
static void copy_inputs(struct imc_rw *rw, imc_node_id two, imc_node_id id,
			imc_val x)
{
	const struct imc_node *n = imc_node_at(rw->g, id);
	struct imc_tensor w;
	imc_val v;

	imc_node_resize_in(rw->g, two, n->n_in);
	imc_node_at(rw->g, two)->in[0] = x;
	for (int k = 1; k < n->n_in; k++)
		imc_node_at(rw->g, two)->in[k] = n->in[k];
	if (n->op != IMC_OP_CONV2D)
		return;
	w = *imc_rw_type_in(rw->g, n, 1);
	v = imc_rw_const_as(rw, n->in[1], 4,
			    (int64_t[]){w.dim[0], w.dim[1], 1, w.dim[2]});
	imc_node_at(rw->g, two)->in[1] = v;
}

static bool lower_1d(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	struct imc_tensor x;
	imc_node_id two;
	imc_val in;

	if (!has_channels(rw->g, n) || n->n_out != 1 ||
	    imc_rw_type_in(rw->g, n, 0)->rank != 3)
		return false;
	x = *imc_rw_type_in(rw->g, n, 0);
	in = imc_rw_reshape(rw, id, n->in[0], 4,
			    (int64_t[]){x.dim[0], x.dim[1], 1, x.dim[2]});
	two = imc_rw_add(rw, imc_node_at(rw->g, id)->op, id, in, IMC_NO_VAL);
	imc_node_at(rw->g, two)->a = imc_node_at(rw->g, id)->a;
	copy_inputs(rw, two, id, in);
	imc_rw_infer(rw, two);
	end_with_reshape(rw, id, imc_node_at(rw->g, two)->out[0]);
	return true;
}

bool imc_pass_lower_matmul(struct imc_module *m, struct imc_pass_cx *cx)
{
	static imc_rw_rule *const rules[] = {lower_product, lower_1d};

	return imc_rw_run(m, cx, rules, 2);
}
