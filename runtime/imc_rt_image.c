/* SPDX-License-Identifier: Apache-2.0 */
/* The container of a crossbar image, little-endian:
 *  0 'IMCX'  4 u16 version  6 u16 header bytes  8 u16 rows  10 u16 columns
 * 12 u8 bits of a cell  13 u8 encoding  14 u16 regions
 * 16 u32 CRC-32 of the payload  20 u32 offset of the payload  24 u32 array
 * 28 u32 0
 * then for each region, 32 bytes: u16 layer, x, y, width, height, u16 1 if
 * the ADC is set column by column, f32 scale of a weight, i32 ADC mult,
 * shift, zero (of the first column), i16 lo, hi;
 * then, 64-byte aligned, the payload: rows x columns cells, row = word line.
 * Encoding 1: a cell is an int8, its signed level. 2: a cell is a bit, 0 or 1,
 * eight to a byte, the first in the lowest bit; a row begins at a byte. */
#include "imc_rt.h"

#define VERSION 1
#define REGION_BYTES 32

uint32_t imc_rt_crc32_more(uint32_t crc, const void *bytes, size_t n)
{
	/* Four bits at a time: a table of 16 instead of 256 words. */
	static const uint32_t step[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
		0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	const unsigned char *p = bytes;

	crc = ~crc;
	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ step[crc & 15];
		crc = crc >> 4 ^ step[crc & 15];
	}
	return ~crc;
}

uint32_t imc_rt_crc32(const void *bytes, size_t n)
{
	return imc_rt_crc32_more(0, bytes, n);
}

static int32_t u16_at(const unsigned char *p)
{
	return p[0] | p[1] << 8;
}

static uint32_t u32_at(const unsigned char *p)
{
	return (uint32_t)u16_at(p) | (uint32_t)u16_at(p + 2) << 16;
}

enum encoding { LEVELS = 1, PACKED = 2 };

struct header {
	int32_t rows, cols, regions, encoding;
	size_t regions_at, payload_at, row_bytes;
};

static int read_header(const unsigned char *p, size_t bytes, unsigned flags,
		       struct header *h)
{
	size_t payload;

	if (bytes < 32 || u32_at(p) != 0x58434d49 || u16_at(p + 4) != VERSION)
		return IMC_RT_E_IMAGE;
	h->rows = u16_at(p + 8);
	h->cols = u16_at(p + 10);
	h->encoding = p[13];
	h->regions = u16_at(p + 14);
	h->regions_at = (size_t)u16_at(p + 6);
	h->payload_at = u32_at(p + 20);
	h->row_bytes = (size_t)h->cols;
	if (h->encoding == PACKED)
		h->row_bytes = (h->row_bytes + 7) / 8;
	payload = (size_t)h->rows * h->row_bytes;
	if ((h->encoding != LEVELS && h->encoding != PACKED) ||
	    h->regions_at + (size_t)h->regions * REGION_BYTES > h->payload_at ||
	    h->payload_at > bytes || bytes - h->payload_at < payload)
		return IMC_RT_E_IMAGE;
	if (flags & IMC_RT_CHECK_CRC &&
	    imc_rt_crc32(p + h->payload_at, payload) != u32_at(p + 16))
		return IMC_RT_E_IMAGE;
	return IMC_RT_OK;
}

static int write_levels(struct imc_hal *hal, const struct imc_hal_tile *t,
			const struct header *h, const unsigned char *payload)
{
	const int8_t *cells = (const int8_t *)payload +
			      (size_t)t->y * h->row_bytes + (size_t)t->x;

	return imc_hal_ima_write(hal, t, cells, h->cols);
}

/* Cells that are unpacked at once. */
#define AT_ONCE 256

/* A line of cells from column t->x on, bit by bit from `row`. */
static int write_line(struct imc_hal *hal, struct imc_hal_tile t,
		      const unsigned char *row)
{
	int32_t end = t.x + t.w;
	int status = IMC_RT_OK;

	for (; t.x < end && !status; t.x += t.w) {
		int8_t cells[AT_ONCE];

		t.w = end - t.x < AT_ONCE ? end - t.x : AT_ONCE;
		for (int32_t i = 0; i < t.w; i++) {
			int32_t x = t.x + i;

			cells[i] = (int8_t)(row[x / 8] >> x % 8 & 1);
		}
		status = imc_hal_ima_write(hal, &t, cells, t.w);
	}
	return status;
}

static int write_packed(struct imc_hal *hal, const struct imc_hal_tile *t,
			const struct header *h, const unsigned char *payload)
{
	struct imc_hal_tile line = *t;
	int status = IMC_RT_OK;

	line.h = 1;
	for (; line.y < t->y + t->h && !status; line.y++)
		status = write_line(hal, line,
				    payload + (size_t)line.y * h->row_bytes);
	return status;
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
		status = h.encoding == PACKED
				 ? write_packed(hal, &t, &h, p + h.payload_at)
				 : write_levels(hal, &t, &h, p + h.payload_at);
	}
	return status;
}
