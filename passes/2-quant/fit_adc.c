/* Gains of the ADCs, and the digital numbers behind them.
 *
 * The network is run layer by layer on calibration samples in device
 * arithmetic, so that a layer sees what the layers before it really give.
 * Where the ADC's code is the activation the output fixes its gain. Else the
 * range is chosen for the least error of the layer's sums. */
#include <math.h>
#include <string.h>

#include "hwdesc/adc_bits.h"
#include "ir/eval.h"
#include "ir/num.h"
#include "ir/num_adc.h"
#include "ir/op.h"
#include "ir/support/checked.h"
#include "ir/support/parallel.h"
#include "passes/2-quant/adc_sums.h"
#include "passes/2-quant/fit_drives.h"
#include "passes/2-quant/quant.h"

/* Samples that are run. */
#define MAX_SAMPLE 24

struct fit {
	struct imc_module *m;
	struct imc_pass_cx *cx;
	size_t n_sample;
	size_t n_value; /* activations have ids below it */
	int8_t **value; /* [sample * n_value + value]: codes, or NULL */
	imc_node_id id; /* the node at hand */
};

static struct imc_node *node_of(const struct fit *f)
{
	return imc_node_at(f->m->g, f->id);
}

static struct imc_tensor tensor_at(const struct fit *f, size_t sample,
				   imc_val v)
{
	struct imc_tensor t = imc_value_at(f->m->g, v)->t;

	if (!t.data)
		t.data = f->value[sample * f->n_value + v.i];
	return t;
}

/* The inputs of the node at hand on one sample. */
static struct imc_tensor *inputs_of(const struct fit *f, size_t sample,
				    struct imc_arena *a)
{
	const struct imc_node *n = node_of(f);
	struct imc_tensor *in =
		imc_arena_array(a, (size_t)n->n_in + 1, sizeof *in);

	for (int k = 0; k < n->n_in; k++)
		if (imc_val_ok(n->in[k]))
			in[k] = tensor_at(f, sample, n->in[k]);
	return in;
}

/* The numbers of every output channel of one node. */
struct numbers {
	int64_t n;
	int32_t *adc_mult, *adc_shift, *adc_zero, *bias, *mult, *shift;
	double *excess; /* by which the ADCs read sums too high, on average */
};

static struct numbers new_numbers(int64_t n, struct imc_arena *a)
{
	struct numbers v = {.n = n};
	int32_t **all[] = {&v.adc_mult, &v.adc_shift, &v.adc_zero,
			   &v.bias,	&v.mult,      &v.shift};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		*all[i] = imc_arena_array(a, (size_t)n, sizeof **all[i]);
	v.excess = imc_arena_array(a, (size_t)n, sizeof *v.excess);
	return v;
}

/* Real values of one unit of the sums of every channel. */
static void sum_scales(const struct fit *f, double *unit)
{
	const struct imc_graph *g = f->m->g;
	const struct imc_value *w = imc_node_in(g, node_of(f), 1);
	const float *scale = imc_value_at(g, w->scales)->t.data;
	double sx = imc_node_in(g, node_of(f), 0)->scale;

	for (int64_t k = 0; k < w->t.dim[0]; k++)
		unit[k] = sx * scale[k];
}

/* The settings of the sets of one node, found set by set. */
struct sets {
	const struct fit *f;
	const double *gains; /* of each channel, or NULL */
	bool given;	     /* the zeros, too: those in v */
	const struct imc_adc_sums *sums;
	const struct imc_sum_range *range; /* [k]: all sums that there can be */
	struct numbers *v;
	struct counts *count; /* [set] */
};

/* Sums of a set, and how many its ADC clips. */
struct counts {
	int64_t total, low, high;
	double gain;
};

/* The setting that gives each sum of r a code of its own; what is left over of
 * the codes lies on both sides. */
static struct imc_adc whole_setting(int bits, const struct imc_sum_range *r)
{
	struct imc_adc a = {1, 0, -(1 << (bits - 1)), (1 << (bits - 1)) - 1};
	int64_t over = (a.hi - a.lo) - (r->hi - r->lo);

	a.zero = (int32_t)(a.lo + over / 2 - r->lo);
	return a;
}

static bool has_whole_ends(const struct fit *f)
{
	return f->m->hw->ima_adc_ends != 0;
}

