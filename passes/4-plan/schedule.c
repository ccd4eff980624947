#include "hwdesc/cost.h"
#include "ir/support/checked.h"
#include "passes/4-plan/allocate.h"
#include "passes/pass.h"

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

/* A new buffer that lives at the last step so far. */
static int32_t add_buffer(struct imc_module *m, imc_val v, int64_t bytes)
{
	struct imc_plan *p = &m->plan;
	struct imc_buffer *b =
		IMC_PUSH(m->arena, p->buffer, p->n_buffer, p->cap_buffer);

	b->val = v;
	b->size_bytes = bytes;
	b->first = b->last = (int32_t)p->n_step - 1;
	return (int32_t)p->n_buffer - 1;
}

/* The last step reads v: its buffer, if it has one, lives until here. */
static void use_value(struct imc_module *m, imc_val v)
{
	int32_t b = imc_val_ok(v) ? m->plan.buffer_of[v.i] : -1;

	if (b >= 0)
		m->plan.buffer[b].last = (int32_t)m->plan.n_step - 1;
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
	m->plan.buffer_of[v.i] = add_buffer(m, v, bytes_of(m->g, v));
}

static void store_output(struct imc_module *m, imc_val v)
{
	struct imc_step *s = add_step(m, IMC_STEP_STORE);

	s->val = v;
	s->cost = imc_cost_dma(m->hw, bytes_of(m->g, v));
	use_value(m, v);
}

/* Bytes that all tiles of the node give for one window. */
static int64_t window_bytes(const struct imc_map *map,
			    const struct imc_assign *as, bool adc)
{
	int64_t columns = 0;

	for (int32_t t = 0; t < as->n_tile; t++) {
		const struct imc_tile *tile = &map->tile[as->first_tile + t];

		columns += tile->w / (tile->patch_h * tile->patch_w);
	}
	return columns * (adc ? 1 : (int64_t)sizeof(int32_t));
}

/* Rows of a strip, and the scratch for their codes. */
static void set_strip(struct imc_module *m, struct imc_step *s)
{
	const struct imc_node *n = imc_node_at(m->g, s->node);
	const struct imc_assign *as = &m->map.assign[s->node.i];
	struct imc_matrix mx = imc_matrix_of(m->g, n);
	int64_t row = mx.out_w * window_bytes(&m->map, as, n->a.adc[0] != 0);

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
	for (int k = 0; k < n->n_in; k++)
		use_value(m, n->in[k]);
	for (int k = 0; k < n->n_out; k++)
		m->plan.buffer_of[n->out[k].i] =
			add_buffer(m, n->out[k], bytes_of(m->g, n->out[k]));
}

static void plan_node(struct imc_module *m, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(m->g, id);

	if (imc_plan_is_view(m->g, n))
		m->plan.buffer_of[n->out[0].i] = m->plan.buffer_of[n->in[0].i];
	else if (m->map.assign[id.i].engine != IMC_ENGINE_NONE)
		run_node(m, id);
}

static void start_plan(struct imc_module *m)
{
	struct imc_plan *p = &m->plan;

	*p = (struct imc_plan){.n_buffer_of = m->g->n_value};
	p->buffer_of =
		imc_arena_array(m->arena, m->g->n_value, sizeof *p->buffer_of);
	for (size_t v = 0; v < p->n_buffer_of; v++)
		p->buffer_of[v] = -1;
}

bool imc_pass_schedule(struct imc_module *m, struct imc_pass_cx *cx)
{
	struct imc_graph *g = m->g;
	struct imc_plan *p = &m->plan;

	start_plan(m);
	for (size_t k = 0; k < g->n_input; k++)
		load_input(m, g->input[k]);
	for (size_t k = 0; k < g->n_order; k++)
		plan_node(m, g->order[k]);
	for (size_t k = 0; k < g->n_output; k++)
		store_output(m, g->output[k]);
	p->l1_bytes = imc_allocate_buffers(p->buffer, p->n_buffer, cx->scratch);
	p->l1_lower_bound = imc_allocate_bound(p->buffer, p->n_buffer,
					       p->n_step, cx->scratch);
	if (p->l1_bytes > m->hw->l1_bytes)
		imc_diag(m->diags, IMC_IN_FILE(m->model_path),
			 IMC_D_L1_EXCEEDED, (long long)p->l1_bytes,
			 (long long)m->hw->l1_bytes);
	cx->n_changed = (int64_t)p->n_step;
	return true;
}
