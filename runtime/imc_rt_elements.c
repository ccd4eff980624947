/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_rt.h"
#include "imc_rt_num.h"
#include "imc_rt_share.h"

/* Elements first .. first + count of y; run computes n of them, from places
 * a, b, y on. */
struct binary_work {
	const struct imc_rt_binary *p;
	const int8_t *a, *b;
	int8_t *y;
	void (*run)(const struct imc_rt_binary *p, const int8_t *a,
		    const int8_t *b, int8_t *y, int32_t n);
	int64_t first, count;
};

/* Any factors. */
static void add_far(const struct imc_rt_binary *p, const int8_t *a,
		    const int8_t *b, int8_t *y, int32_t n)
{
	int32_t a_step = p->a_step[IMC_RT_MAX_DIM - 1];
	int32_t b_step = p->b_step[IMC_RT_MAX_DIM - 1];

	for (int32_t i = 0; i < n; i++, a += a_step, b += b_step) {
		int64_t sum = (int64_t)(*a - p->zero_a) * p->mult_a +
			      (int64_t)(*b - p->zero_b) * p->mult_b;

		y[i] = (int8_t)imc_rt_requant(sum, 1, p->shift, p->zero_y,
					      p->lo, p->hi);
	}
}

/* Factors with which a sum of two products is below 2^30, and half of what a
 * shift cuts off below 2^29. */
#define NEAR_MULT (1 << 21)
#define NEAR_SHIFT 30

static int is_near(const struct imc_rt_binary *p)
{
	return p->mult_a <= NEAR_MULT && p->mult_a >= -NEAR_MULT &&
	       p->mult_b <= NEAR_MULT && p->mult_b >= -NEAR_MULT &&
	       p->shift > 0 && p->shift <= NEAR_SHIFT;
}

/* Those, of both operands without broadcast. Halves go away from 0: below it,
 * 1 less than a half is added before the shift. */
static void add_near(const struct imc_rt_binary *p, const int8_t *a,
		     const int8_t *b, int8_t *y, int32_t n)
{
	const int32_t mult_a = p->mult_a, mult_b = p->mult_b;
	const int32_t zero = p->zero_a * mult_a + p->zero_b * mult_b;
	const int32_t shift = p->shift,
		      half = ((int32_t)1 << (shift - 1)) - zero;
	const int32_t zero_y = p->zero_y, lo = p->lo, hi = p->hi;
	int8_t *end = y + n;

#pragma GCC unroll 4
	for (; y != end; y++) {
		int32_t v = *a++ * mult_a + *b++ * mult_b;

		v = ((v + half - (v < zero)) >> shift) + zero_y;
		if (v < lo)
			v = lo;
		if (v > hi)
			v = hi;
		*y = (int8_t)v;
	}
}

