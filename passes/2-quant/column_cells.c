#include "passes/2-quant/column_cells.h"

#include <string.h>

#include "hwdesc/adc_bits.h"
#include "hwdesc/cost.h"
#include "ir/support/checked.h"
#include "passes/2-quant/quant.h"

static bool do_not_fit(const struct imc_module *m, const char *what,
		       const char *why)
{
	return imc_diag(m->diags, IMC_NOWHERE, IMC_D_COLUMN_CELLS, what, why);
}

bool imc_column_cells_check(const struct imc_module *m)
{
	if (!m->opt.column_cells)
		return true;
	if (imc_hw_sums_exact(m->hw))
		return do_not_fit(m, "this target", "no ADC rounds its sums");
	if (m->hw->ima_adc_ends)
		return do_not_fit(m, "this target",
				  "its ADCs read no sum as it is");
	if (m->opt.post != 1)
		return do_not_fit(
			m, "codes of ADCs as activations",
			"they are scaled sums; --post=digital would do");
	if (m->opt.rounding == 2)
		return do_not_fit(
			m, "--rounding=nearest",
			"the weights that stay make up for the others");
	if (m->opt.residual > 0)
		return do_not_fit(m, "--residual",
				  "it puts other weights into the cells");
	return true;
}

struct imc_module *imc_column_cells_open(const struct imc_module *m)
{
	struct imc_module *q = imc_module_fork(m);
	struct imc_pass_cx cx = {.scratch = imc_arena_new()};

	imc_quantise_values(q, &cx);
	imc_quantise_nodes(q, &cx);
	imc_arena_free(cx.scratch);
	return q;
}

int64_t imc_column_cells_sums(struct imc_module *quantised, imc_node_id id,
			      const int8_t *code)
{
	const struct imc_hw *hw = quantised->hw;
	struct imc_graph *g = quantised->g;
	struct imc_arena *a = imc_arena_new();
	struct imc_tensor *w = &imc_node_in(g, imc_node_at(g, id), 1)->t;
	int64_t n = w->dim[0], set = hw->ima_adc_range == 1 ? 1 : n, most = 0;
	struct imc_sum_range *range =
		imc_arena_array(a, (size_t)n, sizeof *range);

	memcpy(w->data, code, (size_t)imc_tensor_count(w));
	imc_channel_sums(hw, g, imc_node_at(g, id), range);
	for (int64_t k = 0; k < n; k += set) {
		struct imc_sum_range r = imc_join_sums(range + k, set);

		most = imc_max_i64(most, r.hi - r.lo + 1);
	}
	imc_arena_free(a);
	return most;
}

int64_t imc_column_cells_block(const struct imc_module *m, imc_node_id id)
{
	struct imc_matrix mx = imc_matrix_of(m->g, imc_node_at(m->g, id));
	struct imc_cut c;

	if (!imc_cut_assigned(m->hw, &mx, &m->map.assign[id.i], &c))
		return mx.rows;
	return imc_min_i64(c.block_rows, mx.rows);
}
