/* The search is that of Moffitt, MiniMalloc (ASPLOS 2023), written anew: items
 * are placed by rising offset, each on the highest one below it. */
#include <stdlib.h>
#include <string.h>

#include "ir/support/checked.h"
#include "passes/4-plan/allocate_inner.h"

/* Items of a part that is searched, at most; what a search for one peak, and
 * all of them, may look at. */
enum { MOST = 1024, LOOKS = 2000000, ALL_LOOKS = 16000000 };

enum verdict { NONE, FOUND, UNKNOWN };

/* What an order looks at, one after another: the largest load that an item is
 * part of, how long it lives, its area. */
enum key { LOAD, LIFE, AREA, N_KEY };

static const enum key orders[][N_KEY] = {
	{LIFE, AREA, LOAD}, {LOAD, AREA, LIFE}, {LOAD, LIFE, AREA}};

#define N_ORDER (sizeof orders / sizeof orders[0])

struct undo {
	uint32_t item;
	int64_t floor;
};

/* An item on its way into an order. */
struct turn {
	int64_t key[N_KEY];
	uint32_t item;
};

struct search {
	struct imc_alloc_part *p;
	size_t n;
	struct imc_alloc_item *v; /* in the order in which they are tried */
	uint32_t *of;		  /* and which of the part's each is */
	int32_t n_section;
	int64_t cap;		  /* tops are at most that */
	int64_t looks, all_looks; /* that are left: of a try, of all */
	bool *placed;
	int64_t *floor; /* of each item, on those that are placed */
	int64_t *rest;	/* by section: sizes that are not placed */
	int32_t *cross; /* by section: of them, those of the next one too */
	int64_t *slack; /* by section: the largest one */
	int64_t *low;	/* by section: scratch */
	struct turn *turn;
	size_t n_done; /* placed, in turn */
	uint32_t *done;
	size_t n_undo;
	struct undo *undo;
	size_t n_list; /* of ranges, one behind another */
	uint32_t *list;
};

/* Sections first .. end, and the items that were not placed, and lay in these
 * alone, when it was made. */
struct range {
	int32_t first, end;
	size_t n;
	const uint32_t *item; /* by order */
};

/* By offset, then by order. */
struct spot {
	int64_t offset;
	int64_t item;
};

static bool behind(struct spot a, struct spot b)
{
	return a.offset > b.offset || (a.offset == b.offset && a.item > b.item);
}

/* What is not placed lies from offset `from` on, in each section on the lowest
 * floor of it at best. */
static bool may_fit(struct search *s, struct range r, int64_t from)
{
	for (int32_t k = r.first; k < r.end; k++)
		s->low[k] = INT64_MAX;
	for (size_t i = 0; i < r.n; i++) {
		const struct imc_alloc_item *x = &s->v[r.item[i]];
		int64_t at = imc_max_i64(s->floor[r.item[i]], from);

		if (s->placed[r.item[i]])
			continue;
		if (at + x->size - x->slack > s->cap)
			return false;
		for (int32_t k = x->first; k <= x->last; k++)
			s->low[k] = imc_min_i64(s->low[k], at);
		s->looks -= x->last - x->first;
	}
	s->looks -= (int64_t)r.n + r.end - r.first;
	for (int32_t k = r.first; k < r.end; k++)
		if (s->rest[k] && s->low[k] + s->rest[k] - s->slack[k] > s->cap)
			return false;
	return true;
}

/* Offsets from here on are of no use: below them is room for an item, which
 * could as well lie there. */
static int64_t useless_from(const struct search *s, struct range r)
{
	int64_t least = INT64_MAX;

	for (size_t i = 0; i < r.n; i++) {
		uint32_t k = r.item[i];

		if (!s->placed[k])
			least = imc_min_i64(least, s->floor[k] + s->v[k].size);
	}
	return least;
}

/* The next spot behind `last`, with an offset below `end`; false: there is
 * none. */
static bool next_spot(struct search *s, struct range r, int64_t end,
		      struct spot *last)
{
	struct spot best = {end, -1};

	for (size_t i = 0; i < r.n; i++) {
		struct spot at = {s->floor[r.item[i]], r.item[i]};

		if (!s->placed[r.item[i]] && behind(at, *last) &&
		    behind(best, at))
			best = at;
	}
	s->looks -= (int64_t)r.n;
	*last = best;
	return best.item >= 0;
}

