#include "frontend/data/npy.h"

#include <string.h>

#include "ir/support/buf.h"
#include "ir/support/checked.h"

/* The header: a Python dictionary, read here without Python.
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
struct header {
	const char *p, *end;
	const char *why; /* what is wrong, or NULL */
	bool has_descr, has_order, has_shape;
	bool swap, fortran;
	struct imc_tensor t;
};

static const char magic[6] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};

static const struct {
	const char *code;
	enum imc_dtype dtype;
} codes[] = {
	{"b1", IMC_BOOL}, {"?", IMC_BOOL}, {"i1", IMC_I8},  {"u1", IMC_U8},
	{"i2", IMC_I16},  {"u2", IMC_U16}, {"i4", IMC_I32}, {"u4", IMC_U32},
	{"i8", IMC_I64},  {"u8", IMC_U64}, {"f2", IMC_F16}, {"f4", IMC_F32},
	{"f8", IMC_F64},
};

bool imc_npy_is(const void *bytes, size_t size)
{
	return size >= sizeof magic && !memcmp(bytes, magic, sizeof magic);
}

static bool fail(struct header *h, const char *why)
{
	if (!h->why)
		h->why = why;
	return false;
}

static void skip_space(struct header *h)
{
	while (h->p < h->end && strchr(" \t\r\n", *h->p) && *h->p)
		h->p++;
}

static bool take(struct header *h, char c)
{
	skip_space(h);
	if (h->p == h->end || *h->p != c)
		return false;
	h->p++;
	return true;
}

static bool take_word(struct header *h, const char *word)
{
	size_t n = strlen(word);

	skip_space(h);
	if ((size_t)(h->end - h->p) < n || memcmp(h->p, word, n) != 0)
		return false;
	h->p += n;
	return true;
}

/* A short text in either quotes. */
static bool take_text(struct header *h, char out[32])
{
	size_t n = 0;
	char quote;

	skip_space(h);
	if (h->p == h->end || (*h->p != '\'' && *h->p != '"'))
		return fail(h, "expected text in quotes in its header");
	quote = *h->p++;
	while (h->p < h->end && *h->p != quote && n < 31)
		out[n++] = *h->p++;
	out[n] = 0;
	if (h->p == h->end || *h->p != quote)
		return fail(h, "text in its header has no end");
	h->p++;
	return true;
}

static bool host_is_big(void)
{
	const uint16_t one = 1;
	unsigned char first;

	memcpy(&first, &one, 1);
	return first == 0;
}

static bool read_descr(struct header *h)
{
	char text[32];
	const char *code = text;
	bool big = host_is_big();

	skip_space(h);
	if (h->p < h->end && *h->p == '[')
		return fail(h, "records are not supported");
	if (!take_text(h, text))
		return false;
	if (*code && strchr("<>=|", *code)) {
		if (*code == '>' || *code == '<')
			big = *code == '>';
		code++;
	}
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (!strcmp(code, codes[i].code)) {
			h->t.dtype = codes[i].dtype;
			h->swap = big != host_is_big();
			h->has_descr = true;
			return true;
		}
	return fail(h, "elements of that type are not supported; wanted bool, "
		       "integers, or floats of 2, 4 or 8 bytes");
}

static bool take_size(struct header *h, int64_t *out)
{
	int64_t v = 0;
	bool any = false;

	skip_space(h);
	while (h->p < h->end && *h->p >= '0' && *h->p <= '9') {
		if (!imc_mul_i64(v, 10, &v) ||
		    __builtin_add_overflow(v, *h->p - '0', &v))
			return fail(h, "a dimension is too large");
		h->p++;
		any = true;
	}
	if (!any)
		return fail(h, "expected a dimension in its header");
	take(h, 'L'); /* Python 2 */
	*out = v;
	return true;
}

static bool read_shape(struct header *h)
{
	h->has_shape = true;
	h->t.rank = 0;
	if (!take(h, '('))
		return fail(h, "expected a shape in its header");
	while (!take(h, ')')) {
		if (h->t.rank == IMC_MAX_RANK)
			return fail(h, "more than 8 dimensions");
		if (!take_size(h, &h->t.dim[h->t.rank++]))
			return false;
		if (!take(h, ',') && (h->p == h->end || *h->p != ')'))
			return fail(h, "expected , or ) in its shape");
	}
	return true;
}

static bool read_order(struct header *h)
{
	h->has_order = true;
	h->fortran = take_word(h, "True");
	return h->fortran || take_word(h, "False") ||
	       fail(h, "fortran_order is neither True nor False");
}

