/* The search for picks that pack: from the picks of good prices by single
 * changes and exchanges. */
#include <math.h>
#include <string.h>

#include "passes/solver/select_inner.h"

/* Packing is tried at most this often, and for at most this many tiles in
 * all, but a few times in any case. */
#define MAX_CALL 1000
#define MAX_TILES 100000
#define MIN_CALL 12

/* Prices are tried for bins filled to 100 %, 99 % ... */
#define MAX_LEVEL 40
#define LEVEL 0.01

struct search {
	const struct imc_select_problem *p;
	struct imc_arena *a; /* the answer's */
	int64_t cells;	     /* of all bins */
	int64_t calls, tiles;
	bool found;
	int32_t *pick; /* the best so far */
	double merit;
	/* Hashes of picks that did not pack. */
	size_t n_bad, cap_bad;
	uint64_t *bad;
	/* ns of the groups before i; from i on: of the picks looked at. */
	double *front, *back;
	bool *failed;	/* by option: this change of the best did not pack */
	int32_t *first; /* index of a group's first option there */
};

static double merit_of(const struct search *s, const int32_t *pick)
{
	double ns, pj;

	imc_select_cost(s->p, pick, &ns, &pj);
	return imc_select_merit(s->p, ns, pj, imc_select_error(s->p, pick));
}

static bool is_better(double merit, double than)
{
	return merit < than - 1e-12 * fabs(than);
}

/* Whether calls are left for that many tiles more. */
static bool may_call(const struct search *s, int64_t tiles)
{
	return s->calls < MIN_CALL ||
	       (s->calls < MAX_CALL && s->tiles + tiles <= MAX_TILES);
}

static uint64_t hash_of(const int32_t *pick, int32_t n)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a */

	for (int32_t i = 0; i < n; i++)
		h = (h ^ (uint64_t)pick[i]) * 1099511628211u;
	return h;
}

static bool is_bad(const struct search *s, uint64_t hash)
{
	for (size_t i = 0; i < s->n_bad; i++)
		if (s->bad[i] == hash)
			return true;
	return false;
}

static bool is_placed(const struct imc_select_problem *p,
		      const struct imc_pack_problem *tiles, bool fast,
		      struct imc_arena *scratch)
{
	if (fast && p->fits)
		return p->fits(tiles);
	return p->pack(tiles, scratch).found;
}

/* Packs the picks; if that works and they are better, they become the best.
 * False: not packed. */
static bool try_picks(struct search *s, const int32_t *pick, bool fast)
{
	struct imc_arena *scratch;
	struct imc_pack_problem tiles;
	uint64_t hash = hash_of(pick, s->p->n);
	bool placed = false;
	double merit;

	merit = merit_of(s, pick);
	if (isinf(merit) || imc_select_cells(s->p, pick) > s->cells ||
	    (fast && is_bad(s, hash)))
		return false;
	scratch = imc_arena_new();
	tiles = imc_select_tiles(s->p, pick, scratch);
	if (!fast || may_call(s, tiles.n)) {
		s->calls++;
		s->tiles += tiles.n;
		placed = is_placed(s->p, &tiles, fast, scratch);
	}
	imc_arena_free(scratch);
	if (!placed)
		*IMC_PUSH(s->a, s->bad, s->n_bad, s->cap_bad) = hash;
	if (placed && (!s->found || is_better(merit, s->merit))) {
		s->found = true;
		s->merit = merit;
		memmove(s->pick, pick, (size_t)s->p->n * sizeof *pick);
	}
	return placed;
}

