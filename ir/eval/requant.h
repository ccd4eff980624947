/* requant.h: imc_requant (ir/num.h) on many sums at once, the same bits. */
#ifndef IMC_REQUANT_H
#define IMC_REQUANT_H

#include <stdint.h>

/* Numbers of each column: code = requantised (sum + bias). */
struct imc_requant_columns {
	const int32_t *bias, *mult, *shift;
	int32_t zero, lo, hi;
};

/* y[i * ldy + j] is the code of sum[i * n + j]; m rows, n columns. */
void imc_requant_rows(const struct imc_requant_columns *c, int64_t m, int64_t n,
		      const int32_t *sum, int8_t *y, int64_t ldy);

/* An ADC of each column. */
struct imc_adc_columns {
	const int32_t *mult, *shift, *zero;
	int32_t lo, hi;
};

/* Rows of sums, and what is added to: lda and lds apart. */
struct imc_adc_rows {
	const int32_t *acc;
	int64_t lda;
	int32_t weight;
	int32_t *sum;
	int64_t lds;
};

/* sum[j] += (reading of acc[j] - zero[j]) * weight, m rows of n columns. */
void imc_adc_read(const struct imc_adc_columns *c, int64_t m, int64_t n,
		  const struct imc_adc_rows *rows);

#endif
