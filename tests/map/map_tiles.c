/* Cutting and placing: tiles of hand-made layers, and every message. */
#include <string.h>

#include "passes/pass.h"
#include "passes/solver/pack.h"
#include "tests/check.h"

#define OK(condition) CHECK(condition, "is false")

struct world {
	struct imc_arena *arena;
	struct imc_diags d;
	struct imc_module m;
	struct imc_pass_cx cx;
};

static void open_world(struct world *w)
{
	*w = (struct world){.arena = imc_arena_new()};
	w->d.arena = w->arena;
	w->m.arena = w->arena;
	w->m.diags = &w->d;
	w->m.model_path = "net.onnx";
	w->m.hw = imc_hw_new(w->arena);
	w->m.hw->name = "small";
	w->m.g = imc_graph_new(w->arena, "net");
	w->m.g->layout = IMC_NHWC;
	w->cx.scratch = w->arena;
}

static imc_val value(struct world *w, int64_t n, int64_t h, int64_t wide,
		     int64_t c, bool constant)
{
	imc_val id = imc_graph_add_value(w->m.g, "v");
	struct imc_value *v = imc_value_at(w->m.g, id);

	v->t = (struct imc_tensor){IMC_I8, 4, {n, h, wide, c}, NULL};
	v->shaped = true;
	if (constant)
		v->t.data = imc_arena_alloc(w->arena, imc_tensor_bytes(&v->t));
	return id;
}

/* A 1x1 layer of c to k channels in `group` groups. */
static imc_node_id layer(struct world *w, int64_t c, int64_t k, int64_t group,
			 const char *name)
{
	imc_node_id id =
		imc_graph_add_node(w->m.g, IMC_OP_Q_CONV2D, 5, 1, NULL);
	imc_val x = value(w, 1, 4, 4, c, false);
	imc_val weights = value(w, k, 1, 1, c / group, true);
	imc_val y = value(w, 1, 4, 4, k, false);
	struct imc_node *n = imc_node_at(w->m.g, id);

	n->in[0] = x;
	n->in[1] = weights;
	imc_node_set_out(w->m.g, id, 0, y);
	n->name = name;
	n->loc = (struct imc_loc){"net.onnx", 0, 0, (int)id.i, "Conv", name};
	n->a.kernel[0] = n->a.kernel[1] = 1;
	n->a.group[0] = group;
	n->a.bundle[0] = 1;
	n->a.slices[0] = 1;
	n->a.block_rows[0] = 256;
	return id;
}

/* Assigns every node to the crossbars, as its attributes say. */
static void assign(struct world *w)
{
	struct imc_graph *g = w->m.g;

	w->m.map.n_assign = g->n_node;
	w->m.map.assign =
		imc_arena_array(w->arena, g->n_node, sizeof *w->m.map.assign);
	for (size_t i = 0; i < g->n_node; i++) {
		const struct imc_attrs *a = &g->node[i].a;

		w->m.map.assign[i] = (struct imc_assign){
			.engine = IMC_ENGINE_CROSSBAR,
			.slices = (int32_t)a->slices[0],
			.bundle = (int32_t)a->bundle[0],
			.block_rows = (int32_t)a->block_rows[0],
			.bias_rows = a->drive.n,
			.copies = 1,
		};
	}
}

static struct imc_node *node(struct world *w, imc_node_id id)
{
	return imc_node_at(w->m.g, id);
}

/* Every weight of every group in exactly one tile. */
static void check_covered(struct world *w, imc_node_id id)
{
	const struct imc_assign *as = &w->m.map.assign[id.i];
	struct imc_matrix mx = imc_matrix_of(w->m.g, node(w, id));
	int64_t cols = (int64_t)mx.cols * as->bundle;
	int64_t rows = (int64_t)mx.rows * as->bundle, n = 0;
	char *seen =
		imc_arena_alloc(w->arena, (size_t)(mx.groups * rows * cols));

	for (int32_t i = 0; i < as->n_tile; i++) {
		const struct imc_tile *t = &w->m.map.tile[as->first_tile + i];

		OK(t->node.i == id.i && t->w == t->n_col * as->slices);
		OK(t->h == t->n_row + t->n_bias);
		for (int32_t r = t->row0; r < t->row0 + t->n_row; r++)
			for (int32_t c = t->col0; c < t->col0 + t->n_col;
			     c++, n++)
				OK(!seen[(t->bundle * rows + r) * cols + c]++);
	}
	OK(n == mx.groups / as->bundle * rows * cols);
}