/* Picks by price for bins that are filled less and less, until some pack. */
static void try_prices(struct search *s, struct imc_select_price *price,
		       double *bound)
{
	const struct imc_select_problem *p = s->p;
	struct imc_arena *scratch = imc_arena_new();
	int32_t *pick =
		imc_arena_array(scratch, (size_t)p->n + 1, sizeof *pick);
	int32_t *last =
		imc_arena_array(scratch, (size_t)p->n + 1, sizeof *pick);
	double b;

	for (int k = 0; k < MAX_LEVEL; k++) {
		double cells = (double)s->cells * (1 - LEVEL * k);

		if (!imc_select_limited(p, price, (int64_t)cells, pick, &b,
					scratch))
			break;
		if (k == 0)
			*bound = b;
		if (k > 0 && !memcmp(pick, last, (size_t)p->n * sizeof *pick))
			continue;
		memcpy(last, pick, (size_t)p->n * sizeof *pick);
		if (try_picks(s, pick, true))
			break;
	}
	imc_arena_free(scratch);
}

/* Fills front and back for these picks. */
static void measure(struct search *s, const int32_t *pick)
{
	const struct imc_select_group *g = s->p->group;
	int32_t n = s->p->n;

	s->front[0] = s->back[n] = 0;
	for (int32_t i = 0; i < n; i++) {
		const struct imc_select_option *x = &g[i].option[pick[i]];
		double pair = -1;

		s->front[i + 1] = s->front[i] + x->ns;
		if (i > 0)
			pair = imc_select_pair_ns(
				&g[i - 1], &g[i - 1].option[pick[i - 1]], x);
		if (pair >= 0)
			s->front[i + 1] =
				fmin(s->front[i + 1], s->front[i - 1] + pair);
	}
	for (int32_t i = n - 1; i >= 0; i--) {
		const struct imc_select_option *x = &g[i].option[pick[i]];
		double pair = -1;

		s->back[i] = s->back[i + 1] + x->ns;
		if (i + 1 < n)
			pair = imc_select_pair_ns(
				&g[i], x, &g[i + 1].option[pick[i + 1]]);
		if (pair >= 0)
			s->back[i] = fmin(s->back[i], s->back[i + 2] + pair);
	}
}

/* Latency of the measured picks when group i takes option x. */
static double changed_ns(const struct search *s, const int32_t *pick, int32_t i,
			 const struct imc_select_option *x)
{
	const struct imc_select_group *g = s->p->group;
	double ns = s->front[i] + x->ns + s->back[i + 1], pair = -1;

	if (i > 0)
		pair = imc_select_pair_ns(&g[i - 1],
					  &g[i - 1].option[pick[i - 1]], x);
	if (pair >= 0)
		ns = fmin(ns, s->front[i - 1] + pair + s->back[i + 1]);
	pair = -1;
	if (i + 1 < s->p->n)
		pair = imc_select_pair_ns(&g[i], x,
					  &g[i + 1].option[pick[i + 1]]);
	if (pair >= 0)
		ns = fmin(ns, s->front[i] + pair + s->back[i + 2]);
	return ns;
}

/* A change of one pick. gain: of merit; more: cells. */
struct change {
	int32_t group, option;
	double gain;
	int64_t more;
};

/* More gain a cell; whatever takes no cells comes first. */
static bool pays_more(const struct change *a, const struct change *b)
{
	double per_a = a->gain / (double)(a->more > 0 ? a->more : 1);
	double per_b = b->gain / (double)(b->more > 0 ? b->more : 1);

	if ((a->more <= 0) != (b->more <= 0))
		return a->more <= 0;
	return per_a > per_b;
}

/* The change of `pick` that gains most for each cell that it adds, of those
 * that add at most `room` cells. gain 0: there is none. */
