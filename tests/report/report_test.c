/* report_test JSON TEXT: the report of a module made by hand, byte for byte.
 * With --bless the two files are written instead. */
#include <string.h>

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

static void make_map(struct imc_module *m)
{
	struct imc_assign *as = imc_arena_array(m->arena, 2, sizeof *as);
	struct imc_tile *t =
		IMC_PUSH(m->arena, m->map.tile, m->map.n_tile, m->map.cap_tile);

	as[0] = (struct imc_assign){.engine = IMC_ENGINE_CROSSBAR,
				    .weight_bits = 4,
				    .act_bits = 8,
				    .slices = 1,
				    .copies = 1,
				    .n_tile = 1};
	as[1] = (struct imc_assign){.engine = IMC_ENGINE_CORES,
				    .act_bits = 8,
				    .copies = 1,
				    .spilled = true};
	*t = (struct imc_tile){.patch_h = 1,
			       .patch_w = 1,
			       .n_row = 18,
			       .n_col = 4,
			       .x = 5,
			       .y = 7,
			       .w = 4,
			       .h = 18,
			       .array = 1};
	m->map.assign = as;
	m->map.n_assign = 2;
	m->map.array_rows = 256;
	m->map.array_cols = 128;
	m->map.n_array = 3;
	m->map.n_used = 1;
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
	add_step(&m, IMC_STEP_LOAD, UINT32_MAX, 500);
	add_step(&m, IMC_STEP_RUN, 0, 2000);
	add_step(&m, IMC_STEP_RUN, 1, 1250);
	add_step(&m, IMC_STEP_STORE, UINT32_MAX, 250);
	m.plan.l1_bytes = 136;
	m.plan.l1_lower_bound = 130;
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

/* Two lines a job: 4 * 3 * 2 word lines, of which each copy has 18. */
static void check_copies(struct imc_module *m, const struct imc_report_sizes *s)
{
	struct imc_buf b = {.arena = m->arena};
	struct imc_tile *t = m->map.tile;

	t->patch_h = 2;
	t->w = 8;
	t->h = 24;
	imc_report_json(m, s, &b);
	CHECK(strstr(b.p, "\"copies\": 2,"), "%s", b.p);
	CHECK(strstr(b.p, "\"cell_utilisation\": 0.75,"), "%s", b.p);
	t->n_bias = 1;
	t->h = 25;
	b.n = 0;
	imc_report_json(m, s, &b);
	CHECK(strstr(b.p, "\"cell_utilisation\": 0.76,"), "%s", b.p);
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
	check_copies(&m, &s);
	imc_arena_free(a);
	return check_result();
}
