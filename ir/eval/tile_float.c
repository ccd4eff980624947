#include "ir/eval/tile_float.h"

#include <math.h>
#include <string.h>

#define ROWS IMC_TILE_ROWS
#define COLS IMC_PANEL

/* In plain C, `rows` rows one after the other. */
static void plain(const struct imc_tile_float_job *t, int rows)
{
	for (int r = 0; r < rows; r++) {
		float sum[COLS] = {0}, *c = t->c + r * t->ldc;
		const float *b = t->b;

		if (t->add)
			memcpy(sum, c, sizeof sum);
		for (int64_t k = 0; k < t->n_run; k++) {
			const float *a = t->a[r] + t->run[k].at;

			for (int64_t i = 0; i < t->run[k].n; i++, b += t->ldb)
				for (int j = 0; j < COLS; j++)
					sum[j] = fmaf(a[i], b[j], sum[j]);
		}
		memcpy(c, sum, sizeof sum);
	}
}

static void all_plain(const struct imc_tile_float_job *t)
{
	plain(t, ROWS);
}

static void one_plain(const struct imc_tile_float_job *t)
{
	plain(t, 1);
}

static const struct imc_tiles_float in_c = {one_plain, all_plain};

#if defined(__x86_64__)

#include <immintrin.h>

#define PART static inline __attribute__((always_inline))

/* A vector holds a row of the tile. */
__attribute__((target("avx512f"))) PART void
tile_512(const struct imc_tile_float_job *t, const int rows)
{
	const float *b = t->b, *a[ROWS];
	__m512 sum[ROWS];

	for (int r = 0; r < rows; r++)
		sum[r] = t->add ? _mm512_loadu_ps(t->c + r * t->ldc)
				: _mm512_setzero_ps();
	for (int64_t k = 0; k < t->n_run; k++) {
		for (int r = 0; r < rows; r++)
			a[r] = t->a[r] + t->run[k].at;
		for (int64_t i = 0; i < t->run[k].n; i++, b += t->ldb) {
			__m512 v = _mm512_loadu_ps(b);

			for (int r = 0; r < rows; r++)
				sum[r] = _mm512_fmadd_ps(
					_mm512_set1_ps(a[r][i]), v, sum[r]);
		}
	}
	for (int r = 0; r < rows; r++)
		_mm512_storeu_ps(t->c + r * t->ldc, sum[r]);
}

__attribute__((target("avx512f"))) static void
all_512(const struct imc_tile_float_job *t)
{
	tile_512(t, ROWS);
}

__attribute__((target("avx512f"))) static void
one_512(const struct imc_tile_float_job *t)
{
	tile_512(t, 1);
}

#define HALF (ROWS / 2)

/* Two vectors hold a row; from: the first row, of HALF at most. */
__attribute__((target("avx2,fma"))) PART void
tile_256(const struct imc_tile_float_job *t, int from, const int rows)
{
	const float *b = t->b, *a[HALF];
	float *c = t->c + from * t->ldc;
	__m256 lo[HALF], hi[HALF];

	for (int r = 0; r < rows; r++) {
		lo[r] = hi[r] = _mm256_setzero_ps();
		if (t->add) {
			lo[r] = _mm256_loadu_ps(c + r * t->ldc);
			hi[r] = _mm256_loadu_ps(c + r * t->ldc + COLS / 2);
		}
	}
	for (int64_t k = 0; k < t->n_run; k++) {
		for (int r = 0; r < rows; r++)
			a[r] = t->a[from + r] + t->run[k].at;
		for (int64_t i = 0; i < t->run[k].n; i++, b += t->ldb) {
			__m256 v = _mm256_loadu_ps(b);
			__m256 w = _mm256_loadu_ps(b + COLS / 2);

			for (int r = 0; r < rows; r++) {
				__m256 x = _mm256_set1_ps(a[r][i]);

				lo[r] = _mm256_fmadd_ps(x, v, lo[r]);
				hi[r] = _mm256_fmadd_ps(x, w, hi[r]);
			}
		}
	}
	for (int r = 0; r < rows; r++) {
		_mm256_storeu_ps(c + r * t->ldc, lo[r]);
		_mm256_storeu_ps(c + r * t->ldc + COLS / 2, hi[r]);
	}
}

__attribute__((target("avx2,fma"))) static void
all_256(const struct imc_tile_float_job *t)
{
	tile_256(t, 0, HALF);
	tile_256(t, HALF, HALF);
}

__attribute__((target("avx2,fma"))) static void
one_256(const struct imc_tile_float_job *t)
{
	tile_256(t, 0, 1);
}

const struct imc_tiles_float *imc_tiles_float_at(int i)
{
	static const struct imc_tiles_float wide = {one_512, all_512},
					    half = {one_256, all_256};

	if (__builtin_cpu_supports("avx512f") && i-- == 0)
		return &wide;
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
	    i-- == 0)
		return &half;
	return i == 0 ? &in_c : NULL;
}

#else

const struct imc_tiles_float *imc_tiles_float_at(int i)
{
	return i == 0 ? &in_c : NULL;
}

#endif
