#include <string.h>

#include "ir/eval/requant.h"
#include "ir/num.h"
#include "ir/op/q_strip.h"
#include "ir/support/checked.h"

static const void *input(const struct imc_node *n, const struct imc_tensor *in,
			 int k)
{
	return k < n->n_in ? in[k].data : NULL;
}

static int64_t n_output(int64_t in, int64_t kernel, int64_t pads,
			const int64_t *step)
{
	return (in + pads - (kernel - 1) * step[1] - 1) / step[0] + 1;
}

static void open_shapes(struct imc_q_conv *q, const struct imc_node *n,
			const struct imc_tensor *in)
{
	const struct imc_attrs *a = &n->a;

	q->h = in[0].dim[1];
	q->w = in[0].dim[2];
	q->c = in[0].dim[3];
	q->k = in[1].dim[0];
	q->kh = in[1].dim[1];
	q->kw = in[1].dim[2];
	q->oh = n_output(q->h, q->kh, a->pads[0] + a->pads[2],
			 (const int64_t[]){a->stride[0], a->dilation[0]});
	q->ow = n_output(q->w, q->kw, a->pads[1] + a->pads[3],
			 (const int64_t[]){a->stride[1], a->dilation[1]});
	q->n_window = in[0].dim[0] * q->oh * q->ow;
	q->group = (int32_t)a->group[0];
	q->bundle = (int32_t)imc_min_i64(a->bundle[0], q->group);
	q->n_bundle = (int32_t)imc_ceil_div(q->group, q->bundle);
	q->group_c = q->c / q->group;
	q->group_k = q->k / q->group;
	q->block_rows = a->block_rows[0];
	if (!q->block_rows)
		q->block_rows = q->kh * q->kw * q->group_c * q->bundle;
}

void imc_q_conv_open(struct imc_q_conv *q, const struct imc_graph *g,
		     const struct imc_node *n, const struct imc_tensor *in)
{
	*q = (struct imc_q_conv){.n = n};
	open_shapes(q, n, in);
	q->zero_x = imc_node_in(g, n, 0)->zero;
	q->zero_y = imc_node_out(g, n, 0)->zero;
	q->x = input(n, in, 0);
	q->weight = input(n, in, 1);
	q->bias = input(n, in, 2);
	q->mult = input(n, in, 3);
	q->shift = input(n, in, 4);
	q->adc_mult = input(n, in, 5);
	q->adc_shift = input(n, in, 6);
	q->adc_zero = input(n, in, 7);
	q->bias_row = input(n, in, 8);
	q->residual = input(n, in, 9);
}

struct imc_q_bundle imc_q_conv_bundle(const struct imc_q_conv *q, int bundle)
{
	int64_t first = (int64_t)bundle * q->bundle;
	int64_t n = imc_min_i64(q->bundle, q->group - first);
	struct imc_q_bundle b = {
		.c0 = first * q->group_c,
		.n_c = n * q->group_c,
		.k0 = first * q->group_k,
		.n_col = n * q->group_k,
		.n_row = q->kh * q->kw * n * q->group_c,
	};

	b.n_block = (int32_t)imc_ceil_div(b.n_row, q->block_rows);
	return b;
}

struct imc_q_piece imc_q_conv_block(const struct imc_q_conv *q, int bundle,
				    int block)
{
	struct imc_q_piece p = {.b = imc_q_conv_bundle(q, bundle)};

	p.row0 = block * q->block_rows;
	p.n_row = imc_min_i64(q->block_rows, p.b.n_row - p.row0);
	p.n_col = p.b.n_col;
	p.slices = (int32_t)q->n->a.slices[0];
	p.patch_h = p.patch_w = 1;
	if (block == p.b.n_block - 1)
		p.n_drive = q->n->a.drive.n;
	return p;
}

/* Column block that keeps both weights and cells in whole cache lines. */
#define COLUMNS 16

/* Cells of the rows of one tap and group. Rows r0 .. r0+n of the piece are
 * channels ci .. of columns j0 .. j1 of the bundle. */
struct taps {
	int64_t r0, n, tap, ci, j0, j1;
};

