/* Elementwise operators, reductions, shapes and gathers on small tensors
 * whose results were worked out by hand or by a plain loop. */
#include <math.h>

#include "ir/op/lane.h"
#include "ops_more_lab.h"
#include "tests/check.h"

static void test_unary(void)
{
	struct lab *l = lab_new();
	imc_val x = F32(l, DIMS(5, ), -2, -0.5f, 0, 0.5f, 2);
	imc_val odd = F32(l, DIMS(4, ), 0.5f, 1.5f, -2.5f, NAN);

	NODE(l, RELU, 1, x);
	OK(lab_run(l) && IS(l, F32, DIMS(5, ), 0, 0, 0, 0.5, 2));
	NODE(l, SIGMOID, 1, x);
	OK(lab_run(l) && IS(l, F32, DIMS(5, ), 0.119202922, 0.377540669, 0.5,
			    0.622459331, 0.880797078));
	NODE(l, HARD_SWISH, 1, x);
	OK(lab_run(l) && IS(l, F32, DIMS(5, ), -1.0 / 3, -0.208333333, 0,
			    0.291666667, 5.0 / 3));
	NODE(l, GELU, 1, x);
	OK(lab_run(l) && IS(l, F32, DIMS(5, ), -0.045500264, -0.154268770, 0,
			    0.345731230, 1.954499736));
	NODE(l, LEAKY_RELU, 1, x)->alpha[0] = 0.25f;
	OK(lab_run(l) && IS(l, F32, DIMS(5, ), -0.5, -0.125, 0, 0.5, 2));
	NODE(l, ROUND, 1, odd);
	OK(lab_run(l) && IS(l, F32, DIMS(4, ), 0, 2, -2, NAN));
	NODE(l, IS_NAN, 1, odd);
	OK(lab_run(l) && IS(l, BOOL, DIMS(4, ), 0, 0, 0, 1));
	NODE(l, NEG, 1, I8(l, DIMS(3, ), -128, -1, 5));
	OK(lab_run(l) && IS(l, I8, DIMS(3, ), -128, 1, -5));
	NODE(l, DROPOUT, 2, x);
	OK(lab_run(l) && IS(l, F32, DIMS(5, ), -2, -0.5, 0, 0.5, 2));
	OK(lab_is(l, 1, IMC_BOOL, DIMS(5, ), (const double[]){1, 1, 1, 1, 1},
		  0));
	NODE(l, SQRT, 1, I32(l, DIMS(1, ), 4));
	OK(lab_refuses(l, "input 0 ('c.3') has type i32; sqrt takes f32, "
			  "f16, f64"));
	lab_free(l);
}

static void test_clip(void)
{
	struct lab *l = lab_new();
	imc_val x = F32(l, DIMS(4, ), -3, NAN, 1, 9);
	imc_val bytes = I8(l, DIMS(3, ), -100, 0, 100);
	struct imc_attrs *a = NODE(l, CLIP, 1, x);

	a->act_lo[0] = 0;
	a->act_hi[0] = 6;
	OK(lab_run(l) && IS(l, F32, DIMS(4, ), 0, NAN, 1, 6));
	NODE(l, CLIP, 1, x, IMC_NO_VAL, F32(l, DIMS(), 0.5f));
	OK(lab_run(l) && IS(l, F32, DIMS(4, ), -3, NAN, 0.5, 0.5));
	NODE(l, CLIP, 1, x, F32(l, DIMS(), 5), F32(l, DIMS(), 2));
	OK(lab_run(l) && IS(l, F32, DIMS(4, ), 2, NAN, 2, 2));
	NODE(l, CLIP, 1, bytes, I8(l, DIMS(), -7));
	OK(lab_run(l) && IS(l, I8, DIMS(3, ), -7, 0, 100));
	lab_free(l);
}

static void test_cast(void)
{
	struct lab *l = lab_new();
	imc_val x = F32(l, DIMS(6, ), -1.9f, 1.9f, 0.5f, 300, NAN, 1e30f);

	NODE(l, CAST, 1, x)->to[0] = IMC_I32;
	OK(lab_run(l) && IS(l, I32, DIMS(6, ), -1, 1, 0, 300, 0, -1));
	NODE(l, CAST, 1, x)->to[0] = IMC_BOOL;
	OK(lab_run(l) && IS(l, BOOL, DIMS(6, ), 1, 1, 1, 1, 1, 1));
	NODE(l, CAST, 1, x)->to[0] = IMC_U8;
	OK(lab_run(l) && IS(l, U8, DIMS(6, ), 255, 1, 0, 44, 0, 255));
	NODE(l, CAST, 1, x)->to[0] = IMC_N_DTYPE;
	OK(lab_refuses(l, "attribute to is 12; 0 to 11 would do"));
	lab_free(l);
}

