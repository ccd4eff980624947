/* Layers of spatial machines: each has arrays of its own. */
#include <math.h>

#include "hwdesc/cost.h"
#include "hwdesc/cost_link.h"
#include "ir/support/checked.h"

static double ns_of(const struct imc_hw *hw, double cycles)
{
	return cycles * 1e3 / hw->cluster_freq;
}

/* Arrays that one unit, or the cores of one cluster, add and requantise for; 0:
 * there is one for all. */
static int64_t unit_arrays(const struct imc_hw *hw)
{
	if (hw->vector_arrays)
		return hw->vector_arrays;
	return imc_hw_has_clusters(hw) ? hw->ima_arrays : 0;
}

/* What a tile reads and writes for so many windows: a pixel that several
 * windows read comes once; bytes, sums have four. */
static double tile_bytes(const struct imc_hw *hw, const struct imc_matrix *mx,
			 const struct imc_tile *t, double windows)
{
	int64_t groups = imc_ceil_div(t->n_col, mx->cols);
	int64_t channels = mx->rows / (mx->kernel_h * mx->kernel_w) * groups;
	int64_t sums = imc_hw_sums_exact(hw) ? (int64_t)sizeof(int32_t) : 1;
	int64_t pixels = imc_min_i64(mx->stride_h, mx->kernel_h) *
			 imc_min_i64(mx->stride_w, mx->kernel_w);

	return windows * (double)pixels *
		       (double)imc_min_i64(channels, t->n_row) +
	       windows * t->n_col * t->n_slice * (double)sums;
}

/* The jobs of each kind of tile: the slowest, and the energy of all. */
static void add_tiles(const struct imc_matrix *mx, const struct imc_cut *cut,
		      const struct imc_assign *as, int32_t n_row,
		      struct imc_cost_layer *l)
{
	struct imc_tile_kind kind[IMC_MAX_KIND];
	int n = imc_cut_kinds(mx, cut, as->bias_rows, kind);
	double windows = (double)mx->batch * n_row * mx->out_w;
	double energy = mx->groups > 1 ? l->hw->energy_ima_dw_job : 1;

	for (int i = 0; i < n; i++) {
		const struct imc_tile *t = &kind[i].t;
		double jobs = (double)imc_cut_jobs(mx, t, n_row);
		struct imc_cost job =
			imc_cost_job(l->hw, t->h, t->w, as->act_bits);

		if (jobs * job.ns > l->jobs * l->job.ns) {
			l->jobs = jobs;
			l->job = job;
		}
		l->tile_bytes =
			fmax(l->tile_bytes, tile_bytes(l->hw, mx, t, windows));
		l->pj += (double)kind[i].times * jobs * job.pj * energy;
	}
}

/* Adding parts up and requantising them. */
static void add_digital(double outputs, double parts, bool requantise,
			struct imc_cost_layer *l)
{
	const struct imc_hw *hw = l->hw;
	bool units = hw->vector_arrays > 0;
	double adds = outputs * (parts - 1);
	double ends = requantise ? outputs : 0;
	double cycles;

	if (units)
		cycles = (adds * hw->vector_add_cycles +
			  ends * hw->vector_requant_cycles) /
			 hw->vector_lanes;
	else
		cycles = adds * hw->core_partial_cycles +
			 ends * hw->core_requant_cycles;
	l->unit_ns = ns_of(hw, cycles);
	if (!units && cycles > 0) {
		l->fixed_ns = ns_of(hw, hw->core_layer_cycles);
		cycles += hw->core_layer_cycles;
	}
	l->pj += units ? (adds + ends) * hw->energy_vector_element
		       : cycles * hw->energy_core_cycle;
	l->sum_bytes = outputs * (parts + 1);
}

bool imc_cost_layer_of(const struct imc_hw *hw, const struct imc_matrix *mx,
		       const struct imc_assign *as, int32_t n_row,
		       struct imc_cost_layer *out)
{
	double windows = (double)mx->batch * n_row * mx->out_w;
	struct imc_assign one = *as;
	struct imc_cut cut;

	one.copies = 1;
	*out = (struct imc_cost_layer){.hw = hw};
	if (hw->ima_arrays == 0 || !imc_cut_assigned(hw, mx, &one, &cut))
		return false;
	out->n_tile = cut.n_tile;
	out->patched = cut.patch_h > 1 || cut.patch_w > 1 || cut.rest_h > 1 ||
		       cut.rest_w > 1;
	add_tiles(mx, &cut, as, n_row, out);
	add_digital(windows * mx->cols * mx->groups,
		    (double)cut.n_block * cut.slices, !as->post_adc, out);
	return true;
}

