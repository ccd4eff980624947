/* SPDX-License-Identifier: Apache-2.0 */
#include "host_models.h"
#include "imc_rt.h"
#include "imc_rt_num.h"
#include "imc_rt_share.h"

/* Rows and channels of the output. */
struct part {
	int32_t row, n_row, chan, n_chan;
};

static int check(const struct imc_hal_pe *p, const struct part *r)
{
	const struct imc_hal_window *w = p->window;

	if (r->row < 0 || r->n_row < 0 || r->n_row > w->out_h - r->row ||
	    r->chan < 0 || r->n_chan < 0 || r->n_chan > w->out_c - r->chan ||
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

static void run(const struct imc_hal_pe *p, const int8_t *src, int8_t *dst,
		const struct part *r)
{
	const struct imc_hal_window *w = p->window;

	for (int32_t y = r->row; y < r->row + r->n_row; y++) {
		int64_t line = imc_rt_line(y, w->out_lines, w->out_h);

		for (int32_t x = 0; x < w->out_w; x++) {
			int8_t *to = dst + (line * w->out_w + x) * w->out_c +
				     r->chan;

			for (int32_t k = 0; k < r->n_chan; k++)
				to[k] = (int8_t)imc_rt_requant(
					element(p, src, y, x, r->chan, k),
					p->mult[k], p->shift[k], p->zero_y,
					p->lo, p->hi);
		}
	}
}

/* What was found good when it started may have been changed since. */
void imc_host_pe_finish(struct imc_hal *hal)
{
	struct imc_hal_host_late *work = &hal->work;
	const struct part part = {work->pe_row, work->pe_n_row, work->pe_chan,
				  work->pe_n_chan};
	int status = IMC_RT_OK;

	if (work->pe)
		status = check(work->pe, &part);
	if (work->pe && !status)
		run(work->pe, work->pe_src, work->pe_dst, &part);
	work->pe = 0;
	if (!work->status)
		work->status = status;
}

/* The array has a port of its own. */
int imc_hal_pe_start(struct imc_hal *hal, const struct imc_hal_pe *p,
		     const int8_t *src, int8_t *dst, int32_t row, int32_t n_row,
		     int32_t chan, int32_t n_chan)
{
	struct imc_hal_host_late *work = &hal->work;
	const struct part part = {row, n_row, chan, n_chan};
	int status = check(p, &part);

	if (status) {
		imc_hal_wait(hal, IMC_HAL_ALL);
		return status;
	}
	imc_host_pe_finish(hal);
	work->pe = p;
	work->pe_src = src;
	work->pe_dst = dst;
	work->pe_row = row;
	work->pe_n_row = n_row;
	work->pe_chan = chan;
	work->pe_n_chan = n_chan;
	if (!hal->late)
		imc_host_pe_finish(hal);
	return IMC_RT_OK;
}
