/* The selection against every pick, and against the packing checker. */
#include <math.h>
#include <string.h>

#include "passes/solver/select_inner.h"
#include "tests/check.h"

#define OK(condition) CHECK(condition, "is false")
#define MAX_GROUP 5
#define MAX_OPTION 4

/* A generator of our own (xorshift): the same numbers everywhere. */
static int32_t draw(uint32_t *seed, int32_t lo, int32_t hi)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return lo + (int32_t)(*seed % (uint32_t)(hi - lo + 1));
}

/* n options of one tile each, but the first, which needs none. Larger tiles
 * are faster, more or less. */
static void draw_options(uint32_t *seed, struct imc_select_option *o,
			 struct imc_select_run *run, int32_t n, int32_t side)
{
	for (int32_t k = 0; k < n; k++) {
		struct imc_pack_rect r = {draw(seed, 1, side),
					  draw(seed, 1, side)};

		run[k] = (struct imc_select_run){r, 1};
		o[k] = (struct imc_select_option){
			.ns = draw(seed, 1, 1000),
			.pj = draw(seed, 1, 1000),
			.lanes = (unsigned)draw(seed, 1, 3),
		};
		if (k == 0) {
			o[k].ns += 1000;
			continue;
		}
		o[k].ns /= r.w * r.h;
		o[k].cells = (int64_t)r.w * r.h;
		o[k].n_run = 1;
		o[k].run = &run[k];
	}
}

/* n groups of at most n_option options, on 1 .. 3 bins. */
static struct imc_select_problem random_problem(uint32_t *seed, int32_t n,
						int32_t n_option, int32_t side,
						struct imc_arena *a)
{
	struct imc_select_group *g = imc_arena_array(a, (size_t)n, sizeof *g);

	for (int32_t i = 0; i < n; i++) {
		struct imc_select_option *o =
			imc_arena_array(a, (size_t)n_option, sizeof *o);
		struct imc_select_run *run =
			imc_arena_array(a, (size_t)n_option, sizeof *run);

		g[i].n = draw(seed, 1, n_option);
		g[i].may_pair = i + 1 < n && draw(seed, 0, 1);
		g[i].option = o;
		draw_options(seed, o, run, g[i].n, side);
	}
	return (struct imc_select_problem){.bin_w = side,
					   .bin_h = side,
					   .n_bin = draw(seed, 1, 3),
					   .n = n,
					   .group = g,
					   .pack = imc_pack_best,
					   .n_pack = 3,
					   .fits = imc_pack_fits};
}

/* Latency of picks by trying every set of pairs: a recursion that shares
 * nothing with the solver. */
static double slow_ns(const struct imc_select_problem *p, const int32_t *pick,
		      int32_t i)
{
	const struct imc_select_option *x, *y;
	double alone, pair;

	if (i >= p->n)
		return 0;
	x = &p->group[i].option[pick[i]];
	alone = x->ns + slow_ns(p, pick, i + 1);
	if (!p->group[i].may_pair)
		return alone;
	y = &p->group[i + 1].option[pick[i + 1]];
	if (x->lanes & y->lanes)
		return alone;
	pair = (x->ns > y->ns ? x->ns : y->ns) + slow_ns(p, pick, i + 2);
	return pair < alone ? pair : alone;
}

static void check_valid(const struct imc_select_problem *p,
			const struct imc_select_answer *s, struct imc_arena *a)
{
	struct imc_pack_problem tiles = imc_select_tiles(p, s->pick, a);
	struct imc_pack_answer pack = imc_pack_best(&tiles, a);
	const char *fault = imc_pack_check(&tiles, &pack, a);
	double ns = slow_ns(p, s->pick, 0), pj = 0;

	CHECK(!fault, "%s", fault);
	OK(pack.found && pack.n_used <= s->n_bin && s->n_bin <= p->n_bin);
	for (int32_t i = 0; i < p->n; i++)
		pj += p->group[i].option[s->pick[i]].pj;
	CHECK(ns - s->ns < 1e-6 && s->ns - ns < 1e-6, "%g, not %g", s->ns, ns);
	CHECK(s->pj == pj, "%g, not %g", s->pj, pj);
}

static double value_of(enum imc_objective o, const struct imc_select_answer *s)
{
	if (o == IMC_OBJECTIVE_EDP)
		return s->ns * s->pj;
	return o == IMC_OBJECTIVE_ENERGY ? s->pj : s->ns;
}

static bool same(const struct imc_select_problem *p,
		 const struct imc_select_answer *s,
		 const struct imc_select_answer *t)
{
	return s->ns == t->ns && s->bound == t->bound &&
	       !memcmp(s->pick, t->pick, (size_t)p->n * sizeof *s->pick);
}

