/* Data files made by hand: every element type, order and layout, and what is
 * wrong with the others. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frontend/data/npy.h"
#include "frontend/data/preprocess.h"
#include "ir/support/buf.h"
#include "tests/check.h"

#define OK(condition) CHECK(condition, "%s", "")

struct world {
	struct imc_arena *a;
	struct imc_diags d;
	char dir[64];
};

static void begin(struct world *w)
{
	w->a = imc_arena_new();
	w->d = (struct imc_diags){.arena = w->a};
}

static void end(struct world *w)
{
	imc_arena_free(w->a);
}

/* The body of the last message, or "". */
static const char *said(const struct world *w)
{
	return w->d.n ? w->d.v[w->d.n - 1].body : "";
}

/* A .npy file with that dictionary and data. */
static struct imc_buf npy(struct world *w, int version, const char *dict,
			  const void *data, size_t size)
{
	struct imc_buf b = {.arena = w->a};
	size_t n = strlen(dict);
	char head[12] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};

	head[6] = (char)version;
	head[8] = (char)(n & 255);
	head[9] = (char)(n >> 8);
	imc_buf_bytes(&b, head, version == 1 ? 10 : 12);
	imc_buf_bytes(&b, dict, n);
	imc_buf_bytes(&b, data, size);
	return b;
}

static const char *dict(struct world *w, const char *descr, bool fortran,
			const char *shape)
{
	return imc_arena_printf(
		w->a, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n",
		descr, fortran ? "True" : "False", shape);
}

static bool read_npy(struct world *w, const struct imc_buf *b,
		     struct imc_tensor *t)
{
	return imc_npy_read("x.npy", b->p, b->n, w->a, &w->d, t);
}

/* Every type: bytes of one element that mean `value`. */
static const struct {
	const char *descr, *bytes;
	size_t size;
	double value;
} elements[] = {
	{"|b1", "\1", 1, 1},
	{"|i1", "\xfe", 1, -2},
	{"|u1", "\xfe", 1, 254},
	{"<i2", "\xfe\xff", 2, -2},
	{">i2", "\xff\xfe", 2, -2},
	{"<u2", "\1\2", 2, 513},
	{">u2", "\1\2", 2, 258},
	{"<i4", "\xfe\xff\xff\xff", 4, -2},
	{">i4", "\0\0\1\0", 4, 256},
	{"<u4", "\0\0\0\x80", 4, 2147483648.0},
	{"<i8", "\xfe\xff\xff\xff\xff\xff\xff\xff", 8, -2},
	{">i8", "\0\0\0\0\0\0\0\7", 8, 7},
	{"<u8", "\7\0\0\0\0\0\0\0", 8, 7},
	{"<f2", "\x00\xc1", 2, -2.5},
	{">f2", "\x3c\x01", 2, 1 + 1.0 / 1024},
	{"<f2", "\x01\x00", 2, 1.0 / 16777216},
	{"<f4", "\0\0\x20\xc0", 4, -2.5},
	{">f4", "\xc0\x20\0\0", 4, -2.5},
	{"<f8", "\0\0\0\0\0\0\x04\xc0", 8, -2.5},
	{">f8", "\xc0\x04\0\0\0\0\0\0", 8, -2.5},
};

static void test_types(struct world *w)
{
	for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
		struct imc_tensor t = {0};
		struct imc_buf b =
			npy(w, 1 + (int)(i % 3),
			    dict(w, elements[i].descr, false, "(1,)"),
			    elements[i].bytes, elements[i].size);
		bool ok = read_npy(w, &b, &t);

		CHECK(ok, "%s: %s", elements[i].descr, said(w));
		if (ok)
			CHECK(imc_element(&t, 0) == elements[i].value, "%s: %g",
			      elements[i].descr, imc_element(&t, 0));
	}
}

