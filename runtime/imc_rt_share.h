/* SPDX-License-Identifier: Apache-2.0 */
/* imc_rt_share.h: how kernels split work; for the runtime's own files. */
#ifndef IMC_RT_SHARE_H
#define IMC_RT_SHARE_H

#include "imc_rt.h"

struct imc_rt_range {
	int64_t first, end;
};

/* The part of n items, fewer than 2^31, that falls to a core: from n * core /
 * n_core on. */
static inline struct imc_rt_range imc_rt_share(int64_t n, int32_t core,
					       int32_t n_core)
{
	int32_t each = (int32_t)n / n_core, rest = (int32_t)n % n_core;
	struct imc_rt_range r = {each * core + rest * core / n_core,
				 each * (core + 1) +
					 rest * (core + 1) / n_core};

	return r;
}

/* True (1) if n things from `first` on, one at least, are part of `whole`. */
static inline int imc_rt_part_of(int32_t first, int32_t n, int32_t whole)
{
	return first >= 0 && n >= 1 && first <= whole && n <= whole - first;
}

/* Where line y of a tensor of h lines lies in memory that holds `lines` of
 * them; 0: all. */
static inline int32_t imc_rt_line(int32_t y, int32_t lines, int32_t h)
{
	return lines && lines < h ? y % lines : y;
}

/* The line of n tensors of h lines where line y, counted over them, lies. */
static inline int64_t imc_rt_line_of(int64_t y, int32_t lines, int32_t h)
{
	return y - y % h + imc_rt_line((int32_t)(y % h), lines, h);
}

/* Rows of one image: the first ones of rows row .. row + n_row, counted over
 * the images of out_h rows. */
struct imc_rt_rows {
	int32_t image, row, n_row;
};

static inline struct imc_rt_rows imc_rt_first_image(int32_t row, int32_t n_row,
						    int32_t out_h)
{
	struct imc_rt_rows r = {row / out_h, row % out_h, n_row};

	if (r.n_row > out_h - r.row)
		r.n_row = out_h - r.row;
	return r;
}

/* Elements of one image of the input, and of the output. */
static inline int64_t imc_rt_in_size(const struct imc_hal_window *w)
{
	return (int64_t)w->in_h * w->in_w * w->in_c;
}

static inline int64_t imc_rt_out_size(const struct imc_hal_window *w)
{
	return (int64_t)w->out_h * w->out_w * w->out_c;
}

/* Tables among the constants. */
static inline const int8_t *imc_rt_i8(const void *constants, int32_t at)
{
	return (const int8_t *)constants + at;
}

static inline const int32_t *imc_rt_i32(const void *constants, int32_t at)
{
	return (const int32_t *)(const void *)imc_rt_i8(constants, at);
}

/* The positions of a kernel axis that fall inside the input: taps first ..
 * end - 1 of the window that starts at `at` (negative in the padding). */
static inline struct imc_rt_range imc_rt_taps(int32_t at, int32_t kernel,
					      int32_t dilation, int32_t in)
{
	struct imc_rt_range r = {0, kernel};

	if (at < 0)
		r.first = (-at + dilation - 1) / dilation;
	if (at + (kernel - 1) * dilation >= in)
		r.end = in > at ? (in - 1 - at) / dilation + 1 : 0;
	if (r.first > r.end)
		r.first = r.end;
	return r;
}

#endif
