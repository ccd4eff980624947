/* diff_tool: what the test of imcc diff needs.
 *
 * diff_tool model FILE.onnx          three convolutions; `second` has weights
 *                                    60 times larger than its others, which
 *                                    multiply what is 0
 * diff_tool qdq FILE.onnx            two of them, in steps that others chose
 * diff_tool data FILE.npy            eight samples of it
 * diff_tool change FOLDER NAME NODE  negates the cells of a node of a bundle,
 *                                    and corrects the image's CRC
 * diff_tool json FILE                it is one JSON value */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "backend/bundle/read_images.h"
#include "frontend/data/data.h"
#include "hwdesc/hw.h"
#include "ir/text.h"
#include "tests/onnx/onnx_encode.h"

static int fault(const char *what, const char *which)
{
	fprintf(stderr, "diff_tool: %s: %s\n", what, which);
	return 1;
}

static int write_file(const char *path, const void *p, size_t n)
{
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(p, 1, n, f) != n || fclose(f))
		return fault("cannot write", path);
	return 0;
}

/* ---- a network with one bad layer ---- */

#define CHANNELS 8

/* Weights of 3x3 kernels. dead: an output channel that is always 0, or -1.
 * largest: of the weights that read input channel 0, if it is above 0. */
static void add_weights(struct net *n, const char *name, int dead,
			float largest)
{
	struct imc_buf b = {.arena = n->a};
	float w[CHANNELS][CHANNELS][9];

	for (int k = 0; k < CHANNELS; k++)
		for (int i = 0; i < CHANNELS * 9; i++)
			w[k][i / 9][i % 9] =
				k == dead ? 0
					  : (float)(0.2 *
						    sin((k * 72 + i) *
							(double)strlen(name)));
	for (int k = 0; largest > 0 && k < CHANNELS; k++)
		w[k][0][4] = largest;
	put_tensor(&b, name, 1, "8 8 3 3", w, sizeof w);
	put_bytes(&n->graph, 5, b.p, b.n);
}

static void conv(struct net *n, const char *name, const char *in,
		 const char *out)
{
	net_is(n, "pads", "1 1 1 1");
	net_node(n, "Conv", name, in, out);
}

static int write_model(const char *path)
{
	struct imc_arena *a = imc_arena_new();
	struct net n = net_new(a, 13);
	struct imc_buf b;
	int bad;

	net_input(&n, "x", 1, "1 8 6 6");
	net_output(&n, "y");
	add_weights(&n, "w1", 0, 0);
	add_weights(&n, "w02", -1, 12);
	add_weights(&n, "w003", -1, 0);
	conv(&n, "first", "x w1", "a");
	conv(&n, "second", "a w02", "b");
	conv(&n, "third", "b w003", "y");
	b = net_bytes(&n);
	bad = write_file(path, b.p, b.n);
	imc_arena_free(a);
	return bad;
}

/* real becomes codes of 8 bits and real again, as `to`. */
static void steps(struct net *n, const char *real, const char *to, float scale)
{
	struct imc_buf s = {.arena = n->a}, z = {.arena = n->a};
	const char *in = imc_arena_printf(n->a, "%s %s_s %s_z", real, to, to);
	const char *codes = imc_arena_printf(n->a, "%s_q", to);

	put_tensor(&s, imc_arena_printf(n->a, "%s_s", to), 1, "", &scale, 4);
	put_tensor(&z, imc_arena_printf(n->a, "%s_z", to), 3, "", "", 1);
	put_bytes(&n->graph, 5, s.p, s.n);
	put_bytes(&n->graph, 5, z.p, z.n);
	net_node(n, "QuantizeLinear", codes, in, codes);
	net_node(n, "DequantizeLinear", to,
		 imc_arena_printf(n->a, "%s %s_s %s_z", codes, to, to), to);
}

static int write_qdq(const char *path)
{
	struct imc_arena *a = imc_arena_new();
	struct net n = net_new(a, 13);
	struct imc_buf b;
	int bad;

	net_input(&n, "x", 1, "1 8 6 6");
	net_output(&n, "y");
	add_weights(&n, "w1", -1, 0);
	add_weights(&n, "w003", -1, 0);
	steps(&n, "x", "xr", 1.0f / 127);
	conv(&n, "first", "xr w1", "a");
	steps(&n, "a", "ar", 0.03f);
	conv(&n, "third", "ar w003", "y");
	b = net_bytes(&n);
	bad = write_file(path, b.p, b.n);
	imc_arena_free(a);
	return bad;
}

static int write_data(const char *path)
{
	static const char head[] = "{'descr': '<f4', 'fortran_order': False, "
				   "'shape': (8, 8, 6, 6), }";
	enum { N = 8 * 8 * 36 };
	unsigned char file[128 + 4 * N];

	memset(file, ' ', 128);
	memcpy(file, "\x93NUMPY\x01\x00\x76\x00", 10);
	memcpy(file + 10, head, sizeof head - 1);
	file[127] = '\n';
	for (int i = 0; i < N; i++) {
		float x = (float)sin(i * 0.9 + i / 36);

		memcpy(file + 128 + 4 * i, &x, 4);
	}
	return write_file(path, file, sizeof file);
}

