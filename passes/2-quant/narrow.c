/* DACs of less than 8 bits: what they read must not exceed their codes. Every
 * producer of an activation clamps anyway, so that costs nothing. */
#include <string.h>

#include "ir/num.h"
#include "passes/2-quant/quant.h"

struct codes {
	int64_t lo, hi;
};

static void narrow_const(struct imc_value *v, const struct codes *c)
{
	int8_t *q = v->t.data;

	for (int64_t i = 0; v->t.dtype == IMC_I8 && i < imc_tensor_count(&v->t);
	     i++)
		q[i] = (int8_t)imc_clamp(q[i], c->lo, c->hi);
}

static void narrow_node(struct imc_module *m, struct imc_node *n,
			const struct codes *c)
{
	if (n->op == IMC_OP_Q_LUT) {
		narrow_const(imc_node_in(m->g, n, 1), c);
		return;
	}
	n->a.lo[0] = imc_clamp(n->a.lo[0], c->lo, c->hi);
	n->a.hi[0] = imc_clamp(n->a.hi[0], c->lo, c->hi);
}

void imc_narrow_activations(struct imc_module *m, struct imc_arena *scratch)
{
	int64_t half = (int64_t)1 << (m->hw->ima_dac_bits - 1);
	struct codes c = {-half, half - 1};
	struct imc_graph *g = m->g;
	const bool *read;

	if (m->hw->ima_dac_bits == 8)
		return;
	read = imc_read_by_arrays(m, scratch);
	for (size_t v = 0; v < g->n_value; v++)
		if (read[v] && g->value[v].t.data)
			narrow_const(&g->value[v], &c);
	for (size_t i = 0; i < g->n_order; i++) {
		struct imc_node *n = imc_node_at(g, g->order[i]);

		for (int k = 0; k < n->n_out && !imc_is_code_move(n->op); k++)
			if (imc_val_ok(n->out[k]) && read[n->out[k].i])
				narrow_node(m, n, &c);
	}
}
