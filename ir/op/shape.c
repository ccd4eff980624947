/* shape.c: operators that only change or tell a shape, and constants. */
#include <math.h>
#include <string.h>

#include "ir/op/lane.h"
#include "ir/op/strided.h"
#include "ir/op/typing.h"
#include "ir/support/checked.h"

/* Moves the list in input k, when there is one, into an attribute. */
static bool take_list(const struct imc_typing *t, int k, struct imc_ints *to)
{
	if (!imc_typing_in(t, k))
		return true;
	if (!imc_typing_ints(t, k, to))
		return false;
	imc_typing_drop(t, k);
	return true;
}

/* A 0 copies the input's dimension; -1 is what remains. */
static bool solve_dims(const struct imc_typing *t, const struct imc_tensor *x,
		       struct imc_tensor *y)
{
	const struct imc_attrs *a = &t->n->a;
	int64_t count = imc_tensor_count(x), known = 1;
	int open = -1;

	y->rank = a->dims.n;
	for (int i = 0; i < y->rank; i++) {
		int64_t v = a->dims.v[i];

		if (v == 0 && !a->allowzero[0] && i < x->rank)
			v = x->dim[i];
		else if (v < -1 || (v == 0 && !a->allowzero[0]))
			return imc_typing_fail(t,
					       "dimension %d of the new "
					       "shape is %lld",
					       i, (long long)v);
		if (v == -1 && open >= 0)
			return imc_typing_fail(t, "the new shape has two "
						  "dimensions of -1");
		y->dim[i] = v;
		if (v == -1)
			open = i;
		else if (!imc_mul_i64(known, v, &known))
			return imc_typing_fail(t, "the new shape is too large");
	}
	if (open >= 0) {
		y->dim[open] = known ? count / known : 0;
		known *= y->dim[open];
	}
	if (known == count)
		return true;
	return imc_typing_fail(t, "shape %s does not fit the new shape %s",
			       imc_typing_text(t, x), imc_typing_text(t, y));
}

static bool type_reshape(const struct imc_typing *t)
{
	struct imc_attrs *a = &t->n->a;
	struct imc_tensor y;

	if (!take_list(t, 1, &a->dims))
		return false;
	y = *imc_typing_in(t, 0);
	if (!solve_dims(t, imc_typing_in(t, 0), &y))
		return false;
	for (int i = 0; i < y.rank; i++)
		a->dims.v[i] = y.dim[i];
	a->allowzero[0] = 1; /* a 0 is now what it says */
	return imc_typing_set(t, 0, &y);
}

static bool type_flatten(const struct imc_typing *t)
{
	const struct imc_tensor *x = imc_typing_in(t, 0);
	struct imc_tensor y = *x;
	int64_t *axis = &t->n->a.axis[0];

	/* rank itself is an axis here: everything before it */
	if (*axis != x->rank && !imc_typing_axis(t, axis, x->rank))
		return false;
	y.rank = 2;
	y.dim[0] = imc_span(x, 0, (int)*axis);
	y.dim[1] = imc_span(x, (int)*axis, x->rank);
	return imc_typing_set(t, 0, &y);
}

static bool contains(const struct imc_ints *list, int64_t v)
{
	for (int i = 0; i < list->n; i++)
		if (list->v[i] == v)
			return true;
	return false;
}

static bool type_squeeze(const struct imc_typing *t)
{
	struct imc_ints *axes = &t->n->a.axes;
	const struct imc_tensor *x = imc_typing_in(t, 0);
	struct imc_tensor y = *x;

	if (!take_list(t, 1, axes) || !imc_typing_axes(t, axes, x->rank))
		return false;
	if (axes->n == 0)
		for (int i = 0; i < x->rank; i++)
			if (x->dim[i] == 1)
				axes->v[axes->n++] = i;
	y.rank = 0;
	for (int i = 0; i < x->rank; i++) {
		if (!contains(axes, i))
			y.dim[y.rank++] = x->dim[i];
		else if (x->dim[i] != 1)
			return imc_typing_fail(t,
					       "axis %d has size %lld; "
					       "only size 1 can go",
					       i, (long long)x->dim[i]);
	}
	return imc_typing_set(t, 0, &y);
}

