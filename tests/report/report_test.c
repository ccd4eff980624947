/* report_test JSON TEXT: the report of a module made by hand, byte for byte.
 * With --bless the two files are written instead. */
#include <math.h>
#include <string.h>

#include "backend/report/facts.h"
#include "backend/report/report.h"
#include "tests/check.h"

static imc_val add_value(struct imc_graph *g, const char *name,
			 enum imc_dtype type, int rank, const int64_t *dim)
{
	imc_val v = imc_graph_add_value(g, name);
	struct imc_value *x = imc_value_at(g, v);

	x->t.dtype = type;
	x->t.rank = rank;
	memcpy(x->t.dim, dim, (size_t)rank * sizeof *dim);
	x->shaped = true;
	return v;
}

static imc_val add_const(struct imc_graph *g, const char *name,
			 enum imc_dtype type, int rank, const int64_t *dim)
{
	struct imc_tensor t = {.dtype = type, .rank = rank};

	memcpy(t.dim, dim, (size_t)rank * sizeof *dim);
	t.data = imc_arena_alloc(g->arena, imc_tensor_bytes(&t));
	return imc_graph_add_const(g, name, &t);
}

static const int64_t in_dim[] = {1, 6, 6, 2}, mid_dim[] = {1, 4, 4, 4};
static const int64_t w_dim[] = {4, 3, 3, 2}, k_dim[] = {4};
static const int64_t out_dim[] = {1, 1, 1, 4};

/* A 3x3 convolution on a crossbar, then a global pool on the cores. */
static void make_graph(struct imc_module *m)
{
	struct imc_graph *g = imc_graph_new(m->arena, "net");
	imc_val x = add_value(g, "x", IMC_I8, 4, in_dim);
	imc_val y = add_value(g, "y", IMC_I8, 4, mid_dim);
	imc_val z = add_value(g, "z", IMC_I8, 4, out_dim);
	imc_node_id c = imc_graph_add_node(g, IMC_OP_Q_CONV2D, 5, 1, NULL);
	imc_node_id p =
		imc_graph_add_node(g, IMC_OP_GLOBAL_MAX_POOL, 1, 1, NULL);
	static const char *origin[] = {"conv \"1\"", "relu1"};
	struct imc_node *n = imc_node_at(g, c);

	n->name = origin[0];
	n->loc.op = "Conv";
	n->origin = origin;
	n->n_origin = 2;
	n->a.group[0] = 1;
	n->a.kernel[0] = n->a.kernel[1] = 3;
	n->in[0] = x;
	n->in[1] = add_const(g, "w", IMC_I8, 4, w_dim);
	n = imc_node_at(g, c);
	n->in[2] = add_const(g, "b", IMC_I32, 1, k_dim);
	n = imc_node_at(g, c);
	imc_node_set_out(g, c, 0, y);
	imc_node_at(g, p)->name = "pool";
	imc_node_at(g, p)->in[0] = y;
	imc_node_set_out(g, p, 0, z);
	*IMC_PUSH(m->arena, g->input, g->n_input, g->cap_input) = x;
	*IMC_PUSH(m->arena, g->output, g->n_output, g->cap_output) = z;
	m->g = g;
}

static void add_tile(struct imc_module *m, int32_t row0, int32_t array,
		     int32_t h)
{
	struct imc_tile *t =
		IMC_PUSH(m->arena, m->map.tile, m->map.n_tile, m->map.cap_tile);

	*t = (struct imc_tile){.patch_h = 1,
			       .patch_w = 1,
			       .row0 = row0,
			       .n_row = h,
			       .n_col = 4,
			       .x = 5,
			       .y = 7,
			       .w = 4,
			       .h = h,
			       .array = array};
}

static void make_map(struct imc_module *m)
{
	struct imc_assign *as = imc_arena_array(m->arena, 2, sizeof *as);

	as[0] = (struct imc_assign){.engine = IMC_ENGINE_CROSSBAR,
				    .weight_bits = 4,
				    .act_bits = 8,
				    .slices = 1,
				    .copies = 1,
				    .n_tile = 2};
	as[1] = (struct imc_assign){.engine = IMC_ENGINE_CORES,
				    .act_bits = 8,
				    .copies = 1,
				    .spilled = true};
	add_tile(m, 0, 1, 12);
	add_tile(m, 12, 2, 6);
	m->map.assign = as;
	m->map.n_assign = 2;
	m->map.array_rows = 256;
	m->map.array_cols = 128;
	m->map.n_array = 3;
	m->map.n_used = 2;
	m->map.bound_ns = 3000;
	m->map.chain_bound_ns = 2000; /* not what the plan is */
	m->map.lower_bound = 1;
	m->map.solver = "greedy";
}

