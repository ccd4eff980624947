/* allocate.h: offsets of buffers in one memory.
 *
 * Buffers that never live with those of another part of the plan are placed
 * apart. Each part is placed lowest first in several greedy orders, then in
 * orders where what came to lie too high moves to the front, then, while the
 * peak is above the bound, by a search through all placements in which every
 * buffer lies on another one or on the ground. All of it ends by counts of what
 * it looks at, never by time: the same buffers get the same offsets. */
#ifndef IMC_ALLOCATE_H
#define IMC_ALLOCATE_H

#include "ir/plan.h"

/* Offsets in L1 and in L2 are multiples of it. */
#define IMC_L1_ALIGN 64

struct imc_allocation {
	int64_t peak_bytes;
	int64_t bound_bytes; /* proven: no allocation has a lower peak */
};

/* Sets the offset of every buffer of `mem` (size_bytes, first, last are set),
 * aligned, so that no two that live at the same step overlap. Others are left
 * alone; what ends before it begins does not live. Ends as soon as the peak is
 * at most `enough`; 0: the lowest that it finds. Returns the peak in bytes. */
int64_t imc_allocate_buffers(struct imc_buffer *b, size_t n,
			     enum imc_memory mem, int64_t enough,
			     struct imc_arena *scratch);

/* The same with `enough` 0, and what its search proves about the peak: the
 * bound is at least imc_allocate_bound. */
struct imc_allocation imc_allocate_best(struct imc_buffer *b, size_t n,
					enum imc_memory mem,
					struct imc_arena *scratch);

/* No allocation can have a lower peak: the largest sum of sizes live at once,
 * each but one of them up to the next aligned offset. */
int64_t imc_allocate_bound(const struct imc_buffer *b, size_t n,
			   enum imc_memory mem, struct imc_arena *scratch);

#endif
