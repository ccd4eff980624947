/* Kernels on 1 to 8 cores against the formulas, row after row on rings of
 * lines and block after block of channels: sizes that no tile divides, strides,
 * dilation, groups, and factors that clamp. */
#include <string.h>

#include "imc_rt.h"
#include "imc_rt_num.h"
#include "tests/check.h"
#include "tests/runtime/random.h"

#define MAX 16384
#define MAX_K 64
#define UNTOUCHED 0x55

/* Cores run one after another, the last one first. */
struct imc_hal {
	int32_t n_core;
};

void imc_hal_fork(struct imc_hal *hal,
		  void (*fn)(void *arg, int32_t core, int32_t n_core),
		  void *arg)
{
	for (int32_t i = hal->n_core - 1; i >= 0; i--)
		fn(arg, i, hal->n_core);
}

static int8_t x[MAX], b[MAX], y[MAX], ring[MAX];

static struct {
	int32_t bias[MAX_K], mult[MAX_K], shift[MAX_K];
	int8_t weights[MAX];
} all, part; /* constants, and those of a block of channels */

#define AT(member) ((int32_t)((char *)all.member - (char *)&all))

/* ---- windows ---- */

static int32_t out_size(int32_t in, int32_t pads, int32_t span, int32_t stride)
{
	return (in + pads - span) / stride + 1;
}

static struct imc_hal_window pick_window(struct random *r)
{
	struct imc_hal_window v = {.n = 1,
				   .in_h = pick(r, 1, 9),
				   .in_w = pick(r, 1, 13),
				   .kernel_h = pick(r, 1, 5),
				   .kernel_w = pick(r, 1, 5),
				   .stride_h = pick(r, 1, 3),
				   .stride_w = pick(r, 1, 3),
				   .dilation_h = pick(r, 1, 2),
				   .dilation_w = pick(r, 1, 2)};
	int32_t span_h, span_w;

	if (pick(r, 0, 1)) { /* what most networks have */
		v.kernel_h = v.kernel_w = pick(r, 0, 2) ? 3 : 1;
		v.stride_h = v.stride_w = pick(r, 1, 2);
		v.dilation_h = v.dilation_w = 1;
	}
	span_h = (v.kernel_h - 1) * v.dilation_h + 1;
	span_w = (v.kernel_w - 1) * v.dilation_w + 1;
	v.pad_top = pick(r, 0, v.kernel_h - 1);
	v.pad_left = pick(r, 0, v.kernel_w - 1);
	v.pad_bottom = pick(r, 0, v.kernel_h - 1);
	v.pad_right = pick(r, 0, v.kernel_w - 1);
	if (v.in_h + v.pad_top + v.pad_bottom < span_h)
		v.in_h = span_h;
	if (v.in_w + v.pad_left + v.pad_right < span_w)
		v.in_w = span_w;
	v.out_h =
		out_size(v.in_h, v.pad_top + v.pad_bottom, span_h, v.stride_h);
	v.out_w =
		out_size(v.in_w, v.pad_left + v.pad_right, span_w, v.stride_w);
	return v;
}

/* The input element of a tap, or NULL in the padding. */
static const int8_t *tap(const struct imc_hal_window *v, int32_t oy, int32_t ox,
			 int32_t ky, int32_t kx, int32_t c)
{
	int32_t iy = oy * v->stride_h - v->pad_top + ky * v->dilation_h;
	int32_t ix = ox * v->stride_w - v->pad_left + kx * v->dilation_w;

	if (iy < 0 || ix < 0 || iy >= v->in_h || ix >= v->in_w)
		return NULL;
	return &x[(iy * v->in_w + ix) * v->in_c + c];
}

/* Puts the lines that row oy needs into a ring of so many. */
static void fill_ring(const struct imc_hal_window *v, int32_t oy, int32_t lines)
{
	int32_t bytes = v->in_w * v->in_c;
	int32_t first = oy * v->stride_h - v->pad_top;

	memset(ring, 99, sizeof ring);
	for (int32_t i = 0; i < v->kernel_h; i++) {
		int32_t line = first + i * v->dilation_h;

		if (line >= 0 && line < v->in_h)
			memcpy(ring + line % lines * bytes, x + line * bytes,
			       (size_t)bytes);
	}
}

