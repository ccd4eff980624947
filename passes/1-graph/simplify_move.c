#include <string.h>

#include "passes/1-graph/simplify.h"

static void dims_of_output(const struct imc_graph *g, struct imc_node *n)
{
	const struct imc_tensor *y = imc_rw_type_out(g, n, 0);

	n->a.dims.n = y->rank;
	n->a.allowzero[0] = 1;
	memcpy(n->a.dims.v, y->dim, (size_t)y->rank * sizeof *y->dim);
}

/* Whether the dims attribute spells the output's shape, without 0 or -1. */
static bool says_shape(const struct imc_graph *g, const struct imc_node *n)
{
	const struct imc_tensor *y = imc_rw_type_out(g, n, 0);

	return n->n_in == 1 && n->a.dims.n == y->rank &&
	       !memcmp(n->a.dims.v, y->dim, (size_t)y->rank * sizeof *y->dim);
}

bool imc_simplify_to_reshape(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);

	if (n->op != IMC_OP_FLATTEN && n->op != IMC_OP_SQUEEZE &&
	    n->op != IMC_OP_UNSQUEEZE &&
	    (n->op != IMC_OP_RESHAPE || says_shape(rw->g, n)))
		return false;
	imc_rw_become(rw, id, IMC_OP_RESHAPE, 1);
	dims_of_output(rw->g, imc_node_at(rw->g, id));
	return true;
}

bool imc_simplify_reshape(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	imc_node_id def;

	if (n->op != IMC_OP_RESHAPE)
		return false;
	if (imc_rw_same_shape(imc_rw_type_in(rw->g, n, 0),
			      imc_rw_type_out(rw->g, n, 0)))
		return imc_rw_bypass(rw, id);
	def = imc_rw_def(rw->g, n, 0);
	if (!imc_rw_is(rw->g, def, IMC_OP_RESHAPE))
		return false;
	imc_node_add_origin(rw->g, id, imc_node_at(rw->g, def));
	n->in[0] = imc_node_at(rw->g, def)->in[0];
	return true;
}

/* perm with its default, the axes in reverse. */
static struct imc_ints perm_of(const struct imc_graph *g,
			       const struct imc_node *n)
{
	struct imc_ints p = n->a.perm;

	if (!p.n) {
		p.n = imc_rw_type_in(g, n, 0)->rank;
		for (int i = 0; i < p.n; i++)
			p.v[i] = p.n - 1 - i;
	}
	return p;
}

/* Axes of more than one element keep their order: no byte moves. */
static bool moves_nothing(const struct imc_tensor *x, const struct imc_ints *p)
{
	int64_t last = -1;

	for (int i = 0; i < p->n; i++) {
		if (x->dim[p->v[i]] == 1)
			continue;
		if (p->v[i] < last)
			return false;
		last = p->v[i];
	}
	return true;
}

static bool join_transposes(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	imc_node_id def = imc_rw_def(rw->g, n, 0);
	struct imc_ints first, second = perm_of(rw->g, n);

	if (!imc_rw_is(rw->g, def, IMC_OP_TRANSPOSE))
		return false;
	first = perm_of(rw->g, imc_node_at(rw->g, def));
	n->a.perm.n = second.n;
	for (int i = 0; i < second.n; i++)
		n->a.perm.v[i] = first.v[second.v[i]];
	imc_node_add_origin(rw->g, id, imc_node_at(rw->g, def));
	n->in[0] = imc_node_at(rw->g, def)->in[0];
	return true;
}

bool imc_simplify_transpose(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	struct imc_ints p;

	if (n->op != IMC_OP_TRANSPOSE)
		return false;
	if (join_transposes(rw, id))
		return true;
	p = perm_of(rw->g, n);
	if (!moves_nothing(imc_rw_type_in(rw->g, n, 0), &p))
		return false;
	imc_rw_become(rw, id, IMC_OP_RESHAPE, 1);
	dims_of_output(rw->g, imc_node_at(rw->g, id));
	return true;
}

