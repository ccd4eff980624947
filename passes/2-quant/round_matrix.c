#include "passes/2-quant/round_matrix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/eval.h"
#include "ir/eval/simd.h"
#include "ir/support/checked.h"
#include "ir/support/parallel.h"
#include "passes/2-quant/cholesky.h"
#include "passes/2-quant/quant.h"
#include "passes/2-quant/round_cells.h"

/* Scales that are tried at once: with few codes down to 0.4 of the one that
 * clips nothing, with many to 0.8. */
#define LANE 16
#define FACTOR_FEW 0.94
#define FACTOR_MANY 0.985
#define MANY 32

/* Outputs whose products with H are computed together. */
#define BATCH 64

#define N_SWEEP 6 /* of moves, after each choice of a scale */
#define N_SCALE 3

/* A code moves elsewhere if that gains more than rounding errors may. */
#define SWAP_GAIN 1e-4

struct work {
	const struct imc_round *p;
	int32_t *order; /* columns as they are rounded */
	float *carry;	/* [j][i < j]: part of error i that j takes over */
	double *pivot;	/* [j] */
	float *h;	/* [r][r] */
	float *diag;	/* [r]: of h */
	float *tried;	/* [k][LANE]: scales */
	double *loss;	/* [k][LANE] */
	int8_t *lane;	/* [k][LANE][r]: codes */
	bool *stay;	/* [k][r]: may have a code; NULL: all may */
	float *value;	/* [k][r]: of those */
	struct imc_rounded out, nearest;
};

void imc_round_damp(double *h, int64_t r, double part)
{
	double sum = 0;

	for (int64_t i = 0; i < r; i++)
		sum += h[i * r + i];
	for (int64_t i = 0; i < r; i++)
		h[i * r + i] += sum > 0 ? part * sum / (double)r : 1;
}

static struct imc_rounded new_rounded(const struct imc_round *p,
				      struct imc_arena *a)
{
	struct imc_rounded o = {0};

	o.scale = imc_arena_array(a, (size_t)p->k, sizeof *o.scale);
	o.code = imc_arena_array(a, (size_t)p->k, (size_t)p->r);
	o.error = imc_arena_array(a, (size_t)p->k, sizeof *o.error);
	return o;
}

static float scale_of(const struct imc_round *p, const float *w, int64_t n)
{
	const struct imc_grid *g = p->grid;

	return imc_weight_scale(w, n, g->slices, g->bits, g->max);
}

static void nearest_row(void *cx, size_t k, size_t thread)
{
	struct work *w = cx;
	const struct imc_round *p = w->p;
	const float *row = p->w + (int64_t)k * p->r;
	float *scale = &w->nearest.scale[k];

	(void)thread;
	if (!p->one_scale)
		*scale = scale_of(p, row, p->r);
	for (int64_t i = 0; i < p->r; i++)
		w->nearest.code[(int64_t)k * p->r + i] = (int8_t)imc_grid_round(
			p->grid, (double)row[i] / (double)*scale);
	if (p->cells)
		imc_round_drop_small(p, row,
				     w->nearest.code + (int64_t)k * p->r);
}

static void round_nearest(struct work *w)
{
	const struct imc_round *p = w->p;
	float one = p->one_scale ? scale_of(p, p->w, p->k * p->r) : 0;

	for (int64_t k = 0; k < p->k; k++)
		w->nearest.scale[k] = one;
	imc_parallel_for((size_t)p->k, nearest_row, w);
}

/* ---- column by column ---- */

struct column {
	int64_t block;
	double h;
	int32_t i;
};

static int by_strength(const void *a, const void *b)
{
	const struct column *x = a, *y = b;

	if (x->block != y->block)
		return x->block < y->block ? -1 : 1;
	if (x->h > y->h || x->h < y->h)
		return x->h > y->h ? -1 : 1;
	return (x->i > y->i) - (x->i < y->i);
}

