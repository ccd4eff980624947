/* fold_pad: zeros around a picture into the pads of what reads it. */
#include "passes/1-graph/rewrite.h"

/* Top, left, bottom and right of a pad with zeros of the plane only. */
static bool plane_pads(const struct imc_graph *g, imc_node_id id,
		       int64_t pads[4])
{
	const struct imc_node *n;

	if (!imc_rw_is(g, id, IMC_OP_PAD))
		return false;
	n = imc_node_at(g, id);
	if (n->n_in != 1 || n->a.mode[0] || n->a.act_lo[0] != 0 ||
	    n->a.starts.n != 4 || n->a.ends.n != 4)
		return false;
	for (int i = 0; i < 2; i++)
		if (n->a.starts.v[i] || n->a.ends.v[i])
			return false;
	for (int i = 0; i < 2; i++) {
		pads[i] = n->a.starts.v[i + 2];
		pads[i + 2] = n->a.ends.v[i + 2];
		if (pads[i] < 0 || pads[i + 2] < 0)
			return false;
	}
	return true;
}

/* Whether no element of input 0 of n is negative. */
static bool is_positive(const struct imc_graph *g, const struct imc_node *n)
{
	imc_node_id def = imc_rw_def(g, n, 0);

	if (!imc_rw_found(def))
		return false;
	n = imc_node_at(g, def);
	if (n->op == IMC_OP_RELU || n->op == IMC_OP_SIGMOID ||
	    n->op == IMC_OP_SOFTMAX || n->op == IMC_OP_HARD_SIGMOID)
		return true;
	if (n->op == IMC_OP_CLIP)
		return n->n_in == 1 && n->a.act_lo[0] >= 0;
	if (n->op == IMC_OP_MAX_POOL)
		return is_positive(g, n);
	return n->a.act[0] && n->a.act_lo[0] >= 0;
}

/* A window must not lie in the padding alone. */
static bool smaller_than_kernel(const struct imc_node *n, const int64_t pads[4])
{
	for (int i = 0; i < 4; i++)
		if (n->a.pads[i] + pads[i] >= n->a.kernel[i % 2])
			return false;
	return !n->a.ceil_mode[0] && n->a.dilation[0] == 1 &&
	       n->a.dilation[1] == 1;
}

static bool pool_takes(const struct imc_graph *g, const struct imc_node *n,
		       imc_node_id pad, const int64_t pads[4])
{
	bool no_own = !n->a.pads[0] && !n->a.pads[1] && !n->a.pads[2] &&
		      !n->a.pads[3];

	if (n->a.auto_pad[0] || !smaller_than_kernel(n, pads))
		return false;
	if (n->op == IMC_OP_MAX_POOL)
		return n->n_out == 1 && is_positive(g, imc_node_at(g, pad));
	return n->op == IMC_OP_AVERAGE_POOL && (n->a.count_pad[0] || no_own);
}

static bool fold(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	imc_node_id pad = imc_rw_sole_def(rw->g, n, 0);
	int64_t pads[4];

	if (!plane_pads(rw->g, pad, pads))
		return false;
	if (n->op == IMC_OP_CONV2D ? n->a.auto_pad[0] != 0
				   : !pool_takes(rw->g, n, pad, pads))
		return false;
	for (int i = 0; i < 4; i++)
		n->a.pads[i] += pads[i];
	if (n->op == IMC_OP_AVERAGE_POOL)
		n->a.count_pad[0] = 1;
	imc_node_add_origin(rw->g, id, imc_node_at(rw->g, pad));
	n->in[0] = imc_node_at(rw->g, pad)->in[0];
	return true;
}

bool imc_pass_fold_pad(struct imc_module *m, struct imc_pass_cx *cx)
{
	static imc_rw_rule *const rules[] = {fold};

	return imc_rw_run(m, cx, rules, 1);
}
