#include <assert.h>
#include <string.h>

#include "ir/op.h"
#include "ir/plan.h"
#include "ir/support/checked.h"

#define POISON 0xA5

struct machine {
	const struct imc_graph *g;
	struct imc_graph cut;	/* the same, with own nodes and values, which
				 * are those of a strip while it runs */
	struct imc_map_eval me; /* of `cut` */
	const struct imc_plan *p;
	const struct imc_plan_watch *watch; /* or NULL */
	unsigned char *l1;
	size_t now; /* the first step of the slot that runs */
};

/* What a step has made and a slot will put into L1. */
struct result {
	unsigned char *to;
	const void *from;
	size_t size;
};

/* A slot while its steps run. */
struct slot {
	struct imc_arena *arena;
	struct result *v;
	size_t n, cap;
};

static void poison(const struct machine *m, const struct imc_buffer *b)
{
	memset(m->l1 + b->offset, POISON, (size_t)b->size_bytes);
}

/* v as a tensor: a constant where it is, all else in L1. */
static struct imc_tensor locate(const struct machine *m, imc_val v)
{
	struct imc_tensor t = imc_value_at(m->g, v)->t;
	int32_t at = imc_plan_buffer(m->p, v, IMC_MEM_L1, m->now);

	if (!t.data) {
		assert(at >= 0);
		t.data = m->l1 + m->p->buffer[at].offset;
	}
	return t;
}

/* Leaves only those rows of t. */
static void cut_rows(struct imc_tensor *t, struct imc_rows r)
{
	size_t n = (size_t)imc_plan_n_row(t);

	if (r.end - r.first == (int64_t)n)
		return;
	if (t->data)
		t->data = (char *)t->data +
			  (size_t)r.first * (imc_tensor_bytes(t) / n);
	t->dim[1] = r.end - r.first;
}

/* Leaves only what step s moves or makes of t. */
static void step_rows(const struct imc_step *s, struct imc_tensor *t)
{
	cut_rows(t, imc_step_rows(s, t));
}

/* What step s made of v, and the slot will put into L1. */
static void add_result(const struct machine *m, const struct imc_step *s,
		       imc_val v, const void *from, struct slot *slot)
{
	struct imc_tensor t = locate(m, v);

	step_rows(s, &t);
	*IMC_PUSH(slot->arena, slot->v, slot->n, slot->cap) =
		(struct result){t.data, from, imc_tensor_bytes(&t)};
}

static void spoil_rows(const struct machine *m, const struct imc_step *s,
		       imc_val v)
{
	struct imc_tensor t = locate(m, v);

	step_rows(s, &t);
	memset(t.data, POISON, imc_tensor_bytes(&t));
}

/* ---- a node, or some of its rows ---- */

/* False: the node is computed whole, and the rows are taken out. A mean whose
 * windows reach below the padding (ceil_mode) counts by the whole input. */
static bool can_cut(const struct imc_graph *g, const struct imc_node *n)
{
	const struct imc_attrs *a = &n->a;
	const struct imc_tensor *x = &imc_node_in(g, n, 0)->t;
	const struct imc_tensor *y = &imc_node_out(g, n, 0)->t;

	if (n->op != IMC_OP_Q_AVERAGE_POOL)
		return imc_plan_by_rows(n);
	return (y->dim[1] - 1) * a->stride[0] + a->kernel[0] <=
	       x->dim[1] + a->pads[0] + a->pads[2];
}

/* The rows of input k that the evaluator gets: those that are read, or any
 * one, since it takes no empty tensor. */
static struct imc_rows given_rows(const struct machine *m,
				  const struct imc_node *n, int k,
				  struct imc_rows out)
{
	const struct imc_tensor *t = &imc_node_in(m->g, n, k)->t;
	struct imc_rows r = imc_plan_reads(m->g, n, k, out);

	if (r.first == r.end) {
		r.first = imc_min_i64(r.first, imc_plan_n_row(t) - 1);
		r.end = r.first + 1;
	}
	return r;
}

/* Padding with which windows over rows `in` alone give rows `out`. */
static void cut_window(struct imc_node *n, struct imc_rows in,
		       struct imc_rows out)
{
	struct imc_attrs *a = &n->a;
	int64_t dilation = n->op == IMC_OP_Q_AVERAGE_POOL ? 1 : a->dilation[0];
	int64_t above = out.first * a->stride[0] - a->pads[0];
	int64_t below = (out.end - 1) * a->stride[0] - a->pads[0] +
			(a->kernel[0] - 1) * dilation + 1;

