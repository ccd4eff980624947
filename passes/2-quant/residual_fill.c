/* Groups of weights, and what residual weights make of them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/num.h"
#include "ir/support/checked.h"
#include "passes/2-quant/residual_choice.h"

/* sigma of a cell that holds part r of the largest code. */
static double sigma_at(const double sigma[3], double r)
{
	double x = fmax(0, fmin(2, 3 * r - 1));
	int i = x < 1 ? 0 : 1;

	return sigma[i] + (sigma[i + 1] - sigma[i]) * (x - i);
}

double imc_cell_spread(const double sigma[3], int32_t q, int slices,
		       int slice_bits)
{
	double max = imc_slice_cell_max(slice_bits), sum = 0;

	for (int s = 0; s < slices; s++) {
		double cell = imc_slice(q, s, slices, slice_bits);
		double v = cell * imc_slice_factor(s, slices, slice_bits);
		double d = sigma_at(sigma, fabs(cell) / max), s2 = d * d;

		sum += v * v * (exp(2 * s2) - 2 * exp(s2 / 2) + 1);
	}
	return sum;
}

/* ---- one weight ---- */

/* What choosing for the weights of a layer goes by. */
struct bench {
	const struct imc_residual_rules *rules;
	const struct imc_residual_layer *l;
	double spread[256]; /* of code + 128; below 0: no code */
};

static void open_bench(struct bench *b, const struct imc_residual_rules *rules,
		       const struct imc_residual_layer *l)
{
	b->rules = rules;
	b->l = l;
	for (int32_t q = -128; q < 128; q++)
		b->spread[q + 128] =
			imc_sliceable(q, l->slices, l->slice_bits)
				? imc_cell_spread(rules->sigma, q, l->slices,
						  l->slice_bits)
				: -1;
}

struct pair {
	int32_t q, r;
	double loss; /* in units of the code */
};

/* The best residual beside code q for weight w. */
static struct pair beside(const struct bench *b, double w, int32_t q,
			  int32_t shift)
{
	double max = imc_cell_max(b->rules->bits);
	double r = round(ldexp(w - q, shift));
	struct pair p = {.q = q, .r = (int32_t)fmax(-max, fmin(max, r))};
	double off = w - q - ldexp(p.r, -shift);

	p.loss = off * off + b->spread[q + 128];
	return p;
}

static bool spreads(const struct imc_residual_rules *r)
{
	return r->sigma[0] > 0 || r->sigma[1] > 0 || r->sigma[2] > 0;
}

/* The best pair, of codes between 0 and the one that is there. */
static struct pair best_pair(const struct bench *b, double w, int32_t code,
			     int32_t shift)
{
	struct pair best = beside(b, w, code, shift);
	int32_t step = code > 0 ? -1 : 1;

	for (int32_t q = code; q != 0 && spreads(b->rules);) {
		struct pair p;

		q += step;
		if (b->spread[q + 128] < 0)
			continue;
		p = beside(b, w, q, shift);
		if (p.loss < best.loss)
			best = p;
	}
	return best;
}

/* ---- one group ---- */

/* Channels c0 .. c0 + n of output k at one tap; at: of the first weight. */
struct span {
	int64_t k, n, at;
	const double *power;
};

static struct span span_of(const struct imc_residual_layer *l, int32_t group,
			   int64_t place)
{
	int64_t blocks = imc_ceil_div(l->c, group);
	int64_t c0 = place % blocks * group, row = place / blocks;
	struct span s = {.k = row / l->taps, .at = row * l->c + c0};

	s.n = imc_min_i64(group, l->c - c0);
	s.power = l->power + s.k / (l->k / l->groups) * l->c + c0;
	return s;
}

static double plain_loss(const struct bench *b, double w, int32_t q,
			 double rest)
{
	double off = w - q - rest;

	return off * off + b->spread[q + 128];
}

