/* allocate.h: offsets of buffers in one memory. */
#ifndef IMC_ALLOCATE_H
#define IMC_ALLOCATE_H

#include "ir/plan.h"

#define IMC_L1_ALIGN 64

/* Sets the offset of every buffer (size_bytes, first, last are set), aligned,
 * so that no two that live at the same step overlap. Tries several greedy
 * orders and keeps the lowest peak, which is returned in bytes. */
int64_t imc_allocate_buffers(struct imc_buffer *b, size_t n,
			     struct imc_arena *scratch);

/* No allocation can have a lower peak: the largest sum of sizes live at once.
 * n_step: all first and last are below it. */
int64_t imc_allocate_bound(const struct imc_buffer *b, size_t n, size_t n_step,
			   struct imc_arena *scratch);

#endif
