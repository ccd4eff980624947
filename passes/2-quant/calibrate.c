/* Runs the float network on the calibration set and keeps, for every
 * activation, its range. Of each sample and value a regular subset of the
 * elements is kept, so that percentiles cost memory independent of the
 * picture size. Results depend on samples only, not on threads. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/support/checked.h"
#include "ir/support/parallel.h"
#include "passes/2-quant/float_runs.h"
#include "passes/2-quant/given_numbers.h"
#include "passes/2-quant/quant.h"

/* Codes and scales of larger numbers would leave float. */
#define MOST 1e30

/* Elements kept of one value: in one sample at most, at least, and in all. */
#define KEEP_MOST 2048
#define KEEP_LEAST 16
#define KEEP_ALL (1 << 19)

struct seen {
	float lo, hi;
	int32_t n;
	bool not_finite; /* somewhere; lo, hi, kept and sum leave it out */
	float *kept;
	double *sum; /* of each channel, over all positions */
};

struct work {
	const struct imc_module *m;
	struct imc_pass_cx *cx;
	size_t n_value;	   /* before constants were added */
	int64_t keep;	   /* elements of one value in one sample */
	struct seen *seen; /* [sample][value] */
};

static int64_t n_channel(const struct imc_tensor *t)
{
	return t->rank ? imc_max_i64(t->dim[t->rank - 1], 1) : 1;
}

static void look(struct seen *s, const struct imc_tensor *t, int64_t keep)
{
	int64_t n = imc_tensor_count(t);
	int64_t step = imc_subset_step(n, keep, n_channel(t));
	const float *x = t->data;

	s->lo = INFINITY;
	s->hi = -INFINITY;
	for (int64_t i = 0; i < n; i++) {
		if (!isfinite(x[i])) {
			s->not_finite = true;
			continue;
		}
		s->lo = x[i] < s->lo ? x[i] : s->lo;
		s->hi = x[i] > s->hi ? x[i] : s->hi;
		if (s->sum)
			s->sum[i % n_channel(t)] += x[i];
	}
	for (int64_t i = 0; i < n; i += step)
		if (isfinite(x[i]))
			s->kept[s->n++] = x[i];
}

static void see(void *p, size_t sample, imc_val v, const struct imc_tensor *t)
{
	const struct work *w = p;

	look(&w->seen[sample * w->n_value + v.i], t, w->keep);
}

