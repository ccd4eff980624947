#include <math.h>

#include "hwdesc/cost.h"
#include "ir/support/checked.h"
#include "passes/4-plan/allocate.h"
#include "passes/4-plan/dma_bound.h"
#include "passes/4-plan/flow.h"
#include "passes/4-plan/overlap.h"
#include "passes/4-plan/strips.h"
#include "passes/4-plan/work.h"
#include "passes/pass.h"

/* ---- one step after another ---- */

static struct imc_step *add_step(struct imc_module *m, enum imc_step_kind kind)
{
	struct imc_plan *p = &m->plan;
	struct imc_step *s =
		IMC_PUSH(m->arena, p->step, p->n_step, p->cap_step);

	s->kind = kind;
	s->node = IMC_NO_NODE;
	s->val = IMC_NO_VAL;
	s->scratch = -1;
	return s;
}

/* A new buffer; set_lives says when it lives. */
static int32_t add_buffer(struct imc_module *m, imc_val v, int64_t bytes)
{
	struct imc_plan *p = &m->plan;
	struct imc_buffer *b =
		IMC_PUSH(m->arena, p->buffer, p->n_buffer, p->cap_buffer);

	b->val = v;
	b->node = IMC_NO_NODE;
	b->mem = IMC_MEM_L1;
	b->size_bytes = bytes;
	if (imc_val_ok(v))
		b->lines = (int32_t)imc_plan_n_row(&imc_value_at(m->g, v)->t);
	return (int32_t)p->n_buffer - 1;
}

static int64_t bytes_of(const struct imc_graph *g, imc_val v)
{
	return (int64_t)imc_tensor_bytes(&imc_value_at(g, v)->t);
}

static void load_input(struct imc_module *m, imc_val v)
{
	struct imc_step *s = add_step(m, IMC_STEP_LOAD);

	s->val = v;
	s->cost = imc_cost_dma(m->hw, bytes_of(m->g, v));
	add_buffer(m, v, bytes_of(m->g, v));
}

static void store_output(struct imc_module *m, imc_val v)
{
	struct imc_step *s = add_step(m, IMC_STEP_STORE);

	s->val = v;
	s->cost = imc_cost_dma(m->hw, bytes_of(m->g, v));
}

/* Rows of a strip, and the scratch for their codes. */
static void set_strip(struct imc_module *m, struct imc_step *s)
{
	const struct imc_node *n = imc_node_at(m->g, s->node);
	const struct imc_assign *as = &m->map.assign[s->node.i];
	struct imc_matrix mx = imc_matrix_of(m->g, n);
	int64_t row =
		mx.out_w * imc_flow_window_bytes(&m->map, as, n->a.adc[0] != 0);

	s->strip_rows = imc_strip_rows(m->hw, &mx, as);
	s->scratch = add_buffer(m, IMC_NO_VAL,
				s->strip_rows * row * (as->overlap ? 2 : 1));
}

static void run_node(struct imc_module *m, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(m->g, id);
	struct imc_assign *as = &m->map.assign[id.i];
	struct imc_step *s = add_step(m, IMC_STEP_RUN);

	s->node = id;
	as->cost = imc_cost_node(m->hw, m->g, id, as);
	s->cost = as->cost;
	if (as->engine == IMC_ENGINE_CROSSBAR && n->a.post[0] == 0)
		set_strip(m, s);
	for (int k = 0; k < n->n_out; k++)
		add_buffer(m, n->out[k], bytes_of(m->g, n->out[k]));
}

static void plan_node(struct imc_module *m, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(m->g, id);

	if (imc_plan_is_view(m->g, n))
		m->plan.root[n->out[0].i] = m->plan.root[n->in[0].i];
	else if (m->map.assign[id.i].engine != IMC_ENGINE_NONE)
		run_node(m, id);
}

static void start_plan(struct imc_module *m)
{
	struct imc_plan *p = &m->plan;

	*p = (struct imc_plan){.n_root = m->g->n_value};
	p->root = imc_arena_array(m->arena, m->g->n_value, sizeof *p->root);
	for (size_t v = 0; v < p->n_root; v++)
		p->root[v] = (uint32_t)v;
}

