#include "ir/residual.h"

#include <string.h>

#include "ir/support/checked.h"

/* One group: channels c0 .. c0 + n at kernel position tap of output k. */
struct place {
	int64_t k, tap, block, c0, n;
};

static int64_t blocks_of(int64_t c, int64_t group)
{
	return imc_ceil_div(c, group);
}

/* Group i of all; dims of [K, kh, kw, C]. */
static struct place place_at(const int64_t *dim, int64_t group, int64_t i)
{
	int64_t blocks = blocks_of(dim[3], group), taps = dim[1] * dim[2];
	struct place p = {.block = i % blocks,
			  .tap = i / blocks % taps,
			  .k = i / blocks / taps};

	p.c0 = p.block * group;
	p.n = imc_min_i64(group, dim[3] - p.c0);
	return p;
}

static const int8_t *weights_at(const struct imc_tensor *w,
				const struct place *p)
{
	return (const int8_t *)w->data +
	       (p->k * w->dim[1] * w->dim[2] + p->tap) * w->dim[3] + p->c0;
}

static bool is_kept(const struct imc_tensor *w, const struct place *p)
{
	const int8_t *x = weights_at(w, p);

	for (int64_t i = 0; i < p->n; i++)
		if (x[i])
			return true;
	return false;
}

int64_t imc_residual_places(const struct imc_tensor *w, int64_t group)
{
	return w->dim[0] * w->dim[1] * w->dim[2] * blocks_of(w->dim[3], group);
}

int64_t imc_residual_count(const struct imc_tensor *w, int64_t group)
{
	int64_t all = imc_residual_places(w, group), n = 0;

	for (int64_t i = 0; i < all; i++) {
		struct place p = place_at(w->dim, group, i);

		n += is_kept(w, &p);
	}
	return n;
}

int64_t imc_residual_bytes(const struct imc_residual *r)
{
	return (r->k + 1) * (int64_t)sizeof *r->first +
	       r->n_group * imc_residual_record_bytes(r->group, r->bits);
}

/* As few bits as all of w need. */
static int32_t bits_of(const struct imc_tensor *w)
{
	const int8_t *x = w->data;
	int32_t bits = 2;

	for (int64_t i = 0; i < imc_tensor_count(w); i++)
		while (x[i] < -(1 << (bits - 1)) || x[i] >= 1 << (bits - 1))
			bits++;
	return bits;
}

static void put_bits(uint8_t *to, int64_t at, int32_t bits, int8_t value)
{
	for (int32_t b = 0; b < bits; b++)
		if ((uint8_t)value >> b & 1)
			to[(at + b) / 8] |= (uint8_t)(1u << (at + b) % 8);
}

static int8_t get_bits(const uint8_t *from, int64_t at, int32_t bits)
{
	int32_t v = 0;

	for (int32_t b = 0; b < bits; b++)
		v |= (from[(at + b) / 8] >> (at + b) % 8 & 1) << b;
	return (int8_t)(v >> (bits - 1) ? v - (1 << bits) : v);
}

static void put_record(const struct imc_residual *r, const struct place *p,
		       const int8_t *x, uint8_t *to)
{
	int64_t at = p->tap * blocks_of(r->c, r->group) + p->block;

	to[0] = (uint8_t)(at & 255);
	to[1] = (uint8_t)(at >> 8);
	for (int64_t i = 0; i < p->n; i++)
		put_bits(to + 2, i * r->bits, r->bits, x[i]);
}

struct imc_residual imc_residual_pack(const struct imc_graph *g,
				      const struct imc_node *n,
				      struct imc_arena *a)
{
	const struct imc_tensor *w = &imc_node_in(g, n, 9)->t;
	int64_t all, size, at = 0;
	struct imc_residual r = {.group = (int32_t)n->a.residual_group[0],
				 .shift = (int32_t)n->a.residual_shift[0],
				 .bits = bits_of(w),
				 .k = w->dim[0],
				 .taps = w->dim[1] * w->dim[2],
				 .c = w->dim[3]};

	all = imc_residual_places(w, r.group);
	size = imc_residual_record_bytes(r.group, r.bits);
	r.n_group = imc_residual_count(w, r.group);
	r.first = imc_arena_array(a, (size_t)r.k + 1, sizeof *r.first);
	r.record = imc_arena_array(a, (size_t)r.n_group + 1, (size_t)size);
	for (int64_t i = 0; i < all; i++) {
		struct place p = place_at(w->dim, r.group, i);

		if (!is_kept(w, &p))
			continue;
		put_record(&r, &p, weights_at(w, &p), r.record + at++ * size);
		r.first[p.k + 1] = (int32_t)at;
	}
	for (int64_t k = 0; k < r.k; k++)
		r.first[k + 1] =
			(int32_t)imc_max_i64(r.first[k + 1], r.first[k]);
	return r;
}

void imc_residual_unpack(const struct imc_residual *r, int8_t *w)
{
	int64_t size = imc_residual_record_bytes(r->group, r->bits);
	int64_t blocks = blocks_of(r->c, r->group);

	memset(w, 0, (size_t)(r->k * r->taps * r->c));
	for (int64_t k = 0; k < r->k; k++)
		for (int64_t i = r->first[k]; i < r->first[k + 1]; i++) {
			const uint8_t *from = r->record + i * size;
			int64_t at = from[0] | from[1] << 8;
			int64_t c0 = at % blocks * r->group;
			int8_t *to =
				w + (k * r->taps + at / blocks) * r->c + c0;

			for (int64_t j = 0; j < r->group && c0 + j < r->c; j++)
				to[j] = get_bits(from + 2, j * r->bits,
						 r->bits);
		}
}
