#include "ir/plan_check.h"

#include "ir/support/checked.h"

static int64_t rows_of(const struct imc_plan_checker *c, imc_val v)
{
	return imc_plan_n_row(&imc_value_at(c->g, v)->t);
}

static int64_t chans_of(const struct imc_plan_checker *c, imc_val v)
{
	return imc_plan_n_chan(&imc_value_at(c->g, v)->t);
}

static imc_val root_of(const struct imc_plan_checker *c, imc_val v)
{
	return (imc_val){c->p->root[v.i]};
}

static bool is_const(const struct imc_plan_checker *c, imc_val v)
{
	return imc_value_at(c->g, imc_plan_origin(c->g, v))->t.data != NULL;
}

static const char *write_whole(const struct imc_plan_checker *c,
			       const struct imc_units *x, size_t i)
{
	return imc_units_write(c, x, (struct imc_rows){0, x->n_chan}, i);
}

/* ---- RUN ---- */

static bool is_cut(const struct imc_plan_checker *c, int32_t b)
{
	return b >= 0 && c->p->buffer[b].n_chan;
}

static const char *read_input(const struct imc_plan_checker *c,
			      const struct imc_node *n, int k, size_t i)
{
	const struct imc_step *s = &c->p->step[i];
	imc_val v = n->in[k];
	struct imc_rows out = imc_step_rows(s, &imc_node_out(c->g, n, 0)->t);
	int32_t b = imc_plan_now_of(&c->now, v, IMC_MEM_L1);
	struct imc_rows rows = imc_plan_reads(c->g, n, k, out);
	int64_t n_chan = chans_of(c, v);
	struct imc_units x;
	const char *bad;

	if (rows.first == rows.end)
		return NULL;
	if (is_cut(c, b) && imc_plan_is_global_pool(c->g, n) &&
	    chans_of(c, root_of(c, v)) == n_chan)
		bad = imc_units_block(c, b, imc_step_chans(s, n_chan), n_chan,
				      i, &x);
	else
		bad = imc_units_by_cores(c, v, rows, i, &x);
	return bad || x.at.n == 0 ? bad : imc_units_read(c, &x, i);
}

static const char *read_constants(const struct imc_plan_checker *c,
				  const struct imc_node *n, size_t i)
{
	const struct imc_step *s = &c->p->step[i];
	int32_t b = c->now.node[s->node.i];
	int64_t n_chan = imc_plan_out_chan(c->g, n);
	struct imc_rows chans = {0, n_chan};
	struct imc_units x;
	const char *bad;

	if (b < 0)
		return NULL;
	/* of a pool, the channels are those of its input */
	if (n->op == IMC_OP_Q_CONV2D)
		chans = imc_step_chans(s, n_chan);
	bad = imc_units_block(c, b, chans, n_chan, i, &x);
	return bad ? bad : imc_units_read(c, &x, i);
}

static const char *read_run(const struct imc_plan_checker *c, size_t i)
{
	const struct imc_node *n = imc_node_at(c->g, c->p->step[i].node);
	const char *bad = NULL;

	for (int k = 0; k < n->n_in && !bad; k++)
		if (imc_val_ok(n->in[k]) && !is_const(c, n->in[k]))
			bad = read_input(c, n, k, i);
	return bad ? bad : read_constants(c, n, i);
}

/* Each row and channel once, rows and channels in order: of either, all rows
 * of a block of channels before the next block, or all channels of some rows
 * before the next rows. */
static const char *count_made(const struct imc_plan_checker *c, imc_val v,
			      struct imc_rows rows, struct imc_rows chans,
			      size_t i)
{
	int64_t *made = c->made[v.i], n_row = rows_of(c, v), r = rows.first;

	if (rows.end <= n_row && chans.end <= chans_of(c, v))
		for (; r < rows.end && made[r] == chans.first &&
		       (r == 0 || made[r - 1] >= chans.end);
		     r++)
			made[r] = chans.end;
	if (r == rows.end && rows.first < rows.end)
		return NULL;
	return imc_arena_printf(
		c->a,
		"step %zu makes rows %lld to %lld, channels %lld to %lld, of "
		"'%s' twice, or not in order",
		i, (long long)rows.first, (long long)rows.end,
		(long long)chans.first, (long long)chans.end,
		imc_plan_name(c, v));
}

