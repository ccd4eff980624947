/* The crossbar kernel on the host's arrays against the formulas of
 * ir/README.md, written down once more without tiles. */
#include <stdlib.h>
#include <string.h>

#include "imc_hal_host.h"
#include "imc_rt.h"
#include "imc_rt_num.h"
#include "tests/check.h"
#include "tests/runtime/random.h"

#define ROWS 128
#define COLS 48
#define ARRAYS 24
#define MAX_X 4096
#define MAX_K 32
#define MAX_W 8192
#define MAX_SCRATCH (1 << 16)

/* A layer as the compiler would give it. */
struct layer {
	struct imc_rt_crossbar p;
	int32_t group, bundle, block_rows, block_cols, adc, n_drive;
	struct imc_hal_tile tile[ARRAYS];
	int8_t x[MAX_X], w[MAX_W], biasrow[4 * MAX_K], drive[4];
	int8_t y[MAX_X], want[MAX_X];
	int32_t bias[MAX_K], mult[MAX_K], shift[MAX_K];
	int32_t adc_mult[MAX_K], adc_shift[MAX_K], adc_zero[MAX_K];
};

/* Two signed digits of 4 bits, of weights made as low + 16 * high. */
static int32_t slice(int32_t w, int32_t s, int32_t n)
{
	int32_t low = ((w % 16) + 16) % 16;

	if (n == 1)
		return w;
	low = low > 8 ? low - 16 : low;
	return s ? (w - low) / 16 : low;
}

/* ---- the reference ---- */

/* Sum of block `block`, slice s, column k for window (oy, ox). */
static int32_t block_sum(const struct layer *l, int32_t k, int32_t block,
			 int32_t s, int32_t oy, int32_t ox)
{
	const struct imc_hal_window *v = &l->p.window;
	int32_t per = v->in_c / l->group, g = k / (v->out_c / l->group);
	int32_t first = g / l->bundle * l->bundle;
	int32_t in_bundle =
		first + l->bundle > l->group ? l->group - first : l->bundle;
	int32_t channels = in_bundle * per, sum = 0;
	int32_t rows = v->kernel_h * v->kernel_w * channels;

	for (int32_t r = block * l->block_rows;
	     r < rows && r < (block + 1) * l->block_rows; r++) {
		int32_t c = first * per + r % channels, tap = r / channels;
		int32_t ky = tap / v->kernel_w, kx = tap % v->kernel_w;
		int32_t y = oy * v->stride_h - v->pad_top + ky * v->dilation_h;
		int32_t x = ox * v->stride_w - v->pad_left + kx * v->dilation_w;

		if (c / per != g || y < 0 || x < 0 || y >= v->in_h ||
		    x >= v->in_w)
			continue;
		sum += (l->x[(y * v->in_w + x) * v->in_c + c] - l->p.zero_x) *
		       slice(l->w[(k * v->kernel_h * v->kernel_w + tap) * per +
				  c % per],
			     s, l->p.slices);
	}
	for (int32_t i = 0; i < l->n_drive; i++)
		if ((block + 1) * l->block_rows >= rows && s == 0)
			sum += l->drive[i] * l->biasrow[i * v->out_c + k];
	return sum;
}

static int32_t n_block(const struct layer *l)
{
	const struct imc_hal_window *v = &l->p.window;
	int32_t rows =
		v->kernel_h * v->kernel_w * l->bundle * v->in_c / l->group;

	return (rows + l->block_rows - 1) / l->block_rows;
}

static int8_t want_at(const struct layer *l, int32_t oy, int32_t ox, int32_t k)
{
	const struct imc_rt_crossbar *p = &l->p;
	int64_t total = 0;
	int32_t code = 0, zero = l->adc ? l->adc_zero[k] : 0;

	for (int32_t b = 0; b < n_block(l); b++)
		for (int32_t s = 0; s < p->slices; s++) {
			code = block_sum(l, k, b, s, oy, ox);
			if (l->adc)
				code = imc_rt_requant(code, l->adc_mult[k],
						      l->adc_shift[k], zero,
						      p->adc_lo, p->adc_hi);
			total += (int64_t)(code - zero) * (s ? 16 : 1);
		}
	if (p->strip_rows)
		return (int8_t)imc_rt_requant(
			(l->adc ? total * 64 : total) + l->bias[k], l->mult[k],
			l->shift[k], p->zero_y, p->lo, p->hi);
	if (n_block(l) == 1)
		return (int8_t)code;
	return (int8_t)imc_rt_clamp(total + p->zero_y, p->lo, p->hi);
}

/* ---- tiles and cells ---- */

