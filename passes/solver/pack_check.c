#include "passes/solver/pack.h"

#include <stdlib.h>

/* Does not use anything of the solvers, so that no fault is shared. */

struct box {
	int32_t i, bin, x, y, w, h;
};

static int by_bin_and_x(const void *a, const void *b)
{
	const struct box *p = a, *q = b;

	if (p->bin != q->bin)
		return p->bin < q->bin ? -1 : 1;
	if (p->x != q->x)
		return p->x < q->x ? -1 : 1;
	return (p->i > q->i) - (p->i < q->i);
}

static const char *check_box(const struct imc_pack_problem *p, struct box b,
			     struct imc_arena *a)
{
	if (b.bin < 0 || b.bin >= p->n_bin)
		return imc_arena_printf(a, "rectangle %d is in bin %d of %d",
					b.i, b.bin, p->n_bin);
	if (b.w < 1 || b.h < 1 || b.x < 0 || b.y < 0 ||
	    (int64_t)b.x + b.w > p->bin_w || (int64_t)b.y + b.h > p->bin_h)
		return imc_arena_printf(
			a, "rectangle %d, %dx%d at %d,%d, is outside %dx%d",
			b.i, b.w, b.h, b.x, b.y, p->bin_w, p->bin_h);
	return NULL;
}

/* Boxes sorted by bin and left side: only those that begin before this one
 * ends can overlap it. */
static const char *check_overlap(const struct box *b, int32_t n,
				 struct imc_arena *a)
{
	for (int32_t i = 0; i < n; i++)
		for (int32_t k = i + 1;
		     k < n && b[k].bin == b[i].bin && b[k].x < b[i].x + b[i].w;
		     k++)
			if (b[k].y < b[i].y + b[i].h &&
			    b[i].y < b[k].y + b[k].h)
				return imc_arena_printf(
					a,
					"rectangles %d and %d overlap in bin "
					"%d",
					b[i].i < b[k].i ? b[i].i : b[k].i,
					b[i].i < b[k].i ? b[k].i : b[i].i,
					b[i].bin);
	return NULL;
}

const char *imc_pack_check(const struct imc_pack_problem *p,
			   const struct imc_pack_answer *s, struct imc_arena *a)
{
	struct box *b = imc_arena_array(a, (size_t)p->n, sizeof *b);
	const char *fault = NULL;
	int32_t n_used = 0;

	if (!s->found)
		return "no answer";
	for (int32_t i = 0; i < p->n && !fault; i++) {
		b[i] = (struct box){i,
				    s->place[i].bin,
				    s->place[i].x,
				    s->place[i].y,
				    p->rect[i].w,
				    p->rect[i].h};
		fault = check_box(p, b[i], a);
	}
	if (fault)
		return fault;
	qsort(b, (size_t)p->n, sizeof *b, by_bin_and_x);
	fault = check_overlap(b, p->n, a);
	if (fault)
		return fault;
	for (int32_t i = 0; i < p->n; i++)
		n_used += i == 0 || b[i].bin != b[i - 1].bin;
	if (n_used != s->n_used || (n_used && b[p->n - 1].bin != n_used - 1))
		return imc_arena_printf(a, "bins 0 to %d are used, not 0 to %d",
					p->n ? b[p->n - 1].bin : -1,
					s->n_used - 1);
	if (s->lower_bound > n_used)
		return imc_arena_printf(a, "%d bins are below the bound %d",
					n_used, s->lower_bound);
	return NULL;
}
