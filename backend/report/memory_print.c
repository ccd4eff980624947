/* Both forms of memory.h. */
#include "backend/report/memory.h"
#include "backend/report/table.h"
#include "ir/support/checked.h"

const char *imc_report_node_name(const struct imc_module *m, imc_node_id id,
				 size_t most, struct imc_arena *a)
{
	const struct imc_node *n = imc_node_at(m->g, id);
	struct imc_report_layer l = {.name = n->name ? n->name : "",
				     .op = n->loc.op ? n->loc.op : ""};

	return imc_report_short_name(&l, most, a);
}

/* Of a peak, how far it is above what it is at least, relative. */
static double gap(int64_t peak, int64_t bound)
{
	return bound > 0 ? (double)(peak - bound) / (double)bound : 0;
}

static const char *bytes_text(int64_t n, struct imc_arena *a)
{
	return imc_arena_printf(a, "%lld", (long long)n);
}

static void add_memory(struct imc_table *t, const char *name, int64_t peak,
		       int64_t available, int64_t bound)
{
	imc_table_cell(t, name);
	imc_table_cell(t, bytes_text(peak, t->a));
	imc_table_cell(t, available ? bytes_text(available, t->a) : "");
	imc_table_cell(t, bytes_text(bound, t->a));
	imc_table_cell(
		t, imc_arena_printf(t->a, "%.2f%%", gap(peak, bound) * 100));
}

static void print_memories(const struct imc_module *m, struct imc_arena *a,
			   struct imc_buf *out)
{
	static const char *const head[] = {"buffers", "peak", "available",
					   "at least", "gap"};
	const struct imc_plan *p = &m->plan;
	struct imc_table t = {.a = a, .n_col = 5, .left = "lrrrr"};

	imc_table_head(&t, head);
	add_memory(&t, "in L1", p->l1_bytes, m->hw->l1_bytes,
		   p->l1_lower_bound);
	if (p->l2_bytes)
		add_memory(&t, "in L2", p->l2_bytes, m->hw->l2_bytes,
			   p->l2_lower_bound);
	imc_table_print(&t, out);
}

static void print_moved(const struct imc_module *m,
			const struct imc_report_memory *r,
			const struct imc_report_facts *f, struct imc_buf *out)
{
	imc_buf_printf(out, "\n  constants    %lld bytes",
		       (long long)r->constant_bytes);
	if (r->in_place_bytes)
		imc_buf_printf(out, "; %lld used in L2 in place",
			       (long long)r->in_place_bytes);
	imc_buf_printf(out, "\n  DMA          %lld bytes",
		       (long long)r->dma_bytes);
	if (r->ratio > 0)
		imc_buf_printf(out,
			       "; with what is used in place %.3f times the "
			       "%lld that must move",
			       r->ratio, (long long)m->plan.dma_lower_bound);
	imc_buf_printf(out,
		       "\n               constants %lld, inputs %lld, outputs "
		       "%lld, values by L2 %lld",
		       (long long)r->dma_constant_bytes,
		       (long long)r->dma_in_bytes, (long long)r->dma_out_bytes,
		       (long long)r->dma_value_bytes);
	imc_buf_text(out, "\n");
	if (m->plan.roomy_ns > 0)
		imc_buf_printf(
			out,
			"  latency      %.4g ms; %.4g ms of whole layers "
			"that were all in L1 from the start: %+.2f %%\n",
			f->total.ns * 1e-6, m->plan.roomy_ns * 1e-6,
			r->roomy * 100);
}

static void add_group(struct imc_table *t, const struct imc_module *m,
		      const struct imc_report_group *g)
{
	struct imc_arena *a = t->a;
	int64_t bytes = 0, whole = 0;

	for (size_t i = 0; i < g->n_ring; i++) {
		bytes += g->ring[i].bytes;
		whole += g->ring[i].whole_bytes;
	}
	imc_table_cell(t, imc_report_node_name(m, g->first, 24, a));
	imc_table_cell(t, g->n_node > 1
				  ? imc_report_node_name(m, g->last, 24, a)
				  : "");
	imc_table_cell(t, imc_arena_printf(a, "%d", g->n_node));
	imc_table_cell(t,
		       imc_arena_printf(a, "%zu", g->end_step - g->first_step));
	imc_table_cell(t, g->rows ? imc_arena_printf(a, "%d", g->rows) : "");
	imc_table_cell(t, g->chans ? imc_arena_printf(a, "%d", g->chans) : "");
	imc_table_cell(t,
		       g->n_ring ? imc_arena_printf(a, "%zu", g->n_ring) : "");
	imc_table_cell(t, g->n_ring ? bytes_text(bytes, a) : "");
	imc_table_cell(t, g->n_ring ? bytes_text(whole, a) : "");
}

static void print_groups(const struct imc_module *m,
			 const struct imc_report_memory *r, struct imc_arena *a,
			 struct imc_buf *out)
{
	static const char *const head[] = {"first", "last",  "layers",
					   "steps", "rows",  "channels",
					   "rings", "bytes", "of"};
	struct imc_table t = {.a = a, .n_col = 9, .left = "llrrrrrrr"};

