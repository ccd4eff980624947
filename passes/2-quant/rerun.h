/* rerun.h: a quantised network whose codes on some samples are kept, so that a
 * change of one node costs only what lies behind it. */
#ifndef IMC_RERUN_H
#define IMC_RERUN_H

#include "passes/2-quant/ends.h"

struct imc_rerun {
	const struct imc_graph *g;
	struct imc_ends ends;
	size_t n_sample;
	int8_t **code; /* [sample * g->n_value + value]; NULL: none */
	double square; /* sum of squares of the ends of all samples */
};

/* Runs g, all of whose activations are codes, on the first n samples. What is
 * kept lives in a. Uses all processors. */
struct imc_rerun imc_rerun_open(const struct imc_graph *g,
				const struct imc_ends *ends,
				const struct imc_samples *s, size_t n,
				struct imc_arena *a);

/* What the ends of one sample change, squared, if node id is computed as in
 * graph `with`: another form of the same network, where a q_rescale that g does
 * not have may stand in front of the node. Thread-safe. */
double imc_rerun_error(const struct imc_rerun *r, size_t sample,
		       const struct imc_graph *with, imc_node_id id);

#endif
