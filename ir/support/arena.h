/* arena.h: memory that lives exactly as long as one compilation step.
 *
 * Everything a stage makes is owned by an arena and is never freed alone.
 * Only running out of memory may end the program. Built with
 * IMC_ARENA_DEBUG, each object is one malloc, so sanitizers see its ends. */
#ifndef IMC_ARENA_H
#define IMC_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct imc_arena;

/* A new, empty arena; freed with imc_arena_free. */
struct imc_arena *imc_arena_new(void);
void imc_arena_free(struct imc_arena *a);

/* size bytes, zeroed, aligned for any type (64 bytes at least when size is
 * 64 or more); lives as long as a. size 0 gives a valid, unique pointer. */
void *imc_arena_alloc(struct imc_arena *a, size_t size);

/* n * size bytes; the program ends when the product overflows. */
void *imc_arena_array(struct imc_arena *a, size_t n, size_t size);

/* The same, but not zeroed: for what is written before it is read. */
void *imc_arena_room(struct imc_arena *a, size_t n, size_t size);

/* From now on what arenas free stays with the program, which is faster than
 * asking for it again: for a program that frees and allocates much. */
void imc_arena_keep_memory(void);

/* Copies of text and bytes. */
char *imc_arena_strdup(struct imc_arena *a, const char *s);
char *imc_arena_strndup(struct imc_arena *a, const char *s, size_t n);
void *imc_arena_memdup(struct imc_arena *a, const void *p, size_t size);
char *imc_arena_printf(struct imc_arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
char *imc_arena_vprintf(struct imc_arena *a, const char *fmt, va_list ap);

/* Grows an array that lives in a to hold at least need elements of size
 * bytes. *cap is its capacity in elements. Returns the (moved) array. */
void *imc_arena_grow(struct imc_arena *a, void *old, size_t need, size_t *cap,
		     size_t size);

/* Appends one zeroed element to the array `v` of count `n`, capacity `cap`. */
#define IMC_PUSH(arena, v, n, cap)                                             \
	((v) = imc_arena_grow((arena), (v), (size_t)(n) + 1, &(cap),           \
			      sizeof *(v)),                                    \
	 &(v)[(n)++])

#endif
