/* Bundles for machines whose tiles have arrays of their own.
 *
 *     spatial NET FOLDER   writes the bundle FOLDER, FOLDER.x.npy, and
 *                          FOLDER.y.npy: what the quantised graph gives
 *
 * NET: bits (cells of one bit, a slice an array, copies), digits (cells of 4
 * bits, slices beside each other and apart), many (1600 arrays). */
#include <stdio.h>
#include <string.h>

#include "backend/bundle/bundle.h"
#include "hwdesc/cost.h"
#include "imc_npy.h"
#include "ir/eval.h"
#include "ir/num.h"
#include "ir/op.h"
#include "passes/pass.h"
#include "tests/check.h"
#include "tests/runtime/random.h"

#define N_SAMPLE 5

/* A convolution of `out` channels, on the arrays or (slices 0) on the cores. */
struct conv {
	int64_t out, kernel, stride, pad, group;
	int32_t bundle, slices, tile_slices, block_rows, block_cols, copies;
};

struct net {
	const char *name;
	int64_t cell_bits, rows, cols, size, channels;
	struct conv conv[6];
};

static const struct net nets[] = {
	{"bits",
	 1,
	 32,
	 16,
	 9,
	 3,
	 {{10, 3, 1, 1, 1, 1, 4, 1, 0, 0, 3},
	  {10, 3, 1, 1, 2, 1, 3, 1, 20, 3, 2}, /* grouped, 3 row blocks */
	  {4, 3, 2, 0, 1, 1, 8, 2, 30, 0, 7},
	  {8, 1, 1, 0, 4, 4, 2, 1, 0, 0, 40}, /* more copies than pixels */
	  {6, 3, 1, 1, 1, 1, 0, 0, 0, 0, 1},
	  {11, 4, 1, 0, 1, 1, 5, 1, 25, 0, 3}}}, /* of one pixel */
	{"digits",
	 4,
	 40,
	 24,
	 7,
	 4,
	 {{9, 3, 1, 1, 1, 1, 3, 2, 18, 0, 4},
	  {9, 1, 1, 0, 1, 1, 2, 2, 0, 0, 1},
	  {6, 3, 1, 0, 3, 1, 1, 1, 0, 0, 5},
	  {7, 5, 1, 0, 1, 1, 2, 1, 40, 5, 2}}},
	{"many",
	 1,
	 256,
	 256,
	 4,
	 128,
	 {{256, 3, 1, 1, 1, 1, 8, 1, 256, 64, 2},
	  {256, 3, 1, 1, 1, 1, 8, 1, 256, 64, 2},
	  {352, 4, 1, 0, 1, 1, 8, 1, 256, 64, 1}}},
};

struct world {
	struct imc_diags d;
	struct imc_module *m;
	struct imc_graph *g;
	struct random r;
	const struct conv *of[16]; /* by node */
};

static imc_val codes(struct world *w, struct imc_tensor t, int lo, int hi,
		     const struct conv *c)
{
	int64_t n = imc_tensor_count(&t);
	int8_t *v = imc_arena_alloc(w->m->arena, (size_t)n);
	int bits = (int)w->m->hw->ima_cell_bits;

	for (int64_t i = 0; i < n; i++) {
		v[i] = (int8_t)pick(&w->r, lo, hi);
		while (c->slices && !imc_sliceable(v[i], c->slices, bits))
			v[i]--;
	}
	t.dtype = IMC_I8;
	t.data = v;
	return imc_graph_add_const(w->g, "w", &t);
}

static imc_val ints(struct world *w, int64_t n, int32_t lo, int32_t hi)
{
	struct imc_tensor t = {.dtype = IMC_I32, .rank = 1, .dim = {n}};
	int32_t *v = imc_arena_array(w->m->arena, (size_t)n, sizeof *v);

	for (int64_t i = 0; i < n; i++)
		v[i] = pick(&w->r, lo, hi);
	t.data = v;
	return imc_graph_add_const(w->g, "i", &t);
}

