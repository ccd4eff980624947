/* pack_inner.h: what the packers share, and tests look at. */
#ifndef IMC_PACK_INNER_H
#define IMC_PACK_INNER_H

#include "passes/solver/pack.h"

/* Orders in which rectangles are taken, each descending. */
#define IMC_PACK_ORDERS(X)                                                     \
	X(AREA, "area")                                                        \
	X(PERIMETER, "perimeter")                                              \
	X(LONG, "longer side")                                                 \
	X(HEIGHT, "height")                                                    \
	X(WIDTH, "width")

enum imc_pack_order {
#define X(id, text) IMC_PACK_BY_##id,
	IMC_PACK_ORDERS(X)
#undef X
		IMC_N_PACK_ORDER
};

/* One run of MaxRects. by_bin: fill one bin after the other, instead of
 * giving each rectangle the best of all bins. As the answer of a solver, but
 * found is true for any number of bins. */
struct imc_pack_answer imc_pack_maxrects(const struct imc_pack_problem *p,
					 enum imc_pack_order order, bool by_bin,
					 struct imc_arena *a);

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

/* True if rectangle i can share a bin with no other one. */
bool imc_pack_is_alone(const struct imc_pack_problem *p, int32_t i);

/* The lower bound for the rectangles set[0 .. n). */
int32_t imc_pack_bound_of(const struct imc_pack_problem *p, const int32_t *set,
			  int32_t n);

#endif
