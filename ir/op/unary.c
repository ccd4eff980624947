/* unary.c: elementwise operators of one operand.
 *
 * Everything is computed in double and rounded once, but for the operators
 * that are exact in float and on the path of most networks. */
#include <math.h>
#include <string.h>

#include "ir/op/lane.h"
#include "ir/op/typing.h"
#include "ir/support/checked.h"

typedef double real_fn(double x, const struct imc_attrs *a);
typedef int64_t integer_fn(int64_t x);

#define REAL(name, expr)                                                       \
	static double name##_real(double x, const struct imc_attrs *a)         \
	{                                                                      \
		(void)a;                                                       \
		return expr;                                                   \
	}

static double limit(double x, double lo, double hi)
{
	return x < lo ? lo : x > hi ? hi : x;
}

/* ln(1 + e^x) without overflow */
static double softplus(double x)
{
	return fmax(x, 0) + log1p(exp(-fabs(x)));
}

#define ROOT_2_OVER_PI 0.79788456080286535588
#define ROOT_HALF 0.70710678118654752440

static double gelu(double x, bool by_tanh)
{
	double cubic = x + 0.044715 * x * x * x;

	if (by_tanh)
		return 0.5 * x * (1 + tanh(ROOT_2_OVER_PI * cubic));
	return 0.5 * x * (1 + erf(x * ROOT_HALF));
}

static double shrink(double x, double lambda, double bias)
{
	if (x < -lambda)
		return x + bias;
	return x > lambda ? x - bias : 0;
}

REAL(relu, x < 0 ? 0 : x)
REAL(sigmoid, 1 / (1 + exp(-x)))
REAL(tanh, tanh(x))
REAL(hard_sigmoid, limit((double)a->alpha[0] * x + (double)a->beta[0], 0, 1))
REAL(hard_swish, x *limit(x / 6 + 0.5, 0, 1))
REAL(leaky_relu, x < 0 ? (double)a->alpha[0] * x : x)
REAL(elu, x < 0 ? (double)a->alpha[0] * expm1(x) : x)
REAL(selu, (double)a->gamma[0] * (x > 0 ? x : (double)a->alpha[0] * expm1(x)))
REAL(celu, x < 0 ? (double)a->alpha[0] * expm1(x / (double)a->alpha[0]) : x)
REAL(thresholded_relu, x > (double)a->alpha[0] ? x : 0)
REAL(softplus, softplus(x))
REAL(softsign, x / (1 + fabs(x)))
REAL(shrink, shrink(x, (double)a->alpha[0], (double)a->bias[0]))
REAL(mish, x *tanh(softplus(x)))
REAL(gelu, gelu(x, a->mode[0] == 1))
REAL(erf, erf(x))
REAL(exp, exp(x))
REAL(log, log(x))
REAL(sqrt, sqrt(x))
REAL(reciprocal, 1 / x)
REAL(abs, fabs(x))
REAL(neg, -x)
REAL(sign, x > 0 ? 1 : x < 0 ? -1 : x)
REAL(floor, floor(x))
REAL(ceil, ceil(x))
REAL(round, rint(x))
REAL(sin, sin(x))
REAL(cos, cos(x))
REAL(tan, tan(x))
REAL(asin, asin(x))
REAL(acos, acos(x))
REAL(atan, atan(x))
REAL(sinh, sinh(x))
REAL(cosh, cosh(x))
REAL(asinh, asinh(x))
REAL(acosh, acosh(x))
REAL(atanh, atanh(x))

static int64_t relu_integer(int64_t x)
{
	return x < 0 ? 0 : x;
}

static int64_t neg_integer(int64_t x)
{
	return (int64_t)(0 - (uint64_t)x);
}

static int64_t abs_integer(int64_t x)
{
	return x < 0 ? neg_integer(x) : x;
}

static int64_t sign_integer(int64_t x)
{
	return (x > 0) - (x < 0);
}

#define SAME_TYPE (-1)

