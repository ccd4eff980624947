/* strided.h: walks over several arrays at once, row by row.
 *
 * Broadcasting, transposing, slicing, tiling and reducing are all one walk
 * over a shape in which every operand has its own strides. */
#ifndef IMC_STRIDED_H
#define IMC_STRIDED_H

#include "ir/graph.h"

#define IMC_ROWS_RANK (2 * IMC_MAX_RANK)
#define IMC_ROWS_OPERANDS 4

/* The caller fills rank, n_operand, dim and stride (in elements; 0 repeats,
 * negative goes back). Then
 *     for (imc_rows_begin(&r); r.more; imc_rows_next(&r))
 * visits rows of len elements: operand o starts at off[o] and advances by
 * step[o]. imc_rows_begin merges axes, so rows are as long as they can be. */
struct imc_rows {
	int rank, n_operand;
	int64_t dim[IMC_ROWS_RANK];
	int64_t stride[IMC_ROWS_OPERANDS][IMC_ROWS_RANK];
	bool more;
	int64_t len, step[IMC_ROWS_OPERANDS], off[IMC_ROWS_OPERANDS];
	int64_t at[IMC_ROWS_RANK];
};

void imc_rows_begin(struct imc_rows *r);
void imc_rows_next(struct imc_rows *r);

/* Appends an axis of size dim with these strides of operands 0 and 1. */
void imc_rows_axis(struct imc_rows *r, int64_t dim, int64_t s0, int64_t s1);

/* Row-major strides of t. */
void imc_row_major(const struct imc_tensor *t, int64_t *stride);

/* The walk over y with operands y, x[0], x[1] .. (n of them), broadcast. */
void imc_rows_broadcast(struct imc_rows *r, const struct imc_tensor *y,
			const struct imc_tensor *x, int n);

/* Copies elements of `size` bytes from operand 1 to operand 0 of r. */
void imc_copy_strided(struct imc_rows *r, void *dst, const void *src,
		      size_t size);

/* Elements of `size` bytes in a shape [outer, n_in, inner]. */
struct imc_take {
	int64_t outer, n_in, inner, n_out;
	size_t size;
	const int64_t *index; /* n_out of them, each -1 or 0 .. n_in-1 */
	const void *fill;     /* one element, for index -1; NULL: not used */
};

/* dst[o][i][..] = src[o][index[i]][..], or fill. */
void imc_take_axis(const struct imc_take *t, void *dst, const void *src);

/* Product of the dimensions lo .. hi-1 of t. */
int64_t imc_span(const struct imc_tensor *t, int lo, int hi);

#endif
