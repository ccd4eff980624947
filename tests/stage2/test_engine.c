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
	return check_result();
}
