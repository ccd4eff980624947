/* SPDX-License-Identifier: Apache-2.0 */
/* A depth-wise convolution on the cores: a channel after another, so that its
 * weights stay in registers. */
#include "imc_rt_conv_work.h"
#include "imc_rt_num.h"
#include "imc_rt_share.h"

/* One channel of one row of the output. base: the bias without the sum of
 * zero_x * w over the rows of the kernel that are inside. */
struct line {
	const struct imc_rt_conv *p;
	const int8_t *x; /* column 0 of line 0 of the image */
	const int8_t *w; /* of row ky of the kernel */
	int8_t *y;	 /* pixel 0 */
	const int8_t *row_x;
	int8_t *row_y; /* x, y of channel 0 */
	int32_t place, ky, n_ky, base, bias;
	int32_t lines, line_bytes, outs; /* outs: outputs of an input */
	struct imc_rt_scale scale;
};

static int8_t result(const struct line *l, int32_t sum)
{
	const struct imc_rt_conv *p = l->p;

	return (int8_t)imc_rt_scaled(&l->scale, sum, p->zero_y, p->lo, p->hi);
}

/* The place of the line behind that at `place` in the window. */
static int32_t next_place(const struct line *l, int32_t place)
{
	place += l->p->window.dilation_h;
	while (place >= l->lines)
		place -= l->lines;
	return place;
}

/* ---- any kernel ---- */

/* Pixel ox, of which columns may lie in the padding. */
static void one_pixel(const struct line *l, int32_t ox)
{
	const struct imc_hal_window *v = &l->p->window;
	int32_t x0 = ox * v->stride_w - v->pad_left, sum = l->bias;
	int32_t zero = l->p->zero_x, place = l->place;
	struct imc_rt_range taps =
		imc_rt_taps(x0, v->kernel_w, v->dilation_w, v->in_w);
	int32_t first = (int32_t)taps.first, n = (int32_t)taps.end - first;
	int32_t step = v->dilation_w * v->in_c;

	for (int32_t ky = 0; ky < l->n_ky; ky++) {
		const int8_t *x = l->x + place * l->line_bytes +
				  (x0 + first * v->dilation_w) * v->in_c;
		const int8_t *w = l->w + ky * v->kernel_w + first;

		for (int32_t i = 0; i < n; i++, x += step)
			sum += (*x - zero) * w[i];
		place = next_place(l, place);
	}
	l->y[ox * v->out_c] = result(l, sum);
}

/* 4 pixels from ox on, of which no column lies in the padding. */
static void four_pixels(const struct line *l, int32_t ox)
{
	const struct imc_hal_window *v = &l->p->window;
	int32_t next = v->stride_w * v->in_c, step = v->dilation_w * v->in_c;
	int32_t at = ox * next - v->pad_left * v->in_c, place = l->place;
	int32_t a = l->base, b = a, c = a, d = a;
	int8_t *y = l->y + ox * v->out_c;
	const int8_t *w = l->w;

	for (int32_t ky = 0; ky < l->n_ky; ky++) {
		const int8_t *xa = l->x + place * l->line_bytes + at;
		const int8_t *xb = xa + next, *xc = xb + next, *xd = xc + next;

		for (int32_t i = 0, k = 0; i < v->kernel_w; i++, k += step) {
			int32_t u = *w++;

			a += xa[k] * u;
			b += xb[k] * u;
			c += xc[k] * u;
			d += xd[k] * u;
		}
		place = next_place(l, place);
	}
	y[0] = result(l, a);
	y[v->out_c] = result(l, b);
	y[2 * v->out_c] = result(l, c);
	y[3 * v->out_c] = result(l, d);
}

/* Pixels ox .. end. */
static void any_kernel(const struct line *l, int32_t ox, int32_t end)
{
	const struct imc_hal_window *v = &l->p->window;
	int32_t span = (v->kernel_w - 1) * v->dilation_w;
	int32_t x0 = ox * v->stride_w - v->pad_left;

	while (ox < end) {
		if (x0 >= 0 && end - ox >= 4 &&
		    x0 + 3 * v->stride_w + span < v->in_w) {
			four_pixels(l, ox);
			ox += 4;
			x0 += 4 * v->stride_w;
		} else {
			one_pixel(l, ox++);
			x0 += v->stride_w;
		}
	}
}

/* ---- 3 x 3 ---- */

/* The 3 lines of a window; weights of lines in the padding are 0. */
struct three {
	const int8_t *x[3];
	int32_t w[9], zero, in_w, step;
};