static void test_tile(void)
{
	struct world w;
	imc_node_id split, grouped, cores;
	const struct imc_tile *t;

	open_world(&w);
	split = layer(&w, 600, 200, 1, "split");
	node(&w, split)->a.slices[0] = 2;
	node(&w, split)->a.drive.n = 2;
	grouped = layer(&w, 64, 32, 16, "grouped");
	node(&w, grouped)->a.bundle[0] = 4;
	node(&w, grouped)->a.block_rows[0] = 16;
	cores = layer(&w, 64, 32, 1, "cores");
	assign(&w);
	w.m.map.assign[cores.i].engine = IMC_ENGINE_CORES;
	OK(imc_pass_tile_layers(&w.m, &w.cx));
	OK(w.m.map.array_rows == 256 && w.m.map.array_cols == 256);
	OK(w.m.map.n_array == 1 && w.m.map.n_tile == 6 + 4);
	check_covered(&w, split);
	check_covered(&w, grouped);
	OK(w.m.map.assign[grouped.i].first_tile == 6);
	/* Columns 0 .. 128 first, its blocks in order; bias in the last. */
	t = w.m.map.tile;
	OK(t[0].block == 0 && t[0].col0 == 0 && t[0].h == 256 && t[0].w == 256);
	OK(t[2].block == 2 && t[2].row0 == 512 && t[2].n_bias == 2);
	OK(t[2].h == 90 && t[1].n_bias == 0);
	OK(t[3].block == 0 && t[3].col0 == 128 && t[3].n_col == 72);
	OK(t[3].w == 144 && t[3].array == -1);
	OK(t[9].bundle == 3 && t[9].w == 8 && t[9].h == 16);
	imc_arena_free(w.arena);
}

static void check_message(struct world *w, bool ok, const char *want)
{
	OK(!ok);
	CHECK(w->d.n == 1 && !strcmp(w->d.v[0].text, want), "%s\nnot\n%s",
	      w->d.n ? w->d.v[0].text : "nothing", want);
	imc_arena_free(w->arena);
}

static void test_tile_faults(void)
{
	struct world w;
	imc_node_id n;

	open_world(&w);
	n = layer(&w, 8, 8, 1, "a");
	assign(&w);
	w.m.map.assign[n.i].bias_rows = 3;
	check_message(&w, imc_pass_tile_layers(&w.m, &w.cx),
		      "net.onnx: node 0 (Conv 'a'): error: the node is cut as "
		      "bundle 1, block_rows 256, slices 1, 0 bias rows, but "
		      "its assignment says bundle 1, block_rows 256, slices 1, "
		      "3 bias rows");
	open_world(&w);
	n = layer(&w, 300, 8, 1, "b");
	node(&w, n)->a.block_rows[0] = 300;
	assign(&w);
	check_message(&w, imc_pass_tile_layers(&w.m, &w.cx),
		      "net.onnx: node 0 (Conv 'b'): error: a job of 300x8 "
		      "cells, bundle 1, block_rows 300, slices 1, 0 bias rows "
		      "does not fit an array of 256x256");
	open_world(&w);
	n = layer(&w, 30, 8, 1, "c");
	assign(&w);
	w.m.map.assign[n.i].patch_w = 5;
	check_message(&w, imc_pass_tile_layers(&w.m, &w.cx),
		      "net.onnx: node 0 (Conv 'c'): error: jobs of 1x5 output "
		      "pixels (1x1 at the ends) of bundle 1, block_rows 256, "
		      "slices 1, 0 bias rows are not possible for an output "
		      "of 4x4 on arrays of 256x256");
}

