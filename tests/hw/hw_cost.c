/* The cost model: the table of MobileNetV2 layers in arXiv 2201.01089,
 * Fig 12(a), comes out of garofalo-34; and the rules beside it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hwdesc/cost.h"
#include "tests/check.h"
#include "tests/hw/hw_world.h"

/* The distinct rows of the table: ms, and giga MAC (ADD: elements) a second
 * a watt. */
static const struct row {
	const char *name;
	int times; /* so many layers of the network */
	enum imc_engine engine;
	struct layer l;
	double ms, efficiency;
} table[] = {
#define C IMC_ENGINE_CROSSBAR
#define D IMC_ENGINE_DEPTHWISE
#define A IMC_ENGINE_CORES
	{"2D_0", 1, C, {112, 3, 32, 3, 2, 1}, 1.63, 255.6},
	{"000-PW", 1, C, {112, 32, 32, 1, 1, 1}, 1.63, 251.6},
	{"00 DW", 1, D, {112, 32, 32, 3, 1, 32}, 0.24, 626.3},
	{"001-PW", 1, C, {112, 32, 16, 1, 1, 1}, 1.63, 147.4},
	{"100-PW", 1, C, {112, 16, 96, 1, 1, 1}, 1.63, 254.7},
	{"10 DW", 1, D, {56, 96, 96, 3, 2, 96}, 0.18, 626.3},
	{"101-PW", 1, C, {56, 96, 24, 1, 1, 1}, 0.41, 437.1},
	{"110-PW", 2, C, {56, 24, 144, 1, 1, 1}, 0.41, 431.3},
	{"11 DW", 1, D, {56, 144, 144, 3, 1, 144}, 0.27, 626.3},
	{"111-PW", 1, C, {56, 144, 24, 1, 1, 1}, 0.41, 540.4},
	{"11 ADD", 1, A, {56, 24, 24, 1, 1, 1}, 0.18, 12.1},
	{"20 DW", 1, D, {28, 144, 144, 3, 2, 144}, 0.07, 626.3},
	{"201-PW", 1, C, {28, 144, 32, 1, 1, 1}, 0.10, 684.7},
	{"210-PW", 3, C, {28, 32, 192, 1, 1, 1}, 0.10, 612.8},
	{"21 DW", 2, D, {28, 192, 192, 3, 1, 192}, 0.09, 626.3},
	{"211-PW", 2, C, {28, 192, 32, 1, 1, 1}, 0.10, 780.6},
	{"21 ADD", 2, A, {28, 32, 32, 1, 1, 1}, 0.06, 12.1},
	{"30 DW", 1, D, {14, 192, 192, 3, 2, 192}, 0.02, 626.3},
	{"301-PW", 1, C, {14, 192, 64, 1, 1, 1}, 0.03, 1325.5},
	{"310-PW", 4, C, {14, 64, 384, 1, 1, 1}, 0.05, 1117.6},
	{"31 DW", 4, D, {14, 384, 384, 3, 1, 384}, 0.05, 626.3},
	{"311-PW", 3, C, {14, 384, 64, 1, 1, 1}, 0.05, 1325.5},
	{"31 ADD", 3, A, {14, 64, 64, 1, 1, 1}, 0.03, 12.1},
	{"401-PW", 1, C, {14, 384, 96, 1, 1, 1}, 0.05, 1727.3},
	{"410-PW", 3, C, {14, 96, 576, 1, 1, 1}, 0.08, 1540.6},
	{"41 DW", 2, D, {14, 576, 576, 3, 1, 576}, 0.07, 626.3},
	{"411-PW", 2, C, {14, 576, 96, 1, 1, 1}, 0.08, 1727.3},
	{"41 ADD", 2, A, {14, 96, 96, 1, 1, 1}, 0.05, 12.1},
	{"50 DW", 1, D, {7, 576, 576, 3, 2, 576}, 0.02, 626.3},
	{"501-PW", 1, C, {7, 576, 160, 1, 1, 1}, 0.02, 2280.4},
	{"510-PW", 3, C, {7, 160, 960, 1, 1, 1}, 0.03, 2409.0},
	{"51 DW", 3, D, {7, 960, 960, 3, 1, 960}, 0.03, 626.3},
	{"511-PW", 2, C, {7, 960, 160, 1, 1, 1}, 0.03, 2583.6},
	{"51 ADD", 2, A, {7, 160, 160, 1, 1, 1}, 0.02, 12.1},
	{"601-PW", 1, C, {7, 960, 320, 1, 1, 1}, 0.05, 2583.6},
	{"2D_1", 1, C, {7, 320, 1280, 1, 1, 1}, 0.06, 2464.6},
#undef C
#undef D
#undef A
};

