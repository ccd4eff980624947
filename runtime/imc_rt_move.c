/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_rt.h"
#include "imc_rt_share.h"

struct move_work {
	const void *p;
	const int8_t *x;
	int8_t *y;
	int64_t count;
	int8_t value;
};

static void copy_part(void *arg, int32_t core, int32_t n_core)
{
	const struct move_work *w = arg;
	const struct imc_rt_copy *p = w->p;
	const int last = IMC_RT_MAX_DIM - 1;
	struct imc_rt_range r = imc_rt_share(w->count, core, n_core);

	for (int64_t i = r.first; i < r.end; i++) {
		int64_t src = p->src_offset, dst = p->dst_offset, rest = i;

		for (int d = last - 1; d >= 0; d--) {
			src += rest % p->dim[d] * p->src_step[d];
			dst += rest % p->dim[d] * p->dst_step[d];
			rest /= p->dim[d];
		}
		for (int32_t j = 0; j < p->dim[last]; j++) {
			w->y[dst] = w->x[src];
			src += p->src_step[last];
			dst += p->dst_step[last];
		}
	}
}

int imc_rt_copy(struct imc_hal *hal, const struct imc_rt_copy *p,
		const int8_t *x, int8_t *y)
{
	struct move_work w = {.p = p, .x = x, .y = y, .count = 1};

	for (int d = 0; d < IMC_RT_MAX_DIM - 1; d++)
		w.count *= p->dim[d];
	imc_hal_fork(hal, copy_part, &w);
	return IMC_RT_OK;
}

static void gather_part(void *arg, int32_t core, int32_t n_core)
{
	const struct move_work *w = arg;
	const struct imc_rt_gather *p = w->p;
	struct imc_rt_range r = imc_rt_share(p->count, core, n_core);

	for (int64_t i = r.first; i < r.end; i++)
		if (p->table[i] >= 0)
			w->y[i] = w->x[p->table[i]];
}

int imc_rt_gather(struct imc_hal *hal, const struct imc_rt_gather *p,
		  const int8_t *x, int8_t *y)
{
	struct move_work w = {.p = p, .x = x, .y = y};

	imc_hal_fork(hal, gather_part, &w);
	return IMC_RT_OK;
}

static void fill_part(void *arg, int32_t core, int32_t n_core)
{
	const struct move_work *w = arg;
	struct imc_rt_range r = imc_rt_share(w->count, core, n_core);

	for (int64_t i = r.first; i < r.end; i++)
		w->y[i] = w->value;
}

int imc_rt_fill(struct imc_hal *hal, int8_t *y, int32_t count, int8_t value)
{
	struct move_work w = {.y = y, .count = count, .value = value};

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
