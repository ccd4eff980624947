/* parallel.h: the same work on many independent items, on all processors. */
#ifndef IMC_PARALLEL_H
#define IMC_PARALLEL_H

#include <stddef.h>

/* Processors that may be used: IMC_THREADS in the environment, or all. */
size_t imc_n_thread(void);

/* Calls fn(cx, i, thread) once for each i < n, thread < imc_n_thread().
 * Results may depend on i only, so that they do not depend on the machine. */
void imc_parallel_for(size_t n, void (*fn)(void *cx, size_t i, size_t thread),
		      void *cx);

#endif
