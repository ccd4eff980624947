#include "ir/eval/requant.h"

#include "ir/eval/wide.h"
#include "ir/num.h"

#define LANES IMC_WIDE

/* LANES columns of all rows. */
IMC_SIMD_PART void requant_block(const struct imc_requant_columns *c, int64_t j,
				 int64_t m, const int64_t ld[2],
				 const int32_t *sum, int8_t *y)
{
	struct imc_wide bias, mult, shift, v;
	struct imc_wide_bounds b;

	imc_wide_load(c->bias + j, &bias);
	imc_wide_load(c->mult + j, &mult);
	imc_wide_load(c->shift + j, &shift);
	imc_wide_fill(c->zero, &b.zero);
	imc_wide_fill(c->lo, &b.lo);
	imc_wide_fill(c->hi, &b.hi);
	for (int64_t i = 0; i < m; i++) {
		imc_wide_load(sum + i * ld[0] + j, &v);
		v.even += bias.even;
		v.odd += bias.odd;
		imc_wide_requant(&v, &mult, &shift, &b);
		imc_wide_store_codes(&v, y + i * ld[1] + j);
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
	struct imc_wide mult, shift, v;
	struct imc_wide_bounds b;
	int64_t j = 0;

	imc_wide_fill(c->lo, &b.lo);
	imc_wide_fill(c->hi, &b.hi);
	for (; j + LANES <= n; j += LANES) {
		int32_t code[LANES];

		imc_wide_load(acc + j, &v);
		imc_wide_load(c->mult + j, &mult);
		imc_wide_load(c->shift + j, &shift);
		imc_wide_load(c->zero + j, &b.zero);
		imc_wide_requant(&v, &mult, &shift, &b);
		imc_wide_store(&v, code);
		for (int i = 0; i < LANES; i++)
			sum[j + i] += (code[i] - c->zero[j + i]) * weight;
	}
	for (; j < n; j++)
		sum[j] += (imc_requant(acc[j], c->mult[j], c->shift[j],
				       c->zero[j], c->lo, c->hi) -
			   c->zero[j]) *
			  weight;
}
