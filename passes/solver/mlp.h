/* mlp.h: a small fully connected network, trained by Adam (Kingma and Ba,
 * arXiv 1412.6980). Hidden layers end in ReLU, the last one is linear.
 *
 * One vector at a time: forward keeps what backward needs, backward adds up
 * gradients until a step takes them. All in double with a fixed order of sums
 * and no function of libm but sqrt, which IEEE 754 rounds exactly: the same
 * bits wherever double is evaluated as binary64 (FLT_EVAL_METHOD 0 or 1). */
#ifndef IMC_MLP_H
#define IMC_MLP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ir/support/arena.h"

#define IMC_MLP_MAX_LAYER 4

struct imc_mlp_layer {
	int32_t n_in, n_out;
	size_t weight, bias;	/* where [n_out][n_in] and [n_out] begin */
	double *out, *out_grad; /* [n_out] */
};

struct imc_mlp {
	int32_t n_layer;
	struct imc_mlp_layer layer[IMC_MLP_MAX_LAYER];
	double *in, *in_grad;  /* [n_in of the first layer] */
	size_t n;	       /* parameters */
	double *value;	       /* [n], as are the following */
	double *grad;	       /* added up since the last step */
	double *mean, *square; /* Adam's moving averages of grad, grad^2 */
	double left_mean, left_square; /* beta^steps of each */
};

/* n_layer layers between size[0] inputs and size[n_layer] outputs. Weights and
 * biases are uniform within 1 / sqrt(inputs of the layer). */
struct imc_mlp *imc_mlp_new(int32_t n_layer, const int32_t *size,
			    uint64_t *random, struct imc_arena *a);

/* A network with the parameters of m, and no steps taken. */
struct imc_mlp *imc_mlp_copy(const struct imc_mlp *m, struct imc_arena *a);

/* The outputs for x; they are there until the next call. */
const double *imc_mlp_forward(struct imc_mlp *m, const double *x);

/* out_grad: derivatives of a loss by the outputs of the last forward. Adds
 * those by the parameters to m->grad. */
void imc_mlp_backward(struct imc_mlp *m, const double *out_grad);

/* The derivatives by the inputs alone; they are there until the next call. */
const double *imc_mlp_input_grad(struct imc_mlp *m, const double *out_grad);

/* A step of Adam down m->grad, which is zero then. */
void imc_mlp_step(struct imc_mlp *m, double rate);

/* m becomes (1 - part) * m + part * of. */
void imc_mlp_follow(struct imc_mlp *m, const struct imc_mlp *of, double part);

#endif
