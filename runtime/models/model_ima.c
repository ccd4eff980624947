/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_models.h"
#include "imc_rt.h"
#include "imc_rt_num.h"
#include "imc_rt_share.h"

/* Input positions that n neighbouring windows read, along one axis. */
static int64_t span_of(int32_t kernel, int32_t stride, int32_t n)
{
	return stride < kernel ? (int64_t)(n - 1) * stride + kernel
			       : (int64_t)n * kernel;
}

/* How far the u-th of them lies behind the first; a patch larger than one
 * pixel has dilation 1. */
static int32_t offset_of(int32_t kernel, int32_t stride, int32_t dilation,
			 int32_t u)
{
	return stride < kernel ? u * dilation
			       : u / kernel * stride + u % kernel * dilation;
}

/* How the word lines of the weights go: span_w positions a line of the input,
 * `channels` word lines a position, from channel c0 on; the tile has n of them
 * from number `first` on. */
struct lines {
	int64_t span_h, span_w;
	int32_t channels, c0, first, n;
};

static struct lines lines_of(const struct imc_hal_window *w,
			     const struct imc_hal_tile *t)
{
	struct lines l = {
		.span_h = span_of(w->kernel_h, w->stride_h, t->patch_h),
		.span_w = span_of(w->kernel_w, w->stride_w, t->patch_w),
		.channels = t->n_channel,
		.c0 = t->c0,
		.first = t->row0,
		.n = t->h - t->n_bias,
	};

	if (t->patch_h > 1 || t->patch_w > 1) {
		l.channels = (int32_t)(l.n / l.span_h / l.span_w);
		l.c0 += t->row0;
		l.first = 0;
	}
	return l;
}

/* Whole sums are read by none. */
static const struct imc_model_adc *
own_adc(const struct imc_model_arrays *arrays, const struct imc_hal_job *job)
{
	return job->adc_mult ? arrays->adc : 0;
}

/* ---- what a job may ask for ---- */

static int inside(const struct imc_model_arrays *a,
		  const struct imc_hal_tile *t)
{
	return t->array >= 0 && t->array < a->n_array && t->x >= 0 &&
	       t->y >= 0 && t->w >= 0 && t->h >= 0 && t->w <= a->cols - t->x &&
	       t->h <= a->rows - t->y;
}

int imc_model_ima_write(const struct imc_model_arrays *a,
			const struct imc_hal_tile *region, const int8_t *cells,
			int32_t stride)
{
	size_t line;

	if (!inside(a, region))
		return IMC_RT_E_DEVICE;
	line = (size_t)region->array * (size_t)a->rows + (size_t)region->y;
	for (int32_t r = 0; r < region->h; r++, line++) {
		int8_t *to = a->cells + line * (size_t)a->cols + region->x;

		for (int32_t c = 0; c < region->w; c++)
			to[c] = cells[(size_t)r * (size_t)stride + (size_t)c];
	}
	return IMC_RT_OK;
}

static int lines_good(const struct imc_hal_window *w,
		      const struct imc_hal_tile *t)
{
	struct lines l = lines_of(w, t);
	int64_t taps = (int64_t)w->kernel_h * w->kernel_w;

	if (!imc_rt_part_of(t->c0, t->n_channel, w->in_c) || t->row0 < 0)
		return 0;
	if (t->patch_h == 1 && t->patch_w == 1)
		return l.n >= 1 && t->row0 + l.n <= taps * t->n_channel;
	if (w->dilation_h > 1 || w->dilation_w > 1 || l.channels < 1 ||
	    l.n != l.span_h * l.span_w * l.channels)
		return 0;
	return taps == 1 ? imc_rt_part_of(t->row0, l.channels, t->n_channel)
			 : t->row0 == 0 && l.channels == t->n_channel;
}

/* Copies of a tile; without any it is the one. */
static int32_t copies_of(const struct imc_hal_tile *t)
{
	return t->n_copy > 1 ? t->n_copy : 1;
}

static int same_cells(const struct imc_hal_tile *a,
		      const struct imc_hal_tile *b)
{
	return a->w == b->w && a->h == b->h && a->n_bias == b->n_bias &&
	       a->row0 == b->row0 && a->c0 == b->c0 &&
	       a->n_channel == b->n_channel && a->k0 == b->k0 &&
	       a->n_col == b->n_col && a->slice == b->slice &&
	       a->n_copy == b->n_copy;
}

