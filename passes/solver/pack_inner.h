/* pack_inner.h: what the packers share, and tests look at. */
#ifndef IMC_PACK_INNER_H
#define IMC_PACK_INNER_H

#include "passes/solver/pack.h"

/* Sides of bins beyond which only greedy, and bounds by area and strips, are
 * tried; no sum of areas overflows below it. */
#define IMC_PACK_MAX_SIDE (1 << 19)

/* Orders in which rectangles are taken, each descending. */
#define IMC_PACK_ORDERS(X)                                                     \
	X(AREA, "area")                                                        \
	X(PERIMETER, "perimeter")                                              \
	X(HEIGHT, "height")                                                    \
	X(WIDTH, "width")

enum imc_pack_order {
#define X(id, text) IMC_PACK_BY_##id,
	IMC_PACK_ORDERS(X)
#undef X
		IMC_N_PACK_ORDER
};

/* Where a rectangle goes among the free ones: least shorter leftover side,
 * least leftover area, or longest contact with what is there. */
#define IMC_PACK_RULES(X)                                                      \
	X(SHORT, "short side")                                                 \
	X(AREA, "best area")                                                   \
	X(CONTACT, "contact")

enum imc_pack_rule {
#define X(id, text) IMC_PACK_RULE_##id,
	IMC_PACK_RULES(X)
#undef X
		IMC_N_PACK_RULE
};

/* first: the first bin that has room, instead of the best of all. */
struct imc_pack_recipe {
	enum imc_pack_order order;
	enum imc_pack_rule rule;
	bool first;
};

/* The bins and free rectangles of MaxRects, used again by every run. */
struct imc_pack_maxrects;

struct imc_pack_maxrects *
imc_pack_maxrects_new(const struct imc_pack_problem *p, struct imc_arena *a);

/* Places rect[set[0 .. n)], all of which fit a bin, in this order; place is
 * by rectangle, bins count from 0. Returns the bins used; most + 1 as soon as
 * `most` do not do, place is then of no use. */
int32_t imc_pack_maxrects_run(struct imc_pack_maxrects *s, const int32_t *set,
			      int32_t n, struct imc_pack_recipe how,
			      int32_t most, struct imc_pack_place *place);

/* Free rectangles that all runs so far looked at: a measure of work. */
int64_t imc_pack_maxrects_work(const struct imc_pack_maxrects *s);

struct imc_pack_key {
	int64_t key;
	int32_t i;
};

/* Largest key first, equals by i. */
void imc_pack_sort_keys(struct imc_pack_key *e, int32_t n);

/* Sorts set[0 .. n) by order, equals by number. */
void imc_pack_sort(const struct imc_pack_problem *p, int32_t *set, int32_t n,
		   enum imc_pack_order order, struct imc_arena *a);

enum imc_pack_fit { IMC_FITS, IMC_FITS_NOT, IMC_FITS_UNKNOWN };

/* Whether the n rectangles rect[set[i]] go into one bin, and where:
 * place[set[i]].x and y. Looks at `limit` partial packings at most; then the
 * answer is unknown. */
enum imc_pack_fit imc_pack_one_bin(const struct imc_pack_problem *p,
				   const int32_t *set, int32_t n, int64_t limit,
				   struct imc_pack_place *place);

/* True if a and b cannot lie in one bin, even alone. */
static inline bool imc_pack_conflict(const struct imc_pack_problem *p,
				     struct imc_pack_rect a,
				     struct imc_pack_rect b)
{
	return (int64_t)a.w + b.w > p->bin_w && (int64_t)a.h + b.h > p->bin_h;
}

static inline bool imc_pack_inside(const struct imc_pack_problem *p,
				   struct imc_pack_rect r)
{
	return r.w >= 1 && r.h >= 1 && r.w <= p->bin_w && r.h <= p->bin_h;
}

/* Puts the rectangles that can share a bin with no other one into alone, and
 * all others into rest, both by number. Returns how many are alone. */
int32_t imc_pack_split_alone(const struct imc_pack_problem *p, int32_t *alone,
			     int32_t *rest);

/* The bound for the rectangles set[0 .. n) by area, by large ones and by
 * strips: in linear time, and often lower than the best one. */
int32_t imc_pack_bound_of(const struct imc_pack_problem *p, const int32_t *set,
			  int32_t n);

/* Rectangles that imc_pack_exhaustive takes at most. */
#define IMC_PACK_MAX_EXHAUSTIVE 8

/* Packs a few bins again, over and over, so that some get empty; place holds
 * an answer of n_used bins and gets the better one. Ends at `bound` bins, or
 * when `limit` is reached, a measure of work. Returns the bins used. */
int32_t imc_pack_improve(const struct imc_pack_problem *p, int32_t n_used,
			 int32_t bound, int64_t limit,
			 struct imc_pack_place *place);

/* Mixed-integer program by GLPK: decides which rectangles share a bin, with
 * cuts for sets that do not fit in two dimensions. Tries to do with fewer
 * bins than s has; may prove a higher lower bound. Does nothing when built
 * without GLPK, and when its limits of size or work are reached. */
void imc_pack_improve_milp(const struct imc_pack_problem *p,
			   struct imc_pack_answer *s, struct imc_arena *a);

#endif
