/* Layers of spatial machines on target lrmp: tile counts, times against naive
 * formulas, copies, pipelines, peaks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/zoo/zoo.h"
#include "tests/check.h"
#include "tests/hw/hw_resnet.h"

/* Bits of weights, each in a tile of its own. */
static struct imc_assign bits(int32_t weight, int32_t act)
{
	struct imc_assign as = assign(IMC_ENGINE_CROSSBAR, false);

	as.weight_bits = as.slices = weight;
	as.act_bits = act;
	as.tile_slices = 1;
	return as;
}

/* ---- tiles of the networks ---- */

static const int64_t *weights_of(const struct imc_onnx_model *m,
				 const struct imc_onnx_node *n)
{
	for (size_t i = 0; i < m->n_init; i++)
		if (n->n_in > 1 && !strcmp(m->init[i].name, n->in[1]))
			return m->init[i].dim;
	return NULL;
}

/* A matrix layer of the network as a layer of one output. */
static bool layer_of(const struct imc_onnx_model *m,
		     const struct imc_onnx_node *n, struct layer *out)
{
	const int64_t *dim = weights_of(m, n);
	bool conv = !strcmp(n->op, "Conv"), gemm = !strcmp(n->op, "Gemm");

	if (!dim || (!conv && !gemm))
		return false;
	*out = (struct layer){1, dim[1], dim[0], conv ? dim[2] : 1, 1, 1};
	return true;
}

/* Published for ResNet-101; the others by the same rule. Bits side by side in
 * the columns of a tile would take fewer. */
static void test_tiles(enum imc_zoo_name name, int n_layer, int64_t tiles,
		       int64_t packed)
{
	struct imc_zoo_choice choice = imc_zoo_default(name);
	struct imc_assign as = bits(8, 8);
	int64_t sum = 0, side = 0;
	struct imc_zoo_net *net;
	struct layer l;
	struct world w;
	int n = 0;

	open_world(&w, "lrmp");
	net = imc_zoo_build(name, &choice, w.arena);
	for (size_t i = 0; i < net->model.n_node; i++) {
		imc_node_id id;

		if (!layer_of(&net->model, &net->model.node[i], &l))
			continue;
		id = conv(&w, IMC_OP_Q_CONV2D, l);
		as.tile_slices = 1;
		sum += imc_cost_arrays(w.hw, w.g, id, &as);
		as.tile_slices = 0;
		side += imc_cost_arrays(w.hw, w.g, id, &as);
		n++;
	}
	CHECK(n == n_layer, "%d layers", n);
	CHECK(sum == tiles, "%lld tiles", (long long)sum);
	CHECK(side == packed, "%lld tiles", (long long)side);
	imc_arena_free(w.arena);
}

/* ---- time and energy ---- */

/* Of a layer, from its sizes alone. */
static double naive_ns(const struct layer *l, int w, int a, int copies)
{
	double rows = (double)(l->c * l->kernel * l->kernel);
	double v = (double)(l->out * l->out), k = (double)l->k;
	double blocks = ceil(rows / 256), tiles = w * blocks * ceil(k / 256);
	double high = fmin(rows, 256), wide = fmin(k, 256);
	double tile = a * ceil(high / 9) * 8;
	double io = ceil(high * a / 8 / 32) + ceil(wide * 4 / 32) + 2;
	double units = fmax(1, tiles * fmin(copies, v) / 8);
	double digital = v * k * blocks * w / (units * 32);

	return (ceil(v / copies) * (tile + io) + digital + 20) * 1e3 / 192;
}

static double naive_pj(const struct layer *l, int w, int a)
{
	int64_t rows = l->c * l->kernel * l->kernel, v = l->out * l->out;
	double pj = 0, blocks = 0;

	for (int64_t r = 0; r < rows; r += 256, blocks++)
		for (int64_t c = 0; c < l->k; c += 256) {
			int64_t high = rows - r < 256 ? rows - r : 256;
			int64_t wide = l->k - c < 256 ? l->k - c : 256;
			double groups = ceil((double)high / 9);

			pj += (double)v * a * w *
			      (10 + (double)high + 0.2 * (double)wide * groups);
		}
	return pj + (double)(v * l->k) * blocks * w * 0.1;
}

