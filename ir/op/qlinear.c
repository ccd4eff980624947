/* qlinear.c: ONNX's integer convolutions and matrix products, NCHW.
 *
 * Sums are exact in 32 bits (they wrap as the standard's do). A requantised
 * result is round-half-even of sum * (sx * sw / sy), computed in float. */
#include <string.h>

#include "ir/broadcast.h"
#include "ir/op/lane.h"
#include "ir/op/quantize.h"
#include "ir/op/strided.h"
#include "ir/support/checked.h"
#include "ir/window.h"

/* Which input is what; -1: the operator has none. */
struct places {
	int x, sx, zx, w, sw, zw, sy, zy, bias;
};

static struct places places_of(enum imc_op op)
{
	if (op == IMC_OP_CONV_INTEGER || op == IMC_OP_MATMUL_INTEGER)
		return (struct places){0, -1, 2, 1, -1, 3, -1, -1, -1};
	return (struct places){0, 1, 2, 3, 4, 5, 6, 7, 8};
}

#define F32_ONLY IMC_TYPE_BIT(F32)

static bool zero_fits(const struct imc_typing *t, int k, int of, int64_t n)
{
	const struct imc_tensor *zero = imc_typing_in(t, k);

	if (!zero)
		return true;
	return imc_typing_takes(t, k, 1u << imc_typing_in(t, of)->dtype) &&
	       imc_quantize_count(t, k, n);
}

static bool scale_fits(const struct imc_typing *t, int k, int64_t n)
{
	return imc_typing_takes(t, k, F32_ONLY) && imc_quantize_count(t, k, n);
}

/* Types and counts of all inputs; the weights have n channels. */
static bool check_inputs(const struct imc_typing *t, int64_t n)
{
	struct places p = places_of(t->n->op);

	if (!imc_typing_takes(t, p.x, IMC_BYTES) ||
	    !imc_typing_takes(t, p.w, IMC_BYTES) ||
	    !zero_fits(t, p.zx, p.x, 1) || !zero_fits(t, p.zw, p.w, n))
		return false;
	if (p.sx < 0)
		return true;
	return scale_fits(t, p.sx, 1) && scale_fits(t, p.sw, n) &&
	       scale_fits(t, p.sy, 1) && imc_typing_takes(t, p.zy, IMC_BYTES) &&
	       imc_quantize_count(t, p.zy, 1);
}

static enum imc_dtype result_type(const struct imc_typing *t)
{
	struct places p = places_of(t->n->op);

	return p.zy < 0 ? IMC_I32 : imc_typing_in(t, p.zy)->dtype;
}

/* ---- convolution ---- */

/* 4-D sizes of a 3-D or 4-D tensor: 1-D images have height 1. */
static void sizes4(const struct imc_tensor *t, int64_t size[4])
{
	size[0] = t->dim[0];
	size[1] = t->dim[1];
	size[2] = t->rank == 4 ? t->dim[2] : 1;
	size[3] = t->dim[t->rank - 1];
}

static struct imc_walk walk_of(const struct imc_node *n, int axis, int64_t in,
			       int64_t kernel)
{
	return (struct imc_walk){
		.in = in,
		.kernel = kernel,
		.stride = n->a.stride[axis],
		.dilation = n->a.dilation[axis],
		.before = n->a.pads[axis],
		.after = n->a.pads[axis + 2],
	};
}

/* Fills the outputs' height and width, and makes pads explicit. */
static bool solve_window(const struct imc_typing *t, const int64_t *x,
			 const int64_t *w, int64_t *out)
{
	struct imc_attrs *a = &t->n->a;

	for (int i = 0; i < 4; i++)
		if (a->pads[i] > INT32_MAX || a->pads[i] < -INT32_MAX)
			return imc_typing_fail(t, "a pad is %lld",
					       (long long)a->pads[i]);
	for (int i = 0; i < 2; i++) {
		struct imc_walk walk = walk_of(t->n, i, x[i], w[i]);

		if (a->kernel[i] == 0)
			a->kernel[i] = w[i];
		if (a->kernel[i] != w[i])
			return imc_typing_fail(t,
					       "kernel %lld; the weights "
					       "have %lld",
					       (long long)a->kernel[i],
					       (long long)w[i]);
		if (!imc_walk_solve(&walk, (int)a->auto_pad[0], false))
			return imc_typing_fail(t, "the kernel does not fit "
						  "the input");
		a->pads[i] = walk.before;
		a->pads[i + 2] = walk.after;
		out[i] = walk.out;
	}
	a->auto_pad[0] = 0;
	return true;
}