/* 2^shift is about the deviation of a sum, over 40. */
static int32_t shift_of(double rows, int32_t max)
{
	double deviation = rows * max * max * 40 * 40 / 3;
	int32_t shift = 30;

	for (; deviation > 40.0 * 40; deviation /= 4)
		shift++;
	return shift;
}

static imc_val add_value(struct world *w, const char *name)
{
	imc_val v = imc_graph_add_value(w->g, name);
	struct imc_value *value = imc_value_at(w->g, v);

	value->zero = pick(&w->r, -20, 20);
	value->scale = 0.0625F;
	return v;
}

/* rows: of the matrix of one group. */
static void set_attributes(const struct world *w, const struct conv *c,
			   int64_t rows, struct imc_attrs *a)
{
	imc_attrs_default(IMC_OP_Q_CONV2D, a);
	for (int i = 0; i < 2; i++) {
		a->kernel[i] = c->kernel;
		a->stride[i] = c->stride;
		a->pads[i] = a->pads[i + 2] = c->pad;
	}
	a->group[0] = c->group;
	if (c->slices == 0)
		return;
	a->bundle[0] = c->bundle;
	a->block_rows[0] = c->block_rows ? c->block_rows : rows * c->bundle;
	a->slices[0] = c->slices;
	a->slice_bits[0] = w->m->hw->ima_cell_bits;
}

static imc_val add_conv(struct world *w, const struct conv *c, imc_val x)
{
	int64_t channels = imc_value_at(w->g, x)->t.dim[3] / c->group;
	int64_t taps = c->kernel * c->kernel;
	int bits = (int)w->m->hw->ima_cell_bits;
	int32_t max = c->slices ? imc_slice_max(c->slices, bits) : 127, shift;
	struct imc_tensor t = {.rank = 4,
			       .dim = {c->out, c->kernel, c->kernel, channels}};
	imc_node_id id = imc_graph_add_node(w->g, IMC_OP_Q_CONV2D, 5, 1, NULL);
	imc_val y = add_value(w, "v"), in[5] = {x};
	struct imc_node *n = imc_node_at(w->g, id);

	if (max > 127)
		max = 127;
	/* two's complement has one more negative number */
	in[1] = codes(w, t, bits == 1 && c->slices ? -max - 1 : -max, max, c);
	in[2] = ints(w, c->out, -999, 999);
	in[3] = ints(w, c->out, 1 << 30, INT32_MAX);
	shift = shift_of((double)(taps * channels), max);
	in[4] = ints(w, c->out, shift, shift);
	memcpy(n->in, in, sizeof in);
	n->name = "conv";
	imc_node_set_out(w->g, id, 0, y);
	set_attributes(w, c, taps * channels, &n->a);
	w->of[id.i] = c;
	EXPECT(imc_op_infer(w->g, id, &w->d));
	return y;
}

/* y + y, on the cores, so that not all is convolutions. */
static imc_val add_sum(struct world *w, imc_val x)
{
	imc_node_id id = imc_graph_add_node(w->g, IMC_OP_Q_ADD, 2, 1, NULL);
	imc_val y = add_value(w, "sum");
	struct imc_node *n = imc_node_at(w->g, id);

	imc_attrs_default(IMC_OP_Q_ADD, &n->a);
	n->in[0] = n->in[1] = x;
	n->a.mult[0] = n->a.mult[1] = 1 << 30;
	n->a.shift[0] = 31;
	n->name = "sum";
	imc_node_set_out(w->g, id, 0, y);
	EXPECT(imc_op_infer(w->g, id, &w->d));
	return y;
}

static imc_val add_input(struct world *w, const struct net *net)
{
	imc_val x = add_value(w, "x");
	struct imc_value *v = imc_value_at(w->g, x);

	v->t = (struct imc_tensor){
		.dtype = IMC_I8,
		.rank = 4,
		.dim = {1, net->size, net->size, net->channels}};
	v->shaped = true;
	*IMC_PUSH(w->m->arena, w->g->input, w->g->n_input, w->g->cap_input) = x;
	return x;
}