static void add_step(struct imc_module *m, enum imc_step_kind kind,
		     uint32_t node, double ns)
{
	struct imc_step *s = IMC_PUSH(m->arena, m->plan.step, m->plan.n_step,
				      m->plan.cap_step);

	*s = (struct imc_step){.kind = kind, .node = {node}, .scratch = -1};
	s->cost = (struct imc_cost){.ns = ns, .pj = 10 * ns};
}

/* The convolution in two strips, with digital work that the first hides in
 * part; the second beside the pool. */
static void make_plan(struct imc_module *m)
{
	struct imc_step *s;

	add_step(m, IMC_STEP_LOAD, UINT32_MAX, 500);
	add_step(m, IMC_STEP_RUN, 0, 1200);
	s = &m->plan.step[1];
	s->n_row = 2;
	s->cost.engine_ns = 1000;
	s->cost.core_ns = 450;
	s->cost.stream_ns = 300;
	s->cost.stall_ns = 100;
	add_step(m, IMC_STEP_RUN, 0, 800);
	s = &m->plan.step[2];
	s->row = s->n_row = 2;
	s->cost.engine_ns = 700;
	s->cost.core_ns = 100;
	s->cost.stream_ns = 200;
	add_step(m, IMC_STEP_RUN, 1, 1250);
	m->plan.step[3].beside = true;
	m->plan.step[3].cost.core_ns = 1250;
	add_step(m, IMC_STEP_STORE, UINT32_MAX, 250);
	m->plan.l1_bytes = 136;
	m->plan.l1_lower_bound = 130;
}

static struct imc_module make_module(struct imc_arena *a, struct imc_hw *hw,
				     struct imc_diags *d)
{
	struct imc_module m = {.arena = a, .hw = hw, .diags = d};
	struct imc_pass_time *t = IMC_PUSH(a, m.pass, m.n_pass, m.cap_pass);

	*t = (struct imc_pass_time){"fold_bn", 1.5, 3};
	m.model_name = "net";
	m.model_path = "/some/where/net.onnx";
	m.model_sha256 = "00ff";
	m.calib_source = "synthetic";
	m.calib_n = 32;
	m.opt.percentile = 99.99;
	make_graph(&m);
	make_map(&m);
	make_plan(&m);
	return m;
}

static const char *file_text(const char *path, struct imc_arena *a)
{
	FILE *f = fopen(path, "rb");
	struct imc_buf b = {.arena = a};
	char block[4096];
	size_t n;

	imc_buf_text(&b, "");
	while (f && (n = fread(block, 1, sizeof block, f)) > 0)
		imc_buf_bytes(&b, block, n);
	if (f)
		fclose(f);
	return b.p;
}

static void compare(const char *path, const struct imc_buf *b, bool bless)
{
	FILE *f = bless ? fopen(path, "wb") : NULL;

	if (f) {
		fwrite(b->p, 1, b->n, f);
		fclose(f);
	}
	CHECK(!strcmp(file_text(path, b->arena), b->p), "%s: %s", path, b->p);
}

static void check_timings(struct imc_module *m,
			  const struct imc_report_sizes *s)
{
	struct imc_buf b = {.arena = m->arena};

	m->opt.timings = true;
	imc_report_json(m, s, &b);
	CHECK(strstr(b.p, "{\"name\": \"fold_bn\", \"ms\": 1.5, "
			  "\"changes\": 3}"),
	      "%s", b.p);
}

/* The bound is that of the kind of plan. */
static void check_bound(struct imc_module *m, const struct imc_report_sizes *s)
{
	struct imc_buf b = {.arena = m->arena};

	m->plan.in_chains = true;
	imc_report_json(m, s, &b);
	CHECK(strstr(b.p, "\"latency_bound_ms\": 0.002,\n"
			  "    \"latency_bound_of\": \"chains\","),
	      "%s", b.p);
	b.n = 0;
	imc_report_text(m, s, &b);
	CHECK(strstr(b.p, " ms (at least 0.002 in strips)"), "%s", b.p);
	m->plan.in_chains = false;
}

