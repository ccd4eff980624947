/* MaxRects (J. Jylanki, "A Thousand Ways to Pack the Bin", 2010): a bin keeps
 * all maximal free rectangles; a rectangle goes where its shorter leftover
 * side is smallest. */
#include <stdlib.h>

#include "passes/solver/pack_inner.h"

struct area {
	int32_t x, y, w, h;
};

/* Maximal free rectangles. */
struct bin {
	size_t n, cap;
	struct area *v;
};

struct state {
	const struct imc_pack_problem *p;
	struct imc_arena *a;
	size_t n_bin, cap_bin;
	struct bin *bin;
	size_t n_open, cap_open;
	int32_t *open; /* bins with free space, ascending */
	struct bin spare;
	struct imc_pack_place *place;
};

/* The shorter side that r leaves of f; -1: r does not fit. */
static int32_t score_of(struct area f, struct imc_pack_rect r)
{
	int32_t dw = f.w - r.w, dh = f.h - r.h;

	if (dw < 0 || dh < 0)
		return -1;
	return dw < dh ? dw : dh;
}

/* The best free rectangle of b for r, the first of equals, and its score in
 * *score; NULL: there is none. */
static const struct area *best_free(const struct bin *b, struct imc_pack_rect r,
				    int32_t *score)
{
	const struct area *best = NULL;

	for (size_t i = 0; i < b->n; i++) {
		int32_t s = score_of(b->v[i], r);

		if (s >= 0 && (!best || s < *score)) {
			best = &b->v[i];
			*score = s;
		}
	}
	return best;
}

static void push_area(struct state *s, struct bin *b, struct area f)
{
	if (f.w > 0 && f.h > 0)
		*IMC_PUSH(s->a, b->v, b->n, b->cap) = f;
}

static bool overlap(struct area p, struct area q)
{
	return p.x < q.x + q.w && q.x < p.x + p.w && p.y < q.y + q.h &&
	       q.y < p.y + p.h;
}

static bool contains(struct area p, struct area q)
{
	return p.x <= q.x && p.y <= q.y && q.x + q.w <= p.x + p.w &&
	       q.y + q.h <= p.y + p.h;
}

/* Drops every free rectangle inside another one; of equals the last stays. */
static void drop_contained(struct bin *b)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->n; i++) {
		bool inside = false;

		for (size_t k = 0; k < kept && !inside; k++)
			inside = contains(b->v[k], b->v[i]);
		for (size_t k = i + 1; k < b->n && !inside; k++)
			inside = contains(b->v[k], b->v[i]);
		if (!inside)
			b->v[kept++] = b->v[i];
	}
	b->n = kept;
}

/* Takes r out of the free rectangles of b: what it touches is replaced by
 * the up to four maximal rectangles around it. */
static void cut_out(struct state *s, struct bin *b, struct area r)
{
	struct bin old = *b, *out = &s->spare;

	out->n = 0;
	for (size_t i = 0; i < old.n; i++) {
		struct area f = old.v[i];
		int32_t right = r.x + r.w, below = r.y + r.h;

		if (!overlap(f, r)) {
			push_area(s, out, f);
			continue;
		}
		push_area(s, out, (struct area){f.x, f.y, r.x - f.x, f.h});
		push_area(s, out,
			  (struct area){right, f.y, f.x + f.w - right, f.h});
		push_area(s, out,
			  (struct area){f.x, below, f.w, f.y + f.h - below});
		push_area(s, out, (struct area){f.x, f.y, f.w, r.y - f.y});
	}
	drop_contained(out);
	*b = *out;
	s->spare = old;
}

static void put(struct state *s, int32_t i, int32_t bin, struct area at)
{
	struct imc_pack_rect r = s->p->rect[i];

	s->place[i] = (struct imc_pack_place){bin, at.x, at.y};
	cut_out(s, &s->bin[bin], (struct area){at.x, at.y, r.w, r.h});
}

static int32_t add_bin(struct state *s)
{
	struct bin *b = IMC_PUSH(s->a, s->bin, s->n_bin, s->cap_bin);

	*b = (struct bin){0};
	push_area(s, b, (struct area){0, 0, s->p->bin_w, s->p->bin_h});
	return (int32_t)s->n_bin - 1;
}

