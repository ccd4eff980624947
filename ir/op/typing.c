#include "ir/op/typing.h"

#include <string.h>

#include "ir/broadcast.h"
#include "ir/op/lane.h"
#include "ir/support/buf.h"
#include "ir/support/checked.h"

bool imc_typing_fail(const struct imc_typing *t, const char *fmt, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = imc_arena_vprintf(t->d->arena, fmt, ap);
	va_end(ap);
	return imc_diag(t->d, t->n->loc, IMC_D_SHAPE_MISMATCH, text);
}

static bool check_attributes(const struct imc_typing *t)
{
	const struct imc_op_info *info = imc_op_info(t->n->op);

	for (int i = 0; i < info->n_attr; i++) {
		const struct imc_attr_info *row = &info->attr[i];
		const int64_t *v =
			(const int64_t *)(const void *)((const char *)&t->n->a +
							row->offset);

		for (int k = 0; k < row->count && row->type == IMC_FIELD_I; k++)
			if (v[k] < row->min || v[k] > row->max)
				return imc_typing_fail(
					t,
					"attribute %s is %lld; %lld to %lld "
					"would do",
					row->name, (long long)v[k],
					(long long)row->min,
					(long long)row->max);
	}
	return true;
}

bool imc_typing_begin(const struct imc_typing *t, int n_max)
{
	const struct imc_node *n = t->n;

	if (n->n_out < 1 || n->n_out > n_max)
		return imc_typing_fail(t, "has %d outputs; 1 to %d would do",
				       n->n_out, n_max);
	if (n_max < INT32_MAX && !imc_val_ok(n->out[0]))
		return imc_typing_fail(t, "the first output has no name");
	return check_attributes(t);
}

const struct imc_tensor *imc_typing_in(const struct imc_typing *t, int k)
{
	const struct imc_value *v = imc_node_in(t->g, t->n, k);

	return v ? &v->t : NULL;
}

/* "f32, f16, f64" */
static const char *types_text(const struct imc_typing *t, uint32_t types)
{
	struct imc_buf b = {.arena = t->d->arena};

	for (int i = 0; i < IMC_N_DTYPE; i++)
		if (types >> i & 1)
			imc_buf_printf(&b, "%s%s", b.n ? ", " : "",
				       imc_dtype_name((enum imc_dtype)i));
	return b.p;
}

static bool wrong_type(const struct imc_typing *t, int k, const char *good)
{
	const struct imc_value *v = imc_node_in(t->g, t->n, k);

	return imc_diag(t->d, t->n->loc, IMC_D_OP_TYPE, k, v->name,
			imc_dtype_name(v->t.dtype), imc_op_info(t->n->op)->name,
			good);
}

bool imc_typing_takes(const struct imc_typing *t, int k, uint32_t types)
{
	const struct imc_tensor *x = imc_typing_in(t, k);

	if (!x)
		return imc_typing_fail(t, "input %d is absent", k);
	if (types >> x->dtype & 1)
		return true;
	return wrong_type(t, k, types_text(t, types));
}

bool imc_typing_dtype(const struct imc_typing *t, int k, enum imc_dtype type)
{
	return !imc_typing_in(t, k) || imc_typing_takes(t, k, 1u << type);
}

bool imc_typing_vector(const struct imc_typing *t, int k, int64_t n_element)
{
	const struct imc_value *v = imc_node_in(t->g, t->n, k);

	if (!v || (v->t.rank == 1 && v->t.dim[0] == n_element))
		return true;
	return imc_typing_fail(t,
			       "input '%s' must be a vector of %lld elements",
			       v->name, (long long)n_element);
}

bool imc_typing_same(const struct imc_typing *t, int k)
{
	const struct imc_tensor *a = imc_typing_in(t, 0);
	const struct imc_tensor *b = imc_typing_in(t, k);

	if (!a || !b)
		return imc_typing_fail(t, "input %d is absent", a ? k : 0);
	if (a->dtype == b->dtype)
		return true;
	return wrong_type(t, k, imc_dtype_name(a->dtype));
}

