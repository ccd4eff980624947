/* to_nhwc: channel-last activations and weights, as the device has them. */
#include <string.h>

#include "passes/1-graph/given.h"
#include "passes/1-graph/nhwc.h"
#include "passes/1-graph/simplify.h"

const int64_t imc_to_last[4] = {0, 2, 3, 1};
const int64_t imc_to_first[4] = {0, 3, 1, 2};

bool imc_nhwc_is_picture(const struct imc_graph *g, imc_val v)
{
	return imc_val_ok(v) && !imc_value_at(g, v)->t.data &&
	       imc_value_at(g, v)->t.rank == 4;
}

static void turn_shapes(struct imc_graph *g)
{
	for (size_t i = 0; i < g->n_value; i++) {
		imc_val v = {(uint32_t)i};
		int64_t *dim = g->value[i].t.dim, old[4];

		if (!imc_nhwc_is_picture(g, v))
			continue;
		memcpy(old, dim, sizeof old);
		for (int k = 0; k < 4; k++)
			dim[k] = old[imc_to_last[k]];
	}
}

/* Transposed bytes of a tensor of rank 4. */
static void turn_data(const struct imc_tensor *x, const struct imc_tensor *y)
{
	size_t size = imc_dtype_size(x->dtype);
	int64_t step_y = x->dim[2] * x->dim[3];
	const char *from = x->data;
	char *to = y->data;

	for (int64_t n = 0; n < x->dim[0]; n++)
		for (int64_t p = 0; p < step_y; p++)
			for (int64_t c = 0; c < x->dim[1]; c++, to += size)
				memcpy(to,
				       from + (size_t)((n * x->dim[1] + c) *
							       step_y +
						       p) *
						       size,
				       size);
}

imc_val imc_nhwc_const(struct imc_rw *rw, imc_val c)
{
	struct imc_tensor t = imc_value_at(rw->g, c)->t, x = t, y;
	imc_val v;

	x.rank = 4;
	for (int i = 0; i < 4; i++)
		x.dim[i] = i < 4 - t.rank ? 1 : t.dim[i - (4 - t.rank)];
	y = x;
	for (int i = 0; i < 4; i++)
		y.dim[i] = x.dim[imc_to_last[i]];
	y.data = imc_arena_alloc(rw->scratch, imc_tensor_bytes(&y));
	turn_data(&x, &y);
	v = imc_graph_add_const(rw->g, imc_value_at(rw->g, c)->name, &y);
	imc_value_give(rw->g, v, c);
	return v;
}

/* Output k of id is a channel-first value behind which a transpose makes the
 * picture v that it was. */
static void wrap_output(struct imc_rw *rw, imc_node_id id, int k)
{
	imc_val v = imc_node_at(rw->g, id)->out[k], first;
	struct imc_tensor t = imc_value_at(rw->g, v)->t;
	imc_node_id back;
	struct imc_ints *perm;

	first = imc_graph_add_value(
		rw->g, imc_arena_printf(rw->g->arena, "%s.nchw",
					imc_value_at(rw->g, v)->name));
	imc_value_at(rw->g, first)->t = t;
	imc_value_at(rw->g, first)->shaped = true;
	for (int i = 0; i < 4; i++)
		imc_value_at(rw->g, first)->t.dim[i] = t.dim[imc_to_first[i]];
	imc_node_set_out(rw->g, id, k, first);
	back = imc_graph_add_node(rw->g, IMC_OP_TRANSPOSE, 1, 1,
				  imc_node_at(rw->g, id));
	imc_node_at(rw->g, back)->in[0] = first;
	imc_node_set_out(rw->g, back, 0, v);
	perm = &imc_node_at(rw->g, back)->a.perm;
	perm->n = 4;
	memcpy(perm->v, imc_to_last, sizeof imc_to_last);
}

void imc_nhwc_wrap(struct imc_rw *rw, imc_node_id id)
{
	for (int k = 0; k < imc_node_at(rw->g, id)->n_in; k++) {
		imc_val v = imc_node_at(rw->g, id)->in[k];

		if (!imc_nhwc_is_picture(rw->g, v))
			continue;
		v = imc_rw_transpose(rw, id, v, 4, imc_to_first);
		imc_node_at(rw->g, id)->in[k] = v;
	}
	for (int k = 0; k < imc_node_at(rw->g, id)->n_out; k++)
		if (imc_nhwc_is_picture(rw->g, imc_node_at(rw->g, id)->out[k]))
			wrap_output(rw, id, k);
}

static bool sees_picture(const struct imc_graph *g, const struct imc_node *n)
{
	for (int k = 0; k < n->n_in; k++)
		if (imc_nhwc_is_picture(g, n->in[k]))
			return true;
	for (int k = 0; k < n->n_out; k++)
		if (imc_nhwc_is_picture(g, n->out[k]))
			return true;
	return false;
}

bool imc_pass_to_nhwc(struct imc_module *m, struct imc_pass_cx *cx)
{
	static imc_rw_rule *const clean[] = {
		imc_simplify_transpose,
		imc_simplify_reshape,
		imc_nhwc_fold_flatten,
	};
	struct imc_graph *g = m->g;
	struct imc_rw rw = {.g = g, .d = m->diags, .scratch = cx->scratch};
	size_t n_order = g->n_order;

	turn_shapes(g);
	g->layout = IMC_NHWC;
	for (size_t i = 0; i < n_order; i++)
		if (sees_picture(g, imc_node_at(g, g->order[i]))) {
			imc_nhwc_adapt(&rw, g->order[i]);
			cx->n_changed++;
		}
	if (rw.failed || !imc_graph_sort(g))
		return false;
	/* before moves are joined: a value between two may be the given one */
	imc_given_spread(g);
	if (!imc_rw_run(m, cx, clean, sizeof clean / sizeof *clean))
		return false;
	imc_given_spread(g);
	return true;
}
