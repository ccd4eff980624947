/* window.h: the geometry that conv and pooling share.
 *
 * One place knows how a 4-D tensor is laid out (graph layout), how a window
 * walks over it, and how many outputs that gives. */
#ifndef IMC_WINDOW_H
#define IMC_WINDOW_H

#include "ir/graph.h"

/* Sizes and element strides of a 4-D activation in either layout. Of another
 * rank >= 2: w is the last axis of positions, h the product of the others; an
 * axis that is absent has size 1. */
struct imc_plane {
	int64_t n, c, h, w;
	int64_t sn, sc, sh, sw;
};

struct imc_plane imc_plane_of(const struct imc_tensor *t,
			      enum imc_layout layout);

/* Writes the shape of a plane of these sizes in that layout into t->dim. Of
 * rank 3 when t->rank is 3 (h must be 1), else of rank 4. */
void imc_plane_shape(struct imc_tensor *t, enum imc_layout layout, int64_t n,
		     int64_t c, int64_t h, int64_t w);

/* A window walk along one axis. in: input length; out: number of outputs. */
struct imc_walk {
	int64_t in, kernel, stride, dilation, before, after, out;
};

/* Fills `out` (and before/after when auto_pad asks) from the others.
 * auto_pad as in ops.def. ceil: ceil_mode. False when no output fits. */
bool imc_walk_solve(struct imc_walk *w, int auto_pad, bool ceil);

/* The walks over height (0) and width (1) of x that attributes kernel,
 * stride, dilation, pads, auto_pad and ceil_mode describe. False when no
 * output fits, or a padding is 2^31 or more. */
bool imc_walk_of_attrs(const struct imc_attrs *a, const struct imc_plane *x,
		       struct imc_walk walk[2]);

/* Writes the pads of solved walks into a, which then needs no auto_pad. */
void imc_walk_set_pads(struct imc_attrs *a, const struct imc_walk walk[2]);

#endif
