/* pad.c: more (or fewer) elements at the ends of axes.
 *
 * Every mode is a map from output index to input index, axis by axis; -1
 * stands for the padding value. */
#include <math.h>
#include <string.h>

#include "ir/op/lane.h"
#include "ir/op/move.h"
#include "ir/op/strided.h"
#include "ir/support/checked.h"

enum mode { CONSTANT, EDGE, REFLECT, WRAP };

/* Input 1: the befores of all axes, then the afters; input 3 names axes. Up
 * to 2 * IMC_MAX_RANK numbers, so not a struct imc_ints. */
static bool take_pads(const struct imc_typing *t, struct imc_ints *axes)
{
	struct imc_attrs *a = &t->n->a;
	const struct imc_tensor *p = imc_typing_in(t, 1);

	if (!imc_typing_takes(t, 1, IMC_INDICES) || !imc_typing_const(t, 1))
		return false;
	if (imc_tensor_count(p) != 2 * axes->n)
		return imc_typing_fail(t, "%lld pads for %d axes; %d would do",
				       (long long)imc_tensor_count(p), axes->n,
				       2 * axes->n);
	a->starts.n = a->ends.n = imc_typing_in(t, 0)->rank;
	memset(a->starts.v, 0, sizeof a->starts.v);
	memset(a->ends.v, 0, sizeof a->ends.v);
	for (int i = 0; i < axes->n; i++) {
		a->starts.v[axes->v[i]] = imc_i64_at(p, i);
		a->ends.v[axes->v[i]] = imc_i64_at(p, axes->n + i);
	}
	imc_typing_drop(t, 1);
	return true;
}

static bool take_inputs(const struct imc_typing *t, int rank)
{
	struct imc_ints axes = {.n = rank};

	for (int i = 0; i < rank; i++)
		axes.v[i] = i;
	if (imc_typing_in(t, 3)) {
		if (!imc_typing_ints(t, 3, &axes) ||
		    !imc_typing_axes(t, &axes, rank))
			return false;
		imc_typing_drop(t, 3);
	}
	return !imc_typing_in(t, 1) || take_pads(t, &axes);
}

static bool check_value(const struct imc_typing *t)
{
	const struct imc_tensor *v = imc_typing_in(t, 2);
	const struct imc_value *x = imc_node_in(t->g, t->n, 0);

	if (!v)
		return true;
	if (imc_tensor_count(v) != 1)
		return imc_typing_fail(t,
				       "the padding value has shape %s; "
				       "one element would do",
				       imc_typing_text(t, v));
	/* of a quantised tensor it may still be the real number */
	return x->scale > 0 || imc_typing_same(t, 2);
}

#define MOST_PAD ((int64_t)1 << 40)

/* The padded size of axis i, or -1 (reported). */
static int64_t pad_axis(const struct imc_typing *t, int i, int64_t size)
{
	int64_t before = t->n->a.starts.v[i], after = t->n->a.ends.v[i];
	int64_t mode = t->n->a.mode[0];
	int64_t largest = imc_max_i64(before, after), out;

	if (before < -size || after < -size || largest > MOST_PAD ||
	    before + after < -size) {
		imc_typing_fail(t,
				"pads %lld and %lld do not fit axis %d of "
				"size %lld",
				(long long)before, (long long)after, i,
				(long long)size);
		return -1;
	}
	out = size + before + after;
	if (out > 0 && largest > 0 && mode != CONSTANT &&
	    (size == 0 || (mode == REFLECT && largest >= size))) {
		imc_typing_fail(t,
				"pads %lld and %lld are too large to "
				"reflect axis %d of size %lld",
				(long long)before, (long long)after, i,
				(long long)size);
		return -1;
	}
	return out;
}

bool imc_pad_type(const struct imc_typing *t)
{
	struct imc_attrs *a = &t->n->a;
	struct imc_tensor y = *imc_typing_in(t, 0);

	if (!take_inputs(t, y.rank) || !check_value(t))
		return false;
	if (a->starts.n != y.rank || a->ends.n != y.rank)
		return imc_typing_fail(t, "pads for %d axes; the input has %d",
				       a->starts.n, y.rank);
	for (int i = 0; i < y.rank; i++) {
		y.dim[i] = pad_axis(t, i, y.dim[i]);
		if (y.dim[i] < 0)
			return false;
	}
	return imc_typing_set(t, 0, &y);
}

/* Where index v (outside 0 .. size-1, too) of an axis comes from. */
static int64_t source(int64_t v, int64_t size, enum mode mode)
{
	if (v >= 0 && v < size)
		return v;
	switch (mode) {
	case CONSTANT:
		break;
	case EDGE:
		return v < 0 ? 0 : size - 1;
	case REFLECT:
		return v < 0 ? -v : 2 * (size - 1) - v;
	case WRAP:
		return (v % size + size) % size;
	}
	return -1;
}

/* The padding element, as bytes of the type of x. */
static void padding(const struct imc_graph *g, const struct imc_node *n,
		    const struct imc_tensor *in, void *out)
{
	const struct imc_value *v = imc_node_in(g, n, 0);
	bool given = n->n_in > 2 && in[2].data;
	double value = given ? imc_f64_at(&in[2], 0) : (double)n->a.act_lo[0];

	if (v && v->scale > 0 && in[0].dtype == IMC_I8) {
		double code = v->zero + round(value / (double)v->scale);

		value = fmax(-128, fmin(127, code));
	} else if (given && in[2].dtype == in[0].dtype) {
		memcpy(out, in[2].data, imc_dtype_size(in[0].dtype));
		return;
	}
	imc_lanes_store(IMC_LANE_F64, &(union imc_chunk){.f64 = {value}},
			in[0].dtype, out, 0, 1);
}

/* x with axis i padded, in scratch. */
static struct imc_tensor pad_one(const struct imc_node *n, int i,
				 const struct imc_tensor *x, const void *fill,
				 struct imc_arena *scratch)
{
	int64_t before = n->a.starts.v[i];
	struct imc_tensor y = *x;
	int64_t *index;
	struct imc_take t;

	y.dim[i] += before + n->a.ends.v[i];
	y.data = imc_arena_alloc(scratch, imc_tensor_bytes(&y));
	index = imc_arena_array(scratch, (size_t)y.dim[i], sizeof *index);
	for (int64_t k = 0; k < y.dim[i]; k++)
		index[k] =
			source(k - before, x->dim[i], (enum mode)n->a.mode[0]);
	t = (struct imc_take){imc_span(x, 0, i),
			      x->dim[i],
			      imc_span(x, i + 1, x->rank),
			      y.dim[i],
			      imc_dtype_size(x->dtype),
			      index,
			      fill};
	imc_take_axis(&t, y.data, x->data);
	return y;
}

void imc_pad_eval(const struct imc_graph *g, const struct imc_node *n,
		  const struct imc_tensor *in, struct imc_tensor *y,
		  struct imc_arena *scratch)
{
	struct imc_tensor x = in[0];
	uint64_t fill = 0;

	padding(g, n, in, &fill);
	for (int i = 0; i < x.rank; i++)
		if (n->a.starts.v[i] || n->a.ends.v[i])
			x = pad_one(n, i, &x, &fill, scratch);
	memcpy(y->data, x.data, imc_tensor_bytes(y));
}
