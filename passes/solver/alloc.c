#include "passes/solver/alloc.h"

#include <math.h>

#include "passes/solver/alloc_inner.h"

/* Options looked at for one answer, in any case and for each that there is:
 * some hundred prices look at all of them. */
#define BASE_WORK 300000000
#define MORE_WORK 500

double imc_alloc_room_a(const struct imc_alloc_problem *p)
{
	return (double)p->n_array;
}

double imc_alloc_room_e(const struct imc_alloc_problem *p)
{
	if (isinf(p->max_error))
		return 0;
	return p->max_error + IMC_ALLOC_ROUNDING * fabs(p->max_error);
}

/* What the goal counts, of one option. */
static double cost_of(enum imc_alloc_goal goal,
		      const struct imc_alloc_option *o)
{
	switch (goal) {
	case IMC_ALLOC_LATENCY:
		return o->ns;
	case IMC_ALLOC_STAGE:
		return o->stage_ns;
	case IMC_ALLOC_ENERGY:
		return o->pj;
	case IMC_ALLOC_ARRAYS:
		return o->arrays;
	}
	return 0;
}

static int32_t fill_list(const struct imc_alloc_problem *p,
			 enum imc_alloc_goal goal, int32_t i,
			 struct imc_alloc_item *item)
{
	bool any_error = isinf(p->max_error);
	double room_e = imc_alloc_room_e(p);
	int32_t n = 0;

	for (int32_t t = 0; t < p->layer[i].n; t++) {
		const struct imc_alloc_option *o = &p->layer[i].option[t];

		if (!(o->stage_ns <= p->max_stage_ns) ||
		    o->arrays > p->n_array ||
		    (!any_error && !(o->error <= room_e)))
			continue;
		item[n++] = (struct imc_alloc_item){
			cost_of(goal, o),
			goal == IMC_ALLOC_ARRAYS ? 0 : o->arrays,
			any_error ? 0 : o->error, t};
	}
	return n;
}

bool imc_alloc_items(const struct imc_alloc_problem *p,
		     enum imc_alloc_goal goal, struct imc_alloc_list *list,
		     struct imc_arena *a)
{
	for (int32_t i = 0; i < p->n; i++) {
		size_t n = (size_t)p->layer[i].n;
		struct imc_arena *scratch = imc_arena_new();
		struct imc_alloc_item *item =
			imc_arena_array(scratch, n, sizeof *item);
		struct imc_alloc_list *l = &list[i];

		l->n = fill_list(p, goal, i, item);
		l->n = imc_alloc_front(item, l->n);
		l->item =
			imc_arena_memdup(a, item, (size_t)l->n * sizeof *item);
		imc_arena_free(scratch);
		if (l->n == 0)
			return false;
	}
	return true;
}

/* The least sum of each, every one by itself. */
static bool is_impossible(const struct imc_alloc_core *k)
{
	double a = 0, e = 0;

	for (int32_t i = 0; i < k->n; i++) {
		double least_a = INFINITY, least_e = INFINITY;

		for (int32_t t = 0; t < k->list[i].n; t++) {
			least_a = fmin(least_a, k->list[i].item[t].a);
			least_e = fmin(least_e, k->list[i].item[t].e);
		}
		a += least_a;
		e += least_e;
	}
	return a > k->room_a || e > k->room_e;
}

/* ids of picks as what they cost for the core. */
static void begin_with(struct imc_alloc_core *k, const int32_t *pick)
{
	double c = 0;

	for (int32_t i = 0; i < k->n; i++)
		for (int32_t t = 0; t < k->list[i].n; t++)
			if (k->list[i].item[t].id == pick[i]) {
				c += k->list[i].item[t].c;
				k->pick[i] = pick[i];
			}
	k->found = true;
	k->value = c;
	k->how = "prices";
}

static double base_of(const struct imc_alloc_problem *p)
{
	return p->goal == IMC_ALLOC_LATENCY ? p->fixed_ns : 0;
}

static void take_core(const struct imc_alloc_problem *p,
		      const struct imc_alloc_core *k,
		      struct imc_alloc_answer *s)
{
	double bound = k->bound;

	if (k->whole)
		bound = ceil(bound - 1e-6);
	if (bound >= imc_alloc_better(k))
		bound = k->value;
	s->found = k->found;
	s->proven = bound >= k->value;
	s->bound = fmax(bound, 0) + base_of(p);
	s->how = k->how;
	for (int32_t i = 0; i < p->n && k->found; i++)
		s->pick[i] = k->pick[i];
}

