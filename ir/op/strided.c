#include "ir/op/strided.h"

#include <string.h>

#include "ir/broadcast.h"

void imc_rows_axis(struct imc_rows *r, int64_t dim, int64_t s0, int64_t s1)
{
	r->dim[r->rank] = dim;
	r->stride[0][r->rank] = s0;
	r->stride[1][r->rank] = s1;
	r->rank++;
}

/* True if axis `in` continues axis `out` (the next one) for all operands. */
static bool continues(const struct imc_rows *r, int out, int in)
{
	for (int o = 0; o < r->n_operand; o++)
		if (r->stride[o][out] != r->stride[o][in] * r->dim[in])
			return false;
	return true;
}

static void move_axis(struct imc_rows *r, int to, int from)
{
	r->dim[to] = r->dim[from];
	for (int o = 0; o < r->n_operand; o++)
		r->stride[o][to] = r->stride[o][from];
}

/* Drops axes of size 1 and joins neighbours that are one run. */
static void merge(struct imc_rows *r)
{
	int kept = 0;

	for (int i = 0; i < r->rank; i++) {
		if (r->dim[i] == 1)
			continue;
		if (kept && continues(r, kept - 1, i)) {
			int64_t joined = r->dim[kept - 1] * r->dim[i];

			move_axis(r, kept - 1, i);
			r->dim[kept - 1] = joined;
		} else {
			move_axis(r, kept++, i);
		}
	}
	r->rank = kept;
}

void imc_rows_begin(struct imc_rows *r)
{
	r->more = true;
	for (int i = 0; i < r->rank; i++)
		r->more = r->more && r->dim[i] > 0;
	merge(r);
	r->len = r->rank ? r->dim[r->rank - 1] : 1;
	for (int o = 0; o < r->n_operand; o++) {
		r->step[o] = r->rank ? r->stride[o][r->rank - 1] : 1;
		r->off[o] = 0;
	}
	memset(r->at, 0, sizeof r->at);
}

void imc_rows_next(struct imc_rows *r)
{
	for (int i = r->rank - 2; i >= 0; i--) {
		bool wraps = ++r->at[i] == r->dim[i];

		for (int o = 0; o < r->n_operand; o++)
			r->off[o] +=
				r->stride[o][i] * (wraps ? 1 - r->dim[i] : 1);
		if (!wraps)
			return;
		r->at[i] = 0;
	}
	r->more = false;
}

void imc_row_major(const struct imc_tensor *t, int64_t *stride)
{
	int64_t step = 1;

	for (int i = t->rank; i-- > 0;) {
		stride[i] = step;
		step *= t->dim[i];
	}
}

void imc_rows_broadcast(struct imc_rows *r, const struct imc_tensor *y,
			const struct imc_tensor *x, int n)
{
	r->rank = y->rank;
	r->n_operand = n + 1;
	for (int i = 0; i < y->rank; i++)
		r->dim[i] = y->dim[i];
	imc_row_major(y, r->stride[0]);
	for (int k = 0; k < n; k++)
		imc_broadcast_strides(&x[k], y, r->stride[k + 1]);
}

#define COPY_ROW(T)                                                            \
	static void copy_##T(const struct imc_rows *r, void *dst,              \
			     const void *src)                                  \
	{                                                                      \
		T *d = (T *)dst + r->off[0];                                   \
		const T *s = (const T *)src + r->off[1];                       \
		int64_t sd = r->step[0], ss = r->step[1];                      \
                                                                               \
		for (int64_t i = 0; i < r->len; i++)                           \
			d[i * sd] = s[i * ss];                                 \
	}
COPY_ROW(uint8_t)
COPY_ROW(uint16_t)
COPY_ROW(uint32_t)
COPY_ROW(uint64_t)

static void copy_row(const struct imc_rows *r, void *dst, const void *src,
		     size_t size)
{
	if (r->step[0] == 1 && r->step[1] == 1)
		memcpy((char *)dst + r->off[0] * (int64_t)size,
		       (const char *)src + r->off[1] * (int64_t)size,
		       (size_t)r->len * size);
	else if (size == 1)
		copy_uint8_t(r, dst, src);
	else if (size == 2)
		copy_uint16_t(r, dst, src);
	else if (size == 4)
		copy_uint32_t(r, dst, src);
	else
		copy_uint64_t(r, dst, src);
}

void imc_copy_strided(struct imc_rows *r, void *dst, const void *src,
		      size_t size)
{
	r->n_operand = 2;
	for (imc_rows_begin(r); r->more; imc_rows_next(r))
		copy_row(r, dst, src, size);
}

static void fill_block(const struct imc_take *t, char *dst, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += t->size)
		memcpy(dst + at, t->fill, t->size);
}

/* Runs of neighbouring indices are one copy. */
static int64_t run_length(const struct imc_take *t, int64_t i)
{
	int64_t n = 1;

	while (t->index[i] >= 0 && i + n < t->n_out &&
	       t->index[i + n] == t->index[i] + n)
		n++;
	return n;
}

void imc_take_axis(const struct imc_take *t, void *dst, const void *src)
{
	size_t block = (size_t)t->inner * t->size;
	char *d = dst;

	for (int64_t o = 0; o < t->outer; o++) {
		const char *s =
			(const char *)src + (size_t)(o * t->n_in) * block;

		for (int64_t i = 0; i < t->n_out;) {
			int64_t n = run_length(t, i), at = t->index[i];

			if (at < 0)
				fill_block(t, d, block);
			else
				memcpy(d, s + (size_t)at * block,
				       (size_t)n * block);
			d += (size_t)n * block;
			i += n;
		}
	}
}

int64_t imc_span(const struct imc_tensor *t, int lo, int hi)
{
	int64_t n = 1;

	for (int i = lo; i < hi; i++)
		n *= t->dim[i];
	return n;
}