static struct change best_change(struct search *s, const int32_t *pick,
				 int64_t room)
{
	const struct imc_select_problem *p = s->p;
	struct change best = {.gain = 0};
	double ns, pj, error = imc_select_error(p, pick), merit;

	measure(s, pick);
	imc_select_cost(p, pick, &ns, &pj);
	merit = imc_select_merit(p, ns, pj, error);
	for (int32_t i = 0; i < p->n; i++) {
		const struct imc_select_group *g = &p->group[i];
		const struct imc_select_option *now = &g->option[pick[i]];

		for (int32_t k = 0; k < g->n; k++) {
			const struct imc_select_option *x = &g->option[k];
			struct change c = {i, k, 0, x->cells - now->cells};
			double to;

			if (k == pick[i] || c.more > room ||
			    s->failed[s->first[i] + k])
				continue;
			to = imc_select_merit(p, changed_ns(s, pick, i, x),
					      pj - now->pj + x->pj,
					      error - now->error + x->error);
			c.gain = merit - to;
			if (isfinite(to) && is_better(to, merit) &&
			    (best.gain <= 0 || pays_more(&c, &best)))
				best = c;
		}
	}
	return best;
}

static void forget_failures(struct search *s)
{
	memset(s->failed, 0, (size_t)s->first[s->p->n] * sizeof *s->failed);
}

/* Single changes of the best picks, as long as one packs. */
static void climb(struct search *s, int32_t *pick)
{
	struct change c;

	for (;;) {
		memcpy(pick, s->pick, (size_t)s->p->n * sizeof *pick);
		c = best_change(s, pick,
				s->cells - imc_select_cells(s->p, pick));
		if (c.gain <= 0)
			return;
		pick[c.group] = c.option;
		if (!try_picks(s, pick, true))
			s->failed[s->first[c.group] + c.option] = true;
	}
}

/* Gives `room` cells away to the changes that pay most. */
static void fill(struct search *s, int32_t *pick, int64_t room)
{
	struct change c;

	while ((c = best_change(s, pick, room)).gain > 0) {
		pick[c.group] = c.option;
		room -= c.more;
	}
}

/* One group takes an option of fewer cells and others what it leaves. True:
 * better picks were found. */
static bool exchange(struct search *s, int32_t i, int32_t k, int32_t *pick)
{
	const struct imc_select_group *g = &s->p->group[i];
	int64_t used = imc_select_cells(s->p, s->pick), room;
	bool *back = &s->failed[s->first[i] + s->pick[i]];
	bool better = false;

	if (g->option[k].cells >= g->option[s->pick[i]].cells)
		return false;
	*back = true;
	/* As full as the best picks are, if that is what packs; then as full
	 * as can be. */
	for (int all = 0; all < 2 && !better; all++) {
		memcpy(pick, s->pick, (size_t)s->p->n * sizeof *pick);
		room = g->option[pick[i]].cells - g->option[k].cells;
		pick[i] = k;
		fill(s, pick, all ? room + s->cells - used : room);
		better = is_better(merit_of(s, pick), s->merit) &&
			 try_picks(s, pick, true);
	}
	*back = false;
	return better;
}

static bool exchange_any(struct search *s, int32_t *pick)
{
	for (int32_t i = 0; i < s->p->n; i++)
		for (int32_t k = 0; k < s->p->group[i].n; k++)
			if (may_call(s, 0) && exchange(s, i, k, pick))
				return true;
	return false;
}

/* Group i takes option k, all others what is then best by price for bins of
 * `cells` cells. True: better picks were found. */
static bool refit(struct search *s, struct imc_select_price price, int32_t i,
		  int32_t k, int64_t cells)
{
	struct imc_arena *scratch = imc_arena_new();
	struct imc_select_problem p = *s->p;
	struct imc_select_group *g =
		imc_arena_memdup(scratch, p.group, (size_t)p.n * sizeof *g);
	int32_t *pick = imc_arena_array(scratch, (size_t)p.n, sizeof *pick);
	bool better = false;
	double bound;

	g[i].option += k;
	g[i].n = 1;
	p.group = g;
	if (imc_select_within(&p, price, cells, pick, &bound, scratch)) {
		pick[i] = k;
		better = is_better(merit_of(s, pick), s->merit) &&
			 try_picks(s, pick, true);
	}
	imc_arena_free(scratch);
	return better;
}