static const char *write_output(const struct imc_plan_checker *c, imc_val v,
				size_t i)
{
	const struct imc_step *s = &c->p->step[i];
	struct imc_rows rows = imc_step_rows(s, &imc_value_at(c->g, v)->t);
	struct imc_rows chans = imc_step_chans(s, chans_of(c, v));
	struct imc_units x;
	const char *bad = count_made(c, v, rows, chans, i);

	bad = bad ? bad : imc_units_by_cores(c, v, rows, i, &x);
	if (!bad && x.n_chan != chans_of(c, v)) {
		/* an output that is a view of it */
		if (imc_plan_block(chans, 0, chans_of(c, v)) < 0)
			return imc_arena_printf(
				c->a, "step %zu makes some channels of '%s'", i,
				imc_plan_name(c, v));
		chans.end = x.n_chan;
	}
	return bad ? bad : imc_units_write(c, &x, chans, i);
}

static const char *write_run(const struct imc_plan_checker *c, size_t i)
{
	const struct imc_node *n = imc_node_at(c->g, c->p->step[i].node);
	const char *bad = NULL;

	for (int k = 0; k < n->n_out && !bad; k++)
		if (imc_val_ok(n->out[k]))
			bad = write_output(c, n->out[k], i);
	return bad;
}

/* ---- transfers ---- */

/* The far place of what step i moves: n places, or 0 when it is an input's,
 * where all is. */
static const char *find_far(const struct imc_plan_checker *c, size_t i,
			    struct imc_rows rows, struct imc_units *x)
{
	const struct imc_step *s = &c->p->step[i];

	*x = (struct imc_units){.at = c->out[s->val.i],
				.u = rows,
				.n_chan = chans_of(c, s->val),
				.unit = "row",
				.name = imc_plan_name(c, s->val),
				.where = "the output"};
	if (s->kind == IMC_STEP_LOAD && imc_graph_is_input(c->g, s->val)) {
		x->at.n = 0;
		return NULL;
	}
	if (imc_graph_is_output(c->g, s->val))
		return NULL;
	if (imc_graph_is_input(c->g, s->val) ||
	    root_of(c, s->val).i != s->val.i)
		return imc_arena_printf(c->a, "step %zu moves '%s'", i,
					x->name);
	return imc_units_rows(c, s->val, IMC_MEM_L2, rows, i, x);
}

/* The part of a buffer in L1 that step i fills, LOAD, or reads, STORE. */
static const char *find_near(const struct imc_plan_checker *c, size_t i,
			     struct imc_rows rows, struct imc_units *x)
{
	const struct imc_step *s = &c->p->step[i];
	int64_t n_chan = chans_of(c, s->val), n_row = rows_of(c, s->val);
	struct imc_rows chans = imc_step_chans(s, n_chan);
	imc_val root = root_of(c, s->val);
	int32_t b = imc_plan_now_of(&c->now, s->val, IMC_MEM_L1);
	bool all_rows = rows.first == 0 && rows.end == n_row;

	if (s->kind == IMC_STEP_LOAD && is_cut(c, b) && all_rows &&
	    root.i == s->val.i)
		return imc_units_block(c, b, chans, n_chan, i, x);
	if (imc_plan_block(chans, 0, n_chan) < 0)
		return imc_arena_printf(c->a,
					"step %zu moves some channels of '%s'",
					i, imc_plan_name(c, s->val));
	if (s->kind == IMC_STEP_LOAD && n_row != rows_of(c, root))
		return imc_arena_printf(
			c->a, "step %zu moves '%s', a view of '%s'", i,
			imc_plan_name(c, s->val), imc_plan_name(c, root));
	return imc_units_rows(c, s->val, IMC_MEM_L1, rows, i, x);
}

static struct imc_rows moved_rows(const struct imc_plan_checker *c, size_t i)
{
	const struct imc_step *s = &c->p->step[i];

	return imc_step_rows(s, &imc_value_at(c->g, s->val)->t);
}

static const char *read_transfer(const struct imc_plan_checker *c, size_t i)
{
	const struct imc_step *s = &c->p->step[i];
	struct imc_rows rows = moved_rows(c, i);
	struct imc_units x = {0};
	const char *bad;

	if (s->kind == IMC_STEP_STORE && is_const(c, s->val))
		return NULL;
	bad = s->kind == IMC_STEP_LOAD ? find_far(c, i, rows, &x)
				       : find_near(c, i, rows, &x);
	return bad || x.at.n == 0 ? bad : imc_units_read(c, &x, i);
}

