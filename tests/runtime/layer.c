#include "tests/runtime/layer.h"

#include <stddef.h>
#include <string.h>

#include "imc_rt_num.h"

/* Of two signed digits of 4 bits, of weights made as low + 16 * high; of two's
 * complement, a bit. */
static int32_t slice(const struct layer *l, int32_t w, int32_t s)
{
	int32_t low = ((w % 16) + 16) % 16;

	if (l->p.slice_bits == 1)
		return (w + 256) / (1 << s) % 2;
	if (l->p.slices == 1)
		return w;
	low = low > 8 ? low - 16 : low;
	return s ? (w - low) / 16 : low;
}

/* What it counts. */
static int32_t value_of(const struct layer *l, int32_t s)
{
	if (l->p.slice_bits == 4)
		return s ? 16 : 1;
	return s == l->p.slices - 1 ? -(1 << s) : 1 << s;
}

int32_t layer_slices(const struct imc_hal_tile *t)
{
	return t->w / (t->patch_h * t->patch_w * t->n_col);
}

/* ---- the reference ---- */

/* Sum of block `block`, slice s, column k for window (oy, ox) of x. */
static int32_t block_sum(const struct layer *l, const int8_t *in, int32_t k,
			 int32_t block, int32_t s, int32_t oy, int32_t ox)
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
		sum += (in[(y * v->in_w + x) * v->in_c + c] - l->p.zero_x) *
		       slice(l,
			     l->w[(k * v->kernel_h * v->kernel_w + tap) * per +
				  c % per],
			     s);
	}
	for (int32_t i = 0; i < l->n_drive; i++)
		if ((block + 1) * l->block_rows >= rows && s == 0)
			sum += l->drive[i] * l->biasrow[i * v->out_c + k];
	return sum;
}

/* What the residual weights add to output k. */
static int64_t rest_of(const struct layer *l, const int8_t *in, int32_t k,
		       int32_t oy, int32_t ox)
{
	const struct imc_hal_window *v = &l->p.window;
	int32_t per = v->in_c / l->group, g = k / (v->out_c / l->group);
	int32_t taps = v->kernel_h * v->kernel_w;
	int64_t sum = 0;

	for (int32_t i = 0; i < taps * per; i++) {
		int32_t ky = i / per / v->kernel_w, kx = i / per % v->kernel_w;
		int32_t y = oy * v->stride_h - v->pad_top + ky * v->dilation_h;
		int32_t x = ox * v->stride_w - v->pad_left + kx * v->dilation_w;

		if (y < 0 || x < 0 || y >= v->in_h || x >= v->in_w)
			continue;
		sum += (in[(y * v->in_w + x) * v->in_c + g * per + i % per] -
			l->p.zero_x) *
		       l->rest[k * taps * per + i];
	}
	if (l->adc)
		return imc_rt_rescale(sum, l->adc_mult[k],
				      l->adc_shift[k] + l->residual.shift - 6);
	return imc_rt_rescale(sum, 1, l->residual.shift);
}

static int32_t n_block(const struct layer *l)
{
	const struct imc_hal_window *v = &l->p.window;
	int32_t rows =
		v->kernel_h * v->kernel_w * l->bundle * v->in_c / l->group;

	return (rows + l->block_rows - 1) / l->block_rows;
}

int8_t layer_want(const struct layer *l, int32_t n, int32_t oy, int32_t ox,
		  int32_t k)
{
	const struct imc_rt_crossbar *p = &l->p;
	const struct imc_hal_window *v = &p->window;
	const int8_t *x = l->x + n * v->in_h * v->in_w * v->in_c;
	int64_t total = 0;
	int32_t code = 0, zero = l->adc ? l->adc_zero[k] : 0;

	for (int32_t b = 0; b < n_block(l); b++)
		for (int32_t s = 0; s < p->slices; s++) {
			code = block_sum(l, x, k, b, s, oy, ox);
			if (l->adc)
				code = imc_rt_requant(code, l->adc_mult[k],
						      l->adc_shift[k], zero,
						      p->adc_lo, p->adc_hi);
			total += (int64_t)(code - zero) * value_of(l, s);
		}
	if (p->strip_rows) {
		total *= l->adc ? 64 : 1;
		if (p->residual)
			total += rest_of(l, x, k, oy, ox);
		return (int8_t)imc_rt_requant(total + l->bias[k], l->mult[k],
					      l->shift[k], p->zero_y, p->lo,
					      p->hi);
	}
	if (n_block(l) == 1)
		return (int8_t)code;
	return (int8_t)imc_rt_clamp(total + p->zero_y, p->lo, p->hi);
}

