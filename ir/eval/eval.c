#include "ir/eval.h"

#include <math.h>
#include <string.h>

#include "ir/op.h"
#include "ir/support/checked.h"

/* A value while the network runs. owner: holds its data alone, so that it can
 * be released after its last reader; NULL: lives longer. */
struct slot {
	struct imc_tensor t;
	struct imc_arena *owner;
	size_t n_reader;
	bool is_output;
};

struct run {
	const struct imc_graph *g;
	const struct imc_eval_how *how;
	struct imc_arena *result;
	struct slot *slot;
};

static void count_readers(struct run *r)
{
	const struct imc_graph *g = r->g;

	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		for (int k = 0; k < n->n_in; k++)
			if (imc_val_ok(n->in[k]))
				r->slot[n->in[k].i].n_reader++;
	}
	for (size_t i = 0; i < g->n_output; i++)
		r->slot[g->output[i].i].is_output = true;
}

/* Makes room for output v of n: in the result if it stays, else alone. Matrix
 * nodes write all of theirs. */
static struct imc_tensor open_slot(struct run *r, const struct imc_node *n,
				   imc_val v)
{
	struct slot *s = &r->slot[v.i];
	struct imc_arena *a;
	size_t bytes;

	s->t = imc_value_at(r->g, v)->t;
	bytes = imc_tensor_bytes(&s->t);
	if (!s->is_output)
		s->owner = imc_arena_new();
	a = s->owner ? s->owner : r->result;
	s->t.data = imc_op_info(n->op)->kind == IMC_MATRIX
			    ? imc_arena_room(a, bytes, 1)
			    : imc_arena_alloc(a, bytes);
	return s->t;
}

static void close_slot(struct slot *s)
{
	if (s->n_reader || !s->owner)
		return;
	imc_arena_free(s->owner);
	s->owner = NULL;
	s->t.data = NULL;
}

static bool is_needed(const struct imc_node *n)
{
	for (int k = 0; k < n->n_out; k++)
		if (imc_val_ok(n->out[k]))
			return !n->dead;
	return false;
}

static void run_node(struct run *r, imc_node_id id, struct imc_arena *scratch)
{
	const struct imc_node *n = imc_node_at(r->g, id);
	const struct imc_eval_how *how = r->how;
	struct imc_tensor *in =
		imc_arena_array(scratch, (size_t)n->n_in, sizeof *in);
	struct imc_tensor *out =
		imc_arena_array(scratch, (size_t)n->n_out, sizeof *out);

	for (int k = 0; k < n->n_in; k++)
		if (imc_val_ok(n->in[k]))
			in[k] = r->slot[n->in[k].i].t;
	for (int k = 0; k < n->n_out; k++)
		if (imc_val_ok(n->out[k]))
			out[k] = open_slot(r, n, n->out[k]);
	if (!how || !how->compute ||
	    !how->compute(how->cx, id, in, out, scratch))
		imc_op_info(n->op)->eval(r->g, n, in, out, scratch);
	if (how && how->hook)
		how->hook(how->cx, id, out);
}

static void run_order(struct run *r)
{
	const struct imc_graph *g = r->g;

	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);
		struct imc_arena *scratch = imc_arena_new();

		if (is_needed(n))
			run_node(r, g->order[i], scratch);
		imc_arena_free(scratch);
		for (int k = 0; k < n->n_in; k++)
			if (imc_val_ok(n->in[k])) {
				r->slot[n->in[k].i].n_reader--;
				close_slot(&r->slot[n->in[k].i]);
			}
		for (int k = 0; k < n->n_out; k++)
			if (imc_val_ok(n->out[k]))
				close_slot(&r->slot[n->out[k].i]);
	}
}

/* An output that no node computed (an input, a constant) is copied, since
 * its data belongs to somebody else. */
static struct imc_tensor take_output(struct run *r, imc_val v)
{
	const struct imc_value *value = imc_value_at(r->g, v);
	struct imc_tensor t = r->slot[v.i].t;

	if (value->t.data || imc_graph_is_input(r->g, v))
		t.data = imc_arena_memdup(r->result, t.data,
					  imc_tensor_bytes(&t));
	return t;
}

void imc_eval_graph(const struct imc_graph *g, const struct imc_tensor *in,
		    struct imc_tensor *out, const struct imc_eval_how *how,
		    struct imc_arena *result)
{
	struct imc_arena *own = imc_arena_new();
	struct run r = {.g = g, .how = how, .result = result};

	r.slot = imc_arena_array(own, g->n_value, sizeof *r.slot);
	count_readers(&r);
	for (size_t i = 0; i < g->n_value; i++)
		if (g->value[i].t.data)
			r.slot[i].t = g->value[i].t;
	for (size_t i = 0; i < g->n_input; i++)
		r.slot[g->input[i].i].t = in[i];
	run_order(&r);
	for (size_t i = 0; i < g->n_output; i++)
		out[i] = take_output(&r, g->output[i]);
	imc_arena_free(own);
}
