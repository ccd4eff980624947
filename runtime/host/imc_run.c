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

/* Elements of a tensor, and its channels and positions as the device has
 * them. */
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

/* ---- which layout the data has: the same rules as 'imcc eval' ---- */

struct shape {
	int rank;
	int64_t dim[IMC_RUN_MAX_RANK];
};

/* One sample as the ONNX model has it: C, H, W when rank is 3, and count
 * elements, of c channels of plane each; batch of them in one run. */
struct unit {
	struct shape s;
	int64_t batch, count, c, plane;
};

static struct unit unit_of(const struct imc_run_tensor *t)
{
	struct unit u = {.batch = 1, .count = 1};
	int first = t->rank >= 2;

	if (first)
		u.batch = t->dim[0];
	if (t->channel_last)
		u.s.dim[u.s.rank++] = t->dim[t->rank - 1];
	for (int i = first; i < t->rank - (t->channel_last != 0); i++)
		u.s.dim[u.s.rank++] = t->dim[i];
	for (int i = 0; i < u.s.rank; i++)
		u.count *= u.s.dim[i];
	u.c = u.s.rank >= 2 ? u.s.dim[0] : 1;
	u.plane = u.count / u.c;
	return u;
}

static struct shape squeezed(const struct shape *s)
{
	struct shape out = {0};

	for (int i = 0; i < s->rank; i++)
		if (s->dim[i] != 1)
			out.dim[out.rank++] = s->dim[i];
	return out;
}

static int same_shape(const struct shape *a, const struct shape *b)
{
	if (a->rank != b->rank)
		return 0;
	for (int i = 0; i < a->rank; i++)
		if (a->dim[i] != b->dim[i])
			return 0;
	return 1;
}

/* C, H, W -> H, W, C */
static struct shape rotated(const struct shape *s)
{
	struct shape out = *s;

	for (int i = 0; i < s->rank; i++)
		out.dim[i] = s->dim[(i + 1) % s->rank];
	return out;
}

enum layout { UNKNOWN, EITHER, CHANNEL_FIRST, CHANNEL_LAST };

/* The layout of one sample of shape s; axes of size 1 do not matter. */
static enum layout layout_of(const struct unit *u, const struct shape *s)
{
	struct shape last = rotated(&u->s), have = squeezed(s);
	struct shape want = squeezed(&u->s), want_last = squeezed(&last);
	int is_first = same_shape(&have, &want);
	int is_last = (u->s.rank == 2 || u->s.rank == 3) &&
		      same_shape(&have, &want_last);
	int64_t count = 1;

	if (is_first && is_last)
		return u->c == 1 || want.rank <= 1 ? CHANNEL_FIRST : EITHER;
	if (is_first || is_last)
		return is_first ? CHANNEL_FIRST : CHANNEL_LAST;
	for (int i = 0; i < s->rank; i++)
		count *= s->dim[i];
	if (count != u->count)
		return UNKNOWN;
	if (have.rank <= 1 && (u->c == 1 || u->plane == 1))
		return CHANNEL_FIRST;
	return want.rank <= 1 && have.rank <= 2 ? CHANNEL_FIRST : UNKNOWN;
}

/* ---- one input ---- */

struct source {
	struct imc_npy data;
	struct unit unit;
	enum layout layout;
	int64_t n; /* samples of the network */
};

static struct shape tail(const struct imc_npy *d, int from)
{
	struct shape s = {.rank = d->rank - from};

	for (int i = from; i < d->rank; i++)
		s.dim[i - from] = d->dim[i];
	return s;
}

static const char *find_layout(struct source *s)
{
	struct shape all = tail(&s->data, 0);
	struct shape rest = tail(&s->data, s->data.rank > 0);

	s->layout = s->data.rank ? layout_of(&s->unit, &rest) : UNKNOWN;
	if (s->layout == UNKNOWN)
		s->layout = layout_of(&s->unit, &all);
	if (s->layout == EITHER)
		return "its shape could be channel-first or channel-last";
	s->n = s->data.count / s->unit.count / s->unit.batch;
	if (s->layout == UNKNOWN || s->n == 0 ||
	    s->n * s->unit.batch * s->unit.count != s->data.count)
		return "its shape does not fit the network's input";
	return NULL;
}

