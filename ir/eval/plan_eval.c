#include <assert.h>
#include <string.h>

#include "ir/op.h"
#include "ir/plan.h"

#define POISON 0xA5

struct machine {
	const struct imc_map_eval *me;
	const struct imc_plan *p;
	unsigned char *l1;
};

static void poison(const struct machine *m, const struct imc_buffer *b)
{
	memset(m->l1 + b->offset, POISON, (size_t)b->size_bytes);
}

/* v as a tensor: a constant where it is, all else in L1. */
static struct imc_tensor locate(const struct machine *m, imc_val v)
{
	struct imc_tensor t = imc_value_at(m->me->g, v)->t;
	int32_t at = m->p->buffer_of[v.i];

	if (!t.data) {
		assert(at >= 0);
		t.data = m->l1 + m->p->buffer[at].offset;
	}
	return t;
}

static void run(const struct machine *m, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(m->me->g, id);
	struct imc_arena *scratch = imc_arena_new();
	struct imc_tensor *in, *out;

	in = imc_arena_array(scratch, (size_t)n->n_in, sizeof *in);
	out = imc_arena_array(scratch, (size_t)n->n_out, sizeof *out);
	for (int k = 0; k < n->n_in; k++)
		if (imc_val_ok(n->in[k]))
			in[k] = locate(m, n->in[k]);
	for (int k = 0; k < n->n_out; k++)
		if (imc_val_ok(n->out[k])) {
			out[k] = locate(m, n->out[k]);
			/* evaluators are promised zeros */
			memset(out[k].data, 0, imc_tensor_bytes(&out[k]));
		}
	if (!imc_map_compute((void *)(uintptr_t)m->me, id, in, out, scratch))
		imc_op_info(n->op)->eval(m->me->g, n, in, out, scratch);
	imc_arena_free(scratch);
}

static size_t index_of(const imc_val *list, size_t n, imc_val v)
{
	size_t i = 0;

	while (i < n && list[i].i != v.i)
		i++;
	assert(i < n);
	return i;
}

static void load(const struct machine *m, imc_val v,
		 const struct imc_tensor *in)
{
	const struct imc_graph *g = m->me->g;
	struct imc_tensor t = locate(m, v);

	memcpy(t.data, in[index_of(g->input, g->n_input, v)].data,
	       imc_tensor_bytes(&t));
}

/* One value may be several outputs. */
static void store(const struct machine *m, imc_val v, struct imc_tensor *out)
{
	const struct imc_graph *g = m->me->g;
	struct imc_tensor t = locate(m, v);

	for (size_t i = 0; i < g->n_output; i++)
		if (g->output[i].i == v.i)
			memcpy(out[i].data, t.data, imc_tensor_bytes(&t));
}

/* What dies with this step is not to be read again. */
static void forget(const struct machine *m, int32_t step)
{
	for (size_t i = 0; i < m->p->n_buffer; i++)
		if (m->p->buffer[i].last == step)
			poison(m, &m->p->buffer[i]);
}

void imc_eval_plan(const struct imc_map_eval *me, const struct imc_plan *p,
		   const struct imc_tensor *in, struct imc_tensor *out,
		   struct imc_arena *result)
{
	struct imc_arena *arena = imc_arena_new();
	struct machine m = {me, p, NULL};

	m.l1 = imc_arena_alloc(arena, (size_t)p->l1_bytes);
	memset(m.l1, POISON, (size_t)p->l1_bytes);
	for (size_t i = 0; i < me->g->n_output; i++) {
		out[i] = imc_value_at(me->g, me->g->output[i])->t;
		out[i].data =
			imc_arena_alloc(result, imc_tensor_bytes(&out[i]));
	}
	for (size_t i = 0; i < p->n_step; i++) {
		const struct imc_step *s = &p->step[i];

		if (s->scratch >= 0)
			poison(&m, &p->buffer[s->scratch]);
		if (s->kind == IMC_STEP_LOAD)
			load(&m, s->val, in);
		else if (s->kind == IMC_STEP_STORE)
			store(&m, s->val, out);
		else
			run(&m, s->node);
		forget(&m, (int32_t)i);
	}
	imc_arena_free(arena);
}
