#include <math.h>

#include "hwdesc/cost.h"
#include "ir/support/checked.h"

/* The digital array of processing elements. */

bool imc_pe_can(const struct imc_hw *hw, const struct imc_node *n)
{
	return hw->pe_rows > 0 &&
	       (n->op == IMC_OP_CONV2D || n->op == IMC_OP_Q_CONV2D);
}

struct imc_cost imc_cost_pe(const struct imc_hw *hw,
			    const struct imc_matrix *mx, int32_t n_row)
{
	double kernel = (double)mx->kernel_h * mx->kernel_w;
	double in = mx->rows / kernel, out = mx->cols;
	double groups = (double)mx->batch * n_row * mx->out_w * mx->groups;
	double blocks = (double)imc_ceil_div(mx->cols, hw->pe_cols);
	double passes, bytes, weights = (double)mx->groups * mx->rows * out;
	struct imc_cost c = {0};

	if (hw->pe_rows == 0)
		return (struct imc_cost){.cycles = INFINITY,
					 .ns = INFINITY,
					 .pj = INFINITY,
					 .engine_ns = INFINITY};
	passes = groups * kernel * blocks * ceil(in / (double)hw->pe_rows);
	bytes = groups * (kernel * in * blocks + out);
	c.cycles = hw->pe_config_cycles + ceil(weights / hw->pe_port_bytes) +
		   fmax(passes * hw->pe_pass_cycles,
			ceil(bytes / hw->pe_port_bytes));
	c.ns = c.cycles * 1e3 / hw->cluster_freq;
	c.pj = groups * mx->rows * out * hw->energy_pe_mac;
	c.engine_ns = c.ns;
	return c;
}
