/* Choices of one module that share what was measured. */
#include <math.h>
#include <string.h>

#include "passes/2-quant/tried.h"
#include "tests/bits/lab.h"
#include "tests/check.h"

#define N_NET 6

/* Bits of all layers, with what is predicted of it and what it costs. What is
 * measured is the error of the bits (lab_noise). */
struct net {
	int32_t bits;
	double error, value;
};

/* 5 bits are predicted to be worse than they are; 4 bits cost more. */
static const struct net nets[N_NET] = {
	{8, 0.0001, 900}, {7, 0.001, 800}, {6, 0.01, 700},
	{4, 0.1, 650},	  {3, 0.2, 600},   {5, 0.3, 500},
};

struct table {
	int n_solved;
	int32_t pick[N_NET];
};

static void answer(struct table *t, int i, struct imc_drop_pick *out)
{
	t->pick[i] = i;
	*out = (struct imc_drop_pick){.found = true,
				      .n = 1,
				      .pick = &t->pick[i],
				      .error = nets[i].error,
				      .value = nets[i].value,
				      .of = &nets[i]};
}

static bool solve(void *cx, double budget, struct imc_drop_pick *out)
{
	struct table *t = cx;

	t->n_solved++;
	*out = (struct imc_drop_pick){.found = false};
	for (int i = 0; i < N_NET; i++)
		if (nets[i].error <= budget)
			answer(t, i, out);
	return true;
}

static void assign(void *cx, const struct imc_drop_pick *p,
		   struct imc_assign *to)
{
	(void)cx;
	for (int i = 0; i < 4; i++)
		to[i].weight_bits = to[i].act_bits = nets[p->pick[0]].bits;
}

static const void *keep(const struct imc_drop_pick *p, struct imc_arena *a)
{
	(void)a;
	return p->of;
}

/* The bits that are chosen for that drop, with the ends 8 and 5 bits. */
static int32_t choose(struct lab *r, double drop)
{
	struct imc_pass_cx cx = {.scratch = r->a};
	struct table t = {0};
	struct imc_drop_chooser by = {.cx = &t,
				      .solve = solve,
				      .assign = assign,
				      .keep = keep,
				      .floor = 0.0001,
				      .top = 0.3,
				      .first = 0.02};
	struct imc_drop_pick p;

	r->m->opt.max_drop = drop;
	r->m->n_trial = 0;
	answer(&t, 0, &by.seed);
	answer(&t, N_NET - 1, &by.fastest);
	OK(imc_drop_search(r->m, &cx, &by, &p) && p.found);
	OK(lab_taken(r->m) != NULL);
	return ((const struct net *)p.of)->bits;
}

static double drop_of(struct lab *r, int32_t bits)
{
	for (size_t i = 0; i < 4; i++)
		r->m->map.assign[i].weight_bits = r->m->map.assign[i].act_bits =
			bits;
	return lab_loss(lab_noise(r->m, r->m->map.assign));
}

static void begin(struct lab *r, struct imc_tried *t)
{
	lab_begin(r, 64);
	r->m->map.n_assign = 4;
	r->m->map.assign =
		imc_arena_array(r->m->arena, 4, sizeof *r->m->map.assign);
	*t = (struct imc_tried){.arena = r->a};
	r->m->tried = t;
}

/* The fastest of all is measured, whatever is predicted of it. */
static void test_fastest(void)
{
	struct imc_tried t;
	struct lab r;

	begin(&r, &t);
	r.m->tried = NULL;
	OK(choose(&r, drop_of(&r, 5)) == 5);
	OK(r.m->n_trial == 2);
	lab_end(&r);
}

/* No network is measured twice, and a stricter drop finds the best. */
static void test_shared(void)
{
	struct imc_tried t;
	struct lab r;
	size_t n;

	begin(&r, &t);
	OK(choose(&r, drop_of(&r, 5)) == 5 && t.n == 2);
	OK(choose(&r, drop_of(&r, 6)) == 6);
	OK(t.n > 2 && t.n <= N_NET);
	for (size_t i = 0; i < t.n; i++)
		for (size_t k = 0; k < i; k++)
			OK(t.net[i].c.pick[0] != t.net[k].c.pick[0]);
	n = t.n;
	OK(choose(&r, drop_of(&r, 6)) == 6 && t.n == n);
	lab_end(&r);
}

/* Once all are known the least cost of those that are good enough is taken,
 * or the least loss, and nothing is measured. */
static void test_complete(void)
{
	struct imc_tried t;
	struct lab r;
	size_t n;
	double least;

	begin(&r, &t);
	least = drop_of(&r, 8);
	choose(&r, drop_of(&r, 6));
	n = t.n;
	t.complete = true;
	OK(imc_tried_complete(r.m));
	OK(choose(&r, drop_of(&r, 5)) == 5 && choose(&r, 100) == 5);
	OK(choose(&r, drop_of(&r, 6)) == 6 && t.n == n);
	OK(r.d.n == 0);
	OK(drop_of(&r, choose(&r, -1)) <= least && r.d.n == 1);
	OK(r.d.v[0].id == IMC_D_DROP_MISSED);
	r.m->opt.post = 1; /* another choice */
	OK(!imc_tried_complete(r.m));
	lab_end(&r);
}

int main(void)
{
	test_fastest();
	test_shared();
	test_complete();
	return check_result() | lab_result();
}