/* ---- a bundle with wrong cells ---- */

static struct imc_module *open_module(const char *dir, const char *name,
				      struct imc_diags *d)
{
	struct imc_arena *a = d->arena;
	size_t n = 0, n_blob = 0;
	const void *text = imc_file_read(
		imc_arena_printf(a, "%s/module/%s.imc", dir, name), a, d, &n);
	const void *blob = imc_file_read(
		imc_arena_printf(a, "%s/module/%s.bin", dir, name), a, d,
		&n_blob);

	return text && blob ? imc_text_parse("module", text, n, blob, n_blob,
					     &imc_hw_text, d)
			    : NULL;
}

static const struct imc_tile *tile_of(const struct imc_module *m,
				      const char *node)
{
	for (size_t i = 0; i < m->map.n_tile; i++)
		if (!strcmp(imc_node_at(m->g, m->map.tile[i].node)->name, node))
			return &m->map.tile[i];
	return NULL;
}

static uint32_t word_at(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static void negate(unsigned char *image, size_t size, const struct imc_tile *t,
		   int32_t cols)
{
	uint32_t at = word_at(image + 20);
	signed char *cell = (signed char *)image + at;
	uLong crc;

	for (int32_t y = t->y; y < t->y + t->h; y++)
		for (int32_t x = t->x; x < t->x + t->w; x++)
			cell[y * cols + x] = (signed char)-cell[y * cols + x];
	crc = crc32(0, image + at, (uInt)(size - at));
	for (int i = 0; i < 4; i++)
		image[16 + i] = (unsigned char)(crc >> 8 * i);
}

static int change(const char *dir, const char *name, const char *node)
{
	struct imc_diags d = {.arena = imc_arena_new()};
	struct imc_module *m = open_module(dir, name, &d);
	const struct imc_tile *t = m ? tile_of(m, node) : NULL;
	const char *path;
	void *image;
	size_t size = 0;
	int bad = 1;

	if (t) {
		path = imc_arena_printf(
			d.arena, "%s/%s", dir,
			imc_image_path(d.arena, name, t->array, m->map.n_used));
		image = imc_file_read(path, d.arena, &d, &size);
		if (image && size > IMC_IMAGE_MIN_BYTES) {
			negate(image, size, t, m->map.array_cols);
			bad = write_file(path, image, size);
		}
	}
	imc_module_free(m);
	imc_arena_free(d.arena);
	return bad ? fault("no tile of that node", node) : 0;
}

/* ---- JSON (RFC 8259) ---- */

static void blank(const char **p)
{
	*p += strspn(*p, " \t\r\n");
}

static bool text(const char **p)
{
	if (*(*p)++ != '"')
		return false;
	for (; **p != '"'; (*p)++) {
		if ((unsigned char)**p < ' ')
			return false;
		*p += **p == '\\' && (*p)[1];
	}
	(*p)++;
	return true;
}

static bool number(const char **p)
{
	char *end;

	if (**p != '-' && !isdigit((unsigned char)**p))
		return false;
	strtod(*p, &end);
	if (!isdigit((unsigned char)end[-1]))
		return false;
	*p = end;
	return true;
}

static bool word(const char **p)
{
	static const char *const words[] = {"null", "true", "false"};

	for (int i = 0; i < 3; i++)
		if (!strncmp(*p, words[i], strlen(words[i]))) {
			*p += strlen(words[i]);
			return true;
		}
	return false;
}

static bool value(const char **p);

static bool list(const char **p, char end)
{
	(*p)++;
	blank(p);
	if (**p == end)
		return (*p)++, true;
	for (;;) {
		blank(p);
		if (end == '}' && (!text(p) || *(*p)++ != ':'))
			return false;
		if (!value(p))
			return false;
		if (**p == end)
			return (*p)++, true;
		if (*(*p)++ != ',')
			return false;
	}
}

static bool value(const char **p)
{
	bool ok;

	blank(p);
	if (**p == '{' || **p == '[')
		ok = list(p, **p == '{' ? '}' : ']');
	else
		ok = **p == '"' ? text(p) : number(p) || word(p);
	blank(p);
	return ok;
}

static int check_json(const char *path)
{
	struct imc_diags d = {.arena = imc_arena_new()};
	size_t n = 0;
	const char *all = imc_file_read(path, d.arena, &d, &n), *p = all;
	bool ok = all && value(&p) && p == all + n;

	if (!ok && all)
		fprintf(stderr, "wrong from '%.40s' on\n", p);
	imc_arena_free(d.arena);
	return ok ? 0 : fault("not JSON", path);
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";

	if (!strcmp(what, "model"))
		return write_model(argv[2]);
	if (!strcmp(what, "qdq"))
		return write_qdq(argv[2]);
	if (!strcmp(what, "data"))
		return write_data(argv[2]);
	if (!strcmp(what, "json"))
		return check_json(argv[2]);
	if (!strcmp(what, "change") && argc == 5)
		return change(argv[2], argv[3], argv[4]);
	return fault("usage", "see the head of diff_tool.c");
}
