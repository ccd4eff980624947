/* The search for bits by an agent that learns: what holds whatever it picks. */
#include <math.h>
#include <string.h>

#include "hwdesc/cost.h"
#include "passes/2-quant/fixed_bits.h"
#include "tests/bits/lab.h"
#include "tests/check.h"

static void run(struct lab *r, int arrays, double drop, int trials,
		uint64_t seed)
{
	lab_begin(r, arrays);
	r->m->opt.search = 1;
	r->m->opt.max_drop = drop;
	r->m->opt.max_trials = trials;
	r->m->opt.seed = seed;
	lab_go(r);
}

/* Trials before the first that differs. */
static size_t same_trials(const struct imc_module *a,
			  const struct imc_module *b)
{
	size_t i = 0;

	while (i < a->n_trial && i < b->n_trial &&
	       a->trial[i].value == b->trial[i].value &&
	       a->trial[i].budget == b->trial[i].budget &&
	       a->trial[i].error == b->trial[i].error &&
	       a->trial[i].drop == b->trial[i].drop)
		i++;
	return i;
}

static int64_t arrays_of(const struct imc_module *m)
{
	int64_t n = 0;

	for (size_t i = 0; i < m->g->n_order; i++)
		n += imc_cost_arrays(m->hw, m->g, m->g->order[i],
				     &m->map.assign[m->g->order[i].i]);
	return n;
}

/* What is taken is the best that is good enough, and is what is assigned. */
static void check_run(const struct lab *r, int arrays, size_t trials)
{
	const struct imc_module *m = r->m;
	const struct imc_trial *t = lab_taken(m);
	double best = INFINITY;

	OK(r->ok && r->d.n == 0 && t);
	OK(m->n_trial == trials && r->n_told == (int)trials);
	for (size_t i = 0; i < m->n_trial; i++) {
		if (m->trial[i].drop <= m->opt.max_drop)
			best = fmin(best, m->trial[i].value);
		OK(m->trial[i].value <= m->trial[i].budget * (1 + 1e-9));
	}
	OK(t->value == best && t->drop <= m->opt.max_drop);
	OK(lab_loss(lab_noise(m, m->map.assign)) == t->drop);
	OK(arrays_of(m) <= arrays);
	OK(!strcmp(m->map.chooser, "rl") && m->map.bound_ns == 0);
}

static void test_latency(int arrays, double drop)
{
	struct lab r, again, other;

	run(&r, arrays, drop, 40, 1);
	check_run(&r, arrays, 40);
	OK(fabs(lab_taken(r.m)->value - lab_latency(r.m)) <
	   1e-6 * lab_latency(r.m));
	run(&again, arrays, drop, 40, 1);
	OK(same_trials(r.m, again.m) == 40);
	OK(imc_map_equal(&r.m->map, &again.m->map));
	run(&other, arrays, drop, 40, 2);
	OK(same_trials(r.m, other.m) < 40);
	lab_end(&r);
	lab_end(&again);
	lab_end(&other);
}

/* A longer search begins as a shorter one. */
static void test_prefix(void)
{
	struct lab r, more;
	double last = INFINITY;

	run(&more, 64, 5, 60, 3);
	for (int n = 1; n < 60; n += 7) {
		run(&r, 64, 5, n, 3);
		check_run(&r, 64, (size_t)n);
		OK(same_trials(r.m, more.m) == (size_t)n);
		OK(lab_taken(r.m)->value <= last);
		last = lab_taken(r.m)->value;
		lab_end(&r);
	}
	OK(lab_taken(more.m)->value <= last);
	lab_end(&more);
}

/* One bit less, n times: from the last layer on, activations first. */
static void lower(struct imc_bits *bits, size_t n_layer, int n)
{
	for (int at = 0; n > 0; at++) {
		struct imc_bits *b =
			&bits[n_layer - 1 - (size_t)at / 2 % n_layer];
		int32_t *x = at % 2 ? &b->weight : &b->act;

		if (*x > 2) {
			*x -= 1;
			n--;
		}
	}
}

/* Bits are those after the fewest steps that reach the value. */
static void check_clip(const struct lab *r, const struct imc_bit_problem *b,
		       double most)
{
	static const struct imc_bits begin[4] = {
		{8, 3}, {5, 7}, {2, 8}, {6, 6}};
	struct imc_bits bits[4], want[4];
	struct imc_choice c, d;
	int n = 0;

	memcpy(bits, begin, sizeof bits);
	memcpy(want, begin, sizeof want);
	OK(imc_fixed_clip(r->m, b, most, bits, r->a, &c) && c.found);
	OK(imc_fixed_solve(r->m, b, want, r->a, &d));
	for (; (!d.found || d.value > most) && n < 29; n++) {
		memcpy(want, begin, sizeof want);
		lower(want, 4, n + 1);
		OK(imc_fixed_solve(r->m, b, want, r->a, &d));
	}
	OK(!memcmp(bits, want, sizeof bits) && c.value == d.value);
	for (size_t i = 0; i < 4; i++) {
		const struct imc_assign *as = &b->option[i][c.s.pick[i]].as;

		OK(as->weight_bits == bits[i].weight);
		OK(as->act_bits == bits[i].act);
	}
}

