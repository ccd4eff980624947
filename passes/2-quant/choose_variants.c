/* Accuracy as part of the choice of engine: what the ADC leaves of a layer's
 * sums, and the bits of its weights, by the errors of layers (measure_errors)
 * under a budget for their sum, in the loop of choose_drop. */
#include <math.h>
#include <string.h>

#include "passes/2-quant/choose_drop.h"
#include "passes/2-quant/choose_engine.h"
#include "passes/2-quant/choose_robust.h"
#include "passes/2-quant/tried.h"

/* The first budget: an output that is wrong by a seventh. */
#define FIRST_ERROR 0.02

/* What is 0 has no logarithm. */
#define LEAST_ERROR 1e-9

struct chooser {
	struct imc_engine_choice *all;
	/* The same without post adc: no bias rows that may still change, so
	 * that more is known of how tiles are packed. */
	struct imc_engine_choice digital;
	int32_t **place; /* [step]: of its options those of all */
};

/* Leaves what is not post adc; a step without such options keeps all. */
static void leave_digital(struct chooser *c, size_t i)
{
	const struct imc_map_options *from = &c->all->v[i].o;
	struct imc_engine_step *s = &c->digital.v[i];
	struct imc_arena *a = c->all->scratch;

	s->o = (struct imc_map_options){0};
	c->place[i] = imc_arena_array(a, from->n, sizeof **c->place);
	for (int pass = 0; pass < 2 && s->o.n == 0; pass++)
		for (size_t k = 0; k < from->n; k++) {
			if (from->v[k].as.post_adc && !pass)
				continue;
			c->place[i][s->o.n] = (int32_t)k;
			*IMC_PUSH(a, s->o.v, s->o.n, s->o.cap) = from->v[k];
		}
}

static void open_digital(struct chooser *c)
{
	const struct imc_engine_choice *all = c->all;

	c->digital = *all;
	c->digital.v = imc_arena_memdup(all->scratch, all->v,
					(all->n + 1) * sizeof *all->v);
	c->place = imc_arena_array(all->scratch, all->n + 1, sizeof *c->place);
	for (size_t i = 0; i < all->n; i++)
		leave_digital(c, i);
	imc_engine_group(&c->digital);
}

/* From what is best without post adc on: it is never worse. */
static struct imc_select_answer select_within(struct chooser *c, double budget)
{
	struct imc_select_answer s;

	c->all->max_error = c->digital.max_error = budget;
	s = imc_engine_select(&c->digital, NULL);
	for (size_t i = 0; s.found && i < c->all->n; i++)
		s.pick[i] = c->place[i][s.pick[i]];
	return imc_engine_select(c->all, s.found ? s.pick : NULL);
}

/* What is best of all that is not post adc, whatever its errors. */
static struct imc_select_answer select_digital(struct chooser *c)
{
	struct imc_select_answer s;

	c->digital.max_error = 0;
	s = imc_engine_select(&c->digital, NULL);
	for (size_t i = 0; s.found && i < c->all->n; i++)
		s.pick[i] = c->place[i][s.pick[i]];
	return s;
}

static double error_of(const struct imc_engine_choice *c, const int32_t *pick)
{
	double sum = 0;

	for (size_t i = 0; i < c->n; i++)
		sum += c->v[i].o.v[pick[i]].error;
	return sum;
}

/* What is proven is so for latency, energy and their product. */
static double gap_of(const struct imc_module *m,
		     const struct imc_select_answer *s)
{
	double value = imc_engine_value(m, s);

	if (m->opt.objective == IMC_OBJECTIVE_ARRAYS || value <= 0)
		return 0;
	return fmax(0, (value - s->bound) / value);
}

static struct imc_drop_pick pick_of(const struct chooser *c,
				    struct imc_select_answer s)
{
	const struct imc_engine_choice *all = c->all;

	if (!s.found)
		return (struct imc_drop_pick){.found = false};
	return (struct imc_drop_pick){
		.found = true,
		.n = all->n,
		.pick = s.pick,
		.error = error_of(all, s.pick),
		.value = imc_engine_value(all->m, &s),
		.gap = gap_of(all->m, &s),
		.of = imc_arena_memdup(all->scratch, &s, sizeof s),
	};
}

