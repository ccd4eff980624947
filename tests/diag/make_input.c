/* make_input: the binary inputs of diagnostic tests.
 *
 * make_input onnx FILE.net FILE.onnx    a model, a line each:
 *     opset N                           first; else 13
 *     input NAME ELEMENT_TYPE DIM...
 *     output NAME
 *     zeros NAME DIM...
 *     ramp NAME DIM...                  small floats, all different in sign
 *     i64 NAME VALUE...
 *     fill NAME FLOAT DIM...
 *     raw NAME ELEMENT_TYPE BYTES       a vector of that many zero bytes
 *     i|f|s|is|fs ATTRIBUTE VALUE...    of the next node
 *     node OP NAME INPUT... > OUTPUT... a name '-' is none
 * make_input npy FILE DESCR SHAPE VALUE...   as "<f4" "(2, 8)" 0.5
 *     elements take the values in turn; VALUE may be nan or inf
 * make_input poke FILE OFFSET BYTE      changes one byte */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/onnx/onnx_encode.h"

static int fault(const char *what, const char *which)
{
	fprintf(stderr, "make_input: %s: %s\n", what, which);
	return 1;
}

/* Cuts the first word off *s. */
static char *word(char **s)
{
	char *start = *s + strspn(*s, " \n"), *end = start;

	end += strcspn(end, " \n");
	*s = end + (*end != 0);
	*end = 0;
	return start;
}

static size_t count_of(const char *dims, const char *separators)
{
	size_t n = 1;

	for (const char *p = dims + strspn(dims, separators); *p;) {
		n *= (size_t)strtoull(p, NULL, 10);
		p += strcspn(p, separators);
		p += strspn(p, separators);
	}
	return n;
}

static void raw(struct net *n, const char *name, char *rest)
{
	struct imc_buf b = {.arena = n->a};
	int dtype = atoi(word(&rest));
	const char *size = word(&rest);
	size_t count = (size_t)atoi(size);

	put_tensor(&b, name, dtype, size, imc_arena_alloc(n->a, count), count);
	put_bytes(&n->graph, 5, b.p, b.n);
}

static void floats(struct net *n, const char *name, const char *dims,
		   const float *all)
{
	struct imc_buf b = {.arena = n->a};
	size_t count = count_of(dims, " \n");
	float *v = imc_arena_array(n->a, count, sizeof *v);

	for (size_t i = 0; i < count; i++)
		v[i] = all ? *all : ((float)(i * 37 % 101) - 50) / 64;
	put_tensor(&b, name, 1, dims, v, count * sizeof *v);
	put_bytes(&n->graph, 5, b.p, b.n);
}

static void fill(struct net *n, const char *name, char *rest)
{
	float v = strtof(word(&rest), NULL);

	floats(n, name, rest, &v);
}

static void node(struct net *n, char *rest)
{
	const char *op = word(&rest);
	const char *name = word(&rest);
	char *out = strchr(rest, '>');

	*out = 0;
	net_node(n, op, strcmp(name, "-") ? name : "", rest, out + 1);
}

static bool attribute(struct net *n, const char *kind, const char *name,
		      const char *rest)
{
	if (!strcmp(kind, "i"))
		net_i(n, name, strtoll(rest, NULL, 10));
	else if (!strcmp(kind, "f"))
		net_f(n, name, strtof(rest, NULL));
	else if (!strcmp(kind, "s"))
		net_s(n, name, rest);
	else if (!strcmp(kind, "is"))
		net_is(n, name, rest);
	else if (!strcmp(kind, "fs"))
		net_fs(n, name, rest);
	else
		return false;
	return true;
}

static bool line(struct net *n, char *rest)
{
	const char *kind = word(&rest);
	const char *name;

	if (!*kind)
		return true;
	if (!strcmp(kind, "node")) {
		node(n, rest);
		return true;
	}
	name = word(&rest);
	if (!strcmp(kind, "opset"))
		n->opset = atoi(name);
	else if (!strcmp(kind, "input")) {
		int dtype = atoi(word(&rest));

		net_input(n, name, dtype, rest);
	} else if (!strcmp(kind, "output"))
		net_output(n, name);
	else if (!strcmp(kind, "zeros"))
		net_zeros(n, name, rest);
	else if (!strcmp(kind, "ramp"))
		floats(n, name, rest, NULL);
	else if (!strcmp(kind, "fill"))
		fill(n, name, rest);
	else if (!strcmp(kind, "raw"))
		raw(n, name, rest);
	else if (!strcmp(kind, "i64"))
		net_i64(n, name, rest);
	else
		return attribute(n, kind, name, rest);
	return true;
}

static int make_onnx(const char *from, const char *to)
{
	struct imc_arena *a = imc_arena_new();
	struct net n = net_new(a, 13);
	struct imc_buf b;
	FILE *in = fopen(from, "r"), *out = fopen(to, "wb");
	char text[1024];
	bool ok = in && out;

	while (ok && fgets(text, sizeof text, in)) {
		text[strcspn(text, "\n")] = 0;
		ok = line(&n, text);
	}
	b = net_bytes(&n);
	ok = ok && fwrite(b.p, 1, b.n, out) == b.n;
	if (in)
		fclose(in);
	if (out)
		fclose(out);
	imc_arena_free(a);
	return ok ? 0 : fault("cannot make the model of", from);
}

static void put_element(FILE *out, const char *descr, const char *text)
{
	double v = strtod(text, NULL);
	float f = (float)v;
	int64_t i = descr[1] == 'i' || descr[1] == 'u' ? strtoll(text, NULL, 10)
						       : 0;
	size_t size = (size_t)atoi(descr + 2);

	if (descr[1] == 'f')
		fwrite(size == 4 ? (void *)&f : (void *)&v, size, 1, out);
	else
		fwrite(&i, size, 1, out); /* little-endian machines only */
}

static int make_npy(const char *path, const char *descr, const char *shape,
		    char **value, int n_value)
{
	FILE *out = fopen(path, "wb");
	size_t count = count_of(shape, "(), ");
	char header[256];
	int n = snprintf(header, sizeof header,
			 "{'descr': '%s', 'fortran_order': False, "
			 "'shape': %s, }\n",
			 descr, shape);

	if (!out)
		return fault("cannot write", path);
	fwrite("\223NUMPY\001", 1, 8, out);
	fputc(n & 255, out);
	fputc(n >> 8, out);
	fwrite(header, 1, (size_t)n, out);
	for (size_t i = 0; i < count; i++)
		put_element(out, descr, value[i % (size_t)n_value]);
	return fclose(out) ? fault("cannot write", path) : 0;
}

static int poke(const char *path, const char *offset, const char *byte)
{
	FILE *f = fopen(path, "r+b");

	if (!f || fseek(f, atol(offset), SEEK_SET) ||
	    fputc(atoi(byte), f) == EOF)
		return fault("cannot change", path);
	return fclose(f) ? fault("cannot change", path) : 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "onnx"))
		return make_onnx(argv[2], argv[3]);
	if (argc >= 6 && !strcmp(argv[1], "npy"))
		return make_npy(argv[2], argv[3], argv[4], argv + 5, argc - 5);
	if (argc == 5 && !strcmp(argv[1], "poke"))
		return poke(argv[2], argv[3], argv[4]);
	return fault("unknown", argc > 1 ? argv[1] : "");
}