static void test_clip(void)
{
	struct imc_bit_problem b;
	struct imc_choice c;
	struct lab r;
	struct imc_bits most[4] = {{8, 8}, {8, 8}, {8, 8}, {8, 8}};
	double baseline;

	lab_begin(&r, 32);
	r.m->opt.search = 1;
	r.m->opt.max_replicas = 1;
	lab_go(&r); /* sets m->map up */
	b = imc_bit_problem_of(r.m, r.a);
	OK(b.n == 4 && imc_fixed_has_choice(&b, 0));
	OK(imc_fixed_solve(r.m, &b, most, r.a, &c) && c.s.arrays == 32);
	OK(imc_fixed_baseline(r.m, &b, r.a, &baseline));
	OK(fabs(baseline - c.value) < 1e-9 * baseline);
	r.m->opt.max_replicas = 0;
	b = imc_bit_problem_of(r.m, r.a);
	for (double part = 0.02; part < 1; part *= 1.4)
		check_clip(&r, &b, baseline * part);
	check_clip(&r, &b, INFINITY);
	b.p.n_array = 10;
	check_clip(&r, &b, INFINITY);
	lab_end(&r);
}

static void set_throughput(struct lab *r)
{
	lab_begin(r, 64);
	r->m->opt.search = 1;
	r->m->opt.max_drop = 5;
	r->m->opt.max_trials = 20;
	r->m->opt.objective = IMC_OBJECTIVE_THROUGHPUT;
}

static void test_throughput(void)
{
	struct lab r;

	set_throughput(&r);
	lab_go(&r);
	check_run(&r, 64, 20);
	OK(r.m->map.stage_bound_ns == 0);
	lab_end(&r);
}

/* Bits of weights that are asked for are not chosen. */
static void test_fixed(void)
{
	struct lab r;

	lab_begin(&r, 64);
	r.m->opt.search = 1;
	r.m->opt.max_drop = 5;
	r.m->opt.max_trials = 20;
	r.m->opt.weight_bits = 7;
	lab_go(&r);
	check_run(&r, 64, 20);
	for (size_t i = 0; i < 4; i++)
		OK(r.m->map.assign[i].weight_bits == 7);
	lab_end(&r);
	lab_begin(&r, 64);
	r.m->opt.search = 1;
	r.m->opt.max_drop = 5;
	r.m->opt.weight_bits = r.m->opt.act_bits = 8;
	lab_go(&r);
	OK(r.ok && r.m->n_trial == 1 && r.m->trial[0].taken);
	lab_end(&r);
}

/* 8 bits everywhere lose too much. */
static void test_missed(void)
{
	struct lab r;

	lab_begin(&r, 64);
	for (size_t i = 0; i < 4; i++)
		for (int b = 2; b <= 8; b++)
			r.m->error[i].weight[b] = r.m->error[i].act[b] =
				0.1 * (b < 8 ? 10 - b : 1);
	r.m->opt.search = 1;
	r.m->opt.max_drop = 1;
	r.m->opt.max_trials = 10;
	lab_go(&r);
	OK(r.ok && r.d.n == 1 && r.d.v[0].id == IMC_D_DROP_MISSED);
	OK(strstr(r.d.v[0].body, "8 bits everywhere lose 76.00 %") != NULL);
	for (size_t i = 0; i < 4; i++)
		OK(r.m->map.assign[i].weight_bits == 8 &&
		   r.m->map.assign[i].act_bits == 8);
	lab_end(&r);
}

/* 8 bits do not fit, and then not even 2. */
static void test_too_few(void)
{
	struct lab r;

	run(&r, 9, 1, 10, 1);
	OK(r.ok && r.d.n == 1 && r.d.v[0].id == IMC_D_DROP_MISSED);
	OK(strstr(r.d.v[0].body, "the best of the networks that were tried"));
	OK(r.m->n_trial == 10 && lab_taken(r.m)->drop > 1);
	OK(arrays_of(r.m) <= 9);
	lab_end(&r);
	run(&r, 7, 1, 10, 1);
	OK(!r.ok && r.d.n == 1 && r.d.v[0].id == IMC_D_NO_ROOM);
	lab_end(&r);
}

static void test_refused(void)
{
	struct lab r;

	lab_begin(&r, 64);
	r.m->opt.search = 1;
	r.m->opt.has_drop = false;
	lab_go(&r);
	OK(!r.ok && r.d.n == 1 && r.d.v[0].id == IMC_D_SEARCH_DROP);
	lab_end(&r);
	lab_begin(&r, 64);
	r.m->opt.search = 1;
	r.m->opt.budget_bits = 6;
	lab_go(&r);
	OK(!r.ok && r.d.n == 1 && r.d.v[0].id == IMC_D_SEARCH_DROP);
	lab_end(&r);
}

int main(void)
{
	for (int drop = 0; drop <= 20; drop += 10) {
		test_latency(64, drop);
		test_latency(40, drop);
	}
	test_prefix();
	test_clip();
	test_throughput();
	test_fixed();
	test_missed();
	test_too_few();
	test_refused();
	return check_result() | lab_result();
}
