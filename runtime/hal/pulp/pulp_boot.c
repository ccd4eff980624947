/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_hal_pulp.h"
#include "pulp_regs.h"

/* Of the linker script. */
extern struct imc_hal imc_pulp_hal;
extern char imc_pulp_l1_free[], imc_pulp_l1_end[];
extern volatile uint32_t imc_pulp_stacks[];

/* What the lowest words of the stacks hold: those of cores 1 .. 7, 1536 bytes
 * each, and of core 0 behind them. */
#define UNTOUCHED 0x57ac7e4du
#define STACK_WORDS (1536 / 4)

/* In start.S. */
void imc_pulp_start_cluster(uint32_t entry);
void imc_pulp_core(int32_t core);

/* Clocks of 250 MHz, of the cluster and of what it shares L2 with: their
 * oscillators at 1 GHz, open loop, divided by 4. The IMA's times do not depend
 * on them; those of L2 do, so a slow clock there would slow the DMA. */
#define FLL_DIVIDE_4 (2u << 26)
#define FLL_1_GHZ (725u << 16)

/* The fabric core's part. */
void imc_pulp_start_cluster(uint32_t entry)
{
	pulp_write(PULP_FLL_SOC, FLL_DIVIDE_4 | FLL_1_GHZ);
	pulp_write(PULP_FLL_CLUSTER, FLL_DIVIDE_4 | FLL_1_GHZ);
	pulp_write(PULP_CLUSTER_CLOCK, 1);
	pulp_write(PULP_ICACHE_ENABLE, ~0u);
	for (uint32_t i = 0; i < IMC_PULP_CORES; i++)
		pulp_write(PULP_BOOT_ADDRESS + 4 * i, entry);
	pulp_fence();
	pulp_write(PULP_FETCH_ENABLE, (1u << IMC_PULP_CORES) - 1);
}

static void work(struct imc_hal *hal, int32_t core)
{
	for (;;) {
		pulp_barrier();
		hal->fn(hal->arg, core, IMC_PULP_CORES);
		pulp_barrier();
	}
}

/* True while no stack was too small. */
static int stacks_good(void)
{
	for (int32_t i = 0; i < IMC_PULP_CORES; i++)
		if (imc_pulp_stacks[i * STACK_WORDS] != UNTOUCHED)
			return 0;
	return 1;
}

/* All of L1 that is left. */
static void set_staging(struct imc_hal *hal)
{
	int32_t n = (int32_t)(imc_pulp_l1_end - imc_pulp_l1_free) / 64 * 4;

	hal->in_bytes = 5 * n;
	hal->out_bytes = 3 * n;
	hal->in = (int8_t *)imc_pulp_l1_free;
	hal->out = hal->in + 2 * hal->in_bytes;
}

/* Cores that are at the barrier before it is set up wait there all the same.
 * Its mask comes first: without one, a barrier is complete, and any write to it
 * would tell the cores so. */
void imc_pulp_core(int32_t core)
{
	struct imc_hal *hal = &imc_pulp_hal;
	uint32_t status;

	if (core)
		work(hal, core);
	*hal = (struct imc_hal){.dma = -1};
	for (int32_t i = 0; i < IMC_PULP_CORES; i++)
		imc_pulp_stacks[i * STACK_WORDS] = UNTOUCHED;
	pulp_write(PULP_BARRIER_MASK, (1u << IMC_PULP_CORES) - 1);
	pulp_write(PULP_BARRIER_TARGET, (1u << IMC_PULP_CORES) - 1);
	pulp_write(PULP_TIMER, PULP_TIMER_START);
	set_staging(hal);
	status = (uint32_t)imc_pulp_main(hal);
	if (!stacks_good()) {
		imc_pulp_print("a stack was too small\n");
		status = 3;
	}
	pulp_fence();
	pulp_write(PULP_EXIT, 1u << 31 | (status & 0xff));
	for (;;)
		pulp_wait_event(0);
}
