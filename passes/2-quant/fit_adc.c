/* Gains of the ADCs, and the digital numbers behind them.
 *
 * The network is run layer by layer on calibration samples in device
 * arithmetic, so that a layer sees what the layers before it really give.
 * Where the ADC's code is the activation there is nothing to choose. Else
 * the range of each job is the one of a few that gives the least squared
 * error of the layer's sums: too wide wastes codes, too narrow clips. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/eval.h"
#include "ir/num.h"
#include "ir/op.h"
#include "ir/op/q_conv.h"
#include "ir/support/checked.h"
#include "ir/support/parallel.h"
#include "passes/2-quant/quant.h"

/* Samples that are run, and sums kept of one sample, bundle, block, slice. */
#define MAX_SAMPLE 24
#define KEEP 8192

/* One sum and how much its error counts. */
struct sum {
	float acc, weight;
};

struct fit {
	struct imc_module *m;
	struct imc_pass_cx *cx;
	size_t n_sample;
	size_t n_value; /* activations have ids below it */
	int8_t **value; /* [sample * n_value + value]: codes, or NULL */
	imc_node_id id; /* the node at hand */
	struct imc_cut cut;
	int64_t n_channel;
	int32_t cols;   /* of a full bundle */
	struct sum **kept; /* [sample][job][KEEP * n_block * n_slice] */
	int64_t **n_kept;
};

/* Columns of one bundle: the last may have fewer. */
static int32_t cols_of(const struct fit *f, int bundle)
{
	return (int32_t)imc_min_i64(f->cols,
				    f->n_channel - (int64_t)bundle * f->cols);
}

static int32_t n_job(const struct fit *f)
{
	return f->cut.n_bundle * f->cut.n_colblock;
}

static struct imc_tensor tensor_at(const struct fit *f, size_t sample,
				   imc_val v)
{
	const struct imc_value *val = imc_value_at(f->m->g, v);
	struct imc_tensor t = val->t;

	if (!t.data)
		t.data = f->value[sample * f->n_value + v.i];
	return t;
}

static struct imc_tensor *inputs_of(const struct fit *f, size_t sample,
				    const struct imc_node *n,
				    struct imc_arena *a)
{
	struct imc_tensor *in = imc_arena_array(a, (size_t)n->n_in + 1,
						sizeof *in);

	for (int k = 0; k < n->n_in; k++)
		if (imc_val_ok(n->in[k]))
			in[k] = tensor_at(f, sample, n->in[k]);
	return in;
}

/* The sums of output channel k that matter: beyond them the output is clamped
 * whatever the ADC reads. Only known when one code makes the output. */
struct span { double lo, hi; };

static struct span span_of(const struct fit *f, const struct imc_node *n,
			   int64_t k)
{
	const struct imc_graph *g = f->m->g;
	const struct imc_value *y = imc_node_out(g, n, 0);
	const struct imc_value *w = imc_node_in(g, n, 1);
	const float *scale = imc_value_at(g, w->scales)->t.data;
	const struct imc_value *b = imc_node_in(g, n, 2);
	double s = (double)imc_node_in(g, n, 0)->scale * scale[k];
	double bias = b ? ((const int32_t *)b->t.data)[k] : 0;

	if (f->cut.n_block > 1 || n->a.slices[0] > 1)
		return (struct span){-INFINITY, INFINITY};
	return (struct span){
		(double)(n->a.lo[0] - y->zero - 1) * y->scale / s - bias,
		(double)(n->a.hi[0] - y->zero + 1) * y->scale / s - bias};
}

/* Keeps a regular subset of the sums acc[window][column] of one block and
 * slice, job by job. */
