/* The sums of a layer, as the arrays give them. */
#include <math.h>
#include <string.h>

#include "hwdesc/hw.h"
#include "ir/op/q_conv.h"
#include "ir/support/checked.h"
#include "ir/support/parallel.h"
#include "passes/2-quant/adc_sums.h"

/* Outputs kept of one sample and set, and of a column at least. */
#define KEEP 8192
#define KEEP_COLUMN 256

/* Sums from which a column's own range is known well enough. */
#define LEAST_COLUMN 64

struct gather {
	struct imc_adc_sums *to;
	const struct imc_graph *g;
	const struct imc_node *n;
	struct imc_tensor *const *in; /* [sample] */
};

/* Where more than one code makes the output, too, a sum that leaves it clamped
 * does not count; the cores round, so one step is left. With post adc the bias
 * is part of the sum, and the ends of all codes are no clamp: they clip. */
static void clamp_channel(const struct imc_graph *g, const struct imc_node *n,
			  int64_t k, struct imc_adc_channel *c)
{
	const struct imc_value *y = imc_node_out(g, n, 0);
	const struct imc_value *b = imc_node_in(g, n, 2);
	double s = (double)imc_node_in(g, n, 0)->scale * c->scale;
	double bias = b ? ((const int32_t *)b->t.data)[k] : 0;
	double step = y->scale / s, room = n->a.post[0] ? 0 : 1;

	if (n->a.post[0])
		bias = 0;
	if (!n->a.post[0] || n->a.lo[0] > INT8_MIN || y->zero == INT8_MIN)
		c->lo = ((double)n->a.lo[0] - y->zero - room) * step - bias;
	if (!n->a.post[0] || n->a.hi[0] < INT8_MAX)
		c->hi = ((double)n->a.hi[0] - y->zero + room) * step - bias;
}

static const struct imc_adc_channel *channels_of(const struct gather *w,
						 struct imc_arena *a)
{
	const struct imc_value *weights = imc_node_in(w->g, w->n, 1);
	const float *scale = imc_value_at(w->g, weights->scales)->t.data;
	struct imc_adc_channel *c =
		imc_arena_array(a, (size_t)w->to->n_channel, sizeof *c);

	for (int64_t k = 0; k < w->to->n_channel; k++) {
		c[k] = (struct imc_adc_channel){-INFINITY, INFINITY, scale[k]};
		clamp_channel(w->g, w->n, k, &c[k]);
	}
	return c;
}

void imc_adc_sums_channels(const struct imc_adc_sums *s, int64_t set,
			   int64_t *first, int64_t *count)
{
	int64_t bundle = set / s->bundle_sets;
	int64_t col0 = set % s->bundle_sets * s->set_cols;
	int64_t left = s->n_channel - bundle * s->bundle_cols;
	int64_t cols = imc_min_i64(left, s->bundle_cols); /* the last: fewer */

	*first = bundle * s->bundle_cols + col0;
	*count = imc_max_i64(imc_min_i64(s->set_cols, cols - col0), 0);
}

/* The outputs of a set that are kept: the n-th is of window
 * n * step / count, channel first + n * step % count. */
struct subset {
	int64_t first, count, step, n;
};

static struct subset subset_of(const struct imc_adc_sums *s, int64_t set)
{
	struct subset u;
	int64_t all;

	imc_adc_sums_channels(s, set, &u.first, &u.count);
	all = s->n_window * u.count;
	u.step = imc_subset_step(all, s->keep, u.count);
	u.n = imc_ceil_div(all, u.step);
	return u;
}

static int n_code(const struct imc_adc_sums *s)
{
	return s->n_block * s->n_slice;
}

/* Sums of one sample, set and code. */
static int32_t *kept_of(const struct imc_adc_sums *s, size_t sample,
			int64_t set, int code)
{
	return s->kept[sample] + (set * n_code(s) + code) * s->keep;
}

/* Keeps a subset of the sums acc[window][column of the bundle] of a code. */
static void keep_set(const struct imc_adc_sums *s, size_t sample, int64_t set,
		     int code, const int32_t *acc)
{
	int64_t bundle0 = set / s->bundle_sets * s->bundle_cols;
	int64_t cols = imc_min_i64(s->bundle_cols, s->n_channel - bundle0);
	struct subset u = subset_of(s, set);
	int32_t *out = kept_of(s, sample, set, code);

	for (int64_t i = 0; i < u.n; i++) {
		int64_t at = i * u.step;

		out[i] = acc[at / u.count * cols + u.first - bundle0 +
			     at % u.count];
	}
}

