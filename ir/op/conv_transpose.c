#include <inttypes.h>

#include "ir/eval.h"
#include "ir/op/conv.h"
#include "ir/op/rule.h"
#include "ir/support/checked.h"

#define LIMIT ((int64_t)1 << 31)

/* Splits `total` cells of padding; SAME_UPPER puts the odd one behind. */
static void split_pads(struct imc_attrs *a, int axis, int64_t total)
{
	int64_t half = total / 2;

	a->pads[axis] = a->auto_pad[0] == 1 ? half : total - half;
	a->pads[axis + 2] = total - a->pads[axis];
}

/* The output length that the node asks for, or -1: it follows from pads. */
static int64_t asked_length(const struct imc_attrs *a, int axis, int64_t in,
			    int64_t stride)
{
	int at = a->output_shape.n - 2 + axis;

	if (a->output_shape.n > 0 && at >= 0)
		return a->output_shape.v[at];
	if (a->auto_pad[0] == 1 || a->auto_pad[0] == 2)
		return in * stride;
	return -1;
}

/* Turns auto_pad and output_shape of one axis into pads and
 * output_padding, so that full = the length without pads is cut to size. */
static void resolve_axis(struct imc_attrs *a, int axis, int64_t asked,
			 int64_t full)
{
	if (a->auto_pad[0] == 3)
		a->pads[axis] = a->pads[axis + 2] = 0;
	if (asked < 0)
		return;
	split_pads(a, axis, imc_max_i64(full - asked, 0));
	a->output_padding[axis] += imc_max_i64(asked - full, 0);
}

bool imc_conv_type_transpose(struct imc_node *n, const struct imc_plane *x,
			     struct imc_walk walk[2], struct imc_diags *d)
{
	struct imc_attrs *a = &n->a;

	for (int i = 0; i < 2; i++) {
		int64_t in = i ? x->w : x->h, s = a->stride[i], asked, full;

		if (in < 1 || in >= LIMIT || a->pads[i] <= -LIMIT ||
		    a->pads[i] >= LIMIT || a->pads[i + 2] <= -LIMIT ||
		    a->pads[i + 2] >= LIMIT)
			return imc_rule_reject(d, n,
					       "input or pads out of range");
		full = s * (in - 1) + (a->kernel[i] - 1) * a->dilation[i] + 1;
		if (full >= IMC_MAX_COUNT)
			return imc_rule_reject(d, n, "output too large");
		full += a->output_padding[i];
		asked = asked_length(a, i, in, s);
		if (asked > IMC_MAX_COUNT)
			return imc_rule_reject(d, n, "output too large");
		resolve_axis(a, i, asked, full);
		full = imc_max_i64(full, asked);
		walk[i] = (struct imc_walk){.in = in,
					    .kernel = a->kernel[i],
					    .stride = s,
					    .dilation = a->dilation[i],
					    .before = a->pads[i],
					    .after = a->pads[i + 2],
					    .out = full - a->pads[i] -
						   a->pads[i + 2]};
		if (walk[i].out < 1)
			return imc_rule_reject(d, n,
					       "pads %" PRId64 " and %" PRId64
					       " leave nothing of %" PRId64,
					       a->pads[i], a->pads[i + 2],
					       full);
	}
	a->auto_pad[0] = 0;
	a->output_shape.n = 0;
	return true;
}

/* Adds one row of products, for inputs p .. p + n and one tap of the kernel,
 * to output channel y. */
static void fold_tap(const struct imc_conv *c, const int64_t tap[2],
		     const int64_t span[2], const float *from, float *y)
{
	const struct imc_walk *v = &c->walk[0], *h = &c->walk[1];

	for (int64_t i = 0; i < span[1]; i++) {
		int64_t p = span[0] + i;
		int64_t oy = p / h->in * v->stride - v->before +
			     tap[0] * v->dilation;
		int64_t ox = p % h->in * h->stride - h->before +
			     tap[1] * h->dilation;

		if (oy >= 0 && oy < v->out && ox >= 0 && ox < h->out)
			y[oy * c->y.sh + ox] += from[i];
	}
}

/* products: [k/g * kh * kw][span] */
static void fold(const struct imc_conv *c, const int64_t span[2],
		 const float *products, float *y)
{
	for (int64_t k = 0; k < c->w.c; k++)
		for (int64_t ky = 0; ky < c->w.h; ky++)
			for (int64_t kx = 0; kx < c->w.w; kx++) {
				fold_tap(c, (int64_t[]){ky, kx}, span, products,
					 y + k * c->y.sc);
				products += span[1];
			}
}

/* One sample's group: products[rows][positions] = wt[rows][c] * x[c][..]. */
static void add_group(const struct imc_conv *c, const float *x, const float *wt,
		      float *y)
{
	int64_t rows = c->w.sn, all = c->x.h * c->x.w;
	int64_t n_in = c->w.n / c->group;

	for (int64_t p = 0; p < all; p += c->strip) {
		int64_t n = imc_min_i64(c->strip, all - p);

		imc_gemm(&(struct imc_gemm){.m = rows,
					    .n = n,
					    .k = n_in,
					    .a = wt,
					    .lda = n_in,
					    .b = x + p,
					    .ldb = all,
					    .c = c->unfolded,
					    .ldc = n});
		fold(c, (int64_t[]){p, n}, c->unfolded, y);
	}
}

void imc_conv_add_transpose(struct imc_conv *c)
{
	int64_t n_in = c->w.n / c->group, rows = c->w.sn;
	float *wt =
		imc_arena_array(c->scratch, (size_t)(n_in * rows), sizeof *wt);

	imc_conv_set_strip(c, rows, c->x.h * c->x.w);
	for (int64_t g = 0; g < c->group; g++) {
		const float *w = c->w_data + g * n_in * rows;

		for (int64_t i = 0; i < n_in; i++)
			for (int64_t r = 0; r < rows; r++)
				wt[r * n_in + i] = w[i * rows + r];
		for (int64_t n = 0; n < c->x.n; n++)
			add_group(
				c, c->x_data + n * c->x.sn + g * n_in * c->x.sc,
				wt,
				c->y_data + n * c->y.sn + g * c->w.c * c->y.sc);
	}
}
