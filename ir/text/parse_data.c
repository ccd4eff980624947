#include <string.h>
#include <zlib.h>

#include "ir/text/parse_part.h"

static bool put_int(struct imc_reader *r, int64_t lo, int64_t hi, size_t size,
		    void *to)
{
	int64_t v;
	int32_t w;
	int16_t h;
	int8_t b;

	if (!imc_read_i64(r, lo, hi, &v))
		return false;
	w = (int32_t)(uint32_t)(uint64_t)v;
	h = (int16_t)(uint16_t)(uint64_t)v;
	b = (int8_t)(uint8_t)(uint64_t)v;
	memcpy(to,
	       size == 8   ? (const void *)&v
	       : size == 4 ? (const void *)&w
	       : size == 2 ? (const void *)&h
			   : (const void *)&b,
	       size);
	return true;
}

static bool put_float(struct imc_reader *r, void *to)
{
	float x;

	if (!imc_read_f32(r, &x))
		return false;
	memcpy(to, &x, sizeof x);
	return true;
}

static bool put_double(struct imc_reader *r, void *to)
{
	double x;

	if (!imc_read_f64(r, &x))
		return false;
	memcpy(to, &x, sizeof x);
	return true;
}

static bool put_u64(struct imc_reader *r, void *to)
{
	uint64_t x;

	if (!imc_read_u64(r, &x))
		return false;
	memcpy(to, &x, sizeof x);
	return true;
}

static bool put_element(struct imc_reader *r, enum imc_dtype t, void *to)
{
	switch (t) {
	case IMC_F32:
		return put_float(r, to);
	case IMC_F64:
		return put_double(r, to);
	case IMC_BOOL:
		return put_int(r, 0, 1, 1, to);
	case IMC_U8:
		return put_int(r, 0, UINT8_MAX, 1, to);
	case IMC_I8:
		return put_int(r, INT8_MIN, INT8_MAX, 1, to);
	case IMC_F16:
	case IMC_U16:
		return put_int(r, 0, UINT16_MAX, 2, to);
	case IMC_I16:
		return put_int(r, INT16_MIN, INT16_MAX, 2, to);
	case IMC_U32:
		return put_int(r, 0, UINT32_MAX, 4, to);
	case IMC_I32:
		return put_int(r, INT32_MIN, INT32_MAX, 4, to);
	case IMC_I64:
		return put_int(r, INT64_MIN, INT64_MAX, 8, to);
	case IMC_U64:
		return put_u64(r, to);
	case IMC_N_DTYPE:
		break;
	}
	return imc_read_fail(r, "a type before");
}

static bool parse_inline(struct imc_reader *r, struct imc_value *v)
{
	size_t size = imc_dtype_size(v->t.dtype);
	int64_t n = imc_tensor_count(&v->t);
	char *to;

	/* An element takes two characters: do not trust a large shape. */
	if (n > (r->end - r->p) / 2 + 1)
		return imc_read_fail(r, "a smaller shape before");
	v->t.data = to = imc_arena_array(r->arena, (size_t)n, size);
	for (int64_t i = 0; i < n; i++, to += size)
		if (!put_element(r, v->t.dtype, to))
			return false;
	return imc_read_need(r, '}');
}

static bool blob_error(struct imc_reader *r, const struct imc_value *v,
		       const char *what)
{
	return imc_diag(r->diags, imc_read_loc(r), IMC_D_TEXT_BLOB, v->name,
			what);
}

/* Constants follow one another in the file, so that all of them together are
 * not larger than it is. */
static bool parse_blob(struct imc_reader *r, struct imc_value *v)
{
	const char *name;
	uint64_t offset, size, crc;

	if (!imc_read_string(r, &name) || !imc_read_u64(r, &offset) ||
	    !imc_read_u64(r, &size) || !imc_read_hex(r, 8, &crc))
		return false;
	if (size != imc_tensor_bytes(&v->t))
		return blob_error(r, v, "its size is not that of its shape");
	if (!r->blob)
		return blob_error(r, v, "there is no such file");
	if (offset < r->blob_used || offset > r->blob_size ||
	    size > r->blob_size - offset)
		return blob_error(r, v, "its place is wrong");
	if (crc32_z(0, r->blob + offset, (size_t)size) != crc)
		return blob_error(r, v, "its check sum is wrong");
	r->blob_used = (size_t)(offset + size);
	v->t.data = imc_arena_memdup(r->arena, r->blob + offset, (size_t)size);
	return true;
}

bool imc_parse_data(struct imc_reader *r, struct imc_value *v)
{
	if (imc_read_is(r, '{'))
		return parse_inline(r, v);
	if (imc_read_is(r, '@'))
		return parse_blob(r, v);
	return imc_read_fail(r, "'{' or '@'");
}