static bool check_bias(const struct imc_typing *t, int64_t n)
{
	struct places p = places_of(t->n->op);
	const struct imc_tensor *b =
		p.bias < 0 ? NULL : imc_typing_in(t, p.bias);

	if (!b)
		return true;
	if (!imc_typing_takes(t, p.bias, IMC_TYPE_BIT(I32)))
		return false;
	if (b->rank == 1 && b->dim[0] == n)
		return true;
	return imc_typing_fail(t, "the bias has shape %s, not [%lld]",
			       imc_typing_text(t, b), (long long)n);
}

bool imc_qconv_type(const struct imc_typing *t)
{
	struct places p = places_of(t->n->op);
	const struct imc_tensor *x = imc_typing_in(t, p.x);
	const struct imc_tensor *w = imc_typing_in(t, p.w);
	int64_t sx[4], sw[4], group = t->n->a.group[0];
	struct imc_tensor y = *x;

	if (!w || x->rank != w->rank || x->rank < 3 || x->rank > 4)
		return imc_typing_fail(t, "input and weights must both be 3-D "
					  "or 4-D");
	sizes4(x, sx);
	sizes4(w, sw);
	if (sw[0] % group || sx[1] % group || sx[1] / group != sw[1])
		return imc_typing_fail(t,
				       "weights %s do not fit %lld "
				       "channels in %lld groups",
				       imc_typing_text(t, w), (long long)sx[1],
				       (long long)group);
	if (!check_inputs(t, sw[0]) || !check_bias(t, sw[0]) ||
	    !solve_window(t, sx + 2, sw + 2, sx + 2))
		return false;
	y.dtype = result_type(t);
	y.dim[1] = sw[0];
	y.dim[y.rank - 2] = y.rank == 4 ? sx[2] : sw[0];
	y.dim[y.rank - 1] = sx[3];
	return imc_typing_set(t, 0, &y);
}

/* Elements of t minus the zero point of their channel: of axis 0 in runs of
 * `run`, or (n_zero = 1) the same for all. zero: NULL is 0. */
static int32_t *centred(const struct imc_tensor *t,
			const struct imc_tensor *zero, int64_t run,
			struct imc_arena *scratch)
{
	int64_t count = imc_tensor_count(t);
	int64_t n_zero = zero ? imc_tensor_count(zero) : 0;
	int32_t *y = imc_arena_array(scratch, (size_t)count, sizeof *y);
	const int8_t *s = t->data;
	const uint8_t *u = t->data;

	for (int64_t i = 0; i < count; i++)
		y[i] = t->dtype == IMC_I8 ? s[i] : u[i];
	for (int64_t i = 0; i < count && n_zero; i += run) {
		int32_t z = (int32_t)imc_i64_at(zero, i / run % n_zero);

		for (int64_t k = i; k < i + run && z; k++)
			y[k] -= z;
	}
	return y;
}

static const struct imc_tensor *present(const struct imc_node *n,
					const struct imc_tensor *in, int k)
{
	return k >= 0 && k < n->n_in && in[k].data ? &in[k] : NULL;
}

/* acc[y][x] += w * in[window] for one weight: one input plane, one output
 * plane, one offset (ky, kx). */
struct tap {
	struct imc_walk v, h; /* down and across */
	int64_t ky, kx;
	int32_t w;
};

/* Outputs lo .. hi-1 whose window cell k lies inside the input. */
static void inside(const struct imc_walk *w, int64_t k, int64_t *lo,
		   int64_t *hi)
{
	int64_t first = w->before - k * w->dilation;
	int64_t last = w->in - 1 + first;

	*lo = first > 0 ? imc_ceil_div(first, w->stride) : 0;
	*hi = last < 0 ? 0 : imc_min_i64(w->out, last / w->stride + 1);
}