static const struct layer layers[] = {
	{112, 3, 64, 7, 2, 1},	 {56, 64, 64, 3, 1, 1},
	{56, 64, 256, 1, 1, 1},	 {28, 128, 128, 3, 1, 1},
	{14, 256, 300, 3, 1, 1}, {7, 512, 512, 3, 1, 1},
	{7, 2048, 512, 1, 1, 1}, {1, 2048, 1000, 1, 1, 1},
};
#define N_LAYER (sizeof layers / sizeof layers[0])

static void check_time(struct world *w, const struct layer *l)
{
	imc_node_id id = conv(w, IMC_OP_Q_CONV2D, *l);
	static const int copies[] = {1, 2, 3, 7, 64};

	for (int b = 2; b <= 8; b++)
		for (int a = 2; a <= 8; a++)
			for (int c = 0; c < 5; c++) {
				struct imc_assign as = bits(b, a);
				struct imc_cost cost;

				as.copies = copies[c];
				cost = imc_cost_node(w->hw, w->g, id, &as);
				CHECK(near(cost.ns,
					   naive_ns(l, b, a, copies[c])),
				      "%d, %d bits, %d copies: %g, not %g", b,
				      a, copies[c], cost.ns,
				      naive_ns(l, b, a, copies[c]));
				CHECK(near(cost.pj, naive_pj(l, b, a)),
				      "%d, %d bits: %g, not %g pJ", b, a,
				      cost.pj, naive_pj(l, b, a));
			}
}

/* Fewer bits and more copies never take longer. */
static void check_monotone(struct world *w, const struct layer *l)
{
	imc_node_id id = conv(w, IMC_OP_Q_CONV2D, *l);
	double before = INFINITY, ns;
	struct imc_assign as;

	for (int b = 8; b >= 2; b--, before = ns) {
		as = bits(b, 8);
		ns = imc_cost_node(w->hw, w->g, id, &as).ns;
		CHECK(ns <= before, "%d weight bits", b);
	}
	before = INFINITY;
	for (int b = 8; b >= 2; b--, before = ns) {
		as = bits(8, b);
		ns = imc_cost_node(w->hw, w->g, id, &as).ns;
		CHECK(ns < before, "%d bits of inputs", b);
	}
	before = INFINITY;
	for (int c = 1; c < 100; c++, before = ns) {
		as = bits(5, 5);
		as.copies = c;
		ns = imc_cost_node(w->hw, w->g, id, &as).ns;
		CHECK(ns <= before, "%d copies", c);
	}
}

/* Digital work and transfers are 1.5 to 20 % of the time of a layer. */
static void check_shares(struct world *w, const struct layer *l)
{
	imc_node_id id = conv(w, IMC_OP_Q_CONV2D, *l);
	struct imc_assign as = bits(8, 8);
	struct imc_cost c = imc_cost_node(w->hw, w->g, id, &as);
	double share = (c.core_ns + c.stall_ns) / c.ns;

	CHECK(share > 0.015 && share < 0.2, "%g", share);
	OK(near(c.engine_ns + c.core_ns + 20 * 1e3 / 192, c.ns));
	OK(c.stall_ns == c.stream_ns);
}

static void test_layers(void)
{
	struct world w;

	open_world(&w, "lrmp");
	for (size_t i = 0; i < N_LAYER; i++) {
		check_time(&w, &layers[i]);
		check_monotone(&w, &layers[i]);
		check_shares(&w, &layers[i]);
	}
	imc_arena_free(w.arena);
}

