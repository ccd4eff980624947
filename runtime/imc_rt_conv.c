/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_rt.h"
#include "imc_rt_num.h"
#include "imc_rt_share.h"

struct conv_work {
	const struct imc_rt_conv *p;
	const int8_t *x;
	int8_t *y;
	int64_t row, n_row; /* output rows, counted over the images */
};

static int32_t dot(const int8_t *x, const int8_t *w, int32_t n, int32_t zero)
{
	int32_t sum = 0;

	for (int32_t i = 0; i < n; i++)
		sum += (x[i] - zero) * w[i];
	return sum;
}

/* Output channel k of the window at output pixel `pixel` (over n, h, w). */
static int8_t conv_point(const struct conv_work *c, int64_t pixel, int32_t k)
{
	const struct imc_rt_conv *p = c->p;
	const struct imc_hal_window *v = &p->window;
	int32_t per = v->in_c / p->group;
	int32_t c0 = k / (v->out_c / p->group) * per;
	int32_t ox = (int32_t)(pixel % v->out_w);
	int32_t oy = (int32_t)(pixel / v->out_w % v->out_h);
	int64_t batch = pixel / v->out_w / v->out_h;
	int32_t y0 = oy * v->stride_h - v->pad_top;
	int32_t x0 = ox * v->stride_w - v->pad_left;
	struct imc_rt_range rows =
		imc_rt_taps(y0, v->kernel_h, v->dilation_h, v->in_h);
	struct imc_rt_range cols =
		imc_rt_taps(x0, v->kernel_w, v->dilation_w, v->in_w);
	int64_t sum = p->bias[k];

	for (int64_t ky = rows.first; ky < rows.end; ky++)
		for (int64_t kx = cols.first; kx < cols.end; kx++) {
			int64_t line =
				batch * v->in_h + y0 + ky * v->dilation_h;
			int64_t at = line * v->in_w + x0 + kx * v->dilation_w;
			int64_t tap =
				((int64_t)k * v->kernel_h + ky) * v->kernel_w +
				kx;

			sum += dot(c->x + at * v->in_c + c0,
				   p->weights + tap * per, per, p->zero_x);
		}
	return (int8_t)imc_rt_requant(sum, p->mult[k], p->shift[k], p->zero_y,
				      p->lo, p->hi);
}

static void conv_part(void *arg, int32_t core, int32_t n_core)
{
	const struct conv_work *c = arg;
	const struct imc_hal_window *v = &c->p->window;
	int64_t line = (int64_t)v->out_w * v->out_c;
	struct imc_rt_range r = imc_rt_share(c->n_row * line, core, n_core);

	for (int64_t i = c->row * line + r.first; i < c->row * line + r.end;
	     i++)
		c->y[i] = conv_point(c, i / v->out_c, (int32_t)(i % v->out_c));
}

int imc_rt_conv_part(struct imc_hal *hal, const struct imc_rt_conv *p,
		     const int8_t *x, int8_t *y, int32_t row, int32_t n_row)
{
	struct conv_work c = {p, x, y, row, n_row};

	imc_hal_fork(hal, conv_part, &c);
	return IMC_RT_OK;
}

int imc_rt_conv(struct imc_hal *hal, const struct imc_rt_conv *p,
		const int8_t *x, int8_t *y)
{
	return imc_rt_conv_part(hal, p, x, y, 0, p->window.n * p->window.out_h);
}

int imc_rt_depthwise_start(struct imc_hal *hal, struct imc_hal_depthwise *job,
			   const struct imc_rt_depthwise *p, const int8_t *x,
			   int8_t *y, int32_t row, int32_t n_row)
{
	const struct imc_hal_window *w = &p->window;

	job->window = w;
	job->weights = p->weights;
	job->bias = p->bias;
	job->shift = p->shift;
	job->zero_x = p->zero_x;
	job->zero_y = p->zero_y;
	job->lo = p->lo;
	job->hi = p->hi;
	return imc_hal_depthwise_start(hal, job, x, y, row, n_row);
}

int imc_rt_depthwise(struct imc_hal *hal, const struct imc_rt_depthwise *p,
		     const int8_t *x, int8_t *y)
{
	const struct imc_hal_window *w = &p->window;
	int64_t in = (int64_t)w->in_h * w->in_w * w->in_c;
	int64_t out = (int64_t)w->out_h * w->out_w * w->out_c;
	struct imc_hal_depthwise job;
	int status = IMC_RT_OK;

	for (int32_t n = 0; n < w->n && !status; n++) {
		status = imc_rt_depthwise_start(hal, &job, p, x + n * in,
						y + n * out, 0, w->out_h);
		if (!status)
			status = imc_hal_wait(hal, IMC_HAL_PORT);
	}
	return status;
}
