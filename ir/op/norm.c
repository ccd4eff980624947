#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "ir/op.h"
#include "ir/op/typing.h"
#include "ir/support/checked.h"
#include "ir/window.h"

/* Sums run in double: means and variances lose nothing over large axes. */

/* ---- types ---- */

/* The layout in which x keeps its channels: only ranks 3 and 4 follow the
 * graph, others are as in ONNX. */
static enum imc_layout layout_of(const struct imc_graph *g, int rank)
{
	return rank == 3 || rank == 4 ? g->layout : IMC_NCHW;
}

static bool only_first_output(const struct imc_typing *t)
{
	for (int k = 1; k < t->n->n_out; k++)
		if (imc_val_ok(t->n->out[k]))
			return imc_typing_fail(t, "only the first output is "
						  "supported");
	return true;
}

static bool type_channels(const struct imc_typing *t)
{
	const struct imc_graph *g = t->g;
	const struct imc_node *n = t->n;
	const struct imc_tensor *x = &imc_node_in(g, n, 0)->t;
	int least = n->op == IMC_OP_BATCH_NORM ? 2 : 3;
	int64_t c;

	if (x->rank < least)
		return imc_typing_fail(t,
				       "the input has rank %d; %d or more is "
				       "needed",
				       x->rank, least);
	c = imc_plane_of(x, layout_of(g, x->rank)).c;
	for (int k = 1; k < n->n_in; k++)
		if (!imc_typing_vector(t, k, c))
			return false;
	return only_first_output(t);
}

/* Scale and bias must broadcast to the axes that are normalised. */
static bool type_layer_norm(const struct imc_typing *t)
{
	const struct imc_graph *g = t->g;
	struct imc_node *n = t->n;
	const struct imc_tensor *x = &imc_node_in(g, n, 0)->t;

	if (!imc_typing_axis(t, &n->a.axis[0], x->rank))
		return false;
	for (int k = 1; k < n->n_in; k++) {
		const struct imc_value *v = imc_node_in(g, n, k);
		bool ok = !v || v->t.rank <= x->rank - n->a.axis[0];

		for (int i = 1; v && ok && i <= v->t.rank; i++) {
			int64_t have = v->t.dim[v->t.rank - i];

			ok = have == 1 || have == x->dim[x->rank - i];
		}
		if (!ok)
			return imc_typing_fail(t,
					       "'%s' does not fit the axes "
					       "from %" PRId64 " on",
					       v->name, n->a.axis[0]);
	}
	return only_first_output(t);
}

bool imc_type_norm(struct imc_graph *g, struct imc_node *n, struct imc_diags *d)
{
	const struct imc_typing t = {g, n, d};
	const struct imc_tensor *x = &imc_node_in(g, n, 0)->t;
	bool ok;

	for (int k = 0; k < n->n_in; k++)
		if (!imc_typing_dtype(&t, k, IMC_F32))
			return false;
	if (n->op == IMC_OP_LRN || n->op == IMC_OP_BATCH_NORM ||
	    n->op == IMC_OP_INSTANCE_NORM)
		ok = type_channels(&t);
	else if (n->op == IMC_OP_LAYER_NORM)
		ok = type_layer_norm(&t);
	else
		ok = imc_typing_axis(&t, &n->a.axis[0], x->rank);
	return ok && imc_typing_set(&t, 0, x);
}

/* ---- channels ---- */

static void eval_batch_norm(const struct imc_node *n, struct imc_plane p,
			    const struct imc_tensor *in, float *y)
{
	const float *x = in[0].data, *scale = in[1].data, *bias = in[2].data;
	const float *mean = in[3].data, *var = in[4].data;
	int64_t count = imc_tensor_count(&in[0]);

	for (int64_t i = 0; i < count; i++) {
		int64_t c = i / p.sc % p.c;
		float f = scale[c] / sqrtf(var[c] + n->a.epsilon[0]);

		y[i] = (x[i] - mean[c]) * f + bias[c];
	}
}