static void find_order(struct work *w, struct imc_arena *a)
{
	int64_t r = w->p->r;
	struct column *c = imc_arena_array(a, (size_t)r, sizeof *c);

	w->order = imc_arena_array(a, (size_t)r, sizeof *w->order);
	for (int64_t i = 0; i < r; i++)
		c[i] = (struct column){w->p->cells ? i / w->p->block : 0,
				       w->p->h[i * r + i], (int32_t)i};
	qsort(c, (size_t)r, sizeof *c, by_strength);
	for (int64_t i = 0; i < r; i++)
		w->order[i] = c[i].i;
}

/* H in that order is U D U^T, U with ones on the diagonal and zeros below it:
 * the factor L of H backwards, backwards. Then e^T H e is the sum over j of
 * D[j] * (e[j] + sum_{i < j} U[i][j] e[i])^2. */
static bool factor(struct work *w, struct imc_arena *a)
{
	int64_t r = w->p->r;
	struct imc_arena *own = imc_arena_new();
	double *l = imc_arena_room(own, (size_t)(r * r), sizeof *l);
	bool ok;

	for (int64_t i = 0; i < r; i++)
		for (int64_t j = 0; j < r; j++)
			l[i * r + j] = w->p->h[w->order[r - 1 - i] * r +
					       w->order[r - 1 - j]];
	ok = imc_cholesky_factor(l, r);
	w->carry = imc_arena_room(a, (size_t)(r * r), sizeof *w->carry);
	w->pivot = imc_arena_array(a, (size_t)r, sizeof *w->pivot);
	for (int64_t j = 0; ok && j < r; j++) {
		double d = l[(r - 1 - j) * r + r - 1 - j];

		w->pivot[j] = d * d;
		for (int64_t i = 0; i < j; i++)
			w->carry[j * r + i] =
				(float)(l[(r - 1 - i) * r + r - 1 - j] / d);
	}
	imc_arena_free(own);
	return ok;
}

/* sum[l] = sum_i part[i] * e[i][l], in an order that is always the same. */
IMC_SIMD
static void carry_errors(const float *part, const float *e, int64_t n,
			 float sum[LANE])
{
	float even[LANE] = {0}, odd[LANE] = {0};
	int64_t i = 0;

	for (; i + 1 < n; i += 2)
		for (int l = 0; l < LANE; l++) {
			even[l] += part[i] * e[i * LANE + l];
			odd[l] += part[i + 1] * e[(i + 1) * LANE + l];
		}
	for (int l = 0; l < LANE; l++)
		sum[l] = even[l] + odd[l];
	for (; i < n; i++)
		for (int l = 0; l < LANE; l++)
			sum[l] += part[i] * e[i * LANE + l];
}

static void list_scales(const struct imc_grid *g, const float *w, int64_t n,
			float scale[LANE])
{
	double whole = 1e-30, f = 1;

	for (int64_t i = 0; i < n; i++)
		whole = fmax(whole,
			     fmax((double)w[i] / g->hi, (double)w[i] / g->lo));
	for (int l = 0; l < LANE; l++) {
		scale[l] = (float)(whole * f);
		f *= g->hi < MANY ? FACTOR_FEW : FACTOR_MANY;
	}
}

/* Output k with every scale of its lanes. */
static void round_lanes(void *cx, size_t k, size_t thread)
{
	struct work *w = cx;
	const struct imc_round *p = w->p;
	const float *row = p->w + (int64_t)k * p->r;
	const float *scale = w->tried + k * LANE;
	int8_t *code = w->lane + (int64_t)k * LANE * p->r;
	struct imc_arena *a = imc_arena_new();
	float *e = imc_arena_room(a, (size_t)p->r * LANE, sizeof *e);

	(void)thread;
	for (int64_t j = 0; j < p->r; j++) {
		int32_t at = w->order[j];
		bool stay = !w->stay || w->stay[(int64_t)k * p->r + at];
		float sum[LANE];

		carry_errors(w->carry + j * p->r, e, j, sum);
		for (int l = 0; l < LANE; l++) {
			double x = (double)row[at] - (double)sum[l];
			double s = (double)scale[l];
			int c = stay ? imc_grid_round(p->grid, x / s) : 0;

			code[l * p->r + at] = (int8_t)c;
			e[j * LANE + l] = (float)(c * s - (double)row[at]);
			x = c * s - x;
			w->loss[k * LANE + (size_t)l] += w->pivot[j] * x * x;
		}
	}
	imc_arena_free(a);
}

