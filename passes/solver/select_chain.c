/* Costs of picks, and the picks that cost least for a price of cells. */
#include <math.h>
#include <string.h>

#include "passes/solver/select_inner.h"

/* Each step of the search for a price keeps one more corner of a convex
 * hull; this many are never reached. */
#define MAX_PRICE 200

double imc_select_pair_ns(const struct imc_select_group *first,
			  const struct imc_select_option *x,
			  const struct imc_select_option *y)
{
	if (!first->may_pair || x->lanes & y->lanes)
		return -1;
	return fmax(x->ns, y->ns);
}

static const struct imc_select_option *
picked(const struct imc_select_problem *p, const int32_t *pick, int32_t i)
{
	return &p->group[i].option[pick[i]];
}

void imc_select_cost(const struct imc_select_problem *p, const int32_t *pick,
		     double *ns, double *pj)
{
	double before = 0, now = 0; /* ns of the groups before i, before i-1 */

	*pj = 0;
	for (int32_t i = 0; i < p->n; i++) {
		const struct imc_select_option *x = picked(p, pick, i);
		double next = now + x->ns, pair = -1;

		if (i > 0)
			pair = imc_select_pair_ns(&p->group[i - 1],
						  picked(p, pick, i - 1), x);
		if (pair >= 0)
			next = fmin(next, before + pair);
		before = now;
		now = next;
		*pj += x->pj;
	}
	*ns = now;
}

int64_t imc_select_cells(const struct imc_select_problem *p,
			 const int32_t *pick)
{
	int64_t sum = 0;

	for (int32_t i = 0; i < p->n; i++)
		sum += picked(p, pick, i)->cells;
	return sum;
}

double imc_select_error(const struct imc_select_problem *p, const int32_t *pick)
{
	double sum = 0;

	for (int32_t i = 0; i < p->n; i++)
		sum += picked(p, pick, i)->error;
	return sum;
}

int64_t imc_select_capacity(const struct imc_select_problem *p)
{
	return (int64_t)p->bin_w * p->bin_h * p->n_bin;
}

struct imc_pack_problem imc_select_tiles(const struct imc_select_problem *p,
					 const int32_t *pick,
					 struct imc_arena *a)
{
	struct imc_pack_rect *v = NULL;
	size_t n = 0, cap = 0;

	for (int32_t i = 0; i < p->n; i++) {
		const struct imc_select_option *x = picked(p, pick, i);

		for (int32_t r = 0; r < x->n_run; r++)
			for (int32_t k = 0; k < x->run[r].n; k++)
				*IMC_PUSH(a, v, n, cap) = x->run[r].rect;
	}
	return (struct imc_pack_problem){p->bin_w, p->bin_h, p->n_bin,
					 (int32_t)n, v};
}

/* What picks pay, with what breaks ties. */
struct pay {
	double cost, pj;
	int64_t cells;
};

static bool is_less(const struct pay *a, const struct pay *b)
{
	if (a->cost != b->cost)
		return a->cost < b->cost;
	if (a->pj != b->pj)
		return a->pj < b->pj;
	return a->cells < b->cells;
}

static struct pay pay_for(const struct imc_select_price *price, double ns,
			  const struct imc_select_option *o)
{
	return (struct pay){price->ns * ns + price->pj * o->pj +
				    price->cell * (double)o->cells +
				    price->error * o->error,
			    o->pj, o->cells};
}

static struct pay sum_of(const struct pay *a, const struct pay *b)
{
	return (struct pay){a->cost + b->cost, a->pj + b->pj,
			    a->cells + b->cells};
}

/* Best way to end a chain with group i: alone, or in a pair with i - 1. */
struct end {
	struct pay pay; /* of groups 0 .. i */
	bool pair;
	int32_t x, y; /* picks of i - 1 (of a pair), of i */
};

static struct pay best_alone(const struct imc_select_group *g,
			     const struct imc_select_price *price, int32_t *at)
{
	struct pay best = {INFINITY, 0, 0};

	*at = 0;
	for (int32_t k = 0; k < g->n; k++) {
		const struct imc_select_option *o = &g->option[k];
		struct pay s = pay_for(price, o->ns, o);

		if (is_less(&s, &best)) {
			best = s;
			*at = k;
		}
	}
	return best;
}

