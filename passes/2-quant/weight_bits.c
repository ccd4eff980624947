/* How many bits the weights of a layer get on the arrays. */
#include "ir/support/checked.h"
#include "passes/2-quant/quant.h"

/* One cell of so many bits holds any weights well enough. */
#define GOOD_BITS 4

/* Squared error of the weights, as a part of their squares, up to which cells
 * of fewer bits may hold them. Weights trained for full precision lose about
 * 20 % in one ternary cell, 4 % in two and 1.6 % in three, as against 1.2 % in
 * one cell of 4 bits; weights trained for ternary cells lose nothing. */
#define MAX_ERROR 0.03

bool imc_arrays_suit(const struct imc_module *m, const struct imc_node *n)
{
	struct imc_matrix mx = imc_matrix_of(m->g, n);
	bool depthwise = mx.groups > 1 && mx.rows == mx.kernel_h * mx.kernel_w;

	return !depthwise || imc_hw_sums_exact(m->hw) ||
	       m->hw->ima_cell_bits >= GOOD_BITS ||
	       m->opt.dw_engine == IMC_ENGINE_CROSSBAR;
}

int imc_weight_bits_of(const struct imc_module *m, const struct imc_node *n)
{
	int cell = (int)m->hw->ima_cell_bits, bits = cell;
	struct imc_weights w = imc_weights_of(m->g, n);

	if (!m->opt.weight_bits && cell == 1)
		return 8; /* fewer only where they are chosen or asked for */
	if (m->opt.weight_bits || cell >= GOOD_BITS)
		return m->opt.weight_bits ? m->opt.weight_bits : cell;
	for (; bits < 8; bits = (int)imc_min_i64(bits + cell, 8)) {
		double channel;

		imc_weight_errors(&w, imc_slices_of(m->hw, bits), cell,
				  imc_weight_max(m->hw, bits), &channel, NULL);
		if (channel <= MAX_ERROR * (double)w.k)
			break;
	}
	return bits;
}
