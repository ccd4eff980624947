/* Engines, bits and copies on a spatial machine: which calls of the solver the
 * objective takes, and what becomes of the picks. */
#include <math.h>

#include "passes/2-quant/choose_spatial.h"

/* Steps of the search for the least product of energy and latency. */
#define MAX_EDP_STEPS 12

/* Sums in another order differ by less. */
#define SAME 1e-9

struct task {
	const struct imc_module *m;
	const struct imc_bit_problem *b;
	double budget;
	struct imc_arena *a;
	struct imc_choice *out;
	/* Under a budget of errors: with the least time that all share. */
	bool least;
};

/* One call of the solver, whose answer is not believed. */
static bool call(const struct task *t, const struct imc_alloc_problem *p,
		 struct imc_alloc_answer *s)
{
	const char *why;

	*s = imc_alloc(p, t->a);
	why = imc_alloc_check(p, s, t->a);
	return !why ||
	       imc_diag(t->m->diags, IMC_IN_FILE(t->m->model_path),
			IMC_D_VERIFY,
			imc_arena_printf(t->a, "choice of bits and copies: %s",
					 why));
}

/* With at most `shared` for what all share; INFINITY: any time. */
static struct imc_alloc_problem limited(const struct task *t, double shared)
{
	struct imc_alloc_problem p = t->b->p;
	double most = fmin(shared, p.max_stage_ns - p.fixed_stage_ns);

	p.max_error = t->budget;
	if (isfinite(most) && (isinf(t->budget) || t->least))
		imc_choice_share(t->m, t->b, most, &p, t->a);
	return p;
}

static struct imc_alloc_problem problem_of(const struct task *t)
{
	return limited(t, INFINITY);
}

/* Out of time without an answer: the one of fewest arrays is found at once. */
static bool fall_back(const struct task *t)
{
	struct imc_alloc_problem p = problem_of(t);
	struct imc_choice *c = t->out;
	struct imc_alloc_answer s;

	p.goal = IMC_ALLOC_ARRAYS;
	p.seconds = INFINITY;
	if (!call(t, &p, &s))
		return false;
	c->s = s;
	c->found = s.found;
	c->value = s.found ? imc_alloc_value(t->b->p.goal, &s) : 0;
	return true;
}

static bool solve_plain(const struct task *t)
{
	struct imc_alloc_problem p = problem_of(t);
	struct imc_choice *c = t->out;

	if (!call(t, &p, &c->s))
		return false;
	c->found = c->s.found;
	c->value = c->s.value;
	c->bound = c->s.bound;
	return c->found || c->s.proven || fall_back(t);
}

/* The least latency among those that are best for `goal`. */
static bool then_latency(const struct task *t, enum imc_alloc_goal goal)
{
	struct imc_choice *c = t->out;
	bool stage = goal == IMC_ALLOC_STAGE;
	double shared = c->value - t->b->p.fixed_stage_ns;
	struct imc_alloc_problem p = limited(t, stage ? shared : INFINITY);
	struct imc_alloc_answer s;

	p.goal = IMC_ALLOC_LATENCY;
	if (stage)
		p.max_stage_ns = c->value;
	else
		p.n_array = c->s.arrays;
	if (!call(t, &p, &s))
		return false;
	if (s.found)
		c->s = s;
	return true;
}

/* ---- what all share, as one stage of the pipeline ---- */

/* Halvings of the time that it may take. */
#define MAX_SHARE_STEPS 16

/* The ends of what is left to all. */
struct share {
	double lo, hi;
};

/* One try with at most x for what all share: then no stage is shorter than the
 * solver's bound; with more none is shorter than x. */
static bool try_share(const struct task *t, double x, struct share *ends)
{
	struct imc_alloc_problem p = limited(t, x);
	bool all = x >= ends->hi && ends->lo == 0;
	double value, longest = x + p.fixed_stage_ns;
	struct imc_choice *c = t->out;
	struct imc_alloc_answer s;

	if (!call(t, &p, &s))
		return false;
	if (!s.found) {
		ends->lo = x;
		if (all && !c->found)
			c->s = s;
		else if (s.proven)
			c->bound = fmax(c->bound, longest);
		return true;
	}
	value = fmax(s.stage_ns,
		     imc_choice_shared(t->m, t->b, s.pick) + p.fixed_stage_ns);
	c->bound = fmax(c->bound, all ? s.bound : fmin(s.bound, longest));
	if (!c->found || value < c->value)
		*c = (struct imc_choice){true, s, value, c->bound};
	if (s.stage_ns <= longest)
		ends->hi = x;
	else
		ends->lo = x;
	return true;
}

/* Looks for the time that is best left to what all share: more of it spares
 * arrays, which make the other stages shorter. */
