#include "passes/2-quant/fit_drives.h"

#include <stdlib.h>

#include "ir/num.h"
#include "ir/support/checked.h"
#include "passes/2-quant/quant.h"

/* Squared sum of what rows of these drives leave of the biases. */
static double left_of(const struct imc_ints *drive, const int32_t *bias,
		      int64_t n, int32_t cell_max)
{
	int8_t cell[IMC_MAX_RANK];
	double sum = 0;

	for (int64_t i = 0; i < n; i++) {
		double left = (double)imc_bias_cells(drive, bias[i], cell_max,
						     cell, 1);

		sum += left * left;
	}
	return sum;
}

static struct imc_ints without(const struct imc_ints *d, int at)
{
	struct imc_ints out = {0};

	for (int i = 0; i < d->n; i++)
		if (i != at)
			out.v[out.n++] = d->v[i];
	return out;
}

struct imc_ints imc_fit_drives(const struct imc_hw *hw, const int32_t *bias,
			       int64_t n, int32_t rows)
{
	int32_t cell_max = imc_cell_max((int)hw->ima_cell_bits);
	int64_t most = 0;
	struct imc_ints d;

	for (int64_t i = 0; i < n; i++)
		most = imc_max_i64(most, llabs(bias[i]));
	d = imc_bias_drives(hw, (double)most);
	while (d.n > rows) {
		struct imc_ints fine = without(&d, 0);
		struct imc_ints coarse = without(&d, d.n - 1);

		d = left_of(&fine, bias, n, cell_max) <
				    left_of(&coarse, bias, n, cell_max)
			    ? fine
			    : coarse;
	}
	return d;
}