static void compare(struct imc_select_problem *p, int k, int *n_equal,
		    struct imc_arena *a)
{
	struct imc_select_answer best = imc_select_exhaustive(p, a);
	struct imc_select_answer s = imc_select_priced(p, a);
	struct imc_select_answer again = imc_select_priced(p, a);
	double found, least, more, most;

	CHECK(s.found && best.found, "case %d", k);
	if (!s.found || !best.found)
		return;
	check_valid(p, &best, a);
	check_valid(p, &s, a);
	OK(same(p, &s, &again));
	if (p->objective == IMC_OBJECTIVE_ARRAYS) {
		OK(s.n_bin == best.n_bin);
		p->n_bin = s.n_bin;
	}
	found = value_of(p->objective, &s);
	least = value_of(p->objective, &best);
	more = found - least * (1 + 1e-9);
	CHECK(s.bound <= least * (1 + 1e-9), "case %d: bound %g above %g", k,
	      s.bound, least);
	CHECK(best.bound == least, "case %d", k);
	CHECK(found >= least * (1 - 1e-9), "case %d: %g below %g", k, found,
	      least);
	most = p->objective == IMC_OBJECTIVE_EDP ? 1.3 : 1.1;
	CHECK(found <= most * least, "case %d: %g, least %g", k, found, least);
	*n_equal += more <= 0;
}

/* Greedy packing and a chain of exchanges miss little. */
static void test_small(enum imc_objective objective)
{
	uint32_t seed = 4711;
	int n_equal = 0;

	for (int k = 0; k < 100; k++) {
		struct imc_arena *a = imc_arena_new();
		struct imc_select_problem p =
			random_problem(&seed, draw(&seed, 1, MAX_GROUP),
				       MAX_OPTION, draw(&seed, 2, 9), a);

		p.objective = objective;
		compare(&p, k, &n_equal, a);
		imc_arena_free(a);
	}
	CHECK(n_equal >= 95, "objective %d: %d of 100", (int)objective,
	      n_equal);
}

/* Every option gets an error, faster ones larger ones, more or less (with
 * objective arrays slower ones, which need fewer cells); the limit is somewhere
 * between what is needed and what is possible. */
static void draw_errors(uint32_t *seed, struct imc_select_problem *p,
			struct imc_arena *a)
{
	struct imc_select_group *g =
		imc_arena_memdup(a, p->group, (size_t)p->n * sizeof *g);
	double lo = 0, hi = 0;

	for (int32_t i = 0; i < p->n; i++) {
		struct imc_select_option *o = imc_arena_memdup(
			a, g[i].option, (size_t)g[i].n * sizeof *o);
		double least = 1e9, most = 0;

		for (int32_t k = 0; k < g[i].n; k++) {
			o[k].error = draw(seed, 0, 1000) / o[k].ns;
			if (p->objective == IMC_OBJECTIVE_ARRAYS)
				o[k].error *= o[k].ns * o[k].ns * 1e-3;
			least = fmin(least, o[k].error);
			most = fmax(most, o[k].error);
		}
		g[i].option = o;
		lo += least;
		hi += most;
	}
	p->group = g;
	p->max_error = lo + (hi - lo) * draw(seed, 1, 100) / 100 + 1e-9;
}

/* Whatever a limit on errors leaves: it is kept, the bound holds, and little is
 * missed. */
static void test_errors(enum imc_objective objective)
{
	uint32_t seed = 815;
	int n_found = 0, n_equal = 0, n_limited = 0;

	for (int k = 0; k < 100; k++) {
		struct imc_arena *a = imc_arena_new();
		struct imc_select_problem p =
			random_problem(&seed, draw(&seed, 1, MAX_GROUP),
				       MAX_OPTION, draw(&seed, 2, 9), a);
		struct imc_select_answer best, s, any;

		p.objective = objective;
		any = imc_select_exhaustive(&p, a);
		draw_errors(&seed, &p, a);
		best = imc_select_exhaustive(&p, a);
		s = imc_select_priced(&p, a);
		if (best.found && s.found) {
			double least = value_of(objective, &best);
			double found = value_of(objective, &s);

			check_valid(&p, &s, a);
			OK(imc_select_error(&p, s.pick) <=
			   p.max_error * (1 + 1e-6));
			CHECK(s.bound <= found * (1 + 1e-9) &&
				      (s.n_bin != best.n_bin ||
				       s.bound <= least * (1 + 1e-9)),
			      "case %d: bound %g above %g", k, s.bound, least);
			OK(s.n_bin != best.n_bin ||
			   found >= least * (1 - 1e-9));
			n_equal += s.n_bin == best.n_bin &&
				   found <= least * (1 + 1e-9);
			n_limited += best.n_bin > any.n_bin ||
				     least > value_of(objective, &any);
		}
		OK(best.found || !s.found);
		n_found += best.found == s.found;
		imc_arena_free(a);
	}
	CHECK(n_found >= 97 && n_equal >= 90 && n_limited >= 30,
	      "objective %d: found %d, best %d, limited %d", (int)objective,
	      n_found, n_equal, n_limited);
}

