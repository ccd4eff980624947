/* Cuts the weight matrix of every crossbar node into tiles, as the node's
 * attributes say: the numbers of the network were fixed for those blocks. */
#include "hwdesc/cost.h"
#include "ir/support/checked.h"
#include "passes/pass.h"

static const char *cut_text(struct imc_arena *a, int64_t bundle, int64_t rows,
			    int64_t slices, int64_t bias)
{
	return imc_arena_printf(a,
				"bundle %lld, block_rows %lld, slices %lld, "
				"%lld bias rows",
				(long long)bundle, (long long)rows,
				(long long)slices, (long long)bias);
}

/* The assignment and the node must agree on the cut. */
static bool check_assign(struct imc_module *m, const struct imc_node *n,
			 const struct imc_assign *as)
{
	if (n->a.bundle[0] == as->bundle && n->a.slices[0] == as->slices &&
	    n->a.block_rows[0] == as->block_rows &&
	    n->a.drive.n == as->bias_rows)
		return true;
	return imc_diag(m->diags, n->loc, IMC_D_TILE_CUT,
			cut_text(m->arena, n->a.bundle[0], n->a.block_rows[0],
				 n->a.slices[0], n->a.drive.n),
			cut_text(m->arena, as->bundle, as->block_rows,
				 as->slices, as->bias_rows));
}

static bool too_large(struct imc_module *m, const struct imc_node *n,
		      const struct imc_matrix *mx)
{
	const char *job = imc_arena_printf(
		m->arena, "%dx%d cells, %s", mx->rows, mx->cols,
		cut_text(m->arena, n->a.bundle[0], n->a.block_rows[0],
			 n->a.slices[0], n->a.drive.n));

	return imc_diag(m->diags, n->loc, IMC_D_TILE_TOO_LARGE, job,
			(int)m->hw->ima_rows, (int)m->hw->ima_cols);
}

static int one(int32_t n)
{
	return n ? (int)n : 1;
}

/* Says whether the copies or the patches are at fault. */
static bool refuse(struct imc_module *m, const struct imc_node *n,
		   const struct imc_matrix *mx, const struct imc_assign *as)
{
	struct imc_assign plain = *as;
	struct imc_cut c;

	plain.copies = 1;
	if (imc_cut_assigned(m->hw, mx, &plain, &c))
		return imc_diag(m->diags, n->loc, IMC_D_TILE_COPIES,
				(int)as->copies, (int)c.n_tile,
				one(as->patch_h), one(as->patch_w),
				one(as->rest_h), one(as->rest_w));
	plain.patch_h = plain.patch_w = plain.rest_h = plain.rest_w = 1;
	if (!imc_cut_assigned(m->hw, mx, &plain, &c))
		return too_large(m, n, mx);
	return imc_diag(m->diags, n->loc, IMC_D_TILE_PATCH, one(as->patch_h),
			one(as->patch_w), one(as->rest_h), one(as->rest_w),
			cut_text(m->arena, as->bundle, as->block_rows,
				 as->slices, as->bias_rows),
			(int)mx->out_h, (int)mx->out_w, (int)m->hw->ima_rows,
			(int)m->hw->ima_cols);
}

static bool tile_node(struct imc_module *m, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(m->g, id);
	struct imc_assign *as = &m->map.assign[id.i];
	struct imc_matrix mx = imc_matrix_of(m->g, n);
	struct imc_cut c;

	if (!check_assign(m, n, as))
		return false;
	if (!imc_cut_assigned(m->hw, &mx, as, &c))
		return refuse(m, n, &mx, as);
	as->first_tile = (int32_t)m->map.n_tile;
	as->n_tile = c.n_tile;
	for (int32_t i = 0; i < c.n_tile; i++) {
		struct imc_tile *t = IMC_PUSH(m->arena, m->map.tile,
					      m->map.n_tile, m->map.cap_tile);

		*t = imc_cut_tile(&mx, &c, as->bias_rows, i);
		t->node = id;
	}
	return true;
}

bool imc_pass_tile_layers(struct imc_module *m, struct imc_pass_cx *cx)
{
	struct imc_graph *g = m->g;

	m->map.array_rows = (int32_t)m->hw->ima_rows;
	m->map.array_cols = (int32_t)m->hw->ima_cols;
	m->map.n_array = (int32_t)imc_min_i64(imc_hw_n_array(m->hw), INT32_MAX);
	m->map.own_arrays = imc_hw_is_spatial(m->hw);
	m->map.n_tile = 0;
	for (size_t i = 0; i < g->n_order; i++) {
		imc_node_id id = g->order[i];

		if (imc_node_at(g, id)->op != IMC_OP_Q_CONV2D ||
		    m->map.assign[id.i].engine != IMC_ENGINE_CROSSBAR)
			continue;
		if (!tile_node(m, id))
			return false;
	}
	cx->n_changed = (int64_t)m->map.n_tile;
	return true;
}