/* Copy 0 begins where another tile ends, the others follow it. */
static int copies_good(const struct imc_hal_job *job, int32_t i)
{
	const struct imc_hal_tile *t = &job->tile[i];
	int32_t n = copies_of(t);

	if (t->slice < 0 || t->n_copy < 0 || t->copy < 0 || t->copy >= n ||
	    t->copy >= i + 1 || n - t->copy > job->n_tile - i)
		return 0;
	if (t->copy && (t->copy != t[-1].copy + 1 || !same_cells(t, &t[-1])))
		return 0;
	if (!t->copy && i && t[-1].copy != copies_of(&t[-1]) - 1)
		return 0;
	return n == 1 || (t->patch_h == 1 && t->patch_w == 1);
}

static int tile_good(const struct imc_model_arrays *a,
		     const struct imc_hal_job *job,
		     const struct imc_hal_tile *t)
{
	const struct imc_hal_window *w = job->window;
	int64_t copies;

	if (!inside(a, t) || t->patch_h < 1 || t->patch_w < 1 ||
	    !imc_rt_part_of(t->k0, t->n_col, w->out_c) || t->n_bias < 0 ||
	    (t->n_bias && !job->drive) || !lines_good(w, t))
		return 0;
	if (job->row % t->patch_h || job->n_row % t->patch_h ||
	    t->patch_w > w->out_w)
		return 0;
	copies = (int64_t)t->patch_h * t->patch_w * t->n_col;
	if (job->direct)
		return t->w == copies && t->slice == 0;
	return t->w >= 1 && t->w % copies == 0;
}

int imc_model_ima_check(const struct imc_model_arrays *a,
			const struct imc_hal_job *job)
{
	const struct imc_hal_window *w = job->window;

	if (w->kernel_h < 1 || w->kernel_w < 1 || w->stride_h < 1 ||
	    w->stride_w < 1)
		return IMC_RT_E_DEVICE;
	if (job->row < 0 || job->n_row < 0 || job->n_row > w->out_h - job->row)
		return IMC_RT_E_DEVICE;
	if (job->direct && !job->adc_mult)
		return IMC_RT_E_DEVICE;
	if (own_adc(a, job) && (job->adc_low < 0 || job->adc_high < 0 ||
				job->adc_low + job->adc_high < 1))
		return IMC_RT_E_DEVICE;
	for (int32_t i = 0; i < job->n_tile; i++) {
		const struct imc_hal_tile *t = &job->tile[i];

		if (!tile_good(a, job, t) || !copies_good(job, i) ||
		    (job->direct && i && t->k0 == t[-1].k0 &&
		     t->n_col != t[-1].n_col))
			return IMC_RT_E_DEVICE;
	}
	return IMC_RT_OK;
}

/* ---- analog part ---- */

#define AT_ONCE 4

/* Word lines that wait, none of them 0. adc: NULL, or the one that makes sums
 * of its own, line after line. */
struct driven {
	const struct imc_model_adc *adc;
	int32_t n;
	int16_t x[AT_ONCE];
	const int8_t *cell[AT_ONCE];
};

/* sum[j] += x * cell of every column of the word lines. Codes are within
 * -255 .. 255, so that a product with a cell has 16 bits. */
static void drive(struct driven *d, int32_t *restrict sum, int32_t n)
{
	const int8_t *restrict a = d->cell[0], *restrict b = d->cell[1];
	const int8_t *restrict c = d->cell[2], *restrict e = d->cell[3];
	const int16_t xa = d->x[0], xb = d->x[1], xc = d->x[2], xe = d->x[3];

	for (int32_t j = 0; j < n; j++)
		sum[j] += (int16_t)(xa * a[j]) + (int16_t)(xb * b[j]) +
			  (int16_t)(xc * c[j]) + (int16_t)(xe * e[j]);
	d->n = 0;
}

static void put_line(struct driven *d, const int8_t *cell, int32_t x,
		     int32_t *sum, int32_t n)
{
	if (!x)
		return;
	if (d->adc) {
		d->adc->add(d->adc, x, cell, n, sum);
		return;
	}
	d->x[d->n] = (int16_t)x;
	d->cell[d->n++] = cell;
	if (d->n == AT_ONCE)
		drive(d, sum, n);
}

