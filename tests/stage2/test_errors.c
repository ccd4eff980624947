/* Networks that are tried, and errors of bits in one layer. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "passes/2-quant/choose_bits.h"
#include "tests/check.h"
#include "tests/stage2/lab.h"

#define OK(condition) CHECK(condition, "wrong")

/* The weights of the node that computes v become smaller. */
static void scale_weights(struct lab *l, imc_val v, float by)
{
	const struct imc_graph *g = l->m->g;
	const struct imc_node *n = imc_node_at(g, imc_value_at(g, v)->def);

	for (int k = 1; k < 3; k++) {
		const struct imc_tensor *t = &imc_node_in(g, n, k)->t;
		float *x = t->data;

		for (int64_t i = 0; i < imc_tensor_count(t); i++)
			x[i] *= by;
	}
}

/* Five convolutions; the second adds next to nothing to what the third gives.
 * Ends in the scores of ten classes, or in their softmax. */
static void build(struct lab *l, bool softmax)
{
	imc_val x, a, b;

	lab_open_bits(l, "errors", 1000);
	x = t_conv(&l->b, t_input(&l->b, DIM(1, 3, 8, 8)), 3, 8, 3, 1);
	x = OP(&l->b, RELU, x);
	a = t_conv(&l->b, x, 8, 8, 3, 1);
	scale_weights(l, a, 1e-3f);
	b = t_conv(&l->b, x, 8, 8, 3, 1);
	x = OP(&l->b, RELU, OP(&l->b, ADD, a, b));
	x = OP(&l->b, RELU, t_conv(&l->b, x, 8, 8, 3, 1));
	x = OP(&l->b, GLOBAL_AVERAGE_POOL, x);
	x = t_conv(&l->b, x, 8, 10, 1, 0);
	x = OP(&l->b, RESHAPE, x, t_ints(&l->b, 2, (int64_t[]){1, 10}));
	if (softmax) {
		x = OP(&l->b, SOFTMAX, x);
		t_attrs(&l->b, x)->axis[0] = 1;
	}
	t_output(&l->b, x);
}

/* ---- trials ---- */

static struct imc_score try(struct lab *l, struct imc_trials *t, int bits)
{
	struct imc_score s = {.error = -1, .right = -1};

	lab_all_arrays(l);
	for (int i = 0; i < 5; i++)
		lab_set_bits(l, i, bits, bits);
	OK(imc_trials_run(t, l->m->map.assign, &s));
	return s;
}

static struct imc_trials *open_trials(struct lab *l, const struct imc_judge *j)
{
	struct imc_pass_cx cx = {.calib = &l->calib, .judge = j};

	return imc_trials_open(l->m, &cx, l->a);
}

/* The classes that the float network gives. */
static int64_t *labels_of(const struct lab *l, int64_t offset)
{
	int64_t *class =
		imc_arena_array(l->a, (size_t)l->calib.n, sizeof *class);

	for (int64_t i = 0; i < l->calib.n; i++) {
		for (int64_t k = 1; k < 10; k++)
			if (l->want[i][k] > l->want[i][class[i]])
				class[i] = k;
		class[i] += offset;
	}
	return class;
}

static void check_judges(struct lab *l)
{
	struct imc_judge j = {.samples = &l->calib, .first = 4, .n = 7};
	const struct imc_trials *t;

	j.labels = labels_of(l, -100);
	j.label_offset = 100;
	t = open_trials(l, &j);
	OK(imc_trials_float(t).right >= 100 && imc_trials_float(t).error <= 0);
	j.label_offset = 0; /* no output stands for such a class */
	OK(!open_trials(l, &j));
	OK(l->m->diags->v[l->m->diags->n - 1].id == IMC_D_LABEL_RANGE);
	j.labels = labels_of(l, 0); /* all are wrong */
	for (int64_t i = 0; i < l->calib.n; i++)
		((int64_t *)j.labels)[i] = (j.labels[i] + 1) % 10;
	t = open_trials(l, &j);
	OK(imc_trials_float(t).right <= 0);
	OK(try(l, open_trials(l, &j), 8).right <= 0);
}

