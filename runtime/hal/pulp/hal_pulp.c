/* SPDX-License-Identifier: Apache-2.0 */
/* The cores, the DMA, and the waits. */
#include "imc_hal_pulp.h"
#include "imc_rt.h"
#include "pulp_job.h"
#include "pulp_regs.h"

/* ---- cores ---- */

void imc_hal_fork(struct imc_hal *hal,
		  void (*fn)(void *arg, int32_t core, int32_t n_core),
		  void *arg)
{
	hal->fn = fn;
	hal->arg = arg;
	pulp_barrier();
	fn(arg, 0, IMC_PULP_CORES);
	pulp_barrier();
}

void imc_hal_barrier(struct imc_hal *hal)
{
	(void)hal;
	pulp_barrier();
}

uint32_t imc_hal_cycles(struct imc_hal *hal)
{
	(void)hal;
	return pulp_read(PULP_TIMER_COUNT);
}

void imc_hal_step(struct imc_hal *hal, int32_t k)
{
	if (hal->step)
		hal->step(hal->cx, k);
}

/* ---- DMA ---- */

int imc_pulp_is_l1(const void *p)
{
	return (uint32_t)(uintptr_t)p - PULP_L1 < PULP_L1_WINDOW;
}

/* One command: n_line lines of `bytes` that follow one another in L1, and lie
 * far_step apart in the far memory. */
static void command(struct imc_hal *hal, const struct imc_hal_dma *t,
		    size_t bytes, size_t n_line, size_t far_step)
{
	int to_l1 = imc_pulp_is_l1(t->dst);
	uint32_t near = (uint32_t)(uintptr_t)(to_l1 ? t->dst : t->src);
	uint32_t far = (uint32_t)(uintptr_t)(to_l1 ? t->src : t->dst);
	uint32_t kind = PULP_DMA_INCREMENT | PULP_DMA_EVENT;

	kind |= to_l1 ? PULP_DMA_TO_L1 : 0;
	kind |= n_line > 1 ? PULP_DMA_2D : 0;
	if (hal->dma < 0) {
		pulp_fence();
		hal->dma = (int32_t)pulp_read(PULP_DMA_QUEUE);
	}
	pulp_write(PULP_DMA_QUEUE, (uint32_t)(bytes * n_line) | kind);
	pulp_write(PULP_DMA_QUEUE, near);
	pulp_write(PULP_DMA_QUEUE, far);
	if (n_line > 1) {
		pulp_write(PULP_DMA_QUEUE, (uint32_t)bytes);
		pulp_write(PULP_DMA_QUEUE, (uint32_t)far_step);
	}
}

/* A line, however long. */
static void send_line(struct imc_hal *hal, struct imc_hal_dma t)
{
	for (size_t n; t.bytes; t.bytes -= n) {
		n = t.bytes < PULP_DMA_MOST ? t.bytes : PULP_DMA_MOST;
		command(hal, &t, n, 1, 0);
		t.dst = (int8_t *)t.dst + n;
		t.src = (const int8_t *)t.src + n;
	}
}

/* Transfers that the DMA cannot do, as it only goes between L1 and the rest. */
static void copy_by_core(const struct imc_hal_dma *t)
{
	for (size_t y = 0; y < t->n_line; y++)
		imc_pulp_copy((int8_t *)t->dst + y * t->dst_step,
			      (const int8_t *)t->src + y * t->src_step,
			      (int32_t)t->bytes);
}

/* In L1 the DMA packs lines: others go one by one. */
int imc_hal_dma_start(struct imc_hal *hal, const struct imc_hal_dma *t)
{
	int to_l1 = imc_pulp_is_l1(t->dst);
	size_t near_step = to_l1 ? t->dst_step : t->src_step;
	size_t far_step = to_l1 ? t->src_step : t->dst_step;
	struct imc_hal_dma rest = *t;

	if (!t->bytes || !t->n_line)
		return IMC_RT_OK;
	if (to_l1 == imc_pulp_is_l1(t->src)) {
		copy_by_core(t);
		return IMC_RT_OK;
	}
	for (size_t n; rest.n_line; rest.n_line -= n) {
		n = t->bytes > PULP_DMA_MOST ? 1 : PULP_DMA_MOST / t->bytes;
		if (near_step != t->bytes)
			n = 1;
		n = n < rest.n_line ? n : rest.n_line;
		if (n == 1)
			send_line(hal, rest);
		else
			command(hal, &rest, t->bytes, n, far_step);
		rest.dst = (int8_t *)rest.dst + n * t->dst_step;
		rest.src = (const int8_t *)rest.src + n * t->src_step;
	}
	return IMC_RT_OK;
}

/* The event also comes when the batch was empty for a moment, so it alone says
 * nothing. */
static void wait_dma(struct imc_hal *hal)
{
	uint32_t bit;

	if (hal->dma < 0)
		return;
	bit = 1u << hal->dma;
	while (pulp_read(PULP_DMA_STATUS) & bit)
		pulp_wait_event(PULP_EVENT_DMA);
	pulp_write(PULP_DMA_STATUS, bit); /* the identifier is free again */
	pulp_fence();
	hal->dma = -1;
}

/* ---- waiting ---- */

int imc_hal_wait(struct imc_hal *hal, int units)
{
	if (units & IMC_HAL_PORT)
		imc_pulp_finish(hal);
	if (units & IMC_HAL_DMA)
		wait_dma(hal);
	return IMC_RT_OK;
}

int imc_pulp_refuse(struct imc_hal *hal, int status)
{
	imc_hal_wait(hal, IMC_HAL_ALL);
	return status;
}
