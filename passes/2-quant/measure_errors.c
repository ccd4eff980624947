/* What fewer bits, or the codes of an ADC, in one layer alone do to the output
 * of the network. */
#include <math.h>

#include "passes/2-quant/choose_bits.h"

/* Rounding to b bits makes noise of 4^-b of the signal, up to a factor; every
 * layer counts alike, and so do weights and activations. */
static void one_law(struct imc_layer_error *e)
{
	for (int b = 2; b <= 8; b++)
		e->weight[b] = e->act[b] = pow(4, -b);
}

static void add_layers(struct imc_module *m)
{
	const struct imc_graph *g = m->g;

	m->error = imc_arena_array(m->arena, g->n_order + 1, sizeof *m->error);
	for (size_t i = 0; i < g->n_order; i++)
		if (imc_map_is_matrix(g, imc_node_at(g, g->order[i])))
			m->error[m->n_error++].node = g->order[i];
}

static bool is_measured(const struct imc_module *m)
{
	return m->opt.error_model == 0 && imc_bits_are_free(m->hw);
}

bool imc_pass_measure_errors(struct imc_module *m, struct imc_pass_cx *cx)
{
	if (imc_variants_are_chosen(m)) {
		bool ok = imc_variants_measure(m, cx);

		cx->n_changed = (int64_t)m->n_error;
		return ok;
	}
	if (!imc_bits_are_chosen(m) || m->opt.search)
		return true;
	if (is_measured(m)) {
		bool ok = imc_errors_measure(m, cx);

		cx->n_changed = (int64_t)m->n_error;
		return ok;
	}
	add_layers(m);
	m->error_model = "4^-bits, all layers alike";
	for (size_t i = 0; i < m->n_error; i++)
		one_law(&m->error[i]);
	cx->n_changed = (int64_t)m->n_error;
	return true;
}
