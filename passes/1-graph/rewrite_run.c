#include <assert.h>
#include <string.h>

#include "passes/1-graph/rewrite.h"

static bool try_node(struct imc_rw *rw, imc_rw_rule *const *rule, size_t n,
		     imc_node_id id)
{
	for (size_t r = 0; r < n; r++)
		if (!imc_node_at(rw->g, id)->dead && rule[r](rw, id)) {
			rw->n_changed++;
			return true;
		}
	return false;
}

/* One sweep over the nodes in the order they had at its begin; nodes that
 * rules add wait for the next. */
static bool sweep(struct imc_rw *rw, imc_rw_rule *const *rule, size_t n)
{
	size_t n_order = rw->g->n_order;
	imc_node_id *order = imc_arena_memdup(rw->scratch, rw->g->order,
					      n_order * sizeof *order);
	bool changed = false;

	for (size_t i = 0; i < n_order; i++)
		changed |= try_node(rw, rule, n, order[i]);
	return changed;
}

bool imc_rw_run(struct imc_module *m, struct imc_pass_cx *cx,
		imc_rw_rule *const *rule, size_t n)
{
	struct imc_rw rw = {.g = m->g, .d = m->diags, .scratch = cx->scratch};
	bool sorted = true;

	while (sorted && !rw.failed && sweep(&rw, rule, n)) {
		sorted = imc_graph_sort(m->g);
		imc_graph_sweep(m->g);
	}
	assert(sorted);
	imc_graph_compact(m->g);
	cx->n_changed += rw.n_changed;
	return sorted && !rw.failed;
}
