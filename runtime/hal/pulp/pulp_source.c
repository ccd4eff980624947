/* SPDX-License-Identifier: Apache-2.0 */
/* From where the streamer reads word lines: see pulp_job.h. */
#include "imc_rt.h"
#include "imc_rt_share.h"
#include "pulp_job.h"

/* How the word lines of a tile lie in its windows, if they are whole lines of
 * the window or a part of one: from byte `at` on, in those from number `first`
 * on, which are `pitch` lines of the input apart. */
struct reading {
	int32_t good; /* they do */
	int32_t line, n_line, at, first, pitch, reach;
};

struct source {
	struct imc_hal *hal;
	const struct imc_hal_job *job;
	const struct imc_hal_tile *t;
	const struct imc_pulp_place *to;
	struct imc_pulp_shape s;
	struct reading r;
	struct imc_pulp_area area;
	int8_t *stage; /* where the cores put strip or windows */
	int32_t step;  /* bytes of a window there */
};

/* ---- what the streamer can walk over ---- */

/* Input lines from one line of the windows of a patch to the next; 0: they are
 * not as far from one another. */
static int32_t pitch_of(const struct imc_hal_window *w, int32_t patch)
{
	if (patch == 1)
		return w->dilation_h;
	if (w->stride_h <= w->kernel_h)
		return 1;
	return w->kernel_h == 1 ? w->stride_h : 0;
}

/* True if the positions of a line of the window are neighbours. */
static int is_dense(const struct imc_hal_window *w, int32_t patch)
{
	if (w->kernel_w > 1 && w->dilation_w > 1)
		return 0;
	return patch == 1 || w->stride_w <= w->kernel_w;
}

static struct reading reading_of(const struct imc_hal_window *w,
				 const struct imc_hal_tile *t,
				 const struct imc_pulp_shape *s)
{
	int32_t line = s->span_w * s->channels;
	struct reading r = {
		.first = s->first / line,
		.at = s->first % line,
		.line = s->n,
		.n_line = 1,
		.pitch = pitch_of(w, t->patch_h),
	};

	r.good = r.at + s->n <= line;
	if (!r.good && !r.at && s->n % line == 0) {
		r.line = line;
		r.n_line = s->n / line;
		r.good = line % 4 == 0;
	}
	r.good = r.good && !t->n_bias && r.at % 4 == 0 && r.pitch > 0 &&
		 is_dense(w, t->patch_w);
	r.reach = (r.n_line - 1) * r.pitch + 1;
	return r;
}

/* ---- in place ---- */

static int is_word(const void *p)
{
	return (uintptr_t)p % 4 == 0;
}

/* Byte of a line of the input at which the first word line of the window at
 * position 0 is. */
static int32_t first_byte(const struct source *q)
{
	const struct imc_pulp_shape *s = &q->s;

	return q->r.at / s->channels * q->job->window->in_c + s->c0 +
	       q->r.at % s->channels;
}

/* True if the bytes of a line follow one another in the input, at words, and no
 * window of the area has padding at its sides. */
static int columns_in_place(const struct source *q)
{
	const struct imc_hal_window *w = q->job->window;
	const struct imc_pulp_shape *s = &q->s;
	int32_t x = q->area.x * w->stride_w - w->pad_left;
	int32_t wide = (q->area.n_x - 1) * q->t->patch_w * w->stride_w;
	int one = q->r.at % s->channels + q->r.line <= s->channels;

	return q->r.good && w->in_c % 4 == 0 && is_word(q->job->src) &&
	       imc_pulp_is_l1(q->job->src) && first_byte(q) % 4 == 0 &&
	       (one || s->channels == w->in_c) && x >= 0 &&
	       x + wide + s->span_w <= w->in_w;
}

/* First line of the input for patches at line y. */
static int32_t line_at(const struct source *q, int32_t y)
{
	const struct imc_hal_window *w = q->job->window;

	return y * w->stride_h - w->pad_top + q->r.first * q->r.pitch;
}

static int32_t ring_line(const struct source *q, int32_t y)
{
	const struct imc_hal_window *w = q->job->window;

	return imc_rt_line(line_at(q, y), w->in_lines, w->in_h);
}