static void test_orders(struct world *w)
{
	static const unsigned char data[] = {0, 1, 2, 3, 4, 5};
	static const int c_order[] = {0, 1, 2, 3, 4, 5};
	static const int f_order[] = {0, 2, 4, 1, 3, 5};
	struct imc_tensor t = {0};
	struct imc_buf b;

	b = npy(w, 1, dict(w, "|u1", false, "(2, 3)"), data, 6);
	OK(read_npy(w, &b, &t) && t.rank == 2 && t.dim[1] == 3);
	for (int i = 0; i < 6; i++)
		OK(imc_element(&t, i) == c_order[i]);
	b = npy(w, 2, dict(w, "|u1", true, "(2, 3)"), data, 6);
	OK(read_npy(w, &b, &t) && t.dim[0] == 2);
	for (int i = 0; i < 6; i++)
		CHECK(imc_element(&t, i) == f_order[i], "%d", i);
	b = npy(w, 1, dict(w, "|u1", false, "()"), data, 1);
	OK(read_npy(w, &b, &t) && t.rank == 0);
	b = npy(w, 1, dict(w, "|u1", true, "(0, 3)"), data, 0);
	OK(read_npy(w, &b, &t) && imc_tensor_count(&t) == 0);
	b = npy(w, 1,
		"{\"shape\":(2L,),\"descr\":\"|u1\","
		"\"fortran_order\":False}",
		data, 2);
	CHECK(read_npy(w, &b, &t) && t.dim[0] == 2, "%s", said(w));
}

/* Headers that must be refused, with the reason. */
static const struct {
	const char *dict, *why;
} broken[] = {
	{"", "expected a dictionary as header"},
	{"{", "expected text in quotes in its header"},
	{"{'descr", "text in its header has no end"},
	{"{'descr'", "expected : in its header"},
	{"{'colour': 1}", "an unknown key in its header"},
	{"{'descr': '<f4'}", "its header lacks descr, fortran_order or shape"},
	{"{'descr': '<c8', ", "elements of that type are not supported; wanted "
			      "bool, integers, or floats of 2, 4 or 8 bytes"},
	{"{'descr': [('x', '<f4')], ", "records are not supported"},
	{"{'fortran_order': Maybe", "fortran_order is neither True nor False"},
	{"{'shape': 3", "expected a shape in its header"},
	{"{'shape': (-3,)", "expected a dimension in its header"},
	{"{'shape': (3 4)", "expected , or ) in its shape"},
	{"{'shape': (99999999999999999999,)", "a dimension is too large"},
	{"{'shape': (1,1,1,1,1,1,1,1,1)", "more than 8 dimensions"},
	{"{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, "
	 "4294967296)}",
	 "its shape is too large"},
	{"{'descr': '<f8', 'fortran_order': False, 'shape': "
	 "(4611686018427387904,)}",
	 "its shape is too large"},
	{"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}",
	 "shape [2, 3] of f32 needs 24 bytes of data, found 4"},
};

static void test_broken(struct world *w)
{
	struct imc_tensor t;
	struct imc_buf b;

	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		const char *want = imc_arena_printf(
			w->a, "not a readable .npy file: %s", broken[i].why);

		b = npy(w, 1, broken[i].dict, "\0\0\0\0", 4);
		w->d = (struct imc_diags){.arena = w->a};
		OK(!read_npy(w, &b, &t));
		CHECK(!strcmp(said(w), want), "%s: %s", broken[i].dict,
		      said(w));
	}
}

/* No bytes crash it: every prefix, and every single changed byte. */
static void test_mutants(struct world *w)
{
	struct imc_buf b = npy(w, 2, dict(w, ">i2", true, "(2, 3)"),
			       "\0\1\0\2\0\3\0\4\0\5\0\6", 12);
	int n_read = 0;

	for (size_t n = 0; n < b.n; n++) {
		struct world in;
		struct imc_tensor t;
		char *copy = malloc(n + 1);

		begin(&in);
		memcpy(copy, b.p, n);
		OK(!imc_npy_read("x", copy, n, in.a, &in.d, &t));
		free(copy);
		end(&in);
	}
	for (size_t i = 0; i < b.n * 255; i++) {
		struct world in;
		struct imc_tensor t;
		char *copy = malloc(b.n);

		begin(&in);
		memcpy(copy, b.p, b.n);
		copy[i / 255] = (char)(copy[i / 255] + 1 + (int)(i % 255));
		n_read += imc_npy_read("x", copy, b.n, in.a, &in.d, &t);
		free(copy);
		end(&in);
	}
	CHECK(n_read >= 12 * 255, "%d", n_read);
}

