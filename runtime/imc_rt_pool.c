/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_rt.h"
#include "imc_rt_num.h"
#include "imc_rt_share.h"

struct pool_work {
	const struct imc_hal_window *w;
	const struct imc_rt_average_pool *average; /* NULL: max */
	const int32_t *mult;			   /* of average */
	const int8_t *x;
	int8_t *y;
	int64_t row, n_row; /* output rows, counted over the images */
};

/* A window of one output pixel: where it starts, which taps are inside. */
struct place {
	const int8_t *x; /* the tensor of this batch */
	int32_t y0, x0;
	struct imc_rt_range rows, cols;
	struct imc_rt_scale scale; /* average: of so many taps */
	int32_t zeros;		   /* what they hold of zero_x */
};

/* Elements of a window axis inside the input and its padding. */
static int64_t padded_taps(int32_t at, int32_t kernel, int32_t dilation,
			   int32_t end)
{
	int64_t n = 0;

	for (int32_t i = 0; i < kernel; i++)
		n += at + (int64_t)i * dilation < end;
	return n;
}

static int64_t window_count(const struct imc_rt_average_pool *p,
			    const struct place *at)
{
	const struct imc_hal_window *w = &p->window;

	if (!p->count_pad)
		return (at->rows.end - at->rows.first) *
		       (at->cols.end - at->cols.first);
	return padded_taps(at->y0, w->kernel_h, w->dilation_h,
			   w->in_h + w->pad_bottom) *
	       padded_taps(at->x0, w->kernel_w, w->dilation_w,
			   w->in_w + w->pad_right);
}

/* At column ox of row oy, which is counted over the images. */
static struct place place_of(const struct pool_work *p, int64_t oy, int32_t ox)
{
	const struct imc_hal_window *w = p->w;
	struct place at = {
		.x = p->x + oy / w->out_h * imc_rt_in_size(w),
		.y0 = (int32_t)(oy % w->out_h) * w->stride_h - w->pad_top,
		.x0 = ox * w->stride_w - w->pad_left,
	};

	at.rows = imc_rt_taps(at.y0, w->kernel_h, w->dilation_h, w->in_h);
	at.cols = imc_rt_taps(at.x0, w->kernel_w, w->dilation_w, w->in_w);
	if (p->average) {
		at.scale =
			imc_rt_scale_of(p->mult[window_count(p->average, &at) -
						p->average->count_min],
					p->average->shift);
		at.zeros = (int32_t)((at.rows.end - at.rows.first) *
				     (at.cols.end - at.cols.first)) *
			   p->average->zero_x;
	}
	return at;
}

/* Channels that are worked on at once. */
#define AT_ONCE 4

/* The first tap of line ky of the window. */
static const int8_t *line_at(const struct imc_hal_window *w,
			     const struct place *at, int32_t ky)
{
	int32_t line =
		imc_rt_line(at->y0 + ky * w->dilation_h, w->in_lines, w->in_h);
	int32_t first = at->x0 + (int32_t)at->cols.first * w->dilation_w;

	return at->x + (line * w->in_w + first) * w->in_c;
}

/* The sums of 4 channels, from c on. */
static void add_up(const struct imc_hal_window *w, const struct place *at,
		   int32_t c, int32_t *sum)
{
	int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
	int32_t n = (int32_t)(at->cols.end - at->cols.first);
	int32_t step = w->dilation_w * w->in_c;

	for (int32_t ky = (int32_t)at->rows.first; ky < at->rows.end; ky++) {
		const int8_t *x = line_at(w, at, ky) + c;

		for (int32_t i = 0; i < n; i++, x += step) {
			s0 += x[0];
			s1 += x[1];
			s2 += x[2];
			s3 += x[3];
		}
	}
	sum[0] = s0;
	sum[1] = s1;
	sum[2] = s2;
	sum[3] = s3;
}

