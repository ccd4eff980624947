/* SPDX-License-Identifier: Apache-2.0 */
/* Engines that this machine has not: the cores do their work, as models. */
#include "imc_models.h"
#include "imc_rt.h"
#include "pulp_job.h"

int imc_hal_depthwise_start(struct imc_hal *hal,
			    const struct imc_hal_depthwise *p,
			    const int8_t *src, int8_t *dst, int32_t row,
			    int32_t n_row)
{
	const struct imc_model_depthwise d = {p, src, dst, row, n_row};
	int status = imc_model_depthwise_check(&d);

	if (status)
		return imc_pulp_refuse(hal, status);
	imc_pulp_finish(hal);
	imc_model_depthwise_run(hal, &d);
	return IMC_RT_OK;
}

int imc_hal_pe_start(struct imc_hal *hal, const struct imc_hal_pe *p,
		     const int8_t *src, int8_t *dst, int32_t row, int32_t n_row,
		     int32_t chan, int32_t n_chan)
{
	const struct imc_model_pe e = {p, src, dst, row, n_row, chan, n_chan};
	int status = imc_model_pe_check(&e);

	if (status)
		return imc_pulp_refuse(hal, status);
	imc_model_pe_run(hal, &e);
	return IMC_RT_OK;
}
