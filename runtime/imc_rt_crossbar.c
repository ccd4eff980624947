/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_rt.h"
#include "imc_rt_num.h"
#include "imc_rt_residual.h"
#include "imc_rt_share.h"

/* A layer, and the constants of the cores. */
struct layer {
	const struct imc_rt_crossbar *p;
	const int32_t *bias, *mult, *shift, *zero;
	const int8_t *x;
	int8_t *y;
	void *scratch;
};

/* Output rows row .. row + n_row of one image, and what the arrays give for
 * them. */
struct strip {
	const struct layer *l;
	int32_t row, n_row;
	void *codes; /* region by region, [pixel][slices of it * n_col] */
	int8_t *y;   /* of the image, as x */
	const int8_t *x;
	int32_t n_pixel;
};

/* Slices that tile t holds; 0: its width is wrong. */
static int32_t slices_of(const struct imc_hal_tile *t)
{
	int32_t one = t->patch_h * t->patch_w * t->n_col;

	return one > 0 && t->w % one == 0 ? t->w / one : 0;
}

/* Tile t and its copies, which share a region. */
static int32_t copies_of(const struct imc_hal_tile *t)
{
	return t->n_copy > 1 ? t->n_copy : 1;
}

/* Results of one pixel in the regions of n tiles. */
static int32_t width_of(const struct imc_hal_tile *t, int32_t n)
{
	int32_t width = 0;

	for (int32_t i = 0; i < n; i += copies_of(&t[i]))
		width += slices_of(&t[i]) * t[i].n_col;
	return width;
}

static size_t strip_bytes(const struct imc_rt_crossbar *p)
{
	return (size_t)width_of(p->tile, p->n_tile) * (size_t)p->strip_rows *
	       (size_t)p->window.out_w * (p->adc_mult ? 1 : sizeof(int32_t));
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
	job->adc_low = p->adc_low;
	job->adc_high = p->adc_high;
	job->direct = p->strip_rows == 0;
	job->sum_zero = p->zero_y;
	job->sum_lo = p->lo;
	job->sum_hi = p->hi;
}

/* ---- the cores ---- */

static const void *advance(const struct imc_rt_crossbar *p, const void *codes,
			   int32_t n)
{
	if (p->adc_mult)
		return (const int8_t *)codes + n;
	return (const int32_t *)codes + n;
}

/* Columns that are worked on at once. */
#define AT_ONCE 32

/* Columns j0 .. j0 + n of the n_tile tiles from `tile` on, channels k0 .. k0 +
 * n of the output. base: the bias, without what the zeros of the ADCs count. */
struct columns {
	const struct imc_hal_tile *tile;
	int32_t n_tile, j0, k0, n;
	int32_t base[AT_ONCE];
	struct imc_rt_scale scale[AT_ONCE];
};

/* What slice s of tile t counts. */
static int32_t factor_of(const struct imc_rt_crossbar *p,
			 const struct imc_hal_tile *t, int32_t s)
{
	int32_t factor =
		imc_rt_slice_factor(t->slice + s, p->slices, p->slice_bits);

	return p->adc_mult ? factor * (1 << IMC_RT_SUM_FRAC) : factor;
}

static void set_columns(struct columns *c, const struct layer *l,
			const struct imc_hal_tile *t, int32_t n_tile,
			int32_t j0)
{
	int32_t all = 0; /* the sum of all factors */

	c->tile = t;
	c->n_tile = n_tile;
	c->j0 = j0;
	c->k0 = t->k0 + j0;
	c->n = t->n_col - j0 < AT_ONCE ? t->n_col - j0 : AT_ONCE;
	for (int32_t b = 0; b < n_tile; b += copies_of(&t[b]))
		for (int32_t s = slices_of(&t[b]) - 1; s >= 0; s--)
			all += factor_of(l->p, &t[b], s);
	for (int32_t j = 0; j < c->n; j++) {
		int32_t k = c->k0 + j;

		c->base[j] = l->bias[k];
		if (l->p->adc_mult)
			c->base[j] -= l->zero[k] * all;
		c->scale[j] = imc_rt_scale_of(l->mult[k], l->shift[k]);
	}
}

/* sum [n] = from [n] + code [n] * factor. */
static void add_codes(int32_t *sum, const int32_t *from, const int8_t *code,
		      int32_t factor, int32_t n)
{
	int32_t *end = sum + n;

#pragma GCC unroll 4
	for (; sum != end; sum++)
		*sum = *from++ + *code++ * factor;
}

/* The same of two slices. */
static void add_pair(int32_t *sum, const int32_t *from, const int8_t *low,
		     int32_t low_factor, const int8_t *high,
		     int32_t high_factor, int32_t n)
{
	int32_t *end = sum + n;

#pragma GCC unroll 4
	for (; sum != end; sum++)
		*sum = *from++ + *low++ * low_factor + *high++ * high_factor;
}

