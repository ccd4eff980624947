/* SPDX-License-Identifier: Apache-2.0 */
/* imc_hal_pe.h: the digital array of processing elements, for machines that
 * have one; a port without it needs no definition, as no network calls it. */
#ifndef IMC_HAL_PE_H
#define IMC_HAL_PE_H

#include "imc_hal.h"

/* A convolution in `group` groups, which divides in_c and out_c; weights
 * [out_c][kernel_h][kernel_w][in_c / group], bias, mult, shift [out_c].
 * dst = requant(sum (src - zero_x) * w + bias, mult, shift, zero_y, lo, hi).
 * Sums have 32 bits. */
struct imc_hal_pe {
	const struct imc_hal_window *window;
	int32_t group;
	const int8_t *weights;
	const int32_t *bias, *mult, *shift;
	int32_t zero_x, zero_y, lo, hi;
};

/* Starts the work, as the calls of imc_hal.h do, on a port of its own (on
 * machines where it shares that of the IMA, it waits for that one). Output rows
 * row .. row + n_row and channels chan .. chan + n_chan of one tensor; src,
 * dst: the whole tensors, or their lines. weights, bias, mult, shift are those
 * of channel chan first. */
int imc_hal_pe_start(struct imc_hal *hal, const struct imc_hal_pe *p,
		     const int8_t *src, int8_t *dst, int32_t row, int32_t n_row,
		     int32_t chan, int32_t n_chan);

#endif
