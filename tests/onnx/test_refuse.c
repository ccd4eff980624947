/* Every message of the front end: its text and its place. */
#include <string.h>

#include "tests/check.h"
#include "tests/onnx/onnx_harness.h"

static void expect(struct net *n, const char *text)
{
	struct got r = read_net(n);

	CHECK(!r.g, "it was accepted");
	CHECK(!strcmp(r.text, text), "\n%sinstead of\n%s", r.text, text);
}

static struct net start(struct imc_arena *a)
{
	struct net n = net_new(a, 13);

	net_input(&n, "x", 1, "1 4 8 8");
	net_output(&n, "y");
	return n;
}

static void unsupported(struct imc_arena *a)
{
	struct net n = start(a);

	net_node(&n, "Loop", "l1", "x", "a");
	net_node(&n, "Relu", "r", "a", "b");
	net_node(&n, "TopK", "t", "b", "c i");
	net_node(&n, "com.microsoft:QLinearWhere", "q", "c", "d");
	net_node(&n, "com.microsoft:FusedConv", "f", "d", "e");
	net_node(&n, "acme:Magic", "m", "e", "g");
	net_node(&n, "ai.onnx.ml:Scaler", "s", "g", "h");
	net_node(&n, "Sigmiod", "", "h", "k");
	net_node(&n, "LSTM", "z", "k", "y");
	expect(&n,
	       "net.onnx: node 0 (Loop 'l1'): error: unsupported operator: "
	       "control flow cannot be mapped; unroll it or fix the condition "
	       "before exporting\n"
	       "net.onnx: node 2 (TopK 't'): error: unsupported operator: what "
	       "it gives depends on values known only at run time; cut the "
	       "network before it and run it on the host\n"
	       "net.onnx: node 3 (QLinearWhere 'q'): error: unsupported "
	       "operator: the operators of domain 'com.microsoft' are not "
	       "supported; export it with QuantizeLinear and "
	       "DequantizeLinear\n"
	       "net.onnx: node 4 (FusedConv 'f'): error: unsupported operator: "
	       "the operators of domain 'com.microsoft' are not supported; "
	       "export it without the optimisations of ONNX Runtime\n"
	       "net.onnx: node 5 (Magic 'm'): error: unsupported operator: the "
	       "operators of domain 'acme' are not supported; export it with "
	       "standard ONNX operators\n"
	       "net.onnx: node 6 (Scaler 's'): error: unsupported operator: "
	       "the operators of domain 'ai.onnx.ml' are not supported; cut "
	       "the network before it and run it on the host\n"
	       "net.onnx: node 7 (Sigmiod 'Sigmiod_7'): error: unsupported "
	       "operator: there is no 'Sigmiod' here; did you mean 'Sigmoid'? "
	       "else express it with simpler operators, or cut the network "
	       "before it\n"
	       "net.onnx: node 8 (LSTM 'z'): error: unsupported operator: "
	       "recurrent layers are not supported; unroll it into MatMul, Add "
	       "and activations before exporting\n");
}

static void forms(struct imc_arena *a)
{
	struct net n = start(a);

	net_is(&n, "kernel_shape", "3 3 3");
	net_is(&n, "strides", "1 1 1");
	net_node(&n, "MaxPool", "p", "x", "y");
	expect(&n, "net.onnx: node 0 (MaxPool 'p'): error: unsupported "
		   "operator: its windows have 3 axes; windows of one or two "
		   "axes are supported: split or reshape it before "
		   "exporting\n");
	n = start(a);
	net_node(&n, "Dropout", "d", "x", "h mask");
	net_node(&n, "Cast", "c", "mask", "y");
	expect(&n, "net.onnx: node 0 (Dropout 'd'): error: unsupported "
		   "operator: its training outputs are not computed; export "
		   "the network for inference\n");
}

static void attributes(struct imc_arena *a)
{
	struct net n = start(a);

	net_i(&n, "group", 0);
	net_f(&n, "strides", 1);
	net_s(&n, "auto_pad", "SAME_UPER");
	net_i(&n, "colour", 3);
	net_node(&n, "Conv", "c", "x x", "h");
	net_i(&n, "to", 16);
	net_node(&n, "Cast", "t", "h", "y");
	expect(&n,
	       "net.onnx: node 0 (Conv 'c'): error: attribute 'group': 0 is "
	       "not within 1 to 2147483647\n"
	       "net.onnx: node 0 (Conv 'c'): error: attribute 'strides': it "
	       "must be a list of integers\n"
	       "net.onnx: node 0 (Conv 'c'): error: attribute 'auto_pad': "
	       "'SAME_UPER' is not supported; use 'SAME_UPPER'\n"
	       "net.onnx: node 0 (Conv 'c'): error: attribute 'colour': it is "
	       "not supported here\n"
	       "net.onnx: node 1 (Cast 't'): error: attribute 'to': the type "
	       "bfloat16 is not supported\n");
}

static void inputs(struct imc_arena *a)
{
	struct net n = net_new(a, 13);

	net_input(&n, "a", 1, "N 3 width 8");
	net_input(&n, "b", 1, NULL);
	net_input(&n, "c", 8, "1");
	net_input(&n, "d", 1, "1 99999999999");
	net_input(&n, "e", 10, "1 4");
	net_node(&n, "Sum", "s", "a b c d e", "y");
	net_output(&n, "y");
	expect(&n,
	       "net.onnx: error: dimension 2 of input 'a' is not fixed; it is "
	       "'width' there: export the network with a fixed shape\n"
	       "net.onnx: error: input 'b': its rank is not known; export the "
	       "network with a fixed shape\n"
	       "net.onnx: error: input 'c': its type string is not supported; "
	       "export the network in float32\n"
	       "net.onnx: error: input 'd': it has more than 2147483647 "
	       "elements\n"
	       "net.onnx: error: input 'e': its type float16 is not supported; "
	       "export the network in float32\n");
}

