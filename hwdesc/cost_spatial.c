/* Spatial machines: a layer has arrays of its own, and layers form a
 * pipeline. */
#include <math.h>

#include "hwdesc/cost.h"
#include "ir/plan.h"
#include "ir/support/checked.h"

static double ns_of(const struct imc_hw *hw, double cycles)
{
	return cycles * 1e3 / hw->cluster_freq;
}

/* Jobs that follow one another, and what all of them take in energy. */
static struct imc_cost arrays_cost(const struct imc_hw *hw,
				   const struct imc_assign *as,
				   const struct imc_matrix *mx,
				   const struct imc_cut *cut, double windows)
{
	double in_turn =
		ceil(windows / cut->copies) *
		(double)imc_ceil_div(cut->n_tile, hw->ima_active_arrays);
	double energy = mx->groups > 1 ? hw->energy_ima_dw_job : 1;
	struct imc_cost c = {0};

	for (int32_t i = 0; i < cut->n_tile; i += cut->copies) {
		struct imc_tile t = imc_cut_tile(mx, cut, as->bias_rows, i);
		struct imc_cost job = imc_cost_job(hw, t.h, t.w, as->act_bits);

		if (in_turn * job.ns > c.ns) {
			c.ns = in_turn * job.ns;
			c.stream_ns = in_turn * job.stream_ns;
			c.stall_ns = in_turn * job.stall_ns;
		}
		c.pj += windows * job.pj * energy;
	}
	c.engine_ns = c.ns;
	return c;
}

/* Partial sums of one output. */
static double partials(const struct imc_cut *cut)
{
	return (double)cut->n_block * cut->n_sliceblock;
}

/* What the vector units beside the layer's arrays do; clusters that only add
 * do it in the place of those that hold tiles. */
static struct imc_cost units_cost(const struct imc_hw *hw,
				  const struct imc_assign *as,
				  const struct imc_cut *cut, double outputs)
{
	int64_t n = as->adders ? as->adders
			       : imc_ceil_div(cut->n_tile, hw->vector_arrays);
	double adds = outputs * (partials(cut) - 1);
	struct imc_cost c = {0};

	c.ns = ns_of(hw, (adds * hw->vector_add_cycles +
			  outputs * hw->vector_requant_cycles) /
				 ((double)n * hw->vector_lanes));
	c.pj = (adds + outputs) * hw->energy_vector_element;
	return c;
}

static struct imc_cost cores_cost(const struct imc_hw *hw,
				  const struct imc_cut *cut, double outputs)
{
	double cycles = outputs * (hw->core_requant_cycles +
				   (partials(cut) * cut->tile_slices - 1) *
					   hw->core_partial_cycles) +
			hw->core_layer_cycles;

	return (struct imc_cost){.ns = ns_of(hw, cycles),
				 .core_ns = ns_of(hw, cycles),
				 .pj = cycles * hw->energy_core_cycle};
}

struct imc_cost imc_cost_spatial(const struct imc_hw *hw,
				 const struct imc_matrix *mx,
				 const struct imc_assign *as, int32_t n_row)
{
	double windows = (double)mx->batch * n_row * mx->out_w;
	double outputs = windows * mx->cols * mx->groups;
	struct imc_cost c, d;
	struct imc_cut cut;

	if (hw->ima_arrays == 0 || !imc_cut_assigned(hw, mx, as, &cut))
		return imc_cost_impossible();
	c = arrays_cost(hw, as, mx, &cut, windows);
	d = hw->vector_arrays ? units_cost(hw, as, &cut, outputs)
			      : cores_cost(hw, &cut, outputs);
	c.ns = hw->ima_jobs ? c.ns + d.ns : fmax(c.ns, d.ns);
	c.ns += ns_of(hw, hw->ima_config_cycles);
	c.core_ns = d.core_ns;
	c.pj += d.pj;
	c.cycles = c.ns * hw->cluster_freq / 1e3;
	return c;
}

static bool takes_time(const struct imc_graph *g, const struct imc_node *n)
{
	return n->n_out > 0 && imc_node_out(g, n, 0) &&
	       !imc_node_out(g, n, 0)->t.data && !imc_plan_is_view(g, n);
}

int64_t imc_cost_arrays(const struct imc_hw *hw, const struct imc_graph *g,
			imc_node_id id, const struct imc_assign *as)
{
	const struct imc_node *n = imc_node_at(g, id);
	struct imc_matrix mx;
	struct imc_cut cut;

	if (!takes_time(g, n))
		return 0;
	if (as->engine == IMC_ENGINE_CORES && hw->chip_clusters > 1)
		return imc_max_i64(as->copies, 1) * hw->ima_arrays + as->stores;
	if (as->engine != IMC_ENGINE_CROSSBAR)
		return 0;
	mx = imc_matrix_of(g, n);
	return imc_cut_assigned(hw, &mx, as, &cut)
		       ? cut.n_tile + as->adders + as->stores
		       : -1;
}

static void add_stage(struct imc_pipeline *p, imc_node_id id, double ns)
{
	if (ns > p->stage_ns) {
		p->stage_ns = ns;
		p->slowest = id;
	}
}

struct imc_pipeline imc_pipeline_of(const struct imc_hw *hw,
				    const struct imc_graph *g,
				    const struct imc_map *m)
{
	struct imc_pipeline p = {.slowest = IMC_NO_NODE};
	bool spatial = imc_hw_is_spatial(hw);

	for (size_t i = 0; i < g->n_order; i++) {
		imc_node_id id = g->order[i];
		const struct imc_assign *as = &m->assign[id.i];
		bool own = as->engine == IMC_ENGINE_CROSSBAR ||
			   hw->chip_clusters > 1;

		if (spatial && own)
			add_stage(&p, id, as->cost.ns);
		else
			p.shared_ns += as->cost.ns;
	}
	add_stage(&p, IMC_NO_NODE, p.shared_ns);
	if (p.stage_ns > 0)
		p.images_per_s = 1e9 / p.stage_ns;
	return p;
}
