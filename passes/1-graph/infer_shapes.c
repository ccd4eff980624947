/* infer_shapes: the type rule of every node in order. What does not depend on
 * an input of the network is computed at once, since shapes often come from
 * such chains (Shape, Gather, Concat before a Reshape). */
#include "ir/op.h"
#include "passes/1-graph/given.h"
#include "passes/pass.h"

/* Shape and Size need the type of their input only. */
static bool needs_data(const struct imc_node *n)
{
	return n->op != IMC_OP_SHAPE && n->op != IMC_OP_SIZE_OF;
}

static bool is_constant(const struct imc_graph *g, const struct imc_node *n)
{
	for (int k = 0; k < n->n_in; k++) {
		const struct imc_value *v = imc_node_in(g, n, k);

		if (v && !v->t.data && needs_data(n))
			return false;
	}
	return true;
}

/* Types node id. *constant: it is one, and is no longer needed. */
static bool infer(struct imc_module *m, imc_node_id id, bool *constant)
{
	struct imc_graph *g = m->g;

	if (!imc_op_infer(g, id, m->diags) ||
	    !imc_given_check(g, imc_node_at(g, id), m->diags))
		return false;
	*constant = is_constant(g, imc_node_at(g, id));
	if (*constant)
		imc_given_evaluate(g, id);
	return true;
}

bool imc_pass_infer_shapes(struct imc_module *m, struct imc_pass_cx *cx)
{
	struct imc_graph *g = m->g;
	size_t kept = 0;

	for (size_t i = 0; i < g->n_order; i++) {
		bool constant;

		if (!infer(m, g->order[i], &constant))
			return false;
		if (!constant)
			g->order[kept++] = g->order[i];
		cx->n_changed++;
	}
	g->n_order = kept;
	return true;
}
