/* read_images.h: reads back the crossbar images of a bundle. */
#ifndef IMC_READ_IMAGES_H
#define IMC_READ_IMAGES_H

#include "ir/map.h"
#include "ir/support/diag.h"

/* Sizes in an image file (all little-endian):
 * 0 'IMCX' | 4 u16 version 1 | 6 u16 header bytes | 8 u16 rows |
 * 10 u16 columns | 12 u8 bits | 13 u8 encoding 1 (signed level) |
 * 14 u16 regions | 16 u32 CRC-32 of the payload | 20 u32 its offset | ...;
 * the payload is rows x columns int8, row-major, to the end of the file. */
#define IMC_IMAGE_MIN_BYTES 32

/* Reads one image of rows x cols from the size bytes of file `path` into
 * cell[rows * cols]. False: reported (magic, version, sizes, CRC). */
bool imc_image_read(const char *path, const void *bytes, size_t size,
		    int32_t rows, int32_t cols, int8_t *cell,
		    struct imc_diags *d);

#endif
