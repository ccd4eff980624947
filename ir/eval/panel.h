/* panel.h: the tiles of which products of matrices are made, and rows that lie
 * in pieces.
 *
 * A row of a is some runs of neighbouring elements, at the same offsets from
 * the beginning of every row: the windows of a convolution are rows of a
 * padded picture, and need not be copied out of it. b is packed into panels of
 * IMC_PANEL columns. */
#ifndef IMC_PANEL_H
#define IMC_PANEL_H

#include <stdint.h>

#define IMC_TILE_ROWS 8
#define IMC_PANEL 16

/* Elements at .. at + n behind the beginning of a row. */
struct imc_gemm_run {
	int64_t at, n;
};

#endif
