#include <string.h>

#include "ir/num.h"
#include "ir/op/q_conv.h"
#include "ir/support/checked.h"
#include "tests/quant_ops/quant_cases.h"

#define MOST_LINES 1000

/* What a word line is driven with: an input position behind that of the
 * patch's first window, and a channel of the bundle; or a drive code. */
struct line {
	int64_t y, x, c;
	int drive; /* -1: none */
};

/* One tile of one convolution. */
struct sheet {
	const struct conv_case *c;
	const struct imc_node *n;
	const struct imc_tensor *w;
	const struct imc_tile *t;
	struct imc_q_conv q;
	struct imc_q_bundle b;
	int n_line;
	struct line line[MOST_LINES];
};

static bool is_read(int64_t at, int64_t kernel, int64_t stride, int64_t n)
{
	for (int64_t p = 0; p < n; p++)
		if (at >= p * stride && at < p * stride + kernel)
			return true;
	return false;
}

static void add_position(struct sheet *s, int64_t y, int64_t x)
{
	int64_t taps = s->q.kh * s->q.kw;

	for (int64_t i = 0; i < s->t->n_row / taps; i++)
		s->line[s->n_line++] = (struct line){y, x, i, -1};
	/* of a 1x1 kernel the rows are channels */
	for (int64_t i = 0; i < s->t->n_row && taps == 1; i++)
		s->line[s->n_line - 1 - i].c += s->t->row0;
}

/* Every position that a window of the patch reads, in order. */
static void list_patch(struct sheet *s)
{
	const int64_t *stride = s->n->a.stride;
	int64_t h = s->t->patch_h, w = s->t->patch_w;

	for (int64_t y = 0; y < h * stride[0] + s->q.kh; y++)
		for (int64_t x = 0; x < w * stride[1] + s->q.kw; x++)
			if (is_read(y, s->q.kh, stride[0], h) &&
			    is_read(x, s->q.kw, stride[1], w))
				add_position(s, y, x);
}

static void list_rows(struct sheet *s)
{
	const int64_t *step = s->n->a.dilation;

	for (int64_t i = 0; i < s->t->n_row; i++) {
		int64_t r = s->t->row0 + i, tap = r / s->b.n_c;

		s->line[s->n_line++] = (struct line){tap / s->q.kw * step[0],
						     tap % s->q.kw * step[1],
						     r % s->b.n_c, -1};
	}
}

static void open_sheet(struct sheet *s, const struct conv_case *c,
		       const struct imc_tile *t)
{
	struct imc_tensor in[IMC_Q_CONV_IN] = {{0}};

	*s = (struct sheet){.c = c, .n = imc_node_at(c->g, c->id), .t = t};
	for (int k = 1; k < 10; k++)
		if (imc_node_in(c->g, s->n, k))
			in[k] = imc_node_in(c->g, s->n, k)->t;
	in[0] = c->x;
	s->w = &imc_node_in(c->g, s->n, 1)->t;
	imc_q_conv_open(&s->q, c->g, s->n, in);
	s->b = imc_q_conv_bundle(&s->q, t->bundle);
	if (t->patch_h == 1 && t->patch_w == 1)
		list_rows(s);
	else
		list_patch(s);
	for (int i = 0; i < t->n_bias; i++)
		s->line[s->n_line++] = (struct line){.drive = i};
}

static int8_t cell(const struct sheet *s, const struct imc_images *img,
		   int64_t line, int64_t column)
{
	return img->cell[s->t->array]
			[(s->t->y + line) * img->cols + s->t->x + column];
}

/* Cell of slice i of column j in the copy of pixel (py, px). */
static int32_t want_cell(const struct sheet *s, const struct line *l,
			 const int64_t pixel[2], int i, int64_t j)
{
	const struct imc_attrs *a = &s->n->a;
	int64_t k = s->b.k0 + s->t->col0 + j,
		c = l->c - (k / s->q.group_k) * s->q.group_c + s->b.c0;
	int64_t ky = l->y - pixel[0] * a->stride[0];
	int64_t kx = l->x - pixel[1] * a->stride[1];
	const int8_t *w = s->w->data;

	if (l->drive >= 0)
		return i + s->t->slice0 ? 0
					: s->q.bias_row[l->drive * s->q.k + k];
	if (ky < 0 || kx < 0 || ky % a->dilation[0] || kx % a->dilation[1])
		return 0;
	ky /= a->dilation[0];
	kx /= a->dilation[1];
	if (ky >= s->q.kh || kx >= s->q.kw || c < 0 || c >= s->q.group_c)
		return 0;
	i += s->t->slice0;
	return imc_slice(
		w[((k * s->q.kh + ky) * s->q.kw + kx) * s->q.group_c + c], i,
		(int)a->slices[0], (int)a->slice_bits[0]);
}

int64_t wrong_cells(const struct conv_case *c, const struct imc_tile *t,
		    const struct imc_images *img)
{
	struct sheet s;
	int64_t n = 0;

	open_sheet(&s, c, t);
	for (int l = 0; l < s.n_line; l++)
		for (int64_t i = 0; i < t->w; i++) {
			int64_t j = i % t->n_col, slices = t->n_slice;
			int64_t p = i / t->n_col / slices;
			int64_t at[] = {p / t->patch_w, p % t->patch_w};
			int slice = (int)(i / t->n_col % slices);

			n += cell(&s, img, l, i) !=
			     want_cell(&s, &s.line[l], at, slice, j);
		}
	return s.n_line == t->h ? n : -1;
}