/* Time to the 0.01 ms that are printed, energy within 12 %. */
static struct imc_cost check_row(struct world *w, const struct row *r,
				 bool quantised)
{
	struct imc_assign as = assign(r->engine, true);
	const struct layer *l = &r->l;
	bool is_add = r->engine == IMC_ENGINE_CORES;
	imc_node_id n;
	struct imc_cost c;
	double macs, pj;

	if (is_add) {
		n = add(w, quantised ? IMC_OP_Q_ADD : IMC_OP_ADD, l->out, l->c);
		macs = (double)(l->out * l->out * l->c);
	} else {
		n = conv(w, quantised ? IMC_OP_Q_CONV2D : IMC_OP_CONV2D, *l);
		macs = (double)(l->out * l->out * l->k * l->kernel * l->kernel *
				(l->c / l->group));
	}
	c = imc_cost_node(w->hw, w->g, n, &as);
	pj = 1e3 * macs / r->efficiency;
	CHECK(fabs(c.ns / 1e6 - r->ms) <= 0.005, "%s: %g ms, not %g", r->name,
	      c.ns / 1e6, r->ms);
	CHECK(fabs(c.pj - pj) <= 0.12 * pj, "%s: %g pJ, not %g", r->name, c.pj,
	      pj);
	CHECK(c.engine_ns == (is_add ? 0 : c.ns), "%s", r->name);
	CHECK(fabs(c.cycles - c.ns / 2) <= 1e-9 * c.cycles, "%s", r->name);
	return c;
}

/* Printed: 10.06 ms without the two plain convolutions, 482 uJ with the first;
 * with both 11.77 ms and 491 uJ. */
static void test_table(void)
{
	double ms = 0, uj = 0, conv_ms = 0, last_uj = 0;
	struct world w;

	open_world(&w, "garofalo-34");
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct imc_cost c = check_row(&w, &table[i], false);

		check_row(&w, &table[i], true);
		ms += table[i].times * c.ns / 1e6;
		uj += table[i].times * c.pj / 1e6;
		if (!strncmp(table[i].name, "2D", 2))
			conv_ms += c.ns / 1e6;
		last_uj = c.pj / 1e6;
	}
	CHECK(ms - conv_ms > 10.06 && ms - conv_ms < 10.08, "%g", ms - conv_ms);
	CHECK(ms > 11.76 && ms < 11.775, "%g", ms);
	CHECK(fabs(uj - 491) < 0.03 * 491, "%g", uj);
	CHECK(fabs(uj - last_uj - 482) < 0.03 * 482, "%g", uj - last_uj);
	imc_arena_free(w.arena);
}

/* Digital post-processing: requantise each output, and add the codes of
 * further blocks and slices. */
static void test_digital(void)
{
	struct layer l = {14, 384, 64, 1, 1, 1};
	struct imc_assign as = assign(IMC_ENGINE_CROSSBAR, true);
	struct world w;
	struct imc_cost adc, digital;
	imc_node_id n;

	open_world(&w, "garofalo-34");
	n = conv(&w, IMC_OP_Q_CONV2D, l);
	as.slices = 2;
	adc = imc_cost_node(w.hw, w.g, n, &as);
	as.post_adc = false;
	w.hw->core_layer_cycles = 100;
	digital = imc_cost_node(w.hw, w.g, n, &as);
	/* 2 blocks of 2 slices: 3 more codes; a fork for each of 4 strips,
	 * and each strip configures both tiles. */
	OK(near(digital.core_ns / 2, 14 * 14 * 64 * (1 + 3 * 0.25) + 4 * 100));
	OK(near(digital.pj - adc.pj, digital.core_ns / 2 * 68.9));
	OK(near(digital.engine_ns, adc.ns + 3 * 2 * 60 * 2));
	imc_arena_free(w.arena);
}

