/* Exact answers of small problems, by means that need no thought. */
#include <math.h>
#include <stdlib.h>

#include "passes/solver/alloc.h"

#define MAX_COMBINATION ((int64_t)1 << 22)
#define MAX_CELL ((int64_t)1 << 27) /* of the table: layers times arrays */
#define ROUNDING 1e-12		    /* of an error budget that is just met */

/* Adds option o to what is picked before. */
static struct imc_alloc_answer plus(struct imc_alloc_answer s,
				    const struct imc_alloc_option *o)
{
	s.ns += o->ns;
	s.stage_ns = fmax(s.stage_ns, o->stage_ns);
	s.pj += o->pj;
	s.error += o->error;
	s.arrays += o->arrays;
	return s;
}

static bool is_within(const struct imc_alloc_problem *p,
		      const struct imc_alloc_answer *s)
{
	return s->arrays <= p->n_array &&
	       s->error <= p->max_error + ROUNDING * fabs(p->max_error);
}

static struct imc_alloc_answer nothing(const struct imc_alloc_problem *p,
				       const char *how, struct imc_arena *a)
{
	struct imc_alloc_answer s = {.how = how};

	s.pick = imc_arena_array(a, (size_t)p->n + 1, sizeof *s.pick);
	s.ns = p->fixed_ns;
	s.stage_ns = p->fixed_stage_ns;
	s.value = INFINITY;
	return s;
}

/* All picks of the layers from i on; s->pick has those before, sum their
 * sums. */
static void try_all(const struct imc_alloc_problem *p, int32_t i,
		    struct imc_alloc_answer sum, int32_t *pick,
		    struct imc_alloc_answer *best)
{
	double value = imc_alloc_value(p->goal, &sum);

	if (i < p->n) {
		for (int32_t k = 0; k < p->layer[i].n; k++) {
			const struct imc_alloc_option *o =
				&p->layer[i].option[k];

			pick[i] = k;
			if (o->stage_ns <= p->max_stage_ns)
				try_all(p, i + 1, plus(sum, o), pick, best);
		}
		return;
	}
	best->work++;
	if (!is_within(p, &sum) || value >= best->value)
		return;
	sum.pick = best->pick;
	sum.work = best->work;
	sum.how = best->how;
	*best = sum;
	best->found = true;
	best->value = value;
	for (int32_t k = 0; k < p->n; k++)
		best->pick[k] = pick[k];
}

struct imc_alloc_answer imc_alloc_exhaustive(const struct imc_alloc_problem *p,
					     struct imc_arena *a)
{
	struct imc_alloc_answer best = nothing(p, "exhaustive", a), sum = best;
	int32_t *pick = imc_arena_array(a, (size_t)p->n + 1, sizeof *pick);
	int64_t n = 1;

	for (int32_t i = 0; i < p->n && n <= MAX_COMBINATION; i++)
		n *= p->layer[i].n;
	if (n > MAX_COMBINATION)
		return best;
	try_all(p, 0, sum, pick, &best);
	best.proven = true;
	best.bound = best.value;
	return best;
}

/* cost[r]: the least of the layers so far with r arrays at most. */
struct table {
	int64_t n_array;
	double *cost, *next;
	int32_t *pick; /* [layer][arrays] */
};

static double cost_of(enum imc_alloc_goal goal,
		      const struct imc_alloc_option *o)
{
	struct imc_alloc_answer none = {0}, s = plus(none, o);

	return imc_alloc_value(goal, &s);
}

static void add_layer(const struct imc_alloc_problem *p, int32_t i,
		      struct table *t)
{
	int32_t *pick = t->pick + (int64_t)i * (t->n_array + 1);
	double *swap = t->cost;

	for (int64_t r = 0; r <= t->n_array; r++)
		t->next[r] = INFINITY;
	for (int32_t k = 0; k < p->layer[i].n; k++) {
		const struct imc_alloc_option *o = &p->layer[i].option[k];
		double cost = cost_of(p->goal, o);

		if (!(o->stage_ns <= p->max_stage_ns))
			continue;
		for (int64_t r = o->arrays; r <= t->n_array; r++) {
			double sum = t->cost[r - o->arrays] + cost;

			if (sum < t->next[r]) {
				t->next[r] = sum;
				pick[r] = k;
			}
		}
	}
	t->cost = t->next;
	t->next = swap;
}

static void read_table(const struct imc_alloc_problem *p, const struct table *t,
		       struct imc_alloc_answer *s)
{
	struct imc_alloc_answer sum = *s;
	int64_t r = t->n_array;

	for (int32_t i = p->n - 1; i >= 0; i--) {
		s->pick[i] = t->pick[(int64_t)i * (t->n_array + 1) + r];
		r -= p->layer[i].option[s->pick[i]].arrays;
	}
	for (int32_t i = 0; i < p->n; i++)
		sum = plus(sum, &p->layer[i].option[s->pick[i]]);
	*s = sum;
	s->found = true;
	s->value = imc_alloc_value(p->goal, s);
}

/* More arrays than all layers can take change nothing. */
static int64_t useful_arrays(const struct imc_alloc_problem *p)
{
	int64_t sum = 0;

	for (int32_t i = 0; i < p->n; i++) {
		int64_t most = 0;

		for (int32_t k = 0; k < p->layer[i].n; k++)
			if (p->layer[i].option[k].arrays > most)
				most = p->layer[i].option[k].arrays;
		sum += most;
	}
	return sum < p->n_array ? sum : p->n_array;
}

struct imc_alloc_answer imc_alloc_dynamic(const struct imc_alloc_problem *p,
					  struct imc_arena *a)
{
	struct imc_alloc_answer s = nothing(p, "dynamic", a);
	struct imc_arena *scratch;
	struct table t = {.n_array = useful_arrays(p)};
	size_t cells;

	if (p->goal == IMC_ALLOC_STAGE || !isinf(p->max_error) ||
	    t.n_array >= MAX_CELL / (p->n + 1))
		return s;
	s.proven = true;
	if (t.n_array < 0)
		return s;
	scratch = imc_arena_new();
	cells = (size_t)t.n_array + 1;
	t.cost = imc_arena_array(scratch, cells, sizeof *t.cost);
	t.next = imc_arena_array(scratch, cells, sizeof *t.next);
	t.pick = imc_arena_array(scratch, cells * ((size_t)p->n + 1),
				 sizeof *t.pick);
	for (int32_t i = 0; i < p->n; i++)
		add_layer(p, i, &t);
	if (!isinf(t.cost[t.n_array]))
		read_table(p, &t, &s);
	s.bound = s.value;
	imc_arena_free(scratch);
	return s;
}
