/* eval_print.h: the scores of an evaluation as text and as JSON. */
#ifndef IMC_CLI_EVAL_PRINT_H
#define IMC_CLI_EVAL_PRINT_H

#include "frontend/cli/eval_noise.h"
#include "frontend/cli/eval_run.h"
#include "ir/support/buf.h"

/* labelled: there were labels, so that top1 means something. */
void cli_scores_json(const struct cli_scores *s, bool labelled,
		     const struct cli_noise_result *noisy, struct imc_buf *out);
void cli_scores_text(const struct cli_scores *s, bool labelled,
		     struct imc_buf *out);

#endif
