#include <inttypes.h>
#include <math.h>

#include "ir/op.h"
#include "ir/op/typing.h"
#include "ir/support/checked.h"
#include "ir/window.h"

/* A pooling: `outer` slices of `inner` adjacent elements a position. In NCHW
 * a slice is a channel (inner 1), in NHWC a sample (inner all channels). */
struct pool {
	struct imc_walk walk[2];
	struct imc_plane x, y;
	int64_t outer, inner, x_step, y_step;
	bool count_pad;
};

static bool is_global(const struct imc_node *n)
{
	return n->op == IMC_OP_GLOBAL_AVERAGE_POOL ||
	       n->op == IMC_OP_GLOBAL_MAX_POOL;
}

static bool is_max(const struct imc_node *n)
{
	return n->op == IMC_OP_MAX_POOL || n->op == IMC_OP_GLOBAL_MAX_POOL;
}

/* ---- types ---- */

static bool check_type(const struct imc_typing *t)
{
	enum imc_dtype type = imc_typing_in(t, 0)->dtype;

	if (!is_max(t->n))
		return imc_typing_dtype(t, 0, IMC_F32);
	if (type == IMC_F32 || type == IMC_F64 || type == IMC_I8 ||
	    type == IMC_U8)
		return true;
	return imc_typing_fail(t,
			       "elements of type %s; f32, f64, i8 and u8 are "
			       "supported",
			       imc_dtype_name(type));
}

static bool type_global(const struct imc_typing *t)
{
	struct imc_tensor y = *imc_typing_in(t, 0);
	int first = t->g->layout == IMC_NCHW ? 2 : 1;

	if (y.rank < 3)
		return imc_typing_fail(
			t, "an input of rank %d has no positions", y.rank);
	for (int i = first; i < first + y.rank - 2; i++) {
		if (y.dim[i] < 1)
			return imc_typing_fail(t, "the input is empty");
		y.dim[i] = 1;
	}
	return imc_typing_set(t, 0, &y);
}

/* A window must hold at least one element of the input: as in ONNX Runtime,
 * pads are smaller than the (dilated) kernel. */
static bool check_pads(const struct imc_typing *t, const struct imc_walk *walk)
{
	for (int i = 0; i < 2; i++) {
		int64_t extent = (walk[i].kernel - 1) * walk[i].dilation + 1;

		if (walk[i].before < 0 || walk[i].after < 0 ||
		    walk[i].before >= extent || walk[i].after >= extent)
			return imc_typing_fail(
				t,
				"pads %" PRId64 " and %" PRId64 " for a "
				"kernel of extent %" PRId64 "; they must be "
				"smaller",
				walk[i].before, walk[i].after, extent);
	}
	return true;
}

bool imc_type_pool(struct imc_graph *g, struct imc_node *n, struct imc_diags *d)
{
	const struct imc_typing t = {g, n, d};
	struct imc_tensor y = imc_node_in(g, n, 0)->t;
	struct imc_plane x;
	struct imc_walk walk[2];

	if (!check_type(&t))
		return false;
	if (is_global(n))
		return type_global(&t);
	if (y.rank != 3 && y.rank != 4)
		return imc_typing_fail(&t,
				       "the input has rank %d; 3 (1-D) and 4 "
				       "(2-D) are supported",
				       y.rank);
	x = imc_plane_of(&y, g->layout);
	if (!imc_walk_of_attrs(&n->a, &x, walk))
		return imc_typing_fail(&t,
				       "the kernel does not fit into the "
				       "padded %" PRId64 "x%" PRId64 " input",
				       x.h, x.w);
	if (!check_pads(&t, walk))
		return false;
	imc_walk_set_pads(&n->a, walk);
	imc_plane_shape(&y, g->layout, x.n, x.c, walk[0].out, walk[1].out);
	return imc_typing_set(&t, 0, &y);
}

/* ---- evaluation ---- */

static struct imc_walk whole(int64_t in)
{
	return (struct imc_walk){
		.in = in, .kernel = in, .stride = 1, .dilation = 1, .out = 1};
}

static struct pool pool_of(const struct imc_graph *g, const struct imc_node *n,
			   const struct imc_tensor *x,
			   const struct imc_tensor *y)
{
	bool nchw = g->layout == IMC_NCHW;
	struct pool p = {.x = imc_plane_of(x, g->layout),
			 .y = imc_plane_of(y, g->layout),
			 .count_pad = n->a.count_pad[0]};

	p.outer = nchw ? p.x.n * p.x.c : p.x.n;
	p.inner = nchw ? 1 : p.x.c;
	p.x_step = nchw ? p.x.sc : p.x.sn;
	p.y_step = nchw ? p.y.sc : p.y.sn;
	if (is_global(n)) {
		p.walk[0] = whole(p.x.h);
		p.walk[1] = whole(p.x.w);
	} else {
		imc_walk_of_attrs(&n->a, &p.x, p.walk);
	}
	return p;
}

/* The kernel elements lo .. hi of window `at` that lie in -before .. end. */
struct taps {
	int64_t start, lo, hi;
};

static struct taps taps_in(const struct imc_walk *w, int64_t at, int64_t before,
			   int64_t end)
{
	struct taps t = {.start = at * w->stride - w->before};

	if (t.start < -before)
		t.lo = imc_ceil_div(-before - t.start, w->dilation);
	if (end > t.start)
		t.hi = imc_min_i64(imc_ceil_div(end - t.start, w->dilation),
				   w->kernel);
	t.hi = imc_max_i64(t.hi, t.lo);
	return t;
}