static bool solve(void *cx, double budget, struct imc_drop_pick *out)
{
	const struct chooser *c = cx;

	*out = pick_of(c, select_within(cx, budget));
	return true;
}

/* All digital is good enough more often than not. Its bound is that of
 * everything with as little error. */
static struct imc_drop_pick seed_of(struct chooser *c)
{
	struct imc_select_answer s = select_digital(c), any;

	if (!s.found)
		return (struct imc_drop_pick){.found = false};
	c->all->max_error = fmax(error_of(c->all, s.pick), LEAST_ERROR);
	any = imc_engine_select(c->all, s.pick);
	s.bound = any.bound;
	return pick_of(c, s);
}

/* The best whatever its errors. */
static struct imc_drop_pick fastest_of(struct chooser *c)
{
	return pick_of(c, select_within(c, 0));
}

static const void *keep(const struct imc_drop_pick *p, struct imc_arena *a)
{
	struct imc_select_answer *s = imc_arena_memdup(a, p->of, sizeof *s);

	s->pick = imc_arena_memdup(a, p->pick, p->n * sizeof *p->pick);
	return s;
}

static void assign(void *cx, const struct imc_drop_pick *p,
		   struct imc_assign *to)
{
	const struct chooser *c = cx;

	imc_engine_assign(c->all, p->pick, to);
}

/* The sum of the least, or largest, errors of all steps. */
static double end_of(const struct imc_engine_choice *c, bool most)
{
	double sum = 0;

	for (size_t i = 0; i < c->n; i++) {
		double end = c->v[i].o.v[0].error;

		for (size_t k = 1; k < c->v[i].o.n; k++) {
			double e = c->v[i].o.v[k].error;

			end = most ? fmax(end, e) : fmin(end, e);
		}
		sum += end;
	}
	return sum;
}

/* The slack buys accuracy, and is that of the mapping without regard to noise;
 * where there is none, of the one of least value. */
static bool search_slack(struct chooser *c, const struct imc_drop_chooser *by,
			 struct imc_pass_cx *cx, double plain,
			 struct imc_drop_pick *out)
{
	struct imc_module *m = c->all->m;

	c->all->no_slack = c->digital.no_slack = true;
	if (plain <= 0) {
		if (!by->solve(by->cx, by->top, out))
			return false;
		plain = out->value;
	}
	return imc_robust_search(m, cx, by, plain * (1 + m->opt.slack / 100),
				 out);
}

static bool search(struct chooser *c, const struct imc_drop_chooser *by,
		   struct imc_pass_cx *cx, struct imc_drop_pick *out)
{
	struct imc_module *m = c->all->m;
	double plain;

	if (m->robust.model && !imc_robust_plain(m, cx, &plain))
		return false;
	return m->opt.has_drop ? imc_drop_search(m, cx, by, out)
			       : search_slack(c, by, cx, plain, out);
}

static bool take_search(struct chooser *c, const struct imc_drop_chooser *by,
			struct imc_pass_cx *cx, struct imc_select_answer *out)
{
	struct imc_engine_choice *all = c->all;
	struct imc_drop_pick p;

	if (!search(c, by, cx, &p))
		return false;
	*out = (struct imc_select_answer){.found = false};
	if (p.found)
		*out = *(const struct imc_select_answer *)p.of;
	all->max_error = 0;
	for (size_t i = 0; i < all->m->n_trial; i++)
		if (all->m->trial[i].taken)
			all->max_error =
				fmax(all->m->trial[i].budget, LEAST_ERROR);
	return true;
}

bool imc_engine_for_accuracy(struct imc_engine_choice *all,
			     struct imc_pass_cx *cx,
			     struct imc_select_answer *out)
{
	struct chooser c = {.all = all};
	struct imc_drop_chooser by = {
		.cx = &c,
		.solve = solve,
		.assign = assign,
		.keep = keep,
		.floor = fmax(end_of(all, false), LEAST_ERROR),
		.top = fmax(end_of(all, true), LEAST_ERROR) * 1.01,
		.first = FIRST_ERROR,
	};

	open_digital(&c);
	if (all->m->opt.has_drop && !imc_tried_complete(all->m)) {
		if (all->m->opt.max_drop < 100) /* else the fastest is best */
			by.seed = seed_of(&c);
		by.fastest = fastest_of(&c);
	}
	return take_search(&c, &by, cx, out);
}
