/* Columns of few cells: what arrays hold, and what their ADCs make of it. */
#include <stdio.h>
#include <string.h>

#include "hwdesc/adc_bits.h"
#include "hwdesc/adc_check.h"
#include "ir/eval.h"
#include "ir/num.h"
#include "ir/op/q_conv.h"
#include "ir/support/splitmix.h"
#include "tests/check.h"
#include "tests/stage2/lab.h"

#define OK(condition) CHECK(condition, "wrong")

/* A layer of so many channels in and out, on arrays of so many rows; cells: the
 * option. */
struct cells_case {
	const char *name;
	int64_t in, out, group, kernel, rows;
	int cell_bits, weight_bits, column, copies, cells, adc_bits;
};

static const struct cells_case cases[] = {
	{"one block", 6, 8, 1, 3, 64, 4, 4, 0, 1, 5, 8},
	{"blocks", 20, 8, 1, 3, 64, 4, 4, 0, 1, 3, 8},
	{"a short last block", 22, 8, 1, 3, 64, 4, 4, 0, 1, 7, 8},
	{"slices", 20, 8, 1, 3, 64, 4, 8, 0, 1, 6, 8},
	{"bundles", 14, 21, 7, 3, 80, 8, 8, 0, 1, 4, 8},
	{"patches", 4, 4, 1, 3, 64, 4, 4, 0, 0, 4, 8},
	{"auto", 6, 8, 1, 3, 64, 4, 4, 0, 1, -1, 7},
	{"auto, blocks", 20, 8, 1, 3, 64, 4, 4, 0, 1, -1, 7},
	{"auto, slices", 20, 8, 1, 3, 64, 3, 6, 0, 1, -1, 8},
	{"auto, bundles", 14, 21, 7, 3, 80, 4, 4, 0, 1, -1, 9},
	{"auto, columns", 20, 30, 1, 3, 64, 4, 4, 1, 1, -1, 8},
	{"auto, patches", 4, 4, 1, 3, 64, 4, 4, 0, 0, -1, 9},
	{"auto, 1x1", 64, 16, 1, 1, 64, 4, 4, 0, 0, -1, 8},
};

static void open_case(struct lab *l, const struct cells_case *c)
{
	imc_val x, y;

	lab_open(l, c->name, 200);
	l->m->hw->ima_rows = c->rows;
	l->m->hw->ima_cell_bits = c->cell_bits;
	l->m->hw->ima_dac_bits = 4;
	l->m->hw->ima_adc_bits = c->adc_bits;
	l->m->hw->ima_adc_range = c->column;
	l->m->opt.post = 1;
	l->m->opt.max_copies = c->copies;
	l->m->opt.weight_bits = c->weight_bits;
	l->m->opt.column_cells = c->cells;
	x = t_input(&l->b, DIM(1, c->in, 8, 8));
	y = OP(&l->b, CONV2D, c->group > 1 ? x : OP(&l->b, RELU, x),
	       t_const(&l->b,
		       DIM(c->out, c->in / c->group, c->kernel, c->kernel)),
	       t_const(&l->b, DIM(c->out)));
	t_attrs(&l->b, y)->group[0] = c->group;
	t_output(&l->b, y);
}

/* Cells of a column of a tile that are not 0. */
static int count_column(const struct imc_images *img, const struct imc_tile *t,
			int32_t x)
{
	const int8_t *cell = img->cell[t->array] + t->y * img->cols + t->x + x;
	int n = 0;

	for (int32_t y = 0; y < t->h; y++)
		n += cell[y * img->cols] != 0;
	return n;
}

static void check_columns(struct lab *l, const struct imc_images *img)
{
	int32_t most = lab_assign(l, IMC_OP_Q_CONV2D)->column_cells;
	int full = 0;

	OK(most > 0 && l->m->map.n_tile > 0);
	for (size_t i = 0; i < l->m->map.n_tile; i++)
		for (int32_t x = 0; x < l->m->map.tile[i].w; x++) {
			int n = count_column(img, &l->m->map.tile[i], x);

			CHECK(n <= most, "%s: %d cells, not %d", l->name, n,
			      (int)most);
			full += n == most;
		}
	CHECK(full > 0 || l->m->opt.column_cells < 0,
	      "%s: no column has %d cells", l->name, (int)most);
}

/* The sum over all blocks and slices of the sums themselves, in the units of
 * the bias. */
