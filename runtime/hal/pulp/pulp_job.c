/* SPDX-License-Identifier: Apache-2.0 */
/* A job, group of tiles by group of tiles: those that hold the same columns
 * for a direct job, else a tile with its copies. */
#include "pulp_job.h"
#include "imc_rt.h"

struct group {
	const struct imc_hal_tile *tile;
	int32_t n_tile, n_block, width; /* results of a pixel */
	struct imc_pulp_place to;	/* of the job's result */
};

static int32_t copies_of(const struct imc_hal_tile *t)
{
	return t->n_copy > 1 ? t->n_copy : 1;
}

/* ---- a tile ---- */

/* The part of line y of the job that falls to copy t: columns first .. end. */
static void share_of(const struct imc_hal_job *job,
		     const struct imc_hal_tile *t, int32_t y, int32_t *first,
		     int32_t *end)
{
	int64_t out_w = job->window->out_w, n = job->n_row * out_w;
	int64_t from = n * t->copy / copies_of(t);
	int64_t to = n * (t->copy + 1) / copies_of(t);

	from -= (y - job->row) * out_w;
	to -= (y - job->row) * out_w;
	if (from > *first)
		*first = from < *end ? (int32_t)from : *end;
	if (to < *end)
		*end = to > *first ? (int32_t)to : *first;
}

/* Pixels of `a` that a copy computes: lines with the same part are one area. */
static int run_copy(struct imc_hal *hal, const struct imc_hal_job *job,
		    const struct imc_hal_tile *t, const struct imc_pulp_area *a,
		    const struct imc_pulp_place *to)
{
	int status = IMC_RT_OK;

	for (int32_t y = a->y, n; y < a->y + a->n_y && !status; y += n) {
		int32_t first = a->x, end = a->x + a->n_x;
		struct imc_pulp_area part;

		share_of(job, t, y, &first, &end);
		for (n = 1; y + n < a->y + a->n_y; n++) {
			int32_t f = a->x, e = a->x + a->n_x;

			share_of(job, t, y + n, &f, &e);
			if (f != first || e != end)
				break;
		}
		part = (struct imc_pulp_area){y, n, first, end - first};
		if (part.n_x)
			status = imc_pulp_run(hal, job, t, &part, to);
	}
	return status;
}

/* Tile t for the pixels of `a`, whole lines if its patch is larger than one
 * pixel; then the last patch of a line may compute pixels again. */
static int run_tile(struct imc_hal *hal, const struct imc_hal_job *job,
		    const struct imc_hal_tile *t, const struct imc_pulp_area *a,
		    const struct imc_pulp_place *to)
{
	struct imc_pulp_area part = *a;
	int32_t rest = a->n_x % t->patch_w;
	int status;

	if (t->n_copy > 1)
		return run_copy(hal, job, t, a, to);
	part.n_y /= t->patch_h;
	part.n_x /= t->patch_w;
	status = imc_pulp_run(hal, job, t, &part, to);
	if (status || !rest)
		return status;
	part.x = a->x + a->n_x - t->patch_w;
	part.n_x = 1;
	return imc_pulp_run(hal, job, t, &part, to);
}

/* ---- results through the cores ---- */

/* Lines that every patch of the group divides. */
static int32_t lines_at_once(const struct group *g)
{
	int32_t n = 1;

	for (int32_t i = 0; i < g->n_tile; i++) {
		int32_t step = n;

		while (n % g->tile[i].patch_h)
			n += step;
	}
	return n;
}

static int one_wide(const struct group *g)
{
	for (int32_t i = 0; i < g->n_tile; i++)
		if (g->tile[i].patch_w > 1)
			return 0;
	return 1;
}

/* Sets n_y, n_x to the size of parts whose codes fit. */
static int size_part(const struct imc_hal *hal, const struct imc_hal_job *job,
		     const struct group *g, struct imc_pulp_area *part)
{
	int32_t pixels = hal->out_bytes / ((g->width + 3) / 4 * 4) / g->n_block;
	int32_t lines = lines_at_once(g), out_w = job->window->out_w;

	part->n_x = out_w;
	part->n_y = pixels / (lines * out_w) * lines;
	if (part->n_y)
		return IMC_RT_OK;
	part->n_y = 1;
	part->n_x = pixels;
	return pixels && lines == 1 && one_wide(g) ? IMC_RT_OK
						   : IMC_RT_E_MEMORY;
}