/* cost INFINITY: no two options can pair. */
static struct pay best_pair(const struct imc_select_group *g,
			    const struct imc_select_price *price, int32_t *x,
			    int32_t *y)
{
	struct pay best = {INFINITY, 0, 0};

	for (int32_t i = 0; g->may_pair && i < g[0].n; i++)
		for (int32_t k = 0; k < g[1].n; k++) {
			const struct imc_select_option *a = &g[0].option[i];
			const struct imc_select_option *b = &g[1].option[k];
			double ns = imc_select_pair_ns(g, a, b);
			const struct imc_select_option both = {
				.pj = a->pj + b->pj,
				.cells = a->cells + b->cells,
				.error = a->error + b->error};
			struct pay s = pay_for(price, ns, &both);

			if (ns >= 0 && is_less(&s, &best)) {
				best = s;
				*x = i;
				*y = k;
			}
		}
	return best;
}

/* The picks that pay least. */
static void cheapest_chain(const struct imc_select_problem *p,
			   const struct imc_select_price *price, int32_t *pick,
			   struct imc_arena *scratch)
{
	struct end *e = imc_arena_array(scratch, (size_t)p->n + 1, sizeof *e);
	int32_t i;

	for (i = 1; i <= p->n; i++) { /* e[i]: of i groups */
		struct pay s = best_alone(&p->group[i - 1], price, &e[i].y);

		e[i].pay = sum_of(&e[i - 1].pay, &s);
		if (i > 1) {
			int32_t x = 0, y = 0;

			s = best_pair(&p->group[i - 2], price, &x, &y);
			s = sum_of(&e[i - 2].pay, &s);
			if (is_less(&s, &e[i].pay))
				e[i] = (struct end){s, true, x, y};
		}
	}
	for (i = p->n; i > 0; i--) {
		pick[i - 1] = e[i].y;
		if (e[i].pair) {
			pick[i - 2] = e[i].x;
			i--;
		}
	}
}

/* A corner of the hull of what picks pay over their cells. */
struct corner {
	int32_t *pick;
	double cost; /* without cells */
	int64_t cells;
};

static struct corner corner_at(const struct imc_select_problem *p,
			       const struct imc_select_price *price,
			       struct imc_arena *scratch)
{
	struct corner c;
	double ns, pj;

	c.pick = imc_arena_array(scratch, (size_t)p->n + 1, sizeof *c.pick);
	cheapest_chain(p, price, c.pick, scratch);
	imc_select_cost(p, c.pick, &ns, &pj);
	c.cost = price->ns * ns + price->pj * pj +
		 price->error * imc_select_error(p, c.pick);
	c.cells = imc_select_cells(p, c.pick);
	return c;
}

static double bound_at(const struct corner *c, double price, int64_t cells)
{
	return c->cost + price * (double)(c->cells - cells);
}

/* The picks of fewest cells, as if nothing else cost much. */
static struct corner fewest_cells(const struct imc_select_problem *p,
				  struct imc_select_price price,
				  const struct corner *most,
				  struct imc_arena *scratch)
{
	struct imc_select_price only_cells = {.cell = 1};
	struct corner c = corner_at(p, &only_cells, scratch);

	/* Of those, the least cost: no cell saved pays for more. */
	price.cell = fabs(most->cost) + 1;
	for (int32_t i = 0; i < p->n; i++) {
		const struct imc_select_option *o = picked(p, c.pick, i);

		price.cell += price.ns * o->ns + price.pj * o->pj +
			      price.error * o->error;
	}
	return corner_at(p, &price, scratch);
}

bool imc_select_within(const struct imc_select_problem *p,
		       struct imc_select_price price, int64_t cells,
		       int32_t *pick, double *bound, struct imc_arena *scratch)
{
	struct corner most, few, next;

	price.cell = 0;
	most = corner_at(p, &price, scratch);
	*bound = most.cost;
	few = most;
	if (most.cells > cells)
		few = fewest_cells(p, price, &most, scratch);
	if (few.cells > cells)
		return false;
	/* The price at which both corners pay the same: what pays less there
	 * is a corner between them. */
	for (int k = 0; most.cells > cells && k < MAX_PRICE; k++) {
		double line;

		price.cell = (few.cost - most.cost) /
			     (double)(most.cells - few.cells);
		next = corner_at(p, &price, scratch);
		*bound = fmax(*bound, bound_at(&next, price.cell, cells));
		line = bound_at(&few, price.cell, cells);
		if (bound_at(&next, price.cell, cells) >=
		    line - 1e-12 * fabs(line))
			break;
		if (next.cells > cells)
			most = next;
		else
			few = next;
	}
	memcpy(pick, few.pick, (size_t)p->n * sizeof *pick);
	return true;
}

