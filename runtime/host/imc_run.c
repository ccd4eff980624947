/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imc_npy.h"

static int fail(const struct imc_run_net *net, const char *what,
		const char *why)
{
	fprintf(stderr, "%s: %s: %s\n", net->name, what, why);
	return 1;
}

/* Sizes of a tensor as the ONNX model orders them: batch, channel, place. */
struct order {
	int64_t n, c, plane, count;
};

static struct order order_of(const struct imc_run_tensor *t)
{
	struct order o = {1, 1, 1, 1};

	for (int i = 0; i < t->rank; i++)
		o.count *= t->dim[i];
	o.plane = o.count;
	if (t->channel_last) {
		o.n = t->dim[0];
		o.c = t->dim[t->rank - 1];
		o.plane = o.count / o.n / o.c;
	}
	return o;
}

/* Where element e of the ONNX order lies in the tensor of the device. */
static int64_t device_place(const struct imc_run_tensor *t, int64_t e)
{
	struct order o = order_of(t);
	int64_t batch = e / (o.c * o.plane), c = e / o.plane % o.c;

	return t->channel_last ? (batch * o.plane + e % o.plane) * o.c + c : e;
}

/* ---- which layout the data has ---- */

static int squeezed(const int64_t *dim, int rank, int64_t *out)
{
	int n = 0;

	for (int i = 0; i < rank; i++)
		if (dim[i] != 1)
			out[n++] = dim[i];
	return n;
}

static int same_shape(const int64_t *a, int n_a, const int64_t *b, int n_b)
{
	int64_t x[IMC_NPY_MAX_RANK], y[IMC_NPY_MAX_RANK];
	int n = squeezed(a, n_a, x);

	if (n != squeezed(b, n_b, y))
		return 0;
	for (int i = 0; i < n; i++)
		if (x[i] != y[i])
			return 0;
	return 1;
}

enum layout { UNKNOWN, AS_ONNX, CHANNEL_LAST };

/* The layout of one sample of this shape; axes of size 1 do not matter. */
static enum layout layout_of(const struct imc_run_tensor *t, const int64_t *dim,
			     int rank)
{
	int64_t first[4];
	struct order o = order_of(t);
	int64_t count = 1;

	for (int i = 0; i < rank; i++)
		count *= dim[i];
	if (count * o.n != o.count)
		return UNKNOWN;
	if (!t->channel_last)
		return AS_ONNX;
	first[0] = t->dim[3];
	first[1] = t->dim[1];
	first[2] = t->dim[2];
	if (same_shape(dim, rank, first, 3) || o.c == 1 || o.plane == 1)
		return AS_ONNX;
	return same_shape(dim, rank, t->dim + 1, 3) ? CHANNEL_LAST : UNKNOWN;
}

/* ---- one input ---- */

struct source {
	struct imc_npy data;
	enum layout layout;
	int64_t n; /* samples of the network */
};

static const char *open_source(const char *path, const struct imc_run_tensor *t,
			       struct source *s)
{
	const char *wrong = imc_npy_read(path, &s->data);
	const struct imc_npy *d = &s->data;
	struct order o = order_of(t);

	if (wrong)
		return wrong;
	s->layout = d->rank ? layout_of(t, d->dim + 1, d->rank - 1) : UNKNOWN;
	if (s->layout == UNKNOWN)
		s->layout = layout_of(t, d->dim, d->rank);
	if (s->layout == UNKNOWN || d->count % o.count || !d->count) {
		free(s->data.data);
		return "its shape does not fit the network's input";
	}
	s->n = d->count / o.count;
	return NULL;
}

static double pick(const double *v, int n, int64_t c, double none)
{
	return n == 0 ? none : v[n == 1 ? 0 : c];
}

static float real_value(const struct imc_run_net *net, const struct source *s,
			double v, int64_t c)
{
	if (s->data.integer)
		v = (v * net->scale - pick(net->mean, net->n_mean, c, 0)) /
		    pick(net->std, net->n_std, c, 1);
	return (float)v;
}

/* Halves away from zero, saturated. */
static int8_t quantised(const struct imc_run_tensor *t, float x)
{
	double q = round((double)x / (double)t->scale) + t->zero;

	if (!(q > -128))
		return -128;
	return q > 127 ? 127 : (int8_t)q;
}

static void fill_input(const struct imc_run_net *net, const struct source *s,
		       const struct imc_run_tensor *t, int64_t sample)
{
	struct order o = order_of(t);

	for (int64_t e = 0; e < o.count; e++) {
		int64_t c = e / o.plane % o.c, at = device_place(t, e);
		int64_t from = s->layout == CHANNEL_LAST ? at : e;
		double v = imc_npy_at(&s->data, sample * o.count + from);

		t->data[at] = quantised(t, real_value(net, s, v, c));
	}
}

