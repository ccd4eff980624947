#include "frontend/cli/eval_run.h"

#include <math.h>
#include <string.h>

#include "ir/eval.h"
#include "ir/support/parallel.h"

/* What one sample gave; summed up in order afterwards. */
struct result {
	int64_t top[CLI_N_LEVEL];
	double square[CLI_N_LEVEL], magnitude[CLI_N_LEVEL];
	double float_square;
	int64_t n_element;
	bool identical[CLI_N_LEVEL];
};

struct work {
	const struct cli_eval *e;
	struct cli_ui *ui;
	struct result *result;
};

const char *cli_level_name(enum cli_level l)
{
	static const char *const name[CLI_N_LEVEL] = {
		"float", "quantised", "mapped", "planned", "bundle"};

	return name[l];
}

static int64_t first_largest(const struct imc_tensor *t)
{
	const float *x = t->data;
	int64_t best = 0, n = imc_tensor_count(t);

	for (int64_t i = 1; i < n; i++)
		if (x[i] > x[best])
			best = i;
	return best;
}

static void compare(const struct imc_tensor *ref, const struct imc_tensor *t,
		    enum cli_level l, struct result *r)
{
	const float *a = ref->data, *b = t->data;
	int64_t n = imc_tensor_count(ref);

	for (int64_t i = 0; i < n; i++) {
		double d = (double)b[i] - a[i];

		r->square[l] += d * d;
		r->magnitude[l] += fabs(d);
	}
}

static struct imc_tensor *outputs_of(const struct imc_graph *g,
				     struct imc_arena *a)
{
	return imc_arena_array(a, g->n_output ? g->n_output : 1,
			       sizeof(struct imc_tensor));
}

/* The one input is `in`, in the layout of the model. */
static struct imc_tensor *run_plan(const struct cli_eval *e,
				   const struct imc_tensor *in,
				   struct imc_arena *a)
{
	const struct imc_graph *g = e->g[CLI_PLANNED];
	struct imc_tensor device, *out = outputs_of(g, a);

	imc_real_to_device(g, g->input[0], in->data, &device, a);
	imc_eval_plan(&e->map, e->plan, &device, out, a);
	for (size_t k = 0; k < g->n_output; k++) {
		struct imc_tensor y = out[k];

		imc_device_to_real(g, g->output[k], &y, &out[k], a);
	}
	return out;
}

/* What the bundle gave for sample i; shaped as the quantised outputs. */
static struct imc_tensor *take_bundle(const struct cli_eval *e, int64_t i,
				      const struct imc_tensor *quantised,
				      struct imc_arena *a)
{
	const struct imc_graph *g = e->g[CLI_BUNDLE];
	struct imc_tensor *out = outputs_of(g, a);

	for (size_t k = 0; k < g->n_output; k++) {
		int64_t count = imc_tensor_count(&quantised[k]);

		out[k] = quantised[k];
		out[k].data = imc_arena_array(a, (size_t)count, sizeof(float));
		memcpy(out[k].data, e->bundle[k] + i * count,
		       (size_t)count * sizeof(float));
	}
	return out;
}

/* The outputs of level l < CLI_PLANNED, in `a`. */
static struct imc_tensor *run_graph(const struct cli_eval *e, enum cli_level l,
				    const struct imc_tensor *in,
				    struct imc_arena *a)
{
	struct imc_map_eval map = e->map;
	struct imc_eval_how how = {.compute = imc_map_compute, .cx = &map};
	struct imc_tensor *out = outputs_of(e->g[l], a);

	imc_eval_real(e->g[l], in, out, l == CLI_MAPPED ? &how : NULL, a);
	return out;
}

/* Every element of every output, bit for bit. */
static bool same_bits(const struct imc_graph *g, const struct imc_tensor *a,
		      const struct imc_tensor *b)
{
	for (size_t k = 0; k < g->n_output; k++)
		if (memcmp(a[k].data, b[k].data, imc_tensor_bytes(&a[k])) != 0)
			return false;
	return true;
}