/* ---- convolution ---- */

static int8_t want_conv(const struct imc_rt_conv *p, int32_t oy, int32_t ox,
			int32_t k)
{
	const struct imc_hal_window *v = &p->window;
	int32_t per = v->in_c / p->group;
	int32_t c0 = k / (v->out_c / p->group) * per;
	const int8_t *w = all.weights + k * v->kernel_h * v->kernel_w * per;
	int64_t sum = all.bias[k];

	for (int32_t ky = 0; ky < v->kernel_h; ky++)
		for (int32_t kx = 0; kx < v->kernel_w; kx++)
			for (int32_t c = 0; c < per; c++, w++) {
				const int8_t *t =
					tap(v, oy, ox, ky, kx, c0 + c);

				if (t)
					sum += (*t - p->zero_x) * *w;
			}
	return (int8_t)imc_rt_requant(sum, all.mult[k], all.shift[k], p->zero_y,
				      p->lo, p->hi);
}

/* Wrong results in rows row .. row + n_row, of which row r lies at place r %
 * lines, channels chan .. chan + n_chan; and others that were touched. */
static int32_t wrong(const struct imc_rt_conv *p, int32_t row, int32_t n_row,
		     int32_t lines, int32_t chan, int32_t n_chan)
{
	const struct imc_hal_window *v = &p->window;
	int32_t line = v->out_w * v->out_c, bad = 0;

	for (int32_t oy = row; oy < row + n_row; oy++)
		for (int32_t i = 0; i < line; i++) {
			int8_t *at = &y[oy % lines * line + i];
			int32_t k = i % v->out_c;

			if (k >= chan && k < chan + n_chan)
				bad += *at != want_conv(p, oy, i / v->out_c, k);
			else
				bad += *at != UNTOUCHED;
			*at = UNTOUCHED;
		}
	for (int32_t i = 0; i < MAX; i++)
		bad += y[i] != UNTOUCHED;
	return bad;
}

/* The constants of a block of channels. */
static void set_part(const struct imc_rt_conv *p, int32_t chan, int32_t n_chan)
{
	const struct imc_hal_window *v = &p->window;
	int32_t taps = v->kernel_h * v->kernel_w * v->in_c / p->group;

	memset(&part, 7, sizeof part);
	memcpy(part.weights, all.weights + chan * taps,
	       (size_t)(n_chan * taps));
	memcpy(part.bias, all.bias + chan, (size_t)n_chan * sizeof(int32_t));
	memcpy(part.mult, all.mult + chan, (size_t)n_chan * sizeof(int32_t));
	memcpy(part.shift, all.shift + chan, (size_t)n_chan * sizeof(int32_t));
}

static void pick_tables(struct random *r)
{
	int32_t far = pick(r, 0, 9) == 0; /* factors of 1/4 and more */

	pick_bytes(r, x, MAX, -128, 127);
	pick_bytes(r, b, MAX, -128, 127);
	pick_bytes(r, all.weights, MAX, -128, 127);
	for (int k = 0; k < MAX_K; k++) {
		all.bias[k] = pick(r, -20000, 20000);
		all.mult[k] = pick(r, far ? 0 : 1 << 29, INT32_MAX);
		all.shift[k] = far ? pick(r, 0, 40) : pick(r, 36, 42);
	}
}

static struct imc_rt_conv pick_conv(struct random *r)
{
	struct imc_rt_conv p = {.window = pick_window(r),
				.group = pick(r, 0, 2) ? 1 : pick(r, 2, 4),
				.weights = AT(weights),
				.bias = AT(bias),
				.mult = AT(mult),
				.shift = AT(shift),
				.zero_x =
					pick(r, 0, 3) ? pick(r, -128, 127) : 0,
				.zero_y = pick(r, -20, 20),
				.lo = pick(r, -128, -1),
				.hi = pick(r, 0, 127)};
	struct imc_hal_window *v = &p.window;

