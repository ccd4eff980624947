#include "passes/4-plan/strips.h"

#include "hwdesc/cost.h"
#include "passes/4-plan/allocate.h"
#include "passes/4-plan/work.h"

/* Offsets may leave gaps: so often with less room. */
#define MAX_TRY 8

/* Chains for so much room, in a plan. *over: bytes that offsets need more than
 * there are. False: there are no such chains. */
static bool try_room(struct imc_module *m, int64_t room, bool frugal,
		     int64_t *over, struct imc_arena *scratch)
{
	struct imc_flow f = imc_flow_of(m, scratch);
	struct imc_choice c = imc_choose_chains(&f, room, frugal, scratch);
	struct imc_work w;

	if (!c.found)
		return false;
	w = imc_work_of_chains(&f, &c, m, scratch);
	if (!frugal)
		imc_work_hide(&w, room);
	imc_work_finish(&w, scratch);
	m->plan.in_chains = true;
	*over = m->plan.l1_bytes - m->hw->l1_bytes;
	return true;
}

static bool try_rooms(struct imc_module *m, bool frugal)
{
	int64_t room = m->hw->l1_bytes, over = 0;

	for (int i = 0; i < MAX_TRY; i++) {
		struct imc_arena *a = imc_arena_new();
		bool found = try_room(m, room, frugal, &over, a);

		imc_arena_free(a);
		if (!found)
			return false;
		if (over <= 0)
			return true;
		room -= imc_max_i64(over, m->hw->l1_bytes / 64);
	}
	return false;
}

bool imc_strips_plan(struct imc_module *m)
{
	return try_rooms(m, false) || try_rooms(m, true);
}

/* True if the scratch of all steps of u has room for two strips. */
static bool has_two_strips(const struct imc_module *m,
			   const struct imc_flow_unit *u)
{
	const struct imc_plan *p = &m->plan;

	for (size_t i = 0; i < p->n_step; i++) {
		const struct imc_step *s = &p->step[i];

		if (s->kind == IMC_STEP_RUN && s->node.i == u->node.i &&
		    p->buffer[s->scratch].size_bytes <
			    2 * s->strip_rows * u->code_row)
			return false;
	}
	return true;
}

void imc_strips_take(struct imc_module *m, struct imc_arena *scratch)
{
	struct imc_flow f = imc_flow_of(m, scratch);

	for (int32_t i = 0; i < f.n_unit; i++) {
		const struct imc_flow_unit *u = &f.unit[i];
		struct imc_assign *as = &m->map.assign[u->node.i];

		if (as->overlap == u->as.overlap || has_two_strips(m, u))
			continue;
		as->overlap = u->as.overlap;
		as->cost = imc_cost_node(m->hw, m->g, u->node, as);
	}
}

/* A size that chains of least memory fit, in halves of what is between it and
 * too little. */
static int64_t find_frugal(struct imc_module *m, int64_t low)
{
	int64_t high = low;

	do {
		low = high;
		high = imc_chain_aligned(2 * high);
		m->hw->l1_bytes = high;
	} while (!try_rooms(m, true) && high < INT64_MAX / 4);
	while (high - low > IMC_L1_ALIGN) {
		int64_t mid = imc_chain_aligned(low + (high - low) / 2);

		if (mid >= high)
			break;
		m->hw->l1_bytes = mid;
		if (try_rooms(m, true))
			high = mid;
		else
			low = mid;
	}
	return high;
}

/* The same, lowered while there is a plan. */
static int64_t find_least(struct imc_module *m, imc_strips_try *try_plan,
			  struct imc_arena *scratch)
{
	struct imc_plan plan = m->plan;
	int64_t have = m->hw->l1_bytes;
	int64_t least = find_frugal(m, have);

	for (;;) {
		m->plan = plan;
		m->hw->l1_bytes = least - IMC_L1_ALIGN;
		if (m->hw->l1_bytes <= have || !try_plan(m, scratch))
			break;
		least = m->hw->l1_bytes;
	}
	m->hw->l1_bytes = have;
	m->plan = plan;
	return least;
}

bool imc_strips_refuse(struct imc_module *m, imc_strips_try *try_plan,
		       struct imc_arena *scratch)
{
	int64_t least = find_least(m, try_plan, scratch);
	struct imc_flow f = imc_flow_of(m, scratch);
	struct imc_choice c = imc_choose_chains(&f, least, true, scratch);
	const struct imc_node *n =
		c.unit < 0 ? NULL : imc_node_at(m->g, f.unit[c.unit].node);

	imc_diag(m->diags, IMC_IN_FILE(m->model_path), IMC_D_L1_EXCEEDED,
		 (long long)m->hw->l1_bytes, n ? n->name : "an output",
		 (long long)(n ? c.need_bytes : least), (long long)least);
	return false;
}

/* Constants that lie in L2, not on arrays. */
static int64_t constant_bytes(const struct imc_module *m)
{
	int64_t sum = 0;

	for (size_t i = 0; i < m->g->n_order; i++) {
		imc_node_id id = m->g->order[i];

		sum += imc_plan_constants(m->g, &m->map, id, 0).bytes;
	}
	return sum;
}

bool imc_strips_check_l2(struct imc_module *m)
{
	int64_t need = m->plan.l2_bytes + constant_bytes(m);

	if (imc_hw_is_spatial(m->hw) || need <= m->hw->l2_bytes)
		return true;
	imc_diag(m->diags, IMC_IN_FILE(m->model_path), IMC_D_L2_EXCEEDED,
		 (long long)need, (long long)m->hw->l2_bytes);
	return false;
}
