/* equalise: scales of channels move across layers, so that one scale for an
 * activation, one range for the ADCs of a job and few bits of weights lose
 * less. The float function stays as it is on the calibration data, bit for
 * bit, since scales are powers of two. */
#include "passes/2-quant/equalise.h"
#include "passes/2-quant/quant.h"

/* Words of --equalise. */
enum { AUTO, ON, OFF };

/* It does where all weights of a layer share a scale, or activations have few
 * bits. Else rounding that makes up for its errors leaves it next to nothing to
 * gain (measured on eight networks), and 8 bits lose little anyhow; made-up
 * samples say nothing of channels. */
static bool pays(const struct imc_module *m, const struct imc_pass_cx *cx)
{
	int64_t cell = imc_hw_sums_exact(m->hw) ? 8 : m->hw->ima_cell_bits;
	int64_t bits = m->opt.weight_bits ? m->opt.weight_bits : cell;
	bool few_acts = m->opt.act_bits > 0 && m->opt.act_bits < 8;

	return !cx->calib->synthetic && m->hw->ima_arrays > 0 &&
	       ((bits < 8 && m->opt.post == 2) || few_acts);
}

bool imc_pass_equalise(struct imc_module *m, struct imc_pass_cx *cx)
{
	struct imc_eq e = {.m = m, .g = m->g, .a = cx->scratch};

	if (m->opt.equalise == OFF || !m->hw || !cx->calib ||
	    (m->opt.equalise == AUTO && !pays(m, cx)))
		return true;
	imc_eq_gather(&e, cx);
	imc_eq_classes(&e);
	imc_eq_model(&e);
	imc_eq_search(&e);
	cx->n_changed = imc_eq_apply(&e, m->g);
	return true;
}
