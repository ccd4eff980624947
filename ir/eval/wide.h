/* wide.h: eight int32 at once in 64-bit arithmetic, for requantisation.
 *
 * The even and the odd ones of eight neighbours are widened where they are, as
 * two vectors: nothing is shuffled across lanes. Vectors are passed by
 * pointer, since how they are passed by value depends on the machine. */
#ifndef IMC_WIDE_H
#define IMC_WIDE_H

#include <stdint.h>
#include <string.h>

#include "ir/eval/simd.h"

#define IMC_WIDE 8

typedef int64_t imc_vec __attribute__((vector_size(32)));
typedef uint64_t imc_uvec __attribute__((vector_size(32)));

struct imc_wide {
	imc_vec even, odd;
};

IMC_SIMD_PART void imc_wide_load(const int32_t *p, struct imc_wide *w)
{
	imc_vec v;

	memcpy(&v, p, sizeof v);
	w->even = (imc_vec)((imc_uvec)v << 32) >> 32;
	w->odd = v >> 32;
}

IMC_SIMD_PART void imc_wide_load_codes(const int8_t *p, struct imc_wide *w)
{
	typedef int8_t narrow __attribute__((vector_size(IMC_WIDE)));
	typedef int32_t words __attribute__((vector_size(32)));
	narrow v;
	words x;

	memcpy(&v, p, sizeof v);
	x = __builtin_convertvector(v, words);
	imc_wide_load((const void *)&x, w);
}

/* Each in -128 .. 127. */
IMC_SIMD_PART void imc_wide_store_codes(const struct imc_wide *w, int8_t *p)
{
	typedef int16_t pairs __attribute__((vector_size(IMC_WIDE)));
	imc_vec v = (w->even & 0xff) | (imc_vec)((imc_uvec)w->odd << 8);
	pairs out = __builtin_convertvector(v, pairs);

	memcpy(p, &out, sizeof out);
}

IMC_SIMD_PART void imc_wide_fill(int32_t x, struct imc_wide *w)
{
	w->even = w->odd = (imc_vec){x, x, x, x};
}

/* What is done behind a rescaling. */
struct imc_wide_bounds {
	struct imc_wide zero, lo, hi;
};

/* The rest of imc_requant of *v, a product already. */
IMC_SIMD_PART void imc_wide_round(imc_vec *v, const imc_vec *shift,
				  const imc_vec *zero, const imc_vec *lo,
				  const imc_vec *hi)
{
	const imc_uvec one = {1, 1, 1, 1};
	imc_vec p = *v, sign = p < 0, out;
	imc_uvec size = (imc_uvec)((p ^ sign) - sign);
	imc_uvec half = one << (imc_uvec)*shift >> 1;

	p = ((imc_vec)((size + half) >> (imc_uvec)*shift) ^ sign) - sign;
	p += *zero;
	out = p < *lo;
	p = (*lo & out) | (p & ~out);
	out = p > *hi;
	*v = (*hi & out) | (p & ~out);
}

IMC_SIMD_PART void imc_wide_requant(struct imc_wide *v,
				    const struct imc_wide *mult,
				    const struct imc_wide *shift,
				    const struct imc_wide_bounds *b)
{
	v->even *= mult->even;
	v->odd *= mult->odd;
	imc_wide_round(&v->even, &shift->even, &b->zero.even, &b->lo.even,
		       &b->hi.even);
	imc_wide_round(&v->odd, &shift->odd, &b->zero.odd, &b->lo.odd,
		       &b->hi.odd);
}

#endif
