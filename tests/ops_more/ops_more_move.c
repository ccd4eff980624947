/* Moves and resizes. */
#include <string.h>

#include "ops_more_lab.h"
#include "tests/check.h"

/* All orders of four axes, against plain loops. */
static void test_transpose(void)
{
	static const int64_t dim[4] = {2, 3, 4, 5};
	struct lab *l = lab_new();
	uint16_t x[120];
	bool ok = true;
	imc_val in;

	for (int i = 0; i < 120; i++)
		x[i] = (uint16_t)i;
	in = lab_const(l, IMC_U16, x, DIMS(2, 3, 4, 5, ));
	for (int code = 0; code < 256; code++) {
		int64_t p[4] = {code & 3, code >> 2 & 3, code >> 4 & 3,
				code >> 6};
		int64_t at[4];
		const uint16_t *y;

		if ((1 << p[0] | 1 << p[1] | 1 << p[2] | 1 << p[3]) != 15)
			continue;
		NODE(l, TRANSPOSE, 1, in)->perm =
			(struct imc_ints){4, {p[0], p[1], p[2], p[3]}};
		if (!lab_run(l))
			return;
		y = l->out[0].data;
		for (int64_t i = 0; i < 120; i++) {
			int64_t rest = i;

			for (int a = 3; a >= 0; rest /= dim[a--])
				at[a] = rest % dim[a];
			rest = at[p[0]];
			for (int a = 1; a < 4; a++)
				rest = rest * dim[p[a]] + at[p[a]];
			ok = ok && y[rest] == x[i];
		}
	}
	OK(ok);
	NODE(l, TRANSPOSE, 1, in)->perm = (struct imc_ints){4, {0, 1, 1, 2}};
	OK(lab_refuses(l, "axis 1 is named twice"));
	lab_free(l);
}

static void test_concat_split(void)
{
	struct lab *l = lab_new();
	imc_val a = I8(l, DIMS(2, 1, ), 1, 2),
		b = I8(l, DIMS(2, 2, ), 3, 4, 5, 6);
	imc_val row = I8(l, DIMS(5, ), 1, 2, 3, 4, 5);

	NODE(l, CONCAT, 1, a, b)->axis[0] = -1;
	OK(lab_run(l) && IS(l, I8, DIMS(2, 3, ), 1, 3, 4, 2, 5, 6));
	NODE(l, CONCAT, 1, a, b);
	OK(lab_refuses(l, "input 1 has shape [2, 2], which does not "
			  "continue [2, 1] along axis 0"));
	NODE(l, SPLIT, 2, b, I64(l, DIMS(2, ), 0, 2))->axis[0] = 1;
	OK(lab_run(l) && IS(l, I8, DIMS(2, 0, ), 0));
	OK(lab_is(l, 1, IMC_I8, DIMS(2, 2, ), (double[]){3, 4, 5, 6}, 0));
	NODE(l, SPLIT, 3, row);
	imc_node_at(l->g, l->node)->out[0] = IMC_NO_VAL;
	OK(lab_run(l));
	OK(lab_is(l, 1, IMC_I8, DIMS(2, ), (double[]){3, 4}, 0));
	OK(lab_is(l, 2, IMC_I8, DIMS(1, ), (double[]){5}, 0));
	NODE(l, SPLIT, 2, row)->split = (struct imc_ints){2, {2, 2}};
	OK(lab_refuses(l, "the parts cover 4 of 5"));
	lab_free(l);
}

static void slice1(struct lab *l, imc_val x, int64_t start, int64_t end,
		   int64_t step)
{
	struct imc_attrs *a = NODE(l, SLICE, 1, x);

	a->starts = (struct imc_ints){1, {start}};
	a->ends = (struct imc_ints){1, {end}};
	a->steps = (struct imc_ints){1, {step}};
}

