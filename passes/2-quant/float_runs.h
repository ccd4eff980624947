/* float_runs.h: the float network on calibration samples, for passes that look
 * at its activations. */
#ifndef IMC_FLOAT_RUNS_H
#define IMC_FLOAT_RUNS_H

#include "passes/pass.h"

/* Shown every float activation of a sample, in the layout of the graph: its
 * inputs, then what each node gives. t lives during the call. */
typedef void imc_float_see(void *p, size_t sample, imc_val v,
			   const struct imc_tensor *t);

/* Runs samples first .. first + n of cx->calib on all processors, each on one
 * of them. what: the name of the work, for progress. */
void imc_float_runs(const struct imc_module *m, const struct imc_pass_cx *cx,
		    const char *what, size_t first, size_t n,
		    imc_float_see *see, void *p);

#endif
