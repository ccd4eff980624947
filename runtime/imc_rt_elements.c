/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_rt.h"
#include "imc_rt_num.h"
#include "imc_rt_share.h"

struct binary_work {
	const struct imc_rt_binary *p;
	const int8_t *a, *b;
	int8_t *y;
	int8_t (*fn)(const struct imc_rt_binary *p, int8_t a, int8_t b);
	int64_t first, count;
};

static int8_t add_one(const struct imc_rt_binary *p, int8_t a, int8_t b)
{
	int64_t sum = (int64_t)(a - p->zero_a) * p->mult_a +
		      (int64_t)(b - p->zero_b) * p->mult_b;

	return (int8_t)imc_rt_requant(sum, 1, p->shift, p->zero_y, p->lo,
				      p->hi);
}

static int8_t mul_one(const struct imc_rt_binary *p, int8_t a, int8_t b)
{
	int32_t product = (a - p->zero_a) * (b - p->zero_b);

	return (int8_t)imc_rt_requant(product, p->mult_a, p->shift, p->zero_y,
				      p->lo, p->hi);
}

/* Elements i .. end of y, which lie in one run of the innermost axis. */
static void binary_run(const struct binary_work *w, int64_t i, int64_t end)
{
	const struct imc_rt_binary *p = w->p;
	const int last = IMC_RT_MAX_DIM - 1;
	int64_t rest = i / p->dim[last], j = i % p->dim[last];
	int64_t a = j * p->a_step[last], b = j * p->b_step[last];

	for (int d = last - 1; d >= 0; d--) {
		a += rest % p->dim[d] * p->a_step[d];
		b += rest % p->dim[d] * p->b_step[d];
		rest /= p->dim[d];
	}
	for (; i < end; i++) {
		w->y[i] = w->fn(p, w->a[a], w->b[b]);
		a += p->a_step[last];
		b += p->b_step[last];
	}
}

static void binary_part(void *arg, int32_t core, int32_t n_core)
{
	const struct binary_work *w = arg;
	const int64_t inner = w->p->dim[IMC_RT_MAX_DIM - 1];
	struct imc_rt_range r = imc_rt_share(w->count, core, n_core);
	int64_t i = w->first + r.first, all = w->first + r.end, end;

	for (; i < all; i = end) {
		end = (i / inner + 1) * inner;
		end = end < all ? end : all;
		binary_run(w, i, end);
	}
}

static int32_t count_of(const struct imc_rt_binary *p)
{
	int32_t n = 1;

	for (int d = 0; d < IMC_RT_MAX_DIM; d++)
		n *= p->dim[d];
	return n;
}

int imc_rt_add_part(struct imc_hal *hal, const struct imc_rt_binary *p,
		    const int8_t *a, const int8_t *b, int8_t *y, int32_t first,
		    int32_t count)
{
	struct binary_work w = {p, a, b, y, add_one, first, count};

	imc_hal_fork(hal, binary_part, &w);
	return IMC_RT_OK;
}

int imc_rt_add(struct imc_hal *hal, const struct imc_rt_binary *p,
	       const int8_t *a, const int8_t *b, int8_t *y)
{
	return imc_rt_add_part(hal, p, a, b, y, 0, count_of(p));
}

int imc_rt_mul_part(struct imc_hal *hal, const struct imc_rt_binary *p,
		    const int8_t *a, const int8_t *b, int8_t *y, int32_t first,
		    int32_t count)
{
	struct binary_work w = {p, a, b, y, mul_one, first, count};

	imc_hal_fork(hal, binary_part, &w);
	return IMC_RT_OK;
}

int imc_rt_mul(struct imc_hal *hal, const struct imc_rt_binary *p,
	       const int8_t *a, const int8_t *b, int8_t *y)
{
	return imc_rt_mul_part(hal, p, a, b, y, 0, count_of(p));
}

/* n elements (or rows) of x and y. */
struct unary_work {
	const void *p;
	const int8_t *x;
	int8_t *y;
	int64_t n;
};

static void rescale_part(void *arg, int32_t core, int32_t n_core)
{
	const struct unary_work *w = arg;
	const struct imc_rt_rescaling *p = w->p;
	struct imc_rt_range r = imc_rt_share(w->n, core, n_core);

	for (int64_t i = r.first; i < r.end; i++)
		w->y[i] = (int8_t)imc_rt_requant(w->x[i] - p->zero_x, p->mult,
						 p->shift, p->zero_y, p->lo,
						 p->hi);
}

int imc_rt_rescale_i8_part(struct imc_hal *hal,
			   const struct imc_rt_rescaling *p, const int8_t *x,
			   int8_t *y, int32_t first, int32_t count)
{
	struct unary_work w = {p, x + first, y + first, count};

	imc_hal_fork(hal, rescale_part, &w);
	return IMC_RT_OK;
}

int imc_rt_rescale_i8(struct imc_hal *hal, const struct imc_rt_rescaling *p,
		      const int8_t *x, int8_t *y)
{
	return imc_rt_rescale_i8_part(hal, p, x, y, 0, p->count);
}

static void lut_part(void *arg, int32_t core, int32_t n_core)
{
	const struct unary_work *w = arg;
	const struct imc_rt_lut *p = w->p;
	struct imc_rt_range r = imc_rt_share(w->n, core, n_core);

	for (int64_t i = r.first; i < r.end; i++)
		w->y[i] = p->table[w->x[i] + 128];
}

int imc_rt_lut_part(struct imc_hal *hal, const struct imc_rt_lut *p,
		    const int8_t *x, int8_t *y, int32_t first, int32_t count)
{
	struct unary_work w = {p, x + first, y + first, count};

	imc_hal_fork(hal, lut_part, &w);
	return IMC_RT_OK;
}

int imc_rt_lut(struct imc_hal *hal, const struct imc_rt_lut *p, const int8_t *x,
	       int8_t *y)
{
	return imc_rt_lut_part(hal, p, x, y, 0, p->count);
}

static void softmax_row(const struct imc_rt_softmax *p, const int8_t *x,
			int8_t *y)
{
	int32_t max = x[0];
	int64_t sum = 0;

	for (int32_t i = 1; i < p->cols; i++)
		max = x[i] > max ? x[i] : max;
	for (int32_t i = 0; i < p->cols; i++)
		sum += p->table[max - x[i]];
	for (int32_t i = 0; i < p->cols; i++) {
		int64_t e = 256 * (int64_t)p->table[max - x[i]];

		y[i] = (int8_t)imc_rt_clamp((e + sum / 2) / sum + p->zero_y,
					    p->lo, p->hi);
	}
}

static void softmax_part(void *arg, int32_t core, int32_t n_core)
{
	const struct unary_work *w = arg;
	const struct imc_rt_softmax *p = w->p;
	struct imc_rt_range r = imc_rt_share(w->n, core, n_core);

	for (int64_t i = r.first; i < r.end; i++)
		softmax_row(p, w->x + i * p->cols, w->y + i * p->cols);
}

int imc_rt_softmax(struct imc_hal *hal, const struct imc_rt_softmax *p,
		   const int8_t *x, int8_t *y)
{
	struct unary_work w = {p, x, y, p->rows};

	imc_hal_fork(hal, softmax_part, &w);
	return IMC_RT_OK;
}
