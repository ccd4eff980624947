/* SPDX-License-Identifier: Apache-2.0 */
/* imc_rt_conv_work.h: what the cores share of a convolution; for the files of
 * the convolution alone. */
#ifndef IMC_RT_CONV_WORK_H
#define IMC_RT_CONV_WORK_H

#include "imc_rt.h"

struct imc_rt_conv_work {
	const struct imc_rt_conv *p;
	const int8_t *weights; /* these and the tables: from channel chan on */
	const int32_t *bias, *mult, *shift;
	const int8_t *x;
	int8_t *y;
	int32_t row, n_row; /* output rows, counted over the images */
	int32_t chan, n_chan;
};

/* Output channel k reads input channel k / (out_c / in_c): group is in_c. */
void imc_rt_conv_depthwise_part(void *arg, int32_t core, int32_t n_core);

#endif