/* What keeping the group gains, in units of scale^2. */
static double gain_of(const struct bench *b, const struct span *s,
		      int32_t shift)
{
	const struct imc_residual_layer *l = b->l;
	double gain = 0, scale = (double)l->scale[s->k];

	for (int64_t i = 0; i < s->n; i++) {
		double w = (double)l->w[s->at + i] / scale;
		int32_t q = l->code[s->at + i];

		gain += s->power[i] * (plain_loss(b, w, q, 0) -
				       best_pair(b, w, q, shift).loss);
	}
	return gain * scale * scale;
}

/* Sum of E[x^2] * weight^2. */
static double signal(const struct imc_residual_layer *l)
{
	double sum = 0;

	for (int64_t i = 0; i < l->k * l->taps * l->c; i++) {
		int64_t k = i / (l->taps * l->c);
		int64_t c = k / (l->k / l->groups) * l->c + i % l->c;

		sum += l->power[c] * (double)l->w[i] * (double)l->w[i];
	}
	return sum > 0 ? sum : 1;
}

double imc_residual_loss(const struct imc_residual_rules *rules,
			 const struct imc_residual_layer *l)
{
	double sum = 0;
	struct bench b;

	open_bench(&b, rules, l);
	for (int64_t i = 0; i < l->k * l->taps * l->c; i++) {
		int64_t k = i / (l->taps * l->c);
		int64_t c = k / (l->k / l->groups) * l->c + i % l->c;
		double scale = (double)l->scale[k];
		double rest =
			l->residual ? ldexp(l->residual[i], -l->shift) : 0;

		sum += l->power[c] * scale * scale *
		       plain_loss(&b, (double)l->w[i] / scale, l->code[i],
				  rest);
	}
	return sum / signal(l);
}

static void find_gains(const struct imc_residual_rules *rules,
		       struct imc_residual_layer *l, struct imc_arena *a)
{
	double all = signal(l);
	struct bench b;

	open_bench(&b, rules, l);
	l->n_place = l->k * l->taps * imc_ceil_div(l->c, rules->group);
	for (int32_t s = 0; s <= rules->max_shift; s++) {
		l->gain[s] =
			imc_arena_array(a, (size_t)l->n_place, sizeof(float));
		for (int64_t i = 0; i < l->n_place; i++) {
			struct span at = span_of(l, rules->group, i);

			l->gain[s][i] = (float)(gain_of(&b, &at, s) / all);
		}
	}
}

/* ---- shifts, and the groups that gain most ---- */

/* Prices of a group at which shifts are compared: halved so often. */
#define N_PRICE 32

struct fill {
	const struct imc_residual_rules *rules;
	struct imc_residual_layer *layer;
	size_t n;
	int64_t n_group;
};

static double above(const float *gain, int64_t n, double price)
{
	double sum = 0;

	for (int64_t i = 0; i < n; i++)
		if ((double)gain[i] > price)
			sum += (double)gain[i] - price;
	return sum;
}

/* The shift that is best for l if a group costs so much. */
static int32_t shift_at(const struct fill *f,
			const struct imc_residual_layer *l, double price)
{
	int32_t best = 0;
	double most = -1;

	for (int32_t s = 0; s <= f->rules->max_shift; s++) {
		double v = above(l->gain[s], l->n_place, price);

		if (v > most) {
			most = v;
			best = s;
		}
	}
	return best;
}

struct pick {
	float gain;
	uint32_t layer;
	int64_t place;
};

static int by_gain(const void *p, const void *q)
{
	const struct pick *a = p, *b = q;

	if (a->gain < b->gain || a->gain > b->gain)
		return a->gain > b->gain ? -1 : 1;
	if (a->layer != b->layer)
		return a->layer < b->layer ? -1 : 1;
	return (a->place > b->place) - (a->place < b->place);
}

/* The groups that gain most with those shifts; returns the sum. */
static double pick_groups(const struct fill *f, const int32_t *shift,
			  struct pick *pick, int64_t *n_pick)
{
	int64_t n = 0;
	double sum = 0;

