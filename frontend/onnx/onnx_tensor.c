/* TensorProto to imc_tensor. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/onnx/onnx_import.h"
#include "ir/support/checked.h"

/* raw_data is little-endian and is copied as it is. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "raw tensor data is read in the byte order of the host");

/* Names of TensorProto.DataType. */
static const char *const type_names[] = {
	"undefined",	  "float32",	  "uint8",	    "int8",
	"uint16",	  "int16",	  "int32",	    "int64",
	"string",	  "bool",	  "float16",	    "float64",
	"uint32",	  "uint64",	  "complex64",	    "complex128",
	"bfloat16",	  "float8e4m3fn", "float8e4m3fnuz", "float8e5m2",
	"float8e5m2fnuz", "uint4",	  "int4",	    "float4e2m1"};

const char *imc_onnx_type_name(int dtype, struct imc_arena *a)
{
	int n = (int)(sizeof type_names / sizeof *type_names);

	if (dtype >= 0 && dtype < n)
		return type_names[dtype];
	return imc_arena_printf(a, "type %d", dtype);
}

/* What goes wrong with one tensor, said at its place. */
struct fault {
	struct imc_loc loc;
	struct imc_diags *d;
	const char *name;
};

static bool fail(const struct fault *f, const char *why)
{
	return imc_diag(f->d, f->loc, IMC_D_ONNX_TENSOR, f->name, why);
}

static bool set_shape(const struct imc_onnx_tensor *t, const struct fault *f,
		      struct imc_tensor *out, size_t *bytes)
{
	size_t n = 1;

	if (t->n_dim > IMC_MAX_RANK)
		return fail(f, "it has more than 8 dimensions");
	out->rank = (int)t->n_dim;
	for (size_t i = 0; i < t->n_dim; i++) {
		if (t->dim[i] < 0)
			return fail(f, "a dimension is negative");
		if (!imc_mul_size(n, (size_t)t->dim[i], &n))
			return fail(f, "its size overflows");
		out->dim[i] = t->dim[i];
	}
	/* With a zero among them the others may still be absurd. */
	for (size_t i = 0; i < t->n_dim; i++)
		if (t->dim[i] > INT32_MAX)
			return fail(f, "a dimension exceeds 2147483647");
	if (n > INT64_MAX / 8 ||
	    !imc_mul_size(n, imc_dtype_size(out->dtype), bytes))
		return fail(f, "its size overflows");
	return true;
}

/* A decimal number of an external_data entry; absent: `absent`. */
static bool decimal(const char *s, int64_t absent, int64_t *out)
{
	char *end;
	long long v;

	*out = absent;
	if (!s)
		return true;
	errno = 0;
	v = strtoll(s, &end, 10);
	*out = v;
	return *s && !*end && !errno && v >= 0;
}

static bool load_external(const struct imc_onnx_tensor *t,
			  const struct fault *f, size_t bytes,
			  struct imc_arena *a, void **data)
{
	const char *why = "its offset or length is no number";
	int64_t offset, length;

	if (!decimal(t->offset, 0, &offset) ||
	    !decimal(t->length, (int64_t)bytes, &length))
		return imc_diag(f->d, f->loc, IMC_D_ONNX_EXTERNAL, f->name,
				why);
	if ((uint64_t)length != bytes)
		return imc_diag(f->d, f->loc, IMC_D_ONNX_EXTERNAL, f->name,
				"its length does not match its shape");
	*data = imc_onnx_read_external(f->loc.file ? f->loc.file : "",
				       t->location ? t->location : "", offset,
				       bytes, a, &why);
	if (*data)
		return true;
	return imc_diag(f->d, f->loc, IMC_D_ONNX_EXTERNAL, f->name, why);
}

/* Elements of the typed field that holds data of type dtype. */
static size_t n_typed(const struct imc_onnx_tensor *t, enum imc_dtype dtype)
{
	switch (dtype) {
	case IMC_F32:
		return t->n_f32;
	case IMC_U8:
	case IMC_I8:
	case IMC_U16:
	case IMC_I16:
	case IMC_I32:
	case IMC_BOOL:
	case IMC_F16:
		return t->n_i32;
	case IMC_I64:
		return t->n_i64;
	case IMC_F64:
		return t->n_f64;
	case IMC_U32:
	case IMC_U64:
		return t->n_u64;
	case IMC_N_DTYPE:
		break;
	}
	return 0;
}