/* 72 tiles of which 24, then 71 can compute at once. */
static void test_active(void)
{
	struct imc_assign as = bits(8, 8);
	struct imc_cost all, third, most;
	struct world w;
	imc_node_id id;

	open_world(&w, "lrmp");
	id = conv(&w, IMC_OP_Q_CONV2D, (struct layer){14, 256, 256, 3, 1, 1});
	all = imc_cost_node(w.hw, w.g, id, &as);
	w.hw->ima_active_arrays = 24;
	third = imc_cost_node(w.hw, w.g, id, &as);
	w.hw->ima_active_arrays = 71;
	most = imc_cost_node(w.hw, w.g, id, &as);
	OK(near(third.engine_ns, 3 * all.engine_ns));
	OK(near(third.ns - all.ns, 2 * all.engine_ns));
	OK(near(most.engine_ns, 2 * all.engine_ns) && near(most.pj, all.pj));
	imc_arena_free(w.arena);
}

/* Without vector units the cores add and requantise, and share that. */
static void test_no_units(void)
{
	struct imc_assign as = bits(8, 8);
	struct imc_map m = {0};
	struct imc_cost c;
	struct world w;
	imc_node_id id;

	open_world(&w, "lrmp");
	w.hw->vector_arrays = 0;
	w.hw->core_partial_cycles = 0.25;
	w.hw->core_requant_cycles = 2;
	id = conv(&w, IMC_OP_Q_CONV2D, (struct layer){14, 256, 256, 3, 1, 1});
	c = imc_cost_node(w.hw, w.g, id, &as);
	OK(near(c.core_ns, (14 * 14 * 256 * (71 * 0.25 + 2) + 10) * 1e3 / 192));
	as.copies = 4;
	OK(near(imc_cost_node(w.hw, w.g, id, &as).core_ns, c.core_ns));
	as.cost = c;
	m.assign = &as;
	OK(near(imc_pipeline_of(w.hw, w.g, &m).shared_ns, c.core_ns));
	imc_arena_free(w.arena);
}

/* Copies inside an array: fewer jobs, and no copies over arrays beside. */
static void test_patches(void)
{
	struct imc_assign as = bits(8, 8);
	struct imc_cost one, four;
	struct world w;
	imc_node_id id;

	open_world(&w, "lrmp");
	w.hw->ima_rows_at_once = 0;
	w.hw->ima_adc = 1;
	id = conv(&w, IMC_OP_Q_CONV2D, (struct layer){16, 32, 32, 1, 1, 1});
	one = imc_cost_node(w.hw, w.g, id, &as);
	as.patch_h = as.patch_w = 2;
	as.rest_h = as.rest_w = 2;
	four = imc_cost_node(w.hw, w.g, id, &as);
	OK(near(4 * (four.engine_ns - four.stall_ns),
		one.engine_ns - one.stall_ns));
	as.copies = 2;
	OK(isinf(imc_cost_node(w.hw, w.g, id, &as).ns));
	OK(imc_cost_arrays(w.hw, w.g, id, &as) == -1);
	imc_arena_free(w.arena);
}

/* The cost of a prepared layer is that of the whole. */
static void test_prepared(void)
{
	struct imc_cost_layer l;
	struct imc_matrix mx;
	struct world w;

	open_world(&w, "lrmp");
	for (size_t i = 0; i < N_LAYER; i++) {
		imc_node_id id = conv(&w, IMC_OP_Q_CONV2D, layers[i]);
		struct imc_assign as = bits(6, 5);

		mx = imc_matrix_of(w.g, imc_node_at(w.g, id));
		OK(imc_cost_layer_of(w.hw, &mx, &as, mx.out_h, &l));
		OK(l.n_tile == imc_cost_arrays(w.hw, w.g, id, &as));
		for (as.copies = 1; as.copies < 9; as.copies++) {
			struct imc_cost a = imc_cost_node(w.hw, w.g, id, &as);
			struct imc_cost b = imc_cost_copies(&l, as.copies, 0);

			OK(!memcmp(&a, &b, sizeof a));
		}
	}
	w.hw->ima_cols = 1;
	w.hw->ima_rows = 1;
	mx.groups = 1 << 12;
	{
		struct imc_assign as = bits(8, 8);

		OK(!imc_cost_layer_of(w.hw, &mx, &as, mx.out_h, &l));
	}
	imc_arena_free(w.arena);
}