bool imc_simplify_slice(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	struct imc_ints l[4] = {n->a.starts, n->a.ends, n->a.axes, n->a.steps};

	if (n->op != IMC_OP_SLICE || n->n_in == 1)
		return false;
	for (int k = 1; k < n->n_in && k <= 4; k++)
		if (imc_node_in(rw->g, n, k) &&
		    !imc_rw_ints(imc_rw_const_in(rw->g, n, k), &l[k - 1]))
			return false;
	n->n_in = 1;
	n->a.starts = l[0];
	n->a.ends = l[1];
	n->a.axes = l[2];
	n->a.steps = l[3];
	return true;
}

/* The 2 * rank (or 2 * axes) numbers of input 1: pads of all axes. */
static bool pads_of_inputs(const struct imc_graph *g, const struct imc_node *n,
			   struct imc_ints *starts, struct imc_ints *ends)
{
	const struct imc_tensor *t = imc_rw_const_in(g, n, 1);
	int rank = imc_rw_type_in(g, n, 0)->rank;
	struct imc_ints axes = {.n = rank};
	const int64_t *v;

	for (int i = 0; i < rank; i++)
		axes.v[i] = i;
	if (imc_node_in(g, n, 3) &&
	    !imc_rw_ints(imc_rw_const_in(g, n, 3), &axes))
		return false;
	if (!t || t->dtype != IMC_I64 || imc_tensor_count(t) != 2 * axes.n)
		return false;
	v = t->data;
	*starts = *ends = (struct imc_ints){.n = rank};
	for (int i = 0; i < axes.n; i++) {
		int64_t at = axes.v[i] + (axes.v[i] < 0 ? rank : 0);

		starts->v[at] = v[i];
		ends->v[at] = v[i + axes.n];
	}
	return true;
}

bool imc_simplify_pad(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	struct imc_ints starts = n->a.starts, ends = n->a.ends;
	float value = n->a.act_lo[0];
	const struct imc_tensor *t;

	if (n->op != IMC_OP_PAD || n->n_in == 1)
		return false;
	if (imc_node_in(rw->g, n, 1) &&
	    !pads_of_inputs(rw->g, n, &starts, &ends))
		return false;
	if (imc_node_in(rw->g, n, 2)) {
		t = imc_rw_f32_in(rw->g, n, 2);
		if (!t || imc_tensor_count(t) != 1)
			return false;
		value = *(const float *)t->data;
	}
	n->n_in = 1;
	n->a.starts = starts;
	n->a.ends = ends;
	n->a.act_lo[0] = value;
	return true;
}

bool imc_simplify_split(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	int64_t axis;

	if (n->op != IMC_OP_SPLIT || n->n_out > IMC_MAX_RANK ||
	    (n->n_in == 1 && n->a.split.n == n->n_out))
		return false;
	if (imc_node_in(rw->g, n, 1) && !imc_rw_const_in(rw->g, n, 1))
		return false;
	axis = n->a.axis[0];
	if (axis < 0)
		axis += imc_rw_type_in(rw->g, n, 0)->rank;
	for (int k = 0; k < n->n_out; k++)
		if (!imc_val_ok(n->out[k]))
			return false;
	n->n_in = 1;
	n->a.split.n = n->n_out;
	for (int k = 0; k < n->n_out; k++)
		n->a.split.v[k] = imc_rw_type_out(rw->g, n, k)->dim[axis];
	return true;
}

bool imc_simplify_expand(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);

	return (n->op == IMC_OP_EXPAND || n->op == IMC_OP_TILE) &&
	       imc_rw_const_in(rw->g, n, 1) &&
	       imc_rw_same_shape(imc_rw_type_in(rw->g, n, 0),
				 imc_rw_type_out(rw->g, n, 0)) &&
	       imc_rw_bypass(rw, id);
}
