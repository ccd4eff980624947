#include "tests/plan/random_plan.h"

static bool chance(struct random *r, int one_of)
{
	return pick(r, 1, one_of) == 1;
}

int32_t random_patch(const struct imc_module *m, imc_node_id id)
{
	const struct imc_assign *as = &m->map.assign[id.i];
	int32_t h = 1;

	if (as->engine == IMC_ENGINE_CROSSBAR)
		for (int32_t i = 0; i < as->n_tile; i++)
			if (m->map.tile[as->first_tile + i].patch_h > h)
				h = m->map.tile[as->first_tile + i].patch_h;
	return h;
}

static void add_cell(struct task *t, struct cell c, struct imc_arena *a)
{
	*IMC_PUSH(a, t->cell, t->n_cell, t->cap_cell) = c;
}

/* Strips of all rows; of each one block, or all of them. */
static void add_rows(const struct imc_module *m, struct task *t,
		     const struct cell *block, size_t n_block, struct random *r,
		     struct imc_arena *a)
{
	const struct imc_node *n = imc_node_at(m->g, t->id);
	int32_t n_row = (int32_t)imc_plan_n_row(&imc_node_out(m->g, n, 0)->t);
	int32_t h = random_patch(m, t->id), most = n_row / h;
	bool whole = n->n_out > 1 || !imc_plan_by_rows(m->g, n) || chance(r, 5);

	if (!whole && chance(r, 2))
		most = most > 3 ? 3 : most;
	for (int32_t row = 0, k; row < n_row; row += k) {
		k = whole ? n_row : pick(r, 1, most) * h;
		k = k > n_row - row ? n_row - row : k;
		for (size_t i = 0; i < n_block; i++) {
			struct cell c = block[i];

			c.row = row;
			c.n_row = k;
			add_cell(t, c, a);
		}
	}
}

static bool is_global(const struct imc_node *n, const struct imc_tensor *y)
{
	return (n->op == IMC_OP_MAX_POOL || n->op == IMC_OP_Q_AVERAGE_POOL) &&
	       y->dim[1] == 1 && y->dim[2] == 1;
}

/* How the node is cut. */
static void choose(const struct imc_module *m, struct task *t, bool far,
		   struct random *r)
{
	const struct imc_node *n = imc_node_at(m->g, t->id);
	const struct imc_tensor *y = &imc_node_out(m->g, n, 0)->t;
	enum imc_engine e = m->map.assign[t->id.i].engine;
	int32_t all = (int32_t)y->dim[3];

	t->fetches = imc_plan_constants(m->g, &m->map, t->id, 0).bytes &&
		     chance(r, 2);
	if (all < 2 || chance(r, 3))
		return;
	t->pool = far && is_global(n, y);
	if (t->pool || (t->fetches && n->op == IMC_OP_Q_CONV2D &&
			(e == IMC_ENGINE_CORES || e == IMC_ENGINE_PE)))
		t->n_chan = pick(r, 1, all - 1);
	t->by_chan = t->n_chan && !t->pool && chance(r, 2);
}

void random_cells(const struct imc_module *m, struct task *t, bool far,
		  struct random *r, struct imc_arena *a)
{
	const struct imc_node *n = imc_node_at(m->g, t->id);
	int32_t all = (int32_t)imc_node_out(m->g, n, 0)->t.dim[3];
	struct cell *block;
	size_t n_block = 0;

	choose(m, t, far, r);
	block = imc_arena_array(a, (size_t)all, sizeof *block);
	if (!t->n_chan) {
		add_rows(m, t, block, 1, r, a);
		return;
	}
	for (int32_t c = 0; c < all; c += t->n_chan) {
		int32_t k = all - c < t->n_chan ? all - c : t->n_chan;

		block[n_block++] = (struct cell){.chan = c, .n_chan = k};
	}
	if (!t->by_chan) {
		add_rows(m, t, block, n_block, r, a);
		return;
	}
	for (size_t i = 0; i < n_block; i++)
		add_rows(m, t, &block[i], 1, r, a);
}