static int by_size(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

/* Cuts lo and hi to the given percentile of the kept elements, each side. */
static void cut_tails(struct imc_value *v, float *kept, int64_t n,
		      double percentile)
{
	int64_t cut = (int64_t)floor((double)n * (1 - percentile / 100) / 2);

	if (n < 2 * cut + 2)
		return;
	qsort(kept, (size_t)n, sizeof *kept, by_size);
	/* The extremes were seen in full; the subset only moves them in. */
	if (cut > 0 || n > 100000) {
		v->lo = fmaxf(v->lo, kept[cut]);
		v->hi = fminf(v->hi, kept[n - 1 - cut]);
	}
}

/* The range of least squared error of codes as arrays read them, or of 8
 * bits. */
static void cut_error(const struct work *w, struct imc_value *v,
		      const float *kept, int64_t n)
{
	const struct imc_hw *hw = w->m->hw;
	float range[2] = {v->lo, v->hi};

	imc_range_of(kept, n, hw ? (int)hw->ima_dac_bits : 8,
		     hw && hw->ima_dac_zero == 0, range);
	v->lo = fmaxf(v->lo, range[0]);
	v->hi = fminf(v->hi, range[1]);
}

/* As --calib-method says. */
static void cut_range(const struct work *w, struct imc_value *v, float *kept,
		      int64_t n)
{
	if (w->m->opt.calib_method == 0)
		cut_tails(v, kept, n, w->m->opt.percentile);
	else if (w->m->opt.calib_method == 2 && v->ranged)
		cut_error(w, v, kept, n);
}

static struct imc_loc loc_of(const struct work *w, size_t v_id)
{
	const struct imc_graph *g = w->m->g;

	if (imc_graph_is_input(g, (imc_val){(uint32_t)v_id}))
		return IMC_IN_FILE(w->m->model_path);
	return imc_node_at(g, g->value[v_id].def)->loc;
}

static bool not_finite(const struct work *w, size_t v_id)
{
	bool seen = false;

	for (size_t i = 0; i < (size_t)w->cx->calib->n; i++)
		seen |= w->seen[i * w->n_value + v_id].not_finite;
	return seen;
}

/* The range must have a scale. A value that was never seen is of no node. */
static bool check_range(const struct work *w, size_t v_id)
{
	const struct imc_value *v = &w->m->g->value[v_id];
	double most = v->ranged ? fmax(-(double)v->lo, (double)v->hi)
				: (double)INFINITY;
	bool odd = not_finite(w, v_id);

	if (!odd && !v->ranged)
		return true;
	if (most > MOST)
		return imc_diag(w->m->diags, loc_of(w, v_id), IMC_D_RANGE,
				v->name, most, MOST);
	if (odd)
		imc_diag(w->m->diags, loc_of(w, v_id), IMC_D_CALIB_NOT_FINITE,
			 v->name);
	return true;
}

/* Ranges for few bits, as a constant. */
static void add_clips(const struct work *w, size_t v_id, const float *kept,
		      int64_t n)
{
	struct imc_graph *g = w->m->g;
	const struct imc_value *v = &g->value[v_id];
	float clip[IMC_N_CLIP][2];
	struct imc_tensor t = {
		.dtype = IMC_F32, .rank = 2, .dim = {IMC_N_CLIP, 2}};
	imc_val id;

	imc_clips_of(kept, n, v->lo, v->hi, w->m->hw->ima_dac_zero == 0, clip);
	t.data = clip;
	id = imc_graph_add_const(
		g, imc_arena_printf(w->cx->scratch, "%s.clips", v->name), &t);
	g->value[v_id].clips = id;
}

/* What the model file says of its range stands. */
static void set_given_range(struct imc_value *v)
{
	if (!imc_value_given(v) || v->t.data)
		return;
	v->ranged = true;
	imc_value_given_range(v, &v->lo, &v->hi);
}

static void merge_value(const struct work *w, size_t v_id,
			struct imc_arena *scratch)
{
	const struct imc_graph *g = w->m->g;
	struct imc_value *v = &g->value[v_id];
	size_t n_sample = (size_t)w->cx->calib->n;
	float *kept = imc_arena_array(scratch, n_sample * (size_t)w->keep,
				      sizeof *kept);
	int64_t n = 0;

	for (size_t i = 0; i < n_sample; i++) {
		const struct seen *s = &w->seen[i * w->n_value + v_id];

		if (!s->n)
			continue;
		v->lo = v->ranged ? fminf(v->lo, s->lo) : s->lo;
		v->hi = v->ranged ? fmaxf(v->hi, s->hi) : s->hi;
		v->ranged = true;
		memcpy(kept + n, s->kept, (size_t)s->n * sizeof *kept);
		n += s->n;
	}
	set_given_range(v);
	if (!imc_value_given(v) &&
	    !imc_graph_is_input(g, (imc_val){(uint32_t)v_id}))
		cut_range(w, v, kept, n);
	if (v->ranged && w->m->hw && imc_bits_are_free(w->m->hw))
		add_clips(w, v_id, kept, n);
}

/* Room for what is kept of every float activation of every sample. */
static struct seen *new_seen(const struct work *w, size_t n_sample,
			     struct imc_arena *a)
{
	const struct imc_graph *g = w->m->g;
	struct seen *seen =
		imc_arena_array(a, n_sample * g->n_value, sizeof *seen);

	for (size_t k = 0; k < n_sample * g->n_value; k++) {
		const struct imc_value *v = &g->value[k % g->n_value];

		if (v->t.data || !v->shaped || v->t.dtype != IMC_F32)
			continue;
		seen[k].kept =
			imc_arena_array(a, (size_t)w->keep, sizeof(float));
		if (v->t.rank == 4)
			seen[k].sum = imc_arena_array(
				a, (size_t)n_channel(&v->t), sizeof(double));
	}
	return seen;
}

/* The mean of each channel of a picture, as a constant. */
static void merge_means(const struct work *w, size_t v_id)
{
	struct imc_graph *g = w->m->g;
	struct imc_value *v = &g->value[v_id];
	int64_t c = n_channel(&v->t), n_sample = w->cx->calib->n;
	double area = (double)imc_tensor_count(&v->t) / (double)c;
	struct imc_tensor t = {.dtype = IMC_F32, .rank = 1};
	float *mean = imc_arena_array(w->cx->scratch, (size_t)c, sizeof *mean);
	imc_val id;

	for (int64_t k = 0; k < c; k++) {
		double sum = 0;

		for (int64_t i = 0; i < n_sample; i++)
			sum += w->seen[(size_t)i * w->n_value + v_id].sum[k];
		mean[k] = (float)(sum / (area * (double)n_sample));
	}
	t.dim[0] = c;
	t.data = mean;
	id = imc_graph_add_const(
		g, imc_arena_printf(w->cx->scratch, "%s.mean", v->name), &t);
	g->value[v_id].means = id;
}

bool imc_pass_calibrate(struct imc_module *m, struct imc_pass_cx *cx)
{
	struct imc_graph *g = m->g;
	struct work w = {.m = m, .cx = cx, .n_value = g->n_value};
	bool ok = true;

	for (size_t v = 0; v < g->n_value; v++)
		set_given_range(&g->value[v]);
	if ((!cx->calib || !cx->calib->n) && imc_all_given(g))
		return true;
	assert(cx->calib && cx->calib->n > 0);
	w.keep = imc_min_i64(KEEP_MOST,
			     imc_max_i64(KEEP_LEAST, KEEP_ALL / cx->calib->n));
	w.seen = new_seen(&w, (size_t)cx->calib->n, cx->scratch);
	imc_float_runs(m, cx, "calibrate", 0, (size_t)cx->calib->n, see, &w);
	for (size_t v = 0; v < w.n_value; v++) {
		struct imc_arena *a = imc_arena_new();

		merge_value(&w, v, a);
		ok = ok && check_range(&w, v);
		cx->n_changed += g->value[v].ranged;
		if (g->value[v].ranged && w.seen[v].sum)
			merge_means(&w, v);
		imc_arena_free(a);
	}
	m->calib_source = imc_arena_strdup(m->arena, cx->calib->source);
	m->calib_n = cx->calib->n;
	return ok;
}