static void fill_taps(const struct imc_q_conv *q, const struct imc_q_piece *p,
		      const struct taps *t, const int8_t *table, int8_t *cells)
{
	int64_t ld = p->slices * p->n_col, len = q->kh * q->kw * q->group_c;
	const int8_t *w = q->weight + t->tap * q->group_c + t->ci;

	for (int64_t j0 = t->j0; j0 < t->j1; j0 += COLUMNS) {
		int64_t j1 = imc_min_i64(j0 + COLUMNS, t->j1);

		for (int64_t r = 0; r < t->n; r++) {
			int8_t *to = cells + (t->r0 + r) * ld;

			for (int64_t j = j0; j < j1; j++)
				to[j - p->col0] =
					table[w[(p->b.k0 + j) * len + r] + 128];
		}
	}
}

/* All cells of one slice; table: the slice of every weight. */
static void fill_slice(const struct imc_q_conv *q, const struct imc_q_piece *p,
		       const int8_t *table, int8_t *cells)
{
	int64_t end = p->row0 + p->n_row, n;

	for (int64_t r = p->row0; r < end; r += n) {
		int64_t c = r % p->b.n_c, group = c / q->group_c;
		struct taps t = {.r0 = r - p->row0, .tap = r / p->b.n_c};

		t.ci = c % q->group_c;
		t.n = n = imc_min_i64(q->group_c - t.ci, end - r);
		t.j0 = imc_max_i64(group * q->group_k, p->col0);
		t.j1 = imc_min_i64((group + 1) * q->group_k,
				   p->col0 + p->n_col);
		fill_taps(q, p, &t, table, cells);
	}
}

static void fill_bias_rows(const struct imc_q_conv *q,
			   const struct imc_q_piece *p, int8_t *cells)
{
	int64_t ld = p->slices * p->n_col;

	for (int i = 0; i < p->n_drive; i++) {
		const int8_t *from = q->bias_row + i * q->k + p->b.k0 + p->col0;
		int8_t *to = cells + (p->n_row + i) * ld;

		memcpy(to, from, (size_t)p->n_col);
	}
}

void imc_q_conv_cells(const struct imc_q_conv *q, const struct imc_q_piece *p,
		      int slice0, int8_t *cells)
{
	int n_slice = (int)q->n->a.slices[0];
	int bits = (int)q->n->a.slice_bits[0];
	size_t n = (size_t)((p->n_row + p->n_drive) * p->slices * p->n_col);
	int8_t table[256];

	memset(cells, 0, n);
	for (int s = slice0; s < slice0 + p->slices; s++) {
		for (int w = -128; w < 128; w++)
			table[w + 128] = (int8_t)imc_slice(w, s, n_slice, bits);
		fill_slice(q, p, table, cells + (s - slice0) * p->n_col);
	}
	if (slice0 == 0)
		fill_bias_rows(q, p, cells);
}

static bool all_zero(const int8_t *cells, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		if (cells[i])
			return false;
	return true;
}

/* The columns of one copy of a piece, packed with the word lines that are not
 * all 0 there. */
static struct imc_panels pack_copy(const struct imc_q_strip *t,
				   const int8_t *cells, int64_t copy,
				   struct imc_arena *a)
{
	const struct imc_ints *drive = &t->q->n->a.drive;
	const struct imc_q_piece *p = &t->p;
	int64_t width = p->slices * p->n_col, n_run;
	int64_t ld = p->patch_h * p->patch_w * width;
	int64_t lo = 0, hi = imc_q_conv_lines(t->q, p);
	int32_t *start = imc_arena_array(a, (size_t)width, sizeof *start);
	const struct imc_gemm_run *run;

	cells += copy * width;
	for (int i = 0; i < p->n_drive; i++)
		for (int64_t j = 0; j < width; j++)
			start[j] +=
				(int32_t)drive->v[i] * cells[(hi + i) * ld + j];
	/* Found in the cells and not by geometry: a cell that should be 0 may
	 * not be. */
	while (hi > 0 && all_zero(cells + (hi - 1) * ld, width))
		hi--;
	while (lo < hi && all_zero(cells + lo * ld, width))
		lo++;
	run = imc_q_strip_runs(t, lo, hi, &n_run, a);
	return imc_panels_pack(run, n_run, width, cells + lo * ld, ld, 1, start,
			       a);
}

/* One copy of a piece, as it multiplies. */
struct copy {
	bool in_float; /* what comes out are codes of `lines` then */
	struct imc_panels panels;
	struct imc_adc_lines lines;
};

