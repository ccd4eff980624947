/* residual.h: how the residual weights of a q_conv2d are stored.
 *
 * Most of them are 0, so only groups that hold another weight are kept: of each
 * the place, then the weights in two's complement of few bits. A group is
 * `group` neighbouring input channels at one kernel position of one output;
 * those behind the last channel are 0. Groups of one output follow one another,
 * by place. */
#ifndef IMC_RESIDUAL_H
#define IMC_RESIDUAL_H

#include "ir/graph.h"

struct imc_residual {
	int32_t group, bits; /* weights of a group, bits of each (2 .. 8) */
	int32_t shift;
	int64_t k;    /* outputs */
	int64_t taps; /* kernel positions */
	int64_t c;    /* input channels of one group of the convolution */
	int64_t n_group;
	/* [k + 1]: the first group of each output; at the end n_group */
	int32_t *first;
	/* [n_group]: 2 bytes, low one first: tap * blocks + block, with
	 * blocks = ceil(c / group); then ceil(group * bits / 8) bytes, weight i
	 * at bits i * bits .. of them, lowest first. */
	uint8_t *record;
};

/* Bytes of a record, and of all that is stored. */
static inline int64_t imc_residual_record_bytes(int32_t group, int32_t bits)
{
	return 2 + ((int64_t)group * bits + 7) / 8;
}

int64_t imc_residual_bytes(const struct imc_residual *r);

/* Groups of weights w [K, kh, kw, C] that are not all 0; and all there are. */
int64_t imc_residual_count(const struct imc_tensor *w, int64_t group);
int64_t imc_residual_places(const struct imc_tensor *w, int64_t group);

/* The residual weights of q_conv2d n, which has some, in as few bits as they
 * need. */
struct imc_residual imc_residual_pack(const struct imc_graph *g,
				      const struct imc_node *n,
				      struct imc_arena *a);

/* The weights again: w[k][taps][c]. */
void imc_residual_unpack(const struct imc_residual *r, int8_t *w);

#endif
