/* eval.h: runs a network, float or quantised, on the host.
 *
 * The evaluators are the reference that every later level is compared with:
 * eval(quantised graph) = eval(map) = eval(plan) = bundle, bit for bit. */
#ifndef IMC_EVAL_H
#define IMC_EVAL_H

#include "ir/graph.h"

/* Called after each node: out are its outputs. May be NULL. */
typedef void imc_eval_hook(void *cx, imc_node_id n,
			   const struct imc_tensor *out);

/* Computes one node in another way; false: not mine, use the default. Same
 * arguments as imc_evaluator. */
typedef bool imc_eval_override(void *cx, imc_node_id id,
			       const struct imc_tensor *in,
			       struct imc_tensor *out,
			       struct imc_arena *scratch);

struct imc_eval_how {
	imc_eval_hook *hook;
	imc_eval_override *compute; /* NULL: every node as in ops.def */
	void *cx;
};

/* Evaluates g on in[0 .. n_input). Each input has the dtype and shape of the
 * graph's input. Outputs are allocated in `result` (shape and data);
 * intermediates are released as soon as nobody reads them. Thread-safe for
 * one g and different arenas. */
void imc_eval_graph(const struct imc_graph *g, const struct imc_tensor *in,
		    struct imc_tensor *out, const struct imc_eval_how *how,
		    struct imc_arena *result);

/* Real values to device values of v (int8; scale and zero of v): round half
 * away, saturate; and back. n elements. When v is not quantised, a copy. */
void imc_quantise_array(const struct imc_value *v, const float *x, int8_t *q,
			int64_t n);
void imc_dequantise_array(const struct imc_value *v, const int8_t *q, float *x,
			  int64_t n);

/* One graph input or output between the model (float32, NCHW) and the graph
 * (its dtype and layout); the result is allocated in a. */
void imc_real_to_device(const struct imc_graph *g, imc_val input,
			const float *x, struct imc_tensor *out,
			struct imc_arena *a);
void imc_device_to_real(const struct imc_graph *g, imc_val output,
			const struct imc_tensor *x, struct imc_tensor *out,
			struct imc_arena *a);

/* Evaluates g on inputs in the layout of the ONNX model (NCHW; shapes are
 * taken from the graph, in[i] gives dtype and data) and
 * gives float outputs in the layout of the model: converts layout, quantises
 * and dequantises as the graph asks. */
void imc_eval_real(const struct imc_graph *g, const struct imc_tensor *in,
		   struct imc_tensor *out, const struct imc_eval_how *how,
		   struct imc_arena *result);

/* c[m][n] (+)= a[m][k] * b[k][n] in float, rows lda, ldb, ldc apart. Sums
 * run over k in order, in fused multiply-adds, so that results do not depend on
 * the machine. Exact
 * for integers while sums stay below 2^24. */
struct imc_gemm {
	int64_t m, n, k;
	const float *a, *b;
	float *c;
	int64_t lda, ldb, ldc;
	bool add;
};

void imc_gemm(const struct imc_gemm *p);

#endif
