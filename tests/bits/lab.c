/* The judge here is a formula in place of a network that is run, so that the
 * best answer is known. */
#include "tests/bits/lab.h"

#include <math.h>
#include <string.h>

#include "hwdesc/hw.h"
#include "ir/text.h"
#include "passes/2-quant/choose_bits.h"
#include "tests/check.h"

/* Four layers, each with a quarter of the pixels of the one before, and errors
 * that are unlike. */
static const char net[] =
	"imcc-module 1\n"
	"model \"net\"\n"
	"facts shaped folded canonical nhwc ranged measured\n"
	"hw name small\nhw ima.arrays 64\nhw ima.rows 16\nhw ima.cols 16\n"
	"hw ima.cell_bits 1\nhw ima.slices arrays\nhw ima.tiles own\n"
	"hw ima.pulse_bits 1\nhw ima.rows_at_once 9\nhw ima.adc_bits 4\n"
	"hw ima.mvm_ns 20\nhw ima.active_arrays 64\nhw vector.arrays 8\n"
	"graph \"net\" nhwc\n"
	"value %0 \"x\" f32[1,32,32,2] range -2 2\n"
	"const %1 \"w\" f32[2,1,1,2] = {1 -2 3 -4}\n"
	"value %2 \"a\" f32[1,16,16,2] range 0 4\n"
	"value %3 \"b\" f32[1,8,8,2] range 0 4\n"
	"value %4 \"c\" f32[1,4,4,2] range 0 4\n"
	"value %5 \"y\" f32[1,2,2,2] range 0 4\n"
	"input %0\n"
	"node n0 conv2d \"one\" (%0 %1) -> (%2) kernel=1,1 stride=2,2\n"
	"node n1 conv2d \"two\" (%2 %1) -> (%3) kernel=1,1 stride=2,2\n"
	"node n2 conv2d \"three\" (%3 %1) -> (%4) kernel=1,1 stride=2,2\n"
	"node n3 conv2d \"four\" (%4 %1) -> (%5) kernel=1,1 stride=2,2\n"
	"output %5\n";

/* ---- the judge ---- */

double lab_noise(const struct imc_module *m, const struct imc_assign *assign)
{
	double sum = 0;

	for (size_t i = 0; i < m->n_error; i++) {
		const struct imc_layer_error *e = &m->error[i];
		const struct imc_assign *as = &assign[e->node.i];

		sum += e->weight[as->weight_bits] + e->act[as->act_bits];
	}
	return sum;
}

/* Percent of the samples for an error: none up to 0.01, then quickly more, in
 * steps of a sample in a hundred. */
double lab_loss(double error)
{
	return floor(40 * fmax(0, log10(error / 0.01)) + 0.5);
}

struct imc_trials {
	const struct imc_module *m;
	int n;
};

/* The one that is open: the loop keeps it to itself. */
struct imc_trials *imc_trials_open(const struct imc_module *m,
				   const struct imc_pass_cx *cx,
				   struct imc_arena *a)
{
	struct imc_trials *t = imc_arena_alloc(a, sizeof *t);

	OK(cx->scratch == a);
	t->m = m;
	t->n = 0;
	return t;
}

struct imc_score imc_trials_float(const struct imc_trials *t)
{
	OK(t->m != NULL);
	return (struct imc_score){.right = 90};
}

bool imc_trials_run(struct imc_trials *t, const struct imc_assign *assign,
		    struct imc_score *out)
{
	double e = lab_noise(t->m, assign);

	t->n++;
	*out = (struct imc_score){.error = e, .right = 90 - lab_loss(e)};
	return true;
}

/* No test here asks for device arithmetic. */
void imc_trials_measure(struct imc_trials *t, const struct imc_module *f,
			struct imc_score *out)
{
	(void)f;
	OK(t == NULL);
	*out = (struct imc_score){0};
}

bool imc_trials_fit(struct imc_module *fork, const struct imc_samples *calib,
		    const struct imc_assign *assign)
{
	(void)calib;
	(void)assign;
	OK(fork == NULL);
	return false;
}

/* ---- a run of the pass ---- */

static void tried(void *ui, const struct imc_module *m)
{
	struct lab *r = ui;

	r->n_told++;
	OK((int)m->n_trial == r->n_told);
}

static void add_errors(struct imc_module *m)
{
	static const double part[] = {1, 30, 0.2, 5};

	m->n_error = 4;
	m->error = imc_arena_array(m->arena, 4, sizeof *m->error);
	for (uint32_t i = 0; i < 4; i++) {
		m->error[i].node.i = i;
		for (int b = 2; b <= 8; b++) {
			m->error[i].weight[b] = part[i] * pow(4, -b);
			m->error[i].act[b] = part[3 - i] * pow(4, -b);
		}
	}
}

void lab_begin(struct lab *r, int arrays)
{
	*r = (struct lab){.a = imc_arena_new()};
	r->d.arena = r->a;
	r->m = imc_text_parse("net.imc", net, strlen(net), NULL, 0,
			      &imc_hw_text, &r->d);
	OK(r->m != NULL);
	r->m->hw->ima_arrays = arrays;
	add_errors(r->m);
	r->m->opt.has_drop = true;
}

void lab_go(struct lab *r)
{
	struct imc_pass_cx cx = {.scratch = r->a, .tried = tried, .ui = r};

	r->ok = imc_pass_choose_engine(r->m, &cx);
}

void lab_end(struct lab *r)
{
	imc_module_free(r->m);
	imc_arena_free(r->a);
}

double lab_latency(const struct imc_module *m)
{
	double ns = m->map.narrow.ns;

	for (size_t i = 0; i < m->map.n_assign; i++)
		ns += m->map.assign[i].cost.ns;
	return ns;
}

const struct imc_trial *lab_taken(const struct imc_module *m)
{
	const struct imc_trial *t = NULL;

	for (size_t i = 0; i < m->n_trial; i++)
		if (m->trial[i].taken) {
			OK(t == NULL);
			t = &m->trial[i];
		}
	return t;
}

int lab_result(void)
{
	return check_result();
}