/* Residual weights: the longer of arrays and macro, then one code more. */
static void test_residual(void)
{
	struct layer l = {14, 384, 64, 1, 1, 1};
	struct imc_assign as = assign(IMC_ENGINE_CROSSBAR, false);
	struct imc_cost none, few, many;
	double macs = 14 * 14 * 16;
	struct world w;
	imc_node_id n;

	open_world(&w, "garofalo-34");
	n = conv(&w, IMC_OP_Q_CONV2D, l);
	none = imc_cost_node(w.hw, w.g, n, &as);
	as.residual_groups = 5;
	OK(isinf(imc_cost_node(w.hw, w.g, n, &as).ns));
	w.hw->sram_macs_per_cycle = 16;
	w.hw->energy_sram_mac = 0.25;
	few = imc_cost_node(w.hw, w.g, n, &as);
	OK(near(few.engine_ns, none.engine_ns));
	OK(near(few.core_ns - none.core_ns, 2 * 14 * 14 * 64 * 0.25));
	OK(near(few.ns - none.ns, few.core_ns - none.core_ns));
	OK(near(few.pj - none.pj,
		5 * macs * 0.25 + (few.core_ns - none.core_ns) / 2 * 68.9));
	as.residual_groups = 1000;
	many = imc_cost_node(w.hw, w.g, n, &as);
	OK(near(many.engine_ns, 2 * 1000 * macs / 16));
	OK(near(many.ns, many.engine_ns + many.core_ns));
	imc_arena_free(w.arena);
}

/* A strip holds whole patches of every tile: of 2 rows, and of 3. */
static void test_strips(void)
{
	struct imc_assign as = assign(IMC_ENGINE_CROSSBAR, false);
	struct imc_matrix mx;
	struct world w;
	imc_node_id n;

	open_world(&w, "garofalo-34");
	n = conv(&w, IMC_OP_Q_CONV2D, (struct layer){24, 80, 213, 1, 1, 1});
	mx = imc_matrix_of(w.g, imc_node_at(w.g, n));
	as.block_rows = 80;
	as.block_cols = 128;
	as.patch_h = 2;
	OK(imc_strip_rows(w.hw, &mx, &as) == 4);
	as.rest_h = 3;
	OK(imc_strip_rows(w.hw, &mx, &as) == 6);
	imc_arena_free(w.arena);
}

static void test_jobs(void)
{
	struct world w;
	struct imc_cost c;

	open_world(&w, "garofalo-34");
	c = imc_cost_job(w.hw, 256, 256, 8);
	OK(near(c.ns, 130) && near(c.cycles, 65));
	OK(near(c.pj, 1e3 * (1.47 + 256 * 0.0307 + 256 * 0.04)));
	/* At 250 MHz 128 ns of streams hide behind the MVM, at 200 not. */
	w.hw->cluster_freq = 250;
	OK(near(imc_cost_job(w.hw, 256, 256, 8).ns, 130));
	w.hw->cluster_freq = 200;
	OK(near(imc_cost_job(w.hw, 256, 256, 8).ns, 160));
	OK(near(imc_cost_job(w.hw, 1, 17, 8).ns, 130));
	w.hw->ima_jobs = 1; /* 6 cycles of FIFOs and control */
	OK(near(imc_cost_job(w.hw, 1, 17, 8).ns, 130 + (6 + 3) * 5));
	w.hw->ima_adc = 1; /* sums of 4 bytes */
	OK(near(imc_cost_job(w.hw, 1, 17, 8).ns, 130 + (6 + 6) * 5));
	imc_arena_free(w.arena);
}

