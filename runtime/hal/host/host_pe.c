/* SPDX-License-Identifier: Apache-2.0 */
#include "host_models.h"
#include "imc_rt.h"
#include "imc_rt_num.h"
#include "imc_rt_share.h"

static int check(const struct imc_hal_pe *p, int32_t row, int32_t n_row)
{
	const struct imc_hal_window *w = p->window;

	if (row < 0 || n_row < 0 || n_row > w->out_h - row || p->group < 1 ||
	    w->in_c % p->group || w->out_c % p->group)
		return IMC_RT_E_DEVICE;
	return IMC_RT_OK;
}

/* The products of output channel k at input position (y, x), which is under
 * tap (ky, kx) of the kernel. */
static int32_t pass(const struct imc_hal_pe *p, const int8_t *src, int64_t y,
		    int64_t x, int64_t tap, int32_t k)
{
	const struct imc_hal_window *w = p->window;
	int32_t n = w->in_c / p->group;
	int32_t c0 = k / (w->out_c / p->group) * n, sum = 0;
	const int8_t *at = src + (y * w->in_w + x) * w->in_c + c0;
	const int8_t *weight =
		p->weights + (k * (int64_t)w->kernel_h * w->kernel_w + tap) * n;

	for (int32_t c = 0; c < n; c++)
		sum += (at[c] - p->zero_x) * weight[c];
	return sum;
}

/* Channel k of the window at (oy, ox). */
static int32_t element(const struct imc_hal_pe *p, const int8_t *src,
		       int32_t oy, int32_t ox, int32_t k)
{
	const struct imc_hal_window *w = p->window;
	int32_t y0 = oy * w->stride_h - w->pad_top, sum = p->bias[k];
	int32_t x0 = ox * w->stride_w - w->pad_left;
	struct imc_rt_range rows =
		imc_rt_taps(y0, w->kernel_h, w->dilation_h, w->in_h);
	struct imc_rt_range cols =
		imc_rt_taps(x0, w->kernel_w, w->dilation_w, w->in_w);

	for (int64_t ky = rows.first; ky < rows.end; ky++)
		for (int64_t kx = cols.first; kx < cols.end; kx++)
			sum += pass(p, src, y0 + ky * w->dilation_h,
				    x0 + kx * w->dilation_w,
				    ky * w->kernel_w + kx, k);
	return sum;
}

static void run(const struct imc_hal_pe *p, const int8_t *src, int8_t *dst,
		int32_t row, int32_t n_row)
{
	const struct imc_hal_window *w = p->window;

	for (int32_t y = row; y < row + n_row; y++)
		for (int32_t x = 0; x < w->out_w; x++)
			for (int32_t k = 0; k < w->out_c; k++)
				*dst++ = (int8_t)imc_rt_requant(
					element(p, src, y, x, k), p->mult[k],
					p->shift[k], p->zero_y, p->lo, p->hi);
}

/* What was found good when it started may have been changed since. */
void imc_host_pe_finish(struct imc_hal *hal)
{
	struct imc_hal_host_late *work = &hal->work;
	int status = IMC_RT_OK;

	if (work->pe)
		status = check(work->pe, work->pe_row, work->pe_n_row);
	if (work->pe && !status)
		run(work->pe, work->pe_src, work->pe_dst, work->pe_row,
		    work->pe_n_row);
	work->pe = 0;
	if (!work->status)
		work->status = status;
}

/* The array has a port of its own. */
int imc_hal_pe_start(struct imc_hal *hal, const struct imc_hal_pe *p,
		     const int8_t *src, int8_t *dst, int32_t row, int32_t n_row)
{
	struct imc_hal_host_late *work = &hal->work;
	int status = check(p, row, n_row);

	if (status) {
		imc_hal_wait(hal);
		return status;
	}
	imc_host_pe_finish(hal);
	work->pe = p;
	work->pe_src = src;
	work->pe_dst = dst;
	work->pe_row = row;
	work->pe_n_row = n_row;
	if (!hal->late)
		imc_host_pe_finish(hal);
	return IMC_RT_OK;
}
