#include "ir/num.h"

#include <math.h>

void imc_factor(double factor, int32_t *mult, int32_t *shift)
{
	int exponent;
	double fraction = frexp(factor, &exponent);
	double m = floor(ldexp(fraction, 31) + 0.5);

	if (m >= 2147483648.0) {
		m /= 2;
		exponent++;
	}
	*shift = 31 - exponent;
	while (*shift > IMC_SHIFT_MAX && m >= 1) {
		m = floor(m / 2);
		--*shift;
	}
	if (m < 1 || *shift > IMC_SHIFT_MAX) {
		m = 0;
		*shift = 0;
	}
	while (*shift < 0) {
		/* factor >= 2^31 is outside the contract; saturate */
		m = 2147483647.0;
		*shift = 0;
	}
	*mult = (int32_t)m;
}

int32_t imc_slice_factor(int s, int n_slice, int bits)
{
	int32_t factor = 1 << (bits * s);

	return bits == 1 && s == n_slice - 1 ? -factor : factor;
}

int32_t imc_slice_max(int n_slice, int bits)
{
	int32_t sum = 0;

	if (bits == 1)
		return imc_cell_max(n_slice);
	for (int s = 0; s < n_slice; s++)
		sum += imc_cell_max(bits) * (1 << (bits * s));
	return sum;
}

/* Remainder of w modulo 2^bits in -2^(bits-1)+1 .. 2^(bits-1). */
static int32_t low_digit(int32_t w, int bits)
{
	int32_t base = 1 << bits;
	int32_t d = ((w % base) + base) % base;

	return d > base / 2 ? d - base : d;
}

int32_t imc_slice(int32_t w, int s, int n_slice, int bits)
{
	if (bits == 1)
		return (int32_t)((uint32_t)w >> s & 1);
	for (int i = 0; i < s; i++)
		w = (w - low_digit(w, bits)) / (1 << bits);
	return s == n_slice - 1 ? w : low_digit(w, bits);
}

bool imc_sliceable(int32_t w, int n_slice, int bits)
{
	if (bits == 1)
		return n_slice > 1 && w >= -(1 << (n_slice - 1)) &&
		       w < 1 << (n_slice - 1);
	for (int s = 0; s < n_slice; s++) {
		int32_t d = imc_slice(w, s, n_slice, bits);

		if (d > imc_cell_max(bits) || d < -imc_cell_max(bits))
			return false;
	}
	return true;
}

int32_t imc_slice_round(double x, int n_slice, int bits)
{
	int32_t max = imc_slice_max(n_slice, bits), down, up;

	if (x >= max)
		return max;
	if (x <= -max)
		return -max;
	down = up = (int32_t)lround(x);
	while (!imc_sliceable(down, n_slice, bits))
		down--;
	while (!imc_sliceable(up, n_slice, bits))
		up++;
	if (x - down == up - x)
		return x >= 0 ? down : up;
	return x - down < up - x ? down : up;
}
