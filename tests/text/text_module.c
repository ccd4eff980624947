#include "tests/text/text_module.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FACT(f) (1u << IMC_FACT_##f)

struct imc_hw {
	int64_t rows, cols;
};

static void print_hw(const struct imc_hw *hw, struct imc_buf *out)
{
	imc_buf_printf(out, "hw toy.rows %lld\nhw toy.cols %lld\n",
		       (long long)hw->rows, (long long)hw->cols);
}

static bool set_hw(struct imc_hw *hw, const char *key, const char *value,
		   struct imc_loc loc, struct imc_diags *d)
{
	int64_t v = strtoll(value, NULL, 10);

	if (!strcmp(key, "toy.rows"))
		hw->rows = v;
	else if (!strcmp(key, "toy.cols"))
		hw->cols = v;
	else
		return imc_diag(d, loc, IMC_D_TEXT_SYNTAX, "a toy key", key);
	return true;
}

static struct imc_hw *make_hw(struct imc_arena *a)
{
	return imc_arena_alloc(a, sizeof(struct imc_hw));
}

const struct imc_text_hw toy_hw = {print_hw, set_hw, make_hw};

static imc_val add_i32(struct imc_graph *g, const char *name, int64_t n,
		       int32_t first, int32_t step)
{
	int32_t x[256];
	struct imc_tensor t = {
		.dtype = IMC_I32, .rank = 1, .dim = {n}, .data = x};

	for (int i = 0; i < n; i++)
		x[i] = first + i * step;
	return imc_graph_add_const(g, name, &t);
}

static imc_val add_bytes(struct imc_graph *g, const char *name, int rank,
			 const int64_t *dim)
{
	int8_t x[256];
	struct imc_tensor t = {.dtype = IMC_I8, .rank = rank, .data = x};

	for (int i = 0; i < 256; i++)
		x[i] = (int8_t)(i * 5 % 15 - 7);
	for (int i = 0; i < rank; i++)
		t.dim[i] = dim[i];
	return imc_graph_add_const(g, name, &t);
}

static imc_val add_floats(struct imc_graph *g, const char *name, int rank,
			  const int64_t *dim)
{
	float x[256];
	struct imc_tensor t = {.dtype = IMC_F32, .rank = rank, .data = x};

	for (int i = 0; i < 256; i++)
		x[i] = (float)i / 7 - 3;
	x[1] = -0.0f;
	x[2] = 1e-40f;
	for (int i = 0; i < rank; i++)
		t.dim[i] = dim[i];
	return imc_graph_add_const(g, name, &t);
}

static imc_val add_value(struct imc_graph *g, const char *name,
			 enum imc_dtype t, const int64_t *dim)
{
	imc_val id = imc_graph_add_value(g, name);
	struct imc_value *v = imc_value_at(g, id);

	v->t.dtype = t;
	v->shaped = true;
	while (dim[v->t.rank]) {
		v->t.dim[v->t.rank] = dim[v->t.rank];
		v->t.rank++;
	}
	v->ranged = true;
	v->lo = -1.5f;
	v->hi = 3.25f;
	if (t == IMC_I8) {
		v->scale = 0.03125f;
		v->zero = -4;
	}
	return id;
}

static struct imc_node *add_node(struct imc_graph *g, enum imc_op op, int n_in,
				 imc_val x, imc_val y)
{
	static const struct imc_loc loc = {.file = "dir/a \"b\".onnx",
					   .node = 3,
					   .op = "Conv",
					   .name = "back\\slash\n"};
	static const char *origin[] = {"first", "se cond # no comment"};
	struct imc_node like = {.name = "node", .loc = loc, .n_origin = 2};
	imc_node_id id;

	like.origin = origin;
	id = imc_graph_add_node(g, op, n_in, 1, &like);
	imc_node_at(g, id)->in[0] = x;
	imc_node_set_out(g, id, 0, y);
	return imc_node_at(g, id);
}

static void add_ends(struct imc_graph *g, imc_val x, imc_val y)
{
	*IMC_PUSH(g->arena, g->input, g->n_input, g->cap_input) = x;
	*IMC_PUSH(g->arena, g->output, g->n_output, g->cap_output) = y;
}