static void list_steps(struct imc_module *m)
{
	struct imc_graph *g = m->g;

	start_plan(m);
	for (size_t k = 0; k < g->n_input; k++)
		load_input(m, g->input[k]);
	for (size_t k = 0; k < g->n_order; k++)
		plan_node(m, g->order[k]);
	for (size_t k = 0; k < g->n_output; k++)
		store_output(m, g->output[k]);
}

/* ---- when buffers live ---- */

/* A slot: steps first .. last. */
struct span {
	int32_t first, last;
};

static void extend(struct imc_plan *p, int32_t buffer, struct span slot)
{
	struct imc_buffer *b = buffer < 0 ? NULL : &p->buffer[buffer];

	if (!b)
		return;
	b->first = (int32_t)imc_min_i64(b->first, slot.first);
	b->last = (int32_t)imc_max_i64(b->last, slot.last);
}

static void extend_value(struct imc_plan *p, imc_val v, struct span slot)
{
	for (size_t i = 0; imc_val_ok(v) && i < p->n_buffer; i++)
		if (p->buffer[i].val.i == p->root[v.i])
			extend(p, (int32_t)i, slot);
}

static void touch(struct imc_module *m, const struct imc_step *s,
		  struct span slot)
{
	const struct imc_node *n;

	extend(&m->plan, s->scratch, slot);
	extend_value(&m->plan, s->val, slot);
	if (s->kind != IMC_STEP_RUN)
		return;
	n = imc_node_at(m->g, s->node);
	for (int k = 0; k < n->n_in; k++)
		extend_value(&m->plan, n->in[k], slot);
	for (int k = 0; k < n->n_out; k++)
		extend_value(&m->plan, n->out[k], slot);
}

/* From the slot of the first strip that makes it to that of the last one that
 * reads it, so that steps of a slot never share bytes. */
static void set_lives(struct imc_module *m)
{
	struct imc_plan *p = &m->plan;

	for (size_t i = 0; i < p->n_buffer; i++) {
		p->buffer[i].first = INT32_MAX;
		p->buffer[i].last = 0;
	}
	for (size_t i = 0, end; i < p->n_step; i = end) {
		end = imc_plan_slot_end(p, i);
		for (size_t k = i; k < end; k++)
			touch(m, &p->step[k],
			      (struct span){(int32_t)i, (int32_t)end - 1});
	}
}

static void allocate(struct imc_module *m, struct imc_arena *scratch)
{
	struct imc_plan *p = &m->plan;
	struct imc_allocation of[IMC_N_MEM];

	set_lives(m);
	for (int mem = 0; mem < IMC_N_MEM; mem++)
		of[mem] = imc_allocate_best(p->buffer, p->n_buffer,
					    (enum imc_memory)mem, scratch);
	p->l1_bytes = of[IMC_MEM_L1].peak_bytes;
	p->l1_lower_bound = of[IMC_MEM_L1].bound_bytes;
	p->l2_bytes = of[IMC_MEM_L2].peak_bytes;
	p->l2_lower_bound = of[IMC_MEM_L2].bound_bytes;
}

/* ---- steps beside each other ---- */

/* Those rows of a whole step. */
static void add_strip(struct imc_module *m, const struct imc_step *whole,
		      struct imc_rows rows, bool beside, struct imc_plan *to)
{
	struct imc_step *s =
		IMC_PUSH(m->arena, to->step, to->n_step, to->cap_step);
	int64_t n = rows.end - rows.first;

	*s = *whole;
	s->beside = beside;
	s->cost = imc_overlap_cost(m, whole, n);
	if (rows.first == 0 && imc_overlap_rows(m, whole) == n)
		return;
	s->row = (int32_t)rows.first;
	s->n_row = (int32_t)n;
}

static void add_group(struct imc_module *m, struct imc_group g,
		      struct imc_plan *to)
{
	struct imc_slots slots = imc_slots_begin(m, g);
	struct imc_rows rows[IMC_GROUP_STEPS];

	while (imc_slots_next(&slots, rows)) {
		bool beside = false;

		for (size_t k = 0; k < g.n_step; k++) {
			if (rows[k].first == rows[k].end)
				continue;
			add_strip(m, &m->plan.step[g.first + k], rows[k],
				  beside, to);
			beside = true;
		}
	}
}

