/* As few bins as the picks of fewest cells take. */
#include "passes/solver/select_inner.h"

/* Whether picks of so many cells keep the limit on errors, as far as prices
 * find them. */
static bool is_exact(const struct imc_select_problem *p, int64_t cells,
		     int32_t *pick)
{
	struct imc_select_price errors = {.error = 1};
	struct imc_arena *scratch = imc_arena_new();
	double bound, most = p->max_error * (1 + 1e-9);
	bool ok = imc_select_within(p, errors, cells, pick, &bound, scratch);

	imc_arena_free(scratch);
	return ok && imc_select_error(p, pick) <= most;
}

/* The fewest that picks have, with a limit on errors of those that keep it. */
static int64_t fewest_cells(const struct imc_select_problem *p, int32_t *pick)
{
	int64_t low = 0, high = imc_select_capacity(p);

	for (int32_t i = 0; i < p->n; i++) {
		int64_t least = INT64_MAX;

		for (int32_t k = 0; k < p->group[i].n; k++)
			if (p->group[i].option[k].cells < least)
				least = p->group[i].option[k].cells;
		low += least;
	}
	while (p->max_error > 0 && low < high) {
		int64_t cells = low + (high - low) / 2;

		if (is_exact(p, cells, pick))
			high = cells;
		else
			low = cells + 1;
	}
	return low;
}

bool imc_select_fewest_bins(struct imc_select_problem *p, int32_t *pick)
{
	struct imc_arena *scratch = imc_arena_new();
	struct imc_select_price time = {.ns = 1};
	int64_t cells = fewest_cells(p, pick);
	struct imc_pack_answer pack = {.found = false};
	struct imc_pack_problem tiles;
	double bound;

	if (imc_select_limited(p, &time, cells, pick, &bound, scratch)) {
		tiles = imc_select_tiles(p, pick, scratch);
		pack = p->pack(&tiles, scratch);
		p->n_bin = pack.n_used;
		p->start = pick;
	}
	imc_arena_free(scratch);
	return pack.found;
}
