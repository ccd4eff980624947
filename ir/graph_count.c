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

static void count_act(struct imc_given_count *c, const struct imc_value *v)
{
	if (!v || v->given == IMC_GIVEN_NONE)
		return;
	c->n_act++;
	c->act[v->given]++;
}

static bool moves(enum imc_op op)
{
	return imc_op_info(op)->kind == IMC_MOVE || op == IMC_OP_MAX_POOL ||
	       op == IMC_OP_GLOBAL_MAX_POOL;
}

/* Values that only were moved are not counted again. */
struct imc_given_count imc_given_count_of(const struct imc_graph *g)
{
	struct imc_given_count c = {0};

	for (size_t i = 0; i < g->n_input; i++)
		count_act(&c, imc_value_at(g, g->input[i]));
	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);
		const struct imc_value *w;

		for (int k = 0; k < n->n_out && !moves(n->op); k++)
			count_act(&c, imc_node_out(g, n, k));
		w = n->op == IMC_OP_Q_CONV2D ? imc_node_in(g, n, 1) : NULL;
		if (!w || w->given == IMC_GIVEN_NONE)
			continue;
		c.n_weight++;
		c.weight[w->given]++;
	}
	return c;
}
