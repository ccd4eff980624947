/* The layers as plain loops, with the requantisation of the runtime. */
#include "bench.h"
#include "imc_rt_num.h"

static int32_t tap(const struct imc_hal_window *w, const int8_t *x, int32_t y,
		   int32_t ox, int32_t c, int32_t zero)
{
	if (y < 0 || ox < 0 || y >= w->in_h || ox >= w->in_w)
		return 0;
	return x[(y * w->in_w + ox) * w->in_c + c] - zero;
}

static int8_t point(const struct imc_hal_window *w, const struct bench_data *d,
		    int32_t oy, int32_t ox, int32_t k, int depthwise)
{
	int32_t per = depthwise ? 1 : w->in_c, c0 = depthwise ? k : 0;
	int32_t sum = d->bias[k];
	const int8_t *at = d->weights + k * w->kernel_h * w->kernel_w * per;

	for (int32_t ky = 0; ky < w->kernel_h; ky++)
		for (int32_t kx = 0; kx < w->kernel_w; kx++)
			for (int32_t c = 0; c < per; c++)
				sum += tap(w, d->x,
					   oy * w->stride_h - w->pad_top + ky,
					   ox * w->stride_w - w->pad_left + kx,
					   c0 + c, d->zero_x) *
				       *at++;
	return (int8_t)imc_rt_requant(sum, d->mult[k], d->shift[k], d->zero_y,
				      d->lo, d->hi);
}

static int8_t pool(const struct imc_hal_window *w, const struct bench_data *d,
		   int32_t oy, int32_t ox, int32_t k, int average)
{
	int32_t sum = 0, max = -128;

	for (int32_t ky = 0; ky < w->kernel_h; ky++)
		for (int32_t kx = 0; kx < w->kernel_w; kx++) {
			int32_t v = tap(w, d->x, oy * w->stride_h + ky,
					ox * w->stride_w + kx, k, 0);

			sum += v - d->zero_x;
			max = v > max ? v : max;
		}
	return (int8_t)(average ? imc_rt_requant(sum, d->mult[0], d->shift[0],
						 d->zero_y, d->lo, d->hi)
				: max);
}

static void add(const struct bench_data *d, int32_t n)
{
	for (int32_t i = 0; i < n; i++) {
		int64_t sum = (int64_t)(d->x[i] - d->zero_x) * BENCH_MULT_A +
			      (int64_t)(d->b[i] - d->zero_x) * BENCH_MULT_B;

		d->y[i] = (int8_t)imc_rt_requant(sum, 1, BENCH_SHIFT, d->zero_y,
						 d->lo, d->hi);
	}
}

/* Codes [pixel][slice][column], zero_x being the zero of the ADC. */
static void codes(const struct bench_layer *l, const struct bench_data *d)
{
	const int8_t *code = d->scratch;
	int32_t n = l->w.out_c;

	for (int32_t i = 0; i < l->w.out_h * l->w.out_w; i++)
		for (int32_t k = 0; k < n; k++) {
			int64_t sum = d->bias[k];

			for (int32_t s = 0; s < l->slices; s++)
				sum += (code[(i * l->slices + s) * n + k] -
					d->zero_x) *
				       (64 << 4 * s);
			d->y[i * n + k] = (int8_t)imc_rt_requant(
				sum, d->mult[k], d->shift[k], d->zero_y, d->lo,
				d->hi);
		}
}

int bench_plain(const struct bench_layer *l, const struct bench_data *d)
{
	const struct imc_hal_window *w = &l->w;
	int8_t *y = d->y;

	if (l->kind == BENCH_ADD)
		add(d, w->out_h * w->out_w * w->out_c);
	else if (l->kind == BENCH_CODES)
		codes(l, d);
	else
		for (int32_t oy = 0; oy < w->out_h; oy++)
			for (int32_t ox = 0; ox < w->out_w; ox++)
				for (int32_t k = 0; k < w->out_c; k++)
					*y++ = l->kind >= BENCH_AVERAGE
						       ? pool(w, d, oy, ox, k,
							      l->kind ==
								      BENCH_AVERAGE)
						       : point(w, d, oy, ox, k,
							       l->kind ==
								       BENCH_DEPTHWISE);
	return 1;
}
