#include "passes/1-graph/simplify.h"

static bool is_reduce(const struct imc_node *n)
{
	return n->op >= IMC_OP_REDUCE_MEAN &&
	       n->op <= IMC_OP_REDUCE_LOG_SUM_EXP;
}

bool imc_simplify_reduce_axes(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	struct imc_ints axes;

	if (!is_reduce(n) || n->n_in < 2)
		return false;
	if (imc_node_in(rw->g, n, 1)) {
		if (!imc_rw_ints(imc_rw_const_in(rw->g, n, 1), &axes))
			return false;
		n->a.axes = axes;
	}
	n->n_in = 1;
	return true;
}

/* Exactly the axes 2 .. rank - 1 of a picture. */
static bool is_plane(const struct imc_ints *axes, int rank)
{
	unsigned seen = 0;

	for (int i = 0; i < axes->n; i++)
		seen |= 1u << (axes->v[i] + (axes->v[i] < 0 ? rank : 0));
	return rank == 4 && seen == 0xc;
}

bool imc_simplify_reduce(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	const struct imc_tensor *x, *y;
	enum imc_op op = IMC_OP_GLOBAL_AVERAGE_POOL;
	imc_node_id pool;

	if (n->op == IMC_OP_REDUCE_MAX)
		op = IMC_OP_GLOBAL_MAX_POOL;
	else if (n->op != IMC_OP_REDUCE_MEAN)
		return false;
	x = imc_rw_type_in(rw->g, n, 0);
	y = imc_rw_type_out(rw->g, n, 0);
	if (n->n_in > 1 || x->dtype != IMC_F32 ||
	    !is_plane(&n->a.axes, x->rank))
		return false;
	if (y->rank == 4) {
		imc_rw_become(rw, id, op, 1);
		return true;
	}
	pool = imc_rw_add(rw, op, id, n->in[0], IMC_NO_VAL);
	imc_rw_infer(rw, pool);
	imc_rw_become(rw, id, IMC_OP_RESHAPE, 1);
	n = imc_node_at(rw->g, id);
	n->in[0] = imc_node_at(rw->g, pool)->out[0];
	n->a.allowzero[0] = 1;
	n->a.dims.n = 2;
	n->a.dims.v[0] = imc_rw_type_out(rw->g, n, 0)->dim[0];
	n->a.dims.v[1] = imc_rw_type_out(rw->g, n, 0)->dim[1];
	return true;
}

static bool no_pads(const struct imc_node *n)
{
	return !n->a.pads[0] && !n->a.pads[1] && !n->a.pads[2] && !n->a.pads[3];
}

bool imc_simplify_pool(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	const struct imc_tensor *x, *y;

	if (n->op != IMC_OP_AVERAGE_POOL && n->op != IMC_OP_MAX_POOL)
		return false;
	x = imc_rw_type_in(rw->g, n, 0);
	y = imc_rw_type_out(rw->g, n, 0);
	if (n->n_in != 1 || n->n_out != 1 || x->rank != 4 || !no_pads(n) ||
	    n->a.kernel[0] != x->dim[2] || n->a.kernel[1] != x->dim[3] ||
	    n->a.dilation[0] != 1 || n->a.dilation[1] != 1 || y->dim[2] != 1 ||
	    y->dim[3] != 1)
		return false;
	imc_rw_become(rw, id,
		      n->op == IMC_OP_MAX_POOL ? IMC_OP_GLOBAL_MAX_POOL
					       : IMC_OP_GLOBAL_AVERAGE_POOL,
		      1);
	return true;
}

bool imc_simplify_unit_pool(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);

	return (n->op == IMC_OP_GLOBAL_AVERAGE_POOL ||
		n->op == IMC_OP_GLOBAL_MAX_POOL) &&
	       imc_rw_same_shape(imc_rw_type_in(rw->g, n, 0),
				 imc_rw_type_out(rw->g, n, 0)) &&
	       imc_rw_bypass(rw, id);
}
