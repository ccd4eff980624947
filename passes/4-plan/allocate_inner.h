/* allocate_inner.h: a part of the buffers of a memory, between the steps of
 * allocate.h. */
#ifndef IMC_ALLOCATE_INNER_H
#define IMC_ALLOCATE_INNER_H

#include "passes/4-plan/allocate.h"

/* A buffer. Lives are in sections: sets of buffers that live at once and are
 * not all in another such set, by time. */
struct imc_alloc_item {
	int64_t size;  /* up to the next aligned offset, > 0 */
	int64_t slack; /* of that, what is not the buffer's */
	int32_t first, last;
	int64_t offset;
	size_t index; /* among the buffers */
};

/* Buffers that share no section with any other one. */
struct imc_alloc_part {
	size_t n;
	struct imc_alloc_item *v; /* by first section, then index */
	int32_t first, n_section;
	int64_t bound;
	/* offset of each item that gave the lowest peak so far */
	int64_t *best;
	int64_t peak;
};

static inline int64_t imc_alloc_top(const struct imc_alloc_item *x)
{
	return x->offset + x->size - x->slack;
}

/* The bytes that section `s` takes at least. */
int64_t imc_alloc_section(const struct imc_alloc_part *p, int32_t s);

/* Searches placements of a peak of at most `target`, then of any below
 * p->peak; sets p->best and p->peak, and raises p->bound as far as it proves
 * that nothing lower exists. */
void imc_alloc_search(struct imc_alloc_part *p, int64_t target,
		      struct imc_arena *scratch);

#endif
