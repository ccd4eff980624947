#include <string.h>

#include "backend/bundle/emit.h"
#include "ir/op.h"

/* The body of <net>_run: slots of steps, one after another. What has a port of
 * its own is started, then the cores do their part, then all is waited for. */

static const struct imc_step *step_at(const struct imc_emit *e, size_t i)
{
	return &e->m->plan.step[i];
}

static bool same_task(const struct imc_step *a, const struct imc_step *b)
{
	return a->kind == b->kind && a->node.i == b->node.i &&
	       a->val.i == b->val.i;
}

/* ---- transfers ---- */

/* A far place of a value: "in->x", of that many bytes as C. */
struct far {
	const char *at, *bytes;
};

/* `whole` bytes of a value between L1 and a far place, or rows of it. */
static void put_rows(struct imc_emit *e, const struct imc_step *s,
		     const struct far *far)
{
	const struct imc_tensor *t = &imc_value_at(e->g, s->val)->t;
	bool load = s->kind == IMC_STEP_LOAD;
	const char *l1 = imc_emit_operand(e, s->val);
	const char *lines = imc_arena_printf(
		e->a, "%lld", (long long)imc_emit_lines(e, s->val));

	if (!s->n_row) {
		imc_emit_call(e, "imc_rt_dma_start",
			      imc_arena_printf(e->a, "%s, %s, %s",
					       load ? l1 : far->at,
					       load ? far->at : l1, far->bytes),
			      IMC_EMIT_DMA);
		return;
	}
	imc_emit_call(e, load ? "imc_rt_load_rows" : "imc_rt_store_rows",
		      imc_arena_printf(e->a, "%s, %s, %s, %lld, %s, %s",
				       load ? l1 : far->at, load ? lines : l1,
				       load ? far->at : lines,
				       (long long)imc_plan_row_bytes(t),
				       imc_emit_number(e, s->row),
				       imc_emit_number(e, s->n_row)),
		      IMC_EMIT_DMA);
}

static void put_channels(struct imc_emit *e, const struct imc_step *s,
			 const struct far *far)
{
	const struct imc_tensor *t = &imc_value_at(e->g, s->val)->t;
	int64_t channels = t->dim[t->rank - 1];

	imc_emit_call(e, "imc_rt_load_channels",
		      imc_arena_printf(
			      e->a, "%s, %s, %lld, %lld, %s, %s",
			      imc_emit_block(e, s->val, s->chan), far->at,
			      (long long)(imc_tensor_count(t) / channels),
			      (long long)channels, imc_emit_number(e, s->chan),
			      imc_emit_number(e, s->n_chan)),
		      IMC_EMIT_DMA);
}

static void put_transfer(struct imc_emit *e, const struct imc_step *s,
			 const struct far *far)
{
	const struct imc_buffer *b = imc_emit_buffer(e, s->val, IMC_MEM_L1);

	if (b && b->n_chan)
		put_channels(e, s, far);
	else
		put_rows(e, s, far);
}

/* A value in L2 that is neither input nor output. */
static struct far spilled(struct imc_emit *e, const struct imc_step *s)
{
	const struct imc_buffer *b = imc_emit_buffer(e, s->val, IMC_MEM_L2);
	const struct imc_tensor *t = &imc_value_at(e->g, s->val)->t;

	if (!b)
		return (struct far){NULL, NULL};
	return (struct far){
		imc_arena_printf(e->a, "l2 + %lld", (long long)b->offset),
		imc_arena_printf(e->a, "%zu", imc_tensor_bytes(t))};
}

/* A place of the caller's: of input or output k. */
static struct far given(struct imc_emit *e, size_t k, bool input)
{
	const char *member = input ? e->input[k] : e->output[k];
	const char *upper = input ? e->input_upper[k] : e->output_upper[k];

	return (struct far){
		imc_arena_printf(e->a, "%s->%s", input ? "in" : "out", member),
		imc_arena_printf(e->a, "%s_%s_%s_BYTES", e->upper,
				 input ? "IN" : "OUT", upper)};
}

static void put_load(struct imc_emit *e, const struct imc_step *s)
{
	struct far far = spilled(e, s);

	for (size_t k = e->g->n_output; k-- > 0;)
		if (e->g->output[k].i == s->val.i)
			far = given(e, k, false);
	for (size_t k = e->g->n_input; k-- > 0;)
		if (e->g->input[k].i == s->val.i)
			far = given(e, k, true);
	put_transfer(e, s, &far);
}

