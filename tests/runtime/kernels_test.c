/* Every kernel of the cores and the depth-wise engine against a reference
 * that is written as plainly as possible. */
#include <stddef.h>
#include <string.h>

#include "imc_hal_host.h"
#include "imc_rt.h"
#include "imc_rt_num.h"
#include "tests/check.h"
#include "tests/runtime/random.h"

#define MAX 8192

static struct imc_hal hal;
static int8_t x[MAX], b[MAX], y[MAX];

/* The constants of a kernel: one piece of memory. */
static struct tables {
	int32_t bias[64], mult[64], shift[64], softmax[256];
	int8_t w[MAX];
} t;

#define AT(member) ((int32_t)offsetof(struct tables, member))

static int32_t out_size(int32_t in, int32_t pads, int32_t kernel,
			int32_t dilation, int32_t stride)
{
	return (in + pads - (kernel - 1) * dilation - 1) / stride + 1;
}

static struct imc_hal_window pick_window(struct random *r)
{
	struct imc_hal_window v = {
		.n = pick(r, 1, 2),
		.in_h = pick(r, 3, 7),
		.in_w = pick(r, 3, 7),
		.kernel_h = pick(r, 1, 3),
		.kernel_w = pick(r, 1, 3),
		.stride_h = pick(r, 1, 3),
		.stride_w = pick(r, 1, 3),
		.dilation_h = pick(r, 1, 2),
		.dilation_w = pick(r, 1, 2),
		.pad_top = pick(r, 0, 2),
		.pad_left = pick(r, 0, 2),
		.pad_bottom = pick(r, 1, 2),
		.pad_right = pick(r, 1, 2),
	};

	v.dilation_h = v.kernel_h == 3 ? 1 : v.dilation_h;
	v.dilation_w = v.kernel_w == 3 ? 1 : v.dilation_w;
	v.out_h = out_size(v.in_h, v.pad_top + v.pad_bottom, v.kernel_h,
			   v.dilation_h, v.stride_h);
	v.out_w = out_size(v.in_w, v.pad_left + v.pad_right, v.kernel_w,
			   v.dilation_w, v.stride_w);
	return v;
}

/* Input element of a tap, or NULL in the padding; *counted: the tap lies in
 * the padded input. */
static const int8_t *tap_at(const struct imc_hal_window *v, int32_t i,
			    int32_t ky, int32_t kx, int32_t c, int *counted)
{
	int32_t pixel = i / v->out_c, n = pixel / v->out_w / v->out_h;
	int32_t iy = pixel / v->out_w % v->out_h * v->stride_h - v->pad_top +
		     ky * v->dilation_h;
	int32_t ix = pixel % v->out_w * v->stride_w - v->pad_left +
		     kx * v->dilation_w;

	*counted = iy < v->in_h + v->pad_bottom && ix < v->in_w + v->pad_right;
	if (iy < 0 || ix < 0 || iy >= v->in_h || ix >= v->in_w)
		return NULL;
	return &x[((n * v->in_h + iy) * v->in_w + ix) * v->in_c + c];
}

static int32_t out_count(const struct imc_hal_window *v)
{
	return v->n * v->out_h * v->out_w * v->out_c;
}

static int64_t conv_sum(const struct imc_rt_conv *p, int32_t i)
{
	const struct imc_hal_window *v = &p->window;
	int32_t k = i % v->out_c, per = v->in_c / p->group;
	int32_t c0 = k / (v->out_c / p->group) * per, at = 0;
	int64_t sum = t.bias[k];
	int counted;

	at = k * v->kernel_h * v->kernel_w * per;
	for (int32_t ky = 0; ky < v->kernel_h; ky++)
		for (int32_t kx = 0; kx < v->kernel_w; kx++)
			for (int32_t c = 0; c < per; c++, at++) {
				const int8_t *tap =
					tap_at(v, i, ky, kx, c0 + c, &counted);

				if (tap)
					sum += (*tap - p->zero_x) * t.w[at];
			}
	return sum;
}

static void pick_tables(struct random *r)
{
	pick_bytes(r, x, MAX, -128, 127);
	pick_bytes(r, b, MAX, -128, 127);
	pick_bytes(r, t.w, MAX, -127, 127);
	for (int k = 0; k < 64; k++) {
		t.bias[k] = pick(r, -5000, 5000);
		t.mult[k] = pick(r, 1 << 29, INT32_MAX);
		t.shift[k] = pick(r, 34, 40);
	}
}

