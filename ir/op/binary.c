/* binary.c: elementwise operators of two operands, broadcast.
 *
 * A walk cuts the result into rows over which each operand is either
 * contiguous or one repeated element; rows are computed in chunks of lanes. */
#include <math.h>

#include "ir/op/lane.h"
#include "ir/op/strided.h"
#include "ir/op/typing.h"
#include "ir/support/checked.h"

/* y[i] = a[i] op b[i] for n lanes; comparisons give bytes. */
typedef void kernel(void *y, const void *a, const void *b, int64_t n);

#define KERNEL(name, T, R, expr)                                               \
	static void name(void *yv, const void *av, const void *bv, int64_t n)  \
	{                                                                      \
		R *y = yv;                                                     \
		const T *a = av, *b = bv;                                      \
                                                                               \
		for (int64_t i = 0; i < n; i++) {                              \
			const T p = a[i], q = b[i];                            \
                                                                               \
			y[i] = (R)(expr);                                      \
		}                                                              \
	}

/* Integers wrap, so signed ones are computed as unsigned ones. */
#define ARITHMETIC(name, op)                                                   \
	KERNEL(name##_f32, float, float, p op q)                               \
	KERNEL(name##_f64, double, double, p op q)                             \
	KERNEL(name##_i64, uint64_t, uint64_t, p op q)

#define SIGNED(name, f32, f64, i64, u64)                                       \
	KERNEL(name##_f32, float, float, f32)                                  \
	KERNEL(name##_f64, double, double, f64)                                \
	KERNEL(name##_i64, int64_t, int64_t, i64)                              \
	KERNEL(name##_u64, uint64_t, uint64_t, u64)

#define COMPARE(name, op)                                                      \
	KERNEL(name##_f32, float, uint8_t, p op q)                             \
	KERNEL(name##_f64, double, uint8_t, p op q)                            \
	KERNEL(name##_i64, int64_t, uint8_t, p op q)                           \
	KERNEL(name##_u64, uint64_t, uint8_t, p op q)

/* Division by zero gives 0, and the one quotient that overflows wraps:
 * both trap on some machines. */
static int64_t quotient(int64_t a, int64_t b)
{
	if (b == 0)
		return 0;
	return b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

static int64_t remainder_c(int64_t a, int64_t b)
{
	return b == 0 || b == -1 ? 0 : a % b;
}

/* The sign of the divisor, as Python's % */
static int64_t remainder_floor(int64_t a, int64_t b)
{
	int64_t r = remainder_c(a, b);

	return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static uint64_t power_u64(uint64_t a, uint64_t b)
{
	uint64_t y = 1;

	for (; b; b >>= 1) {
		if (b & 1)
			y *= a;
		a *= a;
	}
	return y;
}

static int64_t power_i64(int64_t a, int64_t b)
{
	if (b >= 0)
		return (int64_t)power_u64((uint64_t)a, (uint64_t)b);
	if (a == 1 || a == -1)
		return b % 2 ? a : 1;
	return 0;
}

ARITHMETIC(add, +)
ARITHMETIC(sub, -)
ARITHMETIC(mul, *)
SIGNED(div, p / q, p / q, quotient(p, q), q ? p / q : 0)
SIGNED(pow, pow((double)p, (double)q), pow(p, q), power_i64(p, q),
       power_u64(p, q))
SIGNED(fmod, fmodf(p, q), fmod(p, q), remainder_c(p, q), q ? p % q : 0)
SIGNED(prelu, p < 0 ? p * q : p, p < 0 ? p * q : p,
       p < 0 ? (uint64_t)p * (uint64_t)q : (uint64_t)p, ((void)q, p))
KERNEL(mod_i64, int64_t, int64_t, remainder_floor(p, q))
COMPARE(equal, ==)
COMPARE(less, <)
COMPARE(less_or_equal, <=)
COMPARE(greater, >)
COMPARE(greater_or_equal, >=)
KERNEL(and_i64, int64_t, uint8_t, p &q)
KERNEL(or_i64, int64_t, uint8_t, p | q)
KERNEL(xor_i64, int64_t, uint8_t, p ^ q)

/* types: of input 0; of: a kernel for each enum imc_lane. */
static const struct row {
	uint32_t types;
	bool gives_bool, other_type;
	kernel *of[4];
} rows[IMC_N_OP] = {
#define ROW(id, name, u64)                                                     \
	[IMC_OP_##id] = {IMC_NUMBERS,                                          \
			 false,                                                \
			 IMC_OP_##id == IMC_OP_POW,                            \
			 {name##_f32, name##_f64, name##_i64, name##_##u64}}
	ROW(ADD, add, i64),
	ROW(SUB, sub, i64),
	ROW(MUL, mul, i64),
	ROW(DIV, div, u64),
	ROW(POW, pow, u64),
	ROW(PRELU, prelu, u64),
#undef ROW
	[IMC_OP_MOD] = {IMC_NUMBERS,
			false,
			false,
			{fmod_f32, fmod_f64, mod_i64, fmod_u64}},
#define ROW(id, name, types)                                                   \
	[IMC_OP_##id] = {types,                                                \
			 true,                                                 \
			 false,                                                \
			 {name##_f32, name##_f64, name##_i64, name##_u64}}
	ROW(EQUAL, equal, IMC_ANY_TYPE),
	ROW(LESS, less, IMC_NUMBERS),
	ROW(LESS_OR_EQUAL, less_or_equal, IMC_NUMBERS),
	ROW(GREATER, greater, IMC_NUMBERS),
	ROW(GREATER_OR_EQUAL, greater_or_equal, IMC_NUMBERS),
#undef ROW
#define ROW(id, name)                                                          \
	[IMC_OP_##id] = {IMC_TYPE_BIT(BOOL),                                   \
			 true,                                                 \
			 false,                                                \
			 {NULL, NULL, name##_i64, NULL}}
	ROW(AND, and),
	ROW(OR, or),
	ROW(XOR, xor),
#undef ROW
};

static bool is_float(enum imc_dtype t)
{
	return IMC_FLOATS >> t & 1;
}

static bool check_attributes(const struct imc_typing *t)
{
	const struct imc_node *n = t->n;
	enum imc_dtype a = imc_typing_in(t, 0)->dtype;

	if (n->op == IMC_OP_MOD && is_float(a) && n->a.mode[0] == 0)
		return imc_typing_fail(t,
				       "remainder of %s without fmod; "
				       "fmod = 1 would do",
				       imc_dtype_name(a));
	if (n->a.act[0] && !is_float(a))
		return imc_typing_fail(t, "a fused clip needs floats, not %s",
				       imc_dtype_name(a));
	return true;
}

bool imc_type_binary(struct imc_graph *g, struct imc_node *n,
		     struct imc_diags *d)
{
	const struct imc_typing t = {g, n, d};
	const struct row *row = &rows[n->op];
	struct imc_tensor y;

	if (!imc_typing_begin(&t, 1) || !imc_typing_takes(&t, 0, row->types))
		return false;
	if (row->other_type ? !imc_typing_takes(&t, 1, row->types)
			    : !imc_typing_same(&t, 1))
		return false;
	y = *imc_typing_in(&t, 0);
	if (!check_attributes(&t) || !imc_typing_broadcast(&t, 1, &y))
		return false;
	if (n->op == IMC_OP_PRELU &&
	    imc_tensor_count(&y) != imc_tensor_count(imc_typing_in(&t, 0)))
		return imc_typing_fail(
			&t,
			"slope of shape %s is larger than "
			"the input",
			imc_typing_text(&t, imc_typing_in(&t, 1)));
	if (row->gives_bool)
		y.dtype = IMC_BOOL;
	return imc_typing_set(&t, 0, &y);
}

struct job {
	kernel *run;
	enum imc_lane lane;
	bool gives_bool, clips;
	float lo, hi;
};

static void clip_lanes(const struct job *j, union imc_chunk *y, int64_t n)
{
	double lo = (double)j->lo, hi = (double)j->hi;

	for (int64_t i = 0; i < n && j->lane == IMC_LANE_F32; i++) {
		float v = y->f32[i] < j->lo ? j->lo : y->f32[i];

		y->f32[i] = v > j->hi ? j->hi : v;
	}
	for (int64_t i = 0; i < n && j->lane == IMC_LANE_F64; i++) {
		double v = y->f64[i] < lo ? lo : y->f64[i];

		y->f64[i] = v > hi ? hi : v;
	}
}

static void run_chunk(const struct job *j, struct imc_strip a,
		      struct imc_strip b, const struct imc_tensor *y,
		      int64_t at, int64_t n)
{
	union imc_chunk ca, cb, cy;
	const void *pa = imc_lanes_load(a, j->lane, n, &ca);
	const void *pb = imc_lanes_load(b, j->lane, n, &cb);

	if (j->gives_bool) {
		j->run((uint8_t *)y->data + at, pa, pb, n);
		return;
	}
	j->run(&cy, pa, pb, n);
	if (j->clips)
		clip_lanes(j, &cy, n);
	imc_lanes_store(j->lane, &cy, y->dtype, y->data, at, n);
}

static void run_row(const struct job *j, const struct imc_rows *r,
		    const struct imc_tensor *in, const struct imc_tensor *y)
{
	for (int64_t i = 0; i < r->len; i += IMC_CHUNK) {
		struct imc_strip a = {in[0].dtype, in[0].data,
				      r->off[1] + i * r->step[1], r->step[1]};
		struct imc_strip b = {in[1].dtype, in[1].data,
				      r->off[2] + i * r->step[2], r->step[2]};

		run_chunk(j, a, b, y, r->off[0] + i,
			  imc_min_i64(IMC_CHUNK, r->len - i));
	}
}

static kernel *choose(const struct imc_node *n, enum imc_lane lane)
{
	/* integers with fmod = 1 take the sign of the dividend */
	if (n->op == IMC_OP_MOD && n->a.mode[0] && lane == IMC_LANE_I64)
		return fmod_i64;
	return rows[n->op].of[lane];
}

void imc_eval_binary(const struct imc_graph *g, const struct imc_node *n,
		     const struct imc_tensor *in, struct imc_tensor *out,
		     struct imc_arena *scratch)
{
	bool same = in[0].dtype == in[1].dtype;
	enum imc_lane lane = same ? imc_lane_of(in[0].dtype) : IMC_LANE_F64;
	const struct job j = {
		.run = choose(n, lane),
		.lane = lane,
		.gives_bool = rows[n->op].gives_bool,
		.clips = n->a.act[0] != 0,
		.lo = n->a.act_lo[0],
		.hi = n->a.act_hi[0],
	};
	struct imc_rows r = {0};

	(void)g;
	(void)scratch;
	imc_rows_broadcast(&r, &out[0], in, 2);
	for (imc_rows_begin(&r); r.more; imc_rows_next(&r))
		run_row(&j, &r, in, &out[0]);
}
