#include <string.h>

#include "ir/eval.h"
#include "ir/num.h"
#include "ir/op/q_conv.h"
#include "ir/support/checked.h"

/* Floats of gathered windows worked on at once: they stay in the cache. */
#define STRIP_FLOATS 65536
/* Integers up to here are exact in float. */
#define EXACT (1 << 24)

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

/* Channels c0 .. c0+n of one position of the input; NULL outside of it. */
static const int8_t *pixel(const struct imc_q_conv *q, int64_t window,
			   int64_t tap, int64_t c)
{
	const struct imc_attrs *a = &q->n->a;
	int64_t ox = window % q->ow, oy = window / q->ow % q->oh;
	int64_t y =
		oy * a->stride[0] - a->pads[0] + tap / q->kw * a->dilation[0];
	int64_t x =
		ox * a->stride[1] - a->pads[1] + tap % q->kw * a->dilation[1];
	int64_t batch = window / (q->ow * q->oh);

	if (y < 0 || y >= q->h || x < 0 || x >= q->w)
		return NULL;
	return q->x + ((batch * q->h + y) * q->w + x) * q->c + c;
}

static void copy_codes(float *to, const int8_t *from, int64_t n, int32_t zero)
{
	for (int64_t i = 0; i < n; i++)
		to[i] = (float)(from[i] - zero);
}

void imc_q_conv_gather(const struct imc_q_conv *q, const struct imc_q_piece *p,
		       int64_t window0, int64_t n_window, float *a)
{
	for (int64_t w = window0; w < window0 + n_window; w++) {
		int64_t end = p->row0 + p->n_row, n;

		for (int64_t r = p->row0; r < end; r += n, a += n) {
			int64_t c = r % p->b.n_c;
			const int8_t *x =
				pixel(q, w, r / p->b.n_c, p->b.c0 + c);

			n = imc_min_i64(p->b.n_c - c, end - r);
			if (x)
				copy_codes(a, x, n, q->zero_x);
			else
				memset(a, 0, (size_t)n * sizeof *a);
		}
		for (int i = 0; i < p->n_drive; i++)
			*a++ = (float)q->n->a.drive.v[i];
	}
}

/* Column block that keeps both weights and cells in whole cache lines. */
#define COLUMNS 16

/* Cells of the rows of one tap and group. Rows r0 .. r0+n of the piece are
 * channels ci .. of columns j0 .. j1 of the bundle. */
struct taps {
	int64_t r0, n, tap, ci, j0, j1;
};

static void fill_taps(const struct imc_q_conv *q, const struct imc_q_piece *p,
		      const struct taps *t, const float *table, float *cells)
{
	int64_t ld = p->slices * p->n_col, len = q->kh * q->kw * q->group_c;
	const int8_t *w = q->weight + t->tap * q->group_c + t->ci;

	for (int64_t j0 = t->j0; j0 < t->j1; j0 += COLUMNS) {
		int64_t j1 = imc_min_i64(j0 + COLUMNS, t->j1);

		for (int64_t r = 0; r < t->n; r++) {
			float *to = cells + (t->r0 + r) * ld;

			for (int64_t j = j0; j < j1; j++)
				to[j - p->col0] =
					table[w[(p->b.k0 + j) * len + r] + 128];
		}
	}
}

/* All cells of one slice; table: the slice of every weight. */
static void fill_slice(const struct imc_q_conv *q, const struct imc_q_piece *p,
		       const float *table, float *cells)
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
			   const struct imc_q_piece *p, float *cells)
{
	int64_t ld = p->slices * p->n_col;

	for (int i = 0; i < p->n_drive; i++) {
		const int8_t *from = q->bias_row + i * q->k + p->b.k0 + p->col0;
		float *to = cells + (p->n_row + i) * ld;

		for (int64_t j = 0; j < p->n_col; j++)
			to[j] = from[j];
	}
}

