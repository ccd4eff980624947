/* The engines that can compute a node, and what follows the ADC. */
#include "passes/2-quant/map_options.h"

#include <math.h>

#include "ir/num.h"
#include "ir/support/checked.h"

/* post adc is chosen when one scale for all channels costs at most this much
 * more relative weight error than a scale each. */
#define POST_ADC_MAX_ERROR_RATIO 1.1

/* Costs that differ by less are the same: sums in another order. */
#define SAME 1e-9

bool imc_map_is_matrix(const struct imc_graph *g, const struct imc_node *n)
{
	const struct imc_value *w = imc_node_in(g, n, 1);

	return n->op == IMC_OP_CONV2D && w && w->t.data;
}

struct imc_assign imc_map_plain(const struct imc_module *m,
				enum imc_engine engine)
{
	return (struct imc_assign){
		.engine = engine,
		.weight_bits = 8,
		.act_bits = engine == IMC_ENGINE_CROSSBAR
				    ? (int32_t)m->hw->ima_dac_bits
				    : 8,
		.slices = 1,
		.bundle = 1,
		.copies = 1,
	};
}

unsigned imc_map_lanes(const struct imc_module *m, const struct imc_assign *as)
{
	struct imc_assign copy = *as;
	struct imc_map map = {.n_assign = 1,
			      .assign = &copy,
			      .pe_shares_port = m->map.pe_shares_port};
	struct imc_step step = {.kind = IMC_STEP_RUN};

	return imc_step_lanes(&map, &step);
}

static bool at_most(double a, double b)
{
	return a <= b + SAME * fabs(b);
}

/* True if b is nowhere better than a. */
static bool beats(const struct imc_map_option *a,
		  const struct imc_map_option *b)
{
	return at_most(a->as.cost.ns, b->as.cost.ns) &&
	       at_most(a->as.cost.pj, b->as.cost.pj) && a->cells <= b->cells &&
	       a->error <= b->error && (a->lanes & ~b->lanes) == 0;
}

void imc_map_add(const struct imc_module *m, imc_node_id id,
		 struct imc_assign as, struct imc_map_options *o,
		 struct imc_arena *a)
{
	struct imc_matrix mx = imc_matrix_of(m->g, imc_node_at(m->g, id));
	struct imc_map_option x;
	struct imc_cut c;
	size_t kept = 0;

	x.cells = 0;
	if (as.engine == IMC_ENGINE_CROSSBAR) {
		if (!imc_cut_assigned(m->hw, &mx, &as, &c))
			return;
		x.cells = c.cells;
	}
	as.cost = imc_cost_node(m->hw, m->g, id, &as);
	if (!isfinite(as.cost.ns) || !isfinite(as.cost.pj))
		return;
	x.as = as;
	x.lanes = imc_map_lanes(m, &as);
	x.error = 0;
	if (imc_variants_are_chosen(m))
		x.error = imc_layer_error_as(imc_layer_error_of(m, id), &as);
	for (size_t i = 0; i < o->n; i++)
		if (beats(&o->v[i], &x))
			return;
	for (size_t i = 0; i < o->n; i++)
		if (!beats(&x, &o->v[i]))
			o->v[kept++] = o->v[i];
	o->n = kept;
	*IMC_PUSH(a, o->v, o->n, o->cap) = x;
}

enum imc_engine imc_map_forced(const struct imc_module *m,
			       const struct imc_node *n)
{
	struct imc_matrix mx = imc_matrix_of(m->g, n);

	return (enum imc_engine)(imc_matrix_is_depthwise(&mx)
					 ? m->opt.dw_engine
					 : m->opt.conv_engine);
}

bool imc_map_may_use(const struct imc_module *m, const struct imc_node *n,
		     enum imc_engine engine)
{
	enum imc_engine forced = imc_map_forced(m, n);

	return forced == IMC_ENGINE_NONE || forced == engine;
}

