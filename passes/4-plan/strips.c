#include "passes/4-plan/strips.h"

#include "hwdesc/hw.h"
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
	*over = m->plan.l1_bytes - m->hw->l1_bytes;
	return true;
}

static bool try_rooms(struct imc_module *m, bool frugal,
		      struct imc_arena *scratch)
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
	(void)scratch;
	return false;
}

bool imc_strips_plan(struct imc_module *m, struct imc_arena *scratch)
{
	return try_rooms(m, false, scratch) || try_rooms(m, true, scratch);
}

/* The least L1, to IMC_L1_ALIGN bytes, that a plan was found for when half of
 * what is between it and too little was tried each time. 0: none. */
static int64_t find_least(struct imc_module *m, struct imc_arena *scratch)
{
	int64_t have = m->hw->l1_bytes, low = have, high = have;

	do {
		low = high;
		high *= 2;
		m->hw->l1_bytes = high;
	} while (!try_rooms(m, true, scratch) && high < INT64_MAX / 4);
	while (high - low > IMC_L1_ALIGN) {
		int64_t mid = low + (high - low) / 2;

		mid = imc_ceil_div(mid, IMC_L1_ALIGN) * IMC_L1_ALIGN;
		if (mid >= high)
			break;
		m->hw->l1_bytes = mid;
		if (try_rooms(m, true, scratch))
			high = mid;
		else
			low = mid;
	}
	m->hw->l1_bytes = have;
	return high;
}

bool imc_strips_refuse(struct imc_module *m, struct imc_arena *scratch)
{
	struct imc_flow f = imc_flow_of(m, scratch);
	struct imc_choice c =
		imc_choose_chains(&f, m->hw->l1_bytes, true, scratch);
	int64_t least = find_least(m, scratch);
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
