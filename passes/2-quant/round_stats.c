#include "passes/2-quant/round_stats.h"

#include <string.h>

#include "ir/eval.h"
#include "ir/support/checked.h"
#include "ir/support/parallel.h"
#include "ir/support/splitmix.h"
#include "ir/window.h"

#define MOST_PIXELS 16384
#define FEW_PIXELS 2048	 /* always enough .. */
#define PIXELS_A_ROW 128 /* .. but for many rows */
#define MOST_WORK ((int64_t)1 << 33)

/* Pixels whose products are summed in float; sums of chunks are in double. */
#define CHUNK 512

#define STRIP 32 /* rows of h that one thread does at a time */

struct gather {
	const struct imc_round_node *n;
	struct imc_plane plane;
	struct imc_walk walk[2];
	int64_t group, channels; /* of the group */
	const float *w;		 /* of the group */
	float *w_by_row;	 /* [r][k] */
	int64_t total;		 /* pixels that there are */
	int64_t first, count;	 /* of the chunk */
	float *y;		 /* [CHUNK][r] */
	float *d;		 /* [CHUNK][r]: x - y */
	float *y_by_row;	 /* [r][CHUNK] */
	float *e_by_output;	 /* [k][CHUNK] */
	struct imc_round_stats s;
};

/* One pixel of each of s.n stretches of equal length, anywhere in it, so that
 * columns of pictures are met alike. */
static int64_t pixel_at(const struct gather *g, int64_t i)
{
	int64_t from = i * g->total / g->s.n;
	int64_t to = (i + 1) * g->total / g->s.n;
	uint64_t state = (uint64_t)i;

	return from +
	       (int64_t)(imc_splitmix_next(&state) % (uint64_t)(to - from));
}

/* The window at output (y, x) of picture `at`. */
static void copy_window(const struct gather *g, const float *at, int64_t y,
			int64_t x, float *to)
{
	const struct imc_walk *v = &g->walk[0], *h = &g->walk[1];

	for (int64_t ky = 0; ky < v->kernel; ky++)
		for (int64_t kx = 0; kx < h->kernel; kx++) {
			int64_t iy =
				y * v->stride + ky * v->dilation - v->before;
			int64_t ix =
				x * h->stride + kx * h->dilation - h->before;
			size_t size = (size_t)g->channels * sizeof *to;

			if (iy < 0 || iy >= v->in || ix < 0 || ix >= h->in)
				memset(to, 0, size);
			else
				memcpy(to,
				       at + iy * g->plane.sh + ix * g->plane.sw,
				       size);
			to += g->channels;
		}
}

static void gather_pixel(void *cx, size_t i, size_t thread)
{
	struct gather *g = cx;
	int64_t r = g->s.r, at = pixel_at(g, g->first + (int64_t)i);
	int64_t w = g->walk[1].out, h = g->walk[0].out;
	int64_t per_sample = g->plane.n * h * w;
	size_t sample = (size_t)(at / per_sample);
	int64_t in = at % per_sample / (h * w) * g->plane.sn +
		     g->group * g->channels;
	float *y = g->y + (int64_t)i * r, *d = g->d + (int64_t)i * r;

	(void)thread;
	copy_window(g, g->n->y[sample] + in, at / w % h, at % w, y);
	copy_window(g, g->n->x[sample] + in, at / w % h, at % w, d);
	for (int64_t k = 0; k < r; k++) {
		d[k] -= y[k];
		g->y_by_row[k * CHUNK + (int64_t)i] = y[k];
	}
}

/* Adds the products of some rows of y with all columns not before them. */
static void add_strip(void *cx, size_t strip, size_t thread)
{
	struct gather *g = cx;
	int64_t r = g->s.r, i0 = (int64_t)strip * STRIP;
	int64_t n = imc_min_i64(STRIP, r - i0);
	struct imc_arena *a = imc_arena_new();
	float *sum = imc_arena_room(a, (size_t)(n * (r - i0)), sizeof *sum);
	struct imc_gemm m = {
		n,	   r - i0, g->count, g->y_by_row + i0 * CHUNK,
		g->y + i0, sum,	   CHUNK,    r,
		r - i0,	   false};

	(void)thread;
	imc_gemm(&m);
	for (int64_t i = 0; i < n; i++) {
		for (int64_t j = 0; j < r - i0; j++)
			g->s.h[(i0 + i) * r + i0 + j] +=
				(double)sum[i * (r - i0) + j];
		for (int64_t j = 0; j < g->count; j++)
			g->s.mean[i0 + i] +=
				(double)g->y_by_row[(i0 + i) * CHUNK + j];
	}
	imc_arena_free(a);
}

