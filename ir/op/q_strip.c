#include "ir/op/q_strip.h"

#include <string.h>

#include "ir/eval/simd.h"
#include "ir/map.h"
#include "ir/support/checked.h"

/* Bytes of the picture, and of the sums, that stay in the cache. */
#define STRIP_BYTES ((int64_t)128 << 10)

static bool has_patch(const struct imc_q_piece *p)
{
	return p->patch_h > 1 || p->patch_w > 1;
}

/* Input positions of a patch along axis i, from the first to the last. */
static int64_t extent(const struct imc_q_conv *q, const struct imc_q_piece *p,
		      int i)
{
	const struct imc_attrs *a = &q->n->a;
	int64_t kernel = i ? q->kw : q->kh, patch = i ? p->patch_w : p->patch_h;

	return (patch - 1) * a->stride[i] + (kernel - 1) * a->dilation[i] + 1;
}

struct imc_q_strip imc_q_strip_open(const struct imc_q_conv *q,
				    const struct imc_q_piece *p, int64_t n_sum,
				    struct imc_arena *a)
{
	const struct imc_attrs *at = &q->n->a;
	struct imc_q_strip s = {.q = q, .p = *p};
	int64_t step = at->stride[0] * p->patch_h, line, sums, pixels;

	s.jobs = imc_q_conv_jobs(q, p);
	s.patch_height = extent(q, p, 0);
	s.width = (q->ow - p->patch_w) * at->stride[1] + extent(q, p, 1);
	line = step * s.width * p->b.n_c * (int64_t)sizeof *s.x;
	sums = s.jobs.across * n_sum * (int64_t)sizeof(int32_t);
	s.most = STRIP_BYTES / imc_max_i64(line, sums);
	s.most = imc_min_i64(imc_max_i64(s.most, 1), s.jobs.down);
	pixels = ((s.most - 1) * step + s.patch_height) * s.width;
	/* a pair may reach one element behind the last */
	s.x = imc_arena_room(a, (size_t)(pixels * p->b.n_c + 1), sizeof *s.x);
	s.x[pixels * p->b.n_c] = 0;
	s.row = imc_arena_room(a, (size_t)imc_q_strip_room(&s), sizeof *s.row);
	return s;
}

int64_t imc_q_strip_room(const struct imc_q_strip *s)
{
	return s->most * s->jobs.across;
}

IMC_SIMD
static void widen(const int8_t *x, int64_t n, int16_t zero, int16_t *out)
{
	for (int64_t i = 0; i < n; i++)
		out[i] = (int16_t)(x[i] - zero);
}

/* Channels c0 .. of pixels x0 .. x0 + width of an input line; NULL: 0. */
static void load_line(const struct imc_q_strip *s, const int8_t *line,
		      int16_t *out)
{
	const struct imc_q_conv *q = s->q;
	int64_t n_c = s->p.b.n_c, x0 = -q->n->a.pads[1];
	int64_t lo = imc_max_i64(x0, 0), hi = imc_min_i64(x0 + s->width, q->w);

	if (!line || lo >= hi) {
		memset(out, 0, (size_t)(s->width * n_c) * sizeof *out);
		return;
	}
	memset(out, 0, (size_t)((lo - x0) * n_c) * sizeof *out);
	out += (lo - x0) * n_c;
	line += lo * q->c + s->p.b.c0;
	if (n_c == q->c) {
		widen(line, (hi - lo) * n_c, (int16_t)q->zero_x, out);
		out += (hi - lo) * n_c;
	} else
		for (int64_t x = lo; x < hi; x++, line += q->c, out += n_c)
			widen(line, n_c, (int16_t)q->zero_x, out);
	memset(out, 0, (size_t)((x0 + s->width - hi) * n_c) * sizeof *out);
}

void imc_q_strip_load(struct imc_q_strip *s, int64_t first)
{
	const struct imc_q_conv *q = s->q;
	const struct imc_attrs *a = &q->n->a;
	struct imc_q_spot at = imc_q_conv_spot(q, &s->p, first);
	int64_t lines =
		imc_min_i64(s->most, s->jobs.down - at.y / s->p.patch_h);
	int64_t y0 = at.y * a->stride[0] - a->pads[0], y1;
	int64_t ld = s->width * s->p.b.n_c;
	const int8_t *in = q->x + at.batch * q->h * q->w * q->c;

	y1 = y0 + (lines - 1) * a->stride[0] * s->p.patch_h + s->patch_height;
	for (int64_t y = y0; y < y1; y++)
		load_line(s, y >= 0 && y < q->h ? in + y * q->w * q->c : NULL,
			  s->x + (y - y0) * ld);
	s->first = first;
	s->n = lines * s->jobs.across;
	for (int64_t i = 0; i < s->n; i++) {
		int64_t y = i / s->jobs.across * s->p.patch_h;
		int64_t x = imc_min_i64(i % s->jobs.across * s->p.patch_w,
					q->ow - s->p.patch_w);

		s->row[i] = s->x + y * a->stride[0] * ld +
			    x * a->stride[1] * s->p.b.n_c;
	}
}

/* Where word line i lies behind the beginning of a job, and how many behind
 * it follow. */
static struct imc_gemm_run run_at(const struct imc_q_strip *s, int64_t i)
{
	const struct imc_q_conv *q = s->q;
	const struct imc_attrs *a = &q->n->a;
	int64_t n_c = s->p.b.n_c, y, x;
	struct imc_gemm_run r;

	if (has_patch(&s->p)) {
		/* only a kernel of 1x1 has rows that do not begin at
		 * channel 0 */
		int64_t c = s->p.n_row / (q->kh * q->kw);
		int32_t sy = (int32_t)a->stride[0], sx = (int32_t)a->stride[1];
		int32_t kw = (int32_t)q->kw;
		int32_t span = imc_patch_span(kw, sx, s->p.patch_w);

		y = imc_patch_offset((int32_t)q->kh, sy,
				     (int32_t)(i / c / span));
		x = imc_patch_offset(kw, sx, (int32_t)(i / c % span));
		r.at = s->p.row0 + i % c;
		r.n = c - i % c;
	} else {
		i += s->p.row0;
		y = i / n_c / q->kw * a->dilation[0];
		x = i / n_c % q->kw * a->dilation[1];
		r.at = i % n_c;
		r.n = n_c - r.at;
	}
	r.at += (y * s->width + x) * n_c;
	return r;
}

const struct imc_gemm_run *imc_q_strip_runs(const struct imc_q_strip *s,
					    int64_t lo, int64_t hi, int64_t *n,
					    struct imc_arena *a)
{
	struct imc_gemm_run *v = NULL, *last = NULL;
	size_t n_run = 0, cap = 0;

	for (int64_t i = lo; i < hi;) {
		struct imc_gemm_run r = run_at(s, i);

		r.n = imc_min_i64(r.n, hi - i);
		i += r.n;
		if (last && last->at + last->n == r.at) {
			last->n += r.n;
			continue;
		}
		last = IMC_PUSH(a, v, n_run, cap);
		*last = r;
	}
	*n = (int64_t)n_run;
	return v;
}
