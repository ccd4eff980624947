#include <assert.h>
#include <string.h>

#include "ir/eval/plan_machine.h"
#include "ir/op.h"
#include "ir/support/checked.h"

/* ---- targets ---- */

enum move { POISON, WRITE, TAKE };

static void move_bytes(enum move how, unsigned char *to, unsigned char *other,
		       size_t n)
{
	switch (how) {
	case POISON:
		memset(to, IMC_POISON, n);
		break;
	case WRITE:
		memcpy(to, other, n);
		break;
	case TAKE:
		memcpy(other, to, n);
		break;
	}
}

/* Run after run, each in two parts where the ring begins again. */
static void move(const struct imc_target *t, enum move how,
		 unsigned char *other)
{
	for (int64_t i = 0; i < t->n; i++) {
		int64_t at = (t->at + i * t->stride) % t->size;

		for (int64_t left = t->width, n; left > 0; left -= n) {
			n = imc_min_i64(left, t->size - at);
			move_bytes(how, t->base + at, other, (size_t)n);
			other = other ? other + n : NULL;
			at = 0;
		}
	}
}

int64_t imc_target_bytes(const struct imc_target *t)
{
	return t->n * t->width;
}

void imc_target_poison(const struct imc_target *t)
{
	move(t, POISON, NULL);
}

void imc_target_write(const struct imc_target *t, const void *from)
{
	/* it only reads */
	move(t, WRITE, (unsigned char *)(uintptr_t)from);
}

const void *imc_machine_take(const struct imc_target *t, struct imc_arena *a)
{
	int64_t at = t->size ? t->at % t->size : 0;
	unsigned char *copy;

	if (t->n == 1 && at + t->width <= t->size)
		return t->base + at;
	copy = imc_arena_room(a, (size_t)imc_target_bytes(t), 1);
	move(t, TAKE, copy);
	return copy;
}

void imc_machine_poison(const struct imc_machine *m, int32_t buffer)
{
	const struct imc_buffer *b = &m->p->buffer[buffer];

	memset(m->mem[b->mem] + b->offset, IMC_POISON, (size_t)b->size_bytes);
}

/* ---- values ---- */

/* Block of a buffer that is cut by channels: all pixels, its channels only. */
static struct imc_target find_block(const struct imc_machine *m,
				    const struct imc_buffer *b,
				    const struct imc_tensor *t,
				    struct imc_rows chans)
{
	int64_t n_chan = imc_plan_n_chan(t);
	int64_t of_chan = (int64_t)imc_tensor_bytes(t) / n_chan;
	int64_t place = chans.first / b->n_chan % b->lines;

	return (struct imc_target){.base = m->mem[b->mem] + b->offset,
				   .size = b->lines * of_chan * b->n_chan,
				   .at = place * of_chan * b->n_chan,
				   .n = 1,
				   .width =
					   of_chan * (chans.end - chans.first)};
}

/* Leaves of a target, which is rows of t, some channels of each pixel. */
static void cut_chans(struct imc_target *x, const struct imc_tensor *t,
		      struct imc_rows chans)
{
	int64_t n_chan = imc_plan_n_chan(t);
	int64_t size = (int64_t)imc_dtype_size(t->dtype);

	if (chans.end - chans.first == n_chan)
		return;
	x->n = x->width / (n_chan * size);
	x->stride = n_chan * size;
	x->at += chans.first * size;
	x->width = (chans.end - chans.first) * size;
}

struct imc_target imc_machine_find(const struct imc_machine *m, imc_val v,
				   enum imc_memory mem, struct imc_rows rows,
				   struct imc_rows chans)
{
	const struct imc_tensor *t = &imc_value_at(m->g, v)->t;
	const struct imc_tensor *root = &m->g->value[m->p->root[v.i]].t;
	int32_t at = imc_plan_now_of(&m->now, v, mem);
	int64_t line = imc_plan_row_bytes(t);
	const struct imc_buffer *b;
	struct imc_target x;

	assert(at >= 0);
	b = &m->p->buffer[at];
	if (b->n_chan)
		return find_block(m, b, t, chans);
	x = (struct imc_target){
		.base = m->mem[mem] + b->offset,
		.size = mem == IMC_MEM_L1 ? b->lines * imc_plan_row_bytes(root)
					  : b->size_bytes,
		.at = rows.first * line,
		.n = 1,
		.width = (rows.end - rows.first) * line};
	cut_chans(&x, t, chans);
	return x;
}

/* The caller's memory. */
static struct imc_target find_home(const struct imc_machine *m, imc_val v,
				   struct imc_rows rows, struct imc_rows chans)
{
	struct imc_home home = imc_plan_home(m->g, m->p, v);
	const struct imc_tensor *t = &imc_value_at(m->g, v)->t;
	int64_t line = imc_plan_row_bytes(t);
	struct imc_target x = {.size = (int64_t)imc_tensor_bytes(t),
			       .at = rows.first * line,
			       .n = 1,
			       .width = (rows.end - rows.first) * line};

	assert(home.kind != IMC_HOME_NONE);
	x.base = home.kind == IMC_HOME_INPUT ? m->in[home.i].data
					     : m->out[home.i].data;
	cut_chans(&x, t, chans);
	return x;
}

struct imc_target imc_machine_place(const struct imc_machine *m, imc_val v,
				    struct imc_rows rows, struct imc_rows chans)
{
	if (imc_plan_now_of(&m->now, v, IMC_MEM_L1) >= 0)
		return imc_machine_find(m, v, IMC_MEM_L1, rows, chans);
	if (imc_plan_now_of(&m->now, v, IMC_MEM_L2) >= 0)
		return imc_machine_find(m, v, IMC_MEM_L2, rows, chans);
	return find_home(m, v, rows, chans);
}

/* ---- constants ---- */

struct imc_target imc_machine_constants(const struct imc_machine *m,
					const struct imc_step *s)
{
	const struct imc_buffer *b = &m->p->buffer[m->now.node[s->node.i]];
	int64_t bytes =
		imc_plan_constants(m->g, m->me.m, s->node, b->n_chan).bytes;
	int64_t block = b->n_chan ? s->chan / b->n_chan : 0;

	return (struct imc_target){.base = m->mem[IMC_MEM_L1] + b->offset,
				   .size = b->lines * bytes,
				   .at = block % b->lines * bytes,
				   .n = 1,
				   .width = bytes};
}

void *imc_machine_fetch(const struct imc_machine *m, const struct imc_step *s,
			struct imc_arena *a)
{
	const struct imc_node *n = imc_node_at(m->g, s->node);
	int32_t n_chan = m->p->buffer[m->now.node[s->node.i]].n_chan;
	struct imc_constants c =
		imc_plan_constants(m->g, m->me.m, s->node, n_chan);
	char *piece = imc_arena_room(a, (size_t)c.bytes, 1);

	memset(piece, IMC_POISON, (size_t)c.bytes);
	for (int i = 0; i < c.n; i++) {
		const struct imc_constant *p = &c.part[i];
		imc_val v = imc_plan_origin(m->g, n->in[p->input]);
		const char *from = imc_value_at(m->g, v)->t.data;
		int64_t bytes = p->bytes;

		if (n_chan && p->per_chan) {
			from += p->per_chan * s->chan;
			bytes = p->per_chan * s->n_chan;
		}
		memcpy(piece + p->offset, from, (size_t)bytes);
	}
	return piece;
}
