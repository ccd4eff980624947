/* resize.c: nearest, linear and cubic resampling, axis after axis.
 *
 * Coordinates are computed in float, as common runtimes do, since rounding
 * decides which element is the nearest. */
#include <math.h>
#include <string.h>

#include "ir/op/lane.h"
#include "ir/op/strided.h"
#include "ir/op/typing.h"
#include "ir/support/checked.h"

enum { IN_X, IN_ROI, IN_SCALES, IN_SIZES };
enum mode { NEAREST, LINEAR, CUBIC };
enum coord {
	HALF_PIXEL,
	ASYMMETRIC,
	ALIGN_CORNERS,
	PYTORCH_HALF_PIXEL,
	TF_HALF_PIXEL_FOR_NN,
	TF_CROP_AND_RESIZE
};
enum rounding { PREFER_FLOOR, PREFER_CEIL, FLOOR, CEIL };

/* An empty list is how older models say "absent". */
static bool has(const struct imc_tensor *x)
{
	return x && imc_tensor_count(x) > 0;
}

static bool check_list(const struct imc_typing *t, int k, uint32_t types)
{
	const struct imc_tensor *list = imc_typing_in(t, k);
	int rank = imc_typing_in(t, IN_X)->rank;

	if (!imc_typing_takes(t, k, types) || !imc_typing_const(t, k))
		return false;
	if (imc_tensor_count(list) != rank)
		return imc_typing_fail(t, "%lld %s for %d axes",
				       (long long)imc_tensor_count(list),
				       k == IN_SIZES ? "sizes" : "scales",
				       rank);
	return true;
}

static bool sized(const struct imc_typing *t, struct imc_tensor *y)
{
	const struct imc_tensor *sizes = imc_typing_in(t, IN_SIZES);

	if (!check_list(t, IN_SIZES, IMC_INDICES))
		return false;
	for (int i = 0; i < y->rank; i++) {
		int64_t v = imc_i64_at(sizes, i);

		if (v < 0 || (v > 0) != (y->dim[i] > 0))
			return imc_typing_fail(t,
					       "axis %d of size %lld "
					       "becomes %lld",
					       i, (long long)y->dim[i],
					       (long long)v);
		y->dim[i] = v;
	}
	return true;
}

static bool scaled(const struct imc_typing *t, struct imc_tensor *y)
{
	const struct imc_tensor *scales = imc_typing_in(t, IN_SCALES);

	if (!check_list(t, IN_SCALES, IMC_FLOATS))
		return false;
	for (int i = 0; i < y->rank; i++) {
		float s = (float)imc_f64_at(scales, i);
		float out = floorf((float)y->dim[i] * s);

		if (!(s > 0) || !(out < 0x1p40f) || (y->dim[i] && out < 1))
			return imc_typing_fail(t,
					       "axis %d of size %lld is "
					       "scaled by %g",
					       i, (long long)y->dim[i],
					       (double)s);
		y->dim[i] = (int64_t)out;
	}
	return true;
}

bool imc_type_resize(struct imc_graph *g, struct imc_node *n,
		     struct imc_diags *d)
{
	const struct imc_typing t = {g, n, d};
	uint32_t types = n->a.mode[0] == NEAREST ? IMC_ANY_TYPE : IMC_FLOATS;
	struct imc_tensor y;

	if (!imc_typing_begin(&t, 1) || !imc_typing_takes(&t, IN_X, types))
		return false;
	if (n->a.coord[0] == TF_CROP_AND_RESIZE)
		return imc_typing_fail(&t, "coordinate mode tf_crop_and_resize "
					   "is not supported; half_pixel "
					   "would do");
	y = *imc_typing_in(&t, IN_X);
	if (has(imc_typing_in(&t, IN_SIZES)))
		return sized(&t, &y) && imc_typing_set(&t, 0, &y);
	if (has(imc_typing_in(&t, IN_SCALES)))
		return scaled(&t, &y) && imc_typing_set(&t, 0, &y);
	return imc_typing_fail(&t, "has neither scales nor sizes");
}

/* One axis to resample. */
struct axis {
	int64_t in, out;
	float scale;
	const struct imc_attrs *a;
};

/* Where output index i lies on the input's axis. */
static float coordinate(const struct axis *x, int64_t i)
{
	float at = (float)i;

	switch ((enum coord)x->a->coord[0]) {
	case HALF_PIXEL:
		return (at + 0.5f) / x->scale - 0.5f;
	case PYTORCH_HALF_PIXEL:
		return x->out > 1 ? (at + 0.5f) / x->scale - 0.5f : 0;
	case ALIGN_CORNERS:
		return x->out > 1
			       ? at * (float)(x->in - 1) / (float)(x->out - 1)
			       : 0;
	case TF_HALF_PIXEL_FOR_NN:
		return (at + 0.5f) / x->scale;
	case ASYMMETRIC:
	case TF_CROP_AND_RESIZE:
		break;
	}
	return at / x->scale;
}

static int64_t inside(const struct axis *x, double at)
{
	return (int64_t)fmax(0, fmin((double)(x->in - 1), at));
}

static int64_t nearest(const struct axis *x, int64_t i)
{
	float at = coordinate(x, i);

	switch ((enum rounding)x->a->nearest[0]) {
	case PREFER_FLOOR:
		return inside(x, (double)ceilf(at - 0.5f));
	case PREFER_CEIL:
		return inside(x, (double)floorf(at + 0.5f));
	case FLOOR:
		break;
	case CEIL:
		return inside(x, (double)ceilf(at));
	}
	return inside(x, (double)floorf(at));
}

