#include "hwdesc/cost.h"
#include "passes/4-plan/work.h"

/* While chains become work: the buffers that live on behind a chain. */
struct making {
	struct imc_flow *f;
	struct imc_work *w;
	int32_t *whole; /* by value: its buffer in L1, kept whole; -1 */
	int32_t *far;	/* by value: its buffer in L2; -1 */
	/* of the chain at hand */
	const struct imc_chain *c;
	const struct imc_chain_sum *sum;
	int32_t first_slot;
	int32_t ring[IMC_CHAIN_USES];
	int32_t constants[IMC_CHAIN_UNITS], scratch[IMC_CHAIN_UNITS];
};

static int32_t new_buffer(struct making *k, imc_val v, imc_node_id n,
			  enum imc_memory mem, int64_t bytes)
{
	return imc_work_buffer(k->w, (struct imc_buffer){.val = v,
							 .node = n,
							 .mem = mem,
							 .size_bytes = bytes});
}

/* ---- buffers ---- */

/* What is not the caller's memory has a place in L2. */
static int32_t far_buffer(struct making *k, int32_t value)
{
	const struct imc_flow_value *v = &k->f->value[value];

	if (v->maker < 0 || v->is_output)
		return -1;
	if (k->far[value] < 0)
		k->far[value] = new_buffer(k, v->val, IMC_NO_NODE, IMC_MEM_L2,
					   imc_flow_bytes(v));
	return k->far[value];
}

static int32_t value_buffer(struct making *k, int32_t i)
{
	const struct imc_chain_use *u = &k->c->use[i];
	const struct imc_flow_value *v = &k->f->value[u->value];
	const struct imc_flow_unit *unit = &k->f->unit[k->c->first];
	int64_t lines = k->sum->lines[i];
	bool blocks = k->c->n_chan && unit->pool && u->load;
	int32_t at;

	if (u->had)
		return k->whole[u->value];
	if (u->far) /* an output that shows what is made has its memory */
		return v->maker == k->c->first && v->n_shown
			       ? -1
			       : far_buffer(k, u->value);
	at = new_buffer(k, v->val, IMC_NO_NODE, IMC_MEM_L1,
			blocks ? lines * k->c->n_chan *
					 (imc_flow_bytes(v) / unit->channels)
			       : lines * v->row_bytes);
	k->w->buffer[at].lines = (int32_t)lines;
	if (blocks)
		k->w->buffer[at].n_chan = (int32_t)k->c->n_chan;
	if (u->keep)
		k->whole[u->value] = at;
	return at;
}

static int32_t constants_buffer(struct making *k, int32_t u)
{
	const struct imc_flow_unit *unit = &k->f->unit[k->c->first + u];
	bool blocks = k->c->n_chan && !unit->pool;
	int64_t bytes = unit->constants;
	int32_t at;

	if (bytes == 0)
		return -1;
	if (blocks)
		bytes = k->sum->constant_lines *
			imc_plan_constants(k->f->m->g, &k->f->m->map,
					   unit->node, k->c->n_chan)
				.bytes;
	at = new_buffer(k, IMC_NO_VAL, unit->node, IMC_MEM_L1, bytes);
	k->w->buffer[at].lines = blocks ? (int32_t)k->sum->constant_lines : 1;
	k->w->buffer[at].n_chan = blocks ? (int32_t)k->c->n_chan : 0;
	return at;
}

static void add_buffers(struct making *k)
{
	for (int32_t i = 0; i < k->c->n_use; i++)
		k->ring[i] = value_buffer(k, i);
	for (int32_t u = 0; u < k->c->n_unit; u++) {
		const struct imc_flow_unit *unit = &k->f->unit[k->c->first + u];

		k->constants[u] = constants_buffer(k, u);
		k->scratch[u] = -1;
		if (unit->code_row)
			k->scratch[u] = new_buffer(
				k, IMC_NO_VAL, IMC_NO_NODE, IMC_MEM_L1,
				k->sum->strip_rows[u] * unit->code_row);
	}
}

/* ---- pieces ---- */

static void use_values(struct making *k, const struct imc_flow_unit *u)
{
	for (int32_t i = 0; i < k->c->n_use; i++) {
		bool used = false;

		for (int32_t r = 0; r < u->n_read; r++)
			used = used || u->read[r].value == k->c->use[i].value;
		for (int32_t r = 0; r < u->n_made; r++)
			used = used || u->made[r] == k->c->use[i].value;
		if (used && k->ring[i] >= 0)
			imc_work_use(k->w, k->ring[i]);
	}
}

static void set_run(struct making *k, const struct imc_chain_task *t,
		    struct imc_piece *p)
{
	const struct imc_flow_unit *u = &k->f->unit[k->c->first + t->unit];
	int32_t scratch = k->scratch[t->unit];

	p->step.node = u->node;
	p->step.strip_rows = t->strip_rows;
	p->step.scratch = scratch;
	use_values(k, u);
	if (k->constants[t->unit] >= 0)
		imc_work_use(k->w, k->constants[t->unit]);
	if (scratch >= 0)
		imc_work_use(k->w, scratch);
}

