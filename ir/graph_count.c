#include "ir/graph.h"
#include "ir/op.h"

/* Elements of constant input k of n; 0 when it is computed or absent. */
static int64_t const_count(const struct imc_graph *g, const struct imc_node *n,
			   int k)
{
	const struct imc_value *v = imc_node_in(g, n, k);

	return v && v->t.data ? imc_tensor_count(&v->t) : 0;
}

/* Multiply-accumulates that make one element of the output of matrix node n:
 * the elements of one row of its weights. */
static int64_t macs_an_element(const struct imc_graph *g,
			       const struct imc_node *n)
{
	const struct imc_value *a = imc_node_in(g, n, 0);
	const struct imc_value *w = imc_node_in(g, n, 1);
	int rank = a->t.rank;

	if (n->op == IMC_OP_CONV2D || n->op == IMC_OP_Q_CONV2D)
		return w->t.dim[0] ? imc_tensor_count(&w->t) / w->t.dim[0] : 0;
	if (n->op == IMC_OP_GEMM && n->a.trans_a[0])
		return a->t.dim[0];
	return rank ? a->t.dim[rank - 1] : 0;
}

int64_t imc_graph_macs(const struct imc_graph *g)
{
	int64_t sum = 0;

	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		if (imc_op_info(n->op)->kind == IMC_MATRIX)
			sum += macs_an_element(g, n) *
			       imc_tensor_count(&imc_node_out(g, n, 0)->t);
	}
	return sum;
}

/* Bias of n: kept as a constant, or as cells of rows in units of a job. */
static int64_t bias_count(const struct imc_graph *g, const struct imc_node *n)
{
	if (n->op == IMC_OP_Q_CONV2D && n->a.drive.n)
		return imc_node_in(g, n, 1)->t.dim[0];
	return const_count(g, n, 2);
}

int64_t imc_graph_params(const struct imc_graph *g)
{
	int64_t sum = 0;

	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		if (n->op == IMC_OP_BATCH_NORM)
			sum += const_count(g, n, 1) + const_count(g, n, 2);
		if (imc_op_info(n->op)->kind != IMC_MATRIX)
			continue;
		sum += const_count(g, n, 1) + bias_count(g, n);
		if (n->op != IMC_OP_Q_CONV2D)
			sum += const_count(g, n, 0);
	}
	return sum;
}