static void values(struct imc_arena *a)
{
	struct net n = start(a);

	net_node(&n, "Relu", "r", "x", "y");
	net_node(&n, "Abs", "a", "nowhere", "y");
	net_node(&n, "Add", "p", "x", "z");
	net_node(&n, "Neg", "o", "x", "");
	expect(&n,
	       "net.onnx: node 1 (Abs 'a'): error: value 'y' is defined twice; "
	       "give each value one name\n"
	       "net.onnx: node 3 (Neg 'o'): error: it has no output\n"
	       "net.onnx: node 1 (Abs 'a'): error: value 'nowhere' is read, "
	       "but nothing defines it\n"
	       "net.onnx: node 2 (Add 'p'): error: it has 1 inputs, it needs "
	       "2\n");
	n = start(a);
	net_node(&n, "Add", "a", "x z", "y");
	net_node(&n, "Relu", "r", "y", "z");
	expect(&n, "net.onnx: error: the nodes form a cycle; a network must "
		   "flow one way\n");
}

static void tensors(struct imc_arena *a)
{
	struct net n = start(a);
	const uint16_t half[2] = {0x3c00, 0x4000};

	net_t(&n, "value", 16, "2", half, sizeof half);
	net_node(&n, "Constant", "c", "", "b");
	net_t(&n, "value", 1, "3", half, sizeof half);
	net_node(&n, "Constant", "d", "", "e");
	net_t(&n, "value", 10, "2", half, sizeof half);
	net_node(&n, "Constant", "f", "", "g");
	net_t(&n, "value", 1, "-1", half, 0);
	net_node(&n, "Constant", "h", "", "i");
	net_t(&n, "value", 1, "4000000000 4000000000 4000000000", half, 0);
	net_node(&n, "Constant", "j", "", "k");
	net_node(&n, "Relu", "r", "x", "y");
	expect(&n,
	       "net.onnx: node 0 (Constant 'c'): error: tensor '': its type "
	       "bfloat16 is not supported; store it as float32 or int8\n"
	       "net.onnx: node 1 (Constant 'd'): error: tensor '': its shape "
	       "asks for 12 bytes, it has 4\n"
	       "net.onnx: node 3 (Constant 'h'): error: tensor '': a dimension "
	       "is negative\n"
	       "net.onnx: node 4 (Constant 'j'): error: tensor '': its size "
	       "overflows\n");
}

static void training(struct imc_arena *a)
{
	struct net n = start(a);

	net_i(&n, "training_mode", 1);
	net_node(&n, "BatchNormalization", "b", "x x x x x", "h");
	net_zeros(&n, "ratio", "");
	net_i64(&n, "on", "1");
	net_node(&n, "Dropout", "d", "h ratio on", "y");
	expect(&n,
	       "net.onnx: node 0 (BatchNormalization 'b'): error: attribute "
	       "'training_mode': only 0 is supported\n"
	       "net.onnx: node 1 (Dropout 'd'): error: unsupported operator: "
	       "it may drop values at random (training_mode); export the "
	       "network for inference\n");
}

static void odd_constants(struct imc_arena *a)
{
	struct net n = start(a);
	struct imc_buf inner = {.arena = a}, sparse = {.arena = a};

	put_tensor(&inner, "s", 1, "", "", 0);
	put_bytes(&sparse, 1, inner.p, inner.n);
	put_bytes(&n.graph, 15, sparse.p, sparse.n);
	net_s(&n, "value_string", "text");
	net_node(&n, "Constant", "c", "", "k");
	net_node(&n, "Constant", "d", "", "l");
	net_node(&n, "Add", "a", "k l", "y");
	expect(&n,
	       "net.onnx: error: tensor 's': sparse tensors are not supported; "
	       "store it densely\n"
	       "net.onnx: node 0 (Constant 'c'): error: attribute "
	       "'value_string': only numbers in a dense tensor, a list or "
	       "alone can be constants\n"
	       "net.onnx: node 1 (Constant 'd'): error: a Constant has exactly "
	       "one attribute\n");
}

static void old_axis(struct imc_arena *a)
{
	struct net n = net_new(a, 6);

	net_input(&n, "x", 1, "1 4 8 8");
	net_output(&n, "y");
	net_node(&n, "Relu", "r", "x", "h");
	net_zeros(&n, "b", "4");
	net_i(&n, "broadcast", 1);
	net_i(&n, "axis", 1);
	net_node(&n, "Add", "a", "h b", "y");
	expect(&n, "net.onnx: node 1 (Add 'a'): error: attribute 'axis': the "
		   "rank of an operand is not known; convert the model to "
		   "operator set 7 or later\n");
}

static void opset(struct imc_arena *a)
{
	struct net n = net_new(a, 24);

	net_input(&n, "x", 1, "1 4");
	net_node(&n, "Relu", "r", "x", "y");
	net_output(&n, "y");
	expect(&n, "net.onnx: error: operator set 24 is not supported; export "
		   "with one of 6 to 23\n");
}

int test_refuse(void)
{
	static void (*const tests[])(struct imc_arena *) = {
		unsupported, forms, attributes, inputs,	       values,
		tensors,     opset, training,	odd_constants, old_axis};

	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
		struct imc_arena *a = imc_arena_new();

		tests[i](a);
		imc_arena_free(a);
	}
	return check_result();
}
