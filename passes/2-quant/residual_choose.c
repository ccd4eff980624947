/* Residual weights of all layers on arrays, in quantise. */
#include <math.h>

#include "hwdesc/cost.h"
#include "ir/num.h"
#include "ir/op.h"
#include "ir/residual.h"
#include "ir/support/checked.h"
#include "passes/2-quant/quant.h"
#include "passes/2-quant/residual_choice.h"

/* Of a node of the float network, by its id. */
struct source {
	const float *w;
	const float *mean;   /* of each input channel, or NULL */
	const double *power; /* its mean square; NULL: no such node */
};

struct imc_residual_source {
	struct source *node;
	size_t n_node;
};

/* Where nothing is known all inputs weigh alike. */
static const double *ones(int64_t n, struct imc_arena *a)
{
	double *x = imc_arena_array(a, (size_t)n, sizeof *x);

	for (int64_t i = 0; i < n; i++)
		x[i] = 1;
	return x;
}

struct imc_residual_source *imc_residual_sources(const struct imc_module *m,
						 struct imc_pass_cx *cx)
{
	const struct imc_graph *g = m->g;
	struct imc_arena *a = cx->scratch;
	struct imc_residual_source *s;
	double **power;

	if (m->opt.residual <= 0)
		return NULL;
	power = imc_channel_powers(m, cx->calib, a);
	s = imc_arena_array(a, 1, sizeof *s);
	s->n_node = g->n_node;
	s->node = imc_arena_array(a, g->n_node, sizeof *s->node);
	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);
		struct source *to = &s->node[g->order[i].i];
		const struct imc_value *x;

		if (n->op != IMC_OP_CONV2D)
			continue;
		x = imc_node_in(g, n, 0);
		to->w = imc_weights_of(g, n).w;
		if (imc_val_ok(x->means))
			to->mean = imc_value_at(g, x->means)->t.data;
		to->power = power[n->in[0].i]
				    ? power[n->in[0].i]
				    : ones(x->t.dim[x->t.rank - 1], a);
	}
	return s;
}

/* ---- layers ---- */

struct layers {
	struct imc_module *m;
	struct imc_pass_cx *cx;
	const struct imc_residual_source *source;
	size_t n;
	imc_node_id *id;
	struct imc_residual_layer *layer;
	int64_t n_weight;
};

static bool has_residual(const struct layers *x, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(x->m->g, id);

	return id.i < x->source->n_node && x->source->node[id.i].power &&
	       n->op == IMC_OP_Q_CONV2D && !n->a.post[0] &&
	       x->m->map.assign[id.i].engine == IMC_ENGINE_CROSSBAR;
}

static struct imc_residual_layer layer_of(const struct layers *x,
					  imc_node_id id)
{
	const struct imc_graph *g = x->m->g;
	const struct imc_node *n = imc_node_at(g, id);
	const struct imc_value *w = imc_node_in(g, n, 1);
	const struct source *s = &x->source->node[id.i];

	return (struct imc_residual_layer){
		.k = w->t.dim[0],
		.taps = w->t.dim[1] * w->t.dim[2],
		.c = w->t.dim[3],
		.groups = n->a.group[0],
		.slices = (int32_t)n->a.slices[0],
		.slice_bits = (int32_t)n->a.slice_bits[0],
		.w = s->w,
		.scale = imc_value_at(g, w->scales)->t.data,
		.code = w->t.data,
		.power = s->power,
	};
}

static void find_layers(struct layers *x)
{
	const struct imc_graph *g = x->m->g;
	struct imc_arena *a = x->cx->scratch;

	x->id = imc_arena_array(a, g->n_order + 1, sizeof *x->id);
	x->layer = imc_arena_array(a, g->n_order + 1, sizeof *x->layer);
	for (size_t i = 0; i < g->n_order; i++)
		if (has_residual(x, g->order[i])) {
			x->id[x->n] = g->order[i];
			x->layer[x->n] = layer_of(x, g->order[i]);
			x->n_weight += x->layer[x->n].k * x->layer[x->n].taps *
				       x->layer[x->n].c;
			x->n++;
		}
}