/* A layer of 2 to 3 channels in one tile, 2x2 pixels a job, and one on the
 * cores whose assignment says nonsense. */
static struct imc_tile *patched(struct world *w, int64_t kernel, int64_t stride,
				struct imc_node **out)
{
	imc_node_id n, cores;
	struct imc_assign *as;

	open_world(w);
	n = layer(w, 2, 3, 1, "p");
	cores = layer(w, 2, 3, 1, "cores");
	*out = node(w, n);
	(*out)->a.stride[0] = (*out)->a.stride[1] = stride;
	for (int i = 0; i < 2; i++) {
		imc_value_at(w->m.g, (*out)->in[1])->t.dim[1 + i] = kernel;
		(*out)->a.kernel[i] = kernel;
	}
	assign(w);
	as = w->m.map.assign;
	as[n.i].patch_h = as[n.i].patch_w = 2;
	as[cores.i] = (struct imc_assign){.engine = IMC_ENGINE_CORES,
					  .block_cols = -1,
					  .patch_h = INT32_MAX,
					  .patch_w = INT32_MIN,
					  .rest_h = -7};
	OK(imc_pass_tile_layers(&w->m, &w->cx) && w->m.map.n_tile == 1);
	return w->m.map.tile;
}

static void check_rule(struct world *w, const char *want)
{
	const char *is = imc_tile_check(w->m.g, &w->m.map, w->arena);

	CHECK(is ? want && !strcmp(is, want) : !want, "%s\nnot\n%s",
	      is ? is : "nothing", want ? want : "nothing");
	imc_arena_free(w->arena);
}

/* Sets the tile's patch, and what the assignment says of it. */
static void set_patch(struct world *w, int32_t patch_h, int32_t patch_w)
{
	struct imc_tile *t = w->m.map.tile;

	t->patch_h = w->m.map.assign[0].patch_h = patch_h;
	t->patch_w = w->m.map.assign[0].patch_w = patch_w;
}

static void test_patch_sizes(void)
{
	static const int64_t cases[][3] = {
		/* kernel, stride, word lines of 2x2 pixels */
		{1, 1, 2 * 4},	{1, 3, 2 * 4},	{3, 1, 2 * 16},
		{3, 2, 2 * 25}, {3, 3, 2 * 36}, {2, 3, 2 * 16},
	};
	struct world w;
	struct imc_node *n;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct imc_tile *t = patched(&w, cases[i][0], cases[i][1], &n);

		CHECK(t->h == cases[i][2] && t->w == 12, "case %zu: %d x %d", i,
		      (int)t->w, (int)t->h);
		check_rule(&w, NULL);
		t = patched(&w, cases[i][0], cases[i][1], &n);
		t->h++;
		check_rule(&w, imc_arena_printf(w.arena,
						"node 'p': a tile of 12 x %d "
						"cells has the wrong size",
						(int)t->h));
	}
}

static void test_patch_rules(void)
{
	struct world w;
	struct imc_node *n;
	struct imc_tile *t = patched(&w, 3, 1, &n);

	n->a.dilation[1] = 2;
	check_rule(&w, "node 'p': a tile with a patch of 2 x 2 pixels is "
		       "dilated");
	t = patched(&w, 3, 1, &n);
	n->a.block_rows[0] = t->n_row = 9;
	OK(IMC_PUSH(w.arena, w.m.map.tile, w.m.map.n_tile, w.m.map.cap_tile));
	w.m.map.assign[0].n_tile = 2;
	check_rule(&w, "node 'p': a tile with a patch of 2 x 2 pixels has some "
		       "of the rows of its kernel");
	patched(&w, 3, 1, &n);
	set_patch(&w, 3, 2);
	check_rule(&w, "node 'p': a tile with a patch of 3 x 2 pixels does not "
		       "divide the output's height");
	patched(&w, 3, 1, &n);
	set_patch(&w, 2, 5);
	check_rule(&w, "node 'p': a tile with a patch of 2 x 5 pixels is wider "
		       "than the output");
	patched(&w, 1, 1, &n);
	w.m.map.array_cols = 3;
	check_rule(&w, "node 'p': a tile with a patch of 2 x 2 pixels has more "
		       "copies than an array has columns");
	patched(&w, 3, 1, &n);
	w.m.map.array_rows = 3;
	check_rule(&w, "node 'p': a tile with a patch of 2 x 2 pixels reads "
		       "more than an array has word lines");
	patched(&w, 3, 1, &n);
	w.m.map.array_rows = 31;
	check_rule(&w, "tile 0 of 12 x 32 cells exceeds an array");
	t = patched(&w, 3, 1, &n);
	t->w /= 4;
	check_rule(&w, "node 'p': a tile of 3 x 32 cells has the wrong size");
}