static const char *open_source(const char *path, const struct imc_run_tensor *t,
			       struct source *s)
{
	const char *wrong = imc_npy_read(path, &s->data);

	if (wrong)
		return wrong;
	s->unit = unit_of(t);
	wrong = find_layout(s);
	if (wrong)
		free(s->data.data);
	return wrong;
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

/* Where element e of a unit (C, H, W order) lies in the data. */
static int64_t data_place(const struct source *s, int64_t e)
{
	const struct unit *u = &s->unit;

	return s->layout == CHANNEL_LAST ? e % u->plane * u->c + e / u->plane
					 : e;
}

static void fill_input(const struct imc_run_net *net, const struct source *s,
		       const struct imc_run_tensor *t, int64_t sample)
{
	const struct unit *u = &s->unit;

	for (int64_t b = 0; b < u->batch; b++)
		for (int64_t e = 0; e < u->count; e++) {
			int64_t unit = sample * u->batch + b;
			double v = imc_npy_at(
				&s->data, unit * u->count + data_place(s, e));

			t->data[device_place(t, b * u->count + e)] = quantised(
				t, real_value(net, s, v, e / u->plane));
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

/* Which samples run: n of them from `first` on. */
struct range {
	int64_t first, n;
};

static const char *pack_samples(const struct imc_run_net *net,
				const struct source *s, const struct range *r,
				FILE *out)
{
	for (int64_t i = 0; i < r->n; i++)
		for (int k = 0; k < net->n_input; k++) {
			const struct imc_run_tensor *t = &net->input[k];
			size_t count = (size_t)order_of(t).count;

			fill_input(net, &s[k], t, r->first + i);
			if (fwrite(t->data, 1, count, out) != count)
				return "it cannot be written";
		}
	return NULL;
}

static const char *pack_all(const struct imc_run_net *net,
			    const struct source *s, const struct range *r,
			    const char *path)
{
	FILE *out = fopen(path, "wb");
	const char *wrong;

	if (!out)
		return "it cannot be opened for writing";
	wrong = pack_samples(net, s, r, out);
	if (fclose(out) && !wrong)
		wrong = "it cannot be written";
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

/* A whole number of 0 or more; 0: it is none. */
static int read_count(const char *text, int64_t *out)
{
	char *end;
	long long v = strtoll(text, &end, 10);

	*out = v;
	return end != text && !*end && v >= 0;
}

/* r: what was asked for becomes what the data has; n 0: all there is. */
static const char *clip_range(struct range *r, int64_t n)
{
	if (r->first >= n)
		return "SKIP leaves no sample";
	if (r->n == 0 || r->n > n - r->first)
		r->n = n - r->first;
	return NULL;
}

static int pack(const struct imc_run_net *net, char **path, struct range *r)
{
	struct source *s = calloc((size_t)net->n_input + 1, sizeof *s);
	const char *wrong = NULL;
	int n_open, status = 0;

	if (!s)
		return fail(net, path[0], "out of memory");
	n_open = open_sources(net, path[0], s, &wrong);
	if (!wrong)
		wrong = clip_range(r, s[0].n);
	if (wrong)
		status = fail(net, path[0], wrong);
	else if ((wrong = pack_all(net, s, r, path[1])))
		status = fail(net, path[1], wrong);
	for (int k = 0; k < n_open; k++)
		free(s[k].data.data);
	free(s);
	return status;
}

/* ---- outputs ---- */

/* Bytes of the outputs of a sample. */
static int64_t output_bytes(const struct imc_run_net *net)
{
	int64_t n = 0;

	for (int k = 0; k < net->n_output; k++)
		n += order_of(&net->output[k]).count;
	return n;
}

/* Samples in a file of outputs, or 0. */
static int64_t count_samples(const struct imc_run_net *net, FILE *in)
{
	int64_t each = output_bytes(net);
	long end;

	if (fseek(in, 0, SEEK_END))
		return 0;
	end = ftell(in);
	rewind(in);
	return end > 0 && end % each == 0 ? end / each : 0;
}

static const char *read_outputs(const struct imc_run_net *net, int64_t n,
				FILE *in, float **x)
{
	for (int64_t i = 0; i < n; i++)
		for (int k = 0; k < net->n_output; k++) {
			const struct imc_run_tensor *t = &net->output[k];
			size_t count = (size_t)order_of(t).count;

			if (fread(t->data, 1, count, in) != count)
				return "it cannot be read";
			take_output(t, x[k] + i * (int64_t)count);
		}
	return NULL;
}

/* Room for the outputs of n samples; a part of it is NULL if there is none. */
static float **new_outputs(const struct imc_run_net *net, int64_t n)
{
	float **x = calloc((size_t)net->n_output, sizeof *x);

	for (int k = 0; x && k < net->n_output; k++)
		x[k] = calloc((size_t)(n * order_of(&net->output[k]).count),
			      sizeof **x);
	return x;
}

static void free_outputs(const struct imc_run_net *net, float **x)
{
	for (int k = 0; x && k < net->n_output; k++)
		free(x[k]);
	free(x);
}

static int unpack_open(const struct imc_run_net *net, char **path, FILE *in)
{
	int64_t n = count_samples(net, in);
	float **x = new_outputs(net, n);
	const char *wrong = n ? NULL : "it holds no whole number of outputs";
	int status = 0;

	for (int k = 0; k < net->n_output && !wrong; k++)
		if (!x || !x[k])
			wrong = "out of memory";
	if (!wrong)
		wrong = read_outputs(net, n, in, x);
	if (wrong)
		status = fail(net, path[0], wrong);
	for (int k = 0; k < net->n_output && !status; k++) {
		wrong = write_output(net, k, path[1], n, x[k]);
		if (wrong)
			status = fail(net, path[1], wrong);
	}
	if (!status)
		printf("%s: %lld samples\n", net->name, (long long)n);
	free_outputs(net, x);
	return status;
}

static int unpack(const struct imc_run_net *net, char **path)
{
	FILE *in = fopen(path[0], "rb");
	int status;

	if (!in)
		return fail(net, path[0], "it cannot be opened");
	status = unpack_open(net, path, in);
	fclose(in);
	return status;
}

/* ---- outputs in a log ---- */

static int nibble(char c)
{
	const char *digits = "0123456789abcdef", *at = strchr(digits, c);

	return c && at ? (int)(at - digits) : -1;
}

/* The bytes of lines "OUT 0a1b.." go to `out`, other lines to the standard
 * output. */
static void copy_log(FILE *in, FILE *out)
{
	char line[1025]; /* pairs of digits are not parted */
	int begins = 1, data = 0;

	while (fgets(line, sizeof line, in)) {
		const char *at = line;

		if (begins)
			data = !strncmp(line, "OUT ", 4);
		if (begins && data)
			at += 4;
		begins = strchr(line, '\n') != NULL;
		if (!data)
			fputs(line, stdout);
		for (; data && nibble(at[0]) >= 0 && nibble(at[1]) >= 0;
		     at += 2)
			fputc(nibble(at[0]) << 4 | nibble(at[1]), out);
	}
}

static int unlog(const struct imc_run_net *net, char **path)
{
	FILE *in = fopen(path[0], "r"), *out;
	int wrong;

	if (!in)
		return fail(net, path[0], "it cannot be opened");
	out = fopen(path[1], "wb");
	if (out)
		copy_log(in, out);
	fclose(in);
	wrong = !out || ferror(out);
	if (out && fclose(out))
		wrong = 1;
	return wrong ? fail(net, path[1], "it cannot be written") : 0;
}

int imc_run_main(int argc, char **argv, const struct imc_run_net *net)
{
	struct range r = {0, 0};

	if (argc == 4 && !strcmp(argv[1], "unpack"))
		return unpack(net, argv + 2);
	if (argc == 4 && !strcmp(argv[1], "unlog"))
		return unlog(net, argv + 2);
	if (argc >= 4 && argc <= 6 && !strcmp(argv[1], "pack") &&
	    (argc < 5 || read_count(argv[4], &r.first)) &&
	    (argc < 6 || read_count(argv[5], &r.n)))
		return pack(net, argv + 2, &r);
	fprintf(stderr,
		"usage: %s pack INPUT.npy RAW [SKIP [LIMIT]]\n"
		"       %s unpack RAW OUTPUT.npy\n"
		"       %s unlog LOG RAW\n",
		argv[0], argv[0], argv[0]);
	return 2;
}
