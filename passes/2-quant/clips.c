/* Ranges of activations of least squared error: what is rare is clipped, so
 * that what is frequent has finer steps. */
#include <math.h>
#include <string.h>

#include "passes/2-quant/quant.h"

#define N_BIN 1024

/* An end of the range is tried at FACTOR^t of where it is. */
#define N_TRY 36
#define FACTOR 0.93
#define N_ROUND 2

struct bins {
	double low, step;
	double n[N_BIN], mean[N_BIN];
	bool fixed_zero;
};

static void fill(struct bins *b, const float *x, int64_t n, float lo, float hi)
{
	memset(b, 0, sizeof *b);
	b->low = lo;
	b->step = ((double)hi - lo) / N_BIN;
	for (int64_t i = 0; i < n; i++) {
		double at = ((double)x[i] - b->low) / b->step;
		int k = (int)fmax(0, fmin(N_BIN - 1, at));

		b->n[k]++;
		b->mean[k] += (double)x[i];
	}
	for (int k = 0; k < N_BIN; k++)
		if (b->n[k] > 0)
			b->mean[k] /= b->n[k];
}

static double error_of(const struct bins *b, const float range[2], int bits)
{
	struct imc_qparams q =
		imc_qparams_of(range[0], range[1], bits, b->fixed_zero);
	double top = (1 << (bits - 1)) - 1, error = 0;

	for (int k = 0; k < N_BIN; k++) {
		double x = b->mean[k], c;

		if (b->n[k] <= 0)
			continue;
		c = floor(x / (double)q.scale + 0.5) + q.zero;
		c = (fmax(-top - 1, fmin(top, c)) - q.zero) * (double)q.scale;
		error += b->n[k] * (x - c) * (x - c);
	}
	return error;
}

/* Moves one end of the range in, if that lowers the error. */
static void move_end(const struct bins *b, float range[2], int end, int bits)
{
	float r[2] = {range[0], range[1]};
	double least = error_of(b, range, bits);

	for (int t = 0; t < N_TRY; t++) {
		double e;

		r[end] = (float)((double)r[end] * FACTOR);
		e = error_of(b, r, bits);
		if (e >= least)
			continue;
		least = e;
		range[end] = r[end];
	}
}

/* Both ends in turn. */
static void move_ends(const struct bins *b, float range[2], int bits)
{
	for (int i = 0; i < N_ROUND; i++)
		for (int end = 1; end >= 0; end--)
			if (range[end] < 0 || range[end] > 0)
				move_end(b, range, end, bits);
}

void imc_range_of(const float *x, int64_t n, int bits, bool fixed_zero,
		  float range[2])
{
	struct imc_arena *a = imc_arena_new();
	struct bins *b = imc_arena_alloc(a, sizeof *b);
	bool wide = range[1] > range[0];

	if (wide)
		fill(b, x, n, range[0], range[1]);
	b->fixed_zero = fixed_zero;
	range[0] = fminf(range[0], 0);
	range[1] = fmaxf(range[1], 0);
	if (wide)
		move_ends(b, range, bits);
	imc_arena_free(a);
}

void imc_clips_of(const float *x, int64_t n, float lo, float hi,
		  bool fixed_zero, float clip[IMC_N_CLIP][2])
{
	for (int k = 0; k < IMC_N_CLIP; k++) {
		clip[k][0] = lo;
		clip[k][1] = hi;
		imc_range_of(x, n, IMC_FIRST_CLIP + k, fixed_zero, clip[k]);
	}
}

const float *imc_clip_of(const struct imc_graph *g, const struct imc_value *v,
			 int bits)
{
	const struct imc_value *c =
		imc_val_ok(v->clips) ? imc_value_at(g, v->clips) : NULL;

	if (!c || !c->t.data || c->t.dtype != IMC_F32 ||
	    imc_tensor_count(&c->t) != 2 * IMC_N_CLIP ||
	    bits < IMC_FIRST_CLIP || bits >= IMC_FIRST_CLIP + IMC_N_CLIP)
		return NULL;
	return (const float *)c->t.data + 2 * (bits - IMC_FIRST_CLIP);
}
