#include "ir/eval/requant.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ir/eval/simd.h"
#include "ir/num.h"
#include "ir/support/checked.h"

/* Columns at once, and rows whose doubts are looked at together. */
#define LANES 8
#define GROUP 4

/* Added to a small number it leaves the nearest integer in the low bits. */
#define MAGIC 0x1.8p23f
#define MAGIC_BITS 0x4b400000

typedef float reals __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t ints __attribute__((vector_size(LANES * sizeof(int32_t))));

/* The numbers of LANES columns. In float
 *     code = zero + round(min(max((sum * gain + bias * gain) * nudge, lo), hi))
 * and as the product is off by a little, what is further than `sure` from an
 * integer is left to integer arithmetic.
 *
 * A power of two makes no error, but halves, which round() takes to the even
 * side. The nudge brings them to the outer one and nothing else over it, as
 * sums of more than 2^22 are beyond lo and hi. */
struct lanes {
	int32_t mult[LANES], shift[LANES], bias[LANES], zero[LANES];
	int32_t least[LANES], most[LANES];
	reals gain, offset, nudge, lo, hi;
	ints sure; /* the bits of a float: in their order, as it is not < 0 */
	ints back; /* from the bits of a float to a code */
};

static void exact_row(const struct lanes *c, const int32_t *sum, int32_t *code)
{
	for (int i = 0; i < LANES; i++)
		code[i] = imc_requant((int64_t)sum[i] + c->bias[i], c->mult[i],
				      c->shift[i], c->zero[i], c->least[i],
				      c->most[i]);
}

static bool is_power(int32_t x)
{
	return x && !(x & (x - 1));
}

/* 2^-shift: shifts are 0 .. 62. Strips of few rows come here often, so that a
 * call of ldexp would show. */