/* Takes x from the sums of its sections, or gives it back: sign -1. */
static void count(struct search *s, const struct imc_alloc_item *x, int sign)
{
	for (int32_t k = x->first; k <= x->last; k++) {
		s->rest[k] -= sign * x->size;
		s->cross[k] -= k < x->last ? sign : 0;
	}
}

/* False: nothing that is left meets it. */
static bool put(struct search *s, struct range r, struct spot at)
{
	uint32_t item = (uint32_t)at.item;
	struct imc_alloc_item *x = &s->v[item];
	int64_t top = at.offset + x->size;
	bool met = false;

	x->offset = at.offset;
	s->placed[item] = true;
	s->done[s->n_done++] = item;
	count(s, x, 1);
	for (size_t i = 0; i < r.n; i++) {
		uint32_t k = r.item[i];
		const struct imc_alloc_item *y = &s->v[k];

		if (s->placed[k] || y->last < x->first || x->last < y->first)
			continue;
		met = true;
		if (s->floor[k] >= top)
			continue;
		s->undo[s->n_undo++] = (struct undo){k, s->floor[k]};
		s->floor[k] = top;
	}
	return met;
}

static void take_back(struct search *s, size_t n_done, size_t n_undo)
{
	while (s->n_undo > n_undo) {
		const struct undo *u = &s->undo[--s->n_undo];

		s->floor[u->item] = u->floor;
	}
	while (s->n_done > n_done) {
		uint32_t item = s->done[--s->n_done];

		s->placed[item] = false;
		count(s, &s->v[item], -1);
	}
}

static enum verdict descend(struct search *s, struct range r, struct spot last);

/* Sections first .. end of r, with what is left there; its list lies behind
 * those of others. */
static struct range cut(struct search *s, struct range r, int32_t first,
			int32_t end)
{
	struct range c = {first, end, 0, s->list + s->n_list};

	for (size_t i = 0; i < r.n; i++) {
		const struct imc_alloc_item *x = &s->v[r.item[i]];

		if (!s->placed[r.item[i]] && x->first >= first && x->last < end)
			s->list[s->n_list + c.n++] = r.item[i];
	}
	s->looks -= (int64_t)r.n;
	s->n_list += c.n;
	return c;
}

/* What is left, after x was placed last: apart where nothing crosses any
 * more. */
static enum verdict go_on(struct search *s, struct range r,
			  const struct imc_alloc_item *x, struct spot at)
{
	const struct spot ground = {0, -1};
	size_t n_list = s->n_list;
	enum verdict v = FOUND;
	int32_t first = r.first;

	for (int32_t k = x->first; k < x->last && v == FOUND; k++) {
		if (s->cross[k])
			continue;
		v = descend(s, cut(s, r, first, k + 1), ground);
		first = k + 1;
	}
	if (v == FOUND)
		v = first == r.first
			    ? descend(s, r, at)
			    : descend(s, cut(s, r, first, r.end), ground);
	s->n_list = n_list;
	return v;
}

/* Places what is left of r behind `last`. */
static enum verdict descend(struct search *s, struct range r, struct spot last)
{
	size_t n_undo = s->n_undo, n_done = s->n_done;
	int64_t end = useless_from(s, r);

	if (end == INT64_MAX)
		return FOUND;
	if (!may_fit(s, r, last.offset))
		return NONE;
	for (struct spot at = last; next_spot(s, r, end, &at);) {
		enum verdict v;
		bool met;

		if (s->looks < 0)
			return UNKNOWN;
		met = put(s, r, at);
		v = go_on(s, r, &s->v[at.item], at);
		if (v != NONE)
			return v;
		take_back(s, n_done, n_undo);
		/* it lies higher, or not at all */
		if (!met || !may_fit(s, r, at.offset))
			return NONE;
	}
	return NONE;
}

static int compare(const void *pa, const void *pb)
{
	const struct turn *a = pa, *b = pb;

	for (int k = 0; k < N_KEY; k++)
		if (a->key[k] != b->key[k])
			return a->key[k] > b->key[k] ? -1 : 1;
	return (a->item > b->item) - (a->item < b->item);
}

