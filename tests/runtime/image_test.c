/* Crossbar images, and the .npy files of the host runner. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imc_hal_host.h"
#include "imc_npy.h"
#include "imc_rt.h"
#include "imc_run.h"
#include "tests/check.h"
#include "tests/runtime/random.h"

#define ROWS 8
#define COLS 6
#define PAYLOAD 128
#define BYTES (PAYLOAD + ROWS * COLS)

static void put(unsigned char *p, uint32_t v, int n)
{
	for (int i = 0; i < n; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

/* An image of one region: columns 2..4, word lines 1..6. */
static void make_image(unsigned char *p)
{
	memset(p, 0, BYTES);
	memcpy(p, "IMCX", 4);
	put(p + 4, 1, 2);
	put(p + 6, 32, 2);
	put(p + 8, ROWS, 2);
	put(p + 10, COLS, 2);
	p[12] = 4;
	p[13] = 1;
	put(p + 14, 1, 2);
	put(p + 20, PAYLOAD, 4);
	put(p + 32 + 2, 2, 2);
	put(p + 32 + 4, 1, 2);
	put(p + 32 + 6, 3, 2);
	put(p + 32 + 8, 6, 2);
	for (int i = 0; i < ROWS * COLS; i++)
		p[PAYLOAD + i] = (unsigned char)(i - 20);
	put(p + 16, imc_rt_crc32(p + PAYLOAD, ROWS * COLS), 4);
}

static void check_images(void)
{
	static int8_t cells[2 * ROWS * COLS];
	static int32_t sums[2 * COLS];
	struct imc_hal hal = {.n_array = 2,
			      .rows = ROWS,
			      .cols = COLS,
			      .cells = cells,
			      .sums = sums};
	unsigned char p[BYTES];

	make_image(p);
	EXPECT(imc_rt_program(&hal, 1, p, BYTES, IMC_RT_CHECK_CRC) == 0);
	for (int i = 0; i < ROWS * COLS; i++) {
		int in = i / COLS >= 1 && i / COLS < 7 && i % COLS >= 2 &&
			 i % COLS < 5;

		EXPECT(cells[i] == 0);
		EXPECT(cells[ROWS * COLS + i] == (in ? i - 20 : 0));
	}
	EXPECT(imc_rt_program(&hal, 2, p, BYTES, 0) == IMC_RT_E_DEVICE);
	EXPECT(imc_rt_program(&hal, 0, p, BYTES - 1, 0) == IMC_RT_E_IMAGE);
	EXPECT(imc_rt_program(&hal, 0, p, 16, 0) == IMC_RT_E_IMAGE);
	p[PAYLOAD] ^= 1;
	EXPECT(imc_rt_program(&hal, 0, p, BYTES, IMC_RT_CHECK_CRC) ==
	       IMC_RT_E_IMAGE);
	put(p + 32 + 6, 5, 2);
	CHECK(imc_rt_program(&hal, 0, p, BYTES, 0) == IMC_RT_E_IMAGE,
	      "a region outside the image");
	p[0] = 'X';
	EXPECT(imc_rt_program(&hal, 0, p, BYTES, 0) == IMC_RT_E_IMAGE);
	EXPECT(imc_rt_crc32("123456789", 9) == 0xcbf43926);
}

/* ---- cells of one bit ---- */

#define WIDE 300 /* columns: 38 bytes a row, the last with bits to spare */
#define WIDE_BYTES 38

/* A region of the packed image: column x, word line y. */
static const int32_t regions[][4] = {
	{0, 0, WIDE, 1}, {3, 2, 270, 5}, {7, 7, 1, 1}};

static int bit(int32_t row, int32_t col)
{
	return (row * 7 + col * col / 3) % 5 < 2;
}

