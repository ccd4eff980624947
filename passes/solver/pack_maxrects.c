/* MaxRects (J. Jylanki, "A Thousand Ways to Pack the Bin", 2010): a bin keeps
 * all maximal free rectangles; a rectangle goes into one of them, by a rule,
 * and what it touches is replaced by what is left around it. */
#include <stdlib.h>

#include "passes/solver/pack_inner.h"

/* After so many free rectangles looked at, which takes tens of thousands of
 * rectangles, only the newest bins are looked at. */
#define MANY_LOOKS 400000000
#define FEW_BINS 64

struct area {
	int32_t x, y, w, h;
};

struct list {
	size_t n, cap;
	struct area *v;
};

/* Maximal free rectangles, with their largest sides, and what was put. */
struct bin {
	struct list free, full;
	int32_t most_w, most_h;
};

struct imc_pack_maxrects {
	const struct imc_pack_problem *p;
	struct imc_arena *a;
	size_t n_bin, cap_bin; /* bins made; used again by later runs */
	struct bin *bin;
	int32_t n_used, n_open;
	size_t cap_open;
	int32_t *open; /* bins with free space, ascending */
	struct list piece;
	int64_t work;
};

struct imc_pack_maxrects *
imc_pack_maxrects_new(const struct imc_pack_problem *p, struct imc_arena *a)
{
	struct imc_pack_maxrects *s = imc_arena_alloc(a, sizeof *s);

	s->p = p;
	s->a = a;
	return s;
}

int64_t imc_pack_maxrects_work(const struct imc_pack_maxrects *s)
{
	return s->work;
}

static void push(struct imc_pack_maxrects *s, struct list *l, struct area f)
{
	if (f.w > 0 && f.h > 0)
		*IMC_PUSH(s->a, l->v, l->n, l->cap) = f;
}

/* What intervals [a, a + n) and [b, b + m) have in common. */
static int32_t common(int32_t a, int32_t n, int32_t b, int32_t m)
{
	int32_t from = a > b ? a : b, to = a + n < b + m ? a + n : b + m;

	return to > from ? to - from : 0;
}

/* Length along which r touches the sides of its bin and other rectangles. */
static int64_t contact(const struct imc_pack_problem *p, const struct bin *b,
		       struct area r)
{
	int64_t sum = (r.x == 0 ? r.h : 0) + (r.y == 0 ? r.w : 0) +
		      (r.x + r.w == p->bin_w ? r.h : 0) +
		      (r.y + r.h == p->bin_h ? r.w : 0);

	for (size_t i = 0; i < b->full.n; i++) {
		struct area q = b->full.v[i];

		if (q.x + q.w == r.x || r.x + r.w == q.x)
			sum += common(q.y, q.h, r.y, r.h);
		if (q.y + q.h == r.y || r.y + r.h == q.y)
			sum += common(q.x, q.w, r.x, r.w);
	}
	return sum;
}

/* How badly r lies in the corner of f, which has room for it. */
static int64_t badness(const struct imc_pack_problem *p, const struct bin *b,
		       struct area f, struct imc_pack_rect r,
		       enum imc_pack_rule rule)
{
	int32_t dw = f.w - r.w, dh = f.h - r.h;

	switch (rule) {
	case IMC_PACK_RULE_SHORT:
		return dw < dh ? dw : dh;
	case IMC_PACK_RULE_AREA:
		return (int64_t)f.w * f.h - (int64_t)r.w * r.h;
	case IMC_PACK_RULE_CONTACT:
		return -contact(p, b, (struct area){f.x, f.y, r.w, r.h});
	case IMC_N_PACK_RULE:
		break;
	}
	return 0;
}

/* The best free rectangle of b for r, the first of equals, and how bad it is
 * in *score; NULL: there is none. */
static const struct area *best_free(struct imc_pack_maxrects *s,
				    const struct bin *b, struct imc_pack_rect r,
				    enum imc_pack_rule rule, int64_t *score)
{
	const struct area *best = NULL;

	s->work++;
	if (r.w > b->most_w || r.h > b->most_h)
		return NULL;
	s->work += (int64_t)b->free.n;
	for (size_t i = 0; i < b->free.n; i++) {
		struct area f = b->free.v[i];
		int64_t bad;

		if (f.w < r.w || f.h < r.h)
			continue;
		s->work +=
			rule == IMC_PACK_RULE_CONTACT ? (int64_t)b->full.n : 0;
		bad = badness(s->p, b, f, r, rule);
		if (!best || bad < *score) {
			best = &b->free.v[i];
			*score = bad;
		}
	}
	return best;
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

static bool is_inside_any(const struct area *v, size_t n, struct area f)
{
	for (size_t i = 0; i < n; i++)
		if (contains(v[i], f))
			return true;
	return false;
}

/* The up to four maximal rectangles of f around r. */
static void push_pieces(struct imc_pack_maxrects *s, struct area f,
			struct area r)
{
	int32_t right = r.x + r.w, below = r.y + r.h;

