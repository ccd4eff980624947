/* bit_reads.h: activations that crossbars read, before their bits are known.
 * Private to stage 2. */
#ifndef IMC_BIT_READS_H
#define IMC_BIT_READS_H

#include "passes/2-quant/map_options.h"

struct imc_bit_reads {
	/* [value] Codes have 8 bits whatever arrays like: something else reads
	 * them too, or they are inputs or outputs of the network. As
	 * imc_act_bits_of. */
	bool *wide;
	int32_t *n_read; /* [value] matrix nodes that read it */
};

struct imc_bit_reads imc_bit_reads_of(const struct imc_module *m,
				      struct imc_arena *a);

/* True if matrix node n may run on the crossbars of a spatial machine. */
bool imc_bit_may_cross(const struct imc_module *m, const struct imc_node *n);

/* What it costs to narrow the input of node id to the bits of `as`. Layers
 * that read the same may share that. The time is in no stage of arrays, so
 * that it is left out where the slowest stage is all that counts. */
struct imc_cost imc_bit_narrow_cost(const struct imc_module *m,
				    const struct imc_bit_reads *r,
				    imc_node_id id,
				    const struct imc_assign *as);

#endif
