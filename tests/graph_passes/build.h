/* build.h: small networks written by hand, and what to do with them. */
#ifndef IMC_TEST_BUILD_H
#define IMC_TEST_BUILD_H

#include "ir/module.h"
#include "ir/op.h"

struct build {
	struct imc_graph *g;
	uint64_t seed;
};

#define DIM(...)                                                               \
	(int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[]) \
	{                                                                      \
		__VA_ARGS__                                                    \
	}

/* A float input, a random constant (-1 .. 1), one filled with x, and a list of
 * integers. */
imc_val t_input(struct build *b, int rank, const int64_t *dim);
imc_val t_const(struct build *b, int rank, const int64_t *dim);
imc_val t_fill(struct build *b, float x, int rank, const int64_t *dim);
imc_val t_ints(struct build *b, int n, const int64_t *v);

/* A node that reads the values named, and its output. */
imc_val t_node(struct build *b, enum imc_op op, int n_in, const imc_val *in);
#define OP(b, op, ...)                                                         \
	t_node(b, IMC_OP_##op,                                                 \
	       (int)(sizeof((imc_val[]){__VA_ARGS__}) / sizeof(imc_val)),      \
	       (imc_val[]){__VA_ARGS__})
struct imc_attrs *t_attrs(struct build *b, imc_val of);
void t_output(struct build *b, imc_val v);

/* A 2-D convolution with a kernel of k x k and random weights; with bias. */
imc_val t_conv(struct build *b, imc_val x, int64_t n_in, int64_t n_out,
	       int64_t k, int64_t pad);

/* Random inputs for g, in the order of g->input. */
struct imc_tensor *t_samples(const struct imc_graph *g, uint64_t seed,
			     struct imc_arena *a);

/* The outputs of g on `in`. */
struct imc_tensor *t_eval(const struct imc_graph *g,
			  const struct imc_tensor *in, struct imc_arena *a);

/* Largest difference relative to the largest magnitude (at least 1e-3) of an
 * output; 1e9 when shapes differ or a number is not finite in one only. */
double t_distance(const struct imc_tensor *a, const struct imc_tensor *b,
		  size_t n);

/* Runs pass `name` alone; false: it failed, or left a module that does not
 * verify. n_changed (may be NULL): what the pass counted. */
bool t_pass(struct imc_module *m, const char *name, int64_t *n_changed);

/* The operators of g in order, "conv2d clip". */
const char *t_ops(const struct imc_graph *g, struct imc_arena *a);

#endif
