/* Parts of a kernel, in any cuts and in any order, give what the whole kernel
 * gives, and touch nothing else. */
#include <string.h>

#include "imc_hal_host.h"
#include "imc_rt.h"
#include "tests/check.h"
#include "tests/runtime/random.h"

#define MAX 8192
#define UNTOUCHED 0x55

static struct imc_hal hal;
static int8_t x[MAX], b[MAX], weights[MAX], whole[MAX], y[MAX];
static int32_t bias[64], mult[64], shift[64];

/* One kernel with its descriptor: all of it, and a part, of what it counts
 * in: elements or rows. */
struct kernel {
	const char *name;
	const void *p;
	int32_t n, unit; /* so many parts, of so many bytes */
	int (*all)(const void *p);
	int (*part)(const void *p, int32_t first, int32_t n);
};

/* ---- the kernels ---- */

static int all_add(const void *p)
{
	return imc_rt_add(&hal, p, x, b, whole);
}

static int part_add(const void *p, int32_t first, int32_t n)
{
	return imc_rt_add_part(&hal, p, x, b, y, first, n);
}

static int all_mul(const void *p)
{
	return imc_rt_mul(&hal, p, x, b, whole);
}

static int part_mul(const void *p, int32_t first, int32_t n)
{
	return imc_rt_mul_part(&hal, p, x, b, y, first, n);
}

static int all_rescale(const void *p)
{
	return imc_rt_rescale_i8(&hal, p, x, whole);
}

static int part_rescale(const void *p, int32_t first, int32_t n)
{
	return imc_rt_rescale_i8_part(&hal, p, x, y, first, n);
}

static int all_lut(const void *p)
{
	return imc_rt_lut(&hal, p, x, whole);
}

static int part_lut(const void *p, int32_t first, int32_t n)
{
	return imc_rt_lut_part(&hal, p, x, y, first, n);
}

static int all_max(const void *p)
{
	return imc_rt_max_pool(&hal, p, x, whole);
}

static int part_max(const void *p, int32_t row, int32_t n)
{
	return imc_rt_max_pool_part(&hal, p, x, y, row, n);
}

static int all_average(const void *p)
{
	return imc_rt_average_pool(&hal, p, x, whole);
}

static int part_average(const void *p, int32_t row, int32_t n)
{
	return imc_rt_average_pool_part(&hal, p, x, y, row, n);
}

static int all_conv(const void *p)
{
	return imc_rt_conv(&hal, p, x, whole);
}

static int part_conv(const void *p, int32_t row, int32_t n)
{
	return imc_rt_conv_part(&hal, p, x, y, row, n);
}

static int all_depthwise(const void *p)
{
	return imc_rt_depthwise(&hal, p, x, whole);
}

static int part_depthwise(const void *p, int32_t row, int32_t n)
{
	const struct imc_rt_depthwise *q = p;
	struct imc_hal_depthwise job;
	int32_t at = row * q->window.out_w * q->window.out_c;
	int8_t before = y[at];
	int status = imc_rt_depthwise_start(&hal, &job, q, x, y, row, n);

	if (hal.late)
		EXPECT(y[at] == before);
	return status ? status : imc_hal_wait(&hal, IMC_HAL_ALL);
}

/* ---- cuts ---- */

/* All the parts, the later half of them first. */
static void run_parts(struct random *r, const struct kernel *k)
{
	int32_t half = pick(r, 0, k->n), n;

	for (int32_t at = half; at < k->n; at += n) {
		n = pick(r, 1, k->n - at);
		EXPECT(k->part(k->p, at, n) == IMC_RT_OK);
	}
	for (int32_t at = 0; at < half; at += n) {
		n = pick(r, 1, half - at);
		EXPECT(k->part(k->p, at, n) == IMC_RT_OK);
	}
}

static void check(struct random *r, const struct kernel *k)
{
	int32_t bytes = k->n * k->unit, first = pick(r, 0, k->n - 1);
	int32_t n = pick(r, 1, k->n - first), bad = 0;

	EXPECT(bytes > 0 && bytes < MAX);
	memset(y, UNTOUCHED, sizeof y);
	EXPECT(k->all(k->p) == IMC_RT_OK);
	EXPECT(k->part(k->p, first, n) == IMC_RT_OK);
	for (int32_t i = 0; i < MAX; i++) {
		int inside = i >= first * k->unit && i < (first + n) * k->unit;

		bad += y[i] != (inside ? whole[i] : UNTOUCHED);
	}
	CHECK(bad == 0, "%s: one part: %d wrong", k->name, bad);
	run_parts(r, k);
	CHECK(!memcmp(y, whole, (size_t)bytes), "%s: parts", k->name);
	CHECK(y[bytes] == UNTOUCHED, "%s: too much", k->name);
}

/* ---- random descriptors ---- */

static void pick_tables(struct random *r)
{
	pick_bytes(r, x, MAX, -128, 127);
	pick_bytes(r, b, MAX, -128, 127);
	pick_bytes(r, weights, MAX, -127, 127);
	for (int k = 0; k < 64; k++) {
		bias[k] = pick(r, -5000, 5000);
		mult[k] = pick(r, 1 << 29, INT32_MAX);
		shift[k] = pick(r, 34, 40);
	}
}

