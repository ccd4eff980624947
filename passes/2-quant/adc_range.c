/* Choosing the range of an ADC: a search over its two ends.
 *
 * A setting is judged by the squared error of all sums. The sums are put into
 * bins first, with the moments that make the error of a bin for any reading:
 *     sum w^2 (read - acc)^2 = read^2 W - 2 read WA + WAA,
 * so that a setting costs as many steps as the ADC has codes, however many
 * sums there are. Moments of bins are added up from below: those of a range of
 * bins are a difference. */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "ir/num_adc.h"
#include "ir/support/arena.h"
#include "passes/2-quant/adc_range.h"

/* Bins of a code of the ADC when its range is that of the sums. */
#define BINS_A_CODE 32

enum kind {
	LOW,   /* end -1 */
	WHOLE, /* end 0 */
	HIGH,  /* end 1 */
	N_KIND
};

struct moments {
	double w, wa, waa;
};

struct bins {
	double low, width; /* bin k: low + k * width, and on */
	int64_t n;
	struct moments *below[N_KIND]; /* [k]: of bins 0 .. k-1 */
};

/* The sums that an ADC of a tells apart. */
struct range {
	double low, high;
};

/* Codes that the range leaves over lie on both sides of it, for sums that no
 * sample had. */
static struct imc_adc setting_of(int bits, const struct range *r)
{
	struct imc_adc a = {1, 0, -(1 << (bits - 1)), (1 << (bits - 1)) - 1};
	double steps = a.hi - a.lo, width = r->high - r->low, low = r->low;

	if (width > steps)
		a.gain = steps / width;
	else
		low -= (steps - width) / 2;
	a.zero = a.lo - (int32_t)floor(low * a.gain + 0.5);
	return a;
}

double imc_adc_value(const struct imc_adc *a, double acc)
{
	double code = floor(acc * a->gain + 0.5) + a->zero;

	return (fmax(a->lo, fmin(a->hi, code)) - a->zero) / a->gain;
}

/* The sum that the lowest, or the highest code means. */
static double end_of(const struct imc_adc *a, int end)
{
	return ((end < 0 ? a->lo : a->hi) - a->zero) / a->gain;
}

/* The error of a sum: 0 when it has an end and the range goes beyond it. */
static double error_of(const struct imc_adc *a, const struct imc_adc_sum *v)
{
	if (v->end < 0)
		return fmax(end_of(a, -1) - v->acc, 0);
	if (v->end > 0)
		return fmin(end_of(a, 1) - v->acc, 0);
	return imc_adc_value(a, v->acc) - v->acc;
}

double imc_adc_error(const struct imc_adc *a, const struct imc_adc_sum *v,
		     int64_t n)
{
	double e = 0;

	for (int64_t i = 0; i < n; i++) {
		double d = error_of(a, &v[i]) * v[i].weight;

		e += d * d;
	}
	return e;
}

void imc_adc_clipped(const struct imc_adc *a, const struct imc_adc_sum *v,
		     int64_t n, int64_t *low, int64_t *high)
{
	double half = 0.5 / a->gain;

	*low = *high = 0;
	for (int64_t i = 0; i < n; i++) {
		*low += v[i].end <= 0 && end_of(a, -1) - v[i].acc > half;
		*high += v[i].end >= 0 && v[i].acc - end_of(a, 1) > half;
	}
}

/* From the smallest to the largest sum. */
static struct range whole_range(const struct imc_adc_sum *v, int64_t n)
{
	struct range r = {n ? v[0].acc : 0, n ? v[0].acc : 0};

	for (int64_t i = 0; i < n; i++) {
		r.low = fmin(r.low, v[i].acc);
		r.high = fmax(r.high, v[i].acc);
	}
	return r;
}

static struct bins new_bins(int bits, const struct range *r,
			    struct imc_arena *a)
{
	double most = (double)BINS_A_CODE * (1 << bits);
	double span = floor(r->high) - floor(r->low) + 1;
	struct bins b = {.low = floor(r->low), .width = ceil(span / most)};

