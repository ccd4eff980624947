/* Recomputes what an answer claims; shares no code with the solvers. */
#include <math.h>

#include "passes/solver/alloc.h"

/* Sums in another order differ by so much, relatively. */
#define CLOSE 1e-9

struct total {
	double ns, stage_ns, pj, error;
	int64_t arrays;
};

static bool is_close(double x, double y)
{
	return x == y || fabs(x - y) <= CLOSE * fmax(fabs(x), fabs(y));
}

static const char *check_picks(const struct imc_alloc_problem *p,
			       const int32_t *pick, struct total *t,
			       struct imc_arena *a)
{
	for (int32_t i = 0; i < p->n; i++) {
		const struct imc_alloc_option *o;

		if (pick[i] < 0 || pick[i] >= p->layer[i].n)
			return imc_arena_printf(a, "layer %d: no option %d", i,
						pick[i]);
		o = &p->layer[i].option[pick[i]];
		if (!(o->stage_ns <= p->max_stage_ns))
			return imc_arena_printf(a, "layer %d takes too long",
						i);
		t->ns += o->ns;
		t->stage_ns = fmax(t->stage_ns, o->stage_ns);
		t->pj += o->pj;
		t->error += o->error;
		t->arrays += o->arrays;
	}
	return NULL;
}

static const char *check_sums(const struct imc_alloc_problem *p,
			      const struct imc_alloc_answer *s,
			      const struct total *t)
{
	if (!is_close(t->ns, s->ns) || t->stage_ns != s->stage_ns)
		return "its time is another";
	if (!is_close(t->pj, s->pj))
		return "its energy is another";
	if (!is_close(t->error, s->error))
		return "its error is another";
	if (t->arrays != s->arrays)
		return "its arrays are others";
	if (t->arrays > p->n_array)
		return "it takes too many arrays";
	if (t->error > p->max_error && !is_close(t->error, p->max_error))
		return "its error is too large";
	return NULL;
}

static double goal_of(enum imc_alloc_goal goal, const struct total *t)
{
	switch (goal) {
	case IMC_ALLOC_LATENCY:
		return t->ns;
	case IMC_ALLOC_STAGE:
		return t->stage_ns;
	case IMC_ALLOC_ENERGY:
		return t->pj;
	case IMC_ALLOC_ARRAYS:
		return (double)t->arrays;
	}
	return NAN;
}

/* Whether taking the fewest arrays (or the least error) of every layer, which
 * anyone can see, is an answer. */
static bool is_easy(const struct imc_alloc_problem *p, bool by_error)
{
	double error = 0;
	int64_t arrays = 0;

	for (int32_t i = 0; i < p->n; i++) {
		const struct imc_alloc_option *best = NULL;

		for (int32_t k = 0; k < p->layer[i].n; k++) {
			const struct imc_alloc_option *o =
				&p->layer[i].option[k];

			if (!(o->stage_ns <= p->max_stage_ns))
				continue;
			if (!best || (by_error ? o->error < best->error
					       : o->arrays < best->arrays))
				best = o;
		}
		if (!best)
			return false;
		error += best->error;
		arrays += best->arrays;
	}
	return arrays <= p->n_array && error <= p->max_error;
}

static const char *check_none(const struct imc_alloc_problem *p,
			      const struct imc_alloc_answer *s)
{
	if (s->proven && (is_easy(p, false) || is_easy(p, true)))
		return "it says that there is no answer, but there is";
	return NULL;
}

const char *imc_alloc_check(const struct imc_alloc_problem *p,
			    const struct imc_alloc_answer *s,
			    struct imc_arena *a)
{
	struct total t = {.ns = p->fixed_ns, .stage_ns = p->fixed_stage_ns};
	const char *fault;

	if (!s->found)
		return check_none(p, s);
	fault = check_picks(p, s->pick, &t, a);
	if (!fault)
		fault = check_sums(p, s, &t);
	if (fault)
		return fault;
	if (!is_close(goal_of(p->goal, &t), s->value))
		return "its value is another";
	if (!(s->bound <= s->value))
		return "its bound is above its value";
	if (s->proven && !is_close(s->bound, s->value))
		return "its bound does not prove its value";
	return NULL;
}
