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

	for (int solver = 0; solver < 2; solver++) {
		two_layers(&w);
		map->n_array = 2;
		w.m.opt.solver = solver;
		OK(imc_pass_place_tiles(&w.m, &w.cx));
		OK(map->n_used == 2 && map->lower_bound == 2);
		CHECK(!strcmp(map->solver, "greedy, by area"), "%s",
		      map->solver);
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
	test_place();
	test_place_faults();
	return check_result();
}
