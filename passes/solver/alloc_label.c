/* Dynamic programming over lists whose states are partial picks: their sums
 * of c, a and e. A state goes when another is at least as good in all three,
 * when the prices say that no better solution can come of it, and, of more
 * than `width` states, when it is not among those of lowest bound. Lists that
 * leave little choice come first: for the many fine steps of the last ones
 * prices are nearly exact. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "passes/solver/alloc_inner.h"

#define N_FACTOR 7
#define MAX_PRICE (N_FACTOR * N_FACTOR)
#define MANY 4 /* states made before they are thinned: widths */
#define CLOCK_EVERY 1024

struct label {
	double c, a, e;
	double bound;	    /* of every solution that begins so */
	int32_t from, item; /* the state before, of which list; this item */
};

struct step {
	int32_t from, item;
};

/* An item by what it costs more than the cheapest, by the first price. */
struct ranked {
	double more;
	int32_t item;
};

/* Lists are taken in the order `order`; position j of them. */
struct search {
	struct imc_alloc_core *k;
	struct imc_arena *a;
	int32_t width, *order;
	struct ranked **rank;	   /* of each position, cheapest first */
	double *least_a, *least_e; /* of the lists from j on */
	int n_price;
	struct imc_alloc_price price[MAX_PRICE];
	double *rest; /* [j][price]: what the lists from j on cost, - rooms */
	struct step **step; /* [j]: how each state behind list j was made */
	struct label *now, *next;
	int32_t n_now, n_next, cap;
	double limit;	/* states of this bound are not wanted */
	double dropped; /* the lowest bound of a wanted state that is gone */
	int64_t made;
	bool spent;
};

static const struct imc_alloc_list *list_at(const struct search *s, int32_t j)
{
	return &s->k->list[s->order[j]];
}

/* Prices around p: partial picks that take more or less than their share
 * leave lists to which others apply. */
static void set_prices(struct search *s, struct imc_alloc_price p)
{
	static const double by[N_FACTOR] = {1, 0.9, 1.1, 0.7, 1.4, 0.4, 2.5};
	int n_a = p.a > 0 ? N_FACTOR : 1, n_e = p.e > 0 ? N_FACTOR : 1;

	for (int i = 0; i < n_a; i++)
		for (int j = 0; j < n_e; j++)
			s->price[s->n_price++] = (struct imc_alloc_price){
				p.a * by[i], p.e * by[j]};
}

static int by_more(const void *x, const void *y)
{
	const struct ranked *p = x, *q = y;

	if (p->more != q->more)
		return p->more < q->more ? -1 : 1;
	return (p->item > q->item) - (p->item < q->item);
}

static void rank_items(struct search *s, int32_t j)
{
	const struct imc_alloc_list *l = list_at(s, j);
	double least = imc_alloc_cheapest(l, s->price[0]);

	s->rank[j] = imc_arena_array(s->a, (size_t)l->n, sizeof **s->rank);
	for (int32_t t = 0; t < l->n; t++)
		s->rank[j][t] = (struct ranked){
			imc_alloc_priced(&l->item[t], s->price[0]) - least, t};
	qsort(s->rank[j], (size_t)l->n, sizeof **s->rank, by_more);
}

static void sum_rest(struct search *s)
{
	int n = s->n_price;
	int32_t end = s->k->n;

	for (int i = 0; i < n; i++)
		s->rest[(size_t)end * MAX_PRICE + (size_t)i] =
			-s->price[i].a * s->k->room_a -
			s->price[i].e * s->k->room_e;
	for (int32_t j = end - 1; j >= 0; j--) {
		const struct imc_alloc_list *l = list_at(s, j);
		double a = INFINITY, e = INFINITY;

		for (int32_t t = 0; t < l->n; t++) {
			a = fmin(a, l->item[t].a);
			e = fmin(e, l->item[t].e);
		}
		s->least_a[j] = s->least_a[j + 1] + a;
		s->least_e[j] = s->least_e[j + 1] + e;
		for (int i = 0; i < n; i++) {
			size_t at = (size_t)j * MAX_PRICE + (size_t)i;

			s->rest[at] = s->rest[at + MAX_PRICE] +
				      imc_alloc_cheapest(l, s->price[i]);
		}
		s->k->effort->work += (int64_t)l->n * n;
	}
}