static void mul_run(const struct imc_rt_binary *p, const int8_t *a,
		    const int8_t *b, int8_t *y, int32_t n)
{
	const struct imc_rt_scale scale = imc_rt_scale_of(p->mult_a, p->shift);
	const int32_t zero_a = p->zero_a, zero_b = p->zero_b;
	const int32_t zero_y = p->zero_y, lo = p->lo, hi = p->hi;
	const int32_t a_step = p->a_step[IMC_RT_MAX_DIM - 1];
	const int32_t b_step = p->b_step[IMC_RT_MAX_DIM - 1];
	int8_t *end = y + n;

	for (; y != end; y++, a += a_step, b += b_step)
		*y = (int8_t)imc_rt_scaled(
			&scale, (*a - zero_a) * (*b - zero_b), zero_y, lo, hi);
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Where element i lies. */
static int64_t place_of(int64_t i, int32_t ring)
{
	return ring ? i % ring : i;
}

/* How many of n elements, from place `at` on by `step`, lie before the end of
 * the ring. */
static int64_t before_end(int64_t at, int32_t step, int32_t ring, int64_t n)
{
	if (!ring || !step)
		return n;
	return least((ring - at + step - 1) / step, n);
}

/* Elements i .. i + n of y, which lie in one run of the innermost axis; or
 * fewer, as far as no ring ends. Gives how many. */
static int64_t binary_run(const struct binary_work *w, int64_t i, int64_t n)
{
	const struct imc_rt_binary *p = w->p;
	const int last = IMC_RT_MAX_DIM - 1;
	int32_t a_step = p->a_step[last], b_step = p->b_step[last];
	int64_t rest = i / p->dim[last], j = i % p->dim[last];
	int64_t a = j * a_step, b = j * b_step, y = place_of(i, p->y_ring);

	for (int d = last - 1; d >= 0; d--) {
		a += rest % p->dim[d] * p->a_step[d];
		b += rest % p->dim[d] * p->b_step[d];
		rest /= p->dim[d];
	}
	a = place_of(a, p->a_ring);
	b = place_of(b, p->b_ring);
	n = before_end(y, 1, p->y_ring, n);
	n = before_end(a, a_step, p->a_ring, n);
	n = before_end(b, b_step, p->b_ring, n);
	w->run(p, w->a + a, w->b + b, w->y + y, (int32_t)n);
	return n;
}

static void binary_part(void *arg, int32_t core, int32_t n_core)
{
	const struct binary_work *w = arg;
	const int64_t inner = w->p->dim[IMC_RT_MAX_DIM - 1];
	struct imc_rt_range r = imc_rt_share(w->count, core, n_core);
	int64_t i = w->first + r.first, all = w->first + r.end;

	while (i < all)
		i += binary_run(w, i, least(inner - i % inner, all - i));
}

int imc_rt_add(struct imc_hal *hal, const struct imc_rt_binary *p,
	       const int8_t *a, const int8_t *b, int8_t *y, int32_t row,
	       int32_t n_row)
{
	const int last = IMC_RT_MAX_DIM - 1;
	int near = is_near(p) && p->a_step[last] == 1 && p->b_step[last] == 1;
	struct binary_work w = {p,
				a,
				b,
				y,
				near ? add_near : add_far,
				(int64_t)row * p->row_size,
				(int64_t)n_row * p->row_size};

	imc_hal_fork(hal, binary_part, &w);
	return IMC_RT_OK;
}

int imc_rt_mul(struct imc_hal *hal, const struct imc_rt_binary *p,
	       const int8_t *a, const int8_t *b, int8_t *y, int32_t row,
	       int32_t n_row)
{
	struct binary_work w = {p,
				a,
				b,
				y,
				mul_run,
				(int64_t)row * p->row_size,
				(int64_t)n_row * p->row_size};

	imc_hal_fork(hal, binary_part, &w);
	return IMC_RT_OK;
}

/* Elements first .. first + count of x and y, or rows. */
struct unary_work {
	const void *p, *table;
	const int8_t *x;
	int8_t *y;
	int32_t x_ring, y_ring;
	int64_t first, count;
};

/* Elements i .. end, or fewer, as far as no ring ends. Gives how many, and
 * where they lie. */
static int64_t unary_run(const struct unary_work *w, int64_t i, int64_t end,
			 const int8_t **x, int8_t **y)
{
	int64_t from = place_of(i, w->x_ring), to = place_of(i, w->y_ring);

	*x = w->x + from;
	*y = w->y + to;
	return before_end(from, 1, w->x_ring,
			  before_end(to, 1, w->y_ring, end - i));
}

static void rescale_part(void *arg, int32_t core, int32_t n_core)
{
	const struct unary_work *w = arg;
	const struct imc_rt_rescaling *p = w->p;
	const struct imc_rt_scale scale = imc_rt_scale_of(p->mult, p->shift);
	const int32_t zero_x = p->zero_x;
	const int32_t zero_y = p->zero_y, lo = p->lo, hi = p->hi;
	struct imc_rt_range r = imc_rt_share(w->count, core, n_core);
	int64_t i = w->first + r.first, end = w->first + r.end, n;
	const int8_t *x;
	int8_t *y;

	for (; i < end; i += n) {
		n = unary_run(w, i, end, &x, &y);
		for (int8_t *last = y + n; y != last; y++)
			*y = (int8_t)imc_rt_scaled(&scale, *x++ - zero_x,
						   zero_y, lo, hi);
	}
}

int imc_rt_rescale_i8(struct imc_hal *hal, const struct imc_rt_rescaling *p,
		      const int8_t *x, int8_t *y, int32_t row, int32_t n_row)
{
	struct unary_work w = {.p = p,
			       .x = x,
			       .y = y,
			       .x_ring = p->x_ring,
			       .y_ring = p->y_ring,
			       .first = (int64_t)row * p->row_size,
			       .count = (int64_t)n_row * p->row_size};

	imc_hal_fork(hal, rescale_part, &w);
	return IMC_RT_OK;
}

static void lut_part(void *arg, int32_t core, int32_t n_core)
{
	const struct unary_work *w = arg;
	const int8_t *table = w->table, *x;
	struct imc_rt_range r = imc_rt_share(w->count, core, n_core);
	int64_t i = w->first + r.first, end = w->first + r.end, n;
	int8_t *y;

	for (; i < end; i += n) {
		n = unary_run(w, i, end, &x, &y);
#pragma GCC unroll 4
		for (int8_t *last = y + n; y != last; y++)
			*y = table[*x++ + 128];
	}
}

int imc_rt_lut(struct imc_hal *hal, const struct imc_rt_lut *p,
	       const void *constants, const int8_t *x, int8_t *y, int32_t row,
	       int32_t n_row)
{
	struct unary_work w = {.table = imc_rt_i8(constants, p->table),
			       .x = x,
			       .y = y,
			       .x_ring = p->x_ring,
			       .y_ring = p->y_ring,
			       .first = (int64_t)row * p->row_size,
			       .count = (int64_t)n_row * p->row_size};

	imc_hal_fork(hal, lut_part, &w);
	return IMC_RT_OK;
}

static void softmax_row(const struct imc_rt_softmax *p, const int32_t *table,
			const int8_t *x, int8_t *y)
{
	int32_t max = x[0];
	int64_t sum = 0;

	for (int32_t i = 1; i < p->cols; i++)
		max = x[i] > max ? x[i] : max;
	for (int32_t i = 0; i < p->cols; i++)
		sum += table[max - x[i]];
	for (int32_t i = 0; i < p->cols; i++) {
		int64_t e = 256 * (int64_t)table[max - x[i]];

		y[i] = (int8_t)imc_rt_clamp((e + sum / 2) / sum + p->zero_y,
					    p->lo, p->hi);
	}
}

static void softmax_part(void *arg, int32_t core, int32_t n_core)
{
	const struct unary_work *w = arg;
	const struct imc_rt_softmax *p = w->p;
	struct imc_rt_range r = imc_rt_share(w->count, core, n_core);

	for (int64_t i = w->first + r.first; i < w->first + r.end; i++)
		softmax_row(p, w->table, w->x + i * p->cols,
			    w->y + i * p->cols);
}

int imc_rt_softmax(struct imc_hal *hal, const struct imc_rt_softmax *p,
		   const void *constants, const int8_t *x, int8_t *y,
		   int32_t row, int32_t n_row)
{
	struct unary_work w = {.p = p,
			       .table = imc_rt_i32(constants, p->table),
			       .x = x,
			       .y = y,
			       .first = row,
			       .count = n_row};

	imc_hal_fork(hal, softmax_part, &w);
	return IMC_RT_OK;
}
