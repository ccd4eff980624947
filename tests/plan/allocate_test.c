/* Offsets never overlap while live; small cases are as low as can be. */
#include "passes/4-plan/allocate.h"
#include "tests/check.h"
#include "tests/runtime/random.h"

#define N 40
#define STEPS 30
#define SMALL 6

static int64_t aligned(int64_t bytes)
{
	return (bytes + IMC_L1_ALIGN - 1) / IMC_L1_ALIGN * IMC_L1_ALIGN;
}

static bool meet(const struct imc_buffer *a, const struct imc_buffer *b)
{
	return a->first <= b->last && b->first <= a->last;
}

static void check_apart(const struct imc_buffer *b, size_t n,
			enum imc_memory mem, int64_t peak)
{
	int64_t top = 0;

	for (size_t i = 0; i < n; i++) {
		if (b[i].mem != mem)
			continue;
		EXPECT(b[i].offset % IMC_L1_ALIGN == 0 && b[i].offset >= 0);
		if (b[i].offset + b[i].size_bytes > top)
			top = b[i].offset + b[i].size_bytes;
		for (size_t j = 0; j < i; j++)
			EXPECT(b[j].mem != mem || !meet(&b[i], &b[j]) ||
			       b[i].offset + b[i].size_bytes <= b[j].offset ||
			       b[j].offset + b[j].size_bytes <= b[i].offset);
	}
	CHECK(top == peak, "%lld, not %lld", (long long)top, (long long)peak);
}

/* ---- against all orders ---- */

/* The lowest peak when buffers at .. n come in any order behind the first,
 * each as low as it can lie on those before it: one of these orders is the
 * best placement by rising offset. */
static int64_t least_peak(struct imc_buffer *b, size_t at, size_t n)
{
	int64_t best = INT64_MAX, top = 0;

	for (size_t i = 0; i < at; i++)
		if (b[i].offset + b[i].size_bytes > top)
			top = b[i].offset + b[i].size_bytes;
	if (at == n)
		return top;
	for (size_t i = at; i < n; i++) {
		struct imc_buffer x = b[i];
		int64_t peak;

		b[i] = b[at];
		b[at] = x;
		b[at].offset = 0;
		for (size_t k = 0; k < at; k++) {
			int64_t end = b[k].offset + aligned(b[k].size_bytes);

			if (meet(&b[k], &x) && end > b[at].offset)
				b[at].offset = end;
		}
		peak = least_peak(b, at + 1, n);
		best = peak < best ? peak : best;
		b[at] = b[i];
		b[i] = x;
	}
	return best;
}

static void check_least(const struct imc_buffer *given, size_t n,
			struct imc_arena *a)
{
	struct imc_buffer b[SMALL], c[SMALL];
	struct imc_allocation r;
	int64_t least;

	for (size_t i = 0; i < n; i++)
		b[i] = c[i] = given[i];
	least = least_peak(c, 0, n);
	r = imc_allocate_best(b, n, IMC_MEM_L1, a);
	check_apart(b, n, IMC_MEM_L1, r.peak_bytes);
	CHECK(r.peak_bytes == least && r.bound_bytes == least,
	      "%lld .. %lld, not %lld", (long long)r.bound_bytes,
	      (long long)r.peak_bytes, (long long)least);
	EXPECT(imc_allocate_bound(b, n, IMC_MEM_L1, a) <= least);
}

static void check_small(struct random *r, struct imc_arena *a)
{
	struct imc_buffer b[SMALL] = {0};
	int32_t unit = pick(r, 0, 1) ? 64 : 37;
	size_t n = (size_t)pick(r, 1, SMALL);

	for (size_t i = 0; i < n; i++) {
		b[i].size_bytes = unit * pick(r, 1, 5);
		b[i].first = pick(r, 0, 5);
		b[i].last = pick(r, b[i].first, 5);
	}
	check_least(b, n, a);
}

/* ---- larger ones ---- */

struct gaps {
	int n, n_best;
	double sum, most;
};

static void check_random(struct random *r, struct gaps *g, struct imc_arena *a)
{
	struct imc_buffer b[N] = {0};
	struct imc_allocation got;
	int64_t bound;
	double gap;

	for (size_t i = 0; i < N; i++) {
		b[i].size_bytes = pick(r, 1, 5000);
		b[i].first = pick(r, 0, STEPS - 1);
		b[i].last = pick(r, b[i].first, STEPS - 1);
		b[i].mem = pick(r, 0, 4) ? IMC_MEM_L1 : IMC_MEM_L2;
		b[i].offset = -1;
	}
	got = imc_allocate_best(b, N, IMC_MEM_L1, a);
	bound = imc_allocate_bound(b, N, IMC_MEM_L1, a);
	check_apart(b, N, IMC_MEM_L1, got.peak_bytes);
	EXPECT(bound <= got.bound_bytes && got.bound_bytes <= got.peak_bytes);
	for (size_t i = 0; i < N; i++)
		EXPECT((b[i].mem == IMC_MEM_L2) == (b[i].offset < 0));
	check_apart(b, N, IMC_MEM_L2,
		    imc_allocate_buffers(b, N, IMC_MEM_L2, 0, a));
	check_apart(b, N, IMC_MEM_L1, got.peak_bytes);
	gap = (double)(got.peak_bytes - bound) / (double)bound;
	g->n++;
	g->n_best += got.peak_bytes == got.bound_bytes;
	g->sum += gap;
	g->most = gap > g->most ? gap : g->most;
}

