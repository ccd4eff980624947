#include "frontend/cli/diff_sums.h"

#include <math.h>

#include "ir/eval.h"
#include "ir/num.h"

static void count_ends(double x, int32_t code, const struct diff_code *c,
		       struct diff_sums *s)
{
	double at = x / c->scale + c->zero;

	if (code <= c->lo) {
		s->at_lo++;
		s->cut_lo += at < c->lo - 0.5;
	}
	if (code >= c->hi) {
		s->at_hi++;
		s->cut_hi += at > c->hi + 0.5;
	}
}

static void add_element(double x, int32_t code, const struct diff_code *c,
			struct diff_sums *s)
{
	double y = c->scale * (code - c->zero), d = y - x;

	s->signal += x * x;
	s->noise += d * d;
	s->power += y * y;
	s->dot += x * y;
	s->max = fmax(s->max, fabs(d));
	count_ends(x, code, c, s);
}

struct diff_sums diff_sums_of(const float *x, const int8_t *code, int64_t n,
			      const struct diff_code *c)
{
	struct diff_sums s = {.n = n};

	for (int64_t i = 0; i < n; i++)
		add_element(x[i], code[i], c, &s);
	return s;
}

struct diff_sums diff_sums_between(const int8_t *x, const int8_t *code,
				   int64_t n, const struct diff_code *c)
{
	struct diff_sums s = {.n = n};

	for (int64_t i = 0; i < n; i++)
		add_element(c->scale * (x[i] - c->zero), code[i], c, &s);
	return s;
}

void diff_sums_add(struct diff_sums *to, const struct diff_sums *s)
{
	to->n += s->n;
	to->signal += s->signal;
	to->noise += s->noise;
	to->power += s->power;
	to->dot += s->dot;
	to->max = fmax(to->max, s->max);
	to->at_lo += s->at_lo;
	to->at_hi += s->at_hi;
	to->cut_lo += s->cut_lo;
	to->cut_hi += s->cut_hi;
}

double diff_db(const struct diff_sums *s)
{
	if (s->n == 0 || (s->signal <= 0 && s->noise <= 0))
		return NAN;
	return 10 * log10(s->signal / s->noise);
}

double diff_cosine(const struct diff_sums *s)
{
	double size = sqrt(s->signal) * sqrt(s->power);

	return size > 0 ? s->dot / size : NAN;
}

double diff_share(int64_t n, int64_t all)
{
	return all ? (double)n / (double)all : 0;
}

void diff_quantise(const struct diff_code *c, const float *x, int8_t *q,
		   int64_t n)
{
	const struct imc_value v = {.scale = (float)c->scale, .zero = c->zero};

	imc_quantise_array(&v, x, q, n);
	for (int64_t i = 0; i < n; i++)
		q[i] = (int8_t)imc_clamp(q[i], c->lo, c->hi);
}

void diff_dequantise(const struct diff_code *c, const int8_t *q, float *x,
		     int64_t n)
{
	const struct imc_value v = {.scale = (float)c->scale, .zero = c->zero};

	imc_dequantise_array(&v, q, x, n);
}
