#include "ir/plan_check.h"
#include "ir/support/checked.h"

/* Bytes that all tiles of the node give for one output row, each pixel by one
 * of the copies; -1: too many. */
static int64_t code_bytes(const struct imc_plan_checker *c,
			  const struct imc_node *n, const struct imc_assign *as)
{
	int64_t out_w = imc_matrix_of(c->g, n).out_w, bytes = 0;

	for (int32_t k = 0; k < as->n_tile; k++) {
		const struct imc_tile *t = &c->m->tile[as->first_tile + k];

		/* copies share the pixels */
		bytes += t->copy ? 0 : (int64_t)t->n_col * t->n_slice;
	}
	bytes *= n->a.adc[0] ? 1 : (int64_t)sizeof(int32_t);
	return imc_mul_i64(bytes, out_w, &bytes) ? bytes : -1;
}

static int64_t rows_of_step(const struct imc_plan_checker *c,
			    const struct imc_step *s, const struct imc_node *n)
{
	return s->n_row ? s->n_row : imc_matrix_of(c->g, n).out_h;
}

/* A crossbar step whose codes the cores join: whole patches in every strip,
 * and room for two strips when the arrays work beside the cores. */
static const char *check_codes(const struct imc_plan_checker *c,
			       const struct imc_node *n, size_t i)
{
	const struct imc_step *s = &c->p->step[i];
	const struct imc_assign *as = &c->m->assign[s->node.i];
	int64_t row = code_bytes(c, n, as), room;

	if (s->strip_rows < 1 || s->strip_rows > imc_matrix_of(c->g, n).out_h)
		return imc_arena_printf(c->a, "step %zu has strips of %d rows",
					i, (int)s->strip_rows);
	if (s->strip_rows < rows_of_step(c, s, n))
		for (int32_t k = 0; k < as->n_tile; k++)
			if (s->strip_rows %
			    c->m->tile[as->first_tile + k].patch_h)
				return imc_arena_printf(
					c->a,
					"step %zu cuts patches by strips of %d "
					"rows",
					i, (int)s->strip_rows);
	if (s->scratch < 0)
		return imc_arena_printf(c->a, "step %zu has no scratch", i);
	room = c->p->buffer[s->scratch].size_bytes / (as->overlap ? 2 : 1);
	if (row < 0 || room / s->strip_rows < row)
		return imc_arena_printf(
			c->a, "the scratch of step %zu is too small", i);
	return NULL;
}

const char *imc_plan_check_scratch(const struct imc_plan_checker *c, size_t i)
{
	int32_t at = c->p->step[i].scratch;
	const struct imc_buffer *b;

	if (at < 0)
		return NULL;
	if ((size_t)at >= c->p->n_buffer)
		return imc_arena_printf(c->a, "step %zu has no scratch", i);
	b = &c->p->buffer[at];
	if (imc_val_ok(b->val) || imc_node_ok(b->node) ||
	    b->first > (int64_t)i || b->last < (int64_t)i)
		return imc_arena_printf(
			c->a, "the scratch of step %zu is not its own", i);
	return NULL;
}

/* Rows of the output: arrays give whole patches. */
static const char *check_rows(const struct imc_plan_checker *c,
			      const struct imc_node *n, size_t i)
{
	const struct imc_step *s = &c->p->step[i];
	const struct imc_assign *as = &c->m->assign[s->node.i];

	if (s->n_row == 0)
		return NULL;
	if (n->n_out != 1 || !imc_plan_by_rows(c->g, n))
		return imc_arena_printf(c->a, "step %zu cannot run by rows", i);
	if (as->engine != IMC_ENGINE_CROSSBAR)
		return NULL;
	for (int32_t k = 0; k < as->n_tile; k++) {
		int64_t h = c->m->tile[as->first_tile + k].patch_h;

		if (h > 1 && (s->row % h || s->n_row % h))
			return imc_arena_printf(
				c->a,
				"step %zu runs rows %d to %d in patches of "
				"%lld rows",
				i, (int)s->row, (int)s->row + (int)s->n_row,
				(long long)h);
	}
	return NULL;
}

/* Channels of the output: those that a block of constants, or of the input of
 * a global pool, is for. */
static const char *check_chans(const struct imc_plan_checker *c,
			       const struct imc_node *n, size_t i)
{
	const struct imc_step *s = &c->p->step[i];
	int64_t n_chan = imc_plan_out_chan(c->g, n);
	struct imc_rows chans = imc_step_chans(s, n_chan);
	int32_t b = c->now.node[s->node.i];
	int64_t by = 0;

	if (imc_plan_is_global_pool(c->g, n)) {
		/* its constants are of no channel */
		b = imc_plan_now_of(&c->now, n->in[0], IMC_MEM_L1);
	}
	if (b >= 0)
		by = c->p->buffer[b].n_chan;
	if (imc_plan_block(chans, by, n_chan) < 0)
		return imc_arena_printf(
			c->a,
			"step %zu makes channels %lld to %lld of %lld, and "
			"blocks have %lld",
			i, (long long)chans.first, (long long)chans.end,
			(long long)n_chan, (long long)(by ? by : n_chan));
	return NULL;
}

const char *imc_plan_check_run(const struct imc_plan_checker *c, size_t i)
{
	const struct imc_step *s = &c->p->step[i];
	const struct imc_node *n;
	const char *bad;

	if (s->node.i >= c->g->n_node || c->g->node[s->node.i].dead)
		return imc_arena_printf(c->a, "step %zu runs no node", i);
	n = imc_node_at(c->g, s->node);
	if (imc_plan_is_view(c->g, n))
		return imc_arena_printf(c->a, "step %zu runs a view", i);
	if (s->node.i >= c->m->n_assign)
		return imc_arena_printf(c->a, "step %zu has no engine", i);
	bad = check_rows(c, n, i);
	bad = bad ? bad : check_chans(c, n, i);
	if (bad)
		return bad;
	if (n->op == IMC_OP_Q_CONV2D && !n->a.post[0] &&
	    c->m->assign[s->node.i].engine == IMC_ENGINE_CROSSBAR)
		return check_codes(c, n, i);
	return s->strip_rows ? imc_arena_printf(c->a, "step %zu has strips", i)
			     : NULL;
}