/* True if no line of the windows at y is padding, and they lie in order. */
static int row_in_place(const struct source *q, int32_t y)
{
	const struct imc_hal_window *w = q->job->window;
	int32_t line = line_at(q, y);
	int32_t have = w->in_lines ? w->in_lines : w->in_h;

	if (line < 0 || line + q->r.reach > w->in_h)
		return 0;
	return ring_line(q, y) + q->r.reach <= have;
}

/* ---- triggers ---- */

static int8_t *result_at(const struct imc_pulp_place *to, int32_t y, int32_t x)
{
	int32_t line = to->lines ? y % to->lines : y - to->y0;

	return to->base + (line * to->n_x + x - to->x0) * to->pixel;
}

/* All pieces of the tile for `area`, whose input is described by `in`. */
static void trigger(const struct source *q, const struct imc_pulp_area *area,
		    const struct imc_pulp_trigger *in)
{
	const struct imc_hal_tile *t = q->t;
	struct imc_pulp_trigger g = *in;
	struct imc_pulp_piece p = {0};

	g.array = t->array;
	g.y = t->y;
	g.h = t->h;
	g.n_x = area->n_x;
	g.n_y = area->n_y;
	g.out_x = t->patch_w * q->to->pixel;
	g.out_y = t->patch_h * q->to->n_x * q->to->pixel;
	g.adc_low = q->job->adc_low;
	g.adc_high = q->job->adc_high;
	while (imc_pulp_next_piece(t, q->to, &p)) {
		g.x = t->x + p.col;
		g.w = p.n;
		g.dst = result_at(q->to, area->y + p.py, area->x + p.px);
		imc_pulp_trigger(q->hal, &g);
	}
}

static void trigger_in_place(const struct source *q,
			     const struct imc_pulp_area *a)
{
	const struct imc_hal_window *w = q->job->window;
	int32_t line = w->in_w * w->in_c;
	struct imc_pulp_trigger g = {
		.line = q->r.line,
		.n_line = q->r.n_line,
		.line_step = q->r.pitch * line,
		.in_x = q->t->patch_w * w->stride_w * w->in_c,
		.in_y = q->t->patch_h * w->stride_h * line,
	};

	g.src = q->job->src + ring_line(q, a->y) * line +
		(a->x * w->stride_w - w->pad_left) * w->in_c + first_byte(q);
	trigger(q, a, &g);
}

/* The half of the staging memory that the IMA does not read. */
static int8_t *other_half(struct imc_hal *hal)
{
	hal->in_half = !hal->in_half;
	return hal->in + hal->in_half * hal->in_bytes;
}

/* ---- a strip with a border ---- */

static int32_t strip_width(const struct source *q, int32_t n_x)
{
	return (n_x - 1) * q->t->patch_w * q->job->window->stride_w +
	       q->s.span_w;
}

static int32_t strip_lines(const struct source *q, int32_t n_y)
{
	return (n_y - 1) * q->t->patch_h * q->job->window->stride_h +
	       q->r.reach;
}

/* The channels of n positions. */
static void copy_positions(const struct source *q, int8_t *to,
			   const int8_t *from, int32_t n)
{
	int32_t in_c = q->job->window->in_c, channels = q->s.channels;

	if (channels == in_c) {
		imc_pulp_copy(to, from, n * in_c);
		return;
	}
	for (int32_t i = 0; i < n; i++)
		imc_pulp_copy(to + i * channels, from + i * in_c, channels);
}

static void strip_line(const struct source *q, int32_t l)
{
	const struct imc_hal_window *w = q->job->window;
	int32_t n = strip_width(q, q->area.n_x), left = 0, right = 0;
	int32_t x = q->area.x * w->stride_w - w->pad_left;
	int32_t y = line_at(q, q->area.y) + l, c = q->s.channels;
	int8_t *to = q->stage + l * n * c;

	if (y < 0 || y >= w->in_h) {
		imc_pulp_clear(to, n * c);
		return;
	}
	y = imc_rt_line(y, w->in_lines, w->in_h);
	if (x < 0)
		left = -x < n ? -x : n;
	if (x + n > w->in_w)
		right = x + n - w->in_w < n ? x + n - w->in_w : n;
	imc_pulp_clear(to, left * c);
	if (left + right < n)
		copy_positions(q, to + left * c,
			       q->job->src +
				       (y * w->in_w + x + left) * w->in_c +
				       q->s.c0,
			       n - left - right);
	imc_pulp_clear(to + (n - right) * c, right * c);
}

