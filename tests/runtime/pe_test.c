/* The digital array computes what the cores do, whole or by rows, early or
 * late, beside the engines of the other port. */
#include <stddef.h>
#include <string.h>

#include "imc_hal_host.h"
#include "imc_rt_pe.h"
#include "tests/check.h"
#include "tests/runtime/random.h"

#define MAX 8192
#define UNTOUCHED 0x55

static struct imc_hal hal;
static int8_t x[MAX], want[MAX], y[MAX];

/* The constants of a kernel: one piece of memory. */
static struct tables {
	int32_t bias[64], mult[64], shift[64];
	int8_t w[MAX];
} t;

#define AT(member) ((int32_t)offsetof(struct tables, member))

static int32_t out_size(int32_t in, int32_t pads, int32_t kernel,
			int32_t dilation, int32_t stride)
{
	return (in + pads - (kernel - 1) * dilation - 1) / stride + 1;
}

static struct imc_hal_window pick_window(struct random *r, int32_t group)
{
	struct imc_hal_window v = {
		.n = pick(r, 1, 2),
		.in_h = pick(r, 4, 7),
		.in_w = pick(r, 4, 7),
		.in_c = group * pick(r, 1, 4),
		.out_c = group * pick(r, 1, 4),
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

	v.out_h = out_size(v.in_h, v.pad_top + v.pad_bottom, v.kernel_h,
			   v.dilation_h, v.stride_h);
	v.out_w = out_size(v.in_w, v.pad_left + v.pad_right, v.kernel_w,
			   v.dilation_w, v.stride_w);
	return v;
}

static struct imc_rt_conv pick_conv(struct random *r)
{
	struct imc_rt_conv p = {
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