/* Normalises n elements, step apart. */
static void normalise(const float *x, int64_t n, int64_t step, float epsilon,
		      float *y)
{
	double sum = 0, square = 0, mean, factor;

	for (int64_t i = 0; i < n; i++)
		sum += x[i * step];
	mean = sum / (double)n;
	for (int64_t i = 0; i < n; i++) {
		double diff = x[i * step] - mean;

		square += diff * diff;
	}
	factor = 1 / sqrt(square / (double)n + (double)epsilon);
	for (int64_t i = 0; i < n; i++)
		y[i * step] = (float)((x[i * step] - mean) * factor);
}

static void eval_instance_norm(const struct imc_node *n, struct imc_plane p,
			       const struct imc_tensor *in, float *y)
{
	const float *x = in[0].data, *scale = in[1].data, *bias = in[2].data;
	int64_t area = p.h * p.w;

	for (int64_t i = 0; i < p.n * p.c; i++) {
		int64_t c = i % p.c, at = i / p.c * p.sn + c * p.sc;

		normalise(x + at, area, p.sw, n->a.epsilon[0], y + at);
		for (int64_t k = 0; k < area; k++) {
			float *to = y + at + k * p.sw;

			*to = *to * scale[c] + bias[c];
		}
	}
}

/* Channels c - (size-1)/2 .. c + size/2 count, as in ONNX. */
static void eval_lrn(const struct imc_node *n, struct imc_plane p,
		     const float *x, float *y)
{
	int64_t size = n->a.size[0], before = (size - 1) / 2;
	double alpha = (double)n->a.alpha[0] / (double)size;
	double beta = (double)n->a.beta[0], bias = (double)n->a.bias[0];

	for (int64_t i = 0; i < p.n * p.c * p.h * p.w; i++) {
		int64_t c = i / p.sc % p.c;
		int64_t lo = imc_max_i64(c - before, 0);
		int64_t hi = imc_min_i64(c - before + size, p.c);
		const float *first = x + i - c * p.sc;
		double sum = 0;

		for (int64_t k = lo; k < hi; k++)
			sum += (double)first[k * p.sc] *
			       (double)first[k * p.sc];
		y[i] = (float)((double)x[i] / pow(bias + alpha * sum, beta));
	}
}

/* ---- axes ---- */

/* A tensor cut at an axis: `outer` times `n` elements, `inner` apart. */
struct cut {
	int64_t outer, n, inner;
};

static struct cut cut_at(const struct imc_node *n, const struct imc_tensor *x)
{
	int axis = (int)n->a.axis[0];
	struct cut c = {1, 1, 1};

	for (int i = 0; i < x->rank; i++)
		if (i < axis)
			c.outer *= x->dim[i];
		else if (i == axis || n->a.flat[0])
			c.n *= x->dim[i];
		else
			c.inner *= x->dim[i];
	return c;
}

/* The element of `t` (scale or bias of layer_norm) for position i of the
 * normalised axes, whose sizes are the last of x. */
static float broadcast(const struct imc_tensor *t, const struct imc_tensor *x,
		       int64_t i)
{
	int64_t at = 0, step = 1;

	for (int k = 1; k <= t->rank; k++) {
		int64_t have = t->dim[t->rank - k], size = x->dim[x->rank - k];

		if (have != 1)
			at += i % size * step;
		step *= have;
		i /= size;
	}
	return ((const float *)t->data)[at];
}