/* The low `size` bytes of each of n 32-bit (64-bit) integers. */
static void narrow(const void *from, size_t wide, size_t n, size_t size,
		   unsigned char *to)
{
	const unsigned char *p = from;

	for (size_t i = 0; i < n; i++)
		memcpy(to + i * size, p + i * wide, size);
}

static void copy_typed(const struct imc_onnx_tensor *t, size_t n,
		       struct imc_tensor *out)
{
	size_t size = imc_dtype_size(out->dtype);

	if (n == 0)
		return;
	switch (out->dtype) {
	case IMC_F32:
		memcpy(out->data, t->f32, n * size);
		break;
	case IMC_U8:
	case IMC_I8:
	case IMC_U16:
	case IMC_I16:
	case IMC_I32:
	case IMC_BOOL:
	case IMC_F16:
		narrow(t->i32, 4, n, size, out->data);
		break;
	case IMC_I64:
		memcpy(out->data, t->i64, n * size);
		break;
	case IMC_F64:
		memcpy(out->data, t->f64, n * size);
		break;
	case IMC_U32:
	case IMC_U64:
		narrow(t->u64, 8, n, size, out->data);
		break;
	case IMC_N_DTYPE:
		break;
	}
}

static bool load_inner(const struct imc_onnx_tensor *t, const struct fault *f,
		       size_t bytes, struct imc_arena *a,
		       struct imc_tensor *out)
{
	size_t n = bytes / imc_dtype_size(out->dtype);
	size_t found = t->has_raw ? t->n_raw : n_typed(t, out->dtype);
	size_t want = t->has_raw ? bytes : n;

	if (found != want)
		return fail(f, imc_arena_printf(
				       f->d->arena,
				       "its shape asks for %zu %s, it has %zu",
				       want, t->has_raw ? "bytes" : "elements",
				       found));
	out->data = imc_arena_alloc(a, bytes);
	if (!t->has_raw)
		copy_typed(t, n, out);
	else if (bytes)
		memcpy(out->data, t->raw, bytes);
	return true;
}

bool imc_onnx_make_tensor(const struct imc_onnx_tensor *t, struct imc_loc loc,
			  struct imc_arena *a, struct imc_diags *d,
			  struct imc_tensor *out)
{
	struct fault f = {loc, d, t->name};
	size_t bytes = 0;

	memset(out, 0, sizeof *out);
	if (!imc_dtype_of_onnx(t->dtype, &out->dtype))
		return fail(&f,
			    imc_arena_printf(
				    d->arena,
				    "its type %s is not supported; store "
				    "it as float32 or int8",
				    imc_onnx_type_name(t->dtype, d->arena)));
	if (!set_shape(t, &f, out, &bytes))
		return false;
	if (t->external && !load_external(t, &f, bytes, a, &out->data))
		return false;
	if (!t->external && !load_inner(t, &f, bytes, a, out))
		return false;
	if (out->dtype == IMC_BOOL) { /* any byte but 0 is true */
		unsigned char *p = out->data;

		for (size_t i = 0; i < bytes; i++)
			p[i] = p[i] != 0;
	}
	return true;
}

bool imc_onnx_read_tensor(const char *path, const void *bytes, size_t size,
			  struct imc_arena *a, struct imc_diags *d,
			  struct imc_tensor *out, const char **name)
{
	struct imc_arena *scratch = imc_arena_new();
	struct imc_loc loc = IMC_IN_FILE(path);
	struct imc_onnx_tensor t;
	const char *why;
	bool ok = imc_onnx_unpack_tensor(bytes, size, scratch, &t, &why);

	if (ok) {
		ok = imc_onnx_make_tensor(&t, loc, a, d, out);
		*name = imc_arena_strdup(a, t.name);
	} else {
		imc_diag(d, loc, IMC_D_ONNX_BROKEN_TENSOR, why);
	}
	imc_arena_free(scratch);
	return ok;
}