/* The largest of 4 channels, from c on. */
static void find_largest(const struct imc_hal_window *w, const struct place *at,
			 int32_t c, int32_t *max)
{
	int32_t m0 = -128, m1 = -128, m2 = -128, m3 = -128;
	int32_t n = (int32_t)(at->cols.end - at->cols.first);
	int32_t step = w->dilation_w * w->in_c;

	for (int32_t ky = (int32_t)at->rows.first; ky < at->rows.end; ky++) {
		const int8_t *x = line_at(w, at, ky) + c;

		for (int32_t i = 0; i < n; i++, x += step) {
			m0 = x[0] > m0 ? x[0] : m0;
			m1 = x[1] > m1 ? x[1] : m1;
			m2 = x[2] > m2 ? x[2] : m2;
			m3 = x[3] > m3 ? x[3] : m3;
		}
	}
	max[0] = m0;
	max[1] = m1;
	max[2] = m2;
	max[3] = m3;
}

/* The same, both, of one channel. */
static int32_t of_one(const struct pool_work *p, const struct place *at,
		      int32_t c)
{
	const struct imc_hal_window *w = p->w;
	int32_t sum = 0, max = -128;

	for (int32_t ky = (int32_t)at->rows.first; ky < at->rows.end; ky++) {
		const int8_t *x = line_at(w, at, ky) + c;

		for (int64_t i = at->cols.first; i < at->cols.end; i++) {
			sum += *x;
			max = *x > max ? *x : max;
			x += w->dilation_w * w->in_c;
		}
	}
	return p->average ? sum : max;
}

/* Up to 4 channels of a pixel, from c on. */
static void some_channels(const struct pool_work *p, const struct place *at,
			  int32_t c, int8_t *y)
{
	const struct imc_rt_average_pool *a = p->average;
	int32_t n = p->w->out_c - c < AT_ONCE ? p->w->out_c - c : AT_ONCE;
	int32_t v[AT_ONCE];

	if (n < AT_ONCE)
		for (int32_t i = 0; i < n; i++)
			v[i] = of_one(p, at, c + i);
	else
		(a ? add_up : find_largest)(p->w, at, c, v);
	for (int32_t i = 0; i < n; i++)
		y[i] = (int8_t)(a ? imc_rt_scaled(&at->scale, v[i] - at->zeros,
						  a->zero_y, a->lo, a->hi)
				  : v[i]);
}

/* Blocks of channels, of a pixel after another. */
static void pool_part(void *arg, int32_t core, int32_t n_core)
{
	const struct pool_work *p = arg;
	const struct imc_hal_window *w = p->w;
	int32_t blocks = (w->out_c + AT_ONCE - 1) / AT_ONCE;
	struct imc_rt_range r =
		imc_rt_share(p->n_row * w->out_w * blocks, core, n_core);
	int32_t i = (int32_t)r.first, block = i % blocks;
	int32_t ox = i / blocks % w->out_w;
	int32_t oy = (int32_t)p->row + i / blocks / w->out_w;

	while (i < r.end) {
		struct place at = place_of(p, oy, ox);
		int64_t line = imc_rt_line_of(oy, w->out_lines, w->out_h);
		int8_t *y = p->y + (line * w->out_w + ox) * w->out_c;

		for (; block < blocks && i < r.end; block++, i++)
			some_channels(p, &at, block * AT_ONCE,
				      y + block * AT_ONCE);
		block = 0;
		if (++ox == w->out_w) {
			ox = 0;
			oy++;
		}
	}
}

int imc_rt_max_pool(struct imc_hal *hal, const struct imc_hal_window *w,
		    const int8_t *x, int8_t *y, int32_t row, int32_t n_row)
{
	struct pool_work p = {
		.w = w, .x = x, .y = y, .row = row, .n_row = n_row};

	imc_hal_fork(hal, pool_part, &p);
	return IMC_RT_OK;
}

int imc_rt_average_pool(struct imc_hal *hal,
			const struct imc_rt_average_pool *p,
			const void *constants, const int8_t *x, int8_t *y,
			int32_t row, int32_t n_row)
{
	struct pool_work w = {.w = &p->window,
			      .average = p,
			      .mult = imc_rt_i32(constants, p->mult),
			      .x = x,
			      .y = y,
			      .row = row,
			      .n_row = n_row};

	imc_hal_fork(hal, pool_part, &w);
	return IMC_RT_OK;
}
