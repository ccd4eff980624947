/* eval_run.h: runs a network at every level over a set of samples. */
#ifndef IMC_CLI_EVAL_RUN_H
#define IMC_CLI_EVAL_RUN_H

#include "frontend/cli/ui.h"
#include "ir/plan.h"
#include "ir/samples.h"

/* Every level after the quantised one must give the same bits as it. */
enum cli_level {
	CLI_FLOAT,
	CLI_QUANTISED,
	CLI_MAPPED,
	CLI_PLANNED,
	CLI_BUNDLE,
	CLI_N_LEVEL
};

const char *cli_level_name(enum cli_level l);

/* What is evaluated: a graph a level (NULL: left out), the same input. */
struct cli_eval {
	const struct imc_graph *g[CLI_N_LEVEL];
	struct imc_map_eval map; /* of the levels mapped and planned */
	const struct imc_plan *plan;
	const float *const *bundle; /* what it gave: by output, n samples */
	struct imc_tensor input;    /* type and shape, as in the ONNX model */
	const struct imc_samples *samples;
	int64_t first, n;      /* samples first .. first+n */
	const int64_t *labels; /* of sample 0 on; NULL: none */
	int64_t label_offset;
};

struct cli_scores {
	bool has[CLI_N_LEVEL];
	int64_t n;
	double top1[CLI_N_LEVEL]; /* fraction; only with labels */
	/* Of a level against the one before it that was evaluated: fraction of
	 * samples with the same class. [CLI_FLOAT] is unused. */
	double agree[CLI_N_LEVEL];
	int64_t identical[CLI_N_LEVEL]; /* samples as the quantised graph's */
	/* Of outputs against float's: mean of squares, mean of magnitudes, and
	 * root of the sum of squares over that of float's outputs. */
	double mse[CLI_N_LEVEL], mean_abs[CLI_N_LEVEL], relative[CLI_N_LEVEL];
};

/* Evaluates on all processors; the scores do not depend on how many. */
struct cli_scores cli_eval_run(const struct cli_eval *e, struct cli_ui *ui);

#endif
