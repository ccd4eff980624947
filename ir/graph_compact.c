#include <string.h>

#include "ir/graph.h"

static void mark_used(const struct imc_graph *g, uint32_t *of, imc_val v)
{
	if (!imc_val_ok(v))
		return;
	of[v.i] = 1;
	if (imc_val_ok(g->value[v.i].scales))
		of[g->value[v.i].scales.i] = 1;
	if (imc_val_ok(g->value[v.i].means))
		of[g->value[v.i].means.i] = 1;
	if (imc_val_ok(g->value[v.i].clips))
		of[g->value[v.i].clips.i] = 1;
	if (imc_val_ok(g->value[v.i].divisors))
		of[g->value[v.i].divisors.i] = 1;
}

/* of[old id] becomes the new id, or UINT32_MAX; keeps the order of ids. */
static void number_values(struct imc_graph *g, uint32_t *of)
{
	size_t kept = 0;

	for (size_t i = 0; i < g->n_input; i++)
		mark_used(g, of, g->input[i]);
	for (size_t i = 0; i < g->n_output; i++)
		mark_used(g, of, g->output[i]);
	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		for (int k = 0; k < n->n_in; k++)
			mark_used(g, of, n->in[k]);
		for (int k = 0; k < n->n_out; k++)
			mark_used(g, of, n->out[k]);
	}
	for (size_t i = 0; i < g->n_value; i++) {
		bool used = of[i];

		of[i] = used ? (uint32_t)kept : UINT32_MAX;
		if (used)
			g->value[kept++] = g->value[i];
	}
	/* IMC_PUSH hands out the slots behind the last as they are */
	if (g->n_value > kept)
		memset(g->value + kept, 0,
		       (g->n_value - kept) * sizeof *g->value);
	g->n_value = kept;
}

static imc_val renamed(const uint32_t *of, imc_val v)
{
	return imc_val_ok(v) ? (imc_val){of[v.i]} : v;
}

static void rename_node(struct imc_graph *g, struct imc_node *n,
			const uint32_t *of, imc_node_id id)
{
	for (int k = 0; k < n->n_in; k++)
		n->in[k] = renamed(of, n->in[k]);
	for (int k = 0; k < n->n_out; k++) {
		n->out[k] = renamed(of, n->out[k]);
		if (imc_val_ok(n->out[k]))
			g->value[n->out[k].i].def = id;
	}
}

void imc_graph_compact(struct imc_graph *g)
{
	struct imc_arena *scratch = imc_arena_new();
	uint32_t *of = imc_arena_array(scratch, g->n_value + 1, sizeof *of);
	struct imc_node *node =
		imc_arena_array(scratch, g->n_order + 1, sizeof *node);

	number_values(g, of);
	for (size_t i = 0; i < g->n_value; i++) {
		g->value[i].def = IMC_NO_NODE;
		g->value[i].scales = renamed(of, g->value[i].scales);
		g->value[i].means = renamed(of, g->value[i].means);
		g->value[i].clips = renamed(of, g->value[i].clips);
		g->value[i].divisors = renamed(of, g->value[i].divisors);
	}
	for (size_t i = 0; i < g->n_order; i++)
		node[i] = *imc_node_at(g, g->order[i]);
	for (size_t i = 0; i < g->n_order; i++) {
		imc_node_id id = {(uint32_t)i};

		g->node[i] = node[i];
		g->order[i] = id;
		rename_node(g, &g->node[i], of, id);
	}
	if (g->n_node > g->n_order)
		memset(g->node + g->n_order, 0,
		       (g->n_node - g->n_order) * sizeof *g->node);
	g->n_node = g->n_order;
	for (size_t i = 0; i < g->n_input; i++)
		g->input[i] = renamed(of, g->input[i]);
	for (size_t i = 0; i < g->n_output; i++)
		g->output[i] = renamed(of, g->output[i]);
	imc_arena_free(scratch);
}
