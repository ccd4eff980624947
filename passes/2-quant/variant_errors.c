/* What each way of computing one layer on the arrays does to the output, alone:
 * bits of its weights, and whether the ADC's codes are the activations.
 *
 * The whole network is brought to device arithmetic once for every way, by the
 * very passes that follow; what is measured of a layer is its node of that
 * network in the place of the one of a network whose sums are exact. Under
 * noise the node is computed by its arrays, on some sets of devices. */
#include <math.h>
#include <string.h>

#include "ir/num.h"
#include "ir/support/checked.h"
#include "ir/support/parallel.h"
#include "passes/2-quant/choose_bits.h"
#include "passes/2-quant/choose_robust.h"
#include "passes/2-quant/rerun.h"

/* Products that all of it may take, in nodes behind the one that changes. */
#define BUDGET ((int64_t)1 << 36)

/* Sets of devices, under noise. */
#define RUNS 16

/* Bits of weights, with and without post adc. */
#define MAX_FORM 8

struct form {
	int32_t bits;
	bool post_adc;
	struct imc_assign *assign; /* [node] */
	bool *has;		   /* [layer]: it is computed in that way */
	struct imc_module *m;	   /* in device arithmetic */
};

struct study {
	struct imc_module *m;
	struct imc_pass_cx *cx;
	size_t n_layer;
	imc_node_id *layer; /* those that arrays may compute, in run order */
	int n_form;
	struct form form[MAX_FORM];
	struct imc_module *exact;
	struct imc_rerun rerun;
	int64_t n_run; /* of each form: 1 without noise */
	double *error; /* [layer * n_form + form]: summed up over all */
};

/* ---- the ways there are ---- */

/* As the options of the layer are cut; false: it cannot be done so. */
static bool cut(const struct study *s, imc_node_id id,
		const struct imc_assign *as, struct imc_assign *out)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_map_options o = {0};
	bool ok;

	imc_map_add_cuts(s->m, id, as, &o, a);
	ok = o.n > 0 && o.v[0].as.post_adc == as->post_adc;
	if (ok)
		*out = o.v[0].as;
	imc_arena_free(a);
	return ok;
}

static struct form *form_of(struct study *s, const struct imc_assign *as)
{
	struct imc_arena *a = s->cx->scratch;
	struct form *f;

	for (int i = 0; i < s->n_form; i++) {
		f = &s->form[i];
		if (f->bits == as->weight_bits && f->post_adc == as->post_adc)
			return f;
	}
	f = &s->form[s->n_form++];
	f->bits = as->weight_bits;
	f->post_adc = as->post_adc;
	f->has = imc_arena_array(a, s->m->g->n_order + 1, sizeof *f->has);
	f->assign = imc_arena_array(a, s->m->g->n_node, sizeof *f->assign);
	for (size_t i = 0; i < s->m->g->n_node; i++)
		f->assign[i] = imc_map_plain(s->m, IMC_ENGINE_CORES);
	return f;
}

static void list_layer(struct study *s, imc_node_id id)
{
	struct imc_variants v =
		imc_map_variants(s->m, imc_node_at(s->m->g, id));
	bool any = false;

	for (int i = 0; i < v.n; i++) {
		struct imc_assign as;
		struct form *f;

		if (!cut(s, id, &v.v[i], &as))
			continue;
		f = form_of(s, &as);
		f->assign[id.i] = as;
		f->has[s->n_layer] = any = true;
	}
	if (any)
		s->layer[s->n_layer++] = id;
}

/* A layer that a form does not have is there computed in its first way, so
 * that the numbers of activations are those of arrays in all forms. */
static void fill_form(const struct study *s, struct form *f)
{
	for (size_t i = 0; i < s->n_layer; i++)
		for (int k = 0; k < s->n_form && !f->has[i]; k++)
			if (s->form[k].has[i]) {
				f->assign[s->layer[i].i] =
					s->form[k].assign[s->layer[i].i];
				break;
			}
}

