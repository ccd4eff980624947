#include "ir/plan_now.h"

#include <stdlib.h>

#include "ir/support/checked.h"

/* A buffer and the step by which it is sorted. */
struct event {
	int32_t at, buffer;
};

static int in_order(const void *a, const void *b)
{
	const struct event *p = a, *q = b;

	if (p->at != q->at)
		return p->at < q->at ? -1 : 1;
	return p->buffer < q->buffer ? -1 : p->buffer > q->buffer;
}

static int32_t *sorted(const struct imc_plan *p, bool births,
		       struct imc_arena *a)
{
	struct event *v = imc_arena_array(a, p->n_buffer + 1, sizeof *v);
	int32_t *out = imc_arena_array(a, p->n_buffer + 1, sizeof *out);

	for (size_t i = 0; i < p->n_buffer; i++)
		v[i] = (struct event){births ? p->buffer[i].first
					     : p->buffer[i].last,
				      (int32_t)i};
	qsort(v, p->n_buffer, sizeof *v, in_order);
	for (size_t i = 0; i < p->n_buffer; i++)
		out[i] = v[i].buffer;
	return out;
}

static int32_t *none(size_t n, struct imc_arena *a)
{
	int32_t *v = imc_arena_array(a, n + 1, sizeof *v);

	for (size_t i = 0; i < n; i++)
		v[i] = -1;
	return v;
}

struct imc_plan_now imc_plan_now_open(const struct imc_graph *g,
				      const struct imc_plan *p,
				      struct imc_arena *a)
{
	struct imc_plan_now w = {.p = p};

	for (int mem = 0; mem < IMC_N_MEM; mem++)
		w.value[mem] = none(g->n_value, a);
	w.node = none(g->n_node, a);
	w.by_first = sorted(p, true, a);
	w.by_last = sorted(p, false, a);
	return w;
}

/* Where that buffer is entered while it lives; NULL: it is scratch. */
static int32_t *entry_of(const struct imc_plan_now *w, int32_t buffer)
{
	const struct imc_buffer *b = &w->p->buffer[buffer];

	if (imc_val_ok(b->val))
		return &w->value[b->mem][b->val.i];
	return imc_node_ok(b->node) ? &w->node[b->node.i] : NULL;
}

void imc_plan_now_enter(struct imc_plan_now *w, size_t end)
{
	for (; w->n_born < w->p->n_buffer; w->n_born++) {
		int32_t b = w->by_first[w->n_born];
		int32_t *entry = entry_of(w, b);

		if (w->p->buffer[b].first >= (int64_t)end)
			return;
		if (entry)
			*entry = b;
	}
}

int32_t imc_plan_now_leave(struct imc_plan_now *w, size_t end)
{
	int32_t b, *entry;

	if (w->n_dead == w->p->n_buffer)
		return -1;
	b = w->by_last[w->n_dead];
	if (w->p->buffer[b].last >= (int64_t)end)
		return -1;
	w->n_dead++;
	entry = entry_of(w, b);
	if (entry && *entry == b)
		*entry = -1;
	return b;
}

struct imc_home imc_plan_home(const struct imc_graph *g,
			      const struct imc_plan *p, imc_val v)
{
	struct imc_home out = {IMC_HOME_NONE, 0};

	for (size_t i = 0; i < g->n_input; i++)
		if (p->root[g->input[i].i] == p->root[v.i])
			return (struct imc_home){IMC_HOME_INPUT, i};
	for (size_t i = 0; i < g->n_output; i++) {
		if (p->root[g->output[i].i] != p->root[v.i])
			continue;
		if (out.kind != IMC_HOME_NONE)
			return (struct imc_home){IMC_HOME_NONE, 0};
		out = (struct imc_home){IMC_HOME_OUTPUT, i};
	}
	return out;
}

int64_t imc_plan_n_chan(const struct imc_tensor *t)
{
	return t->rank ? t->dim[t->rank - 1] : 1;
}

int64_t imc_plan_row_bytes(const struct imc_tensor *t)
{
	return (int64_t)imc_tensor_bytes(t) / imc_max_i64(imc_plan_n_row(t), 1);
}

struct imc_rows imc_step_chans(const struct imc_step *s, int64_t n)
{
	if (s->n_chan == 0)
		return (struct imc_rows){0, n};
	return (struct imc_rows){s->chan, (int64_t)s->chan + s->n_chan};
}

int64_t imc_plan_block(struct imc_rows chans, int64_t n_chan, int64_t n)
{
	int64_t block = n_chan ? chans.first / n_chan : 0;
	int64_t first = block * n_chan;
	int64_t end = n_chan ? imc_min_i64(first + n_chan, n) : n;

	return chans.first == first && chans.end == end ? block : -1;
}

imc_val imc_plan_origin(const struct imc_graph *g, imc_val v)
{
	for (;;) {
		imc_node_id def = imc_value_at(g, v)->def;

		if (imc_value_at(g, v)->t.data || !imc_node_ok(def) ||
		    !imc_plan_is_view(g, imc_node_at(g, def)))
			return v;
		v = imc_node_at(g, def)->in[0];
	}
}

struct imc_rows imc_plan_root_rows(const struct imc_graph *g,
				   const struct imc_plan *p, imc_val v,
				   struct imc_rows rows)
{
	const struct imc_tensor *t = &imc_value_at(g, v)->t;
	const struct imc_tensor *root = &g->value[p->root[v.i]].t;
	int64_t line = imc_plan_row_bytes(t), of = imc_plan_row_bytes(root);

	if (line == of || of == 0)
		return rows;
	return (struct imc_rows){rows.first * line / of,
				 imc_ceil_div(rows.end * line, of)};
}

int64_t imc_plan_out_chan(const struct imc_graph *g, const struct imc_node *n)
{
	return imc_plan_n_chan(&imc_node_out(g, n, 0)->t);
}

bool imc_plan_is_global_pool(const struct imc_graph *g,
			     const struct imc_node *n)
{
	const struct imc_tensor *y;

	if (n->op != IMC_OP_MAX_POOL && n->op != IMC_OP_Q_AVERAGE_POOL)
		return false;
	y = &imc_node_out(g, n, 0)->t;
	return y->rank == 4 && y->dim[0] == 1 && y->dim[1] == 1 &&
	       y->dim[2] == 1;
}
