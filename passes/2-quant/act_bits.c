/* How many bits the codes of every activation have. */
#include "passes/2-quant/quant.h"

/* Bits of a mask: bit b, arrays want codes of b bits; OTHERS: something else
 * reads the value. */
#define OTHERS 1u

static void mark_inputs(const struct imc_node *n, unsigned how, unsigned *mask)
{
	for (int k = 0; k < n->n_in; k++)
		if (imc_val_ok(n->in[k]))
			mask[n->in[k].i] |= how;
}

static unsigned mask_of_outputs(const struct imc_node *n, const unsigned *mask)
{
	unsigned all = 0;

	for (int k = 0; k < n->n_out; k++)
		if (imc_val_ok(n->out[k]))
			all |= mask[n->out[k].i];
	return all;
}

/* Who reads each value, perhaps through operators that only move codes. */
static unsigned *readers(const struct imc_module *m, struct imc_arena *scratch)
{
	const struct imc_graph *g = m->g;
	unsigned *mask = imc_arena_array(scratch, g->n_value, sizeof *mask);

	for (size_t i = 0; i < g->n_output; i++)
		mask[g->output[i].i] |= OTHERS;
	for (size_t i = g->n_order; i-- > 0;) {
		imc_node_id id = g->order[i];
		const struct imc_node *n = imc_node_at(g, id);
		const struct imc_assign *as = &m->map.assign[id.i];

		if (as->engine == IMC_ENGINE_CROSSBAR)
			mask[n->in[0].i] |= 1u << as->act_bits;
		else if (imc_is_code_move(n->op))
			mark_inputs(n, mask_of_outputs(n, mask), mask);
		else
			mark_inputs(n, OTHERS, mask);
	}
	return mask;
}

static struct imc_act_bits choose(const struct imc_hw *hw, unsigned mask)
{
	int dac = (int)hw->ima_dac_bits;

	for (int b = 2; b < 8 && b < dac; b++)
		if (mask == 1u << b)
			return (struct imc_act_bits){b, true};
	if (mask >> dac & 1)
		return (struct imc_act_bits){dac, true};
	return (struct imc_act_bits){8, false};
}

/* Codes of ADCs whose range has whole ends lie around 0. */
static void number_codes(const struct imc_module *m, struct imc_act_bits *b)
{
	const struct imc_graph *g = m->g;

	for (size_t i = 0; i < g->n_order && m->hw->ima_adc_ends; i++) {
		imc_val y = imc_node_at(g, g->order[i])->out[0];

		if (m->map.assign[g->order[i].i].post_adc)
			b[y.i] = (struct imc_act_bits){8, true};
	}
}

struct imc_act_bits *imc_act_bits_of(const struct imc_module *m,
				     struct imc_arena *scratch)
{
	const struct imc_graph *g = m->g;
	const unsigned *mask = readers(m, scratch);
	struct imc_act_bits *b =
		imc_arena_array(scratch, g->n_value, sizeof *b);

	for (size_t v = 0; v < g->n_value; v++)
		b[v] = choose(m->hw, mask[v]);
	number_codes(m, b);
	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		if (!imc_is_code_move(n->op) || n->op == IMC_OP_CONCAT)
			continue;
		for (int k = 0; k < n->n_out; k++)
			if (imc_val_ok(n->out[k]))
				b[n->out[k].i] = b[n->in[0].i];
	}
	return b;
}
