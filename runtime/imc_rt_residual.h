/* SPDX-License-Identifier: Apache-2.0 */
/* imc_rt_residual.h: exact weights beside the arrays; for the runtime's own
 * files. A port whose machine has a macro for them does this there. */
#ifndef IMC_RT_RESIDUAL_H
#define IMC_RT_RESIDUAL_H

#include "imc_rt.h"

/* Adds what the residual weights of p give for output channels k0 .. k0 + n of
 * pixel `pixel` (row * out_w + column) of one image x, or its lines. */
void imc_rt_add_residual(const struct imc_rt_crossbar *p, const int8_t *x,
			 int64_t pixel, int32_t k0, int32_t n, int64_t *sum);

#endif
