#include <math.h>

#include "ir/verify.h"

static bool all_good(const double *error)
{
	for (int b = 2; b <= 8; b++)
		if (!isfinite(error[b]) || error[b] < 0)
			return false;
	return true;
}

bool imc_verify_bits(const struct imc_verify *v)
{
	const struct imc_module *m = v->m;
	bool *seen =
		imc_arena_array(v->scratch, m->g->n_node + 1, sizeof *seen);

	for (size_t i = 0; i < m->n_error; i++) {
		const struct imc_layer_error *e = &m->error[i];

		if (e->node.i >= m->g->n_node || m->g->node[e->node.i].dead ||
		    seen[e->node.i])
			return imc_verify_fail(
				v, NULL, "errors of node %u, which is %s",
				(unsigned)e->node.i,
				e->node.i < m->g->n_node && seen[e->node.i]
					? "there twice"
					: "none");
		if (!all_good(e->weight) || !all_good(e->act) ||
		    !all_good(e->adc))
			return imc_verify_fail(v, &m->g->node[e->node.i],
					       "an error of its bits is no "
					       "number of 0 or more");
		seen[e->node.i] = true;
	}
	return true;
}
