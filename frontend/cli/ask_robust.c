#include "frontend/cli/ask_robust.h"

#include "frontend/cli/eval_noise.h"
#include "passes/2-quant/map_options.h"

/* Sets of devices, if nothing is said: each network that is tried runs on
 * all. */
#define RUNS 5

static bool has_data(const struct cli_options *o)
{
	return cli_given(o, CLI_OPT_CALIB) || cli_given(o, CLI_OPT_DATA) ||
	       imc_diag(o->d, IMC_NOWHERE, IMC_D_USAGE_NEEDS,
			"--calib=X.npy or --data=X.npy");
}

bool cli_robust_usage(const struct cli_options *o, struct imc_robust *out)
{
	struct cli_noise n;

	*out = (struct imc_robust){0};
	if (!cli_noise_usage(o, &n))
		return false;
	if (!cli_given(o, CLI_OPT_ROBUST))
		return true;
	out->model = cli_text(o, CLI_OPT_ROBUST, NULL);
	out->time_s = n.time_s[0];
	out->runs = cli_given(o, CLI_OPT_RUNS) ? n.runs : RUNS;
	return has_data(o);
}

bool cli_robust_check(const struct cli_options *o, const struct imc_hw *hw)
{
	if (!cli_given(o, CLI_OPT_ROBUST))
		return true;
	if (imc_hw_sums_exact(hw))
		return cli_noise_is_exact(hw, CLI_OPT_ROBUST, o->d);
	if (!imc_variants_can(hw))
		return imc_diag(o->d, IMC_NOWHERE, IMC_D_ROBUST_TARGET,
				hw->name);
	return cli_noise_load(o, cli_text(o, CLI_OPT_ROBUST, "")) != NULL;
}

bool cli_robust_open(const struct cli_options *o, const struct imc_module *m,
		     const struct imc_noise **out)
{
	*out = NULL;
	if (!m->robust.model || imc_module_has(m, IMC_FACT_ASSIGNED))
		return true;
	*out = cli_noise_load(o, m->robust.model);
	return *out != NULL;
}
