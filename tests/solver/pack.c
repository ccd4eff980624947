/* Packers against each other and against the checker. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "passes/solver/pack_inner.h"
#include "tests/check.h"
#include "tests/solver/pack_sets.h"

#define OK(condition) CHECK(condition, "is false")
#define COUNT(v) ((int32_t)(sizeof(v) / sizeof(v)[0]))

static void check_valid(const struct imc_pack_problem *p,
			const struct imc_pack_answer *s, struct imc_arena *a)
{
	const char *fault = imc_pack_check(p, s, a);

	CHECK(!fault, "%s: %s", s->by, fault);
	CHECK(s->lower_bound <= s->n_used, "%s", s->by);
	CHECK(s->lower_bound >= imc_pack_lower_bound(p, a), "%s", s->by);
}

/* The two steps that improve an answer, each alone: the program on what one
 * run of MaxRects found, packing again on a bin for each. Both are valid, not
 * worse than that run, and never below the least, which is n_best. */
static void check_steps(const struct imc_pack_problem *p, int32_t n_best,
			struct imc_arena *a)
{
	struct imc_pack_answer s = imc_pack_area(p, a), milp = s;
	int32_t n_area = s.n_used;

	s.lower_bound = milp.lower_bound = imc_pack_lower_bound(p, a);
	if (n_area > s.lower_bound)
		imc_pack_improve_milp(p, &milp, a);
	check_valid(p, &milp, a);
	CHECK(milp.lower_bound <= n_best, "%d", milp.lower_bound);
	CHECK(milp.n_used <= n_area && milp.n_used >= n_best, "%d",
	      milp.n_used);
#ifdef IMCC_HAVE_GLPK
	CHECK(milp.n_used == n_best && milp.lower_bound == n_best, "%d",
	      milp.n_used);
#endif
	for (int32_t i = 0; i < p->n; i++)
		s.place[i] = (struct imc_pack_place){i, 0, 0};
	s.n_used = imc_pack_improve(p, p->n, s.lower_bound, 20000, s.place);
	s.by = "again";
	check_valid(p, &s, a);
	CHECK(s.n_used <= n_area && s.n_used >= n_best, "%d", s.n_used);
}

/* Small bins make many ties and exact fits. */
static void test_tiny(void)
{
	uint32_t seed = 12345;
	int n_better = 0, n_gap = 0;

	for (int k = 0; k < 400; k++) {
		struct imc_arena *a = imc_arena_new();
		struct imc_pack_rect r[7];
		struct imc_pack_problem p = {draw(&seed, 3, 12),
					     draw(&seed, 3, 12), 0, 0, r};
		struct imc_pack_answer best, greedy, exact;

		draw_set(&p, r, draw(&seed, 1, 7),
			 (enum pack_kind)draw(&seed, 0, PACK_MIXED), &seed);
		exact = imc_pack_exhaustive(&p, a);
		greedy = imc_pack_greedy(&p, a);
		best = imc_pack_best(&p, a);
		check_valid(&p, &exact, a);
		check_valid(&p, &greedy, a);
		check_valid(&p, &best, a);
		CHECK(greedy.lower_bound <= exact.n_used, "case %d", k);
		CHECK(exact.n_used <= greedy.n_used, "case %d", k);
		CHECK(best.n_used == exact.n_used, "case %d", k);
		CHECK(best.lower_bound == exact.n_used, "case %d", k);
		check_steps(&p, exact.n_used, a);
		n_better += exact.n_used < imc_pack_area(&p, a).n_used;
		n_gap += greedy.lower_bound < exact.n_used;
		imc_arena_free(a);
	}
	/* Else nothing was tried that one run and the bound cannot do. */
	CHECK(n_better > 0 && n_gap > 0, "%d %d", n_better, n_gap);
}

/* Two answers are the same bytes. */
static void check_same(const struct imc_pack_problem *p,
		       const struct imc_pack_answer *s,
		       const struct imc_pack_answer *t)
{
	OK(s->n_used == t->n_used && s->lower_bound == t->lower_bound);
	OK(!strcmp(s->by, t->by));
	OK(!memcmp(s->place, t->place, (size_t)p->n * sizeof *s->place));
}

