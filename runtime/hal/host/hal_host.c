/* SPDX-License-Identifier: Apache-2.0 */
#include "host_models.h"
#include "imc_rt.h"

void imc_hal_fork(struct imc_hal *hal,
		  void (*fn)(void *arg, int32_t core, int32_t n_core),
		  void *arg)
{
	(void)hal;
	fn(arg, 0, 1);
}

void imc_hal_barrier(struct imc_hal *hal)
{
	(void)hal; /* the only core is there */
}

uint32_t imc_hal_cycles(struct imc_hal *hal)
{
	(void)hal;
	return 0;
}

void imc_hal_step(struct imc_hal *hal, int32_t k)
{
	if (hal->step)
		hal->step(hal->cx, k);
}

/* ---- work that is started ---- */

static void move(const struct imc_hal_dma *t)
{
	unsigned char *to = t->dst;
	const unsigned char *from = t->src;

	for (size_t y = 0; y < t->n_line; y++)
		for (size_t i = 0; i < t->bytes; i++)
			to[y * t->dst_step + i] = from[y * t->src_step + i];
}

/* The last comes first, as any order is good. */
static void finish_dma(struct imc_hal *hal)
{
	struct imc_hal_host_late *work = &hal->work;

	while (work->n_dma > 0)
		move(&work->dma[--work->n_dma]);
}

/* What was found good when it started may have been changed since. */
static void finish_port(struct imc_hal *hal)
{
	struct imc_hal_host_late *work = &hal->work;
	int status = IMC_RT_OK;

	if (work->ima) {
		status = imc_host_ima_check(hal, work->ima);
		if (!status)
			imc_host_ima_run(hal, work->ima);
	}
	if (work->depthwise) {
		status = imc_host_depthwise_check(work->depthwise, work->row,
						  work->n_row);
		if (!status)
			imc_host_depthwise_run(work->depthwise, work->src,
					       work->dst, work->row,
					       work->n_row);
	}
	work->ima = 0;
	work->depthwise = 0;
	if (!work->status)
		work->status = status;
}

int imc_hal_wait(struct imc_hal *hal, int units)
{
	int status;

	if (units & IMC_HAL_PORT)
		finish_port(hal);
	if (units & IMC_HAL_PE)
		imc_host_pe_finish(hal);
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
	struct imc_hal_host_late *work = &hal->work;

	if (work->n_dma == IMC_HAL_HOST_QUEUE)
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
	size_t line;

	finish_port(hal);
	if (!imc_host_ima_inside(hal, region))
		return IMC_RT_E_DEVICE;
	line = (size_t)region->array * (size_t)hal->rows + (size_t)region->y;
	for (int32_t r = 0; r < region->h; r++, line++) {
		int8_t *to = hal->cells + line * (size_t)hal->cols + region->x;

		for (int32_t c = 0; c < region->w; c++)
			to[c] = cells[(size_t)r * (size_t)stride + (size_t)c];
	}
	return IMC_RT_OK;
}

int imc_hal_ima_start(struct imc_hal *hal, const struct imc_hal_job *job)
{
	int status = imc_host_ima_check(hal, job);

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
	struct imc_hal_host_late *work = &hal->work;
	int status = imc_host_depthwise_check(p, row, n_row);

	if (status)
		return refuse(hal, status);
	finish_port(hal);
	work->depthwise = p;
	work->src = src;
	work->dst = dst;
	work->row = row;
	work->n_row = n_row;
	if (!hal->late)
		finish_port(hal);
	return IMC_RT_OK;
}