	a->pads[0] = in.first - above;
	a->pads[2] = below - in.end;
}

/* Makes node id of m->cut the strip that gives rows `out`. */
static void cut_node(struct machine *m, imc_node_id id, struct imc_rows out)
{
	const struct imc_node *n = imc_node_at(m->g, id);

	for (int k = 0; k < n->n_in; k++)
		if (imc_val_ok(n->in[k]))
			cut_rows(&m->cut.value[n->in[k].i].t,
				 given_rows(m, n, k, out));
	cut_rows(&m->cut.value[n->out[0].i].t, out);
	if (n->op == IMC_OP_Q_CONV2D || n->op == IMC_OP_MAX_POOL ||
	    n->op == IMC_OP_Q_AVERAGE_POOL)
		cut_window(&m->cut.node[id.i], given_rows(m, n, 0, out), out);
}

static void mend_node(struct machine *m, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(m->g, id);

	m->cut.node[id.i] = *n;
	for (int k = 0; k < n->n_in; k++)
		if (imc_val_ok(n->in[k]))
			m->cut.value[n->in[k].i] = *imc_node_in(m->g, n, k);
	for (int k = 0; k < n->n_out; k++)
		if (imc_val_ok(n->out[k]))
			m->cut.value[n->out[k].i] = *imc_node_out(m->g, n, k);
}

/* Runs node id of m->cut as it is; its outputs, in a. */
static struct imc_tensor *compute(const struct machine *m, imc_node_id id,
				  struct imc_arena *a)
{
	const struct imc_graph *g = &m->cut;
	const struct imc_node *n = imc_node_at(g, id);
	struct imc_tensor *in, *out;

	in = imc_arena_array(a, (size_t)n->n_in, sizeof *in);
	out = imc_arena_array(a, (size_t)n->n_out, sizeof *out);
	for (int k = 0; k < n->n_in; k++)
		if (imc_val_ok(n->in[k]))
			in[k] = imc_node_in(g, n, k)->t;
	for (int k = 0; k < n->n_out; k++)
		if (imc_val_ok(n->out[k])) {
			out[k] = imc_node_out(g, n, k)->t;
			out[k].data =
				imc_arena_alloc(a, imc_tensor_bytes(&out[k]));
		}
	if (!imc_map_compute((void *)(uintptr_t)&m->me, id, in, out, a))
		imc_op_info(n->op)->eval(g, n, in, out, a);
	return out;
}

static void put_in_l1(struct machine *m, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(m->g, id);

	for (int k = 0; k < n->n_in; k++)
		if (imc_val_ok(n->in[k]))
			m->cut.value[n->in[k].i].t = locate(m, n->in[k]);
}

static void run(struct machine *m, const struct imc_step *s, struct slot *slot)
{
	const struct imc_node *n = imc_node_at(m->g, s->node);
	bool cut = s->n_row && can_cut(m->g, n);
	struct imc_tensor *out;

	put_in_l1(m, s->node);
	if (cut)
		cut_node(m, s->node,
			 (struct imc_rows){s->row, s->row + s->n_row});
	out = compute(m, s->node, slot->arena);
	for (int k = 0; k < n->n_out; k++) {
		if (!imc_val_ok(n->out[k]))
			continue;
		if (!cut)
			step_rows(s, &out[k]);
		add_result(m, s, n->out[k], out[k].data, slot);
	}
	mend_node(m, s->node);
}

/* ---- transfers ---- */

static size_t index_of(const imc_val *list, size_t n, imc_val v)
{
	size_t i = 0;

	while (i < n && list[i].i != v.i)
		i++;
	assert(i < n);
	return i;
}

static void load(const struct machine *m, const struct imc_step *s,
		 const struct imc_tensor *in, struct slot *slot)
{
	struct imc_tensor t = in[index_of(m->g->input, m->g->n_input, s->val)];

	step_rows(s, &t);
	add_result(m, s, s->val, t.data, slot);
}

/* One value may be several outputs. */
static void store(const struct machine *m, const struct imc_step *s,
		  const struct imc_tensor *out)
{
	const struct imc_graph *g = m->g;
	struct imc_tensor from = locate(m, s->val);

	step_rows(s, &from);
	for (size_t i = 0; i < g->n_output; i++) {
		struct imc_tensor to = out[i];

		if (g->output[i].i != s->val.i)
			continue;
		step_rows(s, &to);
		memcpy(to.data, from.data, imc_tensor_bytes(&from));
	}
}

/* ---- slots ---- */