static void make_packed(unsigned char *p, size_t bytes)
{
	memset(p, 0, bytes);
	memcpy(p, "IMCX", 4);
	put(p + 4, 1, 2);
	put(p + 6, 32, 2);
	put(p + 8, ROWS, 2);
	put(p + 10, WIDE, 2);
	p[12] = 1;
	p[13] = 2;
	put(p + 14, 3, 2);
	put(p + 20, PAYLOAD, 4);
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 4; j++)
			put(p + 32 + 32 * i + 2 + 2 * j,
			    (uint32_t)regions[i][j], 2);
	for (int32_t r = 0; r < ROWS; r++)
		for (int32_t c = 0; c < WIDE; c++)
			if (bit(r, c))
				p[PAYLOAD + r * WIDE_BYTES + c / 8] |=
					(unsigned char)(1 << c % 8);
	put(p + 16, imc_rt_crc32(p + PAYLOAD, ROWS * WIDE_BYTES), 4);
}

static int is_covered(int32_t row, int32_t col)
{
	for (int i = 0; i < 3; i++) {
		const int32_t *t = regions[i];

		if (col >= t[0] && col < t[0] + t[2] && row >= t[1] &&
		    row < t[1] + t[3])
			return 1;
	}
	return 0;
}

static void check_packed(void)
{
	static int8_t cells[ROWS * WIDE];
	static int32_t sums[2 * WIDE];
	static unsigned char p[PAYLOAD + ROWS * WIDE_BYTES];
	struct imc_hal hal = {.n_array = 1,
			      .rows = ROWS,
			      .cols = WIDE,
			      .cells = cells,
			      .sums = sums};
	int bad = 0;

	make_packed(p, sizeof p);
	memset(cells, 9, sizeof cells);
	EXPECT(imc_rt_program(&hal, 0, p, sizeof p, IMC_RT_CHECK_CRC) == 0);
	for (int32_t i = 0; i < ROWS * WIDE; i++) {
		int32_t r = i / WIDE, c = i % WIDE;

		bad += cells[i] != (is_covered(r, c) ? bit(r, c) : 9);
	}
	CHECK(bad == 0, "%d cells wrong", bad);
	EXPECT(imc_rt_program(&hal, 1, p, sizeof p, 0) == IMC_RT_E_DEVICE);
	EXPECT(imc_rt_program(&hal, 0, p, sizeof p - 1, 0) == IMC_RT_E_IMAGE);
	p[sizeof p - 2] ^= 1;
	EXPECT(imc_rt_program(&hal, 0, p, sizeof p, IMC_RT_CHECK_CRC) ==
	       IMC_RT_E_IMAGE);
	p[13] = 1; /* as bytes they are too few */
	EXPECT(imc_rt_program(&hal, 0, p, sizeof p, 0) == IMC_RT_E_IMAGE);
	p[13] = 3;
	EXPECT(imc_rt_program(&hal, 0, p, sizeof p, 0) == IMC_RT_E_IMAGE);
}

/* ---- the runner, on a network that copies its input ---- */

static int8_t in_data[12], out_data[12];

static int tool(const struct imc_run_net *net, const char *what, const char *in,
		const char *out)
{
	char a[32], b[32], c[32], program[] = "test";
	char *argv[] = {program, a, b, c, NULL};

	sprintf(a, "%s", what);
	sprintf(b, "%s", in);
	sprintf(c, "%s", out);
	return imc_run_main(4, argv, net);
}

static int run(const struct imc_run_net *net, const char *in, const char *out)
{
	int status = tool(net, "pack", in, "runner.raw");

	return status ? status : tool(net, "unpack", "runner.raw", out);
}

static void write_bytes(const char *path, const char *shape,
			const unsigned char *x, size_t n)
{
	char text[128];
	FILE *f = fopen(path, "wb");

	memset(text, ' ', sizeof text);
	memcpy(text, "\x93NUMPY\x01\x00\x76\x00", 10);
	sprintf(text + 10,
		"{'descr': '|u1', 'fortran_order': False, "
		"'shape': %s, }",
		shape);
	text[strlen(text)] = ' ';
	text[127] = '\n';
	fwrite(text, 1, 128, f);
	fwrite(x, 1, n, f);
	fclose(f);
}

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "wb");

	fputs(text, f);
	fclose(f);
}

