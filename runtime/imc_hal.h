/* SPDX-License-Identifier: Apache-2.0 */
/* imc_hal.h: what the runtime needs of a machine; each port defines it.
 *
 * One handle stands for one cluster: its cores, DMA, crossbar arrays behind
 * one in-memory accelerator (IMA), and depth-wise engine. A call with a status
 * gives 0, or a negative IMC_RT_E_* of imc_rt.h. Tensors are int8,
 * channel-last.
 *
 * Calls named _start may return before the work is done; imc_hal_wait returns
 * when it is. Until then the caller leaves alone what it writes, and changes
 * nothing that it reads: tensors, descriptors, and what those point to. The
 * IMA and the depth-wise engine share a port; starting work on a port that is
 * busy waits for that port first. Transfers queue up at the DMA, and may be
 * done in any order; a caller may start any number, and change their
 * descriptors at once. A start that fails starts nothing, and returns when all
 * older work is done.
 *
 * All calls are made by the core that runs the network, but imc_hal_barrier,
 * which all cores of a fork make. What cores wrote before the end of a fork or
 * a barrier, and engines and DMA before a wait returns, all see then. */
#ifndef IMC_HAL_H
#define IMC_HAL_H

#include <stddef.h>
#include <stdint.h>

struct imc_hal; /* defined by the port */

/* A window walk over n tensors [in_h][in_w][in_c] that gives n tensors
 * [out_h][out_w][out_c]. Window (y, x) covers input positions
 * (y * stride_h - pad_top + i * dilation_h, ...) for i < kernel_h.
 *
 * Memory may hold a part of a tensor, a ring of lines [in_w][in_c] or
 * [out_w][out_c]: line y lies at place y % in_lines, or y % out_lines; as many
 * as in_h, out_h (or 0) if it is all there. With n > 1 it always is. */
struct imc_hal_window {
	int32_t n, in_h, in_w, in_c, out_h, out_w, out_c;
	int32_t in_lines, out_lines;
	int32_t kernel_h, kernel_w, stride_h, stride_w;
	int32_t dilation_h, dilation_w;
	int32_t pad_top, pad_left, pad_bottom, pad_right;
};

/* A rectangle of a weight matrix on an array: columns x .. x+w, word lines
 * y .. y+h, of which the last n_bias are driven by constants. The rows of the
 * matrix are (ky, kx, c) with c running over n_channel channels of the input
 * from c0; the tile holds columns for n_col output channels from k0.
 *
 * A job gives the patch_h x patch_w output pixels from some pixel on, each by
 * an own copy of the weights: column ((py * patch_w + px) * slices + s) * n_col
 * + j holds slice s of channel k0 + j for pixel (py, px) of the patch;
 * slices = w / (patch_h * patch_w * n_col).
 * With patch 1 x 1 word line r is matrix row row0 + r. Larger patches want
 * dilation 1, and all matrix rows in the tile (row0 0) or a 1 x 1 kernel: the
 * word lines are (uy, ux, c), uy over the span_h lines of the input that the
 * windows of the patch read, ux over the span_w columns, c over the channels
 * c0 + row0 .. c0 + row0 + (h - n_bias) / (span_h * span_w). Along one axis,
 * of `patch` pixels,
 *     stride < kernel: span = (patch - 1) * stride + kernel, and position u
 *                      lies u behind the first one;
 *     else:            span = patch * kernel, and position u lies
 *                      u / kernel * stride + u % kernel behind it.
 * Patches of a line begin at pixel 0, patch_w, 2 * patch_w .., the last one at
 * out_w - patch_w, even if that computes pixels twice.
 *
 * slice: the first slice that the tile holds, of weights whose slices lie in
 * several tiles; slice s above is slice + s of the weight. The arrays compute
 * alike, whatever it says: only who adds up the slices goes by it.
 *
 * n_copy (0 is 1): so many tiles hold the same cells, and share the pixels of a
 * job. They follow one another as copy 0 .. n_copy - 1, and differ in nothing
 * else but array, x and y; their patch is 1 x 1. Of the P = n_row * out_w
 * pixels of a job, copy k computes those from P * k / n_copy on, up to
 * P * (k + 1) / n_copy (both rounded down): none, if that is nothing. */
struct imc_hal_tile {
	int32_t array, x, y, w, h, n_bias;
	int32_t row0, c0, n_channel, k0, n_col;
	int32_t patch_h, patch_w;
	int32_t slice, copy, n_copy;
};

