/* Damaged files, files that want too much, and data outside the model. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/onnx/onnx_harness.h"

#define BROKEN "net.onnx: error: not a readable ONNX model: "

static struct imc_buf small_model(struct imc_arena *a)
{
	struct net n = net_new(a, 13);

	net_input(&n, "x", 1, "N 4 8 8");
	net_zeros(&n, "w", "2 4 3 3");
	net_is(&n, "kernel_shape", "3 3");
	net_is(&n, "pads", "1 1 1 1");
	net_node(&n, "Conv", "c", "x w", "h");
	net_i64(&n, "dims", "1 -1");
	net_node(&n, "Reshape", "r", "h dims", "f");
	net_s(&n, "mode", "DCR");
	net_i(&n, "axis", 1);
	net_node(&n, "Softmax", "s", "f", "y");
	net_output(&n, "y");
	return net_bytes(&n);
}

static struct imc_buf good_model(struct imc_arena *a)
{
	struct net n = net_new(a, 13);

	net_input(&n, "x", 1, "N 4 8 8");
	net_zeros(&n, "w", "2 4 3 3");
	net_is(&n, "kernel_shape", "3 3");
	net_node(&n, "Conv", "c", "x w", "y");
	net_output(&n, "y");
	return net_bytes(&n);
}

/* Cut off at every length: always one clean refusal, for no prefix holds
 * both the graph and the operator set. */
static void truncated(struct imc_arena *a)
{
	struct imc_buf b = good_model(a);
	struct got whole = read_as(a, "net.onnx", b.p, b.n);

	CHECK(whole.g, "%s", whole.text);
	for (size_t n = 0; n < b.n; n++) {
		struct imc_arena *own = imc_arena_new();
		struct got r = read_as(own, "net.onnx", b.p, n);

		CHECK(!r.g && strchr(r.text, '\n') && !strchr(r.text, '\n')[1],
		      "length %zu: %s", n, r.text);
		imc_arena_free(own);
	}
}

/* Every byte changed in turn, to several values: no crash, and a refusal
 * always says why. */
static void corrupted(struct imc_arena *a)
{
	static const unsigned char flips[] = {0x01, 0x08, 0x80, 0xff, 0x12};
	struct imc_buf b = small_model(a);

	for (size_t i = 0; i < b.n * sizeof flips; i++) {
		struct imc_arena *own = imc_arena_new();
		size_t at = i / sizeof flips;
		struct got r;

		b.p[at] = (char)(b.p[at] ^ flips[i % sizeof flips]);
		r = read_as(own, "net.onnx", b.p, b.n);
		CHECK(r.g || *r.text, "byte %zu: refused without a word", at);
		b.p[at] = (char)(b.p[at] ^ flips[i % sizeof flips]);
		imc_arena_free(own);
	}
}

static void expect(struct imc_arena *a, const struct imc_buf *b,
		   const char *text)
{
	struct got r = read_as(a, "net.onnx", b->p, b->n);

	HOLDS(!r.g);
	CHECK(!strcmp(r.text, text), "%s", r.text);
}

static void wrong_kinds(struct imc_arena *a)
{
	struct imc_buf b = {.arena = a}, inner = {.arena = a};

	expect(a, &b, BROKEN "the file is empty\n");
	put_int(&b, 1, 8);
	expect(a, &b, BROKEN "it holds no graph\n");
	put_int(&b, 7, 3); /* the graph as a number */
	expect(a, &b, BROKEN "it is damaged, cut off, or no ONNX file\n");
	b.n = 0;
	put_text(&inner, 3, "name where");
	put_text(&inner, 20, "a type is"); /* of an attribute: a number */
	put_bytes(&b, 5, inner.p, inner.n);
	inner.n = 0;
	put_bytes(&inner, 1, b.p, b.n);
	b.n = 0;
	put_bytes(&b, 7, inner.p, inner.n);
	expect(a, &b, BROKEN "it is damaged, cut off, or no ONNX file\n");
}

/* A million empty nodes in two million bytes would become 100 MB. */
static void greedy(struct imc_arena *a)
{
	struct imc_buf g = {.arena = a}, b = {.arena = a};

	for (int i = 0; i < 1000000; i++)
		put_bytes(&g, 1, "", 0);
	put_bytes(&b, 7, g.p, g.n);
	expect(a, &b, BROKEN "it holds far more parts than its size allows\n");
}

static void write_file(const char *path, const void *p, size_t n)
{
	FILE *f = fopen(path, "wb");

	CHECK(f && fwrite(p, 1, n, f) == n, "%s", path);
	if (f)
		fclose(f);
}

/* A model whose weights lie in file `location`. */
static struct imc_buf outside(struct imc_arena *a, const char *location,
			      const char *offset, const char *length)
{
	struct net n = net_new(a, 13);
	struct imc_buf t = {.arena = a};
	const char *entry[][2] = {
		{"location", location}, {"offset", offset}, {"length", length}};

	put_int(&t, 1, 2);
	put_int(&t, 2, 1);
	put_text(&t, 8, "w");
	put_int(&t, 14, 1);
	for (int i = 0; i < 3; i++) {
		struct imc_buf e = {.arena = a};

		put_text(&e, 1, entry[i][0]);
		put_text(&e, 2, entry[i][1] ? entry[i][1] : "0");
		if (entry[i][1])
			put_bytes(&t, 13, e.p, e.n);
	}
	put_bytes(&n.graph, 5, t.p, t.n);
	net_input(&n, "x", 1, "1 2");
	net_node(&n, "Add", "a", "x w", "y");
	net_output(&n, "y");
	return net_bytes(&n);
}