#define MOST_TAPS 4

struct taps {
	int n;
	int64_t at[MOST_TAPS];
	double weight[MOST_TAPS];
};

/* Keys' kernel at distance d, with coefficient a. */
static double keys(double d, double a)
{
	d = fabs(d);
	if (d <= 1)
		return ((a + 2) * d - (a + 3)) * d * d + 1;
	return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
}

static struct taps linear_taps(const struct axis *x, int64_t i)
{
	double at =
		fmax(0, fmin((double)(x->in - 1), (double)coordinate(x, i)));
	int64_t low = inside(x, floor(at));
	double part = at - (double)low;

	return (struct taps){
		2, {low, inside(x, (double)low + 1)}, {1 - part, part}};
}

static struct taps cubic_taps(const struct axis *x, int64_t i)
{
	double at = (double)coordinate(x, i), low = floor(at), sum = 0;
	struct taps t = {.n = MOST_TAPS};

	for (int k = 0; k < t.n; k++) {
		double place = low - 1 + k;
		bool outside = place < 0 || place > (double)(x->in - 1);

		t.at[k] = inside(x, place);
		t.weight[k] =
			outside && x->a->exclude[0]
				? 0
				: keys(at - place, (double)x->a->alpha[0]);
		sum += t.weight[k];
	}
	for (int k = 0; k < t.n && x->a->exclude[0] && sum != 0; k++)
		t.weight[k] /= sum;
	return t;
}

static struct axis axis_of(const struct imc_node *n,
			   const struct imc_tensor *in,
			   const struct imc_tensor *y, int i)
{
	struct axis x = {in[IN_X].dim[i], y->dim[i], 1, &n->a};
	bool by_size = n->n_in > IN_SIZES && in[IN_SIZES].data &&
		       imc_tensor_count(&in[IN_SIZES]) > 0;

	if (by_size)
		x.scale = (float)x.out / (float)x.in;
	else
		x.scale = (float)imc_f64_at(&in[IN_SCALES], i);
	return x;
}

/* An axis that stays as it is in every coordinate mode. */
static bool unchanged(const struct axis *x)
{
	return x->in == x->out && x->scale == 1;
}

static void *resample_nearest(const struct axis *x, const struct imc_tensor *t,
			      int i, struct imc_arena *scratch)
{
	int64_t *index =
		imc_arena_array(scratch, (size_t)x->out, sizeof *index);
	struct imc_take take = {
		.outer = imc_span(t, 0, i),
		.n_in = x->in,
		.inner = imc_span(t, i + 1, t->rank),
		.n_out = x->out,
		.size = imc_dtype_size(t->dtype),
		.index = index,
	};
	void *y;

	for (int64_t k = 0; k < x->out; k++)
		index[k] = nearest(x, k);
	y = imc_arena_array(scratch, (size_t)(take.outer * take.inner),
			    (size_t)x->out * take.size);
	imc_take_axis(&take, y, t->data);
	return y;
}

/* t is of type f64. */
static void *resample_smooth(const struct axis *x, const struct imc_tensor *t,
			     int i, struct imc_arena *scratch)
{
	int64_t outer = imc_span(t, 0, i), inner = imc_span(t, i + 1, t->rank);
	double *y = imc_arena_array(scratch, (size_t)(outer * inner),
				    (size_t)x->out * sizeof *y);
	bool cubic = x->a->mode[0] == CUBIC;

	for (int64_t k = 0; k < x->out; k++) {
		struct taps s = cubic ? cubic_taps(x, k) : linear_taps(x, k);

		for (int64_t o = 0; o < outer * s.n; o++) {
			int64_t block = o / s.n, tap = o % s.n;
			const double *from =
				(const double *)t->data +
				(block * x->in + s.at[tap]) * inner;
			double *to = y + (block * x->out + k) * inner;

			for (int64_t e = 0; e < inner; e++)
				to[e] += s.weight[tap] * from[e];
		}
	}
	return y;
}

/* Copies elements of x into those of y, converting. */
static void convert(const struct imc_tensor *x, enum imc_dtype to, void *y)
{
	int64_t count = imc_tensor_count(x);
	enum imc_lane lane = imc_lane_of(x->dtype);
	union imc_chunk b;

	for (int64_t i = 0; i < count; i += IMC_CHUNK) {
		int64_t n = imc_min_i64(IMC_CHUNK, count - i);
		struct imc_strip s = {x->dtype, x->data, i, 1};

		imc_lanes_store(lane, imc_lanes_load(s, lane, n, &b), to, y, i,
				n);
	}
}

void imc_eval_resize(const struct imc_graph *g, const struct imc_node *n,
		     const struct imc_tensor *in, struct imc_tensor *out,
		     struct imc_arena *scratch)
{
	bool near = n->a.mode[0] == NEAREST;
	struct imc_tensor x = in[IN_X];

	(void)g;
	if (imc_tensor_count(&out[0]) == 0)
		return;
	if (!near) {
		void *wide = imc_arena_array(
			scratch, (size_t)imc_tensor_count(&x), sizeof(double));

		convert(&x, IMC_F64, wide);
		x.data = wide;
		x.dtype = IMC_F64;
	}
	for (int i = 0; i < x.rank; i++) {
		struct axis a = axis_of(n, in, &out[0], i);

		if (unchanged(&a))
			continue;
		x.data = near ? resample_nearest(&a, &x, i, scratch)
			      : resample_smooth(&a, &x, i, scratch);
		x.dim[i] = a.out;
	}
	convert(&x, out[0].dtype, out[0].data);
}