static bool share_stage(const struct task *t)
{
	struct share ends = {0, imc_choice_most_shared(t->m, t->b)};
	double x = ends.hi;

	for (int i = 0; i < MAX_SHARE_STEPS; i++) {
		if (!try_share(t, x, &ends))
			return false;
		if (!t->out->found)
			break;
		x = (ends.lo + ends.hi) / 2;
	}
	return true;
}

/* Errors have the limit that the shared time would need: the better of what
 * pays no heed to that and what has as little as can be. */
static bool share_least(const struct task *t)
{
	double x = imc_choice_most_shared(t->m, t->b);
	struct task least = *t;

	for (int i = 0; i < 2; i++) {
		struct share ends = {0, x};

		least.least = i > 0;
		if (!try_share(&least, x, &ends))
			return false;
	}
	t->out->bound = 0;
	return true;
}

static bool solve_stage(const struct task *t)
{
	bool ok = imc_choice_most_shared(t->m, t->b) <= 0 ? solve_plain(t)
		  : isfinite(t->budget)			  ? share_least(t)
							  : share_stage(t);

	return ok && (!t->out->found || then_latency(t, IMC_ALLOC_STAGE));
}

/* ---- energy times latency ---- */

/* Energy of all nodes, also of those that have no choice. */
static double energy_of(const struct task *t, const struct imc_alloc_answer *s)
{
	const struct imc_graph *g = t->m->g;
	double pj = s->pj;

	for (size_t i = 0, k = 0; i < g->n_order; i++)
		if (k < t->b->n && t->b->node[k].i == g->order[i].i)
			k++;
		else
			pj += t->m->map.assign[g->order[i].i].cost.pj;
	return pj;
}

/* Options whose time is ns * by_ns + pj * by_pj; stages stay as they are. */
static struct imc_alloc_problem weigh(const struct task *t, double by_ns,
				      double by_pj)
{
	struct imc_alloc_problem p = problem_of(t);
	struct imc_alloc_layer *layer =
		imc_arena_array(t->a, (size_t)p.n + 1, sizeof *layer);

	for (int32_t i = 0; i < p.n; i++) {
		size_t n = (size_t)p.layer[i].n;
		struct imc_alloc_option *o = imc_arena_memdup(
			t->a, p.layer[i].option, n * sizeof *o);

		for (size_t k = 0; k < n; k++)
			o[k].ns = o[k].ns * by_ns + o[k].pj * by_pj;
		layer[i] = (struct imc_alloc_layer){(int32_t)n, o};
	}
	p.layer = layer;
	p.goal = IMC_ALLOC_LATENCY;
	p.fixed_ns = 0;
	return p;
}

/* The product's logarithm is concave in both, so its tangent lies above it:
 * what is least on the tangent is never worse than where it touches. The first
 * picks are those of least by_ns * latency + by_pj * energy. */
static bool descend(const struct task *t, double by_ns, double by_pj)
{
	struct imc_choice *c = t->out;
	double last = INFINITY;

	for (int i = 0; i < MAX_EDP_STEPS; i++) {
		struct imc_alloc_problem p = weigh(t, by_ns, by_pj);
		struct imc_alloc_answer s;
		double pj;

		if (!call(t, &p, &s))
			return false;
		if (!s.found)
			return true;
		imc_alloc_sum(&t->b->p, &s);
		pj = energy_of(t, &s);
		if (s.ns * pj >= last * (1 - SAME))
			return true;
		last = s.ns * pj;
		if (!c->found || last < c->value)
			*c = (struct imc_choice){true, s, last, 0};
		by_ns = 1 / s.ns;
		by_pj = 1 / pj;
	}
	return true;
}

/* From either end, as it may stop short of the least. */
static bool solve_edp(const struct task *t)
{
	return descend(t, 1, 0) && (!t->out->found || descend(t, 0, 1));
}

static bool solve(const struct task *t)
{
	*t->out = (struct imc_choice){0};
	switch ((enum imc_objective)t->m->opt.objective) {
	case IMC_OBJECTIVE_LATENCY:
	case IMC_OBJECTIVE_ENERGY:
		return solve_plain(t);
	case IMC_OBJECTIVE_THROUGHPUT:
		return solve_stage(t);
	case IMC_OBJECTIVE_ARRAYS:
		return solve_plain(t) &&
		       (!t->out->found || then_latency(t, IMC_ALLOC_ARRAYS));
	case IMC_OBJECTIVE_EDP:
		return solve_edp(t);
	case IMC_N_OBJECTIVE:
		break;
	}
	return solve_plain(t);
}

/* ---- cores that all layers share ---- */

/* The problem with what layers leave to these cores as a sum. */
static struct imc_bit_problem sharing(const struct task *t)
{
	const struct imc_graph *g = t->m->g;
	struct imc_bit_problem b = *t->b;