static struct three three_of(const struct line *l)
{
	const struct imc_hal_window *v = &l->p->window;
	const int8_t *w = l->w;
	struct three t;
	int32_t place = l->place;

	t.zero = l->p->zero_x;
	t.in_w = v->in_w;
	t.step = v->in_c;
	for (int32_t i = 0; i < 3; i++) {
		int inside = i >= l->ky && i < l->ky + l->n_ky;

		t.x[i] = l->x + place * l->line_bytes;
		t.w[i * 3] = inside ? w[0] : 0;
		t.w[i * 3 + 1] = inside ? w[1] : 0;
		t.w[i * 3 + 2] = inside ? w[2] : 0;
		if (inside) {
			place = next_place(l, place);
			w += 3;
		}
	}
	return t;
}

/* What column ix of the input adds as column kx of a window. */
static int32_t column(const struct three *t, int32_t ix, int32_t kx)
{
	const int32_t *w = t->w + kx;
	int32_t at = ix * t->step;

	if (ix < 0 || ix >= t->in_w)
		return t->zero * (w[0] + w[3] + w[6]);
	return t->x[0][at] * w[0] + t->x[1][at] * w[3] + t->x[2][at] * w[6];
}

/* The pixel behind a run, whose last column lies in the padding; sum: of the
 * columns it shares with the pixel before. */
static void last_pixel(const struct line *l, const struct three *t, int32_t ox,
		       int32_t sum)
{
	const struct imc_hal_window *v = &l->p->window;
	int32_t ix = ox * v->stride_w - v->pad_left;

	for (int32_t kx = 3 - v->stride_w; kx < 3; kx++)
		sum += column(t, ix + kx, kx);
	l->y[ox * v->out_c] = result(l, sum);
}

/* Pixels ox .. end that are inside from their second column on, stride 1: a
 * column is loaded once and counts for 3 pixels. Gives the sum of the columns
 * that the next pixel shares. */
static int32_t run_by_one(const struct line *l, const struct three *t,
			  int32_t ox, int32_t end)
{
	const struct imc_hal_window *v = &l->p->window;
	const struct imc_rt_scale scale = l->scale;
	int32_t ix = ox - v->pad_left, base = l->base, step = t->step;
	int32_t zero = l->p->zero_y, lo = l->p->lo, hi = l->p->hi;
	int32_t a = base + column(t, ix, 0) + column(t, ix + 1, 1);
	int32_t b = base + column(t, ix + 1, 0), next = v->out_c;
	const int8_t *x0 = t->x[0] + (ix + 2) * step;
	const int8_t *x1 = t->x[1] + (ix + 2) * step;
	const int8_t *x2 = t->x[2] + (ix + 2) * step;
	int32_t w0 = t->w[0], w1 = t->w[1], w2 = t->w[2], w3 = t->w[3];
	int32_t w4 = t->w[4], w5 = t->w[5], w6 = t->w[6], w7 = t->w[7];
	int32_t w8 = t->w[8];
	int8_t *y = l->y + ox * next, *y_end = l->y + end * next;

	for (; y != y_end; y += next) {
		int32_t u = *x0, r = *x1, s = *x2;

		a += u * w2 + r * w5 + s * w8;
		*y = (int8_t)imc_rt_scaled(&scale, a, zero, lo, hi);
		a = b + u * w1 + r * w4 + s * w7;
		b = base + u * w0 + r * w3 + s * w6;
		x0 += step;
		x1 += step;
		x2 += step;
	}
	return a;
}

/* The same with stride 2, where a column counts for 1 or 2. */
static int32_t run_by_two(const struct line *l, const struct three *t,
			  int32_t ox, int32_t end)
{
	const struct imc_hal_window *v = &l->p->window;
	const struct imc_rt_scale scale = l->scale;
	int32_t ix = 2 * ox - v->pad_left, base = l->base, step = t->step;
	int32_t zero = l->p->zero_y, lo = l->p->lo, hi = l->p->hi;
	int32_t a = base + column(t, ix, 0), next = v->out_c;
	const int8_t *x0 = t->x[0] + (ix + 1) * step;
	const int8_t *x1 = t->x[1] + (ix + 1) * step;
	const int8_t *x2 = t->x[2] + (ix + 1) * step;
	int32_t w0 = t->w[0], w1 = t->w[1], w2 = t->w[2], w3 = t->w[3];
	int32_t w4 = t->w[4], w5 = t->w[5], w6 = t->w[6], w7 = t->w[7];
	int32_t w8 = t->w[8];
	int8_t *y = l->y + ox * next, *y_end = l->y + end * next;

	for (; y != y_end; y += next) {
		int32_t u, r, s;

		a += *x0 * w1 + *x1 * w4 + *x2 * w7;
		u = x0[step];
		r = x1[step];
		s = x2[step];
		a += u * w2 + r * w5 + s * w8;
		*y = (int8_t)imc_rt_scaled(&scale, a, zero, lo, hi);
		a = base + u * w0 + r * w3 + s * w6;
		x0 += 2 * step;
		x1 += 2 * step;
		x2 += 2 * step;
	}
	return a;
}

