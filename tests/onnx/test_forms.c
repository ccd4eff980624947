/* Attributes, absent inputs, and what older operator sets say otherwise. */
#include <math.h>
#include <string.h>

#include "ir/op.h"
#include "tests/check.h"
#include "tests/onnx/onnx_harness.h"

static struct net start(struct imc_arena *a, int64_t opset)
{
	struct net n = net_new(a, opset);

	net_input(&n, "x", 1, "N 4 8 8");
	return n;
}

/* The model with its last node making y. */
static struct got finish(struct net *n)
{
	struct got r;

	net_output(n, "y");
	r = read_net(n);
	CHECK(r.g, "%s", r.text);
	return r;
}

static void conv_2d(struct imc_arena *a)
{
	struct net n = start(a, 13);
	const int64_t pads[4] = {4, 1, 5, 2};
	const struct imc_node *c;

	net_zeros(&n, "w", "8 2 3 5");
	net_zeros(&n, "b", "8");
	net_is(&n, "kernel_shape", "3 5");
	net_is(&n, "strides", "2 1");
	net_is(&n, "dilations", "1 2");
	net_is(&n, "pads", "4 1 5 2");
	net_i(&n, "group", 2);
	net_s(&n, "auto_pad", "SAME_LOWER");
	net_node(&n, "Conv", "", "x w b", "y");
	struct got r = finish(&n);

	c = node_of(&r, IMC_OP_CONV2D);
	HOLDS(c);
	if (!c)
		return;
	HOLDS(c->n_in == 3 && c->n_origin == 1);
	HOLDS(!strcmp(c->name, "Conv_0") && !strcmp(c->origin[0], "Conv_0"));
	HOLDS(!strcmp(c->loc.file, "net.onnx") && c->loc.node == 0);
	HOLDS(!strcmp(c->loc.op, "Conv") && !strcmp(c->loc.name, "Conv_0"));
	HOLDS(c->a.kernel[0] == 3 && c->a.kernel[1] == 5);
	HOLDS(c->a.stride[0] == 2 && c->a.stride[1] == 1);
	HOLDS(c->a.dilation[0] == 1 && c->a.dilation[1] == 2);
	HOLDS(!memcmp(c->a.pads, pads, sizeof pads));
	HOLDS(c->a.group[0] == 2 && c->a.auto_pad[0] == 2);
	HOLDS(r.g->n_input == 1 && r.g->n_output == 1);
	HOLDS(imc_value_at(r.g, r.g->input[0])->t.dim[0] == 1);
	HOLDS(r.info.opset == 13 && r.info.n_initialiser == 2);
}

static void conv_1d(struct imc_arena *a)
{
	struct net n = net_new(a, 13);
	const struct imc_node *c;

	net_input(&n, "x", 1, "1 4 8");
	net_zeros(&n, "w", "8 4 3");
	net_is(&n, "kernel_shape", "3");
	net_is(&n, "strides", "2");
	net_is(&n, "dilations", "4");
	net_is(&n, "pads", "1 2");
	net_node(&n, "Conv", "c", "x w", "y");
	struct got r = finish(&n);

	c = node_of(&r, IMC_OP_CONV2D);
	HOLDS(c);
	if (!c)
		return;
	HOLDS(c->a.kernel[0] == 1 && c->a.kernel[1] == 3);
	HOLDS(c->a.stride[0] == 1 && c->a.stride[1] == 2);
	HOLDS(c->a.dilation[0] == 1 && c->a.dilation[1] == 4);
	HOLDS(c->a.pads[0] == 0 && c->a.pads[1] == 1);
	HOLDS(c->a.pads[2] == 0 && c->a.pads[3] == 2);
}

/* One node of type op with the attributes gathered so far. */
static struct imc_node one(struct net *n, const char *op, const char *in,
			   enum imc_op is)
{
	const struct imc_node *p;
	struct imc_node none;
	struct got r;

