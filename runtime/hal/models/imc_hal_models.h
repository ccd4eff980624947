/* SPDX-License-Identifier: Apache-2.0 */
/* imc_hal_models.h: a machine whose engines are models. A port defines the
 * cores: imc_hal_fork, imc_hal_barrier, imc_hal_cycles, imc_hal_step. */
#ifndef IMC_HAL_MODELS_H
#define IMC_HAL_MODELS_H

#include "imc_models.h"

#define IMC_HAL_MODELS_QUEUE 16 /* of the DMA */

/* Work that was started and is not done; p and ima are NULL without any. */
struct imc_hal_models_late {
	const struct imc_hal_job *ima;
	struct imc_model_depthwise depthwise;
	struct imc_model_pe pe;
	struct imc_hal_dma dma[IMC_HAL_MODELS_QUEUE];
	int32_t n_dma;
	int status; /* of work that is done, for the next wait */
};

/* Fill the members before `team` before use, and leave 0 what follows.
 * cells: n_array * rows * cols; sums: 2 * cols of each of n_core cores, none
 * (0) being one. step may be NULL. late: when work that is started is done, 0
 * at once, 1 as late as can be, so that a test of both finds a wait that is
 * missing. */
struct imc_hal {
	int32_t n_array, rows, cols;
	int8_t *cells;
	int32_t *sums;
	const struct imc_model_adc *adc; /* of imc_model_arrays */
	void (*step)(void *cx, int32_t k);
	void *cx;
	int32_t late, n_core;
	void *team; /* of the port */
	struct imc_hal_models_late work;
};

/* Defined by the port; called before (begin 1) and after (0) models work, so
 * that what the engines do is not counted as work of the cores. */
void imc_hal_models_mark(struct imc_hal *hal, int begin);

#endif
