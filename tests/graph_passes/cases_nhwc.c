/* Cases of lower_matmul and to_nhwc. */
#include "graph_cases.h"

static void gemm(struct build *b)
{
	imc_val x = OP(b, GEMM, t_input(b, DIM(2, 3)), t_const(b, DIM(3, 4)),
		       t_const(b, DIM(4)));

	t_attrs(b, x)->alpha[0] = 0.5f;
	t_attrs(b, x)->beta[0] = 3;
	t_output(b, x);
}

static void gemm_trans_a(struct build *b)
{
	imc_val x = OP(b, GEMM, t_input(b, DIM(3, 1)), t_const(b, DIM(4, 3)));

	t_attrs(b, x)->trans_a[0] = t_attrs(b, x)->trans_b[0] = 1;
	t_output(b, x);
	x = OP(b, GEMM, t_input(b, DIM(3, 2)), t_const(b, DIM(3, 4)));
	t_attrs(b, x)->trans_a[0] = 1;
	t_output(b, x);
}

static void gemm_dynamic(struct build *b)
{
	t_output(b, OP(b, GEMM, t_input(b, DIM(2, 3)), t_input(b, DIM(3, 4))));
	t_output(b,
		 OP(b, MATMUL, t_const(b, DIM(2, 3)), t_input(b, DIM(3, 4))));
}

static void matmul_rows(struct build *b)
{
	imc_val x =
		OP(b, MATMUL, t_input(b, DIM(1, 5, 3)), t_const(b, DIM(3, 4)));

	x = OP(b, RELU, OP(b, ADD, t_const(b, DIM(4)), x));
	t_output(b, OP(b, MATMUL, x, t_const(b, DIM(4, 2))));
}

static void matmul_ranks(struct build *b)
{
	t_output(b, OP(b, MATMUL, t_input(b, DIM(3)), t_const(b, DIM(3, 4))));
	t_output(b, OP(b, MATMUL, t_input(b, DIM(2, 3, 5, 3)),
		       t_const(b, DIM(3, 4))));
	t_output(b, OP(b, MATMUL, t_input(b, DIM(2, 3, 2, 5, 3)),
		       t_const(b, DIM(3, 4))));
	t_output(b,
		 OP(b, MATMUL, t_input(b, DIM(5, 3)), t_const(b, DIM(3, 4))));
}

static void conv_1d(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 3, 9));

	x = OP(b, CONV2D, x, t_const(b, DIM(4, 3, 3)), t_const(b, DIM(4)));
	t_attrs(b, x)->pads[1] = 1;
	t_attrs(b, x)->stride[1] = 2;
	x = OP(b, MAX_POOL, OP(b, RELU, x));
	t_attrs(b, x)->kernel[1] = 2;
	t_output(b, OP(b, CONV2D, x, t_const(b, DIM(2, 4, 2))));
}

static void flatten(struct build *b)
{
	imc_val x = t_conv(b, t_input(b, DIM(2, 3, 4, 5)), 3, 4, 3, 1);
	imc_val y = OP(b, FLATTEN, OP(b, RELU, x));

	t_output(b, OP(b, GEMM, y, t_const(b, DIM(80, 6)), t_const(b, DIM(6))));
	t_output(b, OP(b, MATMUL, y, t_const(b, DIM(80, 7))));
}

static void flatten_kept(struct build *b)
{
	imc_val x = t_conv(b, t_input(b, DIM(1, 3, 4, 5)), 3, 4, 3, 1);
	imc_val y = OP(b, FLATTEN, x);

	t_output(b, OP(b, SOFTMAX, y));
	t_output(b, OP(b, MATMUL, y, t_const(b, DIM(80, 7))));
}

