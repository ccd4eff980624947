/* What the crossbar kernel refuses, and that started work is done when it has
 * to be, not earlier and not later. */
#include <string.h>

#include "tests/check.h"
#include "tests/runtime/layer.h"

#define MAX_SCRATCH (1 << 18)

static int8_t cells[ARRAYS * ROWS * COLS];
static int32_t sums[2 * COLS];

static struct imc_hal machine(int32_t late)
{
	return (struct imc_hal){.n_array = ARRAYS,
				.rows = ROWS,
				.cols = COLS,
				.cells = cells,
				.sums = sums,
				.late = late,
				.n_core = 1};
}

/* ---- wrong descriptors ---- */

static void refused(const struct layer *l, struct imc_rt_crossbar p,
		    struct imc_hal_tile t, int which)
{
	static int8_t y[MAX_X];
	static int32_t scratch[MAX_SCRATCH / 4];
	struct imc_hal hal = machine(which & 1);
	int status;

	p.tile = &t;
	p.n_tile = 1;
	memset(y, 0x55, sizeof y);
	memset(scratch, 0x55, sizeof scratch);
	status = layer_run(&hal, l, &p, y, scratch);
	CHECK(status == IMC_RT_E_DEVICE, "case %d: status %d", which, status);
	EXPECT(y[0] == 0x55 && ((int8_t *)scratch)[0] == 0x55);
	EXPECT(imc_hal_wait(&hal, IMC_HAL_ALL) == IMC_RT_OK);
}

/* Makes mistake k; 0: there is none. */
static int spoil(struct imc_rt_crossbar *p, struct imc_hal_tile *t, int k)
{
	struct mistake {
		int32_t *field;
		int32_t value;
	} m[] = {
		{&t->array, -1},
		{&t->array, ARRAYS},
		{&t->x, -1},
		{&t->x, COLS - t->w + 1},
		{&t->y, -1},
		{&t->y, ROWS - t->h + 1},
		{&t->w, t->w + 1},
		{&t->w, 0},
		{&t->h, t->h + 1},
		{&t->h, t->n_bias},
		{&t->n_bias, -1},
		{&t->row0, -1},
		{&t->row0, t->h},
		{&t->c0, -1},
		{&t->c0, p->window.in_c},
		{&t->n_channel, 0},
		{&t->n_channel, p->window.in_c + 1},
		{&t->k0, -1},
		{&t->k0, p->window.out_c - t->n_col + 1},
		{&t->n_col, 0},
		{&t->n_col, t->n_col + 1},
		{&t->patch_h, 0},
		{&t->patch_w, 0},
		{&t->patch_h, -1},
		{&t->patch_w, p->window.out_w + 1},
		{&t->patch_w, t->patch_w + 1},
		{&t->patch_h, t->patch_h + 1},
		{&t->slice, -1},
		{&t->slice, 1},
		{&t->copy, -1},
		{&t->copy, 1},
		{&t->n_copy, -1},
		{&t->n_copy, 2},
		{&p->window.dilation_w, 2},
		{&p->window.kernel_h, 0},
		{&p->window.stride_w, 0},
	};

	if (k >= (int)(sizeof m / sizeof *m))
		return 0;
	*m[k].field = m[k].value;
	return 1;
}

/* A layer of one patched tile in which every field of the descriptor is used:
 * 3 x 3 windows, 2 x 2 patches, 6 channels in and 3 out. */
static struct layer small_layer(int digital)
{
	struct layer l = {0};
	struct imc_rt_crossbar *p = &l.p;

	p->window = (struct imc_hal_window){.n = 1,
					    .in_h = 8,
					    .in_w = 9,
					    .in_c = 6,
					    .out_h = 6,
					    .out_w = 7,
					    .out_c = 3,
					    .kernel_h = 3,
					    .kernel_w = 3,
					    .stride_h = 1,
					    .stride_w = 1,
					    .dilation_h = 1,
					    .dilation_w = 1};
	l.tile[0] = (struct imc_hal_tile){.array = 3,
					  .w = 12,
					  .h = 97,
					  .n_bias = 1,
					  .n_channel = 6,
					  .n_col = 3,
					  .patch_h = 2,
					  .patch_w = 2};
	p->n_tile = 1;
	p->slices = 1;
	p->slice_bits = 4;
	p->strip_rows = digital ? 4 : 0;
	p->lo = p->adc_lo = -128;
	p->hi = p->adc_hi = 127;
	return l;
}