/* What the assignment says and what the tile is. */
static void test_patch_agrees(void)
{
	static const char other[] =
		"node 'p': a tile has a patch of 2 x 2 pixels, and its "
		"assignment another";
	struct world w;
	struct imc_node *n;

	patched(&w, 3, 1, &n);
	w.m.map.assign[0].patch_w = 0;
	check_rule(&w, other);
	patched(&w, 3, 1, &n);
	w.m.map.assign[0].rest_w = 3; /* no tile is smaller */
	check_rule(&w, NULL);
	patched(&w, 3, 1, &n);
	w.m.map.assign[0].block_cols = 4; /* nor larger */
	check_rule(&w, NULL);
	patched(&w, 3, 1, &n);
	w.m.map.assign[0].block_cols = 2;
	check_rule(&w, "node 'p': bundle 0 block 0 has the wrong rows or "
		       "columns");
	patched(&w, 3, 1, &n);
	set_patch(&w, 0, 0);
	check_rule(&w, "node 'p': a tile has a patch of 0 x 0 pixels, and its "
		       "assignment another");
	patched(&w, 3, 1, &n);
	set_patch(&w, -2, -2);
	check_rule(&w, "node 'p': a tile has a patch of -2 x -2 pixels, and "
		       "its assignment another");
	patched(&w, 1, 1, &n);
	w.m.map.assign[0].slices = 300;
	n->a.slices[0] = 300;
	check_rule(&w, "node 'p': a weight has more columns than an array");
}

/* A layer of 3 to 4 channels in bits of two's complement, cut everywhere: two
 * blocks of rows and of columns, bits 0, 1 and bit 2, two copies, on a machine
 * of 4 x 5 arrays. */
static imc_node_id stacked(struct world *w)
{
	struct imc_hw *hw;
	struct imc_assign *as;
	imc_node_id n;

	open_world(w);
	hw = w->m.hw;
	hw->ima_tiles = hw->ima_adc = hw->ima_cell_bits = 1;
	hw->ima_slices = 2;
	hw->ima_arrays = 5;
	hw->chip_clusters = 4;
	n = layer(w, 3, 4, 1, "s");
	node(w, n)->a.block_rows[0] = 2;
	node(w, n)->a.slices[0] = 3;
	node(w, n)->a.slice_bits[0] = 1;
	assign(w);
	as = &w->m.map.assign[n.i];
	as->weight_bits = 3;
	as->tile_slices = 2;
	as->block_cols = 3;
	as->copies = 2;
	return n;
}

