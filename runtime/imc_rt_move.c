/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_rt.h"
#include "imc_rt_share.h"

/* Items first .. first + count, which are rows or parts of rows. */
struct move_work {
	const void *p;
	const int8_t *x;
	int8_t *y;
	int64_t first, count;
	int32_t y_ring;
	int8_t value;
};

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Where element i lies. */
static int64_t place_of(int64_t i, int32_t ring)
{
	return ring ? i % ring : i;
}

/* How many of n elements, from place `at` on by `step`, lie inside the ring. */
static int64_t inside(int64_t at, int32_t step, int32_t ring, int64_t n)
{
	if (!ring || !step)
		return n;
	return least(n, step > 0 ? (ring - at + step - 1) / step
				 : at / -(int64_t)step + 1);
}

/* Elements of row r begin there, in x and in y. */
static int64_t source_of(const struct imc_rt_move *m, int64_t r)
{
	return r / m->per * m->x_row + r % m->per * m->x_phase;
}

static int64_t target_of(const struct imc_rt_move *m, int64_t r)
{
	return r * m->y_row;
}

static void copy_piece(const struct imc_rt_copy *p, const int8_t *x, int8_t *y,
		       int64_t n)
{
	const int32_t src = p->src_step[IMC_RT_MAX_DIM - 1];
	const int32_t dst = p->dst_step[IMC_RT_MAX_DIM - 1];

	if (src == 1 && dst == 1) {
#pragma GCC unroll 4
		for (int8_t *end = y + n; y != end; y++)
			*y = *x++;
		return;
	}
	for (; n > 0; n--, x += src, y += dst)
		*y = *x;
}

/* A run along the innermost axis, from elements src and dst on. */
static void copy_run(const struct move_work *w, int64_t src, int64_t dst)
{
	const struct imc_rt_copy *p = w->p;
	const int last = IMC_RT_MAX_DIM - 1;
	int32_t x_ring = p->rows.x_ring, y_ring = p->rows.y_ring;

	for (int64_t left = p->dim[last], n; left > 0; left -= n) {
		int64_t from = place_of(src, x_ring);
		int64_t to = place_of(dst, y_ring);

		n = inside(from, p->src_step[last], x_ring, left);
		n = inside(to, p->dst_step[last], y_ring, n);
		copy_piece(p, w->x + from, w->y + to, n);
		src += n * p->src_step[last];
		dst += n * p->dst_step[last];
	}
}

static void copy_part(void *arg, int32_t core, int32_t n_core)
{
	const struct move_work *w = arg;
	const struct imc_rt_copy *p = w->p;
	struct imc_rt_range r = imc_rt_share(w->count, core, n_core);

	for (int64_t i = w->first + r.first; i < w->first + r.end; i++) {
		int64_t src = p->src_offset, dst = p->dst_offset, rest = i;

		for (int d = IMC_RT_MAX_DIM - 2; d >= 0; d--) {
			if (p->dim[d] == 1)
				continue;
			src += rest % p->dim[d] * p->src_step[d];
			dst += rest % p->dim[d] * p->dst_step[d];
			rest /= p->dim[d];
		}
		copy_run(w, src + source_of(&p->rows, rest),
			 dst + target_of(&p->rows, rest));
	}
}

int imc_rt_copy(struct imc_hal *hal, const struct imc_rt_copy *p,
		const int8_t *x, int8_t *y, int32_t row, int32_t n_row)
{
	struct move_work w = {
		.p = p, .x = x, .y = y, .first = row, .count = n_row};

	for (int d = 0; d < IMC_RT_MAX_DIM - 1; d++) {
		w.first *= p->dim[d];
		w.count *= p->dim[d];
	}
	imc_hal_fork(hal, copy_part, &w);
	return IMC_RT_OK;
}

static void gather_part(void *arg, int32_t core, int32_t n_core)
{
	const struct move_work *w = arg;
	const struct imc_rt_gather *p = w->p;
	const struct imc_rt_move *m = &p->rows;
	struct imc_rt_range r = imc_rt_share(w->count, core, n_core);

	for (int64_t i = w->first + r.first; i < w->first + r.end; i++) {
		int64_t row = i / p->count, at = i % p->count;
		int64_t from = source_of(m, row) + p->table[at];

		if (p->table[at] >= 0)
			w->y[place_of(target_of(m, row) + at, m->y_ring)] =
				w->x[place_of(from, m->x_ring)];
	}
}