static void float_graph(struct imc_graph *g)
{
	imc_val x = add_value(g, "x", IMC_F32, (int64_t[]){1, 2, 4, 4, 0});
	imc_val w = add_floats(g, "w", 4, (int64_t[]){5, 2, 3, 3});
	imc_val big = add_floats(g, "big", 4, (int64_t[]){8, 5, 1, 1});
	imc_val c = add_value(g, "c", IMC_F32, (int64_t[]){1, 5, 4, 4, 0});
	imc_val e = add_value(g, "e", IMC_F32, (int64_t[]){1, 8, 4, 4, 0});
	imc_val y = add_value(g, "y", IMC_F32, (int64_t[]){1, 8, 4, 4, 0});
	struct imc_node *n = add_node(g, IMC_OP_CONV2D, 3, x, c);

	n->in[1] = w;
	n->a.kernel[0] = n->a.kernel[1] = 3;
	for (int i = 0; i < 4; i++)
		n->a.pads[i] = 1;
	n->a.act[0] = 1;
	n->a.act_hi[0] = INFINITY;
	n = add_node(g, IMC_OP_CONV2D, 2, c, e);
	n->in[1] = big;
	n->a.kernel[0] = n->a.kernel[1] = 1;
	/* A node that is no more keeps its id. */
	add_node(g, IMC_OP_RELU, 1, e, imc_graph_add_value(g, "gone"))->dead =
		true;
	g->n_order--;
	add_node(g, IMC_OP_TRANSPOSE, 1, e, y)->a.perm =
		(struct imc_ints){4, {0, 1, 2, 3}};
	add_ends(g, x, y);
}

static void quantised_graph(struct imc_graph *g)
{
	imc_val x = add_value(g, "x", IMC_I8, (int64_t[]){1, 4, 4, 2, 0});
	imc_val c = add_value(g, "c", IMC_I8, (int64_t[]){1, 4, 4, 8, 0});
	imc_val v = add_value(g, "v", IMC_I8, (int64_t[]){1, 128, 0});
	imc_val y = add_value(g, "y", IMC_I8, (int64_t[]){1, 128, 0});
	imc_val w = add_bytes(g, "w", 4, (int64_t[]){8, 3, 3, 2});
	imc_val scales = add_floats(g, "w.scale", 1, (int64_t[]){8});
	imc_val in[] = {x,
			w,
			add_i32(g, "bias", 8, -40, 9),
			add_i32(g, "mult", 8, 1 << 30, 77),
			add_i32(g, "shift", 8, 36, 0),
			add_i32(g, "adc_mult", 8, 1 << 30, 0),
			add_i32(g, "adc_shift", 8, 32, 0),
			add_i32(g, "adc_zero", 8, -3, 0),
			add_bytes(g, "bias_rows", 2, (int64_t[]){2, 8})};
	struct imc_node *n = add_node(g, IMC_OP_Q_CONV2D, 9, x, c);

	imc_value_at(g, w)->scales = scales;
	imc_value_at(g, w)->given = IMC_GIVEN_KEPT;
	imc_value_at(g, c)->given = IMC_GIVEN_JOINED;
	memcpy(n->in, in, sizeof in);
	n->a.kernel[0] = n->a.kernel[1] = 3;
	for (int i = 0; i < 4; i++)
		n->a.pads[i] = 1;
	n->a.adc[0] = 1;
	n->a.slices[0] = 2;
	n->a.slice_bits[0] = 4;
	n->a.block_rows[0] = 10;
	n->a.drive = (struct imc_ints){2, {127, -9}};
	g->layout = IMC_NHWC;
	n = add_node(g, IMC_OP_RESHAPE, 1, c, v);
	n->a.dims = (struct imc_ints){2, {1, 128}};
	in[0] = add_i32(g, "table", 256, 1 << 20, -4000);
	n = add_node(g, IMC_OP_Q_SOFTMAX, 2, v, y);
	n->in[1] = in[0];
	add_ends(g, x, y);
}

static void assign(struct imc_module *m)
{
	struct imc_map *map = &m->map;
	struct imc_cost cost = {1.5, 1e9 / 3, 0, INFINITY, 2, 0.25, 3, 0.125};

	map->array_rows = map->array_cols = 16;
	map->n_array = 4;
	map->adc_per_job = true;
	map->n_assign = m->g->n_node;
	map->assign =
		imc_arena_array(m->arena, map->n_assign, sizeof *map->assign);
	map->assign[0] = (struct imc_assign){.engine = IMC_ENGINE_CROSSBAR,
					     .weight_bits = 8,
					     .slices = 2,
					     .bundle = 1,
					     .block_rows = 10,
					     .block_cols = 8,
					     .bias_rows = 2,
					     .patch_h = 1,
					     .patch_w = 1,
					     .rest_h = 1,
					     .rest_w = 1,
					     .copies = 1,
					     .n_tile = 2,
					     .adc_gain = 0.5,
					     .adc_clipped_lo = 1.0 / 3,
					     .adc_clipped_hi = 1e-9,
					     .cost = cost};
	/* Means nothing there, and is kept. */
	map->assign[2] = (struct imc_assign){.engine = IMC_ENGINE_CORES,
					     .block_cols = -1,
					     .patch_h = INT32_MIN,
					     .patch_w = INT32_MAX,
					     .rest_h = 7,
					     .rest_w = -7};
}

