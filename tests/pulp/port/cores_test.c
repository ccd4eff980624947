/* Cores and DMA of the port: forks, barriers, transfers of all kinds. */
#include "test.h"

#define N 64
#define FAR 20000

static int32_t seen[IMC_PULP_CORES], turn[N][IMC_PULP_CORES];
static uint8_t far_memory[FAR], far_back[FAR];
static uint8_t l1[FAR] __attribute__((section(".bss.l1")));

/* ---- cores ---- */

struct shared {
	struct imc_hal *hal;
	int32_t good;
};

static void count(void *arg, int32_t core, int32_t n_core)
{
	(void)arg;
	seen[core] += n_core;
}

/* Each round, a core writes its own number and finds those of the others, which
 * it would not without a barrier. */
static void rounds(void *arg, int32_t core, int32_t n_core)
{
	struct shared *s = arg;
	int32_t missing = 0;

	for (int32_t i = 0; i < N; i++) {
		turn[i][core] = i + core;
		imc_hal_barrier(s->hal);
		for (int32_t c = 0; c < n_core; c++)
			missing += turn[i][c] != i + c;
		imc_hal_barrier(s->hal);
	}
	seen[core] = missing;
}

static void test_cores(struct test *t, struct imc_hal *hal)
{
	struct shared s = {hal, 1};
	uint32_t before = imc_hal_cycles(hal), after;

	for (int32_t i = 0; i < 100; i++)
		imc_hal_fork(hal, count, &s);
	for (int32_t c = 0; c < IMC_PULP_CORES; c++)
		test_check(t, seen[c] == 100 * IMC_PULP_CORES, "forks", c);
	imc_hal_fork(hal, rounds, &s);
	for (int32_t c = 0; c < IMC_PULP_CORES; c++)
		test_check(t, seen[c] == 0, "barriers", seen[c]);
	after = imc_hal_cycles(hal);
	test_check(t, after - before > 1000 && after - before < 10000000,
		   "cycles", (int32_t)(after - before));
}

/* ---- DMA ---- */

static uint8_t byte_at(int32_t i)
{
	return (uint8_t)(i * 7 + i / 251);
}

/* Compares n_line lines with those of the far memory. */
static void check_lines(struct test *t, const char *what, const uint8_t *got,
			const struct imc_hal_dma *d, size_t first)
{
	int32_t wrong = 0;

	for (size_t y = 0; y < d->n_line; y++)
		for (size_t i = 0; i < d->bytes; i++)
			wrong +=
				got[y * d->dst_step + i] !=
				byte_at((int32_t)(first + y * d->src_step + i));
	test_check(t, wrong == 0, what, wrong);
}

static void load(struct test *t, struct imc_hal *hal, const char *what,
		 struct imc_hal_dma d, size_t first)
{
	for (int32_t i = 0; i < FAR; i++)
		l1[i] = 0xee;
	d.dst = l1 + 3;
	d.src = far_memory + first;
	test_check(t, imc_hal_dma_start(hal, &d) == 0, what, 0);
	imc_hal_wait(hal, IMC_HAL_DMA);
	check_lines(t, what, l1 + 3, &d, first);
	test_check(t, l1[2] == 0xee, "a byte before", l1[2]);
}

static void test_loads(struct test *t, struct imc_hal *hal)
{
	struct imc_hal_dma one = {.bytes = 8192, .n_line = 1};
	struct imc_hal_dma lines = {
		.bytes = 192, .n_line = 10, .dst_step = 192, .src_step = 500};
	struct imc_hal_dma apart = {
		.bytes = 13, .n_line = 7, .dst_step = 40, .src_step = 29};

	load(t, hal, "a line", one, 5);
	load(t, hal, "lines packed in L1", lines, 11);
	load(t, hal, "lines apart in L1", apart, 1);
}

/* Many transfers at once, out of which and into which the rest goes. */
static void test_stores(struct test *t, struct imc_hal *hal)
{
	int32_t wrong = 0;

	for (int32_t i = 0; i < 8000; i++)
		l1[i] = byte_at(i);
	for (int32_t i = 0; i < 100; i++) {
		struct imc_hal_dma d = {
			far_back + i * 160, l1 + i * 80, 40, 2, 80, 40};

		imc_hal_dma_start(hal, &d);
	}
	imc_hal_wait(hal, IMC_HAL_ALL);
	for (int32_t i = 0; i < 8000; i++)
		wrong += far_back[i / 40 * 80 + i % 40] != byte_at(i);
	test_check(t, wrong == 0, "stores", wrong);
}

static void test_near(struct test *t, struct imc_hal *hal)
{
	struct imc_hal_dma d = {l1 + 9000, l1 + 1, 30, 3, 50, 100};
	int32_t wrong = 0;

	for (int32_t i = 0; i < 400; i++)
		l1[i] = byte_at(i);
	imc_hal_dma_start(hal, &d);
	imc_hal_wait(hal, IMC_HAL_DMA);
	for (int32_t i = 0; i < 90; i++)
		wrong += l1[9000 + i / 30 * 50 + i % 30] !=
			 byte_at(1 + i / 30 * 100 + i % 30);
	test_check(t, wrong == 0, "inside L1", wrong);
}

int imc_pulp_main(struct imc_hal *hal)
{
	struct test t = {0};

	for (int32_t i = 0; i < FAR; i++)
		far_memory[i] = byte_at(i);
	test_cores(&t, hal);
	test_loads(&t, hal);
	test_stores(&t, hal);
	test_near(&t, hal);
	return test_result(&t);
}
