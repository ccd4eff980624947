/* Offsets never overlap while live, and small cases reach the bound. */
#include "passes/4-plan/allocate.h"
#include "tests/check.h"
#include "tests/runtime/random.h"

#define N 40
#define STEPS 30

static void check_apart(const struct imc_buffer *b, size_t n, int64_t peak)
{
	for (size_t i = 0; i < n; i++) {
		EXPECT(b[i].offset % IMC_L1_ALIGN == 0);
		EXPECT(b[i].offset >= 0 &&
		       b[i].offset + b[i].size_bytes <= peak);
		for (size_t j = 0; j < i; j++)
			EXPECT(b[i].last < b[j].first ||
			       b[j].last < b[i].first ||
			       b[i].offset + b[i].size_bytes <= b[j].offset ||
			       b[j].offset + b[j].size_bytes <= b[i].offset);
	}
}

static void check_random(struct random *r, struct imc_arena *a)
{
	struct imc_buffer b[N] = {0};
	int64_t peak, bound;

	for (size_t i = 0; i < N; i++) {
		b[i].size_bytes = pick(r, 1, 5000);
		b[i].first = pick(r, 0, STEPS - 1);
		b[i].last = pick(r, b[i].first, STEPS - 1);
	}
	peak = imc_allocate_buffers(b, N, a);
	bound = imc_allocate_bound(b, N, STEPS, a);
	check_apart(b, N, peak);
	CHECK(peak >= bound, "%lld < %lld", (long long)peak, (long long)bound);
	EXPECT(peak < 2 * bound);
}

/* A chain: every value lives from its step to the next. */
static void check_chain(struct imc_arena *a)
{
	struct imc_buffer b[4] = {
		{.size_bytes = 640, .first = 0, .last = 1},
		{.size_bytes = 128, .first = 1, .last = 2},
		{.size_bytes = 640, .first = 2, .last = 3},
		{.size_bytes = 64, .first = 3, .last = 3},
	};

	EXPECT(imc_allocate_bound(b, 4, 4, a) == 768);
	EXPECT(imc_allocate_buffers(b, 4, a) == 768);
	EXPECT(imc_allocate_buffers(b, 0, a) == 0);
}

int main(void)
{
	struct imc_arena *a = imc_arena_new();
	struct random r = {5};

	check_chain(a);
	for (int i = 0; i < 50; i++)
		check_random(&r, a);
	imc_arena_free(a);
	return check_result();
}