static void channel_last_model(struct build *b)
{
	imc_val x = OP(b, TRANSPOSE, t_input(b, DIM(1, 4, 5, 3)));

	t_attrs(b, x)->perm = (struct imc_ints){4, {0, 3, 1, 2}};
	x = OP(b, TRANSPOSE, t_conv(b, x, 3, 4, 3, 1));
	t_attrs(b, x)->perm = (struct imc_ints){4, {0, 2, 3, 1}};
	x = OP(b, RESHAPE, x, t_ints(b, 2, (int64_t[]){1, -1}));
	t_output(b, OP(b, MATMUL, x, t_const(b, DIM(80, 3))));
}

static void axes(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 4, 6, 5)), y;

	y = OP(b, CONCAT, x, OP(b, TANH, x));
	t_attrs(b, y)->axis[0] = -3;
	t_output(b, y);
	y = OP(b, SOFTMAX, x);
	t_attrs(b, y)->axis[0] = 1;
	t_output(b, y);
	y = OP(b, SLICE, y, t_ints(b, 2, (int64_t[]){1, 0}),
	       t_ints(b, 2, (int64_t[]){3, 5}),
	       t_ints(b, 2, (int64_t[]){1, 2}));
	t_output(b, y);
	y = OP(b, PAD, y, t_ints(b, 8, (int64_t[]){0, 1, 0, 2, 0, 2, 1, 0}));
	t_output(b, y);
	y = OP(b, GATHER, x, t_ints(b, 2, (int64_t[]){2, 0}));
	t_attrs(b, y)->axis[0] = 1;
	t_output(b, y);
	y = OP(b, RESIZE, x, IMC_NO_VAL, t_fill(b, 2, DIM(4)));
	((float *)imc_node_in(b->g, &b->g->node[b->g->n_node - 1], 2)
		 ->t.data)[0] = 1;
	((float *)imc_node_in(b->g, &b->g->node[b->g->n_node - 1], 2)
		 ->t.data)[1] = 1;
	((float *)imc_node_in(b->g, &b->g->node[b->g->n_node - 1], 2)
		 ->t.data)[3] = 3;
	t_output(b, y);
	y = OP(b, REDUCE_MAX, x, t_ints(b, 1, (int64_t[]){1}));
	t_output(b, y);
	y = OP(b, REDUCE_MAX, x, t_ints(b, 1, (int64_t[]){-1}));
	t_attrs(b, y)->keepdims[0] = 0;
	t_output(b, y);
}

static void broadcasts(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 4, 6, 5));

	x = OP(b, ADD, x, t_const(b, DIM(4, 6, 5)));
	x = OP(b, MUL, x, OP(b, GLOBAL_AVERAGE_POOL, x));
	x = OP(b, SUB, x, t_input(b, DIM(6, 5)));
	x = OP(b, POW, x, t_fill(b, 2, DIM(1)));
	x = OP(b, PRELU, OP(b, SUB, t_const(b, DIM(1, 5)), x),
	       t_const(b, DIM(4, 1, 1)));
	t_output(b, OP(b, MAX, x, t_const(b, DIM(6, 1)), t_input(b, DIM(5))));
}

static void split_parts(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 4, 3, 3));
	imc_node_id id = imc_graph_add_node(b->g, IMC_OP_SPLIT, 1, 2, NULL);
	imc_val a = imc_graph_add_value(b->g, "a");
	imc_val c = imc_graph_add_value(b->g, "b");

	imc_node_at(b->g, id)->in[0] = x;
	imc_node_at(b->g, id)->a.axis[0] = 1;
	imc_node_set_out(b->g, id, 0, a);
	imc_node_set_out(b->g, id, 1, c);
	t_output(b, OP(b, MUL, a, OP(b, SIGMOID, c)));
}