/* Ties, the largest number, overflow, the subnormals, and every code. */
static void test_f16(void)
{
	OK(imc_f16_of(1) == 0x3c00);
	OK(imc_f16_of(-2) == 0xc000);
	OK(imc_f16_of(65504) == 0x7bff);
	OK(imc_f16_of(65519) == 0x7bff);
	OK(imc_f16_of(65520) == 0x7c00);
	OK(imc_f16_of(1 + 0x1p-11) == 0x3c00);
	OK(imc_f16_of(1 + 3 * 0x1p-11) == 0x3c02);
	OK(imc_f16_of(1 + 0x1p-11 + 0x1p-40) == 0x3c01);
	OK(imc_f16_of(0x1p-24) == 1);
	OK(imc_f16_of(0x1p-25) == 0);
	OK(imc_f16_of(3 * 0x1p-25) == 2);
	OK(imc_f16_of(0x1p-14 - 0x1p-26) == 0x400);
	OK(imc_f16_of(-0.0) == 0x8000);
	for (unsigned h = 0; h < 65536; h++) {
		float f = imc_f16_to((uint16_t)h);

		if (!isnan(f) && imc_f16_of((double)f) != h)
			CHECK(0, "half %x", h);
	}
	OK(isnan(imc_f16_to(0x7e00)) && isinf(imc_f16_to(0xfc00)));
}

static void test_binary(void)
{
	struct lab *l = lab_new();
	imc_val a = F32(l, DIMS(2, 3, ), 1, 2, 3, 4, 5, 6);
	imc_val column = F32(l, DIMS(2, 1, ), 10, 20);
	imc_val row = F32(l, DIMS(3, ), 1, 0, -1);
	imc_val p = I32(l, DIMS(4, ), 7, -7, 7, -7);
	imc_val q = I32(l, DIMS(4, ), 3, 3, -3, 0);
	struct imc_attrs *at;

	NODE(l, ADD, 1, a, column);
	OK(lab_run(l) && IS(l, F32, DIMS(2, 3, ), 11, 12, 13, 24, 25, 26));
	NODE(l, SUB, 1, column, row);
	OK(lab_run(l) && IS(l, F32, DIMS(2, 3, ), 9, 10, 11, 19, 20, 21));
	at = NODE(l, MUL, 1, a, row);
	at->act[0] = 1;
	at->act_lo[0] = -4;
	at->act_hi[0] = 2;
	OK(lab_run(l) && IS(l, F32, DIMS(2, 3, ), 1, 0, -3, 2, 0, -4));
	NODE(l, DIV, 1, p, q);
	OK(lab_run(l) && IS(l, I32, DIMS(4, ), 2, -2, -2, 0));
	NODE(l, MOD, 1, p, q);
	OK(lab_run(l) && IS(l, I32, DIMS(4, ), 1, 2, -2, 0));
	NODE(l, MOD, 1, p, q)->mode[0] = 1;
	OK(lab_run(l) && IS(l, I32, DIMS(4, ), 1, -1, 1, 0));
	NODE(l, LESS, 1, p, q);
	OK(lab_run(l) && IS(l, BOOL, DIMS(4, ), 0, 1, 0, 1));
	NODE(l, PRELU, 1, row, F32(l, DIMS(1, ), 0.5f));
	OK(lab_run(l) && IS(l, F32, DIMS(3, ), 1, 0, -0.5));
	NODE(l, POW, 1, p, F32(l, DIMS(), 2));
	OK(lab_run(l) && IS(l, I32, DIMS(4, ), 49, 49, 49, 49));
	NODE(l, ADD, 1, U8(l, DIMS(1, ), 200), U8(l, DIMS(1, ), 100));
	OK(lab_run(l) && IS(l, U8, DIMS(1, ), 44));
	NODE(l, ADD, 1, a, F32(l, DIMS(2, ), 1, 2));
	OK(lab_refuses(l, "shapes [2, 3] and [2] do not broadcast"));
	NODE(l, MOD, 1, a, row);
	OK(lab_refuses(l, "remainder of f32 without fmod; fmod = 1 would "
			  "do"));
	lab_free(l);
}

/* Rows longer than a chunk, and a per-channel operand. */
static void test_long_rows(void)
{
	enum { C = 3, N = 700 };
	struct lab *l = lab_new();
	static float x[C * N];
	bool ok = true;

	for (int i = 0; i < C * N; i++)
		x[i] = (float)i;
	NODE(l, ADD, 1, lab_const(l, IMC_F32, x, DIMS(1, C, N, 1, )),
	     F32(l, DIMS(C, 1, 1, ), 1, 2, 3));
	OK(lab_run(l));
	for (int i = 0; i < C * N; i++)
		ok = ok &&
		     ((float *)l->out[0].data)[i] == (float)(i + 1 + i / N);
	OK(ok);
	lab_free(l);
}

