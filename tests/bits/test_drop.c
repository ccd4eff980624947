/* The loop that looks for the error budget with which a network is just good
 * enough. The judge here is a formula in place of a network that is run, so
 * that the best answer is known. */
#include <math.h>
#include <string.h>

#include "hwdesc/hw.h"
#include "ir/text.h"
#include "passes/2-quant/choose_spatial.h"
#include "tests/check.h"

#define OK(condition) CHECK(condition, "wrong")

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

static double noise_of(const struct imc_module *m,
		       const struct imc_assign *assign)
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
static double loss(double error)
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
	return (struct imc_score){0, 90};
}

bool imc_trials_run(struct imc_trials *t, const struct imc_assign *assign,
		    struct imc_score *out)
{
	double e = noise_of(t->m, assign);

	t->n++;
	*out = (struct imc_score){e, 90 - loss(e)};
	return true;
}

/* ---- a run of the pass ---- */

struct run {
	struct imc_diags d;
	struct imc_arena *a;
	struct imc_module *m;
	bool ok;
	int n_told;
};

static void tried(void *ui, const struct imc_module *m)
{
	struct run *r = ui;

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

static void begin(struct run *r, int arrays)
{
	*r = (struct run){.a = imc_arena_new()};
	r->d.arena = r->a;
	r->m = imc_text_parse("net.imc", net, strlen(net), NULL, 0,
			      &imc_hw_text, &r->d);
	OK(r->m != NULL);
	r->m->hw->ima_arrays = arrays;
	add_errors(r->m);
	r->m->opt.has_drop = true;
}

static void go(struct run *r)
{
	struct imc_pass_cx cx = {.scratch = r->a, .tried = tried, .ui = r};

	r->ok = imc_pass_choose_engine(r->m, &cx);
}

static void end(struct run *r)
{
	imc_module_free(r->m);
	imc_arena_free(r->a);
}

static double latency(const struct imc_module *m)
{
	double ns = 0;

	for (size_t i = 0; i < m->map.n_assign; i++)
		ns += m->map.assign[i].cost.ns;
	return ns;
}

static const struct imc_trial *taken(const struct imc_module *m)
{
	const struct imc_trial *t = NULL;

	for (size_t i = 0; i < m->n_trial; i++)
		if (m->trial[i].taken) {
			OK(t == NULL);
			t = &m->trial[i];
		}
	return t;
}

/* The least latency of a fine sweep over budgets that lose at most `drop`. */
static double best_of_sweep(int arrays, double drop)
{
	double best = INFINITY;
	struct run r;

	for (double bits = 2; bits <= 8; bits += 0.1) {
		begin(&r, arrays);
		r.m->opt.has_drop = false;
		r.m->opt.budget_bits = bits;
		go(&r);
		if (r.ok && loss(noise_of(r.m, r.m->map.assign)) <= drop)
			best = fmin(best, latency(r.m));
		end(&r);
	}
	return best;
}

/* ---- the checks ---- */

static void test_converges(int arrays, double drop)
{
	double best = best_of_sweep(arrays, drop);
	struct run r;

	begin(&r, arrays);
	r.m->opt.max_drop = drop;
	go(&r);
	OK(r.ok && r.d.n == 0 && r.n_told > 0 && r.n_told <= 12);
	OK(taken(r.m) && taken(r.m)->drop <= drop);
	OK(fabs(taken(r.m)->value - latency(r.m)) < 1e-6 * latency(r.m));
	CHECK(latency(r.m) <= best * 1.03, "%g ns, where %g are possible",
	      latency(r.m), best);
	end(&r);
}

static void test_few_trials(void)
{
	struct run r;

	begin(&r, 64);
	r.m->opt.max_drop = 1;
	r.m->opt.max_trials = 3;
	go(&r);
	OK(r.ok && r.n_told == 3 && taken(r.m));
	end(&r);
}

/* 8 bits everywhere are the best there is. */
static void test_missed(void)
{
	struct run r;

	begin(&r, 64);
	for (size_t i = 0; i < 4; i++)
		r.m->error[i].weight[8] = r.m->error[i].act[8] = 0.1;
	for (size_t i = 0; i < 4; i++)
		for (int b = 2; b < 8; b++)
			r.m->error[i].weight[b] = r.m->error[i].act[b] =
				0.1 * (10 - b);
	r.m->opt.max_drop = 1;
	go(&r);
	OK(r.ok && r.d.n == 1 && r.d.v[0].id == IMC_D_DROP_MISSED);
	OK(strstr(r.d.v[0].body, "8 bits everywhere lose 76.00 %") != NULL);
	for (size_t i = 0; i < 4; i++)
		OK(r.m->map.assign[i].weight_bits == 8 &&
		   r.m->map.assign[i].act_bits == 8);
	end(&r);
}

/* The arrays hold too few bits: the best of what fits is taken. */
static void test_too_few(void)
{
	struct run r;

	begin(&r, 9);
	r.m->opt.max_drop = 1;
	go(&r);
	OK(r.ok && r.d.n == 1 && r.d.v[0].id == IMC_D_DROP_MISSED);
	OK(taken(r.m) && taken(r.m)->drop > 1);
	end(&r);
	begin(&r, 7);
	go(&r);
	OK(!r.ok && r.d.n == 1 && r.d.v[0].id == IMC_D_NO_ROOM);
	end(&r);
}

/* A budget on top of the drop: whichever is tighter. */
static void test_budget(void)
{
	struct run r;

	begin(&r, 64);
	r.m->opt.max_drop = 100;
	r.m->opt.budget_bits = 6;
	go(&r);
	OK(r.ok && noise_of(r.m, r.m->map.assign) <=
			   imc_bit_budget(r.m, 6) * (1 + 1e-9));
	end(&r);
}

static void test_interpolation(void)
{
	struct run r;
	double lo, hi;

	begin(&r, 64);
	lo = imc_bit_budget(r.m, 5);
	hi = imc_bit_budget(r.m, 6);
	OK(fabs(imc_bit_budget(r.m, 5.5) - sqrt(lo * hi)) < 1e-12);
	OK(imc_bit_budget(r.m, 8) == imc_bit_budget(r.m, 9));
	end(&r);
}

int main(void)
{
	for (int drop = 0; drop <= 20; drop += 5) {
		test_converges(64, drop);
		test_converges(32, drop);
	}
	test_few_trials();
	test_missed();
	test_too_few();
	test_budget();
	test_interpolation();
	return check_result();
}
