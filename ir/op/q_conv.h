/* q_conv.h: the parts of q_conv2d that all its evaluators share.
 *
 * ir/README.md states the numbers. A piece is what one job of an array, or
 * a block of the graph, works on: some rows of a bundle's matrix and
 * some of its columns in some slices. Its cells are int8, row-major,
 * (n_row + n_drive) x (slices * n_col), slice s of column j at s*n_col + j;
 * those of a piece with a patch are its copies, as struct imc_tile says.
 * The graph evaluator cuts cells from the weights, the map evaluator reads
 * them from the images; all else is the same code. */
#ifndef IMC_Q_CONV_H
#define IMC_Q_CONV_H

#include "ir/graph.h"
#include "ir/support/arena.h"

/* Inputs of a q_conv2d, at most. */
#define IMC_Q_CONV_IN 10

/* One q_conv2d: geometry, and borrowed pointers to its tensors. Those that
 * are absent are NULL. */
struct imc_q_conv {
	const struct imc_node *n;
	int64_t h, w, c, oh, ow, k, kh, kw, n_window;
	int64_t group_c, group_k; /* channels in and out of one group */
	int32_t group, bundle, n_bundle;
	int64_t block_rows;
	int32_t zero_x, zero_y;
	const int8_t *x, *weight, *bias_row, *residual;
	const int32_t *bias, *mult, *shift, *adc_mult, *adc_shift, *adc_zero;
};

/* Some groups of a convolution: channels c0 .. c0+n_c, output channels k0 ..
 * k0+n_col; rows of its matrix, and blocks they are cut into. */
struct imc_q_bundle {
	int64_t c0, n_c, k0, n_col, n_row;
	int32_t n_block;
};

struct imc_q_piece {
	struct imc_q_bundle b;
	int64_t row0, n_row, col0, n_col;
	int32_t n_drive; /* rows behind them that a constant drives */
	int32_t slice0, slices;
	int32_t patch_h, patch_w; /* pixels of one job; 1, 1: no copies */
	/* Of 1x1 patches: the pixels of each image that count; 0, 0: all. */
	int64_t first, end;
};

/* The jobs of a piece: over each image `down` lines of `across` patches. */
struct imc_q_jobs {
	int64_t across, down, n;
};

/* Where a job begins in the output. Of each line of its patch the first n_x
 * pixels are its own; a job behind it computes the others again. */
struct imc_q_spot {
	int64_t batch, y, x;
	int32_t n_x;
};

/* in: as for an evaluator. data of in[0] may be NULL: only weights then. */
void imc_q_conv_open(struct imc_q_conv *q, const struct imc_graph *g,
		     const struct imc_node *n, const struct imc_tensor *in);

struct imc_q_bundle imc_q_conv_bundle(const struct imc_q_conv *q, int bundle);

/* The piece of q that lies on a tile of the map (ir/map.c). */
struct imc_tile;
struct imc_q_piece imc_q_conv_tile(const struct imc_q_conv *q,
				   const struct imc_tile *t);

/* Block `block` of a bundle, with all its columns, slices and bias rows. */
struct imc_q_piece imc_q_conv_block(const struct imc_q_conv *q, int bundle,
				    int block);

/* Fills the cells of slices slice0 .. slice0+p->slices from weights and bias
 * rows, of one copy. */
void imc_q_conv_cells(const struct imc_q_conv *q, const struct imc_q_piece *p,
		      int slice0, int8_t *cells);

/* Word lines of the piece, all copies together, without bias rows. */
int64_t imc_q_conv_lines(const struct imc_q_conv *q,
			 const struct imc_q_piece *p);

/* The cells of all copies from those of one, and 0 between them. */
void imc_q_conv_spread(const struct imc_q_conv *q, const struct imc_q_piece *p,
		       const int8_t *one, int8_t *cells);

struct imc_q_jobs imc_q_conv_jobs(const struct imc_q_conv *q,
				  const struct imc_q_piece *p);
struct imc_q_spot imc_q_conv_spot(const struct imc_q_conv *q,
				  const struct imc_q_piece *p, int64_t job);

/* Runs the piece job by job over all windows, reads its sums by the ADC (if
 * there is one) and adds them to sum[n_window][k], each pixel once. cells: of
 * all copies. */
void imc_q_conv_run(const struct imc_q_conv *q, const struct imc_q_piece *p,
		    const int8_t *cells, int32_t *sum,
		    struct imc_arena *scratch);

/* True if the pixels of that job of p count. */
bool imc_q_conv_counts(const struct imc_q_conv *q, const struct imc_q_piece *p,
		       const struct imc_q_spot *at);

/* Reads the sums of one job, acc[pixel of the patch][slices * n_col], and adds
 * them to sum[n_window][k]. With adc_float acc are codes. */
void imc_q_conv_add_job(const struct imc_q_conv *q, const struct imc_q_piece *p,
			const struct imc_q_spot *at, const int32_t *acc,
			int32_t *sum);

/* All blocks of a bundle behind ADCs, from q->x to y[n_window][k]; without
 * residual weights. What imc_q_conv_run and _finish do, strip by strip. */
void imc_q_conv_blocks(const struct imc_q_conv *q, int bundle, int8_t *y);

/* The whole of a node without ADC, from q->x to y. */
void imc_q_conv_digital(const struct imc_q_conv *q, int8_t *y);

/* Columns k .. k+n of y[n_window][q->k] from sum[n_window][n]. */
void imc_q_conv_requant(const struct imc_q_conv *q, int64_t k, int64_t n,
			int64_t n_window, const int32_t *sum, int8_t *y);

/* Adds what the residual weights make of q->x to sum[n_window][k], in the units
 * of ir/README.md. Nothing without residual weights. */
void imc_q_conv_add_residual(const struct imc_q_conv *q, int32_t *sum);

/* From recombined codes (adc) or sums to the activations y[n_window][k]; adds
 * to the sums what residual weights give. */
void imc_q_conv_finish(const struct imc_q_conv *q, int32_t *sum, int8_t *y);

/* The raw sums of one block and slice, before the ADC, with what the bias
 * rows add: acc[n_window][columns of the bundle]. */
void imc_q_conv_acc(const struct imc_graph *g, const struct imc_node *n,
		    const struct imc_tensor *in, int bundle, int block,
		    int slice, int32_t *acc, struct imc_arena *scratch);

#endif