static void three_by_three(const struct line *l)
{
	const struct imc_hal_window *v = &l->p->window;
	const struct three t = three_of(l);
	int32_t stride = v->stride_w, pad = v->pad_left;
	/* a window of the run begins at column -1 or behind and ends inside */
	int32_t first = pad > 1 ? (pad - 1 + stride - 1) / stride : 0;
	int32_t end = v->in_w + pad >= 3 ? (v->in_w + pad - 3) / stride + 1 : 0;

	end = end < v->out_w ? end : v->out_w;
	if (first > end)
		first = end;
	if (first > 0)
		any_kernel(l, 0, first);
	if (first < end) {
		int32_t sum = (stride == 1 ? run_by_one
					   : run_by_two)(l, &t, first, end);

		if (end < v->out_w && end * stride - pad + 2 == v->in_w)
			last_pixel(l, &t, end++, sum);
	}
	if (end < v->out_w)
		any_kernel(l, end, v->out_w);
}

/* ---- channels ---- */

/* Row oy: all that is alike for its channels. */
static void set_row(const struct imc_rt_conv_work *c, struct line *l,
		    int32_t oy)
{
	const struct imc_hal_window *v = &c->p->window;
	int32_t image = oy / v->out_h, at = oy % v->out_h;
	int32_t y0 = at * v->stride_h - v->pad_top;
	struct imc_rt_range taps =
		imc_rt_taps(y0, v->kernel_h, v->dilation_h, v->in_h);
	int32_t to = image * v->out_h + imc_rt_line(at, v->out_lines, v->out_h);

	l->ky = (int32_t)taps.first;
	l->n_ky = (int32_t)taps.end - l->ky;
	l->place = l->n_ky > 0 ? imc_rt_line(y0 + l->ky * v->dilation_h,
					     v->in_lines, v->in_h)
			       : 0;
	l->row_x = c->x + image * imc_rt_in_size(v);
	l->row_y = c->y + to * v->out_w * v->out_c + c->chan;
}

/* Channel k, counted from chan, of the row. */
static void one_line(const struct imc_rt_conv_work *c, struct line *l,
		     int32_t k)
{
	const struct imc_hal_window *v = &c->p->window;
	const int8_t *end;
	int32_t sum = 0;

	l->x = l->row_x + (c->chan + k) / l->outs;
	l->y = l->row_y + k;
	l->w = c->weights + (k * v->kernel_h + l->ky) * v->kernel_w;
	l->scale = imc_rt_scale_of(c->mult[k], c->shift[k]);
	l->bias = c->bias[k];
	end = l->w + l->n_ky * v->kernel_w;
	for (const int8_t *w = l->w; w != end; w++)
		sum += *w;
	l->base = l->bias - c->p->zero_x * sum;
	if (v->kernel_h == 3 && v->kernel_w == 3 && v->dilation_w == 1 &&
	    v->stride_w < 3)
		three_by_three(l);
	else
		any_kernel(l, 0, v->out_w);
}

void imc_rt_conv_depthwise_part(void *arg, int32_t core, int32_t n_core)
{
	const struct imc_rt_conv_work *c = arg;
	const struct imc_hal_window *v = &c->p->window;
	struct imc_rt_range r =
		imc_rt_share(c->n_chan * c->n_row, core, n_core);
	int32_t i = (int32_t)r.first, row = i / c->n_chan, k = i % c->n_chan;
	struct line l = {.p = c->p, .line_bytes = v->in_w * v->in_c};

	l.lines = v->in_lines && v->in_lines < v->in_h ? v->in_lines : v->in_h;
	l.outs = v->out_c / v->in_c;
	for (; i < r.end; row++, k = 0) {
		set_row(c, &l, c->row + row);
		for (; i < r.end && k < c->n_chan; i++, k++)
			one_line(c, &l, k);
	}
}