/* And a few of that of a network at 8 bits, its cores included. */
static void test_shares(int depth)
{
	double ns = 0, other = 0;
	struct world w;

	open_world(&w, "lrmp");
	add_resnet(&w, depth, 224);
	for (size_t i = 0; i < w.g->n_order; i++) {
		imc_node_id id = w.g->order[i];
		bool matrix = imc_node_at(w.g, id)->op == IMC_OP_Q_CONV2D;
		struct imc_assign as =
			matrix ? bits(8, 8) : assign(IMC_ENGINE_CORES, false);
		struct imc_cost c = imc_cost_node(w.hw, w.g, id, &as);

		ns += c.ns;
		other += c.core_ns + c.stall_ns;
	}
	printf("ResNet-%d, one copy at 8 bits: %.1f ms, %.1f %% of it not "
	       "tiles\n",
	       depth, ns * 1e-6, 100 * other / ns);
	CHECK(other > 0.02 * ns && other < 0.1 * ns, "%g", other / ns);
	imc_arena_free(w.arena);
}

/* ---- kinds of tiles ---- */

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, 2 * sizeof(int32_t));
}

/* Heights and widths of all tiles of copy 0, sorted. */
static size_t list_sizes(const struct imc_matrix *mx, const struct imc_cut *c,
			 int32_t bias, bool kinds, int32_t (*out)[2])
{
	struct imc_tile_kind kind[IMC_MAX_KIND];
	int n_kind = imc_cut_kinds(mx, c, bias, kind);
	int64_t sum = 0;
	size_t n = 0;

	for (int k = 0; k < n_kind; k++)
		sum += kind[k].times;
	CHECK(sum * c->copies == c->n_tile, "%lld tiles", (long long)sum);
	if (sum * c->copies != c->n_tile)
		return 0;
	if (kinds) {
		for (int k = 0; k < n_kind; k++)
			for (int64_t i = 0; i < kind[k].times; i++, n++) {
				out[n][0] = kind[k].t.h;
				out[n][1] = kind[k].t.w;
			}
	} else {
		for (int32_t i = 0; i < c->n_tile; i += c->copies, n++) {
			struct imc_tile t = imc_cut_tile(mx, c, bias, i);

			out[n][0] = t.h;
			out[n][1] = t.w;
		}
	}
	qsort(out, n, sizeof *out, compare);
	return n;
}

static void check_kinds(const struct imc_matrix *mx, const struct imc_cut *c,
			int32_t bias, struct imc_arena *arena)
{
	size_t most = (size_t)(c->n_tile / c->copies);
	int32_t(*a)[2] = imc_arena_array(arena, most, sizeof *a);
	int32_t(*b)[2] = imc_arena_array(arena, most, sizeof *b);
	size_t n = list_sizes(mx, c, bias, false, a);

	CHECK(n == list_sizes(mx, c, bias, true, b) &&
		      !memcmp(a, b, n * sizeof *a),
	      "%d x %d, %d groups: other tiles", mx->rows, mx->cols,
	      mx->groups);
}

static int32_t pick(uint32_t *seed, int32_t n)
{
	*seed = *seed * 1664525 + 1013904223;
	return (int32_t)(*seed >> 16) % n;
}

static void test_kinds(void)
{
	uint32_t seed = 1;
	struct world w;
	int n = 0;

	open_world(&w, "lrmp");
	for (int i = 0; i < 3000; i++) {
		struct imc_matrix mx = {.rows = 1 + pick(&seed, 90),
					.cols = 1 + pick(&seed, 90),
					.groups = 1 + pick(&seed, 9),
					.batch = 1,
					.out_h = 1,
					.out_w = 1,
					.kernel_h = 1,
					.kernel_w = 1,
					.stride_h = 1,
					.stride_w = 1,
					.n_window = 1};
		int32_t bias = pick(&seed, 3);
		struct imc_cut c = {.bundle = 1 + pick(&seed, 4),
				    .block_rows = pick(&seed, 40),
				    .block_cols = pick(&seed, 40),
				    .slices = 1 + pick(&seed, 8),
				    .tile_slices = pick(&seed, 4),
				    .copies = pick(&seed, 3)};

		w.hw->ima_rows = w.hw->ima_cols = 32 + pick(&seed, 64);
		if (!imc_cut_blocks(w.hw, &mx, bias, &c))
			continue;
		check_kinds(&mx, &c, bias, w.arena);
		n++;
	}
	CHECK(n > 500, "%d cuts", n);
	imc_arena_free(w.arena);
}