/* Engines work beside each other where that is shorter. */
static void overlap_steps(struct imc_module *m, int64_t room,
			  struct imc_arena *scratch)
{
	struct imc_plan beside = m->plan;
	size_t n;
	struct imc_group *g = imc_overlap_choose(m, room, &n, scratch);

	beside.step = NULL;
	beside.n_step = beside.cap_step = 0;
	beside.buffer =
		imc_arena_memdup(m->arena, m->plan.buffer,
				 m->plan.n_buffer * sizeof *m->plan.buffer);
	for (size_t i = 0; i < n; i++)
		add_group(m, g[i], &beside);
	m->plan = beside;
	allocate(m, scratch);
}

/* ---- constants, and what fits ---- */

/* Fetches the constants of m->plan. False: that does not fit L1. */
static bool fetch_constants(struct imc_module *m, struct imc_arena *scratch)
{
	struct imc_work w = imc_work_of_plan(m, scratch);

	if (m->plan.l1_bytes > m->hw->l1_bytes)
		return false;
	imc_work_hide(&w, m->hw->l1_bytes);
	imc_work_finish(&w, scratch);
	return m->plan.l1_bytes <= m->hw->l1_bytes;
}

/* Whole values, groups with so much room at most. False: it does not fit. */
static bool plan_whole(struct imc_module *m, const struct imc_plan *in_turn,
		       int64_t room, struct imc_arena *scratch)
{
	m->plan = *in_turn;
	m->plan.in_chains = false;
	if (!m->opt.no_overlap)
		overlap_steps(m, room, scratch);
	m->plan.roomy_ns = in_turn->roomy_ns > 0
				   ? in_turn->roomy_ns
				   : imc_plan_total(&m->plan, NULL).ns;
	return fetch_constants(m, scratch);
}

/* By what is asked for; equal energy by time. */
static bool is_better(const struct imc_module *m, const struct imc_plan *a,
		      const struct imc_plan *b)
{
	struct imc_cost x = imc_plan_total(a, NULL),
			y = imc_plan_total(b, NULL);

	if (m->opt.objective == IMC_OBJECTIVE_ENERGY &&
	    fabs(x.pj - y.pj) > 1e-9 * y.pj)
		return x.pj < y.pj;
	return x.ns < y.ns;
}

/* Strips, where whole values do not fit or are worse. */
static bool plan_in_l1(struct imc_module *m, struct imc_arena *scratch)
{
	struct imc_plan in_turn = m->plan, whole;
	bool fits;

	if (plan_whole(m, &in_turn, INT64_MAX, scratch))
		return true;
	in_turn.roomy_ns = m->plan.roomy_ns;
	fits = in_turn.l1_bytes <= m->hw->l1_bytes &&
	       plan_whole(m, &in_turn, m->hw->l1_bytes, scratch);
	whole = m->plan;
	m->plan = in_turn;
	if (imc_strips_plan(m) && (!fits || is_better(m, &m->plan, &whole)))
		return true;
	m->plan = whole;
	return fits;
}

static bool plan_or_refuse(struct imc_module *m, struct imc_arena *scratch)
{
	struct imc_plan in_turn = m->plan;

	if (plan_in_l1(m, scratch)) {
		imc_strips_take(m, scratch);
		m->plan.dma_lower_bound = imc_dma_lower_bound(m);
		return imc_strips_check_l2(m);
	}
	m->plan = in_turn;
	return imc_strips_refuse(m, plan_in_l1, scratch);
}

bool imc_pass_schedule(struct imc_module *m, struct imc_pass_cx *cx)
{
	bool ok = true;

	list_steps(m);
	allocate(m, cx->scratch);
	/* Layers of a spatial machine overlap with those of other images, which
	 * is what its bounds and stages are about. */
	if (!imc_hw_is_spatial(m->hw))
		ok = plan_or_refuse(m, cx->scratch);
	else if (m->plan.l1_bytes > m->hw->l1_bytes)
		imc_diag(m->diags, IMC_IN_FILE(m->model_path), IMC_D_L1_ASSUMED,
			 (long long)m->plan.l1_bytes,
			 (long long)m->hw->l1_bytes);
	cx->n_changed = (int64_t)m->plan.n_step;
	return ok;
}
