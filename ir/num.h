/* num.h: the arithmetic that every level computes alike, bit for bit.
 *
 * Device tensors are int8; real = scale * (q - zero). No float on the device.
 * runtime/imc_rt_num.h states the same rules again for the bundle; tests
 * compare the two over the edges of their ranges. */
#ifndef IMC_NUM_H
#define IMC_NUM_H

#include <stdbool.h>
#include <stdint.h>

#define IMC_SHIFT_MAX 62

/* Bits after the point of the digital sum behind the ADCs, so that a bias
 * finer than one ADC step counts. */
#define IMC_SUM_FRAC 6

/* v * mult / 2^shift, rounded to the nearest, halves away from zero.
 * |v| < 2^31, 0 <= mult < 2^31, 0 <= shift <= IMC_SHIFT_MAX. */
static inline int64_t imc_rescale(int64_t v, int32_t mult, int32_t shift)
{
	/* The magnitude is rounded; sign: all ones below 0. No branch. */
	int64_t p = v * mult, sign = -(int64_t)(p < 0);
	uint64_t size = (uint64_t)((p ^ sign) - sign);

	size = (size + ((uint64_t)1 << shift >> 1)) >> shift;
	return ((int64_t)size ^ sign) - sign;
}

static inline int64_t imc_clamp(int64_t v, int64_t lo, int64_t hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

/* An ADC reading, and a requantisation: both scale, add a zero, clamp.
 * code = clamp(round(acc * mult / 2^shift) + zero, lo, hi). */
static inline int32_t imc_requant(int64_t acc, int32_t mult, int32_t shift,
				  int32_t zero, int32_t lo, int32_t hi)
{
	return (int32_t)imc_clamp(imc_rescale(acc, mult, shift) + zero, lo, hi);
}

/* The multiplier and shift nearest to a positive real factor:
 * mult in [2^30, 2^31), or smaller when the factor is below 2^-31.
 * factor must be finite, >= 0 and < 2^31; 0 gives mult 0. */
void imc_factor(double factor, int32_t *mult, int32_t *shift);

/* Largest cell code of a signed cell of `bits` bits: 7 for 4 bits. */
static inline int32_t imc_cell_max(int bits)
{
	return (1 << (bits - 1)) - 1;
}

/* Largest code of a cell that holds a slice of a weight: 1 for the binary
 * cells of two's complement. */
static inline int32_t imc_slice_cell_max(int bits)
{
	return bits == 1 ? 1 : imc_cell_max(bits);
}

/* Slice s of weight w cut into n_slice slices of `bits` bits each:
 *     w = sum_s slice(s) * imc_slice_factor(s),
 *     |slice| <= imc_cell_max(bits), imc_slice_factor(s) = 2^(bits * s).
 * With one slice it is w itself. Slices of 1 bit are those of two's complement:
 * 0 or 1, and the factor of the highest one is negative; there are at least
 * two. Only values for which imc_sliceable holds can be cut: of two 4-bit
 * slices, 225 of the 239 values in -119 .. 119. */
int32_t imc_slice_factor(int s, int n_slice, int bits);
int32_t imc_slice(int32_t w, int s, int n_slice, int bits);
bool imc_sliceable(int32_t w, int n_slice, int bits);

/* Largest magnitude that both signs can have: 7 or 119 for one or two 4-bit
 * slices, 127 for eight of 1 bit. */
int32_t imc_slice_max(int n_slice, int bits);

/* The sliceable integer nearest to x (halves towards zero's side). */
int32_t imc_slice_round(double x, int n_slice, int bits);

#endif
