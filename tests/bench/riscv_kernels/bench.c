/* Counts the instructions of kernels for each layer: on one core, of the
 * busiest of 8 cores, of plain loops, and of a peer. Cores run one after
 * another, each counted on its own; waiting is not counted. */
#include "bench.h"

#include <stdio.h>
#include <string.h>

#include "imc_rt_num.h"

#define CORES 8

struct imc_hal {
	int32_t n_core;
	uint32_t busiest;
};

static uint32_t instructions(void)
{
	uint32_t n;

	__asm__ volatile(".option push\n.option arch, +zicsr\n"
			 "csrr %0, minstret\n.option pop"
			 : "=r"(n)
			 :
			 : "memory");
	return n;
}

void imc_hal_fork(struct imc_hal *hal,
		  void (*fn)(void *arg, int32_t core, int32_t n_core),
		  void *arg)
{
	for (int32_t i = 0; i < hal->n_core; i++) {
		uint32_t n = instructions();

		fn(arg, i, hal->n_core);
		n = instructions() - n;
		hal->busiest = n > hal->busiest ? n : hal->busiest;
	}
}

/* The codes are there. */
int imc_hal_ima_start(struct imc_hal *hal, const struct imc_hal_job *job)
{
	return (void)hal, (void)job, IMC_RT_OK;
}

int imc_hal_wait(struct imc_hal *hal, int units)
{
	return (void)hal, (void)units, IMC_RT_OK;
}

/* ---- layers ---- */

#define MAX (1 << 16)

static int8_t x[MAX], b[MAX], y[MAX], want[MAX];
static int32_t scratch[MAX / 4];
static struct {
	int32_t bias[1024], mult[1024], shift[1024];
	int8_t weights[MAX];
} constants;

#define AT(member) ((int32_t)offsetof(__typeof__(constants), member))

