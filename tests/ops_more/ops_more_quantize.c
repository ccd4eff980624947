/* ONNX's quantised operators, against hand-computed numbers and plain loops. */
#include <math.h>

#include "ops_more_lab.h"
#include "tests/check.h"

static void test_linear(void)
{
	struct lab *l = lab_new();
	imc_val x = F32(l, DIMS(6, ), 1, 3, -1, 5, 300, -300);
	imc_val two = F32(l, DIMS(), 2), pair = F32(l, DIMS(2, ), 1, 2);
	imc_val m = F32(l, DIMS(2, 2, ), 3, 5, -3, -5);

	NODE(l, QUANTIZE_LINEAR, 1, x, two);
	OK(lab_run(l) && IS(l, U8, DIMS(6, ), 0, 2, 0, 2, 150, 0));
	NODE(l, QUANTIZE_LINEAR, 1, x, two, I8(l, DIMS(), -1));
	OK(lab_run(l) && IS(l, I8, DIMS(6, ), -1, 1, -1, 1, 127, -128));
	NODE(l, QUANTIZE_LINEAR, 1, m, pair, I8(l, DIMS(2, ), 0, 1))->axis[0] =
		-1;
	OK(lab_run(l) && IS(l, I8, DIMS(2, 2, ), 3, 3, -3, -1));
	NODE(l, QUANTIZE_LINEAR, 1, m, F32(l, DIMS(3, ), 1, 2, 3));
	OK(lab_refuses(l, "input 1 has shape [3]; one element or 2 would "
			  "do"));
	NODE(l, DEQUANTIZE_LINEAR, 1, U8(l, DIMS(2, 2, ), 0, 255, 3, 4), pair,
	     U8(l, DIMS(2, ), 1, 4))
		->axis[0] = 0;
	OK(lab_run(l) && IS(l, F32, DIMS(2, 2, ), -1, 254, -2, 0));
	NODE(l, DYNAMIC_QUANTIZE, 3,
	     F32(l, DIMS(6, ), 0, 2, -3, -2.5f, 1.34f, 0.5f));
	OK(lab_run(l) && IS(l, U8, DIMS(6, ), 153, 255, 0, 26, 221, 179));
	OK(lab_is(l, 1, IMC_F32, DIMS(), (double[]){0.0196078438}, 1e-8));
	OK(lab_is(l, 2, IMC_U8, DIMS(), (double[]){153}, 0));
	lab_free(l);
}

#define GROUP 2
#define C_IN 4
#define C_OUT 6
#define H 7
#define W 6
#define K_H 3
#define K_W 2

/* A fixed sequence of bytes. */
static void scatter(uint8_t *v, int n, unsigned seed)
{
	for (int i = 0; i < n; i++) {
		seed = seed * 1103515245u + 12345u;
		v[i] = (uint8_t)(seed >> 16);
	}
}

/* One output of the convolution below: stride 2 1, dilation 1 2, pads 1 2 0
 * 1; x unsigned with zero 100, w signed. */
static int32_t conv_at(const uint8_t *x, const int8_t *w, int k, int y, int c)
{
	int32_t sum = 0;

	for (int i = 0; i < C_IN / GROUP * K_H * K_W; i++) {
		int ch = i / (K_H * K_W) + k / (C_OUT / GROUP) * 2;
		int row = y * 2 - 1 + i / K_W % K_H;
		int col = c - 2 + i % K_W * 2;

		if (row >= 0 && row < H && col >= 0 && col < W)
			sum += (x[(ch * H + row) * W + col] - 100) *
			       w[k * (C_IN / GROUP * K_H * K_W) + i];
	}
	return sum;
}

static void set_window(struct imc_attrs *a)
{
	a->stride[0] = 2;
	a->dilation[1] = 2;
	a->pads[0] = 1;
	a->pads[1] = 2;
	a->pads[3] = 1;
	a->group[0] = GROUP;
}