	b.n = (int64_t)ceil(span / b.width);
	for (int k = 0; k < N_KIND; k++)
		b.below[k] =
			imc_arena_array(a, (size_t)b.n + 1, sizeof *b.below[k]);
	return b;
}

static struct bins bins_of(int bits, const struct imc_adc_sum *v, int64_t n,
			   struct imc_arena *a)
{
	struct range r = whole_range(v, n);
	struct bins b = new_bins(bits, &r, a);

	for (int64_t i = 0; i < n; i++) {
		double x = v[i].acc, w = (double)v[i].weight * v[i].weight;
		struct moments *m =
			&b.below[v[i].end + 1]
				[1 + (int64_t)((x - b.low) / b.width)];

		m->w += w;
		m->wa += w * x;
		m->waa += w * x * x;
	}
	for (int k = 0; k < N_KIND; k++)
		for (int64_t i = 1; i <= b.n; i++) {
			struct moments *m = &b.below[k][i];

			m->w += m[-1].w;
			m->wa += m[-1].wa;
			m->waa += m[-1].waa;
		}
	return b;
}

/* The first bin with sums from x on. */
static int64_t bin_of(const struct bins *b, double x)
{
	double k = (x - b->low) / b->width;
	int64_t down;

	if (!(k > 0))
		return 0;
	if (k >= (double)b->n)
		return b->n;
	down = (int64_t)k;
	return down + ((double)down < k);
}

/* Of bins from .. to of that kind, all read as `read`. */
static double bins_error(const struct bins *b, enum kind kind, int64_t from,
			 int64_t to, double read)
{
	const struct moments *x = &b->below[kind][from];
	const struct moments *y = &b->below[kind][to];
	double e;

	if (to <= from)
		return 0;
	e = (y->w - x->w) * read * read - 2 * (y->wa - x->wa) * read +
	    (y->waa - x->waa);
	/* of differences of large numbers nothing must remain below 0 */
	return e > 0 ? e : 0;
}

/* As imc_adc_error; a bin that lies between two codes counts for one. */
static double setting_error(const struct bins *b, const struct imc_adc *a)
{
	double low = end_of(a, -1), high = end_of(a, 1), e;
	int64_t from = 0;

	e = bins_error(b, LOW, 0, bin_of(b, low), low) +
	    bins_error(b, HIGH, bin_of(b, high), b->n, high);
	for (int32_t code = a->lo; code <= a->hi && from < b->n; code++) {
		double j = code - a->zero;
		int64_t to =
			code < a->hi ? bin_of(b, (j + 0.5) / a->gain) : b->n;

		e += bins_error(b, WHOLE, from, to, j / a->gain);
		from = to;
	}
	return e;
}

/* Zeros from the middle out, so that of equals the one with most room on both
 * sides is taken; with many codes not every one. */
struct imc_adc imc_adc_best_zero(int bits, double gain,
				 const struct imc_adc_sum *v, int64_t n)
{
	struct imc_arena *arena = imc_arena_new();
	struct bins b = bins_of(bits, v, n, arena);
	struct range r = whole_range(v, n);
	struct imc_adc best = {gain, 0, -(1 << (bits - 1)),
			       (1 << (bits - 1)) - 1};
	double middle = -floor((r.low + r.high) / 2 * gain + 0.5), least;
	int step = bits > 8 ? 1 << (bits - 8) : 1;

	best.zero = (int32_t)fmax(best.lo, fmin(best.hi, middle));
	least = setting_error(&b, &best);
	for (int i = 1; i < (2 << bits) / step; i++) {
		struct imc_adc a = best;
		double e,
			zero = middle + (i % 2 ? 1 : -1) * ((i + 1) / 2) * step;

		a.zero = (int32_t)fmax(a.lo, fmin(a.hi, zero));
		e = setting_error(&b, &a);
		if (e < least * 0.999) {
			least = e;
			best = a;
		}
	}
	imc_arena_free(arena);
	return best;
}

/* The search: where it is, and what is best so far. */
struct search {
	const struct bins *b;
	int bits;
	double middle; /* ends move towards it */
	struct range at;
	struct imc_adc best;
	double least;
};

