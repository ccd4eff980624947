/* quantize.c: ONNX's steps between real numbers and integers. */
#include "ir/op/quantize.h"

#include <math.h>

#include "ir/num.h"
#include "ir/op/lane.h"
#include "ir/op/strided.h"
#include "ir/support/checked.h"

#define CODES (IMC_BYTES | IMC_TYPE_BIT(U16) | IMC_TYPE_BIT(I16))

bool imc_quantize_count(const struct imc_typing *t, int k, int64_t n)
{
	const struct imc_tensor *x = imc_typing_in(t, k);

	if (!x || imc_tensor_count(x) == 1)
		return true;
	if (x->rank == 1 && x->dim[0] == n)
		return true;
	return imc_typing_fail(t,
			       "input %d has shape %s; one element or "
			       "%lld would do",
			       k, imc_typing_text(t, x), (long long)n);
}

/* Scale and zero are one, or one for each index of the axis. */
static bool check_scales(const struct imc_typing *t)
{
	const struct imc_tensor *x = imc_typing_in(t, 0);
	const struct imc_tensor *scale = imc_typing_in(t, 1);
	int64_t *axis = &t->n->a.axis[0], size = 1;

	if (imc_tensor_count(scale) != 1) {
		if (!imc_typing_axis(t, axis, x->rank))
			return false;
		size = x->dim[*axis];
	}
	return imc_quantize_count(t, 1, size) && imc_quantize_count(t, 2, size);
}

static bool type_quantize(const struct imc_typing *t)
{
	const struct imc_tensor *zero = imc_typing_in(t, 2);
	struct imc_tensor y = *imc_typing_in(t, 0);

	if (!imc_typing_takes(t, 0, IMC_FLOATS | IMC_TYPE_BIT(I32)) ||
	    !imc_typing_takes(t, 1, IMC_FLOATS) ||
	    (zero && !imc_typing_takes(t, 2, CODES)) || !check_scales(t))
		return false;
	y.dtype = zero ? zero->dtype : IMC_U8;
	return imc_typing_set(t, 0, &y);
}

static bool type_dequantize(const struct imc_typing *t)
{
	struct imc_tensor y = *imc_typing_in(t, 0);

	if (!imc_typing_takes(t, 0, CODES | IMC_TYPE_BIT(I32)) ||
	    !imc_typing_takes(t, 1, IMC_TYPE_BIT(F32) | IMC_TYPE_BIT(F16)) ||
	    (imc_typing_in(t, 2) && !imc_typing_same(t, 2)) || !check_scales(t))
		return false;
	y.dtype = imc_typing_in(t, 1)->dtype;
	return imc_typing_set(t, 0, &y);
}

static bool type_dynamic(const struct imc_typing *t)
{
	struct imc_tensor y, scalar = {.dtype = IMC_F32};

	if (!imc_typing_takes(t, 0, IMC_TYPE_BIT(F32)))
		return false;
	y = *imc_typing_in(t, 0);
	y.dtype = IMC_U8;
	if (!imc_typing_set(t, 0, &y) || !imc_typing_set(t, 1, &scalar))
		return false;
	scalar.dtype = IMC_U8;
	return imc_typing_set(t, 2, &scalar);
}

static bool (*const rules[IMC_N_OP])(const struct imc_typing *) = {
	[IMC_OP_QUANTIZE_LINEAR] = type_quantize,
	[IMC_OP_DEQUANTIZE_LINEAR] = type_dequantize,
	[IMC_OP_DYNAMIC_QUANTIZE] = type_dynamic,
	[IMC_OP_QLINEAR_CONV] = imc_qconv_type,
	[IMC_OP_CONV_INTEGER] = imc_qconv_type,
	[IMC_OP_QLINEAR_MATMUL] = imc_qmatmul_type,
	[IMC_OP_MATMUL_INTEGER] = imc_qmatmul_type,
};

bool imc_type_quantize(struct imc_graph *g, struct imc_node *n,
		       struct imc_diags *d)
{
	const struct imc_typing t = {g, n, d};
	int n_out = n->op == IMC_OP_DYNAMIC_QUANTIZE ? 3 : 1;

	if (!imc_typing_begin(&t, n_out) ||
	    !imc_typing_takes(&t, 0, IMC_ANY_TYPE))
		return false;
	return rules[n->op](&t);
}

void imc_quantize_store(struct imc_tensor *y, int64_t i, float v, int64_t zero)
{
	bool is_signed = IMC_SIGNED >> y->dtype & 1;
	int bits = 8 * (int)imc_dtype_size(y->dtype);
	int64_t lo = is_signed ? -((int64_t)1 << (bits - 1)) : 0;
	int64_t hi = lo + ((int64_t)1 << bits) - 1;
	int64_t code = imc_clamp(
		imc_clamp(imc_i64_of(rint((double)v)), INT32_MIN, INT32_MAX) +
			zero,
		lo, hi);

	imc_lanes_store(IMC_LANE_I64, &code, y->dtype, y->data, i, 1);
}