static void program(struct imc_hal *hal, const struct layer *l,
		    const struct imc_hal_tile *t)
{
	static int8_t cells[ROWS * COLS];
	const struct imc_hal_window *v = &l->p.window;
	int32_t per = v->in_c / l->group;
	int32_t n_row = t->h - t->n_bias;

	memset(cells, 0, sizeof cells);
	for (int32_t r = 0; r < t->h; r++)
		for (int32_t j = 0; j < t->w; j++) {
			int32_t k = t->k0 + j % t->n_col, s = j / t->n_col;
			int32_t row = t->row0 + r, tap = row / t->n_channel;
			int32_t c = t->c0 + row % t->n_channel;
			int8_t *cell = &cells[r * t->w + j];

			if (r >= n_row)
				*cell = s ? 0
					  : l->biasrow[(r - n_row) * v->out_c +
						       k];
			else if (c / per == k / (v->out_c / l->group))
				*cell = (int8_t)slice(
					l->w[(k * v->kernel_h * v->kernel_w +
					      tap) * per +
					     c % per],
					s, l->p.slices);
		}
	EXPECT(imc_hal_ima_write(hal, t, cells, t->w) == IMC_RT_OK);
}

static void add_tiles(struct layer *l, int32_t bundle)
{
	const struct imc_hal_window *v = &l->p.window;
	int32_t first = bundle * l->bundle;
	int32_t n = first + l->bundle > l->group ? l->group - first : l->bundle;
	int32_t channels = n * v->in_c / l->group;
	int32_t rows = v->kernel_h * v->kernel_w * channels;
	int32_t cols = n * v->out_c / l->group;

	for (int32_t col = 0; col < cols; col += l->block_cols)
		for (int32_t row = 0; row < rows; row += l->block_rows) {
			int32_t i = l->p.n_tile++;
			struct imc_hal_tile *t = &l->tile[i];
			int32_t left = rows - row;

			t->array = i;
			t->row0 = row;
			t->c0 = first * v->in_c / l->group;
			t->n_channel = channels;
			t->k0 = first * v->out_c / l->group + col;
			t->n_col = cols - col < l->block_cols ? cols - col
							      : l->block_cols;
			t->n_bias = left <= l->block_rows ? l->n_drive : 0;
			t->h = (left < l->block_rows ? left : l->block_rows) +
			       t->n_bias;
			t->w = t->n_col * l->p.slices;
			t->x = COLS - t->w;
			t->y = (ROWS - t->h) / 2;
		}
}

/* ---- random layers ---- */

static int32_t out_size(int32_t in, int32_t before, int32_t after,
			int32_t kernel, int32_t dilation, int32_t stride)
{
	return (in + before + after - (kernel - 1) * dilation - 1) / stride + 1;
}

static void pick_window(struct random *r, struct layer *l)
{
	struct imc_hal_window *v = &l->p.window;

	l->group = pick(r, 0, 1) ? 1 : pick(r, 2, 3);
	v->n = pick(r, 1, 2);
	v->in_h = pick(r, 3, 6);
	v->in_w = pick(r, 3, 6);
	v->in_c = l->group * pick(r, 1, 4);
	v->out_c = l->group * pick(r, 1, 5);
	v->kernel_h = pick(r, 1, 3);
	v->kernel_w = pick(r, 1, 3);
	v->stride_h = pick(r, 1, 2);
	v->stride_w = pick(r, 1, 2);
	v->dilation_h = pick(r, 1, v->kernel_h < 3 ? 2 : 1);
	v->dilation_w = pick(r, 1, v->kernel_w < 3 ? 2 : 1);
	v->pad_top = pick(r, 0, 2);
	v->pad_left = pick(r, 0, 1);
	v->pad_bottom = pick(r, 0, 1);
	v->pad_right = pick(r, 0, 2);
	v->out_h = out_size(v->in_h, v->pad_top, v->pad_bottom, v->kernel_h,
			    v->dilation_h, v->stride_h);
	v->out_w = out_size(v->in_w, v->pad_left, v->pad_right, v->kernel_w,
			    v->dilation_w, v->stride_w);
}

static void pick_tables(struct random *r, struct layer *l)
{
	int equal = pick(r, 0, 1);

	l->p.adc_per_column = !equal;
	for (int32_t k = 0; k < MAX_K; k++) {
		int first = k == 0 || !equal;

		l->bias[k] = pick(r, -5000, 5000);
		l->mult[k] = pick(r, 1 << 29, INT32_MAX);
		l->shift[k] = pick(r, 34, 40);
		l->adc_mult[k] =
			first ? pick(r, 1 << 29, INT32_MAX) : l->adc_mult[0];
		l->adc_shift[k] = first ? pick(r, 30, 34) : l->adc_shift[0];
		l->adc_zero[k] = first ? pick(r, -128, 20) : l->adc_zero[0];
	}
}

