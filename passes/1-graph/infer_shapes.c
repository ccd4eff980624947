/* infer_shapes: the type rule of every node in order. What does not depend on
 * an input of the network is computed at once, since shapes often come from
 * such chains (Shape, Gather, Concat before a Reshape). */
#include <assert.h>
#include <string.h>

#include "ir/op.h"
#include "passes/pass.h"

/* Shape and Size need the type of their input only. */
static bool needs_data(const struct imc_node *n)
{
	return n->op != IMC_OP_SHAPE && n->op != IMC_OP_SIZE_OF;
}

static bool is_constant(const struct imc_graph *g, const struct imc_node *n)
{
	for (int k = 0; k < n->n_in; k++) {
		const struct imc_value *v = imc_node_in(g, n, k);

		if (v && !v->t.data && needs_data(n))
			return false;
	}
	return true;
}

/* Turns the outputs of n into constants. They keep n as what defines them
 * until fold_constants drops it. */
static void evaluate(struct imc_graph *g, const struct imc_node *n)
{
	struct imc_arena *scratch = imc_arena_new();
	struct imc_tensor *in = imc_arena_array(
		scratch, (size_t)n->n_in + 1, sizeof *in);
	struct imc_tensor *out = imc_arena_array(
		scratch, (size_t)n->n_out + 1, sizeof *out);

	for (int k = 0; k < n->n_in; k++)
		if (imc_node_in(g, n, k))
			in[k] = imc_node_in(g, n, k)->t;
	for (int k = 0; k < n->n_out; k++)
		if (imc_node_out(g, n, k))
			out[k] = imc_node_out(g, n, k)->t;
	imc_op_eval(g, n, in, out, scratch);
	for (int k = 0; k < n->n_out; k++) {
		struct imc_value *v = imc_node_out(g, n, k);

		if (v)
			v->t.data = imc_arena_memdup(
				g->arena, out[k].data,
				imc_tensor_bytes(&out[k]));
	}
	imc_arena_free(scratch);
}

bool imc_pass_infer_shapes(struct imc_module *m, struct imc_pass_cx *cx)
{
	struct imc_graph *g = m->g;

	for (size_t i = 0; i < g->n_order; i++) {
		imc_node_id id = g->order[i];

		if (!imc_op_infer(g, id, m->diags))
			return false;
		if (is_constant(g, imc_node_at(g, id)))
			evaluate(g, imc_node_at(g, id));
		cx->n_changed++;
	}
	return true;
}
