/* Cases of fold_bn, fold_scale, fold_pad and fuse_act. */
#include "graph_cases.h"

static imc_val batch_norm(struct build *b, imc_val x, int64_t n)
{
	imc_val var = t_fill(b, 0.5f, DIM(n));

	return OP(b, BATCH_NORM, x, t_const(b, DIM(n)), t_const(b, DIM(n)),
		  t_const(b, DIM(n)), var);
}

static void bn_conv(struct build *b)
{
	imc_val x = t_conv(b, t_input(b, DIM(1, 3, 5, 5)), 3, 4, 3, 1);

	t_output(b, batch_norm(b, x, 4));
}

static void bn_depthwise(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 4, 5, 5));

	x = OP(b, CONV2D, x, t_const(b, DIM(8, 2, 3, 3)));
	t_attrs(b, x)->group[0] = 2;
	x = OP(b, CONV2D, batch_norm(b, x, 8), t_const(b, DIM(8, 1, 2, 2)));
	t_attrs(b, x)->group[0] = 8;
	t_output(b, batch_norm(b, x, 8));
}

static void bn_gemm(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 3));

	x = OP(b, GEMM, x, t_const(b, DIM(4, 3)), t_const(b, DIM(1)));
	t_attrs(b, x)->trans_b[0] = 1;
	t_attrs(b, x)->alpha[0] = 0.5f;
	t_attrs(b, x)->beta[0] = 2;
	x = OP(b, MATMUL, batch_norm(b, x, 4), t_const(b, DIM(4, 5)));
	t_output(b, batch_norm(b, x, 5));
}

static void bn_shared(struct build *b)
{
	imc_val x = t_conv(b, t_input(b, DIM(1, 3, 5, 5)), 3, 4, 3, 1);

	t_output(b, batch_norm(b, x, 4));
	t_output(b, OP(b, TANH, x));
}

static void bn_first(struct build *b)
{
	imc_val x = batch_norm(b, t_input(b, DIM(1, 3, 5, 5)), 3);

	t_output(b, OP(b, RELU, x));
	t_output(b, batch_norm(b, t_input(b, DIM(2, 6)), 6));
	t_output(b, batch_norm(b, t_input(b, DIM(2, 6, 3)), 6));
}

static void shared_weights(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 3, 5, 5)),
		w = t_const(b, DIM(3, 3, 1, 1));

	x = batch_norm(b, OP(b, CONV2D, x, w), 3);
	t_output(b, OP(b, CONV2D, OP(b, TANH, x), w));
}

static void scale_after(struct build *b)
{
	imc_val x = t_conv(b, t_input(b, DIM(1, 3, 5, 5)), 3, 4, 3, 1);

	x = OP(b, MUL, x, t_const(b, DIM(4, 1, 1)));
	x = OP(b, ADD, t_const(b, DIM(1, 4, 1, 1)), x);
	t_output(b, OP(b, MUL, x, t_const(b, DIM(1))));
}

static void scale_after_gemm(struct build *b)
{
	imc_val x = OP(b, MATMUL, t_input(b, DIM(2, 3)), t_const(b, DIM(3, 4)));

	x = OP(b, ADD, x, t_const(b, DIM(4)));
	x = OP(b, TANH, OP(b, MUL, x, t_const(b, DIM(1, 4))));
	x = OP(b, MATMUL, x, t_const(b, DIM(4, 4)));
	t_output(b, OP(b, ADD, x, t_const(b, DIM(2, 4))));
}

static void scale_not(struct build *b)
{
	imc_val x = t_conv(b, t_input(b, DIM(1, 3, 5, 5)), 3, 4, 3, 1);
	imc_val y = t_input(b, DIM(1, 4, 1, 1));

	x = OP(b, MUL, OP(b, ADD, x, t_const(b, DIM(1, 5))), y);
	t_output(b, OP(b, ADD, x, t_const(b, DIM(4, 5, 5))));
}

static void scale_before(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 4, 5, 5));

	x = OP(b, ADD, x, t_const(b, DIM(4, 1, 1)));
	x = OP(b, MUL, x, t_const(b, DIM(4, 1, 1)));
	x = OP(b, CONV2D, x, t_const(b, DIM(6, 2, 3, 3)));
	t_attrs(b, x)->group[0] = 2;
	t_output(b, x);
}

static void scale_before_padded(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 3, 5, 5));

	x = OP(b, ADD, x, t_const(b, DIM(3, 1, 1)));
	x = OP(b, MUL, x, t_const(b, DIM(1)));
	t_output(b, t_conv(b, x, 3, 4, 3, 1));
}

static void scale_before_bn(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 3, 5, 5));

	x = OP(b, RELU, batch_norm(b, OP(b, TANH, x), 3));
	t_output(b, t_conv(b, x, 3, 4, 1, 0));
}

static imc_val pad(struct build *b, imc_val x, float value)
{
	imc_val v = t_fill(b, value, 0, NULL);

	return OP(b, PAD, x, t_ints(b, 8, (int64_t[]){0, 0, 0, 1, 0, 0, 1, 1}),
		  v);
}

static void pad_conv(struct build *b)
{
	imc_val x = pad(b, t_input(b, DIM(1, 3, 5, 5)), 0);

	t_output(b, t_conv(b, x, 3, 4, 3, 1));
}

