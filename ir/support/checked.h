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

/* The same for non-negative element counts. */
static inline bool imc_mul_i64(int64_t a, int64_t b, int64_t *out)
{
	return !__builtin_mul_overflow(a, b, out);
}

static inline int64_t imc_ceil_div(int64_t a, int64_t b)
{
	return (a + b - 1) / b;
}

/* The least step >= 1 with which at most `keep` of n elements are taken, and
 * that has no factor in common with `period`: a regular subset of rows of
 * `period` elements then meets every column alike. */
static inline int64_t imc_subset_step(int64_t n, int64_t keep, int64_t period)
{
	int64_t step = n > keep ? imc_ceil_div(n, keep) : 1;

	for (;; step++) {
		int64_t a = step, b = period;

		while (b) {
			int64_t r = a % b;

			a = b;
			b = r;
		}
		if (a == 1 || step == 1)
			return step;
	}
}

static inline int64_t imc_min_i64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline int64_t imc_max_i64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The least common multiple; a, b > 0. */
static inline int64_t imc_lcm_i64(int64_t a, int64_t b)
{
	int64_t x = a, y = b;

	while (y) {
		int64_t r = x % y;

		x = y;
		y = r;
	}
	return a / x * b;
}

#endif
