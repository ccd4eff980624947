/* choose_engine: who computes what. */
#include <string.h>

#include "tests/check.h"
#include "tests/stage2/lab.h"

#define OK(condition) CHECK(condition, "wrong")

/* A grouped convolution: rows 9 * 4, 8 columns a group. */
static void grouped(struct lab *l, const char *name, int64_t groups)
{
	imc_val y;

	lab_open(l, name, 40);
	y = OP(&l->b, CONV2D, t_input(&l->b, DIM(1, 4 * groups, 6, 6)),
	       t_const(&l->b, DIM(8 * groups, 4, 3, 3)),
	       t_const(&l->b, DIM(8 * groups)));
	t_attrs(&l->b, y)->group[0] = groups;
	t_output(&l->b, y);
	l->m->opt.max_copies = 1; /* else smaller jobs of several pixels */
}

/* One group in a job of 64 x 64 cells, and several where they fit. */
static void test_bundle(void)
{
	struct lab l;
	struct imc_assign *as;

	grouped(&l, "one group", 2);
	OK(lab_run(&l, false));
	as = lab_assign(&l, IMC_OP_Q_CONV2D);
	OK(as->engine == IMC_ENGINE_CROSSBAR && as->bundle == 1);
	OK(as->block_rows == 36 && as->n_tile == 2);
	lab_close(&l);
	grouped(&l, "several groups", 7);
	l.m->hw->ima_rows = l.m->hw->ima_cols = 160;
	OK(lab_run(&l, false));
	as = lab_assign(&l, IMC_OP_Q_CONV2D);
	OK(as->engine == IMC_ENGINE_CROSSBAR && as->bundle == 4);
	OK(as->block_rows == 144 && as->n_tile == 2);
	lab_close(&l);
}

/* Four 1x1 layers of 64 x 64 weights, on so many arrays; the last has a
 * sixteenth of the work when `small`. */
static void layers(struct lab *l, const char *name, int arrays, bool small)
{
	imc_val x;

	lab_open(l, name, arrays);
	x = t_input(&l->b, DIM(1, 64, 8, 8));
	for (int i = 0; i < 4; i++) {
		if (i == 3 && small) {
			x = OP(&l->b, MAX_POOL, x);
			t_attrs(&l->b, x)->kernel[0] = 4;
			t_attrs(&l->b, x)->kernel[1] = 4;
			t_attrs(&l->b, x)->stride[0] = 4;
			t_attrs(&l->b, x)->stride[1] = 4;
		}
		x = t_conv(&l->b, x, 64, 64, 1, 0);
		x = OP(&l->b, RELU, x);
	}
	t_output(&l->b, x);
	l->m->opt.post = 1; /* no bias rows */
}

static int n_on(const struct lab *l, enum imc_engine e)
{
	const struct imc_graph *g = l->m->g;
	int n = 0;

	for (size_t i = 0; i < g->n_order; i++)
		n += imc_node_at(g, g->order[i])->op == IMC_OP_Q_CONV2D &&
		     l->m->map.assign[g->order[i].i].engine == e;
	return n;
}

static void test_arrays(void)
{
	struct lab l;

	layers(&l, "enough", 4, false);
	OK(lab_run(&l, false) && n_on(&l, IMC_ENGINE_CROSSBAR) == 4);
	OK(!lab_said(&l, IMC_D_SPILLED));
	lab_close(&l);
	layers(&l, "too few", 3, false);
	OK(!lab_run(&l, true) && l.d.n == 1);
	OK(lab_said(&l, IMC_D_TOO_FEW_ARRAYS));
	lab_close(&l);
	/* the work of the last is 1/49 of all: below the share */
	layers(&l, "ten percent", 3, true);
	OK(lab_run(&l, false) && n_on(&l, IMC_ENGINE_CROSSBAR) == 3);
	OK(lab_said(&l, IMC_D_SPILLED));
	lab_close(&l);
	layers(&l, "two of four", 2, true);
	OK(!lab_run(&l, true) && lab_said(&l, IMC_D_TOO_FEW_ARRAYS));
	lab_close(&l);
	layers(&l, "spill", 1, false);
	l.m->opt.spill = true;
	OK(lab_run(&l, false) && n_on(&l, IMC_ENGINE_CROSSBAR) == 1);
	OK(n_on(&l, IMC_ENGINE_CORES) == 3 && lab_said(&l, IMC_D_SPILLED));
	lab_close(&l);
	layers(&l, "no arrays", 0, false);
	OK(lab_run(&l, false) && n_on(&l, IMC_ENGINE_CORES) == 4);
	OK(l.d.n == 0);
	lab_close(&l);
}

