/* Arena, checked arithmetic, threads. */
#include <stdatomic.h>
#include <string.h>

#include "ir/support/arena.h"
#include "ir/support/checked.h"
#include "ir/support/parallel.h"
#include "tests/ops_core/rig.h"

static void check_arena(void)
{
	struct imc_arena *a = imc_arena_new();
	unsigned char *p[2000];
	size_t size[2000], cap = 0, n = 0;
	int *v = NULL;
	bool clean = true, kept = true;

	for (size_t i = 0; i < 2000; i++) {
		size[i] = i * 7919 % (i % 50 ? 300 : 200000);
		p[i] = imc_arena_alloc(a, size[i]);
		for (size_t k = 0; k < size[i]; k++)
			clean = clean && p[i][k] == 0;
		memset(p[i], (int)(i % 255) + 1, size[i]);
		OK((uintptr_t)p[i] % (size[i] >= 64 ? 64 : 16) == 0);
	}
	for (size_t i = 0; i < 2000; i++)
		for (size_t k = 0; k < size[i]; k++)
			kept = kept && p[i][k] == i % 255 + 1;
	OK(clean);
	OK(kept);
	for (int i = 0; i < 1000; i++)
		*IMC_PUSH(a, v, n, cap) = i;
	OK(n == 1000 && cap >= n && v[0] == 0 && v[999] == 999);
	OK(imc_arena_alloc(a, 0) != imc_arena_alloc(a, 0));
	OK(!strcmp(imc_arena_printf(a, "%d-%s", 7, "x"), "7-x"));
	OK(!strcmp(imc_arena_strndup(a, "abc", 2), "ab"));
	imc_arena_free(a);
}

static void check_checked(void)
{
	size_t s = 5;
	int64_t i = 5;

	OK(imc_mul_size(6, 7, &s) && s == 42);
	OK(!imc_mul_size(SIZE_MAX / 2, 3, &s) && s == 42);
	OK(imc_mul_size(SIZE_MAX, 0, &s) && s == 0);
	OK(imc_mul_i64(-6, 7, &i) && i == -42);
	OK(!imc_mul_i64(INT64_MAX, 2, &i));
	OK(imc_ceil_div(7, 2) == 4 && imc_ceil_div(8, 2) == 4);
}

struct tally {
	atomic_int seen[1000];
	atomic_size_t wild;
};

static void count(void *cx, size_t i, size_t thread)
{
	struct tally *t = cx;

	if (i >= 1000 || thread >= imc_n_thread())
		atomic_fetch_add(&t->wild, 1);
	else
		atomic_fetch_add(&t->seen[i], 1);
}

static void check_parallel(void)
{
	static struct tally t;
	int once = 0;

	imc_parallel_for(0, count, &t);
	imc_parallel_for(1000, count, &t);
	for (int i = 0; i < 1000; i++)
		once += t.seen[i] == 1;
	CHECK(once == 1000 && t.wild == 0, "%d", once);
	OK(imc_n_thread() >= 1);
}

int main(void)
{
	check_arena();
	check_checked();
	check_parallel();
	return check_result();
}
