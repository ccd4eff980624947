/* From a float network with ranges and engines to device arithmetic. What an
 * ADC decides (its gain, and the bias behind it) is left to fit_adc. */
#include <string.h>

#include "ir/op.h"
#include "passes/2-quant/given_numbers.h"
#include "passes/2-quant/quant.h"
#include "passes/2-quant/residual_choice.h"

static void quantise_node(struct imc_module *m, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(m->g, id);

	if (n->op == IMC_OP_CONV2D)
		imc_quantise_conv(m, id);
	else if (!imc_is_code_move(n->op))
		imc_quantise_digital(m, id);
}

void imc_set_code_types(struct imc_graph *g)
{
	for (size_t i = 0; i < g->n_input; i++)
		imc_value_at(g, g->input[i])->t.dtype = IMC_I8;
	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		for (int k = 0; k < n->n_out; k++)
			if (imc_val_ok(n->out[k]))
				imc_value_at(g, n->out[k])->t.dtype = IMC_I8;
	}
}

static void update_costs(struct imc_module *m)
{
	for (size_t i = 0; i < m->g->n_order; i++) {
		imc_node_id id = m->g->order[i];
		struct imc_assign *as = &m->map.assign[id.i];

		as->cost = imc_cost_node(m->hw, m->g, id, as);
	}
}

void imc_quantise_nodes(struct imc_module *m, struct imc_pass_cx *cx)
{
	struct imc_graph *g = m->g;
	size_t n_order = g->n_order;

	for (size_t i = 0; i < n_order; i++) {
		quantise_node(m, g->order[i]);
		cx->n_changed++;
	}
	imc_set_code_types(g);
	imc_narrow_activations(m, cx->scratch);
	imc_graph_sweep(g);
	update_costs(m);
}

bool imc_pass_quantise(struct imc_module *m, struct imc_pass_cx *cx)
{
	struct imc_residual_source *source = imc_residual_sources(m, cx);

	imc_quantise_values(m, cx);
	imc_quantise_nodes(m, cx);
	imc_given_tell(m, cx->scratch);
	imc_residual_choose(m, cx, source);
	return true;
}
