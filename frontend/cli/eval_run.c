#include "frontend/cli/eval_run.h"

#include <math.h>

#include "ir/eval.h"
#include "ir/support/parallel.h"

/* What one sample gave; summed up in order afterwards. */
struct result {
	int64_t top[CLI_N_LEVEL];
	double square[CLI_N_LEVEL], magnitude[CLI_N_LEVEL];
	double float_square;
	int64_t n_element;
};

struct work {
	const struct cli_eval *e;
	struct cli_ui *ui;
	struct result *result;
};

const char *cli_level_name(enum cli_level l)
{
	static const char *const name[CLI_N_LEVEL] = {"float", "quantised",
						      "mapped"};

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

/* Evaluates a level; out: its first output, in `a`. */
static void run_level(const struct cli_eval *e, enum cli_level l,
		      const struct imc_tensor *in, struct imc_tensor *out,
		      struct imc_arena *a)
{
	struct imc_map_eval map = e->map;
	struct imc_eval_how how = {.compute = imc_map_compute, .cx = &map};
	struct imc_tensor *all = imc_arena_array(
		a, e->g[l]->n_output ? e->g[l]->n_output : 1, sizeof *all);

	imc_eval_real(e->g[l], in, all, l == CLI_MAPPED ? &how : NULL, a);
	*out = all[0];
}

static void run_sample(void *cx, size_t i, size_t thread)
{
	struct work *w = cx;
	const struct cli_eval *e = w->e;
	const struct imc_samples *s = e->samples;
	struct result *r = &w->result[i];
	struct imc_arena *a = imc_arena_new();
	struct imc_tensor in = e->input, out[CLI_N_LEVEL] = {0};

	in.dtype = IMC_F32;
	in.data = s->x[0] + (e->first + (int64_t)i) * s->size[0];
	for (int l = 0; l < CLI_N_LEVEL; l++) {
		if (!e->g[l])
			continue;
		run_level(e, (enum cli_level)l, &in, &out[l], a);
		r->top[l] = first_largest(&out[l]);
		if (l != CLI_FLOAT && e->g[CLI_FLOAT])
			compare(&out[CLI_FLOAT], &out[l], (enum cli_level)l, r);
	}
	if (e->g[CLI_FLOAT]) {
		const float *x = out[CLI_FLOAT].data;

		r->n_element = imc_tensor_count(&out[CLI_FLOAT]);
		for (int64_t k = 0; k < r->n_element; k++)
			r->float_square += (double)x[k] * x[k];
	}
	imc_arena_free(a);
	if (thread == 0)
		cli_ui_progress(w->ui, "evaluate", (int64_t)i, e->n);
}

static void sum_up(const struct cli_eval *e, const struct result *r,
		   enum cli_level l, struct cli_scores *s)
{
	enum cli_level before = l == CLI_MAPPED ? CLI_QUANTISED : CLI_FLOAT;
	double square = 0, magnitude = 0, of_float = 0, n_element = 0;
	int64_t right = 0, same = 0;

	for (int64_t i = 0; i < e->n; i++) {
		if (e->labels)
			right += r[i].top[l] ==
				 e->labels[e->first + i] + e->label_offset;
		same += r[i].top[l] == r[i].top[before];
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
