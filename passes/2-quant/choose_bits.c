/* Bits and copies of the layers of a spatial machine. */
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
