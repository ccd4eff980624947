/* fit_adc: layers on crossbars with every way of reading sums. */
#include <math.h>

#include "hwdesc/adc_bits.h"
#include "ir/eval.h"
#include "ir/num.h"
#include "ir/op/q_conv.h"
#include "tests/check.h"
#include "tests/stage2/lab.h"

#define OK(condition) CHECK(condition, "wrong")

/* A machine and one 3x3 layer of so many channels in and out. */
struct adc_case {
	const char *name;
	int64_t in, out, group, rows, cols;
	int post, aggregate, column, none;
	int64_t cell_bits;
	int weight_bits;
	double most, mean; /* output steps */
	int n_block, n_bundle;
};

static const struct adc_case cases[] = {
	{"digital", 6, 8, 1, 64, 64, 1, 0, 0, 0, 8, 8, 5, 1, 1, 1},
	{"digital, blocks", 20, 8, 1, 64, 64, 1, 0, 0, 0, 8, 8, 7, 1.5, 3, 1},
	{"digital, slices", 6, 8, 1, 64, 64, 1, 0, 0, 0, 4, 8, 8, 1.5, 1, 1},
	{"digital, bundles", 14, 21, 7, 80, 64, 1, 0, 0, 0, 8, 8, 5, 1, 1, 2},
	{"digital, columns", 6, 30, 1, 64, 16, 1, 0, 0, 0, 8, 8, 5, 1, 1, 1},
	{"column", 6, 8, 1, 64, 64, 1, 0, 1, 0, 8, 8, 5, 1, 1, 1},
	{"column, blocks", 20, 8, 1, 64, 64, 1, 0, 1, 0, 8, 8, 7, 1.5, 3, 1},
	{"column, bundles", 14, 21, 7, 80, 64, 1, 0, 1, 0, 8, 8, 5, 1, 1, 2},
	{"post adc", 6, 8, 1, 64, 64, 2, 0, 0, 0, 8, 8, 5, 1, 1, 1},
	{"post adc, blocks", 20, 8, 1, 64, 64, 2, 1, 0, 0, 8, 8, 6, 1.2, 3, 1},
	{"no aggregate", 20, 8, 1, 64, 64, 2, 0, 0, 0, 8, 8, 7, 1.5, 3, 1},
	{"no adc", 20, 8, 1, 64, 64, 0, 0, 0, 1, 8, 8, 4, 0.7, 3, 1},
};

/* Part of the codes of the ADCs at an end of their range. */
static double clipped(struct lab *l)
{
	const struct imc_graph *g = l->m->g;
	const struct imc_node *n = lab_node(l, IMC_OP_Q_CONV2D);
	struct imc_tensor *in = imc_arena_array(l->a, 9, sizeof *in);
	struct imc_q_conv q;
	int64_t ends = 0, all = 0;

	for (int k = 1; k < n->n_in; k++)
		if (imc_val_ok(n->in[k]))
			in[k] = imc_node_in(g, n, k)->t;
	imc_real_to_device(g, g->input[0], l->calib.x[0], &in[0], l->a);
	imc_q_conv_open(&q, g, n, in);
	for (int b = 0; b < q.n_bundle; b++) {
		struct imc_q_bundle u = imc_q_conv_bundle(&q, b);
		int32_t *acc = imc_arena_array(
			l->a, (size_t)(q.n_window * u.n_col), sizeof *acc);

		for (int i = 0; i < u.n_block; i++) {
			imc_q_conv_acc(g, n, in, b, i, 0, acc, l->a);
			for (int64_t k = 0; k < q.n_window * u.n_col; k++) {
				int64_t c = u.k0 + k % u.n_col;
				int64_t code =
					imc_rescale(acc[k], q.adc_mult[c],
						    q.adc_shift[c]) +
					q.adc_zero[c];

				all++;
				ends += code < n->a.adc_lo[0] ||
					code > n->a.adc_hi[0];
			}
		}
	}
	return (double)ends / (double)all;
}

