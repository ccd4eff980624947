/* diff_local.h: what a layer adds of its own, and what makes that.
 *
 * The layer computes, in device arithmetic, from what the float network reads
 * there, quantised. Between float and that lie steps, each of which changes
 * one thing; what a step changes, squared and summed, is the size of a cause:
 *
 *     y0  the float network
 *     y1  the float node on rounded inputs                   DIFF_BY_INPUT
 *     y2  the same with rounded weights and corrected bias   DIFF_BY_WEIGHTS
 *     y3  y2 as codes of the output:  codes that clip        DIFF_BY_RANGE
 *                                     the others             DIFF_BY_STEP
 *     y4  the device, had its ADCs no ends                   DIFF_BY_SUMS
 *     y5  the device                                         DIFF_BY_ADC
 */
#ifndef IMC_CLI_DIFF_LOCAL_H
#define IMC_CLI_DIFF_LOCAL_H

#include "frontend/cli/diff_net.h"

enum diff_cause {
	DIFF_BY_INPUT,
	DIFF_BY_WEIGHTS,
	DIFF_BY_RANGE,
	DIFF_BY_STEP,
	DIFF_BY_SUMS,
	DIFF_BY_ADC,
	DIFF_N_CAUSE
};

struct diff_local {
	struct diff_sums sums;
	bool explained; /* cause[] is known */
	double cause[DIFF_N_CAUSE];
	/* Outputs behind ADCs that are not the activation's own; those that are
	 * others because readings clip. */
	int64_t n_read, n_cut;
};

/* f: tensors of the twins, by value of the float graph. */
struct diff_local diff_local_of(const struct diff_net *n,
				const struct diff_layer *l,
				const struct imc_tensor *f);

void diff_local_add(struct diff_local *to, const struct diff_local *l);

/* The largest one; DIFF_N_CAUSE: no error, or not explained. */
enum diff_cause diff_cause_of(const struct diff_local *l);

/* Its part of all causes. */
double diff_cause_share(const struct diff_local *l, enum diff_cause c);

const char *diff_cause_name(enum diff_cause c);

#endif
