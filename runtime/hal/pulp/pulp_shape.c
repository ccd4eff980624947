/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_rt.h"
#include "imc_rt_share.h"
#include "pulp_job.h"

/* ---- word lines ---- */

static int32_t span_of(int32_t kernel, int32_t stride, int32_t n)
{
	return stride < kernel ? (n - 1) * stride + kernel : n * kernel;
}

int32_t imc_pulp_offset(int32_t kernel, int32_t stride, int32_t dilation,
			int32_t u)
{
	return stride < kernel ? u * dilation
			       : u / kernel * stride + u % kernel * dilation;
}

struct imc_pulp_shape imc_pulp_shape_of(const struct imc_hal_window *w,
					const struct imc_hal_tile *t)
{
	struct imc_pulp_shape s = {
		.span_h = span_of(w->kernel_h, w->stride_h, t->patch_h),
		.span_w = span_of(w->kernel_w, w->stride_w, t->patch_w),
		.channels = t->n_channel,
		.c0 = t->c0,
		.first = t->row0,
		.n = t->h - t->n_bias,
	};

	if (t->patch_h > 1 || t->patch_w > 1) {
		s.channels = s.n / s.span_h / s.span_w;
		s.c0 += t->row0;
		s.first = 0;
	}
	return s;
}

/* ---- what a job may ask for ---- */

static int shape_good(const struct imc_hal_window *w,
		      const struct imc_hal_tile *t)
{
	struct imc_pulp_shape s = imc_pulp_shape_of(w, t);
	int32_t taps = w->kernel_h * w->kernel_w;

	if (!imc_rt_part_of(t->c0, t->n_channel, w->in_c) || t->row0 < 0)
		return 0;
	if (t->patch_h == 1 && t->patch_w == 1)
		return s.n >= 1 && t->row0 + s.n <= taps * t->n_channel;
	if (w->dilation_h > 1 || w->dilation_w > 1 || s.channels < 1 ||
	    s.n != s.span_h * s.span_w * s.channels)
		return 0;
	return taps == 1 ? imc_rt_part_of(t->row0, s.channels, t->n_channel)
			 : t->row0 == 0 && s.channels == t->n_channel;
}

/* Copy 0 begins where another tile ends, the others follow it. */
static int copies_good(const struct imc_hal_job *job, int32_t i)
{
	const struct imc_hal_tile *t = &job->tile[i];
	int32_t n = t->n_copy > 1 ? t->n_copy : 1;

	if (t->slice < 0 || t->copy < 0 || t->copy >= n || t->copy > i ||
	    n - t->copy > job->n_tile - i ||
	    (t->copy && t->copy != t[-1].copy + 1))
		return 0;
	return n == 1 || (t->patch_h == 1 && t->patch_w == 1);
}

static int tile_good(const struct imc_hal_job *job,
		     const struct imc_hal_tile *t)
{
	const struct imc_hal_window *w = job->window;
	int32_t columns;

	if (t->array < 0 || t->array >= IMC_PULP_ARRAYS ||
	    !imc_rt_part_of(t->x, t->w, IMC_PULP_COLS) ||
	    !imc_rt_part_of(t->y, t->h, IMC_PULP_ROWS) || t->patch_h < 1 ||
	    t->patch_w < 1 || !imc_rt_part_of(t->k0, t->n_col, w->out_c) ||
	    t->n_bias < 0 || (t->n_bias && !job->drive) || !shape_good(w, t))
		return 0;
	if (job->row % t->patch_h || job->n_row % t->patch_h ||
	    t->patch_w > w->out_w)
		return 0;
	columns = t->patch_h * t->patch_w * t->n_col;
	if (job->direct)
		return t->w == columns && t->slice == 0;
	return t->w % columns == 0;
}

/* The ADC's range has two whole ends, and code 0 is a sum of 0. */
static int adc_good(const struct imc_hal_job *job, const struct imc_hal_tile *t)
{
	for (int32_t k = t->k0; k < t->k0 + t->n_col; k++)
		if (job->adc_zero[k])
			return 0;
	return job->adc_low >= 0 && job->adc_high >= 0 &&
	       job->adc_low + job->adc_high > 0;
}

int imc_pulp_check(const struct imc_hal_job *job)
{
	const struct imc_hal_window *w = job->window;

	if (w->kernel_h < 1 || w->kernel_w < 1 || w->stride_h < 1 ||
	    w->stride_w < 1 || job->zero || !job->adc_mult || job->row < 0 ||
	    job->n_row < 0 || job->n_row > w->out_h - job->row)
		return IMC_RT_E_DEVICE;
	for (int32_t i = 0; i < job->n_tile; i++) {
		const struct imc_hal_tile *t = &job->tile[i];

		if (!tile_good(job, t) || !copies_good(job, i) ||
		    !adc_good(job, t) ||
		    (job->direct && i && t->k0 == t[-1].k0 &&
		     t->n_col != t[-1].n_col))
			return IMC_RT_E_DEVICE;
	}
	return IMC_RT_OK;
}

/* ---- columns ---- */

int imc_pulp_next_piece(const struct imc_hal_tile *t,
			const struct imc_pulp_place *to,
			struct imc_pulp_piece *p)
{
	int32_t width = t->w / (t->patch_h * t->patch_w); /* of a pixel */
	int32_t pixel = p->end / width;

	p->col = p->end;
	p->n = to->pixel == width ? t->patch_w * width : width;
	p->py = pixel / t->patch_w;
	p->px = pixel % t->patch_w;
	p->end += p->n;
	return p->col < t->w;
}
