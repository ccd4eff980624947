/* The crossbar kernel on the host's arrays: layer.h has the reference. Late
 * machines have three cores, others one. */
#include <string.h>

#include "tests/check.h"
#include "tests/runtime/layer.h"
#include "tests/runtime/strips.h"

#define MAX_SCRATCH (1 << 18)

static int8_t cells[ARRAYS * ROWS * COLS];
static int32_t sums[3 * 2 * COLS];
static struct imc_hal team; /* of 3 cores */

static struct imc_hal machine(int32_t late)
{
	struct imc_hal hal = {.n_array = ARRAYS,
			      .rows = ROWS,
			      .cols = COLS,
			      .cells = cells,
			      .sums = sums,
			      .late = late,
			      .n_core = late ? team.n_core : 1,
			      .team = late ? team.team : NULL};

	return hal;
}

/* What was seen, so that the random layers are known to be of every kind. */
static struct seen {
	int patched, uneven, mixed, blocks_digital, blocks_direct, spread;
	int sliced, bits, copied[N_FORM], idle, copied_blocks;
	int residual[N_FORM], rings[N_FORM];
} seen;

static void look_copies(const struct layer *l, enum form form)
{
	const struct imc_hal_window *v = &l->p.window;
	int32_t n_row = l->p.strip_rows ? l->p.strip_rows : v->out_h;
	int sliced = l->tile_slices < l->p.slices;

	seen.sliced += sliced && l->p.slice_bits > 1;
	seen.residual[form] += l->p.residual && l->residual.first[v->out_c];
	seen.bits += sliced && l->p.slice_bits == 1;
	seen.copied[form] += l->n_copy > 1;
	seen.idle += l->n_copy > n_row * v->out_w;
	seen.copied_blocks += l->n_copy > 1 && form == AGGREGATED &&
			      l->tile[l->n_copy].k0 == l->tile[0].k0;
}

static void look(const struct layer *l, enum form form)
{
	const struct imc_hal_window *v = &l->p.window;

	for (int32_t i = 0; i < l->p.n_tile; i++) {
		const struct imc_hal_tile *t = &l->tile[i];
		int copies = t->patch_h * t->patch_w;
		int block = i && t->k0 == t[-1].k0;

		seen.patched += copies > 1;
		seen.uneven += copies > 1 && v->out_w % t->patch_w;
		seen.mixed += i && t->patch_w != t[-1].patch_w;
		seen.blocks_digital += copies > 1 && block && form == DIGITAL;
		seen.blocks_direct += copies > 1 && block && form == AGGREGATED;
		seen.spread += copies > 1 && v->stride_w > v->kernel_w &&
			       v->kernel_w > 1;
	}
}

static void compare(const struct layer *l, enum form form, const int8_t *y)
{
	const struct imc_hal_window *v = &l->p.window;
	int32_t at = 0, bad = 0;

	for (int32_t n = 0; n < v->n; n++)
		for (int32_t oy = 0; oy < v->out_h; oy++)
			for (int32_t ox = 0; ox < v->out_w; ox++)
				for (int32_t k = 0; k < v->out_c; k++)
					bad += y[at++] !=
					       layer_want(l, n, oy, ox, k);
	CHECK(bad == 0, "form %d: %d of %d wrong", (int)form, bad, at);
}

static void run(struct layer *l, int32_t late, int32_t overlap, int8_t *y)
{
	static int32_t scratch[MAX_SCRATCH / 4];
	unsigned char *after = (unsigned char *)scratch;
	struct imc_hal hal = machine(late);
	size_t bytes;
	int status;

	l->p.overlap = overlap;
	bytes = imc_rt_crossbar_scratch_bytes(&l->p);
	EXPECT(bytes < sizeof scratch);
	memset(scratch, 0x77, sizeof scratch);
	memset(y, 0x55, MAX_X);
	status = layer_run(&hal, l, &l->p, y, scratch);
	CHECK(status == IMC_RT_OK, "status %d", status);
	/* nothing behind what was asked for is touched */
	EXPECT(after[bytes] == 0x77);
	EXPECT(y[layer_out_bytes(l)] == 0x55);
}