static bool type_unsqueeze(const struct imc_typing *t)
{
	struct imc_ints *axes = &t->n->a.axes;
	const struct imc_tensor *x = imc_typing_in(t, 0);
	struct imc_tensor y = *x;

	if (!take_list(t, 1, axes))
		return false;
	y.rank = x->rank + axes->n;
	if (y.rank > IMC_MAX_RANK)
		return imc_typing_fail(t,
				       "the output has rank %d; at most %d "
				       "would do",
				       y.rank, IMC_MAX_RANK);
	if (!imc_typing_axes(t, axes, y.rank))
		return false;
	for (int i = 0, from = 0; i < y.rank; i++)
		y.dim[i] = contains(axes, i) ? 1 : x->dim[from++];
	return imc_typing_set(t, 0, &y);
}

static bool type_constant(const struct imc_typing *t)
{
	const struct imc_value *v = imc_node_out(t->g, t->n, 0);

	if (!v || !v->t.data || !v->shaped)
		return imc_typing_fail(t, "the constant has no value");
	return true;
}

static bool type_constant_of_shape(const struct imc_typing *t)
{
	const struct imc_tensor *value = imc_typing_in(t, 1);
	struct imc_tensor y = {.dtype = value ? value->dtype : IMC_F32};
	struct imc_ints dims;

	if (!imc_typing_ints(t, 0, &dims))
		return false;
	if (value && imc_tensor_count(value) != 1)
		return imc_typing_fail(t,
				       "the value has shape %s; one "
				       "element would do",
				       imc_typing_text(t, value));
	y.rank = dims.n;
	for (int i = 0; i < dims.n; i++) {
		if (dims.v[i] < 0)
			return imc_typing_fail(t, "dimension %d is %lld", i,
					       (long long)dims.v[i]);
		y.dim[i] = dims.v[i];
	}
	return imc_typing_set(t, 0, &y);
}

static int64_t clamp_axis(int64_t v, int rank)
{
	if (v < 0)
		v = v < -rank ? 0 : v + rank;
	return imc_min_i64(v, rank);
}

static bool type_shape(const struct imc_typing *t)
{
	const struct imc_tensor *x = imc_typing_in(t, 0);
	struct imc_attrs *a = &t->n->a;
	struct imc_tensor y = {.dtype = IMC_I64, .rank = 1};

	a->axis[0] = clamp_axis(a->axis[0], x->rank);
	a->size[0] = clamp_axis(a->size[0], x->rank);
	y.dim[0] = imc_max_i64(0, a->size[0] - a->axis[0]);
	return imc_typing_set(t, 0, &y);
}

/* Elements of start, start + step, .. before limit. -1: no such number. */
static int64_t range_count(const struct imc_tensor *const in[3])
{
	bool real = (IMC_FLOATS >> in[0]->dtype & 1) != 0;
	double step = imc_f64_at(in[2], 0);

	if (real) {
		double lo = imc_f64_at(in[0], 0), hi = imc_f64_at(in[1], 0);
		double n = ceil((hi - lo) / step);

		if (step == 0 || isnan(n) || n > 0x1p62)
			return -1;
		return n > 0 ? (int64_t)n : 0;
	}
	uint64_t lo = (uint64_t)imc_i64_at(in[0], 0);
	uint64_t hi = (uint64_t)imc_i64_at(in[1], 0);
	int64_t by = imc_i64_at(in[2], 0);
	bool up = (int64_t)hi > (int64_t)lo;
	uint64_t stride = by > 0 ? (uint64_t)by : 0 - (uint64_t)by;
	uint64_t n;

	if (by == 0)
		return -1;
	if (hi == lo || up != (by > 0))
		return 0;
	n = ((up ? hi - lo : lo - hi) - 1) / stride + 1;
	return n > INT64_MAX ? -1 : (int64_t)n;
}

#define RANGE_TYPES                                                            \
	(IMC_TYPE_BIT(F32) | IMC_TYPE_BIT(F64) | IMC_TYPE_BIT(I16) |           \
	 IMC_TYPE_BIT(I32) | IMC_TYPE_BIT(I64))