	net_node(n, op, "n", in, "y");
	r = finish(n);
	p = node_of(&r, is);
	CHECK(p, "%s: %s", op, r.text);
	memset(&none, 0, sizeof none);
	return p ? *p : none;
}

static void clip(struct imc_arena *a)
{
	struct net n = start(a, 6);
	struct imc_node c;

	net_f(&n, "max", 6);
	c = one(&n, "Clip", "x", IMC_OP_CLIP);
	HOLDS(c.n_in == 1 && c.a.act_hi[0] == 6 && c.a.act_lo[0] < -1e30f);
	n = start(a, 11);
	net_zeros(&n, "hi", "");
	c = one(&n, "Clip", "x - hi", IMC_OP_CLIP);
	HOLDS(c.n_in == 3 && !imc_val_ok(c.in[1]) && imc_val_ok(c.in[2]));
	n = start(a, 11);
	c = one(&n, "Clip", "x - -", IMC_OP_CLIP);
	HOLDS(c.n_in == 1);
}

static void softmax(struct imc_arena *a)
{
	struct net n = start(a, 12);
	struct imc_node c = one(&n, "Softmax", "x", IMC_OP_SOFTMAX);

	HOLDS(c.a.flat[0] == 1 && c.a.axis[0] == 1);
	n = start(a, 13);
	c = one(&n, "LogSoftmax", "x", IMC_OP_LOG_SOFTMAX);
	HOLDS(c.a.flat[0] == 0 && c.a.axis[0] == -1);
	n = start(a, 9);
	net_i(&n, "axis", -2);
	c = one(&n, "Hardmax", "x", IMC_OP_HARDMAX);
	HOLDS(c.a.flat[0] == 1 && c.a.axis[0] == -2);
}

static void pad_slice(struct imc_arena *a)
{
	struct net n = start(a, 2 + 4);
	struct imc_node c;

	net_is(&n, "pads", "0 1 2 3 4 5 6 -7");
	net_f(&n, "value", 2.5f);
	net_s(&n, "mode", "reflect");
	c = one(&n, "Pad", "x", IMC_OP_PAD);
	HOLDS(c.a.starts.n == 4 && c.a.starts.v[3] == 3);
	HOLDS(c.a.ends.n == 4 && c.a.ends.v[0] == 4 && c.a.ends.v[3] == -7);
	HOLDS(c.a.act_lo[0] == 2.5f && c.a.mode[0] == 2);
	n = start(a, 6);
	net_is(&n, "starts", "1 0");
	net_is(&n, "ends", "-1 9223372036854775807");
	net_is(&n, "axes", "2 3");
	c = one(&n, "Slice", "x", IMC_OP_SLICE);
	HOLDS(c.a.starts.v[0] == 1 && c.a.ends.v[1] == INT64_MAX);
	HOLDS(c.a.axes.n == 2 && c.a.axes.v[1] == 3);
}

static void resize(struct imc_arena *a)
{
	struct net n = start(a, 7);
	struct imc_node c;

	net_fs(&n, "scales", "1 1 2 2");
	net_s(&n, "mode", "linear");
	c = one(&n, "Upsample", "x", IMC_OP_RESIZE);
	HOLDS(c.n_in == 3 && !imc_val_ok(c.in[1]) && imc_val_ok(c.in[2]));
	HOLDS(c.a.mode[0] == 1 && c.a.coord[0] == 1 && c.a.nearest[0] == 2);
	n = start(a, 10);
	net_zeros(&n, "s", "4");
	c = one(&n, "Resize", "x s", IMC_OP_RESIZE);
	HOLDS(c.n_in == 3 && !imc_val_ok(c.in[1]) && imc_val_ok(c.in[2]));
	n = start(a, 13);
	net_zeros(&n, "roi", "0");
	net_i64(&n, "sizes", "1 4 16 16");
	net_s(&n, "coordinate_transformation_mode", "align_corners");
	net_s(&n, "nearest_mode", "ceil");
	c = one(&n, "Resize", "x roi - sizes", IMC_OP_RESIZE);
	HOLDS(c.n_in == 4 && !imc_val_ok(c.in[1]) && !imc_val_ok(c.in[2]));
	HOLDS(c.a.coord[0] == 2 && c.a.nearest[0] == 3 && c.a.mode[0] == 0);
}