static const char *write_transfer(const struct imc_plan_checker *c, size_t i)
{
	bool load = c->p->step[i].kind == IMC_STEP_LOAD;
	struct imc_rows rows = moved_rows(c, i);
	struct imc_units x;
	const char *bad =
		load ? find_near(c, i, rows, &x) : find_far(c, i, rows, &x);

	return bad ? bad : write_whole(c, &x, i);
}

static const char *find_fetched(const struct imc_plan_checker *c, size_t i,
				struct imc_units *x)
{
	const struct imc_step *s = &c->p->step[i];
	const struct imc_node *n = imc_node_at(c->g, s->node);
	int32_t b = c->now.node[s->node.i];

	if (b < 0)
		return imc_arena_printf(
			c->a, "step %zu fetches for '%s', without a buffer", i,
			n->name);
	return imc_units_block(c, b,
			       imc_step_chans(s, imc_plan_out_chan(c->g, n)),
			       imc_plan_out_chan(c->g, n), i, x);
}

/* ---- slots ---- */

static const char *write_scratch(const struct imc_plan_checker *c, size_t i)
{
	int32_t b = c->p->step[i].scratch;
	struct imc_units x = {.u = {0, 1},
			      .n_chan = 1,
			      .unit = "part",
			      .name = "scratch",
			      .where = "L1"};

	if (b < 0)
		return NULL;
	x.at = c->buffer[b];
	return write_whole(c, &x, i);
}

/* What a step is about, whatever lies where. */
static const char *check_transfer(const struct imc_plan_checker *c, size_t i)
{
	const struct imc_step *s = &c->p->step[i];
	struct imc_rows rows;

	if (s->kind == IMC_STEP_FETCH) {
		if (s->node.i >= c->g->n_node || c->g->node[s->node.i].dead ||
		    s->n_row)
			return imc_arena_printf(
				c->a, "step %zu fetches for no node", i);
		return NULL;
	}
	if (s->val.i >= c->g->n_value)
		return imc_arena_printf(c->a, "step %zu moves no value", i);
	rows = moved_rows(c, i);
	if (rows.end > rows_of(c, s->val))
		return imc_arena_printf(
			c->a, "step %zu moves rows %lld to %lld of '%s'", i,
			(long long)rows.first, (long long)rows.end,
			imc_plan_name(c, s->val));
	return NULL;
}

static const char *check_step(const struct imc_plan_checker *c, size_t i)
{
	const struct imc_step *s = &c->p->step[i];
	const char *bad = imc_plan_check_scratch(c, i);

	if (bad)
		return bad;
	if (s->row < 0 || s->n_row < 0 || s->chan < 0 || s->n_chan < 0)
		return imc_arena_printf(c->a, "step %zu has negative rows", i);
	return s->kind == IMC_STEP_RUN ? imc_plan_check_run(c, i)
				       : check_transfer(c, i);
}

static const char *check_reads(const struct imc_plan_checker *c, size_t i)
{
	const struct imc_step *s = &c->p->step[i];
	struct imc_units x;

	switch (s->kind) {
	case IMC_STEP_RUN:
		return read_run(c, i);
	case IMC_STEP_FETCH:
		return find_fetched(c, i, &x);
	case IMC_STEP_LOAD:
	case IMC_STEP_STORE:
		return read_transfer(c, i);
	case IMC_N_STEP:
		break;
	}
	return NULL;
}

static const char *check_writes(const struct imc_plan_checker *c, size_t i)
{
	const char *bad = write_scratch(c, i);
	struct imc_units x;

	if (bad)
		return bad;
	switch (c->p->step[i].kind) {
	case IMC_STEP_RUN:
		return write_run(c, i);
	case IMC_STEP_FETCH:
		bad = find_fetched(c, i, &x);
		return bad ? bad : write_whole(c, &x, i);
	case IMC_STEP_LOAD:
	case IMC_STEP_STORE:
		return write_transfer(c, i);
	case IMC_N_STEP:
		break;
	}
	return NULL;
}

static const char *check_lanes(const struct imc_plan_checker *c, size_t end)
{
	unsigned busy = 0;

	for (size_t i = (size_t)c->slot; i < end; i++) {
		unsigned lanes = imc_step_lanes(c->m, &c->p->step[i]);

		if (lanes & busy & ~(unsigned)IMC_LANE_DMA)
			return imc_arena_printf(
				c->a,
				"step %zu needs what another step of its slot "
				"keeps busy",
				i);
		busy |= lanes;
	}
	return NULL;
}

