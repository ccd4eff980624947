/* SPDX-License-Identifier: Apache-2.0 */
/* imc_models.h: engines as functional models in plain C, for machines that lack
 * them. The arrays are ideal: what is programmed is what computes.
 *
 * A model does its work at once, on all cores (imc_hal_fork); what it is given
 * must have passed its check, which gives a status. */
#ifndef IMC_MODELS_H
#define IMC_MODELS_H

#include "imc_hal.h"
#include "imc_hal_pe.h"
#include "imc_model_adc.h"

/* n_array arrays of rows x cols cells. sums: 2 * cols of each core. adc: NULL
 * for ADCs that round as imc_rt_requant does. */
struct imc_model_arrays {
	int32_t n_array, rows, cols;
	int8_t *cells; /* [n_array][rows][cols] */
	int32_t *sums;
	const struct imc_model_adc *adc;
};

/* ---- model_ima.c ---- */

/* Sets the cells of a region as imc_hal_ima_write does; a status. */
int imc_model_ima_write(const struct imc_model_arrays *a,
			const struct imc_hal_tile *region, const int8_t *cells,
			int32_t stride);
int imc_model_ima_check(const struct imc_model_arrays *a,
			const struct imc_hal_job *job);
void imc_model_ima_run(struct imc_hal *hal, const struct imc_model_arrays *a,
		       const struct imc_hal_job *job);

/* ---- model_depthwise.c ---- */

/* The operands of imc_hal_depthwise_start. */
struct imc_model_depthwise {
	const struct imc_hal_depthwise *p;
	const int8_t *src;
	int8_t *dst;
	int32_t row, n_row;
};

int imc_model_depthwise_check(const struct imc_model_depthwise *d);
void imc_model_depthwise_run(struct imc_hal *hal,
			     const struct imc_model_depthwise *d);

/* ---- model_pe.c ---- */

/* The operands of imc_hal_pe_start. */
struct imc_model_pe {
	const struct imc_hal_pe *p;
	const int8_t *src;
	int8_t *dst;
	int32_t row, n_row, chan, n_chan;
};

int imc_model_pe_check(const struct imc_model_pe *e);
void imc_model_pe_run(struct imc_hal *hal, const struct imc_model_pe *e);

#endif
