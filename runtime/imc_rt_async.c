/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_rt.h"

int imc_rt_load_start(struct imc_hal *hal, void *dst, const void *src,
		      size_t bytes)
{
	return imc_hal_dma_start(hal, dst, src, bytes);
}

int imc_rt_wait(struct imc_hal *hal)
{
	return imc_hal_wait(hal);
}
