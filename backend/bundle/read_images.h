/* read_images.h: reads back the crossbar images of a bundle. */
#ifndef IMC_READ_IMAGES_H
#define IMC_READ_IMAGES_H

#include "ir/map.h"
#include "ir/support/diag.h"

/* Sizes in an image file (all little-endian):
 * 0 'IMCX' | 4 u16 version 1 | 6 u16 header bytes | 8 u16 rows |
 * 10 u16 columns | 12 u8 bits of a cell | 13 u8 encoding | 14 u16 regions |
 * 16 u32 CRC-32 of the payload | 20 u32 its offset | ...;
 * the payload is rows x columns cells, row-major, to the end of the file.
 * Encoding 1: int8, the signed level. Encoding 2, of cells of one bit: 0 or 1,
 * eight to a byte, the first in the lowest bit; a row begins at a byte. */
#define IMC_IMAGE_MIN_BYTES 32

/* The image of array k of n in a bundle of that name, "data/net_xbar07.bin":
 * the names of all sort in the order of the arrays. */
const char *imc_image_path(struct imc_arena *a, const char *name, int32_t k,
			   int32_t n);

/* Reads one image of either encoding and of rows x cols from the size bytes of
 * file `path` into cell[rows * cols]. False: reported (magic, version, sizes,
 * CRC). */
bool imc_image_read(const char *path, const void *bytes, size_t size,
		    int32_t rows, int32_t cols, int8_t *cell,
		    struct imc_diags *d);

#endif