/* Every digital engine that can compute the node: add candidates here. */
static void add_digital(const struct imc_module *m, imc_node_id id,
			struct imc_map_options *o, struct imc_arena *a)
{
	const struct imc_node *n = imc_node_at(m->g, id);

	if (imc_map_may_use(m, n, IMC_ENGINE_DEPTHWISE) &&
	    imc_dw_can(m->hw, m->g, n))
		imc_map_add(m, id, imc_map_plain(m, IMC_ENGINE_DEPTHWISE), o,
			    a);
	if (imc_map_may_use(m, n, IMC_ENGINE_PE) && imc_pe_can(m->hw, n))
		imc_map_add(m, id, imc_map_plain(m, IMC_ENGINE_PE), o, a);
	if (imc_map_may_use(m, n, IMC_ENGINE_CORES))
		imc_map_add(m, id, imc_map_plain(m, IMC_ENGINE_CORES), o, a);
}

static double largest_bias(const struct imc_weights *w)
{
	double most = 0;

	for (int64_t k = 0; w->bias && k < w->k; k++)
		most = fmax(most, fabs(w->bias[k]));
	return most;
}

/* Rows of bias that all biases of n fit, with one weight scale for the layer;
 * or -1. */
static int32_t bias_rows(const struct imc_module *m, const struct imc_node *n,
			 int32_t bits)
{
	struct imc_weights w = imc_weights_of(m->g, n);
	const struct imc_value *x = imc_node_in(m->g, n, 0);
	int cell_bits = (int)m->hw->ima_cell_bits;
	double most = largest_bias(&w), reach = 0;
	struct imc_qparams q;
	struct imc_ints d;

	if (most == 0)
		return 0;
	if (m->hw->ima_bias_rows)
		return -1;
	q = imc_qparams_of(x->lo, x->hi, (int)m->hw->ima_dac_bits,
			   m->hw->ima_dac_zero == 0);
	most /= (double)q.scale * imc_weight_scale(w.w, w.k * w.r, 1, cell_bits,
						   imc_weight_max(m->hw, bits));
	d = imc_bias_drives(m->hw, most); /* in units of the sum */
	for (int i = 0; i < d.n; i++)
		reach += (double)d.v[i] * imc_cell_max(cell_bits);
	return reach + 1 < most ? -1 : d.n;
}

/* One scale for all channels has hardly more error than a scale each. */
static bool takes_one_scale(const struct imc_module *m,
			    const struct imc_node *n, int32_t bits)
{
	struct imc_weights w = imc_weights_of(m->g, n);
	double channel, tensor;

	imc_weight_errors(&w, 1, (int)m->hw->ima_cell_bits,
			  imc_weight_max(m->hw, bits), &channel, &tensor);
	return tensor <= channel * POST_ADC_MAX_ERROR_RATIO;
}

/* Ends of a range that lie on both sides of 0 leave an activation few codes. */
static bool ends_suit(const struct imc_module *m, const struct imc_node *n)
{
	return !m->hw->ima_adc_ends || (n->a.act[0] && n->a.act_lo[0] >= 0);
}

/* Whether the ADC's code can be the activation: one slice, an ADC that tells
 * apart what the next DAC does, a bias that fits on rows. Sets *rows then. */
static bool can_post_adc(const struct imc_module *m, const struct imc_node *n,
			 const struct imc_assign *as, int32_t *rows)
{
	if (as->slices != 1 || imc_hw_sums_exact(m->hw) || m->opt.post == 1 ||
	    m->opt.residual > 0 || m->hw->ima_adc_bits > 8 ||
	    m->hw->ima_adc_bits < m->hw->ima_dac_bits || !ends_suit(m, n))
		return false;
	*rows = bias_rows(m, n, as->weight_bits);
	return *rows >= 0;
}

static void use_post_adc(struct imc_assign *as, int32_t rows)
{
	as->post_adc = true;
	as->bias_rows = rows;
}

