/* SPDX-License-Identifier: Apache-2.0 */
/* imc_hal.h: what the runtime needs of a machine; each port defines it.
 *
 * One handle stands for one cluster: its cores, DMA, crossbar arrays behind
 * one in-memory accelerator (IMA), and depth-wise engine. Calls return when
 * the work is done. Those with a status give 0, or a negative IMC_RT_E_* of
 * imc_rt.h. Tensors are int8, channel-last. */
#ifndef IMC_HAL_H
#define IMC_HAL_H

#include <stddef.h>
#include <stdint.h>

struct imc_hal; /* defined by the port */

/* A window walk over n tensors [in_h][in_w][in_c] that gives n tensors
 * [out_h][out_w][out_c]. Window (y, x) covers input positions
 * (y * stride_h - pad_top + i * dilation_h, ...) for i < kernel_h. */
struct imc_hal_window {
	int32_t n, in_h, in_w, in_c, out_h, out_w, out_c;
	int32_t kernel_h, kernel_w, stride_h, stride_w;
	int32_t dilation_h, dilation_w;
	int32_t pad_top, pad_left, pad_bottom, pad_right;
};

/* A rectangle of a weight matrix on an array: columns x .. x+w, word lines
 * y .. y+h. The rows of the matrix are (ky, kx, c) with c running over
 * n_channel channels of the input from c0; the tile holds rows row0 ..
 * row0 + (h - n_bias), then n_bias rows driven by constants. Column j holds
 * slice j / n_col of output channel k0 + j % n_col. */
struct imc_hal_tile {
	int32_t array, x, y, w, h, n_bias;
	int32_t row0, c0, n_channel, k0, n_col;
};

/* Settings of the ADCs: code = requant(sum, mult, shift, zero, lo, hi).
 * With n_setting 1 all columns use mult[0] ..., else column j uses
 * mult[j % n_setting] .... */
struct imc_hal_adc {
	const int32_t *mult, *shift, *zero;
	int32_t n_setting, lo, hi;
};

/* Jobs on one tile, one for each window of output rows row .. row + n_row.
 * The word lines get src - zero, 0 in the padding, and `drive` on the bias
 * rows. With adc: dst is int8_t, codes. Without (NULL): dst is int32_t, sums.
 * Results of successive windows lie dst_step elements apart.
 * n_tile > 1 (adc only): the tiles hold successive row blocks of the same
 * columns, and the aggregation block behind the ADCs gives
 *     clamp(sum over tiles (code - adc zero) + sum_zero, sum_lo, sum_hi). */
struct imc_hal_job {
	const struct imc_hal_tile *tile;
	int32_t n_tile;
	const struct imc_hal_window *window;
	const int8_t *src; /* one tensor [in_h][in_w][in_c] */
	const int8_t *drive;
	int32_t zero, row, n_row;
	const struct imc_hal_adc *adc;
	int32_t sum_zero, sum_lo, sum_hi;
	void *dst;
	int32_t dst_step;
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

/* Copies bytes between memories. */
int imc_hal_dma_copy(struct imc_hal *hal, void *dst, const void *src,
		     size_t bytes);

/* True (1) if there are n_array arrays of at least rows x cols cells. */
int imc_hal_ima_has(struct imc_hal *hal, int32_t n_array, int32_t rows,
		    int32_t cols);

/* Programs h x w cells of an array at word line y, column x; rows of `cells`
 * lie `stride` bytes apart. */
int imc_hal_ima_write(struct imc_hal *hal, const struct imc_hal_tile *region,
		      const int8_t *cells, int32_t stride);

int imc_hal_ima_run(struct imc_hal *hal, const struct imc_hal_job *job);

/* One tensor src, one dst. */
int imc_hal_depthwise_run(struct imc_hal *hal,
			  const struct imc_hal_depthwise *p, const int8_t *src,
			  int8_t *dst);

/* Called before step k of a network and after its last (k = number of
 * steps): a port may read its cycle counter here. */
void imc_hal_step(struct imc_hal *hal, int32_t k);

#endif