static void set_machine(struct imc_hw *hw, const struct net *net)
{
	hw->name = "spatial";
	hw->ima_tiles = 1;
	hw->ima_slices = 2;
	hw->ima_adc = 1;
	hw->ima_cell_bits = net->cell_bits;
	hw->ima_rows = net->rows;
	hw->ima_cols = net->cols;
	hw->ima_arrays = hw->ima_active_arrays = 4096;
	hw->l1_bytes = 1 << 26;
}

static void assign_node(const struct world *w, imc_node_id id)
{
	struct imc_assign *as = &w->m->map.assign[id.i];
	const struct conv *c = w->of[id.i];

	*as = (struct imc_assign){.engine = IMC_ENGINE_CORES,
				  .act_bits = 8,
				  .weight_bits = 8,
				  .slices = 1,
				  .bundle = 1,
				  .copies = 1};
	if (!c || c->slices == 0)
		return;
	as->engine = IMC_ENGINE_CROSSBAR;
	as->slices = c->slices;
	as->tile_slices = c->tile_slices;
	as->bundle = c->bundle;
	as->block_rows = (int32_t)imc_node_at(w->g, id)->a.block_rows[0];
	as->block_cols = c->block_cols;
	as->copies = c->copies;
	as->overlap = c->copies % 2;
}

/* An array for each tile, which lies somewhere on it. */
static void place(struct world *w)
{
	struct imc_map *m = &w->m->map;

	m->own_arrays = true;
	m->solver = "own";
	for (size_t i = 0; i < m->n_tile; i++) {
		struct imc_tile *t = &m->tile[i];

		t->array = (int32_t)i;
		t->x = pick(&w->r, 0, m->array_cols - t->w);
		t->y = pick(&w->r, 0, m->array_rows - t->h);
	}
	m->n_used = m->lower_bound = (int32_t)m->n_tile;
}

static void map_network(struct world *w)
{
	struct imc_pass_cx cx = {.scratch = imc_arena_new()};
	struct imc_map *m = &w->m->map;

	m->n_assign = w->g->n_node;
	m->assign =
		imc_arena_array(w->m->arena, m->n_assign, sizeof *m->assign);
	for (uint32_t i = 0; i < m->n_assign; i++)
		assign_node(w, (imc_node_id){i});
	EXPECT(imc_pass_tile_layers(w->m, &cx));
	place(w);
	EXPECT(imc_pass_schedule(w->m, &cx));
	imc_arena_free(cx.scratch);
}

static void open_world(struct world *w, const struct net *net)
{
	imc_val v;

	*w = (struct world){.d = {.arena = imc_arena_new()}, .r = {11}};
	w->m = imc_module_new(&w->d);
	w->m->model_name = w->m->model_path = net->name;
	w->m->hw = imc_hw_new(w->m->arena);
	set_machine(w->m->hw, net);
	w->g = w->m->g = imc_graph_new(w->m->arena, net->name);
	w->g->layout = IMC_NHWC;
	v = add_input(w, net);
	for (int i = 0; i < 6 && net->conv[i].out; i++) {
		v = add_conv(w, &net->conv[i], v);
		if (i == 0)
			v = add_sum(w, v);
	}
	*IMC_PUSH(w->m->arena, w->g->output, w->g->n_output, w->g->cap_output) =
		v;
	map_network(w);
}