	b.shares = true;
	b.p.fixed_stage_ns = 0;
	for (size_t i = 0, k = 0; i < g->n_order; i++)
		if (k < b.n && b.node[k].i == g->order[i].i)
			k++;
		else
			b.p.fixed_stage_ns += imc_cost_shared(
				t->m->hw, &t->m->map.assign[g->order[i].i]);
	return b;
}

/* The longest stage of the picks, with that of what all share. */
static double stage_of(const struct task *t, const struct imc_choice *c)
{
	struct imc_bit_problem b = t->b->shares ? *t->b : sharing(t);

	return fmax(c->s.stage_ns, imc_choice_shared(t->m, &b, c->s.pick) +
					   b.p.fixed_stage_ns);
}

static bool keeps_up(const struct task *t)
{
	return stage_of(t, t->out) <= t->b->p.max_stage_ns * (1 + SAME);
}

/* What the objective of m has of the picks. */
static double objective_of(const struct task *t,
			   const struct imc_alloc_answer *s)
{
	if (t->m->opt.objective == IMC_OBJECTIVE_EDP)
		return s->ns * energy_of(t, s);
	return imc_alloc_value(t->b->p.goal, s);
}

/* Picks with the shortest stages, if these are short enough. */
static bool take_fastest(const struct task *t)
{
	struct imc_bit_problem b = *t->b;
	struct imc_choice *c = t->out;
	struct task fast = {t->m, &b, t->budget, t->a, c, false};

	*c = (struct imc_choice){0};
	b.p.goal = IMC_ALLOC_STAGE;
	b.p.max_stage_ns = INFINITY;
	if (!solve_stage(&fast))
		return false;
	c->found = c->found && keeps_up(t);
	c->value = c->found ? objective_of(t, &c->s) : 0;
	c->bound = 0;
	return true;
}

bool imc_choice_solve(const struct imc_module *m,
		      const struct imc_bit_problem *b, double budget,
		      struct imc_arena *a, struct imc_choice *out)
{
	struct task t = {m, b, budget, a, out, false};
	struct imc_bit_problem shared;

	if (!solve(&t))
		return false;
	if (isinf(b->p.max_stage_ns) || !out->found || keeps_up(&t))
		return true;
	shared = sharing(&t);
	t.b = b->shares ? b : &shared;
	t.least = true;
	if (!solve(&t))
		return false;
	if (out->found && keeps_up(&t))
		return true;
	t.b = b;
	return take_fastest(&t);
}

/* ---- when nothing is found ---- */

/* The fewest arrays under a budget; -1: there is no choice. */
static int64_t fewest_arrays(const struct task *t, double budget, double stage)
{
	struct imc_alloc_problem p = t->b->p;
	struct imc_alloc_answer s;

	p.goal = IMC_ALLOC_ARRAYS;
	p.n_array = INT32_MAX;
	p.max_error = budget;
	p.max_stage_ns = stage;
	s = imc_alloc(&p, t->a);
	return s.found ? s.arrays : -1;
}

static double least_error(const struct imc_alloc_problem *p)
{
	double sum = 0;

	for (int32_t i = 0; i < p->n; i++) {
		double least = INFINITY;

		for (int32_t k = 0; k < p->layer[i].n; k++)
			least = fmin(least, p->layer[i].option[k].error);
		sum += least;
	}
	return sum;
}

static bool no_room(const struct task *t, int64_t need)
{
	int n = (int)need;

	return imc_diag(t->m->diags, IMC_IN_FILE(t->m->model_path),
			IMC_D_NO_ROOM, n, n, n, t->m->hw->name,
			(int)t->b->p.n_array, n);
}

/* The most images a second that were found. */
static bool too_slow(const struct task *t)
{
	struct imc_bit_problem b = *t->b;
	struct imc_choice c = {0};
	struct task free = {t->m, &b, t->budget, t->a, &c, false};

	b.p.goal = IMC_ALLOC_STAGE;
	b.p.max_stage_ns = INFINITY;
	if (!solve_stage(&free))
		return false;
	return imc_diag(t->m->diags, IMC_IN_FILE(t->m->model_path),
			IMC_D_TOO_SLOW, t->m->opt.min_throughput,
			c.found ? 1e9 / stage_of(&free, &c) : 0,
			(long long)b.p.n_array, t->m->hw->name);
}

bool imc_choice_none(const struct imc_module *m,
		     const struct imc_bit_problem *b, double budget)
{
	struct task t = {m, b, budget, imc_arena_new(), NULL, false};
	struct imc_loc loc = IMC_IN_FILE(m->model_path);
	int64_t need = fewest_arrays(&t, INFINITY, INFINITY);
	int64_t exact = need;

	if (isfinite(budget))
		exact = fewest_arrays(&t, budget, INFINITY);
	if (need > b->p.n_array)
		no_room(&t, need);
	else if (exact < 0)
		imc_diag(m->diags, loc, IMC_D_ERROR_BUDGET, budget,
			 least_error(&b->p));
	else if (exact > b->p.n_array)
		imc_diag(m->diags, loc, IMC_D_BUDGET_ROOM, (long long)exact,
			 m->hw->name, (long long)b->p.n_array);
	else
		too_slow(&t);
	imc_arena_free(t.a);
	return false;
}