static void add_tap(const struct tap *t, const int32_t *in, uint32_t *acc)
{
	int64_t y0, y1, x0, x1;

	inside(&t->v, t->ky, &y0, &y1);
	inside(&t->h, t->kx, &x0, &x1);
	for (int64_t y = y0; y < y1; y++) {
		int64_t row =
			y * t->v.stride + t->ky * t->v.dilation - t->v.before;
		int64_t from =
			row * t->h.in + t->kx * t->h.dilation - t->h.before;

		for (int64_t x = x0; x < x1; x++)
			acc[y * t->h.out + x] +=
				(uint32_t)(t->w * in[from + x * t->h.stride]);
	}
}

/* The plane of sums of output channel k; x: the image, centred. */
static void conv_plane(struct tap *t, const int32_t *x, const int32_t *w,
		       int64_t n_channel, uint32_t *acc)
{
	int64_t kh = t->v.kernel, kw = t->h.kernel;

	memset(acc, 0, (size_t)(t->v.out * t->h.out) * sizeof *acc);
	for (int64_t i = 0; i < n_channel * kh * kw; i++) {
		t->w = w[i];
		t->ky = i / kw % kh;
		t->kx = i % kw;
		if (t->w)
			add_tap(t, x + i / (kh * kw) * t->v.in * t->h.in, acc);
	}
}

/* How sums of channel k become results. */
struct finish {
	float factor;
	int64_t zero;
	uint32_t bias;
	bool requantise;
};

static struct finish finish_of(const struct imc_node *n,
			       const struct imc_tensor *in, int64_t k)
{
	struct places p = places_of(n->op);
	const struct imc_tensor *bias = present(n, in, p.bias);
	struct finish f = {.requantise = p.sy >= 0};
	float sw;

	if (bias)
		f.bias = (uint32_t)imc_i64_at(bias, k);
	if (!f.requantise)
		return f;
	sw = (float)imc_f64_at(&in[p.sw],
			       imc_tensor_count(&in[p.sw]) > 1 ? k : 0);
	f.factor = (float)imc_f64_at(&in[p.sx], 0) * sw /
		   (float)imc_f64_at(&in[p.sy], 0);
	f.zero = imc_i64_at(&in[p.zy], 0);
	return f;
}

static void store(const struct finish *f, uint32_t sum, struct imc_tensor *y,
		  int64_t i)
{
	int32_t acc = (int32_t)(sum + f->bias);

	if (f->requantise)
		imc_quantize_store(y, i, (float)acc * f->factor, f->zero);
	else
		((int32_t *)y->data)[i] = acc;
}

void imc_qconv_eval(const struct imc_node *n, const struct imc_tensor *in,
		    struct imc_tensor *y, struct imc_arena *scratch)
{
	struct places p = places_of(n->op);
	int64_t sx[4], sw[4], sy[4];
	struct tap t;

	sizes4(&in[p.x], sx);
	sizes4(&in[p.w], sw);
	sizes4(y, sy);
	sy[2] = y->rank == 4 ? sy[2] : 1;
	t.v = walk_of(n, 0, sx[2], sw[2]);
	t.h = walk_of(n, 1, sx[3], sw[3]);
	t.v.out = sy[2];
	t.h.out = sy[3];
	int64_t plane = sy[2] * sy[3], filter = sw[1] * sw[2] * sw[3];
	int64_t image = sx[2] * sx[3], per_group = sw[0] / n->a.group[0];
	int32_t *x = centred(&in[p.x], present(n, in, p.zx),
			     imc_tensor_count(&in[p.x]), scratch);
	int32_t *w = centred(&in[p.w], present(n, in, p.zw), filter, scratch);
	uint32_t *acc = imc_arena_array(scratch, (size_t)plane, sizeof *acc);

	for (int64_t i = 0; i < sy[0] * sy[1]; i++) {
		int64_t k = i % sy[1], c = k / per_group * sw[1];
		struct finish f = finish_of(n, in, k);

		conv_plane(&t, x + (i / sy[1] * sx[1] + c) * image,
			   w + k * filter, sw[1], acc);
		for (int64_t e = 0; e < plane; e++)
			store(&f, acc[e], y, i * plane + e);
	}
}

/* ---- matrix product ---- */

/* t with a vector made a matrix: a row on the left, a column on the right. */
static struct imc_tensor as_matrix(const struct imc_tensor *t, bool left)
{
	struct imc_tensor m = *t;

	if (t->rank != 1)
		return m;
	m.rank = 2;
	m.dim[0] = left ? 1 : t->dim[0];
	m.dim[1] = left ? t->dim[0] : 1;
	return m;
}

