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

/* A real factor mult / 2^shift as 32-bit multiplications like it, for values
 * of 32 bits: `shift` bits above the low word of the product lies the result,
 * half being 1/2. Below 0 it says by how many bits the value goes up first: of
 * factors of 1/4 and more, for which few values are not clamped. */
struct imc_rt_scale {
	int32_t mult, half, shift;
};

static inline struct imc_rt_scale imc_rt_scale_of(int32_t mult, int32_t shift)
{
	struct imc_rt_scale s = {mult, 1, shift - 32};

	while (s.shift < 1 && s.mult < 1 << 30) {
		s.mult *= 2;
		s.shift++;
	}
	if (s.shift > 0)
		s.half = (int32_t)1 << (s.shift - 1);
	else
		s.shift = s.shift < -29 ? -30 : s.shift - 1;
	return s;
}

/* v with `up` more bits below. What is cut off is clamped anyway: with these
 * factors, 2^up * limit gives 2^10 and more. */
static inline int32_t imc_rt_raised(int32_t v, int32_t up)
{
	int32_t limit = up < 13 ? 1 << (13 - up) : 1;

	v = v > limit ? limit : v < -limit ? -limit : v;
	return v * (1 << up);
}

/* imc_rt_requant with the factor of s, the same bits, for |v| < 2^31 and lo,
 * hi of int8; s->shift > 0. Below 0 the result is floor((p + half - 1) /
 * 2^shift), which is not floor((p + half) / 2^shift) only if the low word of p
 * is 0. */
static inline int32_t imc_rt_scaled_down(const struct imc_rt_scale *s,
					 int32_t v, int32_t zero, int32_t lo,
					 int32_t hi)
{
	int64_t p = (int64_t)v * s->mult;
	int32_t high = (int32_t)(p >> 32);

	if ((uint32_t)p == 0)
		high -= high < 0;
	v = ((high + s->half) >> s->shift) + zero;
	if (v < lo)
		v = lo;
	if (v > hi)
		v = hi;
	return v;
}

/* The same for any factor. */
static inline int32_t imc_rt_scaled(const struct imc_rt_scale *s, int32_t v,
				    int32_t zero, int32_t lo, int32_t hi)
{
	const struct imc_rt_scale one = {s->mult, 1, 1};

	if (s->shift > 0)
		return imc_rt_scaled_down(s, v, zero, lo, hi);
	return imc_rt_scaled_down(&one, imc_rt_raised(v, -s->shift), zero, lo,
				  hi);
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
