/* Residual weights: which are chosen, what they gain, and what is refused. */
#include <math.h>
#include <string.h>

#include "ir/num.h"
#include "ir/residual.h"
#include "passes/2-quant/residual_choice.h"
#include "tests/check.h"
#include "tests/stage2/lab.h"

#define OK(condition) CHECK(condition, "wrong")

#define K 6
#define TAPS 4
#define C 20
#define SIZE (K * TAPS * C)

/* A layer of random weights in cells of `bits` bits. */
struct sample {
	struct imc_residual_layer l;
	float w[SIZE], scale[K];
	int8_t code[SIZE];
	double power[2 * C];
};

static double next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (double)(*seed >> 40) * 0x1p-23 - 1;
}

static void open_sample(struct sample *s, uint64_t seed, int bits, int groups)
{
	double max = imc_cell_max(bits);

	memset(s, 0, sizeof *s);
	s->l = (struct imc_residual_layer){.k = K,
					   .taps = TAPS,
					   .c = C,
					   .groups = groups,
					   .slices = 1,
					   .slice_bits = bits,
					   .w = s->w,
					   .scale = s->scale,
					   .code = s->code,
					   .power = s->power};
	for (int c = 0; c < 2 * C; c++)
		s->power[c] = 1 + next(&seed) / 2;
	for (int k = 0; k < K; k++)
		s->scale[k] = (float)(1 + next(&seed) / 2);
	for (int i = 0; i < SIZE; i++) {
		double w = max * next(&seed);

		s->w[i] = (float)w * s->scale[i / TAPS / C];
		s->code[i] = (int8_t)imc_slice_round(w, 1, bits);
	}
}

/* Groups of `group` weights that hold a residual, by their first weight. */
static int64_t kept(const struct sample *s, int32_t group)
{
	struct imc_tensor t = {.dtype = IMC_I8,
			       .rank = 4,
			       .dim = {K, 2, 2, C},
			       .data = s->l.residual};

	return s->l.residual ? imc_residual_count(&t, group) : 0;
}

/* Groups with weights far beyond the cells are the ones that are kept, by
 * what their inputs weigh. */
static void test_outliers(void)
{
	struct imc_residual_rules rules = {4, 3, 0, {0}};
	static const int at[] = {3, 77, 130, 301, 444};
	struct imc_arena *a = imc_arena_new();
	struct sample s;

	open_sample(&s, 3, 3, 1);
	for (int i = 0; i < SIZE; i++)
		s.w[i] = (float)s.code[i] * s.scale[i / TAPS / C];
	for (size_t i = 0; i < 5; i++)
		s.w[at[i]] = 5 * s.scale[at[i] / TAPS / C] *
			     (s.code[at[i]] < 0 ? -1 : 1);
	OK(imc_residual_fill(&rules, &s.l, 1, 5, a) == 5);
	OK(kept(&s, 4) == 5);
	for (size_t i = 0; i < 5; i++)
		CHECK(s.l.residual[at[i]] != 0, "outlier %d", at[i]);
	for (int i = 0; i < SIZE; i++)
		CHECK(s.l.residual[i] == 0 ||
			      fabsf(s.w[i]) > 3 * s.scale[i / TAPS / C],
		      "weight %d", i);
	imc_arena_free(a);

	/* of two alike the one whose input is larger */
	a = imc_arena_new();
	open_sample(&s, 3, 3, 1);
	for (int i = 0; i < SIZE; i++) {
		s.scale[i / TAPS / C] = 1;
		s.w[i] = s.code[i];
	}
	for (int c = 0; c < C; c++)
		s.power[c] = c == 9 ? 2 : 1;
	s.w[2 * C + 1] = s.w[2 * C + 9] = 6;
	s.code[2 * C + 1] = s.code[2 * C + 9] = 3;
	OK(imc_residual_fill(&rules, &s.l, 1, 1, a) == 1);
	OK(s.l.residual[2 * C + 9] == 3 && s.l.residual[2 * C + 1] == 0);
	imc_arena_free(a);
}

/* Fine residuals where cells round, whole weights where they spread. */
static void test_shift(void)
{
	struct imc_residual_rules rules = {4, 3, 3, {0}};
	struct imc_arena *a = imc_arena_new();
	int64_t empty = 0, same = 0;
	struct sample s, old;

	open_sample(&s, 5, 3, 1);
	old = s;
	OK(imc_residual_fill(&rules, &s.l, 1, SIZE, a) > 0);
	CHECK(s.l.shift >= 2, "shift %d", (int)s.l.shift);
	OK(!memcmp(s.code, old.code, SIZE));
	open_sample(&s, 5, 3, 1);
	rules.sigma[0] = rules.sigma[1] = rules.sigma[2] = 1;
	OK(imc_residual_fill(&rules, &s.l, 1, SIZE, a) > 0);
	CHECK(s.l.shift == 0, "shift %d", (int)s.l.shift);
	for (int i = 0; i < SIZE; i++) {
		empty += old.code[i] && !s.code[i];
		same += old.code[i] == s.code[i];
		OK(s.code[i] * old.code[i] >= 0 &&
		   s.code[i] * s.code[i] <= old.code[i] * old.code[i]);
	}
	CHECK(empty > SIZE / 2, "%d empty, %d kept", (int)empty, (int)same);
	imc_arena_free(a);
}