static void point(struct layer *l)
{
	l->p.tile = l->tile;
	l->p.drive = l->drive;
	layer_places(l);
	l->p.adc_mult = l->adc_mult;
	l->p.adc_shift = l->adc_shift;
	l->p.adc_zero = l->adc_zero;
}

static void check_refusals(int digital)
{
	static struct layer l;
	static int8_t y[MAX_X];
	static int32_t scratch[MAX_SCRATCH / 4];
	struct imc_hal hal = machine(1);

	l = small_layer(digital);
	point(&l);
	EXPECT(layer_run(&hal, &l, &l.p, y, scratch) == IMC_RT_OK);
	for (int k = 0;; k++) {
		struct imc_rt_crossbar p = l.p;
		struct imc_hal_tile t = l.tile[0];

		if (!spoil(&p, &t, k))
			break;
		refused(&l, p, t, k);
	}
}

/* Four tiles of one slice each: two slices with two copies, or a slice with
 * four. */
static struct layer copied_layer(int digital)
{
	struct layer l = small_layer(digital);

	for (int32_t i = 0; i < 4; i++) {
		struct imc_hal_tile *t = &l.tile[i];

		*t = (struct imc_hal_tile){.array = i,
					   .w = 3,
					   .h = 54,
					   .n_channel = 6,
					   .n_col = 3,
					   .patch_h = 1,
					   .patch_w = 1,
					   .copy = i % 2,
					   .n_copy = 2};
		if (digital) {
			t->slice = i / 2;
		} else {
			t->copy = i;
			t->n_copy = 4;
		}
	}
	l.p.n_tile = 4;
	l.p.slices = digital ? 2 : 1;
	return l;
}

/* Makes mistake k in the order of slices and copies; 0: there is none. */
static int disorder(struct layer *l, int k)
{
	struct mistake {
		int32_t *field;
		int32_t value;
	} m[] = {
		{&l->tile[1].copy, 0},	 {&l->tile[0].copy, 1},
		{&l->tile[1].n_col, 2},	 {&l->tile[1].n_bias, 1},
		{&l->tile[3].slice, 3},	 {&l->tile[1].n_copy, 3},
		{&l->tile[2].n_copy, 1}, {&l->p.n_tile, 3},
	};

	if (k >= (int)(sizeof m / sizeof *m))
		return 0;
	*m[k].field = m[k].value;
	return 1;
}

static void check_orders(int digital)
{
	static struct layer l;
	static int8_t y[MAX_X];
	static int32_t scratch[MAX_SCRATCH / 4];

	for (int k = -1;; k++) {
		struct imc_hal hal = machine(k & 1);
		int status;

		l = copied_layer(digital);
		point(&l);
		if (k >= 0 && !disorder(&l, k))
			break;
		memset(y, 0x55, sizeof y);
		status = layer_run(&hal, &l, &l.p, y, scratch);
		CHECK(status == (k < 0 ? IMC_RT_OK : IMC_RT_E_DEVICE),
		      "case %d: status %d", k, status);
		EXPECT((y[0] == 0x55) == (k >= 0));
	}
	l.p.n_tile = 2; /* of two slices the second is missing */
	if (digital)
		EXPECT(layer_run(&(struct imc_hal){0}, &l, &l.p, y, scratch) ==
		       IMC_RT_E_DEVICE);
}

