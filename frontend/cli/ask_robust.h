/* ask_robust.h: --robust, the noise under which a mapping is chosen. */
#ifndef IMC_CLI_ASK_ROBUST_H
#define IMC_CLI_ASK_ROBUST_H

#include "frontend/cli/driver.h"

/* What the options ask for; model NULL: nothing. False: wrong usage,
 * reported. */
bool cli_robust_usage(const struct cli_options *o, struct imc_robust *out);

/* If it was given: the machine is one whose layers can be chosen by noise, and
 * there is such a model. False: reported. */
bool cli_robust_check(const struct cli_options *o, const struct imc_hw *hw);

/* The model that m still needs, or NULL in *out. False: reported. */
bool cli_robust_open(const struct cli_options *o, const struct imc_module *m,
		     const struct imc_noise **out);

#endif
