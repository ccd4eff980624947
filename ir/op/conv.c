#include "ir/op/conv.h"

#include <inttypes.h>
#include <string.h>

#include "ir/eval.h"
#include "ir/eval/simd.h"
#include "ir/op.h"
#include "ir/op/typing.h"
#include "ir/support/checked.h"

#define STRIP ((int64_t)1 << 18) /* floats of unfolded windows at once */

/* ---- types ---- */

static bool set_kernel(const struct imc_typing *t, const struct imc_plane *w)
{
	struct imc_node *n = t->n;
	int64_t size[2] = {w->h, w->w};

	for (int i = 0; i < 2; i++) {
		if (n->a.kernel[i] == 0)
			n->a.kernel[i] = size[i];
		if (n->a.kernel[i] != size[i] || size[i] < 1 ||
		    size[i] > INT32_MAX)
			return imc_typing_fail(
				t,
				"kernel %" PRId64 "x%" PRId64
				", weights are %" PRId64 "x%" PRId64,
				n->a.kernel[0], n->a.kernel[1], w->h, w->w);
	}
	return true;
}

static bool check_operands(const struct imc_typing *t)
{
	const struct imc_value *x = imc_node_in(t->g, t->n, 0);
	const struct imc_value *w = imc_node_in(t->g, t->n, 1);

	for (int k = 0; k < 3; k++)
		if (!imc_typing_dtype(t, k, IMC_F32))
			return false;
	if (x->t.rank != 3 && x->t.rank != 4)
		return imc_typing_fail(t,
				       "input '%s' has rank %d; 3 (1-D) and 4 "
				       "(2-D) are supported",
				       x->name, x->t.rank);
	if (w->t.rank != x->t.rank)
		return imc_typing_fail(
			t, "weights '%s' have rank %d, the input %d", w->name,
			w->t.rank, x->t.rank);
	return true;
}

/* Channels of conv2d: x.c = w.c * group, and w.n is divisible by group. */
static bool check_channels(const struct imc_typing *t,
			   const struct imc_plane *x, const struct imc_plane *w)
{
	int64_t group = t->n->a.group[0], want;

	if (!imc_mul_i64(w->c, group, &want) || want != x->c)
		return imc_typing_fail(
			t,
			"the input has %" PRId64 " channels, the weights "
			"take %" PRId64 " in each of %" PRId64 " groups",
			x->c, w->c, group);
	if (w->n % group)
		return imc_typing_fail(
			t, "%" PRId64 " output channels in %" PRId64 " groups",
			w->n, group);
	return true;
}

static bool type_conv2d(const struct imc_typing *t)
{
	const struct imc_graph *g = t->g;
	struct imc_node *n = t->n;
	struct imc_tensor y = imc_node_in(g, n, 0)->t;
	struct imc_plane x = imc_plane_of(&y, g->layout);
	struct imc_plane w = imc_plane_of(&imc_node_in(g, n, 1)->t, g->layout);
	struct imc_walk walk[2];

	if (!check_channels(t, &x, &w) || !set_kernel(t, &w) ||
	    !imc_typing_vector(t, 2, w.n))
		return false;
	if (!imc_walk_of_attrs(&n->a, &x, walk))
		return imc_typing_fail(t,
				       "the kernel does not fit into the "
				       "padded %" PRId64 "x%" PRId64 " input",
				       x.h, x.w);
	imc_walk_set_pads(&n->a, walk);
	imc_plane_shape(&y, g->layout, x.n, w.n, walk[0].out, walk[1].out);
	return imc_typing_set(t, 0, &y);
}

static bool type_transpose(const struct imc_typing *t)
{
	const struct imc_graph *g = t->g;
	struct imc_node *n = t->n;
	struct imc_tensor y = imc_node_in(g, n, 0)->t;
	struct imc_plane x = imc_plane_of(&y, IMC_NCHW);
	struct imc_plane w = imc_plane_of(&imc_node_in(g, n, 1)->t, IMC_NCHW);
	int64_t group = n->a.group[0], n_out;
	struct imc_walk walk[2];

	if (w.n != x.c || x.c % group)
		return imc_typing_fail(t,
				       "the input has %" PRId64
				       " channels, the weights "
				       "%" PRId64 " in %" PRId64 " groups",
				       x.c, w.n, group);
	if (!imc_mul_i64(w.c, group, &n_out))
		return imc_typing_fail(t, "too many output channels");
	if (!set_kernel(t, &w) || !imc_typing_vector(t, 2, n_out) ||
	    !imc_conv_type_transpose(t, &x, walk))
		return false;
	imc_plane_shape(&y, IMC_NCHW, x.n, n_out, walk[0].out, walk[1].out);
	return imc_typing_set(t, 0, &y);
}