static void drive_rest(struct driven *d, int32_t *sum, int32_t n)
{
	if (!d->n)
		return;
	for (int32_t i = d->n; i < AT_ONCE; i++) {
		d->x[i] = 0;
		d->cell[i] = d->cell[0];
	}
	drive(d, sum, n);
}

/* Columns first .. first + n of a tile, for the patch at pixel (y, x). */
struct area {
	const struct imc_hal_tile *tile;
	int32_t y, x, first, n;
};

/* Channel 0 of the input at position (uy, ux) of the patch, or NULL in the
 * padding. */
static const int8_t *input_at(const struct imc_hal_job *job,
			      const struct area *a, int32_t uy, int32_t ux)
{
	const struct imc_hal_window *w = job->window;
	int32_t y = a->y * w->stride_h - w->pad_top +
		    offset_of(w->kernel_h, w->stride_h, w->dilation_h, uy);
	int32_t x = a->x * w->stride_w - w->pad_left +
		    offset_of(w->kernel_w, w->stride_w, w->dilation_w, ux);

	if (y < 0 || x < 0 || y >= w->in_h || x >= w->in_w)
		return 0;
	y = imc_rt_line(y, w->in_lines, w->in_h);
	return job->src + ((int64_t)y * w->in_w + x) * w->in_c;
}

/* The sums of the columns: every word line with all of its cells. */
static void multiply(const struct imc_model_arrays *arrays,
		     const struct imc_hal_job *job, const struct area *a,
		     int32_t *sum)
{
	const struct imc_hal_tile *t = a->tile;
	const struct lines l = lines_of(job->window, t);
	size_t line = (size_t)t->array * (size_t)arrays->rows + (size_t)t->y;
	const int8_t *cell =
		arrays->cells + line * (size_t)arrays->cols + t->x + a->first;
	struct driven d = {.adc = own_adc(arrays, job)};

	for (int32_t j = 0; j < a->n; j++)
		sum[j] = 0;
	for (int32_t r = l.first, n; r < l.first + l.n; r += n) {
		int32_t u = r / l.channels, c = r % l.channels;
		int32_t rest = l.first + l.n - r;
		const int8_t *x = input_at(job, a, (int32_t)(u / l.span_w),
					   (int32_t)(u % l.span_w));

		n = l.channels - c < rest ? l.channels - c : rest;
		for (int32_t i = 0; x && i < n; i++)
			put_line(&d, cell + (int64_t)i * arrays->cols,
				 x[l.c0 + c + i] - job->zero, sum, a->n);
		cell += (int64_t)n * arrays->cols;
	}
	for (int32_t i = 0; i < t->n_bias; i++, cell += arrays->cols)
		put_line(&d, cell, job->drive[i], sum, a->n);
	drive_rest(&d, sum, a->n);
}

/* ---- behind the columns ---- */

static int32_t read_adc(const struct imc_model_arrays *arrays,
			const struct imc_hal_job *job,
			const struct imc_hal_tile *t, int32_t j, int32_t sum)
{
	const struct imc_model_adc *adc = own_adc(arrays, job);
	int32_t k = t->k0 + (job->adc_per_column ? j : 0);

	if (adc)
		return adc->read(adc, sum, job->adc_low, job->adc_high);
	return imc_rt_requant(sum, job->adc_mult[k], job->adc_shift[k],
			      job->adc_zero[k], job->adc_lo, job->adc_hi);
}

/* True if tile t computes that pixel of the job; a tile without copies
 * computes them all. */
static int has_pixel(const struct imc_hal_job *job,
		     const struct imc_hal_tile *t, int64_t pixel)
{
	int64_t n_pixel = (int64_t)job->n_row * job->window->out_w;
	int32_t n = copies_of(t);

	return pixel >= n_pixel * t->copy / n &&
	       pixel < n_pixel * (t->copy + 1) / n;
}

/* The place of row y of the job in its result: of the output, if that is what
 * it gives. */
static int64_t line_of(const struct imc_hal_job *job, int32_t y)
{
	const struct imc_hal_window *w = job->window;

	return job->direct ? imc_rt_line(job->row + y, w->out_lines, w->out_h)
			   : y;
}

