/* pack.h: places rectangles (tiles) into equal bins (arrays).
 *
 * No rotation: rows are inputs, columns are outputs. All solvers share one
 * entry type; whatever they say, imc_pack_check recomputes it. */
#ifndef IMC_PACK_H
#define IMC_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/support/arena.h"
#include "ir/support/buf.h"

struct imc_pack_rect {
	int32_t w, h;
};

/* Rectangles to place, each in some bin of bin_w x bin_h, n_bin at most. */
struct imc_pack_problem {
	int32_t bin_w, bin_h, n_bin;
	int32_t n;
	const struct imc_pack_rect *rect;
};

struct imc_pack_place {
	int32_t bin, x, y;
};

/* place[i] of each rectangle; bins used; a proven lower bound on them. */
struct imc_pack_answer {
	bool found; /* false: no placement within n_bin bins was found */
	int32_t n_used, lower_bound;
	const char *by;
	struct imc_pack_place *place;
};

typedef struct imc_pack_answer imc_pack_solver(const struct imc_pack_problem *p,
					       struct imc_arena *a);

/* Everything that is known: the fast rules, then bins emptied by packing a few
 * of them again, then, for what is small, a mixed-integer program (GLPK, if
 * built with it) that may also prove that fewer bins do not do. Stops by
 * counts of work, never by time. 100 rectangles take up to 0.2 s, 500 up to
 * 0.4 s; no more than imc_pack_greedy does where that reaches the bound. */
imc_pack_solver imc_pack_best;

/* MaxRects by several orders and rules; keeps the answer with the fewest bins.
 * 100 rectangles take 1 ms, 500 take 10 ms, most of it for the bound. */
imc_pack_solver imc_pack_greedy;

/* One run of MaxRects, the way of TILE&PACK (A. Garofalo et al., arXiv
 * 2201.01089, algorithm 1): rectangles by descending area, each where it
 * leaves the least shorter side in any bin. */
imc_pack_solver imc_pack_area;

/* Whether the rules of imc_pack_greedy find a place for all in n_bin bins:
 * stops at the first that does, and before all of them when area or strips
 * exclude it. 100 rectangles take 0.05 ms, up to 0.15 ms when they do not fit,
 * 500 ten times that: made to be asked often. False is no proof. */
bool imc_pack_fits(const struct imc_pack_problem *p);

/* Every way to pack; up to 8 rectangles. */
imc_pack_solver imc_pack_exhaustive;

/* Bins that no answer can do without: the largest of total area, rectangles
 * too large to share a bin, and sums of conservative scales (dual feasible
 * functions) of widths and heights. 100 rectangles take 1 ms. a: scratch. */
int32_t imc_pack_lower_bound(const struct imc_pack_problem *p,
			     struct imc_arena *a);

/* NULL when the answer is valid: all placed once, inside, without overlap, in
 * at most n_bin bins, n_used right; else what is wrong (in a). Independent of
 * every solver. */
const char *imc_pack_check(const struct imc_pack_problem *p,
			   const struct imc_pack_answer *s,
			   struct imc_arena *a);

#endif