bool imc_type_conv(struct imc_graph *g, struct imc_node *n, struct imc_diags *d)
{
	const struct imc_typing t = {g, n, d};

	if (!check_operands(&t))
		return false;
	return n->op == IMC_OP_CONV_TRANSPOSE ? type_transpose(&t)
					      : type_conv2d(&t);
}

/* ---- windows unfolded into the columns of a matrix ---- */

/* One row of windows, NCHW: out[i] is the element at kernel column kx of the
 * window at output column ox + i, of input row x. */
static void unfold_row(const float *x, const struct imc_walk *v, int64_t kx,
		       int64_t ox, int64_t n, float *out)
{
	int64_t at = ox * v->stride - v->before + kx * v->dilation;

	for (int64_t i = 0; i < n; i++, at += v->stride)
		out[i] = at >= 0 && at < v->in ? x[at] : 0;
}

static void unfold_dense(const float *x, const struct imc_walk *v, int64_t kx,
			 int64_t ox, int64_t n, float *out)
{
	int64_t at = ox - v->before + kx * v->dilation;
	int64_t lo = imc_min_i64(imc_max_i64(-at, 0), n);
	int64_t hi = imc_max_i64(imc_min_i64(v->in - at, n), lo);

	memset(out, 0, (size_t)lo * sizeof *out);
	if (hi > lo)
		memcpy(out + lo, x + at + lo, (size_t)(hi - lo) * sizeof *out);
	memset(out + hi, 0, (size_t)(n - hi) * sizeof *out);
}

/* Row (ch, ky, kx) of the unfolded matrix at output positions p .. p + n. x:
 * the channel. */
static void unfold_tap(const struct imc_conv *c, const float *x,
		       const int64_t tap[2], const int64_t span[2], float *out)
{
	const struct imc_walk *v = &c->walk[0], *h = &c->walk[1];

	for (int64_t p = span[0], end = span[0] + span[1]; p < end;) {
		int64_t oy = p / h->out, ox = p % h->out;
		int64_t n = imc_min_i64(h->out - ox, end - p);
		int64_t iy = oy * v->stride - v->before + tap[0] * v->dilation;

		if (iy < 0 || iy >= v->in)
			memset(out, 0, (size_t)n * sizeof *out);
		else if (h->stride == 1)
			unfold_dense(x + iy * c->x.sh, h, tap[1], ox, n, out);
		else
			unfold_row(x + iy * c->x.sh, h, tap[1], ox, n, out);
		out += n;
		p += n;
	}
}

/* NCHW: out[c/g * kh * kw][span]. x: the first channel of the group. */
static void unfold_columns(const struct imc_conv *c, const float *x,
			   const int64_t span[2], float *out)
{
	for (int64_t ch = 0; ch < c->w.c; ch++)
		for (int64_t ky = 0; ky < c->w.h; ky++)
			for (int64_t kx = 0; kx < c->w.w; kx++) {
				unfold_tap(c, x + ch * c->x.sc,
					   (int64_t[]){ky, kx}, span, out);
				out += span[1];
			}
}

/* ---- evaluation ---- */

/* A window is one element, and output positions are input positions. */
static bool is_pointwise(const struct imc_conv *c)
{
	bool yes = c->w.h == 1 && c->w.w == 1;

	for (int i = 0; i < 2; i++)
		yes = yes && c->walk[i].stride == 1 && c->walk[i].before == 0 &&
		      c->walk[i].after == 0;
	return yes;
}

void imc_conv_set_strip(struct imc_conv *c, int64_t rows, int64_t positions)
{
	int64_t n = STRIP / imc_max_i64(rows, 1);

	/* Whole vectors, if more than one fits. */
	n = n > 16 ? n / 16 * 16 : imc_max_i64(n, 1);
	c->strip = imc_max_i64(imc_min_i64(n, positions), 1);
	c->unfolded = imc_arena_array(c->scratch, (size_t)(rows * c->strip),
				      sizeof *c->unfolded);
}

