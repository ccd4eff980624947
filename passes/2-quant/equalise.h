/* equalise.h: what the parts of equalise share.
 *
 * A slot is one channel (index of the last axis) of one float activation.
 * Slots that must have one scale are one class, named by its first slot, its
 * root. With scale s a channel holds x / s in the place of x: what makes it is
 * divided by s, what reads it is multiplied.
 *
 * Papers: Nagel et al., arXiv 1906.04721, section 4.1 (scales through ReLU);
 * Xiao et al., SmoothQuant, arXiv 2211.10438, and Lin et al., AWQ, arXiv
 * 2306.00978 (scales found by a search over powers of statistics). */
#ifndef IMC_EQUALISE_H
#define IMC_EQUALISE_H

#include "passes/pass.h"

#define IMC_EQ_NONE SIZE_MAX

/* Of one channel over all positions of all calibration samples. */
struct imc_eq_stat {
	float lo, hi;
	double mean, square; /* of x, of x * x */
	double live;	     /* part of x that is not 0 */
};

/* A matrix node, and how its weights will be rounded. */
struct imc_eq_layer {
	imc_node_id id;
	const float *w; /* [k][taps][c] */
	int64_t k, taps, c, groups;
	size_t x, y;	/* first slots of input and output */
	int32_t max;	/* largest weight code */
	bool by_tensor; /* one scale for all its weights */
	bool adc;	/* sums are rounded by an ADC before they are scaled */
	int64_t blocks; /* whose sums are rounded apart */
};

/* An activation whose numbers are its own. */
struct imc_eq_value {
	size_t at;
	int64_t c;
	bool fixed_zero;
};

struct imc_eq {
	const struct imc_module *m;
	const struct imc_graph *g;
	struct imc_arena *a;
	size_t n_value, n_slot;
	size_t *at;		  /* [value]: first slot, or IMC_EQ_NONE */
	struct imc_eq_stat *stat; /* [slot] */
	size_t *root;		  /* [slot] */
	size_t *group;		  /* [slot]: classes searched together */
	bool *fixed;		  /* [root]: its scale is 1 */
	double *least;		  /* [root]: its scale is at least that */
	double *gain;  /* [slot]: squared error at the outputs, of their square,
			  for an error of 1 in every element of the channel */
	double *scale; /* [root] */
	size_t n_layer, n_rounded;
	struct imc_eq_layer *layer;
	struct imc_eq_value *rounded;
};

/* Channels of v: its last axis. */
static inline int64_t imc_eq_channels(const struct imc_value *v)
{
	return v->t.rank ? v->t.dim[v->t.rank - 1] : 1;
}

/* Slots of every float activation, and their statistics. */
void imc_eq_gather(struct imc_eq *e, const struct imc_pass_cx *cx);

/* root, group, fixed, least. */
void imc_eq_classes(struct imc_eq *e);

/* layer, rounded, gain. */
void imc_eq_model(struct imc_eq *e);

/* Modelled error of what the scales of one group change: squared, at the
 * outputs, of their square. scale: of every root. */
double imc_eq_error(const struct imc_eq *e, size_t group, const double *scale);

/* Sets scale: powers of two, so that the float function stays, bit for bit. */
void imc_eq_search(struct imc_eq *e);

/* Rewrites weights, biases and added constants, and notes the divisors of
 * activations. Returns how many nodes. */
int64_t imc_eq_apply(const struct imc_eq *e, struct imc_graph *g);

/* Rewrites float graph g, as it is before equalise, with the divisors of the
 * values of `like` that have its names. */
void imc_equalise_like(struct imc_graph *g, const struct imc_graph *like);

#endif
