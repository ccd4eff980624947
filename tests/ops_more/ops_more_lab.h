/* ops_more_lab.h: one node at a time, typed and evaluated. */
#ifndef IMC_TEST_OPS_MORE_LAB_H
#define IMC_TEST_OPS_MORE_LAB_H

#include "ir/graph.h"
#include "ir/op.h"

struct lab {
	struct imc_arena *arena;
	struct imc_graph *g;
	struct imc_diags diags;
	imc_node_id node;
	struct imc_tensor out[4];
};

struct lab *lab_new(void);
void lab_free(struct lab *l);

/* A constant of this type; dims ends with -1. */
imc_val lab_const(struct lab *l, enum imc_dtype t, const void *data,
		  const int64_t *dims);
#define DIMS(...) ((const int64_t[]){__VA_ARGS__ - 1})
#define F32(l, dims, ...)                                                      \
	lab_const(l, IMC_F32, (const float[]){__VA_ARGS__}, dims)
#define I64(l, dims, ...)                                                      \
	lab_const(l, IMC_I64, (const int64_t[]){__VA_ARGS__}, dims)
#define I32(l, dims, ...)                                                      \
	lab_const(l, IMC_I32, (const int32_t[]){__VA_ARGS__}, dims)
#define U8(l, dims, ...)                                                       \
	lab_const(l, IMC_U8, (const uint8_t[]){__VA_ARGS__}, dims)
#define I8(l, dims, ...)                                                       \
	lab_const(l, IMC_I8, (const int8_t[]){__VA_ARGS__}, dims)

/* A value that only has a shape. */
imc_val lab_unknown(struct lab *l, enum imc_dtype t, const int64_t *dims);

/* A new node; the attributes may then be set. */
struct imc_attrs *lab_node(struct lab *l, enum imc_op op, int n_out, int n_in,
			   const imc_val *in);
#define NODE(l, op, n_out, ...)                                                \
	lab_node(l, IMC_OP_##op, n_out,                                        \
		 (int)(sizeof((imc_val[]){__VA_ARGS__}) / sizeof(imc_val)),    \
		 (imc_val[]){__VA_ARGS__})

/* Types (twice: a rule has to accept its own result) and evaluates the
 * node; false when the type rule refuses it. */
bool lab_run(struct lab *l);

/* True if the type rule refuses and says exactly this. */
bool lab_refuses(struct lab *l, const char *body);

/* Output k has this type, these dims and these values, up to tolerance. */
bool lab_is(const struct lab *l, int k, enum imc_dtype t, const int64_t *dims,
	    const double *v, double tolerance);
#define IS(l, type, dims, ...)                                                 \
	lab_is(l, 0, IMC_##type, dims, (const double[]){__VA_ARGS__}, 1e-6)

/* A check without a message of its own; the condition may hold commas. */
#define OK(...) CHECK((__VA_ARGS__), "failed")

/* Test groups: they print their counts; not 0 when a check failed. */
int test_moves(void);
int test_quantize(void);

#endif
