/* conv2d with constant weights to q_conv2d. */
#include <math.h>
#include <string.h>

#include "ir/num.h"
#include "ir/op.h"
#include "ir/support/checked.h"
#include "passes/2-quant/given_numbers.h"
#include "passes/2-quant/quant.h"
#include "passes/2-quant/round_grid.h"

/* What is being built for one node. */
struct job {
	struct imc_module *m;
	struct imc_node *n;
	const struct imc_assign *as;
	struct imc_weights w;
	double sx, sy; /* scales of the activations */
	struct imc_arena *scratch;
	const float *mean;	      /* of each input channel, or NULL */
	int8_t *code;		      /* [k][r] */
	float *scale;		      /* [k] */
	int32_t *mult, *shift, *bias; /* [k] */
	enum imc_given given;	      /* what became of given numbers */
};

static void codes_of_channel(struct job *j, int64_t k, int slices, int bits,
			     int32_t max)
{
	for (int64_t r = 0; r < j->w.r; r++) {
		int64_t i = k * j->w.r + r;
		double x = j->w.w[i] / (double)j->scale[k];

		j->code[i] = (int8_t)imc_slice_round(fmax(-max, fmin(max, x)),
						     slices, bits);
	}
}

/* The same in two's complement of that many bits. */
static void twos_of_channel(struct job *j, int64_t k, int bits)
{
	int64_t channels = imc_node_in(j->m->g, j->n, 1)->t.dim[3];
	const float *w = j->w.w + k * j->w.r;
	int8_t *code = j->code + k * j->w.r;
	double scale = j->scale[k];

	for (int64_t r = 0; r < j->w.r; r++)
		code[r] = imc_twos_code(w[r] / scale, bits);
	imc_round_sums(code, w, scale, j->w.r / channels, channels, bits);
}

/* A scale that leaves room for the bias in units of the sum: of a channel whose
 * weights are all but 0, say, which then are 0. */
#define BIAS_UNITS (1 << 24)

static float with_bias(const struct job *j, int64_t k, float scale)
{
	double b = j->w.bias ? fabs((double)j->w.bias[k]) : 0;

	return fmaxf(scale, (float)(b / (j->sx * BIAS_UNITS)));
}

/* Whether the ADC's code is the activation and its gain a whole part of 1
 * (ir/num_adc.h): then weights have scales that give it. */
static bool wants_whole_gain(const struct job *j)
{
	return j->as->post_adc && j->m->hw->ima_adc_ends;
}

/* LOW + HIGH that weights of that scale ask for. */
static double ends_for(const struct job *j, double scale)
{
	return j->sy /
	       (j->sx * scale * imc_cell_max((int)j->m->hw->ima_cell_bits));
}

static bool suits_gain(const struct job *j, double scale)
{
	double n = ends_for(j, scale);

	return !wants_whole_gain(j) ||
	       (n > 0.5 && fabs(n - round(n)) <= 1e-5 * n);
}

/* The least scale from that one on. */
static float whole_gain(const struct job *j, float scale)
{
	double n = floor(ends_for(j, scale));

	return wants_whole_gain(j) && n >= 1
		       ? (float)(scale * ends_for(j, scale) / n)
		       : scale;
}

/* Takes the scales and codes of weights that are rounded already. False: they
 * are not, or the engine cannot hold them. */
static bool rounded_weights(struct job *j)
{
	struct imc_grid grid = imc_grid_of(j->m->hw, j->as);
	const struct imc_value *w = imc_node_in(j->m->g, j->n, 1);
	imc_val scales = w->scales;
	const float *scale;

	if (!imc_val_ok(scales) || imc_value_given(w))
		return false;
	scale = imc_value_at(j->m->g, scales)->t.data;
	for (int64_t i = 0; i < j->w.k * j->w.r; i++) {
		float s = scale[i / j->w.r];
		double code = round((double)j->w.w[i] / (double)s);

		if ((j->as->post_adc && s != scale[0]) || !suits_gain(j, s) ||
		    fabs(code) > 128 || !imc_grid_has(&grid, (int)code))
			return false;
		j->scale[i / j->w.r] = with_bias(j, i / j->w.r, s);
		j->code[i] = j->scale[i / j->w.r] > s ? 0 : (int8_t)code;
	}
	return true;
}

