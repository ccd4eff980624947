/* Which engine computes each node. The engine fixes the arithmetic (row
 * blocks, slices, what follows the ADC), so this comes before quantisation.
 *
 * Every matrix node takes its fastest option. If the crossbars are then too
 * small, the nodes that gain least from an array for each cell they need go
 * back to the digital engines, until the rest can be packed; then those that
 * still fit beside it return. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/num.h"
#include "ir/op.h"
#include "ir/support/checked.h"
#include "passes/2-quant/quant.h"
#include "passes/solver/pack.h"

/* Without --spill at most this share of the multiply-accumulates may fall
 * back to the cores for want of arrays: a classifier, say, whose weights are
 * many and whose work is little. */
#define SPILL_SHARE 0.10

/* post adc is chosen when one scale for all channels costs at most this much
 * more relative weight error than a scale each. */
#define POST_ADC_MAX_ERROR_RATIO 1.1

struct option {
	imc_node_id node;
	struct imc_assign digital, crossbar;
	bool has_crossbar;
	int64_t cells, macs;
	double saves_ns; /* crossbar against the best digital engine */
	bool use;	 /* the crossbar */
	bool tried;	 /* to put it back on the crossbars */
};

struct choice {
	struct imc_module *m;
	struct imc_arena *scratch;
	size_t n;
	struct option *v; /* of every matrix node */
};

static bool is_matrix(const struct imc_graph *g, const struct imc_node *n)
{
	const struct imc_value *w = imc_node_in(g, n, 1);

	return n->op == IMC_OP_CONV2D && w && w->t.data;
}

static struct imc_assign plain(const struct imc_module *m,
			       enum imc_engine engine)
{
	return (struct imc_assign){
		.engine = engine,
		.weight_bits = 8,
		.act_bits = (int32_t)m->hw->ima_dac_bits,
		.slices = 1,
		.bundle = 1,
		.copies = 1,
	};
}

/* The faster of cores and depth-wise engine. */
static struct imc_assign best_digital(const struct imc_module *m,
				      imc_node_id id)
{
	const struct imc_node *n = imc_node_at(m->g, id);
	struct imc_assign cores = plain(m, IMC_ENGINE_CORES), dw;

	cores.cost = imc_cost_node(m->hw, m->g, id, &cores);
	if (!imc_dw_can(m->hw, m->g, n))
		return cores;
	dw = plain(m, IMC_ENGINE_DEPTHWISE);
	dw.cost = imc_cost_node(m->hw, m->g, id, &dw);
	return dw.cost.ns <= cores.cost.ns ? dw : cores;
}

/* Largest bias in units of the sum, with one weight scale for the layer. */
static double bias_in_sums(const struct imc_module *m, const struct imc_node *n,
			   int32_t bits)
{
	struct imc_weights w = imc_weights_of(m->g, n);
	const struct imc_value *x = imc_node_in(m->g, n, 0);
	struct imc_qparams q =
		imc_qparams_of(x->lo, x->hi, (int)m->hw->ima_dac_bits,
			       m->hw->ima_dac_zero == 0);
	float s = imc_weight_scale(w.w, w.k * w.r, 1, (int)m->hw->ima_cell_bits,
				   imc_weight_max(m->hw, bits));
	double most = 0;

	for (int64_t k = 0; w.bias && k < w.k; k++)
		most = fmax(most, fabs(w.bias[k]));
	return most / ((double)q.scale * s);
}

/* Rows of bias that all biases of n fit, or -1. */
static int32_t bias_rows(const struct imc_module *m, const struct imc_node *n,
			 int32_t bits)
{
	double most = bias_in_sums(m, n, bits), reach = 0;
	struct imc_ints d = imc_bias_drives(m->hw, most);

	for (int i = 0; i < d.n; i++)
		reach += (double)d.v[i] *
			 imc_cell_max((int)m->hw->ima_cell_bits);
	return reach + 1 < most ? -1 : d.n;
}

/* Whether the ADC's code may be the activation: one slice, an ADC that tells
 * apart what the next DAC does, a bias that fits on rows, and (unless asked
 * for) hardly more error. */