static const char *path_in(struct world *w, const char *name)
{
	return imc_arena_printf(w->a, "%s/%s", w->dir, name);
}

static void put(struct world *w, const char *name, const void *p, size_t n)
{
	FILE *f = fopen(path_in(w, name), "wb");

	CHECK(f && fwrite(p, 1, n, f) == n && fclose(f) == 0, "%s", name);
}

/* A network that has only one input, of that shape. */
static struct imc_graph *graph_of(struct world *w, int rank, const int64_t *dim)
{
	struct imc_graph *g = imc_graph_new(w->a, "g");
	imc_val v = imc_graph_add_value(g, "image");
	struct imc_value *x = imc_value_at(g, v);

	x->t.rank = rank;
	memcpy(x->t.dim, dim, (size_t)rank * sizeof *dim);
	x->shaped = true;
	*IMC_PUSH(w->a, g->input, g->n_input, g->cap_input) = v;
	return g;
}

/* Data of `shape` (u8: 0, 1, 2 ...) for an input; want: the numbers of the
 * elements that make the first four of sample 0, or NULL: refused. */
struct layout {
	int rank;
	int64_t dim[4];
	const char *shape;
	int n_data;
	int64_t n_sample;
	const int *want;
	const char *said;
};

static const int plain[] = {0, 1, 2, 3}, last[] = {0, 3, 6, 9};
static const struct layout layouts[] = {
	{4, {1, 3, 2, 4}, "(2, 3, 2, 4)", 48, 2, plain, 0},
	{4, {1, 3, 2, 4}, "(2, 2, 4, 3)", 48, 2, last, 0},
	{4, {1, 3, 2, 4}, "(3, 2, 4)", 24, 1, plain, 0},
	{4, {1, 3, 2, 4}, "(2, 4, 3)", 24, 1, last, 0},
	{4, {1, 1, 4, 5}, "(3, 4, 5)", 60, 3, plain, 0},
	{4, {1, 1, 4, 5}, "(3, 4, 5, 1)", 60, 3, plain, 0},
	{4, {1, 1, 4, 5}, "(4, 5)", 20, 1, plain, 0},
	{4, {1, 1, 4, 5}, "(3, 20)", 60, 3, plain, 0},
	{4, {1, 1, 4, 4}, "(4, 4)", 16, 1, plain, 0},
	{4, {1, 6, 1, 1}, "(2, 6)", 12, 2, plain, 0},
	{2, {1, 6}, "(2, 6)", 12, 2, plain, 0},
	{2, {1, 6}, "(6,)", 6, 1, plain, 0},
	{2, {1, 6}, "(2, 2, 3)", 12, 2, plain, 0},
	{3, {1, 3, 4}, "(2, 4, 3)", 24, 2, last, 0},
	{4, {2, 1, 2, 2}, "(4, 2, 2)", 16, 2, plain, 0},
	{4,
	 {1, 3, 2, 4},
	 "(2, 24)",
	 48,
	 0,
	 0,
	 "data of shape [2, 24] does not fit input 'image'; wanted "
	 "[N, 3, 2, 4] or [N, 2, 4, 3]"},
	{4,
	 {1, 3, 2, 4},
	 "(2, 3, 4, 2)",
	 48,
	 0,
	 0,
	 "data of shape [2, 3, 4, 2] does not fit input 'image'; wanted "
	 "[N, 3, 2, 4] or [N, 2, 4, 3]"},
	{4,
	 {1, 3, 3, 3},
	 "(2, 3, 3, 3)",
	 54,
	 0,
	 0,
	 "data of shape [2, 3, 3, 3] could be channel-first or channel-last "
	 "for input 'image'; give it as a .pb of ONNX"},
	{4,
	 {2, 1, 2, 2},
	 "(3, 2, 2)",
	 12,
	 0,
	 0,
	 "data of shape [3, 2, 2] does not fit input 'image'; wanted "
	 "[N, 1, 2, 2] or [N, 2, 2, 1]"},
	{2,
	 {1, 6},
	 "(2, 5)",
	 10,
	 0,
	 0,
	 "data of shape [2, 5] does not fit input 'image'; wanted [N, 6]"},
	{2, {1, 6}, "(0, 6)", 0, 0, 0, "it holds no sample; give one at least"},
};