static void test_stack(void)
{
	struct world w;
	struct imc_map *map = &w.m.map;

	stacked(&w);
	OK(imc_pass_tile_layers(&w.m, &w.cx));
	OK(map->n_tile == 16 && map->assign[0].n_tile == 16);
	OK(map->own_arrays && map->n_array == 20);
	for (int32_t i = 0; i < 16; i++) {
		const struct imc_tile *t = &map->tile[i];

		CHECK(t->copy == i % 2 && t->slice0 == i / 2 % 2 * 2 &&
			      t->n_slice == 2 - i / 2 % 2 &&
			      t->block == i / 4 % 2 && t->col0 == i / 8 * 3 &&
			      t->w == t->n_slice * (i < 8 ? 3 : 1) &&
			      t->h == 2 - i / 4 % 2,
		      "tile %d", (int)i);
	}
	OK(!imc_tile_check(w.m.g, map, w.arena));
	OK(imc_pass_place_tiles(&w.m, &w.cx));
	OK(map->n_used == 16 && map->lower_bound == 16);
	OK(!strcmp(map->solver, "own arrays"));
	for (int32_t i = 0; i < 16; i++)
		OK(map->tile[i].array == i && map->tile[i].x == 0 &&
		   map->tile[i].y == 0);
	OK(!imc_place_check(w.m.g, map, w.arena));
	imc_arena_free(w.arena);
}

/* Tile 5 is copy 1 of bits 0 and 1 of block 1. */
static struct imc_tile *placed(struct world *w)
{
	stacked(w);
	OK(imc_pass_tile_layers(&w->m, &w->cx));
	OK(imc_pass_place_tiles(&w->m, &w->cx));
	return &w->m.map.tile[5];
}

static void check_place_rule(struct world *w, const char *want)
{
	const char *is = imc_place_check(w->m.g, &w->m.map, w->arena);

	CHECK(is && !strcmp(is, want), "%s\nnot\n%s", is ? is : "nothing",
	      want);
	imc_arena_free(w->arena);
}

static void test_stack_tiles(void)
{
	struct world w;
	struct imc_tile *t = placed(&w), keep;

	t->copy = 0;
	check_rule(&w, "node 's': tile n0 0 0 1 0 0 where n0 0 0 1 0 1 (node, "
		       "bundle, column, block, slice, copy) should be");
	t = placed(&w);
	t->slice0 = 1;
	check_rule(&w, "node 's': tile n0 0 0 1 1 1 where n0 0 0 1 0 1 (node, "
		       "bundle, column, block, slice, copy) should be");
	t = placed(&w);
	t->n_slice = 3;
	check_rule(&w, "node 's': a tile holds 3 slices, not 2");
	t = placed(&w);
	t->n_slice = 0;
	check_rule(&w, "node 's': a tile holds 0 slices, not 2");
	t = placed(&w);
	t->w = 9; /* of all slices */
	check_rule(&w, "node 's': a tile of 9 x 1 cells has the wrong size");
	t = placed(&w);
	keep = t[0]; /* copies before slices */
	t[0] = t[1];
	t[1] = keep;
	check_rule(&w, "node 's': tile n0 0 0 1 2 0 where n0 0 0 1 0 1 (node, "
		       "bundle, column, block, slice, copy) should be");
	t = placed(&w);
	t->patch_w = 2;
	t->w *= 2;
	check_rule(&w, "node 's': a tile has a patch of 1 x 2 pixels, and its "
		       "assignment another");
	t = placed(&w);
	t->array = 4;
	t->y = 3;
	check_place_rule(&w, "tiles 4 and 5 share array 4");
}

static void test_stack_assign(void)
{
	struct world w;
	struct imc_assign *as;

	placed(&w);
	w.m.map.assign[0].copies = 3;
	check_rule(&w, "node 's': tile n0 0 0 0 2 0 where n0 0 0 0 0 2 (node, "
		       "bundle, column, block, slice, copy) should be");
	placed(&w);
	w.m.map.assign[0].copies = INT32_MIN;
	check_rule(&w, "node 's': -2147483648 copies of tiles with 2 slices");
	placed(&w);
	w.m.map.assign[0].tile_slices = -2;
	check_rule(&w, "node 's': 2 copies of tiles with -2 slices");
	placed(&w);
	w.m.map.assign[0].tile_slices = 3;
	check_rule(&w, "node 's': a tile holds 2 slices, not 3");
	placed(&w);
	w.m.map.n_tile = (size_t)--w.m.map.assign[0].n_tile;
	check_rule(&w, "node 's': tiles are missing");
	placed(&w);
	w.m.map.assign[0].patch_w = 2;
	w.m.map.tile[0].patch_w = 2;
	w.m.map.tile[0].w *= 2;
	check_rule(&w, "node 's': a tile with a patch of 1 x 2 pixels has "
		       "copies on other arrays");
	/* 0 is one copy, and all slices; so are more than there are */
	stacked(&w);
	as = w.m.map.assign;
	as->copies = as->tile_slices = 0;
	OK(imc_pass_tile_layers(&w.m, &w.cx) && as->n_tile == 4);
	as->copies = 1;
	as->tile_slices = 9;
	check_rule(&w, NULL);
}

