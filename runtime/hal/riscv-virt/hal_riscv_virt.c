/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_hal_riscv_virt.h"

/* Marks for a simulator that counts instructions; they change nothing. */
#ifdef IMC_COUNT
#define MARK(n) __asm__ volatile("slti x0, x0, " #n ::: "memory")
#else
#define MARK(n) ((void)0)
#endif

#define CLINT_MSIP ((volatile uint32_t *)0x02000000)

/* What the harts share. Core 0 waits for a new `call`, the other cores for a
 * new `job`; who has done what it waited for, sleeps for the next. `arrived`
 * cores are at barrier number `barrier`. */
static struct {
	int32_t n_core;
	int (*fn)(struct imc_hal *hal);
	struct imc_hal *hal;
	volatile uint32_t call, called;
	int status;
	void (*work)(void *arg, int32_t core, int32_t n_core);
	void *arg;
	volatile uint32_t job, barrier;
	uint32_t arrived;
} team;

static void fence(void)
{
	__asm__ volatile("fence iorw, iorw" ::: "memory");
}

static uint32_t this_hart(void)
{
	uint32_t hart;

	__asm__(".option push\n\t.option arch, +zicsr\n\t"
		"csrr %0, mhartid\n\t.option pop"
		: "=r"(hart));
	return hart;
}

/* What it was before. */
static uint32_t count_up(uint32_t *n)
{
	uint32_t before;

	__asm__ volatile(".option push\n\t.option arch, +a\n\t"
			 "amoadd.w.aqrl %0, %2, (%1)\n\t.option pop"
			 : "=&r"(before)
			 : "r"(n), "r"(1)
			 : "memory");
	return before;
}

/* What was written before, the hart sees when it wakes. */
static void wake(uint32_t hart)
{
	fence();
	CLINT_MSIP[hart] = 1;
}

/* Returns some time after a wake, or before: the caller looks for what it
 * waits for. A wake between its look and this is not lost. */
static void sleep(void)
{
	__asm__ volatile("wfi" ::: "memory");
	CLINT_MSIP[this_hart()] = 0;
	fence();
}

static void wait_while(const volatile uint32_t *number, uint32_t is)
{
	while (*number == is)
		sleep();
	fence();
}

static void wake_others(void)
{
	uint32_t me = this_hart();

	for (uint32_t hart = 1; hart <= (uint32_t)team.n_core; hart++)
		if (hart != me)
			wake(hart);
}

static void meet(void)
{
	uint32_t barrier = team.barrier;

	fence();
	if (count_up(&team.arrived) + 1 < (uint32_t)team.n_core) {
		wait_while(&team.barrier, barrier);
		return;
	}
	team.arrived = 0;
	fence();
	team.barrier = barrier + 1;
	wake_others();
}

void imc_hal_fork(struct imc_hal *hal,
		  void (*fn)(void *arg, int32_t core, int32_t n_core),
		  void *arg)
{
	(void)hal;
	if (team.n_core > 1) {
		team.work = fn;
		team.arg = arg;
		fence();
		team.job++;
		wake_others();
	}
	fn(arg, 0, team.n_core);
	if (team.n_core > 1)
		meet();
}

void imc_hal_barrier(struct imc_hal *hal)
{
	(void)hal;
	if (team.n_core > 1)
		meet();
}

uint32_t imc_hal_cycles(struct imc_hal *hal)
{
	uint32_t cycles;

	(void)hal;
	__asm__ volatile(".option push\n\t.option arch, +zicsr\n\t"
			 "csrr %0, mcycle\n\t.option pop"
			 : "=r"(cycles));
	return cycles;
}

void imc_hal_step(struct imc_hal *hal, int32_t k)
{
	if (k == 0) {
		MARK(1); /* from here on this hart counts, */
		MARK(4); /* for the first row */
	} else {
		MARK(3);
	}
	if (hal->step)
		hal->step(hal->cx, k);
}

void imc_hal_models_mark(struct imc_hal *hal, int begin)
{
	(void)hal;
	if (begin)
		MARK(5);
	else
		MARK(6);
}

/* ---- harts ---- */

void imc_riscv_begin(int32_t n_core)
{
	team.n_core = n_core;
	wake_others();
}

int imc_riscv_call(int (*fn)(struct imc_hal *hal), struct imc_hal *hal)
{
	uint32_t called = team.called;

	team.fn = fn;
	team.hal = hal;
	fence();
	team.call++;
	wake(1);
	wait_while(&team.called, called);
	return team.status;
}

static void lead(void)
{
	for (uint32_t done = 0;; done++) {
		wait_while(&team.call, done);
		team.status = team.fn(team.hal);
		MARK(2);
		fence();
		team.called = done + 1;
		wake(0);
	}
}

void imc_riscv_core(int32_t core)
{
	if (core == 0)
		lead();
	MARK(1);
	for (uint32_t done = 0;; done++) {
		wait_while(&team.job, done);
		team.work(team.arg, core, team.n_core);
		meet();
	}
}