static bool try_range(struct search *s, const struct range *r)
{
	struct imc_adc a = setting_of(s->bits, r);
	double e = setting_error(s->b, &a);

	if (e >= s->least * 0.9999)
		return false;
	s->least = e;
	s->best = a;
	s->at = *r;
	return true;
}

/* Where the sums lie that cost most to read badly. */
static double middle_of(const struct bins *b, const struct range *r)
{
	const struct moments *m = &b->below[WHOLE][b->n];

	return m->w > 0 ? m->wa / m->w : (r->low + r->high) / 2;
}

/* Each end at COARSE^t of its distance from the middle. */
#define N_COARSE 16
#define COARSE 0.84

static void search_coarse(struct search *s, const struct range *whole)
{
	double low = 1;

	for (int i = 0; i < N_COARSE; i++, low *= COARSE) {
		double high = 1;

		for (int k = 0; k < N_COARSE; k++, high *= COARSE) {
			struct range r = {
				s->middle + (whole->low - s->middle) * low,
				s->middle + (whole->high - s->middle) * high};

			try_range(s, &r);
		}
	}
}

/* Moves the ends in and out in turn, or both by part of a step, as long as that
 * lowers the error. */
static void search_fine(struct search *s)
{
	static const double factor[] = {0.9,  0.95,  0.97, 0.985, 0.993,
					1.01, 1.015, 1.03, 1.07};
	static const double shift[] = {-0.5, -0.25, -0.1, 0.1, 0.25, 0.5};
	bool better = true;

	while (better && s->best.gain < 1) {
		better = false;
		for (size_t t = 0; t < 2 * sizeof factor / sizeof *factor;
		     t++) {
			struct range r = s->at;
			double *end = t % 2 ? &r.low : &r.high;

			*end = s->middle + (*end - s->middle) * factor[t / 2];
			better |= try_range(s, &r);
		}
		for (size_t t = 0; t < sizeof shift / sizeof *shift; t++) {
			struct range r = s->at;

			r.low += shift[t] / s->best.gain;
			r.high += shift[t] / s->best.gain;
			better |= try_range(s, &r);
		}
	}
}

struct imc_adc imc_adc_best(int bits, const struct imc_adc_sum *v, int64_t n)
{
	struct imc_arena *arena = imc_arena_new();
	struct bins b = bins_of(bits, v, n, arena);
	struct range whole = whole_range(v, n);
	struct search s = {
		.b = &b,
		.bits = bits,
		.middle = middle_of(&b, &whole),
		.at = whole,
	};

	s.best = setting_of(bits, &whole);
	s.least = setting_error(&b, &s.best);
	if (s.best.gain < 1) {
		search_coarse(&s, &whole);
		search_fine(&s);
	}
	imc_arena_free(arena);
	return s.best;
}

/* ---- whole ends ---- */

struct imc_adc imc_adc_whole(int32_t cell_max, int32_t low, int32_t high)
{
	int32_t n = low + high;

	return (struct imc_adc){.gain = 1.0 / ((double)cell_max * n),
				.lo = -imc_adc_end_code(low, n),
				.hi = imc_adc_end_code(high, n)};
}

/* Ends at whole numbers, up to the one beyond all sums. */
void imc_adc_best_ends(int32_t cell_max, const struct imc_adc_sum *v, int64_t n,
		       int32_t *low, int32_t *high)
{
	struct imc_arena *arena = imc_arena_new();
	struct bins b = bins_of(8, v, n, arena);
	struct range whole = whole_range(v, n);
	double unit = IMC_ADC_FULL * (double)cell_max, least = INFINITY;
	int32_t n_low = (int32_t)fmax(ceil(-whole.low / unit), 0);
	int32_t n_high = (int32_t)fmax(ceil(whole.high / unit), 0);

	*low = *high = 1;
	for (int32_t i = 0; i <= n_low; i++)
		for (int32_t k = i == 0; k <= n_high; k++) {
			struct imc_adc a = imc_adc_whole(cell_max, i, k);
			double e = setting_error(&b, &a);

			if (e >= least)
				continue;
			least = e;
			*low = i;
			*high = k;
		}
	imc_arena_free(arena);
}
