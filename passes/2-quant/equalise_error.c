/* The modelled error of scales. All sums run over real units: an error in a
 * channel of scale s counts s times as much. */
#include <math.h>

#include "ir/support/checked.h"
#include "passes/2-quant/equalise.h"
#include "passes/2-quant/quant.h"

/* Rows of a weight matrix that stand for all of it. */
#define ROWS 64

/* Parts of the largest weight that are tried as the largest code. */
static const double clip[] = {1, 0.85, 0.7, 0.55, 0.4};
#define N_CLIP (sizeof clip / sizeof *clip)

/* 2^23 * 1.5: adding and taking it away rounds a float. */
#define ROUND 12582912.0f

/* One layer under trial. */
struct trial {
	const struct imc_eq *e;
	const struct imc_eq_layer *l;
	const double *scale; /* of roots */
	int64_t step;	     /* rows that are looked at */
	float *in;	     /* [channel of x]: scale */
	double *variance;    /* [channel of x], of x / scale */
};

static double scale_at(const struct imc_eq *e, const double *scale, size_t slot)
{
	return scale[e->root[slot]];
}

/* One step of the codes of n channels. */
static double step_of(const struct imc_eq *e, const double *scale, size_t at,
		      int64_t n, bool fixed_zero)
{
	double lo = 0, hi = 0;

	for (int64_t c = 0; c < n; c++) {
		size_t i = at + (size_t)c;

		lo = fmin(lo, e->stat[i].lo / scale_at(e, scale, i));
		hi = fmax(hi, e->stat[i].hi / scale_at(e, scale, i));
	}
	return imc_qparams_of((float)lo, (float)hi, 8, fixed_zero).scale;
}

/* What is rounded to 0 has an error of its own size. */
static double value_error(const struct imc_eq *e, const struct imc_eq_value *v,
			  const double *scale)
{
	double step = step_of(e, scale, v->at, v->c, v->fixed_zero);
	double sum = 0;

	for (int64_t c = 0; c < v->c; c++) {
		size_t i = v->at + (size_t)c;
		double s = scale_at(e, scale, i);

		sum += e->gain[i] *
		       fmin(s * s * step * step / 12, e->stat[i].square);
	}
	return sum;
}

static const float *row_of(const struct trial *t, int64_t k)
{
	return t->l->w + k * t->l->taps * t->l->c;
}

/* First input channel of row k. */
static int64_t first_of(const struct trial *t, int64_t k)
{
	return k / (t->l->k / t->l->groups) * t->l->c;
}

static double out_of(const struct trial *t, int64_t k)
{
	return scale_at(t->e, t->scale, t->l->y + (size_t)k);
}

/* Largest weight of row k. */
static double largest(const struct trial *t, int64_t k)
{
	const float *w = row_of(t, k), *in = t->in + first_of(t, k);
	float most = 0;

	for (int64_t i = 0; i < t->l->taps; i++)
		for (int64_t c = 0; c < t->l->c; c++) {
			float x = fabsf(w[i * t->l->c + c] * in[c]);

			most = x > most ? x : most;
		}
	return (double)most / out_of(t, k);
}

/* Squared error of the weights of row k in steps of `step`, and (noise) of
 * its sums. */
static double row_error(const struct trial *t, int64_t k, double step,
			double *noise)
{
	const float *w = row_of(t, k), *in = t->in + first_of(t, k);
	const double *variance = t->variance + first_of(t, k);
	float f = (float)(1 / (step * out_of(t, k))), max = (float)t->l->max;
	double sum = 0, all = 0;

	for (int64_t i = 0; i < t->l->taps; i++)
		for (int64_t c = 0; c < t->l->c; c++) {
			float x = w[i * t->l->c + c] * in[c] * f;
			float q = x > max ? max : x < -max ? -max : x;
			float d = x - ((q + ROUND) - ROUND);

			sum += (double)d * d;
			all += (double)d * d * variance[c];
		}
	*noise = all * step * step;
	return sum * step * step;
}

/* The best step of row k (by_tensor: of all rows looked at), for a largest
 * weight of `most`. */