static void list_forms(struct study *s)
{
	const struct imc_graph *g = s->m->g;

	s->layer = imc_arena_array(s->cx->scratch, g->n_order + 1,
				   sizeof *s->layer);
	for (size_t i = 0; i < g->n_order; i++)
		if (imc_map_is_matrix(g, imc_node_at(g, g->order[i])))
			list_layer(s, g->order[i]);
	for (int k = 0; k < s->n_form; k++)
		fill_form(s, &s->form[k]);
}

/* ---- networks ---- */

/* Sums as cores have them, of 8-bit weights, between activations with the
 * numbers that they have between arrays. */
static struct imc_module *make_exact(const struct study *s)
{
	struct imc_pass_cx cx = {.scratch = s->cx->scratch};
	struct imc_module *m = imc_module_fork(s->m);
	size_t n = m->g->n_node;
	struct imc_assign *arrays = imc_arena_memdup(
		m->arena, s->form[0].assign, n * sizeof *arrays);
	struct imc_assign *cores = imc_arena_array(m->arena, n, sizeof *cores);

	for (size_t i = 0; i < n; i++)
		cores[i] = imc_map_plain(m, IMC_ENGINE_CORES);
	m->map.n_assign = n;
	m->map.assign = arrays;
	imc_quantise_values(m, &cx);
	m->map.assign = cores;
	imc_quantise_nodes(m, &cx);
	/* what arrays read are codes of their DACs */
	m->map.assign = arrays;
	imc_narrow_activations(m, cx.scratch);
	return m;
}

/* False: reported. */
static bool make_forms(struct study *s)
{
	for (int k = 0; k < s->n_form; k++) {
		s->form[k].m = imc_module_fork(s->m);
		if (!imc_trials_fit(s->form[k].m, s->cx->calib,
				    s->form[k].assign))
			return false;
		if (s->cx->noise && !imc_robust_place(s->form[k].m))
			return false;
		if (s->cx->progress)
			s->cx->progress(s->cx->ui, "measure errors", k + 1,
					s->n_form * (s->n_run + 1));
	}
	return true;
}

/* ---- how many samples ---- */

static int64_t macs_of(const struct imc_module *m, imc_node_id id)
{
	struct imc_matrix mx = imc_matrix_of(m->g, imc_node_at(m->g, id));

	return (int64_t)mx.rows * mx.cols * mx.groups * mx.n_window;
}

static size_t samples_of(const struct study *s)
{
	int64_t behind = 0, sum = 1;

	for (size_t i = s->n_layer; i-- > 0;) {
		behind += macs_of(s->m, s->layer[i]);
		for (int k = 0; k < s->n_form; k++)
			sum += s->form[k].has[i] ? behind * s->n_run : 0;
	}
	return (size_t)imc_clamp(BUDGET / sum, 1, s->cx->calib->n);
}

/* ---- one form ---- */

/* All of its layers, each with every sample. */
struct jobs {
	const struct study *s;
	const struct form *f;
	const struct imc_map_eval *arrays; /* NULL: without noise */
	double *error;			   /* [layer * n_sample + sample] */
};

static void run_job(void *cx, size_t i, size_t thread)
{
	struct jobs *j = cx;
	const struct study *s = j->s;
	size_t layer = i / s->rerun.n_sample, sample = i % s->rerun.n_sample;
	struct imc_map_eval me;
	struct imc_eval_how how = {.compute = imc_map_compute, .cx = &me};

	(void)thread;
	if (!j->f->has[layer])
		return;
	if (j->arrays) {
		me = *j->arrays;
		me.sample = (int64_t)sample;
	}
	j->error[i] =
		imc_rerun_error_by(&s->rerun, sample, j->f->m->g,
				   s->layer[layer], j->arrays ? &how : NULL);
}

static void run_form(struct study *s, int k, const struct imc_map_eval *arrays)
{
	size_t n = s->rerun.n_sample;
	struct imc_arena *a = imc_arena_new();
	struct jobs j = {.s = s, .f = &s->form[k], .arrays = arrays};

	j.error = imc_arena_array(a, s->n_layer * n, sizeof *j.error);
	imc_parallel_for(s->n_layer * n, run_job, &j);
	for (size_t i = 0; i < s->n_layer * n; i++)
		s->error[i / n * (size_t)s->n_form + (size_t)k] += j.error[i];
	imc_arena_free(a);
}

