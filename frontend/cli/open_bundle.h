/* open_bundle.h: a bundle, or a model, opened to be run on samples. */
#ifndef IMC_CLI_OPEN_BUNDLE_H
#define IMC_CLI_OPEN_BUNDLE_H

#include "frontend/cli/driver.h"

/* What commands that run samples hold on to. The modules are the caller's to
 * free; all else lives in `arena`. */
struct cli_opened {
	struct cli_settings s;
	bool bundle; /* m and images are those of a bundle */
	/* Of a model that others quantised, float_m is the float network that
	 * stage 2 gets, without their steps; else as the file says. */
	bool without_steps;
	struct imc_module *m;	    /* quantised and mapped */
	struct imc_module *float_m; /* NULL: its model was not found */
	struct imc_images images;
	struct imc_arena *arena;
};

/* Stage 1 of the model alone: the float network that stage 2 quantises. False:
 * reported. */
bool cli_float_open(struct cli_opened *j, const char *path);

/* Reads DIR/module/NAME.imc, what the bundle programs into its arrays, and the
 * model it was made from: `model`, or (NULL) where the module says. One that is
 * not there, or was changed, is a warning. False: reported. */
bool cli_bundle_open(struct cli_opened *j, const char *dir, const char *model);

/* The graph whose inputs and outputs the data must fit. */
const struct imc_graph *cli_graph_of(const struct cli_opened *j);

/* Samples skip .. skip+limit of --data, in a; n of them. x begins with sample
 * 0. False: reported. */
bool cli_samples_open(const struct cli_opened *j, struct imc_arena *a,
		      struct imc_samples *x, int64_t *n);

#endif
