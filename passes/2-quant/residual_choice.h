/* residual_choice.h: which weights get exact residual weights beside the
 * arrays, and which values (Krishnan et al., IEEE TCAD 2022, without their
 * training).
 *
 * A weight w (in units of its code) is a cell of code q, which holds
 * q * exp(sigma * normal), and a residual r * 2^-shift. Its loss is
 *     E[x^2] * scale^2 * ((w - q - r * 2^-shift)^2 + spread(q)),
 * x being the input that it is multiplied with, and spread(q) the mean square
 * of what the cells of q are off. The loss of a layer is the sum of those of
 * its weights over the sum of E[x^2] * (scale * w)^2: noise over signal, if
 * neither is correlated. The loss of a network is the sum of its layers'.
 *
 * A weight in a group that is kept has q between 0 and the code that it had,
 * and r, whichever lose least: r is what the cell rounded off, or the cell is
 * empty and r the weight, or something between. */
#ifndef IMC_RESIDUAL_CHOICE_H
#define IMC_RESIDUAL_CHOICE_H

#include "hwdesc/hw.h"
#include "passes/pass.h"

/* Of a machine. */
struct imc_residual_rules {
	int32_t group, bits, max_shift;
	/* Spread of cells at 1/3, 2/3, 3/3 of the largest code: linear between,
	 * and below as at 1/3. */
	double sigma[3];
};

#define IMC_RESIDUAL_SHIFTS 9

/* One layer. Weights are [k][taps][c], c the channels of one of `groups` groups
 * of the convolution. */
struct imc_residual_layer {
	int64_t k, taps, c, groups;
	int32_t slices, slice_bits;
	const float *w;	    /* as trained */
	const float *scale; /* [k] */
	int8_t *code;
	const double *power; /* [groups * c]: E[x^2] of each input channel */
	/* Chosen: */
	int32_t shift;
	int8_t *residual; /* or NULL: none */
	/* Working data: what groups gain at each shift. */
	int64_t n_place;
	float *gain[IMC_RESIDUAL_SHIFTS];
};

/* Fills residual, shift and code of n layers with the least loss that is found
 * with at most n_group groups kept; more groups never lose more. Results live
 * in a. Returns how many groups gain something and are kept. */
int64_t imc_residual_fill(const struct imc_residual_rules *rules,
			  struct imc_residual_layer *layer, size_t n,
			  int64_t n_group, struct imc_arena *a);

/* The loss of a layer as it is. */
double imc_residual_loss(const struct imc_residual_rules *rules,
			 const struct imc_residual_layer *l);

/* The mean square of what the cells of code q are off: of each slice s,
 * (slice * factor)^2 * E[(exp(sigma * normal) - 1)^2]. */
double imc_cell_spread(const double sigma[3], int32_t q, int slices,
		       int slice_bits);

/* ---- in quantise ---- */

/* What the choice must know of the float network; NULL: nothing is asked for.
 * Lives in cx->scratch. */
struct imc_residual_source;
struct imc_residual_source *imc_residual_sources(const struct imc_module *m,
						 struct imc_pass_cx *cx);

/* Puts residual weights to the quantised nodes on arrays, as the machine and
 * --residual allow. */
void imc_residual_choose(struct imc_module *m, struct imc_pass_cx *cx,
			 struct imc_residual_source *source);

/* The mean square of each channel of the activations of a float network that
 * convolutions read, over the first calibration samples: power[value id][c], or
 * NULL. In a. */
double **imc_channel_powers(const struct imc_module *m,
			    const struct imc_samples *calib,
			    struct imc_arena *a);

#endif