static double best_step(const struct trial *t, int64_t k, double most)
{
	int64_t end = t->l->by_tensor ? t->l->k : k + 1;
	double best = INFINITY, found = 1, noise;

	for (size_t i = 0; i < N_CLIP && most > 0; i++) {
		double step = most * clip[i] / t->l->max, sum = 0;

		for (int64_t r = k; r < end; r += t->step)
			sum += row_error(t, r, step, &noise);
		if (sum < best) {
			best = sum;
			found = step;
		}
	}
	return found;
}

/* Peak of the sums of row k as it was seen behind its activation. */
static double peak(const struct trial *t, int64_t k)
{
	const struct imc_eq_stat *y = &t->e->stat[t->l->y + (size_t)k];

	return ((double)y->hi - y->lo) / out_of(t, k);
}

/* Noise of weights, and of ADCs of 256 codes, of which all columns share the
 * gain: the column that has most steps sets it. */
static double rows_error(const struct trial *t, const double *step)
{
	double codes = 0, sum = 0, noise;

	for (int64_t k = 0; k < t->l->k; k += t->step)
		if (step[k] > 0)
			codes = fmax(codes, peak(t, k) / step[k]);
	for (int64_t k = 0; k < t->l->k; k += t->step) {
		size_t y = t->l->y + (size_t)k;
		double s = out_of(t, k), adc = codes * step[k] / 255;

		row_error(t, k, step[k], &noise);
		if (t->l->adc)
			noise += adc * adc / 12;
		sum += t->e->gain[y] * t->e->stat[y].live * s * s * noise;
	}
	return sum * (double)t->step;
}

/* Steps of the weights of every row that is looked at. */
static void choose_steps(const struct trial *t, double *step)
{
	double most = 0, one = 0;

	for (int64_t k = 0; k < t->l->k && t->l->by_tensor; k++)
		most = fmax(most, largest(t, k));
	if (t->l->by_tensor)
		one = best_step(t, 0, most);
	for (int64_t k = 0; k < t->l->k; k += t->step)
		step[k] =
			t->l->by_tensor ? one : best_step(t, k, largest(t, k));
}

/* More blocks give more codes, each of them rounded, whose sum is the
 * activation. */
static double blocks_error(const struct trial *t)
{
	const struct imc_eq_layer *l = t->l;
	struct imc_eq_value v = {l->y, l->k, true};

	return l->by_tensor && l->blocks > 1
		       ? (double)(l->blocks - 1) *
				 value_error(t->e, &v, t->scale)
		       : 0;
}

static double layer_error(const struct imc_eq *e, const struct imc_eq_layer *l,
			  const double *scale)
{
	struct imc_arena *a = imc_arena_new();
	int64_t n = l->c * l->groups;
	struct trial t = {.e = e, .l = l, .scale = scale};
	double *step = imc_arena_array(a, (size_t)l->k, sizeof *step), sum;

	t.step = imc_subset_step(l->k, ROWS, 1);
	t.in = imc_arena_array(a, (size_t)n, sizeof *t.in);
	t.variance = imc_arena_array(a, (size_t)n, sizeof *t.variance);
	for (int64_t c = 0; c < n; c++) {
		const struct imc_eq_stat *x = &e->stat[l->x + (size_t)c];
		double s = scale_at(e, scale, l->x + (size_t)c);

		t.in[c] = (float)s;
		t.variance[c] =
			fmax(0, x->square - x->mean * x->mean) / (s * s);
	}
	choose_steps(&t, step);
	sum = rows_error(&t, step) + blocks_error(&t);
	imc_arena_free(a);
	return sum;
}

double imc_eq_error(const struct imc_eq *e, size_t group, const double *scale)
{
	double sum = 0;

	for (size_t i = 0; i < e->n_rounded; i++)
		if (e->group[e->rounded[i].at] == group)
			sum += value_error(e, &e->rounded[i], scale);
	for (size_t i = 0; i < e->n_layer; i++) {
		const struct imc_eq_layer *l = &e->layer[i];

		if (e->group[l->x] == group || e->group[l->y] == group)
			sum += layer_error(e, l, scale);
	}
	return sum;
}
