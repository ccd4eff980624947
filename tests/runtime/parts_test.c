/* Rows of a kernel, in any cuts and in any order, give what all of them give,
 * and touch nothing else; so do strips on rings, and blocks of channels. */
#include <stddef.h>
#include <string.h>

#include "imc_rt_pe.h"
#include "tests/check.h"
#include "tests/runtime/strips.h"

#define MAX 8192
#define UNTOUCHED 0x55

static struct imc_hal hal;
static int8_t x[MAX], b[MAX], whole[MAX], y[MAX];

/* The constants of a kernel: one piece of memory. */
static struct tables {
	int32_t bias[64], mult[64], shift[64], fine[64];
	int8_t w[MAX];
} t;

#define AT(member) ((int32_t)offsetof(struct tables, member))

enum kind {
	ADD,
	MUL,
	RESCALE,
	LUT,
	MAX_POOL,
	AVERAGE_POOL,
	CONV,
	PE,
	DEPTHWISE,
	N_KIND
};

static const char *const names[N_KIND] = {"add",  "mul",      "rescale",
					  "lut",  "max_pool", "average_pool",
					  "conv", "pe",	      "depthwise"};

/* One kernel with its descriptor. */
struct kernel {
	enum kind kind;
	struct imc_rt_binary binary;
	struct imc_rt_rescaling rescaling;
	struct imc_rt_lut lut;
	struct imc_hal_window max;
	struct imc_rt_average_pool average;
	struct imc_rt_conv conv;
	struct imc_rt_depthwise depthwise;
	int32_t rows, in_rows, line, in_line;
};

/* ---- the kernels ---- */

static int run_depthwise(const struct imc_rt_depthwise *p, const int8_t *from,
			 int8_t *to, int32_t row, int32_t n)
{
	struct imc_hal_depthwise job;
	int32_t lines = p->window.out_lines ? p->window.out_lines : 1 << 20;
	int32_t at = row % lines * p->window.out_w * p->window.out_c;
	int8_t before = to[at];
	int status;

	if (row % 2) /* both forms */
		return imc_rt_depthwise(&hal, p, &t, from, to, row, n);
	status = imc_rt_depthwise_start(&hal, &job, p, &t, from, to, row, n);
	if (hal.late)
		EXPECT(to[at] == before);
	return status ? status : imc_hal_wait(&hal, IMC_HAL_PORT);
}

static int run(void *cx, const int8_t *from, const int8_t *other, int8_t *to,
	       int32_t row, int32_t n)
{
	const struct kernel *k = cx;
	int32_t chan = k->conv.window.out_c;

	other = other ? other : b;
	switch (k->kind) {
	case ADD:
		return imc_rt_add(&hal, &k->binary, from, other, to, row, n);
	case MUL:
		return imc_rt_mul(&hal, &k->binary, from, other, to, row, n);
	case RESCALE:
		return imc_rt_rescale_i8(&hal, &k->rescaling, from, to, row, n);
	case LUT:
		return imc_rt_lut(&hal, &k->lut, &t, from, to, row, n);
	case MAX_POOL:
		return imc_rt_max_pool(&hal, &k->max, from, to, row, n);
	case AVERAGE_POOL:
		return imc_rt_average_pool(&hal, &k->average, &t, from, to, row,
					   n);
	case CONV:
		return imc_rt_conv(&hal, &k->conv, &t, from, to, row, n, 0,
				   chan);
	case PE:
		return imc_rt_pe(&hal, &k->conv, &t, from, to, row, n, 0, chan);
	case DEPTHWISE:
		return run_depthwise(&k->depthwise, from, to, row, n);
	case N_KIND:
		break;
	}
	return IMC_RT_E_ARGUMENT;
}

static void set_rings(void *cx, int32_t in, int32_t out)
{
	struct kernel *k = cx;
	struct imc_hal_window *w[] = {&k->max, &k->average.window,
				      &k->conv.window, &k->depthwise.window};

	for (size_t i = 0; i < sizeof w / sizeof *w; i++) {
		w[i]->in_lines = in;
		w[i]->out_lines = out;
	}
	k->binary.a_ring = k->rescaling.x_ring = k->lut.x_ring =
		in * k->in_line;
	k->binary.b_ring = k->binary.b_step[5] ? in * k->in_line : 0;
	k->binary.y_ring = k->rescaling.y_ring = k->lut.y_ring = out * k->line;
}

/* ---- checks ---- */

/* All rows, the later half of them first. */
static void run_cuts(struct random *r, struct kernel *k)
{
	int32_t half = pick(r, 0, k->rows), n;

	for (int32_t at = half; at < k->rows; at += n) {
		n = pick(r, 1, k->rows - at);
		EXPECT(run(k, x, b, y, at, n) == IMC_RT_OK);
	}
	for (int32_t at = 0; at < half; at += n) {
		n = pick(r, 1, half - at);
		EXPECT(run(k, x, b, y, at, n) == IMC_RT_OK);
	}
}