static void take_output(const struct imc_run_tensor *t, float *x)
{
	int64_t count = order_of(t).count;

	for (int64_t e = 0; e < count; e++)
		x[e] = t->scale *
		       (float)(t->data[device_place(t, e)] - t->zero);
}

/* ---- all samples ---- */

/* Shape of output t over n samples, in the order of the ONNX model. */
static int output_shape(const struct imc_run_tensor *t, int64_t n, int64_t *dim)
{
	int rank = 0;

	if (t->rank == 0) {
		dim[rank++] = n;
		return rank;
	}
	dim[rank++] = n * t->dim[0];
	if (t->channel_last)
		dim[rank++] = t->dim[t->rank - 1];
	for (int i = 1; i < t->rank - (t->channel_last != 0); i++)
		dim[rank++] = t->dim[i];
	return rank;
}

static const char *write_output(const struct imc_run_net *net, int k,
				const char *path, int64_t n, const float *x)
{
	int64_t dim[IMC_RUN_MAX_RANK];
	int rank = output_shape(&net->output[k], n, dim);
	char *name;
	const char *wrong;

	if (k == 0)
		return imc_npy_write(path, rank, dim, x);
	name = malloc(strlen(path) + 32);
	if (!name)
		return "out of memory";
	sprintf(name, "%s.%d.npy", path, k);
	wrong = imc_npy_write(name, rank, dim, x);
	free(name);
	return wrong;
}

static const char *run_samples(const struct imc_run_net *net,
			       const struct source *s, float **x)
{
	for (int64_t i = 0; i < s[0].n; i++) {
		for (int k = 0; k < net->n_input; k++)
			fill_input(net, &s[k], &net->input[k], i);
		if (net->run(net->cx))
			return "the network reported an error";
		for (int k = 0; k < net->n_output; k++) {
			const struct imc_run_tensor *t = &net->output[k];

			take_output(t, x[k] + i * order_of(t).count);
		}
	}
	return NULL;
}

static const char *run_all(const struct imc_run_net *net,
			   const struct source *s, const char *path)
{
	float **x = calloc((size_t)net->n_output, sizeof *x);
	const char *wrong = x ? NULL : "out of memory";

	for (int k = 0; k < net->n_output && !wrong; k++) {
		int64_t count = order_of(&net->output[k]).count;

		x[k] = calloc((size_t)(s[0].n * count), sizeof **x);
		if (!x[k])
			wrong = "out of memory";
	}
	if (!wrong)
		wrong = run_samples(net, s, x);
	for (int k = 0; k < net->n_output && !wrong; k++)
		wrong = write_output(net, k, path, s[0].n, x[k]);
	for (int k = 0; x && k < net->n_output; k++)
		free(x[k]);
	free(x);
	return wrong;
}

/* Opens every input; the count of those that are open. */
static int open_sources(const struct imc_run_net *net, char *list,
			struct source *s, const char **wrong)
{
	char *path = list;
	int k = 0;

	while (k < net->n_input && path) {
		char *comma = net->n_input > 1 ? strchr(path, ',') : NULL;

		if (comma)
			*comma = 0;
		*wrong = open_source(path, &net->input[k], &s[k]);
		if (*wrong)
			return k;
		k++;
		path = comma ? comma + 1 : NULL;
	}
	if (k < net->n_input)
		*wrong = "one file is wanted for each input, with commas";
	for (int i = 1; i < k && !*wrong; i++)
		if (s[i].n != s[0].n)
			*wrong = "the inputs have not the same samples";
	return k;
}

int imc_run_main(int argc, char **argv, const struct imc_run_net *net)
{
	struct source *s;
	const char *wrong = NULL;
	int n_open, status = 0;

	if (argc != 3) {
		fprintf(stderr, "usage: %s INPUT.npy OUTPUT.npy\n", net->name);
		return 2;
	}
	s = calloc((size_t)net->n_input + 1, sizeof *s);
	if (!s)
		return fail(net, argv[1], "out of memory");
	n_open = open_sources(net, argv[1], s, &wrong);
	if (wrong)
		status = fail(net, argv[1], wrong);
	else if ((wrong = run_all(net, s, argv[2])))
		status = fail(net, argv[2], wrong);
	else
		printf("%s: %lld samples\n", net->name, (long long)s[0].n);
	for (int k = 0; k < n_open; k++)
		free(s[k].data.data);
	free(s);
	return status;
}