/* Bins as full as the best picks fill them, and then fuller. */
#define FILLS 16

static bool refit_any(struct search *s, struct imc_select_price price)
{
	int64_t used = imc_select_cells(s->p, s->pick);

	for (int f = 0; f < FILLS; f++)
		for (int32_t i = 0; i < s->p->n; i++)
			for (int32_t k = 0; k < s->p->group[i].n; k++)
				if (s->p->group[i].n > 1 && may_call(s, 0) &&
				    refit(s, price, i, k,
					  used + (s->cells - used) * f / FILLS))
					return true;
	return false;
}

static void improve(struct search *s, struct imc_select_price price)
{
	struct imc_arena *scratch = imc_arena_new();
	int32_t *pick =
		imc_arena_array(scratch, (size_t)s->p->n + 1, sizeof *pick);

	do {
		forget_failures(s);
		climb(s, pick);
	} while (exchange_any(s, pick) || refit_any(s, price));
	imc_arena_free(scratch);
}

/* Asks the packer itself for fuller bins: how full is searched by halves. */
static void fill_bins(struct search *s, struct imc_select_price price)
{
	struct imc_arena *scratch = imc_arena_new();
	int32_t n = s->p->n;
	int32_t *pick = imc_arena_array(scratch, (size_t)n + 1, sizeof *pick);
	int64_t low = imc_select_cells(s->p, s->pick), high = s->cells;
	double bound;

	forget_failures(s);
	for (int32_t k = 0; k < s->p->n_pack && low < high; k++) {
		int64_t cells = low + (high - low + 1) / 2;

		if (!imc_select_limited(s->p, &price, cells, pick, &bound,
					scratch))
			break;
		fill(s, pick, cells - imc_select_cells(s->p, pick));
		if (!is_better(merit_of(s, pick), s->merit) ||
		    try_picks(s, pick, false))
			low = cells;
		else
			high = cells - 1;
	}
	imc_arena_free(scratch);
}

static struct search start_search(const struct imc_select_problem *p,
				  struct imc_arena *a)
{
	struct search s = {.p = p, .a = a, .cells = imc_select_capacity(p)};
	size_t n = (size_t)p->n;

	s.pick = imc_arena_array(a, n + 1, sizeof *s.pick);
	s.front = imc_arena_array(a, n + 2, sizeof *s.front);
	s.back = imc_arena_array(a, n + 2, sizeof *s.back);
	s.first = imc_arena_array(a, n + 1, sizeof *s.first);
	for (size_t i = 0; i < n; i++)
		s.first[i + 1] = s.first[i] + p->group[i].n;
	s.failed = imc_arena_array(a, (size_t)s.first[n] + 1, sizeof *s.failed);
	if (p->start) {
		memcpy(s.pick, p->start, n * sizeof *s.pick);
		s.merit = merit_of(&s, s.pick);
		s.found = isfinite(s.merit);
	}
	return s;
}

static struct imc_select_answer answer_of(const struct search *s, double bound)
{
	struct imc_select_answer out = {.found = s->found};
	out.pick = s->pick;
	out.n_bin = s->p->n_bin;
	out.bound = bound;
	if (s->found)
		imc_select_cost(s->p, s->pick, &out.ns, &out.pj);
	return out;
}

/* A price for the other cost, too: as much in all as that share of the
 * objective. */
static struct imc_select_price
mixed(const struct search *s, struct imc_select_price price, double share)
{
	double ns, pj;

	if (!s->found)
		return price;
	imc_select_cost(s->p, s->pick, &ns, &pj);
	if (price.ns > 0)
		price.pj = pj > 0 ? share * ns / pj : 0;
	else
		price.ns = ns > 0 ? share * pj / ns : 0;
	return price;
}

/* The objective is a sum: of one price, that is. Searches that begin where
 * the other cost counts a little end elsewhere, some in a better place. */