	v->in_c = p.group * pick(r, 1, 9);
	v->out_c = p.group * pick(r, 1, 9);
	if (pick(r, 0, 2) == 0) { /* depth-wise */
		v->in_c = p.group = pick(r, 1, 9);
		v->out_c = p.group * pick(r, 1, 2);
	}
	return p;
}

static void check_conv(struct random *r)
{
	struct imc_hal hal = {pick(r, 1, 8)};
	struct imc_rt_conv p = pick_conv(r);
	struct imc_hal_window *v = &p.window;
	int32_t span = (v->kernel_h - 1) * v->dilation_h + 1, in, out;
	int32_t row = pick(r, 0, v->out_h - 1);
	int32_t n_row = pick(r, 1, v->out_h - row);
	int32_t chan = pick(r, 0, v->out_c - 1);
	int32_t n_chan = pick(r, 1, v->out_c - chan), bad;

	pick_tables(r);
	memset(y, UNTOUCHED, sizeof y);
	EXPECT(imc_rt_conv(&hal, &p, &all, x, y, 0, v->out_h, 0, v->out_c) ==
	       IMC_RT_OK);
	bad = wrong(&p, 0, v->out_h, v->out_h, 0, v->out_c);
	CHECK(bad == 0, "%d wrong on %d cores", bad, hal.n_core);
	set_part(&p, chan, n_chan);
	imc_rt_conv(&hal, &p, &part, x, y, row, n_row, chan, n_chan);
	bad = wrong(&p, row, n_row, v->out_h, chan, n_chan);
	CHECK(bad == 0, "%d wrong of a part on %d cores", bad, hal.n_core);

	in = pick(r, span, span + 2);
	out = pick(r, 1, v->out_h);
	v->in_lines = in < v->in_h ? in : 0;
	v->out_lines = out;
	for (row = 0; row < v->out_h; row++) {
		fill_ring(v, row, v->in_lines ? in : v->in_h);
		imc_rt_conv(&hal, &p, &part, ring, y, row, 1, chan, n_chan);
		bad = wrong(&p, row, 1, out, chan, n_chan);
		CHECK(bad == 0, "%d wrong on rings of %d, %d", bad, in, out);
	}
}

/* Several images are one after another. */
static void check_images(struct random *r)
{
	struct imc_hal hal = {pick(r, 1, 8)};
	struct imc_rt_conv p = pick_conv(r);
	struct imc_hal_window *v = &p.window;
	int32_t in = v->in_h * v->in_w * v->in_c;
	int32_t out = v->out_h * v->out_w * v->out_c;
	static int8_t one[MAX];

	pick_tables(r);
	if (2 * in > MAX || 2 * out > MAX)
		return;
	imc_rt_conv(&hal, &p, &all, x + in, one, 0, v->out_h, 0, v->out_c);
	v->n = 2;
	imc_rt_conv(&hal, &p, &all, x, y, 0, 2 * v->out_h, 0, v->out_c);
	EXPECT(!memcmp(y + out, one, (size_t)out));
}

/* ---- pools ---- */

static void check_pools(struct random *r)
{
	struct imc_hal hal = {pick(r, 1, 8)};
	struct imc_rt_average_pool p = {.window = pick_window(r),
					.mult = AT(mult),
					.shift = pick(r, 30, 34),
					.zero_x = pick(r, -128, 127),
					.zero_y = pick(r, -20, 20),
					.lo = -128,
					.hi = pick(r, 0, 127)};
	struct imc_hal_window *v = &p.window;
	static int8_t largest[MAX];
	int32_t bad = 0, bad_max = 0;

	v->in_c = v->out_c = pick(r, 1, 9);
	pick_tables(r);
	EXPECT(!imc_rt_average_pool(&hal, &p, &all, x, y, 0, v->out_h));
	EXPECT(!imc_rt_max_pool(&hal, v, x, largest, 0, v->out_h));
	for (int32_t i = 0; i < v->out_h * v->out_w * v->out_c; i++) {
		int32_t at = i / v->out_c, sum = 0, count = 0, max = -128;

		for (int32_t k = 0; k < v->kernel_h * v->kernel_w; k++) {
			const int8_t *t = tap(v, at / v->out_w, at % v->out_w,
					      k / v->kernel_w, k % v->kernel_w,
					      i % v->out_c);

			if (!t)
				continue;
			count++;
			sum += *t - p.zero_x;
			max = *t > max ? *t : max;
		}
		bad += y[i] != imc_rt_requant(sum, all.mult[count], p.shift,
					      p.zero_y, p.lo, p.hi);
		bad_max += largest[i] != max;
	}
	CHECK(bad == 0, "%d wrong averages", bad);
	CHECK(bad_max == 0, "%d wrong maxima", bad_max);
}