/* Steps of the search for a price of errors. */
#define MAX_ERROR_PRICE 40

/* Prices that differ by less give the same picks, more or less. */
#define SAME_PRICE 1.001

static bool keeps_error(const struct imc_select_problem *p, double error)
{
	return p->max_error <= 0 || error <= p->max_error * (1 + 1e-9);
}

/* As if nothing but errors cost much. */
static double top_price(const struct imc_select_problem *p,
			const struct imc_select_price *price)
{
	double all = 0;

	for (int32_t i = 0; i < p->n; i++) {
		double most = 0;

		for (int32_t k = 0; k < p->group[i].n; k++) {
			const struct imc_select_option *o =
				&p->group[i].option[k];

			most = fmax(most,
				    price->ns * o->ns + price->pj * o->pj);
		}
		all += most;
	}
	return 1e6 * all / p->max_error;
}

/* One price of errors: picks, and what the bound is with it. */
static bool try_error(const struct imc_select_problem *p,
		      struct imc_select_price price, int64_t cells,
		      int32_t *pick, double *bound)
{
	struct imc_arena *scratch = imc_arena_new();
	double b;
	bool ok = imc_select_within(p, price, cells, pick, &b, scratch);

	imc_arena_free(scratch);
	*bound = fmax(*bound, b - price.error * p->max_error);
	return ok;
}

/* The next price between two ends. */
static double middle(double lo, double hi)
{
	return lo > 0 ? sqrt(lo * hi) : hi * 1e-6;
}

bool imc_select_limited(const struct imc_select_problem *p,
			struct imc_select_price *price, int64_t cells,
			int32_t *pick, double *bound, struct imc_arena *scratch)
{
	struct imc_select_price with = *price;
	size_t n = (size_t)p->n;
	int32_t *now = imc_arena_array(scratch, n + 1, sizeof *now);
	double lo = 0, hi;

	with.error = price->error = 0;
	if (!imc_select_within(p, with, cells, pick, bound, scratch))
		return false;
	if (keeps_error(p, imc_select_error(p, pick)))
		return true;
	with.error = hi = top_price(p, price);
	if (!try_error(p, with, cells, pick, bound) ||
	    !keeps_error(p, imc_select_error(p, pick)))
		return false;
	for (int k = 0; k < MAX_ERROR_PRICE && hi > lo * SAME_PRICE; k++) {
		with.error = middle(lo, hi);
		if (!try_error(p, with, cells, now, bound))
			break;
		if (keeps_error(p, imc_select_error(p, now))) {
			hi = with.error;
			memcpy(pick, now, n * sizeof *pick);
		} else {
			lo = with.error;
		}
	}
	price->error = hi;
	return true;
}

double imc_select_bound(const struct imc_select_problem *p)
{
	struct imc_arena *scratch = imc_arena_new();
	int32_t *pick =
		imc_arena_array(scratch, (size_t)p->n + 1, sizeof *pick);
	struct imc_select_price time = {.ns = 1};
	double bound;

	if (!imc_select_limited(p, &time, imc_select_capacity(p), pick, &bound,
				scratch))
		bound = INFINITY;
	imc_arena_free(scratch);
	return bound;
}

/* So little of the other cost that it decides only between equals. */
#define TIE 1e-9

double imc_select_merit(const struct imc_select_problem *p, double ns,
			double pj, double error)
{
	if ((p->limit_ns > 0 && ns > p->limit_ns) || !keeps_error(p, error))
		return INFINITY;
	switch (p->objective) {
	case IMC_OBJECTIVE_LATENCY:
	case IMC_OBJECTIVE_THROUGHPUT:
	case IMC_OBJECTIVE_ARRAYS:
		return ns + TIE * pj;
	case IMC_OBJECTIVE_ENERGY:
		return pj + TIE * ns;
	case IMC_OBJECTIVE_EDP:
		return ns * pj;
	case IMC_N_OBJECTIVE:
		break;
	}
	return ns;
}