static bool may_post_adc(const struct imc_module *m, const struct imc_node *n,
			 const struct imc_assign *as)
{
	struct imc_weights w = imc_weights_of(m->g, n);
	double channel, tensor;

	if (as->slices != 1 || m->hw->ima_adc != 0 || m->opt.post == 1 ||
	    m->hw->ima_adc_bits > 8 ||
	    m->hw->ima_adc_bits < m->hw->ima_dac_bits ||
	    bias_rows(m, n, as->weight_bits) < 0)
		return false;
	if (m->opt.post == 2)
		return true;
	imc_weight_errors(&w, 1, (int)m->hw->ima_cell_bits,
			  imc_weight_max(m->hw, as->weight_bits), &channel,
			  &tensor);
	return tensor <= channel * POST_ADC_MAX_ERROR_RATIO;
}

/* Sets rows a job for a bundle of `bundle` groups. False: does not fit. */
static bool cut(const struct imc_module *m, const struct imc_matrix *mx,
		int32_t bundle, struct imc_assign *as, struct imc_cut *c)
{
	if (!imc_cut_matrix(m->hw, mx, as->slices, as->bias_rows, bundle, c))
		return false;
	as->bundle = bundle;
	as->block_rows = c->block_rows;
	return true;
}

/* Whether codes of split rows may be added into an activation. Each code has
 * the step of the sum, so a partial sum that is larger than the activation's
 * range clips: only done when asked for. */
static bool may_aggregate(const struct imc_module *m)
{
	return m->hw->ima_aggregate && m->opt.post == 2;
}

/* The fastest crossbar option of node o->node; false: there is none. */
static bool best_crossbar(const struct imc_module *m, struct option *o,
			  int bits)
{
	const struct imc_node *n = imc_node_at(m->g, o->node);
	struct imc_matrix mx = imc_matrix_of(m->g, n);
	bool found = false;

	for (int32_t bundle = 1; bundle <= mx.groups; bundle *= 2) {
		struct imc_assign as = plain(m, IMC_ENGINE_CROSSBAR);
		struct imc_cut c;

		as.weight_bits = bits;
		as.slices = imc_slices_of(m->hw, bits);
		as.post_adc = may_post_adc(m, n, &as);
		as.bias_rows = as.post_adc ? bias_rows(m, n, bits) : 0;
		if (!cut(m, &mx, bundle, &as, &c))
			break;
		if (as.post_adc && c.n_block > 1 && !may_aggregate(m)) {
			as.post_adc = false;
			as.bias_rows = 0;
			if (!cut(m, &mx, bundle, &as, &c))
				break;
		}
		as.cost = imc_cost_node(m->hw, m->g, o->node, &as);
		if (found && as.cost.ns >= o->crossbar.cost.ns)
			continue;
		found = true;
		o->crossbar = as;
		o->cells = c.cells;
	}
	return found;
}

static void list_options(struct choice *c)
{
	const struct imc_graph *g = c->m->g;
	int bits = c->m->opt.weight_bits ? c->m->opt.weight_bits
					 : (int)c->m->hw->ima_cell_bits;

	c->v = imc_arena_array(c->scratch, g->n_order, sizeof *c->v);
	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);
		struct option *o = &c->v[c->n];
		struct imc_matrix mx;

		if (!is_matrix(g, n))
			continue;
		c->n++;
		mx = imc_matrix_of(g, n);
		o->node = g->order[i];
		o->macs = mx.n_window * mx.rows * mx.cols * mx.groups;
		o->digital = best_digital(c->m, o->node);
		o->has_crossbar = c->m->hw->ima_arrays > 0 &&
				  best_crossbar(c->m, o, bits);
		o->saves_ns = o->has_crossbar
				      ? o->digital.cost.ns - o->crossbar.cost.ns
				      : 0;
		o->use = o->has_crossbar && o->saves_ns > 0;
	}
}

/* The tiles of every option that uses the crossbars, as rectangles. */
static struct imc_pack_problem tiles_of(const struct choice *c, int32_t n_bin)
{
	const struct imc_hw *hw = c->m->hw;
	struct imc_pack_rect *v = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct option *o = &c->v[i];
		struct imc_node *node = imc_node_at(c->m->g, o->node);
		struct imc_matrix mx = imc_matrix_of(c->m->g, node);
		struct imc_cut cut;