static void keep_sums(struct fit *f, size_t sample, int bundle, int slice,
		      const int32_t *acc, int64_t n_window)
{
	const struct imc_node *n = imc_node_at(f->m->g, f->id);
	const struct imc_value *w = imc_node_in(f->m->g, n, 1);
	const float *scale = imc_value_at(f->m->g, w->scales)->t.data;
	int64_t k0 = (int64_t)bundle * f->cols;
	int32_t cols = cols_of(f, bundle);
	float weight = ldexpf(1, slice * (int)n->a.slice_bits[0]);

	for (int32_t c = 0; c < f->cut.n_colblock; c++) {
		int32_t col0 = c * f->cut.block_cols;
		int32_t n_col = (int32_t)imc_min_i64(f->cut.block_cols,
						     cols - col0);
		int64_t job = (int64_t)bundle * f->cut.n_colblock + c;
		int64_t *at = &f->n_kept[sample][job];
		int64_t step = imc_subset_step(n_window * n_col, KEEP, n_col);
		struct sum *out =
			f->kept[sample] +
			job * KEEP * f->cut.n_block * f->cut.slices;

		for (int64_t i = 0; n_col > 0 && i < n_window * n_col;
		     i += step) {
			int64_t col = col0 + i % n_col, k = k0 + col;
			double x = acc[i / n_col * cols + col];
			struct span s = span_of(f, n, k);

			out[(*at)++] = (struct sum){
				(float)fmin(fmax(x, s.lo), s.hi),
				weight * scale[k]};
		}
	}
}

static void gather_sample(void *p, size_t sample, size_t thread)
{
	struct fit *f = p;
	const struct imc_graph *g = f->m->g;
	const struct imc_node *n = imc_node_at(g, f->id);
	struct imc_matrix mx = imc_matrix_of(g, n);
	struct imc_arena *a = imc_arena_new();
	struct imc_tensor *in = inputs_of(f, sample, n, a);

	(void)thread;
	for (int bundle = 0; bundle < f->cut.n_bundle; bundle++)
		for (int block = 0; block < f->cut.n_block; block++)
			for (int s = 0; s < f->cut.slices; s++) {
				struct imc_arena *b = imc_arena_new();
				int32_t *acc = imc_arena_array(
					b,
					(size_t)(mx.n_window * f->cols),
					sizeof *acc);

				imc_q_conv_acc(g, n, in, bundle, block, s, 0,
					       mx.n_window, acc, b);
				keep_sums(f, sample, bundle, s, acc,
					  mx.n_window);
				imc_arena_free(b);
			}
	imc_arena_free(a);
}

/* An ADC setting under trial. */
struct adc {
	double gain;
	int32_t zero, lo, hi;
};

static struct adc adc_of(const struct imc_hw *hw, double low, double high)
{
	struct adc a = {1, 0, -(1 << (hw->ima_adc_bits - 1)),
			(1 << (hw->ima_adc_bits - 1)) - 1};
	double steps = a.hi - a.lo;

	if (high - low > steps)
		a.gain = steps / (high - low);
	a.zero = a.lo - (int32_t)floor(low * a.gain + 0.5);
	return a;
}

static double error_of(const struct adc *a, const struct sum *v, int64_t n)
{
	double e = 0;

	for (int64_t i = 0; i < n; i++) {
		double code = floor(v[i].acc * a->gain + 0.5) + a->zero, d;

		code = fmax(a->lo, fmin(a->hi, code));
		d = ((code - a->zero) / a->gain - v[i].acc) * v[i].weight;
		e += d * d;
	}
	return e;
}

/* Tries narrower and narrower ranges from each side in turn. */
static struct adc best_adc(const struct imc_hw *hw, const struct sum *v,
			   int64_t n)
{
	static const double step[] = {0.6, 0.8, 0.9, 0.95, 1.05};
	double low = 0, high = 0, best_error;
	struct adc best;
	bool better = true;

	for (int64_t i = 0; i < n; i++) {
		low = fmin(low, v[i].acc);
		high = fmax(high, v[i].acc);
	}
	best = adc_of(hw, low, high);
	best_error = error_of(&best, v, n);
	while (better && best.gain < 1) {
		better = false;
		for (size_t t = 0; t < 2 * sizeof step / sizeof *step; t++) {
			double l = t % 2 ? low * step[t / 2] : low;
			double h = t % 2 ? high : high * step[t / 2];
			struct adc a = adc_of(hw, l, h);
			double e = error_of(&a, v, n);

			if (e < best_error * 0.999) {
				best_error = e;
				best = a;
				low = l;
				high = h;
				better = true;
			}
		}
	}
	return best;
}

