/* nhwc.h: the parts of to_nhwc.
 *
 * Every value of rank 4 that is not a constant is channel-last afterwards,
 * whatever it means: one rule, so no analysis can be wrong. Nodes whose
 * meaning depends on the order of axes get attributes and constants to match
 * (nhwc_node.c), or work between two transposes (imc_nhwc_wrap). */
#ifndef IMC_NHWC_H
#define IMC_NHWC_H

#include "passes/1-graph/rewrite.h"

/* Axes of a channel-last tensor from those of the channel-first one, and
 * back: dim_last[i] = dim_first[imc_to_last[i]]. */
extern const int64_t imc_to_last[4], imc_to_first[4];

/* Makes node id, whose values of rank 4 are channel-last by now, compute what
 * it did before. */
void imc_nhwc_adapt(struct imc_rw *rw, imc_node_id id);

/* Transposes pictures to channel-first before id and back behind it. */
void imc_nhwc_wrap(struct imc_rw *rw, imc_node_id id);

/* A constant with its axes made 4 by leading ones and put channel-last. */
imc_val imc_nhwc_const(struct imc_rw *rw, imc_val c);

/* Is v a value of rank 4 that the network computes or is given? */
bool imc_nhwc_is_picture(const struct imc_graph *g, imc_val v);

/* A transpose and a reshape to a vector before a 1x1 convolution: the order
 * of its weights changes instead. */
imc_rw_rule imc_nhwc_fold_flatten;

#endif
