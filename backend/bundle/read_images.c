#include "backend/bundle/read_images.h"

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

/* What is wrong with the file, or NULL. */
static const char *fault(const unsigned char *p, size_t size, int32_t rows,
			 int32_t cols, struct imc_arena *a)
{
	size_t payload = (size_t)rows * (size_t)cols, at;

	if (size < IMC_IMAGE_MIN_BYTES || rows <= 0 || cols <= 0)
		return "it is cut off";
	if (memcmp(p, "IMCX", 4) != 0)
		return "it does not begin as one";
	if (le16(p + 4) != 1 || p[13] != 1)
		return "a version or encoding this imcc does not know";
	/* 65536 does not fit 16 bits and is written as 0 */
	if (le16(p + 8) != ((uint32_t)rows & 0xffff) ||
	    le16(p + 10) != ((uint32_t)cols & 0xffff))
		return imc_arena_printf(a, "it has %ux%u cells, wanted %dx%d",
					le16(p + 8), le16(p + 10), rows, cols);
	at = le32(p + 20);
	if (at < IMC_IMAGE_MIN_BYTES || at > size || size - at != payload)
		return "its size is not what its header says";
	if (crc32(0, p + at, (uInt)payload) != le32(p + 16))
		return "the CRC-32 of its cells is wrong";
	return NULL;
}

bool imc_image_read(const char *path, const void *bytes, size_t size,
		    int32_t rows, int32_t cols, int8_t *cell,
		    struct imc_diags *d)
{
	const unsigned char *p = bytes;
	const char *why = fault(p, size, rows, cols, d->arena);

	if (why)
		return imc_diag(d, IMC_IN_FILE(path), IMC_D_IMAGE_BROKEN, why);
	memcpy(cell, p + le32(p + 20), (size_t)rows * (size_t)cols);
	return true;
}
