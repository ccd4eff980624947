/* Networks that are tried: quantised with some bits, and measured. */
#include <string.h>

#include "ir/eval.h"
#include "ir/support/parallel.h"
#include "passes/2-quant/choose_bits.h"
#include "passes/2-quant/choose_robust.h"
#include "passes/2-quant/ends.h"

struct imc_trials {
	const struct imc_module *m;
	const struct imc_samples *calib;
	struct imc_judge judge;
	struct imc_ends ends;
	int64_t *size;	/* [end] */
	float **real;	/* [sample * ends.n + end]: of the float network */
	int64_t *class; /* [sample]: the right one */
	struct imc_score of_float;
	const struct imc_noise *noise; /* or NULL */
};

/* What one sample gave. */
struct result {
	int64_t class;
	double square, of_float; /* differences; the float network's values */
};

struct work {
	const struct imc_trials *t;
	const struct imc_graph *g;
	const struct imc_map_eval *arrays; /* that compute it; NULL: ideal */
	struct result *result;		   /* [sample] */
	bool is_float; /* g is the network that others are compared
			* with: its ends are kept */
};

/* The inputs of softmaxes are seen on the way. */
struct tap {
	const struct work *w;
	struct imc_map_eval arrays; /* of this sample */
	float **end;		    /* [end] */
	struct imc_arena *a;
};

static bool look(void *cx, imc_node_id id, const struct imc_tensor *in,
		 struct imc_tensor *out, struct imc_arena *scratch)
{
	const struct tap *t = cx;
	const struct imc_graph *g = t->w->g;
	const struct imc_ends *e = &t->w->t->ends;

	for (size_t k = 0; k < e->n; k++) {
		struct imc_tensor x;

		if (!imc_node_ok(e->softmax[k]) || e->softmax[k].i != id.i)
			continue;
		imc_device_to_real(g, imc_end_value(g, e, k), &in[0], &x, t->a);
		memcpy(t->end[k], x.data, imc_tensor_bytes(&x));
	}
	return t->w->arrays &&
	       imc_map_compute((void *)&t->arrays, id, in, out, scratch);
}

static void run_network(const struct work *w, size_t i, float **end,
			struct result *r, struct imc_arena *a)
{
	const struct imc_trials *t = w->t;
	const struct imc_graph *g = w->g;
	const struct imc_samples *s = t->judge.samples;
	struct tap tap = {.w = w, .end = end, .a = a};
	struct imc_eval_how how = {.compute = look, .cx = &tap};
	struct imc_tensor *in = imc_arena_array(a, g->n_input, sizeof *in);
	struct imc_tensor *out = imc_arena_array(a, g->n_output, sizeof *out);

	if (w->arrays) {
		tap.arrays = *w->arrays;
		tap.arrays.sample = t->judge.first + (int64_t)i;
	}
	for (size_t k = 0; k < g->n_input; k++) {
		int64_t at = t->judge.first + (int64_t)i;

		in[k].dtype = IMC_F32;
		in[k].data = s->x[k] + at * s->size[k];
	}
	imc_eval_real(g, in, out, &how, a);
	r->class = imc_first_largest(out[0].data, imc_tensor_count(&out[0]));
	for (size_t k = 0; k < t->ends.n; k++)
		if (!imc_node_ok(t->ends.softmax[k]))
			memcpy(end[k], out[k].data, imc_tensor_bytes(&out[k]));
}

static void compare(const struct imc_trials *t, size_t i, float *const *end,
		    struct result *r)
{
	for (size_t k = 0; k < t->ends.n; k++) {
		const float *real = t->real[i * t->ends.n + k];

		for (int64_t j = 0; j < t->size[k]; j++) {
			double x = real[j], d = (double)end[k][j] - x;

			r->square += d * d;
			r->of_float += x * x;
		}
	}
}

static void run_sample(void *cx, size_t i, size_t thread)
{
	const struct work *w = cx;
	const struct imc_trials *t = w->t;
	struct imc_arena *a = imc_arena_new();
	float **end = imc_arena_array(a, t->ends.n + 1, sizeof *end);

	(void)thread;
	for (size_t k = 0; k < t->ends.n; k++)
		end[k] = w->is_float ? t->real[i * t->ends.n + k]
				     : imc_arena_array(a, (size_t)t->size[k],
						       sizeof *end[k]);
	run_network(w, i, end, &w->result[i], a);
	if (!w->is_float)
		compare(t, i, end, &w->result[i]);
	imc_arena_free(a);
}

static struct imc_score sum_up(const struct imc_trials *t,
			       const struct result *r)
{
	double square = 0, of_float = 0;
	int64_t right = 0;

	for (int64_t i = 0; i < t->judge.n; i++) {
		square += r[i].square;
		of_float += r[i].of_float;
		right += r[i].class == t->class[i];
	}
	return (struct imc_score){
		.error = of_float > 0 ? square / of_float : square > 0,
		.right = 100.0 * (double)right / (double)t->judge.n};
}