/* out[l]: the outputs of each level that there is. */
static void run_levels(const struct cli_eval *e, int64_t i,
		       const struct imc_tensor *in, struct imc_arena *a,
		       struct imc_tensor *out[CLI_N_LEVEL])
{
	for (int l = 0; l < CLI_PLANNED; l++)
		if (e->g[l])
			out[l] = run_graph(e, (enum cli_level)l, in, a);
	if (e->g[CLI_PLANNED])
		out[CLI_PLANNED] = run_plan(e, in, a);
	if (e->g[CLI_BUNDLE])
		out[CLI_BUNDLE] = take_bundle(e, i, out[CLI_QUANTISED], a);
}

static void score(const struct cli_eval *e,
		  struct imc_tensor *const out[CLI_N_LEVEL], struct result *r)
{
	const struct imc_tensor *real = out[CLI_FLOAT];

	for (int l = 0; l < CLI_N_LEVEL; l++) {
		if (!out[l])
			continue;
		r->top[l] = first_largest(&out[l][0]);
		if (l != CLI_FLOAT && real)
			compare(real, &out[l][0], (enum cli_level)l, r);
		if (l > CLI_QUANTISED)
			r->identical[l] =
				same_bits(e->g[l], out[CLI_QUANTISED], out[l]);
	}
	r->n_element = real ? imc_tensor_count(real) : 0;
	for (int64_t k = 0; k < r->n_element; k++) {
		double x = ((const float *)real->data)[k];

		r->float_square += x * x;
	}
}

static void run_sample(void *cx, size_t i, size_t thread)
{
	struct work *w = cx;
	const struct cli_eval *e = w->e;
	const struct imc_samples *s = e->samples;
	struct imc_arena *a = imc_arena_new();
	struct imc_tensor in = e->input, *out[CLI_N_LEVEL] = {0};

	in.dtype = IMC_F32;
	in.data = s->x[0] + (e->first + (int64_t)i) * s->size[0];
	run_levels(e, (int64_t)i, &in, a, out);
	score(e, out, &w->result[i]);
	imc_arena_free(a);
	if (thread == 0)
		cli_ui_progress(w->ui, "evaluate", (int64_t)i, e->n);
}

/* The nearest level above l that was evaluated. */
static enum cli_level above(const struct cli_eval *e, enum cli_level l)
{
	int before = l;

	while (before > CLI_FLOAT && !e->g[--before])
		continue;
	return (enum cli_level)before;
}

static void sum_up(const struct cli_eval *e, const struct result *r,
		   enum cli_level l, struct cli_scores *s)
{
	enum cli_level before = above(e, l);
	double square = 0, magnitude = 0, of_float = 0, n_element = 0;
	int64_t right = 0, same = 0;

	for (int64_t i = 0; i < e->n; i++) {
		if (e->labels)
			right += r[i].top[l] ==
				 e->labels[e->first + i] + e->label_offset;
		same += r[i].top[l] == r[i].top[before];
		s->identical[l] += r[i].identical[l];
		square += r[i].square[l];
		magnitude += r[i].magnitude[l];
		of_float += r[i].float_square;
		n_element += (double)r[i].n_element;
	}
	s->has[l] = true;
	s->top1[l] = (double)right / (double)e->n;
	s->agree[l] = (double)same / (double)e->n;
	s->mse[l] = square / n_element;
	s->mean_abs[l] = magnitude / n_element;
	s->relative[l] = sqrt(square / of_float);
}

struct cli_scores cli_eval_run(const struct cli_eval *e, struct cli_ui *ui)
{
	struct imc_arena *a = imc_arena_new();
	struct cli_scores s = {.n = e->n};
	struct work w = {.e = e, .ui = ui};

	w.result = imc_arena_array(a, (size_t)e->n, sizeof *w.result);
	imc_parallel_for((size_t)e->n, run_sample, &w);
	cli_ui_clear(ui);
	for (int l = 0; l < CLI_N_LEVEL; l++)
		if (e->g[l])
			sum_up(e, w.result, (enum cli_level)l, &s);
	imc_arena_free(a);
	return s;
}
