#include "passes/4-plan/work.h"

#include <stdlib.h>

#include "hwdesc/cost.h"
#include "passes/4-plan/allocate.h"

/* ---- pieces ---- */

struct imc_piece *imc_work_add(struct imc_work *w, enum imc_step_kind kind,
			       int32_t slot)
{
	struct imc_piece *p =
		IMC_PUSH(w->a, w->piece, w->n_piece, w->cap_piece);

	p->step.kind = kind;
	p->step.node = IMC_NO_NODE;
	p->step.val = IMC_NO_VAL;
	p->step.scratch = -1;
	p->slot = slot;
	p->first_use = (int32_t)w->n_use;
	if (slot >= w->n_slot)
		w->n_slot = slot + 1;
	return p;
}

void imc_work_use(struct imc_work *w, int32_t buffer)
{
	struct imc_piece *p = &w->piece[w->n_piece - 1];
	struct imc_buffer *b = &w->buffer[buffer];

	*IMC_PUSH(w->a, w->use, w->n_use, w->cap_use) = buffer;
	p->n_use++;
	if (p->slot < b->first)
		b->first = p->slot;
	if (p->slot > b->last)
		b->last = p->slot;
}

int32_t imc_work_buffer(struct imc_work *w, struct imc_buffer b)
{
	b.first = INT32_MAX;
	b.last = -1;
	*IMC_PUSH(w->a, w->buffer, w->n_buffer, w->cap_buffer) = b;
	return (int32_t)w->n_buffer - 1;
}

/* ---- the plan ---- */

static int by_slot(const void *pa, const void *pb)
{
	const struct imc_piece *a = pa, *b = pb;

	if (a->slot != b->slot)
		return a->slot < b->slot ? -1 : 1;
	return (a->first_use > b->first_use) - (a->first_use < b->first_use);
}

/* The steps, and by slot the first of them and the one behind the last. */
static void list_steps(struct imc_work *w, int32_t *begin, int32_t *end)
{
	struct imc_plan *p = &w->m->plan;

	qsort(w->piece, w->n_piece, sizeof *w->piece, by_slot);
	p->step = NULL;
	p->n_step = p->cap_step = 0;
	for (size_t i = 0; i < w->n_piece; i++) {
		const struct imc_piece *piece = &w->piece[i];
		struct imc_step *s =
			IMC_PUSH(w->m->arena, p->step, p->n_step, p->cap_step);

		*s = piece->step;
		s->beside = i > 0 && w->piece[i - 1].slot == piece->slot;
		if (!s->beside)
			begin[piece->slot] = (int32_t)i;
		end[piece->slot] = (int32_t)i + 1;
	}
}

static void set_lives(struct imc_work *w, const int32_t *begin,
		      const int32_t *end)
{
	for (size_t i = 0; i < w->n_buffer; i++) {
		w->buffer[i].first = INT32_MAX;
		w->buffer[i].last = -1;
	}
	for (size_t i = 0; i < w->n_piece; i++) {
		const struct imc_piece *p = &w->piece[i];

		for (int32_t k = 0; k < p->n_use; k++) {
			struct imc_buffer *b =
				&w->buffer[w->use[p->first_use + k]];

			b->first =
				(int32_t)imc_min_i64(b->first, begin[p->slot]);
			b->last =
				(int32_t)imc_max_i64(b->last, end[p->slot] - 1);
		}
	}
}

void imc_work_finish(struct imc_work *w, struct imc_arena *scratch)
{
	struct imc_plan *p = &w->m->plan;
	size_t n = (size_t)w->n_slot + 1;
	struct imc_allocation l1, l2;
	int32_t *begin = imc_arena_array(scratch, n, sizeof *begin);
	int32_t *end = imc_arena_array(scratch, n, sizeof *end);

	list_steps(w, begin, end);
	set_lives(w, begin, end);
	p->buffer = imc_arena_memdup(w->m->arena, w->buffer,
				     w->n_buffer * sizeof *w->buffer);
	p->n_buffer = p->cap_buffer = w->n_buffer;
	l1 = imc_allocate_best(p->buffer, p->n_buffer, IMC_MEM_L1, scratch);
	l2 = imc_allocate_best(p->buffer, p->n_buffer, IMC_MEM_L2, scratch);
	p->l1_bytes = l1.peak_bytes;
	p->l1_lower_bound = l1.bound_bytes;
	p->l2_bytes = l2.peak_bytes;
	p->l2_lower_bound = l2.bound_bytes;
}
