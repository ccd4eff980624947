/* Exact search for small sets.
 *
 * One bin (S. Martello, D. Pisinger, D. Vigo, "The three-dimensional bin
 * packing problem", 2000, in two dimensions): any packing can be pushed left
 * and down, and then built so that each rectangle goes to a corner of the
 * staircase around those before it. */
#include <assert.h>

#include "passes/solver/pack_inner.h"

/* Height y from x on, up to the next step. */
struct step {
	int32_t x, y;
};

/* x rises from 0, y falls: what lies under it is taken. */
struct stairs {
	int32_t n;
	struct step *v;
};

struct search {
	const struct imc_pack_problem *p;
	const int32_t *set;
	int32_t n, n_left;
	int64_t limit, area_left;
	bool *used;
	struct imc_pack_place *place;
	struct stairs *level; /* by number of rectangles placed */
};

/* Free cells above the staircase. */
static int64_t free_above(const struct search *s, const struct stairs *e)
{
	int64_t sum = 0;

	for (int32_t k = 0; k < e->n; k++) {
		int32_t right = k + 1 < e->n ? e->v[k + 1].x : s->p->bin_w;

		sum += (int64_t)(right - e->v[k].x) * (s->p->bin_h - e->v[k].y);
	}
	return sum;
}

/* The staircase after a rectangle whose top right corner is x, y: nothing
 * may be put left of and below that corner any more. */
static void raise_stairs(const struct search *s, const struct stairs *e,
			 int32_t x, int32_t y, struct stairs *out)
{
	bool placed = false;

	out->n = 0;
	for (int32_t k = 0; k < e->n; k++) {
		struct step c = e->v[k];
		int32_t right = k + 1 < e->n ? e->v[k + 1].x : s->p->bin_w;

		if (c.y > y || c.x >= x) {
			out->v[out->n++] = c;
			continue;
		}
		if (!placed)
			out->v[out->n++] = (struct step){c.x, y};
		placed = true;
		if (right > x)
			out->v[out->n++] = (struct step){x, c.y};
	}
}

static bool search_bin(struct search *s);

/* Tries rectangle i at step k of the staircase. */
static bool try_at(struct search *s, int32_t i, int32_t k)
{
	const struct stairs *e = &s->level[s->n - s->n_left];
	struct stairs *next = &s->level[s->n - s->n_left + 1];
	struct imc_pack_rect r = s->p->rect[s->set[i]];
	struct step c = e->v[k];
	bool ok;

	if (c.x + r.w > s->p->bin_w || c.y + r.h > s->p->bin_h)
		return false;
	raise_stairs(s, e, c.x + r.w, c.y + r.h, next);
	s->used[i] = true;
	s->n_left--;
	s->area_left -= (int64_t)r.w * r.h;
	s->place[s->set[i]].x = c.x;
	s->place[s->set[i]].y = c.y;
	ok = free_above(s, next) >= s->area_left && search_bin(s);
	s->used[i] = false;
	s->n_left++;
	s->area_left += (int64_t)r.w * r.h;
	return ok;
}

/* True if an earlier rectangle of the same size is still to be placed. */
static bool has_twin(const struct search *s, int32_t i)
{
	struct imc_pack_rect r = s->p->rect[s->set[i]];

	for (int32_t k = 0; k < i; k++) {
		struct imc_pack_rect q = s->p->rect[s->set[k]];

		if (!s->used[k] && q.w == r.w && q.h == r.h)
			return true;
	}
	return false;
}

static bool search_bin(struct search *s)
{
	const struct stairs *e = &s->level[s->n - s->n_left];

	if (s->n_left == 0)
		return true;
	if (s->limit-- <= 0)
		return false;
	for (int32_t i = 0; i < s->n; i++)
		for (int32_t k = 0; k < e->n && !s->used[i] && !has_twin(s, i);
		     k++)
			if (try_at(s, i, k))
				return true;
	return false;
}

/* Stairs for every number of rectangles; the first is the floor. */
static void make_levels(struct search *s, struct imc_arena *a)
{
	size_t n = (size_t)s->n + 1;

	s->level = imc_arena_array(a, n, sizeof *s->level);
	for (size_t i = 0; i < n; i++)
		s->level[i].v = imc_arena_array(a, n + 1, sizeof(struct step));
	s->level[0].n = 1;
}

enum imc_pack_fit imc_pack_one_bin(const struct imc_pack_problem *p,
				   const int32_t *set, int32_t n, int64_t limit,
				   struct imc_pack_place *place)
{
	struct search s = {.p = p, .set = set, .n = n, .n_left = n};
	struct imc_arena *scratch;
	bool ok;

	for (int32_t i = 0; i < n; i++) {
		if (!imc_pack_inside(p, p->rect[set[i]]))
			return IMC_FITS_NOT;
		s.area_left += (int64_t)p->rect[set[i]].w * p->rect[set[i]].h;
	}
	if (s.area_left > (int64_t)p->bin_w * p->bin_h)
		return IMC_FITS_NOT;
	s.limit = limit;
	s.place = place;
	scratch = imc_arena_new();
	s.used = imc_arena_array(scratch, (size_t)n, sizeof *s.used);
	make_levels(&s, scratch);
	ok = search_bin(&s);
	imc_arena_free(scratch);
	if (ok)
		return IMC_FITS;
	return s.limit < 0 ? IMC_FITS_UNKNOWN : IMC_FITS_NOT;
}

/* All partitions into bins: bin_of[i] of the rectangles before i is set. */
struct partition {
	const struct imc_pack_problem *p;
	int32_t bin_of[IMC_PACK_MAX_EXHAUSTIVE];
	struct imc_pack_place place[IMC_PACK_MAX_EXHAUSTIVE];
	struct imc_pack_answer *best;
};

/* Whether what is in `bin` of the first n rectangles fits it. */
static bool bin_fits(struct partition *q, int32_t bin, int32_t n)
{
	int32_t set[IMC_PACK_MAX_EXHAUSTIVE], count = 0;

	for (int32_t i = 0; i < n; i++)
		if (q->bin_of[i] == bin)
			set[count++] = i;
	return imc_pack_one_bin(q->p, set, count, INT64_MAX, q->place) ==
	       IMC_FITS;
}

static void keep(struct partition *q, int32_t n_used)
{
	for (int32_t b = 0; b < n_used; b++)
		bin_fits(q, b, q->p->n);
	for (int32_t i = 0; i < q->p->n; i++) {
		q->best->place[i] = q->place[i];
		q->best->place[i].bin = q->bin_of[i];
	}
	q->best->found = true;
	q->best->n_used = n_used;
}

static void split(struct partition *q, int32_t i, int32_t n_used)
{
	if (n_used > q->p->n_bin ||
	    (q->best->found && n_used >= q->best->n_used))
		return;
	if (i == q->p->n) {
		keep(q, n_used);
		return;
	}
	for (int32_t b = 0; b <= n_used; b++) {
		q->bin_of[i] = b;
		if (bin_fits(q, b, i + 1))
			split(q, i + 1, b == n_used ? n_used + 1 : n_used);
	}
}

struct imc_pack_answer imc_pack_exhaustive(const struct imc_pack_problem *p,
					   struct imc_arena *a)
{
	struct imc_pack_answer out = {.by = "exhaustive"};
	struct partition q = {.p = p, .best = &out};

	assert(p->n <= IMC_PACK_MAX_EXHAUSTIVE);
	out.place = imc_arena_array(a, (size_t)p->n, sizeof *out.place);
	split(&q, 0, 0);
	out.lower_bound = out.found ? out.n_used : imc_pack_lower_bound(p, a);
	return out;
}
