/* Bounds on the number of bins, none of which looks at an answer. */
#include <stdlib.h>
#include <string.h>

#include "passes/solver/pack_inner.h"

/* Limits of the search for a good bound. */
#define MAX_SCALE 200	     /* conservative scales of one side */
#define MAX_STEPS 8	     /* of the scale by steps */
#define MAX_WORK (1 << 25)   /* pairs of scales times rectangles */
#define MAX_RECT (1 << 21)   /* rectangles; no sum then overflows */
#define MAX_SUMS (1LL << 26) /* steps of subset sums */

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

/* Rectangles wider than half a bin and higher than half a bin: any two
 * conflict, so each has a bin of its own. */
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

/* The two least of w, h over all rectangles: what is left of a rectangle's
 * bin is of use to another one only if the least one fits beside it. */
struct least {
	int32_t w[2], h[2];
};

static void keep_least(int32_t *two, int32_t v)
{
	if (v < two[0]) {
		two[1] = two[0];
		two[0] = v;
	} else if (v < two[1]) {
		two[1] = v;
	}
}

int32_t imc_pack_split_alone(const struct imc_pack_problem *p, int32_t *alone,
			     int32_t *rest)
{
	struct least l = {{INT32_MAX, INT32_MAX}, {INT32_MAX, INT32_MAX}};
	int32_t n_alone = 0, n_rest = 0;

	for (int32_t i = 0; i < p->n; i++) {
		keep_least(l.w, p->rect[i].w);
		keep_least(l.h, p->rect[i].h);
	}
	for (int32_t i = 0; i < p->n; i++) {
		struct imc_pack_rect r = p->rect[i];
		int64_t w = (int64_t)r.w + l.w[r.w == l.w[0]];
		int64_t h = (int64_t)r.h + l.h[r.h == l.h[0]];

		if (w > p->bin_w && h > p->bin_h)
			alone[n_alone++] = i;
		else
			rest[n_rest++] = i;
	}
	return n_alone;
}

/* The sizes of one side, made larger where that costs nothing, and the
 * conservative scales made of them: scale k says v[k * n + i] of whole[k]. */
struct side {
	int32_t size, n, n_scale, most;
	int32_t *len;
	int64_t *v, *whole;
};

/* u(k) of S. P. Fekete, J. Schepers, "A general framework for bounds for
 * higher-dimensional orthogonal packing problems", 2004, times k (k + 1). */
static int64_t scale_steps(int64_t c, int64_t x, int64_t k)
{
	return (k + 1) * x % c == 0 ? (k + 1) * x / c * k
				    : (k + 1) * x / c * (k + 1);
}

/* U(e) of the same: large ones are whole, small ones nothing. */
static int64_t scale_large(int64_t c, int64_t x, int64_t e)
{
	return x > c - e ? c : x >= e ? x : 0;
}

/* f1 of J. Carlier, F. Clautiaux, A. Moukrim, "New reduction procedures and
 * lower bounds for the two-dimensional bin packing problem with fixed
 * orientation", 2007, of which phi(e) of Fekete and Schepers is a weaker
 * form: counts units of k. */
static int64_t scale_units(int64_t c, int64_t x, int64_t k)
{
	if (2 * x > c)
		return 2 * (c / k - (c - x) / k);
	return 2 * x == c ? c / k : 2 * (x / k);
}

typedef int64_t scale_fn(int64_t c, int64_t x, int64_t k);

/* Adds a scale, unless there is one just like it. */
static void add_scale(struct side *s, scale_fn *f, int64_t k, int64_t whole)
{
	size_t n = (size_t)s->n, bytes = n * sizeof *s->v;
	int64_t *v = &s->v[(size_t)s->n_scale * n];

	if (s->n_scale == s->most)
		return;
	for (int32_t i = 0; i < s->n; i++)
		v[i] = f(s->size, s->len[i], k);
	for (int32_t q = 0; q < s->n_scale; q++)
		if (s->whole[q] == whole &&
		    !memcmp(&s->v[(size_t)q * n], v, bytes))
			return;
	s->whole[s->n_scale++] = whole;
}

static int descending(const void *a, const void *b)
{
	const int32_t *p = a, *q = b;

	return (*p < *q) - (*p > *q);
}

/* The different sizes into out, descending; returns how many. */
static int32_t sizes_of(const struct side *s, int32_t *out)
{
	int32_t n = 0;

	memcpy(out, s->len, (size_t)s->n * sizeof *out);
	qsort(out, (size_t)s->n, sizeof *out, descending);
	for (int32_t i = 0; i < s->n; i++)
		if (i == 0 || out[i] != out[n - 1])
			out[n++] = out[i];
	return n;
}

static void add_units(struct side *s, int64_t k)
{
	add_scale(s, scale_units, k, 2 * (s->size / k));
}