static void tile(struct imc_module *m)
{
	struct imc_map *map = &m->map;

	map->solver = "by hand";
	for (int b = 0; b < 2; b++) {
		struct imc_tile *t = IMC_PUSH(m->arena, map->tile, map->n_tile,
					      map->cap_tile);

		t->patch_h = t->patch_w = 1;
		t->block = b;
		t->row0 = 10 * b;
		t->n_row = b ? 8 : 10;
		t->n_bias = 2 * b;
		t->n_col = 8;
		t->n_slice = 2;
		t->w = 16;
		t->h = 10;
		t->array = -1;
	}
}

static void place(struct imc_module *m)
{
	m->map.tile[0].array = 1;
	m->map.tile[1].array = 3;
	m->map.tile[1].y = 6;
	m->map.n_used = m->map.lower_bound = 2;
}

static void add_buffer(struct imc_module *m, imc_val v, int64_t offset,
		       int64_t size)
{
	struct imc_plan *p = &m->plan;
	struct imc_buffer *b =
		IMC_PUSH(m->arena, p->buffer, p->n_buffer, p->cap_buffer);

	b->val = v;
	b->node = IMC_NO_NODE;
	b->offset = offset;
	b->size_bytes = size;
	if (imc_val_ok(v))
		b->lines = (int32_t)imc_plan_n_row(&imc_value_at(m->g, v)->t);
}

static void plan(struct imc_module *m)
{
	struct imc_plan *p = &m->plan;
	static const struct imc_step step[] = {
		{.kind = IMC_STEP_LOAD, .val = {0}, .scratch = -1},
		{.kind = IMC_STEP_RUN,
		 .node = {0},
		 .scratch = 3,
		 .strip_rows = 2,
		 .cost = {.cycles = 0.1}},
		{.kind = IMC_STEP_RUN, .node = {2}, .scratch = -1},
		{.kind = IMC_STEP_STORE, .val = {3}, .scratch = -1},
	};

	p->step = imc_arena_memdup(m->arena, step, sizeof step);
	p->n_step = p->cap_step = 4;
	add_buffer(m, (imc_val){0}, 128, 32);
	add_buffer(m, (imc_val){1}, 0, 128);
	add_buffer(m, (imc_val){3}, 128, 128);
	add_buffer(m, IMC_NO_VAL, 256, 256);
	p->buffer[0].last = 1;
	p->buffer[1].first = p->buffer[3].first = p->buffer[3].last = 1;
	p->buffer[1].last = p->buffer[2].first = 2;
	p->buffer[2].last = 3;
	p->n_root = m->g->n_value;
	p->root = imc_arena_array(m->arena, m->g->n_value, sizeof *p->root);
	for (size_t v = 0; v < p->n_root; v++)
		p->root[v] = (uint32_t)v;
	p->root[2] = 1;
	p->l1_bytes = p->l1_lower_bound = 512;
	p->in_chains = true;
}

static void header(struct imc_module *m)
{
	m->model_name = "toy";
	m->model_path = "some where/toy.onnx";
	m->model_sha256 = "00ff";
	m->opt.seed = UINT64_MAX;
	m->opt.percentile = 99.9;
	m->opt.post = 2;
	m->pre.given = true;
	m->pre.n_mean = 3;
	m->pre.mean[1] = 0.1;
	m->pre.n_std = 1;
	m->pre.std[0] = -2;
	m->calib_source = "x.npy";
	m->calib_n = 17;
	m->hw = make_hw(m->arena);
	m->hw->rows = 256;
	m->hw->cols = -3;
}

