#include "ir/eval/simd.h"
#include "ir/op/conv.h"
#include "ir/support/checked.h"

/* y[i] += w * x[i * stride], the outputs of one row */
IMC_SIMD
static void add_scaled(const float *x, int64_t stride, float w, int64_t n,
		       float *y)
{
	if (stride == 1)
		for (int64_t i = 0; i < n; i++)
			y[i] += w * x[i];
	else
		for (int64_t i = 0; i < n; i++)
			y[i] += w * x[i * stride];
}

/* y[i] += w[i] * x[i], all channels of one position */
IMC_SIMD
static void add_product(const float *x, const float *w, int64_t n, float *y)
{
	for (int64_t i = 0; i < n; i++)
		y[i] += w[i] * x[i];
}

/* One tap of one output row of a channel: the columns whose element lies
 * inside the input. */
static void add_tap(const struct imc_walk *h, const float *x, int64_t kx,
		    float w, float *y)
{
	int64_t off = kx * h->dilation - h->before;
	int64_t lo = off < 0 ? imc_ceil_div(-off, h->stride) : 0;
	int64_t hi = off >= h->in ? 0 : imc_ceil_div(h->in - off, h->stride);

	hi = imc_min_i64(hi, h->out);
	if (lo < hi)
		add_scaled(x + lo * h->stride + off, h->stride, w, hi - lo,
			   y + lo);
}

static void add_channel(const struct imc_conv *c, const float *x,
			const float *w, float *y)
{
	const struct imc_walk *v = &c->walk[0];

	for (int64_t oy = 0; oy < v->out; oy++)
		for (int64_t ky = 0; ky < c->w.h; ky++) {
			int64_t iy =
				oy * v->stride - v->before + ky * v->dilation;

			if (iy < 0 || iy >= v->in)
				continue;
			for (int64_t kx = 0; kx < c->w.w; kx++)
				add_tap(&c->walk[1], x + iy * c->x.sh, kx,
					w[ky * c->w.sh + kx * c->w.sw],
					y + oy * c->y.sh);
		}
}

static void add_nchw(const struct imc_conv *c)
{
	int64_t per = c->w.n / c->group;

	for (int64_t n = 0; n < c->y.n; n++)
		for (int64_t k = 0; k < c->y.c; k++)
			add_channel(c,
				    c->x_data + n * c->x.sn + k / per * c->x.sc,
				    c->w_data + k * c->w.sn,
				    c->y_data + n * c->y.sn + k * c->y.sc);
}

/* One position, all channels. w: [kh * kw][k]. */
static void add_position(const struct imc_conv *c, const float *x,
			 const float *w, const int64_t at[2], float *y)
{
	const struct imc_walk *v = &c->walk[0], *h = &c->walk[1];
	int64_t per = c->w.n / c->group;

	for (int64_t t = 0; t < c->w.h * c->w.w; t++, w += c->y.c) {
		int64_t iy = at[0] * v->stride - v->before +
			     t / c->w.w * v->dilation;
		int64_t ix = at[1] * h->stride - h->before +
			     t % c->w.w * h->dilation;
		const float *from = x + iy * c->x.sh + ix * c->x.sw;

		if (iy < 0 || iy >= v->in || ix < 0 || ix >= h->in)
			continue;
		if (per == 1)
			add_product(from, w, c->y.c, y);
		for (int64_t k = 0; k < c->y.c && per > 1; k++)
			y[k] += w[k] * from[k / per];
	}
}

static void add_nhwc(const struct imc_conv *c)
{
	int64_t taps = c->w.h * c->w.w;
	float *w =
		imc_arena_array(c->scratch, (size_t)(taps * c->w.n), sizeof *w);

	for (int64_t k = 0; k < c->w.n; k++)
		for (int64_t t = 0; t < taps; t++)
			w[t * c->w.n + k] = c->w_data[k * taps + t];
	for (int64_t n = 0; n < c->y.n; n++)
		for (int64_t p = 0; p < c->y.h * c->y.w; p++)
			add_position(c, c->x_data + n * c->x.sn, w,
				     (int64_t[]){p / c->y.w, p % c->y.w},
				     c->y_data + n * c->y.sn + p * c->y.sw);
}

void imc_conv_add_depthwise(const struct imc_conv *c)
{
	if (c->layout == IMC_NCHW)
		add_nchw(c);
	else
		add_nhwc(c);
}
