/* fold_constants: drops the nodes whose outputs infer_shapes computed, and
 * whatever nobody reads. */
#include "passes/pass.h"

static bool is_computed(const struct imc_graph *g, const struct imc_node *n)
{
	for (int k = 0; k < n->n_out; k++) {
		const struct imc_value *v = imc_node_out(g, n, k);

		if (v && !v->t.data)
			return false;
	}
	return true;
}

static void forget(struct imc_graph *g, struct imc_node *n)
{
	n->dead = true;
	for (int k = 0; k < n->n_out; k++) {
		struct imc_value *v = imc_node_out(g, n, k);

		if (v)
			v->def = IMC_NO_NODE;
	}
}

bool imc_pass_fold_constants(struct imc_module *m, struct imc_pass_cx *cx)
{
	struct imc_graph *g = m->g;

	for (size_t i = 0; i < g->n_order; i++) {
		struct imc_node *n = imc_node_at(g, g->order[i]);

		if (is_computed(g, n)) {
			forget(g, n);
			cx->n_changed++;
		}
	}
	cx->n_changed += (int64_t)imc_graph_sweep(g);
	imc_graph_compact(g);
	return true;
}
