/* Bits and copies against every combination, against dynamic programming, and
 * against the checker. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "passes/solver/alloc_inner.h"
#include "tests/check.h"

#define OK(condition) CHECK(condition, "is false")
#define N_GOAL 4

/* A generator of our own (xorshift): the same numbers everywhere. */
static int32_t draw(uint32_t *seed, int32_t lo, int32_t hi)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return lo + (int32_t)(*seed % (uint32_t)(hi - lo + 1));
}

static bool is_near(double x, double y)
{
	return x == y || fabs(x - y) <= 1e-9 * fmax(fabs(x), fabs(y));
}

/* n options: more arrays are faster, less error is dearer, more or less. fine:
 * numbers with many digits; else many are equal, and errors add up exactly. */
static struct imc_alloc_layer draw_layer(uint32_t *seed, int32_t n, bool fine,
					 struct imc_arena *a)
{
	struct imc_alloc_option *o = imc_arena_array(a, (size_t)n, sizeof *o);
	int32_t tiles = draw(seed, 1, 5), vectors = draw(seed, 1, 60);

	for (int32_t k = 0; k < n; k++) {
		int32_t bits = draw(seed, 1, 6), copies = draw(seed, 1, 6);

		o[k].ns = ceil((double)vectors / copies) * bits;
		o[k].pj = draw(seed, 0, 5) + bits * vectors;
		o[k].error = ldexp(1, -bits);
		o[k].arrays = tiles * bits * copies;
		if (fine) {
			o[k].ns *= 1 + 1e-4 * draw(seed, 0, 9999);
			o[k].pj *= 1 + 1e-4 * draw(seed, 0, 9999);
			o[k].error *= 1 + 1e-4 * draw(seed, 0, 9999);
		}
		o[k].stage_ns = draw(seed, 0, 1)
					? o[k].ns
					: fmin(o[k].ns,
					       (double)vectors * bits / copies);
	}
	return (struct imc_alloc_layer){n, o};
}

static struct imc_alloc_problem
draw_problem(uint32_t *seed, int32_t n, int32_t n_option, struct imc_arena *a)
{
	struct imc_alloc_layer *l = imc_arena_array(a, (size_t)n, sizeof *l);
	bool fine = draw(seed, 0, 1), alike = draw(seed, 0, 2) == 0;
	struct imc_alloc_problem p = {.n = n,
				      .layer = l,
				      .max_error = INFINITY,
				      .max_stage_ns = INFINITY,
				      .seconds = INFINITY};

	for (int32_t i = 0; i < n; i++)
		if (alike && i % 4)
			l[i] = l[i - 1];
		else
			l[i] = draw_layer(seed, draw(seed, 1, n_option), fine,
					  a);
	p.n_array = draw(seed, 5 * n, 40 * n);
	if (draw(seed, 0, 3))
		p.max_error = ldexp(n * draw(seed, 1, 16), -5);
	if (draw(seed, 0, 2) == 0)
		p.max_stage_ns = draw(seed, 20, 120);
	if (draw(seed, 0, 1)) {
		p.fixed_ns = draw(seed, 0, 100);
		p.fixed_stage_ns = draw(seed, 0, 60);
	}
	p.no_milp = draw(seed, 0, 1);
	return p;
}

static void check_valid(const struct imc_alloc_problem *p,
			const struct imc_alloc_answer *s, struct imc_arena *a)
{
	const char *fault = imc_alloc_check(p, s, a);

	CHECK(!fault, "%s", fault);
	OK(s->how && s->pick);
	if (s->found)
		OK(imc_alloc_gap(s) >= 0 && s->bound <= s->value);
	else
		OK(isinf(imc_alloc_gap(s)));
}

/* Goals of which an answer is; the exact one says what it is. */
static void compare(const struct imc_alloc_problem *p, int k,
		    struct imc_arena *a)
{
	struct imc_alloc_answer s = imc_alloc(p, a);
	struct imc_alloc_answer best = imc_alloc_exhaustive(p, a);
	struct imc_alloc_problem rough = *p;