static const struct bench_layer layers[] = {
	{"conv 3x3, 16 -> 16, 32x32",
	 BENCH_CONV,
	 {1, 32, 32, 16, 32, 32, 16, 0, 0, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
	 0},
	{"conv 3x3, 64 -> 64, 8x8",
	 BENCH_CONV,
	 {1, 8, 8, 64, 8, 8, 64, 0, 0, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
	 0},
	{"conv 3x3, 3 -> 16, 32x32",
	 BENCH_CONV,
	 {1, 32, 32, 3, 32, 32, 16, 0, 0, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
	 0},
	{"conv 3x3 stride 2, 32 -> 64, 16x16",
	 BENCH_CONV,
	 {1, 16, 16, 32, 8, 8, 64, 0, 0, 3, 3, 2, 2, 1, 1, 0, 0, 1, 1},
	 0},
	{"conv 5x5 stride 2, 8 -> 16, 32x32",
	 BENCH_CONV,
	 {1, 32, 32, 8, 16, 16, 16, 0, 0, 5, 5, 2, 2, 1, 1, 2, 2, 1, 1},
	 0},
	{"conv 1x1, 64 -> 64, 16x16",
	 BENCH_CONV,
	 {1, 16, 16, 64, 16, 16, 64, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
	 0},
	{"conv 1x1, 16 -> 96, 16x16",
	 BENCH_CONV,
	 {1, 16, 16, 16, 16, 16, 96, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
	 0},
	{"conv 1x1 stride 2, 16 -> 32, 32x32",
	 BENCH_CONV,
	 {1, 32, 32, 16, 16, 16, 32, 0, 0, 1, 1, 2, 2, 1, 1, 0, 0, 0, 0},
	 0},
	{"depth-wise 3x3, 64, 16x16",
	 BENCH_DEPTHWISE,
	 {1, 16, 16, 64, 16, 16, 64, 0, 0, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
	 0},
	{"depth-wise 3x3 stride 2, 64, 16x16",
	 BENCH_DEPTHWISE,
	 {1, 16, 16, 64, 8, 8, 64, 0, 0, 3, 3, 2, 2, 1, 1, 0, 0, 1, 1},
	 0},
	{"depth-wise 5x5, 32, 16x16",
	 BENCH_DEPTHWISE,
	 {1, 16, 16, 32, 16, 16, 32, 0, 0, 5, 5, 1, 1, 1, 1, 2, 2, 2, 2},
	 0},
	{"fully connected, 640 -> 64",
	 BENCH_FULL,
	 {1, 1, 1, 640, 1, 1, 64, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
	 0},
	{"fully connected, 64 -> 10",
	 BENCH_FULL,
	 {1, 1, 1, 64, 1, 1, 10, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
	 0},
	{"add, 16 x 32x32",
	 BENCH_ADD,
	 {1, 32, 32, 16, 32, 32, 16, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
	 0},
	{"average pool 8x8, 64",
	 BENCH_AVERAGE,
	 {1, 8, 8, 64, 1, 1, 64, 0, 0, 8, 8, 1, 1, 1, 1, 0, 0, 0, 0},
	 0},
	{"max pool 2x2 stride 2, 16, 32x32",
	 BENCH_MAX,
	 {1, 32, 32, 16, 16, 16, 16, 0, 0, 2, 2, 2, 2, 1, 1, 0, 0, 0, 0},
	 0},
	{"codes, 1 slice, 64 columns, 8x8",
	 BENCH_CODES,
	 {1, 8, 8, 16, 8, 8, 64, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
	 1},
	{"codes, 2 slices, 64 columns, 8x8",
	 BENCH_CODES,
	 {1, 8, 8, 16, 8, 8, 64, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},
	 2},
};

static int32_t macs_of(const struct bench_layer *l)
{
	const struct imc_hal_window *w = &l->w;
	int32_t n = w->out_h * w->out_w * w->out_c;

	if (l->kind == BENCH_CODES)
		return n * l->slices;
	n *= w->kernel_h * w->kernel_w;
	return l->kind == BENCH_CONV || l->kind == BENCH_FULL ? n * w->in_c : n;
}

/* Full-range data whose results are not all clamped. */
static struct bench_data data_of(const struct bench_layer *l)
{
	struct bench_data d = {x,
			       b,
			       y,
			       constants.weights,
			       constants.bias,
			       constants.mult,
			       constants.shift,
			       -100,
			       3,
			       -128,
			       127,
			       scratch};
	uint32_t state = 1;
	int8_t *code = d.scratch;

	for (int32_t i = 0; i < MAX; i++) {
		state = state * 1664525u + 1013904223u;
		x[i] = (int8_t)(state >> 24);
		b[i] = (int8_t)(state >> 16);
		constants.weights[i] = (int8_t)((int8_t)(state >> 12) >> 1);
		code[i] = (int8_t)(state >> 20);
	}
	for (int32_t k = 0; k < 1024; k++) {
		constants.bias[k] = 100 * k - 3000;
		constants.mult[k] = 1073741824 + 999983 * k;
		constants.shift[k] = l->kind == BENCH_AVERAGE ? 36 : 40;
	}
	return d;
}

static struct imc_rt_binary binary_of(const struct bench_layer *l,
				      const struct bench_data *d)
{
	int32_t n = l->w.out_h * l->w.out_w * l->w.out_c;
	struct imc_rt_binary p = {.dim = {1, 1, 1, 1, 1, n},
				  .a_step = {0, 0, 0, 0, 0, 1},
				  .b_step = {0, 0, 0, 0, 0, 1},
				  .row_size = n,
				  .zero_a = d->zero_x,
				  .zero_b = d->zero_x,
				  .mult_a = BENCH_MULT_A,
				  .mult_b = BENCH_MULT_B,
				  .shift = BENCH_SHIFT,
				  .zero_y = d->zero_y,
				  .lo = d->lo,
				  .hi = d->hi};

	return p;
}

static void run_codes(struct imc_hal *hal, const struct bench_layer *l,
		      const struct bench_data *d)
{
	static int32_t zero[1024];
	const struct imc_hal_tile tile = {.w = l->slices * l->w.out_c,
					  .h = l->w.in_c,
					  .n_channel = l->w.in_c,
					  .n_col = l->w.out_c,
					  .patch_h = 1,
					  .patch_w = 1};
	struct imc_rt_crossbar p = {.window = l->w,
				    .tile = &tile,
				    .n_tile = 1,
				    .adc_mult = d->mult,
				    .adc_shift = d->shift,
				    .adc_zero = zero,
				    .adc_lo = -128,
				    .adc_hi = 127,
				    .slices = l->slices,
				    .slice_bits = 4,
				    .strip_rows = l->w.out_h,
				    .bias = AT(bias),
				    .mult = AT(mult),
				    .shift = AT(shift),
				    .zero = AT(weights),
				    .zero_y = d->zero_y,
				    .lo = d->lo,
				    .hi = d->hi};

	for (int32_t k = 0; k < l->w.out_c; k++)
		zero[k] = d->zero_x;
	memcpy(constants.weights, zero, sizeof zero);
	imc_rt_crossbar(hal, &p, &constants, d->x, d->y, d->scratch, 0,
			l->w.out_h);
}

static void run_conv(struct imc_hal *hal, const struct bench_layer *l,
		     const struct bench_data *d)
{
	struct imc_rt_conv p = {.window = l->w,
				.group = l->kind == BENCH_DEPTHWISE ? l->w.in_c
								    : 1,
				.weights = AT(weights),
				.bias = AT(bias),
				.mult = AT(mult),
				.shift = AT(shift),
				.zero_x = d->zero_x,
				.zero_y = d->zero_y,
				.lo = d->lo,
				.hi = d->hi};

	imc_rt_conv(hal, &p, &constants, d->x, d->y, 0, l->w.out_h, 0,
		    l->w.out_c);
}

static void run(struct imc_hal *hal, const struct bench_layer *l,
		const struct bench_data *d)
{
	struct imc_rt_binary add = binary_of(l, d);
	struct imc_rt_average_pool average = {.window = l->w,
					      .mult = AT(mult),
					      .count_min = l->w.kernel_h *
							   l->w.kernel_w,
					      .shift = d->shift[0],
					      .zero_x = d->zero_x,
					      .zero_y = d->zero_y,
					      .lo = d->lo,
					      .hi = d->hi};

	switch (l->kind) {
	case BENCH_CONV:
	case BENCH_DEPTHWISE:
	case BENCH_FULL:
		run_conv(hal, l, d);
		break;
	case BENCH_ADD:
		imc_rt_add(hal, &add, d->x, d->b, d->y, 0, 1);
		break;
	case BENCH_AVERAGE:
		imc_rt_average_pool(hal, &average, &constants, d->x, d->y, 0,
				    l->w.out_h);
		break;
	case BENCH_MAX:
		imc_rt_max_pool(hal, &l->w, d->x, d->y, 0, l->w.out_h);
		break;
	case BENCH_CODES:
		run_codes(hal, l, d);
		break;
	case BENCH_N_KIND:
		break;
	}
}

/* ---- the table ---- */

static void print_ratio(uint32_t n, uint32_t of)
{
	uint32_t hundredths = (uint32_t)((uint64_t)n * 100 / of);

	printf(" %5lu.%02lu", (unsigned long)(hundredths / 100),
	       (unsigned long)(hundredths % 100));
}

/* Whether the results are those of the plain loops. */
static int measure(const struct bench_layer *l)
{
	struct imc_hal one = {.n_core = 1}, many = {.n_core = CORES};
	struct bench_data d = data_of(l);
	size_t bytes = (size_t)(l->w.out_h * l->w.out_w * l->w.out_c);
	uint32_t macs = (uint32_t)macs_of(l), plain, peer;
	int same;

	plain = instructions();
	bench_plain(l, &d);
	plain = instructions() - plain;
	memcpy(want, y, bytes);
	run(&one, l, &d);
	same = !memcmp(y, want, bytes);
	memset(y, 99, bytes);
	run(&many, l, &d);
	same = same && !memcmp(y, want, bytes);
	d = data_of(l);
	for (int32_t k = 0; k < 1024; k++)
		d.shift[k] = 31 - d.shift[k];
	peer = instructions();
	peer = bench_peer(l, &d) ? instructions() - peer : 0;
	printf("%-36s %9lu", l->name, (unsigned long)one.busiest);
	print_ratio(one.busiest, macs);
	print_ratio(plain, macs);
	if (peer)
		print_ratio(peer, macs);
	else
		printf("        -");
	print_ratio(one.busiest, many.busiest);
	printf("%s\n", same ? "" : "  WRONG");
	return same;
}

int main(void)
{
	int good = 1;

	printf("%-36s %9s %8s %8s %8s %8s\n", "layer", "instr.", "per MAC",
	       "plain", "peer", "8 cores");
	for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
		good = measure(&layers[i]) && good;
	return !good;
}
