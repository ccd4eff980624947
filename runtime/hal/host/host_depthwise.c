/* SPDX-License-Identifier: Apache-2.0 */
#include "host_models.h"
#include "imc_rt.h"
#include "imc_rt_num.h"
#include "imc_rt_share.h"

int imc_host_depthwise_check(const struct imc_hal_depthwise *p, int32_t row,
			     int32_t n_row)
{
	const struct imc_hal_window *w = p->window;

	if (row < 0 || n_row < 0 || n_row > w->out_h - row || w->in_c < 1 ||
	    w->out_c % w->in_c)
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

void imc_host_depthwise_run(const struct imc_hal_depthwise *p,
			    const int8_t *src, int8_t *dst, int32_t row,
			    int32_t n_row)
{
	const struct imc_hal_window *w = p->window;

	for (int32_t y = row; y < row + n_row; y++) {
		int64_t line = imc_rt_line(y, w->out_lines, w->out_h);
		int8_t *to = dst + line * w->out_w * w->out_c;

		for (int32_t x = 0; x < w->out_w; x++)
			for (int32_t k = 0; k < w->out_c; k++) {
				int32_t s = depthwise_point(p, src, y, x, k);

				*to++ = (int8_t)imc_rt_requant(
					s, 1, p->shift[k], p->zero_y, p->lo,
					p->hi);
			}
	}
}
