/* The cluster's DMA: a queue of commands a core, 16 identifiers. */
#include "tests/pulp/machine.h"

#include <string.h>

#define TO_L1 (1u << 17)
#define INCREMENT (1u << 18)
#define LINES (1u << 19)
#define EVENT (1u << 20)

uint64_t dma_due(const struct machine *m)
{
	return m->dma.n_transfer ? m->dma.due : UINT64_MAX;
}

static void move(struct machine *m, const struct transfer *t)
{
	uint32_t far = t->far;

	for (uint32_t at = 0; at < t->bytes; at += t->line, far += t->step) {
		uint32_t n = t->bytes - at < t->line ? t->bytes - at : t->line;
		uint8_t *a = machine_memory(m, t->near + at, n);
		uint8_t *b = machine_memory(m, far, n);

		memcpy(t->to_l1 ? a : b, t->to_l1 ? b : a, n);
	}
}

/* The last transfer of all comes first: any order is good. */
void dma_advance(struct machine *m, uint64_t now)
{
	struct dma *d = &m->dma;

	if (!d->n_transfer || d->due > now)
		return;
	for (int32_t i = d->n_transfer; i-- > 0;)
		move(m, &d->queue[i]);
	for (int32_t i = 0; i < d->n_transfer; i++)
		if (d->queue[i].event)
			core_event(m, d->queue[i].core, 1u << 8, d->due);
	d->n_transfer = 0;
}

/* ---- commands ---- */

static void check(struct core *c, const struct transfer *t)
{
	struct machine *m = c->m;
	uint32_t far = t->far;

	if (t->near < L1_BASE || t->near - L1_BASE > m->l1_bytes ||
	    t->bytes > m->l1_bytes - (t->near - L1_BASE))
		machine_fault(c, "the DMA leaves L1: 0x%08x", t->near);
	if (!t->bytes || !t->line)
		machine_fault(c, "the DMA has nothing to move");
	for (uint32_t at = 0; at < t->bytes; at += t->line, far += t->step)
		if (far < L2_BASE || !machine_memory(m, far, t->line))
			machine_fault(c, "the DMA leaves L2: 0x%08x", far);
}

/* 100 cycles, and 8 bytes a cycle. */
static void enqueue(struct core *c)
{
	struct machine *m = c->m;
	struct dma *d = &m->dma;
	const uint32_t *w = c->dma_word;
	struct transfer t = {
		.id = c->dma_id,
		.core = c->id,
		.to_l1 = w[0] & TO_L1,
		.event = w[0] & EVENT,
		.near = w[1],
		.far = w[2],
		.bytes = w[0] & (TO_L1 - 1),
	};

	t.line = w[0] & LINES ? w[3] : t.bytes;
	t.step = w[0] & LINES ? w[4] : 0;
	if (t.id < 0 || !(d->taken >> t.id & 1))
		machine_fault(c, "a transfer without an identifier");
	if (!(w[0] & INCREMENT))
		machine_fault(c, "a transfer to one place");
	check(c, &t);
	if (d->n_transfer == DMA_QUEUE)
		dma_advance(m, d->due); /* the core would stall */
	if (!d->n_transfer || d->due < c->cycles)
		d->due = c->cycles + 100;
	d->due += (t.bytes + 7) / 8;
	d->bytes += t.bytes;
	d->queue[d->n_transfer++] = t;
}

void dma_write(struct core *c, uint32_t offset, uint32_t value)
{
	struct dma *d = &c->m->dma;

	if (offset == 4) {
		d->taken &= ~value;
		return;
	}
	if (offset)
		machine_fault(c, "no register of the DMA: 0x%03x", offset);
	c->dma_word[c->n_dma_word++] = value;
	if (c->n_dma_word < (c->dma_word[0] & LINES ? 5 : 3))
		return;
	c->n_dma_word = 0;
	enqueue(c);
}

static uint32_t status_of(struct core *c)
{
	struct dma *d = &c->m->dma;
	uint32_t busy = 0;

	dma_advance(c->m, c->cycles);
	for (int32_t i = 0; i < d->n_transfer; i++)
		busy |= 1u << d->queue[i].id;
	return busy | d->taken << 16;
}

uint32_t dma_read(struct core *c, uint32_t offset)
{
	struct dma *d = &c->m->dma;

	if (offset == 4)
		return status_of(c);
	if (offset)
		machine_fault(c, "no register of the DMA: 0x%03x", offset);
	for (int32_t i = 0; i < DMA_IDS; i++)
		if (!(d->taken >> i & 1)) {
			d->taken |= 1u << i;
			c->dma_id = i;
			return (uint32_t)i;
		}
	machine_fault(c, "the DMA has no identifier left");
}