static void test_stack_faults(void)
{
	struct world w;

	stacked(&w);
	w.m.hw->ima_arrays = 3;
	OK(imc_pass_tile_layers(&w.m, &w.cx));
	check_message(&w, imc_pass_place_tiles(&w.m, &w.cx),
		      "net.onnx: error: 16 tiles need 16 crossbar arrays (16 "
		      "at least), and 'small' has 12; --set ima.arrays=4 or "
		      "fewer weight bits would do");
	placed(&w);
	w.m.map.tile[3].w = 257;
	check_message(&w, imc_pass_place_tiles(&w.m, &w.cx),
		      "net.onnx: node 0 (Conv 's'): error: a job of 2x257 does "
		      "not fit an array of 256x256");
	stacked(&w);
	w.m.map.assign[0].rest_w = 2;
	check_message(&w, imc_pass_tile_layers(&w.m, &w.cx),
		      "net.onnx: node 0 (Conv 's'): error: 2 copies of 8 tiles "
		      "over arrays are not possible with jobs of 1x1 output "
		      "pixels (1x2 at the ends)");
}

/* Tiles of two layers that share no array. */
static void two_layers(struct world *w)
{
	open_world(w);
	layer(w, 256, 200, 1, "a");
	layer(w, 300, 100, 1, "b");
	assign(w);
	OK(imc_pass_tile_layers(&w->m, &w->cx));
}

static void test_place(void)
{
	struct world w;
	struct imc_map *map = &w.m.map;

	static const char *const by[] = {"greedy, by area", "greedy, by area",
					 "MaxRects by area"};

	for (int solver = 0; solver < 3; solver++) {
		two_layers(&w);
		map->n_array = 2;
		w.m.opt.solver = solver;
		OK(imc_pass_place_tiles(&w.m, &w.cx));
		OK(map->n_used == 2 && map->lower_bound == 2);
		CHECK(!strcmp(map->solver, by[solver]), "%s", map->solver);
		for (size_t i = 0; i < map->n_tile; i++)
			OK(map->tile[i].array >= 0 && map->tile[i].array < 2 &&
			   map->tile[i].x >= 0 && map->tile[i].y >= 0);
		imc_arena_free(w.arena);
	}
	open_world(&w); /* nothing to place */
	OK(imc_pass_tile_layers(&w.m, &w.cx));
	OK(imc_pass_place_tiles(&w.m, &w.cx) && map->n_used == 0);
	imc_arena_free(w.arena);
}

static void test_place_faults(void)
{
	struct world w;

	two_layers(&w);
	check_message(&w, imc_pass_place_tiles(&w.m, &w.cx),
		      "net.onnx: error: 3 tiles need 2 crossbar arrays (2 at "
		      "least), and 'small' has 1; --set ima.arrays=2 or fewer "
		      "weight bits would do");
	two_layers(&w);
	w.m.map.tile[1].h = 300; /* as a wrong text form could say */
	check_message(&w, imc_pass_place_tiles(&w.m, &w.cx),
		      "net.onnx: node 1 (Conv 'b'): error: a job of 300x100 "
		      "does not fit an array of 256x256");
}

int main(void)
{
	test_tile();
	test_tile_faults();
	test_patch_sizes();
	test_patch_rules();
	test_patch_agrees();
	test_stack();
	test_stack_tiles();
	test_stack_assign();
	test_stack_faults();
	test_place();
	test_place_faults();
	return check_result();
}