/* Groups that --residual allows, and that the memory holds. */
static int64_t budget_of(const struct layers *x)
{
	const struct imc_hw *hw = x->m->hw;
	int64_t room = hw->sram_bytes;
	int64_t record = imc_residual_record_bytes((int32_t)hw->sram_group,
						   (int32_t)hw->sram_bits);
	double asked = x->m->opt.residual / 100 * (double)x->n_weight /
		       (double)hw->sram_group;

	for (size_t k = 0; k < x->n; k++)
		room -= (x->layer[k].k + 1) * (int64_t)sizeof(int32_t);
	return imc_max_i64(0, imc_min_i64((int64_t)asked, room / record));
}

/* ---- what was chosen ---- */

/* quantise took from the biases what rounded weights add on average; codes
 * that change, and residuals, add something else. */
static void mend_bias(const struct layers *x, size_t i, const int8_t *old)
{
	const struct imc_residual_layer *l = &x->layer[i];
	const float *mean = x->source->node[x->id[i].i].mean;
	const struct imc_graph *g = x->m->g;
	const struct imc_node *n = imc_node_at(g, x->id[i]);
	int32_t *bias = imc_node_in(g, n, 2)->t.data;
	double sx = imc_node_in(g, n, 0)->scale;

	for (int64_t k = 0; mean && k < l->k; k++) {
		const float *m = mean + k / (l->k / l->groups) * l->c;
		double sum = 0;

		for (int64_t r = 0; r < l->taps * l->c; r++) {
			int64_t at = k * l->taps * l->c + r;

			sum += (l->code[at] - old[at] +
				ldexp(l->residual[at], -l->shift)) *
			       (double)m[r % l->c];
		}
		bias[k] = (int32_t)imc_clamp(bias[k] - llround(sum / sx),
					     -(1 << 30), 1 << 30);
	}
}

static void put_residual(const struct layers *x, size_t i)
{
	const struct imc_residual_layer *l = &x->layer[i];
	struct imc_graph *g = x->m->g;
	struct imc_tensor t = imc_node_in(g, imc_node_at(g, x->id[i]), 1)->t;
	const char *name = imc_arena_printf(x->cx->scratch, "%s.residual",
					    imc_node_at(g, x->id[i])->name);
	struct imc_assign *as = &x->m->map.assign[x->id[i].i];
	struct imc_node *n;
	imc_val id;

	t.data = l->residual;
	as->residual_groups =
		(int32_t)imc_residual_count(&t, x->m->hw->sram_group);
	if (as->residual_groups == 0)
		return;
	id = imc_graph_add_const(g, name, &t);
	imc_node_resize_in(g, x->id[i], 10);
	n = imc_node_at(g, x->id[i]);
	n->in[9] = id;
	n->a.residual_shift[0] = l->shift;
	n->a.residual_group[0] = x->m->hw->sram_group;
	as->cost = imc_cost_node(x->m->hw, g, x->id[i], as);
	x->cx->n_changed++;
}

void imc_residual_choose(struct imc_module *m, struct imc_pass_cx *cx,
			 struct imc_residual_source *source)
{
	struct layers x = {.m = m, .cx = cx, .source = source};
	struct imc_residual_rules rules = {
		.group = (int32_t)m->hw->sram_group,
		.bits = (int32_t)m->hw->sram_bits,
		.max_shift = (int32_t)m->hw->sram_max_shift,
		.sigma = {m->hw->ima_sigma_1, m->hw->ima_sigma_2,
			  m->hw->ima_sigma_3}};
	int8_t **old;

	if (!source)
		return;
	find_layers(&x);
	old = imc_arena_array(cx->scratch, x.n + 1, sizeof *old);
	for (size_t i = 0; i < x.n; i++)
		old[i] = imc_arena_memdup(
			cx->scratch, x.layer[i].code,
			(size_t)(x.layer[i].k * x.layer[i].taps *
				 x.layer[i].c));
	imc_residual_fill(&rules, x.layer, x.n, budget_of(&x), cx->scratch);
	for (size_t i = 0; i < x.n; i++)
		if (x.layer[i].residual) {
			mend_bias(&x, i, old[i]);
			put_residual(&x, i);
		}
}
