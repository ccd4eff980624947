/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_rt.h"
#include "imc_rt_share.h"

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