static struct imc_hal_window pick_window(struct random *r)
{
	struct imc_hal_window v = {
		.n = 1,
		.in_h = pick(r, 3, 8),
		.in_w = pick(r, 3, 8),
		.kernel_h = pick(r, 1, 3),
		.kernel_w = pick(r, 1, 3),
		.stride_h = pick(r, 1, 2),
		.stride_w = pick(r, 1, 2),
		.dilation_h = 1,
		.dilation_w = 1,
		.pad_top = pick(r, 0, 2),
		.pad_left = pick(r, 0, 2),
		.pad_bottom = pick(r, 0, 2),
		.pad_right = pick(r, 0, 2),
	};

	v.in_c = v.out_c = pick(r, 1, 5);
	v.out_h =
		(v.in_h + v.pad_top + v.pad_bottom - v.kernel_h) / v.stride_h +
		1;
	v.out_w =
		(v.in_w + v.pad_left + v.pad_right - v.kernel_w) / v.stride_w +
		1;
	return v;
}

static void check_elements(struct random *r)
{
	int repeat = pick(r, 0, 1);
	struct imc_rt_binary p = {
		.dim = {1, 1, 1, 2, 3, 4},
		.a_step = {0, 0, 0, repeat ? 4 : 12, repeat ? 0 : 4, 1},
		.b_step = {0, 0, 0, 12, 4, 1},
		.zero_a = pick(r, -128, 127),
		.zero_b = pick(r, -128, 127),
		.mult_a = pick(r, 0, 1 << 20),
		.mult_b = -pick(r, 0, 1 << 20),
		.shift = pick(r, 18, 24),
		.lo = -128,
		.hi = 127,
	};
	struct imc_rt_rescaling q = {.count = pick(r, 1, 200),
				     .zero_x = pick(r, -128, 127),
				     .mult = 1 << 29,
				     .shift = 30,
				     .lo = -100,
				     .hi = 99};
	struct imc_rt_lut t = {.count = pick(r, 1, 200), .table = weights};
	struct kernel k[] = {
		{"add", &p, 24, 1, all_add, part_add},
		{"mul", &p, 24, 1, all_mul, part_mul},
		{"rescale", &q, q.count, 1, all_rescale, part_rescale},
		{"lut", &t, t.count, 1, all_lut, part_lut},
	};

	for (size_t i = 0; i < sizeof k / sizeof *k; i++)
		check(r, &k[i]);
}

static void check_windows(struct random *r)
{
	struct imc_hal_window v = pick_window(r);
	struct imc_rt_average_pool a = {.window = v,
					.mult = mult,
					.shift = 31,
					.zero_x = pick(r, -128, 127),
					.lo = -128,
					.hi = 127};
	struct imc_rt_conv c = {.window = v,
				.group = 1,
				.weights = weights,
				.bias = bias,
				.mult = mult,
				.shift = shift,
				.zero_x = pick(r, -128, 127),
				.lo = -128,
				.hi = 127};
	struct imc_rt_depthwise d = {.window = v,
				     .weights = weights,
				     .bias = bias,
				     .shift = shift,
				     .zero_x = pick(r, -128, 127),
				     .lo = -128,
				     .hi = 127};
	int32_t rows = v.out_h, line = v.out_w * v.out_c;
	struct kernel k[] = {
		{"max_pool", &v, rows, line, all_max, part_max},
		{"average_pool", &a, rows, line, all_average, part_average},
		{"conv", &c, rows, line, all_conv, part_conv},
		{"depthwise", &d, rows, line, all_depthwise, part_depthwise},
	};

	for (size_t i = 0; i < sizeof k / sizeof *k - 1; i++)
		check(r, &k[i]);
	for (int i = 0; i < 64; i++)
		shift[i] = pick(r, 6, 12);
	check(r, &k[3]);
}

static void check_refusals(struct random *r)
{
	struct imc_rt_depthwise d = {.window = pick_window(r),
				     .weights = weights,
				     .bias = bias,
				     .shift = shift};
	int32_t rows = d.window.out_h;

	EXPECT(part_depthwise(&d, 0, rows + 1) == IMC_RT_E_DEVICE);
	EXPECT(part_depthwise(&d, rows, 1) == IMC_RT_E_DEVICE);
	d.window.out_c = 2 * d.window.in_c + 1;
	if (d.window.in_c > 1)
		EXPECT(part_depthwise(&d, 0, 1) == IMC_RT_E_DEVICE);
	EXPECT(imc_rt_depthwise_start(&hal, &(struct imc_hal_depthwise){0}, &d,
				      x, y + 99, -1, 1) == IMC_RT_E_DEVICE);
}

int main(void)
{
	struct random r = {5};

	for (int i = 0; i < 200; i++) {
		hal.late = i & 1;
		pick_tables(&r);
		check_elements(&r);
		check_windows(&r);
		check_refusals(&r);
	}
	return check_result();
}
