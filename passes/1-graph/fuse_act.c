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

/* What has the numbers of the output of `last`: it, or a value before it up to
 * the output of `at`. */
static imc_val numbered(const struct imc_graph *g, imc_node_id at,
			imc_node_id last)
{
	imc_val v = imc_node_at(g, last)->out[0];

	while (last.i != at.i && !imc_value_given(imc_value_at(g, v))) {
		v = imc_node_at(g, last)->in[0];
		last = imc_value_at(g, v)->def;
	}
	return v;
}

/* What is clipped has given numbers: it ends where they end, which is then
 * done with the clip. */
static void end_with_codes(const struct imc_value *x, float *lo, float *hi)
{
	float least, most;

	if (!imc_value_given(x) || !(x->scale > 0))
		return;
	imc_value_given_range(x, &least, &most);
	*lo = clamped(*lo, least, most);
	*hi = clamped(*hi, least, most);
}

/* All values from the output of `at` to that of `last` have the numbers of the
 * clip's output y; or y has theirs, which a clip keeps. */
static void give_path(struct imc_graph *g, imc_node_id at, imc_node_id last,
		      imc_val y)
{
	if (imc_value_at(g, y)->given == IMC_GIVEN_NONE)
		imc_value_give(g, y, numbered(g, at, last));
	if (imc_value_at(g, y)->given == IMC_GIVEN_NONE)
		return;
	for (imc_node_id i = last; i.i != at.i;
	     i = imc_rw_def(g, imc_node_at(g, i), 0))
		imc_value_give(g, imc_node_at(g, i)->in[0], y);
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
	end_with_codes(imc_value_at(rw->g, numbered(rw->g, at, last)), &lo,
		       &hi);
	give_path(rw->g, at, last, imc_node_at(rw->g, id)->out[0]);
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
