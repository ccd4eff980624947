/* What the report says about memories of plans made by hand, and the picture:
 * what it shows, that it is XML, and small for plans of thousands of steps. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/report/memory.h"
#include "hwdesc/hw.h"
#include "ir/support/checked.h"
#include "tests/check.h"
#include "tests/runtime/random.h"

#define ROWS 40
#define ROW 64

struct world {
	struct imc_arena *a;
	struct imc_hw hw;
	struct imc_module m;
};

static imc_val add_value(struct imc_graph *g, const char *name)
{
	static const int64_t dim[] = {1, ROWS, ROW, 1};
	imc_val v = imc_graph_add_value(g, name);

	imc_value_at(g, v)->t.dtype = IMC_I8;
	imc_value_at(g, v)->t.rank = 4;
	memcpy(imc_value_at(g, v)->t.dim, dim, sizeof dim);
	return v;
}

/* x -> n[0] -> n[1] ..: n_node nodes on the cores. */
static void start(struct world *w, int n_node)
{
	struct imc_graph *g;
	imc_val x;

	memset(w, 0, sizeof *w);
	w->a = imc_arena_new();
	g = imc_graph_new(w->a, "net");
	x = add_value(g, "x");
	*IMC_PUSH(w->a, g->input, g->n_input, g->cap_input) = x;
	for (int i = 0; i < n_node; i++) {
		imc_node_id id =
			imc_graph_add_node(g, IMC_OP_Q_LUT, 1, 1, NULL);

		imc_node_at(g, id)->name = imc_arena_printf(w->a, "n<%d>", i);
		imc_node_at(g, id)->in[0] = x;
		x = add_value(g, "y");
		imc_node_set_out(g, id, 0, x);
	}
	w->hw.name = "small";
	w->hw.l1_bytes = 8192;
	w->m = (struct imc_module){
		.arena = w->a, .g = g, .hw = &w->hw, .model_name = "net & co"};
	w->m.map.n_assign = (size_t)n_node;
	w->m.map.assign =
		imc_arena_array(w->a, (size_t)n_node, sizeof *w->m.map.assign);
	for (int i = 0; i < n_node; i++)
		w->m.map.assign[i].engine = IMC_ENGINE_CORES;
	w->m.plan.n_root = g->n_value;
	w->m.plan.root =
		imc_arena_array(w->a, g->n_value, sizeof *w->m.plan.root);
	for (size_t v = 0; v < g->n_value; v++)
		w->m.plan.root[v] = (uint32_t)v;
}

static void add_step(struct world *w, enum imc_step_kind kind, uint32_t id,
		     int32_t row, int32_t n_row, double ns)
{
	struct imc_plan *p = &w->m.plan;
	struct imc_step *s = IMC_PUSH(w->a, p->step, p->n_step, p->cap_step);

	*s = (struct imc_step){.kind = kind,
			       .node = IMC_NO_NODE,
			       .val = IMC_NO_VAL,
			       .row = row,
			       .n_row = n_row,
			       .scratch = -1};
	s->cost.ns = ns;
	if (imc_step_has_node(kind))
		s->node.i = id;
	else
		s->val.i = id;
}

static void add_buffer(struct world *w, imc_val v, int32_t lines,
		       int64_t offset, int32_t first, int32_t last)
{
	struct imc_plan *p = &w->m.plan;

	*IMC_PUSH(w->a, p->buffer, p->n_buffer, p->cap_buffer) =
		(struct imc_buffer){.val = v,
				    .node = IMC_NO_NODE,
				    .lines = lines,
				    .offset = offset,
				    .size_bytes = lines * (int64_t)ROW,
				    .first = first,
				    .last = last};
	p->l1_bytes = imc_max_i64(p->l1_bytes, offset + lines * (int64_t)ROW);
}

/* Two nodes in turns of 10 rows behind a ring of 12, and a third one alone. */
static void make_strips(struct world *w)
{
	start(w, 3);
	add_step(w, IMC_STEP_LOAD, 0, 0, 0, 100);
	for (int32_t r = 0; r < ROWS; r += 10) {
		add_step(w, IMC_STEP_RUN, 0, r, 10, 50);
		add_step(w, IMC_STEP_RUN, 1, r, 10, 25);
	}
	add_step(w, IMC_STEP_RUN, 2, 0, 0, 1000);
	add_step(w, IMC_STEP_STORE, 3, 0, 0, 100);
	add_buffer(w, (imc_val){0}, ROWS, 0, 0, 7);
	add_buffer(w, (imc_val){1}, 12, ROWS * ROW, 1, 8);
	add_buffer(w, (imc_val){2}, ROWS, (ROWS + 12) * ROW, 2, 9);
	add_buffer(w, (imc_val){3}, ROWS, 0, 9, 10);
	w->m.plan.l1_lower_bound = w->m.plan.l1_bytes - 64;
	w->m.plan.roomy_ns = 1200;
	w->m.plan.dma_lower_bound = 2 * ROWS * ROW - 1024;
}