enum form { DIGITAL, DIRECT, AGGREGATED, WHOLE_SUMS, N_FORM };

static void pick_layer(struct random *r, struct layer *l, enum form form)
{
	struct imc_rt_crossbar *p = &l->p;
	int32_t rows;

	memset(l, 0, sizeof *l);
	pick_window(r, l);
	pick_tables(r, l);
	l->bundle = form == AGGREGATED ? 1 : pick(r, 1, l->group);
	rows = p->window.kernel_h * p->window.kernel_w * l->bundle *
	       p->window.in_c / l->group;
	l->block_rows = form == DIRECT || l->bundle > 1
				? rows
				: pick(r, (rows + 2) / 3, rows);
	l->block_cols = pick(r, 2, 8);
	l->adc = form != WHOLE_SUMS;
	l->n_drive = form == WHOLE_SUMS ? 0 : pick(r, 0, 2);
	p->slices = form == DIGITAL || form == WHOLE_SUMS ? pick(r, 1, 2) : 1;
	p->slice_bits = 4;
	p->strip_rows =
		form == DIGITAL || form == WHOLE_SUMS ? pick(r, 1, 4) : 0;
	p->zero_x = pick(r, -128, 127);
	p->zero_y = pick(r, -128, 127);
	p->lo = pick(r, -128, 0);
	p->hi = pick(r, 1, 127);
	p->adc_lo = pick(r, -128, -20);
	p->adc_hi = pick(r, 20, 127);
	pick_bytes(r, l->x, MAX_X, -128, 127);
	pick_bytes(r, l->biasrow, 4 * MAX_K, -7, 7);
	pick_bytes(r, l->drive, 4, -128, 127);
	for (int32_t i = 0; i < MAX_W; i++)
		l->w[i] = (int8_t)(pick(r, -7, 7) +
				   (p->slices > 1 ? 16 * pick(r, -7, 7) : 0));
}

static void set_pointers(struct layer *l)
{
	struct imc_rt_crossbar *p = &l->p;

	p->tile = l->tile;
	p->drive = l->drive;
	p->bias = l->bias;
	p->mult = l->mult;
	p->shift = l->shift;
	if (l->adc) {
		p->adc_mult = l->adc_mult;
		p->adc_shift = l->adc_shift;
		p->adc_zero = l->adc_zero;
	}
}

static void compare(struct layer *l, enum form form)
{
	const struct imc_hal_window *v = &l->p.window;
	int32_t in = v->in_h * v->in_w * v->in_c, at = 0, bad = 0;
	static int8_t all[MAX_X];

	memcpy(all, l->x, sizeof all);
	for (int32_t n = 0; n < v->n; n++) {
		memmove(l->x, all + n * in, (size_t)in);
		for (int32_t y = 0; y < v->out_h; y++)
			for (int32_t x = 0; x < v->out_w; x++)
				for (int32_t k = 0; k < v->out_c; k++)
					bad += l->y[at++] !=
					       want_at(l, y, x, k);
	}
	CHECK(bad == 0, "form %d: %d of %d wrong", (int)form, bad, at);
}

static void check_layer(struct imc_hal *hal, struct random *r, enum form form)
{
	static struct layer l;
	static int32_t scratch[MAX_SCRATCH];
	int status;

	pick_layer(r, &l, form);
	for (int32_t b = 0; b * l.bundle < l.group; b++)
		add_tiles(&l, b);
	set_pointers(&l);
	for (int32_t t = 0; t < l.p.n_tile; t++)
		program(hal, &l, &l.tile[t]);
	EXPECT(imc_rt_crossbar_scratch_bytes(&l.p) <= sizeof scratch);
	memset(scratch, 0x77, sizeof scratch);
	status = imc_rt_crossbar(hal, &l.p, l.x, l.y, scratch);
	CHECK(status == IMC_RT_OK, "status %d", status);
	/* nothing behind the scratch that was asked for is touched */
	EXPECT(((unsigned char *)
			scratch)[imc_rt_crossbar_scratch_bytes(&l.p)] == 0x77);
	compare(&l, form);
}

int main(void)
{
	static int8_t cells[ARRAYS * ROWS * COLS];
	static int32_t sums[2 * COLS];
	struct imc_hal hal = {.n_array = ARRAYS,
			      .rows = ROWS,
			      .cols = COLS,
			      .cells = cells,
			      .sums = sums};
	struct random r = {7};
	struct imc_hal_tile outside = {.array = 0, .x = 1, .w = COLS, .h = 1};

	for (int i = 0; i < 400; i++)
		check_layer(&hal, &r, (enum form)(i % N_FORM));
	EXPECT(imc_hal_ima_write(&hal, &outside, cells, COLS) ==
	       IMC_RT_E_DEVICE);
	return check_result();
}