static bool reads_float(const struct imc_q_conv *q)
{
	return q->n->a.adc[0] && q->n->a.adc_float[0];
}

struct imc_adc_lines imc_q_conv_float_lines(const struct imc_q_strip *t,
					    struct imc_arena *a)
{
	const struct imc_attrs *at = &t->q->n->a;
	struct imc_adc_lines l = {
		.n_drive = t->p.n_drive,
		.drive = at->drive.v,
		.cell_max = (float)imc_cell_max((int)at->slice_bits[0]),
		.low = (int32_t)at->adc_low[0],
		.high = (int32_t)at->adc_high[0],
	};

	l.run = imc_q_strip_runs(t, 0, imc_q_conv_lines(t->q, &t->p), &l.n_run,
				 a);
	return l;
}

/* Copy number i; cells: of all of them. */
static struct copy open_copy(const struct imc_q_strip *t, const int8_t *cells,
			     int64_t i, struct imc_arena *a)
{
	const struct imc_q_piece *p = &t->p;
	int64_t width = p->slices * p->n_col;
	int64_t ld = p->patch_h * p->patch_w * width;
	struct copy c = {.in_float = reads_float(t->q)};

	if (!c.in_float) {
		c.panels = pack_copy(t, cells, i, a);
		return c;
	}
	c.lines = imc_q_conv_float_lines(t, a);
	c.lines.n_col = width;
	cells += i * width;
	imc_adc_lines_pack(&c.lines, cells,
			   cells + imc_q_conv_lines(t->q, p) * ld, ld, a);
	return c;
}

/* The strip's sums, or codes: acc[job][ld]. */
static void multiply(const struct copy *c, const struct imc_q_strip *t,
		     int32_t *acc, int64_t ld)
{
	if (c->in_float)
		imc_adc_lines_read(&c->lines, t->row, t->n, acc, ld);
	else
		imc_gemm_int(&c->panels, t->row, t->n, acc, ld);
}

/* Sums of m windows, ld apart, and where their codes go. In float32 they are
 * codes already. */
struct windows {
	int64_t m, ld;
	const int32_t *acc;
	int32_t *sum; /* of the first, from the piece's first column on */
	int64_t lds;
};

/* Adds the codes (or sums) of slice s of the piece. */
static void add_codes(const struct imc_q_conv *q, const struct imc_q_piece *p,
		      int s, const struct windows *w)
{
	const struct imc_attrs *a = &q->n->a;
	int64_t k = p->b.k0 + p->col0;
	int frac = a->adc[0] && !a->post[0] ? IMC_SUM_FRAC : 0;
	struct imc_adc_rows rows = {
		.acc = w->acc + s * p->n_col,
		.lda = w->ld,
		.weight = imc_slice_factor(p->slice0 + s, (int)a->slices[0],
					   (int)a->slice_bits[0]) *
			  (1 << frac),
		.sum = w->sum,
		.lds = w->lds,
	};
	struct imc_adc_columns adc = {.lo = (int32_t)a->adc_lo[0],
				      .hi = (int32_t)a->adc_hi[0]};

	if (a->adc[0] && !reads_float(q)) {
		adc.mult = q->adc_mult + k;
		adc.shift = q->adc_shift + k;
		adc.zero = q->adc_zero + k;
		imc_adc_read(&adc, w->m, p->n_col, &rows);
		return;
	}
	for (int64_t i = 0; i < w->m; i++)
		for (int64_t j = 0; j < p->n_col; j++)
			rows.sum[i * rows.lds + j] +=
				rows.acc[i * rows.lda + j] * rows.weight;
}

void imc_q_conv_add_job(const struct imc_q_conv *q, const struct imc_q_piece *p,
			const struct imc_q_spot *at, const int32_t *acc,
			int32_t *sum)
{
	int64_t line = (at->batch * q->oh + at->y) * q->ow + at->x;
	int64_t width = p->slices * p->n_col;

	sum += p->b.k0 + p->col0;
	for (int32_t y = 0; y < p->patch_h; y++, line += q->ow) {
		struct windows w = {.m = at->n_x,
				    .ld = width,
				    .acc = acc + y * p->patch_w * width,
				    .sum = sum + line * q->k,
				    .lds = q->k};

		for (int s = 0; s < p->slices; s++)
			add_codes(q, p, s, &w);
	}
}