static void test_slice(void)
{
	struct lab *l = lab_new();
	imc_val x = I32(l, DIMS(5, ), 0, 1, 2, 3, 4);
	imc_val m = I32(l, DIMS(2, 3, ), 0, 1, 2, 3, 4, 5);

	slice1(l, x, 1, -1, 1);
	OK(lab_run(l) && IS(l, I32, DIMS(3, ), 1, 2, 3));
	slice1(l, x, 0, INT64_MAX, 2);
	OK(lab_run(l) && IS(l, I32, DIMS(3, ), 0, 2, 4));
	slice1(l, x, -1, INT64_MIN, -1);
	OK(lab_run(l) && IS(l, I32, DIMS(5, ), 4, 3, 2, 1, 0));
	slice1(l, x, 100, 0, -2);
	OK(lab_run(l) && IS(l, I32, DIMS(2, ), 4, 2));
	slice1(l, x, 3, INT64_MIN, INT64_MIN);
	OK(lab_run(l) && IS(l, I32, DIMS(1, ), 3));
	slice1(l, x, -100, -100, -1);
	OK(lab_run(l) && IS(l, I32, DIMS(0, ), 0));
	slice1(l, x, 4, 2, 1);
	OK(lab_run(l) && IS(l, I32, DIMS(0, ), 0));
	slice1(l, x, 0, 5, 0);
	OK(lab_refuses(l, "the step of axis 0 is 0"));
	NODE(l, SLICE, 1, m, I64(l, DIMS(2, ), -1, 5), I64(l, DIMS(2, ), 9, -9),
	     I64(l, DIMS(2, ), 0, -1), I64(l, DIMS(2, ), 1, -2));
	OK(lab_run(l) && IS(l, I32, DIMS(1, 2, ), 5, 3));
	NODE(l, SLICE, 1, m, I64(l, DIMS(1, ), 0), I64(l, DIMS(2, ), 1, 1));
	OK(lab_refuses(l, "1 starts, 2 ends, 1 axes and 1 steps; there "
			  "should be as many of each"));
	lab_free(l);
}

static void pad1(struct lab *l, imc_val x, int mode, int64_t before,
		 int64_t after)
{
	struct imc_attrs *a = NODE(l, PAD, 1, x);

	a->mode[0] = mode;
	a->starts = (struct imc_ints){1, {before}};
	a->ends = (struct imc_ints){1, {after}};
}

static void test_pad(void)
{
	struct lab *l = lab_new();
	imc_val x = I8(l, DIMS(3, ), 1, 2, 3), q = I8(l, DIMS(1, ), 5);
	imc_val m = F32(l, DIMS(2, 2, ), 1, 2, 3, 4);

	pad1(l, x, 0, 1, 2);
	OK(lab_run(l) && IS(l, I8, DIMS(6, ), 0, 1, 2, 3, 0, 0));
	pad1(l, x, 1, 1, 2);
	OK(lab_run(l) && IS(l, I8, DIMS(6, ), 1, 1, 2, 3, 3, 3));
	pad1(l, x, 2, 2, 2);
	OK(lab_run(l) && IS(l, I8, DIMS(7, ), 3, 2, 1, 2, 3, 2, 1));
	pad1(l, x, 3, 4, 2);
	OK(lab_run(l) && IS(l, I8, DIMS(9, ), 3, 1, 2, 3, 1, 2, 3, 1, 2));
	pad1(l, x, 0, -1, 1);
	OK(lab_run(l) && IS(l, I8, DIMS(3, ), 2, 3, 0));
	pad1(l, x, 2, 3, 0);
	OK(lab_refuses(l, "pads 3 and 0 are too large to reflect axis 0 "
			  "of size 3"));
	imc_value_at(l->g, q)->scale = 0.5f;
	imc_value_at(l->g, q)->zero = -10;
	pad1(l, q, 0, 1, 0);
	OK(lab_run(l) && IS(l, I8, DIMS(2, ), -10, 5));
	imc_node_at(l->g, l->node)->a.act_lo[0] = 2;
	OK(lab_run(l) && IS(l, I8, DIMS(2, ), -6, 5));
	NODE(l, PAD, 1, m, I64(l, DIMS(2, ), 1, 0), F32(l, DIMS(), 9),
	     I64(l, DIMS(1, ), -1));
	OK(lab_run(l) && IS(l, F32, DIMS(2, 3, ), 9, 1, 2, 9, 3, 4));
	lab_free(l);
}