/* Products of the layer's own error with y, of some outputs. */
static void add_lag(void *cx, size_t strip, size_t thread)
{
	struct gather *g = cx;
	int64_t r = g->s.r, k0 = (int64_t)strip * STRIP;
	int64_t n = imc_min_i64(STRIP, g->s.k - k0);
	struct imc_arena *a = imc_arena_new();
	float *e = imc_arena_room(a, (size_t)(CHUNK * n), sizeof *e);
	float *by = g->e_by_output + k0 * CHUNK;
	float *sum = imc_arena_room(a, (size_t)(n * r), sizeof *sum);
	struct imc_gemm err = {g->count, n, r,	    g->d, g->w_by_row + k0,
			       e,	 r, g->s.k, n,	  false};
	struct imc_gemm lag = {n,   r,	   g->count, by, g->y,
			       sum, CHUNK, r,	     r,	 false};

	(void)thread;
	imc_gemm(&err);
	for (int64_t i = 0; i < g->count; i++)
		for (int64_t k = 0; k < n; k++)
			by[k * CHUNK + i] = e[i * n + k];
	imc_gemm(&lag);
	for (int64_t k = 0; k < n; k++) {
		for (int64_t i = 0; i < r; i++)
			g->s.lag[(k0 + k) * r + i] += (double)sum[k * r + i];
		for (int64_t i = 0; i < g->count; i++)
			g->s.shift[k0 + k] += (double)by[k * CHUNK + i];
	}
	imc_arena_free(a);
}

/* From sums to means; h gets its other half. */
static void divide(struct imc_round_stats *s, bool centred)
{
	double n = (double)s->n;

	for (int64_t i = 0; i < s->r; i++)
		s->mean[i] /= n;
	for (int64_t k = 0; k < s->k; k++)
		s->shift[k] /= n;
	for (int64_t i = 0; i < s->r; i++)
		for (int64_t j = i; j < s->r; j++) {
			double *h = &s->h[i * s->r + j];

			*h /= n;
			if (centred)
				*h -= s->mean[i] * s->mean[j];
			s->h[j * s->r + i] = *h;
		}
	for (int64_t i = 0; i < s->k * s->r; i++) {
		s->lag[i] /= n;
		if (centred)
			s->lag[i] -= s->shift[i / s->r] * s->mean[i % s->r];
	}
}

static void open_stats(struct gather *g, struct imc_arena *a)
{
	struct imc_round_stats *s = &g->s;
	const struct imc_tensor *w = &imc_node_in(g->n->g, g->n->n, 1)->t;
	int64_t work;

	s->k = w->dim[0] / g->n->n->a.group[0];
	s->r = imc_tensor_count(w) / imc_max_i64(1, w->dim[0]);
	work = MOST_WORK / imc_max_i64(1, s->r * s->r);
	s->n = imc_min_i64(imc_min_i64(g->total, MOST_PIXELS),
			   imc_max_i64(2 * s->r, work));
	s->n = imc_min_i64(s->n, imc_max_i64(FEW_PIXELS, PIXELS_A_ROW * s->r));
	s->h = imc_arena_array(a, (size_t)(s->r * s->r), sizeof *s->h);
	s->mean = imc_arena_array(a, (size_t)s->r, sizeof *s->mean);
	s->lag = imc_arena_array(a, (size_t)(s->k * s->r), sizeof *s->lag);
	s->shift = imc_arena_array(a, (size_t)s->k, sizeof *s->shift);
}

static void open_room(struct gather *g, struct imc_arena *a)
{
	int64_t r = g->s.r, k = g->s.k;
	size_t n = (size_t)r * CHUNK;

	g->y = imc_arena_room(a, n, sizeof *g->y);
	g->d = imc_arena_room(a, n, sizeof *g->d);
	g->y_by_row = imc_arena_room(a, n, sizeof *g->y_by_row);
	g->e_by_output =
		imc_arena_room(a, (size_t)k * CHUNK, sizeof *g->e_by_output);
	g->w_by_row = imc_arena_room(a, (size_t)(r * k), sizeof *g->w_by_row);
	g->w = g->n->w + g->group * k * r;
	for (int64_t i = 0; i < k * r; i++)
		g->w_by_row[i % r * k + i / r] = g->w[i];
}

struct imc_round_stats imc_round_stats_of(const struct imc_round_node *n,
					  int64_t group, bool centred,
					  struct imc_arena *a)
{
	struct imc_arena *own = imc_arena_new();
	struct gather g = {.n = n, .group = group};
	const struct imc_tensor *x = &imc_node_in(n->g, n->n, 0)->t;

	g.plane = imc_plane_of(x, n->g->layout);
	imc_walk_of_attrs(&n->n->a, &g.plane, g.walk);
	g.channels = g.plane.c / n->n->a.group[0];
	g.total = g.plane.n * g.walk[0].out * g.walk[1].out *
		  (int64_t)n->n_sample;
	open_stats(&g, a);
	open_room(&g, own);
	for (g.first = 0; g.first < g.s.n; g.first += CHUNK) {
		g.count = imc_min_i64(CHUNK, g.s.n - g.first);
		imc_parallel_for((size_t)g.count, gather_pixel, &g);
		imc_parallel_for((size_t)imc_ceil_div(g.s.r, STRIP), add_strip,
				 &g);
		imc_parallel_for((size_t)imc_ceil_div(g.s.k, STRIP), add_lag,
				 &g);
	}
	divide(&g.s, centred);
	imc_arena_free(own);
	return g.s;
}
