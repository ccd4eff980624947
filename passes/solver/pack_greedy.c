/* The fast rules: a few runs of MaxRects. */
#include "passes/solver/pack_inner.h"

/* Chosen one after the other, each as the one that saves most bins over
 * 1775 random sets of 15 to 250 rectangles; tests/bench shows what they do.
 * The published way comes first, since reports name what found an answer. */
static const struct imc_pack_recipe recipe[] = {
	{IMC_PACK_BY_AREA, IMC_PACK_RULE_SHORT, false},
	{IMC_PACK_BY_AREA, IMC_PACK_RULE_CONTACT, true},
	{IMC_PACK_BY_PERIMETER, IMC_PACK_RULE_AREA, false},
	{IMC_PACK_BY_AREA, IMC_PACK_RULE_AREA, false},
	{IMC_PACK_BY_PERIMETER, IMC_PACK_RULE_SHORT, true},
	{IMC_PACK_BY_WIDTH, IMC_PACK_RULE_CONTACT, false},
	{IMC_PACK_BY_HEIGHT, IMC_PACK_RULE_SHORT, false},
	{IMC_PACK_BY_AREA, IMC_PACK_RULE_CONTACT, false},
};
#define N_RECIPE ((int)(sizeof recipe / sizeof recipe[0]))

/* Beyond this many free rectangles looked at, no further run begins. */
#define MAX_WORK 20000000

static const char *const order_text[IMC_N_PACK_ORDER] = {
#define X(id, text) [IMC_PACK_BY_##id] = text,
	IMC_PACK_ORDERS(X)
#undef X
};

static const char *const rule_text[IMC_N_PACK_RULE] = {
#define X(id, text) [IMC_PACK_RULE_##id] = text,
	IMC_PACK_RULES(X)
#undef X
};

/* "greedy, by area" is the plain one: shorter side, best bin. */
static const char *name_recipe(struct imc_pack_recipe r, struct imc_arena *a)
{
	bool plain = r.rule == IMC_PACK_RULE_SHORT;

	return imc_arena_printf(a, "greedy, by %s%s%s%s", order_text[r.order],
				plain ? "" : ", ",
				plain ? "" : rule_text[r.rule],
				r.first ? ", first bin" : "");
}

static bool all_inside(const struct imc_pack_problem *p)
{
	for (int32_t i = 0; i < p->n; i++)
		if (!imc_pack_inside(p, p->rect[i]))
			return false;
	return true;
}

/* A rectangle that shares its bin with no other one has it for itself, after
 * the bins of all others; the runs need not look at it. */
struct runs {
	const struct imc_pack_problem *p;
	struct imc_pack_maxrects *engine;
	int32_t *alone, *rest, *set;
	int32_t n_alone, n_rest;
	struct imc_pack_place *trial;
};

static void open_runs(struct runs *q, const struct imc_pack_problem *p,
		      struct imc_arena *a)
{
	size_t n = (size_t)p->n;

	q->p = p;
	q->engine = imc_pack_maxrects_new(p, a);
	q->alone = imc_arena_array(a, n, sizeof *q->alone);
	q->rest = imc_arena_array(a, n, sizeof *q->rest);
	q->set = imc_arena_array(a, n, sizeof *q->set);
	q->trial = imc_arena_array(a, n, sizeof *q->trial);
	q->n_alone = imc_pack_split_alone(p, q->alone, q->rest);
	q->n_rest = p->n - q->n_alone;
}

static int32_t quick_bound(const struct runs *q)
{
	return q->n_alone + imc_pack_bound_of(q->p, q->rest, q->n_rest);
}

/* Bins for all by recipe r, into q->trial; most + 1: `most` do not do. */
static int32_t run(struct runs *q, struct imc_pack_recipe r, int32_t most,
		   struct imc_arena *a)
{
	for (int32_t i = 0; i < q->n_rest; i++)
		q->set[i] = q->rest[i];
	imc_pack_sort(q->p, q->set, q->n_rest, r.order, a);
	return q->n_alone + imc_pack_maxrects_run(q->engine, q->set, q->n_rest,
						  r, most - q->n_alone,
						  q->trial);
}