static int32_t cell_max_of(const struct fit *f)
{
	return imc_cell_max((int)f->m->hw->ima_cell_bits);
}

static struct imc_adc best_of(const struct sets *s, int64_t first,
			      int64_t count, const struct imc_adc_sum *sum,
			      int64_t n)
{
	const struct imc_node *node = node_of(s->f);
	struct imc_sum_range all = imc_join_sums(s->range + first, count);
	int bits = (int)s->f->m->hw->ima_adc_bits;

	if (has_whole_ends(s->f))
		return imc_adc_whole(cell_max_of(s->f),
				     (int32_t)node->a.adc_low[0],
				     (int32_t)node->a.adc_high[0]);
	if (s->given)
		return (struct imc_adc){s->gains[first], s->v->adc_zero[first],
					(int32_t)node->a.adc_lo[0],
					(int32_t)node->a.adc_hi[0]};
	if (!s->gains && imc_adc_reads(s->f->m->hw, &all))
		return whole_setting(bits, &all);
	return s->gains ? imc_adc_best_zero(bits, s->gains[first], sum, n)
			: imc_adc_best(bits, sum, n);
}

static void set_factor(const struct fit *f, const struct imc_adc *adc,
		       int32_t *mult, int32_t *shift)
{
	const struct imc_attrs *a = &node_of(f)->a;

	if (has_whole_ends(f))
		imc_adc_ends_factor(cell_max_of(f),
				    (int32_t)(a->adc_low[0] + a->adc_high[0]),
				    mult, shift);
	else
		imc_factor(adc->gain, mult, shift);
}

static void fit_set(void *p, size_t set, size_t thread)
{
	const struct sets *s = p;
	struct imc_arena *a = imc_arena_new();
	struct counts *c = &s->count[set];
	int64_t n, first, count;
	struct imc_adc_sum *sum =
		imc_adc_sums_of(s->sums, (int64_t)set, &n, &c->total, a);
	struct imc_adc best;

	(void)thread;
	imc_adc_sums_channels(s->sums, (int64_t)set, &first, &count);
	if (count) {
		best = best_of(s, first, count, sum, n);
		imc_adc_clipped(&best, sum, n, &c->low, &c->high);
		imc_adc_sums_bias(s->sums, (int64_t)set, &best,
				  s->v->excess + first);
		c->gain = best.gain;
	}
	for (int64_t k = first; k < first + count; k++) {
		set_factor(s->f, &best, &s->v->adc_mult[k],
			   &s->v->adc_shift[k]);
		s->v->adc_zero[k] = best.zero;
	}
	imc_arena_free(a);
}

/* Keeps with the map how well the ADCs read the node at hand. */
static void count_sets(const struct sets *s)
{
	struct imc_assign *as = &s->f->m->map.assign[s->f->id.i];
	double total = 0, low = 0, high = 0;

	as->adc_gain = 0;
	for (int64_t i = 0; i < s->sums->n_set; i++) {
		const struct counts *c = &s->count[i];

		total += (double)c->total;
		low += (double)c->low;
		high += (double)c->high;
		if (c->gain > 0 &&
		    (as->adc_gain <= 0 || c->gain < as->adc_gain))
			as->adc_gain = c->gain;
	}
	as->adc_clipped_lo = total > 0 ? low / total : 0;
	as->adc_clipped_hi = total > 0 ? high / total : 0;
}

static void set_ends(const struct fit *f, int32_t low, int32_t high)
{
	struct imc_adc adc = imc_adc_whole(cell_max_of(f), low, high);
	struct imc_node *n = node_of(f);

	n->a.adc_low[0] = low;
	n->a.adc_high[0] = high;
	n->a.adc_lo[0] = adc.lo;
	n->a.adc_hi[0] = adc.hi;
}

/* The ends that read the sums of all sets best. */
static void fit_ends(const struct fit *f, const struct imc_adc_sums *sums)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_adc_sum *all = NULL;
	size_t n_all = 0, cap = 0;
	int32_t low, high;

	for (int64_t i = 0; i < sums->n_set; i++) {
		int64_t n, total;
		struct imc_adc_sum *v = imc_adc_sums_of(sums, i, &n, &total, a);

		for (int64_t k = 0; k < n; k++)
			*IMC_PUSH(a, all, n_all, cap) = v[k];
	}
	imc_adc_best_ends(cell_max_of(f), all, (int64_t)n_all, &low, &high);
	set_ends(f, low, high);
	imc_arena_free(a);
}

