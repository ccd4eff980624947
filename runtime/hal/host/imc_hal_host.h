/* SPDX-License-Identifier: Apache-2.0 */
/* imc_hal_host.h: the machine as functional models in plain C, for any host.
 * The arrays are ideal: what is programmed is what computes. */
#ifndef IMC_HAL_HOST_H
#define IMC_HAL_HOST_H

#include "imc_hal.h"

/* Fill every member before use. cells: n_array * rows * cols; sums:
 * 2 * cols. step may be NULL. */
struct imc_hal {
	int32_t n_array, rows, cols;
	int8_t *cells;
	int32_t *sums;
	void (*step)(void *cx, int32_t k);
	void *cx;
};

#endif