/* What step s will write is not to be read in its slot. */
static void spoil(const struct machine *m, const struct imc_step *s)
{
	const struct imc_node *n;

	if (s->scratch >= 0)
		poison(m, &m->p->buffer[s->scratch]);
	if (s->kind == IMC_STEP_STORE)
		return;
	if (s->kind == IMC_STEP_LOAD) {
		spoil_rows(m, s, s->val);
		return;
	}
	n = imc_node_at(m->g, s->node);
	for (int k = 0; k < n->n_out; k++)
		if (imc_val_ok(n->out[k]))
			spoil_rows(m, s, n->out[k]);
}

/* What dies with steps first .. end is not to be read again. */
static void forget(const struct machine *m, size_t first, size_t end)
{
	for (size_t i = 0; i < m->p->n_buffer; i++) {
		const struct imc_buffer *b = &m->p->buffer[i];

		if (b->last >= (int64_t)first && b->last < (int64_t)end)
			poison(m, b);
	}
}

static void show_node(const struct machine *m, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(m->g, id);
	struct imc_arena *a = imc_arena_new();
	struct imc_tensor *out =
		imc_arena_array(a, (size_t)n->n_out, sizeof *out);

	for (int k = 0; k < n->n_out; k++)
		if (imc_val_ok(n->out[k]))
			out[k] = locate(m, n->out[k]);
	m->watch->hook(m->watch->cx, id, out);
	imc_arena_free(a);
}

/* Shows the nodes whose last rows were made by steps first .. end. */
static void show(const struct machine *m, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++) {
		const struct imc_step *s = &m->p->step[i];
		const struct imc_tensor *y;

		if (s->kind != IMC_STEP_RUN)
			continue;
		y = &imc_node_out(m->g, imc_node_at(m->g, s->node), 0)->t;
		if (imc_step_rows(s, y).end == imc_plan_n_row(y))
			show_node(m, s->node);
	}
}

static void run_slot(struct machine *m, size_t first, size_t end,
		     const struct imc_tensor *in, const struct imc_tensor *out)
{
	const struct imc_step *step = m->p->step;
	struct slot slot = {.arena = imc_arena_new()};

	m->now = first;
	for (size_t i = first; i < end; i++)
		spoil(m, &step[i]);
	for (size_t i = first; i < end; i++) {
		if (step[i].kind == IMC_STEP_LOAD)
			load(m, &step[i], in, &slot);
		else if (step[i].kind == IMC_STEP_STORE)
			store(m, &step[i], out);
		else
			run(m, &step[i], &slot);
	}
	for (size_t i = 0; i < slot.n; i++)
		memcpy(slot.v[i].to, slot.v[i].from, slot.v[i].size);
	if (m->watch)
		show(m, first, end);
	forget(m, first, end);
	imc_arena_free(slot.arena);
}

static struct machine open_machine(const struct imc_map_eval *me,
				   const struct imc_plan *p,
				   struct imc_arena *a)
{
	const struct imc_graph *g = me->g;
	struct machine m = {.g = g, .cut = *g, .me = *me, .p = p};

	m.cut.node = imc_arena_memdup(a, g->node, g->n_node * sizeof *g->node);
	m.cut.value =
		imc_arena_memdup(a, g->value, g->n_value * sizeof *g->value);
	m.l1 = imc_arena_alloc(a, (size_t)p->l1_bytes);
	memset(m.l1, POISON, (size_t)p->l1_bytes);
	return m;
}

void imc_eval_plan_watched(const struct imc_map_eval *me,
			   const struct imc_plan *p,
			   const struct imc_tensor *in, struct imc_tensor *out,
			   const struct imc_plan_watch *watch,
			   struct imc_arena *result)
{
	struct imc_arena *arena = imc_arena_new();
	struct machine m = open_machine(me, p, arena);

	m.me.g = &m.cut;
	m.watch = watch;
	for (size_t i = 0; i < me->g->n_output; i++) {
		out[i] = imc_value_at(me->g, me->g->output[i])->t;
		out[i].data =
			imc_arena_alloc(result, imc_tensor_bytes(&out[i]));
	}
	for (size_t i = 0, end; i < p->n_step; i = end) {
		end = imc_plan_slot_end(p, i);
		run_slot(&m, i, end, in, out);
	}
	imc_arena_free(arena);
}

void imc_eval_plan(const struct imc_map_eval *me, const struct imc_plan *p,
		   const struct imc_tensor *in, struct imc_tensor *out,
		   struct imc_arena *result)
{
	imc_eval_plan_watched(me, p, in, out, NULL, result);
}
