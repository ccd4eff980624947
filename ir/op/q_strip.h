/* q_strip.h: what a few lines of jobs of a q_conv2d read.
 *
 * The lines of the input that they need lie in a small padded picture as
 * x - zero in int16, so that what a job drives its word lines with is a row
 * of imc_gemm_int there. */
#ifndef IMC_Q_STRIP_H
#define IMC_Q_STRIP_H

#include "ir/eval/adc_lines.h"
#include "ir/eval/gemm_int.h"
#include "ir/op/q_conv.h"

struct imc_q_strip {
	const struct imc_q_conv *q;
	struct imc_q_piece p;
	struct imc_q_jobs jobs;
	int64_t most; /* lines of jobs at once */
	/* Pixels that a patch reads, and that the lines read. */
	int64_t patch_height, width;
	int16_t *x;	     /* [line][width][p.b.n_c] */
	const int16_t **row; /* where each job begins */
	/* The jobs at hand. */
	int64_t first, n;
};

/* For jobs of piece p; n_sum: int32 sums of one that the caller keeps.
 * Everything lives in a. */
struct imc_q_strip imc_q_strip_open(const struct imc_q_conv *q,
				    const struct imc_q_piece *p, int64_t n_sum,
				    struct imc_arena *a);

/* Jobs at most in a strip. */
int64_t imc_q_strip_room(const struct imc_q_strip *s);

/* Loads the strip that begins with job `first`, as many lines as there is
 * room for; first: 0, or behind the strip before. */
void imc_q_strip_load(struct imc_q_strip *s, int64_t first);

/* Word lines lo .. hi as runs of a row. */
const struct imc_gemm_run *imc_q_strip_runs(const struct imc_q_strip *s,
					    int64_t lo, int64_t hi, int64_t *n,
					    struct imc_arena *a);

/* The lines of the piece for ADCs in float32, but for columns and cells. */
struct imc_adc_lines imc_q_conv_float_lines(const struct imc_q_strip *t,
					    struct imc_arena *a);

#endif
