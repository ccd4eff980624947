/* zoo_blocks.h: parts that several networks have. */
#ifndef IMC_ZOO_BLOCKS_H
#define IMC_ZOO_BLOCKS_H

#include "frontend/zoo/zoo_layers.h"

/* An inverted residual block (Sandler et al., arXiv 1801.04381) before its
 * addition. Without `expand` hidden is the number of input channels. */
struct zoo_inverted {
	int64_t hidden, out, stride;
	bool expand;
};

/* conv: the path of its convolutions. */
struct zoo_val zoo_inverted_residual(struct zoo *z, struct zoo_val in,
				     const char *conv, struct zoo_inverted b);

/* Global average, flattened, and a linear layer: the paths are of the pooling
 * and of that layer. */
struct zoo_val zoo_classify(struct zoo *z, struct zoo_val x, const char *pool,
			    const char *linear, int64_t n_class,
			    enum zoo_style style);

#endif