/* What is lost with so many groups, of two layers at once. */
static double loss_with(const struct imc_residual_rules *rules, uint64_t seed,
			int64_t n_group, int64_t *used)
{
	struct imc_arena *a = imc_arena_new();
	static struct sample s[2];
	struct imc_residual_layer l[2];
	double sum;

	open_sample(&s[0], seed, 3, 1);
	open_sample(&s[1], seed + 1, 4, 2);
	l[0] = s[0].l;
	l[1] = s[1].l;
	imc_residual_fill(rules, l, 2, n_group, a);
	s[0].l = l[0];
	s[1].l = l[1];
	*used = kept(&s[0], rules->group) + kept(&s[1], rules->group);
	sum = imc_residual_loss(rules, &l[0]) + imc_residual_loss(rules, &l[1]);
	imc_arena_free(a);
	return sum;
}

/* More room never loses more, and is not overdrawn. */
static void test_budgets(void)
{
	static const double sigma[] = {0, 0.1, 0.3, 1};

	for (int i = 0; i < 24; i++) {
		struct imc_residual_rules rules = {
			1 + i % 7,
			2 + i % 3,
			i % 4,
			{sigma[i / 6], sigma[i / 6], sigma[i / 6]}};
		uint64_t seed = (uint64_t)i * 17 + 1;
		double last = INFINITY, first = 0, loss = 0;

		for (int64_t n = 0; n < 400; n += 1 + n / 3) {
			int64_t used;

			loss = loss_with(&rules, seed, n, &used);
			CHECK(used <= n, "%d of %d groups", (int)used, (int)n);
			CHECK(loss <= last * (1 + 1e-6),
			      "case %d: %g with %d, "
			      "then %g",
			      i, last, (int)n, loss);
			first = n ? first : loss;
			last = loss;
		}
		/* whole steps are no help against rounding */
		CHECK(loss < 0.9 * first || (rules.max_shift == 0 && i < 6),
		      "case %d: %g of %g", i, loss, first);
	}
}

/* E[(exp(sigma * normal) - 1)^2], summed up. */
static double sampled_spread(double sigma)
{
	double sum = 0, all = 0;

	for (int i = -4000; i <= 4000; i++) {
		double x = i / 500.0, p = exp(-x * x / 2);

		sum += p * pow(exp(sigma * x) - 1, 2);
		all += p;
	}
	return sum / all;
}

static void test_spread(void)
{
	static const double same[3] = {0.3, 0.3, 0.3}, none[3] = {0};
	static const double three[3] = {0.3, 0.2, 0.1};
	double s = sampled_spread(0.3), is;

	is = imc_cell_spread(same, -3, 1, 4);
	CHECK(fabs(is - 9 * s) < 1e-5, "%g, not %g", is, 9 * s);
	/* 37 = 2 * 16 + 5 */
	is = imc_cell_spread(same, 37, 2, 4);
	CHECK(fabs(is - (1024 + 25) * s) < 1e-3, "%g", is);
	OK(fabs(imc_cell_spread(none, 7, 1, 4)) < 1e-12);
	for (int q = 1; q <= 3; q++) {
		s = q * q * sampled_spread(0.4 - 0.1 * q);
		is = imc_cell_spread(three, q, 1, 3);
		CHECK(fabs(is - s) < 1e-6, "code %d: %g, not %g", q, is, s);
	}
	/* 5 of 7 lies a seventh of the way from 2/3 to 1; 1 below 1/3 */
	s = 25 * sampled_spread(0.2 - 0.1 / 7);
	is = imc_cell_spread(three, 5, 1, 4);
	CHECK(fabs(is - s) < 1e-6, "%g, not %g", is, s);
	is = imc_cell_spread(three, 1, 1, 4);
	CHECK(fabs(is - sampled_spread(0.3)) < 1e-6, "%g", is);
}

/* ---- whole networks ---- */

static void open_net(struct lab *l, const char *name, bool exact)
{
	imc_val x;

	lab_open(l, name, 40);
	l->m->hw->ima_cell_bits = 3;
	l->m->hw->ima_adc = exact;
	l->m->hw->sram_macs_per_cycle = 16;
	l->m->hw->sram_group = 8;
	l->m->opt.weight_bits = 3;
	x = t_conv(&l->b, t_input(&l->b, DIM(1, 12, 9, 9)), 12, 16, 3, 1);
	x = OP(&l->b, RELU, x);
	t_output(&l->b, t_conv(&l->b, x, 16, 10, 3, 0));
}