bool imc_typing_const(const struct imc_typing *t, int k)
{
	const struct imc_value *v = imc_node_in(t->g, t->n, k);

	if (!v)
		return imc_typing_fail(t, "input %d is absent", k);
	if (v->t.data)
		return true;
	return imc_diag(t->d, t->n->loc, IMC_D_OP_DATA_SHAPE, v->name);
}

bool imc_typing_ints(const struct imc_typing *t, int k, struct imc_ints *out)
{
	const struct imc_tensor *x;
	struct imc_ints list = {0};

	if (!imc_typing_takes(t, k, IMC_INDICES) || !imc_typing_const(t, k))
		return false;
	x = imc_typing_in(t, k);
	if (x->rank > 1 || imc_tensor_count(x) > IMC_MAX_RANK)
		return imc_typing_fail(
			t,
			"input %d has shape %s; a list of at most %d "
			"integers would do",
			k, imc_typing_text(t, x), IMC_MAX_RANK);
	list.n = (int)imc_tensor_count(x);
	for (int i = 0; i < list.n; i++)
		list.v[i] = imc_i64_at(x, i);
	*out = list;
	return true;
}

void imc_typing_drop(const struct imc_typing *t, int k)
{
	struct imc_node *n = t->n;

	n->in[k] = IMC_NO_VAL;
	while (n->n_in > 0 && !imc_val_ok(n->in[n->n_in - 1]))
		n->n_in--;
}

bool imc_typing_axis(const struct imc_typing *t, int64_t *axis, int rank)
{
	if (*axis < -rank || *axis >= rank)
		return imc_diag(t->d, t->n->loc, IMC_D_OP_AXIS,
				(long long)*axis, rank);
	if (*axis < 0)
		*axis += rank;
	return true;
}

bool imc_typing_axes(const struct imc_typing *t, struct imc_ints *axes,
		     int rank)
{
	uint32_t seen = 0;

	for (int i = 0; i < axes->n; i++) {
		if (!imc_typing_axis(t, &axes->v[i], rank))
			return false;
		if (seen >> axes->v[i] & 1)
			return imc_typing_fail(t, "axis %d is named twice",
					       (int)axes->v[i]);
		seen |= 1u << axes->v[i];
	}
	return true;
}

const char *imc_typing_text(const struct imc_typing *t,
			    const struct imc_tensor *x)
{
	struct imc_buf b = {.arena = t->d->arena};

	imc_buf_text(&b, "[");
	for (int i = 0; i < x->rank; i++)
		imc_buf_printf(&b, "%s%lld", i ? ", " : "",
			       (long long)x->dim[i]);
	imc_buf_text(&b, "]");
	return b.p;
}

bool imc_typing_fits(const struct imc_tensor *t)
{
	int64_t count = 1;

	if (t->rank < 0 || t->rank > IMC_MAX_RANK)
		return false;
	for (int i = 0; i < t->rank; i++) {
		/* A zero elsewhere must not hide a dimension that overflows. */
		int64_t by = imc_max_i64(t->dim[i], 1);

		if (t->dim[i] < 0 || !imc_mul_i64(count, by, &count) ||
		    count > IMC_MAX_COUNT)
			return false;
	}
	return true;
}

bool imc_typing_broadcast(const struct imc_typing *t, int k,
			  struct imc_tensor *y)
{
	const struct imc_tensor *x = imc_typing_in(t, k);
	struct imc_tensor wide = *y;

	if (!x)
		return imc_typing_fail(t, "input %d is absent", k);
	if (!imc_broadcast_shape(&wide, x))
		return imc_diag(t->d, t->n->loc, IMC_D_OP_BROADCAST,
				imc_typing_text(t, y), imc_typing_text(t, x));
	*y = wide;
	return true;
}

bool imc_typing_set(const struct imc_typing *t, int k,
		    const struct imc_tensor *y)
{
	struct imc_value *v = imc_node_out(t->g, t->n, k);

	if (!imc_typing_fits(y))
		return imc_diag(t->d, t->n->loc, IMC_D_OP_HUGE,
				imc_typing_text(t, y));
	if (!v)
		return true;
	v->t.dtype = y->dtype;
	v->t.rank = y->rank;
	memcpy(v->t.dim, y->dim, sizeof v->t.dim);
	v->shaped = true;
	return true;
}