/* ---- the whole machine ---- */

/* All of ResNet-18: a stage is the slowest layer, or what shares the cores. */
static void test_pipeline(void)
{
	double slowest = 0, shared = 0, sum = 0;
	struct imc_map m = {0};
	struct imc_pipeline p;
	struct world w;

	open_world(&w, "lrmp");
	add_resnet(&w, 18, 224);
	m.assign = imc_arena_array(w.arena, w.g->n_node, sizeof *m.assign);
	for (size_t i = 0; i < w.g->n_order; i++) {
		imc_node_id id = w.g->order[i];
		bool matrix = imc_node_at(w.g, id)->op == IMC_OP_Q_CONV2D;
		struct imc_assign *as = &m.assign[id.i];

		*as = matrix ? bits(8, 8) : assign(IMC_ENGINE_CORES, false);
		as->cost = imc_cost_node(w.hw, w.g, id, as);
		sum += as->cost.ns;
		if (matrix)
			slowest = fmax(slowest, as->cost.ns);
		else
			shared += as->cost.ns;
		OK((imc_cost_arrays(w.hw, w.g, id, as) > 0) == matrix);
	}
	p = imc_pipeline_of(w.hw, w.g, &m);
	OK(near(p.stage_ns, slowest) && near(p.shared_ns, shared));
	OK(!strcmp(imc_node_at(w.g, p.slowest)->name, "conv1"));
	OK(near(p.images_per_s, 1e9 / slowest));
	OK(shared < 0.01 * slowest); /* cores stay away from the bottleneck */
	m.assign[w.g->order[1].i].cost.ns += 2 * slowest; /* maxpool */
	p = imc_pipeline_of(w.hw, w.g, &m);
	OK(p.slowest.i == IMC_NO_NODE.i);
	OK(near(p.stage_ns, shared + 2 * slowest));
	/* One image at a time: all is one stage. */
	m.assign[w.g->order[1].i].cost.ns -= 2 * slowest;
	w.hw->ima_tiles = 0;
	p = imc_pipeline_of(w.hw, w.g, &m);
	OK(near(p.stage_ns, sum) && p.slowest.i == IMC_NO_NODE.i);
	imc_arena_free(w.arena);
}

/* Copies that take images in turn share what the layer has: no more arrays
 * than may compute at once, and units for several of them. */
static void test_in_turn(void)
{
	struct layer l = {1, 256, 64, 1, 1, 1};
	struct imc_assign as = bits(2, 8);
	struct imc_cost one, four;
	struct imc_cost_layer c;
	struct imc_matrix mx;
	struct world w;

	open_world(&w, "lrmp");
	mx = imc_matrix_of(w.g, imc_node_at(w.g, conv(&w, IMC_OP_Q_CONV2D, l)));
	OK(imc_cost_layer_of(w.hw, &mx, &as, mx.out_h, &c) && c.n_tile == 2);
	one = imc_cost_copies(&c, 1, 0);
	four = imc_cost_copies(&c, 4, 0);
	OK(one.stage_ns == 0 && near(four.stage_ns, one.ns / 4));
	w.hw->ima_active_arrays = 4; /* of two copies */
	four = imc_cost_copies(&c, 4, 0);
	OK(near(four.stage_ns, one.ns / 2));
	w.hw->ima_active_arrays = 1;
	four = imc_cost_copies(&c, 4, 0);
	OK(imc_stage_ns(&four) >= imc_cost_copies(&c, 1, 0).ns * (1 - 1e-9));
	/* One unit for the eight arrays of four copies: they take turns. */
	w.hw->ima_active_arrays = 1000000;
	w.hw->vector_requant_cycles = 1e6;
	OK(imc_cost_layer_of(w.hw, &mx, &as, mx.out_h, &c));
	one = imc_cost_copies(&c, 1, 0);
	four = imc_cost_copies(&c, 4, 0);
	OK(imc_stage_ns(&four) > 0.99 * one.ns);
	imc_arena_free(w.arena);
}

