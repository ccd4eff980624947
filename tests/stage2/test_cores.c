/* quantise: every operator of the cores, against the float network. */
#include "tests/check.h"
#include "tests/stage2/lab.h"

/* A network of one or a few operators on [1,4,6,6], made by a function that
 * gives its output. */
typedef imc_val make(struct build *b, imc_val x);

static struct imc_attrs *window(struct build *b, imc_val y, int64_t k,
				int64_t stride, int64_t pad)
{
	struct imc_attrs *a = t_attrs(b, y);

	for (int i = 0; i < 2; i++) {
		a->kernel[i] = k;
		a->stride[i] = stride;
		a->pads[i] = a->pads[i + 2] = pad;
	}
	return a;
}

static struct imc_attrs *list(struct imc_ints *l, int n, const int64_t *v)
{
	l->n = n;
	for (int i = 0; i < n; i++)
		l->v[i] = v[i];
	return NULL;
}

static imc_val sigmoid(struct build *b, imc_val x)
{
	return OP(b, SIGMOID, x);
}

static imc_val hard_swish(struct build *b, imc_val x)
{
	return OP(b, HARD_SWISH, x);
}

static imc_val leaky(struct build *b, imc_val x)
{
	return OP(b, LEAKY_RELU, x);
}

static imc_val square_root(struct build *b, imc_val x)
{
	return OP(b, SQRT, OP(b, RELU, x));
}

static imc_val softmax(struct build *b, imc_val x)
{
	imc_val r = OP(b, RESHAPE, x, t_ints(b, 2, (int64_t[]){9, 16}));

	return OP(b, SOFTMAX, r);
}

static imc_val mean(struct build *b, imc_val x)
{
	imc_val y = OP(b, AVERAGE_POOL, x);

	window(b, y, 3, 2, 1);
	return y;
}

static imc_val mean_count_pad(struct build *b, imc_val x)
{
	imc_val y = mean(b, x);

	t_attrs(b, y)->count_pad[0] = 1;
	return y;
}

static imc_val mean_ceil(struct build *b, imc_val x)
{
	imc_val y = mean_count_pad(b, x);

	t_attrs(b, y)->ceil_mode[0] = 1;
	return y;
}

static imc_val global_mean(struct build *b, imc_val x)
{
	return OP(b, GLOBAL_AVERAGE_POOL, x);
}

static imc_val largest(struct build *b, imc_val x)
{
	imc_val y = OP(b, MAX_POOL, x);

	window(b, y, 3, 2, 1);
	return y;
}

/* x and something of four times its range, joined; x is read once more. */
static imc_val join(struct build *b, imc_val x)
{
	imc_val wide = OP(b, MUL, x, t_fill(b, 4, DIM(1)));
	imc_val y = OP(b, CONCAT, wide, OP(b, TANH, x), x);

	t_attrs(b, y)->axis[0] = 1;
	return OP(b, ADD, y, y);
}

static imc_val join_const(struct build *b, imc_val x)
{
	imc_val y = OP(b, CONCAT, t_const(b, DIM(1, 2, 6, 6)), x);

	t_attrs(b, y)->axis[0] = 1;
	return y;
}

static imc_val minus(struct build *b, imc_val x)
{
	return OP(b, SUB, OP(b, TANH, x), x);
}

static imc_val times_const(struct build *b, imc_val x)
{
	return OP(b, MUL, x, t_const(b, DIM(1, 1, 6, 6)));
}

static imc_val times(struct build *b, imc_val x)
{
	return OP(b, MUL, x, OP(b, SIGMOID, x));
}

static imc_val clip(struct build *b, imc_val x)
{
	return OP(b, CLIP, x, t_fill(b, -0.5f, 0, NULL),
		  t_fill(b, 1.5f, 0, NULL));
}

/* A limit that is far beyond what a code can say. */
static imc_val clip_far(struct build *b, imc_val x)
{
	imc_val y = OP(b, CLIP, x, t_fill(b, -1e30f, 0, NULL),
		       t_fill(b, 1, 0, NULL));

	return OP(b, CLIP, t_conv(b, y, 4, 4, 1, 0), t_fill(b, -1e30f, 0, NULL),
		  t_fill(b, 1, 0, NULL));
}

static imc_val pad(struct build *b, imc_val x)
{
	imc_val pads = t_ints(b, 8, (int64_t[]){0, 0, 1, 2, 0, 0, 0, 1});

	return OP(b, PAD, OP(b, SIGMOID, x), pads, t_fill(b, 0.5f, 0, NULL));
}

static imc_val resize(struct build *b, imc_val x)
{
	imc_val s = t_fill(b, 2, DIM(4));
	float *f = imc_value_at(b->g, s)->t.data;
	imc_val y;

	f[0] = f[1] = 1;
	y = OP(b, RESIZE, x, IMC_NO_VAL, s);
	t_attrs(b, y)->coord[0] = 2;   /* asymmetric */
	t_attrs(b, y)->nearest[0] = 2; /* floor */
	return y;
}