static void order_lists(struct search *s)
{
	int32_t n = s->k->n;
	struct ranked *r = imc_arena_array(s->a, (size_t)n + 1, sizeof *r);

	for (int32_t i = 0; i < n; i++)
		r[i] = (struct ranked){s->k->list[i].n, i};
	qsort(r, (size_t)n, sizeof *r, by_more);
	for (int32_t i = 0; i < n; i++)
		s->order[i] = r[i].item;
}

/* The bound of a state whose next list is j. */
static double bound_of(const struct search *s, int32_t j, const struct label *l)
{
	const double *rest = s->rest + (size_t)j * MAX_PRICE;
	double most = -INFINITY;

	for (int i = 0; i < s->n_price; i++) {
		double b =
			s->price[i].a * l->a + s->price[i].e * l->e + rest[i];

		most = b > most ? b : most;
	}
	return most + l->c;
}

static int by_sums(const void *x, const void *y)
{
	const struct label *p = x, *q = y;

	if (p->c != q->c)
		return p->c < q->c ? -1 : 1;
	if (p->a != q->a)
		return p->a < q->a ? -1 : 1;
	if (p->e != q->e)
		return p->e < q->e ? -1 : 1;
	if (p->from != q->from)
		return p->from < q->from ? -1 : 1;
	return (p->item > q->item) - (p->item < q->item);
}

static int by_bound(const void *x, const void *y)
{
	const struct label *p = x, *q = y;

	if (p->bound != q->bound)
		return p->bound < q->bound ? -1 : 1;
	return by_sums(x, y);
}

/* Drops what another state is as good as, then what is beyond `most`. */
static void thin(struct search *s, int32_t most)
{
	struct imc_alloc_stair stair = {0};
	/* Small against what room_e allows for, even if it adds up. */
	double rounding = s->k->room_e * 1e-15;
	int32_t n = 0;

	qsort(s->next, (size_t)s->n_next, sizeof *s->next, by_sums);
	for (int32_t i = 0; i < s->n_next; i++) {
		const struct label *l = &s->next[i];
		struct imc_alloc_item t = {l->c, l->a, l->e, 0};

		if (imc_alloc_climb(&stair, &t, rounding))
			s->next[n++] = *l;
	}
	free(stair.step);
	qsort(s->next, (size_t)n, sizeof *s->next, by_bound);
	s->n_next = n;
	if (n <= most)
		return;
	s->limit = fmin(s->limit, s->next[most].bound);
	s->dropped = fmin(s->dropped, s->next[most].bound);
	s->n_next = most;
}

static void push(struct search *s, const struct label *l)
{
	if (s->n_next == s->cap)
		thin(s, s->cap / 2);
	s->next[s->n_next++] = *l;
}

/* The states that follow from state i by list j. */
static void expand(struct search *s, int32_t j, int32_t i)
{
	const struct imc_alloc_list *l = list_at(s, j);
	const struct label *from = &s->now[i];
	const double *rest = s->rest + (size_t)j * MAX_PRICE;
	double first = from->c + s->price[0].a * from->a +
		       s->price[0].e * from->e + rest[0];
	double room_a = s->k->room_a - s->least_a[j + 1];
	double room_e = s->k->room_e - s->least_e[j + 1];

	for (int32_t r = 0; r < l->n; r++) {
		const struct imc_alloc_item *t = &l->item[s->rank[j][r].item];
		struct label to = {
			from->c + t->c,	   from->a + t->a, from->e + t->e, 0, i,
			s->rank[j][r].item};

		if (first + s->rank[j][r].more >= s->limit) {
			s->dropped =
				fmin(s->dropped, first + s->rank[j][r].more);
			return;
		}
		s->made++;
		if (to.a > room_a || to.e > room_e)
			continue;
		to.bound = fmax(from->bound, bound_of(s, j + 1, &to));
		if (to.bound < s->limit)
			push(s, &to);
		else
			s->dropped = fmin(s->dropped, to.bound);
	}
}

/* What is not looked at any more counts as dropped. */
static void give_up(struct search *s, int32_t from)
{
	for (int32_t i = from; i < s->n_now; i++)
		s->dropped = fmin(s->dropped, s->now[i].bound);
	for (int32_t i = 0; i < s->n_next; i++)
		s->dropped = fmin(s->dropped, s->next[i].bound);
	s->spent = true;
}

static bool is_spent(struct search *s, int64_t made_before)
{
	struct imc_alloc_effort f = *s->k->effort;

	f.work += s->made * IMC_ALLOC_PARTIAL;
	return s->made / CLOCK_EVERY != made_before / CLOCK_EVERY &&
	       imc_alloc_is_spent(&f);
}

