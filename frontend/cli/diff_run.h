/* diff_run.h: runs the levels of a network over samples and sums up, layer by
 * layer, how they differ.
 *
 * A level is one row of diff_run.c: a name, and how it runs a sample. */
#ifndef IMC_CLI_DIFF_RUN_H
#define IMC_CLI_DIFF_RUN_H

#include "frontend/cli/diff_local.h"
#include "frontend/cli/ui.h"
#include "ir/plan.h"
#include "ir/samples.h"

/* All against float; those behind the first also against it, code by code. */
enum diff_level { DIFF_QUANTISED, DIFF_BUNDLE, DIFF_NOISY, DIFF_N_LEVEL };

const char *diff_level_name(enum diff_level l);

struct diff_figures {
	struct diff_sums level[DIFF_N_LEVEL]; /* accumulated, against float */
	/* Codes that differ from the quantised network's, and samples with
	 * such codes. */
	int64_t n_other[DIFF_N_LEVEL], n_other_sample[DIFF_N_LEVEL];
	struct diff_local local;
	/* What its own devices make of what the quantised network reads there,
	 * against what that gives; no elements: it has no devices, or no noise.
	 */
	struct diff_sums devices;
};

/* What runs; all borrowed. */
struct diff_run {
	const struct diff_net *net;
	struct imc_map_eval map; /* with the cells of the bundle */
	/* Devices that are not ideal; NULL: there is no level DIFF_NOISY. */
	const struct imc_analog *analog;
	const struct imc_plan *plan;
	const struct imc_samples *samples;
	int64_t first, n; /* samples first .. first+n */
};

/* Levels that run, from 0 on. */
int diff_n_level(const struct diff_run *r);

/* Of each layer of the net, in a. On all processors; the figures do not depend
 * on how many. */
struct diff_figures *diff_run_all(const struct diff_run *r, struct cli_ui *ui,
				  struct imc_arena *a);

#endif
