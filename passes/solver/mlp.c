#include "passes/solver/mlp.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "ir/support/splitmix.h"

/* As in the paper. */
#define BETA_MEAN 0.9
#define BETA_SQUARE 0.999
#define EPSILON 1e-8

/* Four sums that do not wait for each other; the order is part of the result.
 */
static double dot(const double *x, const double *y, int32_t n)
{
	double sum[4] = {0};
	int32_t i = 0;

	for (; i + 4 <= n; i += 4)
		for (int k = 0; k < 4; k++)
			sum[k] += x[i + k] * y[i + k];
	for (; i < n; i++)
		sum[0] += x[i] * y[i];
	return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* y += f * x */
static void add_scaled(double *y, double f, const double *x, int32_t n)
{
	for (int32_t i = 0; i < n; i++)
		y[i] += f * x[i];
}

/* Sizes and memory; the parameters are zero. */
static struct imc_mlp *make(int32_t n_layer, const int32_t *size,
			    struct imc_arena *a)
{
	struct imc_mlp *m = imc_arena_alloc(a, sizeof *m);

	assert(n_layer > 0 && n_layer <= IMC_MLP_MAX_LAYER);
	m->n_layer = n_layer;
	m->in = imc_arena_array(a, (size_t)size[0], sizeof *m->in);
	m->in_grad = imc_arena_array(a, (size_t)size[0], sizeof *m->in_grad);
	for (int32_t k = 0; k < n_layer; k++) {
		struct imc_mlp_layer *l = &m->layer[k];
		size_t n_in = (size_t)size[k], n_out = (size_t)size[k + 1];

		l->n_in = size[k];
		l->n_out = size[k + 1];
		l->weight = m->n;
		l->bias = m->n + n_in * n_out;
		m->n = l->bias + n_out;
		l->out = imc_arena_array(a, n_out, sizeof *l->out);
		l->out_grad = imc_arena_array(a, n_out, sizeof *l->out_grad);
	}
	m->value = imc_arena_array(a, m->n, sizeof *m->value);
	m->grad = imc_arena_array(a, m->n, sizeof *m->grad);
	m->mean = imc_arena_array(a, m->n, sizeof *m->mean);
	m->square = imc_arena_array(a, m->n, sizeof *m->square);
	m->left_mean = m->left_square = 1;
	return m;
}

struct imc_mlp *imc_mlp_new(int32_t n_layer, const int32_t *size,
			    uint64_t *random, struct imc_arena *a)
{
	struct imc_mlp *m = make(n_layer, size, a);

	for (int32_t k = 0; k < n_layer; k++) {
		const struct imc_mlp_layer *l = &m->layer[k];
		size_t end = l->bias + (size_t)l->n_out;
		double limit = 1 / sqrt(l->n_in);

		for (size_t i = l->weight; i < end; i++)
			m->value[i] =
				limit * (2 * imc_splitmix_unit(random) - 1);
	}
	return m;
}

struct imc_mlp *imc_mlp_copy(const struct imc_mlp *m, struct imc_arena *a)
{
	int32_t size[IMC_MLP_MAX_LAYER + 1] = {m->layer[0].n_in};
	struct imc_mlp *copy;

	for (int32_t k = 0; k < m->n_layer; k++)
		size[k + 1] = m->layer[k].n_out;
	copy = make(m->n_layer, size, a);
	memcpy(copy->value, m->value, m->n * sizeof *m->value);
	return copy;
}

const double *imc_mlp_forward(struct imc_mlp *m, const double *x)
{
	const double *in = m->in;

	memcpy(m->in, x, (size_t)m->layer[0].n_in * sizeof *x);
	for (int32_t k = 0; k < m->n_layer; k++) {
		const struct imc_mlp_layer *l = &m->layer[k];
		const double *w = m->value + l->weight;

		for (int32_t j = 0; j < l->n_out; j++, w += l->n_in) {
			double y = m->value[l->bias + (size_t)j] +
				   dot(w, in, l->n_in);

			l->out[j] = y > 0 || k + 1 == m->n_layer ? y : 0;
		}
		in = l->out;
	}
	return in;
}

/* From the derivatives by the outputs of layer k to those by its inputs x, and
 * by its parameters where wanted. What ReLU cut has no part in it: half of the
 * work, mostly. */
static void backward_layer(struct imc_mlp *m, int32_t k, bool parameters,
			   bool inputs)
{
	const struct imc_mlp_layer *l = &m->layer[k];
	const double *x = k ? m->layer[k - 1].out : m->in;
	double *x_grad = k ? m->layer[k - 1].out_grad : m->in_grad;

	memset(x_grad, 0, (size_t)l->n_in * sizeof *x_grad);
	for (int32_t j = 0; j < l->n_out; j++) {
		size_t row = l->weight + (size_t)j * (size_t)l->n_in;
		double g = l->out_grad[j];

		if (k + 1 < m->n_layer && !(l->out[j] > 0))
			continue;
		if (inputs)
			add_scaled(x_grad, g, m->value + row, l->n_in);
		if (!parameters)
			continue;
		add_scaled(m->grad + row, g, x, l->n_in);
		m->grad[l->bias + (size_t)j] += g;
	}
}

static void start_backward(struct imc_mlp *m, const double *out_grad)
{
	const struct imc_mlp_layer *last = &m->layer[m->n_layer - 1];

	memcpy(last->out_grad, out_grad,
	       (size_t)last->n_out * sizeof *out_grad);
}

void imc_mlp_backward(struct imc_mlp *m, const double *out_grad)
{
	start_backward(m, out_grad);
	for (int32_t k = m->n_layer - 1; k >= 0; k--)
		backward_layer(m, k, true, k > 0);
}

const double *imc_mlp_input_grad(struct imc_mlp *m, const double *out_grad)
{
	start_backward(m, out_grad);
	for (int32_t k = m->n_layer - 1; k >= 0; k--)
		backward_layer(m, k, false, true);
	return m->in_grad;
}

void imc_mlp_step(struct imc_mlp *m, double rate)
{
	m->left_mean *= BETA_MEAN;
	m->left_square *= BETA_SQUARE;
	for (size_t i = 0; i < m->n; i++) {
		double g = m->grad[i];

		m->mean[i] = BETA_MEAN * m->mean[i] + (1 - BETA_MEAN) * g;
		m->square[i] =
			BETA_SQUARE * m->square[i] + (1 - BETA_SQUARE) * g * g;
		m->value[i] -=
			rate * (m->mean[i] / (1 - m->left_mean)) /
			(sqrt(m->square[i] / (1 - m->left_square)) + EPSILON);
		m->grad[i] = 0;
	}
}

void imc_mlp_follow(struct imc_mlp *m, const struct imc_mlp *of, double part)
{
	assert(m->n == of->n);
	for (size_t i = 0; i < m->n; i++)
		m->value[i] += part * (of->value[i] - m->value[i]);
}