	if (r->n_group == 0)
		return;
	imc_buf_text(out,
		     "\nStrip by strip (layers whose steps take turns; rows, "
		     "channels: of the last\none's steps; rings: values that "
		     "are in L1 in part only, their bytes of so many)\n\n");
	imc_table_head(&t, head);
	for (size_t i = 0; i < r->n_group; i++)
		add_group(&t, m, &r->group[i]);
	imc_table_print(&t, out);
}

void imc_report_memory_text(const struct imc_module *m,
			    const struct imc_report_facts *f,
			    struct imc_buf *out)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_report_memory r = imc_report_memory(m, a);

	if (m->plan.step) {
		imc_buf_text(out, "\nMemory (bytes; at least: no offsets of "
				  "this plan's buffers have a lower peak)\n\n");
		print_memories(m, a, out);
		print_moved(m, &r, f, out);
		print_groups(m, &r, a, out);
	}
	imc_arena_free(a);
}

static void write_ring(struct imc_json *j, const struct imc_module *m,
		       const struct imc_report_ring *r)
{
	const struct imc_value *v = imc_value_at(m->g, r->val);

	imc_json_open_row(j, NULL, '{');
	imc_json_text(j, "value", v->name);
	imc_json_int(j, "lines", r->lines);
	imc_json_int(j, "rows", imc_plan_n_row(&v->t));
	imc_json_int(j, "bytes", r->bytes);
	imc_json_int(j, "whole_bytes", r->whole_bytes);
	imc_json_close(j, '}');
}

static void write_group(struct imc_json *j, const struct imc_module *m,
			const struct imc_report_group *g)
{
	imc_json_open(j, NULL, '{');
	imc_json_text(j, "first", imc_node_at(m->g, g->first)->name);
	imc_json_text(j, "last", imc_node_at(m->g, g->last)->name);
	imc_json_int(j, "layers", g->n_node);
	imc_json_int(j, "steps", (int64_t)(g->end_step - g->first_step));
	imc_json_int(j, "rows", g->rows);
	imc_json_int(j, "channels", g->chans);
	imc_json_open(j, "rings", '[');
	for (size_t i = 0; i < g->n_ring; i++)
		write_ring(j, m, &g->ring[i]);
	imc_json_close(j, ']');
	imc_json_close(j, '}');
}

static void write_moved(struct imc_json *j, const struct imc_module *m,
			const struct imc_report_memory *r)
{
	const struct imc_plan *p = &m->plan;

	imc_json_int(j, "l2_buffer_bytes", p->l2_bytes);
	imc_json_int(j, "l2_lower_bound_bytes", p->l2_lower_bound);
	imc_json_number(j, "l1_gap", gap(p->l1_bytes, p->l1_lower_bound));
	imc_json_number(j, "l2_gap", gap(p->l2_bytes, p->l2_lower_bound));
	imc_json_int(j, "constant_bytes", r->constant_bytes);
	imc_json_int(j, "dma_bytes", r->dma_bytes);
	imc_json_int(j, "dma_constant_bytes", r->dma_constant_bytes);
	imc_json_int(j, "dma_in_bytes", r->dma_in_bytes);
	imc_json_int(j, "dma_out_bytes", r->dma_out_bytes);
	imc_json_int(j, "dma_value_bytes", r->dma_value_bytes);
	imc_json_int(j, "in_place_bytes", r->in_place_bytes);
	imc_json_int(j, "dma_lower_bound_bytes", p->dma_lower_bound);
	imc_json_number(j, "dma_ratio", r->ratio);
	imc_json_number(j, "roomy_latency_ms", p->roomy_ns * 1e-6);
	imc_json_number(j, "roomy_percent", r->roomy * 100);
}

void imc_report_memory_json(struct imc_json *j, const struct imc_module *m,
			    const struct imc_report_sizes *s,
			    const struct imc_report_facts *f)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_report_memory r = imc_report_memory(m, a);

	imc_json_open(j, "memory", '{');
	imc_json_int(j, "l1_peak_bytes", m->plan.l1_bytes);
	imc_json_int(j, "l1_available_bytes", m->hw->l1_bytes);
	imc_json_int(j, "l1_lower_bound_bytes", m->plan.l1_lower_bound);
	imc_json_int(j, "l2_peak_bytes", f->l2_peak_bytes);
	imc_json_int(j, "l2_available_bytes", m->hw->l2_bytes);
	imc_json_int(j, "image_bytes", s->image_bytes);
	imc_json_int(j, "code_data_bytes", s->code_data_bytes);
	write_moved(j, m, &r);
	imc_json_open(j, "groups", '[');
	for (size_t i = 0; i < r.n_group; i++)
		write_group(j, m, &r.group[i]);
	imc_json_close(j, ']');
	imc_json_close(j, '}');
	imc_arena_free(a);
}
