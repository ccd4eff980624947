/* Which items and partial picks no other one is at least as good as. */
#include <stdlib.h>
#include <string.h>

#include "passes/solver/alloc_inner.h"

/* The first step with more arrays than a. */
static int32_t step_above(const struct imc_alloc_stair *s, double a)
{
	int32_t lo = 0, hi = s->n;

	while (lo < hi) {
		int32_t mid = lo + (hi - lo) / 2;

		if (s->step[mid].a <= a)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void make_room(struct imc_alloc_stair *s)
{
	if (s->n < s->cap)
		return;
	s->cap = s->cap ? 2 * s->cap : 64;
	s->step = realloc(s->step, (size_t)s->cap * sizeof *s->step);
	if (!s->step)
		abort();
}

bool imc_alloc_climb(struct imc_alloc_stair *s, const struct imc_alloc_item *t,
		     double rounding)
{
	int32_t at = step_above(s, t->a), end = at, gone;

	if (at > 0 && s->step[at - 1].e <= t->e + rounding)
		return false;
	if (at > 0 && s->step[at - 1].a == t->a)
		at--;
	while (end < s->n && s->step[end].e >= t->e)
		end++;
	gone = end - at;
	if (gone == 0)
		make_room(s);
	memmove(s->step + at + 1, s->step + end,
		(size_t)(s->n - end) * sizeof *s->step);
	s->step[at] = *t;
	s->n += 1 - gone;
	return true;
}

static int by_cost(const void *x, const void *y)
{
	const struct imc_alloc_item *p = x, *q = y;

	if (p->c != q->c)
		return p->c < q->c ? -1 : 1;
	if (p->a != q->a)
		return p->a < q->a ? -1 : 1;
	if (p->e != q->e)
		return p->e < q->e ? -1 : 1;
	return (p->id > q->id) - (p->id < q->id);
}

int32_t imc_alloc_front(struct imc_alloc_item *item, int32_t n)
{
	struct imc_alloc_stair s = {0};
	int32_t kept = 0;

	if (n > 0)
		qsort(item, (size_t)n, sizeof *item, by_cost);
	for (int32_t i = 0; i < n; i++)
		if (imc_alloc_climb(&s, &item[i], 0))
			item[kept++] = item[i];
	free(s.step);
	return kept;
}