static void test_conv(void)
{
	enum { N_W = C_OUT * C_IN / GROUP * K_H * K_W, OH = 3, OW = 7 };
	struct lab *l = lab_new();
	uint8_t x[C_IN * H * W], w[N_W];
	const int8_t *sw = (const int8_t *)w;
	float scales[C_OUT];
	imc_val vx, vw, vzx = U8(l, DIMS(), 100), vzw = I8(l, DIMS(), 0);
	bool exact = true, rounded = true;

	scatter(x, C_IN * H * W, 1);
	scatter(w, N_W, 2);
	for (int k = 0; k < C_OUT; k++)
		scales[k] = 0.01f * (float)(k + 1);
	vx = lab_const(l, IMC_U8, x, DIMS(1, C_IN, H, W, ));
	vw = lab_const(l, IMC_I8, w, DIMS(C_OUT, C_IN / GROUP, K_H, K_W, ));
	set_window(NODE(l, CONV_INTEGER, 1, vx, vw, vzx, vzw));
	OK(lab_run(l) && l->out[0].dtype == IMC_I32 && l->out[0].dim[2] == OH &&
	   l->out[0].dim[3] == OW);
	for (int i = 0; i < C_OUT * OH * OW; i++)
		exact = exact && ((int32_t *)l->out[0].data)[i] ==
					 conv_at(x, sw, i / (OH * OW),
						 i / OW % OH, i % OW);
	OK(exact);
	set_window(NODE(l, QLINEAR_CONV, 1, vx, F32(l, DIMS(), 0.5f), vzx, vw,
			lab_const(l, IMC_F32, scales, DIMS(C_OUT, )), vzw,
			F32(l, DIMS(), 4), I8(l, DIMS(), 3),
			I32(l, DIMS(C_OUT, ), 1, 200, -300, 4, 0, 9)));
	OK(lab_run(l) && l->out[0].dtype == IMC_I8);
	for (int i = 0; i < C_OUT * OH * OW; i++) {
		static const int32_t bias[C_OUT] = {1, 200, -300, 4, 0, 9};
		int k = i / (OH * OW);
		int32_t sum = conv_at(x, sw, k, i / OW % OH, i % OW) + bias[k];
		double v =
			rint((double)((float)sum * (0.5f * scales[k] / 4))) + 3;

		v = v > 127 ? 127 : v < -128 ? -128 : v;
		rounded = rounded && ((int8_t *)l->out[0].data)[i] == (int)v;
	}
	OK(rounded);
	lab_free(l);
}

static void test_conv_refusals(void)
{
	struct lab *l = lab_new();
	imc_val x = lab_unknown(l, IMC_U8, DIMS(1, 3, 4, 4, ));
	imc_val w = lab_unknown(l, IMC_I8, DIMS(2, 2, 3, 3, ));

	NODE(l, CONV_INTEGER, 1, x, w);
	OK(lab_refuses(l, "weights [2, 2, 3, 3] do not fit 3 channels in 1 "
			  "groups"));
	NODE(l, CONV_INTEGER, 1, x, w)->group[0] = 0;
	OK(lab_refuses(l, "attribute group is 0; 1 to 2147483647 would "
			  "do"));
	NODE(l, CONV_INTEGER, 1, x, lab_unknown(l, IMC_I8, DIMS(2, 3, 5, 5, )));
	OK(lab_refuses(l, "the kernel does not fit the input"));
	lab_free(l);
}

static void test_matmul(void)
{
	struct lab *l = lab_new();
	imc_val a = U8(l, DIMS(2, 2, 2, ), 1, 2, 3, 4, 5, 6, 7, 8);
	imc_val b = I8(l, DIMS(2, 2, ), 1, -1, 2, 0);
	imc_val za = U8(l, DIMS(), 1), zb = I8(l, DIMS(2, ), 0, 1);

	NODE(l, MATMUL_INTEGER, 1, a, b, za, zb);
	OK(lab_run(l) &&
	   IS(l, I32, DIMS(2, 2, 2, ), 2, -1, 8, -7, 14, -13, 20, -19));
	NODE(l, MATMUL_INTEGER, 1, U8(l, DIMS(2, ), 3, 4), b);
	OK(lab_run(l) && IS(l, I32, DIMS(2, ), 11, -3));
	/* factors 1/4 and 1/2: 2/4 and -1/2 are ties */
	NODE(l, QLINEAR_MATMUL, 1, a, F32(l, DIMS(), 0.5f), za, b,
	     F32(l, DIMS(2, ), 1, 2), zb, F32(l, DIMS(), 2), U8(l, DIMS(), 10));
	OK(lab_run(l) &&
	   IS(l, U8, DIMS(2, 2, 2, ), 10, 10, 12, 6, 14, 4, 15, 0));
	NODE(l, MATMUL_INTEGER, 1, b, a, zb);
	OK(lab_refuses(l, "input 2 has shape [2]; one element or 1 would "
			  "do"));
	lab_free(l);
}

int test_quantize(void)
{
	test_linear();
	test_conv();
	test_conv_refusals();
	test_matmul();
	return check_result();
}