/* The numbers of every output channel of one node. */
struct numbers {
	int32_t *adc_mult, *adc_shift, *adc_zero, *bias, *mult, *shift;
};

static struct numbers new_numbers(int64_t k, struct imc_arena *a)
{
	struct numbers v;
	int32_t **all[] = {&v.adc_mult, &v.adc_shift, &v.adc_zero,
			   &v.bias,	&v.mult,      &v.shift};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		*all[i] = imc_arena_array(a, (size_t)k, sizeof **all[i]);
	return v;
}

/* Gathers all samples' sums of one job. */
static int64_t pool_job(const struct fit *f, int64_t job, struct sum *out)
{
	int64_t n = 0, size = KEEP * (int64_t)f->cut.n_block * f->cut.slices;

	for (size_t s = 0; s < f->n_sample; s++) {
		memcpy(out + n, f->kept[s] + job * size,
		       (size_t)f->n_kept[s][job] * sizeof *out);
		n += f->n_kept[s][job];
	}
	return n;
}

/* A setting for all columns of a job. Where the target can set each column,
 * the same choice is still valid; fitting columns alone is a later step. */
static void set_job(const struct fit *f, int64_t job, const struct adc *a,
		    struct numbers *v)
{
	int64_t bundle = job / f->cut.n_colblock;
	int64_t col0 = job % f->cut.n_colblock * f->cut.block_cols;
	int64_t end = imc_min_i64(col0 + f->cut.block_cols,
				  cols_of(f, (int)bundle));

	for (int64_t c = col0; c < end; c++) {
		int64_t k = bundle * f->cols + c;

		imc_factor(a->gain, &v->adc_mult[k], &v->adc_shift[k]);
		v->adc_zero[k] = a->zero;
	}
}

static void *room(struct imc_arena *a, size_t n, size_t size)
{
	return imc_arena_array(a, n, size);
}

static void fit_jobs(struct fit *f, struct numbers *v)
{
	struct imc_arena *a = imc_arena_new();
	size_t size = KEEP * (size_t)f->cut.n_block * (size_t)f->cut.slices;
	struct sum *pool = room(a, f->n_sample * size, sizeof *pool);

	f->kept = room(a, f->n_sample, sizeof *f->kept);
	f->n_kept = room(a, f->n_sample, sizeof *f->n_kept);
	for (size_t s = 0; s < f->n_sample; s++) {
		f->kept[s] = room(a, (size_t)n_job(f) * size, sizeof **f->kept);
		f->n_kept[s] = room(a, (size_t)n_job(f), sizeof **f->n_kept);
	}
	imc_parallel_for(f->n_sample, gather_sample, f);
	for (int64_t job = 0; job < n_job(f); job++) {
		int64_t n = pool_job(f, job, pool);
		struct adc best = best_adc(f->m->hw, pool, n);

		set_job(f, job, &best, v);
	}
	imc_arena_free(a);
}

/* Real value of one unit of the digital sum of channel k. */
static double sum_unit(const struct numbers *v, int64_t k)
{
	double gain = ldexp(v->adc_mult[k], -v->adc_shift[k]);

	return 1 / (gain * ldexp(1, IMC_SUM_FRAC));
}

static int32_t round_i32(double x)
{
	return (int32_t)fmax(-1e9, fmin(1e9, round(x)));
}

/* bias: in units of acc, from the constant that quantise left. */
static void digital_numbers(const struct fit *f, const struct imc_node *n,
			    struct numbers *v)
{
	const struct imc_graph *g = f->m->g;
	const struct imc_value *w = imc_node_in(g, n, 1);
	const struct imc_value *b = imc_node_in(g, n, 2);
	const float *scale = imc_value_at(g, w->scales)->t.data;
	double sx = imc_node_in(g, n, 0)->scale;
	double sy = imc_node_out(g, n, 0)->scale;

