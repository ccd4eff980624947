/* SPDX-License-Identifier: Apache-2.0 */
/* imc_rt.h: the kernels that an emitted network calls.
 *
 * Freestanding C99: no allocation, no stdio, no float, nothing global is
 * written. Activations are int8, channel-last, contiguous: [n][h][w][c].
 * zero_x, zero_y: codes that mean 0, in -128 .. 127. lo, hi: the clamp of the
 * result, in -128 .. 127. mult, shift: real factor mult / 2^shift, 0 <= mult,
 * 0 <= shift <= 62; rounding is half away from zero (imc_rt_num.h). Sources
 * and results must not overlap. Every kernel returns IMC_RT_OK or a negative
 * status, and splits its work over the cores of the HAL.
 *
 * A kernel computes rows row .. row + n_row of its result, so that a layer can
 * run in strips; all of it is row 0 and all rows, counted over the images. Its
 * pointers are those of whole tensors, or of rings that hold some of their
 * lines, as its descriptor says: see imc_hal.h; a ring of elements is said in
 * elements, 0 being the whole tensor: element i lies at place i % ring. One
 * named _start is for one image and leaves engines running, see imc_hal.h,
 * until imc_hal_wait.
 *
 * `constants` is one piece of memory, aligned as int32_t, with all tables that
 * a kernel reads while it runs; its descriptor has their places, in bytes from
 * the begin. Of a part of the channels, chan .. chan + n_chan, the tables are
 * those of the part: channel chan comes first.
 */
#ifndef IMC_RT_H
#define IMC_RT_H

#include "imc_hal.h"

enum imc_rt_status {
	IMC_RT_OK = 0,
	IMC_RT_E_ARGUMENT = -1, /* a pointer is missing */
	IMC_RT_E_MEMORY = -2,	/* a memory is too small */
	IMC_RT_E_ALIGN = -3,	/* a memory is not aligned */
	IMC_RT_E_DEVICE = -4,	/* arrays missing, too small or out of range */
	IMC_RT_E_IMAGE = -5,	/* a crossbar image is broken */
	IMC_RT_E_STATE = -6,	/* run before program, program before init */
	IMC_RT_E_ENDIAN = -7	/* data files are little-endian, this is not */
};

#define IMC_RT_MAX_DIM 6

/* ---- convolution on crossbar arrays ---- */

/* Exact weights beside the arrays, which count 2^-shift of those in them; most
 * are 0, and only groups of `group` neighbouring input channels that hold
 * another one are there. first: [out_c + 1], the first group of each output. A
 * group is 2 + ceil(group * bits / 8) bytes of record: its place (low byte
 * first), tap * ceil(channels / group) + block, then the weights in two's
 * complement of `bits` bits, lowest first. channels, outputs: of one group of
 * the convolution. */
struct imc_rt_residual {
	int32_t channels, outputs, group, bits, shift;
	const int32_t *first;
	const int8_t *record;
};

/* tile: in the order (columns, row block, slices, copy): tiles of the same k0
 * follow one another, and those of a row block hold slices 0 .. slices - 1.
 * adc_mult, adc_shift, adc_zero: [out_c], settings of the ADCs; adc_mult NULL:
 * the arrays give whole sums. adc_low, adc_high: as of imc_hal_job.
 * strip_rows 0: the ADC's codes are the result (one slice), with several blocks
 * a column through the aggregation block. Else: codes of strip_rows output
 * rows, a multiple of every patch_h, go to the scratch, and the cores compute
 * with the constants bias, mult, shift and zero (the adc_zero of the ADCs),
 * [out_c] each,
 *     sum  = sum_b sum_s (code - zero[k]) * factor(s) * 2^6
 *     y[k] = requant(sum + bias[k], mult[k], shift[k], zero_y, lo, hi),
 * 6 being IMC_RT_SUM_FRAC; whole sums are not shifted by it. factor(s) is
 * 2^(slice_bits * s); with slice_bits 1 that of the highest slice is negative
 * (imc_rt_slice_factor). With overlap 1 the arrays fill a second strip
 * meanwhile.
 *
 * residual, or NULL: the cores add to sum, with rest[k] the sum over its
 * weights of (x - zero_x) * weight,
 *     rescale(rest[k], adc_mult[k], adc_shift[k] + shift - 6)      with ADC,
 *     rescale(rest[k], 1, shift)                                   without. */
struct imc_rt_crossbar {
	struct imc_hal_window window;
	const struct imc_hal_tile *tile;
	int32_t n_tile;
	const int8_t *drive; /* of the bias rows, or NULL */
	const int32_t *adc_mult, *adc_shift, *adc_zero;
	int32_t adc_per_column, adc_lo, adc_hi, adc_low, adc_high;
	int32_t slices, slice_bits, strip_rows;
	int32_t bias, mult, shift, zero; /* places among the constants */
	int32_t zero_x, zero_y, lo, hi;
	int32_t overlap;
	const struct imc_rt_residual *residual;
};