static void add_whole(int32_t *sum, const int32_t *from, const int32_t *whole,
		      int32_t factor, int32_t n)
{
	for (int32_t j = 0; j < n; j++)
		sum[j] = from[j] + whole[j] * factor;
}

/* sum = from + what tile t gave, `codes` being column 0 of its first slice. */
static void add_tile(const struct imc_rt_crossbar *p,
		     const struct imc_hal_tile *t, const void *codes, int32_t n,
		     const int32_t *from, int32_t *sum)
{
	int32_t n_slice = slices_of(t);

	for (int32_t s = 0; s < n_slice; s++, from = sum) {
		const void *at = advance(p, codes, s * t->n_col);
		int32_t factor = factor_of(p, t, s);

		if (!p->adc_mult) {
			add_whole(sum, from, at, factor, n);
		} else if (s + 1 < n_slice) {
			s++;
			add_pair(sum, from, at, factor,
				 (const int8_t *)at + t->n_col,
				 factor_of(p, t, s), n);
		} else {
			add_codes(sum, from, at, factor, n);
		}
	}
}

/* What the weights beside the arrays give for pixel i. */
static void add_rest(const struct strip *s, const struct columns *c, int32_t i,
		     int32_t *sum)
{
	const struct imc_rt_crossbar *p = s->l->p;
	int64_t rest[AT_ONCE] = {0};

	imc_rt_add_residual(p, s->x, (int64_t)s->row * p->window.out_w + i,
			    c->k0, c->n, rest);
	for (int32_t j = 0; j < c->n; j++)
		sum[j] += (int32_t)rest[j];
}

/* Pixel i of the strip; y: its channel 0. */
static void recombine(const struct strip *s, const struct columns *c,
		      const void *codes, int32_t i, int8_t *y)
{
	const struct imc_rt_crossbar *p = s->l->p;
	const int32_t zero_y = p->zero_y, lo = p->lo, hi = p->hi;
	const struct imc_hal_tile *t = c->tile;
	const int32_t *from = c->base;
	int32_t sum[AT_ONCE];

	for (int32_t b = 0; b < c->n_tile; b += copies_of(&t[b]), from = sum) {
		int32_t width = slices_of(&t[b]) * t[b].n_col;

		add_tile(p, &t[b], advance(p, codes, i * width + c->j0), c->n,
			 from, sum);
		codes = advance(p, codes, s->n_pixel * width);
	}
	if (p->residual)
		add_rest(s, c, i, sum);
	y += c->k0;
	for (int32_t j = 0; j < c->n; j++)
		y[j] = (int8_t)imc_rt_scaled(&c->scale[j], sum[j], zero_y, lo,
					     hi);
}

/* Pixels first .. end of the strip. */
static void some_pixels(const struct strip *s, const struct columns *c,
			const void *codes, int32_t first, int32_t end)
{
	const struct imc_hal_window *w = &s->l->p->window;
	int32_t row = s->row + first / w->out_w, ox = first % w->out_w;

	for (; first < end; row++, ox = 0) {
		int32_t line = imc_rt_line(row, w->out_lines, w->out_h);
		int8_t *y = s->y + (line * w->out_w + ox) * w->out_c;

		for (; ox < w->out_w && first < end; ox++, y += w->out_c)
			recombine(s, c, codes, first++, y);
	}
}

/* Tiles from t on that hold the same columns. */
static int32_t same_columns(const struct imc_rt_crossbar *p, int32_t t)
{
	int32_t n = 1;

	while (t + n < p->n_tile && p->tile[t + n].k0 == p->tile[t].k0)
		n++;
	return n;
}

static void digital_part(void *arg, int32_t core, int32_t n_core)
{
	const struct strip *s = arg;
	const struct imc_rt_crossbar *p = s->l->p;
	struct imc_rt_range r = imc_rt_share(s->n_pixel, core, n_core);
	const void *codes = s->codes;
	struct columns c;

	for (int32_t t = 0, n; t < p->n_tile; t += n) {
		const struct imc_hal_tile *first = &p->tile[t];

		n = same_columns(p, t);
		for (int32_t j = 0; j < first->n_col; j += AT_ONCE) {
			set_columns(&c, s->l, first, n, j);
			some_pixels(s, &c, codes, (int32_t)r.first,
				    (int32_t)r.end);
		}
		codes = advance(p, codes, s->n_pixel * width_of(first, n));
	}
}

/* ---- strips ---- */

/* The strip at `row`, counted over the images, of those up to `end`; `odd`: it
 * has the second half of the scratch. */
static struct strip strip_at(const struct layer *l, int32_t row, int32_t end,
			     int odd)
{
	const struct imc_rt_crossbar *p = l->p;
	const struct imc_hal_window *w = &p->window;
	struct imc_rt_rows r = imc_rt_first_image(row, end - row, w->out_h);
	struct strip s = {
		.l = l,
		.row = r.row,
		.n_row = r.n_row < p->strip_rows ? r.n_row : p->strip_rows,
		.codes = l->scratch,
		.x = l->x + r.image * imc_rt_in_size(w),
		.y = l->y + r.image * imc_rt_out_size(w),
	};

	if (odd)
		s.codes = (int8_t *)l->scratch + strip_bytes(p);
	s.n_pixel = s.n_row * w->out_w;
	return s;
}

