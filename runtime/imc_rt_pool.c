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
};

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
	return at;
}

static const int8_t *tap(const struct imc_hal_window *w, const struct place *at,
			 int64_t ky, int64_t kx)
{
	int64_t row = imc_rt_line(at->y0 + (int32_t)ky * w->dilation_h,
				  w->in_lines, w->in_h);

	return at->x + (row * w->in_w + at->x0 + kx * w->dilation_w) * w->in_c;
}

static int8_t largest(const struct pool_work *p, const struct place *at,
		      int32_t c)
{
	int8_t max = -128;

	for (int64_t ky = at->rows.first; ky < at->rows.end; ky++)
		for (int64_t kx = at->cols.first; kx < at->cols.end; kx++) {
			int8_t v = tap(p->w, at, ky, kx)[c];

			max = v > max ? v : max;
		}
	return max;
}

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

static int8_t average(const struct pool_work *w, const struct place *at,
		      int32_t c)
{
	const struct imc_rt_average_pool *p = w->average;
	int32_t mult = w->mult[window_count(p, at) - p->count_min];
	int64_t sum = 0;

	for (int64_t ky = at->rows.first; ky < at->rows.end; ky++)
		for (int64_t kx = at->cols.first; kx < at->cols.end; kx++)
			sum += tap(w->w, at, ky, kx)[c] - p->zero_x;
	return (int8_t)imc_rt_requant(sum, mult, p->shift, p->zero_y, p->lo,
				      p->hi);
}

static void pool_part(void *arg, int32_t core, int32_t n_core)
{
	const struct pool_work *p = arg;
	const struct imc_hal_window *w = p->w;
	struct imc_rt_range r = imc_rt_share(p->n_row * w->out_w, core, n_core);

	for (int64_t i = r.first; i < r.end; i++) {
		int64_t oy = p->row + i / w->out_w;
		int32_t ox = (int32_t)(i % w->out_w);
		int64_t line = imc_rt_line_of(oy, w->out_lines, w->out_h);
		int8_t *y = p->y + (line * w->out_w + ox) * w->out_c;
		struct place at = place_of(p, oy, ox);

		for (int32_t c = 0; c < w->out_c; c++)
			y[c] = p->average ? average(p, &at, c)
					  : largest(p, &at, c);
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
