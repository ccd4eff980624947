#include <inttypes.h>

#include "ir/eval.h"
#include "ir/op/conv.h"
#include "ir/op/typing.h"
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

/* Turns auto_pad and output_shape of one axis into pads and output_padding,
 * so that full, the length without pads, becomes what is asked for. */
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

static bool in_range(const struct imc_attrs *a, int axis, int64_t in)
{
	const int64_t v[] = {in, a->pads[axis], a->pads[axis + 2]};

	for (int i = 0; i < 3; i++)
		if (v[i] >= LIMIT || v[i] <= -LIMIT)
			return false;
	return in >= 1;
}

/* Resolves one axis. False: no output, or one beyond all bounds. */
static bool solve_axis(struct imc_attrs *a, int axis, int64_t in,
		       struct imc_walk *walk)
{
	int64_t stride = a->stride[axis], asked, full;

	if (!in_range(a, axis, in))
		return false;
	full = stride * (in - 1) + (a->kernel[axis] - 1) * a->dilation[axis] +
	       1;
	asked = asked_length(a, axis, in, stride);
	if (full >= IMC_MAX_COUNT || asked > IMC_MAX_COUNT)
		return false;
	full += a->output_padding[axis];
	resolve_axis(a, axis, asked, full);
	*walk = (struct imc_walk){.in = in,
				  .kernel = a->kernel[axis],
				  .stride = stride,
				  .dilation = a->dilation[axis],
				  .before = a->pads[axis],
				  .after = a->pads[axis + 2],
				  .out = imc_max_i64(full, asked) -
					 a->pads[axis] - a->pads[axis + 2]};
	return walk->out >= 1;
}

bool imc_conv_type_transpose(const struct imc_typing *t,
			     const struct imc_plane *x, struct imc_walk walk[2])
{
	struct imc_node *n = t->n;

	for (int i = 0; i < 2; i++)
		if (!solve_axis(&n->a, i, i ? x->w : x->h, &walk[i]))
			return imc_typing_fail(t,
					       "input %" PRId64 "x%" PRId64
					       " and these pads give no output",
					       x->h, x->w);
	n->a.auto_pad[0] = 0;
	n->a.output_shape.n = 0;
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