/* Unless asked for only where it costs hardly more error. */
static struct imc_variants by_rule(const struct imc_module *m,
				   const struct imc_node *n)
{
	struct imc_variants out = {.n = 1};
	struct imc_assign *as = &out.v[0];
	int32_t rows;

	*as = imc_map_plain(m, IMC_ENGINE_CROSSBAR);
	as->weight_bits = imc_weight_bits_of(m, n);
	as->slices = imc_slices_of(m->hw, as->weight_bits);
	if (can_post_adc(m, n, as, &rows) &&
	    (m->opt.post == 2 || takes_one_scale(m, n, as->weight_bits)))
		use_post_adc(as, rows);
	return out;
}

/* Those with weights of so many bits. Where the ADC's codes are asked for, and
 * can be had, nothing else is. */
static void add_variants(const struct imc_module *m, const struct imc_node *n,
			 int32_t bits, struct imc_variants *out)
{
	struct imc_assign as = imc_map_plain(m, IMC_ENGINE_CROSSBAR);
	int32_t rows;

	as.weight_bits = bits;
	as.slices = imc_slices_of(m->hw, bits);
	if (can_post_adc(m, n, &as, &rows)) {
		out->v[out->n] = as;
		use_post_adc(&out->v[out->n++], rows);
	}
	if (m->opt.post != 2 || out->n == 0)
		out->v[out->n++] = as;
}

bool imc_variants_can(const struct imc_hw *hw)
{
	return !imc_hw_is_spatial(hw) && !imc_hw_sums_exact(hw) &&
	       hw->ima_cell_bits > 1;
}

bool imc_variants_are_chosen(const struct imc_module *m)
{
	return (m->opt.has_drop || m->robust.model) && imc_variants_can(m->hw);
}

struct imc_variants imc_map_variants(const struct imc_module *m,
				     const struct imc_node *n)
{
	struct imc_variants out = {0};
	int32_t cell = (int32_t)m->hw->ima_cell_bits, bits = cell;

	if (m->hw->ima_arrays == 0 ||
	    !imc_map_may_use(m, n, IMC_ENGINE_CROSSBAR) ||
	    !imc_arrays_suit(m, n))
		return out;
	if (!imc_variants_are_chosen(m))
		return by_rule(m, n);
	if (m->opt.weight_bits) {
		add_variants(m, n, m->opt.weight_bits, &out);
		return out;
	}
	for (; bits < 8; bits += cell)
		add_variants(m, n, bits, &out);
	add_variants(m, n, 8, &out);
	return out;
}

static void add_crossbar(const struct imc_module *m, imc_node_id id,
			 struct imc_map_options *o, struct imc_arena *a)
{
	struct imc_variants v = imc_map_variants(m, imc_node_at(m->g, id));

	for (int i = 0; i < v.n; i++)
		imc_map_add_cuts(m, id, &v.v[i], o, a);
}

const char *imc_map_hindrance(const struct imc_module *m,
			      enum imc_engine forced)
{
	switch (forced) {
	case IMC_ENGINE_CROSSBAR:
		return m->hw->ima_arrays ? "no job of it fits an array"
					 : "the target has none";
	case IMC_ENGINE_PE:
		return "the target has none";
	case IMC_ENGINE_DEPTHWISE:
		return m->hw->dw_kernel ? "its kernel, stride, padding or "
					  "channels are not the engine's"
					: "the target has none";
	case IMC_ENGINE_NONE:
	case IMC_ENGINE_CORES:
	case IMC_N_ENGINE:
		break;
	}
	return "the engine cannot compute it";
}

struct imc_map_options imc_map_options_of(const struct imc_module *m,
					  imc_node_id id, struct imc_arena *a,
					  const char **why)
{
	struct imc_map_options o = {0};

	*why = NULL;
	add_digital(m, id, &o, a);
	add_crossbar(m, id, &o, a);
	if (o.n == 0)
		*why = imc_map_hindrance(
			m, imc_map_forced(m, imc_node_at(m->g, id)));
	return o;
}