static int32_t least(const double *loss)
{
	int32_t best = 0;

	for (int32_t l = 1; l < LANE; l++)
		if (loss[l] < loss[best])
			best = l;
	return best;
}

/* Of each output the scale with the least error, or of all. */
static void pick_scales(struct work *w)
{
	const struct imc_round *p = w->p;
	double all[LANE] = {0};

	for (int64_t k = 0; k < p->k; k++)
		for (int l = 0; l < LANE; l++)
			all[l] += w->loss[k * LANE + l];
	for (int64_t k = 0; k < p->k; k++) {
		int32_t l = least(p->one_scale ? all : w->loss + k * LANE);

		w->out.scale[k] = w->tried[k * LANE + l];
		memcpy(w->out.code + k * p->r, w->lane + (k * LANE + l) * p->r,
		       (size_t)p->r);
	}
}

static void round_columns(struct work *w, struct imc_arena *a)
{
	const struct imc_round *p = w->p;
	size_t k = (size_t)p->k;
	const float *from = p->w;

	if (p->cells) {
		struct imc_round_factor f = {w->order, w->carry, w->pivot};

		w->stay = imc_arena_array(a, k, (size_t)p->r);
		w->value =
			imc_arena_array(a, k * (size_t)p->r, sizeof *w->value);
		imc_round_choose(p, &f, w->stay, w->value);
		from = w->value;
	}
	w->tried = imc_arena_array(a, k * LANE, sizeof *w->tried);
	w->loss = imc_arena_array(a, k * LANE, sizeof *w->loss);
	w->lane = imc_arena_room(a, k * LANE, (size_t)p->r);
	for (size_t i = 0; i < k; i++) {
		if (!p->one_scale)
			list_scales(p->grid, from + (int64_t)i * p->r, p->r,
				    w->tried + i * LANE);
		else if (i == 0)
			list_scales(p->grid, from, p->k * p->r, w->tried);
		else
			memcpy(w->tried + i * LANE, w->tried,
			       LANE * sizeof *w->tried);
	}
	imc_parallel_for(k, round_lanes, w);
	pick_scales(w);
}

/* ---- single moves ---- */

/* One output while its codes move: g = H (s q - w). */
struct row {
	const struct work *w;
	int8_t *code;
	float *scale;
	float *g, *hw;	/* hw = H w */
	int64_t *n_set; /* [block]: codes that are not 0; NULL: any number */
};

static bool is_full(const struct row *o, int64_t i)
{
	const struct imc_round *p = o->w->p;

	return o->n_set && o->n_set[i / p->block] >= p->cells;
}

static void set_code(const struct row *o, int64_t i, int c)
{
	if (o->n_set)
		o->n_set[i / o->w->p->block] += (c != 0) - (o->code[i] != 0);
	o->code[i] = (int8_t)c;
}

IMC_SIMD
static void add_times(float *g, const float *h, float d, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		g[i] += d * h[i];
}

/* Each code goes where the error is least, all others as they are. */
static bool sweep(const struct row *o)
{
	int64_t r = o->w->p->r;
	double s = (double)*o->scale;
	bool moved = false;

	for (int64_t i = 0; i < r; i++) {
		double h = (double)o->w->h[i * r + i], g = (double)o->g[i], d;
		int c = imc_grid_round(o->w->p->grid, o->code[i] - g / h / s);

		if (o->code[i] == 0 && is_full(o, i))
			continue;
		d = (c - o->code[i]) * s;
		if (c == o->code[i] || 2 * d * g + d * d * h >= 0)
			continue;
		add_times(o->g, o->w->h + i * r, (float)d, r);
		set_code(o, i, c);
		moved = true;
	}
	return moved;
}

