/* SPDX-License-Identifier: Apache-2.0 */
/* What a compiler may call though there is no C library. */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);
int memcmp(const void *a, const void *b, size_t n);

/* Words where both lie at words; a loop that the compiler does not take for a
 * call of the function that it is in. */
void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	volatile unsigned char *t = to;
	const unsigned char *f = from;
	size_t i = 0;

	if (((uintptr_t)to | (uintptr_t)from) % 4 == 0)
		for (; i + 4 <= n; i += 4)
			*(volatile uint32_t *)((uintptr_t)to + i) =
				*(const uint32_t *)((uintptr_t)from + i);
	for (; i < n; i++)
		t[i] = f[i];
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	volatile unsigned char *t = to;
	const unsigned char *f = from;

	if ((uintptr_t)to <= (uintptr_t)from)
		return memcpy(to, from, n);
	while (n--)
		t[n] = f[n];
	return to;
}

void *memset(void *to, int value, size_t n)
{
	volatile unsigned char *t = to;
	uint32_t word = (uint32_t)(unsigned char)value * 0x01010101u;
	size_t i = 0;

	if ((uintptr_t)to % 4 == 0)
		for (; i + 4 <= n; i += 4)
			*(volatile uint32_t *)((uintptr_t)to + i) = word;
	for (; i < n; i++)
		t[i] = (unsigned char)value;
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a, *q = b;

	for (size_t i = 0; i < n; i++)
		if (p[i] != q[i])
			return p[i] - q[i];
	return 0;
}
