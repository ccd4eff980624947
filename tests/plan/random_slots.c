#include <string.h>

#include "tests/plan/random_plan.h"

static bool meet(const struct uses *a, const struct uses *b)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n; k++)
			if (a->v[i].buffer == b->v[k].buffer &&
			    a->v[i].place == b->v[k].place)
				return true;
	return false;
}

/* One of them would end, and the other begin, in one slot. */
static bool succeed(const struct list *l, const struct uses *a,
		    const struct uses *b)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n; k++) {
			int32_t x = a->v[i].buffer, y = b->v[k].buffer;
			const struct imc_buffer *p, *q;

			if (x < 0 || y < 0 || x == y)
				continue;
			p = &l->held[x].b;
			q = &l->held[y].b;
			if (p->mem == q->mem && p->val.i == q->val.i &&
			    p->node.i == q->node.i)
				return true;
		}
	return false;
}

static bool fits_beside(const struct list *l, const struct listed *a,
			const struct listed *b)
{
	unsigned lanes = imc_step_lanes(&l->m->map, &a->s) &
			 imc_step_lanes(&l->m->map, &b->s);

	if (lanes & ~(unsigned)IMC_LANE_DMA)
		return false;
	if (meet(&a->read, &b->write) || meet(&a->write, &b->read) ||
	    meet(&a->write, &b->write))
		return false;
	return !succeed(l, &a->read, &b->read) &&
	       !succeed(l, &a->read, &b->write) &&
	       !succeed(l, &a->write, &b->read) &&
	       !succeed(l, &a->write, &b->write);
}

static bool fits_slot(const struct list *l, size_t first, size_t i)
{
	for (size_t k = first; k < i; k++)
		if (!fits_beside(l, &l->step[k], &l->step[i]))
			return false;
	return true;
}

/* In any order. */
static void shuffle(struct list *l, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++) {
		size_t k = (size_t)pick(l->r, (int)i, (int)end - 1);
		struct listed x = l->step[i];

		l->step[i] = l->step[k];
		l->step[k] = x;
	}
	for (size_t i = first; i < end; i++)
		l->step[i].s.beside = i > first;
}

static void make_slots(struct list *l, struct random_count *n)
{
	size_t first = 0;
	int often = pick(l->r, 0, 4);

	for (size_t i = 1; i <= l->n_step; i++) {
		if (i < l->n_step && pick(l->r, 0, 3) < often &&
		    fits_slot(l, first, i))
			continue;
		shuffle(l, first, i);
		n->n_beside += i - first > 1;
		first = i;
	}
}

static void live(struct list *l, const struct uses *u, size_t i)
{
	for (size_t k = 0; k < u->n; k++) {
		struct imc_buffer *b = NULL;

		if (u->v[k].buffer < 0)
			continue;
		b = &l->held[u->v[k].buffer].b;
		b->first = (int32_t)i < b->first ? (int32_t)i : b->first;
		b->last = (int32_t)i > b->last ? (int32_t)i : b->last;
	}
}

/* Of some buffers to the ends of the slots. */
static void set_lives(struct list *l, const struct imc_plan *p)
{
	for (size_t i = 0; i < l->n_held; i++) {
		l->held[i].b.first = INT32_MAX;
		l->held[i].b.last = -1;
	}
	for (size_t i = 0; i < l->n_step; i++) {
		live(l, &l->step[i].read, i);
		live(l, &l->step[i].write, i);
	}
	for (size_t i = 0; i < l->n_held; i++) {
		struct imc_buffer *b = &l->held[i].b;

		if (b->last < 0 || pick(l->r, 0, 1))
			continue;
		while (p->step[b->first].beside)
			b->first--;
		b->last = (int32_t)imc_plan_slot_end(p, (size_t)b->last) - 1;
	}
}

/* The slots that it lives in. */
static void slots_of(const struct imc_plan *p, const struct imc_buffer *b,
		     size_t span[2])
{
	span[0] = (size_t)b->first;
	while (p->step[span[0]].beside)
		span[0]--;
	span[1] = imc_plan_slot_end(p, (size_t)b->last);
}