/* The best setting for every set of columns that share one. gains (of each
 * channel, or NULL): they are given, and only the zeros are chosen; given:
 * nothing is. */
static void fit_sets(const struct fit *f, const double *gains, bool given,
		     struct numbers *v)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_tensor **in = imc_arena_array(a, f->n_sample, sizeof *in);
	struct imc_adc_sums sums;
	struct imc_sum_range *range =
		imc_arena_array(a, (size_t)v->n, sizeof *range);
	struct sets s = {f, gains, given, &sums, range, v, NULL};

	for (size_t k = 0; k < f->n_sample; k++)
		in[k] = inputs_of(f, k, a);
	sums = imc_adc_sums_gather(f->m, f->id, f->n_sample, in, a);
	imc_channel_sums(f->m->hw, f->m->g, node_of(f), range);
	s.count = imc_arena_array(a, (size_t)sums.n_set, sizeof *s.count);
	if (has_whole_ends(f) && !given)
		fit_ends(f, &sums);
	imc_parallel_for((size_t)sums.n_set, fit_set, &s);
	count_sets(&s);
	imc_arena_free(a);
}

static int32_t round_i32(double x)
{
	return (int32_t)fmax(-1e9, fmin(1e9, round(x)));
}

/* Post digital: the cores scale the sum of the codes, which has IMC_SUM_FRAC
 * bits after the point. quantise left the bias in units of the array's sum;
 * what the ADCs add on average is taken off it. */
static void fit_digital(const struct fit *f, const double *unit,
			struct numbers *v)
{
	const struct imc_graph *g = f->m->g;
	const struct imc_value *b = imc_node_in(g, node_of(f), 2);
	const struct imc_value *y = imc_node_out(g, node_of(f), 0);

	fit_sets(f, NULL, false, v);
	for (int64_t k = 0; k < v->n; k++) {
		double gain =
			ldexp(v->adc_mult[k], IMC_SUM_FRAC - v->adc_shift[k]);
		double bias = ((const int32_t *)b->t.data)[k];

		v->bias[k] = round_i32((bias - v->excess[k]) * gain);
		imc_factor(unit[k] / gain / y->scale, &v->mult[k],
			   &v->shift[k]);
	}
}

/* choose_engine knew the biases before quantisation only; fewer rows may do,
 * and then fewer blocks. Blocks and patches that need as many tiles stay. */
static void cut_again(struct fit *f)
{
	struct imc_module *m = f->m;
	struct imc_node *n = node_of(f);
	struct imc_assign *as = &m->map.assign[f->id.i], fewer;
	struct imc_matrix mx = imc_matrix_of(m->g, n);
	struct imc_cut old, c;

	as->bias_rows = n->a.drive.n;
	fewer = *as;
	fewer.block_rows = 0; /* full blocks */
	if (imc_cut_assigned(m->hw, &mx, as, &old) &&
	    imc_cut_assigned(m->hw, &mx, &fewer, &c) && c.n_block < old.n_block)
		n->a.block_rows[0] = as->block_rows = c.block_rows;
	as->cost = imc_cost_node(m->hw, m->g, f->id, as);
}

/* Cells of the rows that bring the bias, in units of the sum. */
static void put_bias_rows(struct fit *f)
{
	struct imc_graph *g = f->m->g;
	struct imc_node *n = node_of(f);
	const struct imc_value *b = imc_node_in(g, n, 2);
	const int32_t *bias = b->t.data;
	int32_t cell_max = imc_cell_max((int)f->m->hw->ima_cell_bits);
	struct imc_tensor t = {.dtype = IMC_I8, .rank = 2};
	int64_t k = b->t.dim[0];
	imc_val id;

	n->a.drive = imc_fit_drives(f->m->hw, bias, k,
				    f->m->map.assign[f->id.i].bias_rows);
	cut_again(f);
	if (!n->a.drive.n)
		return;
	t.dim[0] = n->a.drive.n;
	t.dim[1] = k;
	t.data = imc_arena_alloc(f->cx->scratch, (size_t)(t.dim[0] * k));
	for (int64_t i = 0; i < k; i++)
		imc_bias_cells(&n->a.drive, bias[i], cell_max,
			       (int8_t *)t.data + i, k);
	id = imc_graph_add_const(
		g, imc_arena_printf(f->cx->scratch, "%s.bias_rows", n->name),
		&t);
	node_of(f)->in[8] = id;
}

