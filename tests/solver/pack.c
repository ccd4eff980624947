/* Packers against each other and against the checker. */
#include <string.h>

#include "passes/solver/pack_inner.h"
#include "tests/check.h"

#define OK(condition) CHECK(condition, "is false")
#define COUNT(v) ((int32_t)(sizeof(v) / sizeof(v)[0]))

/* A generator of our own (xorshift): the same numbers everywhere. */
static int32_t draw(uint32_t *seed, int32_t lo, int32_t hi)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return lo + (int32_t)(*seed % (uint32_t)(hi - lo + 1));
}

static void check_valid(const struct imc_pack_problem *p,
			const struct imc_pack_answer *s, struct imc_arena *a)
{
	const char *fault = imc_pack_check(p, s, a);

	CHECK(!fault, "%s: %s", s->by, fault);
	CHECK(s->lower_bound <= s->n_used, "%s", s->by);
	CHECK(s->lower_bound >= imc_pack_lower_bound(p, a), "%s", s->by);
}

/* Small bins make many ties and exact fits. */
static void random_problem(uint32_t *seed, int32_t n, int32_t side,
			   struct imc_pack_rect *r, struct imc_pack_problem *p)
{
	int32_t most = draw(seed, (side + 1) / 2, side);

	*p = (struct imc_pack_problem){side, side, n, n, r};
	for (int32_t i = 0; i < n; i++)
		r[i] = (struct imc_pack_rect){draw(seed, 1, most),
					      draw(seed, 1, most)};
}

static void test_small(void)
{
	uint32_t seed = 12345;
	int n_better = 0;

	for (int k = 0; k < 300; k++) {
		struct imc_arena *a = imc_arena_new();
		struct imc_pack_rect r[7];
		struct imc_pack_problem p;
		struct imc_pack_answer best, greedy, milp;

		random_problem(&seed, draw(&seed, 1, 7), draw(&seed, 3, 12), r,
			       &p);
		best = imc_pack_exhaustive(&p, a);
		greedy = imc_pack_greedy(&p, a);
		milp = imc_pack_milp(&p, a);
		check_valid(&p, &best, a);
		check_valid(&p, &greedy, a);
		check_valid(&p, &milp, a);
		CHECK(greedy.lower_bound <= best.n_used, "case %d", k);
		CHECK(best.n_used <= greedy.n_used, "case %d", k);
		CHECK(milp.lower_bound <= best.n_used, "case %d", k);
#ifdef IMCC_HAVE_GLPK
		CHECK(milp.n_used == best.n_used, "case %d: %d, not %d", k,
		      milp.n_used, best.n_used);
		CHECK(milp.lower_bound == best.n_used, "case %d", k);
#endif
		n_better += best.n_used < greedy.n_used;
		imc_arena_free(a);
	}
	/* Else nothing was tried that greedy cannot do. */
	CHECK(n_better > 0, "%d", n_better);
}

static void test_large(void)
{
	uint32_t seed = 777;

	for (int k = 0; k < 20; k++) {
		struct imc_arena *a = imc_arena_new();
		struct imc_pack_rect r[60];
		struct imc_pack_problem p;
		struct imc_pack_answer greedy, milp;

		random_problem(&seed, draw(&seed, 8, k < 15 ? 16 : 60), 256, r,
			       &p);
		greedy = imc_pack_greedy(&p, a);
		milp = imc_pack_milp(&p, a);
		check_valid(&p, &greedy, a);
		check_valid(&p, &milp, a);
		CHECK(milp.n_used <= greedy.n_used, "case %d", k);
		imc_arena_free(a);
	}
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
	struct imc_pack_answer s = imc_pack_milp(&p, a);

	check_valid(&p, &s, a);
	OK(s.n_used == imc_pack_exhaustive(&p, a).n_used);
	imc_arena_free(a);
}

/* A layer's matrix, cut into tiles of at most 256 x 256. */
static void cut(int32_t rows, int32_t cols, struct imc_pack_rect *r, int32_t *n)
{
	for (int32_t c = 0; c < cols; c += 256)
		for (int32_t y = 0; y < rows; y += 256)
			r[(*n)++] = (struct imc_pack_rect){
				cols - c < 256 ? cols - c : 256,
				rows - y < 256 ? rows - y : 256};
}

/* The 36 crossbar layers of MobileNetV2 1.0: 34 crossbars in arXiv
 * 2201.01089; 33 is the bound by area. */
static void test_mobilenet(void)
{
	static const struct {
		int32_t rows, cols;
	} layer[] = {{27, 32},	 {32, 32},   {32, 16},	 {16, 96},   {96, 24},
		     {24, 144},	 {144, 24},  {24, 144},	 {144, 32},  {32, 192},
		     {192, 32},	 {32, 192},  {192, 32},	 {32, 192},  {192, 64},
		     {64, 384},	 {384, 64},  {64, 384},	 {384, 64},  {64, 384},
		     {384, 64},	 {64, 384},  {384, 96},	 {96, 576},  {576, 96},
		     {96, 576},	 {576, 96},  {96, 576},	 {576, 160}, {160, 960},
		     {960, 160}, {160, 960}, {960, 160}, {160, 960}, {960, 320},
		     {320, 1280}};
	struct imc_pack_rect r[100];
	struct imc_pack_problem p = {256, 256, 34, 0, r};
	struct imc_arena *a = imc_arena_new();
	struct imc_pack_answer s;

	for (int32_t i = 0; i < COUNT(layer); i++)
		cut(layer[i].rows, layer[i].cols, r, &p.n);
	CHECK(p.n == 87, "%d", p.n);
	OK(imc_pack_lower_bound(&p, a) == 33);
	s = imc_pack_maxrects(&p, IMC_PACK_BY_AREA, false, a);
	check_valid(
		&p,
		&(struct imc_pack_answer){s.found, s.n_used, 33, s.by, s.place},
		a);
	CHECK(s.n_used == 34, "%d", s.n_used);
	s = imc_pack_maxrects(&p, IMC_PACK_BY_PERIMETER, false, a);
	CHECK(s.n_used == 33, "%d", s.n_used);
	s = imc_pack_greedy(&p, a);
	check_valid(&p, &s, a);
	CHECK(s.n_used == 33 && s.lower_bound == 33, "%d", s.n_used);
	p.n_bin = 32;
	s = imc_pack_greedy(&p, a);
	OK(!s.found && s.n_used == 33);
	s = imc_pack_milp(&p, a);
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
	struct imc_pack_answer s = imc_pack_milp(&none, a);

	OK(s.found && s.n_used == 0 && s.lower_bound == 0);
	OK(!imc_pack_check(&none, &s, a));
	s = imc_pack_exhaustive(&none, a);
	OK(s.found && s.n_used == 0);
	OK(!imc_pack_greedy(&p, a).found && !imc_pack_milp(&p, a).found);
	OK(!imc_pack_exhaustive(&p, a).found);
	p = (struct imc_pack_problem){4, 4, 3, 3, full};
	OK(imc_pack_lower_bound(&p, a) == 3);
	s = imc_pack_milp(&p, a);
	check_valid(&p, &s, a);
	OK(s.n_used == 3);
	p.n_bin = 2;
	OK(!imc_pack_exhaustive(&p, a).found && !imc_pack_milp(&p, a).found);
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
	test_small();
	test_large();
	test_pinwheel();
	test_shapes();
	test_mobilenet();
	test_edges();
	test_check();
	return check_result();
}
