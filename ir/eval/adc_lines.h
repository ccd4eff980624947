/* adc_lines.h: what ADCs give that compute in float32 (ir/num_adc.h).
 *
 * Sums are made word line after word line, as their rounding depends on the
 * order; all columns of a job side by side. */
#ifndef IMC_ADC_LINES_H
#define IMC_ADC_LINES_H

#include "ir/eval/panel.h"
#include "ir/support/arena.h"

/* The cells of some columns: w[line][room], first the lines that the runs of a
 * job drive, then n_drive of constants. room: n_col up to a multiple of
 * IMC_PANEL; those past n_col are 0. */
struct imc_adc_lines {
	const struct imc_gemm_run *run; /* borrowed */
	int64_t n_run, n_col, room;
	int n_drive;
	const int64_t *drive; /* borrowed */
	float *w, cell_max;
	int32_t low, high;
};

/* Sets l->w from cell[line * ld + j], whose driven lines lie at cell and those
 * of constants at `constant`; all other members are there. In a. */
void imc_adc_lines_pack(struct imc_adc_lines *l, const int8_t *cell,
			const int8_t *constant, int64_t ld,
			struct imc_arena *a);

/* sum[room]: of the job whose first input is at x. */
void imc_adc_lines_sum(const struct imc_adc_lines *l, const int16_t *x,
		       float *sum);

/* code[i * ldc + j]: of jobs x[0 .. m]. */
void imc_adc_lines_read(const struct imc_adc_lines *l, const int16_t *const *x,
			int64_t m, int32_t *code, int64_t ldc);

#endif
