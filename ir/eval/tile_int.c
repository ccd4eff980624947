#include "ir/eval/tile_int.h"

#include <string.h>

#define ROWS IMC_TILE_ROWS
#define COLS IMC_PANEL
#define PAIRS(run) (((run)->n + 1) / 2)

/* In plain C, one row after the other. */
static void tile_plain(const struct imc_tile_job *t)
{
	for (int r = 0; r < ROWS; r++) {
		int32_t sum[COLS];
		const int16_t *b = t->b + 2 * COLS;

		memcpy(sum, t->b, sizeof sum);
		for (int64_t k = 0; k < t->n_run; k++) {
			const int16_t *a = t->a[r] + t->run[k].at;

			for (int64_t i = PAIRS(&t->run[k]); i--; a += 2)
				for (int j = 0; j < COLS; j++, b += 2)
					sum[j] += a[0] * b[0] + a[1] * b[1];
		}
		memcpy(t->c + r * t->ldc, sum, sizeof sum);
	}
}

#if defined(__x86_64__)

#include <immintrin.h>

/* Two neighbouring elements of a row. */
static inline int32_t pair_at(const int16_t *a)
{
	int32_t p;

	memcpy(&p, a, sizeof p);
	return p;
}

/* A vector holds a row of the tile; multiplying pairs and adding both products
 * is one instruction. */
__attribute__((target("avx512f,avx512vnni"))) static void
tile_vnni(const struct imc_tile_job *t)
{
	const __m512i *b = (const void *)t->b;
	__m512i sum[ROWS];

	for (int r = 0; r < ROWS; r++)
		sum[r] = _mm512_loadu_si512(b);
	b++;
	for (int64_t k = 0; k < t->n_run; k++) {
		const int16_t *a[ROWS];

		for (int r = 0; r < ROWS; r++)
			a[r] = t->a[r] + t->run[k].at;
		for (int64_t i = 0, n = 2 * PAIRS(&t->run[k]); i < n; i += 2) {
			__m512i v = _mm512_loadu_si512(b++);

			for (int r = 0; r < ROWS; r++)
				sum[r] = _mm512_dpwssd_epi32(
					sum[r], v,
					_mm512_set1_epi32(pair_at(a[r] + i)));
		}
	}
	for (int r = 0; r < ROWS; r++)
		_mm512_storeu_si512(t->c + r * t->ldc, sum[r]);
}

/* Half of the rows, two vectors each. */
__attribute__((target("avx2"))) static void
half_avx2(const struct imc_tile_job *t, const int16_t *const *rows, int32_t *c)
{
	const __m256i *b = (const void *)t->b;
	__m256i lo[ROWS / 2], hi[ROWS / 2];

	for (int r = 0; r < ROWS / 2; r++) {
		lo[r] = _mm256_loadu_si256(b);
		hi[r] = _mm256_loadu_si256(b + 1);
	}
	b += 2;
	for (int64_t k = 0; k < t->n_run; k++) {
		int64_t n = 2 * PAIRS(&t->run[k]), at = t->run[k].at;

		for (int64_t i = at; i < at + n; i += 2, b += 2) {
			__m256i v = _mm256_loadu_si256(b);
			__m256i w = _mm256_loadu_si256(b + 1);

			for (int r = 0; r < ROWS / 2; r++) {
				__m256i a =
					_mm256_set1_epi32(pair_at(rows[r] + i));

				lo[r] = _mm256_add_epi32(
					lo[r], _mm256_madd_epi16(a, v));
				hi[r] = _mm256_add_epi32(
					hi[r], _mm256_madd_epi16(a, w));
			}
		}
	}
	for (int r = 0; r < ROWS / 2; r++, c += t->ldc) {
		_mm256_storeu_si256((void *)c, lo[r]);
		_mm256_storeu_si256((void *)(c + COLS / 2), hi[r]);
	}
}

static void tile_avx2(const struct imc_tile_job *t)
{
	half_avx2(t, t->a, t->c);
	half_avx2(t, t->a + ROWS / 2, t->c + ROWS / 2 * t->ldc);
}

imc_tile_int *imc_tile_int_at(int i)
{
	if (__builtin_cpu_supports("avx512vnni") && i-- == 0)
		return tile_vnni;
	if (__builtin_cpu_supports("avx2") && i-- == 0)
		return tile_avx2;
	return i == 0 ? tile_plain : NULL;
}

#else

imc_tile_int *imc_tile_int_at(int i)
{
	return i == 0 ? tile_plain : NULL;
}

#endif
