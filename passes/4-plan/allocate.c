#include "passes/4-plan/allocate.h"

#include <stdlib.h>
#include <string.h>

#include "ir/support/checked.h"
#include "passes/4-plan/allocate_inner.h"

/* ---- parts ---- */

static int64_t aligned(int64_t bytes)
{
	return (bytes + IMC_L1_ALIGN - 1) / IMC_L1_ALIGN * IMC_L1_ALIGN;
}

struct problem {
	size_t n, n_part;
	struct imc_alloc_item *v;
	struct imc_alloc_part *part;
	int32_t n_section;
};

static int by_start(const void *pa, const void *pb)
{
	const struct imc_alloc_item *a = pa, *b = pb;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

static void take_buffers(struct problem *p, const struct imc_buffer *b,
			 size_t n, enum imc_memory mem)
{
	for (size_t i = 0; i < n; i++) {
		int64_t size = aligned(b[i].size_bytes);

		if (b[i].mem == mem && size > 0 && b[i].first <= b[i].last)
			p->v[p->n++] = (struct imc_alloc_item){
				size,	    size - b[i].size_bytes,
				b[i].first, b[i].last,
				0,	    i};
	}
	if (p->n)
		qsort(p->v, p->n, sizeof *p->v, by_start);
}

static int ascending(const void *pa, const void *pb)
{
	const int32_t *a = pa, *b = pb;

	return (*a > *b) - (*a < *b);
}

/* Steps at which a buffer begins and before the next of which one ends: what
 * lives at any other step lives at one of these too. */
static int32_t find_sections(const struct problem *p, int32_t *at,
			     struct imc_arena *scratch)
{
	int32_t *end = imc_arena_array(scratch, p->n + 1, sizeof *end);
	size_t e = 0;
	int32_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		end[i] = p->v[i].last;
	qsort(end, p->n, sizeof *end, ascending);
	for (size_t i = 0; i < p->n; i++) {
		int32_t next = i + 1 < p->n ? p->v[i + 1].first : INT32_MAX;
		bool ends = false;

		if (next == p->v[i].first)
			continue;
		for (; e < p->n && end[e] < next; e++)
			ends = true;
		if (ends)
			at[n++] = p->v[i].first;
	}
	return n;
}

/* Of at[0..n), ascending, how many are below `step`. */
static int32_t below(const int32_t *at, int32_t n, int64_t step)
{
	int32_t lo = 0, hi = n;

	while (lo < hi) {
		int32_t mid = lo + (hi - lo) / 2;

		if (at[mid] < step)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void use_sections(struct problem *p, struct imc_arena *scratch)
{
	int32_t *at = imc_arena_array(scratch, p->n + 1, sizeof *at);

	if (p->n == 0)
		return;
	p->n_section = find_sections(p, at, scratch);
	for (size_t i = 0; i < p->n; i++) {
		struct imc_alloc_item *x = &p->v[i];

		x->first = below(at, p->n_section, x->first);
		x->last = below(at, p->n_section, (int64_t)x->last + 1) - 1;
	}
	qsort(p->v, p->n, sizeof *p->v, by_start);
}

/* The largest sum of a part, each item but one of a section whole. */
static int64_t part_bound(const struct imc_alloc_part *p,
			  struct imc_arena *scratch)
{
	size_t n = (size_t)p->n_section;
	int64_t *sum = imc_arena_array(scratch, n, sizeof *sum);
	int64_t *slack = imc_arena_array(scratch, n, sizeof *slack), most = 0;

	for (size_t i = 0; i < p->n; i++)
		for (int32_t s = p->v[i].first; s <= p->v[i].last; s++) {
			sum[s - p->first] += p->v[i].size;
			slack[s - p->first] =
				imc_max_i64(slack[s - p->first], p->v[i].slack);
		}
	for (size_t s = 0; s < n; s++)
		most = imc_max_i64(most, sum[s] - slack[s]);
	return most;
}

static void add_part(struct problem *p, size_t from, size_t to, int32_t last,
		     struct imc_arena *scratch)
{
	struct imc_alloc_part *part = &p->part[p->n_part++];

	part->n = to - from;
	part->v = p->v + from;
	part->first = part->v->first;
	part->n_section = last + 1 - part->first;
	part->best = imc_arena_array(scratch, part->n, sizeof *part->best);
	part->bound = part_bound(part, scratch);
	part->peak = INT64_MAX;
}

static void cut_parts(struct problem *p, struct imc_arena *scratch)
{
	size_t from = 0;
	int32_t last = -1;

	p->part = imc_arena_array(scratch, p->n + 1, sizeof *p->part);
	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i].first > last && i > from) {
			add_part(p, from, i, last, scratch);
			from = i;
		}
		last = (int32_t)imc_max_i64(last, p->v[i].last);
	}
	if (p->n > from)
		add_part(p, from, p->n, last, scratch);
}