/* Code i moves to the place in its block, of those that have none, where the
 * error is least then. */
static bool swap_code(const struct row *o, int64_t i)
{
	const struct imc_round *p = o->w->p;
	const float *h = o->w->h, *diag = o->w->diag, *row = h + i * p->r;
	int64_t i0 = i - i % p->block, at = -1;
	double s = (double)*o->scale, d = -o->code[i] * s, most = 0, g, gain;
	int c;

	for (int64_t j = i0; j < imc_min_i64(i0 + p->block, p->r); j++) {
		g = (double)o->g[j] + d * (double)row[j];
		if (o->code[j] || g * g <= most * (double)diag[j])
			continue;
		most = g * g / (double)diag[j];
		at = j;
	}
	if (at < 0)
		return false;
	g = (double)o->g[at] + d * (double)row[at];
	c = imc_grid_round(p->grid, -g / (double)diag[at] / s);
	gain = 2 * d * (double)o->g[i] + d * d * (double)diag[i] +
	       2 * c * s * g + c * s * c * s * (double)diag[at];
	if (c == 0 || gain >= -SWAP_GAIN * most)
		return false;
	add_times(o->g, row, (float)d, p->r);
	add_times(o->g, h + at * p->r, (float)(c * s), p->r);
	set_code(o, i, 0);
	set_code(o, at, c);
	return true;
}

static bool swap_codes(const struct row *o)
{
	bool moved = false;

	for (int64_t i = 0; o->n_set && i < o->w->p->r; i++)
		moved |= o->code[i] && is_full(o, i) && swap_code(o, i);
	return moved;
}

/* The best scale of these codes, w^T H q / q^T H q. */
static bool rescale(const struct row *o)
{
	double up = 0, down = 0, s = (double)*o->scale, by;
	int64_t r = o->w->p->r;

	for (int64_t i = 0; i < r; i++) {
		up += (double)o->hw[i] * o->code[i];
		down += ((double)o->g[i] + (double)o->hw[i]) * o->code[i] / s;
	}
	if (!(up > 0) || !(down > 0))
		return false;
	*o->scale = (float)(up / down);
	by = (double)*o->scale / s;
	for (int64_t i = 0; i < r; i++)
		o->g[i] = (float)(by * ((double)o->g[i] + (double)o->hw[i]) -
				  (double)o->hw[i]);
	return true;
}

static void polish(const struct row *o)
{
	for (int t = 0; t < N_SCALE; t++) {
		if (t && (o->w->p->one_scale || !rescale(o)))
			return;
		for (int i = 0; i < N_SWEEP; i++) {
			bool moved = swap_codes(o);

			if (!sweep(o) && !moved)
				break;
		}
	}
}

/* g = H (s q - w) of outputs k0 .. k0+n; and e^T g. */
static void gradients(const struct work *w, const struct imc_rounded *o,
		      int64_t k0, int64_t n, float *g)
{
	const struct imc_round *p = w->p;
	int64_t r = p->r;
	struct imc_arena *a = imc_arena_new();
	float *e = imc_arena_room(a, (size_t)(n * r), sizeof *e);
	struct imc_gemm m = {n, r, r, e, w->h, g, r, r, r, false};

	for (int64_t i = 0; i < n * r; i++)
		e[i] = o->scale[k0 + i / r] * (float)o->code[k0 * r + i] -
		       p->w[k0 * r + i];
	imc_gemm(&m);
	for (int64_t k = 0; k < n; k++) {
		double sum = 0;

		for (int64_t i = k * r; i < (k + 1) * r; i++)
			sum += (double)e[i] * (double)g[i];
		o->error[k0 + k] = sum;
	}
	imc_arena_free(a);
}

