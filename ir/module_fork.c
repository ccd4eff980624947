#include "ir/module.h"

static void *copy(struct imc_arena *a, const void *p, size_t n, size_t size)
{
	return n ? imc_arena_memdup(a, p, n * size) : NULL;
}

/* Nodes get ids of their own to change; names and constants are shared. */
static struct imc_graph *fork_graph(const struct imc_graph *from,
				    struct imc_arena *a)
{
	struct imc_graph *g = imc_arena_memdup(a, from, sizeof *g);

	g->arena = a;
	g->node = copy(a, g->node, g->n_node, sizeof *g->node);
	g->value = copy(a, g->value, g->n_value, sizeof *g->value);
	g->order = copy(a, g->order, g->n_order, sizeof *g->order);
	g->input = copy(a, g->input, g->n_input, sizeof *g->input);
	g->output = copy(a, g->output, g->n_output, sizeof *g->output);
	g->cap_node = g->n_node;
	g->cap_value = g->n_value;
	g->cap_order = g->n_order;
	g->cap_input = g->n_input;
	g->cap_output = g->n_output;
	for (size_t i = 0; i < g->n_node; i++) {
		struct imc_node *n = &g->node[i];

		n->in = copy(a, n->in, (size_t)n->n_in, sizeof *n->in);
		n->out = copy(a, n->out, (size_t)n->n_out, sizeof *n->out);
		n->origin = copy(a, n->origin, (size_t)n->n_origin,
				 sizeof *n->origin);
	}
	return g;
}

struct imc_module *imc_module_fork(const struct imc_module *from)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_module *m = imc_arena_memdup(a, from, sizeof *m);
	struct imc_plan *p = &m->plan;

	m->arena = a;
	m->g = from->g ? fork_graph(from->g, a) : NULL;
	m->map.assign =
		copy(a, m->map.assign, m->map.n_assign, sizeof *m->map.assign);
	m->map.tile = copy(a, m->map.tile, m->map.n_tile, sizeof *m->map.tile);
	m->map.cap_tile = m->map.n_tile;
	p->step = copy(a, p->step, p->n_step, sizeof *p->step);
	p->cap_step = p->n_step;
	p->buffer = copy(a, p->buffer, p->n_buffer, sizeof *p->buffer);
	p->cap_buffer = p->n_buffer;
	p->root = copy(a, p->root, p->n_root, sizeof *p->root);
	m->error = copy(a, m->error, m->n_error, sizeof *m->error);
	m->trial = copy(a, m->trial, m->n_trial, sizeof *m->trial);
	m->cap_trial = m->n_trial;
	m->robust.plain = copy(a, m->robust.plain, m->robust.n_plain,
			       sizeof *m->robust.plain);
	m->robust.cap_plain = m->robust.n_plain;
	m->pass = copy(a, m->pass, m->n_pass, sizeof *m->pass);
	m->cap_pass = m->n_pass;
	return m;
}