/* ---- picks become assignments ---- */

static struct imc_cost narrow_cost(const struct imc_bit_problem *b,
				   const struct imc_choice *c)
{
	struct imc_cost sum = {0};

	for (size_t i = 0; i < b->n; i++) {
		const struct imc_cost *n = &b->option[i][c->s.pick[i]].narrow;

		sum.ns += n->ns;
		sum.pj += n->pj;
	}
	return sum;
}

static bool differ(double a, double b)
{
	return fabs(a - b) > 1e-6 * fmax(fabs(a), fabs(b));
}

/* Recomputes, from what is assigned, what the solver was told. NULL: fine. */
static const char *check_assigned(const struct imc_module *m,
				  const struct imc_bit_problem *b,
				  const struct imc_choice *c)
{
	const struct imc_graph *g = m->g;
	int64_t arrays = 0;
	double ns = 0;

	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_assign *as = &m->map.assign[g->order[i].i];
		int64_t n = imc_cost_arrays(m->hw, g, g->order[i], as);

		if (n < 0)
			return "a node fits no array";
		arrays += n;
		ns += imc_cost_node(m->hw, g, g->order[i], as).ns;
	}
	if (arrays > imc_hw_n_array(m->hw) || arrays != c->s.arrays)
		return "arrays are not those of its nodes";
	if (differ(ns + narrow_cost(b, c).ns, c->s.ns))
		return "latency is not that of its nodes";
	return NULL;
}

/* Time on cores that all share belongs to no layer's stage: rescales, and
 * what is there beside the crossbars. The bound holds only without that. */
static bool stage_is_exact(const struct imc_module *m,
			   const struct imc_choice *c)
{
	struct imc_pipeline p = imc_pipeline_of(m->hw, m->g, &m->map);

	return !differ(p.stage_ns, c->value) || p.stage_ns < c->value;
}

static void store_bounds(struct imc_module *m, const struct imc_bit_problem *b,
			 const struct imc_choice *c)
{
	m->map.bound_ns = m->map.stage_bound_ns = 0;
	if (m->opt.objective == IMC_OBJECTIVE_LATENCY)
		m->map.bound_ns = c->bound;
	if (m->opt.objective == IMC_OBJECTIVE_THROUGHPUT &&
	    stage_is_exact(m, c))
		m->map.stage_bound_ns = c->bound;
	m->map.chooser = imc_arena_strdup(m->arena, c->s.how ? c->s.how : "");
	m->map.chooser_gap = imc_choice_gap(c);
	m->map.narrow = narrow_cost(b, c);
}

static bool take(struct imc_module *m, const struct imc_bit_problem *b,
		 const struct imc_choice *c, struct imc_pass_cx *cx)
{
	const char *why;

	imc_choice_assign(b, c, m->map.assign);
	why = check_assigned(m, b, c);
	if (why)
		return imc_diag(m->diags, IMC_IN_FILE(m->model_path),
				IMC_D_VERIFY,
				imc_arena_printf(cx->scratch,
						 "choice of bits and copies: "
						 "%s",
						 why));
	store_bounds(m, b, c);
	for (size_t i = 0; i < b->n; i++)
		cx->n_changed += m->map.assign[b->node[i].i].engine ==
				 IMC_ENGINE_CROSSBAR;
	return true;
}

bool imc_choose_spatial(struct imc_module *m, struct imc_pass_cx *cx)
{
	struct imc_bit_problem b = imc_bit_problem_of(m, cx->scratch);
	double budget = m->opt.budget_bits > 0 && imc_bits_are_chosen(m)
				? imc_bit_budget(m, m->opt.budget_bits)
				: INFINITY;
	struct imc_choice c;

	if (b.why) {
		const struct imc_node *n = imc_node_at(m->g, b.bad);

		return imc_diag(m->diags, n->loc, IMC_D_ENGINE_FORCED,
				imc_engine_name(imc_map_forced(m, n)), b.why);
	}
	if (m->opt.search) {
		if (!imc_search_check(m) || !imc_search_bits(m, cx, &b, &c))
			return false;
	} else if (m->opt.has_drop) {
		if (!imc_choice_for_drop(m, cx, &b, &c))
			return false;
	} else if (!imc_choice_solve(m, &b, budget, cx->scratch, &c)) {
		return false;
	} else if (!c.found) {
		return imc_choice_none(m, &b, budget);
	}
	return take(m, &b, &c, cx);
}
