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

/* MaxRects with best short side fit and best-fit bins, over several orders of
 * the rectangles; keeps the answer with the fewest bins. Always there. */
imc_pack_solver imc_pack_greedy;

/* Mixed-integer program by GLPK: decides which tiles share an array, with
 * cuts for sets that do not fit in two dimensions. Falls back to the greedy
 * answer when built without GLPK or when its node limit is reached. */
imc_pack_solver imc_pack_milp;

/* Every way to pack; for tests, up to 8 rectangles. */
imc_pack_solver imc_pack_exhaustive;

/* Rounded-up total area, and rectangles too large to share a bin. */
int32_t imc_pack_lower_bound(const struct imc_pack_problem *p,
			     struct imc_arena *a);

/* NULL when the answer is valid: all placed once, inside, without overlap, in
 * at most n_bin bins, n_used right; else what is wrong (in a). Independent of
 * every solver. */
const char *imc_pack_check(const struct imc_pack_problem *p,
			   const struct imc_pack_answer *s,
			   struct imc_arena *a);

#endif