static void test_copies(void)
{
	struct imc_assign as = assign(IMC_ENGINE_CROSSBAR, true);
	struct world w;
	struct imc_cost one, four;
	imc_node_id n;

	open_world(&w, "garofalo-34");
	n = conv(&w, IMC_OP_CONV2D, (struct layer){14, 64, 64, 1, 1, 1});
	one = imc_cost_node(w.hw, w.g, n, &as);
	OK(near(one.ns, 14 * 14 * 130 + 60 * 2)); /* configured once */
	w.hw->ima_config_cycles = 0;
	one = imc_cost_node(w.hw, w.g, n, &as);
	w.hw->ima_tiles = 1; /* an array a tile: all work at once */
	w.hw->ima_active_arrays = 34;
	one = imc_cost_node(w.hw, w.g, n, &as);
	as.copies = 4;
	four = imc_cost_node(w.hw, w.g, n, &as);
	OK(near(four.engine_ns * 4, one.engine_ns) && near(four.pj, one.pj));
	w.hw->ima_arrays = 0;
	OK(isinf(imc_cost_node(w.hw, w.g, n, &as).ns));
	imc_arena_free(w.arena);
}

/* Cuts mx and checks that the tiles cover its cells exactly, once. */
static struct imc_cut cut(struct imc_hw *hw, struct imc_matrix mx,
			  int32_t slices, int32_t bias, int32_t bundle)
{
	struct imc_cut c = {0};
	int64_t cells = 0, weights = 0, whole = 0;

	CHECK(imc_cut_matrix(hw, &mx, slices, bias, bundle, &c), "%d x %d",
	      mx.rows, mx.cols);
	for (int32_t i = 0; i < c.n_tile; i++) {
		struct imc_tile t = imc_cut_tile(&mx, &c, bias, i);

		OK(t.n_row >= 1 && t.n_col >= 1);
		OK(t.h <= hw->ima_rows && t.w <= hw->ima_cols);
		cells += (int64_t)t.h * t.w;
		weights += (int64_t)t.n_row * t.n_col;
	}
	for (int32_t g = 0; g < mx.groups; g += c.bundle) {
		int64_t k = mx.groups - g < c.bundle ? mx.groups - g : c.bundle;

		whole += k * k * mx.rows * mx.cols;
	}
	CHECK(weights == whole, "%lld of %lld", (long long)weights,
	      (long long)whole);
	OK(cells == c.cells);
	return c;
}

/* One window of a 1x1 kernel. */
static struct imc_matrix matrix(int32_t rows, int32_t cols, int32_t groups)
{
	return (struct imc_matrix){.rows = rows,
				   .cols = cols,
				   .groups = groups,
				   .batch = 1,
				   .out_h = 1,
				   .out_w = 1,
				   .kernel_h = 1,
				   .kernel_w = 1,
				   .stride_h = 1,
				   .stride_w = 1,
				   .n_window = 1};
}

static void test_cuts(void)
{
	struct world w;
	struct imc_cut c;

	open_world(&w, "garofalo-34");
	c = cut(w.hw, matrix(576, 160, 1), 1, 0, 1);
	OK(c.n_tile == 3 && c.block_rows == 256 && c.cells == 576 * 160);
	c = cut(w.hw, matrix(320, 1280, 1), 1, 2, 1);
	OK(c.n_tile == 10 && c.n_block == 2 && c.n_colblock == 5);
	OK(c.cells == 322 * 1280);
	/* No room for a bias row in a full block: a second one, not empty. */
	c = cut(w.hw, matrix(256, 10, 1), 1, 1, 1);
	OK(c.n_block == 2 && c.block_rows == 255);
	c = cut(w.hw, matrix(255, 10, 1), 1, 1, 1);
	OK(c.n_block == 1 && c.block_rows == 255);
	/* Slices take columns. */
	c = cut(w.hw, matrix(10, 200, 1), 2, 0, 1);
	OK(c.block_cols == 128 && c.n_colblock == 2 && c.cells == 10 * 400);
	/* 28 groups of 9 rows in a job: 36 jobs and a rest of 16 groups. */
	c = cut(w.hw, matrix(9, 1, 1024), 1, 0, 28);
	OK(c.n_bundle == 37 && c.n_tile == 37);
	OK(c.cells == 36 * 28 * 28 * 9 + 16 * 16 * 9);
	for (int32_t rows = 1; rows < 40; rows++)
		for (int32_t bias = 0; bias < 4; bias++) {
			w.hw->ima_rows = 5;
			cut(w.hw, matrix(rows, 3, 2), 1, bias, 1);
		}
	imc_arena_free(w.arena);
}

