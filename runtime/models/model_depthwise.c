/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_models.h"
#include "imc_rt.h"
#include "imc_rt_num.h"
#include "imc_rt_share.h"

int imc_model_depthwise_check(const struct imc_model_depthwise *d)
{
	const struct imc_hal_window *w = d->p->window;

	if (d->row < 0 || d->n_row < 0 || d->n_row > w->out_h - d->row ||
	    w->in_c < 1 || w->out_c % w->in_c)
		return IMC_RT_E_DEVICE;
	return IMC_RT_OK;
}

#define AT_ONCE 64

/* A tap of the window for n channels from k0 on: at points to channel 0 of the
 * input, tap to that weight of channel k0, taps apart from those of others. */
static void add_tap(const struct imc_hal_depthwise *p, const int8_t *at,
		    const int8_t *tap, int32_t k0, int32_t n, int32_t *sum)
{
	const struct imc_hal_window *w = p->window;
	int32_t taps = w->kernel_h * w->kernel_w, each = w->out_c / w->in_c;

	if (each == 1)
		for (int32_t k = 0; k < n; k++)
			sum[k] += (at[k0 + k] - p->zero_x) * tap[k * taps];
	else
		for (int32_t k = 0; k < n; k++)
			sum[k] += (at[(k0 + k) / each] - p->zero_x) *
				  tap[k * taps];
}

/* Channels k0 .. k0 + n of the window at (oy, ox). */
static void add_window(const struct imc_model_depthwise *d, int32_t oy,
		       int32_t ox, int32_t k0, int32_t n, int32_t *sum)
{
	const struct imc_hal_window *w = d->p->window;
	int32_t y0 = oy * w->stride_h - w->pad_top;
	int32_t x0 = ox * w->stride_w - w->pad_left;
	struct imc_rt_range rows =
		imc_rt_taps(y0, w->kernel_h, w->dilation_h, w->in_h);
	struct imc_rt_range cols =
		imc_rt_taps(x0, w->kernel_w, w->dilation_w, w->in_w);
	const int8_t *weights =
		d->p->weights + (int64_t)k0 * w->kernel_h * w->kernel_w;

	for (int32_t ky = (int32_t)rows.first; ky < rows.end; ky++) {
		int64_t y = imc_rt_line(y0 + ky * w->dilation_h, w->in_lines,
					w->in_h);

		for (int64_t kx = cols.first; kx < cols.end; kx++) {
			int64_t x = x0 + kx * w->dilation_w;

			add_tap(d->p, d->src + (y * w->in_w + x) * w->in_c,
				weights + ky * w->kernel_w + kx, k0, n, sum);
		}
	}
}

static void run_pixel(const struct imc_model_depthwise *d, int32_t y, int32_t x)
{
	const struct imc_hal_depthwise *p = d->p;
	const struct imc_hal_window *w = p->window;
	int64_t line = imc_rt_line(y, w->out_lines, w->out_h);
	int8_t *to = d->dst + (line * w->out_w + x) * w->out_c;

	for (int32_t k0 = 0, n; k0 < w->out_c; k0 += n) {
		int32_t sum[AT_ONCE];

		n = w->out_c - k0 < AT_ONCE ? w->out_c - k0 : AT_ONCE;
		for (int32_t k = 0; k < n; k++)
			sum[k] = p->bias[k0 + k];
		add_window(d, y, x, k0, n, sum);
		for (int32_t k = 0; k < n; k++)
			to[k0 + k] = (int8_t)imc_rt_requant(
				sum[k], 1, p->shift[k0 + k], p->zero_y, p->lo,
				p->hi);
	}
}

/* The share of a core: output pixels. */
static void run_part(void *arg, int32_t core, int32_t n_core)
{
	const struct imc_model_depthwise *d = arg;
	int32_t out_w = d->p->window->out_w;
	struct imc_rt_range r =
		imc_rt_share((int64_t)d->n_row * out_w, core, n_core);

	for (int64_t i = r.first; i < r.end; i++)
		run_pixel(d, d->row + (int32_t)(i / out_w),
			  (int32_t)(i % out_w));
}

void imc_model_depthwise_run(struct imc_hal *hal,
			     const struct imc_model_depthwise *d)
{
	struct imc_model_depthwise work = *d;

	imc_hal_fork(hal, run_part, &work);
}