static void test_repeats(void)
{
	struct lab *l = lab_new();
	imc_val x = I32(l, DIMS(2, 1, ), 1, 2),
		m = I32(l, DIMS(2, 2, ), 1, 2, 3, 4);

	NODE(l, EXPAND, 1, x, I64(l, DIMS(3, ), 2, 1, 2));
	OK(lab_run(l) && IS(l, I32, DIMS(2, 2, 2, ), 1, 1, 2, 2, 1, 1, 2, 2));
	NODE(l, TILE, 1, m, I64(l, DIMS(2, ), 2, 2));
	OK(lab_run(l) && IS(l, I32, DIMS(4, 4, ), 1, 2, 1, 2, 3, 4, 3, 4, 1, 2,
			    1, 2, 3, 4, 3, 4));
	NODE(l, TILE, 1, m, I64(l, DIMS(2, ), INT64_MAX, 2));
	OK(lab_refuses(l, "axis 0 repeated 9223372036854775807 times"));
	NODE(l, TRILU, 1, m);
	OK(lab_run(l) && IS(l, I32, DIMS(2, 2, ), 1, 2, 0, 4));
	NODE(l, TRILU, 1, m, I64(l, DIMS(), -1))->upper[0] = 0;
	OK(lab_run(l) && IS(l, I32, DIMS(2, 2, ), 0, 0, 3, 0));
	lab_free(l);
}

static void test_blocks(void)
{
	struct lab *l = lab_new();
	int8_t x[8] = {0, 1, 2, 3, 4, 5, 6, 7};
	imc_val nchw = lab_const(l, IMC_I8, x, DIMS(1, 8, 1, 1, ));
	imc_val nhwc = lab_const(l, IMC_I8, x, DIMS(1, 1, 1, 8, ));
	struct imc_attrs *a = NODE(l, DEPTH_TO_SPACE, 1, nchw);
	imc_val wide;

	a->size[0] = 2;
	OK(lab_run(l) && IS(l, I8, DIMS(1, 2, 2, 2, ), 0, 2, 4, 6, 1, 3, 5, 7));
	wide = lab_const(l, IMC_I8, l->out[0].data, DIMS(1, 2, 2, 2, ));
	NODE(l, SPACE_TO_DEPTH, 1, wide)->size[0] = 2;
	OK(lab_run(l) && IS(l, I8, DIMS(1, 8, 1, 1, ), 0, 1, 2, 3, 4, 5, 6, 7));
	a = NODE(l, DEPTH_TO_SPACE, 1, nchw);
	a->size[0] = 2;
	a->mode[0] = 1;
	OK(lab_run(l) && IS(l, I8, DIMS(1, 2, 2, 2, ), 0, 1, 2, 3, 4, 5, 6, 7));
	l->g->layout = IMC_NHWC;
	NODE(l, DEPTH_TO_SPACE, 1, nhwc)->size[0] = 2;
	OK(lab_run(l) && IS(l, I8, DIMS(1, 2, 2, 2, ), 0, 1, 2, 3, 4, 5, 6, 7));
	NODE(l, DEPTH_TO_SPACE, 1, nhwc)->size[0] = 3;
	OK(lab_refuses(l, "8 channels are not a multiple of 9"));
	lab_free(l);
}

static struct imc_attrs *resize(struct lab *l, imc_val x, imc_val scales,
				imc_val sizes)
{
	return NODE(l, RESIZE, 1, x, IMC_NO_VAL, scales, sizes);
}

