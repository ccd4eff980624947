/* Places every tile on an array: on one of its own where the machine wants
 * that, else by the solver that the options name. Whatever that says is
 * checked. */
#include <assert.h>

#include "ir/support/checked.h"
#include "passes/pass.h"
#include "passes/solver/pack.h"

static struct imc_pack_problem problem_of(const struct imc_map *map,
					  struct imc_arena *a)
{
	struct imc_pack_rect *r = imc_arena_array(a, map->n_tile, sizeof *r);

	for (size_t i = 0; i < map->n_tile; i++)
		r[i] = (struct imc_pack_rect){map->tile[i].w, map->tile[i].h};
	return (struct imc_pack_problem){map->array_cols, map->array_rows,
					 map->n_array, (int32_t)map->n_tile, r};
}

static bool all_fit(const struct imc_pack_problem *p)
{
	for (int32_t i = 0; i < p->n; i++)
		if (p->rect[i].w > p->bin_w || p->rect[i].h > p->bin_h)
			return false;
	return true;
}

/* Tile i in the corner of array i. */
static struct imc_pack_answer place_own(const struct imc_pack_problem *p,
					struct imc_arena *a)
{
	struct imc_pack_answer s = {.found = p->n <= p->n_bin && all_fit(p),
				    .n_used = p->n,
				    .lower_bound = p->n,
				    .by = "own arrays"};

	s.place = imc_arena_array(a, (size_t)p->n, sizeof *s.place);
	for (int32_t i = 0; i < p->n; i++)
		s.place[i].bin = i;
	return s;
}

/* As the module's own text, for the report. */
static void store_places(struct imc_module *m, const struct imc_pack_answer *s)
{
	struct imc_map *map = &m->map;

	for (size_t i = 0; i < map->n_tile; i++) {
		map->tile[i].array = s->place[i].bin;
		map->tile[i].x = s->place[i].x;
		map->tile[i].y = s->place[i].y;
	}
	map->n_used = s->n_used;
	map->lower_bound = s->lower_bound;
	map->solver = imc_arena_strdup(m->arena, s->by);
}

/* Tiles come from the cut for this very array size, so each fits alone; a
 * hand-written map may hold others, which the answer then leaves out. */
static bool no_room(struct imc_module *m, const struct imc_pack_answer *s)
{
	struct imc_loc loc = IMC_IN_FILE(m->model_path);
	int64_t clusters = m->map.own_arrays ? m->hw->chip_clusters : 1;

	for (size_t i = 0; i < m->map.n_tile; i++) {
		const struct imc_tile *t = &m->map.tile[i];

		if (t->w > m->map.array_cols || t->h > m->map.array_rows)
			return imc_diag(
				m->diags, imc_node_at(m->g, t->node)->loc,
				IMC_D_TILE_TOO_LARGE,
				imc_arena_printf(m->arena, "%dx%d", t->h, t->w),
				m->map.array_rows, m->map.array_cols);
	}
	return imc_diag(m->diags, loc, IMC_D_NO_ROOM, (int)m->map.n_tile,
			s->n_used, s->lower_bound, m->hw->name, m->map.n_array,
			(int)imc_ceil_div(s->n_used, clusters));
}

/* By the numbers of struct imc_options. */
static imc_pack_solver *const solver[] = {imc_pack_best, imc_pack_greedy,
					  imc_pack_area};
#define N_SOLVER ((int)(sizeof solver / sizeof solver[0]))

bool imc_pass_place_tiles(struct imc_module *m, struct imc_pass_cx *cx)
{
	struct imc_pack_problem p = problem_of(&m->map, cx->scratch);
	struct imc_pack_answer s;
	const char *why;

	assert(m->opt.solver >= 0 && m->opt.solver < N_SOLVER);
	s = m->map.own_arrays ? place_own(&p, cx->scratch)
			      : solver[m->opt.solver](&p, cx->scratch);
	if (!s.found)
		return no_room(m, &s);
	why = imc_pack_check(&p, &s, cx->scratch);
	if (why)
		return imc_diag(m->diags, IMC_IN_FILE(m->model_path),
				IMC_D_VERIFY,
				imc_arena_printf(cx->scratch, "solver '%s': %s",
						 s.by, why));
	store_places(m, &s);
	cx->n_changed = (int64_t)m->map.n_tile;
	return true;
}
