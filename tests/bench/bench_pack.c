/* Time and quality of the packers on random sets: the median and the longest
 * time of a set, bins above the best bound known, and proven answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "passes/solver/pack_inner.h"
#include "tests/solver/pack_sets.h"

#define MOST 500
#define N_SET 15

static const char *const kind_text[N_PACK_KIND] = {
#define X(id, text) [PACK_##id] = text,
	PACK_KINDS(X)
#undef X
};

static const struct {
	const char *name;
	imc_pack_solver *run;
} solver[] = {{"area", imc_pack_area},
	      {"greedy", imc_pack_greedy},
	      {"best", imc_pack_best}};
#define N_SOLVER ((int)(sizeof solver / sizeof solver[0]))

/* What one solver, or imc_pack_fits, did on the sets of one kind. */
struct result {
	double ms[N_SET];
	int n_used, n_proven;
};

/* Processor time: other programs do not count. */
static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int ascending(const void *a, const void *b)
{
	const double *p = a, *q = b;

	return (*p > *q) - (*p < *q);
}

static void print_result(const char *kind, int32_t n, const char *name,
			 struct result *r, int bound)
{
	qsort(r->ms, N_SET, sizeof r->ms[0], ascending);
	printf("%-20s %5d  %-7s %9.3f %9.3f", kind, (int)n, name,
	       r->ms[N_SET / 2], r->ms[N_SET - 1]);
	if (r->n_used)
		printf(" %7d %6.2f %% %4d/%d", r->n_used,
		       100.0 * (r->n_used - bound) / bound, r->n_proven, N_SET);
	printf("\n");
}

static double time_fits(struct imc_pack_problem p, int32_t n_bin)
{
	double from = now_ms();

	p.n_bin = n_bin;
	(void)imc_pack_fits(&p);
	return now_ms() - from;
}

/* The last solver is the best one: its bound judges all. */
static int run_set(const struct imc_pack_problem *p, int set, struct result *r,
		   struct result *fits, struct result * not )
{
	struct imc_arena *a = imc_arena_new();
	struct imc_pack_answer s = {0};
	int bound;

	for (int k = 0; k < N_SOLVER; k++) {
		double from = now_ms();
		const char *fault;

		s = solver[k].run(p, a);
		r[k].ms[set] = now_ms() - from;
		r[k].n_used += s.n_used;
		r[k].n_proven += s.n_used == s.lower_bound;
		fault = imc_pack_check(p, &s, a);
		if (fault) {
			fprintf(stderr, "%s: %s\n", solver[k].name, fault);
			exit(1);
		}
	}
	fits->ms[set] = time_fits(*p, s.n_used + 1);
	not ->ms[set] = time_fits(*p, s.lower_bound - 1);
	bound = s.lower_bound;
	imc_arena_free(a);
	return bound;
}

static void run_kind(enum pack_kind kind, int32_t n)
{
	struct imc_pack_rect rect[MOST];
	struct imc_pack_problem p = {.bin_w = 256, .bin_h = 256};
	struct result r[N_SOLVER], fits, not ;
	uint32_t seed = 2024;
	int bound = 0;

	memset(r, 0, sizeof r);
	memset(&fits, 0, sizeof fits);
	memset(&not, 0, sizeof not );
	for (int set = 0; set < N_SET; set++) {
		draw_set(&p, rect, n, kind, &seed);
		bound += run_set(&p, set, r, &fits, &not );
	}
	for (int k = 0; k < N_SOLVER; k++)
		print_result(kind_text[kind], n, solver[k].name, &r[k], bound);
	print_result(kind_text[kind], n, "fits", &fits, bound);
	print_result(kind_text[kind], n, "fits not", &not, bound);
}

int main(void)
{
	static const int32_t count[] = {20, 100, MOST};

	printf("%-20s %5s  %-8s %8s %9s %7s %8s %s\n", "set", "tiles", "solver",
	       "median", "max ms", "bins", "gap", "proven");
	for (size_t i = 0; i < sizeof count / sizeof count[0]; i++)
		for (int kind = 0; kind < N_PACK_KIND; kind++)
			run_kind((enum pack_kind)kind, count[i]);
	return 0;
}
