#include "backend/report/memory.h"

#include <stdlib.h>

#include "ir/support/checked.h"

/* ---- what runs strip by strip ---- */

/* The steps of a node. */
struct span {
	imc_node_id node;
	size_t first, last;
	int32_t n_step, rows, chans;
};

static int by_first(const void *pa, const void *pb)
{
	const struct span *a = pa, *b = pb;

	return (a->first > b->first) - (a->first < b->first);
}

/* Nodes that run in several steps, by the first of them; returns how many. */
static size_t find_spans(const struct imc_module *m, struct span *v)
{
	const struct imc_plan *p = &m->plan;
	size_t n = 0;

	for (size_t i = 0; i < m->g->n_node; i++)
		v[i] = (struct span){.node = {(uint32_t)i}};
	for (size_t i = 0; i < p->n_step; i++) {
		const struct imc_step *s = &p->step[i];
		struct span *x;

		if (s->kind != IMC_STEP_RUN)
			continue;
		x = &v[s->node.i];
		if (x->n_step++ == 0)
			x->first = i;
		x->last = i;
		x->rows = (int32_t)imc_max_i64(x->rows, s->n_row);
		x->chans = (int32_t)imc_max_i64(x->chans, s->n_chan);
	}
	for (size_t i = 0; i < m->g->n_node; i++)
		if (v[i].n_step > 1)
			v[n++] = v[i];
	if (n)
		qsort(v, n, sizeof *v, by_first);
	return n;
}

static size_t slot_begin(const struct imc_plan *p, size_t i)
{
	while (i > 0 && p->step[i].beside)
		i--;
	return i;
}

static void add_rings(const struct imc_module *m, struct imc_report_group *g,
		      struct imc_arena *a)
{
	const struct imc_plan *p = &m->plan;

	for (size_t i = 0; i < p->n_buffer; i++) {
		const struct imc_buffer *b = &p->buffer[i];
		const struct imc_tensor *t;

		if (b->mem != IMC_MEM_L1 || !imc_val_ok(b->val) || b->n_chan ||
		    b->first > b->last || (size_t)b->first < g->first_step ||
		    (size_t)b->first >= g->end_step)
			continue;
		t = &imc_value_at(m->g, b->val)->t;
		if (b->lines < imc_plan_n_row(t))
			*IMC_PUSH(a, g->ring, g->n_ring, g->cap_ring) =
				(struct imc_report_ring){
					b->val, b->lines, b->size_bytes,
					(int64_t)imc_tensor_bytes(t)};
	}
}

/* Spans from v on that overlap: a group. Returns how many they are. */
static size_t take_group(const struct imc_module *m, const struct span *v,
			 size_t n, struct imc_report_group *g,
			 struct imc_arena *a)
{
	size_t last = v->last, k = 1;

	while (k < n && v[k].first <= last) {
		last = v[k].last > last ? v[k].last : last;
		k++;
	}
	*g = (struct imc_report_group){.first = v->node,
				       .last = v[k - 1].node,
				       .n_node = (int32_t)k,
				       .rows = v[k - 1].rows,
				       .chans = v[k - 1].chans};
	g->first_step = slot_begin(&m->plan, v->first);
	g->end_step = imc_plan_slot_end(&m->plan, last);
	add_rings(m, g, a);
	return k;
}

static void find_groups(const struct imc_module *m, struct imc_arena *a,
			struct imc_report_memory *r)
{
	struct span *v = imc_arena_array(a, m->g->n_node + 1, sizeof *v);
	size_t n = find_spans(m, v);

	r->group = imc_arena_array(a, n + 1, sizeof *r->group);
	for (size_t i = 0; i < n;)
		i += take_group(m, v + i, n - i, &r->group[r->n_group++], a);
}

/* ---- what is moved ---- */

static int64_t constants(const struct imc_module *m)
{
	int64_t bytes = 0;

	for (size_t i = 0; i < m->g->n_order; i++) {
		imc_node_id id = m->g->order[i];

		if (m->map.assign[id.i].engine != IMC_ENGINE_NONE &&
		    !imc_plan_is_view(m->g, imc_node_at(m->g, id)))
			bytes += imc_plan_constants(m->g, &m->map, id, 0).bytes;
	}
	return bytes;
}

static bool is_among(imc_val v, const imc_val *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].i == v.i)
			return true;
	return false;
}

/* What the transfers are made of. */
static void split_dma(const struct imc_module *m, struct imc_report_memory *r)
{
	const struct imc_graph *g = m->g;

	for (size_t i = 0; i < m->plan.n_step; i++) {
		const struct imc_step *s = &m->plan.step[i];
		int64_t bytes = imc_step_dma_bytes(g, &m->map, s);

		if (s->kind == IMC_STEP_RUN)
			continue;
		r->dma_bytes += bytes;
		if (s->kind == IMC_STEP_FETCH)
			r->dma_constant_bytes += bytes;
		else if (s->kind == IMC_STEP_LOAD &&
			 is_among(s->val, g->input, g->n_input))
			r->dma_in_bytes += bytes;
		else if (s->kind == IMC_STEP_STORE &&
			 is_among(s->val, g->output, g->n_output))
			r->dma_out_bytes += bytes;
		else
			r->dma_value_bytes += bytes;
	}
}

struct imc_report_memory imc_report_memory(const struct imc_module *m,
					   struct imc_arena *a)
{
	const struct imc_plan *p = &m->plan;
	struct imc_report_memory r = {0};

	if (!p->step)
		return r;
	r.constant_bytes = constants(m);
	split_dma(m, &r);
	r.in_place_bytes = imc_plan_in_place_bytes(m->g, &m->map, &m->plan);
	if (p->dma_lower_bound > 0)
		r.ratio = (double)(r.dma_bytes + r.in_place_bytes) /
			  (double)p->dma_lower_bound;
	if (p->roomy_ns > 0)
		r.roomy = imc_plan_total(p, NULL).ns / p->roomy_ns - 1;
	find_groups(m, a, &r);
	return r;
}
