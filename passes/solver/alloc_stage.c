/* The least largest time: below which time do n_array arrays do? The more
 * time, the fewer arrays, so it is found by bisection; of a time for which the
 * search for fewest arrays ends undecided, both sides are searched on. */
#include <math.h>
#include <stdlib.h>

#include "passes/solver/alloc_inner.h"

struct search {
	const struct imc_alloc_problem *p;
	struct imc_alloc_answer *s;
	struct imc_alloc_effort *f;
	struct imc_arena *a;
	struct imc_alloc_list *list; /* c is stage_ns */
	double *time;		     /* ascending: all that may be the answer */
	int32_t n_time;
	int32_t low, high; /* time[low] is proven too short, [high] does */
	int32_t down, up;  /* undecided from .. to, or up is -1 */
};

/* Of the items of at most ns those that no other is at least as good as in
 * arrays and error. */
static struct imc_alloc_list items_within(const struct imc_alloc_list *l,
					  double ns, struct imc_arena *a)
{
	struct imc_alloc_stair s = {0};
	struct imc_alloc_list out = {0};

	for (int32_t t = 0; t < l->n; t++)
		if (l->item[t].c <= ns)
			imc_alloc_climb(&s, &l->item[t], 0);
	out.n = s.n;
	out.item = imc_arena_array(a, (size_t)s.n + 1, sizeof *out.item);
	for (int32_t t = 0; t < s.n; t++)
		out.item[t] = (struct imc_alloc_item){
			s.step[t].a, 0, s.step[t].e, s.step[t].id};
	free(s.step);
	return out;
}

struct imc_alloc_core imc_alloc_fewest(const struct imc_alloc_problem *p,
				       const struct imc_alloc_list *list,
				       double ns, struct imc_alloc_effort *f,
				       struct imc_arena *a)
{
	struct imc_alloc_core k = {.n = p->n,
				   .room_e = imc_alloc_room_e(p),
				   .enough = (double)p->n_array,
				   .whole = true,
				   .no_milp = p->no_milp,
				   .effort = f,
				   .value = (double)p->n_array + 1,
				   .bound = -INFINITY,
				   .how = "prices"};

	k.list = imc_arena_array(a, (size_t)p->n + 1, sizeof *k.list);
	k.pick = imc_arena_array(a, (size_t)p->n + 1, sizeof *k.pick);
	for (int32_t i = 0; i < p->n; i++) {
		k.list[i] = items_within(&list[i], ns, a);
		f->work += list[i].n;
		if (k.list[i].n == 0)
			k.bound = INFINITY;
	}
	return k;
}

static int ascending(const void *x, const void *y)
{
	const double *p = x, *q = y;

	return (*p > *q) - (*p < *q);
}

/* Every time of an item that all layers can be within. */
static void list_times(struct search *s)
{
	double least = s->p->fixed_stage_ns;
	size_t n = 1;

	for (int32_t i = 0; i < s->p->n; i++) {
		least = fmax(least, s->list[i].item[0].c);
		n += (size_t)s->list[i].n;
	}
	s->time = imc_arena_array(s->a, n, sizeof *s->time);
	s->time[0] = least;
	n = 1;
	for (int32_t i = 0; i < s->p->n; i++)
		for (int32_t t = 0; t < s->list[i].n; t++)
			if (s->list[i].item[t].c > least)
				s->time[n++] = s->list[i].item[t].c;
	qsort(s->time, n, sizeof *s->time, ascending);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || s->time[i] > s->time[s->n_time - 1])
			s->time[s->n_time++] = s->time[i];
}

/* Takes the picks; their largest time may be less than was asked for. */
static void take(struct search *s, const struct imc_alloc_core *k)
{
	double most = s->time[0];

	for (int32_t i = 0; i < s->p->n; i++) {
		s->s->pick[i] = k->pick[i];
		most = fmax(most, s->p->layer[i].option[k->pick[i]].stage_ns);
	}
	while (s->high > 0 && s->time[s->high - 1] >= most)
		s->high--;
	s->s->found = true;
	s->s->how = k->how;
}

enum outcome { DOES, DOES_NOT, UNKNOWN };

static enum outcome try_time(struct search *s, int32_t at)
{
	struct imc_arena *scratch = imc_arena_new();
	struct imc_alloc_core k =
		imc_alloc_fewest(s->p, s->list, s->time[at], s->f, scratch);
	enum outcome out = UNKNOWN;

	if (k.bound < INFINITY)
		imc_alloc_solve(&k);
	if (k.found)
		out = DOES;
	else if (k.bound >= imc_alloc_wanted(&k))
		out = DOES_NOT;
	if (out == DOES)
		take(s, &k);
	imc_arena_free(scratch);
	return out;
}

/* The undecided times that are left between low and high. */
static void cut_undecided(struct search *s)
{
	if (s->high <= s->down || s->low >= s->up)
		s->up = -1;
	else if (s->high <= s->up)
		s->up = s->high - 1;
	else if (s->low >= s->down)
		s->down = s->low + 1;
}

static void note(struct search *s, int32_t at, enum outcome o)
{
	switch (o) {
	case DOES: /* take() has moved high */
		break;
	case DOES_NOT:
		s->low = at;
		break;
	case UNKNOWN:
		if (s->up < 0)
			s->down = s->up = at;
		else if (at > s->up)
			s->up = at;
		else
			s->down = at;
		return;
	}
	if (s->up >= 0)
		cut_undecided(s);
}

static bool is_near(const struct search *s)
{
	double value = s->time[s->high];

	return value - s->time[s->low + 1] <= s->p->gap * value;
}

/* Where to look next; -1: nowhere. Above what is undecided first. */
static int32_t next_time(const struct search *s)
{
	int32_t from = s->low, to = s->high;

	if (s->up >= 0 && to - s->up > 1)
		from = s->up;
	else if (s->up >= 0)
		to = s->down;
	if (to - from <= 1)
		return -1;
	return from + (to - from) / 2;
}

static void search_times(struct search *s)
{
	int32_t at = s->n_time - 1; /* does anything? */

	s->low = s->down = s->up = -1;
	s->high = s->n_time;
	note(s, at, try_time(s, at));
	/* What all the time there is does not settle, less does not either. */
	if (!s->s->found)
		return;
	while ((at = next_time(s)) >= 0 && !is_near(s) &&
	       !imc_alloc_is_spent(s->f))
		note(s, at, try_time(s, at));
}

void imc_alloc_stage(const struct imc_alloc_problem *p,
		     struct imc_alloc_answer *out, struct imc_alloc_effort *f,
		     struct imc_arena *a)
{
	struct search s = {.p = p, .s = out, .f = f, .a = a};

	s.list = imc_arena_array(a, (size_t)p->n + 1, sizeof *s.list);
	if (!imc_alloc_items(p, IMC_ALLOC_STAGE, s.list, a)) {
		out->proven = true;
		return;
	}
	list_times(&s);
	search_times(&s);
	out->proven = s.low + 1 == s.high;
	if (s.low + 1 < s.n_time)
		out->bound = s.time[s.low + 1];
}
