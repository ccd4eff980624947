/* What the machine does not let pass: FAULT says which. */
#include "pulp_regs.h"
#include "test.h"

static int8_t l1[1024] __attribute__((section(".bss.l1"), aligned(64)));

static const int8_t far_memory[8192];

static void put(enum pulp_ima_register r, uint32_t value)
{
	pulp_write(PULP_IMA + (uint32_t)r, value);
}

/* A 3x3 kernel over 3 channels: lines of 9 bytes. */
static void odd_channels(void)
{
	static const uint8_t zeros[] = {0x5c, 0x60, 0x68, 0x94, 0x98, 0x9c};

	(void)pulp_read(PULP_IMA + IMA_ACQUIRE);
	for (size_t i = 0; i < sizeof zeros; i++)
		pulp_write(PULP_IMA + zeros[i], 0);
	put(IMA_ADC_LOW, 1);
	put(IMA_ADC_HIGH, 1);
	put(IMA_LINE_LENGTH, 9);
	put(IMA_FEAT_LENGTH, 3);
	put(IMA_NUM_JOBS, 1);
	put(IMA_WIDTH, 4);
	put(IMA_HEIGHT, 27);
	put(IMA_SRC, (uint32_t)(uintptr_t)l1);
	put(IMA_DST, (uint32_t)(uintptr_t)l1 + 512);
	put(IMA_SRC_STRIDE, 48);
	put(IMA_TRIGGER, 0);
	pulp_wait_event(PULP_EVENT_IMA);
}

/* Core 1, whose stack is the lowest, uses more of it than there is. */
static void deep(void *arg, int32_t core, int32_t n_core)
{
	volatile int8_t much[1600];

	(void)arg;
	for (int32_t i = 0; core == 1 && i < (int32_t)sizeof much; i++)
		much[i] = (int8_t)(n_core + (i ? much[i - 1] : 0));
}

int imc_pulp_main(struct imc_hal *hal)
{
	struct imc_hal_dma far = {l1 + 60000, far_memory, 8192, 1, 0, 0};

	switch (FAULT) {
	case 1:
		odd_channels();
		break;
	case 2:
		put(IMA_WIDTH, 1);
		break;
	case 3:
		imc_hal_dma_start(hal, &far);
		break;
	case 4:
		pulp_wait_event(1); /* that nobody sends */
		break;
	case 5:
		imc_hal_fork(hal, deep, 0);
		break;
	case 6:
		return 42;
	}
	return 0;
}
