#include "ir/op/lane.h"

#include <math.h>
#include <string.h>

enum imc_lane imc_lane_of(enum imc_dtype t)
{
	switch (t) {
	case IMC_F32:
	case IMC_F16:
		return IMC_LANE_F32;
	case IMC_F64:
		return IMC_LANE_F64;
	case IMC_U64:
		return IMC_LANE_U64;
	case IMC_U8:
	case IMC_I8:
	case IMC_U16:
	case IMC_I16:
	case IMC_I32:
	case IMC_I64:
	case IMC_BOOL:
	case IMC_U32:
	case IMC_N_DTYPE:
		break;
	}
	return IMC_LANE_I64;
}

uint16_t imc_f16_of(double x)
{
	unsigned sign = signbit(x) ? 0x8000 : 0;
	double a = fabs(x), fraction;
	int exponent;
	unsigned bits;

	if (isnan(x))
		return (uint16_t)(sign | 0x7e00);
	if (a >= 65520)
		return (uint16_t)(sign | 0x7c00);
	if (a < 0x1p-14)
		return (uint16_t)(sign | (unsigned)rint(a * 0x1p24));
	fraction = frexp(a, &exponent);
	/* A fraction that rounds up to 2048 carries into the exponent. */
	bits = ((unsigned)(exponent + 14) << 10) +
	       (unsigned)rint(fraction * 2048) - 1024;
	return (uint16_t)(sign | bits);
}

float imc_f16_to(uint16_t h)
{
	int exponent = h >> 10 & 31;
	float m = (float)(h & 1023), a;

	if (exponent == 31)
		a = m != 0 ? NAN : INFINITY;
	else if (exponent == 0)
		a = m * 0x1p-24f;
	else
		a = ldexpf(m + 1024, exponent - 25);
	return h & 0x8000 ? -a : a;
}

int64_t imc_i64_of(double x)
{
	if (isnan(x))
		return 0;
	if (x >= 0x1p63)
		return INT64_MAX;
	if (x < -0x1p63)
		return INT64_MIN;
	return (int64_t)x;
}

static uint64_t u64_of(double x)
{
	if (x >= 0x1p64)
		return UINT64_MAX;
	return x >= 0x1p63 ? (uint64_t)x : (uint64_t)imc_i64_of(x);
}

/* elements of C type T, each widened by `expr` of x */
#define WIDEN(name, T, field, expr)                                            \
	static void widen_##name(const struct imc_strip *s, int64_t n,         \
				 union imc_chunk *b)                           \
	{                                                                      \
		const T *p = (const T *)s->data + s->at;                       \
                                                                               \
		for (int64_t i = 0; i < n; i++) {                              \
			const T x = p[i * s->step];                            \
                                                                               \
			b->field[i] = (expr);                                  \
		}                                                              \
	}
WIDEN(f32, float, f32, x)
WIDEN(u8, uint8_t, i64, x)
WIDEN(i8, int8_t, i64, x)
WIDEN(u16, uint16_t, i64, x)
WIDEN(i16, int16_t, i64, x)
WIDEN(i32, int32_t, i64, x)
WIDEN(i64, int64_t, i64, x)
WIDEN(bool, uint8_t, i64, x != 0)
WIDEN(f16, uint16_t, f32, imc_f16_to(x))
WIDEN(f64, double, f64, x)
WIDEN(u32, uint32_t, i64, x)
WIDEN(u64, uint64_t, u64, x)

static void (*const widen[IMC_N_DTYPE])(const struct imc_strip *, int64_t,
					union imc_chunk *) = {
#define X(id, name, size, onnx) [IMC_##id] = widen_##name,
	IMC_DTYPES(X)
#undef X
};

#define NARROW(name, T, L, expr)                                               \
	static void narrow_##name(const void *lanes, void *data, int64_t n)    \
	{                                                                      \
		const L *p = lanes;                                            \
		T *y = data;                                                   \
                                                                               \
		for (int64_t i = 0; i < n; i++) {                              \
			const L x = p[i];                                      \
                                                                               \
			y[i] = (expr);                                         \
		}                                                              \
	}
NARROW(f32, float, float, x)
NARROW(u8, uint8_t, int64_t, (uint8_t)x)
NARROW(i8, int8_t, int64_t, (int8_t)x)
NARROW(u16, uint16_t, int64_t, (uint16_t)x)
NARROW(i16, int16_t, int64_t, (int16_t)x)
NARROW(i32, int32_t, int64_t, (int32_t)x)
NARROW(i64, int64_t, int64_t, x)
NARROW(bool, uint8_t, int64_t, x != 0)
NARROW(f16, uint16_t, float, imc_f16_of(x))
NARROW(f64, double, double, x)
NARROW(u32, uint32_t, int64_t, (uint32_t)x)
NARROW(u64, uint64_t, uint64_t, x)

