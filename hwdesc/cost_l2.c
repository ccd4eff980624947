#include "hwdesc/cost.h"

#include <math.h>

/* Outputs of a convolution on the cores that share an input they read. */
#define CONV_SHARE 4

static double count_of(const struct imc_value *v)
{
	return v ? (double)imc_tensor_count(&v->t) : 0;
}

/* Bytes that the kernels of node n read of input k. */
static double reads_of(const struct imc_graph *g, const struct imc_node *n,
		       int k)
{
	double once = count_of(imc_node_in(g, n, k));
	struct imc_matrix mx;

	if (k == 0 && (n->op == IMC_OP_CONV2D || n->op == IMC_OP_Q_CONV2D)) {
		mx = imc_matrix_of(g, n);
		return fmax(once, (double)mx.n_window * mx.cols * mx.groups *
					  mx.rows / CONV_SHARE);
	}
	if (k == 0 &&
	    (n->op == IMC_OP_MAX_POOL || n->op == IMC_OP_Q_AVERAGE_POOL))
		return count_of(imc_node_out(g, n, 0)) *
		       (double)(n->a.kernel[0] * n->a.kernel[1]);
	return once;
}

static double writes_of(const struct imc_graph *g, const struct imc_node *n)
{
	double sum = 0;

	for (int k = 0; k < n->n_out; k++)
		sum += count_of(imc_node_out(g, n, k));
	return sum;
}

struct imc_cost imc_cost_in_l2(const struct imc_hw *hw,
			       const struct imc_graph *g,
			       const struct imc_node *n, int k, int64_t n_row)
{
	const struct imc_tensor *y = &imc_node_out(g, n, 0)->t;
	double bytes = k < 0 ? writes_of(g, n) : reads_of(g, n, k);
	struct imc_cost c = {0};

	if (y->rank == 4)
		bytes *= (double)n_row / (double)y->dim[1];
	c.cycles = bytes * hw->l2_core_cycles;
	c.ns = c.core_ns = c.cycles * 1e3 / hw->cluster_freq;
	c.pj = c.cycles * hw->energy_core_cycle + bytes * hw->energy_dma_byte;
	return c;
}
