/* Cases of infer_shapes, fold_constants and simplify. */
#include <math.h>

#include "graph_cases.h"

static void shape_chain(struct build *b)
{
	imc_val x = t_input(b, DIM(2, 3, 4));
	imc_val dims = OP(b, SHAPE, x);
	imc_val first = OP(b, GATHER, dims, t_ints(b, 1, (int64_t[]){0}));
	imc_val both = OP(b, CONCAT, first, t_ints(b, 1, (int64_t[]){-1}));

	t_output(b, OP(b, SIGMOID, OP(b, RESHAPE, x, both)));
}

static void dead_node(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 4));

	OP(b, TANH, x);
	t_output(b, OP(b, SIGMOID, x));
}

static void computed_weight(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 4));
	imc_val w = OP(b, RESHAPE, t_const(b, DIM(2, 10)),
		       t_ints(b, 2, (int64_t[]){4, 5}));

	t_output(b, OP(b, MATMUL, x, OP(b, NEG, w)));
}

static void identities(struct build *b)
{
	imc_val x = OP(b, IDENTITY, OP(b, TANH, t_input(b, DIM(1, 4))));

	x = OP(b, CAST, OP(b, DROPOUT, x));
	t_attrs(b, x)->to[0] = IMC_F32;
	x = OP(b, ADD, t_fill(b, 0, DIM(4)), x);
	x = OP(b, MUL, x, t_fill(b, 1, DIM(1)));
	t_output(b, OP(b, IDENTITY, OP(b, SIGMOID, x)));
}

static void identity_outside(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 4)), y = OP(b, TANH, x);

	t_output(b, y);
	t_output(b, OP(b, IDENTITY, y));
	t_output(b, OP(b, IDENTITY, x));
}

static void broadcasting_add(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 4));

	t_output(b, OP(b, ADD, x, t_fill(b, 0, DIM(3, 1))));
}

static void sums(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 4)), y = t_input(b, DIM(1, 4));
	imc_val z = t_input(b, DIM(1, 4));

	t_output(b, OP(b, SUM, OP(b, SUM, x), y, z));
}

static void sub_div(struct build *b)
{
	imc_val x = OP(b, SUB, t_input(b, DIM(1, 4)), t_const(b, DIM(4)));

	t_output(b, OP(b, DIV, x, t_fill(b, 3, DIM(4))));
}

static void sub_div_other(struct build *b)
{
	imc_val x = OP(b, SUB, t_const(b, DIM(4)), t_input(b, DIM(1, 4)));

	t_output(b, OP(b, DIV, x, t_fill(b, 0, DIM(4))));
}

static void means(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 3, 4, 5)), y;

	y = OP(b, REDUCE_MEAN, x);
	t_attrs(b, y)->axes = (struct imc_ints){2, {-2, -1}};
	t_output(b, y);
	y = OP(b, REDUCE_MEAN, x, t_ints(b, 2, (int64_t[]){3, 2}));
	t_attrs(b, y)->keepdims[0] = 0;
	t_output(b, y);
	y = OP(b, REDUCE_MEAN, x, t_ints(b, 2, (int64_t[]){1, 2}));
	t_output(b, y);
}

static void whole_pool(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 3, 4, 5)), y;

	for (int i = 0; i < 3; i++) {
		y = OP(b, AVERAGE_POOL, x);
		t_attrs(b, y)->kernel[0] = 4;
		t_attrs(b, y)->kernel[1] = i == 1 ? 4 : 5;
		t_attrs(b, y)->pads[1] = i == 2;
		t_output(b, y);
	}
	t_output(b, OP(b, GLOBAL_AVERAGE_POOL, OP(b, TANH, y)));
}

static void unit_pool(struct build *b)
{
	imc_val x = OP(b, GLOBAL_MAX_POOL, t_input(b, DIM(1, 3, 4, 4)));

	t_output(b, OP(b, GLOBAL_AVERAGE_POOL, x));
}

static void reshapes(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 3, 1, 1)), y;

	y = OP(b, SQUEEZE, OP(b, TANH, x), t_ints(b, 1, (int64_t[]){3}));
	y = OP(b, FLATTEN, OP(b, UNSQUEEZE, y, t_ints(b, 1, (int64_t[]){0})));
	t_attrs(b, y)->axis[0] = 2;
	t_output(b, OP(b, SIGMOID, y));
	y = OP(b, RESHAPE, x, t_ints(b, 4, (int64_t[]){0, -1, 1, 1}));
	t_output(b, OP(b, TANH, y));
}

static imc_val transpose(struct build *b, imc_val x, struct imc_ints perm)
{
	imc_val y = OP(b, TRANSPOSE, x);

	t_attrs(b, y)->perm = perm;
	return y;
}

static void transposes(struct build *b)
{
	imc_val x = t_input(b, DIM(2, 3, 4)), y;

	y = transpose(b, x, (struct imc_ints){3, {1, 2, 0}});
	t_output(b, OP(b, TANH, y));
	y = transpose(b, y, (struct imc_ints){3, {2, 0, 1}});
	t_output(b, OP(b, TANH, y));
	y = OP(b, TRANSPOSE, t_input(b, DIM(1, 5, 1)));
	t_output(b, OP(b, TANH, y));
}