static void check_conv(struct random *r)
{
	struct imc_rt_conv p = {
		.window = pick_window(r),
		.group = pick(r, 1, 3),
		.weights = AT(w),
		.bias = AT(bias),
		.mult = AT(mult),
		.shift = AT(shift),
		.zero_x = pick(r, -128, 127),
		.zero_y = pick(r, -20, 20),
		.lo = pick(r, -128, -1),
		.hi = pick(r, 0, 127),
	};
	int32_t bad = 0;

	p.window.in_c = p.group * pick(r, 1, 4);
	p.window.out_c = p.group * pick(r, 1, 4);
	pick_tables(r);
	EXPECT(imc_rt_conv(&hal, &p, &t, x, y, 0, p.window.n * p.window.out_h,
			   0, p.window.out_c) == IMC_RT_OK);
	for (int32_t i = 0; i < out_count(&p.window); i++) {
		int32_t k = i % p.window.out_c;

		bad += y[i] != imc_rt_requant(conv_sum(&p, i), t.mult[k],
					      t.shift[k], p.zero_y, p.lo, p.hi);
	}
	CHECK(bad == 0, "%d wrong", bad);
}

static void check_depthwise(struct random *r)
{
	struct imc_rt_conv p = {.window = pick_window(r),
				.zero_x = pick(r, -128, 127)};
	struct imc_rt_depthwise q = {.weights = AT(w),
				     .bias = AT(bias),
				     .shift = AT(shift),
				     .zero_x = p.zero_x,
				     .zero_y = pick(r, -20, 20),
				     .lo = -128,
				     .hi = pick(r, 0, 127)};
	int32_t bad = 0;

	p.group = p.window.in_c = pick(r, 1, 8);
	p.window.out_c = p.window.in_c * pick(r, 1, 2);
	q.window = p.window;
	pick_tables(r);
	for (int k = 0; k < 64; k++)
		t.shift[k] = pick(r, 6, 12);
	EXPECT(imc_rt_depthwise(&hal, &q, &t, x, y, 0,
				q.window.n * q.window.out_h) == IMC_RT_OK);
	for (int32_t i = 0; i < out_count(&p.window); i++)
		bad += y[i] != imc_rt_requant(conv_sum(&p, i), 1,
					      t.shift[i % p.window.out_c],
					      q.zero_y, q.lo, q.hi);
	CHECK(bad == 0, "%d wrong", bad);
}

static void check_pools(struct random *r)
{
	struct imc_rt_average_pool p = {
		.window = pick_window(r),
		.mult = AT(mult),
		.count_pad = pick(r, 0, 1),
		.count_min = 0,
		.shift = 31,
		.zero_x = pick(r, -128, 127),
		.zero_y = pick(r, -20, 20),
		.lo = -128,
		.hi = 127,
	};
	struct imc_hal_window *v = &p.window;
	static int8_t largest[MAX];
	int32_t bad = 0, bad_max = 0;

	v->in_c = v->out_c = pick(r, 1, 5);
	/* as ceil_mode may do: windows that reach past the padding */
	v->out_h += v->out_h * v->stride_h < v->in_h + v->pad_top;
	pick_tables(r);
	EXPECT(imc_rt_average_pool(&hal, &p, &t, x, y, 0, v->n * v->out_h) ==
	       IMC_RT_OK);
	EXPECT(imc_rt_max_pool(&hal, v, x, largest, 0, v->n * v->out_h) ==
	       IMC_RT_OK);
	for (int32_t i = 0; i < out_count(v); i++) {
		int32_t count = 0, max = -128, counted;
		int64_t sum = 0;

		for (int32_t k = 0; k < v->kernel_h * v->kernel_w; k++) {
			const int8_t *tap =
				tap_at(v, i, k / v->kernel_w, k % v->kernel_w,
				       i % v->out_c, &counted);

			count += p.count_pad ? counted : tap != NULL;
			sum += tap ? *tap - p.zero_x : 0;
			max = tap && *tap > max ? *tap : max;
		}
		bad += y[i] != imc_rt_requant(sum, t.mult[count], 31, p.zero_y,
					      p.lo, p.hi);
		bad_max += largest[i] != max;
	}
	CHECK(bad == 0, "average: %d wrong", bad);
	CHECK(bad_max == 0, "max: %d wrong", bad_max);
}

/* y [2][3][4] = a [2][1][4] with b [3][1], and shapes without broadcast */
static void check_binary(struct random *r, int repeat)
{
	struct imc_rt_binary p = {
		.dim = {1, 1, 1, 2, 3, 4},
		.a_step = {0, 0, 0, repeat ? 4 : 12, repeat ? 0 : 4, 1},
		.b_step = {0, 0, 0, repeat ? 0 : 12, repeat ? 1 : 4,
			   repeat ? 0 : 1},
		.row_size = 24,
		.zero_a = pick(r, -128, 127),
		.zero_b = pick(r, -128, 127),
		.mult_a = pick(r, 0, 1 << 20),
		.mult_b = -pick(r, 0, 1 << 20),
		.shift = pick(r, 18, 24),
		.zero_y = pick(r, -20, 20),
		.lo = pick(r, -128, -50),
		.hi = pick(r, 50, 127),
	};
	int32_t bad = 0;
	static int8_t product[24];

	pick_tables(r);
	EXPECT(imc_rt_add(&hal, &p, x, b, y, 0, 1) == IMC_RT_OK);
	EXPECT(imc_rt_mul(&hal, &p, x, b, product, 0, 1) == IMC_RT_OK);
	for (int32_t i = 0; i < 24; i++) {
		int32_t u = x[repeat ? i / 12 * 4 + i % 4 : i] - p.zero_a;
		int32_t v = b[repeat ? i / 4 % 3 : i] - p.zero_b;
		int64_t sum = (int64_t)u * p.mult_a + (int64_t)v * p.mult_b;

		bad += y[i] !=
		       imc_rt_requant(sum, 1, p.shift, p.zero_y, p.lo, p.hi);
		bad += product[i] != imc_rt_requant(u * v, p.mult_a, p.shift,
						    p.zero_y, p.lo, p.hi);
	}
	CHECK(bad == 0, "%d wrong", bad);
}