/* Scratch of one strip, or of two with overlap; 0 with strip_rows 0. Aligned
 * as int32_t. */
size_t imc_rt_crossbar_scratch_bytes(const struct imc_rt_crossbar *p);

/* Rows from a multiple of every patch_h on. With strip_rows it waits for
 * IMC_HAL_PORT only; without, for what was started there, and needs neither
 * constants nor scratch. */
int imc_rt_crossbar(struct imc_hal *hal, const struct imc_rt_crossbar *p,
		    const void *constants, const int8_t *x, int8_t *y,
		    void *scratch, int32_t row, int32_t n_row);

/* strip_rows 0 only, one image: starts output rows row .. row + n_row, both
 * multiples of every patch_h. Fills job, which must last until the wait. */
int imc_rt_crossbar_start(struct imc_hal *hal, struct imc_hal_job *job,
			  const struct imc_rt_crossbar *p, const int8_t *x,
			  int8_t *y, int32_t row, int32_t n_row);

/* ---- convolution on the cores ---- */

/* weights [out_c][kernel_h][kernel_w][in_c / group], bias, mult, shift [out_c]:
 * their places among the constants.
 * y = requant(sum (x - zero_x) * w + bias, mult, shift, zero_y, lo, hi). */
struct imc_rt_conv {
	struct imc_hal_window window;
	int32_t group;
	int32_t weights, bias, mult, shift;
	int32_t zero_x, zero_y, lo, hi;
};

/* Channels chan .. chan + n_chan of those rows. */
int imc_rt_conv(struct imc_hal *hal, const struct imc_rt_conv *p,
		const void *constants, const int8_t *x, int8_t *y, int32_t row,
		int32_t n_row, int32_t chan, int32_t n_chan);

/* ---- convolution on the depth-wise engine ---- */

/* As imc_rt_conv with group in_c and mult 1. */
struct imc_rt_depthwise {
	struct imc_hal_window window;
	int32_t weights, bias, shift;
	int32_t zero_x, zero_y, lo, hi;
};

int imc_rt_depthwise(struct imc_hal *hal, const struct imc_rt_depthwise *p,
		     const void *constants, const int8_t *x, int8_t *y,
		     int32_t row, int32_t n_row);

/* Fills job, which must last until the wait. */
int imc_rt_depthwise_start(struct imc_hal *hal, struct imc_hal_depthwise *job,
			   const struct imc_rt_depthwise *p,
			   const void *constants, const int8_t *x, int8_t *y,
			   int32_t row, int32_t n_row);

/* ---- elements ---- */

/* y is contiguous with shape dim, in rows of row_size elements; element (i0,
 * i1, ..) reads a at sum i * a_step and b at sum i * b_step (0 repeats).
 * add: y = clamp(rescale((a-zero_a)*mult_a + (b-zero_b)*mult_b, 1, shift)
 *                + zero_y, lo, hi), the mults of any sign;
 * mul: y = requant((a-zero_a) * (b-zero_b), mult_a, shift, zero_y, lo, hi). */
struct imc_rt_binary {
	int32_t dim[IMC_RT_MAX_DIM];
	int32_t a_step[IMC_RT_MAX_DIM], b_step[IMC_RT_MAX_DIM];
	int32_t row_size, a_ring, b_ring, y_ring;
	int32_t zero_a, zero_b, mult_a, mult_b, shift;
	int32_t zero_y, lo, hi;
};

int imc_rt_add(struct imc_hal *hal, const struct imc_rt_binary *p,
	       const int8_t *a, const int8_t *b, int8_t *y, int32_t row,
	       int32_t n_row);
int imc_rt_mul(struct imc_hal *hal, const struct imc_rt_binary *p,
	       const int8_t *a, const int8_t *b, int8_t *y, int32_t row,
	       int32_t n_row);

/* y = requant(x - zero_x, mult, shift, zero_y, lo, hi). */
struct imc_rt_rescaling {
	int32_t row_size, x_ring, y_ring;
	int32_t zero_x, mult, shift, zero_y, lo, hi;
};

int imc_rt_rescale_i8(struct imc_hal *hal, const struct imc_rt_rescaling *p,
		      const int8_t *x, int8_t *y, int32_t row, int32_t n_row);

/* y = table[x + 128]. table: int8_t [256], its place among the constants. */
struct imc_rt_lut {
	int32_t row_size, x_ring, y_ring;
	int32_t table;
};

int imc_rt_lut(struct imc_hal *hal, const struct imc_rt_lut *p,
	       const void *constants, const int8_t *x, int8_t *y, int32_t row,
	       int32_t n_row);