	p.window = pick_window(r, p.group);
	pick_bytes(r, x, MAX, -128, 127);
	pick_bytes(r, t.w, MAX, -127, 127);
	for (int k = 0; k < 64; k++) {
		t.bias[k] = pick(r, -5000, 5000);
		t.mult[k] = pick(r, 1 << 29, INT32_MAX);
		t.shift[k] = pick(r, 34, 40);
	}
	return p;
}

/* Bytes of y that differ from n bytes of want, or changed behind them. */
static int32_t wrong(int32_t n)
{
	int32_t bad = 0;

	for (int32_t i = 0; i < MAX; i++)
		bad += y[i] != (i < n ? want[i] : UNTOUCHED);
	return bad;
}

static int32_t row_bytes(const struct imc_rt_conv *p)
{
	return p->window.out_w * p->window.out_c;
}

/* All of n images, on the cores. */
static int conv(const struct imc_rt_conv *p, int8_t *to, int32_t n)
{
	return imc_rt_conv(&hal, p, &t, x, to, 0, n * p->window.out_h, 0,
			   p->window.out_c);
}

/* All, on the array. */
static int pe(const struct imc_rt_conv *p, const struct tables *constants,
	      const int8_t *from, int8_t *to)
{
	return imc_rt_pe(&hal, p, constants, from, to, 0,
			 p->window.n * p->window.out_h, 0, p->window.out_c);
}

static void check_whole(struct random *r)
{
	struct imc_rt_conv p = pick_conv(r);
	int32_t n = p.window.n * p.window.out_h * row_bytes(&p);

	EXPECT(conv(&p, want, p.window.n) == IMC_RT_OK);
	memset(y, UNTOUCHED, sizeof y);
	EXPECT(pe(&p, &t, x, y) == IMC_RT_OK);
	CHECK(wrong(n) == 0, "%d wrong", (int)wrong(n));
}

/* Rows from the last to the first, one start each. */
static void check_rows(struct random *r)
{
	struct imc_rt_conv p = pick_conv(r);
	int32_t n = p.window.out_h * row_bytes(&p);
	struct imc_hal_pe job;

	EXPECT(conv(&p, want, 1) == IMC_RT_OK);
	memset(y, UNTOUCHED, sizeof y);
	for (int32_t row = p.window.out_h; row-- > 0;)
		EXPECT(imc_rt_pe_start(&hal, &job, &p, &t, x, y, row, 1, 0,
				       p.window.out_c) == IMC_RT_OK);
	EXPECT(imc_hal_wait(&hal, IMC_HAL_ALL) == IMC_RT_OK);
	CHECK(wrong(n) == 0, "%d wrong", (int)wrong(n));
}

/* 2 x 2 channels, 1 x 1: by hand. */
static void check_hand(void)
{
	static const int8_t in[2] = {3, -4};
	static const struct tables hand = {.w = {1, 2, 5, -6},
					   .bias = {10, -1},
					   .mult = {1, 1},
					   .shift = {1, 0}};
	struct imc_rt_conv p = {.window = {.n = 1,
					   .in_h = 1,
					   .in_w = 1,
					   .in_c = 2,
					   .out_h = 1,
					   .out_w = 1,
					   .out_c = 2,
					   .kernel_h = 1,
					   .kernel_w = 1,
					   .stride_h = 1,
					   .stride_w = 1,
					   .dilation_h = 1,
					   .dilation_w = 1},
				.group = 1,
				.weights = AT(w),
				.bias = AT(bias),
				.mult = AT(mult),
				.shift = AT(shift),
				.zero_x = 1,
				.zero_y = 7,
				.lo = -128,
				.hi = 40};
	int8_t out[2];

	EXPECT(pe(&p, &hand, in, out) == IMC_RT_OK);
	EXPECT(out[0] == 8);  /* (2 - 10 + 10) / 2 + 7 */
	EXPECT(out[1] == 40); /* 10 + 30 - 1 + 7, clamped */
}

/* Late work is done by the wait, on both ports, or by the next start on the
 * same one. */
static void check_ports(struct random *r)
{
	struct imc_rt_conv p = pick_conv(r);
	struct imc_rt_depthwise q = {.window = p.window,
				     .weights = AT(w),
				     .bias = AT(bias),
				     .shift = AT(shift),
				     .lo = -128,
				     .hi = 127};
	int32_t n = p.window.out_h * row_bytes(&p);
	struct imc_hal_depthwise other;
	struct imc_hal_pe job, again;
	static int8_t z[MAX];

	q.window.out_c = q.window.in_c;
	EXPECT(conv(&p, want, 1) == IMC_RT_OK);
	memset(y, UNTOUCHED, sizeof y);
	memset(z, UNTOUCHED, sizeof z);
	EXPECT(!imc_rt_pe_start(&hal, &job, &p, &t, x, y, 0, p.window.out_h, 0,
				p.window.out_c));
	EXPECT(!imc_rt_depthwise_start(&hal, &other, &q, &t, x, z, 0, 1));
	EXPECT(!hal.late || wrong(0) == 0);
	EXPECT(!imc_rt_pe_start(&hal, &again, &p, &t, x, z, 0, 0, 0,
				p.window.out_c));
	EXPECT(wrong(n) == 0);
	EXPECT(!hal.late || z[0] == UNTOUCHED);
	EXPECT(imc_hal_wait(&hal, IMC_HAL_ALL) == IMC_RT_OK && wrong(n) == 0);
}

static void check_refusals(struct random *r)
{
	struct imc_rt_conv p = pick_conv(r);
	struct imc_hal_pe job;
	int32_t h = p.window.out_h;

	memset(y, UNTOUCHED, sizeof y);
	EXPECT(imc_rt_pe_start(&hal, &job, &p, &t, x, y, h, 1, 0,
			       p.window.out_c) == IMC_RT_E_DEVICE);
	EXPECT(imc_rt_pe_start(&hal, &job, &p, &t, x, y, -1, 1, 0,
			       p.window.out_c) == IMC_RT_E_DEVICE);
	EXPECT(imc_rt_pe_start(&hal, &job, &p, &t, x, y, 0, -1, 0,
			       p.window.out_c) == IMC_RT_E_DEVICE);
	p.group = p.window.in_c + 1;
	EXPECT(pe(&p, &t, x, y) == IMC_RT_E_DEVICE);
	p.group = 0;
	EXPECT(pe(&p, &t, x, y) == IMC_RT_E_DEVICE);
	EXPECT(wrong(0) == 0);
}

int main(void)
{
	struct random r = {5};

	hal.n_core = 3;
	imc_hal_host_start(&hal);
	for (hal.late = 0; hal.late < 2; hal.late++) {
		for (int i = 0; i < 60; i++) {
			check_whole(&r);
			check_rows(&r);
			check_ports(&r);
		}
		check_hand();
		check_refusals(&r);
	}
	imc_hal_host_stop(&hal);
	return check_result();
}