static void add_exact(struct lab *l, const struct imc_node *n,
		      const struct imc_tensor *in, const struct imc_q_conv *q,
		      int64_t *sum)
{
	for (int b = 0; b < q->n_bundle; b++) {
		struct imc_q_bundle u = imc_q_conv_bundle(q, b);
		int32_t *acc = imc_arena_array(
			l->a, (size_t)(q->n_window * u.n_col), sizeof *acc);

		for (int i = 0; i < u.n_block * n->a.slices[0]; i++) {
			int s = (int)(i % n->a.slices[0]);

			imc_q_conv_acc(l->m->g, n, in, b,
				       (int)(i / n->a.slices[0]), s, acc, l->a);
			for (int64_t k = 0; k < q->n_window * u.n_col; k++)
				sum[k / u.n_col * q->k + u.k0 + k % u.n_col] +=
					(int64_t)acc[k] *
					((int64_t)1 << (n->a.slice_bits[0] * s +
							IMC_SUM_FRAC));
		}
	}
}

/* Random codes go in, and what comes out is that of exact sums. */
static void check_exact(struct lab *l)
{
	const struct imc_node *n = lab_node(l, IMC_OP_Q_CONV2D);
	const struct imc_value *x = imc_node_in(l->m->g, n, 0);
	struct imc_tensor *in = imc_arena_array(l->a, 10, sizeof *in), out;
	int top = 1 << (l->m->hw->ima_dac_bits - 1), wrong = 0;
	struct imc_q_conv q;
	uint64_t seed = 1;
	int64_t *sum;

	for (int k = 1; k < n->n_in; k++)
		if (imc_val_ok(n->in[k]))
			in[k] = imc_node_in(l->m->g, n, k)->t;
	in[0] = x->t;
	in[0].data = imc_arena_alloc(l->a, imc_tensor_bytes(&in[0]));
	for (int64_t i = 0; i < imc_tensor_count(&in[0]); i++)
		((int8_t *)in[0].data)[i] =
			(int8_t)((int)(imc_splitmix_next(&seed) %
				       (uint64_t)(2 * top)) -
				 top);
	if (imc_drive_range(l->m->hw, l->m->g, n).lo == 0)
		for (int64_t i = 0; i < imc_tensor_count(&in[0]); i++)
			((int8_t *)in[0].data)[i] &= (int8_t)(top - 1);
	imc_q_conv_open(&q, l->m->g, n, in);
	sum = imc_arena_array(l->a, (size_t)(q.n_window * q.k), sizeof *sum);
	add_exact(l, n, in, &q, sum);
	out = imc_node_out(l->m->g, n, 0)->t;
	out.data = imc_arena_alloc(l->a, imc_tensor_bytes(&out));
	imc_op_eval(l->m->g, n, in, &out, l->a);
	for (int64_t i = 0; i < q.n_window * q.k; i++)
		wrong += ((int8_t *)out.data)[i] !=
			 imc_requant(sum[i] + q.bias[i % q.k], q.mult[i % q.k],
				     q.shift[i % q.k], q.zero_y,
				     (int32_t)n->a.lo[0], (int32_t)n->a.hi[0]);
	CHECK(wrong == 0, "%s: %d outputs are not those of exact sums", l->name,
	      wrong);
}

static void run_case(const struct cells_case *c)
{
	struct imc_images img;
	struct lab l;

	open_case(&l, c);
	OK(lab_run(&l, false));
	CHECK(lab_assign(&l, IMC_OP_Q_CONV2D)->engine == IMC_ENGINE_CROSSBAR,
	      "%s", c->name);
	img = imc_map_images(l.m->g, &l.m->map, l.a);
	OK(imc_adc_check(l.m, &img));
	check_columns(&l, &img);
	if (c->cells < 0)
		check_exact(&l);
	lab_close(&l);
}