/* One value may be several outputs. */
static void put_store(struct imc_emit *e, const struct imc_step *s)
{
	struct far far = spilled(e, s);

	for (size_t k = 0; k < e->g->n_output; k++)
		if (e->g->output[k].i == s->val.i) {
			far = given(e, k, false);
			put_transfer(e, s, &far);
		}
	if (!imc_graph_is_output(e->g, s->val))
		put_transfer(e, s, &far);
}

/* Constants of the blocks that the step names, or all of them. */
static void put_fetch(struct imc_emit *e, const struct imc_step *s)
{
	int64_t block = imc_emit_block_of(e, s);
	const struct imc_node *n = imc_node_at(e->g, s->node);
	struct imc_constants c =
		imc_plan_constants(e->g, &e->m->map, s->node, block);
	int64_t first = s->n_chan ? s->chan : 0;
	int64_t end = first + 1;

	if (block)
		end = s->n_chan ? first + s->n_chan
				: imc_node_in(e->g, n, 1)->t.dim[0];
	for (int64_t chan = first; chan < end; chan += block ? block : 1)
		imc_emit_call(
			e, "imc_rt_dma_start",
			imc_arena_printf(e->a, "%s, %s, %lld",
					 imc_emit_constants(e, s, chan),
					 imc_emit_constants_l2(e, s, chan),
					 (long long)c.bytes),
			IMC_EMIT_DMA);
}

/* ---- slots ---- */

/* An engine that works while the others do; it takes one image. */
static bool is_started(const struct imc_emit *e, const struct imc_step *s)
{
	unsigned lanes = imc_step_lanes(&e->m->map, s);
	const struct imc_node *n = imc_node_at(e->g, s->node);

	return (lanes == IMC_LANE_PORT || lanes == IMC_LANE_PE) &&
	       imc_node_out(e->g, n, 0)->t.dim[0] == 1;
}

/* True if n walks over windows, and rings that are cut within their lines. */
static bool uneven_rings(const struct imc_emit *e, const struct imc_node *n)
{
	return (n->op == IMC_OP_Q_CONV2D || imc_emit_is_pool(n)) &&
	       (imc_emit_lines(e, n->in[0]) < 0 ||
		imc_emit_lines(e, n->out[0]) < 0);
}

/* True if the step names rows or channels that no kernel computes alone. */
static bool cut_fails(const struct imc_emit *e, const struct imc_step *s)
{
	const struct imc_node *n = imc_node_at(e->g, s->node);
	const struct imc_tensor *y = &imc_node_out(e->g, n, 0)->t;
	enum imc_engine engine = e->m->map.assign[s->node.i].engine;

	if (uneven_rings(e, n))
		return true;
	if (s->n_row &&
	    (!imc_plan_by_rows(e->g, n) || y->rank < 1 || y->dim[0] != 1))
		return true;
	if (!s->n_chan)
		return false;
	if (n->op == IMC_OP_Q_CONV2D)
		return engine != IMC_ENGINE_CORES && engine != IMC_ENGINE_PE;
	return !imc_emit_is_pool(n);
}

static bool put_run(struct imc_emit *e, const struct imc_step *s, bool alone)
{
	const struct imc_node *n = imc_node_at(e->g, s->node);

	if (cut_fails(e, s))
		return imc_diag(e->d, n->loc, IMC_D_BUNDLE_OP,
				imc_op_info(n->op)->name,
				"it cannot run in strips");
	e->start = !alone && is_started(e, s);
	if (!imc_emit_step(e, s))
		return false;
	imc_emit_trace(e, s);
	return true;
}

static bool put_step(struct imc_emit *e, size_t i, bool alone)
{
	const struct imc_step *s = step_at(e, i);

	e->step = (int32_t)i;
	switch (s->kind) {
	case IMC_STEP_LOAD:
		put_load(e, s);
		return true;
	case IMC_STEP_STORE:
		put_store(e, s);
		return true;
	case IMC_STEP_FETCH:
		put_fetch(e, s);
		return true;
	case IMC_STEP_RUN:
		return put_run(e, s, alone);
	case IMC_N_STEP:
		break;
	}
	return true;
}

/* One transfer with nothing beside it needs no wait of its own. */
static void shorten(struct imc_emit *e)
{
	static const char start[] = "imc_rt_dma_start";

	if (e->n_call == 1 && !strcmp(e->call->function, start)) {
		e->call->function = "imc_rt_dma_copy";
		e->call->units = 0;
	}
}

/* When a call of a slot comes: transfers, engines, cores, then traces. */
static int turn_of(const struct imc_emit_call *c)
{
	if (c->trace)
		return 3;
	if (c->units & IMC_EMIT_DMA)
		return 0;
	return c->units ? 1 : 2;
}

