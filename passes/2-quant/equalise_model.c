/* What is rounded, and how much its errors count.
 *
 * Errors are taken as independent noise that the float network carries to its
 * outputs: a channel of variance v adds gain * v to their relative squared
 * error. */
#include <math.h>

#include "ir/op.h"
#include "ir/support/checked.h"
#include "passes/2-quant/ends.h"
#include "passes/2-quant/equalise.h"
#include "passes/2-quant/map_options.h"
#include "passes/2-quant/quant.h"

/* Weights of the digital engines; the depth-wise one only shifts, so that
 * its largest code lies in 64 .. 127. */
#define CORE_MAX 127
#define DEPTHWISE_MAX 90

/* Where layers will most likely run: choose_engine comes later. */
static bool on_arrays(const struct imc_module *m, const struct imc_node *n)
{
	return m->hw->ima_arrays > 0 &&
	       imc_map_may_use(m, n, IMC_ENGINE_CROSSBAR) &&
	       imc_arrays_suit(m, n) &&
	       !(imc_map_may_use(m, n, IMC_ENGINE_DEPTHWISE) &&
		 imc_dw_can(m->hw, m->g, n));
}

static void set_numbers(const struct imc_module *m, const struct imc_node *n,
			struct imc_eq_layer *l)
{
	bool exact = imc_hw_sums_exact(m->hw);
	int bits;

	l->blocks = 1;
	if (!on_arrays(m, n)) {
		l->max = imc_dw_can(m->hw, m->g, n) ? DEPTHWISE_MAX : CORE_MAX;
		return;
	}
	bits = imc_weight_bits_of(m, n);
	l->max = imc_weight_max(m->hw, bits);
	l->by_tensor =
		m->opt.post == 2 && !exact && imc_slices_of(m->hw, bits) == 1;
	l->adc = !exact && !l->by_tensor;
	l->blocks = imc_ceil_div(l->taps * l->c, m->hw->ima_rows);
}

static void add_layer(struct imc_eq *e, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(e->g, id);
	const struct imc_tensor *w = &imc_node_in(e->g, n, 1)->t;
	struct imc_eq_layer *l = &e->layer[e->n_layer++];

	*l = (struct imc_eq_layer){
		.id = id,
		.w = w->data,
		.k = w->dim[0],
		.taps = w->dim[1] * w->dim[2],
		.c = w->dim[3],
		.groups = n->a.group[0],
		.x = e->at[n->in[0].i],
		.y = e->at[n->out[0].i],
	};
	set_numbers(e->m, n, l);
}

/* [value]: arrays read it, perhaps through operators that move codes. */
static bool *read_by_arrays(const struct imc_eq *e)
{
	const struct imc_graph *g = e->g;
	bool *by = imc_arena_array(e->a, g->n_value, sizeof *by);

	for (size_t i = g->n_order; i-- > 0;) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		if (imc_map_is_matrix(g, n))
			by[n->in[0].i] |= on_arrays(e->m, n);
		else if (imc_is_code_move(n->op))
			for (int k = 0; k < n->n_out; k++)
				if (imc_val_ok(n->out[k]))
					by[n->in[0].i] |= by[n->out[k].i];
	}
	return by;
}

/* Codes that are only moved are not rounded again. */
static void list_rounded(struct imc_eq *e)
{
	const struct imc_graph *g = e->g;
	const bool *by = read_by_arrays(e);

	e->rounded = imc_arena_array(e->a, e->n_value, sizeof *e->rounded);
	for (size_t v = 0; v < e->n_value; v++) {
		imc_node_id def = g->value[v].def;

		if (e->at[v] == IMC_EQ_NONE ||
		    (imc_node_ok(def) &&
		     imc_is_code_move(imc_node_at(g, def)->op)))
			continue;
		e->rounded[e->n_rounded++] = (struct imc_eq_value){
			.at = e->at[v],
			.c = imc_eq_channels(&g->value[v]),
			.fixed_zero = by[v] && e->m->hw->ima_dac_zero == 0,
		};
	}
}

/* Errors in x become w times as large in y; y counts where it is not clipped.
 */
static void gain_of_conv(struct imc_eq *e, const struct imc_eq_layer *l)
{
	int64_t per_group = l->k / l->groups;

	for (int64_t k = 0; k < l->k; k++) {
		size_t y = l->y + (size_t)k;
		double gain = e->gain[y] * e->stat[y].live;
		const float *w = l->w + k * l->taps * l->c;
		double *x = e->gain + l->x + k / per_group * l->c;

		for (int64_t r = 0; r < l->taps * l->c; r++)
			x[r % l->c] += gain * w[r] * w[r];
	}
}