int32_t layer_out_bytes(const struct layer *l)
{
	const struct imc_hal_window *v = &l->p.window;

	return v->n * v->out_h * v->out_w * v->out_c;
}

/* ---- cells ---- */

struct positions positions_of(int32_t kernel, int32_t stride, int32_t dilation,
			      int32_t patch)
{
	struct positions s = {0};
	char read[64] = {0};

	for (int32_t p = 0; p < patch; p++)
		for (int32_t k = 0; k < kernel; k++)
			read[p * stride + k * dilation] = 1;
	for (int32_t i = 0; i < 64; i++)
		if (read[i])
			s.at[s.n++] = i;
	return s;
}

int32_t channels_of(const struct imc_hal_tile *t, int32_t n_position,
		    int32_t lines)
{
	return t->patch_h * t->patch_w == 1 ? t->n_channel : lines / n_position;
}

/* Which tap of output p lies at position `at`, or -1. */
static int32_t tap_at(int32_t kernel, int32_t stride, int32_t dilation,
		      int32_t p, int32_t at)
{
	for (int32_t k = 0; k < kernel; k++)
		if (p * stride + k * dilation == at)
			return k;
	return -1;
}

/* Slice s of the weight of output channel k for channel c on the input
 * position (y, x) of copy (py, px). */
static int32_t weight_at(const struct layer *l, int32_t k, int32_t c,
			 int32_t ky, int32_t kx, int32_t s)
{
	const struct imc_hal_window *v = &l->p.window;
	int32_t per = v->in_c / l->group;

	if (ky < 0 || kx < 0 || c / per != k / (v->out_c / l->group))
		return 0;
	return slice(l,
		     l->w[((k * v->kernel_h + ky) * v->kernel_w + kx) * per +
			  c % per],
		     s);
}

/* The cell on word line r and column `column` of tile t. */
static int32_t cell_at(const struct layer *l, const struct imc_hal_tile *t,
		       int32_t r, int32_t column)
{
	const struct imc_hal_window *v = &l->p.window;
	int32_t n_row = t->h - t->n_bias, j = column % t->n_col;
	int32_t s = t->slice + column / t->n_col % layer_slices(t);
	int32_t copy = column / t->n_col / layer_slices(t);
	int32_t py = copy / t->patch_w, px = copy % t->patch_w;
	struct positions ys = positions_of(v->kernel_h, v->stride_h,
					   v->dilation_h, t->patch_h);
	struct positions xs = positions_of(v->kernel_w, v->stride_w,
					   v->dilation_w, t->patch_w);
	int32_t channels = channels_of(t, ys.n * xs.n, n_row), c, u;

	if (r >= n_row)
		return s ? 0 : l->biasrow[(r - n_row) * v->out_c + t->k0 + j];
	if (t->patch_h * t->patch_w == 1)
		r += t->row0;
	u = r / channels;
	c = t->c0 + r % channels;
	if (t->patch_h * t->patch_w > 1)
		c += t->row0;
	return weight_at(l, t->k0 + j, c,
			 tap_at(v->kernel_h, v->stride_h, v->dilation_h, py,
				ys.at[u / xs.n]),
			 tap_at(v->kernel_w, v->stride_w, v->dilation_w, px,
				xs.at[u % xs.n]),
			 s);
}

static int program(struct imc_hal *hal, const struct layer *l,
		   const struct imc_hal_tile *t)
{
	static int8_t cells[ROWS * COLS];

	for (int32_t r = 0; r < t->h; r++)
		for (int32_t j = 0; j < t->w; j++)
			cells[r * t->w + j] = (int8_t)cell_at(l, t, r, j);
	return imc_hal_ima_write(hal, t, cells, t->w);
}

