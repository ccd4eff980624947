#include "tests/pulp/machine.h"

#include <string.h>

#define TURN 200000 /* cycles, while others are ready */

/* ---- turns ---- */

/* The next core behind `id` that can run, or -1. */
static int32_t next_ready(const struct machine *m, int32_t id)
{
	for (int32_t i = 1; i <= N_ENGINE; i++)
		if (m->core[(id + i) % N_ENGINE].state == CORE_READY)
			return (id + i) % N_ENGINE;
	return -1;
}

/* When nobody can run, time goes on to where a device is done. */
static int32_t advance(struct core *c)
{
	struct machine *m = c->m;

	for (;;) {
		int32_t next = next_ready(m, c->id);
		uint64_t dma = dma_due(m), ima = ima_due(m);

		if (next >= 0)
			return next;
		if (dma == UINT64_MAX && ima == UINT64_MAX)
			machine_fault(c, "all cores sleep and nothing works");
		if (dma <= ima)
			dma_advance(m, dma);
		else
			ima_advance(m, ima);
	}
}

/* Hands over to another core, and returns when it is c's turn again; never, at
 * the end of the machine. The lock is held. */
static void hand_over(struct core *c)
{
	struct machine *m = c->m;

	m->running = advance(c);
	if (m->running >= 0)
		pthread_cond_signal(&m->core[m->running].turn);
	while (m->running != c->id)
		pthread_cond_wait(&c->turn, &m->lock);
	c->turn_end = c->cycles + TURN;
}

/* ---- events ---- */

static void wake(struct core *c, uint64_t when)
{
	c->state = CORE_READY;
	if (c->cycles < when)
		c->cycles = when;
	c->events &= ~c->event_clear;
}

void core_wait(struct core *c, bool clear)
{
	c->event_clear = clear ? c->event_mask : 0;
	if (c->events & c->event_mask) {
		wake(c, 0);
		return;
	}
	c->state = CORE_ASLEEP;
	hand_over(c);
}

void core_event(struct machine *m, int32_t id, uint32_t event, uint64_t when)
{
	struct core *c = &m->core[id];

	c->events |= event;
	if (c->state == CORE_ASLEEP && c->events & c->event_mask)
		wake(c, when);
}

/* ---- engines ---- */

/* Instructions of a block of code, which are counted once. */
static uint32_t length_of(struct machine *m, uint32_t address, uint32_t bytes)
{
	const uint8_t *code = machine_memory(m, address, bytes);
	struct block *b;
	uint32_t n = 0;

	if (!code || address < L2_BASE)
		return bytes / 4;
	b = &m->block[(address - L2_BASE) / 2];
	if (b->bytes == bytes)
		return b->n;
	for (uint32_t i = 0; i + 2 <= bytes; i += code[i] % 4 == 3 ? 4 : 2)
		n++;
	b->bytes = bytes;
	b->n = n;
	return n;
}

static void on_block(uc_engine *uc, uint64_t address, uint32_t size, void *cx)
{
	struct core *c = cx;

	(void)uc;
	c->cycles += length_of(c->m, (uint32_t)address, size);
	if (c->cycles > c->turn_end)
		hand_over(c);
}

static uint64_t on_read(struct core *c, uint64_t address, unsigned size)
{
	if (size != 4)
		machine_fault(c, "a read of %u bytes at 0x%08x", size,
			      (unsigned)address);
	return bus_read(c, (uint32_t)address);
}

static void on_write(struct core *c, uint64_t address, unsigned size,
		     uint64_t value)
{
	if (size != 4)
		machine_fault(c, "a write of %u bytes at 0x%08x", size,
			      (unsigned)address);
	bus_write(c, (uint32_t)address, (uint32_t)value);
}

/* Pages of registers: what a core calls its number, too. */
#define PAGES(X)                                                               \
	X(number, 0x00000000u, 0x1000)                                         \
	X(cluster, 0x10200000u, 0x5000)                                        \
	X(soc, 0x1a100000u, 0x10000)

#define X(name, base, bytes)                                                   \
	static uint64_t read_##name(uc_engine *uc, uint64_t offset,            \
				    unsigned size, void *cx)                   \
	{                                                                      \
		(void)uc;                                                      \
		return on_read(cx, (base) + offset, size);                     \
	}                                                                      \
	static void write_##name(uc_engine *uc, uint64_t offset,               \
				 unsigned size, uint64_t value, void *cx)      \
	{                                                                      \
		(void)uc;                                                      \
		on_write(cx, (base) + offset, size, value);                    \
	}
PAGES(X)
#undef X

static uc_err map_all(struct core *c)
{
	struct machine *m = c->m;
	uc_err e =
		uc_mem_map_ptr(c->uc, L1_BASE, m->l1_bytes, UC_PROT_ALL, m->l1);

	if (!e)
		e = uc_mem_map_ptr(c->uc, L2_BASE, m->l2_bytes, UC_PROT_ALL,
				   m->l2);
#define X(name, base, bytes)                                                   \
	if (!e)                                                                \
		e = uc_mmio_map(c->uc, base, bytes, read_##name, c,            \
				write_##name, c);
	PAGES(X)
#undef X
	return e;
}

static void *run_core(void *arg)
{
	struct core *c = arg;
	struct machine *m = c->m;
	uint32_t pc;
	uc_err e;

	pthread_mutex_lock(&m->lock);
	while (m->running != c->id)
		pthread_cond_wait(&c->turn, &m->lock);
	c->turn_end = c->cycles + TURN;
	e = uc_emu_start(c->uc, c->pc, UINT32_MAX, 0, 0);
	uc_reg_read(c->uc, UC_RISCV_REG_PC, &pc);
	if (e)
		machine_fault(c, "%s in the code from 0x%08x on",
			      uc_strerror(e), pc);
	c->state = CORE_STOPPED; /* wfi: no interrupt will come */
	hand_over(c);
	pthread_mutex_unlock(&m->lock);
	return NULL;
}

bool core_new(struct machine *m, int32_t id)
{
	struct core *c = &m->core[id];
	uc_hook hook;

	c->m = m;
	c->id = id;
	c->dma_id = -1;
	pthread_cond_init(&c->turn, NULL);
	if (uc_open(UC_ARCH_RISCV, UC_MODE_RISCV32, &c->uc))
		return false;
	if (map_all(c) || uc_hook_add(c->uc, &hook, UC_HOOK_BLOCK,
				      (void *)(uintptr_t)on_block, c, 1, 0))
		return false;
	return pthread_create(&c->thread, NULL, run_core, c) == 0;
}

void core_start(struct machine *m, int32_t id, uint32_t pc, uint64_t when)
{
	struct core *c = &m->core[id];

	c->pc = pc;
	c->cycles = when;
	c->state = CORE_READY;
}