static void gather_sample(void *p, size_t sample, size_t thread)
{
	const struct gather *w = p;
	const struct imc_adc_sums *s = w->to;

	(void)thread;
	for (int b = 0; b < s->n_bundle * n_code(s); b++) {
		struct imc_arena *a = imc_arena_new();
		int code = b % n_code(s), bundle = b / n_code(s);
		int32_t *acc = imc_arena_array(
			a, (size_t)(s->n_window * s->bundle_cols), sizeof *acc);

		imc_q_conv_acc(w->g, w->n, w->in[sample], bundle,
			       code / s->n_slice, code % s->n_slice, acc, a);
		for (int64_t i = 0; i < s->bundle_sets; i++)
			keep_set(s, sample, bundle * s->bundle_sets + i, code,
				 acc);
		imc_arena_free(a);
	}
}

/* The sets of q on hw: the cut is the one in the node's attributes. A column
 * has a setting of its own if enough is seen of it: the range of a few sums
 * would clip the next ones. */
static struct imc_adc_sums sets_of(const struct imc_q_conv *q,
				   const struct imc_hw *hw, size_t n_sample)
{
	struct imc_adc_sums s = {.n_channel = q->k, .n_bundle = q->n_bundle};

	s.n_window = q->n_window;
	s.n_slice = (int)q->n->a.slices[0];
	s.slice_bits = (int)q->n->a.slice_bits[0];
	s.n_block = imc_q_conv_bundle(q, 0).n_block;
	s.bundle_cols = imc_q_conv_bundle(q, 0).n_col;
	s.set_cols = imc_min_i64(s.bundle_cols, hw->ima_cols / s.n_slice);
	s.keep = KEEP;
	if (hw->ima_adc_range == 1 &&
	    q->n_window * (int64_t)n_sample >= LEAST_COLUMN) {
		s.keep = imc_max_i64(KEEP / s.set_cols, KEEP_COLUMN);
		s.set_cols = 1;
	}
	s.bundle_sets = imc_ceil_div(s.bundle_cols, s.set_cols);
	s.n_set = s.n_bundle * s.bundle_sets;
	s.keep = imc_min_i64(s.keep, q->n_window * s.set_cols);
	return s;
}

struct imc_adc_sums imc_adc_sums_gather(const struct imc_module *m,
					imc_node_id id, size_t n_sample,
					struct imc_tensor *const *in,
					struct imc_arena *a)
{
	struct imc_q_conv q;
	struct imc_adc_sums s;
	struct gather w = {&s, m->g, imc_node_at(m->g, id), in};
	size_t size;

	imc_q_conv_open(&q, m->g, w.n, in[0]);
	s = sets_of(&q, m->hw, n_sample);
	s.channel = channels_of(&w, a);
	s.n_sample = n_sample;
	s.kept = imc_arena_array(a, n_sample, sizeof *s.kept);
	size = (size_t)(s.n_set * s.keep * n_code(&s));
	for (size_t i = 0; i < n_sample; i++)
		s.kept[i] = imc_arena_array(a, size, sizeof **s.kept);
	imc_parallel_for(n_sample, gather_sample, &w);
	return s;
}

/* The level that the smallest sums rise to when their total rises by `room`:
 * water that fills the valley. side -1: of the negated sums. */
static double level_of(const int32_t *acc, const double *factor, int n,
		       double room, int side)
{
	double level = INFINITY, last = -INFINITY;

	/* from each sum to the next larger one in turn */
	for (;;) {
		double at = INFINITY, next = INFINITY, wide = 0;

		for (int i = 0; i < n; i++)
			if (side * acc[i] > last)
				at = fmin(at, side * acc[i]);
		if (isinf(at))
			return level;
		for (int i = 0; i < n; i++) {
			if (side * acc[i] <= at)
				wide += factor[i];
			else
				next = fmin(next, side * acc[i]);
		}
		level = at + room / wide;
		if (level <= next)
			return level;
		room -= (next - at) * wide;
		last = at;
	}
}