static void check_facts(void)
{
	struct world w;
	struct imc_report_memory r;

	make_strips(&w);
	r = imc_report_memory(&w.m, w.a);
	EXPECT(r.dma_bytes == 2 * ROWS * ROW && r.in_place_bytes == 0);
	EXPECT(r.dma_in_bytes + r.dma_out_bytes + r.dma_value_bytes +
		       r.dma_constant_bytes ==
	       r.dma_bytes);
	EXPECT(fabs(r.ratio - 5120.0 / 4096) < 1e-12);
	EXPECT(fabs(r.roomy - 0.25) < 1e-12);
	EXPECT(r.n_group == 1 && r.group[0].n_node == 2);
	EXPECT(r.group[0].first.i == 0 && r.group[0].last.i == 1);
	EXPECT(r.group[0].first_step == 1 && r.group[0].end_step == 9);
	EXPECT(r.group[0].rows == 10 && r.group[0].n_ring == 1);
	EXPECT(r.group[0].ring[0].lines == 12 &&
	       r.group[0].ring[0].whole_bytes == ROWS * ROW);
	imc_arena_free(w.a);
}

/* Each tag that opens closes, < stands for nothing else. */
static bool is_xml(const char *p)
{
	int depth = 0;

	for (; (p = strchr(p, '<')); p++) {
		const char *end = p + 1 + strcspn(p + 1, "<>");

		if (*end != '>')
			return false;
		if (p[1] == '/')
			depth--;
		else if (end[-1] != '/')
			depth++;
		if (depth < 0)
			return false;
	}
	return depth == 0;
}

static int n_times(const char *text, const char *what)
{
	int n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

static void check_picture(void)
{
	struct world w;
	struct imc_buf b;

	make_strips(&w);
	b = (struct imc_buf){.arena = w.a};
	imc_memory_svg(&w.m, &b);
	CHECK(is_xml(b.p), "%s", b.p);
	EXPECT(n_times(b.p, "class=\"k0\"") == 3);
	EXPECT(n_times(b.p, "class=\"k1\"") == 1);
	CHECK(strstr(b.p, "<title>n&#60;0&#62;: 768 bytes at 2560, 12 of 40 "
			  "rows, 0.1 to 0.4 us</title>"),
	      "%s", b.p);
	EXPECT(strstr(b.p, "n&#60;0&#62; .. n&#60;1&#62;, 0.3 us"));
	EXPECT(strstr(b.p, "DMA: busy 13.3 %"));
	EXPECT(strstr(b.p, "cores: busy 86.7 %"));
	EXPECT(!strstr(b.p, "arrays: busy"));
	EXPECT(strstr(b.p, "net &#38; co on small"));
	EXPECT(strstr(b.p, "size of L1<"));
	w.hw.l1_bytes = 1 << 20;
	b.n = 0;
	imc_memory_svg(&w.m, &b);
	EXPECT(strstr(b.p, "size of L1: above"));
	imc_arena_free(w.a);
}

/* Buffers and steps of all lengths, in thousands. */
static void check_large(void)
{
	struct world w;
	struct imc_buf b, again;
	struct random r = {3};

	start(&w, 150);
	for (int32_t i = 0; i < 6000; i++) {
		add_step(&w, i % 3 ? IMC_STEP_RUN : IMC_STEP_LOAD,
			 i % 3 ? (uint32_t)i / 40 : 0, i % 40, 1,
			 pick(&r, 1, 3000));
		w.m.plan.step[i].beside = i % 3 == 1;
	}
	for (int32_t i = 0; i < 5000; i++) {
		int32_t at = pick(&r, 0, 5990) / 3 * 3;

		add_buffer(&w, (imc_val){(uint32_t)i % 150}, pick(&r, 1, ROWS),
			   64 * pick(&r, 0, 100), at, at + 2);
	}
	b = again = (struct imc_buf){.arena = w.a};
	imc_memory_svg(&w.m, &b);
	imc_memory_svg(&w.m, &again);
	EXPECT(is_xml(b.p) && b.n == again.n && !memcmp(b.p, again.p, b.n));
	CHECK(b.n < 1 << 20 && b.n > 100000, "%zu bytes", b.n);
	imc_arena_free(w.a);
}

/* A module without a plan, and a plan without steps. */
static void check_nothing(void)
{
	struct world w;
	struct imc_report_memory r;
	struct imc_buf b;

	start(&w, 1);
	r = imc_report_memory(&w.m, w.a);
	EXPECT(r.dma_bytes == 0 && r.n_group == 0);
	b = (struct imc_buf){.arena = w.a};
	imc_memory_svg(&w.m, &b);
	CHECK(is_xml(b.p) && !strstr(b.p, "nan") && !strstr(b.p, "inf"), "%s",
	      b.p);
	imc_arena_free(w.a);
}

int main(void)
{
	check_facts();
	check_picture();
	check_large();
	check_nothing();
	return check_result();
}