static void check_unary(struct random *r)
{
	struct imc_rt_rescaling p = {.row_size = 20,
				     .zero_x = pick(r, -128, 127),
				     .mult = pick(r, 1 << 28, 1 << 30),
				     .shift = 30,
				     .zero_y = pick(r, -9, 9),
				     .lo = -100,
				     .hi = 99};
	struct imc_rt_lut q = {.row_size = 20, .table = AT(w)};

	pick_tables(r);
	EXPECT(imc_rt_rescale_i8(&hal, &p, x, y, 0, 10) == IMC_RT_OK);
	for (int i = 0; i < 200; i++)
		EXPECT(y[i] == imc_rt_requant(x[i] - p.zero_x, p.mult, 30,
					      p.zero_y, -100, 99));
	EXPECT(imc_rt_lut(&hal, &q, &t, x, y, 0, 10) == IMC_RT_OK);
	for (int i = 0; i < 200; i++)
		EXPECT(y[i] == t.w[x[i] + 128]);
}

static void check_softmax(struct random *r)
{
	int32_t *table = t.softmax;
	struct imc_rt_softmax p = {.cols = pick(r, 1, 20),
				   .table = AT(softmax),
				   .zero_y = -128,
				   .lo = -128,
				   .hi = 127};

	pick_tables(r);
	for (int d = 0; d < 256; d++)
		table[d] = (1 << 23) >> (d / 12);
	EXPECT(imc_rt_softmax(&hal, &p, &t, x, y, 0, 3) == IMC_RT_OK);
	for (int32_t i = 0; i < 3 * p.cols; i++) {
		const int8_t *row = x + i / p.cols * p.cols;
		int32_t max = -128;
		int64_t sum = 0, v;

		for (int32_t j = 0; j < p.cols; j++)
			max = row[j] > max ? row[j] : max;
		for (int32_t j = 0; j < p.cols; j++)
			sum += table[max - row[j]];
		v = (256 * (int64_t)table[max - x[i]] + sum / 2) / sum - 128;
		EXPECT(y[i] == (v > 127 ? 127 : v));
	}
}

/* A transpose [3][4] -> [4][3] into the middle of a filled tensor. */
static void check_moves(struct random *r)
{
	struct imc_rt_copy p = {.rows = {.per = 1},
				.dim = {1, 1, 1, 1, 4, 3},
				.src_step = {0, 0, 0, 0, 1, 4},
				.dst_step = {0, 0, 0, 0, 3, 1},
				.src_offset = 2,
				.dst_offset = 5};
	int32_t table[6] = {3, -1, 0, 3, 1, -1};
	struct imc_rt_gather q = {
		.rows = {.per = 1}, .count = 6, .table = table};

	pick_tables(r);
	EXPECT(imc_rt_fill(&hal, y, 0, 20, -7, 0, 1) == IMC_RT_OK);
	EXPECT(imc_rt_copy(&hal, &p, x, y, 0, 1) == IMC_RT_OK);
	for (int i = 0; i < 20; i++) {
		int j = i - 5;
		int inside = j >= 0 && j < 12;

		EXPECT(y[i] == (inside ? x[2 + j % 3 * 4 + j / 3] : -7));
	}
	EXPECT(imc_rt_gather(&hal, &q, x, y, 0, 1) == IMC_RT_OK);
	for (int i = 0; i < 6; i++)
		EXPECT(y[i] ==
		       (table[i] < 0 ? i == 5 ? x[2] : -7 : x[table[i]]));
}

int main(void)
{
	struct random r = {3};

	hal.n_core = 3;
	imc_hal_host_start(&hal);
	for (int i = 0; i < 300; i++) {
		check_conv(&r);
		check_depthwise(&r);
		check_pools(&r);
		check_binary(&r, i & 1);
		check_softmax(&r);
	}
	check_unary(&r);
	check_moves(&r);
	imc_hal_host_stop(&hal);
	return check_result();
}
