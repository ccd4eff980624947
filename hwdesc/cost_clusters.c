/* What layers of a spatial machine share: clusters, links, the pipeline. */
#include <math.h>

#include "hwdesc/cost.h"
#include "hwdesc/cost_link.h"
#include "ir/plan.h"
#include "ir/support/checked.h"

double imc_link_ns(const struct imc_hw *hw, double bytes)
{
	double bursts = 1;

	if (hw->link_bytes_per_cycle == 0 || bytes <= 0)
		return 0;
	if (hw->dma_burst_bytes)
		bursts = fmax(bytes / (double)hw->dma_burst_bytes, 1);
	return (bytes / hw->link_bytes_per_cycle +
		bursts * hw->link_setup_cycles) *
	       1e3 / hw->cluster_freq;
}

/* Bytes of a value that the network computes; activations have one each. */
static int64_t bytes_of(const struct imc_value *v)
{
	return v && v->shaped && !v->t.data ? imc_tensor_count(&v->t) : 0;
}

/* Input k is one that an earlier input is too. */
static bool is_repeated(const struct imc_node *n, int k)
{
	for (int i = 0; i < k; i++)
		if (n->in[i].i == n->in[k].i)
			return true;
	return false;
}

static int64_t input_bytes(const struct imc_graph *g, const struct imc_node *n,
			   int64_t *largest)
{
	int64_t sum = 0;

	*largest = 0;
	for (int k = 0; k < n->n_in; k++) {
		int64_t bytes =
			is_repeated(n, k) ? 0 : bytes_of(imc_node_in(g, n, k));

		sum += bytes;
		*largest = imc_max_i64(*largest, bytes);
	}
	return sum;
}

static int64_t output_bytes(const struct imc_graph *g, const struct imc_node *n)
{
	int64_t sum = 0;

	for (int k = 0; k < n->n_out; k++)
		sum += bytes_of(imc_node_out(g, n, k));
	return sum;
}

int64_t imc_cost_waiting(const struct imc_graph *g, const struct imc_node *n)
{
	int64_t largest, sum = input_bytes(g, n, &largest);

	return sum - largest;
}

int64_t imc_cost_stores(const struct imc_hw *hw, const struct imc_graph *g,
			const struct imc_node *n)
{
	return imc_hw_has_clusters(hw)
		       ? imc_ceil_div(imc_cost_waiting(g, n), hw->l1_bytes)
		       : 0;
}

/* Adds what waits for n, once there and once back. */
static bool add_waiting(const struct imc_hw *hw, int64_t bytes,
			const struct imc_assign *as, double *links,
			struct imc_cost *c)
{
	struct imc_cost dma = imc_cost_dma(hw, bytes);

	if (bytes == 0)
		return true;
	if (as->stores == 0) {
		c->stream_ns = 2 * dma.ns;
		c->pj += 2 * dma.pj;
		return true;
	}
	*links =
		fmax(*links, imc_link_ns(hw, 2.0 * (double)bytes / as->stores));
	return bytes <= as->stores * hw->l1_bytes;
}

struct imc_cost imc_cost_clusters(const struct imc_hw *hw,
				  const struct imc_graph *g,
				  const struct imc_node *n,
				  const struct imc_assign *as,
				  struct imc_cost work)
{
	double copies = (double)imc_max_i64(as->copies, 1);
	struct imc_cost c = {.pj = work.pj};
	int64_t largest, in = input_bytes(g, n, &largest);
	double links =
		imc_link_ns(hw, (double)(in + output_bytes(g, n)) / copies);

	c.core_ns = work.ns / copies;
	if (!add_waiting(hw, in - largest, as, &links, &c))
		return imc_cost_impossible();
	c.ns = hw->ima_jobs ? c.core_ns + links + c.stream_ns
			    : fmax(c.core_ns, fmax(links, c.stream_ns));
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
	bool clusters = imc_hw_has_clusters(hw);
	int64_t beside = 0;
	struct imc_matrix mx;
	struct imc_cut cut;

	if (!takes_time(g, n))
		return 0;
	if (clusters)
		beside = ((int64_t)as->adders + as->stores) * hw->ima_arrays;
	if (clusters && as->engine == IMC_ENGINE_CORES)
		return imc_max_i64(as->copies, 1) * hw->ima_arrays + beside;
	if (as->engine != IMC_ENGINE_CROSSBAR)
		return 0;
	mx = imc_matrix_of(g, n);
	return imc_cut_assigned(hw, &mx, as, &cut) ? cut.n_tile + beside : -1;
}

/* The way to L2 for what the network reads and gives. */
static double outside_ns(const struct imc_hw *hw, const struct imc_graph *g)
{
	double ns = 0;

	for (size_t i = 0; i < g->n_input; i++)
		ns += imc_cost_dma(hw, bytes_of(imc_value_at(g, g->input[i])))
			      .ns;
	for (size_t i = 0; i < g->n_output; i++)
		ns += imc_cost_dma(hw, bytes_of(imc_value_at(g, g->output[i])))
			      .ns;
	return ns;
}

double imc_cost_shared(const struct imc_hw *hw, const struct imc_assign *as)
{
	bool crossbar = as->engine == IMC_ENGINE_CROSSBAR;

	if (!imc_hw_is_spatial(hw))
		return as->cost.ns;
	if (hw->chip_clusters > 1)
		return crossbar ? 0 : as->cost.stream_ns;
	if (crossbar)
		return hw->vector_arrays ? 0 : as->cost.core_ns;
	return as->cost.ns;
}

struct imc_pipeline imc_pipeline_of(const struct imc_hw *hw,
				    const struct imc_graph *g,
				    const struct imc_map *m)
{
	struct imc_pipeline p = {.slowest = IMC_NO_NODE};

	if (imc_hw_has_clusters(hw))
		p.shared_ns = outside_ns(hw, g);
	for (size_t i = 0; i < g->n_order; i++) {
		imc_node_id id = g->order[i];
		const struct imc_assign *as = &m->assign[id.i];
		bool own = as->engine == IMC_ENGINE_CROSSBAR ||
			   hw->chip_clusters > 1;

		p.shared_ns += imc_cost_shared(hw, as);
		if (imc_hw_is_spatial(hw) && own &&
		    imc_stage_ns(&as->cost) > p.stage_ns) {
			p.stage_ns = imc_stage_ns(&as->cost);
			p.slowest = id;
		}
	}
	if (p.shared_ns > p.stage_ns) {
		p.stage_ns = p.shared_ns;
		p.slowest = IMC_NO_NODE;
	}
	if (p.stage_ns > 0)
		p.images_per_s = 1e9 / p.stage_ns;
	return p;
}