/* A full array, then a layer of three arrays beside one of a part of one: the
 * small one gains least, is taken off first, and fits again in the end. */
static void test_put_back(void)
{
	struct lab l;
	imc_val x;

	lab_open(&l, "put back", 2);
	l.m->opt.spill = true;
	l.m->opt.post = 1;
	x = t_conv(&l.b, t_input(&l.b, DIM(1, 64, 8, 8)), 64, 64, 1, 0);
	x = OP(&l.b, MAX_POOL, x);
	for (int i = 0; i < 2; i++) {
		t_attrs(&l.b, x)->kernel[i] = 4;
		t_attrs(&l.b, x)->stride[i] = 4;
	}
	t_output(&l.b, t_conv(&l.b, x, 64, 192, 1, 0));
	t_output(&l.b, t_conv(&l.b, x, 64, 24, 1, 0));
	OK(lab_run(&l, false) && n_on(&l, IMC_ENGINE_CROSSBAR) == 2);
	OK(n_on(&l, IMC_ENGINE_CORES) == 1 && l.m->map.n_used == 2);
	lab_close(&l);
}

static enum imc_engine depthwise_on(int64_t kernel)
{
	struct lab l;
	enum imc_engine e;
	imc_val y;

	lab_open(&l, "depthwise", 0);
	l.m->hw->dw_kernel = kernel;
	y = OP(&l.b, CONV2D, t_input(&l.b, DIM(1, 8, 6, 6)),
	       t_const(&l.b, DIM(8, 1, 3, 3)));
	t_attrs(&l.b, y)->group[0] = 8;
	t_output(&l.b, y);
	OK(lab_run(&l, false));
	e = lab_assign(&l, IMC_OP_Q_CONV2D)->engine;
	lab_close(&l);
	return e;
}

/* A group convolution and a dense one on the digital array, exactly as on the
 * cores; and who shares a port with it. */
static void test_pe(void)
{
	for (int pe = 0; pe < 2; pe++) {
		struct lab l;
		imc_val y;

		lab_open(&l, pe ? "digital array" : "cores", 0);
		l.m->hw->pe_rows = pe ? 8 : 0;
		l.m->hw->pe_shares_port = pe;
		y = OP(&l.b, CONV2D, t_input(&l.b, DIM(1, 8, 6, 6)),
		       t_const(&l.b, DIM(12, 4, 3, 5)), t_const(&l.b, DIM(12)));
		t_attrs(&l.b, y)->group[0] = 2;
		t_output(&l.b, t_conv(&l.b, y, 12, 5, 1, 0));
		lab_check(&l, 6, 1);
		OK(n_on(&l, IMC_ENGINE_PE) == (pe ? 2 : 0));
		OK(n_on(&l, IMC_ENGINE_CORES) == (pe ? 0 : 2));
		OK(l.m->map.pe_shares_port == (pe == 1));
		lab_close(&l);
	}
}

static struct imc_step run_of(imc_node_id id)
{
	return (struct imc_step){.kind = IMC_STEP_RUN, .node = id};
}

static void test_lanes(void)
{
	struct imc_assign as = {.engine = IMC_ENGINE_PE};
	struct imc_map map = {.n_assign = 1, .assign = &as};
	struct imc_step s = run_of((imc_node_id){0});

	OK(imc_step_lanes(&map, &s) == IMC_LANE_PE);
	map.pe_shares_port = true;
	OK(imc_step_lanes(&map, &s) == IMC_LANE_PORT);
	as.engine = IMC_ENGINE_CROSSBAR;
	OK(imc_step_lanes(&map, &s) == (IMC_LANE_PORT | IMC_LANE_CORES));
	as.post_adc = true;
	OK(!(imc_step_lanes(&map, &s) & IMC_LANE_PE));
}

/* What options ask for; a digital array gives up nothing for want of arrays. */
static void test_forced(void)
{
	static const enum imc_engine engines[] = {
		IMC_ENGINE_CORES, IMC_ENGINE_CROSSBAR, IMC_ENGINE_PE};
	struct lab l;

	for (size_t i = 0; i < 3; i++) {
		layers(&l, "forced", 4, false);
		l.m->hw->pe_rows = 16;
		l.m->opt.conv_engine = (int)engines[i];
		OK(lab_run(&l, false) && n_on(&l, engines[i]) == 4);
		lab_close(&l);
	}
	layers(&l, "no such engine", 4, false);
	l.m->opt.conv_engine = IMC_ENGINE_PE;
	OK(!lab_run(&l, true) && lab_said(&l, IMC_D_ENGINE_FORCED));
	lab_close(&l);
	layers(&l, "digital rest", 2, false);
	l.m->hw->pe_rows = 16;
	l.m->hw->pe_pass_cycles = 100;
	OK(lab_run(&l, false) && n_on(&l, IMC_ENGINE_CROSSBAR) == 2);
	OK(n_on(&l, IMC_ENGINE_PE) == 2);
	lab_close(&l);
}