bool imc_q_conv_counts(const struct imc_q_conv *q, const struct imc_q_piece *p,
		       const struct imc_q_spot *at)
{
	int64_t pixel = at->y * q->ow + at->x;

	return p->end == 0 || (pixel >= p->first && pixel < p->end);
}

/* n jobs from `first` on, whose sums follow one another. Jobs of one pixel that
 * all count are the windows in their order. */
static void add_jobs(const struct imc_q_conv *q, const struct imc_q_piece *p,
		     int64_t first, int64_t n, const int32_t *acc, int32_t *sum)
{
	int64_t n_copy = p->patch_h * p->patch_w;
	int64_t n_col = n_copy * p->slices * p->n_col;

	if (n_copy == 1 && p->end == 0) {
		struct windows w = {n, n_col, acc,
				    sum + first * q->k + p->b.k0 + p->col0,
				    q->k};

		for (int s = 0; s < p->slices; s++)
			add_codes(q, p, s, &w);
		return;
	}
	for (int64_t i = 0; i < n; i++) {
		struct imc_q_spot at = imc_q_conv_spot(q, p, first + i);

		if (imc_q_conv_counts(q, p, &at))
			imc_q_conv_add_job(q, p, &at, acc + i * n_col, sum);
	}
}

void imc_q_conv_run(const struct imc_q_conv *q, const struct imc_q_piece *p,
		    const int8_t *cells, int32_t *sum,
		    struct imc_arena *scratch)
{
	int64_t n_copy = p->patch_h * p->patch_w;
	int64_t width = p->slices * p->n_col, n_col = n_copy * width;
	struct imc_q_strip t = imc_q_strip_open(q, p, n_col, scratch);
	struct copy *copy =
		imc_arena_array(scratch, (size_t)n_copy, sizeof *copy);
	int32_t *acc = imc_arena_room(
		scratch, (size_t)(imc_q_strip_room(&t) * n_col), sizeof *acc);

	for (int64_t i = 0; i < n_copy; i++)
		copy[i] = open_copy(&t, cells, i, scratch);
	for (int64_t job = 0; job < t.jobs.n; job += t.n) {
		imc_q_strip_load(&t, job);
		for (int64_t i = 0; i < n_copy; i++)
			multiply(&copy[i], &t, acc + i * width, n_col);
		add_jobs(q, p, job, t.n, acc, sum);
	}
}

/* post adc: the code, or the sum of codes, is the activation. Columns of the
 * bundle only. */
static void finish_adc(const struct imc_q_conv *q, const int32_t *sum,
		       int8_t *y, const struct imc_q_bundle *b)
{
	const struct imc_attrs *a = &q->n->a;
	const int32_t *zero = q->adc_zero + b->k0;

	for (int64_t k = 0; k < b->n_col; k++)
		if (b->n_block == 1)
			y[k] = (int8_t)imc_clamp(sum[k] + zero[k], -128, 127);
		else
			y[k] = (int8_t)imc_clamp((int64_t)sum[k] + q->zero_y,
						 a->lo[0], a->hi[0]);
}

void imc_q_conv_requant(const struct imc_q_conv *q, int64_t k, int64_t n,
			int64_t n_window, const int32_t *sum, int8_t *y)
{
	struct imc_requant_columns c = {.bias = q->bias + k,
					.mult = q->mult + k,
					.shift = q->shift + k,
					.zero = q->zero_y,
					.lo = (int32_t)q->n->a.lo[0],
					.hi = (int32_t)q->n->a.hi[0]};

	imc_requant_rows(&c, n_window, n, sum, y + k, q->k);
}

void imc_q_conv_finish(const struct imc_q_conv *q, int32_t *sum, int8_t *y)
{
	imc_q_conv_add_residual(q, sum);
	if (!q->n->a.adc[0] || !q->n->a.post[0]) {
		imc_q_conv_requant(q, 0, q->k, q->n_window, sum, y);
		return;
	}
	for (int64_t w = 0; w < q->n_window; w++, sum += q->k, y += q->k)
		for (int b = 0; b < q->n_bundle; b++) {
			struct imc_q_bundle at = imc_q_conv_bundle(q, b);

			finish_adc(q, sum + at.k0, y + at.k0, &at);
		}
}

