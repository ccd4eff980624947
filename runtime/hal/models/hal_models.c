/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_hal_models.h"
#include "imc_rt.h"

static struct imc_model_arrays arrays_of(const struct imc_hal *hal)
{
	struct imc_model_arrays a = {hal->n_array, hal->rows, hal->cols,
				     hal->cells,   hal->sums, hal->adc};

	return a;
}

/* ---- work that is started ---- */

static void move_line(unsigned char *restrict to,
		      const unsigned char *restrict from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = from[i];
}

static void move(const struct imc_hal_dma *t)
{
	unsigned char *to = t->dst;
	const unsigned char *from = t->src;

	for (size_t y = 0; y < t->n_line; y++)
		move_line(to + y * t->dst_step, from + y * t->src_step,
			  t->bytes);
}

/* The last comes first, as any order is good. */
static void finish_dma(struct imc_hal *hal)
{
	struct imc_hal_models_late *work = &hal->work;

	if (!work->n_dma)
		return;
	imc_hal_models_mark(hal, 1);
	while (work->n_dma > 0)
		move(&work->dma[--work->n_dma]);
	imc_hal_models_mark(hal, 0);
}

static void note(struct imc_hal *hal, int status)
{
	if (!hal->work.status)
		hal->work.status = status;
}

static int run_ima(struct imc_hal *hal, const struct imc_hal_job *job)
{
	const struct imc_model_arrays arrays = arrays_of(hal);
	int status = imc_model_ima_check(&arrays, job);

	if (!status)
		imc_model_ima_run(hal, &arrays, job);
	return status;
}

static int run_depthwise(struct imc_hal *hal,
			 const struct imc_model_depthwise *d)
{
	int status = imc_model_depthwise_check(d);

	if (!status)
		imc_model_depthwise_run(hal, d);
	return status;
}

static int run_pe(struct imc_hal *hal, const struct imc_model_pe *pe)
{
	int status = imc_model_pe_check(pe);

	if (!status)
		imc_model_pe_run(hal, pe);
	return status;
}

/* What was found good when it started may have been changed since. */
static void finish_port(struct imc_hal *hal)
{
	struct imc_hal_models_late *work = &hal->work;

	if (!work->ima && !work->depthwise.p)
		return;
	imc_hal_models_mark(hal, 1);
	if (work->ima)
		note(hal, run_ima(hal, work->ima));
	if (work->depthwise.p)
		note(hal, run_depthwise(hal, &work->depthwise));
	work->ima = 0;
	work->depthwise.p = 0;
	imc_hal_models_mark(hal, 0);
}

static void finish_pe(struct imc_hal *hal)
{
	struct imc_model_pe *pe = &hal->work.pe;

	if (!pe->p)
		return;
	imc_hal_models_mark(hal, 1);
	note(hal, run_pe(hal, pe));
	pe->p = 0;
	imc_hal_models_mark(hal, 0);
}

int imc_hal_wait(struct imc_hal *hal, int units)
{
	int status;

	if (units & IMC_HAL_PORT)
		finish_port(hal);
	if (units & IMC_HAL_PE)
		finish_pe(hal);
	if (units & IMC_HAL_DMA)
		finish_dma(hal);
	status = hal->work.status;
	hal->work.status = IMC_RT_OK;
	return status;
}

/* A start that fails leaves nothing running. */
static int refuse(struct imc_hal *hal, int status)
{
	imc_hal_wait(hal, IMC_HAL_ALL);
	return status;
}

/* ---- DMA ---- */

int imc_hal_dma_start(struct imc_hal *hal, const struct imc_hal_dma *t)
{
	struct imc_hal_models_late *work = &hal->work;

	if (work->n_dma == IMC_HAL_MODELS_QUEUE)
		finish_dma(hal);
	work->dma[work->n_dma++] = *t;
	if (!hal->late)
		finish_dma(hal);
	return IMC_RT_OK;
}

/* ---- IMA and depth-wise engine ---- */

int imc_hal_ima_has(struct imc_hal *hal, int32_t n_array, int32_t rows,
		    int32_t cols)
{
	return n_array <= hal->n_array && rows <= hal->rows &&
	       cols <= hal->cols;
}

int imc_hal_ima_write(struct imc_hal *hal, const struct imc_hal_tile *region,
		      const int8_t *cells, int32_t stride)
{
	const struct imc_model_arrays arrays = arrays_of(hal);

	finish_port(hal);
	return imc_model_ima_write(&arrays, region, cells, stride);
}

int imc_hal_ima_start(struct imc_hal *hal, const struct imc_hal_job *job)
{
	const struct imc_model_arrays arrays = arrays_of(hal);
	int status = imc_model_ima_check(&arrays, job);

	if (status)
		return refuse(hal, status);
	finish_port(hal);
	hal->work.ima = job;
	if (!hal->late)
		finish_port(hal);
	return IMC_RT_OK;
}

int imc_hal_depthwise_start(struct imc_hal *hal,
			    const struct imc_hal_depthwise *p,
			    const int8_t *src, int8_t *dst, int32_t row,
			    int32_t n_row)
{
	const struct imc_model_depthwise d = {p, src, dst, row, n_row};
	int status = imc_model_depthwise_check(&d);

	if (status)
		return refuse(hal, status);
	finish_port(hal);
	hal->work.depthwise = d;
	if (!hal->late)
		finish_port(hal);
	return IMC_RT_OK;
}

/* ---- digital array, on a port of its own ---- */

int imc_hal_pe_start(struct imc_hal *hal, const struct imc_hal_pe *p,
		     const int8_t *src, int8_t *dst, int32_t row, int32_t n_row,
		     int32_t chan, int32_t n_chan)
{
	const struct imc_model_pe e = {p, src, dst, row, n_row, chan, n_chan};
	int status = imc_model_pe_check(&e);

	if (status)
		return refuse(hal, status);
	finish_pe(hal);
	hal->work.pe = e;
	if (!hal->late)
		finish_pe(hal);
	return IMC_RT_OK;
}
