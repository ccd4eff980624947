/* The knapsack: prices, then what they leave open. */
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "passes/solver/alloc_inner.h"

/* Partial picks kept a list: few first, for a good solution early. */
#define FIRST_WIDTH 128
#define MORE_WIDTH 8
#define MAX_WIDTH 65536
/* What that leaves open is often settled sooner by MILP than by more. */
#define MILP_WIDTH 8192

double imc_alloc_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

bool imc_alloc_is_spent(const struct imc_alloc_effort *f)
{
	return f->work > f->most ||
	       (!isinf(f->end) && imc_alloc_now() >= f->end);
}

double imc_alloc_better(const struct imc_alloc_core *k)
{
	if (isinf(k->value))
		return k->value;
	return k->value - (k->whole ? 0.5 : IMC_ALLOC_SAME * fabs(k->value));
}

double imc_alloc_wanted(const struct imc_alloc_core *k)
{
	double near, better = imc_alloc_better(k);

	if (isinf(k->value))
		return k->value;
	if (k->whole)
		better = k->value - 1 + 1e-6;
	if (!k->found) /* a limit: whatever keeps it is wanted */
		return better;
	near = k->value - k->gap * (k->value + k->base);
	return fmin(near, better);
}

bool imc_alloc_is_done(const struct imc_alloc_core *k)
{
	return (k->found && k->value <= k->enough) ||
	       k->bound >= imc_alloc_wanted(k);
}

bool imc_alloc_take(struct imc_alloc_core *k,
		    const struct imc_alloc_item *const *item, const char *how)
{
	double c = 0, a = 0, e = 0;

	for (int32_t i = 0; i < k->n; i++) {
		c += item[i]->c;
		a += item[i]->a;
		e += item[i]->e;
	}
	if (a > k->room_a || e > k->room_e || !(c < imc_alloc_better(k)))
		return false;
	for (int32_t i = 0; i < k->n; i++)
		k->pick[i] = item[i]->id;
	k->found = true;
	k->value = c;
	k->how = how;
	return true;
}

void imc_alloc_reduce(struct imc_alloc_core *k, struct imc_alloc_price p)
{
	double bound = -p.a * k->room_a - p.e * k->room_e;
	double limit = imc_alloc_better(k);

	for (int32_t i = 0; i < k->n; i++)
		bound += imc_alloc_cheapest(&k->list[i], p);
	for (int32_t i = 0; i < k->n; i++) {
		struct imc_alloc_list *l = &k->list[i];
		double least = imc_alloc_cheapest(l, p);
		int32_t n = 0;

		k->effort->work += l->n;
		for (int32_t t = 0; t < l->n; t++)
			if (bound - least + imc_alloc_priced(&l->item[t], p) <
			    limit)
				l->item[n++] = l->item[t];
		l->n = n;
		if (n == 0) { /* nothing is better than what is known */
			k->bound = fmax(k->bound, k->value);
			return;
		}
	}
}

static void reduce_all(struct imc_alloc_core *k, struct imc_alloc_price p)
{
	static const double by[] = {1, 0.9, 1.1, 0.6, 1.6};

	for (size_t i = 0; i < 5; i++)
		for (size_t j = 0; j < 5; j++) {
			struct imc_alloc_price q = {p.a * by[i], p.e * by[j]};

			if ((i && p.a <= 0) || (j && p.e <= 0))
				continue;
			if (imc_alloc_is_done(k))
				return;
			imc_alloc_reduce(k, q);
		}
}

/* A width that the work that is left allows. */
static int32_t next_width(const struct imc_alloc_core *k, int32_t width,
			  int64_t made)
{
	int64_t left = k->effort->most - k->effort->work;
	double most = (double)width * (double)left /
		      ((double)made * IMC_ALLOC_PARTIAL + 1);
	double next = fmin((double)width * MORE_WIDTH, MAX_WIDTH);

	next = fmin(next, most);
	return next < 2 * (double)width ? 0 : (int32_t)next;
}

static bool may_go_on(const struct imc_alloc_core *k)
{
	return !imc_alloc_is_done(k) && !imc_alloc_is_spent(k->effort);
}

void imc_alloc_solve(struct imc_alloc_core *k)
{
	struct imc_alloc_price p = imc_alloc_best_price(k);
	int32_t width = FIRST_WIDTH;

	while (width && may_go_on(k)) {
		int64_t made;

		imc_alloc_fill(k, p);
		reduce_all(k, p);
		if (!may_go_on(k))
			break;
		made = imc_alloc_label(k, p, width);
		if (width == MILP_WIDTH && !k->no_milp && may_go_on(k))
			imc_alloc_milp(k, p);
		width = next_width(k, width, made);
	}
}