/* The axes before the matrix, as a shape. */
static struct imc_tensor batch_of(const struct imc_tensor *m)
{
	struct imc_tensor b = *m;

	b.rank -= 2;
	return b;
}

bool imc_qmatmul_type(const struct imc_typing *t)
{
	struct places p = places_of(t->n->op);
	const struct imc_tensor *x = imc_typing_in(t, p.x);
	const struct imc_tensor *w = imc_typing_in(t, p.w);
	struct imc_tensor a, b, y, bb;

	if (!w || x->rank < 1 || w->rank < 1)
		return imc_typing_fail(t, "the operands must have axes");
	a = as_matrix(x, true);
	b = as_matrix(w, false);
	y = batch_of(&a);
	bb = batch_of(&b);
	if (a.dim[a.rank - 1] != b.dim[b.rank - 2] ||
	    !imc_broadcast_shape(&y, &bb))
		return imc_typing_fail(t, "%s times %s is not a product",
				       imc_typing_text(t, x),
				       imc_typing_text(t, w));
	if (!check_inputs(t, b.dim[b.rank - 1]))
		return false;
	if (x->rank > 1)
		y.dim[y.rank++] = a.dim[a.rank - 2];
	if (w->rank > 1)
		y.dim[y.rank++] = b.dim[b.rank - 1];
	y.dtype = result_type(t);
	return imc_typing_set(t, 0, &y);
}

/* One row of sums: acc[0 .. n) = sum_k a[k] * b[k][..]. */
static void product_row(const int32_t *a, const int32_t *b, int64_t k,
			int64_t n, uint32_t *acc)
{
	memset(acc, 0, (size_t)n * sizeof *acc);
	for (int64_t i = 0; i < k; i++)
		for (int64_t c = 0; c < n; c++)
			acc[c] += (uint32_t)(a[i] * b[i * n + c]);
}

/* Index of each matrix of an operand, walked as the broadcast batch does. */
static int64_t *batch_index(const struct imc_tensor *of,
			    const struct imc_tensor *batch,
			    struct imc_arena *scratch)
{
	int64_t count = imc_tensor_count(batch), at = 0;
	int64_t *index = imc_arena_array(scratch, (size_t)count, sizeof *index);
	struct imc_rows r = {0};

	imc_rows_broadcast(&r, batch, of, 1);
	for (imc_rows_begin(&r); r.more; imc_rows_next(&r))
		for (int64_t i = 0; i < r.len; i++)
			index[at++] = r.off[1] + i * r.step[1];
	return index;
}

void imc_qmatmul_eval(const struct imc_node *n, const struct imc_tensor *in,
		      struct imc_tensor *y, struct imc_arena *scratch)
{
	struct places p = places_of(n->op);
	struct imc_tensor a = as_matrix(&in[p.x], true);
	struct imc_tensor b = as_matrix(&in[p.w], false);
	struct imc_tensor batch = batch_of(&a), ba = batch, bb = batch_of(&b);
	int64_t rows = a.dim[a.rank - 2], k = a.dim[a.rank - 1];
	int64_t cols = b.dim[b.rank - 1], *ia, *ib, n_batch;
	int32_t *ca = centred(&a, present(n, in, p.zx), imc_tensor_count(&a),
			      scratch);
	int32_t *cb = centred(&b, present(n, in, p.zw), 1, scratch);
	uint32_t *acc = imc_arena_array(scratch, (size_t)cols, sizeof *acc);
	struct finish *f = imc_arena_array(scratch, (size_t)cols, sizeof *f);

	imc_broadcast_shape(&batch, &bb);
	ia = batch_index(&ba, &batch, scratch);
	ib = batch_index(&bb, &batch, scratch);
	n_batch = imc_tensor_count(&batch);
	for (int64_t c = 0; c < cols; c++) {
		f[c] = finish_of(n, in, c);
	}
	for (int64_t i = 0; i < n_batch * rows; i++) {
		int64_t m = i / rows, r = i % rows;

		product_row(ca + (ia[m] * rows + r) * k, cb + ib[m] * k * cols,
			    k, cols, acc);
		for (int64_t c = 0; c < cols; c++)
			store(&f[c], acc[c], y, i * cols + c);
	}
}