static void wrapped(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 4, 2, 3)), y;

	y = OP(b, RESHAPE, x, t_ints(b, 5, (int64_t[]){1, 2, 2, 2, 3}));
	y = OP(b, TRANSPOSE, y);
	t_attrs(b, y)->perm = (struct imc_ints){5, {0, 2, 1, 3, 4}};
	y = OP(b, RESHAPE, y, t_ints(b, 4, (int64_t[]){1, 4, 2, 3}));
	t_output(b, OP(b, TANH, y));
	t_output(b, OP(b, MATMUL, x, OP(b, TRANSPOSE, x)));
	t_attrs(b, (imc_val){b->g->node[b->g->n_node - 2].out[0].i})->perm =
		(struct imc_ints){4, {0, 1, 3, 2}};
	y = OP(b, LAYER_NORM, x, t_const(b, DIM(3)));
	t_output(b, y);
	y = OP(b, DEPTH_TO_SPACE, x);
	t_attrs(b, y)->size[0] = 2;
	t_output(b, y);
	y = OP(b, LRN, x);
	t_attrs(b, y)->size[0] = 3;
	t_output(b, y);
	y = OP(b, SOFTMAX, x);
	t_attrs(b, y)->axis[0] = 2;
	t_attrs(b, y)->flat[0] = 1;
	t_output(b, y);
}

static void squeeze_excite(struct build *b)
{
	imc_val x = t_conv(b, t_input(b, DIM(1, 3, 4, 4)), 3, 4, 3, 1), y;

	y = OP(b, REDUCE_MEAN, x, t_ints(b, 2, (int64_t[]){2, 3}));
	t_attrs(b, y)->keepdims[0] = 0;
	y = OP(b, RELU, OP(b, MATMUL, y, t_const(b, DIM(4, 2))));
	y = OP(b, SIGMOID, OP(b, MATMUL, y, t_const(b, DIM(2, 4))));
	y = OP(b, RESHAPE, y, t_ints(b, 4, (int64_t[]){1, 4, 1, 1}));
	t_output(b, OP(b, MUL, x, y));
}

const struct test_case nhwc_cases[] = {
	{"gemm", gemm, "lower_matmul", "reshape conv2d reshape",
	 "reshape conv2d reshape"},
	{"gemm_trans_a", gemm_trans_a, "lower_matmul",
	 "reshape transpose conv2d transpose reshape gemm", NULL},
	{"gemm_dynamic", gemm_dynamic, "lower_matmul", "gemm matmul", NULL},
	{"matmul_rows", matmul_rows, "lower_matmul",
	 "reshape transpose conv2d transpose reshape relu reshape transpose "
	 "conv2d transpose reshape",
	 "reshape conv2d conv2d reshape"},
	{"matmul_ranks", matmul_ranks, "lower_matmul simplify",
	 "reshape conv2d reshape transpose conv2d transpose reshape "
	 "transpose conv2d transpose reshape reshape transpose conv2d "
	 "transpose reshape",
	 NULL},
	{"conv_1d", conv_1d, "lower_matmul simplify",
	 "reshape conv2d reshape clip reshape max_pool conv2d reshape", NULL},
	{"flatten", flatten, "", "conv2d relu flatten gemm matmul",
	 "conv2d reshape conv2d reshape reshape conv2d reshape"},
	{"flatten_kept", flatten_kept, "", "conv2d flatten softmax matmul",
	 "conv2d transpose reshape softmax reshape conv2d reshape"},
	{"channel_last_model", channel_last_model, "",
	 "transpose conv2d transpose reshape matmul",
	 "transpose conv2d reshape conv2d reshape"},
	{"axes", axes, "simplify to_nhwc",
	 "tanh concat softmax slice pad gather resize reduce_max transpose "
	 "reduce_max",
	 NULL},
	{"broadcasts", broadcasts, "simplify to_nhwc",
	 "add global_average_pool mul reshape sub pow sub prelu reshape max",
	 NULL},
	{"split_parts", split_parts, "simplify to_nhwc", "split sigmoid mul",
	 NULL},
	{"wrapped", wrapped, "",
	 "reshape transpose reshape tanh transpose matmul layer_norm "
	 "depth_to_space lrn softmax",
	 NULL},
	{"squeeze_excite", squeeze_excite, "",
	 "conv2d reduce_mean matmul relu matmul sigmoid reshape mul",
	 "conv2d global_average_pool conv2d conv2d reshape sigmoid reshape "
	 "mul"},
	{NULL, NULL, NULL, NULL, NULL},
};