/* types: that input 0 may have; result: a dtype, or that of input 0. */
static const struct row {
	uint32_t types;
	int result;
	real_fn *real;
	integer_fn *integer;
} rows[IMC_N_OP] = {
#define ROW(id, name) [IMC_OP_##id] = {IMC_FLOATS, SAME_TYPE, name##_real, NULL}
	ROW(SIGMOID, sigmoid),
	ROW(TANH, tanh),
	ROW(HARD_SIGMOID, hard_sigmoid),
	ROW(HARD_SWISH, hard_swish),
	ROW(LEAKY_RELU, leaky_relu),
	ROW(ELU, elu),
	ROW(SELU, selu),
	ROW(CELU, celu),
	ROW(THRESHOLDED_RELU, thresholded_relu),
	ROW(SOFTPLUS, softplus),
	ROW(SOFTSIGN, softsign),
	ROW(SHRINK, shrink),
	ROW(MISH, mish),
	ROW(GELU, gelu),
	ROW(ERF, erf),
	ROW(EXP, exp),
	ROW(LOG, log),
	ROW(SQRT, sqrt),
	ROW(RECIPROCAL, reciprocal),
	ROW(FLOOR, floor),
	ROW(CEIL, ceil),
	ROW(ROUND, round),
	ROW(SIN, sin),
	ROW(COS, cos),
	ROW(TAN, tan),
	ROW(ASIN, asin),
	ROW(ACOS, acos),
	ROW(ATAN, atan),
	ROW(SINH, sinh),
	ROW(COSH, cosh),
	ROW(ASINH, asinh),
	ROW(ACOSH, acosh),
	ROW(ATANH, atanh),
#undef ROW
#define ROW(id, name, types)                                                   \
	[IMC_OP_##id] = {types, SAME_TYPE, name##_real, name##_integer}
	ROW(RELU, relu, IMC_NUMBERS & ~IMC_TYPE_BIT(U64)),
	ROW(ABS, abs, IMC_NUMBERS & ~IMC_TYPE_BIT(U64)),
	ROW(NEG, neg, IMC_FLOATS | IMC_SIGNED),
	ROW(SIGN, sign, IMC_NUMBERS & ~IMC_TYPE_BIT(U64)),
#undef ROW
	[IMC_OP_CLIP] = {IMC_NUMBERS, SAME_TYPE, NULL, NULL},
	[IMC_OP_NOT] = {IMC_TYPE_BIT(BOOL), SAME_TYPE, NULL, NULL},
	[IMC_OP_IS_NAN] = {IMC_FLOATS, IMC_BOOL, NULL, NULL},
	[IMC_OP_IDENTITY] = {IMC_ANY_TYPE, SAME_TYPE, NULL, NULL},
	[IMC_OP_DROPOUT] = {IMC_ANY_TYPE, SAME_TYPE, NULL, NULL},
};

/* Bounds are one element of the type of x. */
static bool check_bound(const struct imc_typing *t, int k)
{
	const struct imc_tensor *b = imc_typing_in(t, k);

	if (!b)
		return true;
	if (!imc_typing_same(t, k))
		return false;
	if (imc_tensor_count(b) != 1)
		return imc_typing_fail(t,
				       "bound %d has shape %s; one number "
				       "would do",
				       k, imc_typing_text(t, b));
	return true;
}

bool imc_type_unary(struct imc_graph *g, struct imc_node *n,
		    struct imc_diags *d)
{
	const struct imc_typing t = {g, n, d};
	const struct row *row = &rows[n->op];
	bool drops = n->op == IMC_OP_DROPOUT;
	struct imc_tensor y;

	if (!imc_typing_begin(&t, drops ? 2 : 1) ||
	    !imc_typing_takes(&t, 0, row->types))
		return false;
	if (n->op == IMC_OP_CLIP &&
	    (!check_bound(&t, 1) || !check_bound(&t, 2)))
		return false;
	y = *imc_typing_in(&t, 0);
	if (row->result != SAME_TYPE)
		y.dtype = (enum imc_dtype)row->result;
	if (!imc_typing_set(&t, 0, &y))
		return false;
	y.dtype = IMC_BOOL;
	return !drops || imc_typing_set(&t, 1, &y);
}

/* Bound k of a clip as a number; an absent one is the attribute. */
static double bound_real(const struct imc_node *n, const struct imc_tensor *in,
			 int k)
{
	if (k < n->n_in && in[k].data)
		return imc_f64_at(&in[k], 0);
	return (double)(k == 1 ? n->a.act_lo[0] : n->a.act_hi[0]);
}

static int64_t bound_integer(const struct imc_node *n,
			     const struct imc_tensor *in, int k)
{
	if (k < n->n_in && in[k].data)
		return imc_i64_at(&in[k], 0);
	return imc_i64_of(bound_real(n, in, k));
}

/* A bound above the other wins as ONNX says: lo first, then hi. NaN stays. */
#define CLIP_LANES(name, T)                                                    \
	static void clip_##name(const T *x, T *y, int64_t n, T lo, T hi)       \
	{                                                                      \
		for (int64_t i = 0; i < n; i++) {                              \
			T v = x[i] < lo ? lo : x[i];                           \
                                                                               \
			y[i] = v > hi ? hi : v;                                \
		}                                                              \
	}
CLIP_LANES(f32, float)
CLIP_LANES(f64, double)
CLIP_LANES(i64, int64_t)
CLIP_LANES(u64, uint64_t)

/* Attribute bounds are signed: a negative one is 0 for unsigned lanes, and
 * the infinite upper one is the largest. */
static uint64_t bound_unsigned(const struct imc_node *n,
			       const struct imc_tensor *in, int k)
{
	int64_t v = bound_integer(n, in, k);

	if (k < n->n_in && in[k].data)
		return (uint64_t)v;
	if (v == INT64_MAX)
		return UINT64_MAX;
	return v < 0 ? 0 : (uint64_t)v;
}

static void clip_chunk(const struct imc_node *n, const struct imc_tensor *in,
		       const void *x, void *y, int64_t count)
{
	switch (imc_lane_of(in[0].dtype)) {
	case IMC_LANE_F32:
		clip_f32(x, y, count, (float)bound_real(n, in, 1),
			 (float)bound_real(n, in, 2));
		break;
	case IMC_LANE_F64:
		clip_f64(x, y, count, bound_real(n, in, 1),
			 bound_real(n, in, 2));
		break;
	case IMC_LANE_I64:
		clip_i64(x, y, count, bound_integer(n, in, 1),
			 bound_integer(n, in, 2));
		break;
	case IMC_LANE_U64:
		clip_u64(x, y, count, bound_unsigned(n, in, 1),
			 bound_unsigned(n, in, 2));
		break;
	}
}

static void clip(const struct imc_node *n, const struct imc_tensor *in,
		 struct imc_tensor *y, int64_t at, int64_t count)
{
	enum imc_lane lane = imc_lane_of(y->dtype);
	struct imc_strip s = {in[0].dtype, in[0].data, at, 1};
	union imc_chunk b, r;

	clip_chunk(n, in, imc_lanes_load(s, lane, count, &b), &r, count);
	imc_lanes_store(lane, &r, y->dtype, y->data, at, count);
}

static void compute(const struct imc_node *n, const struct imc_tensor *x,
		    struct imc_tensor *y, int64_t at, int64_t count)
{
	const struct row *row = &rows[n->op];
	struct imc_strip s = {x->dtype, x->data, at, 1};
	bool real = (IMC_FLOATS >> x->dtype & 1) != 0;
	enum imc_lane lane = real ? IMC_LANE_F64 : IMC_LANE_I64;
	union imc_chunk b, r;
	const void *p = imc_lanes_load(s, lane, count, &b);

	for (int64_t i = 0; i < count && real; i++)
		r.f64[i] = row->real(((const double *)p)[i], &n->a);
	for (int64_t i = 0; i < count && !real; i++)
		r.i64[i] = row->integer(((const int64_t *)p)[i]);
	imc_lanes_store(lane, &r, y->dtype, y->data, at, count);
}

static void is_nan(const struct imc_tensor *x, uint8_t *y, int64_t at,
		   int64_t count)
{
	struct imc_strip s = {x->dtype, x->data, at, 1};
	union imc_chunk b;
	const double *p = imc_lanes_load(s, IMC_LANE_F64, count, &b);

	for (int64_t i = 0; i < count; i++)
		y[at + i] = isnan(p[i]) != 0;
}

static void relu_f32(const float *x, float *y, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		y[i] = x[i] < 0 ? 0 : x[i];
}

static void not_bool(const uint8_t *x, uint8_t *y, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		y[i] = !x[i];
}

static void chunked(const struct imc_node *n, const struct imc_tensor *in,
		    struct imc_tensor *y, int64_t count)
{
	for (int64_t at = 0; at < count; at += IMC_CHUNK) {
		int64_t len = imc_min_i64(IMC_CHUNK, count - at);

		if (n->op == IMC_OP_CLIP)
			clip(n, in, y, at, len);
		else if (n->op == IMC_OP_IS_NAN)
			is_nan(&in[0], y->data, at, len);
		else
			compute(n, &in[0], y, at, len);
	}
}

void imc_eval_unary(const struct imc_graph *g, const struct imc_node *n,
		    const struct imc_tensor *in, struct imc_tensor *out,
		    struct imc_arena *scratch)
{
	int64_t count = imc_tensor_count(&out[0]);

	(void)g;
	(void)scratch;
	if (n->op == IMC_OP_IDENTITY || n->op == IMC_OP_DROPOUT)
		memcpy(out[0].data, in[0].data, imc_tensor_bytes(&out[0]));
	else if (n->op == IMC_OP_NOT)
		not_bool(in[0].data, out[0].data, count);
	else if (n->op == IMC_OP_RELU && in[0].dtype == IMC_F32)
		relu_f32(in[0].data, out[0].data, count);
	else
		chunked(n, in, &out[0], count);
	/* nothing is dropped, so the mask keeps everything */
	if (n->op == IMC_OP_DROPOUT && n->n_out > 1 && out[1].data)
		memset(out[1].data, 1, imc_tensor_bytes(&out[1]));
}