static void set_transfer(struct making *k, const struct imc_chain_task *t,
			 struct imc_piece *p)
{
	const struct imc_flow_value *v = &k->f->value[k->c->use[t->use].value];
	int32_t far = -1;

	p->step.val = t->val;
	if (t->val.i == v->val.i)
		far = far_buffer(k, k->c->use[t->use].value);
	imc_work_use(k->w, k->ring[t->use]);
	if (far >= 0)
		imc_work_use(k->w, far);
}

/* All rows of what the step moves or makes. */
static bool is_whole(const struct making *k, const struct imc_chain_task *t)
{
	int64_t rows;

	if (t->kind == IMC_STEP_FETCH)
		return true;
	rows = t->kind == IMC_STEP_RUN
		       ? k->f->unit[k->c->first + t->unit].rows
		       : k->f->value[k->c->use[t->use].value].rows;
	return t->rows.first == 0 && t->rows.end == rows;
}

static void add_task(void *cx, const struct imc_chain_task *t)
{
	struct making *k = cx;
	struct imc_piece *p =
		imc_work_add(k->w, t->kind, k->first_slot + t->slot);

	p->step.cost = t->cost;
	p->step.chan = (int32_t)t->chan;
	p->step.n_chan = (int32_t)t->n_chan;
	if (!is_whole(k, t)) {
		p->step.row = (int32_t)t->rows.first;
		p->step.n_row = (int32_t)(t->rows.end - t->rows.first);
	}
	if (t->kind == IMC_STEP_RUN) {
		set_run(k, t, p);
	} else if (t->kind == IMC_STEP_FETCH) {
		p->step.node = k->f->unit[k->c->first + t->unit].node;
		imc_work_use(k->w, k->constants[t->unit]);
	} else {
		set_transfer(k, t, p);
	}
}

/* Constants that do not come in blocks come first, each in its slot. */
static void fetch_constants(struct making *k)
{
	for (int32_t u = 0; u < k->c->n_unit; u++) {
		const struct imc_flow_unit *unit = &k->f->unit[k->c->first + u];
		struct imc_piece *p;

		if (k->constants[u] < 0 || (k->c->n_chan && !unit->pool))
			continue;
		p = imc_work_add(k->w, IMC_STEP_FETCH, k->first_slot++);
		p->step.node = unit->node;
		p->step.cost = imc_cost_dma(k->f->m->hw, unit->constants);
		imc_work_use(k->w, k->constants[u]);
	}
}

static void add_chain(struct making *k, const struct imc_chain *c)
{
	struct imc_chain_sum sum, again;

	imc_chain_run(k->f, c, &sum, NULL, NULL);
	k->c = c;
	k->sum = &sum;
	k->first_slot = k->w->n_slot;
	add_buffers(k);
	fetch_constants(k);
	imc_chain_run(k->f, c, &again, add_task, k);
}

/* ---- inputs that are outputs, as they are or seen otherwise ---- */

static void add_transfer(struct making *k, enum imc_step_kind kind, imc_val v,
			 int64_t bytes, int32_t buffer)
{
	struct imc_piece *p = imc_work_add(k->w, kind, k->w->n_slot);

	p->step.val = v;
	p->step.cost = imc_cost_dma(k->f->m->hw, bytes);
	imc_work_use(k->w, buffer);
}

static void pass_through(struct making *k, const struct imc_flow_value *v)
{
	int64_t bytes = imc_flow_bytes(v);
	int32_t at = new_buffer(k, v->val, IMC_NO_NODE, IMC_MEM_L1, bytes);

	k->w->buffer[at].lines = (int32_t)v->rows;
	add_transfer(k, IMC_STEP_LOAD, v->val, bytes, at);
	if (v->is_output)
		add_transfer(k, IMC_STEP_STORE, v->val, bytes, at);
	for (int32_t i = 0; i < v->n_shown; i++)
		add_transfer(k, IMC_STEP_STORE, v->shown[i], bytes, at);
}

struct imc_work imc_work_of_chains(struct imc_flow *f,
				   const struct imc_choice *c,
				   struct imc_module *m, struct imc_arena *a)
{
	struct imc_work w = {.m = m, .a = a};
	struct making k = {.f = f, .w = &w};
	size_t n = (size_t)f->n_value + 1;

	k.whole = imc_arena_array(a, n, sizeof *k.whole);
	k.far = imc_arena_array(a, n, sizeof *k.far);
	for (size_t i = 0; i < n; i++)
		k.whole[i] = k.far[i] = -1;
	for (size_t i = 0; i < c->n; i++)
		add_chain(&k, &c->chain[i]);
	for (int32_t i = 0; i < f->n_value; i++)
		if (f->value[i].maker < 0 &&
		    (f->value[i].is_output || f->value[i].n_shown))
			pass_through(&k, &f->value[i]);
	return w;
}
