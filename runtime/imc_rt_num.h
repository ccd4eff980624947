/* SPDX-License-Identifier: Apache-2.0 */
/* imc_rt_num.h: the arithmetic of the device, the same bits everywhere.
 *
 * Tensors are int8; real = scale * (q - zero). No float. The compiler's
 * evaluators state the same rules in ir/num.h; a test compares the two. */
#ifndef IMC_RT_NUM_H
#define IMC_RT_NUM_H

#include <stdint.h>

/* Bits after the point of the digital sum behind the ADCs, so that a bias
 * finer than one ADC step counts. */
#define IMC_RT_SUM_FRAC 6

/* v * mult / 2^shift, rounded to the nearest, halves away from zero.
 * |v * mult| < 2^62, 0 <= shift <= 62. */
static inline int64_t imc_rt_rescale(int64_t v, int32_t mult, int32_t shift)
{
	int64_t p = v * mult;
	int64_t half = shift ? (int64_t)1 << (shift - 1) : 0;

	return p < 0 ? -((-p + half) >> shift) : (p + half) >> shift;
}

static inline int64_t imc_rt_clamp(int64_t v, int64_t lo, int64_t hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

/* An ADC reading, and a requantisation:
 * clamp(rescale(acc, mult, shift) + zero, lo, hi). */
static inline int32_t imc_rt_requant(int64_t acc, int32_t mult, int32_t shift,
				     int32_t zero, int32_t lo, int32_t hi)
{
	int64_t v = imc_rt_rescale(acc, mult, shift) + zero;

	return (int32_t)imc_rt_clamp(v, lo, hi);
}

/* What slice s of n_slice slices of `bits` bits counts in a weight: slices of
 * one bit are those of two's complement, the highest one negative. */
static inline int32_t imc_rt_slice_factor(int32_t s, int32_t n_slice,
					  int32_t bits)
{
	int32_t factor = (int32_t)1 << (bits * s);

	return bits == 1 && s == n_slice - 1 ? -factor : factor;
}

#endif