/* The price of errors, against the steps of the limit: less error never takes
 * less time, and no more than what is allowed is made. */
static void test_error_sweep(void)
{
	uint32_t seed = 2718;
	struct imc_arena *a = imc_arena_new();
	struct imc_select_problem p = random_problem(&seed, 30, 6, 64, a);
	struct imc_select_answer s;
	double last = 0, bound = 0;

	p.n_bin = 6;
	draw_errors(&seed, &p, a);
	for (double most = p.max_error * 4; most > p.max_error / 16;
	     most /= 1.5) {
		struct imc_select_problem q = p;

		q.max_error = most;
		s = imc_select_priced(&q, a);
		if (!s.found)
			break;
		check_valid(&q, &s, a);
		OK(imc_select_error(&q, s.pick) <= most * (1 + 1e-6));
		CHECK(s.ns >= last * 0.97 && s.bound >= bound * (1 - 1e-3),
		      "error %g: %g ns after %g", most, s.ns, last);
		CHECK(s.bound <= s.ns && s.ns < 1.3 * s.bound,
		      "error %g: %g ns, at least %g", most, s.ns, s.bound);
		last = s.ns;
		bound = s.bound;
	}
	OK(last > 0);
	imc_arena_free(a);
}

/* Many groups: no exhaustive answer, but bound and checker. */
static void test_large(void)
{
	uint32_t seed = 99;

	for (int k = 0; k < 6; k++) {
		struct imc_arena *a = imc_arena_new();
		struct imc_select_problem p =
			random_problem(&seed, 40, 6, 64, a);
		struct imc_select_answer s;

		p.n_bin = 4 + 2 * k;
		s = imc_select_priced(&p, a);
		OK(s.found);
		check_valid(&p, &s, a);
		CHECK(s.bound <= s.ns && s.ns < 1.3 * s.bound,
		      "case %d: %g, at least %g", k, s.ns, s.bound);
		imc_arena_free(a);
	}
}

/* Two groups that both want the one bin: the one that saves more gets it. */
static void test_price(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_select_run run = {{4, 4}, 1};
	struct imc_select_option v[2][2] = {
		{{.ns = 100}, {.ns = 50, .cells = 16, .n_run = 1, .run = &run}},
		{{.ns = 90}, {.ns = 30, .cells = 16, .n_run = 1, .run = &run}},
	};
	struct imc_select_group g[2] = {{2, v[0], false}, {2, v[1], false}};
	struct imc_select_problem p = {.bin_w = 4,
				       .bin_h = 4,
				       .n_bin = 1,
				       .n = 2,
				       .group = g,
				       .pack = imc_pack_greedy};
	struct imc_select_answer s = imc_select_priced(&p, a);

	OK(s.found && s.pick[0] == 0 && s.pick[1] == 1 && s.ns == 130);
	OK(s.bound <= 130 && s.bound >= 120);
	OK(imc_select_bound(&p) == s.bound);
	g[0].n = 1;
	g[0].option = &v[1][1]; /* the cells of two arrays */
	g[1].n = 1;
	g[1].option = &v[0][1];
	OK(imc_select_bound(&p) == INFINITY);
	g[0] = (struct imc_select_group){2, v[0], false};
	g[1] = (struct imc_select_group){2, v[1], false};
	p.n_bin = 2;
	s = imc_select_priced(&p, a);
	OK(s.found && s.ns == 80 && s.bound == 80 && s.n_bin == 2);
	p.objective = IMC_OBJECTIVE_ARRAYS;
	s = imc_select_priced(&p, a);
	OK(s.found && s.ns == 190 && s.n_bin == 0);
	imc_arena_free(a);
}

/* Chains of picks, cut the best way, each as long as its busiest lane. */
static double chains_ns(const struct imc_select_problem *p, const int32_t *pick,
			int32_t first, int32_t n_chain)
{
	double least = INFINITY, busy[2] = {0, 0};

	if (first == p->n)
		return 0;
	for (int32_t i = first; i < p->n && i < first + n_chain; i++) {
		const struct imc_select_option *x =
			&p->group[i].option[pick[i]];

		for (int k = 0; k < 2; k++)
			busy[k] += x->lanes >> k & 1 ? x->ns : 0;
		least = fmin(least, fmax(busy[0], busy[1]) +
					    chains_ns(p, pick, i + 1, n_chain));
	}
	return least;
}

