#include <string.h>

#include "passes/1-graph/nhwc.h"

/* The transpose t that input 0 of conv is a reshape of, when conv is a 1x1
 * convolution of one pixel that holds all of a sample of t. */
static imc_node_id flattened(const struct imc_graph *g,
			     const struct imc_node *conv)
{
	imc_node_id r = imc_rw_def(g, conv, 0), t;
	const struct imc_tensor *x, *w;

	if (conv->op != IMC_OP_CONV2D || conv->a.group[0] != 1 ||
	    !imc_rw_is(g, r, IMC_OP_RESHAPE))
		return IMC_NO_NODE;
	t = imc_rw_def(g, imc_node_at(g, r), 0);
	w = imc_rw_f32_in(g, conv, 1);
	if (!imc_rw_is(g, t, IMC_OP_TRANSPOSE) || !w)
		return IMC_NO_NODE;
	x = imc_rw_type_in(g, imc_node_at(g, t), 0);
	if (imc_node_at(g, t)->a.perm.n != x->rank ||
	    imc_node_at(g, t)->a.perm.v[0] != 0 ||
	    imc_rw_type_in(g, conv, 0)->dim[0] != x->dim[0] || w->dim[1] != 1 ||
	    w->dim[2] != 1 || w->dim[3] * x->dim[0] != imc_tensor_count(x))
		return IMC_NO_NODE;
	return t;
}

/* at[j]: where element j of a transposed sample lies in the sample x. */
static int64_t *places(struct imc_rw *rw, const struct imc_tensor *x,
		       const struct imc_ints *perm, int64_t n)
{
	int64_t *at = imc_arena_array(rw->scratch, (size_t)n, sizeof *at);
	int64_t step[IMC_MAX_RANK];

	step[x->rank - 1] = 1;
	for (int i = x->rank - 1; i > 0; i--)
		step[i - 1] = step[i] * x->dim[i];
	for (int64_t j = 0; j < n; j++) {
		int64_t rest = j;

		for (int i = x->rank - 1; i > 0; i--) {
			int64_t size = x->dim[perm->v[i]];

			at[j] += rest % size * step[perm->v[i]];
			rest /= size;
		}
	}
	return at;
}

static imc_val sorted_weights(struct imc_rw *rw, imc_val from,
			      const int64_t *at)
{
	struct imc_tensor w = imc_value_at(rw->g, from)->t;
	int64_t n_in = w.dim[3], n = imc_tensor_count(&w);
	const float *old = w.data;
	float *x = imc_arena_array(rw->scratch, (size_t)n, sizeof *x);
	imc_val v;

	for (int64_t i = 0; i < n; i++)
		x[i / n_in * n_in + at[i % n_in]] = old[i];
	v = imc_rw_const(rw, imc_value_at(rw->g, from)->name, 4, w.dim, x);
	imc_value_give(rw->g, v, from);
	return v;
}

bool imc_nhwc_fold_flatten(struct imc_rw *rw, imc_node_id id)
{
	const struct imc_node *conv = imc_node_at(rw->g, id), *n;
	imc_node_id t = flattened(rw->g, conv);
	struct imc_tensor x, y;
	int64_t *at;
	imc_val w, in;

	if (!imc_rw_found(t))
		return false;
	n = imc_node_at(rw->g, t);
	x = *imc_rw_type_in(rw->g, n, 0);
	y = *imc_rw_type_in(rw->g, conv, 0);
	at = places(rw, &x, &n->a.perm, y.dim[3]);
	w = sorted_weights(rw, conv->in[1], at);
	in = imc_node_at(rw->g, t)->in[0];
	/* the old reshape may have other readers, who want the old order */
	in = imc_rw_reshape(rw, imc_rw_def(rw->g, imc_node_at(rw->g, id), 0),
			    in, 4, y.dim);
	imc_node_add_origin(rw->g, id, imc_node_at(rw->g, t));
	imc_node_at(rw->g, id)->in[0] = in;
	imc_node_at(rw->g, id)->in[1] = w;
	return true;
}
