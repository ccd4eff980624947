#include "passes/2-quant/round_grid.h"

#include <assert.h>
#include <math.h>

#include "ir/num.h"
#include "passes/2-quant/quant.h"

/* Two's complement holds every integer. */
static bool can_store(const struct imc_grid *g, int v)
{
	return g->bits == 1 || imc_sliceable(v, g->slices, g->bits);
}

static void fill(struct imc_grid *g)
{
	assert(g->lo >= -IMC_GRID_MOST && g->hi <= IMC_GRID_MOST);
	for (int v = g->lo; v <= g->hi; v++) {
		int down = v, up = v;

		while (!can_store(g, down))
			down--;
		while (!can_store(g, up))
			up++;
		g->down[v - g->lo] = (int16_t)down;
		g->up[v - g->lo] = (int16_t)up;
	}
}

struct imc_grid imc_grid_of(const struct imc_hw *hw,
			    const struct imc_assign *as)
{
	struct imc_grid g = {.lo = -127, .hi = 127, .slices = 1, .bits = 8};

	if (as->engine == IMC_ENGINE_CROSSBAR) {
		g.slices = as->slices;
		g.bits = (int)hw->ima_cell_bits;
		g.hi = g.bits == 1 ? (1 << (g.slices - 1)) - 1
				   : imc_weight_max(hw, as->weight_bits);
		g.lo = g.bits == 1 ? -g.hi - 1 : -g.hi;
	}
	g.max = g.hi;
	fill(&g);
	return g;
}

struct imc_grid imc_grid_within(const struct imc_grid *g, int max)
{
	struct imc_grid within = *g;

	within.lo = g->lo < -max ? -max : g->lo;
	within.hi = g->hi > max ? max : g->hi;
	within.max = within.hi;
	fill(&within);
	return within;
}

int imc_grid_round(const struct imc_grid *g, double x)
{
	double c = fmax(g->lo, fmin(g->hi, x));
	/* half away from zero, as lround */
	int at = (int)(c + copysign(0.5, c)) - g->lo;
	int down = g->down[at], up = g->up[at];

	if (c - down == up - c)
		return c >= 0 ? down : up;
	return c - down < up - c ? down : up;
}

bool imc_grid_has(const struct imc_grid *g, int code)
{
	return code >= g->lo && code <= g->hi && g->up[code - g->lo] == code;
}
