#include "tests/runtime/strips.h"

#include <string.h>

#define POISON 0x33
#define MAX_STRIP 64

struct rows {
	int32_t first, end;
};

static int32_t least(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

static int32_t most(int32_t a, int32_t b)
{
	return a > b ? a : b;
}

/* Input rows that output rows row .. row + n depend on. */
static struct rows reads(const struct strips *s, int32_t row, int32_t n)
{
	const struct imc_hal_window *w = s->window;
	struct rows in = {row, row + n};

	if (!w)
		return in;
	in.first = row * w->stride_h - w->pad_top;
	in.end = (row + n - 1) * w->stride_h - w->pad_top +
		 (w->kernel_h - 1) * w->dilation_h + 1;
	in.first = least(most(in.first, 0), s->in_rows);
	in.end = most(least(in.end, s->in_rows), in.first);
	return in;
}

/* The ends of random strips; how many. */
static int32_t pick_strips(struct random *r, const struct strips *s,
			   int32_t *end)
{
	int32_t n = 0, at = 0, longest = pick(r, 1, s->rows);

	while (at < s->rows && n < MAX_STRIP) {
		int32_t step = pick(r, 1, longest);

		step += s->multiple - 1;
		step -= step % s->multiple;
		at = least(at + step, s->rows);
		end[n++] = at;
	}
	end[n - 1] = s->rows;
	return n;
}

/* The fewest lines for strips that end there, and some more. */
static void pick_lines(struct random *r, const struct strips *s,
		       const int32_t *end, int32_t n, int32_t *in, int32_t *out)
{
	*in = *out = 1;
	for (int32_t k = 0, row = 0; k < n; row = end[k++]) {
		struct rows x = reads(s, row, end[k] - row);

		*in = most(*in, x.end - x.first);
		*out = most(*out, end[k] - row);
	}
	*in = pick(r, *in, most(*in, s->in_rows));
	*out = pick(r, *out, s->rows);
}

static int load(struct imc_hal *hal, const struct strips *s, int8_t *ring,
		int32_t lines, const int8_t *from, struct rows rows)
{
	return imc_rt_load_rows(hal, ring, lines, from, s->in_line, rows.first,
				rows.end - rows.first);
}

int strips_run(struct random *r, struct imc_hal *hal, const struct strips *s,
	       int8_t *y)
{
	static int8_t x_ring[MAX_RING], b_ring[MAX_RING], y_ring[MAX_RING];
	int32_t end[MAX_STRIP], in, out, n = pick_strips(r, s, end), loaded = 0;
	int status = IMC_RT_OK;

	pick_lines(r, s, end, n, &in, &out);
	if (in * s->in_line > MAX_RING || out * s->line > MAX_RING)
		return IMC_RT_E_MEMORY;
	memset(x_ring, POISON, sizeof x_ring);
	memset(b_ring, POISON, sizeof b_ring);
	memset(y_ring, POISON, sizeof y_ring);
	s->set(s->cx, in, out);
	for (int32_t k = 0, row = 0; k < n && !status; row = end[k++]) {
		struct rows x = reads(s, row, end[k] - row);

		x.first = most(x.first, loaded);
		loaded = x.end = most(x.end, x.first);
		status = load(hal, s, x_ring, in, s->x, x);
		if (!status && s->b)
			status = load(hal, s, b_ring, in, s->b, x);
		if (!status)
			status = imc_hal_wait(hal, IMC_HAL_DMA);
		if (!status)
			status = s->run(s->cx, x_ring, s->b ? b_ring : NULL,
					y_ring, row, end[k] - row);
		if (!status)
			status = imc_rt_store_rows(hal, y, y_ring, out, s->line,
						   row, end[k] - row);
		if (!status)
			status = imc_hal_wait(hal, IMC_HAL_DMA);
	}
	return status;
}