/* Some rows after others, one image, from any cut on. */
static void run_rows(struct random *r, const struct layer *l, int32_t late,
		     int8_t *y)
{
	const struct imc_hal_window *v = &l->p.window;
	struct imc_hal hal = machine(late);
	struct imc_hal_job job;
	int status = IMC_RT_OK;

	memset(y, 0x55, MAX_X);
	for (int32_t row = 0, n; row < v->out_h && !status; row += n) {
		n = pick(r, 1, (v->out_h - row) / l->patch_h) * l->patch_h;
		status = imc_rt_crossbar_start(&hal, &job, &l->p, l->x, y, row,
					       n);
		if (late)
			EXPECT(y[row * v->out_w * v->out_c] == 0x55);
		if (!status)
			status = imc_hal_wait(&hal, IMC_HAL_ALL);
	}
	CHECK(status == IMC_RT_OK, "status %d", status);
}

/* A layer of one image in strips on rings. */
static void set_rings(void *cx, int32_t in, int32_t out)
{
	struct imc_hal_window *v = &((struct layer *)cx)->p.window;

	v->in_lines = in;
	v->out_lines = out;
}

static int run_strip(void *cx, const int8_t *x, const int8_t *b, int8_t *y,
		     int32_t row, int32_t n_row)
{
	static int32_t scratch[MAX_SCRATCH / 4];
	const struct layer *l = cx;
	struct imc_hal hal = machine(row & 1);

	(void)b;
	return imc_rt_crossbar(&hal, &l->p, l, x, y, scratch, row, n_row);
}

static void run_rings(struct random *r, struct layer *l, enum form form,
		      const int8_t *whole)
{
	static int8_t y[MAX_X];
	struct imc_hal_window *v = &l->p.window;
	struct imc_hal hal = machine(0);
	struct strips s = {.window = v,
			   .rows = v->out_h,
			   .line = v->out_w * v->out_c,
			   .in_rows = v->in_h,
			   .in_line = v->in_w * v->in_c,
			   .multiple = l->patch_h,
			   .x = l->x,
			   .cx = l,
			   .set = set_rings,
			   .run = run_strip};
	size_t bytes = (size_t)(s.rows * s.line);

	memset(y, 0x55, sizeof y);
	l->p.overlap = pick(r, 0, 1);
	EXPECT(strips_run(r, &hal, &s, y) == IMC_RT_OK);
	CHECK(!memcmp(y, whole, bytes), "form %d: rings", (int)form);
	EXPECT(y[bytes] == 0x55);
	seen.rings[form] += v->in_lines < v->in_h && v->out_lines < v->out_h;
	set_rings(l, 0, 0);
}

static void check_layer(struct random *r, enum form form)
{
	static struct layer l;
	static int8_t first[MAX_X], y[MAX_X];
	struct imc_hal hal = machine(0);
	size_t bytes;

	EXPECT(layer_pick(r, &l, form, &hal) == IMC_RT_OK);
	look(&l, form);
	look_copies(&l, form);
	bytes = (size_t)layer_out_bytes(&l);
	run(&l, 0, 0, first);
	compare(&l, form, first);
	for (int i = 1; i < 4; i++) {
		run(&l, i & 1, i >> 1, y);
		CHECK(!memcmp(first, y, bytes), "form %d: late %d, overlap %d",
		      (int)form, i & 1, i >> 1);
	}
	bytes /= (size_t)l.p.window.n;
	for (int late = 0; late < 2 && !l.p.strip_rows; late++) {
		run_rows(r, &l, late, y);
		CHECK(!memcmp(first, y, bytes), "rows, late %d", late);
	}
	run_rings(&(struct random){r->state}, &l, form, first);
}

/* ---- all cells compute, whatever they hold ---- */

/* Word line `line` of tile t for the patch at (oy, ox). */
static int32_t line_at(const struct layer *l, const struct imc_hal_tile *t,
		       int32_t line, int32_t oy, int32_t ox)
{
	const struct imc_hal_window *v = &l->p.window;
	struct positions ys = positions_of(v->kernel_h, v->stride_h,
					   v->dilation_h, t->patch_h);
	struct positions xs = positions_of(v->kernel_w, v->stride_w,
					   v->dilation_w, t->patch_w);
	int32_t rows = t->h - t->n_bias, c = t->c0, channels, u, y, x;

	if (line >= rows)
		return l->drive[line - rows];
	channels = channels_of(t, ys.n * xs.n, rows);
	if (t->patch_h * t->patch_w == 1)
		line += t->row0;
	else
		c += t->row0;
	u = line / channels;
	y = oy * v->stride_h - v->pad_top + ys.at[u / xs.n];
	x = ox * v->stride_w - v->pad_left + xs.at[u % xs.n];
	if (y < 0 || x < 0 || y >= v->in_h || x >= v->in_w)
		return 0;
	return l->x[(y * v->in_w + x) * v->in_c + c + line % channels] -
	       l->p.zero_x;
}