/* What imc_pack_greedy places fits, and nothing below a bound does. */
static void check_fits(struct imc_pack_problem p,
		       const struct imc_pack_answer *greedy, int32_t bound)
{
	p.n_bin = greedy->n_used;
	OK(imc_pack_fits(&p));
	p.n_bin = greedy->n_used - 1;
	OK(!imc_pack_fits(&p));
	p.n_bin = bound - 1;
	OK(!imc_pack_fits(&p));
}

static void check_set(const struct imc_pack_problem *p, bool twice,
		      int n_used[3])
{
	static imc_pack_solver *const solver[] = {
		imc_pack_area, imc_pack_greedy, imc_pack_best};
	struct imc_arena *a = imc_arena_new();
	struct imc_pack_answer s[3];

	for (int k = 0; k < 3; k++) {
		s[k] = solver[k](p, a);
		check_valid(p, &s[k], a);
		n_used[k] += s[k].n_used;
		if (twice) {
			struct imc_pack_answer t = solver[k](p, a);

			check_same(p, &s[k], &t);
		}
	}
	CHECK(s[1].n_used <= s[0].n_used, "%d %d", s[1].n_used, s[0].n_used);
	CHECK(s[2].n_used <= s[1].n_used, "%d %d", s[2].n_used, s[1].n_used);
	check_fits(*p, &s[1], s[2].lower_bound);
	imc_arena_free(a);
}

static void test_random(void)
{
	struct imc_pack_rect r[150];
	uint32_t seed = 777;
	int n_used[3] = {0};

	for (int k = 0; k < 300; k++) {
		struct imc_pack_problem p = {k % 4 ? 256 : draw(&seed, 8, 512),
					     256, 0, 0, r};
		int32_t n = k % 50 == 49 ? 150 : draw(&seed, 5, 30);

		draw_set(&p, r, n, (enum pack_kind)(k % N_PACK_KIND), &seed);
		check_set(&p, k % 10 == 0, n_used);
	}
	CHECK(n_used[2] < n_used[1] && n_used[1] < n_used[0], "%d %d %d",
	      n_used[2], n_used[1], n_used[0]);
}

/* Four of 3x2 around one of 1x1 fill 5x5: a pinwheel, which no sequence of
 * cuts from side to side makes. */
static void test_pinwheel(void)
{
	static const struct imc_pack_rect r[] = {
		{3, 2}, {2, 3}, {3, 2}, {2, 3}, {1, 1}};
	struct imc_pack_problem p = {5, 5, 5, 5, r};
	struct imc_pack_place place[5];
	int32_t all[] = {0, 1, 2, 3, 4};
	struct imc_arena *a = imc_arena_new();
	struct imc_pack_answer s = {true, 1, 1, "search", place};

	memset(place, 0, sizeof place);
	OK(imc_pack_one_bin(&p, all, 5, INT64_MAX, place) == IMC_FITS);
	check_valid(&p, &s, a);
	OK(imc_pack_one_bin(&p, all, 5, 2, place) == IMC_FITS_UNKNOWN);
	p.bin_w = 4;
	OK(imc_pack_one_bin(&p, all, 5, INT64_MAX, place) == IMC_FITS_NOT);
	s = imc_pack_exhaustive(&p, a);
	check_valid(&p, &s, a);
	OK(s.n_used == 2);
	imc_arena_free(a);
}

/* Sets whose areas fit while the shapes do not: the program alone says 1. */
static void test_shapes(void)
{
	static const struct imc_pack_rect r[] = {{3, 3}, {3, 3}, {3, 3},
						 {2, 2}, {2, 2}, {1, 5}};
	struct imc_pack_problem p = {6, 6, 6, COUNT(r), r};
	struct imc_arena *a = imc_arena_new();
	struct imc_pack_answer s = imc_pack_best(&p, a);

	check_valid(&p, &s, a);
	OK(s.n_used == imc_pack_exhaustive(&p, a).n_used);
	imc_arena_free(a);
}