	check_valid(p, &s, a);
	check_valid(p, &best, a);
	OK(best.proven && s.proven);
	CHECK(s.found == best.found && is_near(s.value, best.value),
	      "%d: goal %d: %g, not %g", k, p->goal, s.value, best.value);
	rough.gap = 0.1;
	s = imc_alloc(&rough, a);
	check_valid(p, &s, a);
	CHECK(s.found == best.found, "%d: goal %d, rough: %s, %g .. %g", k,
	      p->goal, s.how, s.bound, s.value);
	if (s.found) {
		OK(imc_alloc_gap(&s) <= 0.1);
		OK(s.bound <= best.value * (1 + 1e-9));
		OK(s.value >= best.value * (1 - 1e-9));
	}
}

static void test_exhaustive(void)
{
	uint32_t seed = 4711;
	int n_found = 0, n_none = 0;

	for (int k = 0; k < 300; k++) {
		struct imc_arena *a = imc_arena_new();
		struct imc_alloc_problem p =
			draw_problem(&seed, draw(&seed, 1, 5), 7, a);

		for (int g = 0; g < N_GOAL; g++) {
			p.goal = (enum imc_alloc_goal)g;
			compare(&p, k, a);
		}
		if (imc_alloc(&p, a).found)
			n_found++;
		else
			n_none++;
		imc_arena_free(a);
	}
	CHECK(n_found > 100 && n_none > 30, "%d, %d", n_found, n_none);
}

/* Every step by itself keeps what is true: no bound above the best, no pick
 * that does not fit, and what is dropped is not missed. */
static void check_steps(const struct imc_alloc_problem *p, double best,
			int *n_best, struct imc_arena *a)
{
	struct imc_alloc_effort f = {0, INT64_MAX, INFINITY};
	struct imc_alloc_list *l = imc_arena_array(a, (size_t)p->n, sizeof *l);
	struct imc_alloc_core k = {.n = p->n,
				   .list = l,
				   .room_a = imc_alloc_room_a(p),
				   .room_e = imc_alloc_room_e(p),
				   .enough = -INFINITY,
				   .effort = &f,
				   .value = best * 1.5,
				   .bound = -INFINITY};
	struct imc_alloc_price price;

	k.pick = imc_arena_array(a, (size_t)p->n, sizeof *k.pick);
	OK(imc_alloc_items(p, p->goal, l, a));
	price = imc_alloc_best_price(&k);
#define STILL_TRUE                                                             \
	CHECK(k.bound <= best * (1 + 1e-9) && k.value >= best * (1 - 1e-9),    \
	      "%g <= %g <= %g", k.bound, best, k.value)
	STILL_TRUE;
	imc_alloc_fill(&k, price);
	STILL_TRUE;
	if (!imc_alloc_is_done(&k))
		imc_alloc_reduce(&k, price);
	STILL_TRUE;
	for (int32_t width = 1; width < 8 && !imc_alloc_is_done(&k); width++) {
		imc_alloc_label(&k, price, width);
		STILL_TRUE;
	}
	if (!imc_alloc_is_done(&k)) {
		imc_alloc_milp(&k, price);
		STILL_TRUE;
	}
	*n_best += is_near(k.value, best);
#undef STILL_TRUE
}

static void test_steps(void)
{
	uint32_t seed = 17;
	int n_best = 0, n_run = 0;

	for (int k = 0; k < 150; k++) {
		struct imc_arena *a = imc_arena_new();
		struct imc_alloc_problem p =
			draw_problem(&seed, draw(&seed, 3, 6), 9, a);
		struct imc_alloc_answer best;

		p.goal = k % 2 ? IMC_ALLOC_ENERGY : IMC_ALLOC_LATENCY;
		p.fixed_ns = 0;
		best = imc_alloc_exhaustive(&p, a);
		if (best.found) {
			n_run++;
			check_steps(&p, best.value, &n_best, a);
		}
		imc_arena_free(a);
	}
	CHECK(n_best >= n_run * 9 / 10, "%d of %d", n_best, n_run);
}