/* The float network on every sample: what others are compared with. */
static void run_float(struct imc_trials *t, struct imc_arena *a)
{
	const struct imc_judge *j = &t->judge;
	struct work w = {.t = t, .g = t->m->g, .is_float = true};

	w.result = imc_arena_array(a, (size_t)j->n, sizeof *w.result);
	t->class = imc_arena_array(a, (size_t)j->n, sizeof *t->class);
	t->real = imc_arena_array(a, (size_t)j->n * t->ends.n, sizeof *t->real);
	for (size_t i = 0; i < (size_t)j->n * t->ends.n; i++)
		t->real[i] = imc_arena_array(a, (size_t)t->size[i % t->ends.n],
					     sizeof **t->real);
	imc_parallel_for((size_t)j->n, run_sample, &w);
	for (int64_t i = 0; i < j->n; i++)
		t->class[i] =
			j->labels ? j->labels[j->first + i] + j->label_offset
				  : w.result[i].class;
	t->of_float = sum_up(t, w.result);
}

/* A class that no output stands for would be wrong in every network. */
static bool check_classes(const struct imc_module *m, const struct imc_judge *j)
{
	const struct imc_value *out = imc_value_at(m->g, m->g->output[0]);
	int64_t n = imc_tensor_count(&out->t);

	for (int64_t i = j->first; j->labels && i < j->first + j->n; i++) {
		int64_t class = j->labels[i] + j->label_offset;

		if (class < 0 || class >= n)
			return imc_diag(m->diags, IMC_IN_FILE(m->model_path),
					IMC_D_LABEL_RANGE, (long long)class,
					(long long)i, (long long)n);
	}
	return true;
}

struct imc_trials *imc_trials_open(const struct imc_module *m,
				   const struct imc_pass_cx *cx,
				   struct imc_arena *a)
{
	struct imc_trials *t = imc_arena_alloc(a, sizeof *t);

	t->m = m;
	t->calib = cx->calib;
	t->noise = cx->noise;
	if (cx->judge)
		t->judge = *cx->judge;
	else
		t->judge = (struct imc_judge){.samples = cx->calib,
					      .n = cx->calib->n};
	if (!check_classes(m, &t->judge))
		return NULL;
	t->ends = imc_ends_of(m->g, a);
	t->size = imc_arena_array(a, t->ends.n + 1, sizeof *t->size);
	for (size_t k = 0; k < t->ends.n; k++)
		t->size[k] = imc_tensor_count(
			&imc_value_at(m->g, imc_end_value(m->g, &t->ends, k))
				 ->t);
	run_float(t, a);
	return t;
}

struct imc_score imc_trials_float(const struct imc_trials *t)
{
	return t->of_float;
}

/* The pass that gives numbers their last change. */
static const char *last_pass(void)
{
	for (size_t i = 0; i < imc_n_pass; i++)
		if (imc_passes[i].makes & 1u << IMC_FACT_FITTED)
			return imc_passes[i].name;
	return NULL;
}

bool imc_trials_fit(struct imc_module *f, const struct imc_samples *calib,
		    const struct imc_assign *assign)
{
	struct imc_pass_run run = {.calib = calib, .stop_after = last_pass()};

	f->map.n_assign = f->g->n_node;
	f->map.assign = imc_arena_memdup(f->arena, assign,
					 f->g->n_node * sizeof *assign);
	f->facts |= 1u << IMC_FACT_MEASURED | 1u << IMC_FACT_ASSIGNED;
	return imc_passes_run(f, &run);
}

/* On devices that are drawn anew for every run. */
static void run_noisy(struct imc_trials *t, const struct imc_module *f,
		      struct work *w, struct imc_score *out)
{
	int64_t n = imc_analog_has_work(f->g, &f->map) ? t->m->robust.runs : 1;
	struct imc_arena *a = imc_arena_new();
	double *right = imc_arena_array(a, (size_t)n, sizeof *right);
	struct imc_images img = imc_map_images(f->g, &f->map, a);
	struct imc_noisy_stat s;

	*out = (struct imc_score){0};
	for (int64_t r = 0; r < n; r++) {
		struct imc_noise_case c = imc_robust_case(t->m, t->noise, r);
		struct imc_arena *devices = imc_arena_new();
		struct imc_map_eval arrays = {
			.g = f->g, .m = &f->map, .img = &img};
		struct imc_score one;

		arrays.analog =
			imc_analog_program(f->g, &f->map, &img, &c, devices);
		w->arrays = &arrays;
		imc_parallel_for((size_t)t->judge.n, run_sample, w);
		one = sum_up(t, w->result);
		memset(w->result, 0, (size_t)t->judge.n * sizeof *w->result);
		out->error += one.error / (double)n;
		right[r] = one.right;
		imc_arena_free(devices);
	}
	s = imc_noisy_stat_of(right, n);
	out->right = s.mean;
	out->std = s.std;
	out->worst = s.worst;
	imc_arena_free(a);
}

void imc_trials_measure(struct imc_trials *t, const struct imc_module *f,
			struct imc_score *out)
{
	struct imc_arena *a = imc_arena_new();
	struct work w = {.t = t, .g = f->g};

	w.result = imc_arena_array(a, (size_t)t->judge.n, sizeof *w.result);
	if (t->noise) {
		run_noisy(t, f, &w, out);
	} else {
		imc_parallel_for((size_t)t->judge.n, run_sample, &w);
		*out = sum_up(t, w.result);
	}
	imc_arena_free(a);
}

bool imc_trials_run(struct imc_trials *t, const struct imc_assign *assign,
		    struct imc_score *out)
{
	struct imc_module *f = imc_module_fork(t->m);
	bool ok = imc_trials_fit(f, t->calib, assign) &&
		  (!t->noise || imc_robust_place(f));

	if (ok)
		imc_trials_measure(t, f, out);
	imc_module_free(f);
	return ok;
}
