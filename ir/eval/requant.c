/* Of eight neighbouring int32 the even and the odd ones are widened to int64
 * where they are, as two vectors: neither shuffles nor crosses lanes. */
#include "ir/eval/requant.h"

#include <string.h>

#include "ir/eval/simd.h"
#include "ir/num.h"

#define LANES 8

typedef int64_t vec __attribute__((vector_size(32)));
typedef uint64_t uvec __attribute__((vector_size(32)));
typedef int16_t half __attribute__((vector_size(8)));

struct wide {
	vec even, odd;
};

IMC_SIMD_PART void load(const int32_t *p, struct wide *w)
{
	vec v;

	memcpy(&v, p, sizeof v);
	w->even = (vec)((uvec)v << 32) >> 32;
	w->odd = v >> 32;
}

IMC_SIMD_PART void fill(int32_t x, struct wide *w)
{
	w->even = w->odd = (vec){x, x, x, x};
}

/* *v = imc_requant of it; see there. */
IMC_SIMD_PART void requant(vec *v, const vec *mult, const vec *shift,
			   const vec *zero, const vec *lo, const vec *hi)
{
	const uvec one = {1, 1, 1, 1};
	vec p = *v * *mult, sign = p < 0, out;
	uvec size = (uvec)((p ^ sign) - sign);

	size = (size + (one << (uvec)*shift >> 1)) >> (uvec)*shift;
	p = ((vec)size ^ sign) - sign + *zero;
	out = p < *lo;
	p = (*lo & out) | (p & ~out);
	out = p > *hi;
	*v = (*hi & out) | (p & ~out);
}

/* What is the same for all columns. */
struct bounds {
	struct wide zero, lo, hi;
};

IMC_SIMD_PART void requant_wide(struct wide *v, const struct wide *mult,
				const struct wide *shift,
				const struct bounds *b)
{
	requant(&v->even, &mult->even, &shift->even, &b->zero.even, &b->lo.even,
		&b->hi.even);
	requant(&v->odd, &mult->odd, &shift->odd, &b->zero.odd, &b->lo.odd,
		&b->hi.odd);
}

/* LANES columns of all rows. */
IMC_SIMD_PART void requant_block(const struct imc_requant_columns *c, int64_t j,
				 int64_t m, const int64_t ld[2],
				 const int32_t *sum, int8_t *y)
{
	struct wide bias, mult, shift, v;
	struct bounds b;

	load(c->bias + j, &bias);
	load(c->mult + j, &mult);
	load(c->shift + j, &shift);
	fill(c->zero, &b.zero);
	fill(c->lo, &b.lo);
	fill(c->hi, &b.hi);
	for (int64_t i = 0; i < m; i++) {
		half out;

		load(sum + i * ld[0] + j, &v);
		v.even += bias.even;
		v.odd += bias.odd;
		requant_wide(&v, &mult, &shift, &b);
		v.even = (v.even & 0xff) | (vec)((uvec)v.odd << 8);
		out = __builtin_convertvector(v.even, half);
		memcpy(y + i * ld[1] + j, &out, sizeof out);
	}
}

IMC_SIMD
void imc_requant_rows(const struct imc_requant_columns *c, int64_t m, int64_t n,
		      const int32_t *sum, int8_t *y, int64_t ldy)
{
	const int64_t ld[2] = {n, ldy};
	int64_t j = 0;

	for (; j + LANES <= n; j += LANES)
		requant_block(c, j, m, ld, sum, y);
	for (int64_t i = 0; i < m && j < n; i++)
		for (int64_t k = j; k < n; k++)
			y[i * ldy + k] = (int8_t)imc_requant(
				(int64_t)sum[i * n + k] + c->bias[k],
				c->mult[k], c->shift[k], c->zero, c->lo, c->hi);
}

IMC_SIMD
void imc_adc_read(const struct imc_adc_columns *c, int64_t n,
		  const int32_t *acc, int32_t weight, int32_t *sum)
{
	struct wide mult, shift, v;
	struct bounds b;
	int64_t j = 0;

	fill(c->lo, &b.lo);
	fill(c->hi, &b.hi);
	for (; j + LANES <= n; j += LANES) {
		int32_t code[LANES];

		load(acc + j, &v);
		load(c->mult + j, &mult);
		load(c->shift + j, &shift);
		load(c->zero + j, &b.zero);
		requant_wide(&v, &mult, &shift, &b);
		v.even = (v.even & 0xffffffff) | (vec)((uvec)v.odd << 32);
		memcpy(code, &v.even, sizeof code);
		for (int i = 0; i < LANES; i++)
			sum[j + i] += (code[i] - c->zero[j + i]) * weight;
	}
	for (; j < n; j++)
		sum[j] += (imc_requant(acc[j], c->mult[j], c->shift[j],
				       c->zero[j], c->lo, c->hi) -
			   c->zero[j]) *
			  weight;
}