	push(s, &s->piece, (struct area){f.x, f.y, r.x - f.x, f.h});
	push(s, &s->piece, (struct area){right, f.y, f.x + f.w - right, f.h});
	push(s, &s->piece, (struct area){f.x, below, f.w, f.y + f.h - below});
	push(s, &s->piece, (struct area){f.x, f.y, f.w, r.y - f.y});
}

/* Takes r out of the free rectangles of b. Only new pieces can lie inside
 * others: they are parts of rectangles that were maximal. */
static void cut_out(struct imc_pack_maxrects *s, struct bin *b, struct area r)
{
	struct list *l = &b->free;
	size_t kept = 0;

	s->piece.n = 0;
	for (size_t i = 0; i < l->n; i++)
		if (overlap(l->v[i], r))
			push_pieces(s, l->v[i], r);
		else
			l->v[kept++] = l->v[i];
	l->n = kept;
	for (size_t i = 0; i < s->piece.n; i++) {
		struct area f = s->piece.v[i];

		if (!is_inside_any(l->v, l->n, f) &&
		    !is_inside_any(&s->piece.v[i + 1], s->piece.n - i - 1, f))
			push(s, l, f);
	}
	b->most_w = b->most_h = 0;
	for (size_t i = 0; i < l->n; i++) {
		if (l->v[i].w > b->most_w)
			b->most_w = l->v[i].w;
		if (l->v[i].h > b->most_h)
			b->most_h = l->v[i].h;
	}
}

static int32_t open_bin(struct imc_pack_maxrects *s)
{
	size_t n_open = (size_t)s->n_open;
	struct bin *b;

	if ((size_t)s->n_used == s->n_bin)
		IMC_PUSH(s->a, s->bin, s->n_bin, s->cap_bin);
	b = &s->bin[s->n_used];
	b->free.n = b->full.n = 0;
	b->most_w = s->p->bin_w;
	b->most_h = s->p->bin_h;
	push(s, &b->free, (struct area){0, 0, b->most_w, b->most_h});
	*IMC_PUSH(s->a, s->open, n_open, s->cap_open) = s->n_used;
	s->n_open++;
	return s->n_used++;
}

/* Drops bins without free space from the list of open ones. */
static void close_bin(struct imc_pack_maxrects *s, int32_t bin)
{
	int32_t kept = 0;

	if (s->bin[bin].free.n)
		return;
	for (int32_t k = 0; k < s->n_open; k++)
		if (s->open[k] != bin)
			s->open[kept++] = s->open[k];
	s->n_open = kept;
}

/* Puts r into an open bin, or into a new one if there are fewer than
 * `most`. False: there is no room. */
static bool put(struct imc_pack_maxrects *s, struct imc_pack_rect r,
		struct imc_pack_recipe how, int32_t most,
		struct imc_pack_place *place)
{
	const struct area *at = NULL;
	int64_t score = 0, best = 0;
	int32_t bin = 0, from = 0;
	struct area taken;

	if (s->work > MANY_LOOKS && s->n_open > FEW_BINS)
		from = s->n_open - FEW_BINS;
	for (int32_t k = from; k < s->n_open && !(at && how.first); k++) {
		const struct area *f =
			best_free(s, &s->bin[s->open[k]], r, how.rule, &score);

		if (f && (!at || score < best)) {
			at = f;
			best = score;
			bin = s->open[k];
		}
	}
	if (!at && s->n_used == most)
		return false;
	if (!at) {
		bin = open_bin(s);
		at = s->bin[bin].free.v;
	}
	taken = (struct area){at->x, at->y, r.w, r.h};
	*place = (struct imc_pack_place){bin, at->x, at->y};
	cut_out(s, &s->bin[bin], taken);
	push(s, &s->bin[bin].full, taken);
	close_bin(s, bin);
	return true;
}

int32_t imc_pack_maxrects_run(struct imc_pack_maxrects *s, const int32_t *set,
			      int32_t n, struct imc_pack_recipe how,
			      int32_t most, struct imc_pack_place *place)
{
	s->n_used = s->n_open = 0;
	for (int32_t i = 0; i < n; i++)
		if (!put(s, s->p->rect[set[i]], how, most, &place[set[i]]))
			return most + 1;
	return s->n_used;
}

static int64_t key_of(struct imc_pack_rect r, enum imc_pack_order order)
{
	switch (order) {
	case IMC_PACK_BY_AREA:
		return (int64_t)r.w * r.h;
	case IMC_PACK_BY_PERIMETER:
		return (int64_t)r.w + r.h;
	case IMC_PACK_BY_HEIGHT:
		return r.h;
	case IMC_PACK_BY_WIDTH:
		return r.w;
	case IMC_N_PACK_ORDER:
		break;
	}
	return 0;
}

static int by_key(const void *a, const void *b)
{
	const struct imc_pack_key *p = a, *q = b;

	if (p->key != q->key)
		return p->key > q->key ? -1 : 1;
	return (p->i > q->i) - (p->i < q->i);
}

void imc_pack_sort_keys(struct imc_pack_key *e, int32_t n)
{
	qsort(e, (size_t)n, sizeof *e, by_key);
}

void imc_pack_sort(const struct imc_pack_problem *p, int32_t *set, int32_t n,
		   enum imc_pack_order order, struct imc_arena *a)
{
	struct imc_pack_key *e = imc_arena_array(a, (size_t)n, sizeof *e);

	for (int32_t i = 0; i < n; i++)
		e[i] = (struct imc_pack_key){key_of(p->rect[set[i]], order),
					     set[i]};
	imc_pack_sort_keys(e, n);
	for (int32_t i = 0; i < n; i++)
		set[i] = e[i].i;
}
