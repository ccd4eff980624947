/* Prices for arrays and error: with these, every list picks for itself, and
 *     L(pa, pe) = sum of least (c + pa a + pe e) - pa room_a - pe room_e
 * is below every solution (Lagrange). L is concave; for each pick it lies
 * below the plane of that pick. Its top is found by planes that cross: over
 * pa for every pe that is tried, and over pe by the slopes of what is left. */
#include <math.h>
#include <stdlib.h>

#include "passes/solver/alloc_inner.h"

#define MAX_STEP 60  /* tangents along one price: never needed */
#define MAX_GROW 120 /* prices of error tried upwards */
#define GROW 8
#define NEAR 1e-12 /* relative: the tangent is met */

/* Sums of picks; a and e without the rooms. */
struct sums {
	double c, a, e;
};

struct top {
	struct imc_alloc_price p;
	double height, slope; /* L, and how it changes with p.e */
};

struct climber {
	struct imc_alloc_core *k;
	const struct imc_alloc_item **pick;
};

static double height(const struct sums *s, struct imc_alloc_price p)
{
	return s->c + p.a * s->a + p.e * s->e;
}

static const struct imc_alloc_item *cheapest(const struct imc_alloc_list *l,
					     struct imc_alloc_price p)
{
	const struct imc_alloc_item *best = l->item;
	double least = imc_alloc_priced(best, p);

	for (int32_t i = 1; i < l->n; i++) {
		double v = imc_alloc_priced(&l->item[i], p);

		if (v < least) {
			least = v;
			best = &l->item[i];
		}
	}
	return best;
}

double imc_alloc_cheapest(const struct imc_alloc_list *l,
			  struct imc_alloc_price p)
{
	return imc_alloc_priced(cheapest(l, p), p);
}

/* Of fewest arrays: what an infinite price of arrays picks. */
static const struct imc_alloc_item *fewest(const struct imc_alloc_list *l,
					   double pe)
{
	const struct imc_alloc_item *best = l->item;

	for (int32_t i = 1; i < l->n; i++) {
		const struct imc_alloc_item *t = &l->item[i];

		if (t->a < best->a ||
		    (t->a == best->a &&
		     t->c + pe * t->e < best->c + pe * best->e))
			best = t;
	}
	return best;
}

/* What the price picks; p.a may be infinite. */
static struct sums sums_at(struct climber *x, struct imc_alloc_price p)
{
	struct imc_alloc_core *k = x->k;
	struct sums s = {0, 0, 0};
	double bound;

	for (int32_t i = 0; i < k->n; i++) {
		const struct imc_alloc_item *t =
			isinf(p.a) ? fewest(&k->list[i], p.e)
				   : cheapest(&k->list[i], p);

		x->pick[i] = t;
		s.c += t->c;
		s.a += t->a;
		s.e += t->e;
		k->effort->work += k->list[i].n;
	}
	if (s.a <= k->room_a && s.e <= k->room_e)
		imc_alloc_take(k, x->pick, "prices");
	s.a -= k->room_a;
	s.e -= k->room_e;
	bound = isinf(p.a) ? -INFINITY : height(&s, p);
	if (bound > k->bound)
		k->bound = bound;
	return s;
}

static struct top top_of(const struct sums *s, struct imc_alloc_price p)
{
	return (struct top){p, height(s, p), s->e};
}

/* The highest L for this price of error. */
static struct top best_a(struct climber *x, double pe)
{
	struct imc_alloc_price p = {0, pe}, far = {INFINITY, pe};
	struct sums lo = sums_at(x, p), hi;
	struct top t = top_of(&lo, p);

	if (lo.a <= 0)
		return t;
	hi = sums_at(x, far);
	for (int i = 0; i < MAX_STEP && hi.a <= 0; i++) {
		double share = lo.a / (lo.a - hi.a), top;
		struct sums s;

		p.a = (hi.c + pe * hi.e - lo.c - pe * lo.e) / (lo.a - hi.a);
		p.a = fmax(p.a, 0);
		s = sums_at(x, p);
		top = height(&lo, p);
		t = (struct top){p, height(&s, p),
				 lo.e + share * (hi.e - lo.e)};
		if (t.height >= top - NEAR * fabs(top))
			break;
		*(s.a > 0 ? &lo : &hi) = s;
	}
	return t;
}

static double crossing(const struct top *lo, const struct top *hi)
{
	double at = (hi->height - hi->slope * hi->p.e - lo->height +
		     lo->slope * lo->p.e) /
		    (lo->slope - hi->slope);

	return fmin(fmax(at, lo->p.e), hi->p.e);
}

static struct top best_e(struct climber *x)
{
	struct top lo = best_a(x, 0), hi = lo, best = lo, t;
	double pe = fabs(lo.height) / x->k->room_e;

	if (!isfinite(pe) || pe <= 0)
		pe = 1;
	for (int i = 0; i < MAX_GROW && hi.slope > 0; i++, pe *= GROW) {
		lo = hi;
		hi = best_a(x, pe);
		if (hi.height > best.height)
			best = hi;
		if (imc_alloc_is_done(x->k))
			return best;
	}
	for (int i = 0; i < MAX_STEP && lo.slope > 0 && hi.slope <= 0; i++) {
		double at = crossing(&lo, &hi), top;

		t = best_a(x, at);
		top = lo.height + lo.slope * (at - lo.p.e);
		if (t.height > best.height)
			best = t;
		if (t.height >= top - NEAR * fabs(top) ||
		    imc_alloc_is_done(x->k) || imc_alloc_is_spent(x->k->effort))
			break;
		*(t.slope > 0 ? &lo : &hi) = t;
	}
	return best;
}

struct imc_alloc_price imc_alloc_best_price(struct imc_alloc_core *k)
{
	struct climber x = {k, NULL};
	struct top t;

	x.pick = calloc((size_t)k->n + 1, sizeof *x.pick);
	if (!x.pick)
		abort();
	t = best_e(&x);
	free(x.pick);
	return t.p;
}