/* The 36 crossbar layers of MobileNetV2 1.0 (arXiv 2201.01089, figure 12):
 * the stem, 34 of 1x1 in bottlenecks, the last of 1x1. */
static void draw_mobilenet(struct imc_pack_problem *p, struct imc_pack_rect *r)
{
	/* Expansion, channels, repeats of the bottlenecks. */
	static const int32_t block[][3] = {{1, 16, 1}, {6, 24, 2}, {6, 32, 3},
					   {6, 64, 4}, {6, 96, 3}, {6, 160, 3},
					   {6, 320, 1}};
	int32_t in = 32;

	*p = (struct imc_pack_problem){256, 256, 34, 0, r};
	cut_layer(p, r, 100, 27, 32);
	for (int32_t i = 0; i < COUNT(block); i++)
		for (int32_t k = 0; k < block[i][2]; k++) {
			int32_t wide = in * block[i][0];

			cut_layer(p, r, 100, in, wide);
			cut_layer(p, r, 100, wide, block[i][1]);
			in = block[i][1];
		}
	cut_layer(p, r, 100, 320, 1280);
}

static int ascending(const void *a, const void *b)
{
	const double *p = a, *q = b;

	return (*p > *q) - (*p < *q);
}

/* The published figure: 34 crossbars, the two emptiest at 14.6 % and 84.4 %
 * of their cells. */
static void test_mobilenet_area(void)
{
	struct imc_pack_rect r[100];
	struct imc_pack_problem p;
	struct imc_arena *a = imc_arena_new();
	struct imc_pack_answer s;
	double used[34] = {0};

	draw_mobilenet(&p, r);
	CHECK(p.n == 87, "%d", p.n);
	s = imc_pack_area(&p, a);
	check_valid(&p, &s, a);
	CHECK(s.n_used == 34, "%d", s.n_used);
	for (int32_t i = 0; i < p.n && s.n_used == 34; i++)
		used[s.place[i].bin] += 100.0 * r[i].w * r[i].h / (256 * 256);
	qsort(used, 34, sizeof used[0], ascending);
	CHECK(fabs(used[0] - 14.6) < 0.1, "%g", used[0]);
	CHECK(fabs(used[1] - 84.4) < 0.1, "%g", used[1]);
	imc_arena_free(a);
}

/* 33 is the bound by area. */
static void test_mobilenet(void)
{
	struct imc_pack_rect r[100];
	struct imc_pack_problem p;
	struct imc_arena *a = imc_arena_new();
	struct imc_pack_answer s;

	draw_mobilenet(&p, r);
	OK(imc_pack_lower_bound(&p, a) == 33);
	s = imc_pack_best(&p, a);
	check_valid(&p, &s, a);
	CHECK(s.n_used == 33 && s.lower_bound == 33, "%d", s.n_used);
	p.n_bin = 33;
	OK(imc_pack_fits(&p) && imc_pack_best(&p, a).found);
	p.n_bin = 32;
	s = imc_pack_greedy(&p, a);
	OK(!s.found && s.n_used == 33 && !imc_pack_fits(&p));
	s = imc_pack_best(&p, a);
	OK(!s.found && s.n_used == 33);
	imc_arena_free(a);
}

