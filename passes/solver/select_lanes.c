/* The bound for groups that overlap in chains. */
#include <math.h>
#include <string.h>

#include "passes/solver/select_inner.h"

/* Lanes that count; weights of a lane are multiples of 1 / STEPS. */
#define MAX_LANE 4
#define STEPS 16

/* Prices are tried on a grid, each RATIO times the one before, and around the
 * best one by golden section. */
#define MAX_GRID 30
#define RATIO 4.0
#define MAX_SECTION 16
/* Prices of cells and errors in turn, so often. */
#define MAX_TURN 3

/* Of the options of a group that keep the same lanes busy, the least pay for
 * every weight of these lanes together. */
struct lane_pay {
	double of[1 << MAX_LANE][STEPS + 1];
};

struct lanes {
	const struct imc_select_problem *p;
	int32_t n_chain, n_lane;
	unsigned lane[MAX_LANE];
	size_t n_weight, cap_weight;
	int (*weight)[MAX_LANE];
	double *sum; /* [weight][n + 1]: what the groups before pay */
	double *end; /* [n + 1]: the least way to cut them */
	/* of each group: with all its time, and with none */
	double *full, *free;
	struct lane_pay pay;
	double cells, error; /* prices */
	double best;
};

/* ---- lanes and their weights ---- */

static void find_lanes(struct lanes *l)
{
	unsigned all = 0;

	for (int32_t i = 0; i < l->p->n; i++)
		for (int32_t k = 0; k < l->p->group[i].n; k++)
			all |= l->p->group[i].option[k].lanes;
	for (unsigned bit = 1; bit && bit <= all; bit <<= 1)
		if ((all & bit) && l->n_lane < MAX_LANE)
			l->lane[l->n_lane++] = bit;
}

/* All ways to give `left` steps to lanes from `at` on. */
static void add_weights(struct lanes *l, int32_t at, int left, int *w,
			struct imc_arena *a)
{
	if (at >= l->n_lane - 1) {
		if (l->n_lane > 0)
			w[at] = left;
		memcpy(IMC_PUSH(a, l->weight, l->n_weight, l->cap_weight), w,
		       sizeof *l->weight);
		return;
	}
	for (w[at] = 0; w[at] <= left; w[at]++)
		add_weights(l, at + 1, left - w[at], w, a);
}

/* Bit i: the i-th lane that counts. */
static unsigned which(const struct lanes *l, const struct imc_select_option *o)
{
	unsigned set = 0;

	for (int32_t i = 0; i < l->n_lane; i++)
		if (o->lanes & l->lane[i])
			set |= 1U << i;
	return set;
}

static int steps_of(const struct lanes *l, size_t weight, unsigned set)
{
	int sum = 0;

	for (int32_t i = 0; i < l->n_lane; i++)
		if (set >> i & 1)
			sum += l->weight[weight][i];
	return sum;
}

/* ---- one price of cells and one of errors ---- */

static void price_group(struct lanes *l, const struct imc_select_group *g)
{
	for (size_t set = 0; set < 1 << MAX_LANE; set++)
		for (int s = 0; s <= STEPS; s++)
			l->pay.of[set][s] = INFINITY;
	for (int32_t k = 0; k < g->n; k++) {
		const struct imc_select_option *o = &g->option[k];
		double *pay = l->pay.of[which(l, o)];
		double rest = l->cells * (double)o->cells + l->error * o->error;

		for (int s = 0; s <= STEPS; s++)
			pay[s] = fmin(pay[s], o->ns * s / STEPS + rest);
	}
}

static double least_pay(const struct lanes *l, size_t weight)
{
	double least = INFINITY;

	for (unsigned set = 0; set < 1U << l->n_lane; set++)
		least = fmin(least, l->pay.of[set][steps_of(l, weight, set)]);
	return least;
}

static void pay_group(struct lanes *l, int32_t i)
{
	size_t n = (size_t)l->p->n + 1;

	price_group(l, &l->p->group[i]);
	for (size_t w = 0; w < l->n_weight; w++)
		l->sum[w * n + (size_t)i + 1] =
			l->sum[w * n + (size_t)i] + least_pay(l, w);
	l->full[i] = l->free[i] = INFINITY;
	for (size_t set = 0; set < 1 << MAX_LANE; set++) {
		l->full[i] = fmin(l->full[i], l->pay.of[set][STEPS]);
		l->free[i] = fmin(l->free[i], l->pay.of[set][0]);
	}
}

/* Groups first .. end as one chain: as long as its lanes are busy, and as each
 * of its groups. */
