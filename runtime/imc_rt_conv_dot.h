/* SPDX-License-Identifier: Apache-2.0 */
/* imc_rt_conv_dot.h: the inner loops of the convolution on the cores.
 *
 * A tile is some neighbouring output pixels of a row and 4 output channels of
 * one group, so that a byte that is loaded is multiplied several times: 12
 * sums are as many as fit the registers of rv32. Lines of a window lie apart;
 * on each, n_run runs of `run` bytes are multiplied with as many weights, which
 * follow one another. */
#ifndef IMC_RT_CONV_DOT_H
#define IMC_RT_CONV_DOT_H

#include <stdint.h>

#define IMC_RT_TILE_K 4 /* channels */
#define IMC_RT_TILE_X 3 /* pixels, at most */

/* place: of the first line, in a ring of `lines`; line_step: lines between
 * lines of the window. Bytes: line_bytes of a line of the input, run_step
 * between runs, x_step between pixels, w_line between the weights of lines. */
struct imc_rt_walk {
	int32_t n_line, place, lines, line_step, line_bytes;
	int32_t n_run, run, run_step;
	int32_t x_step, w_line;
};

/* The sums of a tile of 1, 2 or 3 pixels, [pixel][4]: sum + x * w, or of one
 * pixel sum + (x - zero) * w. x: the first run, if the line at place 0 were
 * the first; w + w_at: its weights. */
void imc_rt_dot_1(const struct imc_rt_walk *k, const int8_t *x, int32_t zero,
		  const int8_t *const *w, int32_t w_at, const int32_t *sum,
		  int32_t *to);
void imc_rt_dot_2(const struct imc_rt_walk *k, const int8_t *x,
		  const int8_t *const *w, int32_t w_at, const int32_t *sum,
		  int32_t *to);
void imc_rt_dot_3(const struct imc_rt_walk *k, const int8_t *x,
		  const int8_t *const *w, int32_t w_at, const int32_t *sum,
		  int32_t *to);

#endif