/* ---- elements ---- */

/* Shapes without broadcast, rings of any size. */
static void check_binary(struct random *r)
{
	struct imc_hal hal = {pick(r, 1, 8)};
	int32_t size = pick(r, 1, 50), rows = pick(r, 1, 9);
	int32_t big = pick(r, 0, 3) ? 1 << 20 : INT32_MAX;
	struct imc_rt_binary p = {.dim = {1, 1, 1, 1, rows, size},
				  .a_step = {0, 0, 0, 0, size, 1},
				  .b_step = {0, 0, 0, 0, size, 1},
				  .row_size = size,
				  .zero_a = pick(r, -128, 127),
				  .zero_b = pick(r, -128, 127),
				  .mult_a = pick(r, 0, big),
				  .mult_b = pick(r, -big, big),
				  .shift = pick(r, 0, 3) ? pick(r, 17, 32)
							 : pick(r, 0, 62),
				  .zero_y = pick(r, -20, 20),
				  .lo = pick(r, -128, -50),
				  .hi = pick(r, 50, 127)};
	int32_t bad = 0, bad_mul = 0;
	static int8_t product[MAX];

	pick_bytes(r, x, MAX, -128, 127);
	pick_bytes(r, b, MAX, -128, 127);
	EXPECT(!imc_rt_add(&hal, &p, x, b, y, 0, rows));
	EXPECT(!imc_rt_mul(&hal, &p, x, b, product, 0, rows));
	for (int32_t i = 0; i < rows * size; i++) {
		int32_t u = x[i] - p.zero_a, v = b[i] - p.zero_b;
		int64_t sum = (int64_t)u * p.mult_a + (int64_t)v * p.mult_b;

		bad += y[i] !=
		       imc_rt_requant(sum, 1, p.shift, p.zero_y, p.lo, p.hi);
		bad_mul +=
			product[i] != imc_rt_requant(u * v, p.mult_a, p.shift,
						     p.zero_y, p.lo, p.hi);
	}
	CHECK(bad == 0, "add: %d wrong", bad);
	CHECK(bad_mul == 0, "mul: %d wrong", bad_mul);
}

static void check_unary(struct random *r)
{
	struct imc_hal hal = {pick(r, 1, 8)};
	int32_t size = pick(r, 1, 99), rows = pick(r, 1, 9);
	struct imc_rt_rescaling p = {.row_size = size,
				     .zero_x = pick(r, -128, 127),
				     .mult = pick(r, 0, INT32_MAX),
				     .shift = pick(r, 0, 62),
				     .zero_y = pick(r, -20, 20),
				     .lo = -128,
				     .hi = pick(r, 0, 127)};
	struct imc_rt_lut q = {.row_size = size, .table = AT(weights)};
	static int8_t looked_up[MAX];
	int32_t bad = 0;

	pick_tables(r);
	EXPECT(!imc_rt_rescale_i8(&hal, &p, x, y, 0, rows));
	EXPECT(!imc_rt_lut(&hal, &q, &all, x, looked_up, 0, rows));
	for (int32_t i = 0; i < rows * size; i++) {
		bad += y[i] != imc_rt_requant(x[i] - p.zero_x, p.mult, p.shift,
					      p.zero_y, p.lo, p.hi);
		bad += looked_up[i] != all.weights[x[i] + 128];
	}
	CHECK(bad == 0, "%d wrong", bad);
}

int main(void)
{
	struct random r = {11};

	for (int i = 0; i < 1000; i++) {
		check_conv(&r);
		check_images(&r);
		check_pools(&r);
		check_binary(&r);
		check_unary(&r);
	}
	return check_result();
}