static void open_case(struct lab *l, const struct adc_case *c)
{
	imc_val y;

	lab_open(l, c->name, 200);
	l->m->hw->ima_rows = c->rows;
	l->m->hw->ima_cols = c->cols;
	l->m->hw->ima_cell_bits = c->cell_bits;
	l->m->hw->ima_aggregate = c->aggregate;
	l->m->hw->ima_adc_range = c->column;
	l->m->hw->ima_adc = c->none;
	l->m->opt.post = c->post;
	l->m->opt.max_copies = 1; /* else other bundles */
	l->m->opt.weight_bits = c->weight_bits;
	y = OP(&l->b, CONV2D, t_input(&l->b, DIM(1, c->in, 8, 8)),
	       t_const(&l->b, DIM(c->out, c->in / c->group, 3, 3)),
	       t_const(&l->b, DIM(c->out)));
	t_attrs(&l->b, y)->group[0] = c->group;
	t_output(&l->b, y);
}

static void run_case(const struct adc_case *c)
{
	struct lab l;
	const struct imc_node *n;
	int64_t rows = 9 * c->in / c->group;
	bool post = c->post == 2 && (c->n_block == 1 || c->aggregate);

	open_case(&l, c);
	lab_check(&l, c->most, c->mean);
	n = lab_node(&l, IMC_OP_Q_CONV2D);
	if (!n) {
		lab_close(&l);
		return;
	}
	CHECK(lab_assign(&l, IMC_OP_Q_CONV2D)->engine == IMC_ENGINE_CROSSBAR,
	      "%s", c->name);
	CHECK(n->a.adc[0] == !c->none && n->a.post[0] == post, "%s", c->name);
	CHECK((rows * n->a.bundle[0] + n->a.block_rows[0] - 1) /
				      n->a.block_rows[0] ==
			      c->n_block &&
		      (c->group + n->a.bundle[0] - 1) / n->a.bundle[0] ==
			      c->n_bundle,
	      "%s: bundle %d, block %d", c->name, (int)n->a.bundle[0],
	      (int)n->a.block_rows[0]);
	if (n->a.adc[0] && !(post && c->n_block == 1))
		CHECK(clipped(&l) < 0.01, "%s: %g of the codes clip", c->name,
		      clipped(&l));
	lab_close(&l);
}

/* Columns of different size, where each may have its setting: the small ones
 * are read finer, if enough is seen of them: of one window (few) it is not. */
static void test_column_gain(void)
{
	for (int i = 0; i < 3; i++) {
		bool column = i > 0, few = i > 1;
		struct imc_tensor *x;
		struct lab l;
		float *w;
		const int32_t *shift;
		int differ = 0;

		open_case(&l, &cases[column ? 5 : 0]);
		x = &imc_value_at(l.b.g, l.b.g->input[0])->t;
		if (few)
			x->dim[2] = x->dim[3] = 3;
		w = imc_node_in(l.b.g, &l.b.g->node[0], 1)->t.data;
		for (int k = 0; k < 9 * 6; k++)
			w[k] *= k % 9 == 4 ? 1 : 0.02f;
		OK(lab_run(&l, false));
		shift = imc_node_in(l.m->g, lab_node(&l, IMC_OP_Q_CONV2D), 6)
				->t.data;
		for (int k = 1; k < 8; k++)
			differ += shift[k] != shift[0];
		CHECK((differ > 0) == (column && !few), "%d settings differ",
		      differ);
		lab_close(&l);
	}
}

/* Blocks of a node whose bias rows became fewer than were assigned: rows,
 * assignment and tiles go on agreeing (the verifier compares them). */
static void test_bias_rows(void)
{
	for (int64_t in = 1; in < 24; in++) {
		struct adc_case c = cases[9];
		struct lab l;

		c.in = in;
		open_case(&l, &c);
		l.m->hw->ima_dac_zero = 1;
		OK(lab_run(&l, false));
		OK(lab_node(&l, IMC_OP_Q_CONV2D)->a.block_rows[0] ==
		   lab_assign(&l, IMC_OP_Q_CONV2D)->block_rows);
		lab_close(&l);
	}
}

/* Sums above 0 only, nearly all of them from the first of two blocks: its
 * ADC needs all codes for them. */
static void test_block_zero(void)
{
	struct adc_case c = cases[9];
	struct lab l;
	float *w;

	c.in = 8;
	open_case(&l, &c);
	l.m->hw->ima_dac_zero = 1;
	w = imc_node_in(l.b.g, &l.b.g->node[0], 1)->t.data;
	for (int i = 0; i < 8 * 9 * 8; i++)
		w[i] = fabsf(w[i]);
	l.b.g->node[0].in[0] = OP(&l.b, RELU, l.b.g->input[0]);
	imc_graph_sort(l.b.g);
	lab_check(&l, 6, 1.2);
	OK(lab_node(&l, IMC_OP_Q_CONV2D)->a.post[0] == 1);
	lab_close(&l);
}