static void run_noisy(struct study *s, int k, int64_t run)
{
	const struct imc_module *f = s->form[k].m;
	struct imc_noise_case c = imc_robust_case(s->m, s->cx->noise, run);
	struct imc_arena *a = imc_arena_new();
	struct imc_images img = imc_map_images(f->g, &f->map, a);
	struct imc_map_eval arrays = {.g = f->g, .m = &f->map, .img = &img};

	arrays.analog = imc_analog_program(f->g, &f->map, &img, &c, a);
	run_form(s, k, &arrays);
	imc_arena_free(a);
}

static void run_forms(struct study *s)
{
	for (int k = 0; k < s->n_form; k++)
		for (int64_t r = 0; r < s->n_run; r++) {
			if (s->cx->noise)
				run_noisy(s, k, r);
			else
				run_form(s, k, NULL);
			if (s->cx->progress)
				s->cx->progress(s->cx->ui, "measure errors",
						s->n_form + k * s->n_run + r +
							1,
						s->n_form * (s->n_run + 1));
		}
}

/* ---- one layer ---- */

/* Bits that were not measured are as good as the next fewer ones, or, below
 * all, worse than the next more by the law of rounding. */
static void fill(double e[9], const bool known[9])
{
	int first = 2;

	while (first <= 8 && !known[first])
		first++;
	if (first > 8)
		return;
	for (int b = first - 1; b >= 2; b--)
		e[b] = 4 * e[b + 1];
	for (int b = first + 1; b <= 8; b++)
		if (!known[b])
			e[b] = e[b - 1];
}

static void take_errors(const struct study *s, size_t layer,
			struct imc_layer_error *out)
{
	double square = s->rerun.square > 0 ? s->rerun.square : 1;
	bool known[2][9] = {{false}};

	for (int k = 0; k < s->n_form; k++) {
		const struct form *f = &s->form[k];
		double sum = s->error[layer * (size_t)s->n_form + (size_t)k];

		if (!f->has[layer])
			continue;
		(f->post_adc ? out->adc : out->weight)[f->bits] =
			fmax(sum, 0) / (square * (double)s->n_run);
		known[f->post_adc][f->bits] = true;
	}
	fill(out->weight, known[0]);
	fill(out->adc, known[1]);
}

/* ---- all of it ---- */

static void measure_layers(struct study *s)
{
	struct imc_module *m = s->m;
	const char *source =
		imc_errors_source(m, s->rerun.n_sample, s->cx->calib);

	s->error =
		imc_arena_array(s->cx->scratch, s->n_layer * (size_t)s->n_form,
				sizeof *s->error);
	run_forms(s);
	m->error = imc_arena_array(m->arena, s->n_layer + 1, sizeof *m->error);
	m->n_error = s->n_layer;
	for (size_t i = 0; i < s->n_layer; i++) {
		m->error[i].node = s->layer[i];
		take_errors(s, i, &m->error[i]);
	}
	m->error_model = source;
	if (s->cx->noise)
		m->error_model = imc_arena_printf(
			m->arena, "%s with the noise of %s, %d sets of devices",
			source, m->robust.model, RUNS);
}

bool imc_variants_measure(struct imc_module *m, struct imc_pass_cx *cx)
{
	struct imc_ends ends = imc_ends_of(m->g, cx->scratch);
	struct study s = {.m = m, .cx = cx, .n_run = cx->noise ? RUNS : 1};
	bool ok;

	list_forms(&s);
	if (s.n_layer == 0)
		return true;
	ok = make_forms(&s);
	if (ok) {
		s.exact = make_exact(&s);
		s.rerun = imc_rerun_open(s.exact->g, m->g, &ends, cx->calib,
					 samples_of(&s), cx->scratch);
		measure_layers(&s);
		imc_module_free(s.exact);
	}
	for (int k = 0; k < s.n_form; k++)
		imc_module_free(s.form[k].m);
	return ok;
}
