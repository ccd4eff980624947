/* The sums of a layer, as the arrays give them. */
#include <math.h>
#include <string.h>

#include "hwdesc/hw.h"
#include "ir/op/q_conv.h"
#include "ir/support/checked.h"
#include "ir/support/parallel.h"
#include "passes/2-quant/adc_sums.h"

/* Sums kept of one sample, job, block and slice, and of a column at least. */
#define KEEP 8192
#define KEEP_COLUMN 256

/* What is known of an output channel. Beyond lo .. hi a sum is clamped in the
 * output, whatever the ADC reads. */
struct channel {
	double lo, hi;
	float scale; /* of the weights */
};

struct gather {
	struct imc_adc_sums *to;
	const struct imc_graph *g;
	const struct imc_node *n;
	struct imc_tensor *const *in; /* [sample] */
	int64_t n_window;
	const struct channel *channel;
};

/* Sums matter in full when more than one code makes the output. */
static void clamp_channel(const struct imc_graph *g, const struct imc_node *n,
			  int64_t k, struct channel *c)
{
	const struct imc_value *y = imc_node_out(g, n, 0);
	const struct imc_value *b = imc_node_in(g, n, 2);
	double s = (double)imc_node_in(g, n, 0)->scale * c->scale;
	double bias = b ? ((const int32_t *)b->t.data)[k] : 0;

	c->lo = (double)(n->a.lo[0] - y->zero - 1) * y->scale / s - bias;
	c->hi = (double)(n->a.hi[0] - y->zero + 1) * y->scale / s - bias;
}

static const struct channel *channels_of(const struct gather *w,
					 struct imc_arena *a)
{
	const struct imc_value *weights = imc_node_in(w->g, w->n, 1);
	const float *scale = imc_value_at(w->g, weights->scales)->t.data;
	struct channel *c =
		imc_arena_array(a, (size_t)w->to->n_channel, sizeof *c);

	for (int64_t k = 0; k < w->to->n_channel; k++) {
		c[k] = (struct channel){-INFINITY, INFINITY, scale[k]};
		if (w->to->n_block == 1 && w->to->n_slice == 1)
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

/* Keeps a regular subset of the sums acc[window][column of the bundle] of one
 * block and slice for a set. */
static void keep_set(const struct gather *w, size_t sample, int64_t set,
		     int slice, const int32_t *acc)
{
	const struct imc_adc_sums *s = w->to;
	int64_t bundle0 = set / s->bundle_sets * s->bundle_cols;
	int64_t cols = imc_min_i64(s->bundle_cols, s->n_channel - bundle0);
	int64_t *at = &s->n_kept[sample][set], first, count, n, step;
	struct imc_adc_sum *out =
		s->kept[sample] + set * s->keep * s->n_block * s->n_slice;
	float weight = ldexpf(1, slice * (int)w->n->a.slice_bits[0]);

	imc_adc_sums_channels(s, set, &first, &count);
	n = w->n_window * count;
	step = imc_subset_step(n, s->keep, count);
	for (int64_t i = 0; i < n; i += step) {
		int64_t k = first + i % count;
		const struct channel *c = &w->channel[k];
		double x = acc[i / count * cols + k - bundle0];

		out[(*at)++] = (struct imc_adc_sum){
			(float)fmin(fmax(x, c->lo), c->hi), weight * c->scale};
	}
}

static void gather_sample(void *p, size_t sample, size_t thread)
{
	const struct gather *w = p;
	const struct imc_adc_sums *s = w->to;

	(void)thread;
	for (int b = 0; b < s->n_bundle * s->n_block * s->n_slice; b++) {
		struct imc_arena *a = imc_arena_new();
		int slice = b % s->n_slice, block = b / s->n_slice % s->n_block;
		int bundle = b / s->n_slice / s->n_block;
		int32_t *acc = imc_arena_array(
			a, (size_t)(w->n_window * s->bundle_cols), sizeof *acc);

		imc_q_conv_acc(w->g, w->n, w->in[sample], bundle, block, slice,
			       acc, a);
		for (int64_t i = 0; i < s->bundle_sets; i++)
			keep_set(w, sample, bundle * s->bundle_sets + i, slice,
				 acc);
		imc_arena_free(a);
	}
}

/* The sets of q on hw: the cut is the one in the node's attributes. */
static struct imc_adc_sums sets_of(const struct imc_q_conv *q,
				   const struct imc_hw *hw)
{
	struct imc_adc_sums s = {.n_channel = q->k, .n_bundle = q->n_bundle};

	s.n_slice = (int)q->n->a.slices[0];
	s.n_block = imc_q_conv_bundle(q, 0).n_block;
	s.bundle_cols = imc_q_conv_bundle(q, 0).n_col;
	s.set_cols = imc_min_i64(s.bundle_cols, hw->ima_cols / s.n_slice);
	s.keep = KEEP;
	if (hw->ima_adc_range == 1) { /* a setting a column */
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
	struct gather w = {&s, m->g, imc_node_at(m->g, id), in, 0, NULL};
	size_t size;

	imc_q_conv_open(&q, m->g, w.n, in[0]);
	s = sets_of(&q, m->hw);
	w.n_window = q.n_window;
	w.channel = channels_of(&w, a);
	s.n_sample = n_sample;
	s.kept = imc_arena_array(a, n_sample, sizeof *s.kept);
	s.n_kept = imc_arena_array(a, n_sample, sizeof *s.n_kept);
	size = (size_t)(s.n_set * s.keep * s.n_block * s.n_slice);
	for (size_t i = 0; i < n_sample; i++) {
		s.kept[i] = imc_arena_array(a, size, sizeof **s.kept);
		s.n_kept[i] =
			imc_arena_array(a, (size_t)s.n_set, sizeof **s.n_kept);
	}
	imc_parallel_for(n_sample, gather_sample, &w);
	return s;
}

struct imc_adc_sum *imc_adc_sums_of(const struct imc_adc_sums *s, int64_t set,
				    int64_t *n, struct imc_arena *a)
{
	int64_t room = s->keep * s->n_block * s->n_slice, total = 0;
	struct imc_adc_sum *out;

	for (size_t i = 0; i < s->n_sample; i++)
		total += s->n_kept[i][set];
	out = imc_arena_array(a, (size_t)total, sizeof *out);
	*n = 0;
	for (size_t i = 0; i < s->n_sample; i++) {
		memcpy(out + *n, s->kept[i] + set * room,
		       (size_t)s->n_kept[i][set] * sizeof *out);
		*n += s->n_kept[i][set];
	}
	return out;
}
