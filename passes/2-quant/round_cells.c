#include "passes/2-quant/round_cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/eval/simd.h"
#include "ir/support/checked.h"
#include "ir/support/parallel.h"

#define LANE 16

struct score {
	double v;
	int32_t at;
};

static int by_score(const void *a, const void *b)
{
	const struct score *x = a, *y = b;

	if (x->v > y->v || x->v < y->v)
		return x->v > y->v ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* In an order that is always the same. */
IMC_SIMD
static float dot(const float *a, const float *b, int64_t n)
{
	float lane[LANE] = {0}, sum = 0;
	int64_t whole = n - n % LANE;

	for (int64_t i = 0; i < whole; i += LANE)
		for (int l = 0; l < LANE; l++)
			lane[l] += a[i + l] * b[i + l];
	for (int l = 0; l < LANE; l++)
		sum += lane[l];
	for (int64_t i = whole; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* One output. Arrays are in the order of the factor. */
struct output {
	const struct imc_round *p;
	const struct imc_round_factor *f;
	const float *w; /* [r], in its own order */
	float *e;	/* by how much each weight changes */
	bool *stay;
	struct score *score;
};

/* Rows j0 .. j1: those that are gone lose their weight, the others take over
 * what was lost before them. */
static void carry_on(const struct output *o, int64_t j0, int64_t j1)
{
	for (int64_t j = j0; j < j1; j++)
		o->e[j] = o->stay[j] ? -dot(o->f->carry + j * o->p->r, o->e, j)
				     : -o->w[o->f->order[j]];
}

/* Of those of rows j0 .. j1 that are still there the best n stay. */
static void keep_best(const struct output *o, int64_t j0, int64_t j1, int64_t n)
{
	int64_t left = 0;

	for (int64_t j = j0; j < j1; j++) {
		double w = (double)o->w[o->f->order[j]] + (double)o->e[j];

		if (o->stay[j])
			o->score[left++] = (struct score){
				w * w * o->f->pivot[j], (int32_t)j};
	}
	qsort(o->score, (size_t)left, sizeof *o->score, by_score);
	for (int64_t i = n; i < left; i++)
		o->stay[o->score[i].at] = false;
}

/* Not all at once: what goes changes the worth of what is left. */
static void choose_block(const struct output *o, int64_t j0, int64_t j1)
{
	int64_t n = j1 - j0;

	for (int64_t j = j0; j < j1; j++)
		o->stay[j] = true;
	carry_on(o, j0, j1);
	while (n > o->p->cells) {
		n = imc_max_i64(o->p->cells, n / 2);
		keep_best(o, j0, j1, n);
		carry_on(o, j0, j1);
	}
}

struct choice {
	const struct imc_round *p;
	const struct imc_round_factor *f;
	bool *stay;
	float *value;
};

static void choose_output(void *cx, size_t k, size_t thread)
{
	const struct choice *c = cx;
	int64_t r = c->p->r, first = (int64_t)k * r;
	struct imc_arena *a = imc_arena_new();
	struct output o = {c->p, c->f, c->p->w + first, NULL, NULL, NULL};

	(void)thread;
	o.e = imc_arena_array(a, (size_t)r, sizeof *o.e);
	o.stay = imc_arena_array(a, (size_t)r, sizeof *o.stay);
	o.score = imc_arena_array(a, (size_t)r, sizeof *o.score);
	for (int64_t j = 0; j < r; j += c->p->block)
		choose_block(&o, j, imc_min_i64(j + c->p->block, r));
	for (int64_t j = 0; j < r; j++) {
		int64_t at = c->f->order[j];

		c->stay[first + at] = o.stay[j];
		c->value[first + at] = o.stay[j] ? o.w[at] + o.e[j] : 0;
	}
	imc_arena_free(a);
}

void imc_round_choose(const struct imc_round *p,
		      const struct imc_round_factor *f, bool *stay,
		      float *value)
{
	struct choice c = {p, f, stay, value};

	imc_parallel_for((size_t)p->k, choose_output, &c);
}

void imc_round_drop_small(const struct imc_round *p, const float *w,
			  int8_t *code)
{
	struct imc_arena *a = imc_arena_new();
	struct score *s = imc_arena_array(a, (size_t)p->block, sizeof *s);

	for (int64_t i0 = 0; i0 < p->r; i0 += p->block) {
		int64_t n = imc_min_i64(p->block, p->r - i0);

		for (int64_t i = 0; i < n; i++)
			s[i] = (struct score){fabs((double)w[i0 + i]),
					      (int32_t)(i0 + i)};
		qsort(s, (size_t)n, sizeof *s, by_score);
		for (int64_t i = p->cells; i < n; i++)
			code[s[i].at] = 0;
	}
	imc_arena_free(a);
}