static struct problem problem_of(const struct imc_buffer *b, size_t n,
				 enum imc_memory mem, struct imc_arena *scratch)
{
	struct problem p = {0};

	p.v = imc_arena_array(scratch, n + 1, sizeof *p.v);
	take_buffers(&p, b, n, mem);
	use_sections(&p, scratch);
	cut_parts(&p, scratch);
	return p;
}

/* ---- greedy orders ---- */

/* What an order looks at first; ties go to the larger, then to the earlier. */
enum order { BY_SIZE, BY_AREA, BY_LIFE, BY_LOAD, BY_START, BY_END, N_ORDER };

/* Rounds in which what lies too high moves to the front of an order, and what
 * all of them may look at. */
enum { ROUNDS = 100, LOOKS = 6000000 };

struct turn {
	int64_t key, size;
	size_t item;
};

static int compare(const void *pa, const void *pb)
{
	const struct turn *a = pa, *b = pb;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	if (a->size != b->size)
		return a->size > b->size ? -1 : 1;
	return (a->item > b->item) - (a->item < b->item);
}

/* Bytes that live at each section of the part. */
static int64_t *loads(const struct imc_alloc_part *p, struct imc_arena *scratch)
{
	int64_t *sum =
		imc_arena_array(scratch, (size_t)p->n_section + 1, sizeof *sum);

	for (size_t i = 0; i < p->n; i++)
		for (int32_t s = p->v[i].first; s <= p->v[i].last; s++)
			sum[s - p->first] += p->v[i].size;
	return sum;
}

/* The largest load that x is part of. */
static int64_t load_of(const struct imc_alloc_part *p, const int64_t *load,
		       const struct imc_alloc_item *x)
{
	int64_t most = 0;

	for (int32_t s = x->first; s <= x->last; s++)
		most = imc_max_i64(most, load[s - p->first]);
	return most;
}

static int64_t key_of(const struct imc_alloc_item *x, enum order o)
{
	switch (o) {
	case BY_SIZE:
		return -x->size;
	case BY_AREA:
		return -x->size * (x->last - x->first + 1);
	case BY_LIFE:
		return x->first - x->last;
	case BY_START:
		return x->first;
	case BY_END:
		return -x->last;
	case BY_LOAD:
	case N_ORDER:
		break;
	}
	return 0;
}

static void set_order(const struct imc_alloc_part *p, enum order o,
		      const int64_t *load, struct turn *turn)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct imc_alloc_item *x = &p->v[i];
		int64_t key =
			o == BY_LOAD ? -load_of(p, load, x) : key_of(x, o);

		turn[i] = (struct turn){key, x->size, i};
	}
	qsort(turn, p->n, sizeof *turn, compare);
}

/* The lowest gap that x fits into, between `low`, by offset. */
static int64_t first_fit(const struct imc_alloc_item *const *low, size_t n,
			 const struct imc_alloc_item *x)
{
	int64_t at = 0;

	for (size_t i = 0; i < n; i++) {
		const struct imc_alloc_item *y = low[i];

		if (y->last < x->first || x->last < y->first)
			continue;
		if (at + x->size <= y->offset)
			return at;
		at = imc_max_i64(at, y->offset + y->size);
	}
	return at;
}

/* Places the part in that order; the peak. low: room for n. */
static int64_t place(struct imc_alloc_part *p, const struct turn *turn,
		     const struct imc_alloc_item **low)
{
	int64_t peak = 0;

	for (size_t n = 0; n < p->n; n++) {
		struct imc_alloc_item *x = &p->v[turn[n].item];
		size_t k = n;

		x->offset = first_fit(low, n, x);
		for (; k > 0 && low[k - 1]->offset > x->offset; k--)
			low[k] = low[k - 1];
		low[k] = x;
		peak = imc_max_i64(peak, imc_alloc_top(x));
	}
	return peak;
}