static int64_t offset_of(const struct pool *p, int64_t outer,
			 const struct taps t[2], const int64_t k[2])
{
	return outer * p->x_step +
	       (t[0].start + k[0] * p->walk[0].dilation) * p->x.sh +
	       (t[1].start + k[1] * p->walk[1].dilation) * p->x.sw;
}

/* A function for each type: the maximum of one window. */
#define MAX_WINDOW(name, type, lowest)                                         \
	static void max_##name(const struct pool *p, int64_t outer,            \
			       const struct taps t[2], const void *in,         \
			       void *out)                                      \
	{                                                                      \
		type *y = out;                                                 \
                                                                               \
		for (int64_t i = 0; i < p->inner; i++)                         \
			y[i] = lowest;                                         \
		for (int64_t ky = t[0].lo; ky < t[0].hi; ky++)                 \
			for (int64_t kx = t[1].lo; kx < t[1].hi; kx++) {       \
				const type *x =                                \
					(const type *)in +                     \
					offset_of(p, outer, t,                 \
						  (int64_t[]){ky, kx});        \
				for (int64_t i = 0; i < p->inner; i++)         \
					y[i] = x[i] > y[i] ? x[i] : y[i];      \
			}                                                      \
	}

MAX_WINDOW(f32, float, -INFINITY)
MAX_WINDOW(f64, double, -(double)INFINITY)
MAX_WINDOW(i8, int8_t, INT8_MIN)
MAX_WINDOW(u8, uint8_t, 0)

typedef void max_window(const struct pool *p, int64_t outer,
			const struct taps t[2], const void *in, void *out);

static max_window *max_of(enum imc_dtype t)
{
	if (t == IMC_I8)
		return max_i8;
	if (t == IMC_U8)
		return max_u8;
	return t == IMC_F64 ? max_f64 : max_f32;
}

static void eval_max(const struct pool *p, const struct imc_tensor *in,
		     struct imc_tensor *out)
{
	max_window *window = max_of(in->dtype);
	size_t size = imc_dtype_size(in->dtype);
	char *y = out->data;

	for (int64_t o = 0; o < p->outer; o++)
		for (int64_t oy = 0; oy < p->y.h; oy++)
			for (int64_t ox = 0; ox < p->y.w; ox++) {
				int64_t at = o * p->y_step + oy * p->y.sh +
					     ox * p->y.sw;
				const struct taps t[2] = {
					taps_in(&p->walk[0], oy, 0, p->x.h),
					taps_in(&p->walk[1], ox, 0, p->x.w)};

				window(p, o, t, in->data,
				       y + (size_t)at * size);
			}
}

/* Elements that the mean divides by. Cells past the padding, which ceil_mode
 * reaches, never count. */
static int64_t count_of(const struct pool *p, int64_t oy, int64_t ox)
{
	const struct imc_walk *w = p->walk;
	const int64_t at[2] = {oy, ox};
	int64_t count = 1;

	for (int i = 0; i < 2; i++) {
		int64_t before = p->count_pad ? w[i].before : 0;
		int64_t after = p->count_pad ? w[i].after : 0;
		struct taps t = taps_in(&w[i], at[i], before, w[i].in + after);

		count *= t.hi - t.lo;
	}
	return count;
}

/* Sums are kept in double, so that large windows lose nothing. */
static void mean_window(const struct pool *p, int64_t outer,
			const int64_t at[2], const float *in, double *sum)
{
	const struct taps t[2] = {taps_in(&p->walk[0], at[0], 0, p->x.h),
				  taps_in(&p->walk[1], at[1], 0, p->x.w)};

	for (int64_t i = 0; i < p->inner; i++)
		sum[i] = 0;
	for (int64_t ky = t[0].lo; ky < t[0].hi; ky++)
		for (int64_t kx = t[1].lo; kx < t[1].hi; kx++) {
			const float *x = in + offset_of(p, outer, t,
							(int64_t[]){ky, kx});

			for (int64_t i = 0; i < p->inner; i++)
				sum[i] += x[i];
		}
}

static void eval_mean(const struct pool *p, const float *in, float *out,
		      double *sum)
{
	for (int64_t o = 0; o < p->outer; o++)
		for (int64_t oy = 0; oy < p->y.h; oy++)
			for (int64_t ox = 0; ox < p->y.w; ox++) {
				float *y = out + o * p->y_step + oy * p->y.sh +
					   ox * p->y.sw;
				int64_t n = count_of(p, oy, ox);

				mean_window(p, o, (int64_t[]){oy, ox}, in, sum);
				/* A dilated window can miss the input. */
				n = imc_max_i64(n, 1);
				for (int64_t i = 0; i < p->inner; i++)
					y[i] = (float)(sum[i] / (double)n);
			}
}

void imc_eval_pool(const struct imc_graph *g, const struct imc_node *n,
		   const struct imc_tensor *in, struct imc_tensor *out,
		   struct imc_arena *scratch)
{
	struct pool p = pool_of(g, n, &in[0], &out[0]);

	if (is_max(n))
		eval_max(&p, &in[0], &out[0]);
	else
		eval_mean(&p, in[0].data, out[0].data,
			  imc_arena_array(scratch, (size_t)p.inner,
					  sizeof(double)));
}