/* Crossbar: cells of some slices; one scale a channel, or one for all columns
 * of a job when the ADC's code is the activation. */
static void crossbar_weights(struct job *j)
{
	const struct imc_hw *hw = j->m->hw;
	int bits = (int)hw->ima_cell_bits;
	int32_t max = imc_weight_max(hw, j->as->weight_bits);
	float one = 0;

	if (rounded_weights(j))
		return;
	if (j->as->post_adc)
		one = whole_gain(j, imc_weight_scale(j->w.w, j->w.k * j->w.r, 1,
						     bits, max));
	for (int64_t k = 0; k < j->w.k; k++) {
		const float *row = j->w.w + k * j->w.r;

		j->scale[k] = one;
		if (one <= 0)
			j->scale[k] = with_bias(j, k,
						imc_weight_scale(row, j->w.r,
								 j->as->slices,
								 bits, max));
		if (bits == 1)
			twos_of_channel(j, k, j->as->slices);
		else
			codes_of_channel(j, k, j->as->slices, bits, max);
	}
}

static double largest(const float *w, int64_t n)
{
	double m = 0;

	for (int64_t i = 0; i < n; i++)
		m = fmax(m, fabs(w[i]));
	return m;
}

/* Cores and digital array: int8, one scale a channel, multiplier and shift. */
static void core_weights(struct job *j)
{
	bool rounded = rounded_weights(j);

	for (int64_t k = 0; k < j->w.k; k++) {
		double m = largest(j->w.w + k * j->w.r, j->w.r);

		if (!rounded) {
			j->scale[k] =
				with_bias(j, k, m > 0 ? (float)(m / 127) : 1);
			codes_of_channel(j, k, 1, 8, 127);
		}
		imc_factor(j->sx * j->scale[k] / j->sy, &j->mult[k],
			   &j->shift[k]);
	}
}

/* Depth-wise engine: it only shifts, so that the weight scale of a channel is
 * the one that makes sx * scale / sy a power of two; the largest code then
 * lies in 64 .. 127. */
static void depthwise_weights(struct job *j)
{
	for (int64_t k = 0; k < j->w.k; k++) {
		double m = fmax(largest(j->w.w + k * j->w.r, j->w.r), 1e-20);
		double wanted = j->sx * m / 127 / j->sy;
		int shift =
			(int)imc_clamp((int64_t)floor(-log2(wanted)), 0, 24);

		if (m / (ldexp(j->sy / j->sx, -shift)) > 127.49)
			shift = (int)imc_max_i64(0, shift - 1);
		j->scale[k] = (float)ldexp(j->sy / j->sx, -shift);
		j->mult[k] = 1;
		j->shift[k] = shift;
		codes_of_channel(j, k, 1, 8, 127);
	}
}

static int32_t to_i32(double x)
{
	return (int32_t)fmax(-1073741824.0, fmin(1073741824.0, round(x)));
}

/* What rounding the weights of channel k adds to the mean of its sums, in real
 * units: sum_r (code * scale - w) * mean of the input that r reads. */
static double mean_error(const struct job *j, int64_t k)
{
	const struct imc_tensor *w = &imc_node_in(j->m->g, j->n, 1)->t;
	int64_t c = w->dim[3], per_group = j->w.k / j->n->a.group[0];
	const float *mean = j->mean + k / per_group * c;
	double e = 0;

	for (int64_t r = 0; r < j->w.r; r++) {
		int64_t i = k * j->w.r + r;

		e += ((double)j->code[i] * j->scale[k] - j->w.w[i]) *
		     mean[r % c];
	}
	return e;
}

