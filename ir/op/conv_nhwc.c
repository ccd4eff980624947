/* Channel-last: a window is a few runs of a padded picture, which the product
 * reads in place. */
#include <string.h>

#include "ir/eval/gemm_float.h"
#include "ir/op/conv.h"
#include "ir/support/checked.h"

#define STRIP_FLOATS ((int64_t)1 << 15) /* of the padded picture */
#define STRIP_OUT ((int64_t)1 << 17)

/* Some lines of outputs and what they read. */
struct strip {
	const struct imc_conv *c;
	int64_t most;  /* lines at once */
	int64_t width; /* pixels of a line of the picture */
	float *padded; /* NULL: x itself is the picture */
	const float **row;
	const struct imc_gemm_run *run;
	int64_t n_run;
};

/* Input positions of a window along an axis. */
static int64_t extent(const struct imc_walk *w)
{
	return (w->kernel - 1) * w->dilation + 1;
}

static bool needs_padding(const struct imc_conv *c)
{
	for (int i = 0; i < 2; i++) {
		const struct imc_walk *w = &c->walk[i];

		if (w->before || (w->out - 1) * w->stride + extent(w) > w->in)
			return true;
	}
	return false;
}

/* The taps of a window of one group. */
static void find_runs(struct strip *s)
{
	const struct imc_conv *c = s->c;
	struct imc_gemm_run *v = NULL, *last = NULL;
	size_t n = 0, cap = 0;

	for (int64_t t = 0; t < c->w.h * c->w.w; t++) {
		int64_t y = t / c->w.w * c->walk[0].dilation;
		int64_t x = t % c->w.w * c->walk[1].dilation;
		int64_t at = (y * s->width + x) * c->x.c;

		if (last && last->at + last->n == at) {
			last->n += c->w.c;
			continue;
		}
		last = IMC_PUSH(c->scratch, v, n, cap);
		*last = (struct imc_gemm_run){at, c->w.c};
	}
	s->run = v;
	s->n_run = (int64_t)n;
}

static struct strip open_strip(const struct imc_conv *c)
{
	const struct imc_walk *v = &c->walk[0], *h = &c->walk[1];
	struct strip s = {.c = c, .width = c->x.w, .most = v->out};

	if (needs_padding(c)) {
		int64_t line;

		s.width = (h->out - 1) * h->stride + extent(h);
		line = s.width * c->x.c;
		s.most = imc_max_i64(1, STRIP_FLOATS / (v->stride * line));
		s.most = imc_min_i64(s.most, v->out);
		s.padded = imc_arena_room(
			c->scratch,
			(size_t)(((s.most - 1) * v->stride + extent(v)) * line),
			sizeof *s.padded);
	}
	/* outputs of a strip stay in the cache, too */
	s.most = imc_min_i64(s.most, imc_max_i64(1, STRIP_OUT / c->y.sh));
	s.row = imc_arena_room(c->scratch, (size_t)(s.most * h->out),
			       sizeof *s.row);
	find_runs(&s);
	return s;
}

/* Fills the picture for output lines oy .. oy + n of picture x. */
static void load(const struct strip *s, const float *x, int64_t oy, int64_t n)
{
	const struct imc_walk *v = &s->c->walk[0], *h = &s->c->walk[1];
	int64_t pixel = s->c->x.c, y0 = oy * v->stride - v->before;
	int64_t n_line = (n - 1) * v->stride + extent(v);
	int64_t x0 = -h->before, lo = imc_max_i64(x0, 0);
	int64_t hi = imc_min_i64(x0 + s->width, h->in);
	size_t bytes = sizeof(float) * (size_t)pixel;
	float *to = s->padded;

	for (int64_t y = y0; y < y0 + n_line; y++, to += s->width * pixel) {
		memset(to, 0, (size_t)s->width * bytes);
		if (y >= 0 && y < v->in && lo < hi)
			memcpy(to + (lo - x0) * pixel,
			       x + y * s->c->x.sh + lo * pixel,
			       (size_t)(hi - lo) * bytes);
	}
}

/* Points at the windows of output lines oy .. oy + n in group g of picture x.
 */
static void point(const struct strip *s, const float *x, int64_t oy, int64_t n,
		  int64_t g)
{
	const struct imc_walk *v = &s->c->walk[0], *h = &s->c->walk[1];
	const float *from = s->padded;

	if (!from)
		from = x + oy * v->stride * s->c->x.sh;
	from += g * s->c->w.c;
	for (int64_t i = 0; i < n * h->out; i++)
		s->row[i] = from + (i / h->out * v->stride * s->width +
				    i % h->out * h->stride) *
					   s->c->x.c;
}

/* All lines of the strip that begins with output line i of all, in group g. */
static int64_t add_strip(const struct strip *s, int64_t i,
			 struct imc_gemm_rows *m)
{
	const struct imc_conv *c = s->c;
	int64_t oy = i % c->y.h, k = m->n;
	int64_t n = imc_min_i64(s->most, c->y.h - oy);
	const float *x = c->x_data + i / c->y.h * c->x.sn, *panels = m->panels;

	if (s->padded)
		load(s, x, oy, n);
	m->m = n * c->y.w;
	m->b = c->w_data;
	m->c = c->y_data + i * c->y.sh;
	imc_conv_set_bias(c, m->c, m->m);
	for (int64_t g = 0; g < c->group; g++) {
		point(s, x, oy, n, g);
		imc_gemm_float(m);
		m->b += k * m->k;
		m->c += k;
		if (panels)
			m->panels +=
				imc_ceil_div(k, IMC_PANEL) * IMC_PANEL * m->k;
	}
	m->panels = panels;
	imc_conv_clip(c, c->y_data + i * c->y.sh, n * c->y.sh);
	return n;
}

/* y[position][k] = windows[position][rows] * w[k][rows] */
void imc_conv_nhwc(const struct imc_conv *c)
{
	struct strip s = open_strip(c);
	struct imc_gemm_rows m = {.n = c->w.n / c->group,
				  .k = c->w.sn,
				  .run = s.run,
				  .n_run = s.n_run,
				  .a = s.row,
				  .ldc = c->y.sw};

	/* Panels that serve once are made when they are needed. */
	if (s.most < c->y.n * c->y.h)
		m.panels = imc_panels_float(c->w_data, m.k, m.n, c->group,
					    c->scratch);
	else
		m.panel = imc_arena_room(c->scratch, (size_t)m.k,
					 IMC_PANEL * sizeof *m.panel);
	for (int64_t i = 0; i < c->y.n * c->y.h;)
		i += add_strip(&s, i, &m);
}