/* The least of all picks, packed or not. */
static double least_chains(const struct imc_select_problem *p, int32_t *pick,
			   int32_t i, int32_t n_chain)
{
	double least = INFINITY;

	if (i < p->n) {
		for (pick[i] = 0; pick[i] < p->group[i].n; pick[i]++)
			least = fmin(least,
				     least_chains(p, pick, i + 1, n_chain));
		return least;
	}
	if (imc_select_cells(p, pick) > imc_select_capacity(p) ||
	    (p->max_error > 0 && imc_select_error(p, pick) > p->max_error))
		return least;
	return chains_ns(p, pick, 0, n_chain);
}

/* The bound of chains holds, and is close. */
static void test_chains(bool errors)
{
	uint32_t seed = 31;
	double sum = 0;

	for (int k = 0; k < 200; k++) {
		struct imc_arena *a = imc_arena_new();
		struct imc_select_problem p =
			random_problem(&seed, draw(&seed, 1, MAX_GROUP),
				       MAX_OPTION, draw(&seed, 2, 9), a);
		int32_t n_chain = draw(&seed, 1, MAX_GROUP), pick[MAX_GROUP];
		double bound, least;

		if (errors)
			draw_errors(&seed, &p, a);
		bound = imc_select_bound_chains(&p, n_chain);
		least = least_chains(&p, pick, 0, n_chain);
		CHECK(bound <= least * (1 + 1e-9) && bound > 0,
		      "case %d: %g, least %g", k, bound, least);
		OK(isfinite(least) || errors);
		sum += isfinite(least) ? bound / least : 1;
		imc_arena_free(a);
	}
	CHECK(sum > (errors ? 150 : 180), "%g of 200", sum);
}

/* One option each: three groups of one lane beside a long one of another. */
static void test_chain(void)
{
	struct imc_select_option v[4] = {{.ns = 10, .lanes = 1},
					 {.ns = 25, .lanes = 2},
					 {.ns = 8, .lanes = 1},
					 {.ns = 5, .lanes = 1}};
	struct imc_select_group g[4] = {{1, &v[0], false},
					{1, &v[1], false},
					{1, &v[2], false},
					{1, &v[3], false}};
	struct imc_select_problem p = {
		.bin_w = 1, .bin_h = 1, .n = 4, .group = g};

	OK(fabs(imc_select_bound_chains(&p, 4) - 25) < 1e-9);
	OK(fabs(imc_select_bound_chains(&p, 3) - 30) < 1e-9);
	OK(fabs(imc_select_bound_chains(&p, 1) - 48) < 1e-9);
	v[3].cells = 1; /* and there are no bins */
	OK(isinf(imc_select_bound_chains(&p, 4)));
	v[3].cells = 0;
	v[0].lanes = 3; /* beside nothing */
	OK(fabs(imc_select_bound_chains(&p, 4) - 35) < 1e-9);
}

/* Neighbours on other lanes take the time of the longer one; the one in the
 * middle is in one pair only. */
static void test_pairs(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_select_option v[3] = {{.ns = 10, .lanes = 1},
					 {.ns = 8, .lanes = 2},
					 {.ns = 5, .lanes = 1}};
	struct imc_select_group g[3] = {
		{1, &v[0], true}, {1, &v[1], true}, {1, &v[2], false}};
	struct imc_select_problem p = {.bin_w = 1,
				       .bin_h = 1,
				       .n = 3,
				       .group = g,
				       .pack = imc_pack_greedy};

	OK(imc_select_priced(&p, a).ns == 15);
	OK(imc_select_priced(&p, a).bound == 15);
	g[0].may_pair = false;
	OK(imc_select_priced(&p, a).ns == 18);
	v[2].lanes = 3;
	OK(imc_select_priced(&p, a).ns == 23);
	imc_arena_free(a);
}

/* What cannot be packed is said. */
static void test_nothing(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_select_run run = {{4, 3}, 2};
	struct imc_select_option v = {
		.ns = 1, .cells = 24, .n_run = 1, .run = &run};
	struct imc_select_group g = {1, &v, false};
	struct imc_select_problem p = {.bin_w = 5,
				       .bin_h = 5,
				       .n_bin = 1,
				       .n = 1,
				       .group = &g,
				       .pack = imc_pack_greedy};

	for (int o = 0; o < IMC_N_OBJECTIVE; o++) {
		p.objective = (enum imc_objective)o;
		OK(!imc_select_priced(&p, a).found);
		OK(!imc_select_exhaustive(&p, a).found);
	}
	p.n_bin = 2;
	OK(imc_select_priced(&p, a).n_bin == 2);
	imc_arena_free(a);
}

int main(void)
{
	for (int o = 0; o < IMC_N_OBJECTIVE; o++)
		test_small((enum imc_objective)o);
	for (int o = 0; o < IMC_N_OBJECTIVE; o++)
		test_errors((enum imc_objective)o);
	test_error_sweep();
	test_large();
	test_price();
	test_pairs();
	test_chain();
	test_chains(false);
	test_chains(true);
	test_nothing();
	return check_result();
}
