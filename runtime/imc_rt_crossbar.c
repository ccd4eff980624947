/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_rt.h"
#include "imc_rt_num.h"
#include "imc_rt_share.h"

/* Output rows row .. row + n_row of one image, and what the arrays give for
 * them. */
struct strip {
	const struct imc_rt_crossbar *p;
	int32_t image, row, n_row;
	void *codes; /* tile by tile, [pixel][slices * n_col] */
	int8_t *y;   /* of the strip */
	int64_t n_pixel;
};

static size_t strip_bytes(const struct imc_rt_crossbar *p)
{
	size_t columns = 0;

	for (int32_t t = 0; t < p->n_tile; t++)
		columns += (size_t)p->tile[t].n_col * (size_t)p->slices;
	return columns * (size_t)p->strip_rows * (size_t)p->window.out_w *
	       (p->adc_mult ? 1 : sizeof(int32_t));
}

size_t imc_rt_crossbar_scratch_bytes(const struct imc_rt_crossbar *p)
{
	return strip_bytes(p) * (p->overlap ? 2 : 1);
}

static void fill_job(struct imc_hal_job *job, const struct imc_rt_crossbar *p)
{
	job->tile = p->tile;
	job->n_tile = p->n_tile;
	job->window = &p->window;
	job->drive = p->drive;
	job->zero = p->zero_x;
	job->adc_mult = p->adc_mult;
	job->adc_shift = p->adc_shift;
	job->adc_zero = p->adc_zero;
	job->adc_per_column = p->adc_per_column;
	job->adc_lo = p->adc_lo;
	job->adc_hi = p->adc_hi;
	job->direct = p->strip_rows == 0;
	job->sum_zero = p->zero_y;
	job->sum_lo = p->lo;
	job->sum_hi = p->hi;
}

/* ---- the cores ---- */

/* What tile t read for output channel k0 + j of a pixel, slices joined. */
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

