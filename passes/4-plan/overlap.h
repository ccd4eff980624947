/* overlap.h: which steps run beside each other, whole or strip by strip.
 *
 * A group is 2 or 3 successive steps that keep different engines busy. Either
 * none reads what another one makes, and all run at once; or they are cut into
 * strips, and every slot holds the next strip of each:
 *
 *     A0 | A1, B0 | A2, B1 | ... | Bn
 *
 * A strip of B is all rows that those of A in the slots before it allow. */
#ifndef IMC_OVERLAP_H
#define IMC_OVERLAP_H

#include "ir/module.h"

#define IMC_GROUP_STEPS 3

/* Steps first .. first + n_step of a plan of whole steps. n_step 1: alone. */
struct imc_group {
	size_t first, n_step;
	/* Rows of a strip of the steps that read nothing of the group; 0: all
	 * steps run whole. */
	int64_t strip_rows;
	double ns, pj; /* of all slots */
};

/* Cuts the steps of m->plan, which are whole and one after another, into the
 * groups that together take least time. room: bytes that the buffers which
 * live in a group may have at most. *n_out groups, allocated in a. */
struct imc_group *imc_overlap_choose(const struct imc_module *m, int64_t room,
				     size_t *n_out, struct imc_arena *a);

/* The slots of a group, one after another. */
struct imc_slots {
	const struct imc_module *m;
	struct imc_group group;
	int64_t done[IMC_GROUP_STEPS]; /* rows of each step so far */
};

struct imc_slots imc_slots_begin(const struct imc_module *m,
				 struct imc_group group);

/* The rows of each step in the next slot, none with first == end. False: all
 * is done. */
bool imc_slots_next(struct imc_slots *s, struct imc_rows out[IMC_GROUP_STEPS]);

/* The rows that whole step s makes or moves; the cost of n_row of them. */
int64_t imc_overlap_rows(const struct imc_module *m, const struct imc_step *s);
struct imc_cost imc_overlap_cost(const struct imc_module *m,
				 const struct imc_step *s, int64_t n_row);

#endif