/* Errors of two layers, one of them without any, and what was tried. */
static void measure(struct imc_module *m)
{
	m->error_model = "measured on 3 samples of \"x.npy\"";
	m->error_rank = 1.0 / 3;
	m->n_error = 2;
	m->error = imc_arena_array(m->arena, 2, sizeof *m->error);
	m->error[0].node = (imc_node_id){2};
	m->error[1].node = (imc_node_id){0};
	for (int b = 2; b <= 8; b++) {
		m->error[1].weight[b] = 0.1 / b;
		m->error[1].act[b] = 1e-300 * (8 - b);
		m->error[0].adc[b] = b == 4 ? 0.3 : 0;
	}
	for (int i = 0; i < 2; i++)
		*IMC_PUSH(m->arena, m->trial, m->n_trial, m->cap_trial) =
			(struct imc_trial){.budget = 0.7 / (i + 1),
					   .predicted = INFINITY,
					   .drop = -0.1 * i,
					   .right = 90.1 - i,
					   .std = 0.3,
					   .worst = 80.1 - i,
					   .taken = i};
	m->robust = (struct imc_robust){.model = "a \"b\".yaml",
					.time_s = 86400.1,
					.runs = 7,
					.plain_arrays = 3,
					.plain_ns = 0.1,
					.plain_pj = 1e300,
					.plain_error = 0.7,
					.plain_right = 50.3,
					.plain_std = 1.0 / 3,
					.plain_worst = 40.1,
					.float_right = 99.9};
	for (uint32_t i = 0; i < 2; i++)
		*IMC_PUSH(m->arena, m->robust.plain, m->robust.n_plain,
			  m->robust.cap_plain) = (struct imc_plain_layer){
			{2 - 2 * i},
			i ? IMC_ENGINE_CORES : IMC_ENGINE_CROSSBAR,
			8 - (int32_t)i,
			i == 0};
	m->facts |= FACT(MEASURED);
}

/* Weights of four bits, no ADC. */
static void make_binary(struct imc_graph *g)
{
	struct imc_node *n = &g->node[0];

	for (int k = 5; k < 9; k++)
		n->in[k] = IMC_NO_VAL;
	n->a.adc[0] = 0;
	n->a.drive.n = 0;
	n->a.slices[0] = 4;
	n->a.slice_bits[0] = 1;
}

/* Rows 0 to 9 and the others, bits 0 to 2 and bit 3, two copies. */
static void stack(struct imc_module *m)
{
	struct imc_map *map = &m->map;
	struct imc_assign *as = &map->assign[0];

	map->solver = "own arrays";
	map->array_cols = 24;
	map->n_array = 9;
	map->own_arrays = true;
	map->adc_per_job = false;
	map->stage_bound_ns = 0.1;
	map->chain_bound_ns = 0.3;
	map->n_used = map->lower_bound = as->n_tile = 8;
	as->weight_bits = as->slices = 4;
	as->tile_slices = 3;
	as->bias_rows = 0;
	as->copies = as->adders = 2;
	as->stores = 1;
	for (int i = 0; i < 8; i++) {
		struct imc_tile *t = IMC_PUSH(m->arena, map->tile, map->n_tile,
					      map->cap_tile);

		*t = (struct imc_tile){.block = i / 4,
				       .row0 = i / 4 * 10,
				       .n_row = i / 4 ? 8 : 10,
				       .n_col = 8,
				       .slice0 = i / 2 % 2 * 3,
				       .n_slice = i / 2 % 2 ? 1 : 3,
				       .copy = i % 2,
				       .patch_h = 1,
				       .patch_w = 1,
				       .array = i,
				       .w = i / 2 % 2 ? 8 : 24,
				       .h = i / 4 ? 8 : 10};
	}
}

static struct imc_module *make_spatial(struct imc_module *m)
{
	make_binary(m->g);
	stack(m);
	measure(m);
	imc_value_at(m->g, (imc_val){0})->clips =
		add_floats(m->g, "x.clips", 2, (int64_t[]){6, 2});
	m->facts |= FACT(TILED) | FACT(PLACED);
	return m;
}

struct imc_module *make_module(enum stage s, struct imc_diags *d)
{
	struct imc_module *m = imc_module_new(d);

	m->g = imc_graph_new(m->arena, "toy graph");
	m->facts = FACT(SHAPED);
	header(m);
	if (s == FLOAT) {
		float_graph(m->g);
		return m;
	}
	quantised_graph(m->g);
	assign(m);
	m->facts |=
		FACT(NHWC) | FACT(ASSIGNED) | FACT(QUANTISED) | FACT(FITTED);
	if (s == SPATIAL)
		return make_spatial(m);
	if (s >= TILED) {
		tile(m);
		m->facts |= FACT(TILED);
	}
	if (s >= PLACED) {
		place(m);
		m->facts |= FACT(PLACED);
	}
	if (s >= PLANNED) {
		plan(m);
		m->facts |= FACT(PLANNED);
	}
	return m;
}