static void test_nearest(void)
{
	struct lab *l = lab_new();
	imc_val x = I8(l, DIMS(1, 2, 2, ), 1, 2, 3, 4);
	imc_val row = I8(l, DIMS(4, ), 1, 2, 3, 4);
	imc_val twice = F32(l, DIMS(3, ), 1, 2, 2);
	imc_val six = I64(l, DIMS(1, ), 6), three = I64(l, DIMS(1, ), 3);
	struct imc_attrs *a;

	resize(l, x, twice, IMC_NO_VAL);
	OK(lab_run(l) && IS(l, I8, DIMS(1, 4, 4, ), 1, 1, 2, 2, 1, 1, 2, 2, 3,
			    3, 4, 4, 3, 3, 4, 4));
	/* at 0, 0.667, 1.333, 2, 2.667, 3.333 */
	a = resize(l, row, IMC_NO_VAL, six);
	a->coord[0] = 1;
	a->nearest[0] = 2;
	OK(lab_run(l) && IS(l, I8, DIMS(6, ), 1, 1, 2, 3, 3, 4));
	a = resize(l, row, IMC_NO_VAL, six);
	a->coord[0] = 1;
	a->nearest[0] = 3;
	OK(lab_run(l) && IS(l, I8, DIMS(6, ), 1, 2, 3, 3, 4, 4));
	/* at 0, 1.5, 3: the tie goes down, or up */
	resize(l, row, IMC_NO_VAL, three)->coord[0] = 2;
	OK(lab_run(l) && IS(l, I8, DIMS(3, ), 1, 2, 4));
	a = resize(l, row, IMC_NO_VAL, three);
	a->coord[0] = 2;
	a->nearest[0] = 1;
	OK(lab_run(l) && IS(l, I8, DIMS(3, ), 1, 3, 4));
	resize(l, row, IMC_NO_VAL, six)->coord[0] = 5;
	OK(lab_refuses(l, "coordinate mode tf_crop_and_resize is not "
			  "supported; half_pixel would do"));
	resize(l, row, IMC_NO_VAL, IMC_NO_VAL);
	OK(lab_refuses(l, "has neither scales nor sizes"));
	resize(l, row, F32(l, DIMS(1, ), 1e30f), IMC_NO_VAL);
	OK(lab_refuses(l, "axis 0 of size 4 is scaled by 1e+30"));
	lab_free(l);
}

static void test_smooth(void)
{
	struct lab *l = lab_new();
	imc_val x = F32(l, DIMS(1, 4, ), 1, 2, 3, 5);
	imc_val m = F32(l, DIMS(2, 2, ), 1, 2, 3, 4);
	imc_val wide = F32(l, DIMS(2, ), 1, 2);
	struct imc_attrs *a;

	resize(l, x, wide, IMC_NO_VAL)->mode[0] = 1;
	OK(lab_run(l) &&
	   IS(l, F32, DIMS(1, 8, ), 1, 1.25, 1.75, 2.25, 2.75, 3.5, 4.5, 5));
	a = resize(l, m, IMC_NO_VAL, I64(l, DIMS(2, ), 3, 3));
	a->mode[0] = 1;
	a->coord[0] = 2;
	OK(lab_run(l) &&
	   IS(l, F32, DIMS(3, 3, ), 1, 1.5, 2, 2, 2.5, 3, 3, 3.5, 4));
	a = resize(l, m, IMC_NO_VAL, I64(l, DIMS(2, ), 1, 3));
	a->mode[0] = 1;
	a->coord[0] = 3;
	OK(lab_run(l) && IS(l, F32, DIMS(1, 3, ), 1, 1.5, 2));
	resize(l, x, wide, IMC_NO_VAL)->mode[0] = 2;
	OK(lab_run(l) &&
	   IS(l, F32, DIMS(1, 8, ), 0.89453125, 1.19140625, 1.66796875,
	      2.26171875, 2.59765625, 3.55859375, 4.58203125, 5.2109375));
	a = resize(l, x, wide, IMC_NO_VAL);
	a->mode[0] = 2;
	a->exclude[0] = 1;
	OK(lab_run(l) &&
	   IS(l, F32, DIMS(1, 8, ), 0.863636364, 1.17314488, 1.64528302,
	      2.26171875, 2.59765625, 3.60754717, 4.62190813, 5.27272727));
	lab_free(l);
}

int test_moves(void)
{
	test_transpose();
	test_concat_split();
	test_slice();
	test_pad();
	test_repeats();
	test_blocks();
	test_nearest();
	test_smooth();
	return check_result();
}
