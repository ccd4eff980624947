/* conv.h: one convolution, as the files of family conv share it. */
#ifndef IMC_CONV_H
#define IMC_CONV_H

#include "ir/op/typing.h"
#include "ir/window.h"

/* x, w, y: sizes and strides. Of w, n is the output channel and c the input
 * channel of a group (conv_transpose: the other way round). b may be NULL.
 * y may hold anything before. All data is borrowed. */
struct imc_conv {
	const struct imc_node *n;
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

/* Sets n channel-last pixels at y to the biases; what is fused behind sums, of
 * count of them. While they are in the cache: lines of a picture at once. */
void imc_conv_set_bias(const struct imc_conv *c, float *y, int64_t n);
void imc_conv_clip(const struct imc_conv *c, float *y, int64_t count);

/* The whole of a channel-last convolution. */
void imc_conv_nhwc(const struct imc_conv *c);

/* The same with one input channel a group, and the other way round: adds to y.
 */
void imc_conv_depthwise_nhwc(const struct imc_conv *c);
void imc_conv_add_depthwise_nchw(const struct imc_conv *c);

/* Resolves kernel, pads and output_padding of the conv_transpose t->n, and
 * computes its walks (in: of x; out: of y). False: reported. */
bool imc_conv_type_transpose(const struct imc_typing *t,
			     const struct imc_plane *x,
			     struct imc_walk walk[2]);

/* Adds the transposed convolution to y (NCHW only). */
void imc_conv_add_transpose(struct imc_conv *c);

#endif
