/* The loop that looks for the error budget with which a network is just good
 * enough. */
#include <math.h>
#include <string.h>

#include "tests/bits/lab.h"
#include "tests/check.h"

/* The least latency of a fine sweep over budgets that lose at most `drop`. */
static double best_of_sweep(int arrays, double drop)
{
	double best = INFINITY;
	struct lab r;

	for (double bits = 2; bits <= 8; bits += 0.1) {
		lab_begin(&r, arrays);
		r.m->opt.has_drop = false;
		r.m->opt.budget_bits = bits;
		lab_go(&r);
		if (r.ok && lab_loss(lab_noise(r.m, r.m->map.assign)) <= drop)
			best = fmin(best, lab_latency(r.m));
		lab_end(&r);
	}
	return best;
}

/* ---- the checks ---- */

static void test_converges(int arrays, double drop)
{
	double best = best_of_sweep(arrays, drop);
	struct lab r;

	lab_begin(&r, arrays);
	r.m->opt.max_drop = drop;
	lab_go(&r);
	OK(r.ok && r.d.n == 0 && r.n_told > 0 && r.n_told <= 12);
	OK(lab_taken(r.m) && lab_taken(r.m)->drop <= drop);
	OK(fabs(lab_taken(r.m)->value - lab_latency(r.m)) <
	   1e-6 * lab_latency(r.m));
	CHECK(lab_latency(r.m) <= best * 1.03, "%g ns, where %g are possible",
	      lab_latency(r.m), best);
	lab_end(&r);
}

static void test_few_trials(void)
{
	struct lab r;

	lab_begin(&r, 64);
	r.m->opt.max_drop = 1;
	r.m->opt.max_trials = 3;
	lab_go(&r);
	OK(r.ok && r.n_told == 3 && lab_taken(r.m));
	lab_end(&r);
}

/* 8 bits everywhere are the best there is. */
static void test_missed(void)
{
	struct lab r;

	lab_begin(&r, 64);
	for (size_t i = 0; i < 4; i++)
		r.m->error[i].weight[8] = r.m->error[i].act[8] = 0.1;
	for (size_t i = 0; i < 4; i++)
		for (int b = 2; b < 8; b++)
			r.m->error[i].weight[b] = r.m->error[i].act[b] =
				0.1 * (10 - b);
	r.m->opt.max_drop = 1;
	lab_go(&r);
	OK(r.ok && r.d.n == 1 && r.d.v[0].id == IMC_D_DROP_MISSED);
	OK(strstr(r.d.v[0].body, "8 bits everywhere lose 76.00 %") != NULL);
	for (size_t i = 0; i < 4; i++)
		OK(r.m->map.assign[i].weight_bits == 8 &&
		   r.m->map.assign[i].act_bits == 8);
	lab_end(&r);
}

/* The arrays hold too few bits: the best of what fits is taken. */
static void test_too_few(void)
{
	struct lab r;

	lab_begin(&r, 9);
	r.m->opt.max_drop = 1;
	lab_go(&r);
	OK(r.ok && r.d.n == 1 && r.d.v[0].id == IMC_D_DROP_MISSED);
	OK(lab_taken(r.m) && lab_taken(r.m)->drop > 1);
	lab_end(&r);
	lab_begin(&r, 7);
	lab_go(&r);
	OK(!r.ok && r.d.n == 1 && r.d.v[0].id == IMC_D_NO_ROOM);
	lab_end(&r);
}

/* A budget on top of the drop: whichever is tighter. */
static void test_budget(void)
{
	struct lab r;

	lab_begin(&r, 64);
	r.m->opt.max_drop = 100;
	r.m->opt.budget_bits = 6;
	lab_go(&r);
	OK(r.ok && lab_noise(r.m, r.m->map.assign) <=
			   imc_bit_budget(r.m, 6) * (1 + 1e-9));
	lab_end(&r);
}

static void test_interpolation(void)
{
	struct lab r;
	double lo, hi;

	lab_begin(&r, 64);
	lo = imc_bit_budget(r.m, 5);
	hi = imc_bit_budget(r.m, 6);
	OK(fabs(imc_bit_budget(r.m, 5.5) - sqrt(lo * hi)) < 1e-12);
	OK(imc_bit_budget(r.m, 8) == imc_bit_budget(r.m, 9));
	lab_end(&r);
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
	return check_result() | lab_result();
}