static void split(struct imc_arena *a)
{
	struct net n = start(a, 11);
	const struct imc_node *s;
	struct got r;

	net_i(&n, "axis", 1);
	net_is(&n, "split", "1 3");
	net_node(&n, "Split", "s", "x", "y -");
	r = finish(&n);
	s = node_of(&r, IMC_OP_SPLIT);
	HOLDS(s && s->n_out == 2 && s->a.split.n == 2 && s->a.split.v[1] == 3);
	HOLDS(s && imc_val_ok(s->out[1]));
	n = start(a, 11);
	net_i(&n, "axis", 2);
	net_is(&n, "split", "0 0 0 0 0 0 0 0 8");
	net_node(&n, "Split", "s", "x", "y a b c d e f g h");
	r = finish(&n);
	s = node_of(&r, IMC_OP_SPLIT);
	HOLDS(s && s->n_in == 2 && s->n_out == 9);
	HOLDS(s && s->n_in == 2 && imc_node_in(r.g, s, 1)->t.dtype == IMC_I64 &&
	      ((int64_t *)imc_node_in(r.g, s, 1)->t.data)[8] == 8);
}

static void various(struct imc_arena *a)
{
	struct net n = start(a, 13);
	struct imc_node c;

	net_f(&n, "lambd", 1.5f);
	c = one(&n, "Shrink", "x", IMC_OP_SHRINK);
	HOLDS(c.a.alpha[0] == 1.5f);
	n = start(a, 13);
	c = one(&n, "Selu", "x", IMC_OP_SELU);
	HOLDS(c.a.gamma[0] > 1.05f && c.a.alpha[0] > 1.67f);
	n = start(a, 20);
	net_s(&n, "approximate", "tanh");
	c = one(&n, "Gelu", "x", IMC_OP_GELU);
	HOLDS(c.a.mode[0] == 1);
	n = start(a, 13);
	net_i(&n, "to", 7);
	c = one(&n, "Cast", "x", IMC_OP_CAST);
	HOLDS(c.a.to[0] == IMC_I64);
	n = start(a, 13);
	net_i(&n, "blocksize", 2);
	net_s(&n, "mode", "CRD");
	c = one(&n, "DepthToSpace", "x", IMC_OP_DEPTH_TO_SPACE);
	HOLDS(c.a.size[0] == 2 && c.a.mode[0] == 1);
	n = start(a, 15);
	net_i(&n, "start", 1);
	net_i(&n, "end", -1);
	c = one(&n, "Shape", "x", IMC_OP_SHAPE);
	HOLDS(c.a.axis[0] == 1 && c.a.size[0] == -1);
	n = start(a, 13);
	net_i(&n, "count_include_pad", 1);
	net_is(&n, "kernel_shape", "2 2");
	net_i(&n, "ceil_mode", 1);
	c = one(&n, "AveragePool", "x", IMC_OP_AVERAGE_POOL);
	HOLDS(c.a.count_pad[0] == 1 && c.a.ceil_mode[0] == 1);
	n = start(a, 11);
	net_is(&n, "axes", "2 3");
	net_i(&n, "keepdims", 0);
	c = one(&n, "ReduceMean", "x", IMC_OP_REDUCE_MEAN);
	HOLDS(c.a.axes.n == 2 && c.a.keepdims[0] == 0);
	n = start(a, 18);
	net_i64(&n, "axes", "2 3");
	net_i(&n, "noop_with_empty_axes", 1);
	c = one(&n, "ReduceMax", "x axes", IMC_OP_REDUCE_MAX);
	HOLDS(c.n_in == 2 && c.a.noop_empty[0] == 1 && c.a.keepdims[0] == 1);
	n = start(a, 13);
	c = one(&n, "MaxPool", "x", IMC_OP_MAX_POOL);
	HOLDS(c.a.kernel[0] == 1);
}

