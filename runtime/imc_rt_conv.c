/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_rt.h"
#include "imc_rt_num.h"
#include "imc_rt_share.h"

struct conv_work {
	const struct imc_rt_conv *p;
	const int8_t *weights; /* these and the tables: from channel chan on */
	const int32_t *bias, *mult, *shift;
	const int8_t *x;
	int8_t *y;
	int64_t row, n_row; /* output rows, counted over the images */
	int32_t chan, n_chan;
};

static int32_t dot(const int8_t *x, const int8_t *w, int32_t n, int32_t zero)
{
	int32_t sum = 0;

	for (int32_t i = 0; i < n; i++)
		sum += (x[i] - zero) * w[i];
	return sum;
}

/* The k-th channel from chan on of the window at column ox of row oy, which is
 * counted over the images. */
static int8_t conv_point(const struct conv_work *c, int64_t oy, int32_t ox,
			 int32_t k)
{
	const struct imc_rt_conv *p = c->p;
	const struct imc_hal_window *v = &p->window;
	int32_t per = v->in_c / p->group;
	int32_t c0 = (c->chan + k) / (v->out_c / p->group) * per;
	int32_t y0 = (int32_t)(oy % v->out_h) * v->stride_h - v->pad_top;
	int32_t x0 = ox * v->stride_w - v->pad_left;
	struct imc_rt_range rows =
		imc_rt_taps(y0, v->kernel_h, v->dilation_h, v->in_h);
	struct imc_rt_range cols =
		imc_rt_taps(x0, v->kernel_w, v->dilation_w, v->in_w);
	const int8_t *x = c->x + oy / v->out_h * imc_rt_in_size(v) + c0;
	int64_t sum = c->bias[k];

	for (int32_t ky = (int32_t)rows.first; ky < rows.end; ky++) {
		int64_t line = imc_rt_line(y0 + ky * v->dilation_h, v->in_lines,
					   v->in_h);

		for (int64_t kx = cols.first; kx < cols.end; kx++) {
			int64_t at = line * v->in_w + x0 + kx * v->dilation_w;
			int64_t tap =
				((int64_t)k * v->kernel_h + ky) * v->kernel_w +
				kx;

			sum += dot(x + at * v->in_c, c->weights + tap * per,
				   per, p->zero_x);
		}
	}
	return (int8_t)imc_rt_requant(sum, c->mult[k], c->shift[k], p->zero_y,
				      p->lo, p->hi);
}

static void conv_part(void *arg, int32_t core, int32_t n_core)
{
	const struct conv_work *c = arg;
	const struct imc_hal_window *v = &c->p->window;
	struct imc_rt_range r = imc_rt_share(c->n_row * v->out_w, core, n_core);

	for (int64_t i = r.first; i < r.end; i++) {
		int64_t oy = c->row + i / v->out_w;
		int32_t ox = (int32_t)(i % v->out_w);
		int64_t line = imc_rt_line_of(oy, v->out_lines, v->out_h);
		int8_t *y = c->y + (line * v->out_w + ox) * v->out_c + c->chan;

		for (int32_t k = 0; k < c->n_chan; k++)
			y[k] = conv_point(c, oy, ox, k);
	}
}

int imc_rt_conv(struct imc_hal *hal, const struct imc_rt_conv *p,
		const void *constants, const int8_t *x, int8_t *y, int32_t row,
		int32_t n_row, int32_t chan, int32_t n_chan)
{
	struct conv_work c = {.p = p,
			      .weights = imc_rt_i8(constants, p->weights),
			      .bias = imc_rt_i32(constants, p->bias),
			      .mult = imc_rt_i32(constants, p->mult),
			      .shift = imc_rt_i32(constants, p->shift),
			      .x = x,
			      .y = y,
			      .row = row,
			      .n_row = n_row,
			      .chan = chan,
			      .n_chan = n_chan};

	imc_hal_fork(hal, conv_part, &c);
	return IMC_RT_OK;
}

int imc_rt_depthwise_start(struct imc_hal *hal, struct imc_hal_depthwise *job,
			   const struct imc_rt_depthwise *p,
			   const void *constants, const int8_t *x, int8_t *y,
			   int32_t row, int32_t n_row)
{
	job->window = &p->window;
	job->weights = imc_rt_i8(constants, p->weights);
	job->bias = imc_rt_i32(constants, p->bias);
	job->shift = imc_rt_i32(constants, p->shift);
	job->zero_x = p->zero_x;
	job->zero_y = p->zero_y;
	job->lo = p->lo;
	job->hi = p->hi;
	return imc_hal_depthwise_start(hal, job, x, y, row, n_row);
}

int imc_rt_depthwise(struct imc_hal *hal, const struct imc_rt_depthwise *p,
		     const void *constants, const int8_t *x, int8_t *y,
		     int32_t row, int32_t n_row)
{
	const struct imc_hal_window *w = &p->window;
	struct imc_hal_depthwise job;
	int status = IMC_RT_OK;

	while (n_row > 0 && !status) {
		struct imc_rt_rows r = imc_rt_first_image(row, n_row, w->out_h);

		status = imc_rt_depthwise_start(
			hal, &job, p, constants,
			x + r.image * imc_rt_in_size(w),
			y + r.image * imc_rt_out_size(w), r.row, r.n_row);
		if (!status)
			status = imc_hal_wait(hal, IMC_HAL_PORT);
		row += r.n_row;
		n_row -= r.n_row;
	}
	return status;
}