static void test_no_cut(void)
{
	struct imc_matrix mx = matrix(9, 3, 64);
	struct imc_cut c;
	struct world w;

	open_world(&w, "garofalo-34");
	OK(!imc_cut_matrix(w.hw, &mx, 1, 0, 29, &c)); /* 261 rows */
	OK(imc_cut_matrix(w.hw, &mx, 1, 4, 28, &c));
	OK(!imc_cut_matrix(w.hw, &mx, 1, 5, 28, &c));
	OK(!imc_cut_matrix(w.hw, &mx, 4, 0, 28, &c)); /* 336 columns */
	w.hw->ima_cols = 1;
	OK(!imc_cut_matrix(w.hw, &mx, 2, 0, 1, &c));
	w.hw->ima_cols = 256;
	w.hw->ima_rows = 2;
	OK(!imc_cut_matrix(w.hw, &mx, 1, 2, 1, &c)); /* bias rows only */
	mx = matrix(65536 * 16, 65536 * 16, 65536);
	OK(!imc_cut_matrix(w.hw, &mx, 1, 0, 1, &c)); /* too many tiles */
	imc_arena_free(w.arena);
}

static void test_dw_can(void)
{
	static const struct {
		struct layer l;
		bool can;
	} cases[] = {
		{{14, 32, 32, 3, 1, 32}, true},
		{{14, 32, 32, 3, 2, 32}, true},
		{{14, 32, 32, 3, 3, 32}, false},
		{{14, 32, 32, 5, 1, 32}, false},
		{{14, 32, 64, 3, 1, 32}, false}, /* multiplier 2 */
		{{14, 32, 32, 3, 1, 16}, false},
		{{14, 32, 32, 3, 1, 1}, false},
	};
	struct world w;
	imc_node_id n;

	open_world(&w, "garofalo-34");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		n = conv(&w, IMC_OP_CONV2D, cases[i].l);
		CHECK(imc_dw_can(w.hw, w.g, imc_node_at(w.g, n)) ==
			      cases[i].can,
		      "case %zu", i);
	}
	n = conv(&w, IMC_OP_Q_CONV2D, cases[0].l);
	OK(imc_dw_can(w.hw, w.g, imc_node_at(w.g, n)));
	imc_node_at(w.g, n)->a.dilation[1] = 2;
	OK(!imc_dw_can(w.hw, w.g, imc_node_at(w.g, n)));
	imc_node_at(w.g, n)->a.dilation[1] = 1;
	imc_node_at(w.g, n)->a.pads[3] = 3;
	OK(!imc_dw_can(w.hw, w.g, imc_node_at(w.g, n)));
	imc_node_at(w.g, n)->a.pads[3] = 0;
	w.hw->dw_kernel = 0;
	OK(!imc_dw_can(w.hw, w.g, imc_node_at(w.g, n)));
	n = add(&w, IMC_OP_ADD, 3, 3);
	OK(!imc_dw_can(w.hw, w.g, imc_node_at(w.g, n)));
	imc_arena_free(w.arena);
}