/* The program alone, from a value that is too high. */
static void test_milp(void)
{
	uint32_t seed = 21;

	for (int k = 0; k < 40; k++) {
		struct imc_arena *a = imc_arena_new();
		struct imc_alloc_problem p = draw_problem(&seed, 5, 7, a);
		struct imc_alloc_effort f = {0, INT64_MAX, INFINITY};
		struct imc_alloc_list l[5];
		int32_t pick[5];
		struct imc_alloc_core c = {.n = 5,
					   .list = l,
					   .room_a = imc_alloc_room_a(&p),
					   .room_e = imc_alloc_room_e(&p),
					   .enough = -INFINITY,
					   .effort = &f,
					   .pick = pick,
					   .bound = -INFINITY};
		struct imc_alloc_answer best;

		p.goal = IMC_ALLOC_LATENCY;
		p.fixed_ns = 0;
		best = imc_alloc_exhaustive(&p, a);
		if (best.found && imc_alloc_items(&p, p.goal, l, a)) {
			c.value = best.value * 1.5;
			imc_alloc_milp(&c, (struct imc_alloc_price){1, 1});
			OK(c.bound <= best.value * (1 + 1e-9));
#ifdef IMCC_HAVE_GLPK
			CHECK(c.found && is_near(c.value, best.value) &&
				      is_near(c.bound, best.value),
			      "%g, %g, not %g", c.bound, c.value, best.value);
#else
			OK(!c.found);
#endif
		}
		imc_arena_free(a);
	}
}

/* Copies of one precision: time / copies for arrays * copies. */
static struct imc_alloc_layer copies_of(double ns, double pj, int32_t arrays,
					int32_t n, struct imc_arena *a)
{
	struct imc_alloc_option *o = imc_arena_array(a, (size_t)n, sizeof *o);

	for (int32_t k = 0; k < n; k++)
		o[k] = (struct imc_alloc_option){
			ceil(ns / (k + 1)), ceil(ns / (k + 1)), pj / (k + 2),
			0.25, arrays * (k + 1)};
	return (struct imc_alloc_layer){n, o};
}

static struct imc_alloc_problem draw_copies(uint32_t *seed, int32_t n,
					    struct imc_arena *a)
{
	struct imc_alloc_layer *l = imc_arena_array(a, (size_t)n, sizeof *l);
	struct imc_alloc_problem p = {.n = n,
				      .layer = l,
				      .max_error = INFINITY,
				      .max_stage_ns = INFINITY,
				      .seconds = INFINITY};

	for (int32_t i = 0; i < n; i++) {
		int32_t arrays = draw(seed, 1, 12);

		/* As in deep networks, many layers are alike. */
		if (i % 5 == 0)
			l[i] = copies_of(draw(seed, 50, 20000),
					 draw(seed, 1, 9000), arrays,
					 draw(seed, 2, 40), a);
		else
			l[i] = l[i - 1];
		p.n_array += 3 * l[i].option[0].arrays;
	}
	return p;
}

static void test_dynamic(void)
{
	uint32_t seed = 99;
	int n_proven = 0, n_run = 0;

	for (int32_t n = 20; n <= 100; n += 10) {
		struct imc_arena *a = imc_arena_new();
		struct imc_alloc_problem p = draw_copies(&seed, n, a);

		for (int g = 0; g < N_GOAL; g++) {
			struct imc_alloc_answer s, best;

			p.goal = (enum imc_alloc_goal)g;
			p.no_milp = n % 20 == 0;
			s = imc_alloc(&p, a);
			best = imc_alloc_dynamic(&p, a);
			check_valid(&p, &s, a);
			if (p.goal == IMC_ALLOC_STAGE) {
				OK(!best.found && !best.proven);
				continue;
			}
			check_valid(&p, &best, a);
			OK(s.found && best.found && best.proven);
			OK(s.bound <= best.value * (1 + 1e-9));
			OK(s.value >= best.value * (1 - 1e-9));
			OK(!s.proven || is_near(s.value, best.value));
			n_proven += s.proven;
			n_run++;
		}
		imc_arena_free(a);
	}
	CHECK(n_proven >= n_run - 1, "%d of %d", n_proven, n_run);
}

