/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_models.h"
#include "imc_rt.h"
#include "imc_rt_num.h"
#include "imc_rt_share.h"

int imc_model_pe_check(const struct imc_model_pe *e)
{
	const struct imc_hal_pe *p = e->p;
	const struct imc_hal_window *w = p->window;

	if (e->row < 0 || e->n_row < 0 || e->n_row > w->out_h - e->row ||
	    e->chan < 0 || e->n_chan < 0 || e->n_chan > w->out_c - e->chan ||
	    p->group < 1 || w->in_c % p->group || w->out_c % p->group)
		return IMC_RT_E_DEVICE;
	return IMC_RT_OK;
}

/* The products of an output channel, `weights` from channel c0 of the input
 * on, at input position (y, x). */
static int32_t pass(const struct imc_hal_pe *p, const int8_t *src, int64_t y,
		    int64_t x, const int8_t *weight, int32_t c0)
{
	const struct imc_hal_window *w = p->window;
	int32_t n = w->in_c / p->group, sum = 0;
	const int8_t *at = src + (y * w->in_w + x) * w->in_c + c0;

	for (int32_t c = 0; c < n; c++)
		sum += (at[c] - p->zero_x) * weight[c];
	return sum;
}

/* The k-th channel from chan on of the window at (oy, ox). */
static int32_t element(const struct imc_hal_pe *p, const int8_t *src,
		       int32_t oy, int32_t ox, int32_t chan, int32_t k)
{
	const struct imc_hal_window *w = p->window;
	int32_t n = w->in_c / p->group, taps = w->kernel_h * w->kernel_w;
	int32_t c0 = (chan + k) / (w->out_c / p->group) * n;
	const int8_t *weights = p->weights + (int64_t)k * taps * n;
	int32_t y0 = oy * w->stride_h - w->pad_top, sum = p->bias[k];
	int32_t x0 = ox * w->stride_w - w->pad_left;
	struct imc_rt_range rows =
		imc_rt_taps(y0, w->kernel_h, w->dilation_h, w->in_h);
	struct imc_rt_range cols =
		imc_rt_taps(x0, w->kernel_w, w->dilation_w, w->in_w);

	for (int32_t ky = (int32_t)rows.first; ky < rows.end; ky++)
		for (int64_t kx = cols.first; kx < cols.end; kx++)
			sum += pass(p, src,
				    imc_rt_line(y0 + ky * w->dilation_h,
						w->in_lines, w->in_h),
				    x0 + kx * w->dilation_w,
				    weights + (ky * w->kernel_w + kx) * n, c0);
	return sum;
}

/* The share of a core: elements, channel by channel of pixel by pixel. */
static void run_part(void *arg, int32_t core, int32_t n_core)
{
	const struct imc_model_pe *e = arg;
	const struct imc_hal_pe *p = e->p;
	const struct imc_hal_window *w = p->window;
	int64_t line = (int64_t)w->out_w * e->n_chan;
	struct imc_rt_range r = imc_rt_share(e->n_row * line, core, n_core);

	for (int64_t i = r.first; i < r.end; i++) {
		int32_t y = e->row + (int32_t)(i / line);
		int32_t x = (int32_t)(i % line / e->n_chan);
		int32_t k = (int32_t)(i % e->n_chan);
		int64_t at = imc_rt_line(y, w->out_lines, w->out_h);

		at = (at * w->out_w + x) * w->out_c + e->chan + k;
		e->dst[at] = (int8_t)imc_rt_requant(
			element(p, e->src, y, x, e->chan, k), p->mult[k],
			p->shift[k], p->zero_y, p->lo, p->hi);
	}
}

void imc_model_pe_run(struct imc_hal *hal, const struct imc_model_pe *e)
{
	struct imc_model_pe work = *e;

	imc_hal_fork(hal, run_part, &work);
}
