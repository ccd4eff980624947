/* rerun.h: a quantised network whose codes on some samples are kept, so that a
 * change of one node costs only what lies behind it.
 *
 * Errors are those of the float network's outputs: whatever changes a network
 * also rounds its codes anew, so that the distance of two quantised networks
 * has a part that is there for the smallest change. In the difference of their
 * squared distances to the float network that part drops out. */
#ifndef IMC_RERUN_H
#define IMC_RERUN_H

#include "ir/eval.h"
#include "passes/2-quant/ends.h"

struct imc_rerun {
	const struct imc_graph *g;
	struct imc_ends ends;
	size_t n_sample;
	int8_t **code; /* [sample * g->n_value + value]; NULL: none */
	float **real;  /* [sample * ends.n + end]: of the float network */
	double *error; /* [sample]: squared, of g */
	double square; /* sum of squares of the float ends of all samples */
};

/* Runs g, all of whose activations are codes, and the float network that it
 * was made of on the first n samples. What is kept lives in a. Uses all
 * processors. */
struct imc_rerun imc_rerun_open(const struct imc_graph *g,
				const struct imc_graph *real,
				const struct imc_ends *ends,
				const struct imc_samples *s, size_t n,
				struct imc_arena *a);

/* How much larger the squared error of one sample is if node id is computed as
 * in graph `with`: another form of the same network, where a q_rescale that g
 * does not have may stand in front of the node, and what it reads and gives may
 * have other numbers. May be negative. Thread-safe.
 */
double imc_rerun_error(const struct imc_rerun *r, size_t sample,
		       const struct imc_graph *with, imc_node_id id);

/* The same, where how->compute (in terms of `with`) computes the node; NULL: as
 * it is. */
double imc_rerun_error_by(const struct imc_rerun *r, size_t sample,
			  const struct imc_graph *with, imc_node_id id,
			  const struct imc_eval_how *how);

#endif