/* The steps from c->slot to `end` run at the same time. */
static const char *check_slot(struct imc_plan_checker *c, size_t end)
{
	const char *bad = NULL;

	imc_plan_now_enter(&c->now, end);
	for (size_t i = (size_t)c->slot; i < end && !bad; i++)
		bad = check_step(c, i);
	bad = bad ? bad : check_lanes(c, end);
	for (size_t i = (size_t)c->slot; i < end && !bad; i++)
		bad = check_reads(c, i);
	for (size_t i = (size_t)c->slot; i < end && !bad; i++)
		bad = check_writes(c, i);
	while (imc_plan_now_leave(&c->now, end) >= 0)
		;
	return bad;
}

/* ---- the whole ---- */

/* Views lie in the buffers of what they show, all else in its own. */
static const char *check_roots(const struct imc_plan_checker *c)
{
	const uint32_t *root = c->p->root;

	for (size_t v = 0; v < c->g->n_value; v++) {
		imc_node_id def = c->g->value[v].def;
		const struct imc_node *n;
		uint32_t want = (uint32_t)v;

		if (imc_node_ok(def) && !imc_node_at(c->g, def)->dead) {
			n = imc_node_at(c->g, def);
			if (imc_plan_is_view(c->g, n))
				want = root[n->in[0].i];
		}
		if (root[v] != want)
			return imc_arena_printf(
				c->a, "'%s' is not in the buffer of '%s'",
				c->g->value[v].name,
				want < c->g->n_value ? c->g->value[want].name
						     : "?");
	}
	return NULL;
}

static bool is_made(const struct imc_plan_checker *c, imc_val v)
{
	for (int64_t r = rows_of(c, v) - 1; r >= 0; r--)
		if (c->made[v.i][r] < chans_of(c, v))
			return false;
	return true;
}

static bool is_stored(const struct imc_plan_checker *c, imc_val v)
{
	for (int64_t r = 0; r < c->out[v.i].n; r++)
		if (c->out[v.i].v[r].unit != r)
			return false;
	return true;
}

static const char *check_complete(const struct imc_plan_checker *c)
{
	for (size_t k = 0; k < c->g->n_order; k++) {
		const struct imc_node *n = imc_node_at(c->g, c->g->order[k]);

		for (int o = 0; o < n->n_out; o++)
			if (imc_val_ok(n->out[o]) &&
			    !imc_plan_is_view(c->g, n) &&
			    !is_made(c, n->out[o]))
				return imc_arena_printf(
					c->a, "node '%s' never runs%s", n->name,
					c->made[n->out[o].i][0] ? " to its end"
								: "");
	}
	for (size_t k = 0; k < c->g->n_output; k++)
		if (!is_stored(c, c->g->output[k]))
			return imc_arena_printf(
				c->a, "'%s' is never stored",
				imc_plan_name(c, c->g->output[k]));
	return NULL;
}

static void open_values(struct imc_plan_checker *c)
{
	const struct imc_graph *g = c->g;

	c->made = imc_arena_array(c->a, g->n_value + 1, sizeof *c->made);
	c->out = imc_arena_array(c->a, g->n_value + 1, sizeof *c->out);
	for (size_t k = 0; k < g->n_order; k++) {
		const struct imc_node *n = imc_node_at(g, g->order[k]);

		for (int o = 0; o < n->n_out; o++)
			if (imc_val_ok(n->out[o]))
				c->made[n->out[o].i] = imc_arena_array(
					c->a, (size_t)rows_of(c, n->out[o]) + 1,
					sizeof **c->made);
	}
	for (size_t k = 0; k < g->n_output; k++)
		c->out[g->output[k].i] =
			imc_plan_places(c->a, rows_of(c, g->output[k]));
}

const char *imc_plan_check(const struct imc_graph *g, const struct imc_map *m,
			   const struct imc_plan *p, struct imc_arena *a)
{
	struct imc_plan_checker c = {.g = g, .m = m, .p = p, .a = a};
	const char *bad;

	if (p->n_root != g->n_value)
		return "values and buffers do not match";
	if (p->n_step && p->step[0].beside)
		return "step 0 is beside none";
	bad = check_roots(&c);
	bad = bad ? bad : imc_plan_check_buffers(&c);
	if (bad)
		return bad;
	open_values(&c);
	c.now = imc_plan_now_open(g, p, a);
	for (size_t i = 0, end; i < p->n_step && !bad; i = end) {
		end = imc_plan_slot_end(p, i);
		c.slot = (int32_t)i;
		bad = check_slot(&c, end);
	}
	return bad ? bad : check_complete(&c);
}
