/* SPDX-License-Identifier: Apache-2.0 */
/* The container of a crossbar image, little-endian:
 *  0 'IMCX'  4 u16 version  6 u16 header bytes  8 u16 rows  10 u16 columns
 * 12 u8 bits of a cell  13 u8 encoding (1: signed level)  14 u16 regions
 * 16 u32 CRC-32 of the payload  20 u32 offset of the payload  24 u32 array
 * 28 u32 0
 * then for each region, 32 bytes: u16 layer, x, y, width, height, u16 1 if
 * the ADC is set column by column, f32 scale of a weight, i32 ADC mult,
 * shift, zero (of the first column), i16 lo, hi;
 * then, 64-byte aligned, rows x columns int8, row = word line. */
#include "imc_rt.h"

#define VERSION 1
#define REGION_BYTES 32

uint32_t imc_rt_crc32(const void *bytes, size_t n)
{
	/* Four bits at a time: a table of 16 instead of 256 words. */
	static const uint32_t step[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
		0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	const unsigned char *p = bytes;
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ step[crc & 15];
		crc = crc >> 4 ^ step[crc & 15];
	}
	return ~crc;
}

static int32_t u16_at(const unsigned char *p)
{
	return p[0] | p[1] << 8;
}

static uint32_t u32_at(const unsigned char *p)
{
	return (uint32_t)u16_at(p) | (uint32_t)u16_at(p + 2) << 16;
}

struct header {
	int32_t rows, cols, regions;
	size_t regions_at, payload_at;
};

static int read_header(const unsigned char *p, size_t bytes, unsigned flags,
		       struct header *h)
{
	size_t cells;

	if (bytes < 32 || u32_at(p) != 0x58434d49 || u16_at(p + 4) != VERSION)
		return IMC_RT_E_IMAGE;
	h->rows = u16_at(p + 8);
	h->cols = u16_at(p + 10);
	h->regions = u16_at(p + 14);
	h->regions_at = (size_t)u16_at(p + 6);
	h->payload_at = u32_at(p + 20);
	cells = (size_t)h->rows * (size_t)h->cols;
	if (h->regions_at + (size_t)h->regions * REGION_BYTES > h->payload_at ||
	    h->payload_at > bytes || bytes - h->payload_at < cells)
		return IMC_RT_E_IMAGE;
	if (flags & IMC_RT_CHECK_CRC &&
	    imc_rt_crc32(p + h->payload_at, cells) != u32_at(p + 16))
		return IMC_RT_E_IMAGE;
	return IMC_RT_OK;
}

int imc_rt_program(struct imc_hal *hal, int32_t array, const void *image,
		   size_t bytes, unsigned flags)
{
	const unsigned char *p = image;
	struct header h;
	int status = read_header(p, bytes, flags, &h);

	for (int32_t r = 0; !status && r < h.regions; r++) {
		const unsigned char *q =
			p + h.regions_at + (size_t)r * REGION_BYTES;
		struct imc_hal_tile t = {
			.array = array,
			.x = u16_at(q + 2),
			.y = u16_at(q + 4),
			.w = u16_at(q + 6),
			.h = u16_at(q + 8),
		};

		if (t.x + t.w > h.cols || t.y + t.h > h.rows)
			return IMC_RT_E_IMAGE;
		status = imc_hal_ima_write(
			hal, &t,
			(const int8_t *)p + h.payload_at +
				(size_t)t.y * (size_t)h.cols + (size_t)t.x,
			h.cols);
	}
	return status;
}
