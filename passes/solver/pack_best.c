/* All that is known: fast rules, then bins emptied by packing a few of them
 * again, then exact methods for what is small enough. */
#include "passes/solver/pack_inner.h"

/* Work on improvement, in free rectangles looked at: for any set, for each
 * rectangle more, and at most. */
#define BASE_WORK 1000000
#define MORE_WORK 40000
#define MAX_WORK 14000000

/* The rectangles that share bins with others, as a problem of their own. */
struct part {
	struct imc_pack_problem p;
	int32_t n_alone;
	int32_t *alone, *rest;
	struct imc_pack_answer s;
};

static struct part part_of(const struct imc_pack_problem *p,
			   const struct imc_pack_answer *s, struct imc_arena *a)
{
	size_t n = (size_t)p->n;
	struct part q = {.p = *p, .s = *s};
	struct imc_pack_rect *r = imc_arena_array(a, n, sizeof *r);

	q.alone = imc_arena_array(a, n, sizeof *q.alone);
	q.rest = imc_arena_array(a, n, sizeof *q.rest);
	q.n_alone = imc_pack_split_alone(p, q.alone, q.rest);
	q.p.n = q.p.n_bin = p->n - q.n_alone;
	q.p.rect = r;
	q.s.place = imc_arena_array(a, n, sizeof *q.s.place);
	q.s.n_used -= q.n_alone;
	q.s.lower_bound -= q.n_alone;
	for (int32_t i = 0; i < q.p.n; i++) {
		r[i] = p->rect[q.rest[i]];
		q.s.place[i] = s->place[q.rest[i]];
	}
	return q;
}

/* The answer for all; those alone come after the others' bins. */
static void join(const struct part *q, struct imc_pack_answer *s)
{
	for (int32_t i = 0; i < q->p.n; i++)
		s->place[q->rest[i]] = q->s.place[i];
	for (int32_t i = 0; i < q->n_alone; i++)
		s->place[q->alone[i]] =
			(struct imc_pack_place){q->s.n_used + i, 0, 0};
	s->n_used = q->s.n_used + q->n_alone;
	s->lower_bound = q->s.lower_bound + q->n_alone;
	s->by = q->s.by;
}

static void improve(struct part *q, struct imc_arena *a)
{
	int64_t limit = BASE_WORK + (int64_t)MORE_WORK * q->p.n;
	int32_t n;

	if (q->p.n <= IMC_PACK_MAX_EXHAUSTIVE) {
		q->s = imc_pack_exhaustive(&q->p, a);
		return;
	}
	n = imc_pack_improve(&q->p, q->s.n_used, q->s.lower_bound,
			     limit < MAX_WORK ? limit : MAX_WORK, q->s.place);
	if (n < q->s.n_used)
		q->s.by = "bins packed again";
	q->s.n_used = n;
	if (q->s.n_used > q->s.lower_bound)
		imc_pack_improve_milp(&q->p, &q->s, a);
}

struct imc_pack_answer imc_pack_best(const struct imc_pack_problem *p,
				     struct imc_arena *a)
{
	struct imc_pack_answer s = imc_pack_greedy(p, a);
	struct imc_arena *scratch;
	struct part q;

	if (!s.place || s.n_used <= s.lower_bound)
		return s;
	scratch = imc_arena_new();
	q = part_of(p, &s, scratch);
	improve(&q, scratch);
	join(&q, &s);
	s.by = imc_arena_strdup(a, s.by);
	s.found = s.n_used <= p->n_bin;
	imc_arena_free(scratch);
	return s;
}