/* The digital array of 16 x 16, port of 32 bytes, by hand. */
static void test_pe(void)
{
	static const struct {
		struct layer l;
		double weights, passes, bytes;
	} cases[] = {
		/* 9 positions, 4 x 4 blocks of channels; inputs 4 times */
		{{8, 64, 64, 3, 1, 1},
		 36864,
		 64 * 9 * 16,
		 64 * (9 * 64 * 4 + 64)},
		/* blocks that are not full: 2 x 3 */
		{{4, 20, 40, 1, 1, 1}, 800, 16 * 6, 16 * (20 * 3 + 40)},
		/* a group of one channel each: 1 of 256 */
		{{8, 64, 64, 3, 1, 64}, 576, 64 * 64 * 9, 64 * 64 * 10},
		/* the ports limit: one pass, 16 + 16 bytes; stride changes
		 * nothing */
		{{2, 16, 16, 1, 2, 1}, 256, 4, 4 * 32},
	};
	struct imc_assign as = assign(IMC_ENGINE_PE, false);
	struct world w;

	open_world(&w, "garofalo-34");
	as.weight_bits = 8;
	OK(isinf(imc_cost_node(w.hw, w.g, conv(&w, IMC_OP_CONV2D, cases[0].l),
			       &as)
			 .ns));
	w.hw->pe_rows = w.hw->pe_cols = 16;
	w.hw->pe_port_bytes = 32;
	w.hw->pe_config_cycles = 100;
	w.hw->energy_pe_mac = 0.5;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct layer *l = &cases[i].l;
		imc_node_id n = conv(&w, IMC_OP_Q_CONV2D, *l);
		struct imc_cost c = imc_cost_node(w.hw, w.g, n, &as);
		double base = 100 + cases[i].weights / 32;
		double macs = (double)(l->out * l->out) * cases[i].weights;

		CHECK(near(c.cycles,
			   base + fmax(cases[i].passes, cases[i].bytes / 32)),
		      "case %zu: %g cycles", i, c.cycles);
		CHECK(near(c.pj, macs * 0.5), "case %zu: %g pJ", i, c.pj);
		OK(near(c.ns, c.cycles * 2) && c.engine_ns == c.ns);
		OK(c.core_ns == 0);
		w.hw->pe_port_bytes = 1; /* streams limit */
		c = imc_cost_node(w.hw, w.g, n, &as);
		OK(near(c.cycles,
			100 + cases[i].weights +
				fmax(cases[i].bytes, cases[i].passes)));
		w.hw->pe_port_bytes = 32;
	}
	imc_arena_free(w.arena);
}

/* By rows: the passes of these rows, and the weights each time. */
static void test_pe_rows(void)
{
	struct imc_assign as = assign(IMC_ENGINE_PE, false);
	struct world w;
	imc_node_id n;

	open_world(&w, "garofalo-34");
	w.hw->pe_rows = w.hw->pe_cols = 16;
	w.hw->pe_pass_cycles = 2;
	n = conv(&w, IMC_OP_Q_CONV2D, (struct layer){8, 32, 16, 3, 1, 1});
	OK(near(imc_cost_rows(w.hw, w.g, n, &as, 3).cycles,
		4608 / 16 + 3 * 8 * 9 * 2 * 2));
	OK(imc_pe_can(w.hw, imc_node_at(w.g, n)));
	OK(!imc_pe_can(w.hw, imc_node_at(w.g, add(&w, IMC_OP_Q_ADD, 3, 3))));
	w.hw->pe_rows = 0;
	OK(!imc_pe_can(w.hw, imc_node_at(w.g, n)));
	imc_arena_free(w.arena);
}

/* Energy: convolutions burn more a cycle. */
static double core_cycles_of(struct world *w, imc_node_id n)
{
	struct imc_assign as = assign(IMC_ENGINE_CORES, false);
	struct imc_cost c = imc_cost_node(w->hw, w->g, n, &as);
	enum imc_op op = imc_node_at(w->g, n)->op;
	bool product = op == IMC_OP_CONV2D || op == IMC_OP_Q_CONV2D;

	OK(near(c.pj, c.cycles * (product ? 112 : 68.9)));
	OK(c.engine_ns == 0 && c.stream_ns == 0 && near(c.core_ns, c.ns));
	return c.cycles;
}

