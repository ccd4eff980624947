/* diff_verdict.h: which layer falls apart first, and in words why. */
#ifndef IMC_CLI_DIFF_VERDICT_H
#define IMC_CLI_DIFF_VERDICT_H

#include "frontend/cli/diff_run.h"
#include "ir/support/buf.h"

/* Layers by index; -1: none.
 * first    the first one whose accumulated signal to noise is below the
 *          threshold
 * worst    the one that adds most: least signal to its own noise
 * from     what made `first` so: it itself if half of the noise there or more
 *          is its own, else the one that adds most of the layers it depends on
 * other    by level: the first layer with codes other than the quantised
 *          network's
 * noisy    as first, with noise; devices: the one whose devices add most of it
 */
struct diff_verdict {
	double threshold; /* dB */
	int64_t first, worst, from, other[DIFF_N_LEVEL], noisy, devices;
};

struct diff_verdict diff_verdict_of(const struct diff_net *n,
				    const struct diff_figures *f,
				    double threshold);

/* The part of the noise at a layer that it adds itself, 1 at most. */
double diff_own_share(const struct diff_figures *f);

/* "71 % of it from weights of 4 bits, 20 % from ...": the causes of what a
 * layer adds that make a fifth of it or more. Nothing if they are not known. */
void diff_reason(const struct diff_net *n, const struct diff_layer *l,
		 const struct diff_figures *f, struct imc_buf *out);

/* Bits and slices of the weights of l; 0: it has none. */
int32_t diff_weight_bits(const struct diff_net *n, const struct diff_layer *l);
int32_t diff_slices(const struct diff_net *n, const struct diff_layer *l);

#endif