/* Pixel i of tiles first .. first + n_block - 1. */
static void recombine(const struct strip *s, const void *codes, int64_t i,
		      const struct imc_hal_tile *first, int32_t n_block)
{
	const struct imc_rt_crossbar *p = s->p;
	int64_t width = (int64_t)p->slices * first->n_col;
	int8_t *y = s->y + i * p->window.out_c + first->k0;

	for (int32_t j = 0; j < first->n_col; j++) {
		int32_t k = first->k0 + j;
		int64_t sum = p->bias[k];
		const void *block = advance(p, codes, i * width);

		for (int32_t b = 0; b < n_block; b++) {
			sum += joined(p, block, &first[b], j);
			block = advance(p, block, s->n_pixel * width);
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
	struct imc_rt_range r = imc_rt_share(s->n_pixel, core, n_core);
	const void *codes = s->codes;

	for (int32_t t = 0, n; t < p->n_tile; t += n) {
		const struct imc_hal_tile *first = &p->tile[t];

		n = block_count(p, t);
		for (int64_t i = r.first; i < r.end; i++)
			recombine(s, codes, i, first, n);
		codes = advance(p, codes,
				n * s->n_pixel * p->slices * first->n_col);
	}
}

/* ---- strips ---- */

static int32_t strips_per_image(const struct imc_rt_crossbar *p)
{
	return (p->window.out_h + p->strip_rows - 1) / p->strip_rows;
}

/* Strip k, counted over the images. */
static struct strip strip_at(const struct imc_rt_crossbar *p, int32_t k,
			     int8_t *y, void *scratch)
{
	const struct imc_hal_window *w = &p->window;
	int32_t per = strips_per_image(p);
	struct strip s = {
		.p = p,
		.image = k / per,
		.row = k % per * p->strip_rows,
		.n_row = p->strip_rows,
		.codes = scratch,
	};
	int64_t line;

	if (s.n_row > w->out_h - s.row)
		s.n_row = w->out_h - s.row;
	if (p->overlap && k % 2)
		s.codes = (int8_t *)scratch + strip_bytes(p);
	line = (int64_t)s.image * w->out_h + s.row;
	s.y = y + line * w->out_w * w->out_c;
	s.n_pixel = (int64_t)s.n_row * w->out_w;
	return s;
}

/* The arrays begin to fill the codes of s. */
static int start_strip(struct imc_hal *hal, struct imc_hal_job *job,
		       const struct strip *s, const int8_t *x)
{
	const struct imc_hal_window *w = &s->p->window;

	fill_job(job, s->p);
	job->src = x + (int64_t)s->image * w->in_h * w->in_w * w->in_c;
	job->row = s->row;
	job->n_row = s->n_row;
	job->dst = s->codes;
	return imc_hal_ima_start(hal, job);
}

/* With overlap the arrays are one strip ahead of the cores. */
static int run_strips(struct imc_hal *hal, const struct imc_rt_crossbar *p,
		      const int8_t *x, int8_t *y, void *scratch)
{
	int32_t n = p->window.n * strips_per_image(p);
	struct imc_hal_job job;
	int status = IMC_RT_OK;

	for (int32_t k = 0; k < n && !status; k++) {
		struct strip s = strip_at(p, k, y, scratch);
		int ahead = p->overlap && k + 1 < n;

		if (k == 0 || !p->overlap) {
			status = start_strip(hal, &job, &s, x);
			if (!status)
				status = imc_hal_wait(hal);
		}
		if (!status && ahead) {
			struct strip next = strip_at(p, k + 1, y, scratch);

			status = start_strip(hal, &job, &next, x);
		}
		if (!status)
			imc_hal_fork(hal, digital_part, &s);
		if (!status && ahead)
			status = imc_hal_wait(hal);
	}
	return status;
}

/* ---- whole layers ---- */

int imc_rt_crossbar_start(struct imc_hal *hal, struct imc_hal_job *job,
			  const struct imc_rt_crossbar *p, const int8_t *x,
			  int8_t *y, int32_t row, int32_t n_row)
{
	const struct imc_hal_window *w = &p->window;

	if (p->strip_rows || !p->adc_mult)
		return IMC_RT_E_ARGUMENT;
	fill_job(job, p);
	job->src = x;
	job->row = row;
	job->n_row = n_row;
	job->dst = y + (int64_t)row * w->out_w * w->out_c;
	return imc_hal_ima_start(hal, job);
}

static int run_direct(struct imc_hal *hal, const struct imc_rt_crossbar *p,
		      const int8_t *x, int8_t *y)
{
	const struct imc_hal_window *w = &p->window;
	int64_t in = (int64_t)w->in_h * w->in_w * w->in_c;
	int64_t out = (int64_t)w->out_h * w->out_w * w->out_c;
	struct imc_hal_job job;
	int status = IMC_RT_OK;

	for (int32_t n = 0; n < w->n && !status; n++) {
		status = imc_rt_crossbar_start(hal, &job, p, x + n * in,
					       y + n * out, 0, w->out_h);
		if (!status)
			status = imc_hal_wait(hal);
	}
	return status;
}

/* The scratch is laid out for p->slices; the arrays go by their tiles. */
static int slices_agree(const struct imc_rt_crossbar *p)
{
	for (int32_t i = 0; i < p->n_tile; i++) {
		const struct imc_hal_tile *t = &p->tile[i];
		int64_t patch = (int64_t)t->patch_h * t->patch_w;

		if (t->n_col != p->tile[i - (i > 0)].n_col &&
		    t->k0 == p->tile[i - (i > 0)].k0)
			return 0;
		if (patch * t->n_col * p->slices != t->w)
			return 0;
	}
	return 1;
}

int imc_rt_crossbar(struct imc_hal *hal, const struct imc_rt_crossbar *p,
		    const int8_t *x, int8_t *y, void *scratch)
{
	if (p->strip_rows ? !scratch : !p->adc_mult)
		return IMC_RT_E_ARGUMENT;
	if (!p->strip_rows)
		return run_direct(hal, p, x, y);
	return slices_agree(p) ? run_strips(hal, p, x, y, scratch)
			       : IMC_RT_E_DEVICE;
}
