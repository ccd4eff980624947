/* DACs of less than 8 bits: what they read must not exceed their codes. Every
 * producer of an activation clamps anyway, so that costs nothing. */
#include <string.h>

#include "ir/num.h"
#include "passes/2-quant/quant.h"

static int64_t half_of(const struct imc_act_bits *b)
{
	return (int64_t)1 << (b->bits - 1);
}

static void narrow_const(struct imc_value *v, int64_t half)
{
	int8_t *q = v->t.data;

	for (int64_t i = 0; v->t.dtype == IMC_I8 && i < imc_tensor_count(&v->t);
	     i++)
		q[i] = (int8_t)imc_clamp(q[i], -half, half - 1);
}

static void narrow_node(struct imc_module *m, struct imc_node *n, int64_t half)
{
	if (n->op == IMC_OP_Q_LUT) {
		narrow_const(imc_node_in(m->g, n, 1), half);
		return;
	}
	n->a.lo[0] = imc_clamp(n->a.lo[0], -half, half - 1);
	n->a.hi[0] = imc_clamp(n->a.hi[0], -half, half - 1);
}

void imc_narrow_activations(struct imc_module *m, struct imc_arena *scratch)
{
	const struct imc_act_bits *b = imc_act_bits_of(m, scratch);
	struct imc_graph *g = m->g;

	for (size_t v = 0; v < g->n_value; v++)
		if (b[v].bits < 8 && g->value[v].t.data)
			narrow_const(&g->value[v], half_of(&b[v]));
	for (size_t i = 0; i < g->n_order; i++) {
		struct imc_node *n = imc_node_at(g, g->order[i]);

		for (int k = 0; k < n->n_out && !imc_is_code_move(n->op); k++)
			if (imc_val_ok(n->out[k]) && b[n->out[k].i].bits < 8)
				narrow_node(m, n, half_of(&b[n->out[k].i]));
	}
}