static void constants(struct imc_arena *a)
{
	struct net n = start(a, 13);
	const int32_t seven = 7;
	const struct imc_node *c;
	struct got r;

	net_f(&n, "value_float", 2.5f);
	net_node(&n, "Constant", "k", "", "k");
	net_node(&n, "Add", "a", "x k", "s");
	net_is(&n, "value_ints", "1 256");
	net_node(&n, "Constant", "d", "", "dims");
	net_node(&n, "Reshape", "r", "s dims", "y");
	net_t(&n, "value", 6, "1", &seven, sizeof seven);
	net_node(&n, "ConstantOfShape", "f", "dims", "z");
	net_output(&n, "z");
	r = finish(&n);
	HOLDS(r.g && r.g->n_order == 3);
	c = node_of(&r, IMC_OP_ADD);
	HOLDS(c && imc_node_in(r.g, c, 1)->t.rank == 0 &&
	      *(float *)imc_node_in(r.g, c, 1)->t.data == 2.5f);
	c = node_of(&r, IMC_OP_RESHAPE);
	HOLDS(c && imc_node_in(r.g, c, 1)->t.dtype == IMC_I64 &&
	      ((int64_t *)imc_node_in(r.g, c, 1)->t.data)[1] == 256);
	c = node_of(&r, IMC_OP_CONSTANT_OF_SHAPE);
	HOLDS(c && c->n_in == 2 &&
	      *(int32_t *)imc_node_in(r.g, c, 1)->t.data == 7);
}

/* Up to opset 6 a vector could be laid along an axis. */
static void old_broadcast(struct imc_arena *a)
{
	struct net n = start(a, 6);
	const struct imc_node *c;
	struct got r;

	net_zeros(&n, "b", "4");
	net_i(&n, "broadcast", 1);
	net_i(&n, "axis", 1);
	net_node(&n, "Add", "a", "x b", "y");
	r = finish(&n);
	c = node_of(&r, IMC_OP_UNSQUEEZE);
	HOLDS(c && c->a.axes.n == 2 && c->a.axes.v[0] == 1 &&
	      c->a.axes.v[1] == 2);
	c = node_of(&r, IMC_OP_ADD);
	HOLDS(c && imc_node_in(r.g, c, 1)->def.i != UINT32_MAX);
	n = start(a, 7);
	net_zeros(&n, "b", "8");
	net_node(&n, "Add", "a", "x b", "y");
	r = finish(&n);
	HOLDS(r.g && r.g->n_order == 1);
}

/* Inputs that are initialisers too, unsorted nodes, unused outputs, odd and
 * repeated names. */
static void structure(struct imc_arena *a)
{
	struct net n = start(a, 8);
	struct got r;

	net_zeros(&n, "w", "4");
	net_input(&n, "w", 1, "4");
	net_node(&n, "Add", "same;/name", "h w", "y");
	net_node(&n, "Dropout", "same;/name", "x", "h mask");
	r = finish(&n);
	HOLDS(r.g && r.g->n_input == 1 && r.g->n_order == 2);
	HOLDS(r.g && imc_node_at(r.g, r.g->order[0])->op == IMC_OP_DROPOUT);
	HOLDS(r.g && imc_node_at(r.g, r.g->order[0])->loc.node == 1);
}

int test_forms(void)
{
	static void (*const tests[])(struct imc_arena *) = {
		conv_2d, conv_1d, clip,	     softmax,	    pad_slice, resize,
		split,	 various, constants, old_broadcast, structure};

	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
		struct imc_arena *a = imc_arena_new();

		tests[i](a);
		imc_arena_free(a);
	}
	return check_result();
}