static void keep_steps(struct search *s, int32_t j)
{
	struct label *swap = s->now;

	s->step[j] =
		imc_arena_array(s->a, (size_t)s->n_next + 1, sizeof **s->step);
	for (int32_t i = 0; i < s->n_next; i++)
		s->step[j][i] = (struct step){s->next[i].from, s->next[i].item};
	s->now = s->next;
	s->n_now = s->n_next;
	s->next = swap;
	s->n_next = 0;
}

static void do_list(struct search *s, int32_t j)
{
	double wanted = s->limit;

	for (int32_t i = 0; i < s->n_now; i++) {
		int64_t before = s->made;

		expand(s, j, i);
		if (is_spent(s, before)) {
			give_up(s, i + 1);
			return;
		}
	}
	thin(s, s->width);
	keep_steps(s, j);
	/* Thinning lowers the limit for one list only. */
	s->limit = wanted;
}

/* A solution: state i before the last list, and an item of that. */
static void take(struct search *s, int32_t i, const struct imc_alloc_item *last)
{
	int32_t n = s->k->n;
	const struct imc_alloc_item **pick =
		imc_arena_array(s->a, (size_t)n, sizeof *pick);
	double bound = s->now[i].bound;

	pick[s->order[n - 1]] = last;
	for (int32_t j = n - 2; j >= 0; j--) {
		pick[s->order[j]] = &list_at(s, j)->item[s->step[j][i].item];
		i = s->step[j][i].from;
	}
	if (!imc_alloc_take(s->k, pick, "exact"))
		s->dropped = fmin(s->dropped, bound);
}

/* Items are in ascending order of c: the first that fits is the best. */
static void do_last(struct search *s)
{
	const struct imc_alloc_list *l = list_at(s, s->k->n - 1);

	for (int32_t i = 0; i < s->n_now; i++) {
		const struct label *from = &s->now[i];
		double room_a = s->k->room_a - from->a;
		double room_e = s->k->room_e - from->e;

		if (i % CLOCK_EVERY == CLOCK_EVERY - 1 &&
		    imc_alloc_is_spent(s->k->effort)) {
			give_up(s, i);
			return;
		}
		for (int32_t t = 0; t < l->n; t++) {
			const struct imc_alloc_item *x = &l->item[t];

			s->made++;
			if (from->c + x->c >= imc_alloc_better(s->k))
				break;
			if (x->a > room_a || x->e > room_e)
				continue;
			take(s, i, x);
			break;
		}
	}
}

static void start(struct search *s, struct imc_alloc_price p)
{
	size_t n = (size_t)s->k->n;

	s->cap = MANY * s->width;
	s->order = imc_arena_array(s->a, n + 1, sizeof *s->order);
	s->rank = imc_arena_array(s->a, n + 1, sizeof *s->rank);
	s->least_a = imc_arena_array(s->a, n + 1, sizeof *s->least_a);
	s->least_e = imc_arena_array(s->a, n + 1, sizeof *s->least_e);
	s->rest = imc_arena_array(s->a, (n + 1) * MAX_PRICE, sizeof *s->rest);
	s->step = imc_arena_array(s->a, n + 1, sizeof *s->step);
	s->now = imc_arena_array(s->a, (size_t)s->cap + 1, sizeof *s->now);
	s->next = imc_arena_array(s->a, (size_t)s->cap + 1, sizeof *s->next);
	order_lists(s);
	set_prices(s, p);
	for (int32_t j = 0; j < s->k->n; j++)
		rank_items(s, j);
	sum_rest(s);
	s->limit = imc_alloc_wanted(s->k);
	s->dropped = INFINITY;
	s->n_now = 1;
	s->now[0] = (struct label){0, 0, 0, -INFINITY, -1, -1};
	s->now[0].bound = fmax(s->k->bound, bound_of(s, 0, &s->now[0]));
}

int64_t imc_alloc_label(struct imc_alloc_core *k, struct imc_alloc_price p,
			int32_t width)
{
	struct search s = {.k = k, .width = width};

	if (k->n == 0)
		return 0;
	s.a = imc_arena_new();
	start(&s, p);
	for (int32_t j = 0; j + 1 < k->n && !s.spent; j++)
		do_list(&s, j);
	if (!s.spent)
		do_last(&s);
	k->effort->work += s.made * IMC_ALLOC_PARTIAL;
	k->bound = fmax(k->bound, fmin(s.dropped, k->value));
	imc_arena_free(s.a);
	return s.made;
}