/* What a device printed: outputs among other lines, one of them long. */
static void check_log(const struct imc_run_net *net)
{
	unsigned char bytes[4000];
	size_t n;
	FILE *f = fopen("runner.log", "wb");

	fputs("OUT 00ff\nhello\nOUT ", f);
	for (int i = 0; i < 2000; i++)
		fprintf(f, "%02x", i & 255);
	fputs("\nOUTER 11\nOUT 7f\n", f);
	fclose(f);
	EXPECT(tool(net, "unlog", "runner.log", "runner.raw") == 0);
	f = fopen("runner.raw", "rb");
	n = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	CHECK(n == 2003, "%zu bytes", n);
	EXPECT(bytes[0] == 0 && bytes[1] == 255 && bytes[2002] == 0x7f);
	for (int i = 0; i < 2000; i++)
		CHECK(bytes[2 + i] == (i & 255), "%d: %d", i, bytes[2 + i]);
	EXPECT(tool(net, "unlog", "absent.log", "runner.raw") == 1);
	remove("runner.log");
}

/* A network [1][2][3][2] channel-last; the model says [1][2][2][3]. */
static void check_runner(void)
{
	struct imc_run_tensor t[2] = {
		{"x", 4, {1, 2, 3, 2}, 1, 0.5f, -1, in_data},
		{"y", 4, {1, 2, 3, 2}, 1, 0.5f, -1, out_data},
	};
	struct imc_run_net net = {.name = "copy",
				  .n_input = 1,
				  .n_output = 1,
				  .input = &t[0],
				  .output = &t[1],
				  .scale = 0.5,
				  .n_mean = 2,
				  .n_std = 1,
				  .mean = {1, 2},
				  .std = {2}};
	unsigned char x[24];
	struct imc_npy y;

	for (int i = 0; i < 24; i++)
		x[i] = (unsigned char)(2 * i);
	write_bytes("runner_in.npy", "(2, 2, 3, 2)", x, 24);
	EXPECT(run(&net, "runner_in.npy", "runner_out.npy") == 0);
	EXPECT(!imc_npy_read("runner_out.npy", &y));
	EXPECT(y.rank == 4 && y.dim[0] == 2 && y.dim[1] == 2 && y.dim[3] == 3);
	for (int i = 0; i < 24; i++) {
		int s = i / 12, c = i / 6 % 2, at = i % 6;
		double v = ((s * 12 + at * 2 + c) - (c ? 2 : 1)) / 2.0;

		CHECK(imc_npy_at(&y, i) == v, "%d: %g", i, imc_npy_at(&y, i));
	}
	free(y.data);
	/* the same as the model orders it */
	write_bytes("runner_in.npy", "(2, 2, 3)", x, 12);
	EXPECT(run(&net, "runner_in.npy", "runner_out.npy") == 0);
	EXPECT(!imc_npy_read("runner_out.npy", &y) && y.dim[0] == 1);
	EXPECT(imc_npy_at(&y, 7) == (7 - 2) / 2.0);
	free(y.data);
	write_bytes("runner_in.npy", "(13,)", x, 13);
	EXPECT(run(&net, "runner_in.npy", "runner_out.npy") == 1);
	EXPECT(run(&net, "absent.npy", "runner_out.npy") == 1);
	EXPECT(run(&net, "runner_in.npy", "no/folder.npy") == 1);
	write_text("runner.raw", "it holds 13 bytes"); /* not 12 */
	EXPECT(tool(&net, "unpack", "runner.raw", "runner_out.npy") == 1);
	EXPECT(tool(&net, "walk", "runner.raw", "runner_out.npy") == 2);
	check_log(&net);
	remove("runner.raw");
	remove("runner_in.npy");
	remove("runner_out.npy");
}

int main(void)
{
	check_images();
	check_packed();
	check_runner();
	return check_result();
}