static bool keep(struct imc_alloc_part *p, int64_t peak)
{
	if (peak >= p->peak)
		return false;
	p->peak = peak;
	for (size_t i = 0; i < p->n; i++)
		p->best[i] = p->v[i].offset;
	return true;
}

/* What lies above `limit` moves half way to the front. */
static void promote(const struct imc_alloc_part *p, int64_t limit,
		    struct turn *turn)
{
	for (size_t i = 0; i < p->n; i++) {
		bool high = imc_alloc_top(&p->v[turn[i].item]) > limit;

		turn[i].key = 2 * (int64_t)i;
		if (high)
			turn[i].key = (int64_t)i / 2 * 2 - 1;
	}
	qsort(turn, p->n, sizeof *turn, compare);
}

/* A part by greedy orders, until its peak is at most target. */
static void place_greedy(struct imc_alloc_part *p, int64_t target,
			 struct imc_arena *scratch)
{
	const struct imc_alloc_item **low =
		imc_arena_array(scratch, p->n, sizeof *low);
	struct turn *turn = imc_arena_array(scratch, p->n, sizeof *turn);
	struct turn *best = imc_arena_array(scratch, p->n, sizeof *best);
	int64_t *load = loads(p, scratch);
	int64_t looks = (int64_t)p->n * (int64_t)p->n / 2 + 1;

	for (enum order o = BY_SIZE; o < N_ORDER && p->peak > target; o++) {
		set_order(p, o, load, turn);
		if (keep(p, place(p, turn, low)))
			memcpy(best, turn, p->n * sizeof *best);
	}
	place(p, best, low);
	for (size_t i = 0;
	     i < ROUNDS && (int64_t)i * looks < LOOKS && p->peak > target;
	     i++) {
		promote(p, target, best);
		keep(p, place(p, best, low));
	}
}

/* ---- all of it ---- */

static int by_bound(const void *pa, const void *pb)
{
	const struct imc_alloc_part *a = pa, *b = pb;

	if (a->bound != b->bound)
		return a->bound > b->bound ? -1 : 1;
	return (a->first > b->first) - (a->first < b->first);
}

/* The parts with the largest bounds first: they say how low others must be. */
static struct imc_allocation solve(struct imc_buffer *b, size_t n,
				   enum imc_memory mem, int64_t enough,
				   struct imc_arena *scratch)
{
	struct problem p = problem_of(b, n, mem, scratch);
	struct imc_allocation r = {0, 0};

	for (size_t i = 0; i < n; i++)
		if (b[i].mem == mem)
			b[i].offset = 0;
	if (p.n_part)
		qsort(p.part, p.n_part, sizeof *p.part, by_bound);
	for (size_t k = 0; k < p.n_part; k++) {
		struct imc_alloc_part *part = &p.part[k];
		int64_t target = imc_max_i64(imc_max_i64(part->bound, enough),
					     r.peak_bytes);

		place_greedy(part, target, scratch);
		if (part->peak > target)
			imc_alloc_search(part, target, scratch);
		for (size_t i = 0; i < part->n; i++)
			b[part->v[i].index].offset = part->best[i];
		r.peak_bytes = imc_max_i64(r.peak_bytes, part->peak);
		r.bound_bytes = imc_max_i64(r.bound_bytes, part->bound);
	}
	return r;
}

int64_t imc_allocate_buffers(struct imc_buffer *b, size_t n,
			     enum imc_memory mem, int64_t enough,
			     struct imc_arena *scratch)
{
	return solve(b, n, mem, enough, scratch).peak_bytes;
}

struct imc_allocation imc_allocate_best(struct imc_buffer *b, size_t n,
					enum imc_memory mem,
					struct imc_arena *scratch)
{
	return solve(b, n, mem, 0, scratch);
}

int64_t imc_allocate_bound(const struct imc_buffer *b, size_t n,
			   enum imc_memory mem, struct imc_arena *scratch)
{
	struct problem p = problem_of(b, n, mem, scratch);
	int64_t most = 0;

	for (size_t i = 0; i < p.n_part; i++)
		most = imc_max_i64(most, p.part[i].bound);
	return most;
}