static void close_slot(struct imc_emit *e, struct imc_emit_slot *s)
{
	struct imc_emit_call *call =
		imc_arena_array(e->a, e->n_call, sizeof *call);

	shorten(e);
	for (int turn = 0; turn < 4; turn++)
		for (size_t c = 0; c < e->n_call; c++)
			if (turn_of(&e->call[c]) == turn)
				call[s->n_call++] = e->call[c];
	for (size_t c = 0; c < s->n_call; c++)
		s->units |= call[c].units;
	s->call = call;
}

static bool add_slot(struct imc_emit *e, size_t first)
{
	struct imc_emit_slot *s =
		IMC_PUSH(e->a, e->slot, e->n_slot, e->cap_slot);

	*s = (struct imc_emit_slot){
		.first = first, .end = imc_plan_slot_end(&e->m->plan, first)};
	e->n_call = 0;
	imc_plan_now_enter(&e->now, s->end);
	for (size_t i = first; i < s->end; i++)
		if (!put_step(e, i, s->end - first == 1))
			return false;
	while (imc_plan_now_leave(&e->now, s->end) >= 0)
		;
	close_slot(e, s);
	return true;
}

/* ---- groups: slots with one title ---- */

static bool runs(const struct imc_emit *e, const struct imc_emit_slot *s)
{
	for (size_t i = s->first; i < s->end; i++)
		if (step_at(e, i)->kind == IMC_STEP_RUN)
			return true;
	return false;
}

/* The last step that runs the node of step i. */
static size_t last_run(const struct imc_emit *e, size_t i)
{
	size_t k = e->m->plan.n_step - 1;

	while (!same_task(step_at(e, i), step_at(e, k)))
		k--;
	return k;
}

/* The slot behind those from `first` on, until no node goes on behind them. */
static size_t group_end(const struct imc_emit *e, size_t first)
{
	size_t last = e->slot[first].first, k = first;
	bool any = runs(e, &e->slot[first]);

	for (; k < e->n_slot &&
	       (e->slot[k].first <= last || (!any && !runs(e, &e->slot[k])));
	     k++)
		for (size_t i = e->slot[k].first; i < e->slot[k].end; i++)
			if (step_at(e, i)->kind == IMC_STEP_RUN &&
			    last_run(e, i) > last)
				last = last_run(e, i);
	return k;
}

static const char *task_title(struct imc_emit *e, const struct imc_step *s)
{
	const char *name;

	if (s->kind == IMC_STEP_RUN)
		return imc_emit_title(e, s, "\t");
	name = imc_step_has_node(s->kind) ? imc_node_at(e->g, s->node)->name
					  : imc_value_at(e->g, s->val)->name;
	return imc_arena_printf(e->a, "%s %s", imc_step_name(s->kind),
				imc_emit_comment(e->a, name));
}

/* True if no step from `first` on and before i is about the same. */
static bool is_new(const struct imc_emit *e, size_t first, size_t i)
{
	for (size_t k = first; k < i; k++)
		if (same_task(step_at(e, k), step_at(e, i)))
			return false;
	return true;
}

static void put_title(struct imc_emit *e, size_t first, size_t end)
{
	struct imc_buf *b = &e->run;
	bool cut = false, beside = false;

	if (end - first == 1) {
		imc_buf_printf(b, "\n\t/* %zu: %s */\n", first,
			       task_title(e, step_at(e, first)));
		return;
	}
	for (size_t i = first; i < end; i++) {
		cut = cut || step_at(e, i)->n_row || step_at(e, i)->n_chan;
		beside = beside || step_at(e, i)->beside;
	}
	imc_buf_printf(b, "\n\t/* %zu to %zu%s%s:", first, end - 1,
		       beside ? ": beside each other" : "",
		       cut ? ", in strips" : "");
	for (size_t i = first; i < end; i++)
		if (is_new(e, first, i))
			imc_buf_printf(b, "\n\t * %s",
				       task_title(e, step_at(e, i)));
	imc_buf_text(b, " */\n");
}

bool imc_emit_slots(struct imc_emit *e)
{
	const struct imc_plan *p = &e->m->plan;

	e->now = imc_plan_now_open(e->g, p, e->a);
	for (size_t i = 0; i < p->n_step; i = imc_plan_slot_end(p, i))
		if (!add_slot(e, i))
			return false;
	for (size_t k = 0, end; k < e->n_slot; k = end) {
		end = group_end(e, k);
		put_title(e, e->slot[k].first, e->slot[end - 1].end);
		imc_emit_loops(e, k, end);
	}
	return true;
}