static bool read_samples(struct world *w, const struct imc_graph *g,
			 struct imc_preprocess *pre, int64_t limit,
			 struct imc_samples *out)
{
	return imc_data_samples(path_in(w, "x.npy"), g, NULL, pre, limit, w->a,
				&w->d, out);
}

static void put_u8(struct world *w, const char *shape, int n)
{
	unsigned char data[256];
	struct imc_buf b;

	for (int i = 0; i < n; i++)
		data[i] = (unsigned char)i;
	b = npy(w, 1, dict(w, "|u1", false, shape), data, (size_t)n);
	put(w, "x.npy", b.p, b.n);
}

static void test_layouts(struct world *w)
{
	for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
		const struct layout *l = &layouts[i];
		struct imc_graph *g = graph_of(w, l->rank, l->dim);
		struct imc_preprocess pre = {0};
		struct imc_samples s = {0};
		bool ok;

		w->d = (struct imc_diags){.arena = w->a};
		put_u8(w, l->shape, l->n_data);
		ok = read_samples(w, g, &pre, 0, &s);
		CHECK(ok == (l->want != NULL), "%s: %s", l->shape, said(w));
		if (ok)
			CHECK(s.n == l->n_sample, "%s: %lld", l->shape,
			      (long long)s.n);
		else
			CHECK(!strcmp(said(w), l->said), "%s", said(w));
		for (int k = 0; ok && k < 4; k++)
			CHECK(s.x[0][k] == (float)l->want[k], "%s: %d is %g",
			      l->shape, k, (double)s.x[0][k]);
	}
}

static void test_preprocess(struct world *w)
{
	static const int64_t dim[] = {1, 3, 2, 2};
	struct imc_graph *g = graph_of(w, 4, dim);
	struct imc_preprocess unit = {.given = true,
				      .n_mean = 3,
				      .n_std = 1,
				      .mean = {0.5, 0.25, 0},
				      .std = {0.5}};
	struct imc_preprocess byte = {.given = true,
				      .n_mean = 1,
				      .mean = {4},
				      .n_std = 1,
				      .std = {2}};
	struct imc_preprocess pre = {0}, four = unit;
	struct imc_samples s;

	put_u8(w, "(3, 2, 2, 3)", 36);
	OK(read_samples(w, g, &unit, 2, &s) && s.n == 2);
	OK(unit.scale == 1.0 / 255);
	OK(fabs((double)s.x[0][5] - (4 / 255.0 - 0.25) / 0.5) < 1e-6);
	OK(read_samples(w, g, &byte, 0, &s) && byte.scale == 1);
	CHECK(s.x[0][4] == -1.5f, "%g", (double)s.x[0][4]);
	four.n_mean = 4;
	OK(!read_samples(w, g, &four, 0, &s));
	OK(!strcmp(said(w), "4 values of mean, but channels of the input: 3; "
			    "give one, or one a channel"));
	put(w, "data.yaml", "scale: 0.5\n", 11);
	OK(read_samples(w, g, &pre, 0, &s) && pre.given);
	OK(s.x[0][1] == 1.5f);
	put(w, "x.yaml", "mean: [1, 2, 3]\nstd: 2\n", 23);
	pre = (struct imc_preprocess){0};
	OK(read_samples(w, g, &pre, 0, &s) && pre.scale == 1 &&
	   pre.n_mean == 3);
	CHECK(s.x[0][4] == -0.5f, "%g", (double)s.x[0][4]);
	put(w, "x.yaml", "means: 1\n", 9);
	pre = (struct imc_preprocess){0};
	OK(!read_samples(w, g, &pre, 0, &s));
	OK(!strcmp(said(w), "unknown key 'means'; known are mean, std, "
			    "scale"));
	put(w, "x.yaml", "std: [1, x]\n", 12);
	pre = (struct imc_preprocess){0};
	OK(!read_samples(w, g, &pre, 0, &s));
	OK(!strcmp(said(w), "'std' must be a number or a list of up to 4"));
	unlink(path_in(w, "x.yaml"));
	unlink(path_in(w, "data.yaml"));
}