/* A bundle whose blocks share the windows of a strip. */
struct blocks {
	struct imc_q_bundle b;
	struct imc_q_strip t;
	struct imc_q_piece *piece; /* [block] */
	struct copy *cells;	   /* [block] */
	int32_t *acc, *sum;	   /* of the windows of a strip */
};

static struct blocks open_blocks(const struct imc_q_conv *q, int bundle,
				 struct imc_arena *a)
{
	struct blocks s = {.b = imc_q_conv_bundle(q, bundle)};
	struct imc_q_piece first = imc_q_conv_block(q, bundle, 0);
	int64_t width = first.slices * first.n_col;
	size_t room;

	s.piece = imc_arena_array(a, (size_t)s.b.n_block, sizeof *s.piece);
	s.cells = imc_arena_array(a, (size_t)s.b.n_block, sizeof *s.cells);
	s.t = imc_q_strip_open(q, &first, width + s.b.n_col, a);
	for (int i = 0; i < s.b.n_block; i++) {
		struct imc_q_piece *p = &s.piece[i];
		struct imc_q_strip t = s.t;
		int8_t *cells;

		*p = t.p = imc_q_conv_block(q, bundle, i);
		cells = imc_arena_alloc(
			a, (size_t)((p->n_row + p->n_drive) * width));
		imc_q_conv_cells(q, p, 0, cells);
		s.cells[i] = open_copy(&t, cells, 0, a);
	}
	room = (size_t)imc_q_strip_room(&s.t);
	s.acc = imc_arena_room(a, room * (size_t)width, sizeof *s.acc);
	s.sum = imc_arena_room(a, room * (size_t)s.b.n_col, sizeof *s.sum);
	return s;
}

/* The outputs of the strip's windows, y: of all channels. */
static void run_strip(const struct imc_q_conv *q, struct blocks *s, int8_t *y)
{
	int64_t n = s->t.n, n_col = s->b.n_col;
	int64_t width = s->piece[0].slices * n_col;
	struct windows w = {n, width, s->acc, s->sum, n_col};

	memset(s->sum, 0, (size_t)(n * n_col) * sizeof *s->sum);
	for (int i = 0; i < s->b.n_block; i++) {
		multiply(&s->cells[i], &s->t, s->acc, width);
		for (int k = 0; k < s->piece[i].slices; k++)
			add_codes(q, &s->piece[i], k, &w);
	}
	if (!q->n->a.post[0]) {
		imc_q_conv_requant(q, s->b.k0, n_col, n, s->sum, y);
		return;
	}
	for (int64_t i = 0; i < n; i++)
		finish_adc(q, s->sum + i * n_col, y + i * q->k + s->b.k0,
			   &s->b);
}

void imc_q_conv_blocks(const struct imc_q_conv *q, int bundle, int8_t *y)
{
	struct imc_arena *a = imc_arena_new();
	struct blocks s = open_blocks(q, bundle, a);

	for (int64_t job = 0; job < s.t.jobs.n; job += s.t.n) {
		imc_q_strip_load(&s.t, job);
		run_strip(q, &s, y + job * q->k);
	}
	imc_arena_free(a);
}

void imc_q_conv_acc(const struct imc_graph *g, const struct imc_node *n,
		    const struct imc_tensor *in, int bundle, int block,
		    int slice, int32_t *acc, struct imc_arena *scratch)
{
	struct imc_q_conv q;
	struct imc_q_piece p;
	struct imc_q_strip t;
	struct imc_panels panels;
	int8_t *cells;

	imc_q_conv_open(&q, g, n, in);
	p = imc_q_conv_block(&q, bundle, block);
	p.slices = 1;
	if (slice > 0)
		p.n_drive = 0;
	cells = imc_arena_array(scratch,
				(size_t)((p.n_row + p.n_drive) * p.n_col), 1);
	imc_q_conv_cells(&q, &p, slice, cells);
	t = imc_q_strip_open(&q, &p, p.n_col, scratch);
	panels = pack_copy(&t, cells, 0, scratch);
	for (int64_t w = 0; w < t.jobs.n; w += t.n) {
		imc_q_strip_load(&t, w);
		imc_gemm_int(&panels, t.row, t.n, acc + w * p.n_col, p.n_col);
	}
}