void imc_q_conv_cells(const struct imc_q_conv *q, const struct imc_q_piece *p,
		      int slice0, bool whole, float *cells)
{
	int n_slice = (int)q->n->a.slices[0];
	int bits = (int)q->n->a.slice_bits[0];
	size_t n = (size_t)((p->n_row + p->n_drive) * p->slices * p->n_col);
	float table[256];

	memset(cells, 0, n * sizeof *cells);
	for (int s = slice0; s < slice0 + p->slices; s++) {
		for (int w = -128; w < 128; w++)
			table[w + 128] =
				(float)(whole ? w
					      : imc_slice(w, s, n_slice, bits));
		fill_slice(q, p, table, cells + (s - slice0) * p->n_col);
	}
	if (slice0 == 0)
		fill_bias_rows(q, p, cells);
}

/* Buffers for the sums of one strip of jobs. Columns of a copy lie side by
 * side; what lies outside of its word lines lo .. hi is 0, and is not summed
 * up. */
struct strip {
	int64_t jobs, n_line, n_row, n_col, exact; /* n_row: with bias rows */
	int64_t n_copy, width;
	int64_t *lo, *hi;
	float *a, *c;
	int32_t *acc;
};

/* Rows that may be summed up in float without rounding. */
static int64_t exact_rows(const struct imc_q_conv *q, const struct strip *s,
			  const float *cells)
{
	int64_t x = imc_max_i64(127 - q->zero_x, 128 + q->zero_x);
	float max = 1;

	for (int64_t i = 0; i < s->n_row * s->n_col; i++) {
		float v = cells[i] < 0 ? -cells[i] : cells[i];

		max = v > max ? v : max;
	}
	/* a drive code may be -128 */
	x = imc_max_i64(x, 128);
	return imc_max_i64(1, (EXACT - 1) / (x * (int64_t)max));
}

static bool all_zero(const float *cells, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		if (cells[i] != 0)
			return false;
	return true;
}

/* Found in the cells and not by geometry: a cell that should be 0 may not be.
 */
static void find_lines(struct strip *s, const float *cells,
		       struct imc_arena *scratch)
{
	s->lo = imc_arena_array(scratch, (size_t)s->n_copy, sizeof *s->lo);
	s->hi = imc_arena_array(scratch, (size_t)s->n_copy, sizeof *s->hi);
	for (int64_t i = 0; i < s->n_copy; i++, cells += s->width) {
		s->hi[i] = s->n_line;
		while (s->n_copy > 1 && s->hi[i] > 0 &&
		       all_zero(cells + (s->hi[i] - 1) * s->n_col, s->width))
			s->hi[i]--;
		while (s->n_copy > 1 && s->lo[i] < s->hi[i] &&
		       all_zero(cells + s->lo[i] * s->n_col, s->width))
			s->lo[i]++;
	}
}

static struct strip make_strip(const struct imc_q_conv *q,
			       const struct imc_q_piece *p, const float *cells,
			       struct imc_arena *scratch)
{
	struct strip s = {.n_line = imc_q_conv_lines(q, p),
			  .n_copy = p->patch_h * p->patch_w,
			  .width = p->slices * p->n_col};

	s.n_row = s.n_line + p->n_drive;
	s.n_col = s.n_copy * s.width;
	s.jobs = imc_max_i64(8, STRIP_FLOATS / (s.n_row + s.n_col));
	s.jobs = imc_min_i64(s.jobs, imc_q_conv_jobs(q, p).n);
	s.exact = exact_rows(q, &s, cells);
	find_lines(&s, cells, scratch);
	s.a = imc_arena_array(scratch, (size_t)(s.jobs * s.n_row), sizeof *s.a);
	s.c = imc_arena_array(scratch, (size_t)(s.jobs * s.width), sizeof *s.c);
	s.acc = imc_arena_array(scratch, (size_t)(s.jobs * s.n_col),
				sizeof *s.acc);
	return s;
}

