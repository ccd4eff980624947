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

/* Channel k of the window at (oy, ox). */
static int32_t depthwise_point(const struct imc_hal_depthwise *p,
			       const int8_t *src, int32_t oy, int32_t ox,
			       int32_t k)
{
	const struct imc_hal_window *w = p->window;
	int32_t y0 = oy * w->stride_h - w->pad_top;
	int32_t x0 = ox * w->stride_w - w->pad_left;
	int32_t c = k / (w->out_c / w->in_c), sum = p->bias[k];
	struct imc_rt_range rows =
		imc_rt_taps(y0, w->kernel_h, w->dilation_h, w->in_h);
	struct imc_rt_range cols =
		imc_rt_taps(x0, w->kernel_w, w->dilation_w, w->in_w);

	for (int32_t ky = (int32_t)rows.first; ky < rows.end; ky++)
		for (int64_t kx = cols.first; kx < cols.end; kx++) {
			int64_t y = imc_rt_line(y0 + ky * w->dilation_h,
						w->in_lines, w->in_h);
			int64_t x = x0 + kx * w->dilation_w;
			int64_t tap =
				((int64_t)k * w->kernel_h + ky) * w->kernel_w +
				kx;

			sum += (src[(y * w->in_w + x) * w->in_c + c] -
				p->zero_x) *
			       p->weights[tap];
		}
	return sum;
}

/* The share of a core: output pixels. */
static void run_part(void *arg, int32_t core, int32_t n_core)
{
	const struct imc_model_depthwise *d = arg;
	const struct imc_hal_depthwise *p = d->p;
	const struct imc_hal_window *w = p->window;
	struct imc_rt_range r =
		imc_rt_share((int64_t)d->n_row * w->out_w, core, n_core);

	for (int64_t i = r.first; i < r.end; i++) {
		int32_t y = d->row + (int32_t)(i / w->out_w);
		int32_t x = (int32_t)(i % w->out_w);
		int64_t line = imc_rt_line(y, w->out_lines, w->out_h);
		int8_t *to = d->dst + (line * w->out_w + x) * w->out_c;

		for (int32_t k = 0; k < w->out_c; k++)
			to[k] = (int8_t)imc_rt_requant(
				depthwise_point(p, d->src, y, x, k), 1,
				p->shift[k], p->zero_y, p->lo, p->hi);
	}
}

void imc_model_depthwise_run(struct imc_hal *hal,
			     const struct imc_model_depthwise *d)
{
	struct imc_model_depthwise work = *d;

	imc_hal_fork(hal, run_part, &work);
}