static struct imc_select_answer solve_sum(const struct imc_select_problem *p,
					  struct imc_select_price price,
					  struct imc_arena *a)
{
	static const double share[] = {0, 0.1, 0.3, 1, 3, 10};
	/* Large shares keep a limit on the time. */
	bool limited = p->limit_ns > 0;
	size_t n_share = limited ? 6 : 4;
	struct search best = {.found = false};
	double bound = 0, unused;

	for (size_t k = 0; k < n_share; k++) {
		struct search s = start_search(p, a);
		struct imc_select_price with = mixed(&best, price, share[k]);

		try_prices(&s, &with, k ? &unused : &bound);
		if (s.found)
			improve(&s, with);
		if (k == 0 || is_better(s.merit, best.merit))
			best = s;
		if (!best.found || (!limited && !is_better(bound, best.merit)))
			break;
	}
	if (best.found)
		fill_bins(&best, price);
	return answer_of(&best, bound);
}

/* The product ns * pj grows as pj * (change of ns) + ns * (change of pj). That
 * holds near the picks only, so prices to both sides are tried too. */
static struct imc_select_price edp_price(const struct search *s, double tilt)
{
	struct imc_select_price price = {0};

	imc_select_cost(s->p, s->pick, &price.pj, &price.ns);
	price.ns *= tilt;
	return price;
}

static struct imc_select_answer solve_edp(const struct imc_select_problem *p,
					  struct imc_arena *a)
{
	static const double tilt[] = {1, 0.5, 2, 0.25, 4};
	struct imc_select_price time = {.ns = 1}, energy = {.pj = 1}, price;
	struct search s = start_search(p, a);
	double least_ns = 0, least_pj = 0, unused;

	try_prices(&s, &energy, &least_pj);
	try_prices(&s, &time, &least_ns);
	for (size_t k = 0; s.found && k < sizeof tilt / sizeof *tilt; k++) {
		price = edp_price(&s, tilt[k]);
		try_prices(&s, &price, &unused);
		improve(&s, price);
	}
	if (s.found)
		fill_bins(&s, edp_price(&s, 1));
	return answer_of(&s, least_ns * least_pj);
}

static struct imc_select_answer
solve_latency(const struct imc_select_problem *p, struct imc_arena *a)
{
	struct imc_select_price time = {.ns = 1}, energy = {.pj = 1};
	struct imc_select_answer fast = solve_sum(p, time, a), frugal;
	struct imc_select_problem q = *p;

	if (!fast.found || p->slack <= 0)
		return fast;
	q.objective = IMC_OBJECTIVE_ENERGY;
	q.limit_ns = fast.ns * (1 + p->slack);
	q.start = fast.pick;
	frugal = solve_sum(&q, energy, a);
	frugal.bound = fast.bound;
	return frugal;
}

static struct imc_select_answer solve_bins(struct imc_select_problem p,
					   struct imc_arena *a)
{
	struct imc_select_price time = {.ns = 1};
	int32_t *pick = imc_arena_array(a, (size_t)p.n + 1, sizeof *pick);

	if (!imc_select_fewest_bins(&p, pick))
		return (struct imc_select_answer){.found = false};
	return solve_sum(&p, time, a);
}

struct imc_select_answer imc_select_priced(const struct imc_select_problem *p,
					   struct imc_arena *a)
{
	struct imc_select_price energy = {.pj = 1};

	switch (p->objective) {
	case IMC_OBJECTIVE_LATENCY:
	case IMC_OBJECTIVE_THROUGHPUT:
		return solve_latency(p, a);
	case IMC_OBJECTIVE_ENERGY:
		return solve_sum(p, energy, a);
	case IMC_OBJECTIVE_ARRAYS:
		return solve_bins(*p, a);
	case IMC_OBJECTIVE_EDP:
		return solve_edp(p, a);
	case IMC_N_OBJECTIVE:
		break;
	}
	return (struct imc_select_answer){.found = false};
}