/* Copies the last run, and numbers the bins of those alone. */
static void keep(const struct runs *q, int32_t n_used,
		 struct imc_pack_place *place)
{
	for (int32_t i = 0; i < q->n_rest; i++)
		place[q->rest[i]] = q->trial[q->rest[i]];
	for (int32_t i = 0; i < q->n_alone; i++)
		place[q->alone[i]] =
			(struct imc_pack_place){n_used - q->n_alone + i, 0, 0};
}

/* Runs recipes until one does with `bound` bins. */
static void run_all(struct runs *q, int32_t bound, struct imc_pack_answer *s,
		    struct imc_arena *a)
{
	int best = 0;

	s->n_used = INT32_MAX;
	for (int k = 0; k < N_RECIPE && s->n_used > bound; k++) {
		int32_t n = run(q, recipe[k], s->n_used - 1, a);

		if (n < s->n_used) {
			s->n_used = n;
			best = k;
			keep(q, n, s->place);
		}
		if (imc_pack_maxrects_work(q->engine) > MAX_WORK)
			break;
	}
	s->by = name_recipe(recipe[best], a);
}

struct imc_pack_answer imc_pack_greedy(const struct imc_pack_problem *p,
				       struct imc_arena *a)
{
	struct imc_pack_answer s = {.by = "greedy"};
	struct imc_arena *scratch;
	struct runs q;

	if (!all_inside(p)) {
		s.lower_bound = imc_pack_lower_bound(p, a);
		return s;
	}
	scratch = imc_arena_new();
	open_runs(&q, p, scratch);
	s.lower_bound = quick_bound(&q);
	s.place = imc_arena_array(a, (size_t)p->n, sizeof *s.place);
	run_all(&q, s.lower_bound, &s, scratch);
	s.by = imc_arena_strdup(a, s.by);
	/* Much dearer than all runs. */
	if (s.n_used > s.lower_bound)
		s.lower_bound = imc_pack_lower_bound(p, scratch);
	imc_arena_free(scratch);
	s.found = s.n_used <= p->n_bin;
	return s;
}

struct imc_pack_answer imc_pack_area(const struct imc_pack_problem *p,
				     struct imc_arena *a)
{
	struct imc_pack_answer out = {.by = "MaxRects by area"};
	struct imc_arena *scratch;
	int32_t *set;

	out.lower_bound = imc_pack_lower_bound(p, a);
	if (!all_inside(p))
		return out;
	out.place = imc_arena_array(a, (size_t)p->n, sizeof *out.place);
	scratch = imc_arena_new();
	set = imc_arena_array(scratch, (size_t)p->n, sizeof *set);
	for (int32_t i = 0; i < p->n; i++)
		set[i] = i;
	imc_pack_sort(p, set, p->n, IMC_PACK_BY_AREA, scratch);
	out.n_used =
		imc_pack_maxrects_run(imc_pack_maxrects_new(p, scratch), set,
				      p->n, recipe[0], p->n, out.place);
	imc_arena_free(scratch);
	out.found = out.n_used <= p->n_bin;
	return out;
}

bool imc_pack_fits(const struct imc_pack_problem *p)
{
	struct imc_arena *scratch;
	struct runs q;
	bool fits = false;

	if (!all_inside(p))
		return false;
	scratch = imc_arena_new();
	open_runs(&q, p, scratch);
	if (quick_bound(&q) <= p->n_bin)
		for (int k = 0; k < N_RECIPE && !fits; k++)
			fits = run(&q, recipe[k], p->n_bin, scratch) <=
			       p->n_bin;
	imc_arena_free(scratch);
	return fits;
}