static bool type_range(const struct imc_typing *t)
{
	const struct imc_tensor *in[3];
	struct imc_tensor y = {.rank = 1};

	for (int k = 0; k < 3; k++) {
		if (!imc_typing_takes(t, k, RANGE_TYPES) ||
		    !imc_typing_same(t, k) || !imc_typing_const(t, k))
			return false;
		in[k] = imc_typing_in(t, k);
		if (imc_tensor_count(in[k]) != 1)
			return imc_typing_fail(t,
					       "input %d has shape %s; one "
					       "number would do",
					       k, imc_typing_text(t, in[k]));
	}
	y.dtype = in[0]->dtype;
	y.dim[0] = range_count(in);
	if (y.dim[0] < 0)
		return imc_typing_fail(t, "the range has no end");
	return imc_typing_set(t, 0, &y);
}

static bool type_size_of(const struct imc_typing *t)
{
	const struct imc_tensor y = {.dtype = IMC_I64};

	return imc_typing_set(t, 0, &y);
}

static bool (*const rules[IMC_N_OP])(const struct imc_typing *) = {
	[IMC_OP_RESHAPE] = type_reshape,
	[IMC_OP_FLATTEN] = type_flatten,
	[IMC_OP_SQUEEZE] = type_squeeze,
	[IMC_OP_UNSQUEEZE] = type_unsqueeze,
	[IMC_OP_CONSTANT] = type_constant,
	[IMC_OP_CONSTANT_OF_SHAPE] = type_constant_of_shape,
	[IMC_OP_SHAPE] = type_shape,
	[IMC_OP_SIZE_OF] = type_size_of,
	[IMC_OP_RANGE] = type_range,
};

bool imc_type_shape(struct imc_graph *g, struct imc_node *n,
		    struct imc_diags *d)
{
	const struct imc_typing t = {g, n, d};

	if (!imc_typing_begin(&t, 1))
		return false;
	if (n->op != IMC_OP_CONSTANT && !imc_typing_takes(&t, 0, IMC_ANY_TYPE))
		return false;
	return rules[n->op](&t);
}

/* Without a value the tensor is float zeros, which it already is. */
static void fill(const struct imc_node *n, const struct imc_tensor *in,
		 struct imc_tensor *y)
{
	size_t size = imc_dtype_size(y->dtype), bytes = imc_tensor_bytes(y);

	if (n->n_in < 2 || !in[1].data)
		return;
	for (size_t at = 0; at < bytes; at += size)
		memcpy((char *)y->data + at, in[1].data, size);
}

static void range(const struct imc_tensor *in, struct imc_tensor *y)
{
	bool real = (IMC_FLOATS >> y->dtype & 1) != 0;
	double start = imc_f64_at(&in[0], 0), step = imc_f64_at(&in[2], 0);
	uint64_t first = (uint64_t)imc_i64_at(&in[0], 0);
	uint64_t by = (uint64_t)imc_i64_at(&in[2], 0);
	union imc_chunk b;

	for (int64_t i = 0; i < y->dim[0]; i++) {
		if (real)
			b.f64[0] = start + (double)i * step;
		else
			b.u64[0] = first + (uint64_t)i * by;
		imc_lanes_store(real ? IMC_LANE_F64 : IMC_LANE_I64, &b,
				y->dtype, y->data, i, 1);
	}
}

void imc_eval_shape(const struct imc_graph *g, const struct imc_node *n,
		    const struct imc_tensor *in, struct imc_tensor *out,
		    struct imc_arena *scratch)
{
	int64_t *y = out[0].data;

	(void)scratch;
	if (n->op == IMC_OP_CONSTANT) {
		memcpy(out[0].data, imc_node_out(g, n, 0)->t.data,
		       imc_tensor_bytes(&out[0]));
	} else if (n->op == IMC_OP_CONSTANT_OF_SHAPE) {
		fill(n, in, &out[0]);
	} else if (n->op == IMC_OP_SHAPE) {
		for (int64_t i = 0; i < out[0].dim[0]; i++)
			y[i] = in[0].dim[n->a.axis[0] + i];
	} else if (n->op == IMC_OP_SIZE_OF) {
		y[0] = imc_tensor_count(&in[0]);
	} else if (n->op == IMC_OP_RANGE) {
		range(in, &out[0]);
	} else if (in[0].data) {
		memcpy(out[0].data, in[0].data, imc_tensor_bytes(&out[0]));
	}
}
