#include "passes/2-quant/choose_drop.h"

#include <math.h>
#include <string.h>

/* Networks that are measured, if nothing is said. */
#define TRIALS 12

/* Steps in all: those that find nothing new cost little. */
#define MAX_STEPS 60

/* Factor on the budget while only one end is known. */
#define STRIDE 4

/* Ends: budgets, or values, that hardly differ. */
#define NEAR_BUDGET 1.05
#define NEAR_VALUE 0.01

struct round {
	struct imc_drop_pick c;
	double budget, drop;
	struct imc_score score;
};

struct loop {
	struct imc_module *m;
	struct imc_pass_cx *cx;
	const struct imc_drop_chooser *by;
	struct imc_trials *trials;
	struct imc_assign *assign; /* of the network that is tried */
	size_t most;		   /* networks to measure */
	size_t n;
	struct round *round; /* [most] of networks that were measured */
	const struct round *good, *bad; /* the ends; NULL: not known */
	double floor, top;		/* budgets to stay between */
	bool dead;			/* nothing is found below floor */
	const struct round *seed;	/* good, or NULL */
};

static bool is_good(const struct loop *l, const struct round *r)
{
	return r->drop <= l->m->opt.max_drop;
}

/* The round in which the same was picked; NULL: it is new. */
static const struct round *same_picks(const struct loop *l,
				      const struct imc_drop_pick *c)
{
	for (size_t i = 0; i < l->n; i++)
		if (!memcmp(l->round[i].c.pick, c->pick,
			    c->n * sizeof *c->pick))
			return &l->round[i];
	return NULL;
}

static void record(const struct loop *l, const struct round *r)
{
	struct imc_module *m = l->m;
	struct imc_trial *t =
		IMC_PUSH(m->arena, m->trial, m->n_trial, m->cap_trial);

	*t = (struct imc_trial){
		.budget = r->budget,
		.predicted = r->c.error,
		.error = r->score.error,
		.drop = r->drop,
		.value = r->c.value,
		.gap = r->c.gap,
		.right = r->score.right,
	};
	if (l->cx->tried)
		l->cx->tried(l->cx->ui, m);
	if (l->cx->progress)
		l->cx->progress(l->cx->ui, "choose bits", (int64_t)l->n,
				(int64_t)l->most);
}

static bool measure(struct loop *l, double budget,
		    const struct imc_drop_pick *c)
{
	struct round *r = &l->round[l->n++];

	*r = (struct round){.c = *c, .budget = budget};
	memcpy(l->assign, l->m->map.assign,
	       l->m->map.n_assign * sizeof *l->assign);
	l->by->assign(l->by->cx, c, l->assign);
	if (!imc_trials_run(l->trials, l->assign, &r->score))
		return false;
	r->drop = imc_trials_float(l->trials).right - r->score.right;
	record(l, r);
	return true;
}

/* What was learnt of a budget. */
static void take_end(struct loop *l, const struct round *r, double budget)
{
	if (is_good(l, r)) {
		l->floor = fmax(l->floor, budget);
		if (!l->good || r->c.value < l->good->c.value)
			l->good = r;
	} else {
		l->top = fmin(l->top, budget);
		l->bad = r;
	}
}

/* Solves, and measures what is new. False: reported. */
static bool step(struct loop *l, double budget)
{
	const struct round *r;
	struct imc_drop_pick c;

	if (!l->by->solve(l->by->cx, budget, &c))
		return false;
	if (!c.found) { /* nothing has less errors than that */
		l->floor = fmax(l->floor, budget);
		l->dead = true;
		return true;
	}
	r = same_picks(l, &c);
	if (!r && l->seed && l->seed->c.value <= c.value) {
		l->floor = fmax(l->floor, budget);
		l->dead = true;
		return true;
	}
	if (!r) {
		if (!measure(l, budget, &c))
			return false;
		r = &l->round[l->n - 1];
	}
	take_end(l, r, budget);
	return true;
}

/* Between both ends: where a line through both drops meets the largest, but
 * not close to either, since drops are steps. */
