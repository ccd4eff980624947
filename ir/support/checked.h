/* checked.h: products and sums of sizes that tell when they do not fit. */
#ifndef IMC_CHECKED_H
#define IMC_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* *out = a * b; false (and *out untouched) when it does not fit. */
static inline bool imc_mul_size(size_t a, size_t b, size_t *out)
{
	if (b && a > SIZE_MAX / b)
		return false;
	*out = a * b;
	return true;
}

static inline bool imc_add_size(size_t a, size_t b, size_t *out)
{
	if (a > SIZE_MAX - b)
		return false;
	*out = a + b;
	return true;
}

/* The same for non-negative element counts. */
static inline bool imc_mul_i64(int64_t a, int64_t b, int64_t *out)
{
	return !__builtin_mul_overflow(a, b, out);
}

static inline int64_t imc_ceil_div(int64_t a, int64_t b)
{
	return (a + b - 1) / b;
}

static inline int64_t imc_min_i64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline int64_t imc_max_i64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

#endif
