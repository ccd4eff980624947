/* imc_gemm: bit for bit the plain loop, whatever the sizes. */
#include <math.h>

#include "ir/eval.h"
#include "tests/ops_core/rig.h"

static void fill(float *x, int64_t n)
{
	/* Not exact in sums, so that an order of its own would show. */
	for (int64_t i = 0; i < n; i++)
		x[i] = (float)rig_random(-10000, 10000) / 777.0f;
}

static void plain(const struct imc_gemm *p, float *c)
{
	for (int64_t i = 0; i < p->m; i++)
		for (int64_t j = 0; j < p->n; j++) {
			float sum = p->add ? c[i * p->ldc + j] : 0;

			for (int64_t k = 0; k < p->k; k++)
				sum = fmaf(p->a[i * p->lda + k],
					   p->b[k * p->ldb + j], sum);
			c[i * p->ldc + j] = sum;
		}
}

static void check_gemm(int64_t m, int64_t n, int64_t k, bool add)
{
	struct imc_arena *arena = imc_arena_new();
	int64_t lda = k + rig_random(0, 3), ldb = n + rig_random(0, 3);
	int64_t ldc = n + rig_random(0, 3);
	float *a = imc_arena_array(arena, (size_t)(m * lda), sizeof *a);
	float *b = imc_arena_array(arena, (size_t)(k * ldb), sizeof *b);
	float *c = imc_arena_array(arena, (size_t)(m * ldc), sizeof *c);
	float *want;
	struct imc_gemm p = {m, n, k, a, b, c, lda, ldb, ldc, add};

	fill(a, m * lda);
	fill(b, k * ldb);
	fill(c, m * ldc);
	want = imc_arena_memdup(arena, c, (size_t)(m * ldc) * sizeof *c);
	plain(&p, want);
	imc_gemm(&p);
	CHECK(!memcmp(want, c, (size_t)(m * ldc) * sizeof *c), "%d x %d x %d",
	      (int)m, (int)n, (int)k);
	imc_arena_free(arena);
}

int main(void)
{
	for (int64_t m = 1; m < 10; m++)
		for (int64_t n = 1; n < 36; n++)
			check_gemm(m, n, rig_random(0, 12), m % 2);
	for (int i = 0; i < 60; i++)
		check_gemm(rig_random(1, 40), rig_random(1, 50),
			   rig_random(0, 600), i % 2);
	check_gemm(1, 100, 700, false);
	check_gemm(100, 1, 700, true);
	return check_result();
}
