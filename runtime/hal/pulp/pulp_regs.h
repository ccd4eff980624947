/* SPDX-License-Identifier: Apache-2.0 */
/* pulp_regs.h: registers of the chip; for the port's own files. */
#ifndef IMC_PULP_REGS_H
#define IMC_PULP_REGS_H

#include <stdint.h>

enum {
	PULP_L1 = 0x10000000,
	PULP_L1_WINDOW = 0x100000, /* of it, and nothing else */

	/* Cluster control. */
	PULP_FETCH_ENABLE = 0x10200008, /* a bit a core */
	PULP_CLUSTER_CLOCK = 0x10200020,
	PULP_BOOT_ADDRESS = 0x10200040, /* a word a core */
	PULP_ICACHE_ENABLE = 0x10201400,

	PULP_TIMER = 0x10200400,
	PULP_TIMER_COUNT = 0x10200408,
	PULP_TIMER_START = 3, /* enable, from 0 */

	/* Event unit, the window of the core that looks. */
	PULP_EVENT_MASK = 0x10204000,
	PULP_EVENT_WAIT_CLEAR = 0x1020403c,
	PULP_BARRIER_MASK = 0x10204200,
	PULP_BARRIER_TARGET = 0x1020420c,
	PULP_BARRIER_WAIT_CLEAR = 0x1020421c,
	PULP_EVENT_DMA = 1 << 8,
	PULP_EVENT_IMA = 1 << 14,
	PULP_EVENT_BARRIER = 1 << 16,

	/* MCHAN, the queue of the core that looks. */
	PULP_DMA_QUEUE = 0x10204400,
	PULP_DMA_STATUS = 0x10204404,
	PULP_DMA_TO_L1 = 1 << 17,
	PULP_DMA_INCREMENT = 1 << 18,
	PULP_DMA_2D = 1 << 19, /* lines in the far memory, packed in L1 */
	PULP_DMA_EVENT = 1 << 20,
	PULP_DMA_MOST = 0x10000, /* bytes of a command; the field has 17 bits */

	/* IMA: a page each array. */
	PULP_IMA = 0x10202000,
	PULP_IMA_PAGE = 0x100
};

/* Beyond what an int holds. */
#define PULP_FLL_SOC 0x1a100004u /* first configuration register */
#define PULP_FLL_CLUSTER 0x1a100024u
#define PULP_EXIT 0x1a1040a0u /* 1 << 31 | status */
#define PULP_STDOUT 0x1a10f000u

/* Registers of the IMA, as offsets in its page. */
enum pulp_ima_register {
	IMA_TRIGGER = 0x00,
	IMA_ACQUIRE = 0x04, /* reads 0 when the IMA is the reader's */
	IMA_STATUS = 0x0c,  /* 0: idle */
	IMA_P_START_X = 0x20,
	IMA_P_START_Y = 0x24,
	IMA_P_WIDTH = 0x28,
	IMA_P_HEIGHT = 0x2c,
	IMA_SUBMIT_PLOT = 0x30,
	IMA_START_X = 0x34,
	IMA_START_Y = 0x38,
	IMA_WIDTH = 0x3c,
	IMA_HEIGHT = 0x40,
	IMA_SRC = 0x44,
	IMA_DST = 0x48,
	IMA_SRC_STRIDE = 0x4c,
	IMA_DST_STRIDE = 0x50,
	IMA_ADC_LOW = 0x54,
	IMA_ADC_HIGH = 0x58,
	IMA_FETCH_LENGTH = 0x5c,
	IMA_STORE_LENGTH = 0x60,
	IMA_LINE_LENGTH = 0x64,
	IMA_FEAT_STRIDE = 0x68,
	IMA_FEAT_LENGTH = 0x6c,
	IMA_NUM_JOBS = 0x70,
	IMA_ALPHA_IN_LENGTH = 0x74,
	IMA_ALPHA_IN_STRIDE = 0x78,
	IMA_BETA_IN_LENGTH = 0x7c,
	IMA_BETA_IN_STRIDE = 0x80,
	IMA_ALPHA_OUT_LENGTH = 0x84,
	IMA_ALPHA_OUT_STRIDE = 0x88,
	IMA_BETA_OUT_LENGTH = 0x8c,
	IMA_BETA_OUT_STRIDE = 0x90,
	IMA_PR_ADDR_X = 0xa0,
	IMA_PR_ADDR_Y = 0xa4,
	IMA_PR_VAL = 0xa8
};

static inline uint32_t pulp_read(uint32_t address)
{
	return *(volatile uint32_t *)(uintptr_t)address;
}

static inline void pulp_write(uint32_t address, uint32_t value)
{
	*(volatile uint32_t *)(uintptr_t)address = value;
}

/* What was written is there before what comes next, for compiler and core. */
static inline void pulp_fence(void)
{
	__asm__ volatile("fence" ::: "memory");
}

/* Sleeps until one of these events has come, and forgets them all. The value
 * read is of no use: 0 after a sleep. */
static inline void pulp_wait_event(uint32_t events)
{
	pulp_fence();
	pulp_write(PULP_EVENT_MASK, events);
	(void)pulp_read(PULP_EVENT_WAIT_CLEAR);
	pulp_fence();
}

/* Sleeps until all cores of the cluster are here. No other event wakes a core
 * from it: the mask has but that of the barrier. */
static inline void pulp_barrier(void)
{
	pulp_fence();
	pulp_write(PULP_EVENT_MASK, PULP_EVENT_BARRIER);
	(void)pulp_read(PULP_BARRIER_WAIT_CLEAR);
	pulp_fence();
}

#endif