static struct imc_alloc_core core_of(const struct imc_alloc_problem *p,
				     struct imc_alloc_list *list,
				     struct imc_alloc_effort *f,
				     struct imc_arena *a)
{
	bool arrays = p->goal == IMC_ALLOC_ARRAYS;

	return (struct imc_alloc_core){
		.n = p->n,
		.list = list,
		.room_a = arrays ? 0 : imc_alloc_room_a(p),
		.room_e = imc_alloc_room_e(p),
		.enough = -INFINITY,
		.gap = p->gap,
		.base = base_of(p),
		.whole = arrays,
		.no_milp = p->no_milp,
		.effort = f,
		.pick = imc_arena_array(a, (size_t)p->n + 1, sizeof(int32_t)),
		.value = arrays ? (double)p->n_array + 1 : INFINITY,
		.bound = -INFINITY,
		.how = "prices"};
}

/* Goal LATENCY or ENERGY: the fewest arrays tell whether there is an answer,
 * and give one to begin with. */
static void solve_sum(const struct imc_alloc_problem *p,
		      struct imc_alloc_answer *s, struct imc_alloc_effort *f,
		      struct imc_arena *a)
{
	struct imc_alloc_list *list =
		imc_arena_array(a, (size_t)p->n + 1, sizeof *list);
	struct imc_alloc_core k, first;

	if (!imc_alloc_items(p, p->goal, list, a)) {
		s->proven = true;
		return;
	}
	k = core_of(p, list, f, a);
	if (is_impossible(&k)) {
		s->proven = true;
		return;
	}
	if (p->goal != IMC_ALLOC_ARRAYS) {
		first = imc_alloc_fewest(p, list, INFINITY, f, a);
		imc_alloc_solve(&first);
		if (!first.found) {
			s->proven = first.bound >= imc_alloc_wanted(&first);
			return;
		}
		begin_with(&k, first.pick);
	}
	imc_alloc_solve(&k);
	take_core(p, &k, s);
}

void imc_alloc_sum(const struct imc_alloc_problem *p,
		   struct imc_alloc_answer *s)
{
	s->ns = p->fixed_ns;
	s->stage_ns = p->fixed_stage_ns;
	s->pj = s->error = 0;
	s->arrays = 0;
	for (int32_t i = 0; i < p->n; i++) {
		const struct imc_alloc_option *o =
			&p->layer[i].option[s->pick[i]];

		s->ns += o->ns;
		s->stage_ns = fmax(s->stage_ns, o->stage_ns);
		s->pj += o->pj;
		s->error += o->error;
		s->arrays += o->arrays;
	}
}

double imc_alloc_value(enum imc_alloc_goal goal,
		       const struct imc_alloc_answer *s)
{
	switch (goal) {
	case IMC_ALLOC_LATENCY:
		return s->ns;
	case IMC_ALLOC_STAGE:
		return s->stage_ns;
	case IMC_ALLOC_ENERGY:
		return s->pj;
	case IMC_ALLOC_ARRAYS:
		return (double)s->arrays;
	}
	return 0;
}

struct imc_alloc_answer imc_alloc(const struct imc_alloc_problem *p,
				  struct imc_arena *a)
{
	struct imc_alloc_answer s = {.how = "none"};
	struct imc_alloc_effort f = {0, BASE_WORK, INFINITY};
	struct imc_arena *scratch = imc_arena_new();

	for (int32_t i = 0; i < p->n; i++)
		f.most += (int64_t)MORE_WORK * p->layer[i].n;
	if (!isinf(p->seconds))
		f.end = imc_alloc_now() + p->seconds;
	s.pick = imc_arena_array(a, (size_t)p->n + 1, sizeof *s.pick);
	if (p->goal == IMC_ALLOC_STAGE)
		imc_alloc_stage(p, &s, &f, scratch);
	else
		solve_sum(p, &s, &f, scratch);
	s.work = f.work;
	if (s.found) {
		imc_alloc_sum(p, &s);
		s.value = imc_alloc_value(p->goal, &s);
		s.bound = s.proven ? s.value : fmin(s.bound, s.value);
	} else {
		s.value = INFINITY;
		s.bound = s.proven ? INFINITY : s.bound;
	}
	imc_arena_free(scratch);
	return s;
}

double imc_alloc_gap(const struct imc_alloc_answer *s)
{
	if (!s->found)
		return INFINITY;
	return s->value == 0 ? 0 : (s->value - s->bound) / s->value;
}