static void pad_not(struct build *b)
{
	imc_val x = pad(b, t_input(b, DIM(1, 3, 5, 5)), 1), y;

	t_output(b, t_conv(b, x, 3, 4, 3, 1));
	y = OP(b, MAX_POOL, pad(b, t_input(b, DIM(1, 3, 5, 5)), 0));
	t_attrs(b, y)->kernel[0] = t_attrs(b, y)->kernel[1] = 2;
	t_output(b, y);
	y = OP(b, AVERAGE_POOL, pad(b, t_input(b, DIM(1, 3, 5, 5)), 0));
	t_attrs(b, y)->kernel[0] = t_attrs(b, y)->kernel[1] = 3;
	t_attrs(b, y)->pads[0] = 1;
	t_output(b, y);
}

static void pad_pool(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 3, 5, 5)), y;

	y = OP(b, MAX_POOL, pad(b, OP(b, RELU, x), 0));
	t_attrs(b, y)->kernel[0] = t_attrs(b, y)->kernel[1] = 3;
	t_output(b, y);
	y = OP(b, AVERAGE_POOL, pad(b, x, 0));
	t_attrs(b, y)->kernel[0] = t_attrs(b, y)->kernel[1] = 2;
	t_output(b, y);
}

static imc_val clip(struct build *b, imc_val x, float lo, float hi)
{
	imc_val y = OP(b, CLIP, x);

	t_attrs(b, y)->act_lo[0] = lo;
	t_attrs(b, y)->act_hi[0] = hi;
	return y;
}

static void act_conv(struct build *b)
{
	imc_val x = t_conv(b, t_input(b, DIM(1, 3, 5, 5)), 3, 4, 3, 1);

	t_output(b, clip(b, OP(b, RELU, x), -0.5f, 0.5f));
}

static void act_disjoint(struct build *b)
{
	imc_val x = clip(b, t_input(b, DIM(1, 8)), -1, -0.5f);

	t_output(b, clip(b, x, 0.25f, 1));
}

static void act_add(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 3, 5, 5)),
		y = t_input(b, DIM(1, 3, 5, 5));

	x = OP(b, MUL, OP(b, RELU, OP(b, ADD, x, y)), y);
	t_output(b, OP(b, RELU, OP(b, SUB, OP(b, RELU, x), y)));
}

static void act_shared(struct build *b)
{
	imc_val x = t_conv(b, t_input(b, DIM(1, 3, 5, 5)), 3, 4, 3, 1);

	t_output(b, OP(b, RELU, x));
	t_output(b, x);
}

static void act_pool(struct build *b)
{
	imc_val x = t_conv(b, t_input(b, DIM(1, 3, 6, 6)), 3, 4, 3, 1);

	x = OP(b, MAX_POOL, x);
	t_attrs(b, x)->kernel[0] = t_attrs(b, x)->kernel[1] = 2;
	x = OP(b, FLATTEN, x);
	t_output(b, OP(b, RELU, x));
}

static void act_gemm(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 3));

	for (int i = 0; i < 2; i++)
		x = OP(b, RELU,
		       OP(b, GEMM, x, t_const(b, DIM(3, 3)),
			  t_const(b, DIM(3))));
	t_output(b, x);
}

const struct test_case fold_cases[] = {
	{"bn_conv", bn_conv, "fold_bn", "conv2d", "conv2d"},
	{"bn_depthwise", bn_depthwise, "fold_bn", "conv2d conv2d", NULL},
	{"bn_gemm", bn_gemm, "fold_bn", "gemm gemm",
	 "reshape conv2d conv2d reshape"},
	{"bn_shared", bn_shared, "fold_bn", "conv2d mul add tanh", NULL},
	{"bn_first", bn_first, "fold_bn", "mul add relu mul add mul add",
	 "conv2d mul add mul add"},
	{"shared_weights", shared_weights, "fold_bn", "conv2d tanh conv2d",
	 NULL},
	{"scale_after", scale_after, "fold_scale", "conv2d", "conv2d"},
	{"scale_after_gemm", scale_after_gemm, "fold_scale",
	 "gemm tanh matmul add", NULL},
	{"scale_not", scale_not, "fold_scale", "conv2d add mul add", NULL},
	{"scale_before", scale_before, "fold_scale", "conv2d", "conv2d"},
	{"scale_before_padded", scale_before_padded, "fold_scale",
	 "conv2d conv2d", "conv2d conv2d"},
	{"scale_before_bn", scale_before_bn, "fold_bn fold_scale",
	 "tanh conv2d relu conv2d", "tanh conv2d conv2d"},
	{"pad_conv", pad_conv, "simplify fold_pad", "conv2d", "conv2d"},
	{"pad_not", pad_not, "simplify fold_pad",
	 "pad conv2d pad max_pool pad average_pool", NULL},
	{"pad_pool", pad_pool, "simplify fold_pad",
	 "clip max_pool average_pool", NULL},
	{"act_conv", act_conv, "fuse_act", "conv2d", "conv2d"},
	{"act_disjoint", act_disjoint, "fuse_act", "clip", "clip"},
	{"act_add", act_add, "fuse_act", "add mul sub", "add mul sub"},
	{"act_shared", act_shared, "fuse_act", "conv2d relu", NULL},
	{"act_pool", act_pool, "simplify fuse_act", "conv2d max_pool reshape",
	 NULL},
	{"act_gemm", act_gemm, "lower_matmul simplify fuse_act",
	 "reshape conv2d reshape reshape conv2d reshape",
	 "reshape conv2d conv2d reshape"},
	{NULL, NULL, NULL, NULL, NULL},
};
