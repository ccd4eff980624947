/* align_channels: channels of zeros behind those of an input, where arrays read
 * only multiples of ima.channel_align of larger kernels than 1x1. */
#include <string.h>

#include "passes/1-graph/given.h"

struct align {
	struct imc_rw rw;
	int64_t step;
	imc_val *wide; /* of each of the first n_value values, or IMC_NO_VAL */
};

/* Channels that input 0 of n lacks. */
static int64_t lacking(const struct align *a, imc_node_id id)
{
	const struct imc_graph *g = a->rw.g;
	const struct imc_node *n = imc_node_at(g, id);
	const struct imc_tensor *w;

	if (n->op != IMC_OP_CONV2D || n->a.group[0] != 1)
		return 0;
	w = imc_rw_f32_in(g, n, 1);
	if (!w || w->rank != 4 || w->dim[2] * w->dim[3] == 1)
		return 0;
	return (a->step - w->dim[1] % a->step) % a->step;
}

static imc_val pad_input(struct align *a, imc_node_id id, int64_t more)
{
	struct imc_rw *rw = &a->rw;
	imc_val x = imc_node_at(rw->g, id)->in[0];
	imc_node_id pad;
	struct imc_attrs *at;

	if (imc_val_ok(a->wide[x.i]))
		return a->wide[x.i];
	pad = imc_rw_add(rw, IMC_OP_PAD, id, x, IMC_NO_VAL);
	at = &imc_node_at(rw->g, pad)->a;
	at->starts.n = at->ends.n = 4;
	at->ends.v[1] = more;
	imc_rw_infer(rw, pad);
	a->wide[x.i] = imc_node_at(rw->g, pad)->out[0];
	return a->wide[x.i];
}

/* w[k][c][taps] with more channels. */
static imc_val pad_weights(struct align *a, imc_val w, int64_t more)
{
	struct imc_rw *rw = &a->rw;
	const struct imc_value *old = imc_value_at(rw->g, w);
	int64_t dim[4];
	size_t row, wide;
	float *x;
	imc_val v;

	memcpy(dim, old->t.dim, sizeof dim);
	row = (size_t)(dim[1] * dim[2] * dim[3]);
	dim[1] += more;
	wide = (size_t)(dim[1] * dim[2] * dim[3]);
	x = imc_arena_array(rw->scratch, (size_t)dim[0] * wide, sizeof *x);
	for (int64_t k = 0; k < dim[0]; k++)
		memcpy(x + (size_t)k * wide,
		       (const float *)old->t.data + (size_t)k * row,
		       row * sizeof *x);
	v = imc_rw_const(rw, old->name, 4, dim, x);
	imc_given_follow(rw, v, 0, w, 0, NULL);
	return v;
}

static void align_node(struct align *a, imc_node_id id, int64_t more)
{
	imc_val x = pad_input(a, id, more);
	imc_val w = pad_weights(a, imc_node_at(a->rw.g, id)->in[1], more);
	struct imc_node *n = imc_node_at(a->rw.g, id);

	n->in[0] = x;
	n->in[1] = w;
	a->rw.n_changed++;
}

/* Without a machine there is nothing to do. */
bool imc_pass_align_channels(struct imc_module *m, struct imc_pass_cx *cx)
{
	struct imc_graph *g = m->g;
	struct align a = {
		.rw = {.g = g, .d = m->diags, .scratch = cx->scratch},
		.step = m->hw && m->hw->ima_arrays ? m->hw->ima_channel_align
						   : 1,
	};
	size_t n_order = g->n_order;
	bool sorted;

	if (a.step == 1)
		return true;
	a.wide = imc_arena_array(cx->scratch, g->n_value, sizeof *a.wide);
	for (size_t i = 0; i < g->n_value; i++)
		a.wide[i] = IMC_NO_VAL;
	for (size_t i = 0; i < n_order; i++) {
		imc_node_id id = g->order[i];
		int64_t more = lacking(&a, id);

		if (more)
			align_node(&a, id, more);
	}
	sorted = imc_graph_sort(g);
	imc_graph_compact(g);
	cx->n_changed = a.rw.n_changed;
	return sorted && !a.rw.failed;
}
