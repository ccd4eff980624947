/* Pieces with a patch: several copies of the weights, several pixels a job.
 * The geometry is that of struct imc_tile. */
#include <string.h>

#include "ir/map.h"
#include "ir/op/q_conv.h"
#include "ir/support/checked.h"

/* Along one axis: input positions of a patch, and what they follow from. */
struct axis {
	int32_t kernel, stride, span;
};

static struct axis axis_of(const struct imc_q_conv *q,
			   const struct imc_q_piece *p, int i)
{
	struct axis x = {.kernel = (int32_t)(i ? q->kw : q->kh),
			 .stride = (int32_t)q->n->a.stride[i]};

	x.span =
		imc_patch_span(x.kernel, x.stride, i ? p->patch_w : p->patch_h);
	return x;
}

/* Channels of every input position: the rows of one tap. */
static int64_t channels(const struct imc_q_conv *q, const struct imc_q_piece *p)
{
	return p->n_row / (q->kh * q->kw);
}

static bool has_patch(const struct imc_q_piece *p)
{
	return p->patch_h > 1 || p->patch_w > 1;
}

int64_t imc_q_conv_lines(const struct imc_q_conv *q,
			 const struct imc_q_piece *p)
{
	if (!has_patch(p))
		return p->n_row;
	return (int64_t)axis_of(q, p, 0).span * axis_of(q, p, 1).span *
	       channels(q, p);
}

/* Puts the copy of pixel (py, px) of the patch to its word lines; to: its
 * first column. */
static void spread_copy(const struct imc_q_conv *q, const struct imc_q_piece *p,
			const int32_t pixel[2], const int8_t *one, int8_t *to)
{
	struct axis v = axis_of(q, p, 0), h = axis_of(q, p, 1);
	int64_t width = p->slices * p->n_col, c = channels(q, p);
	int64_t ld = width * p->patch_h * p->patch_w;

	for (int64_t tap = 0; tap < q->kh * q->kw; tap++) {
		int32_t y = imc_patch_index(v.kernel, v.stride, pixel[0],
					    (int32_t)(tap / q->kw));
		int32_t x = imc_patch_index(h.kernel, h.stride, pixel[1],
					    (int32_t)(tap % q->kw));
		int64_t line = ((int64_t)y * h.span + x) * c;

		for (int64_t i = 0; i < c; i++, one += width)
			memcpy(to + (line + i) * ld, one, (size_t)width);
	}
	to += imc_q_conv_lines(q, p) * ld;
	for (int i = 0; i < p->n_drive; i++, one += width, to += ld)
		memcpy(to, one, (size_t)width);
}

void imc_q_conv_spread(const struct imc_q_conv *q, const struct imc_q_piece *p,
		       const int8_t *one, int8_t *cells)
{
	int64_t width = p->slices * p->n_col, n = p->patch_h * p->patch_w;
	int64_t lines = imc_q_conv_lines(q, p) + p->n_drive;

	memset(cells, 0, (size_t)(lines * n * width));
	for (int32_t i = 0; i < n; i++)
		spread_copy(q, p, (int32_t[]){i / p->patch_w, i % p->patch_w},
			    one, cells + i * width);
}

struct imc_q_jobs imc_q_conv_jobs(const struct imc_q_conv *q,
				  const struct imc_q_piece *p)
{
	struct imc_q_jobs j = {.across = imc_ceil_div(q->ow, p->patch_w),
			       .down = q->oh / p->patch_h};

	j.n = q->n_window / (q->oh * q->ow) * j.down * j.across;
	return j;
}

struct imc_q_spot imc_q_conv_spot(const struct imc_q_conv *q,
				  const struct imc_q_piece *p, int64_t job)
{
	struct imc_q_jobs j = imc_q_conv_jobs(q, p);
	int64_t at = job % j.across, last = q->ow - p->patch_w;
	struct imc_q_spot s = {.batch = job / j.across / j.down,
			       .y = job / j.across % j.down * p->patch_h,
			       .x = imc_min_i64(at * p->patch_w, last)};

	/* The job behind this one is the last and begins before it ends. */
	s.n_x = (int32_t)imc_min_i64(
		p->patch_w, at + 2 == j.across ? last - s.x : p->patch_w);
	return s;
}