/* Mistakes that are no member of a tile. */
static void check_calls(void)
{
	static struct layer l;
	static int8_t y[MAX_X];
	static int32_t scratch[MAX_SCRATCH / 4];
	struct imc_hal hal = machine(1);
	struct imc_hal_tile outside = {.array = 0, .x = 1, .w = COLS, .h = 1};
	struct imc_hal_job job;
	struct imc_rt_crossbar p;

	l = small_layer(0);
	point(&l);
	EXPECT(imc_hal_ima_write(&hal, &outside, cells, COLS) ==
	       IMC_RT_E_DEVICE);
	/* rows that no patch begins or ends at, or that are not there */
	EXPECT(imc_rt_crossbar_start(&hal, &job, &l.p, l.x, y, 1, 2) ==
	       IMC_RT_E_DEVICE);
	EXPECT(imc_rt_crossbar_start(&hal, &job, &l.p, l.x, y, 0, 3) ==
	       IMC_RT_E_DEVICE);
	EXPECT(imc_rt_crossbar_start(&hal, &job, &l.p, l.x, y, 4, 4) ==
	       IMC_RT_E_DEVICE);
	p = l.p;
	p.drive = NULL;
	EXPECT(layer_run(&hal, &l, &p, y, NULL) == IMC_RT_E_DEVICE);
	p = l.p;
	p.adc_mult = NULL;
	EXPECT(layer_run(&hal, &l, &p, y, NULL) == IMC_RT_E_ARGUMENT);
	p = l.p;
	p.strip_rows = 2;
	EXPECT(layer_run(&hal, &l, &p, y, NULL) == IMC_RT_E_ARGUMENT);
	EXPECT(imc_rt_crossbar_start(&hal, &job, &p, l.x, y, 0, 2) ==
	       IMC_RT_E_ARGUMENT);
	p.strip_rows = 3; /* is no multiple of the patch */
	EXPECT(layer_run(&hal, &l, &p, y, scratch) == IMC_RT_E_DEVICE);
	p.strip_rows = 2; /* and this has other slices than the tile */
	p.slices = 2;
	EXPECT(layer_run(&hal, &l, &p, y, scratch) == IMC_RT_E_DEVICE);
	/* row blocks of a kernel that is not 1 x 1 have no patches */
	l.tile[0].row0 = 6;
	EXPECT(layer_run(&hal, &l, &l.p, y, NULL) == IMC_RT_E_DEVICE);
}

/* ---- what is done when, early and late ---- */

static void check_late(int32_t late)
{
	static struct layer l;
	static int8_t y[MAX_X], other[MAX_X];
	struct imc_hal hal = machine(late);
	struct imc_hal_job job, next;
	const char word[] = "copied";
	char copy[sizeof word] = "";

	l = small_layer(0);
	point(&l);
	l.p.adc_lo = 9; /* all that is read is 9 or more */
	memset(y, 0, sizeof y);
	memset(other, 0, sizeof other);
	EXPECT(imc_rt_crossbar_start(&hal, &job, &l.p, l.x, y, 0, 6) == 0);
	EXPECT((y[0] == 0) == late);
	/* the DMA has a port of its own */
	EXPECT(imc_rt_dma_start(&hal, copy, word, sizeof word) == 0);
	EXPECT((copy[0] == 0) == late && (y[0] == 0) == late);
	/* the next job waits for the first */
	EXPECT(imc_rt_crossbar_start(&hal, &next, &l.p, l.x, other, 0, 6) == 0);
	EXPECT(y[0] == 9 && (other[0] == 0) == late);
	EXPECT(imc_hal_wait(&hal, IMC_HAL_ALL) == IMC_RT_OK);
	EXPECT(other[0] == 9 && !memcmp(copy, word, sizeof word));
	/* a start that fails has waited for what ran */
	memset(y, 0, sizeof y);
	EXPECT(imc_rt_crossbar_start(&hal, &job, &l.p, l.x, y, 0, 6) == 0);
	EXPECT(imc_rt_crossbar_start(&hal, &next, &l.p, l.x, other, 0, 7) ==
	       IMC_RT_E_DEVICE);
	EXPECT(y[0] == 9);
	EXPECT(imc_hal_wait(&hal, IMC_HAL_ALL) == IMC_RT_OK);
}

int main(void)
{
	for (int i = 0; i < 2; i++) {
		check_refusals(i);
		check_orders(i);
		check_late(i);
	}
	check_calls();
	return check_result();
}
