#include "passes/4-plan/allocate.h"

#include <stdlib.h>

/* What a greedy order looks at first; ties go to the earlier buffer. */
enum order { BY_SIZE, BY_START, BY_AREA, BY_END, N_ORDER };

struct item {
	int64_t key;
	size_t index;
};

static int64_t key_of(const struct imc_buffer *b, enum order o)
{
	switch (o) {
	case BY_SIZE:
		return -b->size_bytes;
	case BY_START:
		return b->first;
	case BY_AREA:
		return -b->size_bytes * (b->last - b->first + 1);
	case BY_END:
		return -b->last;
	case N_ORDER:
		break;
	}
	return 0;
}

static int compare(const void *pa, const void *pb)
{
	const struct item *a = pa, *b = pb;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

static int64_t aligned(int64_t bytes)
{
	return (bytes + IMC_L1_ALIGN - 1) / IMC_L1_ALIGN * IMC_L1_ALIGN;
}

static bool meet(const struct imc_buffer *a, const struct imc_buffer *b)
{
	return a->first <= b->last && b->first <= a->last;
}

/* The placed buffers that live with b, by offset. */
struct placed {
	size_t n;
	struct item *v; /* key: offset */
};

/* The lowest gap between `p` that b fits into. */
static int64_t first_fit(const struct imc_buffer *all, struct placed *p,
			 const struct imc_buffer *b)
{
	int64_t at = 0;

	qsort(p->v, p->n, sizeof *p->v, compare);
	for (size_t i = 0; i < p->n; i++) {
		const struct imc_buffer *other = &all[p->v[i].index];

		if (at + b->size_bytes <= other->offset)
			return at;
		if (aligned(other->offset + other->size_bytes) > at)
			at = aligned(other->offset + other->size_bytes);
	}
	return at;
}

/* Places all buffers in one order; the peak. */
static int64_t place(struct imc_buffer *b, size_t n, enum order o,
		     struct imc_arena *scratch)
{
	struct item *turn = imc_arena_array(scratch, n, sizeof *turn);
	struct placed p = {0, imc_arena_array(scratch, n, sizeof *p.v)};
	int64_t peak = 0;

	for (size_t i = 0; i < n; i++)
		turn[i] = (struct item){key_of(&b[i], o), i};
	qsort(turn, n, sizeof *turn, compare);
	for (size_t i = 0; i < n; i++) {
		struct imc_buffer *now = &b[turn[i].index];

		p.n = 0;
		for (size_t k = 0; k < i; k++) {
			size_t j = turn[k].index;

			if (meet(&b[j], now))
				p.v[p.n++] = (struct item){b[j].offset, j};
		}
		now->offset = first_fit(b, &p, now);
		if (now->offset + now->size_bytes > peak)
			peak = now->offset + now->size_bytes;
	}
	return peak;
}

int64_t imc_allocate_buffers(struct imc_buffer *b, size_t n,
			     struct imc_arena *scratch)
{
	int64_t best = INT64_MAX;
	enum order best_order = BY_SIZE;

	for (enum order o = BY_SIZE; o < N_ORDER; o++) {
		int64_t peak = place(b, n, o, scratch);

		if (peak < best) {
			best = peak;
			best_order = o;
		}
	}
	return place(b, n, best_order, scratch);
}

int64_t imc_allocate_bound(const struct imc_buffer *b, size_t n, size_t n_step,
			   struct imc_arena *scratch)
{
	int64_t *change = imc_arena_array(scratch, n_step + 1, sizeof *change);
	int64_t live = 0, most = 0;

	for (size_t i = 0; i < n; i++) {
		change[b[i].first] += b[i].size_bytes;
		change[b[i].last + 1] -= b[i].size_bytes;
	}
	for (size_t i = 0; i < n_step; i++) {
		live += change[i];
		most = live > most ? live : most;
	}
	return most;
}
