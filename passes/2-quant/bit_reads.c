/* Who else reads what crossbars read, and what narrowing it costs. */
#include "passes/2-quant/bit_reads.h"

#include "ir/support/checked.h"

bool imc_bit_may_cross(const struct imc_module *m, const struct imc_node *n)
{
	return m->hw->ima_arrays > 0 &&
	       imc_map_may_use(m, n, IMC_ENGINE_CROSSBAR) &&
	       (imc_hw_sums_exact(m->hw) || imc_arrays_suit(m, n));
}

static void widen(const imc_val *v, int n, bool *wide)
{
	for (int k = 0; k < n; k++)
		if (imc_val_ok(v[k]))
			wide[v[k].i] = true;
}

static bool any_wide(const imc_val *v, int n, const bool *wide)
{
	for (int k = 0; k < n; k++)
		if (imc_val_ok(v[k]) && wide[v[k].i])
			return true;
	return false;
}

/* Codes are handed on: to what reads them, and from what is read (a concat
 * gives its inputs a rescale of their own). As imc_act_bits_of. */
static void follow_moves(const struct imc_graph *g, bool *wide)
{
	for (size_t i = g->n_order; i-- > 0;) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		if (imc_is_code_move(n->op) && any_wide(n->out, n->n_out, wide))
			widen(n->in, n->n_in, wide);
	}
	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		if (imc_is_code_move(n->op) && n->op != IMC_OP_CONCAT &&
		    any_wide(n->in, 1, wide))
			widen(n->out, n->n_out, wide);
	}
}

struct imc_bit_reads imc_bit_reads_of(const struct imc_module *m,
				      struct imc_arena *a)
{
	const struct imc_graph *g = m->g;
	struct imc_bit_reads r = {
		.wide = imc_arena_array(a, g->n_value, sizeof *r.wide),
		.n_read = imc_arena_array(a, g->n_value, sizeof *r.n_read),
	};

	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		if (imc_map_is_matrix(g, n) && imc_bit_may_cross(m, n))
			r.n_read[n->in[0].i]++;
		else if (!imc_is_code_move(n->op))
			widen(n->in, n->n_in, r.wide);
	}
	widen(g->input, (int)g->n_input, r.wide);
	widen(g->output, (int)g->n_output, r.wide);
	follow_moves(g, r.wide);
	return r;
}

struct imc_cost imc_bit_narrow_cost(const struct imc_module *m,
				    const struct imc_bit_reads *r,
				    imc_node_id id, const struct imc_assign *as)
{
	const struct imc_node *n = imc_node_at(m->g, id);
	const struct imc_value *x = imc_node_in(m->g, n, 0);
	imc_val v = n->in[0];

	if (as->engine != IMC_ENGINE_CROSSBAR || !r->wide[v.i] ||
	    as->act_bits >= m->hw->ima_dac_bits)
		return (struct imc_cost){0};
	return imc_cost_rescale(
		m->hw, imc_ceil_div(imc_tensor_count(&x->t), r->n_read[v.i]));
}