/* The tiles of the group for one part; what the cores do with the codes waits
 * until the next trigger runs, or for the end. */
static int run_part(struct imc_hal *hal, const struct imc_hal_job *job,
		    const struct group *g, const struct imc_pulp_area *a)
{
	int32_t step = (g->width + 3) / 4 * 4, block = a->n_y * a->n_x * step;
	struct imc_pulp_place to = {
		.y0 = a->y, .x0 = a->x, .n_x = a->n_x, .pixel = step};
	int8_t *codes;
	int status = IMC_RT_OK;

	hal->out_half = !hal->out_half;
	codes = hal->out + hal->out_half * hal->out_bytes;
	to.base = codes - block;
	for (int32_t i = 0; i < g->n_tile && !status; i++) {
		if (g->tile[i].copy == 0)
			to.base += block;
		status = run_tile(hal, job, &g->tile[i], a, &to);
	}
	hal->post = (struct imc_pulp_post){
		.job = job,
		.dst = g->to.base,
		.codes = codes,
		.pixel = g->to.pixel,
		.row0 = g->to.y0,
		.lines = g->to.lines,
		.y = a->y,
		.n_y = a->n_y,
		.x = a->x,
		.n_x = a->n_x,
		.n_block = g->n_block,
		.width = g->width,
		.step = step,
	};
	return status;
}

static int run_parts(struct imc_hal *hal, const struct imc_hal_job *job,
		     const struct group *g)
{
	int32_t end = job->row + job->n_row, out_w = job->window->out_w;
	struct imc_pulp_area size;
	int status = size_part(hal, job, g, &size);

	for (int32_t y = job->row; y < end; y += size.n_y)
		for (int32_t x = 0; x < out_w && !status; x += size.n_x) {
			struct imc_pulp_area a = {y, size.n_y, x, size.n_x};

			a.n_y = a.n_y < end - y ? a.n_y : end - y;
			a.n_x = a.n_x < out_w - x ? a.n_x : out_w - x;
			status = run_part(hal, job, g, &a);
		}
	return status;
}

/* ---- groups ---- */

/* True if the IMA can write the results to their place. */
static int is_direct(const struct group *g)
{
	return g->n_block == 1 && g->to.pixel % 4 == 0 &&
	       (uintptr_t)g->to.base % 4 == 0 && imc_pulp_is_l1(g->to.base);
}

static int run_group(struct imc_hal *hal, const struct imc_hal_job *job,
		     const struct group *g)
{
	struct imc_pulp_area all = {job->row, job->n_row, 0,
				    job->window->out_w};
	int status = IMC_RT_OK;

	if (!is_direct(g))
		return run_parts(hal, job, g);
	for (int32_t i = 0; i < g->n_tile && !status; i++)
		status = run_tile(hal, job, &g->tile[i], &all, &g->to);
	return status;
}

/* Tiles from `first` on that make a group; `at` is where its region begins. */
static struct group group_of(const struct imc_hal_job *job, int32_t first,
			     int64_t at)
{
	const struct imc_hal_window *w = job->window;
	const struct imc_hal_tile *t = &job->tile[first];
	struct group g = {.tile = t, .n_tile = copies_of(t), .n_block = 1};

	g.width = t->w / (t->patch_h * t->patch_w);
	g.to.n_x = w->out_w;
	g.to.base = (int8_t *)job->dst + at;
	g.to.y0 = job->row;
	g.to.pixel = g.width;
	if (!job->direct)
		return g;
	g.to.base = (int8_t *)job->dst + t->k0;
	g.to.y0 = 0;
	g.to.pixel = w->out_c;
	g.to.lines = w->out_lines < w->out_h ? w->out_lines : 0;
	while (first + g.n_tile < job->n_tile && t[g.n_tile].k0 == t->k0) {
		g.n_tile += copies_of(&t[g.n_tile]);
		g.n_block++;
	}
	return g;
}

int imc_hal_ima_start(struct imc_hal *hal, const struct imc_hal_job *job)
{
	int64_t n_pixel = (int64_t)job->n_row * job->window->out_w, at = 0;
	int status = imc_pulp_check(job);

	imc_pulp_finish(hal);
	for (int32_t i = 0; i < job->n_tile && n_pixel && !status;) {
		struct group g = group_of(job, i, at);

		status = run_group(hal, job, &g);
		at += n_pixel * g.width;
		i += g.n_tile;
	}
	return status ? imc_pulp_refuse(hal, status) : IMC_RT_OK;
}