static double mean_error(struct lab *l)
{
	double sum = 0;
	int64_t n = 0;

	for (size_t s = 0; s < 16; s++) {
		struct imc_tensor in =
			imc_value_at(l->m->g, l->m->g->input[0])->t;
		struct imc_tensor *out;
		const float *x;

		in.dtype = IMC_F32;
		in.data = l->calib.x[0] + (int64_t)s * l->calib.size[0];
		out = t_eval(l->m->g, &in, l->a);
		x = out[0].data;
		for (int64_t i = 0; i < imc_tensor_count(&out[0]); i++, n++)
			sum += pow((double)x[i] - (double)l->want[s][i], 2);
	}
	return sum / (double)n;
}

/* Graph, map and plan agree, and outputs come nearer to those of floats. */
static void test_nets(void)
{
	for (int exact = 0; exact < 2; exact++) {
		double error[3];

		for (int i = 0; i < 3; i++) {
			static const double percent[] = {0, 30, 150};
			struct lab l;

			open_net(&l, exact ? "exact" : "adc", exact);
			l.m->opt.residual = percent[i];
			lab_check(&l, 255, 60);
			error[i] = mean_error(&l);
			OK((lab_assign(&l, IMC_OP_Q_CONV2D)->residual_groups >
			    0) == (i > 0));
			lab_close(&l);
		}
		CHECK(error[1] < 0.85 * error[0] && error[2] < 0.3 * error[0],
		      "%s: %g %g %g", exact ? "exact" : "adc", error[0],
		      error[1], error[2]);
	}
}

/* sram.bytes limits what is kept; without room nothing is. */
static void test_room(void)
{
	static const int64_t bytes[] = {0, 108, 113, 218, 1 << 20};

	for (size_t i = 0; i < 5; i++) {
		struct lab l;
		int64_t n = 0, tables = 4 * (17 + 11);

		open_net(&l, "room", false);
		l.m->opt.residual = 100;
		l.m->hw->sram_bytes = bytes[i];
		lab_run(&l, false);
		for (size_t k = 0; k < l.m->map.n_assign; k++)
			n += l.m->map.assign[k].residual_groups;
		CHECK(n == 0 || n * 5 + tables <= bytes[i],
		      "%d groups in %d bytes", (int)n, (int)bytes[i]);
		CHECK((n > 0) == (bytes[i] > 200), "%d groups in %d bytes",
		      (int)n, (int)bytes[i]);
		lab_close(&l);
	}
}

/* ---- what is refused ---- */

static void refuses(struct lab *l, const char *what)
{
	size_t n = l->d.n;
	bool ok = imc_module_verify(l->m);

	CHECK(!ok && l->d.n > n && strstr(l->d.v[l->d.n - 1].text, what),
	      "'%s', not '%s'", l->d.n > n ? l->d.v[l->d.n - 1].text : "",
	      what);
}

static void test_refusals(void)
{
	struct lab l;
	struct imc_node *n;
	struct imc_assign *as;
	int32_t *shift, keep;
	int64_t kept_shift;
	imc_val w;

	open_net(&l, "refused", false);
	l.m->opt.residual = 100;
	lab_run(&l, false);
	n = lab_node(&l, IMC_OP_Q_CONV2D);
	as = lab_assign(&l, IMC_OP_Q_CONV2D);
	OK(imc_module_verify(l.m));
	as->residual_groups++;
	refuses(&l, "groups of residual weights, not");
	as->residual_groups--;
	as->engine = IMC_ENGINE_CORES;
	refuses(&l, "a residual on the cores");
	as->engine = IMC_ENGINE_CROSSBAR;
	n->a.post[0] = 1;
	refuses(&l, "a residual with post adc");
	n->a.post[0] = 0;
	shift = imc_node_in(l.m->g, n, 6)->t.data;
	keep = shift[3];
	kept_shift = n->a.residual_shift[0];
	n->a.residual_shift[0] = 1;
	shift[3] = 4;
	refuses(&l, "its residual has shift -1, not 0 .. 62");
	shift[3] = 12;
	refuses(&l, "its residual can exceed 32 bits");
	shift[3] = keep;
	w = n->in[9];
	n->in[9] = IMC_NO_VAL;
	refuses(&l, "a residual shift without residual");
	n->in[9] = n->in[2];
	refuses(&l, "the residual weights are not i8 like the weights");
	n->in[9] = w;
	n->a.residual_shift[0] = kept_shift;
	OK(imc_module_verify(l.m));
	lab_close(&l);

	open_net(&l, "none", false);
	l.m->opt.residual = 1;
	l.m->hw->sram_macs_per_cycle = 0;
	OK(!lab_run(&l, true) && lab_said(&l, IMC_D_RESIDUAL_NONE));
	lab_close(&l);
}

int test_residual(void)
{
	test_outliers();
	test_shift();
	test_budgets();
	test_spread();
	test_nets();
	test_room();
	test_refusals();
	return check_result();
}