/* ---- tiles ---- */

/* Slices of a tile whose first one is s. */
static int32_t slices_from(const struct layer *l, int32_t s)
{
	int32_t left = l->p.slices - s;

	return left < l->tile_slices ? left : l->tile_slices;
}

/* Sets width and height of t, which has n_row rows of its matrix; 0: it does
 * not fit its array. */
static int size_tile(const struct layer *l, struct imc_hal_tile *t,
		     int32_t n_row)
{
	const struct imc_hal_window *v = &l->p.window;
	int32_t patch = t->patch_h * t->patch_w;

	t->w = patch * slices_from(l, t->slice) * t->n_col;
	t->h = n_row;
	if (patch > 1)
		t->h = n_row / (v->kernel_h * v->kernel_w) *
		       positions_of(v->kernel_h, v->stride_h, 1, t->patch_h).n *
		       positions_of(v->kernel_w, v->stride_w, 1, t->patch_w).n;
	t->h += t->n_bias;
	return t->w <= COLS && t->h <= ROWS;
}

/* A patch of its own, if the layer allows it. */
static void pick_patch(struct random *r, const struct layer *l,
		       struct imc_hal_tile *t, int32_t n_row, int32_t all_rows)
{
	const struct imc_hal_window *v = &l->p.window;
	int may = l->n_copy == 1 && v->dilation_h == 1 && v->dilation_w == 1 &&
		  (n_row == all_rows || v->kernel_h * v->kernel_w == 1);

	for (int i = 0; may && i < 8; i++) {
		t->patch_h = pick(r, 1, l->patch_h);
		t->patch_w = pick(r, 1, v->out_w < 5 ? v->out_w : 5);
		if (l->patch_h % t->patch_h == 0 && size_tile(l, t, n_row))
			return;
	}
	t->patch_h = t->patch_w = 1;
	size_tile(l, t, n_row);
}

/* All slices and copies of rows from `row` on of the columns of `like`. */
static void add_block(struct random *r, struct layer *l,
		      const struct imc_hal_tile *like, int32_t row,
		      int32_t rows)
{
	int32_t left = rows - row;
	int32_t n_row = left < l->block_rows ? left : l->block_rows;

	for (int32_t s = 0; s < l->p.slices; s += l->tile_slices)
		for (int32_t copy = 0; copy < l->n_copy; copy++) {
			struct imc_hal_tile *t = &l->tile[l->p.n_tile];

			*t = *like;
			t->array = l->p.n_tile++;
			t->row0 = row;
			t->slice = s;
			t->copy = copy;
			t->n_copy = l->n_copy > 1 ? l->n_copy : pick(r, 0, 1);
			t->n_bias = left <= l->block_rows ? l->n_drive : 0;
			pick_patch(r, l, t, n_row, rows);
			t->x = pick(r, 0, COLS - t->w);
			t->y = pick(r, 0, ROWS - t->h);
		}
}