static void fill_strip(void *arg, int32_t core, int32_t n_core)
{
	const struct source *q = arg;
	int32_t n = strip_lines(q, q->area.n_y);

	for (int32_t l = core; l < n; l += n_core)
		strip_line(q, l);
}

static void run_strip(struct source *q)
{
	const struct imc_hal_window *w = q->job->window;
	int32_t line = strip_width(q, q->area.n_x) * q->s.channels;
	struct imc_pulp_trigger g = {
		.line = q->r.line,
		.n_line = q->r.n_line,
		.line_step = q->r.pitch * line,
		.in_x = q->t->patch_w * w->stride_w * q->s.channels,
		.in_y = q->t->patch_h * w->stride_h * line,
	};

	q->stage = other_half(q->hal);
	imc_hal_fork(q->hal, fill_strip, q);
	g.src = q->stage + q->r.at;
	trigger(q, &q->area, &g);
}

/* ---- window after window ---- */

/* Channel 0 of the input at position (uy, ux) of the patch at pixel (y, x), or
 * NULL in the padding. */
static const int8_t *input_at(const struct source *q, int32_t y, int32_t x,
			      int32_t uy, int32_t ux)
{
	const struct imc_hal_window *w = q->job->window;

	y = y * w->stride_h - w->pad_top +
	    imc_pulp_offset(w->kernel_h, w->stride_h, w->dilation_h, uy);
	x = x * w->stride_w - w->pad_left +
	    imc_pulp_offset(w->kernel_w, w->stride_w, w->dilation_w, ux);
	if (y < 0 || x < 0 || y >= w->in_h || x >= w->in_w)
		return 0;
	y = imc_rt_line(y, w->in_lines, w->in_h);
	return q->job->src + (y * w->in_w + x) * w->in_c;
}

static void fill_window(const struct source *q, int8_t *to, int32_t y,
			int32_t x)
{
	const struct imc_pulp_shape *s = &q->s;
	int32_t end = s->first + s->n;

	for (int32_t r = s->first, n; r < end; r += n) {
		int32_t u = r / s->channels, c = r % s->channels;
		const int8_t *from =
			input_at(q, y, x, u / s->span_w, u % s->span_w);

		n = s->channels - c < end - r ? s->channels - c : end - r;
		if (from)
			imc_pulp_copy(to, from + s->c0 + c, n);
		else
			imc_pulp_clear(to, n);
		to += n;
	}
	if (q->t->n_bias)
		imc_pulp_copy(to, q->job->drive, q->t->n_bias);
}

static void fill_windows(void *arg, int32_t core, int32_t n_core)
{
	const struct source *q = arg;
	const struct imc_pulp_area *a = &q->area;
	struct imc_rt_range r =
		imc_rt_share((int64_t)a->n_y * a->n_x, core, n_core);

	for (int32_t i = (int32_t)r.first; i < r.end; i++)
		fill_window(q, q->stage + i * q->step,
			    a->y + i / a->n_x * q->t->patch_h,
			    a->x + i % a->n_x * q->t->patch_w);
}

static void run_windows(struct source *q)
{
	struct imc_pulp_trigger g = {
		.line = q->t->h,
		.n_line = 1,
		.line_step = q->step,
		.in_x = q->step,
		.in_y = q->step * q->area.n_x,
	};

	q->stage = other_half(q->hal);
	imc_hal_fork(q->hal, fill_windows, q);
	g.src = q->stage;
	trigger(q, &q->area, &g);
}

/* ---- parts that the staging memory has room for ---- */

