/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_rt.h"
#include "imc_rt_num.h"
#include "imc_rt_share.h"

/* One strip: `n_row` output rows of one tensor, from `row`. */
struct strip {
	const struct imc_rt_crossbar *p;
	const void *codes; /* tile by tile, [window][w of the tile] */
	int8_t *y;	   /* of the strip */
	int64_t n_window;
};

size_t imc_rt_crossbar_scratch_bytes(const struct imc_rt_crossbar *p)
{
	size_t columns = 0;

	for (int32_t t = 0; t < p->n_tile; t++)
		columns += (size_t)p->tile[t].w;
	return columns * (size_t)p->strip_rows * (size_t)p->window.out_w *
	       (p->adc_mult ? 1 : sizeof(int32_t));
}

/* The setting of the ADCs for the columns of a tile. */
static struct imc_hal_adc adc_of(const struct imc_rt_crossbar *p,
				 const struct imc_hal_tile *t)
{
	struct imc_hal_adc adc = {
		.mult = p->adc_mult + t->k0,
		.shift = p->adc_shift + t->k0,
		.zero = p->adc_zero + t->k0,
		.n_setting = p->adc_per_column ? t->n_col : 1,
		.lo = p->adc_lo,
		.hi = p->adc_hi,
	};

	return adc;
}

static struct imc_hal_job job_of(const struct imc_rt_crossbar *p,
				 const int8_t *x)
{
	struct imc_hal_job job = {
		.window = &p->window,
		.src = x,
		.drive = p->drive,
		.zero = p->zero_x,
		.n_tile = 1,
		.n_row = p->window.out_h,
		.sum_zero = p->zero_y,
		.sum_lo = p->lo,
		.sum_hi = p->hi,
	};

	return job;
}

/* What tile t read for output column k0 + j of window i, slices joined. */
static int64_t joined(const struct imc_rt_crossbar *p, const void *codes,
		      const struct imc_hal_tile *t, int32_t j)
{
	int64_t sum = 0;
	int64_t weight = p->adc_mult ? (int64_t)1 << IMC_RT_SUM_FRAC : 1;

	for (int32_t s = 0; s < p->slices; s++) {
		int32_t column = s * t->n_col + j;

		if (p->adc_mult)
			sum += (((const int8_t *)codes)[column] -
				p->adc_zero[t->k0 + j]) *
			       weight;
		else
			sum += ((const int32_t *)codes)[column] * weight;
		weight <<= p->slice_bits;
	}
	return sum;
}

static const void *advance(const struct imc_rt_crossbar *p, const void *codes,
			   int64_t n)
{
	if (p->adc_mult)
		return (const int8_t *)codes + n;
	return (const int32_t *)codes + n;
}

/* Columns of tiles first .. first + n_block - 1 of window i. */
static void recombine(const struct strip *s, const void *codes, int64_t i,
		      const struct imc_hal_tile *first, int32_t n_block)
{
	const struct imc_rt_crossbar *p = s->p;
	int8_t *y = s->y + i * p->window.out_c + first->k0;

	for (int32_t j = 0; j < first->n_col; j++) {
		int32_t k = first->k0 + j;
		int64_t sum = p->bias[k];
		const void *block = codes;

		for (int32_t b = 0; b < n_block; b++) {
			const struct imc_hal_tile *t = &first[b];

			sum += joined(p, advance(p, block, i * t->w), t, j);
			block = advance(p, block, s->n_window * t->w);
		}
		y[j] = (int8_t)imc_rt_requant(sum, p->mult[k], p->shift[k],
					      p->zero_y, p->lo, p->hi);
	}
}

/* Tiles from t on that hold row blocks of the same columns. */
static int32_t block_count(const struct imc_rt_crossbar *p, int32_t t)
{
	int32_t n = 1;

	while (t + n < p->n_tile && p->tile[t + n].k0 == p->tile[t].k0)
		n++;
	return n;
}

