/* Scales of weights in two's complement. Called for every width of every
 * layer, so that it is made for many lanes: sums run in a fixed order. */
#include <math.h>

#include "ir/eval/simd.h"
#include "ir/support/checked.h"
#include "passes/2-quant/quant.h"

#define LANE 16

/* Added and taken away again, it leaves the nearest integer. */
#define ROUND 12582912.0f

/* Clipping points that are tried: FACTOR^t of the largest weight. */
#define N_TRY 26
#define FACTOR 0.94
#define N_REFINE 4

/* Of codes c of weights w with some scale. */
struct sums {
	float error; /* sum (w - c * scale)^2 */
	float wc, cc;
};

static inline void add_one(float w, float inverse, float scale, float lo,
			   float hi, float sum[3])
{
	float c = w * inverse, d;

	c = c < lo ? lo : c;
	c = c > hi ? hi : c;
	c = (c + ROUND) - ROUND;
	d = w - c * scale;
	sum[0] += d * d;
	sum[1] += w * c;
	sum[2] += c * c;
}

IMC_SIMD
static void sum_lanes(const float *w, int64_t n, float scale, float lo,
		      float hi, float error[LANE], float wc[LANE],
		      float cc[LANE])
{
	float inverse = 1 / scale;

	for (int64_t i = 0; i < n; i += LANE)
		for (int l = 0; l < LANE; l++) {
			float x = w[i + l], c = x * inverse, d;

			c = c < lo ? lo : c;
			c = c > hi ? hi : c;
			c = (c + ROUND) - ROUND;
			d = x - c * scale;
			error[l] += d * d;
			wc[l] += x * c;
			cc[l] += c * c;
		}
}

static struct sums sums_of(const float *w, int64_t n, float scale, int bits)
{
	float error[LANE] = {0}, wc[LANE] = {0}, cc[LANE] = {0}, s[3] = {0};
	float hi = (float)((1 << (bits - 1)) - 1), lo = -hi - 1;
	int64_t whole = n - n % LANE;

	sum_lanes(w, whole, scale, lo, hi, error, wc, cc);
	for (int64_t i = whole; i < n; i++)
		add_one(w[i], 1 / scale, scale, lo, hi, s);
	for (int l = 0; l < LANE; l++) {
		s[0] += error[l];
		s[1] += wc[l];
		s[2] += cc[l];
	}
	return (struct sums){s[0], s[1], s[2]};
}

/* The scale at which no weight is clipped. */
static double whole_scale(const float *w, int64_t n, int bits)
{
	double top = (1 << (bits - 1)) - 1, most = 0, least = 0;

	for (int64_t i = 0; i < n; i++) {
		most = w[i] > most ? (double)w[i] : most;
		least = w[i] < least ? (double)w[i] : least;
	}
	return fmax(most / top, -least / (top + 1));
}

/* With the codes that a scale gives, the best scale is sum wc / sum cc. */
static void refine(const float *w, int64_t n, int bits, struct sums best,
		   float *scale)
{
	for (int i = 0; i < N_REFINE && best.cc > 0 && best.wc > 0; i++) {
		float next = best.wc / best.cc;
		struct sums s = sums_of(w, n, next, bits);

		if (s.error >= best.error)
			return;
		*scale = next;
		best = s;
	}
}

float imc_twos_scale(const float *w, int64_t n, int bits)
{
	double whole = whole_scale(w, n, bits), f = 1;
	struct sums best = {.error = INFINITY};
	float scale = 1;

	if (whole < 1e-30)
		return 1;
	for (int t = 0; t < N_TRY; t++, f *= FACTOR) {
		struct sums s = sums_of(w, n, (float)(whole * f), bits);

		if (s.error >= best.error)
			continue;
		best = s;
		scale = (float)(whole * f);
	}
	refine(w, n, bits, best, &scale);
	return scale;
}

int8_t imc_twos_code(double x, int bits)
{
	double top = (1 << (bits - 1)) - 1;

	return (int8_t)lround(fmax(-top - 1, fmin(top, x)));
}
