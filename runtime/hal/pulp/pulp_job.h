/* SPDX-License-Identifier: Apache-2.0 */
/* pulp_job.h: how a job of imc_hal.h becomes triggers of the IMA; for the
 * port's own files.
 *
 * A trigger is many matrix-vector products: the streamer of the IMA walks over
 * the windows by itself (virtual im2col). It reads `line` bytes from each of
 * n_line places for the word lines of a window, moves by in_x from window to
 * window and by in_y from one line of them to the next, and does likewise with
 * results. What it cannot do decides how a job is cut:
 * - it reads words: places, steps and lines are multiples of 4 (but the length
 *   of a line that is the only one); results begin at words;
 * - it knows no padding, no zero point, no rings, and only L1.
 * Windows inside the input are read in place. Those that touch the padding, or
 * whose lines do not follow one another in a ring, are read from a strip that
 * the cores lay out with a border of zeros: a strip, not windows, so that input
 * positions are there once. All others (channels not in fours, bias rows,
 * dilation along a line, row blocks that begin within one line of the kernel
 * and end in another) are laid out window after window, each padded to words.
 * Results go to their place if that is at words, else through the cores, who
 * also add up row blocks. */
#ifndef IMC_PULP_JOB_H
#define IMC_PULP_JOB_H

#include "imc_hal_pulp.h"

struct imc_pulp_trigger {
	int32_t array, x, y, w, h; /* cells */
	const int8_t *src;
	int8_t *dst;
	int32_t line, n_line, line_step;
	int32_t n_x, n_y, in_x, in_y, out_x, out_y;
	int32_t adc_low, adc_high; /* ends of the ADC's range */
};

/* Patches of output pixels: n_y x n_x of them from pixel (y, x) on. */
struct imc_pulp_area {
	int32_t y, n_y, x, n_x;
};

/* Where results of a pixel (y, x) go: base + line(y) * n_x * pixel +
 * (x - x0) * pixel, with line(y) = y % lines, or without lines y - y0. */
struct imc_pulp_place {
	int8_t *base;
	int32_t y0, x0, n_x, pixel, lines;
};

/* Columns col .. col + n of a tile, which begin a pixel: (py, px) of a patch.
 * The next piece begins with column `end`. */
struct imc_pulp_piece {
	int32_t end, col, n, py, px;
};

/* pulp_shape.c: how the word lines of a tile go: span_w positions of a line of
 * the input, `channels` word lines a position, from channel c0 on; the tile has
 * n of them from number `first` on. */
struct imc_pulp_shape {
	int32_t span_h, span_w, channels, c0, first, n;
};

struct imc_pulp_shape imc_pulp_shape_of(const struct imc_hal_window *w,
					const struct imc_hal_tile *t);

/* Input positions from the first one of a patch to the u-th along one axis. */
int32_t imc_pulp_offset(int32_t kernel, int32_t stride, int32_t dilation,
			int32_t u);

/* A status: whether the job is one that this machine can do. */
int imc_pulp_check(const struct imc_hal_job *job);

/* pulp_ima.c: waits until the IMA is idle, starts t, and lets the cores do what
 * waits in hal->post; waits until all of that is done. */
void imc_pulp_trigger(struct imc_hal *hal, const struct imc_pulp_trigger *t);
void imc_pulp_finish(struct imc_hal *hal);

/* Sets p to the piece at p->end (first 0) whose results follow on each other;
 * 0: there is none. */
int imc_pulp_next_piece(const struct imc_hal_tile *t,
			const struct imc_pulp_place *to,
			struct imc_pulp_piece *p);

/* pulp_source.c: all triggers of a tile for an area. A status. */
int imc_pulp_run(struct imc_hal *hal, const struct imc_hal_job *job,
		 const struct imc_hal_tile *t, const struct imc_pulp_area *area,
		 const struct imc_pulp_place *to);

/* pulp_result.c: the cores' part behind the ADCs. */
void imc_pulp_result(struct imc_hal *hal, const struct imc_pulp_post *post);

/* hal_pulp.c */
int imc_pulp_is_l1(const void *p);

/* Waits for all older work, as a start that fails does; gives status. */
int imc_pulp_refuse(struct imc_hal *hal, int status);

/* Copies n bytes, words at a time where both lie at words. */
static inline void imc_pulp_copy(int8_t *to, const int8_t *from, int32_t n)
{
	int32_t i = 0;

	if (((uintptr_t)to | (uintptr_t)from) % 4 == 0)
		for (; i + 4 <= n; i += 4)
			*(uint32_t *)(void *)(to + i) =
				*(const uint32_t *)(const void *)(from + i);
	for (; i < n; i++)
		to[i] = from[i];
}

static inline void imc_pulp_clear(int8_t *to, int32_t n)
{
	int32_t i = 0;

	if ((uintptr_t)to % 4 == 0)
		for (; i + 4 <= n; i += 4)
			*(uint32_t *)(void *)(to + i) = 0;
	for (; i < n; i++)
		to[i] = 0;
}

#endif
