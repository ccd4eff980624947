/* Time and peak of the allocator on random sets of buffers, against the bound;
 * beside it what others do:
 * - first-fit by size: the largest first, each in the lowest gap that it fits;
 * - TFLite's greedy by size: the largest first, each in the smallest gap that
 *   it fits between those that live with it, else above them (Pisarchyk and
 *   Lee, "Efficient memory management for deep neural net inference", 2020,
 *   algorithm 3; the planner of TFLite's arena is described as it). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "passes/4-plan/allocate.h"
#include "tests/runtime/random.h"

#define MOST 1000
#define N_SET 15

/* ---- the peers ---- */

static int by_size(const void *pa, const void *pb)
{
	const struct imc_buffer *a = pa, *b = pb;

	if (a->size_bytes != b->size_bytes)
		return a->size_bytes > b->size_bytes ? -1 : 1;
	return (a->val.i > b->val.i) - (a->val.i < b->val.i);
}

static int by_offset(const void *pa, const void *pb)
{
	const struct imc_buffer *const *a = pa, *const *b = pb;

	return ((*a)->offset > (*b)->offset) - ((*a)->offset < (*b)->offset);
}

static int64_t aligned(int64_t bytes)
{
	return (bytes + IMC_L1_ALIGN - 1) / IMC_L1_ALIGN * IMC_L1_ALIGN;
}

/* The gap for x between `low`, by offset: the lowest, or the smallest. */
static int64_t gap_for(struct imc_buffer **low, size_t n,
		       const struct imc_buffer *x, bool smallest)
{
	int64_t at = 0, best = -1, least = INT64_MAX;

	for (size_t i = 0; i < n; i++) {
		const struct imc_buffer *y = low[i];
		int64_t gap = y->offset - at;

		if (gap >= x->size_bytes && gap < least) {
			best = at;
			least = smallest ? gap : 0;
		}
		if (aligned(y->offset + y->size_bytes) > at)
			at = aligned(y->offset + y->size_bytes);
	}
	return best < 0 ? at : best;
}

static int64_t greedy(struct imc_buffer *b, size_t n, bool smallest)
{
	static struct imc_buffer *low[MOST];
	int64_t peak = 0;

	qsort(b, n, sizeof *b, by_size);
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		for (size_t j = 0; j < i; j++)
			if (b[j].first <= b[i].last && b[i].first <= b[j].last)
				low[k++] = &b[j];
		qsort(low, k, sizeof *low, by_offset);
		b[i].offset = gap_for(low, k, &b[i], smallest);
		if (b[i].offset + b[i].size_bytes > peak)
			peak = b[i].offset + b[i].size_bytes;
	}
	return peak;
}

/* ---- what is measured ---- */

enum solver { FIRST_FIT, TFLITE, ENOUGH, BEST, N_SOLVER };

static const char *const solver_name[N_SOLVER] = {
	"first-fit by size", "greedy by size", "imcc, 5 % is enough", "imcc"};

static int64_t run(enum solver s, struct imc_buffer *b, size_t n,
		   struct imc_arena *a)
{
	switch (s) {
	case FIRST_FIT:
	case TFLITE:
		return greedy(b, n, s == TFLITE);
	case ENOUGH:
		return imc_allocate_buffers(
			b, n, IMC_MEM_L1,
			imc_allocate_bound(b, n, IMC_MEM_L1, a) / 20 * 21, a);
	case BEST:
	case N_SOLVER:
		break;
	}
	return imc_allocate_buffers(b, n, IMC_MEM_L1, 0, a);
}

/* Layers: values that live for a few steps, some for long, constants and
 * scratch. Tiles: of one size or twice it. Any: any size and life. */
enum kind { LAYERS, TILES, ANY, N_KIND };

static const char *const kind_name[N_KIND] = {"layers", "tiles", "any"};

static void draw(struct random *r, enum kind kind, struct imc_buffer *b,
		 int32_t n)
{
	for (int32_t i = 0; i < n; i++) {
		int32_t life = pick(r, 0, pick(r, 0, 9) ? 8 : n / 2);

		b[i] = (struct imc_buffer){.val = {(uint32_t)i}};
		b[i].first = kind == LAYERS ? i : pick(r, 0, n - 1);
		if (kind == ANY)
			life = pick(r, 0, n);
		b[i].last = b[i].first + life < n ? b[i].first + life : n - 1;
		b[i].size_bytes = kind == TILES ? 4096 * pick(r, 1, 2)
						: pick(r, 1, 30000);
		if (kind == LAYERS && pick(r, 0, 9) == 0)
			b[i].size_bytes *= 10;
	}
}

struct result {
	double ms[N_SET], gap, most;
	int n_best;
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

static void run_set(const struct imc_buffer *given, size_t n, int set,
		    struct result *r)
{
	static struct imc_buffer b[MOST];

	for (int s = 0; s < N_SOLVER; s++) {
		struct imc_arena *a = imc_arena_new();
		int64_t bound, peak;
		double from = now_ms(), gap;

		memcpy(b, given, n * sizeof *b);
		peak = run((enum solver)s, b, n, a);
		r[s].ms[set] = now_ms() - from;
		bound = imc_allocate_bound(b, n, IMC_MEM_L1, a);
		gap = (double)(peak - bound) * 100 / (double)bound;
		r[s].gap += gap / N_SET;
		r[s].most = gap > r[s].most ? gap : r[s].most;
		r[s].n_best += peak == bound;
		imc_arena_free(a);
	}
}

static void run_kind(enum kind kind, int32_t n)
{
	static struct imc_buffer b[MOST];
	struct result r[N_SOLVER] = {0};
	struct random random = {2024};

	for (int set = 0; set < N_SET; set++) {
		draw(&random, kind, b, n);
		run_set(b, (size_t)n, set, r);
	}
	for (int s = 0; s < N_SOLVER; s++) {
		qsort(r[s].ms, N_SET, sizeof r[s].ms[0], ascending);
		printf("%-7s %5d  %-20s %9.3f %9.3f %7.2f %7.2f %5d/%d\n",
		       kind_name[kind], (int)n, solver_name[s],
		       r[s].ms[N_SET / 2], r[s].ms[N_SET - 1], r[s].gap,
		       r[s].most, r[s].n_best, N_SET);
	}
}

int main(void)
{
	static const int32_t count[] = {20, 100, 400, MOST};

	printf("%-7s %5s  %-20s %9s %9s %7s %7s %s\n", "set", "n", "solver",
	       "median ms", "max ms", "gap %", "max %", "at bound");
	for (size_t i = 0; i < sizeof count / sizeof count[0]; i++)
		for (int kind = 0; kind < N_KIND; kind++)
			run_kind((enum kind)kind, count[i]);
	return 0;
}
