/* The port's jobs on the arrays against plain loops over word lines and
 * columns, with numbers as the IMA has them. */
#include "test.h"

#define L1_BYTES 40960
#define MAX_TILE 6
#define CELLS 120000
#define CODES 40000

/* ---- cases ---- */

struct layer {
	const char *name;
	struct imc_hal_window w;
	int32_t n_tile, direct, rows_at_once, far;
	struct imc_hal_tile tile[MAX_TILE];
};

#define WINDOW(h, wide, c, oh, ow, k, kernel, stride, pad)                     \
	{                                                                      \
		1, h, wide, c, oh, ow, k, 0, 0, kernel, kernel, stride,        \
			stride, 1, 1, pad, pad, pad, pad                       \
	}
/* Of one tile for all. */
#define TILE(array, x, y, w, h, c, k)                                          \
	{                                                                      \
		array, x, y, w, h, 0, 0, 0, c, 0, k, 1, 1, 0, 0, 0             \
	}

/* Of one array; else those that take two. */
static const struct layer layers[] = {
#if IMC_PULP_ARRAYS == 1
	{"1x1",
	 WINDOW(9, 7, 64, 9, 7, 32, 1, 1, 0),
	 1,
	 1,
	 0,
	 0,
	 {TILE(0, 0, 0, 32, 64, 64, 32)}},
	{"1x1 stride 2",
	 WINDOW(9, 8, 12, 5, 4, 20, 1, 2, 0),
	 1,
	 1,
	 0,
	 0,
	 {TILE(0, 13, 31, 20, 12, 12, 20)}},
	{"3x3",
	 WINDOW(9, 10, 8, 9, 10, 16, 3, 1, 1),
	 1,
	 1,
	 0,
	 0,
	 {TILE(0, 40, 100, 16, 72, 8, 16)}},
	{"3x3 without padding",
	 WINDOW(9, 8, 16, 7, 6, 16, 3, 1, 0),
	 1,
	 1,
	 0,
	 0,
	 {TILE(0, 8, 3, 16, 144, 16, 16)}},
	{"3x3 stride 2",
	 WINDOW(9, 11, 16, 5, 6, 24, 3, 2, 1),
	 1,
	 1,
	 0,
	 0,
	 {TILE(0, 232, 112, 24, 144, 16, 24)}},
	{"3 channels",
	 WINDOW(11, 13, 3, 11, 13, 16, 3, 1, 1),
	 1,
	 1,
	 0,
	 0,
	 {TILE(0, 0, 229, 16, 27, 3, 16)}},
	{"28 channels",
	 WINDOW(5, 6, 28, 5, 6, 36, 3, 1, 1),
	 1,
	 1,
	 0,
	 0,
	 {TILE(0, 100, 4, 36, 252, 28, 36)}},
	{"1 channel, 10 columns",
	 WINDOW(11, 9, 1, 6, 5, 10, 3, 2, 1),
	 1,
	 1,
	 0,
	 0,
	 {TILE(0, 246, 0, 10, 9, 1, 10)}},
	{"a dense layer",
	 WINDOW(1, 1, 250, 1, 1, 37, 1, 1, 0),
	 1,
	 1,
	 0,
	 0,
	 {TILE(0, 1, 1, 37, 250, 250, 37)}},
	{"a strip too large",
	 WINDOW(4, 40, 80, 2, 20, 8, 3, 2, 1),
	 3,
	 1,
	 0,
	 0,
	 {{0, 0, 0, 8, 240, 0, 0, 0, 80, 0, 8, 1, 1, 0, 0, 0},
	  {0, 8, 0, 8, 240, 0, 240, 0, 80, 0, 8, 1, 1, 0, 0, 0},
	  {0, 16, 0, 8, 240, 0, 480, 0, 80, 0, 8, 1, 1, 0, 0, 0}}},
	{"row blocks",
	 WINDOW(5, 5, 64, 5, 5, 24, 3, 1, 1),
	 6,
	 1,
	 0,
	 0,
	 {{0, 0, 64, 16, 192, 0, 0, 0, 64, 0, 16, 1, 1, 0, 0, 0},
	  {0, 16, 64, 16, 192, 0, 192, 0, 64, 0, 16, 1, 1, 0, 0, 0},
	  {0, 32, 64, 16, 192, 0, 384, 0, 64, 0, 16, 1, 1, 0, 0, 0},
	  {0, 48, 64, 8, 192, 0, 0, 0, 64, 16, 8, 1, 1, 0, 0, 0},
	  {0, 56, 64, 8, 192, 0, 192, 0, 64, 16, 8, 1, 1, 0, 0, 0},
	  {0, 64, 64, 8, 192, 0, 384, 0, 64, 16, 8, 1, 1, 0, 0, 0}}},
	{"row blocks across lines",
	 WINDOW(6, 6, 32, 6, 6, 12, 3, 1, 1),
	 2,
	 1,
	 0,
	 0,
	 {{0, 0, 0, 12, 150, 0, 0, 0, 32, 0, 12, 1, 1, 0, 0, 0},
	  {0, 12, 0, 12, 138, 0, 150, 0, 32, 0, 12, 1, 1, 0, 0, 0}}},
	{"row blocks of channels",
	 WINDOW(6, 5, 120, 6, 5, 12, 1, 1, 0),
	 2,
	 1,
	 0,
	 0,
	 {{0, 0, 0, 12, 64, 0, 0, 0, 120, 0, 12, 1, 1, 0, 0, 0},
	  {0, 12, 0, 12, 56, 0, 64, 0, 120, 0, 12, 1, 1, 0, 0, 0}}},
	{"regions, 2 slices",
	 WINDOW(6, 7, 16, 6, 7, 20, 3, 1, 1),
	 2,
	 0,
	 0,
	 0,
	 {{0, 0, 0, 24, 144, 0, 0, 0, 16, 0, 12, 1, 1, 0, 0, 0},
	  {0, 24, 0, 16, 144, 0, 0, 0, 16, 12, 8, 1, 1, 0, 0, 0}}},
	{"odd regions",
	 WINDOW(9, 9, 6, 9, 9, 5, 3, 1, 1),
	 2,
	 0,
	 0,
	 0,
	 {{0, 0, 0, 3, 54, 0, 0, 0, 6, 0, 3, 1, 1, 0, 0, 0},
	  {0, 3, 0, 2, 54, 0, 0, 0, 6, 3, 2, 1, 1, 0, 0, 0}}},
	{"groups",
	 WINDOW(5, 7, 24, 5, 7, 24, 3, 1, 1),
	 2,
	 1,
	 0,
	 0,
	 {{0, 0, 0, 12, 108, 0, 0, 0, 12, 0, 12, 1, 1, 0, 0, 0},
	  {0, 12, 108, 12, 108, 0, 0, 12, 12, 12, 12, 1, 1, 0, 0, 0}}},
	{"dilation",
	 {1, 9, 9, 8, 9, 9, 8, 0, 0, 3, 3, 1, 1, 2, 2, 2, 2, 2, 2},
	 1,
	 1,
	 0,
	 0,
	 {TILE(0, 0, 0, 8, 72, 8, 8)}},
	{"bias rows",
	 WINDOW(8, 8, 8, 8, 8, 16, 3, 1, 1),
	 1,
	 1,
	 0,
	 0,
	 {{0, 16, 16, 16, 75, 3, 0, 0, 8, 0, 16, 1, 1, 0, 0, 0}}},
	{"patches of 1x2",
	 WINDOW(8, 9, 8, 8, 9, 8, 3, 1, 1),
	 1,
	 1,
	 0,
	 0,
	 {{0, 0, 0, 16, 96, 0, 0, 0, 8, 0, 8, 1, 2, 0, 0, 0}}},
	{"patches of 2x2, regions",
	 WINDOW(8, 9, 8, 8, 9, 12, 3, 1, 1),
	 1,
	 0,
	 0,
	 0,
	 {{0, 0, 0, 48, 128, 0, 0, 0, 8, 0, 12, 2, 2, 0, 0, 0}}},
	{"patches of 1x1 kernels",
	 WINDOW(8, 9, 8, 4, 5, 12, 1, 2, 0),
	 1,
	 1,
	 0,
	 0,
	 {{0, 0, 0, 24, 16, 0, 0, 0, 8, 0, 12, 1, 2, 0, 0, 0}}},
	{"rings",
	 {1, 16, 8, 8, 16, 8, 16, 5, 4, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
	 1,
	 1,
	 2,
	 0,
	 {TILE(0, 0, 0, 16, 72, 8, 16)}},
	{"rings, 1x1",
	 {1, 16, 8, 16, 16, 8, 16, 6, 7, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
	 1,
	 1,
	 4,
	 0,
	 {TILE(0, 0, 0, 16, 16, 16, 16)}},
	{"far tensors",
	 WINDOW(8, 8, 8, 8, 8, 16, 1, 1, 0),
	 1,
	 1,
	 0,
	 1,
	 {TILE(0, 0, 0, 16, 8, 8, 16)}},
#else
	{"two arrays",
	 WINDOW(8, 8, 32, 8, 8, 24, 3, 1, 1),
	 4,
	 1,
	 0,
	 0,
	 {{0, 0, 0, 12, 192, 0, 0, 0, 32, 0, 12, 1, 1, 0, 0, 0},
	  {1, 4, 0, 12, 96, 0, 192, 0, 32, 0, 12, 1, 1, 0, 0, 0},
	  {1, 20, 0, 12, 192, 0, 0, 0, 32, 12, 12, 1, 1, 0, 0, 0},
	  {0, 12, 0, 12, 96, 0, 192, 0, 32, 12, 12, 1, 1, 0, 0, 0}}},
	{"copies",
	 WINDOW(7, 9, 8, 7, 9, 16, 3, 1, 1),
	 2,
	 1,
	 0,
	 0,
	 {{0, 0, 0, 16, 72, 0, 0, 0, 8, 0, 16, 1, 1, 0, 0, 2},
	  {1, 9, 9, 16, 72, 0, 0, 0, 8, 0, 16, 1, 1, 0, 1, 2}}},
	{"copies, regions",
	 WINDOW(7, 9, 8, 7, 9, 6, 3, 1, 1),
	 2,
	 0,
	 0,
	 0,
	 {{0, 0, 0, 6, 72, 0, 0, 0, 8, 0, 6, 1, 1, 0, 0, 2},
	  {1, 9, 9, 6, 72, 0, 0, 0, 8, 0, 6, 1, 1, 0, 1, 2}}},
#endif
};

/* ---- numbers ---- */

static float product[256][16];
static int8_t cells[CELLS], want[CODES], far_x[8 * 8 * 8],
	far_y[8 * 8 * 16 + 16];
static int32_t mult[128], shift[128], zero[128];
static int8_t l1[L1_BYTES] __attribute__((section(".bss.l1"), aligned(64)));
static const int8_t drive[3] = {127, -90, 5};

static void make_products(void)
{
	for (int32_t x = -128; x < 128; x++)
		for (int32_t c = -8; c < 8; c++)
			product[x + 128][c + 8] =
				(float)x / 127.0f * (float)c / 7.0f;
}

static int32_t read_adc(float v, int32_t lo, int32_t hi)
{
	int32_t code;

	if (v >= (float)hi)
		v = (float)hi;
	else if (v <= (float)-lo)
		v = (float)-lo;
	v = v * 127.0f / (float)(hi + lo);
	v = v >= 127.0f ? 127.0f : v <= -127.0f ? -127.0f : v;
	code = (int32_t)v;
	if (v >= 0)
		return v - (float)code >= 0.5f ? code + 1 : code;
	return v - (float)code <= -0.5f ? code - 1 : code;
}

static int32_t clamp(int32_t v, int32_t lo, int32_t hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

/* ---- plain loops ---- */

struct run {
	const struct layer *l;
	const int8_t *x;
	const int8_t *cells[MAX_TILE];
	int32_t low, high;
};

static int32_t span(int32_t kernel, int32_t stride, int32_t patch)
{
	return stride < kernel ? (patch - 1) * stride + kernel : patch * kernel;
}

static int32_t behind(int32_t kernel, int32_t stride, int32_t dilation,
		      int32_t u)
{
	return stride < kernel ? u * dilation
			       : u / kernel * stride + u % kernel * dilation;
}

/* What drives word line r of tile t, for the patch at pixel (oy, ox). */
static int32_t input(const struct run *q, const struct imc_hal_tile *t,
		     int32_t r, int32_t oy, int32_t ox)
{
	const struct imc_hal_window *w = &q->l->w;
	int32_t n = t->h - t->n_bias, span_w, channels, c, u, y, x;
	int32_t patch = t->patch_h * t->patch_w;

	if (r >= n)
		return drive[r - n];
	span_w = span(w->kernel_w, w->stride_w, t->patch_w);
	channels = t->n_channel;
	if (patch > 1)
		channels =
			n / span_w / span(w->kernel_h, w->stride_h, t->patch_h);
	r += patch > 1 ? 0 : t->row0;
	c = r % channels + t->c0 + (patch > 1 ? t->row0 : 0);
	u = r / channels;
	y = oy * w->stride_h - w->pad_top +
	    behind(w->kernel_h, w->stride_h, w->dilation_h, u / span_w);
	x = ox * w->stride_w - w->pad_left +
	    behind(w->kernel_w, w->stride_w, w->dilation_w, u % span_w);
	if (y < 0 || x < 0 || y >= w->in_h || x >= w->in_w)
		return 0;
	return q->x[(y * w->in_w + x) * w->in_c + c];
}

/* Code of slice s, column j of tile i for pixel (y, x). */
static int32_t code(const struct run *q, int32_t i, int32_t y, int32_t x,
		    int32_t s, int32_t j)
{
	const struct layer *l = q->l;
	const struct imc_hal_tile *t = &l->tile[i];
	int32_t oy = y - y % t->patch_h, ox = x - x % t->patch_w;
	int32_t slices = t->w / (t->patch_h * t->patch_w * t->n_col), column;
	float sum = 0;

	if (x >= l->w.out_w - t->patch_w)
		ox = l->w.out_w - t->patch_w;
	column = (y - oy) * t->patch_w + x - ox;
	column = (column * slices + s) * t->n_col + j;
	for (int32_t r = 0; r < t->h; r++)
		sum += product[input(q, t, r, oy, ox) + 128]
			      [q->cells[i][r * t->w + column] + 8];
	return read_adc(sum, q->low, q->high);
}

/* Pixel p of the output; row blocks of tile i are those with its columns. */
static void direct_pixel(const struct run *q, int32_t p)
{
	const struct layer *l = q->l;
	int32_t y = p / l->w.out_w, x = p % l->w.out_w;

	for (int32_t i = 0, n; i < l->n_tile; i += n) {
		const struct imc_hal_tile *t = &l->tile[i];
		int32_t step = t->n_copy > 1 ? t->n_copy : 1;

		for (n = 0; i + n < l->n_tile && t[n].k0 == t->k0;)
			n += step;
		for (int32_t j = 0; j < t->n_col; j++) {
			int32_t v = code(q, i, y, x, 0, j);

			for (int32_t b = step; b < n; b += step)
				v += code(q, i + b, y, x, 0, j);
			if (n > step)
				v = clamp(v + 3, -100, 90);
			want[p * l->w.out_c + t->k0 + j] = (int8_t)v;
		}
	}
}

static void region_pixel(const struct run *q, int32_t p)
{
	const struct layer *l = q->l;
	int32_t y = p / l->w.out_w, x = p % l->w.out_w, at = 0;

	for (int32_t i = 0;
	     i<l->n_tile; i += l->tile[i].n_copy> 1 ? l->tile[i].n_copy : 1) {
		const struct imc_hal_tile *t = &l->tile[i];
		int32_t width = t->w / (t->patch_h * t->patch_w);

		for (int32_t j = 0; j < width; j++)
			want[at + p * width + j] = (int8_t)code(
				q, i, y, x, j / t->n_col, j % t->n_col);
		at += l->w.out_h * l->w.out_w * width;
	}
}

static void compute(void *arg, int32_t core, int32_t n_core)
{
	const struct run *q = arg;
	int32_t n = q->l->w.out_h * q->l->w.out_w;

	for (int32_t p = core; p < n; p += n_core)
		if (q->l->direct)
			direct_pixel(q, p);
		else
			region_pixel(q, p);
}

/* ---- the port ---- */

/* Lines first .. end of a tensor of lines of `bytes`, into their ring. */
static void put_lines(int8_t *to, const int8_t *from, int32_t bytes,
		      int32_t ring, int32_t first, int32_t end)
{
	for (int32_t y = first; y < end; y++)
		for (int32_t i = 0; i < bytes; i++)
			to[(ring ? y % ring : y) * bytes + i] =
				from[y * bytes + i];
}

static void fill_job(struct imc_hal_job *job, const struct run *q,
		     const int8_t *x, int8_t *y)
{
	const struct layer *l = q->l;

	*job = (struct imc_hal_job){
		.tile = l->tile,
		.n_tile = l->n_tile,
		.window = &l->w,
		.src = x,
		.drive = drive,
		.n_row = l->w.out_h,
		.adc_mult = mult,
		.adc_shift = shift,
		.adc_zero = zero,
		.adc_lo = -127,
		.adc_hi = 127,
		.adc_low = q->low,
		.adc_high = q->high,
		.direct = l->direct,
		.sum_zero = 3,
		.sum_lo = -100,
		.sum_hi = 90,
		.dst = y,
	};
}

/* All rows in one job, or some at a time by way of rings; the whole tensors are
 * x, in L2, and got. */
static int32_t run_port(struct test *t, struct imc_hal *hal,
			const struct run *q, int8_t *got)
{
	const struct layer *l = q->l;
	const struct imc_hal_window *w = &l->w;
	int32_t in = w->in_w * w->in_c, out = w->out_w * w->out_c, next = 0;
	int8_t *y = l1 + w->in_lines * in + 64;
	struct imc_hal_job job;

	for (int32_t r = 0; r < w->out_h; r += l->rows_at_once) {
		int32_t end = r + l->rows_at_once;
		int32_t need = (end - 1) * w->stride_h - w->pad_top +
			       (w->kernel_h - 1) * w->dilation_h + 1;

		need = need < w->in_h ? need : w->in_h;
		put_lines(l1, q->x, in, w->in_lines, next, need);
		next = need;
		fill_job(&job, q, l1, y);
		job.row = r;
		job.n_row = l->rows_at_once;
		test_check(t, imc_hal_ima_start(hal, &job) == 0, "a start", r);
		test_check(t, imc_hal_wait(hal, IMC_HAL_PORT) == 0, "wait", r);
		for (int32_t k = r; k < end; k++)
			for (int32_t i = 0; i < out; i++)
				got[k * out + i] =
					y[k % w->out_lines * out + i];
	}
	return w->out_h * out;
}

static int32_t run_whole(struct test *t, struct imc_hal *hal,
			 const struct run *q, const int8_t *x, int8_t *y)
{
	const struct layer *l = q->l;
	const struct imc_hal_window *w = &l->w;
	int32_t n = w->out_h * w->out_w * w->out_c, s = 1;
	struct imc_hal_job job;

	if (!l->direct)
		s = l->tile[0].w / (l->tile[0].patch_h * l->tile[0].patch_w *
				    l->tile[0].n_col);
	y[-1] = y[n * s] = 77;
	fill_job(&job, q, x, y);
	test_check(t, imc_hal_ima_start(hal, &job) == 0, "a start", 0);
	test_check(t, imc_hal_wait(hal, IMC_HAL_PORT) == 0, "a wait", 0);
	test_check(t, y[-1] == 77 && y[n * s] == 77, "bytes beside", y[-1]);
	return n * s;
}

/* ---- a layer ---- */

static void program(struct test *t, struct imc_hal *hal, struct run *q,
		    uint32_t *seed)
{
	int32_t at = 0;

	for (int32_t i = 0; i < q->l->n_tile; i++) {
		const struct imc_hal_tile *r = &q->l->tile[i];

		q->cells[i] = r->copy ? q->cells[i - 1] : cells + at;
		for (int32_t c = 0; !r->copy && c < r->h * r->w; c++)
			cells[at++] = (int8_t)(test_random(seed) % 15 - 7);
		test_check(t, at <= CELLS, "cells", at);
	}
	/* Backwards, so that what tiles have beside them is seen to stay. */
	for (int32_t i = q->l->n_tile - 1; i >= 0; i--) {
		const struct imc_hal_tile *r = &q->l->tile[i];

		test_check(t, !imc_hal_ima_write(hal, r, q->cells[i], r->w),
			   "a write", i);
	}
}

static void test_layer(struct test *t, struct imc_hal *hal,
		       const struct layer *l, uint32_t *seed)
{
	static int8_t x2[16384], got[CODES];
	int32_t n_in = l->w.in_h * l->w.in_w * l->w.in_c, n, wrong = 0;
	struct run q = {.l = l, .high = 1 + l->tile[0].h / 64};
	int8_t *x = l->far ? far_x : l1;
	int8_t *y = l->far ? far_y + 4 : l1 + (n_in + 71) / 8 * 8;

	if (l != &layers[0]) /* that is a ReLU */
		q.low = 1 + l->tile[0].h / 100;
	program(t, hal, &q, seed);
	for (int32_t i = 0; i < n_in; i++)
		x[i] = x2[i] = (int8_t)(test_random(seed) % 256 - 128);
	q.x = x2;
	imc_hal_fork(hal, compute, &q);
	if (l->rows_at_once) {
		y = got;
		n = run_port(t, hal, &q, got);
	} else {
		n = run_whole(t, hal, &q, x, y);
	}
	for (int32_t i = 0; i < n; i++)
		wrong += y[i] != want[i];
	test_check(t, wrong == 0, l->name, wrong);
}

/* What this machine cannot do is refused. */
static void test_refusals(struct test *t, struct imc_hal *hal)
{
	struct layer l = layers[0];
	struct run q = {.l = &l, .high = 2};
	struct imc_hal_job job;

	fill_job(&job, &q, l1, l1 + 8192);
	job.zero = 1;
	test_check(t, imc_hal_ima_start(hal, &job) == IMC_RT_E_DEVICE,
		   "a zero point", 0);
	fill_job(&job, &q, l1, l1 + 8192);
	job.adc_mult = 0;
	test_check(t, imc_hal_ima_start(hal, &job) == IMC_RT_E_DEVICE,
		   "whole sums", 0);
	fill_job(&job, &q, l1, l1 + 8192);
	l.tile[0].array = IMC_PULP_ARRAYS;
	test_check(t, imc_hal_ima_start(hal, &job) == IMC_RT_E_DEVICE,
		   "an array", 0);
	l.tile[0].array = 0;
	q.high = 0;
	fill_job(&job, &q, l1, l1 + 8192);
	test_check(t, imc_hal_ima_start(hal, &job) == IMC_RT_E_DEVICE,
		   "an ADC without a range", 0);
	l.tile[0].array = IMC_PULP_ARRAYS;
	test_check(t,
		   imc_hal_ima_write(hal, l.tile, cells, 32) == IMC_RT_E_DEVICE,
		   "cells of an array", 0);
	test_check(t,
		   imc_hal_ima_has(hal, IMC_PULP_ARRAYS, 256, 256) &&
			   !imc_hal_ima_has(hal, 1, 257, 256),
		   "arrays", 0);
}

int imc_pulp_main(struct imc_hal *hal)
{
	struct test t = {0};
	uint32_t seed = 1;

	make_products();
	for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
		test_layer(&t, hal, &layers[i], &seed);
	test_refusals(&t, hal);
	return test_result(&t);
}