int imc_rt_gather(struct imc_hal *hal, const struct imc_rt_gather *p,
		  const int8_t *x, int8_t *y, int32_t row, int32_t n_row)
{
	struct move_work w = {.p = p,
			      .x = x,
			      .y = y,
			      .first = (int64_t)row * p->count,
			      .count = (int64_t)n_row * p->count};

	imc_hal_fork(hal, gather_part, &w);
	return IMC_RT_OK;
}

static void fill_part(void *arg, int32_t core, int32_t n_core)
{
	const struct move_work *w = arg;
	struct imc_rt_range r = imc_rt_share(w->count, core, n_core);
	int64_t i = w->first + r.first, end = w->first + r.end;

	while (i < end) {
		int64_t at = place_of(i, w->y_ring);
		int64_t n = inside(at, 1, w->y_ring, end - i);

		for (int64_t k = 0; k < n; k++)
			w->y[at + k] = w->value;
		i += n;
	}
}

int imc_rt_fill(struct imc_hal *hal, int8_t *y, int32_t lines, int32_t row_size,
		int8_t value, int32_t row, int32_t n_row)
{
	struct move_work w = {.y = y,
			      .first = (int64_t)row * row_size,
			      .count = (int64_t)n_row * row_size,
			      .y_ring = lines * row_size,
			      .value = value};

	imc_hal_fork(hal, fill_part, &w);
	return IMC_RT_OK;
}

int imc_rt_dma_start(struct imc_hal *hal, void *dst, const void *src,
		     size_t bytes)
{
	struct imc_hal_dma t = {dst, src, bytes, 1, 0, 0};

	return imc_hal_dma_start(hal, &t);
}

int imc_rt_dma_copy(struct imc_hal *hal, void *dst, const void *src,
		    size_t bytes)
{
	int status = imc_rt_dma_start(hal, dst, src, bytes);

	return status ? status : imc_hal_wait(hal, IMC_HAL_DMA);
}

/* The first of rows row .. row + n_row that do not lie in one piece with them,
 * or the end. */
static int32_t piece_end(int32_t row, int32_t n_row, int32_t lines)
{
	int32_t left = lines ? lines - row % lines : n_row;

	return row + (n_row < left ? n_row : left);
}

int imc_rt_load_rows(struct imc_hal *hal, int8_t *to, int32_t lines,
		     const int8_t *from, int32_t row_bytes, int32_t row,
		     int32_t n_row)
{
	int32_t end = row + n_row, next;
	int status = IMC_RT_OK;

	for (; row < end && !status; row = next) {
		size_t at = (size_t)(lines ? row % lines : row);

		next = piece_end(row, end - row, lines);
		status = imc_rt_dma_start(
			hal, to + at * (size_t)row_bytes,
			from + (size_t)row * (size_t)row_bytes,
			(size_t)(next - row) * (size_t)row_bytes);
	}
	return status;
}

int imc_rt_store_rows(struct imc_hal *hal, int8_t *to, const int8_t *from,
		      int32_t lines, int32_t row_bytes, int32_t row,
		      int32_t n_row)
{
	int32_t end = row + n_row, next;
	int status = IMC_RT_OK;

	for (; row < end && !status; row = next) {
		size_t at = (size_t)(lines ? row % lines : row);

		next = piece_end(row, end - row, lines);
		status = imc_rt_dma_start(
			hal, to + (size_t)row * (size_t)row_bytes,
			from + at * (size_t)row_bytes,
			(size_t)(next - row) * (size_t)row_bytes);
	}
	return status;
}

int imc_rt_load_channels(struct imc_hal *hal, int8_t *to, const int8_t *from,
			 int32_t n_pixel, int32_t n_channel, int32_t chan,
			 int32_t n_chan)
{
	struct imc_hal_dma t = {.dst = to,
				.src = from + chan,
				.bytes = (size_t)n_chan,
				.n_line = (size_t)n_pixel,
				.dst_step = (size_t)n_chan,
				.src_step = (size_t)n_channel};

	return imc_hal_dma_start(hal, &t);
}