static bool read_entry(struct header *h)
{
	char key[32];

	if (!take_text(h, key))
		return false;
	if (!take(h, ':'))
		return fail(h, "expected : in its header");
	if (!strcmp(key, "descr"))
		return read_descr(h);
	if (!strcmp(key, "fortran_order"))
		return read_order(h);
	if (!strcmp(key, "shape"))
		return read_shape(h);
	return fail(h, "an unknown key in its header");
}

static bool read_header(struct header *h)
{
	if (!take(h, '{'))
		return fail(h, "expected a dictionary as header");
	while (!take(h, '}')) {
		if (!read_entry(h))
			return false;
		skip_space(h);
		if (!take(h, ',') && (h->p == h->end || *h->p != '}'))
			return fail(h, "expected , or } in its header");
	}
	if (!h->has_descr || !h->has_order || !h->has_shape)
		return fail(h,
			    "its header lacks descr, fortran_order or shape");
	return true;
}

/* Finds header and data in the file: version, length of the header. */
static bool split_file(struct header *h, const unsigned char *p, size_t size,
		       size_t *data)
{
	size_t at = 10, length;

	if (size < 10)
		return fail(h, "it is cut off in its header");
	length = (size_t)p[8] | (size_t)p[9] << 8;
	if (p[6] < 1 || p[6] > 3)
		return fail(h, "a version other than 1, 2 or 3");
	if (p[6] >= 2) {
		if (size < 12)
			return fail(h, "it is cut off in its header");
		length |= (size_t)p[10] << 16 | (size_t)p[11] << 24;
		at = 12;
	}
	if (length > size - at)
		return fail(h, "it is cut off in its header");
	h->p = (const char *)p + at;
	h->end = h->p + length;
	*data = at + length;
	return true;
}

/* Checks the size of the data before anything is allocated for it. */
static bool check_size(struct header *h, size_t have, struct imc_arena *a)
{
	int64_t count = 1;
	size_t bytes;

	for (int i = 0; i < h->t.rank; i++)
		if (!imc_mul_i64(count, h->t.dim[i], &count))
			return fail(h, "its shape is too large");
	if (!imc_mul_size((size_t)count, imc_dtype_size(h->t.dtype), &bytes))
		return fail(h, "its shape is too large");
	if (bytes != have)
		return fail(
			h, imc_arena_printf(a,
					    "shape %s of %s needs %zu bytes of "
					    "data, found %zu",
					    imc_shape_text(&h->t, a),
					    imc_dtype_name(h->t.dtype), bytes,
					    have));
	return true;
}

static void copy_element(char *to, const char *from, size_t size, bool swap)
{
	if (!swap) {
		memcpy(to, from, size);
		return;
	}
	for (size_t i = 0; i < size; i++)
		to[i] = from[size - 1 - i];
}

/* Walks the elements in row-major order; `from` in the order of the file. */
static void copy_data(const struct header *h, const char *from, char *to)
{
	size_t size = imc_dtype_size(h->t.dtype), at = 0;
	size_t n = (size_t)imc_tensor_count(&h->t);
	size_t stride[IMC_MAX_RANK], index[IMC_MAX_RANK] = {0};

	if (!h->fortran && !h->swap) {
		memcpy(to, from, n * size);
		return;
	}
	for (int i = 0; i < h->t.rank; i++) {
		stride[i] = 1;
		for (int k = 0; k < h->t.rank; k++)
			if (h->fortran ? k < i : k > i)
				stride[i] *= (size_t)h->t.dim[k];
	}
	for (size_t e = 0; e < n; e++) {
		copy_element(to + e * size, from + at * size, size, h->swap);
		for (int i = h->t.rank - 1; i >= 0; i--) {
			at += stride[i];
			if (++index[i] < (size_t)h->t.dim[i])
				break;
			at -= stride[i] * index[i];
			index[i] = 0;
		}
	}
}

bool imc_npy_read(const char *path, const void *bytes, size_t size,
		  struct imc_arena *a, struct imc_diags *d,
		  struct imc_tensor *out)
{
	struct header h = {0};
	size_t data = 0;

	if (!imc_npy_is(bytes, size) || !split_file(&h, bytes, size, &data) ||
	    !read_header(&h) || !check_size(&h, size - data, a))
		return imc_diag(d, IMC_IN_FILE(path), IMC_D_NPY_BROKEN,
				h.why ? h.why : "it does not begin as one");
	*out = h.t;
	out->data = imc_arena_alloc(a, size - data);
	if (size > data)
		copy_data(&h, (const char *)bytes + data, out->data);
	return true;
}

const char *imc_shape_text(const struct imc_tensor *t, struct imc_arena *a)
{
	struct imc_buf b = {.arena = a};

	imc_buf_text(&b, "[");
	for (int i = 0; i < t->rank; i++)
		imc_buf_printf(&b, "%s%lld", i ? ", " : "",
			       (long long)t->dim[i]);
	imc_buf_text(&b, "]");
	return b.p;
}