/* What column `column` of t reads for the patch at (oy, ox). */
static int32_t column_sum(const struct layer *l, const struct imc_hal_tile *t,
			  int32_t column, int32_t oy, int32_t ox)
{
	const int8_t *cell = cells + (t->array * ROWS + t->y) * COLS + t->x;
	int32_t sum = 0;

	for (int32_t i = 0; i < t->h; i++)
		sum += cell[i * COLS + column] * line_at(l, t, i, oy, ox);
	return sum;
}

/* Which of the copies of t computes a pixel: the one whose share ends behind
 * it. */
static const struct imc_hal_tile *
copy_for(const struct layer *l, const struct imc_hal_tile *t, int32_t pixel)
{
	int32_t n_pixel = l->p.window.out_h * l->p.window.out_w;
	int32_t k = 0;

	while (pixel >= n_pixel * (k + 1) / l->n_copy)
		k++;
	return &t[k];
}

static void compare_sums(const struct layer *l,
			 const struct imc_hal_tile *first, const int32_t *sum)
{
	int32_t out_w = l->p.window.out_w, bad = 0;
	int32_t n = first->w / first->patch_h / first->patch_w;

	for (int32_t oy = 0; oy < l->p.window.out_h; oy++)
		for (int32_t ox = 0; ox < out_w; ox++) {
			const struct imc_hal_tile *t =
				copy_for(l, first, oy * out_w + ox);
			int32_t last = out_w - t->patch_w, y0, x0, copy;

			/* the last patch computes pixels again */
			y0 = oy / t->patch_h * t->patch_h;
			x0 = ox < last ? ox / t->patch_w * t->patch_w : last;
			copy = (oy - y0) * t->patch_w + ox - x0;
			for (int32_t j = 0; j < n; j++)
				bad += *sum++ !=
				       column_sum(l, t, copy * n + j, y0, x0);
		}
	CHECK(bad == 0, "%d sums wrong", bad);
}

/* Random cells instead of the weights, others in each copy. */
static void check_cells(struct random *r)
{
	static struct layer l;
	static int32_t dst[MAX_X];
	struct imc_hal hal = machine(0);
	struct imc_hal_job job = {0};

	EXPECT(layer_pick(r, &l, DIRECT, &hal) == IMC_RT_OK);
	pick_bytes(r, cells, l.n_copy * ROWS * COLS, -128, 127);
	job.tile = &l.tile[0];
	job.n_tile = l.n_copy;
	job.window = &l.p.window;
	job.src = l.x;
	job.drive = l.drive;
	job.zero = l.p.zero_x;
	job.n_row = l.p.window.out_h;
	job.dst = dst;
	EXPECT(imc_hal_ima_start(&hal, &job) == IMC_RT_OK);
	EXPECT(imc_hal_wait(&hal, IMC_HAL_ALL) == IMC_RT_OK);
	compare_sums(&l, &l.tile[0], dst);
}

int main(void)
{
	struct random r = {7};

	team.n_core = 3;
	imc_hal_host_start(&team);
	for (int i = 0; i < 800; i++)
		check_layer(&r, (enum form)(i % N_FORM));
	EXPECT(seen.patched > 100 && seen.uneven > 20 && seen.mixed > 20);
	EXPECT(seen.blocks_digital > 5 && seen.blocks_direct > 5);
	EXPECT(seen.spread > 5);
	EXPECT(seen.sliced > 10 && seen.bits > 10 && seen.idle > 5);
	for (int i = 0; i < N_FORM; i++)
		EXPECT(seen.copied[i] > 10 && seen.rings[i] > 10);
	EXPECT(seen.copied_blocks > 5);
	EXPECT(seen.residual[DIGITAL] > 50 && seen.residual[WHOLE_SUMS] > 50);
	for (int i = 0; i < 40; i++)
		check_cells(&r);
	imc_hal_host_stop(&team);
	return check_result();
}