/* The arrays begin to fill the codes of s. */
static int start_strip(struct imc_hal *hal, struct imc_hal_job *job,
		       const struct strip *s)
{
	fill_job(job, s->l->p);
	job->src = s->x;
	job->row = s->row;
	job->n_row = s->n_row;
	job->dst = s->codes;
	return imc_hal_ima_start(hal, job);
}

/* One strip after another. */
static int run_strips(struct imc_hal *hal, const struct layer *l, int32_t row,
		      int32_t end)
{
	struct imc_hal_job job;
	int status = IMC_RT_OK;

	while (row < end && !status) {
		struct strip s = strip_at(l, row, end, 0);

		status = start_strip(hal, &job, &s);
		if (!status)
			status = imc_hal_wait(hal, IMC_HAL_PORT);
		if (!status)
			imc_hal_fork(hal, digital_part, &s);
		row += s.n_row;
	}
	return status;
}

/* The arrays are one strip ahead of the cores. */
static int overlap_strips(struct imc_hal *hal, const struct layer *l,
			  int32_t row, int32_t end)
{
	struct strip s, next = strip_at(l, row, end, 0);
	struct imc_hal_job job;
	int status = row < end ? start_strip(hal, &job, &next) : IMC_RT_OK;

	for (int odd = 1; row < end && !status; odd = !odd) {
		status = imc_hal_wait(hal, IMC_HAL_PORT);
		s = next;
		row += s.n_row;
		if (!status && row < end) {
			next = strip_at(l, row, end, odd);
			status = start_strip(hal, &job, &next);
		}
		if (!status)
			imc_hal_fork(hal, digital_part, &s);
	}
	return status;
}

/* ---- layers ---- */

int imc_rt_crossbar_start(struct imc_hal *hal, struct imc_hal_job *job,
			  const struct imc_rt_crossbar *p, const int8_t *x,
			  int8_t *y, int32_t row, int32_t n_row)
{
	if (p->strip_rows || !p->adc_mult)
		return IMC_RT_E_ARGUMENT;
	fill_job(job, p);
	job->src = x;
	job->row = row;
	job->n_row = n_row;
	job->dst = y;
	return imc_hal_ima_start(hal, job);
}

static int run_direct(struct imc_hal *hal, const struct layer *l, int32_t row,
		      int32_t n_row)
{
	const struct imc_hal_window *w = &l->p->window;
	struct imc_hal_job job;
	int status = IMC_RT_OK;

	while (n_row > 0 && !status) {
		struct imc_rt_rows r = imc_rt_first_image(row, n_row, w->out_h);

		status = imc_rt_crossbar_start(
			hal, &job, l->p, l->x + r.image * imc_rt_in_size(w),
			l->y + r.image * imc_rt_out_size(w), r.row, r.n_row);
		if (!status)
			status = imc_hal_wait(hal, IMC_HAL_PORT);
		row += r.n_row;
		n_row -= r.n_row;
	}
	return status;
}

/* True if every row block has slices 0 .. p->slices - 1, in order. */
static int slices_agree(const struct imc_rt_crossbar *p)
{
	int32_t next = 0; /* slice that is due */

	for (int32_t i = 0, n_copy; i < p->n_tile; i += n_copy) {
		const struct imc_hal_tile *t = &p->tile[i];
		int32_t n = slices_of(t);

		n_copy = copies_of(t);
		if (i && t->k0 == t[-1].k0 ? t->n_col != t[-1].n_col
					   : next != 0)
			return 0;
		if (t->copy || n_copy > p->n_tile - i || t->slice != next ||
		    n < 1 || n > p->slices - next)
			return 0;
		next = (next + n) % p->slices;
	}
	return next == 0;
}

int imc_rt_crossbar(struct imc_hal *hal, const struct imc_rt_crossbar *p,
		    const void *constants, const int8_t *x, int8_t *y,
		    void *scratch, int32_t row, int32_t n_row)
{
	struct layer l = {.p = p, .x = x, .y = y, .scratch = scratch};

	if (!p->strip_rows)
		return p->adc_mult ? run_direct(hal, &l, row, n_row)
				   : IMC_RT_E_ARGUMENT;
	if (!scratch || !constants)
		return IMC_RT_E_ARGUMENT;
	l.bias = imc_rt_i32(constants, p->bias);
	l.mult = imc_rt_i32(constants, p->mult);
	l.shift = imc_rt_i32(constants, p->shift);
	l.zero = imc_rt_i32(constants, p->zero);
	if (!slices_agree(p))
		return IMC_RT_E_DEVICE;
	return p->overlap ? overlap_strips(hal, &l, row, row + n_row)
			  : run_strips(hal, &l, row, row + n_row);
}