static void eval_layer_norm(const struct imc_node *n,
			    const struct imc_tensor *in, float *y)
{
	const float *x = in[0].data;
	const struct imc_tensor *bias =
		n->n_in > 2 && in[2].data ? &in[2] : NULL;
	int64_t size = 1, count = imc_tensor_count(&in[0]);

	for (int i = (int)n->a.axis[0]; i < in[0].rank; i++)
		size *= in[0].dim[i];
	for (int64_t at = 0; at < count; at += size) {
		normalise(x + at, size, 1, n->a.epsilon[0], y + at);
		for (int64_t i = 0; i < size; i++) {
			y[at + i] *= broadcast(&in[1], &in[0], i);
			if (bias)
				y[at + i] += broadcast(bias, &in[0], i);
		}
	}
}

/* One line of each operator: n elements, step apart. */

static void lp_line(const struct imc_node *node, const float *x, int64_t n,
		    int64_t step, float *y)
{
	double sum = 0, norm;

	for (int64_t i = 0; i < n; i++) {
		double v = x[i * step];

		sum += node->a.size[0] == 1 ? fabs(v) : v * v;
	}
	norm = node->a.size[0] == 1 ? sum : sqrt(sum);
	/* A line of zeros stays one, as in ONNX Runtime. */
	for (int64_t i = 0; i < n && norm > 0; i++)
		y[i * step] = (float)(x[i * step] / norm);
}

static float largest(const float *x, int64_t n, int64_t step)
{
	float max = -INFINITY;

	for (int64_t i = 0; i < n; i++)
		max = x[i * step] > max ? x[i * step] : max;
	return max;
}

static void softmax_line(const struct imc_node *node, const float *x, int64_t n,
			 int64_t step, float *y)
{
	bool log_form = node->op == IMC_OP_LOG_SOFTMAX;
	double max = largest(x, n, step), sum = 0, log_sum;

	for (int64_t i = 0; i < n; i++)
		sum += exp(x[i * step] - max);
	log_sum = log(sum);
	for (int64_t i = 0; i < n; i++) {
		double v = x[i * step] - max;

		y[i * step] = (float)(log_form ? v - log_sum : exp(v) / sum);
	}
}

static void hardmax_line(const struct imc_node *node, const float *x, int64_t n,
			 int64_t step, float *y)
{
	int64_t best = 0;

	(void)node;
	for (int64_t i = 1; i < n; i++)
		if (x[i * step] > x[best * step])
			best = i;
	y[best * step] = 1;
}

typedef void line(const struct imc_node *node, const float *x, int64_t n,
		  int64_t step, float *y);

static void eval_lines(const struct imc_node *n, const struct imc_tensor *in,
		       float *y, line *fn)
{
	struct cut c = cut_at(n, in);
	const float *x = in->data;

	for (int64_t o = 0; o < c.outer && c.n > 0; o++)
		for (int64_t i = 0; i < c.inner; i++) {
			int64_t at = o * c.n * c.inner + i;

			fn(n, x + at, c.n, c.inner, y + at);
		}
}

void imc_eval_norm(const struct imc_graph *g, const struct imc_node *n,
		   const struct imc_tensor *in, struct imc_tensor *out,
		   struct imc_arena *scratch)
{
	enum imc_layout layout = layout_of(g, in[0].rank);
	float *y = out[0].data;

	(void)scratch;
	if (imc_tensor_count(&in[0]) == 0)
		return;
	if (n->op == IMC_OP_BATCH_NORM)
		eval_batch_norm(n, imc_plane_of(&in[0], layout), in, y);
	else if (n->op == IMC_OP_INSTANCE_NORM)
		eval_instance_norm(n, imc_plane_of(&in[0], layout), in, y);
	else if (n->op == IMC_OP_LRN)
		eval_lrn(n, imc_plane_of(&in[0], layout), in[0].data, y);
	else if (n->op == IMC_OP_LAYER_NORM)
		eval_layer_norm(n, in, y);
	else if (n->op == IMC_OP_LP_NORM)
		eval_lines(n, in, y, lp_line);
	else if (n->op == IMC_OP_HARDMAX)
		eval_lines(n, in, y, hardmax_line);
	else
		eval_lines(n, in, y, softmax_line);
}
