#include "passes/2-quant/ends.h"

#include "passes/2-quant/quant.h"

static imc_node_id softmax_of(const struct imc_graph *g, imc_val v)
{
	imc_node_id id = imc_value_at(g, v)->def;

	while (imc_node_ok(id)) {
		const struct imc_node *n = imc_node_at(g, id);

		if (n->op == IMC_OP_SOFTMAX)
			return id;
		if (!imc_is_code_move(n->op) || n->n_out != 1)
			break;
		id = imc_node_in(g, n, 0) ? imc_node_in(g, n, 0)->def
					  : IMC_NO_NODE;
	}
	return IMC_NO_NODE;
}

struct imc_ends imc_ends_of(const struct imc_graph *g, struct imc_arena *a)
{
	struct imc_ends e = {.n = g->n_output};

	e.softmax = imc_arena_array(a, e.n + 1, sizeof *e.softmax);
	for (size_t k = 0; k < e.n; k++)
		e.softmax[k] = softmax_of(g, g->output[k]);
	return e;
}

imc_val imc_end_value(const struct imc_graph *g, const struct imc_ends *e,
		      size_t k)
{
	if (imc_node_ok(e->softmax[k]))
		return imc_node_at(g, e->softmax[k])->in[0];
	return g->output[k];
}

int64_t imc_first_largest(const float *x, int64_t n)
{
	int64_t best = 0;

	for (int64_t i = 1; i < n; i++)
		if (x[i] > x[best])
			best = i;
	return best;
}
