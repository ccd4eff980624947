/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_rt_pe.h"

int imc_rt_pe_start(struct imc_hal *hal, struct imc_hal_pe *job,
		    const struct imc_rt_conv *p, const int8_t *x, int8_t *y,
		    int32_t row, int32_t n_row)
{
	const struct imc_hal_window *w = &p->window;

	job->window = w;
	job->group = p->group;
	job->weights = p->weights;
	job->bias = p->bias;
	job->mult = p->mult;
	job->shift = p->shift;
	job->zero_x = p->zero_x;
	job->zero_y = p->zero_y;
	job->lo = p->lo;
	job->hi = p->hi;
	return imc_hal_pe_start(hal, job, x, y, row, n_row, 0, w->out_c);
}

int imc_rt_pe(struct imc_hal *hal, const struct imc_rt_conv *p, const int8_t *x,
	      int8_t *y)
{
	const struct imc_hal_window *w = &p->window;
	int64_t in = (int64_t)w->in_h * w->in_w * w->in_c;
	int64_t out = (int64_t)w->out_h * w->out_w * w->out_c;
	struct imc_hal_pe job;
	int status = IMC_RT_OK;

	for (int32_t n = 0; n < w->n && !status; n++) {
		status = imc_rt_pe_start(hal, &job, p, x + n * in, y + n * out,
					 0, w->out_h);
		if (!status)
			status = imc_hal_wait(hal, IMC_HAL_PE);
	}
	return status;
}