/* One input `in` x `in` x c, one output `out` x `out` x c. */
static imc_node_id unary(struct world *w, enum imc_op op, int64_t in,
			 int64_t out, int64_t c)
{
	imc_node_id id = imc_graph_add_node(w->g, op, 1, 1, NULL);

	imc_node_at(w->g, id)->in[0] =
		value(w, IMC_I8, (int64_t[]){1, in, in, c}, false);
	imc_node_set_out(w->g, id, 0,
			 value(w, IMC_I8, (int64_t[]){1, out, out, c}, false));
	return id;
}

static void test_cores(void)
{
	struct world w;
	imc_node_id n;
	double cycles;

	open_world(&w, "garofalo-34");
	n = conv(&w, IMC_OP_CONV2D, (struct layer){10, 16, 8, 3, 1, 1});
	OK(near(core_cycles_of(&w, n), 800 * 144 / 24.2));
	n = conv(&w, IMC_OP_Q_CONV2D, (struct layer){10, 16, 16, 3, 1, 16});
	OK(near(core_cycles_of(&w, n), 1600 * 9 / 4.47));
	n = conv(&w, IMC_OP_CONV2D, (struct layer){10, 16, 8, 1, 1, 1});
	OK(near(core_cycles_of(&w, n), 800)); /* not 800 * 16 / 24.2 */
	n = unary(&w, IMC_OP_TANH, 10, 10, 8);
	OK(near(core_cycles_of(&w, n), 800 * 0.5));
	cycles = core_cycles_of(&w, unary(&w, IMC_OP_Q_RESCALE, 10, 10, 8));
	n = unary(&w, IMC_OP_RELU, 10, 10, 8); /* becomes a rescale */
	OK(near(core_cycles_of(&w, n), cycles));
	n = unary(&w, IMC_OP_CLIP, 10, 10, 8);
	OK(near(core_cycles_of(&w, n), cycles));
	n = unary(&w, IMC_OP_SOFTMAX, 1, 1, 10);
	OK(near(core_cycles_of(&w, n), 10 * 8));
	n = unary(&w, IMC_OP_GLOBAL_AVERAGE_POOL, 7, 1, 10);
	OK(near(core_cycles_of(&w, n), 490 * 0.25));
	n = unary(&w, IMC_OP_MAX_POOL, 8, 4, 10);
	imc_node_at(w.g, n)->a.kernel[0] = 2;
	imc_node_at(w.g, n)->a.kernel[1] = 3;
	OK(near(core_cycles_of(&w, n), 160 * 6 * 0.25));
	n = unary(&w, IMC_OP_DEPTH_TO_SPACE, 4, 4, 10);
	OK(near(core_cycles_of(&w, n), 160 * 0.25));
	w.hw->core_layer_cycles = 1000;
	OK(near(core_cycles_of(&w, n), 160 * 0.25 + 1000));
	n = unary(&w, IMC_OP_RESHAPE, 4, 4, 10);
	OK(core_cycles_of(&w, n) == 0); /* a view */
	n = unary(&w, IMC_OP_RELU, 4, 4, 10);
	imc_node_out(w.g, imc_node_at(w.g, n), 0)->t.data = &w;
	OK(core_cycles_of(&w, n) == 0); /* a constant */
	imc_arena_free(w.arena);
}

static void test_rest(void)
{
	struct world w;
	struct imc_cost c;

	open_world(&w, "garofalo-34");
	c = imc_cost_dma(w.hw, 8000);
	OK(near(c.cycles, 1100) && near(c.ns, 2200) && near(c.pj, 8000));
	OK(c.engine_ns == 0);
	CHECK(fabs(imc_area_mm2(w.hw) - 30) < 0.5, "%g", imc_area_mm2(w.hw));
	w.hw->chip_clusters = 2;
	OK(near(imc_area_mm2(w.hw), 2 * (1.67 + 34 * 0.83)));
	imc_arena_free(w.arena);
}

int main(void)
{
	test_table();
	test_digital();
	test_residual();
	test_strips();
	test_jobs();
	test_copies();
	test_cuts();
	test_no_cut();
	test_pe();
	test_pe_rows();
	test_dw_can();
	test_cores();
	test_rest();
	return check_result();
}
