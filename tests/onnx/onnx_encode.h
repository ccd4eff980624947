/* onnx_encode.h: writes small ONNX models, for tests. */
#ifndef IMC_TEST_ENCODE_H
#define IMC_TEST_ENCODE_H

#include <stdint.h>

#include "ir/support/buf.h"

/* A model on its way: attributes are gathered for the next node. */
struct net {
	struct imc_arena *a;
	struct imc_buf graph, attrs;
	int64_t opset;
};

/* Protocol buffers: one field each. */
void put_int(struct imc_buf *b, int field, int64_t v);
void put_float(struct imc_buf *b, int field, float v);
void put_bytes(struct imc_buf *b, int field, const void *p, size_t n);
void put_text(struct imc_buf *b, int field, const char *s);

/* A TensorProto: dims as "2 3", element type of ONNX, raw bytes. */
void put_tensor(struct imc_buf *b, const char *name, int dtype,
		const char *dims, const void *raw, size_t n);

struct net net_new(struct imc_arena *a, int64_t opset);

/* Attributes of the next node. Lists are numbers between spaces. */
void net_i(struct net *n, const char *name, int64_t v);
void net_f(struct net *n, const char *name, float v);
void net_s(struct net *n, const char *name, const char *v);
void net_is(struct net *n, const char *name, const char *v);
void net_fs(struct net *n, const char *name, const char *v);
void net_t(struct net *n, const char *name, int dtype, const char *dims,
	   const void *raw, size_t size);

/* in, out: names between spaces; "-" is an absent one. op may be
 * "domain:Type". */
void net_node(struct net *n, const char *op, const char *name, const char *in,
	      const char *out);

/* dims: numbers or symbols between spaces; NULL: no shape. */
void net_input(struct net *n, const char *name, int dtype, const char *dims);
void net_output(struct net *n, const char *name);

/* An initialiser of float32 zeros (int64 values). */
void net_zeros(struct net *n, const char *name, const char *dims);
void net_i64(struct net *n, const char *name, const char *values);

/* The whole file. */
struct imc_buf net_bytes(const struct net *n);

#endif