/* Scale and zero point of channel c. */
struct affine {
	float scale;
	int64_t zero;
};

static struct affine affine_at(const struct imc_node *n,
			       const struct imc_tensor *in, int64_t c)
{
	bool zeros = n->n_in > 2 && in[2].data;
	int64_t cs = imc_tensor_count(&in[1]) > 1 ? c : 0;
	int64_t cz = zeros && imc_tensor_count(&in[2]) > 1 ? c : 0;

	return (struct affine){(float)imc_f64_at(&in[1], cs),
			       zeros ? imc_i64_at(&in[2], cz) : 0};
}

/* len elements from `at`, all of one channel. */
static void quantize_run(const struct imc_tensor *x, struct imc_tensor *y,
			 struct affine a, int64_t at, int64_t len)
{
	union imc_chunk b;

	for (int64_t i = 0; i < len; i += IMC_CHUNK) {
		int64_t n = imc_min_i64(IMC_CHUNK, len - i);
		struct imc_strip s = {x->dtype, x->data, at + i, 1};
		const float *p = imc_lanes_load(s, IMC_LANE_F32, n, &b);

		for (int64_t k = 0; k < n; k++)
			imc_quantize_store(y, at + i + k, p[k] / a.scale,
					   a.zero);
	}
}

static void dequantize_run(const struct imc_tensor *x, struct imc_tensor *y,
			   struct affine a, int64_t at, int64_t len)
{
	union imc_chunk b, r;

	for (int64_t i = 0; i < len; i += IMC_CHUNK) {
		int64_t n = imc_min_i64(IMC_CHUNK, len - i);
		struct imc_strip s = {x->dtype, x->data, at + i, 1};
		const int64_t *p = imc_lanes_load(s, IMC_LANE_I64, n, &b);

		for (int64_t k = 0; k < n; k++)
			r.f32[k] = (float)(p[k] - a.zero) * a.scale;
		imc_lanes_store(IMC_LANE_F32, &r, y->dtype, y->data, at + i, n);
	}
}

static void eval_linear(const struct imc_node *n, const struct imc_tensor *in,
			struct imc_tensor *y)
{
	bool split = imc_tensor_count(&in[1]) > 1;
	int axis = split ? (int)n->a.axis[0] : 0;
	int64_t count = imc_tensor_count(y);
	int64_t size = split ? y->dim[axis] : 1;
	int64_t run = split ? imc_span(y, axis + 1, y->rank) : count;

	for (int64_t at = 0; at < count; at += run) {
		struct affine a = affine_at(n, in, at / run % size);

		if (n->op == IMC_OP_QUANTIZE_LINEAR)
			quantize_run(&in[0], y, a, at, run);
		else
			dequantize_run(&in[0], y, a, at, run);
	}
}

static void eval_dynamic(const struct imc_node *n, const struct imc_tensor *x,
			 struct imc_tensor *out)
{
	int64_t count = imc_tensor_count(x);
	const float *p = x->data;
	float lo = 0, hi = 0, scale;
	struct affine a;

	for (int64_t i = 0; i < count; i++) {
		lo = p[i] < lo ? p[i] : lo;
		hi = p[i] > hi ? p[i] : hi;
	}
	scale = hi > lo ? (hi - lo) / 255 : 1;
	a.scale = scale;
	a.zero = imc_clamp(imc_i64_of(rint((double)(-lo / scale))), 0, 255);
	if (out[0].data)
		quantize_run(x, &out[0], a, 0, count);
	if (n->n_out > 1 && out[1].data)
		*(float *)out[1].data = scale;
	if (n->n_out > 2 && out[2].data)
		*(uint8_t *)out[2].data = (uint8_t)a.zero;
}

void imc_eval_quantize(const struct imc_graph *g, const struct imc_node *n,
		       const struct imc_tensor *in, struct imc_tensor *out,
		       struct imc_arena *scratch)
{
	(void)g;
	if (n->op == IMC_OP_QLINEAR_CONV || n->op == IMC_OP_CONV_INTEGER)
		imc_qconv_eval(n, in, &out[0], scratch);
	else if (n->op == IMC_OP_QLINEAR_MATMUL ||
		 n->op == IMC_OP_MATMUL_INTEGER)
		imc_qmatmul_eval(n, in, &out[0], scratch);
	else if (n->op == IMC_OP_DYNAMIC_QUANTIZE)
		eval_dynamic(n, &in[0], out);
	else
		eval_linear(n, in, &out[0]);
}