	for (size_t k = 0; k < f->n; k++) {
		const float *gain = f->layer[k].gain[shift[k]];

		for (int64_t i = 0; i < f->layer[k].n_place; i++)
			if (gain[i] > 0)
				pick[n++] =
					(struct pick){gain[i], (uint32_t)k, i};
	}
	qsort(pick, (size_t)n, sizeof *pick, by_gain);
	n = imc_min_i64(n, f->n_group);
	for (int64_t i = 0; i < n; i++)
		sum += (double)pick[i].gain;
	*n_pick = n;
	return sum;
}

static double largest_gain(const struct fill *f)
{
	double most = 0;

	for (size_t k = 0; k < f->n; k++)
		for (int32_t s = 0; s <= f->rules->max_shift; s++)
			for (int64_t i = 0; i < f->layer[k].n_place; i++)
				most = fmax(most,
					    (double)f->layer[k].gain[s][i]);
	return most;
}

/* The shifts of all layers. They are those of some price of a group, and which
 * prices are tried does not depend on n_group: so more groups never gain less.
 */
static void choose_shifts(const struct fill *f, struct pick *pick,
			  int32_t *best, struct imc_arena *a)
{
	int32_t *shift = imc_arena_array(a, f->n, sizeof *shift);
	int32_t *last = imc_arena_array(a, f->n, sizeof *last);
	double price = largest_gain(f), most = -1;

	for (int i = 0; i <= N_PRICE;
	     i++, price = i < N_PRICE ? price / 2 : 0) {
		int64_t n;
		double sum;

		for (size_t k = 0; k < f->n; k++)
			shift[k] = shift_at(f, &f->layer[k], price);
		if (i && !memcmp(shift, last, f->n * sizeof *shift))
			continue;
		memcpy(last, shift, f->n * sizeof *shift);
		sum = pick_groups(f, shift, pick, &n);
		if (sum > most) {
			most = sum;
			memcpy(best, shift, f->n * sizeof *shift);
		}
	}
}

static void keep(const struct bench *b, const struct span *s,
		 struct imc_residual_layer *l)
{
	for (int64_t i = s->at; i < s->at + s->n; i++) {
		double w = (double)l->w[i] / (double)l->scale[s->k];
		struct pair p = best_pair(b, w, l->code[i], l->shift);

		l->code[i] = (int8_t)p.q;
		l->residual[i] = (int8_t)p.r;
	}
}

static void keep_all(const struct fill *f, const struct pick *pick,
		     int64_t n_pick, struct imc_arena *a)
{
	for (int64_t i = 0; i < n_pick; i++) {
		struct imc_residual_layer *l = &f->layer[pick[i].layer];
		struct span s = span_of(l, f->rules->group, pick[i].place);
		struct bench b;

		open_bench(&b, f->rules, l);
		if (!l->residual)
			l->residual = imc_arena_array(
				a, (size_t)(l->k * l->taps), (size_t)l->c);
		keep(&b, &s, l);
	}
}

int64_t imc_residual_fill(const struct imc_residual_rules *rules,
			  struct imc_residual_layer *layer, size_t n,
			  int64_t n_group, struct imc_arena *a)
{
	struct fill f = {rules, layer, n, n_group};
	int32_t *shift = imc_arena_array(a, n + 1, sizeof *shift);
	int64_t all = 0, n_pick;
	struct pick *pick;

	for (size_t k = 0; k < n; k++) {
		find_gains(rules, &layer[k], a);
		all += layer[k].n_place;
	}
	pick = imc_arena_array(a, (size_t)all + 1, sizeof *pick);
	choose_shifts(&f, pick, shift, a);
	pick_groups(&f, shift, pick, &n_pick);
	for (size_t k = 0; k < n; k++)
		layer[k].shift = shift[k];
	keep_all(&f, pick, n_pick, a);
	return n_pick;
}