/* Ternary cells: as many slices as keep the weights, or as asked for; one
 * when the weights are ternary. */
static int32_t slices_of_cells(int64_t cell, int asked, bool ternary)
{
	struct lab l;
	int32_t slices;
	imc_val w;

	lab_open(&l, "narrow cells", 8);
	l.m->hw->ima_cell_bits = cell;
	l.m->opt.weight_bits = asked;
	l.m->opt.post = 1;
	w = t_const(&l.b, DIM(16, 8, 1, 1));
	for (int64_t i = 0; ternary && i < 128; i++)
		((float *)imc_value_at(l.b.g, w)->t.data)[i] =
			(float)(i * 7 % 3 - 1) / 4;
	t_output(&l.b, OP(&l.b, CONV2D, t_input(&l.b, DIM(1, 8, 6, 6)), w));
	OK(lab_run(&l, false));
	slices = lab_assign(&l, IMC_OP_Q_CONV2D)->slices;
	lab_close(&l);
	return slices;
}

static void test_narrow_cells(void)
{
	OK(slices_of_cells(2, 0, true) == 1);
	OK(slices_of_cells(2, 0, false) > 1);
	OK(slices_of_cells(2, 2, false) == 1);
	OK(slices_of_cells(2, 8, true) == 4);
	OK(slices_of_cells(4, 0, false) == 1);
}

/* Depth-wise layers leave narrow cells behind an ADC alone, unless asked. */
static enum imc_engine depthwise_of_cells(int64_t cell, int64_t adc, int asked)
{
	enum imc_engine e;
	struct lab l;
	imc_val y;

	lab_open(&l, "depthwise", 8);
	l.m->hw->ima_cell_bits = cell;
	l.m->hw->ima_adc = adc;
	l.m->opt.dw_engine = asked;
	y = OP(&l.b, CONV2D, t_input(&l.b, DIM(1, 8, 6, 6)),
	       t_const(&l.b, DIM(8, 1, 3, 3)));
	t_attrs(&l.b, y)->group[0] = 8;
	t_output(&l.b, y);
	OK(lab_run(&l, false));
	e = lab_assign(&l, IMC_OP_Q_CONV2D)->engine;
	lab_close(&l);
	return e;
}

static void test_narrow_depthwise(void)
{
	OK(depthwise_of_cells(2, 0, 0) == IMC_ENGINE_CORES);
	OK(depthwise_of_cells(2, 1, 0) == IMC_ENGINE_CROSSBAR);
	OK(depthwise_of_cells(4, 0, 0) == IMC_ENGINE_CROSSBAR);
	OK(depthwise_of_cells(2, 0, IMC_ENGINE_CROSSBAR) ==
	   IMC_ENGINE_CROSSBAR);
}

/* Whether the map says that settings are a job's. */
static void test_setting(void)
{
	for (int column = 0; column < 2; column++) {
		struct lab l;

		layers(&l, "settings", 4, false);
		l.m->hw->ima_adc_range = column;
		OK(lab_run(&l, false) && l.m->map.adc_per_job == !column);
		lab_close(&l);
	}
}

/* The code of an ADC with fewer bits than an activation is not one. */
static void test_narrow_adc(void)
{
	for (int bits = 6; bits <= 8; bits += 2) {
		struct lab l;

		layers(&l, "narrow", 8, false);
		l.m->hw->ima_adc_bits = bits;
		l.m->opt.post = 2;
		l.m->hw->ima_aggregate = 1;
		OK(lab_run(&l, false));
		OK(lab_assign(&l, IMC_OP_Q_CONV2D)->post_adc == (bits == 8));
		lab_close(&l);
	}
}

int test_engine(void)
{
	test_bundle();
	test_arrays();
	test_put_back();
	OK(depthwise_on(3) == IMC_ENGINE_DEPTHWISE);
	OK(depthwise_on(0) == IMC_ENGINE_CORES);
	test_setting();
	test_narrow_adc();
	test_pe();
	test_lanes();
	test_forced();
	test_narrow_cells();
	test_narrow_depthwise();
	return check_result();
}