/* Puts rectangle i into the open bin that it fits best, or into a new one. */
static void put_best(struct state *s, int32_t i)
{
	struct imc_pack_rect r = s->p->rect[i];
	const struct area *at = NULL;
	int32_t bin = 0, best = 0, score = 0;
	size_t kept = 0;

	for (size_t k = 0; k < s->n_open; k++) {
		const struct area *f =
			best_free(&s->bin[s->open[k]], r, &score);

		if (f && (!at || score < best)) {
			at = f;
			best = score;
			bin = s->open[k];
		}
	}
	if (!at) {
		bin = add_bin(s);
		*IMC_PUSH(s->a, s->open, s->n_open, s->cap_open) = bin;
		at = &s->bin[bin].v[0];
	}
	put(s, i, bin, *at);
	for (size_t k = 0; k < s->n_open; k++)
		if (s->bin[s->open[k]].n)
			s->open[kept++] = s->open[k];
	s->n_open = kept;
}

/* Fills a new bin with all that fits of todo[0 .. n), in its order; what is
 * left moves to the front of todo. Returns how many are left. */
static int32_t fill_bin(struct state *s, int32_t *todo, int32_t n)
{
	int32_t bin = add_bin(s), left = 0;

	for (int32_t k = 0; k < n; k++) {
		int32_t score = 0;
		const struct area *at =
			best_free(&s->bin[bin], s->p->rect[todo[k]], &score);

		if (at)
			put(s, todo[k], bin, *at);
		else
			todo[left++] = todo[k];
	}
	return left;
}

struct entry {
	int64_t key;
	int32_t i;
};

static int64_t key_of(struct imc_pack_rect r, enum imc_pack_order order)
{
	switch (order) {
	case IMC_PACK_BY_AREA:
		return (int64_t)r.w * r.h;
	case IMC_PACK_BY_PERIMETER:
		return (int64_t)r.w + r.h;
	case IMC_PACK_BY_LONG:
		return r.w > r.h ? r.w : r.h;
	case IMC_PACK_BY_HEIGHT:
		return r.h;
	case IMC_PACK_BY_WIDTH:
		return r.w;
	case IMC_N_PACK_ORDER:
		break;
	}
	return 0;
}

/* Descending; equals as they came. */
static int by_key(const void *a, const void *b)
{
	const struct entry *p = a, *q = b;

	if (p->key != q->key)
		return p->key > q->key ? -1 : 1;
	return (p->i > q->i) - (p->i < q->i);
}

static int32_t *ordered(const struct imc_pack_problem *p,
			enum imc_pack_order order, struct imc_arena *a)
{
	struct entry *e = imc_arena_array(a, (size_t)p->n, sizeof *e);
	int32_t *out = imc_arena_array(a, (size_t)p->n, sizeof *out);

	for (int32_t i = 0; i < p->n; i++)
		e[i] = (struct entry){key_of(p->rect[i], order), i};
	qsort(e, (size_t)p->n, sizeof *e, by_key);
	for (int32_t i = 0; i < p->n; i++)
		out[i] = e[i].i;
	return out;
}

static const char *const order_text[IMC_N_PACK_ORDER] = {
#define X(id, text) [IMC_PACK_BY_##id] = text,
	IMC_PACK_ORDERS(X)
#undef X
};

struct imc_pack_answer imc_pack_maxrects(const struct imc_pack_problem *p,
					 enum imc_pack_order order, bool by_bin,
					 struct imc_arena *a)
{
	struct state s = {.p = p, .a = a};
	struct imc_pack_answer out = {0};
	int32_t *todo = ordered(p, order, a), left = p->n;

	for (int32_t i = 0; i < p->n; i++)
		if (!imc_pack_inside(p, p->rect[i]))
			return out;
	s.place = imc_arena_array(a, (size_t)p->n, sizeof *s.place);
	if (by_bin)
		while (left)
			left = fill_bin(&s, todo, left);
	else
		for (int32_t i = 0; i < p->n; i++)
			put_best(&s, todo[i]);
	out.found = true;
	out.n_used = (int32_t)s.n_bin;
	out.place = s.place;
	out.by = imc_arena_printf(a, "greedy, by %s%s", order_text[order],
				  by_bin ? ", bin by bin" : "");
	return out;
}

/* found is false when the best answer has more bins than there are; n_used
 * then says how many it would take. */
struct imc_pack_answer imc_pack_greedy(const struct imc_pack_problem *p,
				       struct imc_arena *a)
{
	int32_t bound = imc_pack_lower_bound(p, a);
	struct imc_pack_answer best = {.by = "greedy"};

	for (int order = 0; order < IMC_N_PACK_ORDER; order++)
		for (int by_bin = 0; by_bin < 2; by_bin++) {
			struct imc_pack_answer s = imc_pack_maxrects(
				p, (enum imc_pack_order)order, by_bin, a);

			if (s.found && (!best.found || s.n_used < best.n_used))
				best = s;
			if (best.found && best.n_used <= bound)
				break;
		}
	best.lower_bound = bound;
	best.found = best.found && best.n_used <= p->n_bin;
	return best;
}
