/* buf.h: text and bytes that grow while they are written. */
#ifndef IMC_BUF_H
#define IMC_BUF_H

#include <stddef.h>

#include "ir/support/arena.h"

/* p[0..n) is what was written; p[n] is always 0. Grows inside `arena`. */
struct imc_buf {
	struct imc_arena *arena;
	char *p;
	size_t n, cap;
};

void imc_buf_printf(struct imc_buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void imc_buf_text(struct imc_buf *b, const char *s);
void imc_buf_bytes(struct imc_buf *b, const void *p, size_t n);

/* Pads with zeros to a multiple of align bytes. */
void imc_buf_align(struct imc_buf *b, size_t align);

#endif