	for (int64_t k = 0; k < w->t.dim[0]; k++) {
		double unit = sum_unit(v, k);
		double bias = ((const int32_t *)b->t.data)[k];

		v->bias[k] = round_i32(bias / unit);
		imc_factor(sx * scale[k] * unit / sy, &v->mult[k],
			   &v->shift[k]);
	}
}

/* The activation's own numbers are the ADC's. */
static void adc_numbers(const struct fit *f, const struct imc_node *n,
			struct numbers *v)
{
	const struct imc_graph *g = f->m->g;
	const struct imc_value *w = imc_node_in(g, n, 1);
	const struct imc_value *y = imc_node_out(g, n, 0);
	const float *scale = imc_value_at(g, w->scales)->t.data;
	double sx = imc_node_in(g, n, 0)->scale;

	for (int64_t k = 0; k < w->t.dim[0]; k++) {
		imc_factor(sx * scale[k] / y->scale, &v->adc_mult[k],
			   &v->adc_shift[k]);
		v->adc_zero[k] = f->cut.n_block > 1 ? 0 : y->zero;
	}
}

static imc_val put(struct fit *f, const char *what, const int32_t *v,
		   int64_t n)
{
	const char *name = imc_node_at(f->m->g, f->id)->name;

	return imc_const_i32(f->m->g,
			     imc_arena_printf(f->cx->scratch, "%s.%s", name,
					      what),
			     v, n);
}

/* Cells of the rows that bring the bias, for post adc. */
static void bias_rows(struct fit *f, struct imc_arena *a)
{
	struct imc_graph *g = f->m->g;
	struct imc_node *n = imc_node_at(g, f->id);
	const struct imc_value *b = imc_node_in(g, n, 2);
	int64_t k = b->t.dim[0], most = 0;
	const int32_t *bias = b->t.data;
	struct imc_tensor t = {.dtype = IMC_I8, .rank = 2};
	imc_val id;

	for (int64_t i = 0; i < k; i++)
		most = imc_max_i64(most, llabs(bias[i]));
	n->a.drive = imc_bias_drives(f->m->hw, (double)most);
	if (n->a.drive.n > f->m->map.assign[f->id.i].bias_rows)
		n->a.drive.n = f->m->map.assign[f->id.i].bias_rows;
	f->m->map.assign[f->id.i].bias_rows = n->a.drive.n;
	if (!n->a.drive.n)
		return;
	t.dim[0] = n->a.drive.n;
	t.dim[1] = k;
	t.data = imc_arena_alloc(a, (size_t)(t.dim[0] * k));
	for (int64_t i = 0; i < k; i++)
		imc_bias_cells(&n->a.drive, bias[i],
			       imc_cell_max((int)f->m->hw->ima_cell_bits),
			       (int8_t *)t.data + i, k);
	id = imc_graph_add_const(g, imc_arena_printf(a, "%s.bias_rows",
						     n->name), &t);
	imc_node_at(g, f->id)->in[8] = id;
}

static void store(struct fit *f, const struct numbers *v, int64_t k)
{
	bool digital = !imc_node_at(f->m->g, f->id)->a.post[0];
	imc_val id[7] = {IMC_NO_VAL, IMC_NO_VAL, IMC_NO_VAL};
	const int32_t *from[] = {v->bias, v->mult, v->shift, v->adc_mult,
				 v->adc_shift, v->adc_zero};
	static const char *const name[] = {"bias",     "mult",
					   "shift",    "adc_mult",
					   "adc_shift", "adc_zero"};
	struct imc_node *n;

	for (int i = digital ? 0 : 3; i < 6; i++)
		id[i] = put(f, name[i], from[i], k);
	n = imc_node_at(f->m->g, f->id);
	for (int i = 0; i < 6; i++)
		n->in[2 + i] = id[i];
}

