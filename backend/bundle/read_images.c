#include "backend/bundle/read_images.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

static uint32_t le16(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t le32(const unsigned char *p)
{
	return le16(p) | le16(p + 2) << 16;
}

const char *imc_image_path(struct imc_arena *a, const char *name, int32_t k,
			   int32_t n)
{
	int digits = snprintf(NULL, 0, "%d", (int)(n > 0 ? n - 1 : 0));

	return imc_arena_printf(a, "data/%s_xbar%0*d.bin", name, digits,
				(int)k);
}

enum encoding { LEVELS = 1, PACKED = 2 };

static size_t row_bytes(const unsigned char *p, int32_t cols)
{
	return p[13] == PACKED ? ((size_t)cols + 7) / 8 : (size_t)cols;
}

/* What is wrong with the file, or NULL. */
static const char *fault(const unsigned char *p, size_t size, int32_t rows,
			 int32_t cols, struct imc_arena *a)
{
	size_t payload, at;

	if (size < IMC_IMAGE_MIN_BYTES || rows <= 0 || cols <= 0)
		return "it is cut off";
	if (memcmp(p, "IMCX", 4) != 0)
		return "it does not begin as one";
	if (le16(p + 4) != 1 || (p[13] != LEVELS && p[13] != PACKED))
		return "a version or encoding this imcc does not know";
	/* 65536 does not fit 16 bits and is written as 0 */
	if (le16(p + 8) != ((uint32_t)rows & 0xffff) ||
	    le16(p + 10) != ((uint32_t)cols & 0xffff))
		return imc_arena_printf(a, "it has %ux%u cells, wanted %dx%d",
					le16(p + 8), le16(p + 10), rows, cols);
	payload = (size_t)rows * row_bytes(p, cols);
	at = le32(p + 20);
	if (at < IMC_IMAGE_MIN_BYTES || at > size || size - at != payload)
		return "its size is not what its header says";
	if (crc32(0, p + at, (uInt)payload) != le32(p + 16))
		return "the CRC-32 of its cells is wrong";
	return NULL;
}

static void unpack(const unsigned char *p, int32_t rows, int32_t cols,
		   int8_t *cell)
{
	for (int32_t r = 0; r < rows; r++, p += (cols + 7) / 8)
		for (int32_t j = 0; j < cols; j++)
			*cell++ = p[j / 8] >> j % 8 & 1;
}

bool imc_image_read(const char *path, const void *bytes, size_t size,
		    int32_t rows, int32_t cols, int8_t *cell,
		    struct imc_diags *d)
{
	const unsigned char *p = bytes;
	const char *why = fault(p, size, rows, cols, d->arena);

	if (why)
		return imc_diag(d, IMC_IN_FILE(path), IMC_D_IMAGE_BROKEN, why);
	if (p[13] == PACKED)
		unpack(p + le32(p + 20), rows, cols, cell);
	else
		memcpy(cell, p + le32(p + 20), (size_t)rows * (size_t)cols);
	return true;
}