/* Scratch as the kernels reckon it: codes of every pixel once. */
static void check_scratch(const struct world *w)
{
	const char *why =
		imc_plan_check(w->g, &w->m->map, &w->m->plan, w->d.arena);

	CHECK(!why, "%s", why);
	for (size_t k = 0; k < w->m->plan.n_step; k++) {
		const struct imc_step *s = &w->m->plan.step[k];
		struct imc_matrix mx;
		const struct imc_assign *as;
		int64_t bytes;

		if (s->kind != IMC_STEP_RUN || s->scratch < 0)
			continue;
		as = &w->m->map.assign[s->node.i];
		mx = imc_matrix_of(w->g, imc_node_at(w->g, s->node));
		bytes = (int64_t)s->strip_rows * mx.out_w * mx.cols *
			mx.groups * as->slices *
			((mx.rows * as->bundle + as->block_rows - 1) /
			 as->block_rows) *
			4 * (as->overlap ? 2 : 1);
		CHECK(w->m->plan.buffer[s->scratch].size_bytes == bytes,
		      "step %zu has %lld bytes, wanted %lld", k,
		      (long long)w->m->plan.buffer[s->scratch].size_bytes,
		      (long long)bytes);
		EXPECT(s->strip_rows == mx.out_h ||
		       s->strip_rows * mx.out_w >= as->copies);
	}
}

static void write_floats(const char *dir, const char *tail,
			 const struct imc_value *v, int rank,
			 const int64_t *dim, const int8_t *q)
{
	char path[512];
	int64_t n = N_SAMPLE * imc_tensor_count(&v->t);
	struct imc_arena *a = imc_arena_new();
	float *x = imc_arena_array(a, (size_t)n, sizeof *x);

	imc_dequantise_array(v, q, x, n);
	snprintf(path, sizeof path, "%s.%s.npy", dir, tail);
	EXPECT(!imc_npy_write(path, rank, dim, x));
	imc_arena_free(a);
}

/* Random inputs, and what the quantised graph makes of them; the output has
 * one pixel. */
static void write_samples(struct world *w, const char *dir)
{
	const struct imc_value *x = imc_value_at(w->g, w->g->input[0]);
	const struct imc_value *y = imc_value_at(w->g, w->g->output[0]);
	int64_t n_x = imc_tensor_count(&x->t), n_y = imc_tensor_count(&y->t);
	int8_t *in = imc_arena_alloc(w->d.arena, (size_t)(N_SAMPLE * n_x));
	int8_t *out = imc_arena_alloc(w->d.arena, (size_t)(N_SAMPLE * n_y));
	int different = 0;

	EXPECT(y->t.dim[1] == 1 && y->t.dim[2] == 1);
	pick_bytes(&w->r, in, (int32_t)(N_SAMPLE * n_x), -128, 127);
	for (int i = 0; i < N_SAMPLE; i++) {
		struct imc_tensor t = x->t, result;

		t.data = in + i * n_x;
		imc_eval_graph(w->g, &t, &result, NULL, w->d.arena);
		memcpy(out + i * n_y, result.data, (size_t)n_y);
		different += i && memcmp(out, result.data, (size_t)n_y) != 0;
	}
	for (int64_t i = 1; i < n_y; i++)
		different +=
			out[i] != out[i - 1] && out[i] != 127 && out[i] != -128;
	EXPECT(different >= N_SAMPLE + 2);
	write_floats(
		dir, "x", x, 4,
		(int64_t[]){N_SAMPLE, x->t.dim[1], x->t.dim[2], x->t.dim[3]},
		in);
	write_floats(dir, "y", y, 4, (int64_t[]){N_SAMPLE, y->t.dim[3], 1, 1},
		     out);
}

static const struct net *find(const char *name)
{
	for (size_t i = 0; i < sizeof nets / sizeof *nets; i++)
		if (!strcmp(nets[i].name, name))
			return &nets[i];
	return NULL;
}

int main(int argc, char **argv)
{
	const struct net *net = argc == 3 ? find(argv[1]) : NULL;
	struct world w;

	if (!net) {
		fprintf(stderr, "usage: spatial NET FOLDER\n");
		return 2;
	}
	open_world(&w, net);
	check_scratch(&w);
	EXPECT(imc_bundle_write(w.m, argv[2], IMC_PORT_HOST));
	write_samples(&w, argv[2]);
	for (size_t i = 0; i < w.d.n; i++)
		fprintf(stderr, "%s\n", w.d.v[i].text);
	printf("%s: %zu tiles\n", net->name, w.m->map.n_tile);
	imc_module_free(w.m);
	imc_arena_free(w.d.arena);
	return check_result();
}