/* Adds what rows row[0] .. row[1] give to the columns of one copy, which
 * cells and acc begin with. */
static void add_rows(const struct strip *s, const float *cells, int64_t n,
		     const int64_t row[2], int32_t *acc)
{
	for (int64_t r = row[0]; r < row[1]; r += s->exact) {
		imc_gemm(&(struct imc_gemm){
			.m = n,
			.n = s->width,
			.k = imc_min_i64(s->exact, row[1] - r),
			.a = s->a + r,
			.b = cells + r * s->n_col,
			.c = s->c,
			.lda = s->n_row,
			.ldb = s->n_col,
			.ldc = s->width});
		for (int64_t i = 0; i < n; i++)
			for (int64_t j = 0; j < s->width; j++)
				acc[i * s->n_col + j] +=
					(int32_t)s->c[i * s->width + j];
	}
}

/* acc[n][n_col] = the piece's sums of n jobs. */
static void strip_sums(const struct strip *s, const float *cells, int64_t n,
		       int32_t *acc)
{
	memset(acc, 0, (size_t)(n * s->n_col) * sizeof *acc);
	for (int64_t i = 0; i < s->n_copy; i++) {
		bool joined = s->hi[i] == s->n_line;
		int64_t lines[] = {s->lo[i], joined ? s->n_row : s->hi[i]};
		int64_t bias[] = {joined ? s->n_row : s->n_line, s->n_row};

		add_rows(s, cells + i * s->width, n, lines, acc + i * s->width);
		add_rows(s, cells + i * s->width, n, bias, acc + i * s->width);
	}
}

/* Adds the codes (or sums) of slice s of one window. k: first column. */
static void add_codes(const struct imc_q_conv *q, int64_t k, int64_t n, int s,
		      const int32_t *acc, int32_t *sum)
{
	const struct imc_attrs *a = &q->n->a;
	int32_t lo = (int32_t)a->adc_lo[0], hi = (int32_t)a->adc_hi[0];
	int frac = a->adc[0] && !a->post[0] ? IMC_SUM_FRAC : 0;
	int32_t weight =
		imc_slice_factor(s, (int)a->slices[0], (int)a->slice_bits[0]) *
		(1 << frac);

	sum += k;
	if (!a->adc[0]) {
		for (int64_t j = 0; j < n; j++)
			sum[j] += acc[j] * weight;
		return;
	}
	for (int64_t j = 0; j < n; j++) {
		int32_t zero = q->adc_zero[k + j];
		int32_t code = imc_requant(acc[j], q->adc_mult[k + j],
					   q->adc_shift[k + j], zero, lo, hi);

		sum[j] += (code - zero) * weight;
	}
}

/* The pixels of one job; acc: its sums. */
static void add_job(const struct imc_q_conv *q, const struct imc_q_piece *p,
		    const struct imc_q_spot *at, const int32_t *acc,
		    int32_t *sum)
{
	int64_t line = (at->batch * q->oh + at->y) * q->ow + at->x;
	int64_t width = p->slices * p->n_col;

	for (int32_t y = 0; y < p->patch_h; y++, line += q->ow)
		for (int32_t x = 0; x < at->n_x; x++) {
			const int32_t *copy =
				acc + (y * p->patch_w + x) * width;

			for (int s = 0; s < p->slices; s++)
				add_codes(q, p->b.k0 + p->col0, p->n_col,
					  p->slice0 + s, copy + s * p->n_col,
					  sum + (line + x) * q->k);
		}
}

static bool counts(const struct imc_q_conv *q, const struct imc_q_piece *p,
		   const struct imc_q_spot *at)
{
	int64_t pixel = at->y * q->ow + at->x;

	return p->end == 0 || (pixel >= p->first && pixel < p->end);
}

