#include "passes/solver/pack_inner.h"

bool imc_pack_is_alone(const struct imc_pack_problem *p, int32_t i)
{
	for (int32_t k = 0; k < p->n; k++)
		if (k != i && !imc_pack_conflict(p, p->rect[i], p->rect[k]))
			return false;
	return true;
}

static int32_t area_bound(const struct imc_pack_problem *p, const int32_t *set,
			  int32_t n)
{
	int64_t bin = (int64_t)p->bin_w * p->bin_h, full = 0, part = 0;

	/* The sum of areas as full bins and a rest, so that it never
	 * overflows. */
	for (int32_t i = 0; i < n; i++) {
		struct imc_pack_rect r = p->rect[set[i]];

		part += (int64_t)r.w * r.h;
		full += part / bin;
		part %= bin;
	}
	return (int32_t)(full + (part > 0));
}

/* Rectangles wider than half a bin and those higher than half a bin: any two
 * that are both conflict, so each has a bin of its own. */
static int32_t large_bound(const struct imc_pack_problem *p, const int32_t *set,
			   int32_t n)
{
	int32_t count = 0;

	for (int32_t i = 0; i < n; i++)
		count += imc_pack_conflict(p, p->rect[set[i]], p->rect[set[i]]);
	return count;
}

/* Rectangles higher than half a bin stand side by side: their widths fill
 * bins as lengths do; the same for wide ones. */
static int32_t strip_bound(const struct imc_pack_problem *p, const int32_t *set,
			   int32_t n)
{
	int64_t wide = 0, high = 0, by_w, by_h;

	for (int32_t i = 0; i < n; i++) {
		struct imc_pack_rect r = p->rect[set[i]];

		if (2 * (int64_t)r.h > p->bin_h)
			high += r.w;
		if (2 * (int64_t)r.w > p->bin_w)
			wide += r.h;
	}
	by_w = (high + p->bin_w - 1) / p->bin_w;
	by_h = (wide + p->bin_h - 1) / p->bin_h;
	return (int32_t)(by_w > by_h ? by_w : by_h);
}

int32_t imc_pack_bound_of(const struct imc_pack_problem *p, const int32_t *set,
			  int32_t n)
{
	int32_t best = area_bound(p, set, n);
	int32_t large = large_bound(p, set, n);
	int32_t strip = strip_bound(p, set, n);

	if (large > best)
		best = large;
	return strip > best ? strip : best;
}

int32_t imc_pack_lower_bound(const struct imc_pack_problem *p,
			     struct imc_arena *a)
{
	int32_t *rest = imc_arena_array(a, (size_t)p->n, sizeof *rest);
	int32_t n_alone = 0, n_rest = 0;

	for (int32_t i = 0; i < p->n; i++)
		if (imc_pack_is_alone(p, i))
			n_alone++;
		else
			rest[n_rest++] = i;
	return n_alone + imc_pack_bound_of(p, rest, n_rest);
}
