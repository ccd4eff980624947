/* Types in order, constants on the way: a shape may depend on a constant
 * that another node computes. */
#include <string.h>

#include "ir/op.h"
#include "tests/conformance_src/conformance.h"

/* Known without a run: from constants, or from the shape alone. */
static bool is_known(const struct imc_graph *g, const struct imc_node *n)
{
	if (n->op == IMC_OP_SHAPE || n->op == IMC_OP_SIZE_OF)
		return true;
	for (int k = 0; k < n->n_in; k++) {
		const struct imc_value *v = imc_node_in(g, n, k);

		if (v && !v->t.data)
			return false;
	}
	return true;
}

static void evaluate(struct imc_graph *g, struct imc_node *n)
{
	struct imc_arena *scratch = imc_arena_new();
	struct imc_tensor *in =
		imc_arena_array(scratch, (size_t)n->n_in, sizeof *in);
	struct imc_tensor *out =
		imc_arena_array(scratch, (size_t)n->n_out, sizeof *out);

	for (int k = 0; k < n->n_in; k++)
		if (imc_node_in(g, n, k))
			in[k] = imc_node_in(g, n, k)->t;
	imc_op_eval(g, n, in, out, scratch);
	for (int k = 0; k < n->n_out; k++) {
		struct imc_value *v = imc_node_out(g, n, k);

		if (!v)
			continue;
		v->t.data = imc_arena_memdup(g->arena, out[k].data,
					     imc_tensor_bytes(&out[k]));
		v->def = IMC_NO_NODE;
	}
	n->dead = true;
	imc_arena_free(scratch);
}

bool fold_graph(struct imc_graph *g, struct imc_diags *d)
{
	size_t kept = 0;

	for (size_t i = 0; i < g->n_order; i++) {
		imc_node_id id = g->order[i];

		if (!imc_op_infer(g, id, d))
			return false;
		if (is_known(g, imc_node_at(g, id)))
			evaluate(g, imc_node_at(g, id));
		else
			g->order[kept++] = id;
	}
	g->n_order = kept;
	return true;
}