/* In each row of `cols` elements, whole tensors: e = table[max - x],
 * y = clamp((256 * e + S / 2) / S + zero_y, lo, hi), S = sum e > 0.
 * table: int32_t [256], >= 0, its place among the constants. */
struct imc_rt_softmax {
	int32_t cols;
	int32_t table;
	int32_t zero_y, lo, hi;
};

int imc_rt_softmax(struct imc_hal *hal, const struct imc_rt_softmax *p,
		   const void *constants, const int8_t *x, int8_t *y,
		   int32_t row, int32_t n_row);

/* ---- pooling ---- */

/* The largest of the window; padding never wins. */
int imc_rt_max_pool(struct imc_hal *hal, const struct imc_hal_window *w,
		    const int8_t *x, int8_t *y, int32_t row, int32_t n_row);

/* y = requant(sum (x - zero_x), mult[count - count_min], shift, zero_y, lo,
 * hi). count: elements of the window inside the input, or with count_pad
 * inside the padded input. mult: its place among the constants. */
struct imc_rt_average_pool {
	struct imc_hal_window window;
	int32_t mult;
	int32_t count_pad, count_min, shift;
	int32_t zero_x, zero_y, lo, hi;
};

int imc_rt_average_pool(struct imc_hal *hal,
			const struct imc_rt_average_pool *p,
			const void *constants, const int8_t *x, int8_t *y,
			int32_t row, int32_t n_row);

/* ---- transfers ---- */

/* `bytes` in a row; copy also waits for the DMA. */
int imc_rt_dma_start(struct imc_hal *hal, void *dst, const void *src,
		     size_t bytes);
int imc_rt_dma_copy(struct imc_hal *hal, void *dst, const void *src,
		    size_t bytes);

/* Start the transfer of rows row .. row + n_row, of row_bytes each, of a whole
 * tensor to a ring of so many lines (0: all), or back. `to` and `from` are
 * where row 0 lies. */
int imc_rt_load_rows(struct imc_hal *hal, int8_t *to, int32_t lines,
		     const int8_t *from, int32_t row_bytes, int32_t row,
		     int32_t n_row);
int imc_rt_store_rows(struct imc_hal *hal, int8_t *to, const int8_t *from,
		      int32_t lines, int32_t row_bytes, int32_t row,
		      int32_t n_row);

/* Starts the transfer of channels chan .. chan + n_chan of a tensor
 * [n_pixel][n_channel] to [n_pixel][n_chan]. */
int imc_rt_load_channels(struct imc_hal *hal, int8_t *to, const int8_t *from,
			 int32_t n_pixel, int32_t n_channel, int32_t chan,
			 int32_t n_chan);

/* ---- moves ---- */

/* Where the elements of row r of a result come from: place `from` means element
 *     from + r / per * x_row + r % per * x_phase     of x,
 * place `to` element to + r * y_row of y. Rings are of elements. */
struct imc_rt_move {
	int32_t per, x_row, x_phase, y_row;
	int32_t x_ring, y_ring;
};

/* In each row element (i0, i1, ..) of shape dim goes from src_offset + sum i *
 * src_step to dst_offset + sum i * dst_step. Serves transpose, concat, slice,
 * pad ... */
struct imc_rt_copy {
	struct imc_rt_move rows;
	int32_t dim[IMC_RT_MAX_DIM];
	int32_t src_step[IMC_RT_MAX_DIM], dst_step[IMC_RT_MAX_DIM];
	int32_t src_offset, dst_offset;
};

int imc_rt_copy(struct imc_hal *hal, const struct imc_rt_copy *p,
		const int8_t *x, int8_t *y, int32_t row, int32_t n_row);

/* In each row y[i] = x[table[i]], 0 <= i < count; where table[i] is negative,
 * y[i] stays. */
struct imc_rt_gather {
	struct imc_rt_move rows;
	int32_t count;
	const int32_t *table;
};

int imc_rt_gather(struct imc_hal *hal, const struct imc_rt_gather *p,
		  const int8_t *x, int8_t *y, int32_t row, int32_t n_row);

/* Sets rows of row_size elements, in a ring of so many lines (0: all). */
int imc_rt_fill(struct imc_hal *hal, int8_t *y, int32_t lines, int32_t row_size,
		int8_t value, int32_t row, int32_t n_row);

/* ---- crossbar images ---- */

#define IMC_RT_CHECK_CRC 1u /* compare the CRC-32 of an image first */

/* Programs every region of an image file (`bytes` long) on array `array`. */
int imc_rt_program(struct imc_hal *hal, int32_t array, const void *image,
		   size_t bytes, unsigned flags);

/* CRC-32 (IEEE 802.3) of n bytes. */
uint32_t imc_rt_crc32(const void *bytes, size_t n);
/* Of what has that CRC (0: nothing) and n bytes behind it. */
uint32_t imc_rt_crc32_more(uint32_t crc, const void *bytes, size_t n);

#endif
