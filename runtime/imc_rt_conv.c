/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_rt_conv_dot.h"
#include "imc_rt_conv_work.h"
#include "imc_rt_num.h"
#include "imc_rt_share.h"

/* Up to 4 output channels of one group, k .. k + n, counted from chan. Where
 * there are fewer, the last one is computed more than once. base: the bias
 * without the sum of zero_x * w over n_ky rows of the kernel from ky on. */
struct block {
	const struct imc_rt_conv_work *c;
	int32_t k, n, c0; /* c0: its first input channel */
	const int8_t *w[IMC_RT_TILE_K];
	struct imc_rt_scale scale[IMC_RT_TILE_K];
	int32_t bias[IMC_RT_TILE_K], base[IMC_RT_TILE_K];
	int32_t ky, n_ky;
};

/* What is alike for all rows. Pixels inside .. inside_end of a row have no
 * column in the padding. */
struct shape {
	struct imc_rt_walk walk; /* place and n_line are of a row */
	int32_t per, inside, inside_end;
};

/* One row of the output. */
struct row {
	const int8_t *x; /* the image */
	int8_t *y;	 /* pixel 0 of the row, channel chan */
	int32_t ky, n_ky, place;
};

static int32_t smaller(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

static struct shape shape_of(const struct imc_rt_conv *p)
{
	const struct imc_hal_window *v = &p->window;
	int32_t ring = v->in_lines && v->in_lines < v->in_h;
	int32_t per = v->in_c / p->group;
	int32_t span = (v->kernel_w - 1) * v->dilation_w;
	int whole = v->dilation_w == 1 && p->group == 1;
	struct shape s = {
		.walk = {.lines = ring ? v->in_lines : v->in_h,
			 .line_step = v->dilation_h,
			 .line_bytes = v->in_w * v->in_c,
			 .n_run = whole ? 1 : v->kernel_w,
			 .run = whole ? v->kernel_w * per : per,
			 .run_step = v->dilation_w * v->in_c,
			 .x_step = v->stride_w * v->in_c,
			 .w_line = v->kernel_w * per},
		.per = per,
		.inside = (v->pad_left + v->stride_w - 1) / v->stride_w,
	};

	if (v->in_w + v->pad_left > span)
		s.inside_end =
			(v->in_w + v->pad_left - span - 1) / v->stride_w + 1;
	return s;
}

static struct row row_at(const struct imc_rt_conv_work *c, int32_t oy)
{
	const struct imc_hal_window *v = &c->p->window;
	int32_t image = oy / v->out_h, at = oy % v->out_h;
	int32_t y0 = at * v->stride_h - v->pad_top;
	struct imc_rt_range taps =
		imc_rt_taps(y0, v->kernel_h, v->dilation_h, v->in_h);
	int32_t line =
		image * v->out_h + imc_rt_line(at, v->out_lines, v->out_h);
	struct row r = {.x = c->x + image * imc_rt_in_size(v),
			.y = c->y + line * v->out_w * v->out_c + c->chan,
			.ky = (int32_t)taps.first,
			.n_ky = (int32_t)(taps.end - taps.first)};

	if (r.n_ky > 0)
		r.place = imc_rt_line(y0 + r.ky * v->dilation_h, v->in_lines,
				      v->in_h);
	return r;
}

/* The block from channel k on. */
static void set_block(struct block *b, const struct imc_rt_conv_work *c,
		      int32_t k)
{
	const struct imc_hal_window *v = &c->p->window;
	int32_t outs = v->out_c / c->p->group, per = v->in_c / c->p->group;
	int32_t left = outs - (c->chan + k) % outs;
	int32_t taps = v->kernel_h * v->kernel_w * per;

	b->c = c;
	b->k = k;
	b->n_ky = -1;
	b->n = smaller(smaller(left, IMC_RT_TILE_K), c->n_chan - k);
	b->c0 = (c->chan + k) / outs * per;
	for (int32_t j = 0; j < IMC_RT_TILE_K; j++) {
		int32_t at = k + smaller(j, b->n - 1);

		b->w[j] = c->weights + at * taps;
		b->scale[j] = imc_rt_scale_of(c->mult[at], c->shift[at]);
		b->bias[j] = c->bias[at];
	}
}

/* Blocks of all channels of the work. */
static int32_t n_block(const struct imc_rt_conv_work *c)
{
	int32_t outs = c->p->window.out_c / c->p->group, n = 0, left;

	for (int32_t k = 0; k < c->n_chan; n++) {
		left = outs - (c->chan + k) % outs;
		k += smaller(left, IMC_RT_TILE_K);
	}
	return n;
}

/* Makes base that of a row. */
static void set_base(struct block *b, const struct shape *s,
		     const struct row *r)
{
	int32_t zero = b->c->p->zero_x, n = r->n_ky * s->walk.w_line;

	if (b->ky == r->ky && b->n_ky == r->n_ky)
		return;
	b->ky = r->ky;
	b->n_ky = r->n_ky;
	for (int32_t j = 0; j < IMC_RT_TILE_K; j++) {
		const int8_t *w = b->w[j] + r->ky * s->walk.w_line;
		int32_t sum = 0;

		if (zero && j < b->n) {
#pragma GCC unroll 8
			for (int32_t i = 0; i < n; i++)
				sum += w[i];
		}
		b->base[j] = b->bias[j] - zero * sum;
	}
}

/* Stores the results of a channel for pixels whose sums end at `end`. */
static void finish_one(const struct imc_rt_conv *p, struct imc_rt_scale scale,
		       const int32_t *sum, const int32_t *end, int8_t *y)
{
	const int32_t zero = p->zero_y, lo = p->lo, hi = p->hi;
	const int32_t step = p->window.out_c;

	if (scale.shift > 0)
		for (; sum < end; sum += IMC_RT_TILE_K, y += step)
			*y = (int8_t)imc_rt_scaled_down(&scale, *sum, zero, lo,
							hi);
	else
		for (; sum < end; sum += IMC_RT_TILE_K, y += step)
			*y = (int8_t)imc_rt_scaled(&scale, *sum, zero, lo, hi);
}

/* Stores the results of n_pixel pixels. */
static void finish(const struct block *b, const int32_t *sum, int32_t n_pixel,
		   int8_t *y)
{
	for (int32_t j = 0; j < b->n; j++)
		finish_one(b->c->p, b->scale[j], sum + j,
			   sum + n_pixel * IMC_RT_TILE_K, y + j);
}

/* Pixel ox, no column of which lies in the padding. */
static void inner_pixel(const struct block *b, const struct shape *s,
			const struct row *r, int32_t ox)
{
	const struct imc_rt_conv *p = b->c->p;
	const struct imc_hal_window *v = &p->window;
	int32_t x0 = ox * v->stride_w - v->pad_left, sum[IMC_RT_TILE_K];

	imc_rt_dot_1(&s->walk, r->x + x0 * v->in_c + b->c0, p->zero_x, b->w,
		     r->ky * s->walk.w_line, b->bias, sum);
	finish(b, sum, 1, r->y + ox * v->out_c + b->k);
}

/* Pixel ox, some columns of which do: those that do not are multiplied. */
static void edge_pixel(const struct block *b, const struct shape *s,
		       const struct row *r, int32_t ox)
{
	const struct imc_rt_conv *p = b->c->p;
	const struct imc_hal_window *v = &p->window;
	int32_t x0 = ox * v->stride_w - v->pad_left, sum[IMC_RT_TILE_K];
	struct imc_rt_range taps =
		imc_rt_taps(x0, v->kernel_w, v->dilation_w, v->in_w);
	int32_t first = (int32_t)taps.first, n = (int32_t)taps.end - first;
	struct imc_rt_walk k = s->walk;

	if (k.n_run == 1)
		k.run = n * s->per;
	else
		k.n_run = n;
	if (n == 0)
		k.n_line = 0;
	x0 += first * v->dilation_w;
	imc_rt_dot_1(&k, r->x + x0 * v->in_c + b->c0, p->zero_x, b->w,
		     r->ky * k.w_line + first * s->per, b->bias, sum);
	finish(b, sum, 1, r->y + ox * v->out_c + b->k);
}

/* Pixels ox .. end, no column of which lies in the padding. Of 4, 2 and 2 are
 * cheaper than 3 and 1. */
static void inner_pixels(struct block *b, const struct shape *s,
			 const struct row *r, int32_t ox, int32_t end)
{
	const struct imc_hal_window *v = &b->c->p->window;
	int32_t sum[IMC_RT_TILE_X * IMC_RT_TILE_K];
	int32_t x0 = ox * v->stride_w - v->pad_left, n;
	const int8_t *x = r->x + x0 * v->in_c + b->c0;
	int8_t *y = r->y + ox * v->out_c + b->k;

	if (end - ox >= 2)
		set_base(b, s, r);
	for (; end - ox >= 2; ox += n) {
		n = end - ox == 2 || end - ox == 4 ? 2 : IMC_RT_TILE_X;
		(n == 2 ? imc_rt_dot_2 : imc_rt_dot_3)(&s->walk, x, b->w,
						       r->ky * s->walk.w_line,
						       b->base, sum);
		finish(b, sum, n, y);
		x += n * s->walk.x_step;
		y += n * v->out_c;
	}
	if (ox < end)
		inner_pixel(b, s, r, ox);
}

/* Pixels ox .. end of a row. */
static void some_of_row(struct block *b, struct shape *s, const struct row *r,
			int32_t ox, int32_t end)
{
	int32_t inner = smaller(end, s->inside_end);

	s->walk.place = r->place;
	s->walk.n_line = r->n_ky;
	for (; ox < end && ox < s->inside; ox++)
		edge_pixel(b, s, r, ox);
	if (ox < inner) {
		inner_pixels(b, s, r, ox, inner);
		ox = inner;
	}
	for (; ox < end; ox++)
		edge_pixel(b, s, r, ox);
}

/* Pixels first .. end of the rows of the work, of a block. */
static void some_of_block(struct block *b, struct shape *s, int32_t first,
			  int32_t end)
{
	const struct imc_rt_conv_work *c = b->c;
	const int32_t out_w = c->p->window.out_w;
	int32_t row = first / out_w, ox = first % out_w;

	for (; first < end; row++, ox = 0) {
		int32_t n = smaller(out_w - ox, end - first);
		struct row r = row_at(c, c->row + row);

		some_of_row(b, s, &r, ox, ox + n);
		first += n;
	}
}

/* Pixels per core that make up for the sums of weights that each core makes of
 * its blocks. */
#define ENOUGH_PIXELS 32

/* Each core has some pixels of all blocks; or if those are few, all pixels of
 * some blocks, and some of the first and the last. */
static void conv_part(void *arg, int32_t core, int32_t n_core)
{
	const struct imc_rt_conv_work *c = arg;
	struct shape s = shape_of(c->p);
	int32_t n_pixel = c->n_row * c->p->window.out_w;
	int few = n_pixel / n_core < ENOUGH_PIXELS;
	struct imc_rt_range r = imc_rt_share(
		few ? n_pixel * n_block(c) : n_pixel, core, n_core);
	int32_t first = (int32_t)r.first, end = (int32_t)r.end;
	struct block b;

	for (int32_t k = 0; k < c->n_chan && end > 0;) {
		set_block(&b, c, k);
		if (first < n_pixel)
			some_of_block(&b, &s, first, smaller(end, n_pixel));
		if (few) {
			first = first > n_pixel ? first - n_pixel : 0;
			end -= n_pixel;
		}
		k += b.n;
	}
}

int imc_rt_conv(struct imc_hal *hal, const struct imc_rt_conv *p,
		const void *constants, const int8_t *x, int8_t *y, int32_t row,
		int32_t n_row, int32_t chan, int32_t n_chan)
{
	struct imc_rt_conv_work c = {.p = p,
				     .weights =
					     imc_rt_i8(constants, p->weights),
				     .bias = imc_rt_i32(constants, p->bias),
				     .mult = imc_rt_i32(constants, p->mult),
				     .shift = imc_rt_i32(constants, p->shift),
				     .x = x,
				     .y = y,
				     .row = row,
				     .n_row = n_row,
				     .chan = chan,
				     .n_chan = n_chan};
	int depthwise = p->group > 1 && p->group == p->window.in_c;

	imc_hal_fork(hal, depthwise ? imc_rt_conv_depthwise_part : conv_part,
		     &c);
	return IMC_RT_OK;
}