/* Bias in units of the sum, less what the rounded weights add on average
 * (bias correction: Nagel et al., arXiv 1906.04721, section 4.2). */
static void plain_bias(struct job *j)
{
	for (int64_t k = 0; k < j->w.k; k++) {
		double b = j->w.bias ? (double)j->w.bias[k] : 0;

		if (j->mean && j->given != IMC_GIVEN_KEPT)
			b -= mean_error(j, k);
		j->bias[k] = to_i32(b / (j->sx * (double)j->scale[k]));
	}
}

static imc_val codes_const(struct job *j, const struct imc_value *w)
{
	struct imc_graph *g = j->m->g;
	struct imc_tensor t = w->t, s = {.dtype = IMC_F32, .rank = 1};
	const char *name = w->name;
	imc_val id, scales;

	t.dtype = IMC_I8;
	t.data = j->code;
	s.dim[0] = j->w.k;
	s.data = j->scale;
	id = imc_graph_add_const(g, name, &t);
	scales = imc_graph_add_const(
		g, imc_arena_printf(j->scratch, "%s.scale", name), &s);
	imc_value_at(g, id)->scales = scales;
	imc_value_at(g, id)->given = j->given;
	return id;
}

/* Input k of the node becomes the constant v[channel]. */
static void put(struct job *j, imc_node_id id, int k, const char *what,
		const int32_t *v)
{
	struct imc_graph *g = j->m->g;
	const char *name = imc_arena_printf(j->scratch, "%s.%s",
					    imc_node_at(g, id)->name, what);

	imc_node_at(g, id)->in[k] = imc_const_i32(g, name, v, j->w.k);
}

/* Attributes and constant inputs of the q_conv2d that takes n's place. */
static void rewrite(struct job *j, imc_node_id id, const struct imc_value *w)
{
	struct imc_graph *g = j->m->g;
	bool adc = j->as->engine == IMC_ENGINE_CROSSBAR &&
		   !imc_hw_sums_exact(j->m->hw);
	imc_val codes = codes_const(j, w);
	struct imc_node *n;

	imc_node_resize_in(g, id, adc ? 9 : 5);
	n = imc_node_at(g, id);
	n->op = IMC_OP_Q_CONV2D;
	n->in[1] = codes;
	n->in[2] = n->in[3] = n->in[4] = IMC_NO_VAL;
	n->a.adc[0] = adc;
	n->a.adc_lo[0] = INT8_MIN; /* fit_adc sets both */
	n->a.adc_hi[0] = INT8_MAX;
	n->a.slices[0] = j->as->slices;
	n->a.slice_bits[0] = j->as->engine == IMC_ENGINE_CROSSBAR
				     ? j->m->hw->ima_cell_bits
				     : 8;
	n->a.bundle[0] = j->as->bundle;
	n->a.block_rows[0] = j->as->block_rows;
	n->a.post[0] = j->as->post_adc;
	n->a.residual_group[0] = 1;
	put(j, id, 2, "bias", j->bias);
	if (adc)
		return; /* fit_adc brings the rest, and rescales the bias */
	put(j, id, 3, "mult", j->mult);
	put(j, id, 4, "shift", j->shift);
}

/* Where sums are exact a crossbar gives them whole, as the cores do. */
static void exact_factors(struct job *j)
{
	for (int64_t k = 0; k < j->w.k; k++)
		imc_factor(j->sx * j->scale[k] / j->sy, &j->mult[k],
			   &j->shift[k]);
}

/* The cells of a crossbar can hold the codes that are given. */
static enum imc_given cells_hold(const struct job *j)
{
	int slices = j->as->slices, bits = (int)j->m->hw->ima_cell_bits;

