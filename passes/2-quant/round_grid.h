/* round_grid.h: the codes that a weight can have. */
#ifndef IMC_ROUND_GRID_H
#define IMC_ROUND_GRID_H

#include "hwdesc/hw.h"
#include "ir/map.h"

#define IMC_GRID_MOST 128

/* Codes lo .. hi; down, up: the nearest ones not above, not below an integer
 * v, at index v - lo. */
struct imc_grid {
	int lo, hi;
	int slices, bits, max; /* as imc_weight_scale takes them */
	int16_t down[2 * IMC_GRID_MOST + 1], up[2 * IMC_GRID_MOST + 1];
};

/* Of a node that is computed like that; off the crossbars -127 .. 127. */
struct imc_grid imc_grid_of(const struct imc_hw *hw,
			    const struct imc_assign *as);

/* The same with codes of magnitude `max` at most. */
struct imc_grid imc_grid_within(const struct imc_grid *g, int max);

/* The code nearest to x; as imc_slice_round, imc_twos_code. */
int imc_grid_round(const struct imc_grid *g, double x);

bool imc_grid_has(const struct imc_grid *g, int code);

#endif
