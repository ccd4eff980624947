/* Accuracy as part of the choice, where an ADC rounds sums. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "passes/2-quant/choose_bits.h"
#include "passes/2-quant/rerun.h"
#include "tests/check.h"
#include "tests/stage2/lab.h"

#define OK(condition) CHECK(condition, "wrong")
#define N_LAYER 4

/* Four convolutions on cells of four bits; channels of the second are so unlike
 * that one scale for all is bad. Ends in the scores of ten classes. */
static void build(struct lab *l)
{
	imc_val x;
	float *w;

	lab_open(l, "variants", 100);
	l->m->hw->ima_rows = l->m->hw->ima_cols = 128;
	l->m->hw->ima_cell_bits = 4;
	l->m->opt.has_drop = true;
	l->m->opt.max_drop = 100;
	x = t_conv(&l->b, t_input(&l->b, DIM(1, 3, 8, 8)), 3, 8, 3, 1);
	x = OP(&l->b, RELU, x);
	x = t_conv(&l->b, x, 8, 8, 3, 1);
	w = imc_node_in(l->b.g,
			imc_node_at(l->b.g, imc_value_at(l->b.g, x)->def), 1)
		    ->t.data;
	for (int i = 0; i < 4 * 8 * 9; i++)
		w[i] *= 0.05f;
	x = OP(&l->b, RELU, x);
	x = OP(&l->b, RELU, t_conv(&l->b, x, 8, 8, 3, 1));
	x = OP(&l->b, GLOBAL_AVERAGE_POOL, x);
	x = t_conv(&l->b, x, 8, 10, 1, 0);
	t_output(&l->b, x);
}

/* ---- the ways there are ---- */

static struct imc_variants variants_of(struct lab *l)
{
	return imc_map_variants(l->m, lab_node(l, IMC_OP_CONV2D));
}

static void check_variants(void)
{
	struct imc_variants v;
	struct lab l;

	build(&l);
	OK(lab_calibrate(&l));
	v = variants_of(&l);
	OK(v.n == 3 && v.v[0].post_adc && v.v[0].weight_bits == 4);
	OK(!v.v[1].post_adc && v.v[1].slices == 1 && v.v[1].bias_rows == 0);
	OK(!v.v[2].post_adc && v.v[2].weight_bits == 8 && v.v[2].slices == 2);
	l.m->opt.post = 1;
	OK(variants_of(&l).n == 2);
	l.m->opt.post = 2;
	v = variants_of(&l);
	OK(v.n == 1 && v.v[0].post_adc);
	l.m->opt.weight_bits = 8; /* two slices: no code is an activation */
	v = variants_of(&l);
	OK(v.n == 1 && !v.v[0].post_adc && v.v[0].slices == 2);
	l.m->opt.weight_bits = l.m->opt.post = 0;
	l.m->opt.has_drop = false; /* by rule: one way */
	OK(variants_of(&l).n == 1);
	l.m->opt.has_drop = true;
	l.m->hw->ima_cell_bits = 2;
	OK(variants_of(&l).n == 5);
	OK(imc_variants_can(l.m->hw));
	l.m->hw->ima_adc = 1; /* none */
	OK(!imc_variants_can(l.m->hw));
	l.m->hw->ima_adc = 0;
	l.m->hw->ima_tiles = 1;
	OK(!imc_variants_can(l.m->hw));
	lab_close(&l);
}

/* ---- errors ---- */

static void check_errors(void)
{
	struct imc_layer_error first[N_LAYER];
	const struct imc_layer_error *e;
	struct lab l;

	build(&l);
	OK(lab_calibrate(&l));
	e = l.m->error;
	OK(l.m->n_error == N_LAYER);
	OK(!strcmp(l.m->error_model, "measured on 16 samples of synthetic"));
	for (int i = 0; i < N_LAYER; i++) {
		OK(e[i].weight[4] > 0 && e[i].weight[4] < 1);
		CHECK(e[i].weight[8] < e[i].weight[4], "layer %d: %g, %g", i,
		      e[i].weight[8], e[i].weight[4]);
		OK(e[i].weight[2] > e[i].weight[3] &&
		   e[i].weight[6] >= e[i].weight[8]);
		OK(e[i].adc[4] > 0 && e[i].act[8] <= 0);
	}
	CHECK(e[1].adc[4] > e[1].weight[4], "one scale for all: %g, %g",
	      e[1].adc[4], e[1].weight[4]);
	memcpy(first, e, sizeof first);
	lab_close(&l);
	setenv("IMC_THREADS", "1", 1);
	build(&l);
	OK(lab_calibrate(&l));
	OK(!memcmp(first, l.m->error, sizeof first));
	unsetenv("IMC_THREADS");
	lab_close(&l);
}

/* ---- other numbers ---- */

/* What one node does more on all samples, as a part of the output. */
static double more_error(const struct imc_rerun *r, const struct imc_module *f,
			 imc_node_id id)
{
	double sum = 0;

	for (size_t i = 0; i < r->n_sample; i++)
		sum += imc_rerun_error(r, i, f->g, id);
	return sum / r->square;
}

/* A network whose first activation has codes of twice the step: in the place
 * of the node before it, or behind it, that costs little. */