static void test_edges(void)
{
	static const struct imc_pack_rect large[] = {{5, 1}};
	static const struct imc_pack_rect full[] = {{4, 4}, {4, 4}, {1, 1}};
	struct imc_pack_problem none = {4, 4, 4, 0, NULL};
	struct imc_pack_problem p = {4, 4, 4, 1, large};
	struct imc_arena *a = imc_arena_new();
	struct imc_pack_answer s = imc_pack_best(&none, a);

	OK(s.found && s.n_used == 0 && s.lower_bound == 0);
	OK(!imc_pack_check(&none, &s, a) && imc_pack_fits(&none));
	s = imc_pack_area(&none, a);
	OK(s.found && s.n_used == 0);
	s = imc_pack_exhaustive(&none, a);
	OK(s.found && s.n_used == 0);
	OK(!imc_pack_greedy(&p, a).found && !imc_pack_best(&p, a).found);
	OK(!imc_pack_exhaustive(&p, a).found);
	OK(!imc_pack_area(&p, a).found && !imc_pack_fits(&p));
	p = (struct imc_pack_problem){4, 4, 3, 3, full};
	OK(imc_pack_lower_bound(&p, a) == 3);
	s = imc_pack_best(&p, a);
	check_valid(&p, &s, a);
	OK(s.n_used == 3);
	p.n_bin = 2;
	OK(!imc_pack_exhaustive(&p, a).found && !imc_pack_best(&p, a).found);
	imc_arena_free(a);
}

/* Wrong answers by hand: two of 2x2 and one of 3x1 in bins of 4x4. */
static void check_rejected(struct imc_pack_place p0, struct imc_pack_place p1,
			   struct imc_pack_place p2, int32_t n_used,
			   const char *want)
{
	static const struct imc_pack_rect r[] = {{2, 2}, {2, 2}, {3, 1}};
	struct imc_pack_problem p = {4, 4, 2, 3, r};
	struct imc_pack_place place[] = {p0, p1, p2};
	struct imc_pack_answer s = {true, n_used, 1, "hand", place};
	struct imc_arena *a = imc_arena_new();
	const char *got = imc_pack_check(&p, &s, a);

	CHECK(!strcmp(got ? got : "", want), "%s, not %s", got ? got : "",
	      want);
	s.found = false;
	got = imc_pack_check(&p, &s, a);
	OK(got && !strcmp(got, "no answer"));
	imc_arena_free(a);
}

static void test_check(void)
{
#define AT(bin, x, y) ((struct imc_pack_place){bin, x, y})
	check_rejected(AT(0, 0, 0), AT(0, 2, 0), AT(0, 1, 2), 1, "");
	check_rejected(AT(0, 0, 0), AT(1, 0, 0), AT(1, 1, 2), 2, "");
	check_rejected(AT(0, 0, 0), AT(0, 1, 1), AT(0, 1, 3), 1,
		       "rectangles 0 and 1 overlap in bin 0");
	check_rejected(AT(0, 2, 0), AT(0, 0, 0), AT(0, 1, 1), 1,
		       "rectangles 1 and 2 overlap in bin 0");
	check_rejected(AT(0, 0, 0), AT(0, 2, 0), AT(0, 2, 2), 1,
		       "rectangle 2, 3x1 at 2,2, is outside 4x4");
	check_rejected(AT(0, 0, 3), AT(0, 2, 0), AT(0, 0, 2), 1,
		       "rectangle 0, 2x2 at 0,3, is outside 4x4");
	check_rejected(AT(0, -1, 0), AT(0, 2, 0), AT(0, 0, 2), 1,
		       "rectangle 0, 2x2 at -1,0, is outside 4x4");
	check_rejected(AT(2, 0, 0), AT(0, 2, 0), AT(0, 0, 2), 2,
		       "rectangle 0 is in bin 2 of 2");
	check_rejected(AT(-1, 0, 0), AT(0, 2, 0), AT(0, 0, 2), 2,
		       "rectangle 0 is in bin -1 of 2");
	check_rejected(AT(0, 0, 0), AT(0, 2, 0), AT(0, 1, 2), 2,
		       "bins 0 to 0 are used, not 0 to 1");
	check_rejected(AT(1, 0, 0), AT(1, 2, 0), AT(1, 1, 2), 1,
		       "bins 0 to 1 are used, not 0 to 0");
	check_rejected(AT(0, 0, 0), AT(1, 2, 0), AT(1, 1, 2), 1,
		       "bins 0 to 1 are used, not 0 to 0");
}

int main(void)
{
	test_tiny();
	test_random();
	test_pinwheel();
	test_shapes();
	test_mobilenet_area();
	test_mobilenet();
	test_edges();
	test_check();
	return check_result();
}
