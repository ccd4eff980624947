/* onnx_model.h: an ONNX file as plain structs, before it means anything.
 *
 * Filled from bytes, and made into bytes, by onnx_wire.c. What was unpacked
 * belongs to the arena given; text is never NULL unless a comment says so. */
#ifndef IMC_ONNX_MODEL_H
#define IMC_ONNX_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ir/support/arena.h"

struct imc_onnx_tensor {
	const char *name;
	int dtype; /* ONNX's TensorProto.DataType */
	size_t n_dim;
	const int64_t *dim;
	bool has_raw;
	size_t n_raw;
	const void *raw;
	size_t n_f32, n_i32, n_i64, n_f64, n_u64;
	const float *f32;
	const int32_t *i32;
	const int64_t *i64;
	const double *f64;
	const uint64_t *u64;
	bool external;
	const char *location, *offset, *length; /* NULL: not given */
};

/* Numbers of AttributeProto.AttributeType. */
enum imc_onnx_attr_type {
	IMC_ONNX_UNTYPED,
	IMC_ONNX_FLOAT,
	IMC_ONNX_INT,
	IMC_ONNX_STRING,
	IMC_ONNX_TENSOR,
	IMC_ONNX_GRAPH,
	IMC_ONNX_FLOATS,
	IMC_ONNX_INTS,
	IMC_ONNX_STRINGS
};

struct imc_onnx_attr {
	const char *name;
	int type; /* any number; see enum imc_onnx_attr_type */
	float f;
	int64_t i;
	const char *s;
	const struct imc_onnx_tensor *t; /* NULL: none */
	size_t n_float, n_int;
	const float *floats;
	const int64_t *ints;
};

struct imc_onnx_node {
	const char *name, *op, *domain;
	size_t n_in, n_out, n_attr;
	const char **in, **out; /* "" is an absent one */
	struct imc_onnx_attr *attr;
};

struct imc_onnx_dim {
	bool fixed;
	int64_t value;
	const char *param; /* the symbol, "" if it has none */
};

/* The declared type of an input, output or inner value. */
struct imc_onnx_value {
	const char *name;
	bool is_tensor, has_shape;
	int dtype;
	size_t n_dim;
	struct imc_onnx_dim *dim;
};

struct imc_onnx_opset {
	const char *domain;
	int64_t version;
};

struct imc_onnx_model {
	int64_t ir_version;
	const char *producer, *producer_version, *name;
	size_t n_opset, n_node, n_init, n_sparse;
	struct imc_onnx_opset *opset;
	struct imc_onnx_node *node;
	struct imc_onnx_tensor *init;
	const char **sparse; /* names of sparse initialisers */
	size_t n_in, n_out, n_info;
	struct imc_onnx_value *in, *out, *info;
};

/* Bytes to structs in `a`, which grows to at most a small multiple of size.
 * False: *why says what is wrong (static text). */
bool imc_onnx_unpack_model(const void *bytes, size_t size, struct imc_arena *a,
			   struct imc_onnx_model *out, const char **why);
bool imc_onnx_unpack_tensor(const void *bytes, size_t size, struct imc_arena *a,
			    struct imc_onnx_tensor *out, const char **why);

/* What a file holds at most: a limit of the wire format. */
#define IMC_ONNX_MAX_BYTES INT32_MAX

/* Takes the next n bytes of a file. */
typedef void imc_onnx_put(void *cx, const void *p, size_t n);

/* The bytes of m as a file. Raw data is counted by n_raw, raw may be NULL.
 * Sparse initialisers and graphs in attributes are left out. */
size_t imc_onnx_packed_size(const struct imc_onnx_model *m);

/* Structs to bytes, handed to `put` in pieces: the data of a tensor is not
 * copied. The same m gives the same bytes. packed_size is at most
 * IMC_ONNX_MAX_BYTES. */
void imc_onnx_pack_model(const struct imc_onnx_model *m, imc_onnx_put *put,
			 void *cx);

#endif