static void test_variadic(void)
{
	struct lab *l = lab_new();
	imc_val a = F32(l, DIMS(3, ), 1, NAN, 3);
	imc_val b = F32(l, DIMS(2, 1, ), 2, 0);
	imc_val no_yes =
		lab_const(l, IMC_BOOL, (uint8_t[]){0, 1}, DIMS(2, 1, ));

	NODE(l, MAX, 1, a, b);
	OK(lab_run(l) && IS(l, F32, DIMS(2, 3, ), 2, NAN, 3, 1, NAN, 3));
	NODE(l, MEAN, 1, a, b, b);
	OK(lab_run(l) &&
	   IS(l, F32, DIMS(2, 3, ), 5.0 / 3, NAN, 7.0 / 3, 1.0 / 3, NAN, 1));
	NODE(l, WHERE, 1, no_yes, a, b);
	OK(lab_run(l) && IS(l, F32, DIMS(2, 3, ), 2, 2, 2, 1, NAN, 3));
	NODE(l, MIN, 1, I8(l, DIMS(2, ), -3, 4), I8(l, DIMS(1, ), 0));
	OK(lab_run(l) && IS(l, I8, DIMS(2, ), -3, 0));
	lab_free(l);
}

static void test_reduce(void)
{
	struct lab *l = lab_new();
	imc_val x = F32(l, DIMS(2, 2, 2, ), 1, 2, 3, 4, 5, 6, 7, 8);
	imc_val big = F32(l, DIMS(2, ), 1000, 1000);
	struct imc_attrs *a;

	NODE(l, REDUCE_MEAN, 1, x, I64(l, DIMS(1, ), -2));
	OK(lab_run(l) && IS(l, F32, DIMS(2, 1, 2, ), 2, 3, 6, 7));
	a = NODE(l, REDUCE_SUM, 1, x);
	a->keepdims[0] = 0;
	OK(lab_run(l) && IS(l, F32, DIMS(), 36));
	a = NODE(l, REDUCE_MAX, 1, x);
	a->keepdims[0] = 0;
	a->axes = (struct imc_ints){2, {0, 2}};
	OK(lab_run(l) && IS(l, F32, DIMS(2, ), 6, 8));
	a = NODE(l, REDUCE_L2, 1, x);
	a->axes = (struct imc_ints){1, {0}};
	OK(lab_run(l) && IS(l, F32, DIMS(1, 2, 2, ), 5.0990195, 6.3245553,
			    7.6157731, 8.9442719));
	NODE(l, REDUCE_SUM, 1, x)->noop_empty[0] = 1;
	OK(lab_run(l) && IS(l, F32, DIMS(2, 2, 2, ), 1, 2, 3, 4, 5, 6, 7, 8));
	NODE(l, REDUCE_LOG_SUM_EXP, 1, big);
	OK(lab_run(l) &&
	   lab_is(l, 0, IMC_F32, DIMS(1, ), (double[]){1000.69315}, 1e-4));
	NODE(l, REDUCE_MIN, 1, I32(l, DIMS(3, ), 4, -9, 2));
	OK(lab_run(l) && IS(l, I32, DIMS(1, ), -9));
	NODE(l, REDUCE_SUM, 1, x, I64(l, DIMS(1, ), 3));
	OK(lab_refuses(l, "axis 3 is outside a tensor of rank 3"));
	NODE(l, REDUCE_SUM, 1, x, lab_unknown(l, IMC_I64, DIMS(1, )));
	OK(lab_refuses(l, "dynamic shape: it depends on the data of input "
			  "'u', which must be a constant"));
	lab_free(l);
}

static void test_arg_and_cum_sum(void)
{
	struct lab *l = lab_new();
	imc_val x = F32(l, DIMS(2, 3, ), 1, 5, 5, 4, -1, 0);
	imc_val one = I64(l, DIMS(), 1);
	struct imc_attrs *a = NODE(l, ARG_MAX, 1, x);

	a->axis[0] = -1;
	OK(lab_run(l) && IS(l, I64, DIMS(2, 1, ), 1, 0));
	a = NODE(l, ARG_MAX, 1, x);
	a->axis[0] = 1;
	a->last[0] = 1;
	a->keepdims[0] = 0;
	OK(lab_run(l) && IS(l, I64, DIMS(2, ), 2, 0));
	NODE(l, ARG_MIN, 1, x);
	OK(lab_run(l) && IS(l, I64, DIMS(1, 3, ), 0, 1, 1));
	NODE(l, CUM_SUM, 1, x, one);
	OK(lab_run(l) && IS(l, F32, DIMS(2, 3, ), 1, 6, 11, 4, 3, 3));
	a = NODE(l, CUM_SUM, 1, x, one);
	a->exclusive[0] = a->reverse[0] = 1;
	OK(lab_run(l) && IS(l, F32, DIMS(2, 3, ), 10, 5, 0, -1, 0, 0));
	lab_free(l);
}

