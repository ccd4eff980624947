/* fuse_act: a clip goes into the node that computes its input, also through
 * nodes that only move elements or pick the largest: those commute with it. */
#include <math.h>

#include "passes/1-graph/rewrite.h"

static bool has_act(enum imc_op op)
{
	return op == IMC_OP_CONV2D || op == IMC_OP_ADD || op == IMC_OP_SUB ||
	       op == IMC_OP_MUL;
}

static bool commutes(enum imc_op op)
{
	return op == IMC_OP_RESHAPE || op == IMC_OP_TRANSPOSE ||
	       op == IMC_OP_MAX_POOL || op == IMC_OP_GLOBAL_MAX_POOL;
}

static bool clip_of(const struct imc_graph *g, imc_node_id id, float *lo,
		    float *hi)
{
	const struct imc_node *n = imc_node_at(g, id);

	*lo = 0;
	*hi = INFINITY;
	if (n->op == IMC_OP_CLIP) {
		*lo = n->a.act_lo[0];
		*hi = n->a.act_hi[0];
	}
	return (n->op == IMC_OP_RELU ||
		(n->op == IMC_OP_CLIP && n->n_in == 1)) &&
	       imc_rw_type_out(g, n, 0)->dtype == IMC_F32 && *lo <= *hi;
}

static float clamped(float x, float lo, float hi)
{
	return x < lo ? lo : x > hi ? hi : x;
}

/* Clip to lo .. hi after what n does already. */
static void add_act(struct imc_node *n, float lo, float hi)
{
	bool acts = n->op == IMC_OP_CLIP || n->a.act[0];

	n->a.act_lo[0] = acts ? clamped(n->a.act_lo[0], lo, hi) : lo;
	n->a.act_hi[0] = acts ? clamped(n->a.act_hi[0], lo, hi) : hi;
	if (n->op != IMC_OP_CLIP)
		n->a.act[0] = 1;
}

static bool takes_act(const struct imc_node *n)
{
	return has_act(n->op) || (n->op == IMC_OP_CLIP && n->n_in == 1);
}

static bool fuse(struct imc_rw *rw, imc_node_id id)
{
	float lo, hi;
	imc_node_id last, at;

	if (!clip_of(rw->g, id, &lo, &hi))
		return false;
	last = at = imc_rw_sole_def(rw->g, imc_node_at(rw->g, id), 0);
	while (imc_rw_found(at) && commutes(imc_node_at(rw->g, at)->op))
		at = imc_rw_sole_def(rw->g, imc_node_at(rw->g, at), 0);
	if (!imc_rw_found(at) || !takes_act(imc_node_at(rw->g, at)))
		return false;
	add_act(imc_node_at(rw->g, at), lo, hi);
	imc_node_add_origin(rw->g, at, imc_node_at(rw->g, id));
	imc_rw_take_over(rw, last, id);
	return true;
}

bool imc_pass_fuse_act(struct imc_module *m, struct imc_pass_cx *cx)
{
	static imc_rw_rule *const rules[] = {fuse};

	return imc_rw_run(m, cx, rules, 1);
}