/* The least stage of copies is known: ceil(time / stage) copies each. */
static void test_stage(void)
{
	uint32_t seed = 7;

	for (int k = 0; k < 20; k++) {
		struct imc_arena *a = imc_arena_new();
		struct imc_alloc_problem p = draw_copies(&seed, 30, a);
		struct imc_alloc_answer s;
		int64_t below = 0;

		p.goal = IMC_ALLOC_STAGE;
		s = imc_alloc(&p, a);
		check_valid(&p, &s, a);
		OK(s.found && s.proven);
		for (int32_t i = 0; i < p.n; i++) {
			int32_t o = 0;

			while (o < p.layer[i].n &&
			       p.layer[i].option[o].ns >= s.value)
				o++;
			below += o < p.layer[i].n ? p.layer[i].option[o].arrays
						  : p.n_array + 1;
		}
		CHECK(below > p.n_array, "%g is not the least", s.value);
		imc_arena_free(a);
	}
}

/* As many layers and options as a network of residual blocks has. */
static struct imc_alloc_problem
draw_network(uint32_t *seed, int32_t n, int32_t copies, struct imc_arena *a)
{
	struct imc_alloc_layer *l = imc_arena_array(a, (size_t)n, sizeof *l);
	struct imc_alloc_problem p = {.n = n,
				      .layer = l,
				      .max_stage_ns = INFINITY,
				      .seconds = INFINITY};

	for (int32_t i = 0; i < n; i++) {
		struct imc_alloc_option *o =
			imc_arena_array(a, 49 * (size_t)copies, sizeof *o);
		int32_t k = 0, tiles = draw(seed, 1, 18);
		double vectors = 49 << (2 * draw(seed, 0, 4));
		double weight = 0.01 * draw(seed, 50, 200);

		for (int32_t b = 0; b < 49; b++)
			for (int32_t r = 1; r <= copies; r++, k++) {
				int32_t w = 2 + b / 7, x = 2 + b % 7;

				o[k].arrays = tiles * w * r;
				o[k].ns = ceil(vectors / r) * (x * 230 + w);
				o[k].stage_ns = o[k].ns;
				o[k].pj = vectors * tiles * w * x;
				o[k].error = weight *
					     (pow(4, -w) + 0.9 * pow(4, -x));
			}
		l[i] = (struct imc_alloc_layer){k, o};
		p.n_array += 8 * tiles;
		p.max_error += 2 * pow(4, -5);
	}
	return p;
}

/* Runs end alike, with or without GLPK within what is proven. */
static void test_network(void)
{
	uint32_t seed = 31;
	struct imc_arena *a = imc_arena_new();
	struct imc_alloc_problem p = draw_network(&seed, 30, 24, a);

	for (int g = 0; g < N_GOAL; g++) {
		struct imc_alloc_answer s, again, without;

		p.goal = (enum imc_alloc_goal)g;
		p.gap = 0.005;
		p.no_milp = false;
		s = imc_alloc(&p, a);
		again = imc_alloc(&p, a);
		p.no_milp = true;
		without = imc_alloc(&p, a);
		check_valid(&p, &s, a);
		check_valid(&p, &without, a);
		OK(s.found && without.found);
		OK(imc_alloc_gap(&s) <= 0.005);
		OK(imc_alloc_gap(&without) <= 0.005);
		OK(s.bound <= without.value && without.bound <= s.value);
		OK(s.value == again.value && s.bound == again.bound &&
		   s.work == again.work && !strcmp(s.how, again.how));
		OK(!memcmp(s.pick, again.pick, (size_t)p.n * sizeof *s.pick));
	}
	imc_arena_free(a);
}

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Ends soon, and says how near the best it may be. That it ends at all is
 * what is asserted of the clock: machines differ. */
static void test_seconds(void)
{
	uint32_t seed = 5;
	struct imc_arena *a = imc_arena_new();
	struct imc_alloc_problem p = draw_network(&seed, 60, 40, a);

	for (int g = 0; g < N_GOAL; g++) {
		struct imc_alloc_answer s;
		double from = seconds_now();

		p.goal = (enum imc_alloc_goal)g;
		p.seconds = g == 0 ? 0 : 0.05;
		s = imc_alloc(&p, a);
		check_valid(&p, &s, a);
		OK(s.found && s.bound > 0);
		CHECK(seconds_now() - from < 5, "%g s", seconds_now() - from);
	}
	imc_arena_free(a);
}