static void test_shapes(void)
{
	struct lab *l = lab_new();
	imc_val x = I32(l, DIMS(2, 1, 3, ), 0, 1, 2, 3, 4, 5);
	struct imc_attrs *a;

	NODE(l, RESHAPE, 1, x, I64(l, DIMS(3, ), -1, 1, 2));
	OK(lab_run(l) && IS(l, I32, DIMS(3, 1, 2, ), 0, 1, 2, 3, 4, 5));
	NODE(l, RESHAPE, 1, x)->dims = (struct imc_ints){2, {0, -1}};
	OK(lab_run(l) && IS(l, I32, DIMS(2, 3, ), 0, 1, 2, 3, 4, 5));
	NODE(l, RESHAPE, 1, x)->dims = (struct imc_ints){2, {4, -1}};
	OK(lab_refuses(l, "shape [2, 1, 3] does not fit the new shape "
			  "[4, 1]"));
	NODE(l, RESHAPE, 1, x)->dims =
		(struct imc_ints){3, {INT64_MAX, INT64_MAX, -1}};
	OK(lab_refuses(l, "the new shape is too large"));
	NODE(l, FLATTEN, 1, x)->axis[0] = -1;
	OK(lab_run(l) && IS(l, I32, DIMS(2, 3, ), 0, 1, 2, 3, 4, 5));
	NODE(l, SQUEEZE, 1, x);
	OK(lab_run(l) && IS(l, I32, DIMS(2, 3, ), 0, 1, 2, 3, 4, 5));
	NODE(l, SQUEEZE, 1, x, I64(l, DIMS(1, ), 0));
	OK(lab_refuses(l, "axis 0 has size 2; only size 1 can go"));
	NODE(l, UNSQUEEZE, 1, x, I64(l, DIMS(2, ), 0, -1));
	OK(lab_run(l) && IS(l, I32, DIMS(1, 2, 1, 3, 1, ), 0, 1, 2, 3, 4, 5));
	a = NODE(l, SHAPE, 1, lab_unknown(l, IMC_F32, DIMS(7, 8, 9, )));
	a->axis[0] = -2;
	OK(lab_run(l) && IS(l, I64, DIMS(2, ), 8, 9));
	NODE(l, CONSTANT_OF_SHAPE, 1, I64(l, DIMS(2, ), 1, 3),
	     I32(l, DIMS(1, ), 7));
	OK(lab_run(l) && IS(l, I32, DIMS(1, 3, ), 7, 7, 7));
	NODE(l, RANGE, 1, I64(l, DIMS(), 5), I64(l, DIMS(), -2),
	     I64(l, DIMS(), -3));
	OK(lab_run(l) && IS(l, I64, DIMS(3, ), 5, 2, -1));
	NODE(l, RANGE, 1, I64(l, DIMS(), 0), I64(l, DIMS(), INT64_MAX),
	     I64(l, DIMS(), 1));
	OK(lab_refuses(l, "an output of shape [9223372036854775807] has "
			  "more than 2^40 elements"));
	lab_free(l);
}

static void test_gather(void)
{
	struct lab *l = lab_new();
	imc_val x = F32(l, DIMS(2, 3, ), 1, 2, 3, 4, 5, 6);
	imc_val index = I64(l, DIMS(1, 2, ), -1, 0);

	NODE(l, GATHER, 1, x, index)->axis[0] = 1;
	OK(lab_run(l) && IS(l, F32, DIMS(2, 1, 2, ), 3, 1, 6, 4));
	NODE(l, GATHER, 1, x, I32(l, DIMS(), 1));
	OK(lab_run(l) && IS(l, F32, DIMS(3, ), 4, 5, 6));
	NODE(l, GATHER_ELEMENTS, 1, x, I64(l, DIMS(2, 2, ), 2, -3, 1, 1))
		->axis[0] = -1;
	OK(lab_run(l) && IS(l, F32, DIMS(2, 2, ), 3, 1, 5, 5));
	NODE(l, GATHER, 1, x, I64(l, DIMS(1, ), 2));
	OK(lab_refuses(l, "index 2 is outside an axis of size 2"));
	lab_free(l);
}

int main(void)
{
	int failed;

	test_unary();
	test_clip();
	test_cast();
	test_f16();
	test_binary();
	test_long_rows();
	test_variadic();
	test_reduce();
	test_arg_and_cum_sum();
	test_shapes();
	test_gather();
	failed = test_moves();
	failed += test_quantize();
	failed += check_result();
	return failed != 0;
}