		if (!o->use || !imc_cut_matrix(hw, &mx, o->crossbar.slices,
					       o->crossbar.bias_rows,
					       o->crossbar.bundle, &cut))
			continue;
		for (int32_t t = 0; t < cut.n_tile; t++) {
			struct imc_tile tile = imc_cut_tile(
				&mx, &cut, o->crossbar.bias_rows, t);

			*IMC_PUSH(c->scratch, v, n, cap) =
				(struct imc_pack_rect){tile.w, tile.h};
		}
	}
	return (struct imc_pack_problem){(int32_t)hw->ima_cols,
					 (int32_t)hw->ima_rows, n_bin,
					 (int32_t)n, v};
}

/* Arrays that the present choice needs; INT32_MAX/2 bins are always enough. */
static int32_t arrays_needed(const struct choice *c)
{
	struct imc_pack_problem p = tiles_of(c, INT32_MAX / 2);

	return imc_pack_greedy(&p, c->scratch).n_used;
}

static double gain_per_cell(const struct option *o)
{
	return o->saves_ns / (double)imc_max_i64(1, o->cells);
}

/* The option to give up next: least gain a cell; the later one of equals. */
static struct option *weakest(const struct choice *c)
{
	struct option *w = NULL;

	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].use &&
		    (!w || gain_per_cell(&c->v[i]) <= gain_per_cell(w)))
			w = &c->v[i];
	return w;
}

/* The spilled option with the most time to win that was not tried before. */
static struct option *best_spilled(const struct choice *c)
{
	struct option *best = NULL;

	for (size_t i = 0; i < c->n; i++) {
		struct option *o = &c->v[i];

		if (o->digital.spilled && !o->use && !o->tried &&
		    (!best || o->saves_ns > best->saves_ns))
			best = o;
	}
	return best;
}

/* Puts back what still fits beside the rest: the last option taken off may
 * have been much larger than needed. */
static void put_back(struct choice *c)
{
	struct option *o;

	while ((o = best_spilled(c))) {
		o->tried = o->use = true;
		if (arrays_needed(c) > c->m->hw->ima_arrays)
			o->use = false;
		else
			o->digital.spilled = false;
	}
}

/* Takes options off the crossbars until the rest fits. */
static bool fit_arrays(struct choice *c)
{
	int64_t macs = 1, spilled = 0;
	int32_t have = (int32_t)c->m->hw->ima_arrays;
	int32_t need = arrays_needed(c), now = need;

	while (now > have) {
		struct option *w = weakest(c);

		w->use = false;
		w->digital.spilled = true;
		now = arrays_needed(c);
	}
	put_back(c);
	for (size_t i = 0; i < c->n; i++) {
		macs += c->v[i].macs;
		spilled += c->v[i].digital.spilled ? c->v[i].macs : 0;
	}
	if (c->m->opt.spill || (double)spilled <= SPILL_SHARE * (double)macs)
		return true;
	return imc_diag(c->m->diags, IMC_IN_FILE(c->m->model_path),
			IMC_D_TOO_FEW_ARRAYS, need, c->m->hw->name, have,
			100.0 * (double)spilled / (double)macs, need);
}

static void warn_spilled(const struct choice *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct imc_node *n = imc_node_at(c->m->g, c->v[i].node);

		if (!c->v[i].use && c->v[i].digital.spilled)
			imc_diag(c->m->diags, n->loc, IMC_D_SPILLED,
				 imc_engine_name(c->v[i].digital.engine));
	}
}

static void assign_rest(struct imc_module *m)
{
	for (size_t i = 0; i < m->g->n_order; i++) {
		imc_node_id id = m->g->order[i];
		struct imc_assign *as = &m->map.assign[id.i];

		if (imc_plan_is_view(m->g, imc_node_at(m->g, id)))
			as->engine = IMC_ENGINE_NONE;
		as->cost = imc_cost_node(m->hw, m->g, id, as);
	}
}

bool imc_pass_choose_engine(struct imc_module *m, struct imc_pass_cx *cx)
{
	struct choice c = {.m = m, .scratch = cx->scratch};

	m->map.n_assign = 0;
	m->map.adc_per_job = m->hw->ima_adc_range == 0;
	imc_assign_grow(m);
	assign_rest(m);
	list_options(&c);
	if (!fit_arrays(&c))
		return false;
	for (size_t i = 0; i < c.n; i++) {
		const struct option *o = &c.v[i];

		m->map.assign[o->node.i] = o->use ? o->crossbar : o->digital;
		cx->n_changed += o->use;
	}
	warn_spilled(&c);
	return true;
}