static void clips(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 4)), lo = t_fill(b, -0.5f, 0, NULL);

	t_output(b, OP(b, CLIP, x, lo, t_fill(b, 0.25f, DIM(1))));
	t_output(b, OP(b, CLIP, x, IMC_NO_VAL, lo));
	t_output(b, OP(b, MAX, t_fill(b, 0, DIM(1, 1)), x));
	t_output(b, OP(b, MIN, x, lo));
	t_output(b, OP(b, RELU, x));
	t_output(b, OP(b, MAX, x, t_const(b, DIM(4))));
}

static imc_val relu6_plus(struct build *b, imc_val x, float plus)
{
	return OP(b, CLIP, OP(b, ADD, x, t_fill(b, plus, 0, NULL)),
		  t_fill(b, 0, 0, NULL), t_fill(b, 6, 0, NULL));
}

static void hard_swish(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 4)), six = t_fill(b, 6, 0, NULL), y;

	t_output(b, OP(b, DIV, OP(b, MUL, x, relu6_plus(b, x, 3)), six));
	t_output(b, OP(b, MUL, OP(b, DIV, relu6_plus(b, x, 3), six), x));
	y = OP(b, HARD_SIGMOID, x);
	t_attrs(b, y)->alpha[0] = 1.0f / 6;
	t_output(b, OP(b, MUL, x, y));
}

static void no_hard_swish(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 4)), six = t_fill(b, 6, 0, NULL);

	t_output(b, OP(b, DIV, OP(b, MUL, x, relu6_plus(b, x, 2)), six));
	t_output(b, OP(b, MUL, x, OP(b, HARD_SIGMOID, x)));
}

static void flat_softmax(struct build *b)
{
	imc_val y = OP(b, SOFTMAX, t_input(b, DIM(1, 5, 1, 1)));

	t_attrs(b, y)->flat[0] = 1;
	t_attrs(b, y)->axis[0] = 1;
	t_output(b, y);
}

static void slices(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 4, 6, 6)), y;

	y = OP(b, SLICE, x, t_ints(b, 2, (int64_t[]){1, 0}),
	       t_ints(b, 2, (int64_t[]){INT64_MAX, 4}),
	       t_ints(b, 2, (int64_t[]){2, -1}),
	       t_ints(b, 2, (int64_t[]){2, 1}));
	t_output(b, y);
	y = OP(b, PAD, y, t_ints(b, 8, (int64_t[]){0, 1, 0, 2, 0, 2, 1, 0}),
	       t_fill(b, 0.5f, 0, NULL));
	t_output(b, y);
}

static void expands(struct build *b)
{
	imc_val x = OP(b, TANH, t_input(b, DIM(2, 3)));

	x = OP(b, EXPAND, x, t_ints(b, 2, (int64_t[]){1, 3}));
	t_output(b, OP(b, EXPAND, OP(b, TANH, x),
		       t_ints(b, 3, (int64_t[]){2, 1, 1})));
}

const struct test_case simple_cases[] = {
	{"shape_chain", shape_chain, "", "reshape sigmoid", NULL},
	{"dead_node", dead_node, "", "sigmoid", NULL},
	{"computed_weight", computed_weight, "", "matmul", NULL},
	{"identities", identities, "simplify", "tanh sigmoid", NULL},
	{"identity_outside", identity_outside, "simplify",
	 "tanh identity identity", NULL},
	{"broadcasting_add", broadcasting_add, "simplify", "add", NULL},
	{"sums", sums, "simplify", "add add", NULL},
	{"sub_div", sub_div, "simplify", "add mul", NULL},
	{"sub_div_other", sub_div_other, "simplify", "sub div", NULL},
	{"means", means, "simplify",
	 "global_average_pool global_average_pool reshape reduce_mean", NULL},
	{"whole_pool", whole_pool, "simplify",
	 "global_average_pool average_pool average_pool tanh "
	 "global_average_pool",
	 NULL},
	{"unit_pool", unit_pool, "simplify", "global_max_pool", NULL},
	{"reshapes", reshapes, "simplify", "tanh reshape sigmoid tanh", NULL},
	{"transposes", transposes, "simplify", "transpose tanh tanh tanh",
	 NULL},
	{"clips", clips, "simplify", "clip clip clip clip clip max", NULL},
	{"hard_swish", hard_swish, "simplify",
	 "hard_swish hard_swish hard_swish", NULL},
	{"no_hard_swish", no_hard_swish, "simplify",
	 "add clip mul mul hard_sigmoid mul", NULL},
	{"flat_softmax", flat_softmax, "simplify", "softmax", "softmax"},
	{"slices", slices, "simplify", "slice pad", NULL},
	{"expands", expands, "simplify", "tanh tanh expand", NULL},
	{NULL, NULL, NULL, NULL, NULL},
};
