#include <math.h>

#include "hwdesc/cost.h"

/* Jobs and digital work that are cut anyhow take at least as long as uncut
 * ones; what of them overlaps is all but the jobs of the first strip and the
 * digital work of the last one. */
static double least_of_strips(const struct imc_hw *hw,
			      const struct imc_matrix *mx,
			      const struct imc_assign *as)
{
	struct imc_cost all = imc_cost_strips(hw, mx, as, mx->out_h, mx->out_h);
	struct imc_cost end = imc_cost_strips(hw, mx, as, 1, 1);

	if (!as->overlap)
		return all.engine_ns + all.core_ns;
	return fmax(all.engine_ns + end.core_ns, all.core_ns + end.engine_ns);
}

double imc_cost_least_ns(const struct imc_hw *hw, const struct imc_graph *g,
			 imc_node_id id, const struct imc_assign *as)
{
	struct imc_matrix mx;

	if (as->engine != IMC_ENGINE_CROSSBAR || as->post_adc ||
	    imc_hw_is_spatial(hw))
		return imc_cost_node(hw, g, id, as).ns;
	mx = imc_matrix_of(g, imc_node_at(g, id));
	return least_of_strips(hw, &mx, as);
}