static void check_cuts(struct random *r, struct kernel *k)
{
	int32_t bytes = k->rows * k->line, first = pick(r, 0, k->rows - 1);
	int32_t n = pick(r, 1, k->rows - first), bad = 0;

	EXPECT(bytes > 0 && bytes < MAX);
	memset(y, UNTOUCHED, sizeof y);
	EXPECT(run(k, x, b, whole, 0, k->rows) == IMC_RT_OK);
	EXPECT(run(k, x, b, y, first, n) == IMC_RT_OK);
	for (int32_t i = 0; i < MAX; i++) {
		int inside = i >= first * k->line && i < (first + n) * k->line;

		bad += y[i] != (inside ? whole[i] : UNTOUCHED);
	}
	CHECK(bad == 0, "%s: some rows: %d wrong", names[k->kind], bad);
	run_cuts(r, k);
	CHECK(!memcmp(y, whole, (size_t)bytes), "%s: cuts", names[k->kind]);
	CHECK(y[bytes] == UNTOUCHED, "%s: too much", names[k->kind]);
}

static void check_rings(struct random *r, struct kernel *k)
{
	struct strips s = {.window = k->kind < MAX_POOL ? NULL : &k->max,
			   .rows = k->rows,
			   .line = k->line,
			   .in_rows = k->in_rows,
			   .in_line = k->in_line,
			   .multiple = 1,
			   .x = x,
			   .b = k->kind <= MUL && k->binary.b_step[5] ? b : 0,
			   .cx = k,
			   .set = set_rings,
			   .run = run};
	int32_t bytes = k->rows * k->line;

	for (int i = 0; i < 3; i++) {
		memset(y, UNTOUCHED, sizeof y);
		EXPECT(strips_run(r, &hal, &s, y) == IMC_RT_OK);
		CHECK(!memcmp(y, whole, (size_t)bytes), "%s: rings",
		      names[k->kind]);
		CHECK(y[bytes] == UNTOUCHED, "%s: too much", names[k->kind]);
	}
}

/* A kernel under its kinds first .. last. */
static void check_kinds(struct random *r, struct kernel *k, enum kind first,
			enum kind last)
{
	for (int kind = first; kind <= (int)last; kind++) {
		k->kind = (enum kind)kind;
		set_rings(k, 0, 0);
		check_cuts(r, k);
		check_rings(r, k);
	}
}

/* Channels in blocks, each with the tables of its own, on rows of a ring. */
static void check_blocks(struct random *r, const struct kernel *k, int pe)
{
	const struct imc_hal_window *w = &k->conv.window;
	int32_t per = w->kernel_h * w->kernel_w * w->in_c / k->conv.group;
	int32_t row = pick(r, 0, w->out_h - 1), n, bad = 0;
	int32_t n_row = pick(r, 1, w->out_h - row);

	memset(y, UNTOUCHED, sizeof y);
	for (int32_t c = 0; c < w->out_c; c += n) {
		static struct tables block;

		n = pick(r, 1, w->out_c - c);
		memset(&block, 0x11, sizeof block);
		for (int32_t j = 0; j < n; j++) {
			block.bias[j] = t.bias[c + j];
			block.mult[j] = t.mult[c + j];
			block.shift[j] = t.shift[c + j];
		}
		memcpy(block.w, t.w + c * per, (size_t)(n * per));
		EXPECT(!(pe ? imc_rt_pe : imc_rt_conv)(&hal, &k->conv, &block,
						       x, y, row, n_row, c, n));
	}
	for (int32_t i = 0; i < MAX; i++) {
		int inside = i >= row * k->line && i < (row + n_row) * k->line;

		bad += y[i] != (inside ? whole[i] : UNTOUCHED);
	}
	CHECK(bad == 0, "blocks: %d wrong", bad);
}

/* ---- random descriptors ---- */

static void pick_tables(struct random *r)
{
	pick_bytes(r, x, MAX, -128, 127);
	pick_bytes(r, b, MAX, -128, 127);
	pick_bytes(r, t.w, MAX, -127, 127);
	for (int k = 0; k < 64; k++) {
		t.bias[k] = pick(r, -5000, 5000);
		t.mult[k] = pick(r, 1 << 29, INT32_MAX);
		t.shift[k] = pick(r, 34, 40);
		t.fine[k] = pick(r, 6, 12);
	}
}

