#include "ir/eval/adc_lines.h"

#include <string.h>

#include "ir/eval/simd.h"
#include "ir/num_adc.h"
#include "ir/support/checked.h"

static int64_t n_driven(const struct imc_adc_lines *l)
{
	int64_t n = 0;

	for (int64_t i = 0; i < l->n_run; i++)
		n += l->run[i].n;
	return n;
}

void imc_adc_lines_pack(struct imc_adc_lines *l, const int8_t *cell,
			const int8_t *constant, int64_t ld, struct imc_arena *a)
{
	int64_t n = n_driven(l);

	l->room = imc_ceil_div(l->n_col, IMC_PANEL) * IMC_PANEL;
	l->w = imc_arena_array(a, (size_t)((n + l->n_drive) * l->room),
			       sizeof *l->w);
	for (int64_t i = 0; i < n + l->n_drive; i++) {
		const int8_t *from =
			i < n ? cell + i * ld : constant + (i - n) * ld;

		for (int64_t j = 0; j < l->n_col; j++)
			l->w[i * l->room + j] = from[j];
	}
}

/* One line of n columns, a multiple of IMC_PANEL. */
IMC_SIMD_PART void add_line(const float *w, int64_t n, float x, float cell_max,
			    float *sum)
{
	for (int64_t j = 0; j < n; j++)
		sum[j] += imc_adc_float_term(x, w[j], cell_max);
}

/* Lines without input add 0, which changes no sum. */
IMC_SIMD
void imc_adc_lines_sum(const struct imc_adc_lines *l, const int16_t *x,
		       float *restrict sum)
{
	const float *w = l->w;

	memset(sum, 0, (size_t)l->room * sizeof *sum);
	for (int64_t k = 0; k < l->n_run; k++)
		for (int64_t i = 0; i < l->run[k].n; i++, w += l->room)
			if (x[l->run[k].at + i])
				add_line(w, l->room, x[l->run[k].at + i],
					 l->cell_max, sum);
	for (int i = 0; i < l->n_drive; i++, w += l->room)
		add_line(w, l->room, (float)l->drive[i], l->cell_max, sum);
}

IMC_SIMD
static void read_codes(const struct imc_adc_lines *l, const float *sum,
		       int32_t *code)
{
	for (int64_t j = 0; j < l->n_col; j++)
		code[j] = imc_adc_float_code(sum[j], l->low, l->high);
}

void imc_adc_lines_read(const struct imc_adc_lines *l, const int16_t *const *x,
			int64_t m, int32_t *code, int64_t ldc)
{
	struct imc_arena *a = imc_arena_new();
	float *sum = imc_arena_array(a, (size_t)l->room, sizeof *sum);

	for (int64_t i = 0; i < m; i++) {
		imc_adc_lines_sum(l, x[i], sum);
		read_codes(l, sum, code + i * ldc);
	}
	imc_arena_free(a);
}
