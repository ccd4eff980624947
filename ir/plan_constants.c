#include "ir/op.h"
#include "ir/plan_now.h"
#include "ir/support/checked.h"

#define ALIGN 4

/* Inputs of a convolution that are read while it runs on that engine. */
static bool conv_reads(const struct imc_node *n, enum imc_engine e, int k)
{
	switch (e) {
	case IMC_ENGINE_CROSSBAR:
		return !n->a.post[0] && ((k >= 2 && k <= 4) || k == 7);
	case IMC_ENGINE_DEPTHWISE:
		return k == 1 || k == 2 || k == 4;
	case IMC_ENGINE_CORES:
	case IMC_ENGINE_PE:
	case IMC_ENGINE_NONE:
	case IMC_N_ENGINE:
		break;
	}
	return k >= 1 && k <= 4;
}

static bool reads(const struct imc_graph *g, const struct imc_map *m,
		  imc_node_id id, int k)
{
	const struct imc_node *n = imc_node_at(g, id);

	if (!imc_val_ok(n->in[k]) ||
	    !imc_value_at(g, imc_plan_origin(g, n->in[k]))->t.data ||
	    imc_op_info(n->op)->kind == IMC_MOVE)
		return false;
	return n->op != IMC_OP_Q_CONV2D ||
	       conv_reads(n, m->assign[id.i].engine, k);
}

struct imc_constants imc_plan_constants(const struct imc_graph *g,
					const struct imc_map *m, imc_node_id id,
					int64_t n_chan)
{
	const struct imc_node *n = imc_node_at(g, id);
	struct imc_constants c = {0};

	for (int k = 0; k < n->n_in && c.n < IMC_MAX_CONSTANTS; k++) {
		struct imc_constant *part = &c.part[c.n];
		const struct imc_tensor *t;

		if (!reads(g, m, id, k))
			continue;
		t = &imc_node_in(g, n, k)->t;
		*part = (struct imc_constant){
			.input = k,
			.offset = c.bytes,
			.bytes = (int64_t)imc_tensor_bytes(t)};
		if (n->op == IMC_OP_Q_CONV2D) {
			part->per_chan = part->bytes / t->dim[0];
			if (n_chan)
				part->bytes = part->per_chan * n_chan;
		}
		c.bytes = imc_ceil_div(c.bytes + part->bytes, ALIGN) * ALIGN;
		c.n++;
	}
	return c;
}