static void refuse_outside(struct imc_arena *a, const char *path,
			   const char *const how[3], const char *why)
{
	struct imc_buf b = outside(a, how[0], how[1], how[2]);
	struct got r = read_as(a, path, b.p, b.n);

	HOLDS(!r.g);
	CHECK(!strcmp(r.text, imc_arena_printf(a,
					       "%s: error: external data of "
					       "tensor 'w': %s\n",
					       path, why)),
	      "%s", r.text);
}

static void external(struct imc_arena *a, const char *folder)
{
	const char *own = imc_arena_printf(a, "%s/external", folder);
	const char *path = imc_arena_printf(a, "%s/net.onnx", own);
	const char *link = imc_arena_printf(a, "%s/link", own);
	const float data[3] = {1, 2, 3};
	struct imc_buf b = outside(a, "w.data", "4", "8");
	struct got r;

	mkdir(own, 0777);
	write_file(imc_arena_printf(a, "%s/w.data", own), data, sizeof data);
	write_file(imc_arena_printf(a, "%s/secret", folder), data, sizeof data);
	unlink(link);
	HOLDS(symlink("../secret", link) == 0);
	r = read_as(a, path, b.p, b.n);
	CHECK(r.g, "%s", r.text);
	for (size_t i = 0; r.g && i < r.g->n_value; i++)
		if (!strcmp(r.g->value[i].name, "w"))
			HOLDS(((float *)r.g->value[i].t.data)[1] == 3);

	const char *const location =
		"its location is not a path inside the model's folder";
	refuse_outside(a, path, (const char *[3]){"../secret"}, location);
	refuse_outside(a, path, (const char *[3]){"a/../../secret"}, location);
	refuse_outside(a, path, (const char *[3]){"/etc/passwd"}, location);
	refuse_outside(a, path, (const char *[3]){""}, location);
	refuse_outside(a, path, (const char *[3]){"link"},
		       "its file lies outside the model's folder");
	refuse_outside(a, path, (const char *[3]){"gone"},
		       "its file is missing beside the model");
	refuse_outside(a, path, (const char *[3]){"."},
		       "its file lies outside the model's folder");
	refuse_outside(a, path, (const char *[3]){"w.data", "8"},
		       "its file is too short");
	refuse_outside(a, path, (const char *[3]){"w.data", "-4"},
		       "its offset or length is no number");
	refuse_outside(a, path, (const char *[3]){"w.data", "0", "12"},
		       "its length does not match its shape");
}

static void typed_field(struct imc_arena *a, int dtype, int field,
			const char *raw, size_t n_raw, enum imc_dtype want,
			const void *bytes)
{
	struct imc_buf b = {.arena = a};
	struct imc_diags d = {.arena = a};
	struct imc_tensor t;
	const char *name;

	put_int(&b, 1, 2);
	put_int(&b, 2, dtype);
	put_text(&b, 8, "t");
	put_bytes(&b, field, raw, n_raw);
	HOLDS(imc_onnx_read_tensor("t.pb", b.p, b.n, a, &d, &t, &name));
	if (d.n)
		return;
	HOLDS(t.dtype == want && t.rank == 1 && t.dim[0] == 2);
	HOLDS(!strcmp(name, "t"));
	HOLDS(!memcmp(t.data, bytes, imc_tensor_bytes(&t)));
}

static void tensor_files(struct imc_arena *a)
{
	const float f[2] = {1, -2};
	const double g[2] = {1, -2};
	struct imc_diags d = {.arena = a};
	struct imc_tensor t;
	const char *name;

	typed_field(a, 1, 4, (const char *)f, sizeof f, IMC_F32, f);
	typed_field(a, 1, 9, (const char *)f, sizeof f, IMC_F32, f);
	typed_field(a, 11, 10, (const char *)g, sizeof g, IMC_F64, g);
	typed_field(a, 2, 5, "\1\xff\1", 3, IMC_U8, "\1\xff");
	typed_field(a, 3, 5, "\1\x7f", 2, IMC_I8, "\1\x7f");
	typed_field(a, 9, 5, "\0\2", 2, IMC_BOOL, "\0\1");
	typed_field(a, 10, 5, "\x80\x78\0", 3, IMC_F16, "\0\x3c\0\0");
	typed_field(a, 6, 5, "\1\2", 2, IMC_I32, (int32_t[2]){1, 2});
	typed_field(a, 7, 7, "\1\2", 2, IMC_I64, (int64_t[2]){1, 2});
	typed_field(a, 12, 11, "\1\2", 2, IMC_U32, (uint32_t[2]){1, 2});
	typed_field(a, 13, 11, "\1\2", 2, IMC_U64, (uint64_t[2]){1, 2});
	HOLDS(!imc_onnx_read_tensor("t.pb", "\x0a", 1, a, &d, &t, &name));
	HOLDS(d.n == 1 &&
	      !strcmp(d.v[0].text, "t.pb: error: not a readable ONNX tensor: "
				   "it is damaged, cut off, or no ONNX file"));
	HOLDS(!imc_onnx_read("gone.onnx", a, &d, NULL));
	HOLDS(d.n == 2 &&
	      !strcmp(d.v[1].text, "gone.onnx: error: cannot read: No such "
				   "file or directory"));
}

int test_bytes(const char *folder)
{
	static void (*const tests[])(struct imc_arena *) = {
		truncated, corrupted, wrong_kinds, greedy, tensor_files};
	struct imc_arena *a = imc_arena_new();

	external(a, folder);
	imc_arena_free(a);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
		a = imc_arena_new();
		tests[i](a);
		imc_arena_free(a);
	}
	return check_result();
}