/* What a core does: its share of the pixels, and of the columns where pixels
 * are fewer than cores. */
struct share {
	const struct imc_model_arrays *arrays;
	const struct imc_hal_job *job;
	int32_t *sum; /* [2 * cols] */
	int32_t core, n_core;
};

/* n_item items in n_part parts each: part `part` of item `item`. */
struct cut {
	int64_t end, at;
	int32_t n_part, item, part;
};

static int next(struct cut *c)
{
	if (c->at == c->end)
		return 0;
	c->item = (int32_t)(c->at / c->n_part);
	c->part = (int32_t)(c->at++ % c->n_part);
	return 1;
}

static struct cut cut_of(const struct share *s, int64_t n_item)
{
	int32_t n_part = n_item < s->n_core ? s->n_core : 1;
	struct imc_rt_range r =
		imc_rt_share(n_item * n_part, s->core, s->n_core);
	struct cut c = {.end = r.end, .at = r.first, .n_part = n_part};

	return c;
}

/* n results of each pixel go to dst + i * step, i being the place of the pixel;
 * those of pixel `end` of the line and behind it come from the next patch. */
struct result {
	void *dst;
	int64_t step;
	int32_t n, end;
	const struct imc_model_arrays *arrays;
};

/* m columns from column c of a pixel on; their results begin with i. */
static void put_pixel(const struct imc_hal_job *job,
		      const struct imc_hal_tile *t, const struct result *to,
		      int64_t i, const int32_t *sum, int32_t c, int32_t m)
{
	int32_t *sums = to->dst;
	int8_t *codes = to->dst;
	int32_t k = c % t->n_col;

	for (int32_t j = 0; !job->adc_mult && j < m; j++)
		sums[i + j] = sum[j];
	for (int32_t j = 0; job->adc_mult && j < m; j++) {
		codes[i + j] = (int8_t)read_adc(to->arrays, job, t, k, sum[j]);
		if (++k == t->n_col)
			k = 0;
	}
}

static void put(const struct imc_hal_job *job, const struct area *a,
		const struct result *to, const int32_t *sum)
{
	const struct imc_hal_tile *t = a->tile;

	for (int32_t j = 0, m; j < a->n; j += m) {
		int32_t p = (a->first + j) / to->n, c = (a->first + j) % to->n;
		int64_t i = line_of(job, a->y - job->row + p / t->patch_w);

		m = to->n - c < a->n - j ? to->n - c : a->n - j;
		if (a->x + p % t->patch_w >= to->end)
			continue;
		i = i * job->window->out_w + a->x + p % t->patch_w;
		put_pixel(job, t, to, i * to->step + c, sum + j, c, m);
	}
}

/* One tile: its results of a pixel lie `step` apart. */
static void run_tile(const struct share *s, const struct imc_hal_tile *t,
		     void *dst, int64_t step)
{
	const struct imc_hal_job *job = s->job;
	int32_t out_w = job->window->out_w, last = out_w - t->patch_w;
	int32_t line = (out_w + t->patch_w - 1) / t->patch_w;
	struct result to = {dst, step, t->w / (t->patch_h * t->patch_w), 0,
			    s->arrays};
	struct cut c = cut_of(s, (int64_t)(job->n_row / t->patch_h) * line);

	while (next(&c)) {
		int32_t y = c.item / line * t->patch_h;
		struct imc_rt_range r = imc_rt_share(t->w, c.part, c.n_part);
		struct area a = {t, job->row + y, 0, (int32_t)r.first,
				 (int32_t)(r.end - r.first)};

		a.x = c.item % line * t->patch_w;
		if (!has_pixel(job, t, (int64_t)y * out_w + a.x))
			continue;
		to.end = a.x < last ? last : out_w;
		a.x = a.x < last ? a.x : last;
		multiply(s->arrays, job, &a, s->sum);
		put(job, &a, &to, s->sum);
	}
}

/* ---- aggregation block ---- */

