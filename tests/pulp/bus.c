/* Registers of cluster and chip. */
#include "tests/pulp/machine.h"

#include <stdio.h>
#include <string.h>

/* ---- event unit: the window of a core ---- */

static void reach_barrier(struct core *c, struct barrier *b)
{
	struct machine *m = c->m;
	uint32_t target = b->target ? b->target : (1u << N_CORE) - 1;
	uint64_t when = c->cycles;

	if (b->here != b->mask)
		return;
	for (int32_t i = 0; i < N_CORE; i++)
		if (b->here >> i & 1 && m->core[i].cycles > when)
			when = m->core[i].cycles;
	b->here = 0;
	for (int32_t i = 0; i < N_CORE; i++)
		if (target >> i & 1)
			core_event(m, i, 1u << 16, when);
}

static uint32_t barrier_read(struct core *c, uint32_t offset)
{
	struct barrier *b = &c->m->barrier[offset / 32 % 8];

	switch (offset % 32) {
	case 0x00:
		return b->mask;
	case 0x04:
		return b->here;
	case 0x0c:
		return b->target;
	case 0x18:
	case 0x1c:
		b->here |= 1u << c->id;
		reach_barrier(c, b);
		core_wait(c, offset % 32 == 0x1c);
		return 0;
	default:
		machine_fault(c, "no register of a barrier to read: 0x%03x",
			      offset);
	}
}

static void barrier_write(struct core *c, uint32_t offset, uint32_t value)
{
	struct barrier *b = &c->m->barrier[offset / 32 % 8];

	switch (offset % 32) {
	case 0x00:
		b->mask = value;
		break;
	case 0x0c:
		b->target = value;
		break;
	case 0x10:
		b->here |= value;
		break;
	default:
		machine_fault(c, "no register of a barrier to write: 0x%03x",
			      offset);
	}
	reach_barrier(c, b);
}

static uint32_t event_read(struct core *c, uint32_t offset)
{
	if (offset >= 0x200)
		return barrier_read(c, offset);
	switch (offset) {
	case 0x00:
		return c->event_mask;
	case 0x1c:
		return c->events;
	case 0x20:
		return c->events & c->event_mask;
	case 0x38:
	case 0x3c:
		core_wait(c, offset == 0x3c);
		return 0;
	default:
		machine_fault(c, "no event register to read: 0x%03x", offset);
	}
}

static void event_write(struct core *c, uint32_t offset, uint32_t value)
{
	if (offset >= 0x200) {
		barrier_write(c, offset, value);
		return;
	}
	switch (offset) {
	case 0x00:
		c->event_mask = value;
		break;
	case 0x04:
		c->event_mask &= ~value;
		break;
	case 0x08:
		c->event_mask |= value;
		break;
	case 0x28:
		c->events &= ~value;
		break;
	default:
		machine_fault(c, "no event register to write: 0x%03x", offset);
	}
}

/* ---- cluster control, timer ---- */

static void fetch_enable(struct core *c, uint32_t mask)
{
	struct machine *m = c->m;

	if (!m->cluster_clock)
		machine_fault(c, "cores start without a clock");
	for (int32_t i = 0; i < N_CORE; i++)
		if (mask >> i & 1 && m->core[i].state == CORE_OFF)
			core_start(m, i, m->boot[i], c->cycles);
}

static void cluster_write(struct core *c, uint32_t address, uint32_t value)
{
	struct machine *m = c->m;
	uint32_t offset = address - 0x10200000u;

	if (offset == 0x08)
		fetch_enable(c, value);
	else if (offset == 0x20)
		m->cluster_clock = value & 1;
	else if (offset >= 0x40 && offset < 0x40 + 4 * N_CORE)
		m->boot[(offset - 0x40) / 4] = value;
	else if (offset == 0x400)
		m->timer_start = c->cycles;
	else if (offset != 0x1400)
		machine_fault(c, "no register to write: 0x%08x", address);
}

/* ---- chip ---- */

static void soc_write(struct core *c, uint32_t address, uint32_t value)
{
	uint32_t own = c->id == FABRIC ? 31u << 7 : (uint32_t)c->id << 3;

	if (address == 0x1a1040a0u && value >> 31)
		machine_end(c, (int32_t)(value & 0x7fffffff));
	else if (address == 0x1a10f000u + own)
		putchar((int)(value & 255));
	else if (address < 0x1a100000u || address >= 0x1a100030u)
		machine_fault(c, "no register to write: 0x%08x", address);
}

/* ---- all ---- */

static void in_cluster(struct core *c, uint32_t address)
{
	if (c->id == FABRIC)
		machine_fault(c, "0x%08x is for cores of the cluster", address);
}

static bool is_ima(const struct machine *m, uint32_t address)
{
	return address >= 0x10202000u &&
	       address < 0x10202000u + (uint32_t)m->n_array * 0x100;
}

uint32_t bus_read(struct core *c, uint32_t address)
{
	struct machine *m = c->m;

	if (address == 0x7f0) /* see machine_load */
		return (c->id == FABRIC ? 31u << 5 : 0) | (uint32_t)(c->id % 8);
	if (is_ima(m, address))
		return ima_read(c, address - 0x10202000u);
	if (address == 0x10200408u)
		return (uint32_t)(c->cycles - m->timer_start);
	if (address >= 0x10204000u && address < 0x10205000u) {
		in_cluster(c, address);
		if (address >= 0x10204400u)
			return dma_read(c, address - 0x10204400u);
		return event_read(c, address - 0x10204000u);
	}
	machine_fault(c, "no register to read: 0x%08x", address);
}

void bus_write(struct core *c, uint32_t address, uint32_t value)
{
	if (is_ima(c->m, address)) {
		ima_write(c, address - 0x10202000u, value);
	} else if (address >= 0x10204000u && address < 0x10205000u) {
		in_cluster(c, address);
		if (address >= 0x10204400u)
			dma_write(c, address - 0x10204400u, value);
		else
			event_write(c, address - 0x10204000u, value);
	} else if (address >= 0x1a000000u) {
		soc_write(c, address, value);
	} else {
		cluster_write(c, address, value);
	}
}
