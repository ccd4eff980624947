#include "passes/2-quant/choose_robust.h"

#include <math.h>
#include <string.h>

#include "hwdesc/noise_model.h"
#include "passes/2-quant/choose_engine.h"
#include "passes/solver/pack.h"

/* Told apart from the devices of an evaluation. */
#define SEED UINT64_C(0x726f627573740000)

/* Halvings of the range of budgets. */
#define STEPS 16

struct imc_noise_case imc_robust_case(const struct imc_module *m,
				      const struct imc_noise *noise,
				      int64_t run)
{
	struct imc_noise_case c = {.noise = noise,
				   .seed = m->opt.seed ^ SEED,
				   .run = run,
				   .time_s = m->robust.time_s};

	imc_noise_scale(m->hw, &c);
	return c;
}

/* ---- places ---- */

static void set_places(struct imc_map *map, const struct imc_pack_answer *s)
{
	for (size_t i = 0; i < map->n_tile; i++) {
		struct imc_tile *t = &map->tile[i];

		t->array = s->found ? s->place[i].bin : (int32_t)i;
		t->x = s->found ? s->place[i].x : 0;
		t->y = s->found ? s->place[i].y : 0;
	}
	map->n_used = s->found ? s->n_used : (int32_t)map->n_tile;
	if (!s->found && map->n_array < map->n_used)
		map->n_array = map->n_used;
}

bool imc_robust_place(struct imc_module *fork)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_pass_cx cx = {.scratch = a};
	struct imc_map *map = &fork->map;
	struct imc_pack_rect *r;
	struct imc_pack_answer s;
	struct imc_pack_problem p;
	bool ok = imc_pass_tile_layers(fork, &cx);

	if (ok) {
		r = imc_arena_array(a, map->n_tile + 1, sizeof *r);
		for (size_t i = 0; i < map->n_tile; i++)
			r[i] = (struct imc_pack_rect){map->tile[i].w,
						      map->tile[i].h};
		p = (struct imc_pack_problem){map->array_cols, map->array_rows,
					      map->n_array,
					      (int32_t)map->n_tile, r};
		s = imc_pack_greedy(&p, a);
		set_places(map, &s);
	}
	imc_arena_free(a);
	return ok;
}

/* ---- the mapping without regard to noise ---- */

static double value_of(const struct imc_module *m, const struct imc_cost *c,
		       int32_t n_array)
{
	struct imc_select_answer s = {
		.ns = c->ns, .pj = c->pj, .n_bin = n_array};

	return imc_engine_value(m, &s);
}

static void keep_layers(struct imc_module *m, const struct imc_module *plain)
{
	struct imc_robust *r = &m->robust;

	for (size_t i = 0; i < m->g->n_order; i++) {
		imc_node_id id = m->g->order[i];
		const struct imc_assign *as = &plain->map.assign[id.i];

		if (!imc_map_is_matrix(m->g, imc_node_at(m->g, id)))
			continue;
		*IMC_PUSH(m->arena, r->plain, r->n_plain, r->cap_plain) =
			(struct imc_plain_layer){id, as->engine,
						 as->weight_bits, as->post_adc};
	}
}

static void keep_plain(struct imc_module *m, const struct imc_module *plain,
		       const struct imc_score *score, double *value)
{
	struct imc_cost total = imc_plan_total(&plain->plan, NULL);
	struct imc_robust *r = &m->robust;

	r->plain_arrays = plain->map.n_used;
	r->plain_ns = total.ns;
	r->plain_pj = total.pj;
	r->plain_error = score->error;
	r->plain_right = score->right;
	r->plain_std = score->std;
	r->plain_worst = score->worst;
	*value = value_of(m, &total, plain->map.n_used);
	keep_layers(m, plain);
}

/* The machine may have room for the robust mapping alone: what is wrong with
 * the other one is nobody's business. */
bool imc_robust_plain(struct imc_module *m, struct imc_pass_cx *cx,
		      double *value)
{
	struct imc_trials *t = imc_trials_open(m, cx, cx->scratch);
	struct imc_diags quiet = {.arena = cx->scratch};
	struct imc_pass_run run = {.calib = cx->calib};
	struct imc_module *plain;
	struct imc_score score;

	*value = 0;
	if (!t)
		return false;
	m->robust.n_plain = 0;
	m->robust.plain_arrays = 0;
	m->robust.float_right = imc_trials_float(t).right;
	plain = imc_module_fork(m);
	plain->diags = &quiet;
	plain->robust = (struct imc_robust){0};
	plain->opt.has_drop = false;
	plain->facts |= 1u << IMC_FACT_MEASURED;
	if (imc_passes_run(plain, &run)) {
		imc_trials_measure(t, plain, &score);
		keep_plain(m, plain, &score, value);
	}
	imc_module_free(plain);
	return true;
}

/* ---- the least error at a price ---- */

static void record(struct imc_module *m, const struct imc_pass_cx *cx,
		   const struct imc_drop_pick *p, double budget,
		   const struct imc_score *s)
{
	struct imc_trial *t =
		IMC_PUSH(m->arena, m->trial, m->n_trial, m->cap_trial);

	*t = (struct imc_trial){.budget = budget,
				.predicted = p->error,
				.error = s->error,
				.drop = m->robust.float_right - s->right,
				.value = p->value,
				.taken = true,
				.gap = p->gap,
				.right = s->right,
				.std = s->std,
				.worst = s->worst};
	if (cx->tried)
		cx->tried(cx->ui, m);
}

static bool measure(struct imc_module *m, struct imc_pass_cx *cx,
		    const struct imc_drop_chooser *by, double budget,
		    const struct imc_drop_pick *p)
{
	struct imc_trials *t = imc_trials_open(m, cx, cx->scratch);
	size_t n = m->map.n_assign;
	struct imc_assign *assign = imc_arena_memdup(cx->scratch, m->map.assign,
						     n * sizeof *assign);
	struct imc_score s;

	by->assign(by->cx, p, assign);
	if (!t || !imc_trials_run(t, assign, &s))
		return false;
	record(m, cx, p, budget, &s);
	if (m->robust.plain_arrays > 0 && s.right < m->robust.plain_right)
		imc_diag(m->diags, IMC_IN_FILE(m->model_path),
			 IMC_D_ROBUST_NO_GAIN, s.right, m->robust.plain_right);
	return true;
}

/* Budgets are halved on a logarithmic scale, between one whose picks are too
 * dear and one whose picks are not. */
static bool halve(const struct imc_drop_chooser *by, double most,
		  double *budget, struct imc_drop_pick *best)
{
	double lo = log(by->floor), hi = log(*budget);

	for (int i = 0; i < STEPS; i++) {
		double b = exp((lo + hi) / 2);
		struct imc_drop_pick p;

		if (!by->solve(by->cx, b, &p))
			return false;
		if (p.found && p.value <= most) {
			hi = log(b);
			if (p.error < best->error || best->value > most) {
				*best = p;
				*budget = b;
			}
		} else {
			lo = log(b);
		}
	}
	return true;
}

bool imc_robust_search(struct imc_module *m, struct imc_pass_cx *cx,
		       const struct imc_drop_chooser *by, double most,
		       struct imc_drop_pick *out)
{
	struct imc_drop_pick exact;
	double budget = by->top;

	if (!by->solve(by->cx, budget, out) ||
	    !by->solve(by->cx, by->floor, &exact))
		return false;
	if (exact.found && (exact.value <= most || !out->found)) {
		*out = exact;
		budget = by->floor;
	} else if (out->found && !halve(by, most, &budget, out)) {
		return false;
	}
	return !out->found || measure(m, cx, by, budget, out);
}