/* Sums that ADCs with the gain of the activation may clip. */
#define MAY_CLIP 0.01

static bool clips_much(const struct fit *f)
{
	const struct imc_assign *as = &f->m->map.assign[f->id.i];

	return as->adc_clipped_lo + as->adc_clipped_hi > MAY_CLIP;
}

/* After all the cores make the activation, with the bias that rows held. */
static void give_up_post(struct fit *f)
{
	struct imc_node *n = node_of(f);
	struct imc_assign *as = &f->m->map.assign[f->id.i];

	n->a.post[0] = 0;
	n->a.drive.n = 0;
	n->in[8] = IMC_NO_VAL;
	as->post_adc = false;
	as->overlap = !f->m->opt.no_overlap;
	cut_again(f);
}

/* The activation has codes 0 .. 127, unless others were given; quantise chose
 * its weights so that its scale is that of some HIGH, but 1 may be too much. */
static void fit_post_ends(struct fit *f, const double *unit, struct numbers *v)
{
	const struct imc_node *n = node_of(f);
	const struct imc_value *y = imc_node_out(f->m->g, n, 0);
	double high = round(y->scale / (unit[0] * cell_max_of(f)));

	if (high < 1 || y->zero || n->a.lo[0] || n->a.hi[0] != IMC_ADC_FULL) {
		give_up_post(f);
		fit_digital(f, unit, v);
		return;
	}
	set_ends(f, 0, (int32_t)high);
	fit_sets(f, NULL, true, v);
}

/* Post adc: the activation's own numbers are the ADC's. With several blocks
 * the aggregation adds their codes to the activation's zero: each block must
 * fit the ADC's range then, though only their sum is small. Where the parts do
 * not, the ADCs read them with a gain of their own, unless --post=adc. */
static void fit_post_adc(struct fit *f, double *unit, struct numbers *v)
{
	struct imc_matrix mx = imc_matrix_of(f->m->g, node_of(f));
	const struct imc_value *y;
	struct imc_node *n;
	int64_t lo, hi;
	bool blocks;

	if (has_whole_ends(f)) {
		fit_post_ends(f, unit, v);
		return;
	}
	put_bias_rows(f);
	n = node_of(f);
	y = imc_node_out(f->m->g, n, 0);
	blocks = mx.rows * n->a.bundle[0] > n->a.block_rows[0];
	for (int64_t k = 0; k < v->n; k++)
		unit[k] /= y->scale; /* now gains */
	if (blocks) {
		fit_sets(f, unit, false, v);
		if (!clips_much(f) || f->m->opt.post == 2)
			return;
		give_up_post(f);
		for (int64_t k = 0; k < v->n; k++)
			unit[k] *= y->scale;
		fit_digital(f, unit, v);
		return;
	}
	for (int64_t k = 0; k < v->n; k++) {
		imc_factor(unit[k], &v->adc_mult[k], &v->adc_shift[k]);
		v->adc_zero[k] = y->zero;
	}
	lo = n->a.adc_lo[0];
	hi = n->a.adc_hi[0];
	n->a.adc_lo[0] = imc_clamp(n->a.lo[0], lo, hi);
	n->a.adc_hi[0] = imc_clamp(n->a.hi[0], lo, hi);
	fit_sets(f, unit, true, v);
}

/* The numbers become constant inputs; those of the digital sum are absent
 * when the code is the activation. */
static void store(struct fit *f, const struct numbers *v)
{
	static const char *const name[] = {"bias",     "mult",	    "shift",
					   "adc_mult", "adc_shift", "adc_zero"};
	const int32_t *from[] = {v->bias,     v->mult,	    v->shift,
				 v->adc_mult, v->adc_shift, v->adc_zero};
	struct imc_graph *g = f->m->g;
	bool digital = !node_of(f)->a.post[0];

	for (int i = 0; i < 6; i++) {
		imc_val id = IMC_NO_VAL;

		if (digital || i >= 3)
			id = imc_const_i32(
				g,
				imc_arena_printf(f->cx->scratch, "%s.%s",
						 node_of(f)->name, name[i]),
				from[i], v->n);
		node_of(f)->in[2 + i] = id;
	}
}