static imc_val to_space(struct build *b, imc_val x)
{
	imc_val y = OP(b, DEPTH_TO_SPACE, x);

	t_attrs(b, y)->size[0] = 2;
	return y;
}

static imc_val slice(struct build *b, imc_val x)
{
	return OP(b, SLICE, x, t_ints(b, 2, (int64_t[]){1, 0}),
		  t_ints(b, 2, (int64_t[]){3, 6}),
		  t_ints(b, 2, (int64_t[]){1, 3}),
		  t_ints(b, 2, (int64_t[]){1, 2}));
}

static imc_val split(struct build *b, imc_val x)
{
	struct imc_graph *g = b->g;
	imc_node_id id = imc_graph_add_node(g, IMC_OP_SPLIT, 1, 2, NULL);

	imc_node_at(g, id)->name = "split";
	imc_node_at(g, id)->in[0] = x;
	imc_node_at(g, id)->a.axis[0] = 1;
	list(&imc_node_at(g, id)->a.split, 2, (int64_t[]){1, 3});
	imc_node_set_out(g, id, 0, imc_graph_add_value(g, "s0"));
	imc_node_set_out(g, id, 1, imc_graph_add_value(g, "s1"));
	return OP(b, MUL, imc_node_at(g, id)->out[0],
		  imc_node_at(g, id)->out[1]);
}

static imc_val conv(struct build *b, imc_val x)
{
	return OP(b, RELU, t_conv(b, x, 4, 5, 3, 1));
}

/* The second half of a split feeds a convolution. */
static imc_val split_conv(struct build *b, imc_val x)
{
	imc_val y = split(b, OP(b, RELU, x));
	imc_val s1 = imc_node_at(b->g, imc_value_at(b->g, y)->def)->in[1];

	t_output(b, y);
	return t_conv(b, s1, 3, 5, 1, 0);
}

/* Attention: a softmax that a convolution reads. */
static imc_val softmax_conv(struct build *b, imc_val x)
{
	imc_val s = OP(b, SOFTMAX, x);

	t_attrs(b, s)->axis[0] = 1;
	return t_conv(b, s, 4, 5, 1, 0);
}

static const struct {
	const char *name;
	make *make;
	double most, mean; /* output steps */
} cases[] = {
	{"sigmoid", sigmoid, 3, 1},
	{"hard_swish", hard_swish, 2, 0.6},
	{"leaky_relu", leaky, 2, 0.5},
	{"sqrt", square_root, 20, 0.6},
	{"softmax", softmax, 4, 0.6},
	{"average_pool", mean, 2, 0.5},
	{"average_pool count_pad", mean_count_pad, 2, 0.5},
	{"average_pool ceil", mean_ceil, 2, 0.5},
	{"global_average_pool", global_mean, 2, 0.6},
	{"max_pool", largest, 0.6, 0.3},
	{"concat", join, 1.5, 0.4},
	{"concat const", join_const, 1, 0.3},
	{"sub", minus, 2, 0.5},
	{"mul const", times_const, 2, 0.5},
	{"mul", times, 2, 0.5},
	{"clip", clip, 3, 0.7},
	{"clip far", clip_far, 4, 1},
	{"pad", pad, 3, 1},
	{"resize", resize, 0.6, 0.3},
	{"depth_to_space", to_space, 0.6, 0.3},
	{"slice", slice, 0.6, 0.3},
	{"split", split, 2, 0.5},
	{"conv", conv, 4, 0.6},
	{"split conv", split_conv, 4, 1},
	{"softmax conv", softmax_conv, 6, 1.2},
};

static void run_cases(int arrays, bool fixed_dac)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lab l;
		imc_val y;

		lab_open(&l, cases[i].name, arrays);
		l.m->hw->ima_dac_zero = !fixed_dac;
		l.m->hw->ima_adc_bits = 16; /* the ADC is test_adc's */
		y = cases[i].make(&l.b, t_input(&l.b, DIM(1, 4, 6, 6)));
		t_output(&l.b, y);
		/* as output 0, which is compared with the float network */
		l.b.g->output[l.b.g->n_output - 1] = l.b.g->output[0];
		l.b.g->output[0] = y;
		lab_check(&l, cases[i].most * (fixed_dac ? 1.5 : 1),
			  cases[i].mean * (fixed_dac ? 1.5 : 1));
		lab_close(&l);
	}
}

/* What the device form cannot say is refused, not dropped. */
static void test_refused(void)
{
	struct lab l;
	imc_val y;

	lab_open(&l, "dilated mean", 0);
	y = OP(&l.b, AVERAGE_POOL, t_input(&l.b, DIM(1, 4, 6, 6)));
	window(&l.b, y, 2, 1, 0)->dilation[0] = 2;
	t_output(&l.b, y);
	CHECK(!lab_run(&l, true) && lab_said(&l, IMC_D_NO_DEVICE_FORM),
	      "dilation");
	lab_close(&l);
}

int test_cores(void)
{
	run_cases(0, false);
	run_cases(8, true);
	test_refused();
	return check_result();
}
