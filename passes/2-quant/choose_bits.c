/* Bits and copies of the layers of a spatial machine. */
#include <math.h>

#include "passes/2-quant/choose_bits.h"

bool imc_bits_are_chosen(const struct imc_module *m)
{
	return imc_hw_is_spatial(m->hw) &&
	       (m->opt.budget_bits > 0 || m->opt.has_drop);
}

bool imc_search_check(const struct imc_module *m)
{
	return !m->opt.search || !imc_hw_is_spatial(m->hw) ||
	       (m->opt.has_drop && m->opt.budget_bits <= 0) ||
	       imc_diag(m->diags, IMC_IN_FILE(m->model_path),
			IMC_D_SEARCH_DROP);
}

static double errors_at(const struct imc_module *m, int b)
{
	double sum = 0;

	for (size_t i = 0; i < m->n_error; i++)
		sum += m->error[i].weight[b] + m->error[i].act[b];
	return sum;
}

double imc_bit_budget(const struct imc_module *m, double bits)
{
	double b = fmin(fmax(bits, 2), 8), part = b - floor(b);
	double lo = errors_at(m, (int)b);
	double hi = errors_at(m, b < 8 ? (int)b + 1 : 8);

	if (part == 0 || lo <= 0 || hi <= 0)
		return lo * (1 - part) + hi * part;
	return pow(lo, 1 - part) * pow(hi, part);
}
