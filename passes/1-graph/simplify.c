/* simplify: one form for one meaning, so that later passes have less to
 * know. Afterwards there is no relu, sum, flatten, squeeze or unsqueeze: a
 * relu is a clip to 0 .. infinity. */
#include "passes/1-graph/simplify.h"

bool imc_pass_simplify(struct imc_module *m, struct imc_pass_cx *cx)
{
	static imc_rw_rule *const rules[] = {
		imc_simplify_identity,	   imc_simplify_sum,
		imc_simplify_sub_div,	   imc_simplify_clip,
		imc_simplify_hard_sigmoid, imc_simplify_hard_swish,
		imc_simplify_softmax,	   imc_simplify_reduce_axes,
		imc_simplify_reduce,	   imc_simplify_pool,
		imc_simplify_unit_pool,	   imc_simplify_to_reshape,
		imc_simplify_reshape,	   imc_simplify_transpose,
		imc_simplify_slice,	   imc_simplify_pad,
		imc_simplify_split,	   imc_simplify_expand,
	};

	return imc_rw_run(m, cx, rules, sizeof rules / sizeof *rules);
}
