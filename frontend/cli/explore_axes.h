/* explore_axes.h: what a sweep goes over, from the command line. */
#ifndef IMC_CLI_EXPLORE_AXES_H
#define IMC_CLI_EXPLORE_AXES_H

#include "backend/report/curve.h"
#include "frontend/cli/driver.h"

/* Points of a sweep at most. */
#define CLI_MOST_POINTS 4096

struct cli_axes {
	size_t n_arrays, n_drop, n_budget;
	int32_t *arrays;
	double *drop, *budget; /* percent; bits */
	int steps; /* from the least latency to the most images; at least 2 */
	bool one;  /* one objective was asked for */
};

/* Reads --arrays (none: n_arrays is 0), --drop, --budgets, --steps,
 * --objective. False: reported. */
bool cli_axes_read(const struct cli_options *o, struct cli_axes *x);

/* The points at the ends of every curve, or the one that was asked for; of a
 * curve that trades accuracy all of it. */
void cli_axes_ends(const struct cli_axes *x, const struct imc_options *opt,
		   struct imc_arena *a, struct imc_curve *c);

/* Puts points between the ends of every curve of c, which are known, evenly by
 * the ratio of images a second. */
void cli_axes_between(const struct cli_axes *x, struct imc_arena *a,
		      struct imc_curve *c);

#endif