/* A layer behind ADCs, of weights that are all 0 but one of each tile. */
static void check_adcs(struct imc_module *m, const struct imc_report_sizes *s)
{
	struct imc_node *n = imc_node_at(m->g, (imc_node_id){0});
	struct imc_assign *as = m->map.assign;
	struct imc_buf b = {.arena = m->arena};
	int8_t *w = imc_node_in(m->g, n, 1)->t.data;

	n->a.adc[0] = 1;
	n->a.block_rows[0] = 12;
	n->a.bundle[0] = n->a.slices[0] = 1;
	n->a.slice_bits[0] = 4;
	n->a.stride[0] = n->a.stride[1] = 1;
	n->a.dilation[0] = n->a.dilation[1] = 1;
	w[0] = 3;
	w[18 + 13] = -2;
	as->adc_gain = 0.25;
	as->adc_clipped_lo = 0.02;
	imc_report_json(m, s, &b);
	CHECK(strstr(b.p, "\"adc_clipped_lo\": 0.02,"), "%s", b.p);
	CHECK(strstr(b.p, "\"adc_bits\": {\"rows\": 12, \"by_rows\": 16, "
			  "\"cells\": 1, \"by_cells\": 12, \"exact\": 10}"),
	      "%s", b.p);
	CHECK(strstr(b.p, "\"adc_bits\": {\"rows\": 6, \"by_rows\": 15, "
			  "\"cells\": 1, \"by_cells\": 12, \"exact\": 9}"),
	      "%s", b.p);
	b.n = 0;
	imc_report_text(m, s, &b);
	CHECK(strstr(b.p, "0.25  2.00% !  0.00%"), "%s", b.p);
	n->a.adc[0] = 0;
}

/* Two lines a job: 4 * 3 * 2 word lines, of which each copy has 18. */
static void check_copies(struct imc_module *m, const struct imc_report_sizes *s)
{
	struct imc_buf b = {.arena = m->arena};
	struct imc_tile *t = m->map.tile;

	m->map.assign[0].n_tile = 1;
	m->map.assign[0].patch_h = 2;
	t->n_row = 18;
	t->patch_h = 2;
	t->w = 8;
	t->h = 24;
	imc_report_json(m, s, &b);
	CHECK(strstr(b.p, "\"patch\": [2, 1]"), "%s", b.p);
	CHECK(strstr(b.p, "\"copies\": 2,"), "%s", b.p);
	CHECK(strstr(b.p, "\"cell_utilisation\": 0.75,"), "%s", b.p);
	t->n_bias = 1;
	t->h = 25;
	b.n = 0;
	imc_report_json(m, s, &b);
	CHECK(strstr(b.p, "\"cell_utilisation\": 0.76,"), "%s", b.p);
}

static bool near(double a, double b)
{
	return fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}

/* What is not hidden makes the latency, whoever is longest in a slot. */
static void check_sum(const struct imc_report_facts *f, double latency)
{
	double ns = f->transfers.ns;

	for (size_t i = 0; i < f->n_layer; i++)
		ns += f->layer[i].cost.ns - f->layer[i].hidden_ns;
	CHECK(near(ns, latency) && near(f->total.ns, latency), "%g, %g", ns,
	      f->total.ns);
}

static void check_overlap(struct imc_module *m,
			  const struct imc_report_sizes *s)
{
	struct imc_report_facts f = imc_report_facts(m, s, m->arena);
	struct imc_buf b = {.arena = m->arena};

	CHECK(f.n_layer == 2, "%zu", f.n_layer);
	check_sum(&f, 500 + 1200 + 1250 + 250);
	CHECK(near(f.layer[0].cost.ns, 2000), "%g", f.layer[0].cost.ns);
	CHECK(near(f.layer[0].hidden_ns, 800) && f.layer[1].hidden_ns == 0,
	      "%g", f.layer[0].hidden_ns);
	CHECK(near(f.saved_ns, 1000 + 450 - 1200 + 800), "%g", f.saved_ns);
	/* A transfer beside the pool, first shorter, then longer than it. */
	m->plan.step[4].beside = true;
	f = imc_report_facts(m, s, m->arena);
	check_sum(&f, 500 + 1200 + 1250);
	CHECK(near(f.transfers.ns, 500), "%g", f.transfers.ns);
	m->plan.step[4].cost.ns = 2000;
	f = imc_report_facts(m, s, m->arena);
	check_sum(&f, 500 + 1200 + 2000);
	CHECK(near(f.transfers.ns, 500 + 750), "%g", f.transfers.ns);
	CHECK(near(f.saved_ns, 250 + 800 + 1250), "%g", f.saved_ns);
	/* A layer that is hidden altogether. */
	m->plan.step[3].cost.ns = m->plan.step[3].cost.core_ns = 400;
	imc_report_text(m, s, &b);
	CHECK(strstr(b.p, "0.40  hidden"), "%s", b.p);
}

