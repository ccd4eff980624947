/* conv.h: one convolution, as the files of family conv share it. */
#ifndef IMC_CONV_H
#define IMC_CONV_H

#include "ir/op/typing.h"
#include "ir/window.h"

/* x, w, y: sizes and strides. Of w, n is the output channel and c the input
 * channel of a group (conv_transpose: the other way round). b may be NULL.
 * y is zeroed. All data is borrowed. */
struct imc_conv {
	enum imc_layout layout;
	struct imc_plane x, w, y;
	struct imc_walk walk[2];
	int64_t group;
	const float *x_data, *w_data, *b_data;
	float *y_data;
	/* Room for `strip` output positions of unfolded windows. */
	float *unfolded;
	int64_t strip;
	struct imc_arena *scratch;
};

/* Allocates `unfolded` for windows of `rows` elements: at most 1 MB, but at
 * least one window. positions: how many there are. */
void imc_conv_set_strip(struct imc_conv *c, int64_t rows, int64_t positions);

/* Sets every y to its channel's bias. */
void imc_conv_set_bias(const struct imc_conv *c);

/* Adds a channel-last convolution to y. */
void imc_conv_add_nhwc(const struct imc_conv *c);

/* Adds the convolution of one input channel a group to y. */
void imc_conv_add_depthwise(const struct imc_conv *c);

/* Resolves kernel, pads and output_padding of the conv_transpose t->n, and
 * computes its walks (in: of x; out: of y). False: reported. */
bool imc_conv_type_transpose(const struct imc_typing *t,
			     const struct imc_plane *x,
			     struct imc_walk walk[2]);

/* Adds the transposed convolution to y (NCHW only). */
void imc_conv_add_transpose(struct imc_conv *c);

#endif
