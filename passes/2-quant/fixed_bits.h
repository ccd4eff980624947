/* fixed_bits.h: copies of layers whose bits are given, as LRMP has them from
 * its agent. Private to stage 2. */
#ifndef IMC_FIXED_BITS_H
#define IMC_FIXED_BITS_H

#include "passes/2-quant/choose_spatial.h"

#define IMC_FEWEST_BITS 2
#define IMC_MOST_BITS 8

struct imc_bits {
	int32_t weight, act;
};

/* True if layer i of b has options on arrays with different bits. */
bool imc_fixed_has_choice(const struct imc_bit_problem *b, size_t i);

/* The best of the objective of m among the options with bits[i] for layer i,
 * or the nearest bits that it has, and those that are not on arrays. Picks of
 * `out` are of b, in a. As imc_choice_solve. */
bool imc_fixed_solve(const struct imc_module *m,
		     const struct imc_bit_problem *b,
		     const struct imc_bits *bits, struct imc_arena *a,
		     struct imc_choice *out);

/* The same after as few steps as will do to have a value of at most `most`
 * (INFINITY: any that fits the arrays): a step takes one bit away, and steps
 * go through the layers from the last one on, activations before weights, over
 * and over (action clipping of HAQ, Wang et al., CVPR 2019; their number is
 * found by halves). With IMC_FEWEST_BITS everywhere whatever comes is taken.
 * Changes bits[]. */
bool imc_fixed_clip(const struct imc_module *m, const struct imc_bit_problem *b,
		    double most, struct imc_bits *bits, struct imc_arena *a,
		    struct imc_choice *out);

/* The value with most bits everywhere and without copies, however many arrays
 * that takes: what a gain is measured from. */
bool imc_fixed_baseline(const struct imc_module *m,
			const struct imc_bit_problem *b, struct imc_arena *a,
			double *value);

#endif