/* Two copies of one tile each, 5 and 4 bits, as stages. */
static void check_stages(struct imc_module *m, const struct imc_report_sizes *s)
{
	struct imc_assign *as = m->map.assign;
	struct imc_layer_error e = {.node = {0}};
	struct imc_trial trial = {.budget = 0.5,
				  .predicted = 0.25,
				  .error = 0.125,
				  .drop = 1.5,
				  .value = 4000,
				  .taken = true};
	struct imc_buf b = {.arena = m->arena};

	m->hw->ima_tiles = 1;
	m->hw->ima_slices = 1;
	as[0].copies = 2;
	as[0].weight_bits = 5;
	as[0].act_bits = 4;
	as[0].cost = (struct imc_cost){
		.ns = 3000, .engine_ns = 2800, .stall_ns = 100, .core_ns = 200};
	as[1].cost = (struct imc_cost){.ns = 500, .core_ns = 500};
	e.weight[5] = 0.5;
	e.act[4] = 0.25;
	m->error = &e;
	m->n_error = 1;
	m->error_model = "by hand";
	m->error_rank = 0.9;
	m->trial = &trial;
	m->n_trial = 1;
	imc_report_json(m, s, &b);
	CHECK(strstr(b.p, "\"stage_us\": 3,"), "%s", b.p);
	CHECK(strstr(b.p, "\"slowest\": \"conv \\\"1\\\"\","), "%s", b.p);
	CHECK(strstr(b.p, "\"replicas\": 2,"), "%s", b.p);
	CHECK(strstr(b.p, "\"bound_by\": \"arrays\","), "%s", b.p);
	CHECK(strstr(b.p, "\"error\": 0.75\n"), "%s", b.p);
	CHECK(strstr(b.p, "{\"budget\": 0.5, \"predicted\": 0.25, "
			  "\"error\": 0.125, \"drop\": 1.5, "
			  "\"value\": 4000, \"taken\": true}"),
	      "%s", b.p);
	b.n = 0;
	imc_report_text(m, s, &b);
	CHECK(strstr(b.p, "the slowest stage takes 3 us, conv \"1\""), "%s",
	      b.p);
	CHECK(strstr(b.p, "rank correlation of 0.90"), "%s", b.p);
}

int main(int argc, char **argv)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	struct imc_hw hw = {.name = "small",
			    .source = "dir/small.yaml",
			    .chip_clusters = 1,
			    .cluster_cores = 8,
			    .cluster_freq = 500,
			    .ima_arrays = 3,
			    .ima_rows = 256,
			    .ima_cols = 128,
			    .ima_cell_bits = 4,
			    .ima_dac_bits = 8,
			    .ima_adc_bits = 8,
			    .ima_adc_cols = 1,
			    .ima_mvm_ns = 100,
			    .ima_port_bytes = 16,
			    .ima_config_cycles = 50,
			    .ima_active_arrays = 2,
			    .energy_ima_job = 10,
			    .area_array = 0.5,
			    .l1_bytes = 1024,
			    .l2_bytes = 65536};
	struct imc_report_sizes s = {.image_bytes = 32832,
				     .code_data_bytes = 1000};
	struct imc_buf json = {.arena = a}, text = {.arena = a};
	bool bless = argc == 4 && !strcmp(argv[3], "--bless");
	struct imc_module m = make_module(a, &hw, &d);

	if (argc < 3)
		return 2;
	imc_diag(&d, IMC_NOWHERE, IMC_D_CALIB_SYNTHETIC);
	imc_diag(&d, IMC_NOWHERE, IMC_D_DATA_PLAIN);
	imc_report_json(&m, &s, &json);
	imc_report_text(&m, &s, &text);
	compare(argv[1], &json, bless);
	compare(argv[2], &text, bless);
	check_timings(&m, &s);
	check_bound(&m, &s);
	check_adcs(&m, &s);
	check_overlap(&m, &s);
	check_copies(&m, &s);
	check_stages(&m, &s);
	imc_arena_free(a);
	return check_result();
}