/* Code of every sum of a column, over all inputs of 3 channels. */
static void try_column(struct lab *l, int64_t k)
{
	const struct imc_node *n = lab_node(l, IMC_OP_Q_CONV2D);
	const struct imc_graph *g = l->m->g;
	const int8_t *w = imc_node_in(g, n, 1)->t.data;
	int32_t mult = ((int32_t *)imc_node_in(g, n, 5)->t.data)[k];
	int32_t shift = ((int32_t *)imc_node_in(g, n, 6)->t.data)[k];
	int32_t zero = ((int32_t *)imc_node_in(g, n, 7)->t.data)[k];
	int wrong = 0;

	for (int i = 0; i < 16 * 16 * 16; i++) {
		int sum = (i % 16 - 8) * w[k * 3] +
			  (i / 16 % 16 - 8) * w[k * 3 + 1] +
			  (i / 256 - 8) * w[k * 3 + 2];

		wrong += imc_requant(sum, mult, shift, zero,
				     (int32_t)n->a.adc_lo[0],
				     (int32_t)n->a.adc_hi[0]) -
				 zero !=
			 sum;
	}
	CHECK(wrong == 0, "column %d: %d sums are read as others", (int)k,
	      wrong);
}

/* Every input that there is, and one cell more would be too much: more cells
 * are taken where the ADC has more bits. */
static void test_every_input(void)
{
	int32_t last = 0, cells;

	for (int bits = 6; bits < 10; bits++) {
		struct lab l;
		imc_val y;

		lab_open(&l, "every input", 20);
		l.m->hw->ima_cell_bits = 3;
		l.m->hw->ima_dac_bits = 4;
		l.m->hw->ima_adc_bits = bits;
		l.m->opt.weight_bits = 3;
		l.m->opt.post = 1;
		l.m->opt.column_cells = -1;
		y = OP(&l.b, CONV2D, t_input(&l.b, DIM(1, 3, 4, 4)),
		       t_const(&l.b, DIM(5, 3, 1, 1)), t_const(&l.b, DIM(5)));
		t_output(&l.b, y);
		OK(lab_run(&l, false));
		for (int64_t k = 0; k < 5; k++)
			try_column(&l, k);
		cells = lab_assign(&l, IMC_OP_Q_CONV2D)->column_cells;
		OK(cells >= last && cells > 0);
		last = cells;
		lab_close(&l);
	}
	CHECK(last == 3, "%d cells", (int)last);
}

static int8_t *cell_of(const struct imc_images *img, const struct imc_tile *t,
		       int32_t y)
{
	return img->cell[t->array] + (t->y + y) * img->cols + t->x;
}

static void expect_text(const struct lab *l, const char *text)
{
	const char *is = l->d.n ? l->d.v[l->d.n - 1].text : "";

	CHECK(strlen(is) >= strlen(text) &&
		      !strcmp(is + strlen(is) - strlen(text), text),
	      "'%s', not '%s'", is, text);
}

/* One cell more, or larger ones, in the first column of a tile. */
static void test_wrong_images(void)
{
	struct imc_images img;
	struct imc_tile *t;
	struct lab l;
	char text[200];
	int64_t sum = 0;
	int32_t most, free = -1;

	open_case(&l, &cases[7]);
	OK(lab_run(&l, false));
	t = l.m->map.tile;
	most = lab_assign(&l, IMC_OP_Q_CONV2D)->column_cells;
	img = imc_map_images(l.m->g, &l.m->map, l.a);
	for (int32_t y = 0; y < t->h; y++) {
		if (*cell_of(&img, t, y))
			*cell_of(&img, t, y) = 100;
		else
			free = y;
		sum += 7 * *cell_of(&img, t, y);
	}
	OK(!imc_adc_check(l.m, &img));
	snprintf(text, sizeof text,
		 "column %d of array %d can sum up to %lld .. %lld in the tile "
		 "at line %d, which its ADC does not read as it is",
		 (int)t->x, (int)t->array, 0LL, (long long)sum, (int)t->y);
	expect_text(&l, text);
	for (int32_t y = 0; y < t->h && count_column(&img, t, 0) <= most; y++)
		*cell_of(&img, t, y) = 1;
	OK(free >= 0 && !imc_adc_check(l.m, &img));
	snprintf(text, sizeof text,
		 "column %d of array %d has %d cells that are not 0 in the "
		 "tile at line %d, and %d at most are allowed",
		 (int)t->x, (int)t->array, (int)most + 1, (int)t->y, (int)most);
	expect_text(&l, text);
	lab_close(&l);
}

static void test_too_few_bits(void)
{
	struct cells_case c = cases[6];
	struct lab l;

	c.adc_bits = 3;
	open_case(&l, &c);
	OK(!lab_run(&l, true) && lab_said(&l, IMC_D_COLUMN_NONE));
	lab_close(&l);
}

int test_cells(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		run_case(&cases[i]);
	test_every_input();
	test_wrong_images();
	test_too_few_bits();
	return check_result();
}
