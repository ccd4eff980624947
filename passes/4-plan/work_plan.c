#include "hwdesc/cost.h"
#include "passes/4-plan/work.h"

struct making {
	struct imc_work *w;
	const struct imc_plan *p;
	int32_t *constants; /* by node: their buffer, -1 */
};

static int32_t buffer_of(const struct imc_plan *p, imc_val v)
{
	for (size_t i = 0; i < p->n_buffer; i++)
		if (imc_val_ok(p->buffer[i].val) &&
		    p->buffer[i].val.i == p->root[v.i])
			return (int32_t)i;
	return -1;
}

static void use_value(struct making *k, imc_val v)
{
	int32_t at = imc_val_ok(v) ? buffer_of(k->p, v) : -1;

	if (at >= 0)
		imc_work_use(k->w, at);
}

/* Constants of the nodes of steps i .. end that are not there yet, each in a
 * slot of its own. */
static void fetch(struct making *k, size_t i, size_t end)
{
	const struct imc_module *m = k->w->m;

	for (; i < end; i++) {
		imc_node_id id = k->p->step[i].node;
		struct imc_piece *p;
		int64_t bytes;

		if (k->p->step[i].kind != IMC_STEP_RUN ||
		    k->constants[id.i] >= 0)
			continue;
		bytes = imc_plan_constants(m->g, &m->map, id, 0).bytes;
		if (bytes == 0)
			continue;
		k->constants[id.i] = imc_work_buffer(
			k->w, (struct imc_buffer){.val = IMC_NO_VAL,
						  .node = id,
						  .mem = IMC_MEM_L1,
						  .lines = 1,
						  .size_bytes = bytes});
		p = imc_work_add(k->w, IMC_STEP_FETCH, k->w->n_slot);
		p->step.node = id;
		p->step.cost = imc_cost_dma(m->hw, bytes);
		imc_work_use(k->w, k->constants[id.i]);
	}
}

static void add_step(struct making *k, const struct imc_step *s, int32_t slot)
{
	struct imc_piece *p = imc_work_add(k->w, s->kind, slot);
	const struct imc_node *n;

	p->step = *s;
	use_value(k, s->val);
	if (s->kind != IMC_STEP_RUN)
		return;
	n = imc_node_at(k->w->m->g, s->node);
	for (int i = 0; i < n->n_in; i++)
		use_value(k, n->in[i]);
	for (int i = 0; i < n->n_out; i++)
		use_value(k, n->out[i]);
	if (s->scratch >= 0)
		imc_work_use(k->w, s->scratch);
	if (k->constants[s->node.i] >= 0)
		imc_work_use(k->w, k->constants[s->node.i]);
}

struct imc_work imc_work_of_plan(struct imc_module *m, struct imc_arena *a)
{
	const struct imc_plan *p = &m->plan;
	struct imc_work w = {.m = m, .a = a};
	struct making k = {&w, p, NULL};
	size_t n = m->g->n_node + 1;

	k.constants = imc_arena_array(a, n, sizeof *k.constants);
	for (size_t i = 0; i < n; i++)
		k.constants[i] = -1;
	for (size_t i = 0; i < p->n_buffer; i++)
		imc_work_buffer(&w, p->buffer[i]);
	for (size_t i = 0, end; i < p->n_step; i = end) {
		int32_t slot;

		end = imc_plan_slot_end(p, i);
		fetch(&k, i, end);
		slot = w.n_slot;
		for (; i < end; i++)
			add_step(&k, &p->step[i], slot);
	}
	return w;
}