static int64_t *count_codes(const struct work *w, int64_t k,
			    struct imc_arena *a)
{
	const struct imc_round *p = w->p;
	int64_t *n = imc_arena_array(a, (size_t)imc_ceil_div(p->r, p->block),
				     sizeof *n);

	for (int64_t i = 0; i < p->r; i++)
		n[i / p->block] += w->out.code[k * p->r + i] != 0;
	return n;
}

static void polish_batch(void *cx, size_t batch, size_t thread)
{
	struct work *w = cx;
	const struct imc_round *p = w->p;
	int64_t r = p->r, k0 = (int64_t)batch * BATCH;
	int64_t n = imc_min_i64(BATCH, p->k - k0);
	struct imc_arena *a = imc_arena_new();
	float *g = imc_arena_room(a, (size_t)(n * r), sizeof *g);
	float *hw = imc_arena_room(a, (size_t)(n * r), sizeof *hw);
	struct imc_gemm m = {n, r, r, p->w + k0 * r, w->h, hw, r, r, r, false};

	(void)thread;
	imc_gemm(&m);
	gradients(w, &w->nearest, k0, n, g);
	gradients(w, &w->out, k0, n, g);
	for (int64_t k = 0; k < n; k++) {
		struct row o = {w,
				w->out.code + (k0 + k) * r,
				&w->out.scale[k0 + k],
				g + k * r,
				hw + k * r,
				p->cells ? count_codes(w, k0 + k, a) : NULL};

		polish(&o);
	}
	gradients(w, &w->out, k0, n, g);
	imc_arena_free(a);
}

static double sum_of(const double *v, int64_t n)
{
	double sum = 0;

	for (int64_t i = 0; i < n; i++)
		sum += v[i];
	return sum;
}

/* Where rounding each weight alone was better, that is taken. */
static void keep_better(struct work *w)
{
	int64_t n = w->p->k, r = w->p->r;
	bool all = sum_of(w->nearest.error, n) < sum_of(w->out.error, n);

	for (int64_t k = 0; k < n; k++) {
		if (w->p->one_scale ? !all
				    : w->nearest.error[k] >= w->out.error[k])
			continue;
		w->out.scale[k] = w->nearest.scale[k];
		w->out.error[k] = w->nearest.error[k];
		memcpy(w->out.code + k * r, w->nearest.code + k * r, (size_t)r);
	}
}

struct imc_rounded imc_round_nearest(const struct imc_round *p,
				     struct imc_arena *a)
{
	struct work w = {.p = p};

	w.nearest = new_rounded(p, a);
	w.nearest.error = NULL;
	round_nearest(&w);
	return w.nearest;
}

struct imc_rounded imc_round_matrix(const struct imc_round *p,
				    struct imc_arena *a)
{
	struct imc_arena *own = imc_arena_new();
	struct work w = {.p = p};
	size_t n_batch = (size_t)imc_ceil_div(p->k, BATCH);

	w.out = new_rounded(p, a);
	w.nearest = new_rounded(p, own);
	round_nearest(&w);
	w.h = imc_arena_room(own, (size_t)(p->r * p->r), sizeof *w.h);
	for (int64_t i = 0; i < p->r * p->r; i++)
		w.h[i] = (float)p->h[i];
	w.diag = imc_arena_room(own, (size_t)p->r, sizeof *w.diag);
	for (int64_t i = 0; i < p->r; i++)
		w.diag[i] = w.h[i * p->r + i];
	find_order(&w, own);
	if (factor(&w, own)) {
		round_columns(&w, own);
	} else { /* numbers so far apart that rounding spoils them */
		memcpy(w.out.scale, w.nearest.scale,
		       (size_t)p->k * sizeof *w.out.scale);
		memcpy(w.out.code, w.nearest.code, (size_t)(p->k * p->r));
	}
	imc_parallel_for(n_batch, polish_batch, &w);
	w.out.nearest = sum_of(w.nearest.error, p->k);
	keep_better(&w);
	imc_arena_free(own);
	return w.out;
}
