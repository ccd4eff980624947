/* Mappings that are chosen under device noise. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hwdesc/noise_model.h"
#include "passes/2-quant/choose_robust.h"
#include "tests/check.h"
#include "tests/stage2/lab.h"

#define OK(condition) CHECK(condition, "wrong")

/* Two convolutions of the same size whose outputs are added: what noise does
 * to the first is much, to the second hardly anything. */
struct pair {
	struct lab l;
	struct imc_noise *noise;
	imc_node_id strong, weak;
};

static imc_node_id maker(struct lab *l, imc_val v)
{
	return imc_value_at(l->b.g, v)->def;
}

static void weaken(struct lab *l, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(l->b.g, id);

	for (int k = 1; k < n->n_in; k++) {
		const struct imc_tensor *t = &imc_node_in(l->b.g, n, k)->t;
		float *w = t->data;

		for (int64_t i = 0; i < imc_tensor_count(t); i++)
			w[i] *= 0.02f;
	}
}

static void open(struct pair *p)
{
	struct lab *l = &p->l;
	imc_val x, a, b;

	lab_open(l, "robust", 100);
	l->m->hw->ima_rows = l->m->hw->ima_cols = 128;
	l->m->hw->ima_cell_bits = 4;
	l->m->opt.post = 1;
	x = t_input(&l->b, DIM(1, 8, 8, 8));
	a = t_conv(&l->b, x, 8, 8, 3, 1);
	b = t_conv(&l->b, x, 8, 8, 3, 1);
	p->strong = maker(l, a);
	p->weak = maker(l, b);
	weaken(l, p->weak);
	x = OP(&l->b, ADD, a, b);
	t_output(&l->b, OP(&l->b, GLOBAL_AVERAGE_POOL, x));
	OK(lab_calibrate(l));
	OK(l->m->n_error == 0); /* by rule, there is nothing to choose */
	p->noise = imc_noise_new(l->a);
	OK(imc_noise_set(p->noise, "program.c0", "2", IMC_NOWHERE, &l->d));
	l->m->robust.model = "test";
	l->m->robust.runs = 3;
}

static bool run(struct pair *p, const char *last)
{
	struct imc_pass_run how = {.calib = &p->l.calib,
				   .noise = p->noise,
				   .stop_after = last,
				   .verify = true};

	p->l.m->facts &= ~(1u << IMC_FACT_MEASURED | 1u << IMC_FACT_ASSIGNED);
	p->l.m->n_trial = p->l.m->n_error = 0;
	return imc_passes_run(p->l.m, &how);
}

static const struct imc_assign *assign_of(const struct pair *p, imc_node_id id)
{
	return &p->l.m->map.assign[id.i];
}

static void check_errors(const struct pair *p)
{
	const struct imc_layer_error *strong =
		imc_layer_error_of(p->l.m, p->strong);
	const struct imc_layer_error *weak =
		imc_layer_error_of(p->l.m, p->weak);

	OK(strong && weak);
	CHECK(strong->weight[4] > 100 * weak->weight[4], "%g and %g",
	      strong->weight[4], weak->weight[4]);
	/* noise of the upper slice is that of the only one */
	CHECK(strong->weight[8] > 0.3 * strong->weight[4], "%g and %g",
	      strong->weight[8], strong->weight[4]);
	OK(strstr(p->l.m->error_model, "with the noise of test") != NULL);
}

static void check_plain(const struct pair *p)
{
	const struct imc_robust *r = &p->l.m->robust;

	OK(r->n_plain == 2 && r->plain_arrays == 1);
	for (int i = 0; i < 2; i++)
		OK(r->plain[i].engine == IMC_ENGINE_CROSSBAR &&
		   r->plain[i].weight_bits == 4 && !r->plain[i].post_adc);
	OK(r->plain_ns > 0 && r->plain_pj > 0 && r->plain_error > 0);
	OK(r->plain_worst <= r->plain_right && r->plain_std >= 0);
}

/* However much may be spent, what noise hardly hurts stays where it is fast. */
static void check_one(struct pair *p)
{
	struct imc_module *m = p->l.m;

	m->opt.slack = 1e6;
	OK(run(p, "choose_engine"));
	check_errors(p);
	check_plain(p);
	OK(assign_of(p, p->strong)->engine == IMC_ENGINE_CORES);
	OK(assign_of(p, p->weak)->engine == IMC_ENGINE_CROSSBAR);
	OK(m->n_trial == 1 && m->trial[0].taken);
	OK(m->trial[0].value > m->robust.plain_ns);
	CHECK(m->trial[0].error < m->robust.plain_error / 20, "%g and %g",
	      m->trial[0].error, m->robust.plain_error);
	OK(m->trial[0].worst <= m->trial[0].right);
	m->opt.slack = 0.7 * 100 * (m->trial[0].value / m->robust.plain_ns - 1);
	OK(run(p, "choose_engine")); /* too little to move it */
	OK(assign_of(p, p->strong)->engine == IMC_ENGINE_CROSSBAR);
	OK(m->trial[0].value <= m->robust.plain_ns * (1 + m->opt.slack / 100));
	m->opt.slack = 1e6;
	OK(run(p, NULL));
	OK(m->n_trial == 1 && imc_module_has(m, IMC_FACT_PLANNED));
}

/* The largest drop holds for what noise leaves. */
static void check_drop(struct pair *p)
{
	struct imc_module *m = p->l.m;
	double lost = 100 - m->robust.plain_right;

	OK(lost > 0);
	m->opt.has_drop = true;
	m->opt.max_drop = lost / 2;
	OK(run(p, "choose_engine"));
	OK(m->n_trial > 1);
	OK(assign_of(p, p->strong)->engine == IMC_ENGINE_CORES);
	OK(assign_of(p, p->weak)->engine == IMC_ENGINE_CROSSBAR);
	for (size_t i = 0; i < m->n_trial; i++)
		OK(!m->trial[i].taken || m->trial[i].drop <= lost / 2);
}

static void check_threads(struct pair *p)
{
	struct imc_layer_error first[2];
	struct imc_trial trial;

	OK(run(p, "choose_engine"));
	memcpy(first, p->l.m->error, sizeof first);
	trial = p->l.m->trial[0];
	setenv("IMC_THREADS", "1", 1);
	OK(run(p, "choose_engine"));
	unsetenv("IMC_THREADS");
	OK(!memcmp(first, p->l.m->error, sizeof first));
	OK(!memcmp(&trial.error, &p->l.m->trial[0].error, sizeof(double)) &&
	   !memcmp(&trial.std, &p->l.m->trial[0].std, sizeof(double)));
}

/* Devices are not those that an evaluation draws. */
static void check_case(const struct pair *p)
{
	struct imc_noise_case c = imc_robust_case(p->l.m, p->noise, 2);

	OK(c.run == 2 && c.noise == p->noise && c.cell_max > 1);
	OK(c.seed != p->l.m->opt.seed);
}

int test_robust(void)
{
	struct pair p;

	open(&p);
	check_case(&p);
	check_one(&p);
	lab_close(&p.l);
	open(&p);
	p.l.m->opt.slack = 10;
	check_threads(&p);
	check_drop(&p);
	lab_close(&p.l);
	return check_result();
}