/* All sums of one column of 1x1 weights with two slices, by trying all inputs
 * of 3 channels. */
static void try_inputs(struct lab *l, int64_t k, int slice, int64_t *lo,
		       int64_t *hi)
{
	const struct imc_node *n = lab_node(l, IMC_OP_Q_CONV2D);
	const int8_t *w = imc_node_in(l->m->g, n, 1)->t.data;
	int top = 1 << (l->m->hw->ima_dac_bits - 1);

	for (int x = -top; x < top; x++)
		for (int y = -top; y < top; y++)
			for (int z = -top; z < top; z++) {
				int64_t sum =
					x * imc_slice(w[k * 3], slice, 2, 3) +
					y * imc_slice(w[k * 3 + 1], slice, 2,
						      3) +
					z * imc_slice(w[k * 3 + 2], slice, 2,
						      3);

				*lo = sum < *lo ? sum : *lo;
				*hi = sum > *hi ? sum : *hi;
			}
}

/* The lossless resolution against all sums that there can be. */
static void test_bits_needed(void)
{
	struct imc_adc_bits b;
	int64_t lo = 0, hi = 0;
	struct lab l;
	imc_val y;

	lab_open(&l, "bits", 20);
	l.m->hw->ima_cell_bits = 3;
	l.m->hw->ima_dac_bits = 4;
	l.m->opt.weight_bits = 6;
	l.m->opt.post = 1;
	l.m->opt.max_copies = 1;
	y = OP(&l.b, CONV2D, t_input(&l.b, DIM(1, 3, 4, 4)),
	       t_const(&l.b, DIM(5, 3, 1, 1)), t_const(&l.b, DIM(5)));
	t_output(&l.b, y);
	OK(lab_run(&l, false));
	OK(l.m->map.n_tile == 1);
	for (int64_t k = 0; k < 10; k++)
		try_inputs(&l, k / 2, k % 2, &lo, &hi);
	b = imc_tile_adc_bits(l.m->hw, l.m->g, l.m->map.tile);
	CHECK(b.lo == lo && b.hi == hi, "%d .. %d, not %d .. %d", (int)b.lo,
	      (int)b.hi, (int)lo, (int)hi);
	OK((int64_t)1 << b.exact >= hi - lo + 1 &&
	   (int64_t)1 << (b.exact - 1) < hi - lo + 1);
	OK(b.rows == 3 && b.cells <= 3 && b.cells > 0);
	OK(b.by_rows == 2 + 4 + 3 && b.by_cells <= b.by_rows);
	OK(b.exact <= b.by_rows);
	lab_close(&l);
	OK(imc_bits_for(1) == 0 && imc_bits_for(2) == 1 &&
	   imc_bits_for(256) == 8 && imc_bits_for(257) == 9);
}

/* Post adc by choice, and not by order: then it would stay. */
static void asked_by_choice(struct lab *l)
{
	struct imc_pass_run how = {.calib = &l->calib,
				   .stop_after = "choose_engine"};

	OK(imc_passes_run(l->m, &how));
	l->m->opt.post = 0;
}

/* A bias that takes one block's sums far from the other's: the ADCs cannot
 * have the gain of the activation, and get one of their own. */
static void test_give_up(void)
{
	struct adc_case c = cases[9];
	struct lab l;
	float *w;

	c.in = 14;
	open_case(&l, &c);
	l.m->hw->ima_dac_zero = 1;
	w = imc_node_in(l.b.g, &l.b.g->node[0], 1)->t.data;
	for (int i = 0; i < 8 * 14 * 9; i++)
		w[i] = i % 9 < 4 ? fabsf(w[i]) : -fabsf(w[i]);
	l.b.g->node[0].in[0] = OP(&l.b, RELU, l.b.g->input[0]);
	imc_graph_sort(l.b.g);
	l.assign = asked_by_choice;
	lab_check(&l, 9, 1.5);
	OK(lab_node(&l, IMC_OP_Q_CONV2D)->a.post[0] == 0);
	OK(!lab_assign(&l, IMC_OP_Q_CONV2D)->post_adc);
	lab_close(&l);
}

int test_adc(void)
{
	test_bits_needed();
	test_give_up();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		run_case(&cases[i]);
	test_column_gain();
	test_bias_rows();
	test_block_zero();
	return check_result();
}