/* Sets the ADC numbers of the node at hand. */
static void fit_node(struct fit *f)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_node *n = node_of(f);
	int64_t k = imc_node_in(f->m->g, n, 1)->t.dim[0];
	double *unit = imc_arena_array(a, (size_t)k, sizeof *unit);
	struct numbers v = new_numbers(k, a);

	n->a.adc_lo[0] = -(1 << (f->m->hw->ima_adc_bits - 1));
	n->a.adc_hi[0] = (1 << (f->m->hw->ima_adc_bits - 1)) - 1;
	n->a.adc_float[0] = f->m->hw->ima_adc_rounding;
	sum_scales(f, unit);
	if (n->a.post[0])
		fit_post_adc(f, unit, &v);
	else
		fit_digital(f, unit, &v);
	store(f, &v);
	imc_arena_free(a);
}

/* Room for the codes of every activation of every sample, and the inputs. */
static void load_inputs(struct fit *f)
{
	const struct imc_graph *g = f->m->g;
	struct imc_arena *a = f->cx->scratch;
	const struct imc_samples *s = f->cx->calib;

	f->value =
		imc_arena_array(a, f->n_sample * f->n_value, sizeof *f->value);
	for (size_t i = 0; i < f->n_sample; i++)
		for (size_t k = 0; k < g->n_input; k++) {
			struct imc_tensor t;

			imc_real_to_device(g, g->input[k],
					   s->x[k] + (int64_t)i * s->size[k],
					   &t, a);
			f->value[i * f->n_value + g->input[k].i] = t.data;
		}
}

static void new_outputs(struct fit *f)
{
	const struct imc_graph *g = f->m->g;
	const struct imc_node *n = node_of(f);
	struct imc_arena *a = f->cx->scratch;

	for (size_t i = 0; i < f->n_sample * (size_t)n->n_out; i++) {
		size_t sample = i / (size_t)n->n_out;
		imc_val v = n->out[i % (size_t)n->n_out];

		if (imc_val_ok(v))
			f->value[sample * f->n_value + v.i] = imc_arena_alloc(
				a, imc_tensor_bytes(&imc_value_at(g, v)->t));
	}
}

static void run_sample(void *p, size_t sample, size_t thread)
{
	struct fit *f = p;
	const struct imc_node *n = node_of(f);
	struct imc_arena *a = imc_arena_new();
	struct imc_tensor *in = inputs_of(f, sample, a);
	struct imc_tensor *out =
		imc_arena_array(a, (size_t)n->n_out, sizeof *out);

	(void)thread;
	imc_op_eval(f->m->g, n, in, out, a);
	for (int k = 0; k < n->n_out; k++)
		if (imc_val_ok(n->out[k]))
			memcpy(f->value[sample * f->n_value + n->out[k].i],
			       out[k].data, imc_tensor_bytes(&out[k]));
	imc_arena_free(a);
}

static bool any_adc(const struct imc_graph *g)
{
	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		if (n->op == IMC_OP_Q_CONV2D && n->a.adc[0])
			return true;
	}
	return false;
}

bool imc_pass_fit_adc(struct imc_module *m, struct imc_pass_cx *cx)
{
	struct fit f = {.m = m, .cx = cx, .n_value = m->g->n_value};

	if (!any_adc(m->g))
		return true;
	f.n_sample = (size_t)imc_min_i64(cx->calib->n, MAX_SAMPLE);
	load_inputs(&f);
	for (size_t i = 0; i < m->g->n_order; i++) {
		const struct imc_node *n;

		f.id = m->g->order[i];
		n = node_of(&f);
		if (n->op == IMC_OP_Q_CONV2D && n->a.adc[0]) {
			fit_node(&f);
			cx->n_changed++;
		}
		new_outputs(&f);
		imc_parallel_for(f.n_sample, run_sample, &f);
		if (cx->progress)
			cx->progress(cx->ui, "fit ADC ranges", (int64_t)i,
				     (int64_t)m->g->n_order);
	}
	return true;
}