/* The largest sum of a section of x, when nothing is placed. */
static int64_t load(const struct search *s, const struct imc_alloc_item *x)
{
	int64_t most = 0;

	for (int32_t k = x->first; k <= x->last; k++)
		most = imc_max_i64(most, s->rest[k - s->p->first]);
	return most;
}

/* Nothing is placed; the items in that order. */
static void reset(struct search *s, const enum key *order)
{
	take_back(s, 0, 0);
	for (size_t i = 0; i < s->n; i++) {
		const struct imc_alloc_item *x = &s->p->v[i];
		int64_t life = x->last - x->first + 1, key[N_KEY];

		key[LOAD] = load(s, x);
		key[LIFE] = life;
		key[AREA] = life * x->size;
		for (int k = 0; k < N_KEY; k++)
			s->turn[i].key[k] = key[order[k]];
		s->turn[i].item = (uint32_t)i;
	}
	qsort(s->turn, s->n, sizeof *s->turn, compare);
	for (size_t i = 0; i < s->n; i++) {
		s->of[i] = s->turn[i].item;
		s->v[i] = s->p->v[s->of[i]];
		s->v[i].first -= s->p->first;
		s->v[i].last -= s->p->first;
		s->list[i] = (uint32_t)i;
	}
	s->n_list = s->n;
}

static struct search search_of(struct imc_alloc_part *p, struct imc_arena *a)
{
	size_t n = p->n, k = (size_t)p->n_section;
	struct search s = {.p = p, .n = n, .n_section = p->n_section};

	s.v = imc_arena_array(a, n, sizeof *s.v);
	s.of = imc_arena_array(a, n, sizeof *s.of);
	s.placed = imc_arena_array(a, n, sizeof *s.placed);
	s.floor = imc_arena_array(a, n, sizeof *s.floor);
	s.rest = imc_arena_array(a, k, sizeof *s.rest);
	s.cross = imc_arena_array(a, k, sizeof *s.cross);
	s.slack = imc_arena_array(a, k, sizeof *s.slack);
	s.low = imc_arena_array(a, k, sizeof *s.low);
	s.turn = imc_arena_array(a, n, sizeof *s.turn);
	s.done = imc_arena_array(a, n, sizeof *s.done);
	/* each item changes what is left, and heads lists of what is left */
	s.undo = imc_arena_room(a, n * (n + 1) / 2, sizeof *s.undo);
	s.list = imc_arena_room(a, n * (n + 3) / 2, sizeof *s.list);
	for (size_t i = 0; i < n; i++) {
		struct imc_alloc_item x = p->v[i];

		x.first -= p->first;
		x.last -= p->first;
		count(&s, &x, -1);
		for (int32_t c = x.first; c <= x.last; c++)
			s.slack[c] = imc_max_i64(s.slack[c], x.slack);
	}
	return s;
}

/* A placement with no top above cap, in one order after another. */
static enum verdict try_cap(struct search *s, int64_t cap)
{
	enum verdict v = UNKNOWN;

	for (size_t k = 0; k < N_ORDER && v == UNKNOWN; k++) {
		reset(s, orders[k]);
		s->cap = cap;
		s->looks = LOOKS;
		v = descend(s, (struct range){0, s->n_section, s->n, s->list},
			    (struct spot){0, -1});
		s->all_looks -= LOOKS - s->looks;
	}
	if (v != FOUND)
		return v;
	s->p->peak = 0;
	for (size_t i = 0; i < s->n; i++) {
		s->p->best[s->of[i]] = s->v[i].offset;
		s->p->peak = imc_max_i64(s->p->peak, imc_alloc_top(&s->v[i]));
	}
	return v;
}

void imc_alloc_search(struct imc_alloc_part *p, int64_t target,
		      struct imc_arena *scratch)
{
	struct search s;
	int64_t low = target, cap = target;

	if (p->n > MOST)
		return;
	s = search_of(p, scratch);
	/* less than the alignment is not worth much */
	s.all_looks = p->peak - target < IMC_L1_ALIGN ? LOOKS : ALL_LOOKS;
	for (; p->peak > low && s.all_looks > 0;
	     cap = low + (p->peak - low) / 2) {
		enum verdict v = try_cap(&s, cap);

		if (v == NONE)
			p->bound = imc_max_i64(p->bound, cap + 1);
		if (v != FOUND)
			low = cap + 1;
	}
}