static int64_t drive(const struct sheet *s, const struct line *l,
		     const int64_t at[3])
{
	const struct imc_attrs *a = &s->n->a;
	int64_t y = at[1] * a->stride[0] - a->pads[0] + l->y;
	int64_t x = at[2] * a->stride[1] - a->pads[1] + l->x;

	if (l->drive >= 0)
		return a->drive.v[l->drive];
	if (y < 0 || y >= s->q.h || x < 0 || x >= s->q.w)
		return 0;
	return s->q.x[((at[0] * s->q.h + y) * s->q.w + x) * s->q.c + s->b.c0 +
		      l->c] -
	       s->q.zero_x;
}

/* What column i gives for its pixel in the job at `at` (image, y, x). */
static int64_t part(const struct sheet *s, const struct imc_images *img,
		    const int64_t at[3], int64_t i)
{
	const struct imc_attrs *a = &s->n->a;
	int64_t k = s->b.k0 + s->t->col0 + i % s->t->n_col, acc = 0;
	int64_t slice = s->t->slice0 + i / s->t->n_col % s->t->n_slice;
	int64_t shift = slice * a->slice_bits[0];
	volatile float sum = 0;

	for (int l = 0; l < s->n_line; l++) {
		int64_t x = drive(s, &s->line[l], at), w = cell(s, img, l, i);

		acc += x * w;
		naive_float_add(&sum, x, w, a->slice_bits[0]);
	}
	if (a->adc[0] && a->adc_float[0]) {
		acc = naive_float_code(sum, a->adc_low[0], a->adc_high[0]);
		shift += a->post[0] ? 0 : IMC_SUM_FRAC;
	} else if (a->adc[0]) {
		acc = imc_requant(acc, s->q.adc_mult[k], s->q.adc_shift[k],
				  s->q.adc_zero[k], (int32_t)a->adc_lo[0],
				  (int32_t)a->adc_hi[0]) -
		      s->q.adc_zero[k];
		shift += a->post[0] ? 0 : IMC_SUM_FRAC;
	}
	if (a->slice_bits[0] == 1 && slice == a->slices[0] - 1)
		acc = -acc; /* the sign of two's complement */
	return acc * ((int64_t)1 << shift);
}

/* True if the pixel of an image of n pixels is one of the tile's copy. */
static bool is_own(const struct imc_tile *t, int64_t pixel, int64_t n,
		   int32_t copies)
{
	return pixel >= t->copy * n / copies &&
	       pixel < (t->copy + 1) * n / copies;
}

/* One job; parts: one for each pixel, slice and column, where the job before
 * may have written. */
static void run_job(const struct sheet *s, const struct imc_images *img,
		    const int64_t at[3], int32_t *parts)
{
	int64_t width = s->t->n_col * s->t->n_slice;

	for (int64_t i = 0; i < s->t->w; i++) {
		int64_t p = i / width;
		int64_t y = at[1] + p / s->t->patch_w;
		int64_t x = at[2] + p % s->t->patch_w;
		int64_t pixel = (at[0] * s->q.oh + y) * s->q.ow + x;

		parts[pixel * width + i % width] = (int32_t)part(s, img, at, i);
	}
}

static void run_tile(const struct sheet *s, const struct imc_images *img,
		     int32_t copies, int32_t *sum)
{
	struct imc_arena *a = imc_arena_new();
	int64_t width = s->t->n_col * s->t->n_slice;
	int64_t n_pixel = s->q.oh * s->q.ow;
	int64_t batch = s->c->x.dim[0], at[3], k = s->b.k0 + s->t->col0;
	int32_t *parts = imc_arena_array(a, (size_t)(s->q.n_window * width),
					 sizeof *parts);

	for (at[0] = 0; at[0] < batch; at[0]++)
		for (at[1] = 0; at[1] < s->q.oh; at[1] += s->t->patch_h)
			for (int64_t x = 0; x < s->q.ow; x += s->t->patch_w) {
				at[2] = imc_min_i64(x, s->q.ow - s->t->patch_w);
				run_job(s, img, at, parts);
			}
	for (int64_t i = 0; i < s->q.n_window * width; i++)
		if (is_own(s->t, i / width % n_pixel, n_pixel, copies))
			sum[i / width * s->q.k + k + i % s->t->n_col] +=
				parts[i];
	imc_arena_free(a);
}

void naive_map(const struct conv_case *c, const struct imc_map *m,
	       const struct imc_images *img, int8_t *y)
{
	struct imc_arena *a = imc_arena_new();
	int32_t *sum = NULL;
	struct sheet s;

	for (size_t i = 0; i < m->n_tile; i++) {
		open_sheet(&s, c, &m->tile[i]);
		if (!sum)
			sum = imc_arena_array(a, (size_t)(s.q.n_window * s.q.k),
					      sizeof *sum);
		run_tile(&s, img, m->assign->copies ? m->assign->copies : 1,
			 sum);
	}
	naive_rest(c, sum);
	s.q.residual = NULL;
	imc_q_conv_finish(&s.q, sum, y);
	imc_arena_free(a);
}
