/* ends.h: the values by which two forms of a network are compared.
 *
 * Of an output that a softmax makes, perhaps with moves behind it, that is the
 * input of the softmax: near 0 and 1 all differences vanish. */
#ifndef IMC_ENDS_H
#define IMC_ENDS_H

#include "ir/module.h"

struct imc_ends {
	size_t n;	      /* outputs */
	imc_node_id *softmax; /* of each; or IMC_NO_NODE */
};

/* Of a float network; passes of stage 2 keep the ids. */
struct imc_ends imc_ends_of(const struct imc_graph *g, struct imc_arena *a);

/* The value that end k is in some form of the network. */
imc_val imc_end_value(const struct imc_graph *g, const struct imc_ends *e,
		      size_t k);

/* The first of the largest elements: the class that a network gives. */
int64_t imc_first_largest(const float *x, int64_t n);

#endif
