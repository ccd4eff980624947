/* Empties bins: takes the rectangles of a few bins out and packs them again,
 * in another order, so that one bin holds less and at last nothing. */
#include "passes/solver/pack_inner.h"

/* Bins taken out at once. */
#define MAX_OUT 4

/* What a step costs beside packing, in free rectangles looked at. */
#define STEP_WORK 50

/* The rectangles of a bin. */
struct group {
	size_t n, cap;
	int32_t *v;
	int64_t area;
};

struct search {
	const struct imc_pack_problem *p;
	struct imc_arena *a;
	struct imc_pack_maxrects *engine;
	uint32_t seed;
	int32_t n_bin;
	struct group *bin;
	struct group part[MAX_OUT]; /* of the bins packed again */
	struct imc_pack_place *place, *trial;
	int32_t *set;
	struct imc_pack_key *entry;
};

/* Xorshift by G. Marsaglia: 0 .. n - 1, the same on every machine. */
static int32_t draw(struct search *s, int32_t n)
{
	s->seed ^= s->seed << 13;
	s->seed ^= s->seed >> 17;
	s->seed ^= s->seed << 5;
	return (int32_t)(s->seed % (uint32_t)n);
}

static void add_to(struct search *s, struct group *g, int32_t i)
{
	*IMC_PUSH(s->a, g->v, g->n, g->cap) = i;
	g->area += (int64_t)s->p->rect[i].w * s->p->rect[i].h;
}

static int32_t emptiest(const struct search *s)
{
	int32_t best = 0;

	for (int32_t b = 1; b < s->n_bin; b++)
		if (s->bin[b].area < s->bin[best].area)
			best = b;
	return best;
}

/* Draws k bins, the emptiest one mostly among them, into out. */
static void draw_bins(struct search *s, int32_t *out, int32_t k)
{
	for (int32_t j = 0; j < k; j++) {
		bool again = true;

		while (again) {
			out[j] = j == 0 && draw(s, 4) ? emptiest(s)
						      : draw(s, s->n_bin);
			again = false;
			for (int32_t q = 0; q < j; q++)
				again |= out[q] == out[j];
		}
	}
}

/* By area or perimeter, up to a random part more. */
static void shuffle(struct search *s, int32_t n)
{
	int32_t order = draw(s, 4), noise = 1 + draw(s, 64);

	for (int32_t k = 0; k < n; k++) {
		struct imc_pack_rect r = s->p->rect[s->set[k]];
		int64_t key = order == 0   ? r.w
			      : order == 1 ? r.h
			      : order == 2 ? (int64_t)r.w + r.h
					   : (int64_t)r.w * r.h;

		s->entry[k] = (struct imc_pack_key){key * (64 + draw(s, noise)),
						    s->set[k]};
	}
	imc_pack_sort_keys(s->entry, n);
	for (int32_t k = 0; k < n; k++)
		s->set[k] = s->entry[k].i;
}

/* Prefers full bins and empty ones to half full ones. */
static int64_t worth(const struct search *s, const struct group *g)
{
	int64_t part = (g->area << 20) / ((int64_t)s->p->bin_w * s->p->bin_h);

	return part * part;
}

/* Takes the last bin into the place of each empty one. */
static void drop_empty(struct search *s)
{
	for (int32_t b = s->n_bin - 1; b >= 0; b--) {
		struct group g = s->bin[b];

		if (g.n)
			continue;
		s->bin[b] = s->bin[--s->n_bin];
		s->bin[s->n_bin] = g;
		for (size_t i = 0; i < s->bin[b].n; i++)
			s->place[s->bin[b].v[i]].bin = b;
	}
}

/* Puts the parts in the place of the bins out[0 .. k). */
static void accept(struct search *s, const int32_t *out, int32_t k)
{
	for (int32_t j = 0; j < k; j++) {
		struct group g = s->part[j];

		s->part[j] = s->bin[out[j]];
		s->bin[out[j]] = g;
		for (size_t i = 0; i < g.n; i++) {
			s->place[g.v[i]] = s->trial[g.v[i]];
			s->place[g.v[i]].bin = out[j];
		}
	}
	drop_empty(s);
}

/* Packs the bins out[0 .. k) again; keeps what is not worse. */
static void pack_again(struct search *s, const int32_t *out, int32_t k)
{
	static const enum imc_pack_rule rule[] = {
		IMC_PACK_RULE_SHORT, IMC_PACK_RULE_AREA, IMC_PACK_RULE_CONTACT};
	struct imc_pack_recipe how = {.rule = rule[draw(s, 3)],
				      .first = draw(s, 2)};
	int64_t old = 0, now = 0;
	int32_t n = 0;

	for (int32_t j = 0; j < k; j++) {
		const struct group *g = &s->bin[out[j]];

		for (size_t i = 0; i < g->n; i++)
			s->set[n++] = g->v[i];
		old += worth(s, g);
		s->part[j].n = 0;
		s->part[j].area = 0;
	}
	shuffle(s, n);
	if (imc_pack_maxrects_run(s->engine, s->set, n, how, k, s->trial) > k)
		return;
	for (int32_t i = 0; i < n; i++)
		add_to(s, &s->part[s->trial[s->set[i]].bin], s->set[i]);
	for (int32_t j = 0; j < k; j++)
		now += worth(s, &s->part[j]);
	if (now >= old || s->part[k - 1].n == 0)
		accept(s, out, k);
}

static void open_search(struct search *s, int32_t n_used)
{
	size_t n = (size_t)s->p->n;

	s->seed = 1;
	s->n_bin = n_used;
	s->engine = imc_pack_maxrects_new(s->p, s->a);
	s->bin = imc_arena_array(s->a, (size_t)n_used, sizeof *s->bin);
	s->trial = imc_arena_array(s->a, n, sizeof *s->trial);
	s->set = imc_arena_array(s->a, n, sizeof *s->set);
	s->entry = imc_arena_array(s->a, n, sizeof *s->entry);
	for (int32_t i = 0; i < s->p->n; i++)
		add_to(s, &s->bin[s->place[i].bin], i);
}

int32_t imc_pack_improve(const struct imc_pack_problem *p, int32_t n_used,
			 int32_t bound, int64_t limit,
			 struct imc_pack_place *place)
{
	struct search s = {.p = p, .place = place};
	int32_t out[MAX_OUT];
	int64_t other = 0;

	if (p->bin_w > IMC_PACK_MAX_SIDE || p->bin_h > IMC_PACK_MAX_SIDE)
		return n_used;
	s.a = imc_arena_new();
	open_search(&s, n_used);
	for (int64_t work = 0; s.n_bin > bound && s.n_bin > 1 && work < limit;
	     work = imc_pack_maxrects_work(s.engine) + other) {
		int32_t k = 2 + draw(&s, MAX_OUT - 1);

		if (k > s.n_bin)
			k = s.n_bin;
		other += STEP_WORK + s.n_bin / 4;
		draw_bins(&s, out, k);
		pack_again(&s, out, k);
	}
	imc_arena_free(s.a);
	return s.n_bin;
}
