/* fold_constants: infer_shapes computed what does not depend on an input, since
 * shapes need it; this drops what is left of it, and whatever nobody reads. */
#include "passes/pass.h"

bool imc_pass_fold_constants(struct imc_module *m, struct imc_pass_cx *cx)
{
	struct imc_graph *g = m->g;

	for (size_t i = 0; i < g->n_node; i++)
		cx->n_changed += g->node[i].dead;
	cx->n_changed += (int64_t)imc_graph_sweep(g);
	imc_graph_compact(g);
	return true;
}
