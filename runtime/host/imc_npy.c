/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The text after 'key': in the header, or NULL. */
static const char *after_key(const char *header, const char *key)
{
	const char *at = strstr(header, key);

	if (!at)
		return NULL;
	at += strlen(key);
	while (*at == ' ' || *at == ':')
		at++;
	return at;
}

static int read_type(const char *descr, struct imc_npy *out)
{
	static const struct {
		const char *name;
		int size, integer, is_signed;
	} types[] = {
		{"'<f4'", 4, 0, 1}, {"'<f8'", 8, 0, 1}, {"'|u1'", 1, 1, 0},
		{"'|i1'", 1, 1, 1}, {"'<i2'", 2, 1, 1}, {"'<i4'", 4, 1, 1},
		{"'<i8'", 8, 1, 1}, {"'|b1'", 1, 1, 0}, {"'<u2'", 2, 1, 0},
		{"'<u4'", 4, 1, 0}, {"'<u8'", 8, 1, 0},
	};

	for (size_t k = 0; k < sizeof types / sizeof *types; k++)
		if (!strncmp(descr, types[k].name, 5)) {
			out->size = types[k].size;
			out->integer = types[k].integer;
			out->is_signed = types[k].is_signed;
			return 1;
		}
	return 0;
}

static int read_shape(const char *at, struct imc_npy *out)
{
	out->rank = 0;
	out->count = 1;
	if (*at++ != '(')
		return 0;
	while (*at != ')') {
		char *end;
		long long n = strtoll(at, &end, 10);

		if (end == at || n < 0 || out->rank == IMC_NPY_MAX_RANK ||
		    (n && out->count > INT64_MAX / 16 / n))
			return 0;
		out->dim[out->rank++] = n;
		out->count *= n;
		for (at = end; *at == ',' || *at == ' ';)
			at++;
	}
	return 1;
}

static const char *parse_header(const char *text, struct imc_npy *out)
{
	const char *descr = after_key(text, "'descr'");
	const char *order = after_key(text, "'fortran_order'");
	const char *shape = after_key(text, "'shape'");

	if (!descr || !order || !shape)
		return "its header is broken";
	if (!read_type(descr, out))
		return "its type is none of f4 f8, i1 i2 i4 i8, u1 u2 u4 u8, "
		       "b1";
	if (strncmp(order, "False", 5) != 0)
		return "it is in Fortran order";
	return read_shape(shape, out) ? NULL : "its shape is broken";
}

static const char *read_open(FILE *f, struct imc_npy *out)
{
	unsigned char head[12];
	static const char magic[] = "\x93NUMPY";
	size_t length, bytes;
	char *text;
	const char *wrong;

	if (fread(head, 1, 10, f) != 10 || memcmp(head, magic, 6) != 0)
		return "it is no .npy file";
	length = (size_t)(head[8] | head[9] << 8);
	if (head[6] > 1) {
		if (fread(head + 10, 1, 2, f) != 2 || head[10] || head[11])
			return "its header is broken";
	}
	text = calloc(length + 1, 1);
	if (!text)
		return "out of memory";
	wrong = fread(text, 1, length, f) == length ? parse_header(text, out)
						    : "its header is short";
	free(text);
	if (wrong)
		return wrong;
	bytes = (size_t)out->count * (size_t)out->size;
	out->data = malloc(bytes ? bytes : 1);
	if (!out->data)
		return "out of memory";
	if (fread(out->data, 1, bytes, f) == bytes)
		return NULL;
	free(out->data);
	return "it ends early";
}

const char *imc_npy_read(const char *path, struct imc_npy *out)
{
	FILE *f = fopen(path, "rb");
	const char *wrong;

	if (!f)
		return "it cannot be opened";
	wrong = read_open(f, out);
	fclose(f);
	return wrong;
}

double imc_npy_at(const struct imc_npy *a, int64_t i)
{
	const unsigned char *p = a->data + i * a->size;
	uint64_t bits = 0;
	uint32_t half;
	float f;
	double d;

	for (int b = a->size - 1; b >= 0; b--)
		bits = bits << 8 | p[b];
	if (a->integer && !a->is_signed)
		return (double)bits;
	if (a->integer) {
		uint64_t sign = (uint64_t)1 << (8 * a->size - 1);

		return bits & sign ? -(double)(((~bits) & (sign - 1)) + 1)
				   : (double)bits;
	}
	if (a->size == 4) {
		half = (uint32_t)bits;
		memcpy(&f, &half, sizeof f);
		return f;
	}
	memcpy(&d, &bits, sizeof d);
	return d;
}

static const char *write_open(FILE *f, int rank, const int64_t *dim,
			      const float *x)
{
	char text[256];
	size_t n = 0, count = 1, total;
	static const char head[] = "\x93NUMPY\x01";

	n += (size_t)sprintf(text, "{'descr': '<f4', 'fortran_order': False, "
				   "'shape': (");
	for (int i = 0; i < rank; i++) {
		n += (size_t)sprintf(text + n, "%lld,", (long long)dim[i]);
		count *= (size_t)dim[i];
	}
	n += (size_t)sprintf(text + n, "), }");
	total = (10 + n + 1 + 63) / 64 * 64;
	fwrite(head, 1, 8, f);
	fputc((int)(total - 10) & 255, f);
	fputc((int)(total - 10) >> 8, f);
	fprintf(f, "%-*s\n", (int)(total - 11), text);
	if (fwrite(x, sizeof *x, count, f) != count || ferror(f))
		return "it cannot be written";
	return NULL;
}

const char *imc_npy_write(const char *path, int rank, const int64_t *dim,
			  const float *x)
{
	FILE *f = fopen(path, "wb");
	const char *wrong;

	if (!f)
		return "it cannot be opened for writing";
	wrong = write_open(f, rank, dim, x);
	if (fclose(f) && !wrong)
		wrong = "it cannot be written";
	return wrong;
}
