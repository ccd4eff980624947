/* SPDX-License-Identifier: Apache-2.0 */
/* host_models.h: the engines of the host's machine; for its own files. */
#ifndef IMC_HOST_MODELS_H
#define IMC_HOST_MODELS_H

#include "imc_hal_host.h"
#include "imc_hal_pe.h"

/* host_ima.c: true (1) if the cells lie on an array; a status; the work. */
int imc_host_ima_inside(const struct imc_hal *hal,
			const struct imc_hal_tile *t);
int imc_host_ima_check(const struct imc_hal *hal,
		       const struct imc_hal_job *job);
void imc_host_ima_run(const struct imc_hal *hal, const struct imc_hal_job *job);

/* host_depthwise.c */
int imc_host_depthwise_check(const struct imc_hal_depthwise *p, int32_t row,
			     int32_t n_row);
void imc_host_depthwise_run(const struct imc_hal_depthwise *p,
			    const int8_t *src, int8_t *dst, int32_t row,
			    int32_t n_row);

/* host_pe.c; finish: what was started and is late. */
void imc_host_pe_finish(struct imc_hal *hal);

#endif