/* A .npy of float32, version 1. */
static bool write_npy(const char *path, const struct imc_tensor *t)
{
	char header[129];
	FILE *f = fopen(path, "wb");
	int n = snprintf(header, sizeof header,
			 "{'descr': '<f4', 'fortran_order': False, 'shape': (");
	bool ok;

	if (!f)
		return false;
	for (int i = 0; i < t->rank; i++)
		n += snprintf(header + n, sizeof header - (size_t)n, "%lld, ",
			      (long long)t->dim[i]);
	n += snprintf(header + n, sizeof header - (size_t)n, "), }");
	ok = fwrite("\x93NUMPY\1\0", 1, 8, f) == 8 && fputc(118, f) == 118 &&
	     fputc(0, f) == 0 && fprintf(f, "%-117s\n", header) == 118 &&
	     fwrite(t->data, 1, imc_tensor_bytes(t), f) == imc_tensor_bytes(t);
	return !fclose(f) && ok;
}

static void test_labels(struct world *w)
{
	static const float good[] = {3, 0, -1}, bad[] = {3, 0.5f};
	int64_t n = 0, *v = NULL;
	struct imc_tensor t = {.dtype = IMC_F32, .rank = 1, .dim = {3}};
	float copy[3];

	memcpy(copy, good, sizeof good);
	t.data = copy;
	OK(write_npy(path_in(w, "y.npy"), &t));
	OK(imc_data_labels(path_in(w, "y.npy"), NULL, w->a, &w->d, &n, &v));
	OK(n == 3 && v[0] == 3 && v[2] == -1);
	memcpy(copy, bad, sizeof bad);
	t.dim[0] = 2;
	OK(write_npy(path_in(w, "y.npy"), &t));
	OK(!imc_data_labels(path_in(w, "y.npy"), NULL, w->a, &w->d, &n, &v));
	OK(!strcmp(said(w), "label 1 is 0.5; wanted an integer"));
	t.rank = 2;
	t.dim[0] = 1;
	t.dim[1] = 2;
	OK(write_npy(path_in(w, "y.npy"), &t));
	OK(!imc_data_labels(path_in(w, "y.npy"), NULL, w->a, &w->d, &n, &v));
	OK(!strcmp(said(w), "labels of shape [1, 2]; wanted [N], one for "
			    "each sample"));
	unlink(path_in(w, "y.npy"));
}

static void test_files(struct world *w)
{
	struct imc_tensor t;

	OK(!imc_data_tensor(path_in(w, "none"), NULL, w->a, &w->d, &t));
	OK(!strcmp(said(w), "cannot read: No such file or directory"));
	OK(!imc_data_tensor(w->dir, NULL, w->a, &w->d, &t));
	OK(!strcmp(said(w), "cannot read: it is a directory"));
	put(w, "z", "PK\3\4", 4);
	OK(!imc_data_tensor(path_in(w, "z"), NULL, w->a, &w->d, &t));
	OK(!strcmp(said(w), "neither .npy nor a tensor of ONNX (.pb); an "
			    ".npz or zip archive: unpack it first"));
	put(w, "z", "", 0);
	OK(!imc_data_tensor(path_in(w, "z"), NULL, w->a, &w->d, &t));
	OK(!strcmp(said(w), "neither .npy nor a tensor of ONNX (.pb); the "
			    "file is empty"));
	unlink(path_in(w, "z"));
}

static void test_floats(void)
{
	double v[4];

	OK(imc_parse_floats("0.5,-1,2e3", v) == 3 && v[2] == 2000);
	OK(imc_parse_floats("1", v) == 1);
	OK(imc_parse_floats("1,2,3,4,5", v) == -1);
	OK(imc_parse_floats("", v) == -1);
	OK(imc_parse_floats("1,", v) == -1);
	OK(imc_parse_floats("1;2", v) == -1);
	OK(imc_parse_floats("nan", v) == -1);
}

int main(void)
{
	struct world w = {.dir = "/tmp/imcc-data-XXXXXX"};

	begin(&w);
	if (!mkdtemp(w.dir))
		return 1;
	test_types(&w);
	test_orders(&w);
	test_broken(&w);
	test_mutants(&w);
	test_layouts(&w);
	test_preprocess(&w);
	test_labels(&w);
	test_files(&w);
	test_floats();
	unlink(path_in(&w, "x.npy"));
	rmdir(w.dir);
	end(&w);
	return check_result();
}