static void add_tiles(struct random *r, struct layer *l, int32_t bundle)
{
	const struct imc_hal_window *v = &l->p.window;
	int32_t first = bundle * l->bundle;
	int32_t n = first + l->bundle > l->group ? l->group - first : l->bundle;
	int32_t channels = n * v->in_c / l->group;
	int32_t rows = v->kernel_h * v->kernel_w * channels;
	int32_t cols = n * v->out_c / l->group;

	for (int32_t col = 0; col < cols; col += l->block_cols) {
		struct imc_hal_tile like = {
			.c0 = first * v->in_c / l->group,
			.n_channel = channels,
			.k0 = first * v->out_c / l->group + col,
			.n_col = cols - col < l->block_cols ? cols - col
							    : l->block_cols,
		};

		for (int32_t row = 0; row < rows; row += l->block_rows)
			add_block(r, l, &like, row, rows);
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
	int single = pick(r, 0, 2) == 0;

	l->group = pick(r, 0, 1) ? 1 : pick(r, 2, 3);
	v->n = pick(r, 1, 2);
	v->in_c = l->group * pick(r, 1, 4);
	v->out_c = l->group * pick(r, 1, 5);
	v->kernel_h = single ? 1 : pick(r, 1, 5);
	v->kernel_w = single ? 1 : pick(r, 1, 5);
	v->stride_h = pick(r, 1, 3);
	v->stride_w = pick(r, 1, 3);
	v->dilation_h = v->kernel_h == 2 ? pick(r, 1, 2) : 1;
	v->dilation_w = v->kernel_w == 2 ? pick(r, 1, 2) : 1;
	v->in_h = pick(r, v->kernel_h + 1, 8);
	v->in_w = pick(r, v->kernel_w + 1, 8);
	v->pad_top = pick(r, 0, 2);
	v->pad_left = pick(r, 0, 1);
	v->pad_bottom = pick(r, 0, 1);
	v->pad_right = pick(r, 0, 2);
	v->out_h = out_size(v->in_h, v->pad_top, v->pad_bottom, v->kernel_h,
			    v->dilation_h, v->stride_h);
	v->out_w = out_size(v->in_w, v->pad_left, v->pad_right, v->kernel_w,
			    v->dilation_w, v->stride_w);
	do
		l->patch_h = pick(r, 1, v->out_h < 4 ? v->out_h : 4);
	while (v->out_h % l->patch_h);
}

static int32_t pick_weight(struct random *r, const struct imc_rt_crossbar *p)
{
	int32_t half = 1 << (p->slices - 1);

	if (p->slice_bits == 1)
		return pick(r, -half, half - 1);
	return pick(r, -7, 7) + (p->slices > 1 ? 16 * pick(r, -7, 7) : 0);
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
	pick_bytes(r, l->x, MAX_X, -128, 127);
	pick_bytes(r, l->biasrow, 4 * MAX_K, -7, 7);
	pick_bytes(r, l->drive, 4, -128, 127);
	for (int32_t i = 0; i < MAX_W; i++)
		l->w[i] = (int8_t)pick_weight(r, &l->p);
}

void layer_places(struct layer *l)
{
	struct imc_rt_crossbar *p = &l->p;

	p->bias = (int32_t)offsetof(struct layer, bias);
	p->mult = (int32_t)offsetof(struct layer, mult);
	p->shift = (int32_t)offsetof(struct layer, shift);
	p->zero = (int32_t)offsetof(struct layer, zero);
	memcpy(l->zero, l->adc_zero, sizeof l->zero);
}

int layer_run(struct imc_hal *hal, const struct layer *l,
	      const struct imc_rt_crossbar *p, int8_t *y, void *scratch)
{
	return imc_rt_crossbar(hal, p, l, l->x, y, scratch, 0,
			       p->window.n * p->window.out_h);
}

static void set_pointers(struct layer *l)
{
	struct imc_rt_crossbar *p = &l->p;

	p->tile = l->tile;
	p->drive = l->drive;
	layer_places(l);
	if (l->adc) {
		p->adc_mult = l->adc_mult;
		p->adc_shift = l->adc_shift;
		p->adc_zero = l->adc_zero;
	}
}

static int32_t parts(int32_t n, int32_t of)
{
	return (n + of - 1) / of;
}

/* Slices in tiles of their own, and copies, as far as there are arrays; at
 * times more copies than a job has pixels. */
static void pick_spread(struct random *r, struct layer *l, int32_t rows)
{
	const struct imc_hal_window *v = &l->p.window;
	int32_t n_tile;

	l->tile_slices = pick(r, 1, l->p.slices);
	n_tile = parts(l->group, l->bundle) * parts(rows, l->block_rows) *
		 parts(l->bundle * v->out_c / l->group, l->block_cols) *
		 parts(l->p.slices, l->tile_slices);
	l->n_copy = pick(r, 0, 2) ? 1 : pick(r, 2, 12);
	if (l->n_copy > ARRAYS / n_tile)
		l->n_copy = ARRAYS / n_tile;
}

static void pick_form(struct random *r, struct layer *l, enum form form)
{
	struct imc_rt_crossbar *p = &l->p;
	int digital = form == DIGITAL || form == WHOLE_SUMS;
	int32_t rows;

	l->bundle = form == AGGREGATED ? 1 : pick(r, 1, l->group);
	rows = p->window.kernel_h * p->window.kernel_w * l->bundle *
	       p->window.in_c / l->group;
	l->block_rows = form == DIRECT || l->bundle > 1
				? rows
				: pick(r, (rows + 2) / 3, rows);
	l->block_cols = pick(r, 2, 8);
	l->adc = form != WHOLE_SUMS;
	l->n_drive = form == WHOLE_SUMS ? 0 : pick(r, 0, 2);
	p->slice_bits = form == WHOLE_SUMS && pick(r, 0, 1) ? 1 : 4;
	p->slices = digital ? pick(r, 1, 2) : 1;
	if (p->slice_bits == 1)
		p->slices = pick(r, 2, 8);
	p->strip_rows = digital ? l->patch_h * pick(r, 1, 3) : 0;
	p->zero_x = pick(r, -128, 127);
	p->zero_y = pick(r, -128, 127);
	p->lo = pick(r, -128, 0);
	p->hi = pick(r, 1, 127);
	p->adc_lo = pick(r, -128, -20);
	p->adc_hi = pick(r, 20, 127);
	pick_spread(r, l, rows);
}

/* ---- residual weights ---- */

/* Stores channels c .. of kernel position tap of output k, if one is not 0. */
static void store_group(struct layer *l, int32_t k, int32_t tap, int32_t c)
{
	struct imc_rt_residual *s = &l->residual;
	int32_t taps = l->p.window.kernel_h * l->p.window.kernel_w;
	int32_t bytes = 2 + (s->group * s->bits + 7) / 8, any = 0;
	int32_t place =
		tap * ((s->channels + s->group - 1) / s->group) + c / s->group;
	int8_t *to = l->record + l->first[k + 1] * bytes;

	for (int32_t i = 0; i < s->group && c + i < s->channels; i++) {
		int32_t w = l->rest[(k * taps + tap) * s->channels + c + i];

		any |= w;
		for (int32_t b = 0; b < s->bits; b++) {
			int32_t at = i * s->bits + b;

			if ((uint32_t)w >> b & 1)
				to[2 + at / 8] |= (int8_t)(1u << at % 8);
		}
	}
	if (!any)
		return;
	to[0] = (int8_t)(uint8_t)(place & 255);
	to[1] = (int8_t)(place >> 8);
	l->first[k + 1]++;
}

/* Few weights of few bits beside half of the layers that can. */
static void pick_residual(struct random *r, struct layer *l)
{
	const struct imc_hal_window *v = &l->p.window;
	struct imc_rt_residual *s = &l->residual;
	int32_t taps = v->kernel_h * v->kernel_w, kept = pick(r, 0, 2), max;

	if (!l->p.strip_rows || pick(r, 0, 1))
		return;
	s->channels = v->in_c / l->group;
	s->outputs = v->out_c / l->group;
	s->group = pick(r, 1, 6);
	s->bits = pick(r, 2, 8);
	s->shift = pick(r, 0, 8);
	s->first = l->first;
	s->record = l->record;
	max = (1 << (s->bits - 1)) - 1;
	for (int32_t i = 0; i < MAX_W; i++)
		l->rest[i] = (int8_t)(pick(r, 0, 3) <= kept ? pick(r, -max, max)
							    : 0);
	for (int32_t k = 0; k < v->out_c; k++) {
		l->first[k + 1] = l->first[k];
		for (int32_t tap = 0; tap < taps; tap++)
			for (int32_t c = 0; c < s->channels; c += s->group)
				store_group(l, k, tap, c);
	}
	l->p.residual = s;
}

int layer_pick(struct random *r, struct layer *l, enum form form,
	       struct imc_hal *hal)
{
	memset(l, 0, sizeof *l);
	pick_window(r, l);
	pick_form(r, l, form);
	pick_tables(r, l);
	for (int32_t b = 0; b * l->bundle < l->group; b++)
		add_tiles(r, l, b);
	set_pointers(l);
	pick_residual(r, l);
	for (int32_t t = 0; t < l->p.n_tile; t++) {
		int status = program(hal, l, &l->tile[t]);

		if (status)
			return status;
	}
	return IMC_RT_OK;
}