/* Jobs of n_tile tiles for output rows row .. row + n_row of one image, both
 * multiples of every patch_h. Tiles of the same k0 follow one another: they
 * hold row blocks, slices and copies of the same columns. Arrays that can may
 * compute at the same time. Word lines get src - zero, 0 in the
 * padding, and `drive` on the bias rows. An ADC reads
 *     code = requant(sum, mult[k], shift[k], adc_zero[k], adc_lo, adc_hi),
 * k being the output channel of the column, or without adc_per_column k0.
 * Where its range is set by two registers, these are adc_low and adc_high (else
 * both 0): then adc_zero is 0, mult / 2^shift is 1 / (cell_max * (adc_low +
 * adc_high)), and adc_lo, adc_hi are the codes of -adc_low and adc_high, 127
 * being that of both together. A port may round as its ADC does.
 * direct 0: dst takes region after region, [n_row][out_w][slices * n_col], so
 *   that tiles of any patch look alike: int8_t codes, or int32_t sums when
 *   adc_mult is NULL. Copies of a tile fill one region together, each its own
 *   pixels; any other tile, of other rows or slices too, has one of its own.
 * direct 1 (with ADC, one slice): dst is int8_t, the output [out_h][out_w]
 *   [out_c], or its ring of lines. The code is the activation; of several row
 * blocks, the aggregation block behind the ADCs gives clamp(sum over tiles
 * (code - adc_zero[k]) + sum_zero, sum_lo, sum_hi). */
struct imc_hal_job {
	const struct imc_hal_tile *tile;
	int32_t n_tile;
	const struct imc_hal_window *window;
	const int8_t *src; /* one tensor [in_h][in_w][in_c], or its lines */
	const int8_t *drive;
	int32_t zero, row, n_row;
	const int32_t *adc_mult, *adc_shift, *adc_zero; /* [out_c] */
	int32_t adc_per_column, adc_lo, adc_hi, adc_low, adc_high;
	int32_t direct, sum_zero, sum_lo, sum_hi;
	void *dst;
};

/* A depth-wise convolution: output channel k reads input channel
 * k / (out_c / in_c); weights [out_c][kernel_h][kernel_w].
 * dst = requant(sum (src - zero_x) * w + bias, 1, shift, zero_y, lo, hi). */
struct imc_hal_depthwise {
	const struct imc_hal_window *window;
	const int8_t *weights;
	const int32_t *bias, *shift; /* [out_c] */
	int32_t zero_x, zero_y, lo, hi;
};

/* Runs fn(arg, core, n_core) on every core, core = 0 .. n_core - 1; returns
 * when all are done. */
void imc_hal_fork(struct imc_hal *hal,
		  void (*fn)(void *arg, int32_t core, int32_t n_core),
		  void *arg);

/* Inside fn: returns when every core of the fork has called it. */
void imc_hal_barrier(struct imc_hal *hal);

/* A transfer between memories: n_line lines of `bytes`, whose begins lie
 * dst_step and src_step bytes apart. */
struct imc_hal_dma {
	void *dst;
	const void *src;
	size_t bytes, n_line, dst_step, src_step;
};

int imc_hal_dma_start(struct imc_hal *hal, const struct imc_hal_dma *t);

/* What imc_hal_wait waits for: bits. */
enum imc_hal_unit {
	IMC_HAL_DMA = 1,
	IMC_HAL_PORT = 2, /* IMA and depth-wise engine */
	IMC_HAL_PE = 4,	  /* imc_hal_pe.h */
	IMC_HAL_ALL = 7
};

/* Returns when all that was started on those units is done; the status of that
 * work. */
int imc_hal_wait(struct imc_hal *hal, int units);

/* True (1) if there are n_array arrays of at least rows x cols cells. */
int imc_hal_ima_has(struct imc_hal *hal, int32_t n_array, int32_t rows,
		    int32_t cols);

/* Programs h x w cells of an array at word line y, column x; rows of `cells`
 * lie `stride` bytes apart. */
int imc_hal_ima_write(struct imc_hal *hal, const struct imc_hal_tile *region,
		      const int8_t *cells, int32_t stride);

int imc_hal_ima_start(struct imc_hal *hal, const struct imc_hal_job *job);

/* Output rows row .. row + n_row of one tensor; src, dst: the whole tensors, or
 * their lines. */
int imc_hal_depthwise_start(struct imc_hal *hal,
			    const struct imc_hal_depthwise *p,
			    const int8_t *src, int8_t *dst, int32_t row,
			    int32_t n_row);

/* Cycles of the cores since any moment, modulo 2^32; 0 where there is no
 * counter. */
uint32_t imc_hal_cycles(struct imc_hal *hal);

/* Called before the slot of steps whose first is step k, and behind the last
 * (k = number of steps): a port may read its cycle counter here. */
void imc_hal_step(struct imc_hal *hal, int32_t k);

#endif