/* The columns of tile t for output pixel (y, x), channels r of it. */
static struct area pixel_of(const struct imc_hal_job *job,
			    const struct imc_hal_tile *t, int32_t y, int32_t x,
			    const struct imc_rt_range *r)
{
	int32_t left = job->window->out_w - t->patch_w;
	struct area a = {.tile = t, .n = (int32_t)(r->end - r->first)};

	a.y = y - y % t->patch_h;
	a.x = x - x % t->patch_w;
	a.x = a.x < left ? a.x : left;
	a.first = ((y - a.y) * t->patch_w + x - a.x) * t->n_col +
		  (int32_t)r->first;
	return a;
}

/* Channels r of one pixel of n tiles that hold row blocks of the same columns,
 * whose patches and copies may differ. */
static void aggregate(const struct share *s, const struct imc_hal_tile *t,
		      int32_t n, int32_t pixel, const struct imc_rt_range *r)
{
	const struct imc_hal_job *job = s->job;
	int32_t y = pixel / job->window->out_w, x = pixel % job->window->out_w;
	int64_t at = line_of(job, y) * job->window->out_w + x;
	int8_t *dst = (int8_t *)job->dst + at * job->window->out_c + t->k0;
	int32_t *total = s->sum + s->arrays->cols - r->first;

	for (int64_t j = r->first; j < r->end; j++)
		total[j] = job->sum_zero;
	for (int32_t b = 0; b < n; b++) {
		struct area a = pixel_of(job, &t[b], job->row + y, x, r);

		if (!has_pixel(job, &t[b], pixel))
			continue;
		multiply(s->arrays, job, &a, s->sum);
		for (int32_t j = (int32_t)r->first; j < r->end; j++) {
			int32_t k = t->k0 + (job->adc_per_column ? j : 0);

			total[j] += read_adc(s->arrays, job, t, j,
					     s->sum[j - r->first]) -
				    job->adc_zero[k];
		}
	}
	for (int64_t j = r->first; j < r->end; j++)
		dst[j] = (int8_t)imc_rt_clamp(total[j], job->sum_lo,
					      job->sum_hi);
}

/* n tiles of the same columns. */
static void run_columns(const struct share *s, const struct imc_hal_tile *t,
			int32_t n)
{
	const struct imc_hal_job *job = s->job;
	int32_t out_w = job->window->out_w;
	struct cut c = cut_of(s, (int64_t)job->n_row * out_w);

	if (n > (t->n_copy > 1 ? t->n_copy : 1)) /* row blocks */
		while (next(&c)) {
			struct imc_rt_range r =
				imc_rt_share(t->n_col, c.part, c.n_part);

			aggregate(s, t, n, c.item, &r);
		}
	else
		for (int32_t i = 0; i < n; i++)
			run_tile(s, &t[i], (int8_t *)job->dst + t->k0,
				 job->window->out_c);
}

static void run_direct(const struct share *s)
{
	const struct imc_hal_job *job = s->job;

	for (int32_t t = 0, n; t < job->n_tile; t += n) {
		const struct imc_hal_tile *first = &job->tile[t];

		n = 1;
		while (t + n < job->n_tile && first[n].k0 == first->k0)
			n++;
		run_columns(s, first, n);
	}
}

static void run_regions(const struct share *s)
{
	const struct imc_hal_job *job = s->job;
	int64_t n_pixel = (int64_t)job->n_row * job->window->out_w, at = 0;

	for (int32_t i = 0; i < job->n_tile; i++) {
		const struct imc_hal_tile *t = &job->tile[i];
		int32_t n = t->w / (t->patch_h * t->patch_w);

		if (job->adc_mult)
			run_tile(s, t, (int8_t *)job->dst + at, n);
		else
			run_tile(s, t, (int32_t *)job->dst + at, n);
		if (t->copy == copies_of(t) - 1)
			at += n_pixel * n;
	}
}

static void run_part(void *arg, int32_t core, int32_t n_core)
{
	struct share s = *(const struct share *)arg;

	s.core = core;
	s.n_core = n_core;
	s.sum += (int64_t)core * 2 * s.arrays->cols;
	if (s.job->direct)
		run_direct(&s);
	else
		run_regions(&s);
}

void imc_model_ima_run(struct imc_hal *hal, const struct imc_model_arrays *a,
		       const struct imc_hal_job *job)
{
	struct share s = {.arrays = a, .job = job, .sum = a->sums};

	imc_hal_fork(hal, run_part, &s);
}
