#include "passes/2-quant/choose_drop.h"

#include <math.h>
#include <string.h>

#include "passes/2-quant/tried.h"

/* Networks that are measured, if nothing is said. */
#define TRIALS 12

/* The same where other choices measured some: that many less, but not less
 * than these. */
#define FEW_TRIALS 2

/* Steps in all: those that find nothing new cost little. */
#define MAX_STEPS 60

/* Factor on the budget while only one end is known. */
#define STRIDE 4

/* Ends: budgets, or values, that hardly differ. */
#define NEAR_BUDGET 1.05
#define NEAR_VALUE 0.01

struct round {
	struct imc_drop_pick c;
	bool is_end; /* measured whatever its errors */
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
	size_t n_measured;
	size_t n;
	struct round
		*round; /* [n] of networks that were measured, by anybody */
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
		.std = r->score.std,
		.worst = r->score.worst,
	};
}

static void tell(const struct loop *l)
{
	if (l->cx->tried)
		l->cx->tried(l->cx->ui, l->m);
	if (l->cx->progress)
		l->cx->progress(l->cx->ui, "choose bits",
				(int64_t)l->n_measured, (int64_t)l->most);
}

/* False: reported. */
static bool score(struct loop *l, struct round *r)
{
	const struct imc_tried_net *known =
		imc_tried_same(l->m->tried, l->assign, l->m->map.n_assign);

	if (known) {
		r->score = known->score;
		r->drop = known->drop;
		return true;
	}
	if (!l->trials)
		l->trials = imc_trials_open(l->m, l->cx, l->cx->scratch);
	if (!l->trials || !imc_trials_run(l->trials, l->assign, &r->score))
		return false;
	r->drop = imc_trials_float(l->trials).right - r->score.right;
	l->n_measured++;
	return true;
}

/* For choices that follow. */
static void keep(const struct loop *l, const struct round *r)
{
	struct imc_tried *to = l->m->tried;
	struct imc_tried_net net = {.c = r->c,
				    .assign = l->assign,
				    .n_assign = l->m->map.n_assign,
				    .is_end = r->is_end,
				    .budget = r->budget,
				    .drop = r->drop,
				    .score = r->score};

	if (!to || !l->by->keep)
		return;
	net.c.of = l->by->keep(&r->c, to->arena);
	imc_tried_add(l->m, net);
}

static bool measure(struct loop *l, double budget,
		    const struct imc_drop_pick *c, bool is_end)
{
	struct round *r = &l->round[l->n];

	*r = (struct round){.c = *c, .budget = budget, .is_end = is_end};
	memcpy(l->assign, l->m->map.assign,
	       l->m->map.n_assign * sizeof *l->assign);
	l->by->assign(l->by->cx, c, l->assign);
	if (!score(l, r))
		return false;
	l->n++;
	record(l, r);
	tell(l);
	keep(l, r);
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
		if (!measure(l, budget, &c, false))
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
	if (l->n_measured >= l->most)
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
		if (l->round[i].drop < r->drop ||
		    (l->round[i].drop <= r->drop &&
		     l->round[i].c.value < r->c.value))
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

/* Whether a is the better of two that are good enough. */
static bool is_better(const struct round *a, const struct round *b)
{
	return a->c.value < b->c.value ||
	       (a->c.value <= b->c.value && a->drop < b->drop);
}

/* The best of those that are good enough; NULL: none is. */
static const struct round *best_good(const struct loop *l)
{
	const struct round *best = NULL;

	for (size_t i = 0; i < l->n; i++)
		if (is_good(l, &l->round[i]) &&
		    (!best || is_better(&l->round[i], best)))
			best = &l->round[i];
	return best;
}

/* What choices of other drops measured. */
static void load(struct loop *l)
{
	const struct imc_tried *t = l->by->keep ? l->m->tried : NULL;

	for (size_t i = 0; t && i < t->n; i++) {
		const struct imc_tried_net *net = &t->net[i];
		struct round *r = &l->round[l->n];

		if (!imc_tried_fits(l->m, net))
			continue;
		*r = (struct round){net->c, net->is_end, net->budget, net->drop,
				    net->score};
		l->n++;
		record(l, r);
		if (!r->is_end)
			take_end(l, r, r->budget);
	}
	if (l->n && l->m->opt.max_trials <= 0)
		l->most =
			l->n + FEW_TRIALS < TRIALS ? TRIALS - l->n : FEW_TRIALS;
}

/* The round of an end, measured now if it was not; *r is NULL where there is
 * none. False: reported. */
static bool run_end(struct loop *l, const struct imc_drop_pick *c,
		    const struct round **r)
{
	*r = c->found ? same_picks(l, c) : NULL;
	if (*r || !c->found)
		return true;
	if (!measure(l, c->error, c, true))
		return false;
	*r = &l->round[l->n - 1];
	return true;
}

/* False: reported. */
static bool run_ends(struct loop *l)
{
	const struct round *seed, *fastest;

	if (!run_end(l, &l->by->seed, &seed))
		return false;
	if (seed && is_good(l, seed)) {
		l->seed = seed;
		take_end(l, seed, seed->c.error);
	}
	if (l->n_measured >= l->most)
		return true;
	if (!run_end(l, &l->by->fastest, &fastest))
		return false;
	if (fastest)
		take_end(l, fastest, fmax(l->by->floor, fastest->c.error));
	return true;
}

/* Whether nothing is left to look for. */
static bool is_settled(const struct loop *l)
{
	const struct imc_drop_pick *f = &l->by->fastest;
	const struct round *r = f->found ? same_picks(l, f) : NULL;

	return (r && is_good(l, r)) || l->n_measured >= l->most;
}

static bool run(struct loop *l)
{
	bool ends = l->good && l->bad;
	double budget = ends ? next_budget(l) : first_budget(l), last = 0;

	if (ends && is_done(l, last))
		return true;

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
		.most = m->opt.max_trials > 0 ? (size_t)m->opt.max_trials
					      : TRIALS,
		.floor = chooser->floor,
		.top = fmax(chooser->top, chooser->floor),
	};
	size_t room = MAX_STEPS + 2 + (m->tried ? m->tried->n : 0);
	const struct round *r;

	*out = (struct imc_drop_pick){.found = false};
	l.round = imc_arena_array(cx->scratch, room, sizeof *l.round);
	l.assign = imc_arena_array(cx->scratch, m->map.n_assign + 1,
				   sizeof *l.assign);
	load(&l);
	if (!l.n || !imc_tried_complete(m))
		if (!run_ends(&l) || (!is_settled(&l) && !run(&l)))
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
