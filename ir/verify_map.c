#include "ir/op.h"
#include "ir/plan.h"
#include "ir/residual.h"
#include "ir/verify.h"

/* What passes and costs rely on, in nodes that are on the arrays. */
static bool check_ranges(const struct imc_verify *v, const struct imc_node *n,
			 const struct imc_assign *as)
{
	const struct {
		const char *name;
		int32_t value, least, most;
	} member[] = {
		{"weight_bits", as->weight_bits, 1, 8},
		{"act_bits", as->act_bits, 0, 8},
		{"slices", as->slices, 1, 8},
		{"tile_slices", as->tile_slices, 0, 8},
		{"bundle", as->bundle, 1, INT32_MAX},
		{"block_rows", as->block_rows, 0, INT32_MAX},
		{"block_cols", as->block_cols, 0, INT32_MAX},
		{"bias_rows", as->bias_rows, 0, INT32_MAX},
		{"copies", as->copies, 0, INT32_MAX},
		{"column_cells", as->column_cells, 0, INT32_MAX},
		{"adders", as->adders, 0, INT32_MAX},
		{"stores", as->stores, 0, INT32_MAX},
	};

	for (size_t i = 0; i < sizeof member / sizeof *member; i++)
		if (member[i].value < member[i].least ||
		    member[i].value > member[i].most)
			return imc_verify_fail(v, n, "its assignment has %s %d",
					       member[i].name,
					       (int)member[i].value);
	return true;
}

static bool check_engines(const struct imc_verify *v)
{
	const struct imc_graph *g = v->m->g;
	const struct imc_map *map = &v->m->map;

	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);
		const struct imc_assign *as;
		enum imc_engine e;

		if (g->order[i].i >= map->n_assign)
			return imc_verify_fail(v, n, "it has no engine");
		as = &map->assign[g->order[i].i];
		e = as->engine;
		if (e == IMC_ENGINE_NONE && !imc_plan_is_view(g, n))
			return imc_verify_fail(v, n, "it has no engine");
		if (e != IMC_ENGINE_NONE && e != IMC_ENGINE_CORES &&
		    imc_op_info(n->op)->kind != IMC_MATRIX)
			return imc_verify_fail(v, n, "it cannot be on the %s",
					       imc_engine_name(e));
		if (e == IMC_ENGINE_CROSSBAR && !check_ranges(v, n, as))
			return false;
	}
	return true;
}

/* Residual weights lie beside arrays, and the cost knows how many. */
static bool check_residual(const struct imc_verify *v, const struct imc_node *n,
			   const struct imc_assign *as)
{
	const struct imc_value *r =
		n->op == IMC_OP_Q_CONV2D ? imc_node_in(v->m->g, n, 9) : NULL;
	int64_t n_group = 0;

	if (r && as->engine != IMC_ENGINE_CROSSBAR)
		return imc_verify_fail(v, n, "a residual on the %s",
				       imc_engine_name(as->engine));
	if (r)
		n_group = imc_residual_count(&r->t, n->a.residual_group[0]);
	if (as->residual_groups != n_group)
		return imc_verify_fail(v, n,
				       "its assignment has %d groups of "
				       "residual weights, not %lld",
				       (int)as->residual_groups,
				       (long long)n_group);
	return true;
}

/* The assignment says again what the node's attributes say. */
static bool check_agreement(const struct imc_verify *v, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(v->m->g, id);
	const struct imc_assign *as = &v->m->map.assign[id.i];

	if (!check_residual(v, n, as))
		return false;
	if (n->op != IMC_OP_Q_CONV2D || as->engine != IMC_ENGINE_CROSSBAR)
		return true;
	if (as->slices != n->a.slices[0] || as->bundle != n->a.bundle[0] ||
	    as->block_rows != n->a.block_rows[0] ||
	    as->bias_rows != n->a.drive.n || as->post_adc != n->a.post[0])
		return imc_verify_fail(
			v, n, "its assignment and its attributes differ");
	if (n->a.adc[0] && as->tile_slices > 0 && as->tile_slices < as->slices)
		return imc_verify_fail(v, n,
				       "slices behind an ADC in tiles of %d",
				       (int)as->tile_slices);
	if (n->a.slice_bits[0] == 1 && as->weight_bits != as->slices)
		return imc_verify_fail(v, n,
				       "weights of %d bits in %d slices of 1",
				       (int)as->weight_bits, (int)as->slices);
	return true;
}

static bool same_setting(const struct imc_graph *g, const struct imc_node *n,
			 int64_t first, int64_t count)
{
	for (int k = 5; k < 8; k++) {
		const int32_t *x = imc_node_in(g, n, k)->t.data;

		for (int64_t i = first + 1; i < first + count; i++)
			if (x[i] != x[first])
				return false;
	}
	return true;
}

/* Where a job has one ADC setting, the columns of a tile share it. */
static bool check_settings(const struct imc_verify *v)
{
	const struct imc_graph *g = v->m->g;
	const struct imc_map *map = &v->m->map;

	for (size_t i = 0; i < map->n_tile && map->adc_per_job; i++) {
		const struct imc_tile *t = &map->tile[i];
		const struct imc_node *n = imc_node_at(g, t->node);
		int64_t k0;

		if (!n->a.adc[0])
			continue;
		k0 = t->bundle * n->a.bundle[0] * imc_matrix_of(g, n).cols;
		if (!same_setting(g, n, k0 + t->col0, t->n_col))
			return imc_verify_fail(v, n,
					       "tile %zu has more than one ADC "
					       "setting",
					       i);
	}
	return true;
}

bool imc_verify_map(const struct imc_verify *v)
{
	const struct imc_module *m = v->m;
	const char *bad;

	if (!check_engines(v))
		return false;
	if (!imc_module_has(m, IMC_FACT_TILED))
		return true;
	for (size_t i = 0; i < m->g->n_order; i++)
		if (!check_agreement(v, m->g->order[i]))
			return false;
	bad = imc_module_has(m, IMC_FACT_PLACED)
		      ? imc_place_check(m->g, &m->map, v->scratch)
		      : imc_tile_check(m->g, &m->map, v->scratch);
	if (bad)
		return imc_verify_fail(v, NULL, "%s", bad);
	return check_settings(v);
}
