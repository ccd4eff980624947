#include <string.h>

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

/* Channels whose sums stay in registers. */
#define LANES 16

typedef float vec __attribute__((vector_size(LANES / 2 * sizeof(float))));

#define LOAD(v, p) memcpy(&(v), (p), sizeof(vec))
#define STORE(p, v) memcpy((p), &(v), sizeof(vec))

/* Taps of one position that lie inside the input, in order. */
struct taps {
	int64_t n;
	const float **x, **w;
};

/* y[i] += w[i] * x[i] of every tap, all channels of one position */
IMC_SIMD
static void add_products(const struct taps *t, int64_t n, float *y)
{
	int64_t c = 0;

	for (; c + LANES <= n; c += LANES) {
		vec lo, hi, w, x;

		LOAD(lo, y + c), LOAD(hi, y + c + LANES / 2);
		for (int64_t k = 0; k < t->n; k++) {
			LOAD(w, t->w[k] + c), LOAD(x, t->x[k] + c);
			lo += w * x;
			LOAD(w, t->w[k] + c + LANES / 2);
			LOAD(x, t->x[k] + c + LANES / 2);
			hi += w * x;
		}
		STORE(y + c, lo), STORE(y + c + LANES / 2, hi);
	}
	for (int64_t k = 0; k < t->n && c < n; k++)
		for (int64_t i = c; i < n; i++)
			y[i] += t->w[k][i] * t->x[k][i];
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

void imc_conv_add_depthwise_nchw(const struct imc_conv *c)
{
	int64_t per = c->w.n / c->group;

	for (int64_t n = 0; n < c->y.n; n++)
		for (int64_t k = 0; k < c->y.c; k++)
			add_channel(c,
				    c->x_data + n * c->x.sn + k / per * c->x.sc,
				    c->w_data + k * c->w.sn,
				    c->y_data + n * c->y.sn + k * c->y.sc);
}

/* Finds the taps of output position (at[0], at[1]). w: [kh * kw][k]. */
static void find_taps(const struct imc_conv *c, const float *x, const float *w,
		      const int64_t at[2], struct taps *t)
{
	const struct imc_walk *v = &c->walk[0], *h = &c->walk[1];
	int64_t y0 = at[0] * v->stride - v->before;
	int64_t x0 = at[1] * h->stride - h->before;

	t->n = 0;
	for (int64_t ky = 0; ky < c->w.h; ky++) {
		int64_t iy = y0 + ky * v->dilation;

		if (iy < 0 || iy >= v->in)
			continue;
		for (int64_t kx = 0; kx < c->w.w; kx++) {
			int64_t ix = x0 + kx * h->dilation;

			if (ix < 0 || ix >= h->in)
				continue;
			t->x[t->n] = x + iy * c->x.sh + ix * c->x.sw;
			t->w[t->n++] = w + (ky * c->w.w + kx) * c->y.c;
		}
	}
}

/* One position, all channels. */
static void add_position(const struct imc_conv *c, const struct taps *t,
			 float *y)
{
	int64_t per = c->w.n / c->group;

	if (per == 1) {
		add_products(t, c->y.c, y);
		return;
	}
	for (int64_t i = 0; i < t->n; i++)
		for (int64_t k = 0; k < c->y.c; k++)
			y[k] += t->w[i][k] * t->x[i][k / per];
}

void imc_conv_depthwise_nhwc(const struct imc_conv *c)
{
	int64_t n = c->w.h * c->w.w, line = c->y.w * c->y.c;
	struct imc_arena *a = c->scratch;
	float *w = imc_arena_array(a, (size_t)(n * c->w.n), sizeof *w);
	struct taps t = {.x = imc_arena_array(a, (size_t)n, sizeof *t.x),
			 .w = imc_arena_array(a, (size_t)n, sizeof *t.w)};

	for (int64_t k = 0; k < c->w.n; k++)
		for (int64_t i = 0; i < n; i++)
			w[i * c->w.n + k] = c->w_data[k * n + i];
	for (int64_t i = 0; i < c->y.n * c->y.h; i++) {
		const float *x = c->x_data + i / c->y.h * c->x.sn;
		float *y = c->y_data + i * line;

		imc_conv_set_bias(c, y, c->y.w);
		for (int64_t p = 0; p < c->y.w; p++) {
			find_taps(c, x, w, (int64_t[]){i % c->y.h, p}, &t);
			add_position(c, &t, y + p * c->y.c);
		}
		imc_conv_clip(c, y, line);
	}
}