/* Large ones change only at the sizes that there are. */
static void make_scales(struct side *s, struct imc_arena *a)
{
	int32_t *len = imc_arena_array(a, (size_t)s->n, sizeof *len);
	size_t cells = (size_t)(s->most + 1) * (size_t)s->n;
	int32_t n = sizes_of(s, len);

	s->v = imc_arena_array(a, cells, sizeof *s->v);
	s->whole = imc_arena_array(a, (size_t)s->most, sizeof *s->whole);
	add_scale(s, scale_large, 0, s->size);
	for (int64_t k = 1; k <= MAX_STEPS; k++)
		add_scale(s, scale_steps, k, k * (k + 1));
	for (int32_t i = 0; i < n && 2 * (int64_t)len[i] > s->size; i++)
		add_scale(s, scale_large, s->size - len[i] + 1, s->size);
	for (int32_t i = 0; i < n; i++)
		add_units(s, 2 * (int64_t)len[i] > s->size
				     ? s->size - len[i] + 1
				     : len[i]);
	for (int32_t k = 1; 2 * k <= s->size && k <= MAX_SCALE; k++)
		add_units(s, k);
}

/* The largest sum, at most room, of some sizes other than that of i. */
static int32_t best_sum(const struct side *s, int32_t i, int32_t room,
			bool *can)
{
	memset(can, 0, (size_t)room + 1);
	can[0] = true;
	for (int32_t k = 0; k < s->n && !can[room]; k++)
		for (int32_t x = room; k != i && x >= s->len[k]; x--)
			can[x] |= can[x - s->len[k]];
	while (!can[room])
		room--;
	return room;
}

/* No line through rectangle i crosses others that fill the bin to more than
 * best_sum: what is left of it may as well belong to i (M. Boschetti,
 * A. Mingozzi, "The two-dimensional finite bin packing problem", 2003). */
static void enlarge(struct side *s, struct imc_arena *a)
{
	bool *can = imc_arena_array(a, (size_t)s->size + 1, sizeof *can);

	if ((int64_t)s->n * s->n * s->size > MAX_SUMS)
		return;
	for (int32_t i = 0; i < s->n; i++)
		s->len[i] = s->size - best_sum(s, i, s->size - s->len[i], can);
}

/* Bins by the products of scale x of widths and all scales of heights. */
static int64_t bound_by_scale(const struct side *w, const struct side *h,
			      int32_t x)
{
	const int64_t *v = &w->v[(size_t)x * (size_t)w->n];
	int64_t best = 0;

	for (int32_t y = 0; y < h->n_scale; y++) {
		const int64_t *u = &h->v[(size_t)y * (size_t)h->n];
		int64_t whole = w->whole[x] * h->whole[y], sum = 0;

		for (int32_t i = 0; i < w->n; i++)
			sum += v[i] * u[i];
		if ((sum + whole - 1) / whole > best)
			best = (sum + whole - 1) / whole;
	}
	return best;
}

static int32_t scale_bound(const struct imc_pack_problem *p, const int32_t *set,
			   int32_t n, struct imc_arena *a)
{
	struct side side[2] = {{.size = p->bin_w, .n = n},
			       {.size = p->bin_h, .n = n}};
	int64_t best = 0;

	for (int k = 0; k < 2; k++) {
		struct side *s = &side[k];

		s->len = imc_arena_array(a, (size_t)n, sizeof *s->len);
		for (int32_t i = 0; i < n; i++)
			s->len[i] = k ? p->rect[set[i]].h : p->rect[set[i]].w;
		enlarge(s, a);
		for (s->most = MAX_SCALE;
		     (int64_t)s->most * s->most * n > MAX_WORK;)
			s->most /= 2;
		make_scales(s, a);
	}
	for (int32_t x = 0; x < side[0].n_scale; x++) {
		int64_t bound = bound_by_scale(&side[0], &side[1], x);

		if (bound > best)
			best = bound;
	}
	return (int32_t)best;
}

/* Rectangles that do not fit a bin are left to the solvers. */
static bool is_plain(const struct imc_pack_problem *p)
{
	if (p->bin_w > IMC_PACK_MAX_SIDE || p->bin_h > IMC_PACK_MAX_SIDE ||
	    p->n > MAX_RECT)
		return false;
	for (int32_t i = 0; i < p->n; i++)
		if (!imc_pack_inside(p, p->rect[i]))
			return false;
	return true;
}

int32_t imc_pack_lower_bound(const struct imc_pack_problem *p,
			     struct imc_arena *a)
{
	size_t n = (size_t)p->n;
	int32_t *alone = imc_arena_array(a, n, sizeof *alone);
	int32_t *rest = imc_arena_array(a, n, sizeof *rest);
	int32_t n_alone = imc_pack_split_alone(p, alone, rest);
	int32_t n_rest = p->n - n_alone;
	int32_t best = imc_pack_bound_of(p, rest, n_rest);

	if (n_rest && is_plain(p)) {
		struct imc_arena *scratch = imc_arena_new();
		int32_t by_scale = scale_bound(p, rest, n_rest, scratch);

		best = by_scale > best ? by_scale : best;
		imc_arena_free(scratch);
	}
	return n_alone + best;
}