static void check_trials(void)
{
	struct imc_score few, more, most, plain, again;
	struct imc_trials *t;
	struct lab l;

	build(&l, false);
	OK(lab_calibrate(&l));
	t = open_trials(&l, NULL);
	OK(imc_trials_float(t).right >= 100 && imc_trials_float(t).error <= 0);
	few = try(&l, t, 3);
	more = try(&l, t, 5);
	most = plain = try(&l, t, 8);
	CHECK(most.right >= 100 && most.error < 1e-3, "%g, %g", most.right,
	      most.error);
	CHECK(most.error < more.error && more.error < few.error, "%g, %g, %g",
	      most.error, more.error, few.error);
	OK(few.error > 1e-3 && few.error < 1);
	check_judges(&l);
	for (int n = 1; n <= 3; n++) {
		setenv("IMC_THREADS", n == 1 ? "1" : n == 2 ? "2" : "7", 1);
		again = try(&l, t, 3);
		OK(!memcmp(&again, &few, sizeof few));
	}
	unsetenv("IMC_THREADS");
	OK(!imc_module_has(l.m, IMC_FACT_QUANTISED)); /* only its forks are */
	lab_close(&l);
	build(&l, true); /* a softmax hides nothing */
	OK(lab_calibrate(&l));
	most = try(&l, open_trials(&l, NULL), 8);
	CHECK(most.error >= plain.error && most.error <= plain.error, "%g, %g",
	      most.error, plain.error);
	lab_close(&l);
}

/* ---- errors of layers ---- */

static bool in_order(const double *e)
{
	for (int b = 2; b < 8; b++)
		if (e[b] < e[b + 1] || !isfinite(e[b]))
			return false;
	return e[8] <= 0;
}

static void check_errors(void)
{
	const struct imc_layer_error *e;
	struct imc_layer_error first[5];
	struct lab l;

	build(&l, false);
	l.m->opt.has_drop = true;
	OK(lab_calibrate(&l)); /* measures as well */
	e = l.m->error;
	OK(l.m->n_error == 5);
	for (int i = 0; i < 5; i++) {
		OK(in_order(e[i].weight) && in_order(e[i].act));
		OK(e[i].weight[3] > 0 || i == 1);
	}
	for (int b = 2; b <= 4; b++)
		CHECK(e[1].weight[b] <= e[2].weight[b] * 5e-2 &&
			      e[1].act[b] <= e[2].act[b] * 5e-2,
		      "%d bits: %g, %g; %g, %g", b, e[1].weight[b],
		      e[2].weight[b], e[1].act[b], e[2].act[b]);
	CHECK(e[2].weight[2] > 1e-3 && e[2].weight[2] < 1, "%g",
	      e[2].weight[2]);
	CHECK(l.m->error_rank > 0.7, "%g", l.m->error_rank);
	CHECK(!strcmp(l.m->error_model, "measured on 16 samples of synthetic"),
	      "%s", l.m->error_model);
	memcpy(first, e, sizeof first);
	OK(imc_layer_error_of(l.m, e[3].node) == &e[3]);
	lab_close(&l);
	setenv("IMC_THREADS", "1", 1);
	build(&l, true);
	l.m->opt.has_drop = true;
	OK(lab_calibrate(&l));
	OK(!memcmp(first, l.m->error, sizeof first));
	unsetenv("IMC_THREADS");
	lab_close(&l);
}

/* The law is for who does not want to measure. */
static void check_law(void)
{
	struct lab l;

	build(&l, false);
	l.m->opt.has_drop = true;
	l.m->opt.error_model = 1;
	OK(lab_calibrate(&l));
	OK(l.m->n_error == 5 && l.m->error_rank <= 0);
	for (int i = 0; i < 5; i++)
		OK(l.m->error[i].act[3] >= 1.0 / 64 &&
		   l.m->error[i].act[3] <= 1.0 / 64);
	lab_close(&l);
}

static void check_rank(void)
{
	const double up[] = {1, 2, 3, 4}, mixed[] = {10, 30, 20, 40};
	const double down[] = {4, 3, 2, 1}, flat[] = {5, 5, 5, 5};
	const double tied[] = {1, 1, 2, 3};

	OK(fabs(imc_rank_correlation(up, up, 4) - 1) < 1e-12);
	OK(fabs(imc_rank_correlation(up, down, 4) + 1) < 1e-12);
	OK(fabs(imc_rank_correlation(up, mixed, 4) - 0.8) < 1e-12);
	OK(fabs(imc_rank_correlation(up, flat, 4)) < 1e-12);
	OK(fabs(imc_rank_correlation(up, tied, 4) - sqrt(0.9)) < 1e-12);
}

int test_errors(void)
{
	check_rank();
	check_trials();
	check_errors();
	check_law();
	return check_result();
}
