/* explore.h: many mappings of one network, each in a process of its own. */
#ifndef IMC_CLI_EXPLORE_H
#define IMC_CLI_EXPLORE_H

#include "backend/report/curve.h"
#include "frontend/cli/driver.h"

/* Maps m, whose values have ranges and whose layers have errors, as every point
 * of c asks, and fills the points. Each result is kept in DIR/points, so that a
 * sweep that was stopped goes on where it was. A number of arrays that the
 * network does not fit is a point that is not found. False: reported. */
bool cli_explore_points(struct imc_module *m, const struct cli_settings *s,
			const char *dir, struct imc_curve *c);

#endif
