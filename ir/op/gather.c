/* gather.c: elements picked by index. */
#include <string.h>

#include "ir/op/lane.h"
#include "ir/op/strided.h"
#include "ir/op/typing.h"
#include "ir/support/checked.h"

/* Constant indices are checked here; computed ones are clamped when used. */
static bool check_indices(const struct imc_typing *t, int64_t size)
{
	const struct imc_tensor *x = imc_typing_in(t, 1);
	int64_t count = imc_tensor_count(x);

	for (int64_t i = 0; i < count && x->data; i++) {
		int64_t v = imc_i64_at(x, i);

		if (v < -size || v >= size)
			return imc_typing_fail(t,
					       "index %lld is outside an axis "
					       "of size %lld",
					       (long long)v, (long long)size);
	}
	if (count > 0 && size == 0)
		return imc_typing_fail(t, "there is nothing to gather: the "
					  "axis is empty");
	return true;
}

static bool type_gather(const struct imc_typing *t, int axis)
{
	const struct imc_tensor *x = imc_typing_in(t, 0);
	const struct imc_tensor *index = imc_typing_in(t, 1);
	struct imc_tensor y = {.dtype = x->dtype};

	if (x->rank - 1 + index->rank > IMC_MAX_RANK)
		return imc_typing_fail(t,
				       "the output has rank %d; at most %d "
				       "would do",
				       x->rank - 1 + index->rank, IMC_MAX_RANK);
	for (int i = 0; i < axis; i++)
		y.dim[y.rank++] = x->dim[i];
	for (int i = 0; i < index->rank; i++)
		y.dim[y.rank++] = index->dim[i];
	for (int i = axis + 1; i < x->rank; i++)
		y.dim[y.rank++] = x->dim[i];
	return imc_typing_set(t, 0, &y);
}

static bool type_elements(const struct imc_typing *t, int axis)
{
	const struct imc_tensor *x = imc_typing_in(t, 0);
	const struct imc_tensor *index = imc_typing_in(t, 1);
	struct imc_tensor y = *index;
	bool fits = index->rank == x->rank;

	for (int i = 0; i < x->rank && fits; i++)
		fits = i == axis || index->dim[i] <= x->dim[i];
	if (!fits)
		return imc_typing_fail(t,
				       "indices of shape %s do not fit an "
				       "input of shape %s",
				       imc_typing_text(t, index),
				       imc_typing_text(t, x));
	y.dtype = x->dtype;
	return imc_typing_set(t, 0, &y);
}

bool imc_type_gather(struct imc_graph *g, struct imc_node *n,
		     struct imc_diags *d)
{
	const struct imc_typing t = {g, n, d};
	const struct imc_tensor *x;

	if (!imc_typing_begin(&t, 1) ||
	    !imc_typing_takes(&t, 0, IMC_ANY_TYPE) ||
	    !imc_typing_takes(&t, 1, IMC_INDICES))
		return false;
	x = imc_typing_in(&t, 0);
	if (!imc_typing_axis(&t, &n->a.axis[0], x->rank) ||
	    !check_indices(&t, x->dim[n->a.axis[0]]))
		return false;
	return n->op == IMC_OP_GATHER ? type_gather(&t, (int)n->a.axis[0])
				      : type_elements(&t, (int)n->a.axis[0]);
}

/* All indices as 0 .. size-1. */
static int64_t *read_indices(const struct imc_tensor *x, int64_t size,
			     struct imc_arena *scratch)
{
	int64_t n = imc_tensor_count(x);
	int64_t *index = imc_arena_array(scratch, (size_t)n, sizeof *index);

	for (int64_t i = 0; i < n; i++) {
		int64_t v = imc_i64_at(x, i);

		v = v < 0 ? v + size : v;
		index[i] = imc_max_i64(0, imc_min_i64(v, size - 1));
	}
	return index;
}

/* Element i of y comes from its own place, but for the coordinate `axis`. */
static void elements(const struct imc_tensor *x, const struct imc_tensor *y,
		     int axis, const int64_t *index)
{
	size_t size = imc_dtype_size(y->dtype);
	int64_t stride[IMC_MAX_RANK], count = imc_tensor_count(y);
	const char *from = x->data;
	char *to = y->data;

	imc_row_major(x, stride);
	for (int64_t i = 0; i < count; i++) {
		int64_t rest = i, at = index[i] * stride[axis];

		for (int a = y->rank; a-- > 0; rest /= y->dim[a])
			if (a != axis)
				at += rest % y->dim[a] * stride[a];
		memcpy(to + (size_t)i * size, from + (size_t)at * size, size);
	}
}

void imc_eval_gather(const struct imc_graph *g, const struct imc_node *n,
		     const struct imc_tensor *in, struct imc_tensor *out,
		     struct imc_arena *scratch)
{
	const struct imc_tensor *x = &in[0];
	int axis = (int)n->a.axis[0];
	int64_t *index = read_indices(&in[1], x->dim[axis], scratch);
	const struct imc_take t = {
		.outer = imc_span(x, 0, axis),
		.n_in = x->dim[axis],
		.inner = imc_span(x, axis + 1, x->rank),
		.n_out = imc_tensor_count(&in[1]),
		.size = imc_dtype_size(x->dtype),
		.index = index,
	};

	(void)g;
	if (n->op == IMC_OP_GATHER)
		imc_take_axis(&t, out[0].data, x->data);
	else
		elements(x, &out[0], axis, index);
}
