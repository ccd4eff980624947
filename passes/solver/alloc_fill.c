/* Changes of single picks that fit, best first. */
#include <stdlib.h>

#include "passes/solver/alloc_inner.h"

/* A change of the pick of a list. */
struct change {
	int32_t list;
	const struct imc_alloc_item *to; /* NULL: none */
	double gain, price;		 /* of c; of a and e more */
};

struct state {
	struct imc_alloc_core *k;
	const struct imc_alloc_item **pick;
	double room_a, room_e; /* left */
};

static bool pays_more(const struct change *x, const struct change *y)
{
	if (!y->to || (x->price <= 0) != (y->price <= 0))
		return !y->to || x->price <= 0;
	if (x->price <= 0)
		return x->gain > y->gain;
	return x->gain * y->price > y->gain * x->price;
}

static struct change best_change(const struct state *s,
				 struct imc_alloc_price p)
{
	struct change best = {.to = NULL};

	for (int32_t i = 0; i < s->k->n; i++) {
		const struct imc_alloc_item *now = s->pick[i];
		const struct imc_alloc_list *l = &s->k->list[i];

		for (int32_t t = 0; t < l->n && l->item[t].c < now->c; t++) {
			const struct imc_alloc_item *to = &l->item[t];
			double a = to->a - now->a, e = to->e - now->e;
			struct change x = {i, to, now->c - to->c,
					   p.a * a + p.e * e};

			if (a <= s->room_a && e <= s->room_e &&
			    pays_more(&x, &best))
				best = x;
		}
		s->k->effort->work += l->n;
	}
	return best;
}

/* The items of the pick; those that were dropped are missed: false. */
static bool find_pick(struct state *s)
{
	s->room_a = s->k->room_a;
	s->room_e = s->k->room_e;
	for (int32_t i = 0; i < s->k->n; i++) {
		const struct imc_alloc_list *l = &s->k->list[i];
		int32_t t = 0;

		while (t < l->n && l->item[t].id != s->k->pick[i])
			t++;
		if (t == l->n)
			return false;
		s->pick[i] = &l->item[t];
		s->room_a -= l->item[t].a;
		s->room_e -= l->item[t].e;
	}
	return true;
}

void imc_alloc_fill(struct imc_alloc_core *k, struct imc_alloc_price p)
{
	struct state s = {.k = k};
	struct change x;

	if (!k->found || k->n == 0)
		return;
	s.pick = calloc((size_t)k->n, sizeof *s.pick);
	if (!s.pick)
		abort();
	if (find_pick(&s)) {
		while (!imc_alloc_is_spent(k->effort) &&
		       (x = best_change(&s, p)).to) {
			s.room_a -= x.to->a - s.pick[x.list]->a;
			s.room_e -= x.to->e - s.pick[x.list]->e;
			s.pick[x.list] = x.to;
		}
		imc_alloc_take(k, s.pick, "prices");
	}
	free(s.pick);
}
