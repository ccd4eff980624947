/* variadic.c: elementwise operators of any number of operands, and where. */
#include <math.h>

#include "ir/op/lane.h"
#include "ir/op/strided.h"
#include "ir/op/typing.h"
#include "ir/support/checked.h"

/* y[i] = y[i] op x[i] for n lanes */
typedef void kernel(void *y, const void *x, int64_t n);

#define KERNEL(name, T, expr)                                                  \
	static void name(void *yv, const void *xv, int64_t n)                  \
	{                                                                      \
		T *y = yv;                                                     \
		const T *x = xv;                                               \
                                                                               \
		for (int64_t i = 0; i < n; i++) {                              \
			const T p = y[i], q = x[i];                            \
                                                                               \
			y[i] = (expr);                                         \
		}                                                              \
	}

/* Not a number wins over any number, whichever side it is on. */
KERNEL(sum_f32, float, p + q)
KERNEL(sum_f64, double, p + q)
KERNEL(sum_u64, uint64_t, p + q)
KERNEL(max_f32, float, q > p || isnan(q) ? q : p)
KERNEL(max_f64, double, q > p || isnan(q) ? q : p)
KERNEL(max_i64, int64_t, q > p ? q : p)
KERNEL(max_u64, uint64_t, q > p ? q : p)
KERNEL(min_f32, float, q < p || isnan(q) ? q : p)
KERNEL(min_f64, double, q < p || isnan(q) ? q : p)
KERNEL(min_i64, int64_t, q < p ? q : p)
KERNEL(min_u64, uint64_t, q < p ? q : p)

static const struct row {
	uint32_t types;
	kernel *of[4]; /* for each enum imc_lane */
} rows[IMC_N_OP] = {
	[IMC_OP_SUM] = {IMC_NUMBERS, {sum_f32, sum_f64, sum_u64, sum_u64}},
	[IMC_OP_MEAN] = {IMC_FLOATS, {sum_f32, sum_f64, NULL, NULL}},
	[IMC_OP_MAX] = {IMC_NUMBERS, {max_f32, max_f64, max_i64, max_u64}},
	[IMC_OP_MIN] = {IMC_NUMBERS, {min_f32, min_f64, min_i64, min_u64}},
};

static bool type_where(const struct imc_typing *t)
{
	struct imc_tensor y;

	if (!imc_typing_takes(t, 0, IMC_TYPE_BIT(BOOL)) ||
	    !imc_typing_takes(t, 1, IMC_ANY_TYPE))
		return false;
	y = *imc_typing_in(t, 1);
	if (!imc_typing_takes(t, 2, 1u << y.dtype) ||
	    !imc_typing_broadcast(t, 0, &y) || !imc_typing_broadcast(t, 2, &y))
		return false;
	return imc_typing_set(t, 0, &y);
}

bool imc_type_variadic(struct imc_graph *g, struct imc_node *n,
		       struct imc_diags *d)
{
	const struct imc_typing t = {g, n, d};
	struct imc_tensor y;

	if (!imc_typing_begin(&t, 1))
		return false;
	if (n->op == IMC_OP_WHERE)
		return type_where(&t);
	if (!imc_typing_takes(&t, 0, rows[n->op].types))
		return false;
	y = *imc_typing_in(&t, 0);
	for (int k = 1; k < n->n_in; k++)
		if (!imc_typing_same(&t, k) || !imc_typing_broadcast(&t, k, &y))
			return false;
	return imc_typing_set(&t, 0, &y);
}

/* y = y op x, x broadcast; run NULL: y = x. */
static void fold(kernel *run, const struct imc_tensor *x, struct imc_tensor *y)
{
	enum imc_lane lane = imc_lane_of(y->dtype);
	union imc_chunk cx, cy;
	struct imc_rows r = {0};

	imc_rows_broadcast(&r, y, x, 1);
	if (!run) {
		imc_copy_strided(&r, y->data, x->data,
				 imc_dtype_size(y->dtype));
		return;
	}
	for (imc_rows_begin(&r); r.more; imc_rows_next(&r))
		for (int64_t i = 0; i < r.len; i += IMC_CHUNK) {
			int64_t n = imc_min_i64(IMC_CHUNK, r.len - i);
			int64_t at = r.off[0] + i;
			struct imc_strip sx = {x->dtype, x->data,
					       r.off[1] + i * r.step[1],
					       r.step[1]};
			/* step 1 of a native type is y itself, in place */
			struct imc_strip sy = {y->dtype, y->data, at, 1};
			void *py = (void *)(uintptr_t)imc_lanes_load(sy, lane,
								     n, &cy);

			run(py, imc_lanes_load(sx, lane, n, &cx), n);
			imc_lanes_store(lane, py, y->dtype, y->data, at, n);
		}
}

static void divide(struct imc_tensor *y, int by)
{
	int64_t count = imc_tensor_count(y);
	union imc_chunk b, r;

	for (int64_t at = 0; at < count; at += IMC_CHUNK) {
		int64_t n = imc_min_i64(IMC_CHUNK, count - at);
		struct imc_strip s = {y->dtype, y->data, at, 1};
		const double *p = imc_lanes_load(s, IMC_LANE_F64, n, &b);

		for (int64_t i = 0; i < n; i++)
			r.f64[i] = p[i] / by;
		imc_lanes_store(IMC_LANE_F64, &r, y->dtype, y->data, at, n);
	}
}

#define CHOOSE_ROW(T)                                                          \
	static void choose_##T(const struct imc_rows *r, const uint8_t *c,     \
			       const struct imc_tensor *in, void *y)           \
	{                                                                      \
		const T *a = (const T *)in[1].data + r->off[2];                \
		const T *b = (const T *)in[2].data + r->off[3];                \
		T *to = (T *)y + r->off[0];                                    \
                                                                               \
		for (int64_t i = 0; i < r->len; i++)                           \
			to[i] = c[i * r->step[1]] ? a[i * r->step[2]]          \
						  : b[i * r->step[3]];         \
	}
CHOOSE_ROW(uint8_t)
CHOOSE_ROW(uint16_t)
CHOOSE_ROW(uint32_t)
CHOOSE_ROW(uint64_t)

static void where(const struct imc_tensor *in, struct imc_tensor *y)
{
	size_t size = imc_dtype_size(y->dtype);
	struct imc_rows r = {0};

	imc_rows_broadcast(&r, y, in, 3);
	for (imc_rows_begin(&r); r.more; imc_rows_next(&r)) {
		const uint8_t *c = (const uint8_t *)in[0].data + r.off[1];

		if (size == 1)
			choose_uint8_t(&r, c, in, y->data);
		else if (size == 2)
			choose_uint16_t(&r, c, in, y->data);
		else if (size == 4)
			choose_uint32_t(&r, c, in, y->data);
		else
			choose_uint64_t(&r, c, in, y->data);
	}
}

void imc_eval_variadic(const struct imc_graph *g, const struct imc_node *n,
		       const struct imc_tensor *in, struct imc_tensor *out,
		       struct imc_arena *scratch)
{
	kernel *run = rows[n->op].of[imc_lane_of(out[0].dtype)];

	(void)g;
	(void)scratch;
	if (n->op == IMC_OP_WHERE) {
		where(in, &out[0]);
		return;
	}
	for (int k = 0; k < n->n_in; k++)
		fold(k ? run : NULL, &in[k], &out[0]);
	if (n->op == IMC_OP_MEAN)
		divide(&out[0], n->n_in);
}