static double part_of_one(int32_t shift)
{
	uint64_t bits = (uint64_t)(1023 - shift) << 52;
	double x;

	memcpy(&x, &bits, sizeof x);
	return x;
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

static void set_lane(struct lanes *c, int i)
{
	double gain = c->mult[i] * part_of_one(c->shift[i]);
	double offset = gain * c->bias[i];
	double lo = c->least[i] - c->zero[i], hi = c->most[i] - c->zero[i];
	double range = larger(fabs(lo), fabs(hi)) + fabs(offset) + 1;
	bool exact = is_power(c->mult[i]) && gain * (1 << 22) >= range &&
		     abs(c->bias[i]) < 1 << 22;
	float sure;

	c->gain[i] = (float)gain;
	c->offset[i] = (float)offset;
	c->nudge[i] = exact ? 1 + 0x1p-22f : 1;
	sure = exact ? 1 : (float)larger(0.5 - range * 0x1p-20, 0);
	memcpy((char *)&c->sure + (size_t)i * sizeof sure, &sure, sizeof sure);
	c->lo[i] = (float)lo;
	c->hi[i] = (float)hi;
	c->back[i] = c->zero[i] - MAGIC_BITS;
}

/* yes where mask, else no */
#define CHOOSE(mask, yes, no)                                                  \
	((reals)(((ints)(yes) & (mask)) | ((ints)(no) & ~(mask))))

static bool any(const ints *v)
{
	uint64_t part[sizeof *v / sizeof(uint64_t)], all = 0;

	memcpy(part, v, sizeof part);
	for (size_t i = 0; i < sizeof part / sizeof *part; i++)
		all |= part[i];
	return all != 0;
}

/* Sets the sign of lanes in doubt in *open. */
IMC_SIMD_PART void read_row(const struct lanes *c, const int32_t *sum,
			    int32_t *code, ints *open)
{
	ints from;
	reals v, r;

	memcpy(&from, sum, sizeof from);
	v = (__builtin_convertvector(from, reals) * c->gain + c->offset) *
	    c->nudge;
	v = CHOOSE(v > c->lo, v, c->lo);
	v = CHOOSE(v < c->hi, v, c->hi);
	r = v + MAGIC;
	from = (ints)r + c->back;
	memcpy(code, &from, sizeof from);
	v -= r - MAGIC;
	*open |= c->sure - ((ints)v & INT32_MAX);
}

/* n <= GROUP rows, ld apart. */
IMC_SIMD_PART void read_rows(const struct lanes *c, int64_t n,
			     const int32_t *sum, int64_t ld,
			     int32_t code[GROUP][LANES])
{
	ints open = {0};

	for (int64_t i = 0; i < n; i++)
		read_row(c, sum + i * ld, code[i], &open);
	open >>= 31;
	if (__builtin_expect(any(&open), 0))
		for (int64_t i = 0; i < n; i++)
			exact_row(c, sum + i * ld, code[i]);
}

/* Columns of a block: the last one reaches back to `at`, over `old` columns
 * that are done. n >= LANES. */
struct block {
	int64_t at, old;
};

static struct block block_at(int64_t j, int64_t n)
{
	int64_t at = imc_min_i64(j, n - LANES);

	return (struct block){at, j - at};
}

static void open_lanes(const int32_t *mult, const int32_t *shift, int64_t at,
		       struct lanes *c)
{
	memcpy(c->mult, mult + at, sizeof c->mult);
	memcpy(c->shift, shift + at, sizeof c->shift);
}

IMC_SIMD
static void requant_block(const struct lanes *c, int64_t m, const int32_t *sum,
			  int64_t n, int8_t *y, int64_t ldy)
{
	typedef int8_t codes __attribute__((vector_size(LANES)));
	int32_t code[GROUP][LANES];

	for (int64_t i = 0; i < m; i += GROUP, sum += GROUP * n) {
		int64_t rows = imc_min_i64(GROUP, m - i);

		read_rows(c, rows, sum, n, code);
		for (int64_t r = 0; r < rows; r++, y += ldy) {
			ints wide;
			codes out;

			memcpy(&wide, code[r], sizeof wide);
			out = __builtin_convertvector(wide, codes);
			memcpy(y, &out, sizeof out);
		}
	}
}

static void requant_few(const struct imc_requant_columns *c, int64_t m,
			int64_t n, const int32_t *sum, int8_t *y, int64_t ldy)
{
	for (int64_t i = 0; i < m; i++, sum += n, y += ldy)
		for (int64_t k = 0; k < n; k++)
			y[k] = (int8_t)imc_requant((int64_t)sum[k] + c->bias[k],
						   c->mult[k], c->shift[k],
						   c->zero, c->lo, c->hi);
}

void imc_requant_rows(const struct imc_requant_columns *c, int64_t m, int64_t n,
		      const int32_t *sum, int8_t *y, int64_t ldy)
{
	if (n < LANES) {
		requant_few(c, m, n, sum, y, ldy);
		return;
	}
	for (int64_t j = 0; j < n; j += LANES) {
		struct block b = block_at(j, n);
		struct lanes v;

		open_lanes(c->mult, c->shift, b.at, &v);
		memcpy(v.bias, c->bias + b.at, sizeof v.bias);
		for (int i = 0; i < LANES; i++) {
			v.zero[i] = c->zero;
			v.least[i] = c->lo;
			v.most[i] = c->hi;
			set_lane(&v, i);
		}
		requant_block(&v, m, sum + b.at, n, y + b.at, ldy);
	}
}

IMC_SIMD
static void adc_block(const struct lanes *c, const struct block *b, int64_t m,
		      const struct imc_adc_rows *to)
{
	const int32_t *acc = to->acc + b->at;
	int32_t *sum = to->sum + b->at, code[GROUP][LANES];
	ints weight, zero;

	memcpy(&zero, c->zero, sizeof zero);
	for (int i = 0; i < LANES; i++)
		weight[i] = i < b->old ? 0 : to->weight;
	for (int64_t i = 0; i < m; i += GROUP, acc += GROUP * to->lda) {
		int64_t rows = imc_min_i64(GROUP, m - i);

		read_rows(c, rows, acc, to->lda, code);
		for (int64_t r = 0; r < rows; r++, sum += to->lds) {
			ints v, old;

			memcpy(&v, code[r], sizeof v);
			memcpy(&old, sum, sizeof old);
			old += (v - zero) * weight;
			memcpy(sum, &old, sizeof old);
		}
	}
}

static void adc_few(const struct imc_adc_columns *c, int64_t m, int64_t n,
		    const struct imc_adc_rows *to)
{
	for (int64_t i = 0; i < m; i++)
		for (int64_t k = 0; k < n; k++)
			to->sum[i * to->lds + k] +=
				(imc_requant(to->acc[i * to->lda + k],
					     c->mult[k], c->shift[k],
					     c->zero[k], c->lo, c->hi) -
				 c->zero[k]) *
				to->weight;
}

void imc_adc_read(const struct imc_adc_columns *c, int64_t m, int64_t n,
		  const struct imc_adc_rows *to)
{
	if (n < LANES) {
		adc_few(c, m, n, to);
		return;
	}
	for (int64_t j = 0; j < n; j += LANES) {
		struct block b = block_at(j, n);
		struct lanes v;

		open_lanes(c->mult, c->shift, b.at, &v);
		memcpy(v.zero, c->zero + b.at, sizeof v.zero);
		for (int i = 0; i < LANES; i++) {
			v.bias[i] = 0;
			v.least[i] = c->lo;
			v.most[i] = c->hi;
			set_lane(&v, i);
		}
		adc_block(&v, &b, m, to);
	}
}