static void digital_part(void *arg, int32_t core, int32_t n_core)
{
	const struct strip *s = arg;
	const struct imc_rt_crossbar *p = s->p;
	struct imc_rt_range r = imc_rt_share(s->n_window, core, n_core);
	const void *codes = s->codes;

	for (int32_t t = 0, n; t < p->n_tile; t += n) {
		n = block_count(p, t);
		for (int64_t i = r.first; i < r.end; i++)
			recombine(s, codes, i, &p->tile[t], n);
		for (int32_t b = 0; b < n; b++)
			codes = advance(p, codes,
					s->n_window * p->tile[t + b].w);
	}
}

/* The arrays fill the scratch with the codes of one strip. */
static int analog_part(struct imc_hal *hal, const struct imc_rt_crossbar *p,
		       struct imc_hal_job *job, void *scratch)
{
	int64_t n_window = (int64_t)job->n_row * p->window.out_w;
	int64_t at = 0;
	int status = IMC_RT_OK;

	for (int32_t t = 0; t < p->n_tile && !status; t++) {
		struct imc_hal_adc adc;

		job->tile = &p->tile[t];
		job->dst_step = p->tile[t].w;
		job->adc = 0;
		job->dst = (int32_t *)scratch + at;
		if (p->adc_mult) {
			adc = adc_of(p, &p->tile[t]);
			job->adc = &adc;
			job->dst = (int8_t *)scratch + at;
		}
		status = imc_hal_ima_run(hal, job);
		at += n_window * p->tile[t].w;
	}
	return status;
}

static int run_strips(struct imc_hal *hal, const struct imc_rt_crossbar *p,
		      const int8_t *x, int8_t *y, void *scratch)
{
	const struct imc_hal_window *w = &p->window;
	struct imc_hal_job job = job_of(p, x);

	for (int32_t row = 0; row < w->out_h; row += p->strip_rows) {
		int32_t left = w->out_h - row;
		struct strip s = {.p = p, .codes = scratch};
		int status;

		job.row = row;
		job.n_row = left < p->strip_rows ? left : p->strip_rows;
		status = analog_part(hal, p, &job, scratch);
		if (status)
			return status;
		s.n_window = (int64_t)job.n_row * w->out_w;
		s.y = y + (int64_t)row * w->out_w * w->out_c;
		imc_hal_fork(hal, digital_part, &s);
	}
	return IMC_RT_OK;
}

/* The codes of the ADCs, or of the aggregation block, are the result. */
static int run_direct(struct imc_hal *hal, const struct imc_rt_crossbar *p,
		      const int8_t *x, int8_t *y)
{
	struct imc_hal_job job = job_of(p, x);

	job.dst_step = p->window.out_c;
	for (int32_t t = 0; t < p->n_tile; t += job.n_tile) {
		struct imc_hal_adc adc = adc_of(p, &p->tile[t]);
		int status;

		job.tile = &p->tile[t];
		job.n_tile = block_count(p, t);
		job.adc = &adc;
		job.dst = y + p->tile[t].k0;
		status = imc_hal_ima_run(hal, &job);
		if (status)
			return status;
	}
	return IMC_RT_OK;
}

int imc_rt_crossbar(struct imc_hal *hal, const struct imc_rt_crossbar *p,
		    const int8_t *x, int8_t *y, void *scratch)
{
	const struct imc_hal_window *w = &p->window;
	int64_t in = (int64_t)w->in_h * w->in_w * w->in_c;
	int64_t out = (int64_t)w->out_h * w->out_w * w->out_c;

	if (p->strip_rows ? !scratch : !p->adc_mult)
		return IMC_RT_E_ARGUMENT;
	for (int32_t n = 0; n < w->n; n++) {
		int status = p->strip_rows ? run_strips(hal, p, x + n * in,
							y + n * out, scratch)
					   : run_direct(hal, p, x + n * in,
							y + n * out);

		if (status)
			return status;
	}
	return IMC_RT_OK;
}
