/* Are two tensors the same, up to a tolerance? */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "tests/conformance_src/conformance.h"

static double from_half(uint16_t h)
{
	int exponent = h >> 10 & 31, fraction = h & 1023;
	double v;

	if (exponent == 31)
		v = fraction ? (double)NAN : (double)INFINITY;
	else if (exponent == 0)
		v = ldexp(fraction, -24);
	else
		v = ldexp(fraction + 1024, exponent - 25);
	return h >> 15 ? -v : v;
}

static bool is_float(enum imc_dtype t)
{
	return t == IMC_F32 || t == IMC_F64 || t == IMC_F16;
}

static double float_at(const struct imc_tensor *t, int64_t i)
{
	const char *p =
		(const char *)t->data + (size_t)i * imc_dtype_size(t->dtype);
	uint16_t half;
	double f64;
	float f32;

	if (t->dtype == IMC_F16) {
		memcpy(&half, p, sizeof half);
		return from_half(half);
	}
	if (t->dtype == IMC_F64) {
		memcpy(&f64, p, sizeof f64);
		return f64;
	}
	memcpy(&f32, p, sizeof f32);
	return (double)f32;
}

static bool same_float(double a, double b, const struct tolerance *tol)
{
	if (isnan(a) || isnan(b))
		return isnan(a) && isnan(b);
	if (isinf(a) || isinf(b))
		return a == b;
	return fabs(a - b) <= tol->atol + tol->rtol * fabs(b);
}

static bool same_at(const struct imc_tensor *a, const struct imc_tensor *b,
		    int64_t i, const struct tolerance *tol)
{
	size_t size = imc_dtype_size(a->dtype), at = (size_t)i * size;

	if (is_float(a->dtype))
		return same_float(float_at(a, i), float_at(b, i), tol);
	return !memcmp((const char *)a->data + at, (const char *)b->data + at,
		       size);
}

static const char *shape_text(struct imc_arena *a, const struct imc_tensor *t)
{
	const char *s = imc_dtype_name(t->dtype);

	for (int k = 0; k < t->rank; k++)
		s = imc_arena_printf(a, "%s%s%" PRId64, s, k ? "x" : " ",
				     t->dim[k]);
	return s;
}

static const char *difference(const struct imc_tensor *got,
			      const struct imc_tensor *want, int64_t first,
			      int64_t count, struct imc_arena *a)
{
	const char *s = imc_arena_printf(
		a, "%" PRId64 " of %" PRId64 " elements differ, first %" PRId64,
		count, imc_tensor_count(want), first);

	if (!is_float(got->dtype))
		return s;
	return imc_arena_printf(a, "%s: %.9g instead of %.9g", s,
				float_at(got, first), float_at(want, first));
}

const char *compare_tensors(const struct imc_tensor *got,
			    const struct imc_tensor *want,
			    const struct tolerance *tol, struct imc_arena *a)
{
	int64_t n = imc_tensor_count(want), first = -1, count = 0;
	bool same = got->dtype == want->dtype && got->rank == want->rank;

	for (int k = 0; k < want->rank && same; k++)
		same = got->dim[k] == want->dim[k];
	if (!same)
		return imc_arena_printf(a, "%s instead of %s",
					shape_text(a, got),
					shape_text(a, want));
	for (int64_t i = 0; i < n; i++)
		if (!same_at(got, want, i, tol)) {
			first = first < 0 ? i : first;
			count++;
		}
	return count ? difference(got, want, first, count, a) : NULL;
}