static void check_numbers(void)
{
	struct imc_assign *cores;
	struct imc_module *f[2];
	struct imc_rerun r;
	struct imc_ends ends;
	imc_node_id id[2];
	struct lab l;

	build(&l);
	OK(lab_calibrate(&l));
	id[0] = l.m->g->order[0];
	id[1] = l.m->g->order[1];
	cores = imc_arena_array(l.a, l.m->g->n_node, sizeof *cores);
	for (size_t i = 0; i < l.m->g->n_node; i++)
		cores[i] = imc_map_plain(l.m, IMC_ENGINE_CORES);
	for (int k = 0; k < 2; k++) {
		struct imc_value *v;

		f[k] = imc_module_fork(l.m);
		v = imc_node_out(f[k]->g, imc_node_at(f[k]->g, id[0]), 0);
		v->hi *= k ? 2 : 1;
		v->lo *= k ? 2 : 1;
		OK(imc_trials_fit(f[k], &l.calib, cores));
	}
	ends = imc_ends_of(l.m->g, l.a);
	r = imc_rerun_open(f[0]->g, l.m->g, &ends, &l.calib, 4, l.a);
	for (int k = 0; k < 2; k++) {
		double e = more_error(&r, f[1], id[k]);

		OK(fabs(more_error(&r, f[0], id[k])) <= 0);
		CHECK(fabs(e) > 0 && fabs(e) < 1e-3, "node %d: %g", k, e);
	}
	for (int k = 0; k < 2; k++)
		imc_module_free(f[k]);
	lab_close(&l);
}

/* ---- choices ---- */

/* The trial that was taken, of a choice with these options; bad: NULL. */
static const struct imc_trial *choose(struct lab *l, double drop, int post)
{
	struct imc_pass_run how = {.calib = &l->calib,
				   .stop_after = "choose_engine",
				   .verify = true};
	const struct imc_trial *taken = NULL;

	l->m->facts &= ~(1u << IMC_FACT_ASSIGNED);
	l->m->n_trial = 0;
	l->m->opt.max_drop = drop;
	l->m->opt.post = post;
	OK(imc_passes_run(l->m, &how));
	for (size_t i = 0; i < l->m->n_trial; i++)
		if (l->m->trial[i].taken)
			taken = &l->m->trial[i];
	OK(taken != NULL);
	return taken;
}

static int n_post_adc(const struct lab *l)
{
	int n = 0;

	for (size_t i = 0; i < l->m->map.n_assign; i++)
		n += l->m->map.assign[i].engine == IMC_ENGINE_CROSSBAR &&
		     l->m->map.assign[i].post_adc;
	return n;
}

static double predicted(const struct lab *l)
{
	double sum = 0;

	for (size_t i = 0; i < l->m->n_error; i++)
		sum += imc_layer_error_as(
			&l->m->error[i],
			&l->m->map.assign[l->m->error[i].node.i]);
	return sum;
}

/* What is assigned is what was tried. */
static void check_taken(struct lab *l, const struct imc_trial *t)
{
	struct imc_pass_cx cx = {.calib = &l->calib};
	struct imc_trials *j = imc_trials_open(l->m, &cx, l->a);
	struct imc_score s;

	OK(imc_trials_run(j, l->m->map.assign, &s));
	OK(fabs(s.error - t->error) <= 0 && fabs(s.right - t->right) <= 0);
	CHECK(fabs(predicted(l) - t->predicted) < 1e-9, "%g, not %g",
	      predicted(l), t->predicted);
	OK(t->predicted <= t->budget * (1 + 1e-6));
	OK(l->m->map.bound_ns > 0 && l->m->map.bound_ns <= t->value);
}

/* From all-digital to all-adc: whatever is allowed, it is never slower than
 * what is digital under the same budget. */
static void check_choices(void)
{
	static const double drop[] = {0, 5, 20, 100};
	struct imc_trial digital, adc, t;
	double last = INFINITY;
	struct lab l;

	build(&l);
	OK(lab_calibrate(&l));
	digital = *choose(&l, 100, 1);
	OK(n_post_adc(&l) == 0);
	check_taken(&l, &digital);
	adc = *choose(&l, 100, 2);
	OK(n_post_adc(&l) == N_LAYER);
	OK(adc.value < digital.value && adc.error > digital.error);
	for (size_t i = 0; i < sizeof drop / sizeof *drop; i++) {
		t = *choose(&l, drop[i], 0);
		OK(t.drop <= drop[i] || lab_said(&l, IMC_D_DROP_MISSED));
		check_taken(&l, &t);
		CHECK(t.value <= last * 1.05, "drop %g: %g ns after %g",
		      drop[i], t.value, last);
		last = t.value;
		for (size_t k = 0; k < l.m->n_trial; k++)
			OK(l.m->trial[k].budget < digital.predicted ||
			   l.m->trial[k].value <= digital.value * (1 + 1e-9));
	}
	OK(t.value <= adc.value * (1 + 1e-9));
	OK(lab_run(&l, false));
	lab_close(&l);
}

/* What a fork is brought to, by whatever passes there are between. */
static void check_fit(void)
{
	struct imc_module *f;
	struct lab l;

	build(&l);
	OK(lab_calibrate(&l));
	choose(&l, 100, 0);
	f = imc_module_fork(l.m);
	OK(imc_trials_fit(f, &l.calib, l.m->map.assign));
	OK(imc_module_has(f, IMC_FACT_FITTED) &&
	   !imc_module_has(f, IMC_FACT_TILED));
	OK(!imc_module_has(l.m, IMC_FACT_QUANTISED));
	imc_module_free(f);
	lab_close(&l);
}

int test_variants(void)
{
	check_variants();
	check_errors();
	check_numbers();
	check_choices();
	check_fit();
	return check_result();
}
