/* Figures of a comparison against the formulas written out, element by
 * element, with Kahan's sums where order could matter. */
#include <math.h>

#include "frontend/cli/diff_sums.h"
#include "tests/check.h"

#define N 1000

static const struct diff_code codes = {0.0625, -3, -20, 90};

static double real_of(int8_t q)
{
	return codes.scale * (q - codes.zero);
}

static bool near(double a, double b)
{
	return fabs(a - b) <= 1e-9 * (1 + fabs(b));
}

/* Values of about -4 .. 8, beyond both ends of the codes. */
static void fill(float *x, int8_t *q)
{
	for (int i = 0; i < N; i++)
		x[i] = (float)(sin(i * 0.7) * 6 + 2 + cos(i * 0.13));
	diff_quantise(&codes, x, q, N);
}

static double mean_of(double (*term)(double x, double y), const float *x,
		      const int8_t *q)
{
	double sum = 0, lost = 0;

	for (int i = 0; i < N; i++) {
		double y = term(x[i], real_of(q[i])) - lost, t = sum + y;

		lost = (t - sum) - y;
		sum = t;
	}
	return sum / N;
}

static double xx(double x, double y)
{
	(void)y;
	return x * x;
}

static double yy(double x, double y)
{
	(void)x;
	return y * y;
}

static double xy(double x, double y)
{
	return x * y;
}

static double dd(double x, double y)
{
	return (x - y) * (x - y);
}

static void check_figures(void)
{
	float x[N];
	int8_t q[N];
	struct diff_sums s;
	double most = 0;
	int64_t at[2] = {0}, cut[2] = {0};

	fill(x, q);
	s = diff_sums_of(x, q, N, &codes);
	for (int i = 0; i < N; i++) {
		double beyond[2] = {real_of((int8_t)codes.lo) - x[i],
				    x[i] - real_of((int8_t)codes.hi)};
		int end[2] = {q[i] == codes.lo, q[i] == codes.hi};

		most = fmax(most, fabs(x[i] - real_of(q[i])));
		for (int k = 0; k < 2; k++) {
			at[k] += end[k];
			cut[k] += end[k] && beyond[k] > codes.scale / 2;
		}
	}
	CHECK(s.n == N, "%lld", (long long)s.n);
	CHECK(near(diff_db(&s),
		   10 * log10(mean_of(xx, x, q) / mean_of(dd, x, q))),
	      "%g dB", diff_db(&s));
	CHECK(near(diff_cosine(&s),
		   mean_of(xy, x, q) /
			   sqrt(mean_of(xx, x, q) * mean_of(yy, x, q))),
	      "%g", diff_cosine(&s));
	CHECK(near(s.max, most), "%g", s.max);
	CHECK(s.at_lo == at[0] && s.at_hi == at[1], "%lld %lld",
	      (long long)s.at_lo, (long long)s.at_hi);
	CHECK(s.cut_lo == cut[0] && s.cut_hi == cut[1], "%lld %lld",
	      (long long)s.cut_lo, (long long)s.cut_hi);
	CHECK(cut[0] > 0 && cut[1] > 0 && at[0] > cut[0],
	      "the samples reach beyond neither end");
}

/* Sums of parts are the sums of the whole. */
static void check_parts(void)
{
	float x[N];
	int8_t q[N];
	struct diff_sums whole, parts = {0};

	fill(x, q);
	whole = diff_sums_of(x, q, N, &codes);
	for (int i = 0; i < N; i += 125) {
		struct diff_sums s = diff_sums_of(x + i, q + i, 125, &codes);

		diff_sums_add(&parts, &s);
	}
	CHECK(parts.n == whole.n && parts.at_lo == whole.at_lo &&
		      parts.at_hi == whole.at_hi &&
		      parts.cut_lo == whole.cut_lo &&
		      parts.cut_hi == whole.cut_hi,
	      "counts differ");
	CHECK(near(parts.max, whole.max), "%g", parts.max);
	CHECK(near(diff_db(&parts), diff_db(&whole)), "%g", diff_db(&parts));
	CHECK(near(diff_cosine(&parts), diff_cosine(&whole)), "%g",
	      diff_cosine(&parts));
}

static void check_edges(void)
{
	const struct diff_code c = {1, 0, -128, 127};
	float x[2] = {3, -4}, zero[2] = {0};
	int8_t q[2] = {3, -4}, none[2] = {0};
	struct diff_sums s = diff_sums_of(x, q, 2, &c);

	CHECK(isinf(diff_db(&s)) && diff_db(&s) > 0, "no error");
	CHECK(near(diff_cosine(&s), 1), "no error");
	s = diff_sums_of(zero, none, 2, &c);
	CHECK(isnan(diff_db(&s)) && isnan(diff_cosine(&s)), "all 0");
	s = diff_sums_of(zero, q, 2, &c);
	CHECK(isinf(diff_db(&s)) && diff_db(&s) < 0, "no signal");
	s = diff_sums_of(x, none, 2, &c);
	CHECK(near(diff_db(&s), 0) && isnan(diff_cosine(&s)), "nothing given");
	CHECK(diff_share(1, 4) == 0.25 && diff_share(0, 0) == 0, "shares");
}

int main(void)
{
	check_figures();
	check_parts();
	check_edges();
	return check_result();
}
