/* Reading back a crossbar image: a good one, and every way to spoil it. */
#include <string.h>
#include <zlib.h>

#include "backend/bundle/read_images.h"
#include "tests/check.h"

enum { ROWS = 3, COLS = 4, HEADER = 64, SIZE = HEADER + ROWS * COLS };

static void make_image(unsigned char *p)
{
	unsigned long crc;

	memset(p, 0, SIZE);
	memcpy(p, "IMCX\1\0\x20\0\3\0\4\0\4\1\0\0", 16);
	p[20] = HEADER;
	for (int i = 0; i < ROWS * COLS; i++)
		p[HEADER + i] = (unsigned char)(i - 6);
	crc = crc32(0, p + HEADER, ROWS * COLS);
	for (int i = 0; i < 4; i++)
		p[16 + i] = (unsigned char)(crc >> (8 * i));
}

static const struct {
	int at, value; /* of the byte to change; at -1: size is value */
	const char *said;
} spoilt[] = {
	{-1, 10, "it is cut off"},
	{0, 'X', "it does not begin as one"},
	{4, 2, "a version or encoding this imcc does not know"},
	{13, 0, "a version or encoding this imcc does not know"},
	{13, 3, "a version or encoding this imcc does not know"},
	{13, 2, "its size is not what its header says"},
	{8, 4, "it has 4x4 cells, wanted 3x4"},
	{20, 65, "its size is not what its header says"},
	{-1, SIZE - 1, "its size is not what its header says"},
	{HEADER, 99, "the CRC-32 of its cells is wrong"},
};

static void check_spoilt(size_t k)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	unsigned char p[SIZE];
	int8_t cell[ROWS * COLS];
	size_t size = SIZE;
	const char *want = imc_arena_printf(
		a, "x.bin: error: not a readable crossbar image: %s",
		spoilt[k].said);

	make_image(p);
	if (spoilt[k].at < 0)
		size = (size_t)spoilt[k].value;
	else
		p[spoilt[k].at] = (unsigned char)spoilt[k].value;
	CHECK(!imc_image_read("x.bin", p, size, ROWS, COLS, cell, &d),
	      "case %zu", k);
	CHECK(d.n == 1 && !strcmp(d.v[0].text, want), "%s",
	      d.n ? d.v[0].text : "");
	imc_arena_free(a);
}

/* Cells of one bit: 11 columns, two bytes a row. */
static void check_packed(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	unsigned char p[SIZE];
	int8_t cell[ROWS * 11];
	static const char *const rows[ROWS] = {"10010110101", "00000001000",
					       "11111111111"};

	make_image(p);
	p[10] = 11;
	p[12] = 1;
	p[13] = 2;
	memcpy(p + HEADER, "\x69\x05\x80\x00\xff\x07", 2 * ROWS);
	for (int i = 0; i < 4; i++)
		p[16 + i] = (unsigned char)(crc32(0, p + HEADER, 2 * ROWS) >>
					    (8 * i));
	CHECK(imc_image_read("x", p, HEADER + 2 * ROWS, ROWS, 11, cell, &d),
	      "packed");
	for (int i = 0; i < ROWS * 11; i++)
		CHECK(cell[i] == rows[i / 11][i % 11] - '0', "cell %d", i);
	p[HEADER] ^= 1;
	CHECK(!imc_image_read("x", p, HEADER + 2 * ROWS, ROWS, 11, cell, &d),
	      "CRC");
	imc_arena_free(a);
}

static void check_name(int32_t k, int32_t n, const char *want)
{
	struct imc_arena *a = imc_arena_new();
	const char *path = imc_image_path(a, "net", k, n);

	CHECK(!strcmp(path, want), "%s, not %s", path, want);
	imc_arena_free(a);
}

static void check_names(void)
{
	check_name(9, 10, "data/net_xbar9.bin");
	check_name(9, 11, "data/net_xbar09.bin");
	check_name(10, 11, "data/net_xbar10.bin");
	check_name(7, 1608, "data/net_xbar0007.bin");
}

int main(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	unsigned char p[SIZE];
	int8_t cell[ROWS * COLS];

	make_image(p);
	CHECK(imc_image_read("x", p, SIZE, ROWS, COLS, cell, &d), "good");
	for (int i = 0; i < ROWS * COLS; i++)
		CHECK(cell[i] == i - 6, "%d", i);
	for (size_t k = 0; k < sizeof spoilt / sizeof *spoilt; k++)
		check_spoilt(k);
	imc_arena_free(a);
	check_packed();
	check_names();
	return check_result();
}