static void test_peak(void)
{
	double cycles = 8 * 29 * 8 + 8 + 32 + 2; /* of a full job */
	struct imc_peak p;
	struct world w;

	open_world(&w, "lrmp");
	p = imc_peak_of(w.hw, 1000);
	OK(near(p.tops, 5688 * 131072e3 / (1000 * cycles + 20) * 192e-6));
	OK(near(p.tops_per_w, 131072 / (8 * (10 + 256 + 256 * 29 * 0.2))));
	OK(near(p.tops_per_mm2, p.tops / (12 + 5688 * 0.02)));
	w.hw->ima_active_arrays = 1422;
	OK(near(imc_peak_of(w.hw, 1000).tops, p.tops / 4));
	imc_arena_free(w.arena);
	open_world(&w, "bruschi-512"); /* printed: about 500 */
	OK(near(imc_peak_of(w.hw, 1000).tops, 512 * 131072e-3 / (130 + 0.06)));
	imc_arena_free(w.arena);
}

/* Counts the sums that a step can have. */
static int64_t n_sum(const struct imc_hw *hw)
{
	int64_t rows =
		hw->ima_rows_at_once ? hw->ima_rows_at_once : hw->ima_rows;
	int64_t high =
		hw->ima_cell_bits == 1 ? 1 : (1 << (hw->ima_cell_bits - 1)) - 1;
	int64_t low = hw->ima_cell_bits == 1 ? 0 : -high;
	int64_t pulse = (1 << hw->ima_pulse_bits) - 1, sums[2] = {0, 0};

	if (rows > hw->ima_rows)
		rows = hw->ima_rows;
	for (int64_t r = 0; r < rows; r++) {
		sums[0] += low * pulse;
		sums[1] += high * pulse;
	}
	return sums[1] - sums[0] + 1;
}

static void test_exact(void)
{
	struct world w;

	open_world(&w, "lrmp");
	OK(n_sum(w.hw) == 10);
	for (int64_t cell = 1; cell <= 4; cell++)
		for (int64_t pulse = 1; pulse <= 3; pulse++)
			for (int64_t rows = 0; rows <= 40; rows += 4)
				for (int64_t adc = 2; adc <= 12; adc++) {
					w.hw->ima_rows = 30;
					w.hw->ima_cell_bits = cell;
					w.hw->ima_pulse_bits = pulse;
					w.hw->ima_rows_at_once = rows;
					w.hw->ima_adc_bits = adc;
					OK(imc_hw_sums_exact(w.hw) ==
					   (n_sum(w.hw) <= 1LL << adc));
				}
	w.hw->ima_pulse_bits = 0; /* whole codes */
	w.hw->ima_adc_bits = 16;
	OK(!imc_hw_sums_exact(w.hw));
	w.hw->ima_adc = 1;
	OK(imc_hw_sums_exact(w.hw));
	imc_arena_free(w.arena);
}

int main(void)
{
	test_tiles(IMC_ZOO_resnet18, 21, 1608, 1454);
	test_tiles(IMC_ZOO_resnet34, 37, 2968, 2698);
	test_tiles(IMC_ZOO_resnet50, 54, 3376, 3190);
	test_tiles(IMC_ZOO_resnet101, 105, 5688, 5502);
	test_layers();
	test_shares(18);
	test_shares(101);
	test_active();
	test_no_units();
	test_patches();
	test_prepared();
	test_kinds();
	test_pipeline();
	test_in_turn();
	test_peak();
	test_exact();
	return check_result();
}