/* Part of the error variance of x that y has. */
static double passed(const struct imc_eq *e, const struct imc_node *n, size_t x,
		     size_t y)
{
	const struct imc_tensor *t = &imc_node_in(e->g, n, 0)->t;

	if (imc_is_code_move(n->op))
		return 1;
	if (n->op == IMC_OP_AVERAGE_POOL)
		return 1.0 / (double)(n->a.kernel[0] * n->a.kernel[1]);
	if (n->op == IMC_OP_GLOBAL_AVERAGE_POOL)
		return 1.0 / (double)(t->dim[1] * t->dim[2]);
	if (n->op == IMC_OP_ADD || n->op == IMC_OP_SUB ||
	    n->op == IMC_OP_RELU || n->op == IMC_OP_CLIP)
		return e->stat[y].live;
	return e->stat[x].square > 0 ? e->stat[y].square / e->stat[x].square
				     : 0;
}

static double mean_gain(const struct imc_eq *e, size_t at, int64_t n)
{
	double sum = 0;

	for (int64_t c = 0; c < n; c++)
		sum += e->gain[at + (size_t)c];
	return sum / (double)imc_max_i64(n, 1);
}

/* Channel by channel where there are as many, else the mean of all. */
static void gain_of_input(struct imc_eq *e, const struct imc_node *n, imc_val x,
			  imc_val y)
{
	size_t ax = e->at[x.i], ay = e->at[y.i];
	int64_t cx = imc_eq_channels(imc_value_at(e->g, x));
	int64_t cy = imc_eq_channels(imc_value_at(e->g, y));

	for (int64_t c = 0; c < cx; c++) {
		size_t ix = ax + (size_t)c, iy = ay + (size_t)(c % cy);
		double gain = cx == cy ? e->gain[iy] : mean_gain(e, ay, cy);

		e->gain[ix] += gain * passed(e, n, ix, iy);
	}
}

static void gain_of_node(struct imc_eq *e, const struct imc_node *n)
{
	for (int k = 0; k < n->n_in; k++)
		for (int i = 0; i < n->n_out; i++)
			if (imc_val_ok(n->in[k]) && imc_val_ok(n->out[i]) &&
			    e->at[n->in[k].i] != IMC_EQ_NONE &&
			    e->at[n->out[i].i] != IMC_EQ_NONE)
				gain_of_input(e, n, n->in[k], n->out[i]);
}

/* Each output counts as much as the others, by its square. */
static void gain_of_ends(struct imc_eq *e, const struct imc_ends *ends)
{
	for (size_t k = 0; k < ends->n; k++) {
		imc_val v = imc_end_value(e->g, ends, k);
		int64_t n = imc_eq_channels(imc_value_at(e->g, v));
		double all = 0;

		if (e->at[v.i] == IMC_EQ_NONE)
			continue;
		for (int64_t c = 0; c < n; c++)
			all += e->stat[e->at[v.i] + (size_t)c].square;
		for (int64_t c = 0; c < n && all > 0; c++)
			e->gain[e->at[v.i] + (size_t)c] += 1 / all;
	}
}

static void set_gains(struct imc_eq *e)
{
	const struct imc_graph *g = e->g;
	struct imc_ends ends = imc_ends_of(g, e->a);
	size_t layer = e->n_layer;

	e->gain = imc_arena_array(e->a, e->n_slot, sizeof *e->gain);
	gain_of_ends(e, &ends);
	for (size_t i = g->n_order; i-- > 0;) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		if (imc_map_is_matrix(g, n))
			gain_of_conv(e, &e->layer[--layer]);
		else if (n->op != IMC_OP_SOFTMAX)
			gain_of_node(e, n);
	}
}

void imc_eq_model(struct imc_eq *e)
{
	const struct imc_graph *g = e->g;

	e->layer = imc_arena_array(e->a, g->n_order + 1, sizeof *e->layer);
	for (size_t i = 0; i < g->n_order; i++)
		if (imc_map_is_matrix(g, imc_node_at(g, g->order[i])))
			add_layer(e, g->order[i]);
	list_rounded(e);
	set_gains(e);
}