static struct imc_hal_window pick_window(struct random *r)
{
	struct imc_hal_window v = {
		.n = 1,
		.in_h = pick(r, 3, 12),
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

/* y [rows][cols] = a and b, or b one element. */
static void check_elements(struct random *r)
{
	int repeat = pick(r, 0, 1);
	int32_t rows = pick(r, 1, 9), cols = pick(r, 1, 40);
	struct kernel k = {
		.rows = rows, .in_rows = rows, .line = cols, .in_line = cols};

	k.binary = (struct imc_rt_binary){
		.dim = {1, 1, 1, 1, rows, cols},
		.a_step = {0, 0, 0, 0, cols, 1},
		.b_step = {0, 0, 0, 0, repeat ? 0 : cols, repeat ? 0 : 1},
		.row_size = cols,
		.zero_a = pick(r, -128, 127),
		.zero_b = pick(r, -128, 127),
		.mult_a = pick(r, 0, 1 << 20),
		.mult_b = -pick(r, 0, 1 << 20),
		.shift = pick(r, 18, 24),
		.lo = -128,
		.hi = 127,
	};
	if (!repeat && pick(r, 0, 1)) { /* as one run */
		k.binary.dim[4] = 1;
		k.binary.dim[5] = rows * cols;
	}
	k.rescaling = (struct imc_rt_rescaling){.row_size = cols,
						.zero_x = pick(r, -128, 127),
						.mult = 1 << 29,
						.shift = 30,
						.lo = -100,
						.hi = 99};
	k.lut = (struct imc_rt_lut){.row_size = cols, .table = AT(w)};
	check_kinds(r, &k, ADD, LUT);
}

static void check_windows(struct random *r)
{
	struct imc_hal_window v = pick_window(r);
	struct kernel k = {.rows = v.out_h,
			   .in_rows = v.in_h,
			   .line = v.out_w * v.out_c,
			   .in_line = v.in_w * v.in_c,
			   .max = v};

	k.average = (struct imc_rt_average_pool){.window = v,
						 .mult = AT(mult),
						 .shift = 31,
						 .zero_x = pick(r, -128, 127),
						 .lo = -128,
						 .hi = 127};
	k.conv = (struct imc_rt_conv){.window = v,
				      .group = pick(r, 0, 1) ? 1 : v.in_c,
				      .weights = AT(w),
				      .bias = AT(bias),
				      .mult = AT(mult),
				      .shift = AT(shift),
				      .zero_x = pick(r, -128, 127),
				      .lo = -128,
				      .hi = 127};
	k.depthwise = (struct imc_rt_depthwise){.window = v,
						.weights = AT(w),
						.bias = AT(bias),
						.shift = AT(fine),
						.zero_x = pick(r, -128, 127),
						.lo = -128,
						.hi = 127};
	check_kinds(r, &k, MAX_POOL, DEPTHWISE);
	k.kind = CONV;
	set_rings(&k, 0, 0);
	EXPECT(run(&k, x, b, whole, 0, k.rows) == IMC_RT_OK);
	check_blocks(r, &k, 0);
	check_blocks(r, &k, 1);
}

/* [n_pixel][n_channel] in blocks of channels. */
static void check_load_channels(struct random *r)
{
	int32_t n_pixel = pick(r, 1, 20), n = pick(r, 1, 20);
	int32_t chan = pick(r, 0, n - 1), n_chan = pick(r, 1, n - chan);
	int32_t bad = 0;

	memset(y, UNTOUCHED, sizeof y);
	EXPECT(!imc_rt_load_channels(&hal, y, x, n_pixel, n, chan, n_chan));
	EXPECT(!imc_hal_wait(&hal, IMC_HAL_DMA));
	for (int32_t i = 0; i < n_pixel * n_chan; i++)
		bad += y[i] != x[i / n_chan * n + chan + i % n_chan];
	CHECK(bad == 0, "%d wrong", bad);
	EXPECT(y[n_pixel * n_chan] == UNTOUCHED);
}

static void check_refusals(struct random *r)
{
	struct imc_rt_depthwise d = {.window = pick_window(r),
				     .weights = AT(w),
				     .bias = AT(bias),
				     .shift = AT(shift)};
	struct imc_hal_depthwise job;
	int32_t rows = d.window.out_h;

	EXPECT(imc_rt_depthwise_start(&hal, &job, &d, &t, x, y, 0, rows + 1) ==
	       IMC_RT_E_DEVICE);
	EXPECT(imc_rt_depthwise_start(&hal, &job, &d, &t, x, y, rows, 1) ==
	       IMC_RT_E_DEVICE);
	EXPECT(imc_rt_depthwise_start(&hal, &job, &d, &t, x, y, -1, 1) ==
	       IMC_RT_E_DEVICE);
	d.window.out_c = 2 * d.window.in_c + 1;
	if (d.window.in_c > 1)
		EXPECT(imc_rt_depthwise(&hal, &d, &t, x, y, 0, 1) ==
		       IMC_RT_E_DEVICE);
}

int main(void)
{
	struct random r = {5};

	hal.n_core = 3;
	imc_hal_host_start(&hal);
	for (int i = 0; i < 200; i++) {
		hal.late = i & 1;
		pick_tables(&r);
		check_elements(&r);
		check_windows(&r);
		check_load_channels(&r);
		check_refusals(&r);
	}
	imc_hal_host_stop(&hal);
	return check_result();
}