static double chain_pay(const struct lanes *l, int32_t first, int32_t end)
{
	double most = 0, rest = 0;

	for (int32_t i = first; i < end; i++) {
		rest += l->free[i];
		most = fmax(most, l->full[i] - l->free[i]);
	}
	most += rest;
	for (size_t w = 0; w < l->n_weight; w++) {
		const double *sum = &l->sum[w * ((size_t)l->p->n + 1)];

		most = fmax(most, sum[end] - sum[first]);
	}
	return most;
}

static double bound_at(struct lanes *l)
{
	const struct imc_select_problem *p = l->p;

	for (int32_t i = 0; i < p->n; i++)
		pay_group(l, i);
	for (int32_t i = 1; i <= p->n; i++) {
		l->end[i] = INFINITY;
		for (int32_t k = 1; k <= l->n_chain && k <= i; k++)
			l->end[i] =
				fmin(l->end[i],
				     l->end[i - k] + chain_pay(l, i - k, i));
	}
	return l->end[p->n] - l->cells * (double)imc_select_capacity(p) -
	       l->error * p->max_error;
}

/* ---- the search for prices ---- */

static double try_price(struct lanes *l, double *price, double to)
{
	double bound;

	*price = to;
	bound = bound_at(l);
	l->best = fmax(l->best, bound);
	return bound;
}

/* Sets *price to the best one up to `top` that is found; the bound is a
 * concave function of it. */
static void search_price(struct lanes *l, double *price, double top)
{
	const double golden = 0.6180339887498949;
	double at = *price, best = try_price(l, price, at), lo, hi;

	for (int k = 0; k < MAX_GRID; k++) {
		double to = k ? top * pow(RATIO, -(double)k) : 0;
		double bound = try_price(l, price, to);

		if (bound > best) {
			best = bound;
			at = to;
		}
	}
	lo = at / RATIO;
	hi = at * RATIO;
	for (int k = 0; k < MAX_SECTION && at > 0; k++) {
		double a = hi - (hi - lo) * golden, b = lo + (hi - lo) * golden;
		double ya = try_price(l, price, a), yb = try_price(l, price, b);

		if (ya > best) {
			best = ya;
			at = a;
		}
		if (yb > best) {
			best = yb;
			at = b;
		}
		if (ya > yb)
			hi = b;
		else
			lo = a;
	}
	*price = at;
}

/* ---- limits ---- */

/* The least cells and errors of any picks, and how much time choices are about.
 */
struct limits {
	double cells, error, ns;
};

static struct limits limits_of(const struct imc_select_problem *p)
{
	struct limits all = {0};

	for (int32_t i = 0; i < p->n; i++) {
		struct limits one = {INFINITY, INFINITY, 0};

		for (int32_t k = 0; k < p->group[i].n; k++) {
			const struct imc_select_option *o =
				&p->group[i].option[k];

			one.cells = fmin(one.cells, (double)o->cells);
			one.error = fmin(one.error, o->error);
			one.ns = fmax(one.ns, o->ns);
		}
		all.cells += one.cells;
		all.error += one.error;
		all.ns += one.ns;
	}
	return all;
}

static bool is_limited(const struct imc_select_problem *p)
{
	return p->max_error > 0;
}

static struct lanes open_lanes(const struct imc_select_problem *p,
			       int32_t n_chain, struct imc_arena *a)
{
	struct lanes l = {.p = p, .n_chain = n_chain};
	size_t n = (size_t)p->n + 1;
	int w[MAX_LANE] = {0};

	find_lanes(&l);
	add_weights(&l, 0, STEPS, w, a);
	l.sum = imc_arena_array(a, l.n_weight * n, sizeof *l.sum);
	l.end = imc_arena_array(a, n, sizeof *l.end);
	l.full = imc_arena_array(a, n, sizeof *l.full);
	l.free = imc_arena_array(a, n, sizeof *l.free);
	return l;
}

double imc_select_bound_chains(const struct imc_select_problem *p,
			       int32_t n_chain)
{
	struct imc_arena *a = imc_arena_new();
	struct lanes l = open_lanes(p, n_chain, a);
	struct limits least = limits_of(p);
	double cells = (double)imc_select_capacity(p);

	if (least.cells > cells ||
	    (is_limited(p) && least.error > p->max_error * (1 + 1e-9))) {
		imc_arena_free(a);
		return INFINITY;
	}
	for (int turn = 0; turn < (is_limited(p) ? MAX_TURN : 1); turn++) {
		search_price(&l, &l.cells, least.ns);
		if (is_limited(p))
			search_price(&l, &l.error,
				     1e6 * least.ns / p->max_error);
	}
	imc_arena_free(a);
	return l.best;
}
