/* given.h: scales and zeros that the model file gives, while stage 1 changes
 * the graph around them. */
#ifndef IMC_GIVEN_H
#define IMC_GIVEN_H

#include "passes/1-graph/rewrite.h"

/* False (reported): a constant scale of n, a node of the family `quantize`,
 * is not a finite number above 0. */
bool imc_given_check(const struct imc_graph *g, const struct imc_node *n,
		     struct imc_diags *d);

/* Node id reads constants only: its outputs become constants, and it dies.
 * What a dequantise_linear gives of codes of 8 bits keeps their numbers. */
void imc_given_evaluate(struct imc_graph *g, imc_node_id id);

/* Constant `to` has the elements of `from`, each multiplied by mul[k], k its
 * index along `axis` (NULL: 1); in `to` that is `to_axis`. Its given scales
 * follow, if they are one or along that axis. */
void imc_given_follow(struct imc_rw *rw, imc_val to, int to_axis, imc_val from,
		      int axis, const double *mul);

/* True if op hands codes on: what it computes has the numbers of input 0. */
bool imc_given_moves(enum imc_op op);

/* Numbers on one side of an operator that only moves elements are those of the
 * other side. */
void imc_given_spread(struct imc_graph *g);

#endif