/* y[k][positions] += w[k][rows] * unfolded[rows][positions] */
static void add_group_nchw(const struct imc_conv *c, const float *x,
			   const float *w, float *y)
{
	int64_t rows = c->w.c * c->w.h * c->w.w, all = c->y.h * c->y.w;
	float *col = c->unfolded;
	bool direct = !col;
	int64_t strip = direct ? all : c->strip;

	for (int64_t p = 0; p < all; p += strip) {
		int64_t n = imc_min_i64(strip, all - p);
		struct imc_gemm m = {.m = c->w.n / c->group,
				     .n = n,
				     .k = rows,
				     .a = w,
				     .lda = rows,
				     .b = direct ? x + p : col,
				     .ldb = direct ? all : n,
				     .c = y + p,
				     .ldc = all,
				     .add = true};

		if (!direct)
			unfold_columns(c, x, (int64_t[]){p, n}, col);
		imc_gemm(&m);
	}
}

static void add_groups_nchw(struct imc_conv *c)
{
	int64_t k = c->w.n / c->group, size = k * c->w.sn;

	if (!is_pointwise(c))
		imc_conv_set_strip(c, c->w.sn, c->y.h * c->y.w);
	for (int64_t n = 0; n < c->x.n; n++)
		for (int64_t g = 0; g < c->group; g++)
			add_group_nchw(
				c,
				c->x_data + n * c->x.sn + g * c->w.c * c->x.sc,
				c->w_data + g * size,
				c->y_data + n * c->y.sn + g * k * c->y.sc);
}

void imc_conv_set_bias(const struct imc_conv *c, float *y, int64_t n)
{
	size_t bytes = (size_t)c->y.c * sizeof *y;

	if (!c->b_data)
		memset(y, 0, (size_t)n * bytes);
	for (int64_t i = 0; i < n && c->b_data; i++)
		memcpy(y + i * c->y.c, c->b_data, bytes);
}

static void set_bias_nchw(const struct imc_conv *c)
{
	int64_t area = c->y.h * c->y.w;

	for (int64_t i = 0; i < c->y.n * c->y.c; i++)
		for (int64_t p = 0; p < area; p++)
			c->y_data[i * area + p] =
				c->b_data ? c->b_data[i % c->y.c] : 0;
}

IMC_SIMD
static void clip(float lo, float hi, float *y, int64_t count)
{
	for (int64_t i = 0; i < count; i++) {
		y[i] = y[i] < lo ? lo : y[i];
		y[i] = y[i] > hi ? hi : y[i];
	}
}

void imc_conv_clip(const struct imc_conv *c, float *y, int64_t count)
{
	const struct imc_attrs *a = &c->n->a;

	if (a->act[0])
		clip(a->act_lo[0], a->act_hi[0], y, count);
}

/* Channel-first, in one piece. */
static void eval_nchw(struct imc_conv *c)
{
	set_bias_nchw(c);
	if (c->n->op == IMC_OP_CONV_TRANSPOSE) {
		struct imc_node copy = *c->n;

		imc_conv_type_transpose(&(struct imc_typing){.n = &copy}, &c->x,
					c->walk);
		imc_conv_add_transpose(c);
		return;
	}
	if (c->w.c == 1 && c->group > 1)
		imc_conv_add_depthwise_nchw(c);
	else
		add_groups_nchw(c);
	imc_conv_clip(c, c->y_data, c->y.n * c->y.c * c->y.h * c->y.w);
}

void imc_eval_conv(const struct imc_graph *g, const struct imc_node *n,
		   const struct imc_tensor *in, struct imc_tensor *out,
		   struct imc_arena *scratch)
{
	/* conv_transpose is channel-first always: to_nhwc wraps it */
	bool transpose = n->op == IMC_OP_CONV_TRANSPOSE;
	enum imc_layout layout = transpose ? IMC_NCHW : g->layout;
	struct imc_conv c = {.n = n,
			     .layout = layout,
			     .x = imc_plane_of(&in[0], layout),
			     .w = imc_plane_of(&in[1], layout),
			     .y = imc_plane_of(&out[0], layout),
			     .group = n->a.group[0],
			     .x_data = in[0].data,
			     .w_data = in[1].data,
			     .b_data = n->n_in > 2 ? in[2].data : NULL,
			     .y_data = out[0].data,
			     .scratch = scratch};

	if (!transpose)
		imc_walk_of_attrs(&n->a, &c.x, c.walk);
	if (layout == IMC_NCHW)
		eval_nchw(&c);
	else if (c.w.c == 1 && c.group > 1)
		imc_conv_depthwise_nhwc(&c);
	else
		imc_conv_nhwc(&c);
}