/* Sets the ADC numbers of the node at hand. */
static bool fit_node(struct fit *f)
{
	struct imc_graph *g = f->m->g;
	struct imc_node *n = imc_node_at(g, f->id);
	struct imc_assign *as = &f->m->map.assign[f->id.i];
	struct imc_matrix mx = imc_matrix_of(g, n);
	int64_t k = (int64_t)mx.cols * mx.groups;
	struct imc_arena *a = imc_arena_new();
	struct numbers v = new_numbers(k, a);

	imc_cut_matrix(f->m->hw, &mx, as->slices, as->bias_rows, as->bundle,
		       &f->cut);
	if (n->a.post[0])
		bias_rows(f, a);
	f->n_channel = k;
	f->cols = (int32_t)imc_min_i64((int64_t)mx.cols * as->bundle, k);
	n = imc_node_at(g, f->id);
	n->a.adc_lo[0] = -(1 << (f->m->hw->ima_adc_bits - 1));
	n->a.adc_hi[0] = (1 << (f->m->hw->ima_adc_bits - 1)) - 1;
	if (!n->a.post[0]) {
		fit_jobs(f, &v);
		digital_numbers(f, n, &v);
	} else {
		adc_numbers(f, n, &v);
		if (f->cut.n_block == 1) {
			n->a.adc_lo[0] = n->a.lo[0];
			n->a.adc_hi[0] = n->a.hi[0];
		}
	}
	store(f, &v, k);
	imc_arena_free(a);
	return true;
}

/* Room for the codes of every activation of every sample, and the inputs. */
static void load_inputs(struct fit *f)
{
	const struct imc_graph *g = f->m->g;
	struct imc_arena *a = f->cx->scratch;
	const struct imc_samples *s = f->cx->calib;

	f->value = imc_arena_array(a, f->n_sample * f->n_value,
				   sizeof *f->value);
	for (size_t i = 0; i < f->n_sample; i++)
		for (size_t k = 0; k < g->n_input; k++) {
			struct imc_tensor t;

			imc_real_to_device(g, g->input[k],
					   s->x[k] + (int64_t)i * s->size[k],
					   &t, a);
			f->value[i * f->n_value + g->input[k].i] = t.data;
		}
}

static void new_outputs(struct fit *f, const struct imc_node *n)
{
	const struct imc_graph *g = f->m->g;

	for (size_t i = 0; i < f->n_sample; i++)
		for (int k = 0; k < n->n_out; k++)
			if (imc_val_ok(n->out[k]))
				f->value[i * f->n_value + n->out[k].i] =
					imc_arena_alloc(
						f->cx->scratch,
						imc_tensor_bytes(&imc_value_at(
							g, n->out[k])->t));
}

static void run_node(void *p, size_t sample, size_t thread)
{
	struct fit *f = p;
	struct imc_graph *g = f->m->g;
	const struct imc_node *n = imc_node_at(g, f->id);
	struct imc_arena *a = imc_arena_new();
	struct imc_tensor *in = inputs_of(f, sample, n, a);
	struct imc_tensor *out =
		imc_arena_array(a, (size_t)n->n_out, sizeof *out);

	(void)thread;
	imc_op_eval(g, n, in, out, a);
	for (int k = 0; k < n->n_out; k++)
		if (imc_val_ok(n->out[k]))
			memcpy(f->value[sample * f->n_value + n->out[k].i],
			       out[k].data, imc_tensor_bytes(&out[k]));
	imc_arena_free(a);
}

bool imc_pass_fit_adc(struct imc_module *m, struct imc_pass_cx *cx)
{
	struct fit f = {.m = m, .cx = cx, .n_value = m->g->n_value};

	f.n_sample = (size_t)imc_min_i64(cx->calib->n, MAX_SAMPLE);
	load_inputs(&f);
	for (size_t i = 0; i < m->g->n_order; i++) {
		const struct imc_node *n;

		f.id = m->g->order[i];
		n = imc_node_at(m->g, f.id);
		if (n->op == IMC_OP_Q_CONV2D && n->a.adc[0]) {
			fit_node(&f);
			cx->n_changed++;
		}
		n = imc_node_at(m->g, f.id);
		new_outputs(&f, n);
		imc_parallel_for(f.n_sample, run_node, &f);
		if (cx->progress)
			cx->progress(cx->ui, "fit ADC ranges", (int64_t)i,
				     (int64_t)m->g->n_order);
	}
	return true;
}