static void gather_jobs(const struct imc_q_conv *q, const struct imc_q_piece *p,
			int64_t job0, int64_t n, const struct strip *t)
{
	if (t->n_copy == 1) {
		imc_q_conv_gather(q, p, job0, n, t->a);
		return;
	}
	for (int64_t i = 0; i < n; i++) {
		struct imc_q_spot at = imc_q_conv_spot(q, p, job0 + i);

		imc_q_conv_gather_patch(q, p, &at, t->a + i * t->n_row);
	}
}

void imc_q_conv_run(const struct imc_q_conv *q, const struct imc_q_piece *p,
		    const float *cells, int32_t *sum, struct imc_arena *scratch)
{
	struct strip t = make_strip(q, p, cells, scratch);
	int64_t end = imc_q_conv_jobs(q, p).n, n;

	for (int64_t job = 0; job < end; job += n) {
		n = imc_min_i64(t.jobs, end - job);
		gather_jobs(q, p, job, n, &t);
		strip_sums(&t, cells, n, t.acc);
		for (int64_t i = 0; i < n; i++) {
			struct imc_q_spot at = imc_q_conv_spot(q, p, job + i);

			if (counts(q, p, &at))
				add_job(q, p, &at, t.acc + i * t.n_col, sum);
		}
	}
}

/* post adc: the code, or the sum of codes, is the activation. */
static void finish_adc(const struct imc_q_conv *q, const int32_t *sum,
		       int8_t *y, const struct imc_q_bundle *b)
{
	const struct imc_attrs *a = &q->n->a;

	for (int64_t k = b->k0; k < b->k0 + b->n_col; k++)
		if (b->n_block == 1)
			y[k] = (int8_t)imc_clamp(sum[k] + q->adc_zero[k], -128,
						 127);
		else
			y[k] = (int8_t)imc_clamp((int64_t)sum[k] + q->zero_y,
						 a->lo[0], a->hi[0]);
}

static void finish_digital(const struct imc_q_conv *q, const int32_t *sum,
			   int8_t *y)
{
	int32_t lo = (int32_t)q->n->a.lo[0], hi = (int32_t)q->n->a.hi[0];

	for (int64_t k = 0; k < q->k; k++)
		y[k] = (int8_t)imc_requant((int64_t)sum[k] + q->bias[k],
					   q->mult[k], q->shift[k], q->zero_y,
					   lo, hi);
}

void imc_q_conv_finish(const struct imc_q_conv *q, const int32_t *sum,
		       int8_t *y)
{
	bool adc = q->n->a.adc[0] && q->n->a.post[0];

	for (int64_t w = 0; w < q->n_window; w++, sum += q->k, y += q->k) {
		if (!adc)
			finish_digital(q, sum, y);
		for (int b = 0; b < q->n_bundle && adc; b++) {
			struct imc_q_bundle at = imc_q_conv_bundle(q, b);

			finish_adc(q, sum, y, &at);
		}
	}
}

void imc_q_conv_acc(const struct imc_graph *g, const struct imc_node *n,
		    const struct imc_tensor *in, int bundle, int block,
		    int slice, int64_t window0, int64_t n_window, int32_t *acc,
		    struct imc_arena *scratch)
{
	struct imc_q_conv q;
	struct imc_q_piece p;
	struct strip t;
	float *cells;

	imc_q_conv_open(&q, g, n, in);
	p = imc_q_conv_block(&q, bundle, block);
	p.slices = 1;
	if (slice > 0)
		p.n_drive = 0;
	cells = imc_arena_array(scratch,
				(size_t)((p.n_row + p.n_drive) * p.n_col),
				sizeof *cells);
	imc_q_conv_cells(&q, &p, slice, false, cells);
	t = make_strip(&q, &p, cells, scratch);
	for (int64_t w = 0; w < n_window; w += t.jobs) {
		int64_t m = imc_min_i64(t.jobs, n_window - w);

		imc_q_conv_gather(&q, &p, window0 + w, m, t.a);
		strip_sums(&t, cells, m, acc + w * p.n_col);
	}
}