/* Every tampered answer is refused. */
static void test_check(void)
{
	uint32_t seed = 8;
	struct imc_arena *a = imc_arena_new();
	struct imc_alloc_problem p = draw_network(&seed, 6, 8, a), q = p;
	struct imc_alloc_answer s = imc_alloc(&p, a), t;
	int32_t pick[6];

	check_valid(&p, &s, a);
	OK(s.found);
#define REFUSED(change)                                                        \
	do {                                                                   \
		t = s;                                                         \
		memcpy(pick, s.pick, sizeof pick);                             \
		t.pick = pick;                                                 \
		change;                                                        \
		OK(imc_alloc_check(&p, &t, a));                                \
	} while (0)
	REFUSED(pick[0] = p.layer[0].n);
	REFUSED(pick[2] = -1);
	REFUSED(pick[1] = pick[1] ? pick[1] - 1 : 1);
	REFUSED(t.ns *= 0.99);
	REFUSED(t.value *= 0.99);
	REFUSED(t.stage_ns += 1);
	REFUSED(t.pj += 1);
	REFUSED(t.error *= 0.5);
	REFUSED(t.arrays--);
	REFUSED(t.bound = t.value * 1.01);
	REFUSED((t.proven = true, t.bound = t.value * 0.9));
	REFUSED((t.found = false, t.proven = true));
#undef REFUSED
	q.n_array = s.arrays - 1;
	OK(imc_alloc_check(&q, &s, a));
	q = p;
	q.max_error = s.error * 0.999;
	OK(imc_alloc_check(&q, &s, a));
	q = p;
	q.max_stage_ns = s.stage_ns * 0.999;
	OK(imc_alloc_check(&q, &s, a));
	imc_arena_free(a);
}

/* No layers, one layer, layers without an option. */
static void test_edges(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_alloc_option o[] = {{10, 10, 1, 0.5, 2}, {5, 5, 2, 0.5, 4}};
	struct imc_alloc_layer l[] = {{2, o}, {0, o}};
	struct imc_alloc_problem p = {.layer = l,
				      .n_array = 4,
				      .max_error = INFINITY,
				      .max_stage_ns = INFINITY,
				      .seconds = INFINITY,
				      .fixed_ns = 3,
				      .fixed_stage_ns = 7};

	for (p.n = 0; p.n <= 2; p.n++)
		for (int g = 0; g < N_GOAL; g++) {
			p.goal = (enum imc_alloc_goal)g;
			compare(&p, -p.n, a);
		}
	p.n = 1;
	p.goal = IMC_ALLOC_STAGE;
	OK(imc_alloc(&p, a).value == 7);
	p.goal = IMC_ALLOC_LATENCY;
	OK(imc_alloc(&p, a).value == 8);
	p.max_error = 0.4;
	OK(!imc_alloc(&p, a).found && imc_alloc(&p, a).proven);
	p.max_error = 0.5;
	p.n_array = 1;
	OK(!imc_alloc(&p, a).found && imc_alloc(&p, a).proven);
	imc_arena_free(a);
}

/* Small networks end with the best, not only near it. */
static void test_small_networks(void)
{
	uint32_t seed = 1;
	int n_proven = 0;

	for (int k = 0; k < 12; k++) {
		struct imc_arena *a = imc_arena_new();
		struct imc_alloc_problem p = draw_network(&seed, 4 + k, 12, a);
		struct imc_alloc_answer s;

		p.no_milp = k % 2;
		s = imc_alloc(&p, a);
		check_valid(&p, &s, a);
		OK(s.found);
		n_proven += s.proven;
		imc_arena_free(a);
	}
	CHECK(n_proven >= 11, "%d", n_proven);
}

int main(void)
{
	test_edges();
	test_exhaustive();
	test_steps();
	test_milp();
	test_dynamic();
	test_stage();
	test_small_networks();
	test_network();
	test_seconds();
	test_check();
	return check_result();
}
