/* SPDX-License-Identifier: Apache-2.0 */
/* imc_rt_pe.h: convolution on the digital array; see imc_rt.h. */
#ifndef IMC_RT_PE_H
#define IMC_RT_PE_H

#include "imc_hal_pe.h"
#include "imc_rt.h"

/* As imc_rt_conv, bit for bit. */
int imc_rt_pe(struct imc_hal *hal, const struct imc_rt_conv *p,
	      const void *constants, const int8_t *x, int8_t *y, int32_t row,
	      int32_t n_row, int32_t chan, int32_t n_chan);

/* Fills job, which must last until the wait. */
int imc_rt_pe_start(struct imc_hal *hal, struct imc_hal_pe *job,
		    const struct imc_rt_conv *p, const void *constants,
		    const int8_t *x, int8_t *y, int32_t row, int32_t n_row,
		    int32_t chan, int32_t n_chan);

#endif