	for (int64_t i = 0; i < j->w.k * j->w.r; i++)
		if (!imc_sliceable(j->code[i], slices, bits))
			return IMC_GIVEN_CODES;
	if (!suits_gain(j, (double)j->scale[0]))
		return IMC_GIVEN_SHARED;
	for (int64_t k = 1; k < j->w.k && j->as->post_adc; k++)
		if (memcmp(&j->scale[k], &j->scale[0], sizeof *j->scale) != 0)
			return IMC_GIVEN_SHARED;
	return IMC_GIVEN_KEPT;
}

/* The given scales are ones that the depth-wise engine can shift by. */
static enum imc_given shifts_hold(struct job *j)
{
	for (int64_t k = 0; k < j->w.k; k++) {
		double factor = j->sx * (double)j->scale[k] / j->sy;
		double shift = nearbyint(-log2(factor));

		if (!(shift >= 0 && shift <= 24) ||
		    fabs(ldexp(factor, (int)shift) - 1) > 1e-6)
			return IMC_GIVEN_SHIFT;
		j->mult[k] = 1;
		j->shift[k] = (int32_t)shift;
	}
	return IMC_GIVEN_KEPT;
}

/* Takes scales and codes that are given; false: the engine needs others. */
static bool given_weights(struct job *j)
{
	const struct imc_value *w = imc_node_in(j->m->g, j->n, 1);

	if (!imc_given_codes(j->m->g, w, j->scale, j->code, &j->given))
		return false;
	switch (j->as->engine) {
	case IMC_ENGINE_CROSSBAR:
		j->given = cells_hold(j);
		break;
	case IMC_ENGINE_DEPTHWISE:
		j->given = shifts_hold(j);
		return j->given == IMC_GIVEN_KEPT;
	case IMC_ENGINE_CORES:
	case IMC_ENGINE_PE:
	case IMC_ENGINE_NONE:
	case IMC_N_ENGINE:
		break;
	}
	exact_factors(j);
	return j->given == IMC_GIVEN_KEPT;
}

static void choose_weights(struct job *j)
{
	switch (j->as->engine) {
	case IMC_ENGINE_CROSSBAR:
		crossbar_weights(j);
		exact_factors(j);
		break;
	case IMC_ENGINE_DEPTHWISE:
		depthwise_weights(j);
		break;
	case IMC_ENGINE_CORES:
	case IMC_ENGINE_PE:
	case IMC_ENGINE_NONE:
	case IMC_N_ENGINE:
		core_weights(j);
		break;
	}
}

void imc_quantise_conv(struct imc_module *m, imc_node_id id)
{
	struct imc_graph *g = m->g;
	struct imc_node *n = imc_node_at(g, id);
	const struct imc_value *x = imc_node_in(g, n, 0);
	const struct imc_value *w = imc_node_in(g, n, 1);
	const struct imc_value *y = imc_node_out(g, n, 0);
	struct job j = {.m = m, .n = n, .as = &m->map.assign[id.i]};
	size_t k;

	imc_clamp_act(n, y);
	j.scratch = imc_arena_new();
	j.w = imc_weights_of(g, n);
	if (imc_val_ok(x->means) && !m->opt.no_bias_correction)
		j.mean = imc_value_at(g, x->means)->t.data;
	j.sx = x->scale;
	j.sy = y->scale;
	k = (size_t)j.w.k;
	j.code = imc_arena_alloc(j.scratch, k * (size_t)j.w.r);
	j.scale = imc_arena_array(j.scratch, k, sizeof *j.scale);
	j.mult = imc_arena_array(j.scratch, k, sizeof *j.mult);
	j.shift = imc_arena_array(j.scratch, k, sizeof *j.shift);
	j.bias = imc_arena_array(j.scratch, k, sizeof *j.bias);
	if (!given_weights(&j))
		choose_weights(&j);
	plain_bias(&j);
	rewrite(&j, id, w);
	imc_arena_free(j.scratch);
}