static void (*const narrow[IMC_N_DTYPE])(const void *, void *, int64_t) = {
#define X(id, name, size, onnx) [IMC_##id] = narrow_##name,
	IMC_DTYPES(X)
#undef X
};

/* lanes of type `field` of a to the four lane types of b */
#define CONVERT(field, to_i64, to_u64)                                         \
	static void convert_##field(const union imc_chunk *a,                  \
				    enum imc_lane to, int64_t n,               \
				    union imc_chunk *b)                        \
	{                                                                      \
		for (int64_t i = 0; i < n && to == IMC_LANE_F32; i++)          \
			b->f32[i] = (float)a->field[i];                        \
		for (int64_t i = 0; i < n && to == IMC_LANE_F64; i++)          \
			b->f64[i] = (double)a->field[i];                       \
		for (int64_t i = 0; i < n && to == IMC_LANE_I64; i++)          \
			b->i64[i] = to_i64(a->field[i]);                       \
		for (int64_t i = 0; i < n && to == IMC_LANE_U64; i++)          \
			b->u64[i] = to_u64(a->field[i]);                       \
	}
CONVERT(f32, imc_i64_of, u64_of)
CONVERT(f64, imc_i64_of, u64_of)
CONVERT(i64, (int64_t), (uint64_t))
CONVERT(u64, (int64_t), (uint64_t))

/* a and b are different chunks, or lane types are the same. */
static void convert(const union imc_chunk *a, enum imc_lane from,
		    enum imc_lane to, int64_t n, union imc_chunk *b)
{
	switch (from) {
	case IMC_LANE_F32:
		convert_f32(a, to, n, b);
		break;
	case IMC_LANE_F64:
		convert_f64(a, to, n, b);
		break;
	case IMC_LANE_I64:
		convert_i64(a, to, n, b);
		break;
	case IMC_LANE_U64:
		convert_u64(a, to, n, b);
		break;
	}
}

/* True if elements of type t are lanes as they lie in memory. */
static bool native(enum imc_dtype t)
{
	return t == IMC_F32 || t == IMC_F64 || t == IMC_I64 || t == IMC_U64;
}

const void *imc_lanes_load(struct imc_strip s, enum imc_lane lane, int64_t n,
			   union imc_chunk *buf)
{
	enum imc_lane own = imc_lane_of(s.dtype);
	union imc_chunk other;

	if (own != lane) {
		widen[s.dtype](&s, n, &other);
		convert(&other, own, lane, n, buf);
		return buf;
	}
	if (native(s.dtype) && s.step == 1)
		return (const char *)s.data +
		       s.at * (int64_t)imc_dtype_size(s.dtype);
	widen[s.dtype](&s, n, buf);
	return buf;
}

static void narrow_f64_f16(const double *x, uint16_t *y, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		y[i] = imc_f16_of(x[i]);
}

void imc_lanes_store(enum imc_lane lane, const void *lanes, enum imc_dtype t,
		     void *data, int64_t at, int64_t n)
{
	char *to = (char *)data + at * (int64_t)imc_dtype_size(t);
	union imc_chunk a, b;
	size_t bytes = lane == IMC_LANE_F32 ? sizeof(float) : sizeof(double);

	if (lane == imc_lane_of(t)) {
		if (lanes != to)
			narrow[t](lanes, to, n);
		return;
	}
	if (t == IMC_F16 && lane == IMC_LANE_F64) {
		/* not by way of float: that would round twice */
		narrow_f64_f16(lanes, (uint16_t *)to, n);
		return;
	}
	memcpy(&a, lanes, (size_t)n * bytes);
	convert(&a, lane, imc_lane_of(t), n, &b);
	narrow[t](&b, to, n);
}

double imc_f64_at(const struct imc_tensor *t, int64_t i)
{
	struct imc_strip s = {t->dtype, t->data, i, 1};
	union imc_chunk b;

	return *(const double *)imc_lanes_load(s, IMC_LANE_F64, 1, &b);
}

int64_t imc_i64_at(const struct imc_tensor *t, int64_t i)
{
	struct imc_strip s = {t->dtype, t->data, i, 1};
	union imc_chunk b;

	return *(const int64_t *)imc_lanes_load(s, IMC_LANE_I64, 1, &b);
}
