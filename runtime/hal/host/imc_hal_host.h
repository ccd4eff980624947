/* SPDX-License-Identifier: Apache-2.0 */
/* imc_hal_host.h: the machine as functional models in plain C, for any host.
 * The arrays are ideal: what is programmed is what computes. */
#ifndef IMC_HAL_HOST_H
#define IMC_HAL_HOST_H

#include "imc_hal.h"

struct imc_hal_pe; /* imc_hal_pe.h */

#define IMC_HAL_HOST_QUEUE 16 /* of the DMA */

/* Work that was started and is not done; pointers are NULL without any. */
struct imc_hal_host_late {
	const struct imc_hal_job *ima;
	const struct imc_hal_depthwise *depthwise;
	const int8_t *src; /* of depthwise, as its row, n_row and dst */
	int8_t *dst;
	int32_t row, n_row;
	const struct imc_hal_pe *pe;
	const int8_t *pe_src;
	int8_t *pe_dst;
	int32_t pe_row, pe_n_row, pe_chan, pe_n_chan;
	struct imc_hal_dma dma[IMC_HAL_HOST_QUEUE];
	int32_t n_dma;
	int status; /* of work that is done, for the next wait */
};

/* Fill the members before `late` before use, and leave 0 what follows.
 * cells: n_array * rows * cols; sums: 2 * cols. step may be NULL. late: when
 * work that is started is done, 0 at once, 1 as late as can be, so that a test
 * of both finds a wait that is missing. */
struct imc_hal {
	int32_t n_array, rows, cols;
	int8_t *cells;
	int32_t *sums;
	void (*step)(void *cx, int32_t k);
	void *cx;
	int32_t late;
	struct imc_hal_host_late work;
};

#endif