static double between(const struct loop *l)
{
	double lo = log(l->floor), hi = log(l->top), part = 0.5;

	if (l->good && l->bad && l->bad->drop > l->good->drop)
		part = (l->m->opt.max_drop - l->good->drop) /
		       (l->bad->drop - l->good->drop);
	part = fmin(fmax(part, 0.25), 0.75);
	return exp(lo + part * (hi - lo));
}

static double next_budget(const struct loop *l)
{
	bool low = l->good || l->dead;

	if (low && l->bad)
		return between(l);
	if (low)
		return fmin(l->floor * STRIDE, l->top);
	return fmax(l->top / STRIDE, l->floor);
}

/* No budget left that could change much. */
static bool is_done(const struct loop *l, double last)
{
	if (l->n >= l->most)
		return true;
	if (l->good && l->bad &&
	    l->good->c.value - l->bad->c.value < NEAR_VALUE * l->good->c.value)
		return true;
	if ((l->good || l->dead) && l->bad)
		return l->top <= l->floor * NEAR_BUDGET;
	return next_budget(l) == last;
}

/* Where any drop will do nothing is looked for. */
static double first_budget(const struct loop *l)
{
	if (l->m->opt.max_drop >= 100)
		return l->top;
	return fmin(fmax(l->by->first, l->floor), l->top);
}

/* The least drop where all are too large. */
static const struct round *least_bad(const struct loop *l)
{
	const struct round *r = &l->round[0];

	for (size_t i = 1; i < l->n; i++)
		if (l->round[i].drop < r->drop)
			r = &l->round[i];
	return r;
}

static void warn(const struct loop *l, const struct round *r)
{
	bool exact =
		l->by->most_exact && r->budget <= l->by->floor * (1 + 1e-9);

	imc_diag(l->m->diags, IMC_IN_FILE(l->m->model_path), IMC_D_DROP_MISSED,
		 l->m->opt.max_drop,
		 exact ? l->by->most_exact
		       : "the best of the networks that were tried",
		 r->drop);
}

static void mark_taken(const struct loop *l, const struct round *r)
{
	size_t first = l->m->n_trial - l->n;

	l->m->trial[first + (size_t)(r - l->round)].taken = true;
}

static bool run_seed(struct loop *l)
{
	const struct imc_drop_pick *seed = &l->by->seed;

	if (!seed->found)
		return true;
	if (!measure(l, seed->error, seed))
		return false;
	if (is_good(l, &l->round[0]))
		l->seed = &l->round[0];
	return true;
}

/* The best of those that are good enough; NULL: none is. */
static const struct round *best_good(const struct loop *l)
{
	if (l->seed && (!l->good || l->seed->c.value < l->good->c.value))
		return l->seed;
	return l->good;
}

static bool run(struct loop *l)
{
	double budget = first_budget(l), last = 0;

	for (int i = 0; i < MAX_STEPS; i++) {
		if (!step(l, budget))
			return false;
		last = budget;
		if (is_done(l, last))
			break;
		budget = next_budget(l);
	}
	return true;
}

bool imc_drop_search(struct imc_module *m, struct imc_pass_cx *cx,
		     const struct imc_drop_chooser *chooser,
		     struct imc_drop_pick *out)
{
	struct loop l = {
		.m = m,
		.cx = cx,
		.by = chooser,
		.trials = imc_trials_open(m, cx, cx->scratch),
		.most = m->opt.max_trials > 0 ? (size_t)m->opt.max_trials
					      : TRIALS,
		.floor = chooser->floor,
		.top = fmax(chooser->top, chooser->floor),
	};
	const struct round *r;

	*out = (struct imc_drop_pick){.found = false};
	l.round = imc_arena_array(cx->scratch, l.most, sizeof *l.round);
	l.assign = imc_arena_array(cx->scratch, m->map.n_assign + 1,
				   sizeof *l.assign);
	if (!l.trials || !run_seed(&l) || !run(&l))
		return false;
	if (l.n == 0)
		return true;
	r = best_good(&l);
	if (!r) {
		r = least_bad(&l);
		warn(&l, r);
	}
	mark_taken(&l, r);
	*out = r->c;
	return true;
}
