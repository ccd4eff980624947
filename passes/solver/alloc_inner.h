/* alloc_inner.h: the knapsack behind alloc.h, shared by its solvers.
 *
 * One item of each list, so that the sum of c is least and the sums of a and
 * e are within their rooms. c is time, energy or arrays; a is arrays, e is
 * error. Where one of these is no constraint it is 0 in every item. */
#ifndef IMC_ALLOC_INNER_H
#define IMC_ALLOC_INNER_H

#include "passes/solver/alloc.h"

/* Sums in another order differ by rounding: so much of a budget is no
 * excess, and so much of a value is no difference. */
#define IMC_ALLOC_ROUNDING 1e-12
#define IMC_ALLOC_SAME 1e-11

struct imc_alloc_item {
	double c, a, e;
	int32_t id; /* the option of the layer */
};

struct imc_alloc_list {
	int32_t n;
	struct imc_alloc_item *item;
};

/* A partial pick is as much work as so many options. */
#define IMC_ALLOC_PARTIAL 10

/* Work done and allowed, in options looked at; the time at which to end. */
struct imc_alloc_effort {
	int64_t work, most;
	double end; /* of imc_alloc_now; INFINITY: the clock is never read */
};

double imc_alloc_now(void);
bool imc_alloc_is_spent(const struct imc_alloc_effort *f);

struct imc_alloc_core {
	int32_t n;
	struct imc_alloc_list *list; /* changed: items that cannot be best go */
	double room_a, room_e;
	double enough;	  /* a solution of this is as good as any */
	double gap, base; /* as in alloc.h, of value + base */
	bool whole;	  /* c are whole numbers */
	bool no_milp;
	struct imc_alloc_effort *effort;
	/* What is known: solutions of `value` or more are of no interest; pick
	 * [n] are ids of one of `value` if found. No solution is below bound.
	 */
	bool found;
	int32_t *pick;
	double value, bound;
	const char *how;
};

/* Prices of a and e. */
struct imc_alloc_price {
	double a, e;
};

static inline double imc_alloc_priced(const struct imc_alloc_item *t,
				      struct imc_alloc_price p)
{
	return t->c + p.a * t->a + p.e * t->e;
}

/* What an item of a list costs at least by price. */
double imc_alloc_cheapest(const struct imc_alloc_list *l,
			  struct imc_alloc_price p);

/* The value below which a solution is better than the one that is known, and
 * the value at which the search for one is worth while. */
double imc_alloc_better(const struct imc_alloc_core *k);
double imc_alloc_wanted(const struct imc_alloc_core *k);
/* Whether value and bound are as near as was asked for, or value is enough. */
bool imc_alloc_is_done(const struct imc_alloc_core *k);
/* Takes the items item[n] (one of each list) if they fit and are better. */
bool imc_alloc_take(struct imc_alloc_core *k,
		    const struct imc_alloc_item *const *item, const char *how);

/* Items that no other one is at least as good as in c, a and e, in ascending
 * order of c. Of equal ones the first stays. Returns how many. */
int32_t imc_alloc_front(struct imc_alloc_item *item, int32_t n);

/* Points (a, e) of which none is at least as good as another: a ascends, e
 * descends. */
struct imc_alloc_stair {
	int32_t n, cap;
	struct imc_alloc_item *step;
};
/* Adds t; false: a step is as good (to rounding of e). Steps that t is as good
 * as go. Memory is of malloc: free step. */
bool imc_alloc_climb(struct imc_alloc_stair *s, const struct imc_alloc_item *t,
		     double rounding);

/* Prices for which the bound is highest (Lagrange), by tangents that cross;
 * raises bound, and takes picks on the way that fit. */
struct imc_alloc_price imc_alloc_best_price(struct imc_alloc_core *k);

/* Improves a known pick by changes of one item each, as long as one fits. */
void imc_alloc_fill(struct imc_alloc_core *k, struct imc_alloc_price p);

/* Drops items that are in no better solution: their price says so. */
void imc_alloc_reduce(struct imc_alloc_core *k, struct imc_alloc_price p);

/* List by list, partial picks that no other is at least as good as: exact if
 * all those that may lead to a better solution are kept; else the `width` of
 * lowest bound, and bound rises to the lowest that was dropped. Returns the
 * partial picks made. */
int64_t imc_alloc_label(struct imc_alloc_core *k, struct imc_alloc_price p,
			int32_t width);

/* The same by MILP, if there are few items. */
void imc_alloc_milp(struct imc_alloc_core *k, struct imc_alloc_price p);

/* All of these. */
void imc_alloc_solve(struct imc_alloc_core *k);

/* The items of each layer that can be picked; c: see goal. False: a layer has
 * none. */
bool imc_alloc_items(const struct imc_alloc_problem *p,
		     enum imc_alloc_goal goal, struct imc_alloc_list *list,
		     struct imc_arena *a);

/* Of items with c = ns the ones of at most `ns`, as a core for the goal
 * arrays. */
struct imc_alloc_core imc_alloc_fewest(const struct imc_alloc_problem *p,
				       const struct imc_alloc_list *list,
				       double ns, struct imc_alloc_effort *f,
				       struct imc_arena *a);

/* Goal IMC_ALLOC_STAGE, by bisection. */
void imc_alloc_stage(const struct imc_alloc_problem *p,
		     struct imc_alloc_answer *s, struct imc_alloc_effort *f,
		     struct imc_arena *a);

double imc_alloc_room_a(const struct imc_alloc_problem *p);
double imc_alloc_room_e(const struct imc_alloc_problem *p);

#endif