static bool share(const struct imc_plan *p, const struct imc_buffer *a,
		  const struct imc_buffer *b)
{
	size_t s[2], t[2];

	if (a->mem != b->mem)
		return false;
	slots_of(p, a, s);
	slots_of(p, b, t);
	return s[0] < t[1] && t[0] < s[1];
}

/* Behind all that lives at the same time, or the first gap from somewhere on
 * that is free. */
static void place(const struct imc_plan *p, size_t i, struct random *r)
{
	struct imc_buffer *b = &p->buffer[i];

	b->offset = pick(r, 0, 3) ? 0 : pick(r, 0, 200);
	for (size_t k = 0; k < i; k++) {
		const struct imc_buffer *o = &p->buffer[k];

		if (!share(p, b, o) || o->offset >= b->offset + b->size_bytes ||
		    b->offset >= o->offset + o->size_bytes)
			continue;
		b->offset = o->offset + o->size_bytes;
		k = SIZE_MAX; /* all of them again */
	}
}

static void place_buffers(struct list *l, struct imc_plan *p)
{
	int32_t *name = imc_arena_array(l->a, l->n_held + 1, sizeof *name);

	p->buffer = imc_arena_array(l->a, l->n_held + 1, sizeof *p->buffer);
	for (size_t i = 0; i < l->n_held; i++)
		if (l->held[i].b.last >= 0) { /* somebody came to use it */
			name[i] = (int32_t)p->n_buffer;
			p->buffer[p->n_buffer++] = l->held[i].b;
		}
	for (size_t i = 0; i < p->n_step; i++)
		if (p->step[i].scratch >= 0)
			p->step[i].scratch = name[p->step[i].scratch];
	for (size_t i = 0; i < p->n_buffer; i++) {
		int64_t *peak = p->buffer[i].mem == IMC_MEM_L1 ? &p->l1_bytes
							       : &p->l2_bytes;
		int64_t end;

		place(p, i, l->r);
		end = p->buffer[i].offset + p->buffer[i].size_bytes;
		*peak = end > *peak ? end : *peak;
	}
}

/* Room that only one step uses. */
static void add_scratch(struct list *l, size_t i, int64_t bytes)
{
	struct held *h = IMC_PUSH(l->a, l->held, l->n_held, l->cap_held);
	struct uses *w = &l->step[i].write;

	h->b = (struct imc_buffer){
		.val = IMC_NO_VAL, .node = IMC_NO_NODE, .size_bytes = bytes};
	l->step[i].s.scratch = (int32_t)l->n_held - 1;
	*IMC_PUSH(l->a, w->v, w->n, w->cap) =
		(struct use){(int32_t)l->n_held - 1, 0};
}

/* Codes of all tiles for one row of the output. */
static int64_t code_bytes(const struct list *l, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(l->m->g, id);
	const struct imc_assign *as = &l->m->map.assign[id.i];
	int64_t columns = 0;

	for (int32_t k = 0; k < as->n_tile; k++) {
		const struct imc_tile *t = &l->m->map.tile[as->first_tile + k];

		columns += t->copy ? 0 : t->n_col * t->n_slice;
	}
	return columns * imc_node_out(l->m->g, n, 0)->t.dim[2] *
	       (n->a.adc[0] ? 1 : 4) * (as->overlap ? 2 : 1);
}

static void add_scratches(struct list *l, struct random_count *n)
{
	for (size_t i = 0; i < l->n_step; i++) {
		const struct imc_step *s = &l->step[i].s;

		if (s->strip_rows) {
			add_scratch(l, i,
				    s->strip_rows * code_bytes(l, s->node));
			n->n_scratch++;
		} else if (s->kind == IMC_STEP_RUN && pick(l->r, 0, 9) == 0) {
			add_scratch(l, i, pick(l->r, 1, 99));
		}
	}
}

struct imc_plan random_slots(struct list *l, struct random_count *n)
{
	struct imc_plan p = {.n_root = l->m->g->n_value, .root = l->root};

	make_slots(l, n);
	add_scratches(l, n);
	p.n_step = l->n_step;
	p.step = imc_arena_array(l->a, l->n_step + 1, sizeof *p.step);
	for (size_t i = 0; i < l->n_step; i++)
		p.step[i] = l->step[i].s;
	set_lives(l, &p);
	place_buffers(l, &p);
	return p;
}