/* Arrays of a layer that compute at the same time, at most. */
static int64_t active_arrays(const struct imc_hw *hw)
{
	return hw->ima_active_arrays * hw->chip_clusters;
}

/* The busiest copy's arrays. */
static struct imc_cost arrays_cost(const struct imc_cost_layer *l,
				   int64_t copies, int64_t tiles)
{
	double turns = ceil(l->jobs / (double)copies) *
		       (double)imc_ceil_div(tiles, active_arrays(l->hw));

	return (struct imc_cost){.ns = turns * l->job.ns,
				 .engine_ns = turns * l->job.ns,
				 .stream_ns = turns * l->job.stream_ns,
				 .stall_ns = turns * l->job.stall_ns};
}

/* What the units beside so many arrays take. */
static double units_ns(const struct imc_cost_layer *l, int64_t arrays)
{
	int64_t per_unit = unit_arrays(l->hw);
	double units = per_unit ? (double)arrays / (double)per_unit : 1;

	return l->unit_ns / fmax(units, 1);
}

static double digital_ns(const struct imc_cost_layer *l, int64_t arrays)
{
	return units_ns(l, arrays) + l->fixed_ns;
}

static double links_ns(const struct imc_cost_layer *l, int64_t copies,
		       int64_t adders)
{
	double tile =
		l->tile_bytes * (double)l->hw->ima_arrays / (double)copies;

	if (!imc_hw_has_clusters(l->hw))
		return 0;
	return fmax(imc_link_ns(l->hw, tile),
		    adders ? imc_link_ns(l->hw, l->sum_bytes / (double)adders)
			   : 0);
}

/* Copies that share the pixels of an image. */
static struct imc_cost shared_cost(const struct imc_cost_layer *l,
				   int64_t copies, int64_t adders)
{
	const struct imc_hw *hw = l->hw;
	/* copies that find no pixel bring no work to their units */
	int64_t busy = imc_min_i64(copies, (int64_t)fmax(l->jobs, 1));
	double digital, links;
	struct imc_cost c;

	if (copies > 1 && l->patched)
		return imc_cost_impossible();
	if (!imc_hw_has_clusters(hw))
		adders = 0;
	c = arrays_cost(l, copies, l->n_tile * copies);
	digital = digital_ns(l, adders ? adders * hw->ima_arrays
				       : l->n_tile * busy);
	links = links_ns(l, busy, adders);
	if (hw->ima_jobs) {
		c.stall_ns += links;
		c.ns += digital + links;
	} else {
		c.stall_ns += fmax(links - fmax(c.ns, digital), 0);
		c.ns = fmax(fmax(c.ns, digital), links);
	}
	c.stream_ns += links;
	c.core_ns = digital;
	c.ns += ns_of(hw, hw->ima_config_cycles);
	c.cycles = c.ns * hw->cluster_freq / 1e3;
	c.pj = l->pj;
	return c;
}

/* Copies that take images in turn: as many at once as arrays may compute, and
 * units may have more arrays than those of one copy. */
static double in_turn_ns(const struct imc_cost_layer *l, int64_t copies)
{
	struct imc_cost one = shared_cost(l, 1, 0);
	int64_t most = imc_max_i64(1, active_arrays(l->hw) /
					      imc_max_i64(1, l->n_tile));

	return fmax(one.ns / (double)imc_min_i64(copies, most),
		    units_ns(l, l->n_tile * copies));
}

/* Or each takes every so manyth image: that is no latency, but no copy waits
 * for another one, and there need not be a pixel for each. */
struct imc_cost imc_cost_copies(const struct imc_cost_layer *l, int64_t copies,
				int64_t adders)
{
	struct imc_cost c = shared_cost(l, copies, adders);
	double in_turn;

	if (copies > 1 && adders == 0) {
		in_turn = in_turn_ns(l, copies);
		if (in_turn < c.ns)
			c.stage_ns = in_turn;
	}
	return c;
}

struct imc_cost imc_cost_spatial(const struct imc_hw *hw,
				 const struct imc_matrix *mx,
				 const struct imc_assign *as, int32_t n_row)
{
	struct imc_cost_layer l;

	if (!imc_cost_layer_of(hw, mx, as, n_row, &l))
		return imc_cost_impossible();
	return imc_cost_copies(&l, imc_max_i64(as->copies, 1), as->adders);
}
