/* slice.c: every step-th element of a range of each axis.
 *
 * The type rule brings all forms to one: starts, ends, axes and steps are
 * attributes, starts inside the axis; an end before index 0 (a negative step)
 * is written -size-1, since -1 would mean the last index. */
#include "ir/op/move.h"
#include "ir/op/strided.h"
#include "ir/support/checked.h"

static bool take_lists(const struct imc_typing *t)
{
	struct imc_attrs *a = &t->n->a;
	struct imc_ints *to[] = {&a->starts, &a->ends, &a->axes, &a->steps};

	for (int k = 4; k >= 1; k--) {
		if (!imc_typing_in(t, k))
			continue;
		if (!imc_typing_ints(t, k, to[k - 1]))
			return false;
		imc_typing_drop(t, k);
	}
	return true;
}

/* Fills axes and steps that are left out. */
static bool complete(const struct imc_typing *t, int rank)
{
	struct imc_attrs *a = &t->n->a;
	int n = a->starts.n;

	if (a->axes.n == 0)
		for (; a->axes.n < n; a->axes.n++)
			a->axes.v[a->axes.n] = a->axes.n;
	if (a->steps.n == 0)
		for (; a->steps.n < n; a->steps.n++)
			a->steps.v[a->steps.n] = 1;
	if (a->ends.n != n || a->axes.n != n || a->steps.n != n)
		return imc_typing_fail(t,
				       "%d starts, %d ends, %d axes and %d "
				       "steps; there should be as many of each",
				       n, a->ends.n, a->axes.n, a->steps.n);
	return imc_typing_axes(t, &a->axes, rank);
}

/* Index v of an axis, counted from its end when negative, in lo .. hi. */
static int64_t clamp_index(int64_t v, int64_t size, int64_t lo, int64_t hi)
{
	if (v < 0)
		v = v < -size ? lo : v + size;
	return imc_max_i64(lo, imc_min_i64(v, hi));
}

/* Normalises entry i of the lists; returns how many elements it takes. */
static int64_t solve(struct imc_attrs *a, int i, int64_t size)
{
	int64_t step = a->steps.v[i], start, end, span;
	bool up = step > 0;
	/* a step beyond the axis takes one element, whatever its size */
	uint64_t by = up ? (uint64_t)step : 0 - (uint64_t)step;

	if (size == 0) {
		a->starts.v[i] = a->ends.v[i] = 0;
		return 0;
	}
	start = clamp_index(a->starts.v[i], size, 0, up ? size : size - 1);
	if (!up && a->starts.v[i] < -size)
		start = -1;
	end = clamp_index(a->ends.v[i], size, up ? 0 : -1, size);
	span = up ? end - start : start - end;
	a->starts.v[i] = start < 0 ? -size - 1 : start;
	a->ends.v[i] = end < 0 ? -size - 1 : end;
	return span <= 0 ? 0 : (int64_t)(((uint64_t)span - 1) / by + 1);
}

bool imc_slice_type(const struct imc_typing *t)
{
	struct imc_attrs *a = &t->n->a;
	struct imc_tensor y = *imc_typing_in(t, 0);

	if (!take_lists(t) || !complete(t, y.rank))
		return false;
	for (int i = 0; i < a->starts.n; i++) {
		int64_t *dim = &y.dim[a->axes.v[i]];

		if (a->steps.v[i] == 0)
			return imc_typing_fail(t, "the step of axis %d is 0",
					       (int)a->axes.v[i]);
		*dim = solve(a, i, *dim);
	}
	return imc_typing_set(t, 0, &y);
}

void imc_slice_eval(const struct imc_node *n, const struct imc_tensor *x,
		    struct imc_tensor *y)
{
	const struct imc_attrs *a = &n->a;
	int64_t sx[IMC_MAX_RANK], sy[IMC_MAX_RANK], from = 0;
	size_t size = imc_dtype_size(x->dtype);
	struct imc_rows r = {0};

	if (imc_tensor_count(y) == 0)
		return;
	imc_row_major(x, sx);
	imc_row_major(y, sy);
	for (int i = 0; i < a->starts.n; i++) {
		int axis = (int)a->axes.v[i];

		from += a->starts.v[i] * sx[axis];
		/* with one element the step may be anything */
		sx[axis] *= y->dim[axis] > 1 ? a->steps.v[i] : 1;
	}
	for (int i = 0; i < x->rank; i++)
		imc_rows_axis(&r, y->dim[i], sy[i], sx[i]);
	imc_copy_strided(&r, y->data,
			 (const char *)x->data + from * (int64_t)size, size);
}