/* Bytes that n_y x n_x patches need there. */
static int64_t staged_bytes(const struct source *q, int32_t n_y, int32_t n_x)
{
	if (q->step)
		return (int64_t)n_y * n_x * q->step;
	return (int64_t)strip_lines(q, n_y) * strip_width(q, n_x) *
	       q->s.channels;
}

/* The largest n up to `most` whose n_y x n or n x n_x patches fit; 0: none. */
static int32_t most_that_fit(const struct source *q, int32_t n_x, int32_t most)
{
	int32_t lo = 0;

	while (lo < most) {
		int32_t n = lo + (most - lo + 1) / 2;
		int64_t bytes =
			n_x ? staged_bytes(q, n, n_x) : staged_bytes(q, 1, n);

		if (bytes <= q->hal->in_bytes)
			lo = n;
		else
			most = n - 1;
	}
	return lo;
}

/* All of q->area by way of the staging memory: whole lines of patches if some
 * fit, else parts of one. */
static int run_staged(struct source *q)
{
	const struct imc_pulp_area all = q->area;
	int32_t n_y = most_that_fit(q, all.n_x, all.n_y), n_x = all.n_x;

	if (!n_y) {
		n_y = 1;
		n_x = most_that_fit(q, 0, all.n_x);
	}
	if (!n_x)
		return IMC_RT_E_MEMORY;
	for (int32_t y = 0; y < all.n_y; y += n_y)
		for (int32_t x = 0; x < all.n_x; x += n_x) {
			q->area.y = all.y + y * q->t->patch_h;
			q->area.x = all.x + x * q->t->patch_w;
			q->area.n_y = n_y < all.n_y - y ? n_y : all.n_y - y;
			q->area.n_x = n_x < all.n_x - x ? n_x : all.n_x - x;
			if (q->step)
				run_windows(q);
			else
				run_strip(q);
		}
	return IMC_RT_OK;
}

/* ---- an area ---- */

/* Lines of patches from line y on, at most n, that are all to be read in place
 * or all not, and whose lines and results lie in order. */
static int32_t alike(const struct source *q, int32_t y, int32_t n,
		     int32_t in_place)
{
	const struct imc_hal_window *w = q->job->window;
	int32_t ph = q->t->patch_h, lines = q->to->lines, k = 1;

	for (; k < n; k++) {
		int32_t z = y + k * ph;

		if (lines && y % lines + (k + 1) * ph > lines)
			break;
		if ((in_place && row_in_place(q, z)) != in_place)
			break;
		if (in_place &&
		    ring_line(q, z) != ring_line(q, y) + k * ph * w->stride_h)
			break;
	}
	return k;
}

/* Those that are not in place for this reason alone: lines y .. y + n ph that
 * the padding or the end of a ring touches. */
static int32_t until_in_place(const struct source *q, int32_t y, int32_t n)
{
	int32_t k = 1;

	while (k < n && !row_in_place(q, y + k * q->t->patch_h))
		k++;
	return k;
}

int imc_pulp_run(struct imc_hal *hal, const struct imc_hal_job *job,
		 const struct imc_hal_tile *t, const struct imc_pulp_area *area,
		 const struct imc_pulp_place *to)
{
	struct source q = {hal, job, t, to, .area = *area};
	int32_t end = area->y + area->n_y * t->patch_h, columns, strip;
	int status = IMC_RT_OK;

	q.s = imc_pulp_shape_of(job->window, t);
	q.r = reading_of(job->window, t, &q.s);
	columns = columns_in_place(&q);
	strip = q.r.good && q.s.channels % 4 == 0;
	q.step = strip ? 0 : (t->h + 3) / 4 * 4;
	for (int32_t y = area->y, n; y < end && !status; y += n * t->patch_h) {
		int32_t here = columns && row_in_place(&q, y);

		n = alike(&q, y, (end - y) / t->patch_h, here);
		if (columns && !here)
			n = until_in_place(&q, y, n);
		q.area = *area;
		q.area.y = y;
		q.area.n_y = n;
		if (here)
			trigger_in_place(&q, &q.area);
		else
			status = run_staged(&q);
	}
	return status;
}
