#include "hwdesc/cost.h"
#include "ir/support/checked.h"

struct imc_peak imc_peak_of(const struct imc_hw *hw, int64_t n_window)
{
	struct imc_cost job =
		imc_cost_job(hw, (int32_t)hw->ima_rows, (int32_t)hw->ima_cols,
			     (int32_t)hw->ima_dac_bits);
	double n_array =
		(double)hw->chip_clusters *
		(double)imc_min_i64(hw->ima_arrays, hw->ima_active_arrays);
	double ops = 2.0 * (double)hw->ima_rows * (double)hw->ima_cols *
		     (double)n_window;
	double area = imc_area_mm2(hw);
	struct imc_peak p = {0};

	if (n_array == 0 || n_window < 1)
		return p;
	p.tops = n_array * ops * 1e-3 /
		 ((double)n_window * job.ns +
		  hw->ima_config_cycles * 1e3 / hw->cluster_freq);
	if (job.pj > 0)
		p.tops_per_w = ops / ((double)n_window * job.pj);
	if (area > 0)
		p.tops_per_mm2 = p.tops / area;
	return p;
}

double imc_area_mm2(const struct imc_hw *hw)
{
	return (double)hw->chip_clusters *
	       (hw->area_cluster + (double)hw->ima_arrays * hw->area_array);
}