int imc_adc_settle(const int32_t *acc, const double *factor, int n_code,
		   const struct imc_adc_channel *c, struct imc_adc_sum *out)
{
	double total = 0, level;
	int n = 0, side;

	for (int i = 0; i < n_code; i++)
		total += acc[i] * factor[i];
	side = total < c->lo ? 1 : total > c->hi ? -1 : 0;
	level = side ? floor(level_of(acc, factor, n_code,
				      side > 0 ? c->lo - total : total - c->hi,
				      side))
		     : 0;
	for (int i = 0; i < n_code; i++) {
		float weight = (float)factor[i] * c->scale;

		if (!side)
			out[n++] =
				(struct imc_adc_sum){(float)acc[i], weight, 0};
		else if (side * acc[i] <= level)
			out[n++] = (struct imc_adc_sum){(float)(side * level),
							weight, -side};
	}
	return n;
}

/* Units of the output's sum in one of each code's. */
static double *factors_of(const struct imc_adc_sums *s, struct imc_arena *a)
{
	double *f = imc_arena_array(a, (size_t)n_code(s), sizeof *f);

	for (int i = 0; i < n_code(s); i++)
		f[i] = ldexp(1, i % s->n_slice * s->slice_bits);
	return f;
}

/* All codes of the i-th output of a set. */
static void codes_of(const struct imc_adc_sums *s, size_t sample, int64_t set,
		     int64_t i, int32_t *acc)
{
	for (int k = 0; k < n_code(s); k++)
		acc[k] = kept_of(s, sample, set, k)[i];
}

/* What a clamped output asks of the ADC beyond all sums there are is asked of
 * none: a bias may be much larger than the sums of its channel. */
static void cap_ends(struct imc_adc_sum *v, int64_t n, const float range[2])
{
	for (int64_t i = 0; i < n; i++)
		if (v[i].end)
			v[i].acc = fmaxf(range[0], fminf(range[1], v[i].acc));
}

static void widen(float range[2], const int32_t *acc, int n)
{
	for (int i = 0; i < n; i++) {
		range[0] = fminf(range[0], (float)acc[i]);
		range[1] = fmaxf(range[1], (float)acc[i]);
	}
}

struct imc_adc_sum *imc_adc_sums_of(const struct imc_adc_sums *s, int64_t set,
				    int64_t *n, int64_t *total,
				    struct imc_arena *a)
{
	struct subset u = subset_of(s, set);
	double *factor = factors_of(s, a);
	int32_t *acc = imc_arena_array(a, (size_t)n_code(s), sizeof *acc);
	float range[2] = {0, 0};
	struct imc_adc_sum *out;

	*n = 0;
	*total = (int64_t)s->n_sample * u.n * n_code(s);
	out = imc_arena_array(a, (size_t)*total, sizeof *out);
	for (size_t k = 0; k < s->n_sample; k++)
		for (int64_t i = 0; i < u.n; i++) {
			int64_t at = u.first + i * u.step % u.count;

			codes_of(s, k, set, i, acc);
			widen(range, acc, n_code(s));
			*n += imc_adc_settle(acc, factor, n_code(s),
					     &s->channel[at], out + *n);
		}
	cap_ends(out, *n, range);
	return out;
}

/* Fewer outputs than these have no mean worth to correct. */
#define LEAST_MEAN 32

void imc_adc_sums_bias(const struct imc_adc_sums *s, int64_t set,
		       const struct imc_adc *adc, double *mean)
{
	struct imc_arena *a = imc_arena_new();
	struct subset u = subset_of(s, set);
	double *factor = factors_of(s, a);
	int64_t *seen = imc_arena_array(a, (size_t)u.count, sizeof *seen);

	memset(mean, 0, (size_t)u.count * sizeof *mean);
	for (size_t k = 0; k < s->n_sample; k++)
		for (int64_t i = 0; i < u.n; i++) {
			int64_t at = i * u.step % u.count;
			const struct imc_adc_channel *c =
				&s->channel[u.first + at];
			double sum = 0, read = 0;

			for (int j = 0; j < n_code(s); j++) {
				double x = kept_of(s, k, set, j)[i];

				sum += x * factor[j];
				read += imc_adc_value(adc, x) * factor[j];
			}
			if (sum < c->lo || sum > c->hi)
				continue;
			mean[at] += read - sum;
			seen[at]++;
		}
	for (int64_t i = 0; i < u.count; i++)
		mean[i] = seen[i] < LEAST_MEAN ? 0 : mean[i] / (double)seen[i];
	imc_arena_free(a);
}
