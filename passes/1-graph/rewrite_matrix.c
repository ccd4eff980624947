#include <string.h>

#include "passes/1-graph/given.h"
#include "passes/1-graph/rewrite.h"

static bool fits(const struct imc_tensor *c, const struct imc_tensor *x)
{
	int off = x->rank - c->rank;

	for (int i = 0; i < c->rank && off >= 0; i++)
		if (c->dim[i] != 1 && c->dim[i] != x->dim[i + off])
			return false;
	return off >= 0;
}

double *imc_rw_channels(struct imc_rw *rw, const struct imc_tensor *c,
			const struct imc_tensor *x, int axis)
{
	int at = axis - (x->rank - c->rank); /* the same axis of c */
	const float *v = c->data;
	int64_t n = imc_tensor_count(c), n_channel = 1, inner = 1;
	double *out;

	if (c->dtype != IMC_F32 || axis < 0 || axis >= x->rank || !n ||
	    !fits(c, x))
		return NULL;
	if (at >= 0)
		n_channel = c->dim[at];
	for (int i = at < 0 ? c->rank : at + 1; i < c->rank; i++)
		inner *= c->dim[i];
	out = imc_arena_array(rw->scratch, (size_t)x->dim[axis], sizeof *out);
	for (int64_t i = n - 1; i >= 0; i--)
		out[i / inner % n_channel] = (double)v[i];
	for (int64_t i = 0; i < n; i++)
		if ((double)v[i] != out[i / inner % n_channel])
			return NULL;
	for (int64_t k = n_channel; k < x->dim[axis]; k++)
		out[k] = out[0];
	return out;
}

int imc_rw_matrix_axis(const struct imc_graph *g, imc_node_id id)
{
	const struct imc_node *n;
	bool is_conv, is_gemm, is_matmul;

	if (!imc_rw_found(id))
		return -1;
	n = imc_node_at(g, id);
	is_conv = n->op == IMC_OP_CONV2D && !n->a.act[0];
	is_gemm = n->op == IMC_OP_GEMM;
	is_matmul = n->op == IMC_OP_MATMUL;
	if ((!is_conv && !is_gemm && !is_matmul) || !imc_rw_f32_in(g, n, 1) ||
	    imc_rw_const_in(g, n, 0))
		return -1;
	if (!is_matmul)
		return 1;
	if (imc_rw_type_in(g, n, 0)->rank < 2 ||
	    imc_rw_type_in(g, n, 1)->rank != 2)
		return -1;
	return imc_rw_type_in(g, n, 0)->rank - 1;
}

/* The bias of a matrix node, a number for each of its n output channels. */
static double *bias_of(struct imc_rw *rw, const struct imc_node *n,
		       int64_t n_channel)
{
	const struct imc_value *v = imc_node_in(rw->g, n, 2);
	double beta = n->op == IMC_OP_GEMM ? (double)n->a.beta[0] : 1;
	struct imc_tensor x = {.rank = 1, .dim = {n_channel}};
	double *b;

	if (!v)
		return imc_arena_array(rw->scratch, (size_t)n_channel,
				       sizeof *b);
	if (!v->t.data)
		return NULL;
	if (n->op == IMC_OP_GEMM)
		x = *imc_rw_type_out(rw->g, n, 0);
	b = imc_rw_channels(rw, &v->t, &x, x.rank - 1);
	for (int64_t k = 0; b && k < n_channel; k++)
		b[k] *= beta;
	return b;
}

/* New weights for node id, each multiplied by the number of its output
 * channel. The old ones may serve another node and stay as they are. */
static void scale_weights(struct imc_rw *rw, imc_node_id id, const double *mul)
{
	const struct imc_node *n = imc_node_at(rw->g, id);
	const struct imc_tensor *w = imc_rw_f32_in(rw->g, n, 1);
	bool outer = n->op == IMC_OP_CONV2D ||
		     (n->op == IMC_OP_GEMM && n->a.trans_b[0]);
	int64_t n_channel = w->dim[outer ? 0 : 1];
	int64_t count = imc_tensor_count(w);
	int64_t inner = outer && n_channel ? count / n_channel : 1;
	const float *old = w->data;
	float *x = imc_arena_array(rw->scratch, (size_t)count, sizeof *x);
	imc_val c;

	for (int64_t i = 0; i < count; i++)
		x[i] = (float)((double)old[i] * mul[i / inner % n_channel]);
	c = imc_rw_const(rw, imc_value_at(rw->g, n->in[1])->name, w->rank,
			 w->dim, x);
	imc_given_follow(rw, c, outer ? 0 : 1, imc_node_at(rw->g, id)->in[1],
			 outer ? 0 : 1, mul);
	imc_node_at(rw->g, id)->in[1] = c;
}

static void set_bias(struct imc_rw *rw, imc_node_id id, const double *bias,
		     int64_t n_channel)
{
	float *x = imc_arena_array(rw->scratch, (size_t)n_channel, sizeof *x);
	const struct imc_node *n = imc_node_at(rw->g, id);
	const char *name = imc_arena_printf(
		rw->g->arena, "%s.bias", imc_value_at(rw->g, n->out[0])->name);
	imc_val c;

	for (int64_t k = 0; k < n_channel; k++)
		x[k] = (float)bias[k];
	c = imc_rw_const(rw, name, 1, &n_channel, x);
	if (n->op == IMC_OP_MATMUL)
		imc_rw_become(rw, id, IMC_OP_GEMM, 2);
	imc_node_resize_in(rw->g, id, 3);
	imc_node_at(rw->g, id)->in[2] = c;
	if (n->op == IMC_OP_GEMM)
		imc_node_at(rw->g, id)->a.beta[0] = 1;
}

bool imc_rw_scale_matrix(struct imc_rw *rw, imc_node_id id, const double *mul,
			 const double *add)
{
	const struct imc_node *n = imc_node_at(rw->g, id);
	int axis = imc_rw_matrix_axis(rw->g, id);
	int64_t n_channel = imc_rw_type_out(rw->g, n, 0)->dim[axis];
	bool biased = add || imc_node_in(rw->g, n, 2);
	double *bias = bias_of(rw, n, n_channel);

	if (!bias || (biased && n->op == IMC_OP_MATMUL && axis != 1))
		return false;
	for (int64_t k = 0; k < n_channel; k++)
		bias[k] = bias[k] * (mul ? mul[k] : 1) + (add ? add[k] : 0);
	if (mul)
		scale_weights(rw, id, mul);
	if (biased)
		set_bias(rw, id, bias, n_channel);
	return true;
}
