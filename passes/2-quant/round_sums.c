/* Rounding weights so that their errors cancel out (SQuant: Guo et al., ICLR
 * 2022, arXiv 2202.07471, algorithm 1): inputs of one channel at neighbouring
 * positions are alike, and so, less, are inputs of all channels. So the errors
 * of each kernel and of each output should sum up to next to nothing, even if
 * some weights are not rounded to the nearest code for that. */
#include <math.h>
#include <stdlib.h>

#include "passes/2-quant/quant.h"

struct row {
	int8_t *code;
	const float *w;
	double scale;
	int64_t taps,
		channels; /* weight of tap t, channel c: t * channels + c */
	int lo, hi;
};

static double error_at(const struct row *r, int64_t i)
{
	return r->code[i] - (double)r->w[i] / r->scale;
}

static double kernel_sum(const struct row *r, int64_t c)
{
	double sum = 0;

	for (int64_t t = 0; t < r->taps; t++)
		sum += error_at(r, t * r->channels + c);
	return sum;
}

/* The weight of kernel c whose error is largest in the direction of sign and
 * that can move against it; or -1. */
static int64_t candidate(const struct row *r, int64_t c, int sign)
{
	int64_t best = -1;
	double most = 0;

	for (int64_t t = 0; t < r->taps; t++) {
		int64_t i = t * r->channels + c;
		double e = error_at(r, i) * sign;
		int next = r->code[i] - sign;

		if (e <= most || next < r->lo || next > r->hi)
			continue;
		most = e;
		best = i;
	}
	return best;
}

/* Moves weights of kernel c until their errors sum up to at most 1/2. */
static double level_kernel(const struct row *r, int64_t c)
{
	double sum = kernel_sum(r, c);

	while (fabs(sum) > 0.5) {
		int sign = sum > 0 ? 1 : -1;
		int64_t i = candidate(r, c, sign);

		if (i < 0)
			break;
		r->code[i] = (int8_t)(r->code[i] - sign);
		sum -= sign;
	}
	return sum;
}

struct kernel {
	double sum; /* of errors, in the direction that is too large */
	int64_t c;
};

static int by_sum(const void *a, const void *b)
{
	const struct kernel *x = a, *y = b;

	if (x->sum > y->sum || x->sum < y->sum)
		return x->sum > y->sum ? -1 : 1;
	return (x->c > y->c) - (x->c < y->c);
}

/* Of the kernels whose errors sum up highest, one weight each moves. */
static void level_row(const struct row *r, struct kernel *k, double total)
{
	int sign = total > 0 ? 1 : -1;

	for (int64_t c = 0; c < r->channels; c++)
		k[c].sum *= sign;
	qsort(k, (size_t)r->channels, sizeof *k, by_sum);
	for (int64_t c = 0; c < r->channels && fabs(total) > 0.5; c++) {
		int64_t i = k[c].sum > 0 ? candidate(r, k[c].c, sign) : -1;

		if (i < 0)
			continue;
		r->code[i] = (int8_t)(r->code[i] - sign);
		total -= sign;
	}
}

void imc_round_sums(int8_t *code, const float *w, double scale, int64_t taps,
		    int64_t channels, int bits)
{
	struct row r = {code,
			w,
			scale,
			taps,
			channels,
			-(1 << (bits - 1)),
			(1 << (bits - 1)) - 1};
	struct imc_arena *a = imc_arena_new();
	struct kernel *k = imc_arena_array(a, (size_t)channels, sizeof *k);
	double total = 0;

	for (int64_t c = 0; c < channels; c++) {
		k[c] = (struct kernel){level_kernel(&r, c), c};
		total += k[c].sum;
	}
	level_row(&r, k, total);
	imc_arena_free(a);
}
