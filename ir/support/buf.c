#include "ir/support/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void reserve(struct imc_buf *b, size_t more)
{
	b->p = imc_arena_grow(b->arena, b->p, b->n + more + 1, &b->cap, 1);
}

void imc_buf_printf(struct imc_buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	reserve(b, (size_t)(n < 0 ? 0 : n));
	vsnprintf(b->p + b->n, b->cap - b->n, fmt, again);
	va_end(again);
	b->n += (size_t)(n < 0 ? 0 : n);
}

void imc_buf_text(struct imc_buf *b, const char *s)
{
	imc_buf_bytes(b, s, strlen(s));
}

void imc_buf_bytes(struct imc_buf *b, const void *p, size_t n)
{
	reserve(b, n);
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = 0;
}

void imc_buf_align(struct imc_buf *b, size_t align)
{
	while (b->n % align)
		imc_buf_bytes(b, "", 1);
}