static void check_gaps(struct random *r, struct imc_arena *a)
{
	struct gaps g = {0};

	for (int i = 0; i < 50; i++)
		check_random(r, &g, a);
	CHECK(g.sum / g.n < 0.002 && g.most < 0.03 && g.n_best > g.n / 2,
	      "gap %g on average, %g at most, none of %d", g.sum / g.n, g.most,
	      g.n_best);
}

/* A peak that is low enough ends the search; it may not be the lowest. */
static void check_enough(struct random *r, struct imc_arena *a)
{
	struct imc_buffer b[N] = {0};
	int64_t least, peak;

	for (size_t i = 0; i < N; i++) {
		b[i].size_bytes = pick(r, 1, 5000);
		b[i].first = pick(r, 0, STEPS - 1);
		b[i].last = pick(r, b[i].first, STEPS - 1);
	}
	least = imc_allocate_buffers(b, N, IMC_MEM_L1, 0, a);
	peak = imc_allocate_buffers(b, N, IMC_MEM_L1, 2 * least, a);
	check_apart(b, N, IMC_MEM_L1, peak);
	EXPECT(peak <= 2 * least);
	EXPECT(imc_allocate_buffers(b, N, IMC_MEM_L1, least, a) == least);
}

/* ---- cases ---- */

/* A chain: every value lives from its step to the next. */
static void check_chain(struct imc_arena *a)
{
	struct imc_buffer b[4] = {
		{.size_bytes = 640, .first = 0, .last = 1},
		{.size_bytes = 128, .first = 1, .last = 2},
		{.size_bytes = 640, .first = 2, .last = 3},
		{.size_bytes = 64, .first = 3, .last = 3},
	};

	EXPECT(imc_allocate_bound(b, 4, IMC_MEM_L1, a) == 768);
	EXPECT(imc_allocate_buffers(b, 4, IMC_MEM_L1, 0, a) == 768);
	EXPECT(imc_allocate_buffers(b, 0, IMC_MEM_L1, 0, a) == 0);
	EXPECT(imc_allocate_bound(b, 4, IMC_MEM_L2, a) == 0);
}

/* All but one of those that live at once take whole steps of the alignment;
 * what never lives takes nothing. */
static void check_slack(struct imc_arena *a)
{
	struct imc_buffer b[4] = {
		{.size_bytes = 1, .first = 0, .last = 1},
		{.size_bytes = 65, .first = 0, .last = 1},
		{.size_bytes = 70, .first = 1, .last = 1},
		{.size_bytes = 999, .first = INT32_MAX, .last = 0},
	};

	EXPECT(imc_allocate_bound(b, 4, IMC_MEM_L1, a) == 128 + 128 + 1);
	EXPECT(imc_allocate_buffers(b, 4, IMC_MEM_L1, 0, a) == 257);
	EXPECT(b[0].offset == 256 && b[3].offset == 0);
}

/* The largest sum live at once is never reached. */
static void check_above_bound(struct imc_arena *a)
{
	static const int32_t v[][3] = {{3, 1, 3}, {1, 3, 5}, {3, 1, 1},
				       {1, 2, 6}, {1, 5, 6}, {3, 6, 7},
				       {1, 5, 6}, {3, 7, 7}};
	struct imc_buffer b[sizeof v / sizeof *v] = {0};
	size_t n = sizeof v / sizeof *v;
	struct imc_allocation r;

	for (size_t i = 0; i < n; i++)
		b[i] = (struct imc_buffer){.size_bytes = 64 * v[i][0],
					   .first = v[i][1],
					   .last = v[i][2]};
	r = imc_allocate_best(b, n, IMC_MEM_L1, a);
	EXPECT(r.peak_bytes == 64 * 7 && r.bound_bytes == r.peak_bytes);
	EXPECT(imc_allocate_bound(b, n, IMC_MEM_L1, a) < r.peak_bytes);
	EXPECT(least_peak(b, 0, n) == r.peak_bytes);
}

int main(void)
{
	struct imc_arena *a = imc_arena_new();
	struct random r = {5};

	check_chain(a);
	check_slack(a);
	check_above_bound(a);
	for (int i = 0; i < 300; i++)
		check_small(&r, a);
	check_gaps(&r, a);
	for (int i = 0; i < 10; i++)
		check_enough(&r, a);
	imc_arena_free(a);
	return check_result();
}
