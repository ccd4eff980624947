#include "ir/support/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ir/support/checked.h"

#ifdef __GLIBC__
#include <malloc.h>

#define MOST_KEPT (1 << 30)
#define MOST_SHARED (32 << 20) /* what glibc allows */

void imc_arena_keep_memory(void)
{
	mallopt(M_TRIM_THRESHOLD, MOST_KEPT);
	mallopt(M_MMAP_THRESHOLD, MOST_SHARED);
}
#else
void imc_arena_keep_memory(void)
{
}
#endif

#define ALIGN 64u
#define CHUNK ((size_t)256 * 1024)

struct chunk {
	struct chunk *next;
	unsigned char *base;
	size_t used, size;
};

struct imc_arena {
	struct chunk *chunks;
};

static void out_of_memory(void)
{
	fputs("imcc: out of memory\n", stderr);
	exit(1);
}

struct imc_arena *imc_arena_new(void)
{
	struct imc_arena *a = calloc(1, sizeof *a);

	if (!a)
		out_of_memory();
	return a;
}

void imc_arena_free(struct imc_arena *a)
{
	struct chunk *c, *next;

	if (!a)
		return;
	for (c = a->chunks; c; c = next) {
		next = c->next;
		free(c->base);
		free(c);
	}
	free(a);
}

static struct chunk *new_chunk(struct imc_arena *a, size_t size)
{
	struct chunk *c = calloc(1, sizeof *c);
	void *base = NULL;

	if (!c || posix_memalign(&base, ALIGN, size ? size : 1))
		out_of_memory();
	c->base = base;
	c->size = size;
	c->next = a->chunks;
	a->chunks = c;
	return c;
}

#ifdef IMC_ARENA_DEBUG
static unsigned char *take(struct imc_arena *a, size_t size)
{
	return new_chunk(a, size)->base;
}
#else
static unsigned char *take(struct imc_arena *a, size_t size)
{
	size_t align = size >= ALIGN ? ALIGN : 16;
	struct chunk *c = a->chunks;
	size_t at = c ? (c->used + align - 1) / align * align : 0;

	if (size > CHUNK / 4) {
		/* A chunk of its own, behind the open one, which stays open. */
		struct chunk *big = new_chunk(a, size);

		big->used = size;
		if (c) {
			a->chunks = c;
			big->next = c->next;
			c->next = big;
		}
		return big->base;
	}
	if (!c || at > c->size || c->size - at < size) {
		c = new_chunk(a, CHUNK);
		at = 0;
	}
	c->used = at + (size ? size : 1);
	return c->base + at;
}
#endif

void *imc_arena_room(struct imc_arena *a, size_t n, size_t size)
{
	size_t bytes;

	if (!imc_mul_size(n, size, &bytes) || bytes > SIZE_MAX / 2)
		out_of_memory();
	return take(a, bytes);
}

void *imc_arena_array(struct imc_arena *a, size_t n, size_t size)
{
	void *p = imc_arena_room(a, n, size);

	memset(p, 0, n * size);
	return p;
}

void *imc_arena_alloc(struct imc_arena *a, size_t size)
{
	return imc_arena_array(a, size, 1);
}

char *imc_arena_strdup(struct imc_arena *a, const char *s)
{
	return imc_arena_memdup(a, s, strlen(s) + 1);
}

char *imc_arena_strndup(struct imc_arena *a, const char *s, size_t n)
{
	char *p = imc_arena_alloc(a, n + 1);

	memcpy(p, s, n);
	return p;
}

void *imc_arena_memdup(struct imc_arena *a, const void *p, size_t size)
{
	void *q = imc_arena_alloc(a, size);

	if (size)
		memcpy(q, p, size);
	return q;
}

char *imc_arena_vprintf(struct imc_arena *a, const char *fmt, va_list ap)
{
	va_list again;
	int n;
	char *p;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	p = imc_arena_alloc(a, (size_t)(n < 0 ? 0 : n) + 1);
	vsnprintf(p, (size_t)(n < 0 ? 0 : n) + 1, fmt, again);
	va_end(again);
	return p;
}

char *imc_arena_printf(struct imc_arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = imc_arena_vprintf(a, fmt, ap);
	va_end(ap);
	return p;
}

void *imc_arena_grow(struct imc_arena *a, void *old, size_t need, size_t *cap,
		     size_t size)
{
	size_t n = *cap ? *cap : 8;
	void *p;

	if (need <= *cap)
		return old;
	while (n < need)
		n *= 2;
	p = imc_arena_array(a, n, size);
	if (*cap)
		memcpy(p, old, *cap * size);
	*cap = n;
	return p;
}
