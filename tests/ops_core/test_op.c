/* The table of operators, and what is checked before a type rule runs. */
#include <math.h>

#include "tests/ops_core/rig.h"

static const struct imc_attr_info *find(enum imc_op op, const char *name)
{
	const struct imc_op_info *info = imc_op_info(op);

	for (int i = 0; i < info->n_attr; i++)
		if (!strcmp(info->attr[i].name, name))
			return &info->attr[i];
	return NULL;
}

static void check_table(void)
{
	const struct imc_attr_info *a;

	for (int op = 0; op < IMC_N_OP; op++) {
		const struct imc_op_info *i = imc_op_info((enum imc_op)op);

		CHECK(imc_op_by_name(i->name) == (enum imc_op)op, "%s",
		      i->name);
		CHECK(!*i->onnx || imc_op_by_onnx(i->onnx) == (enum imc_op)op,
		      "%s", i->onnx);
		CHECK(i->n_in_min <= i->n_in_max && *i->text, "%s", i->name);
		for (int k = 0; k < i->n_attr; k++)
			CHECK(find((enum imc_op)op, i->attr[k].name) ==
				      &i->attr[k],
			      "%s %s", i->name, i->attr[k].name);
	}
	OK(imc_op_by_name("Conv") == IMC_N_OP);
	OK(imc_op_by_onnx("Conv") == IMC_OP_CONV2D);
	OK(imc_op_by_onnx("") == IMC_N_OP);
	OK(imc_op_info(IMC_OP_RELU)->n_attr == 0);
	OK(imc_op_info(IMC_OP_REDUCE_L2)->n_attr == 3);
	a = find(IMC_OP_CONV2D, "pads");
	OK(a && a->count == 4 && a->min == INT64_MIN &&
	   a->offset == offsetof(struct imc_attrs, pads));
	a = find(IMC_OP_CONV2D, "group");
	OK(a && a->count == 1 && a->min == 1 && a->def_i == 1);
	a = find(IMC_OP_CLIP, "act_hi");
	OK(a && a->type == IMC_FIELD_F && isinf(a->def_f));
	OK(!strcmp(imc_kind_name(IMC_DIGITAL), "digital"));
}

static void check_defaults(void)
{
	struct imc_attrs a;

	memset(&a, 0x55, sizeof a);
	imc_attrs_default(IMC_OP_MAX_POOL, &a);
	OK(a.kernel[0] == 1 && a.kernel[1] == 1 && a.stride[1] == 1);
	OK(a.pads[3] == 0 && a.alpha[0] == 0 && a.axes.n == 0);
	imc_attrs_default(IMC_OP_GEMM, &a);
	OK(a.alpha[0] == 1 && a.beta[0] == 1 && a.kernel[0] == 0);
}

static void check_message(struct rig *r, const char *text)
{
	OK(!imc_op_infer(r->g, r->id, &r->diags));
	CHECK(r->diags.n == 1 && !strcmp(r->diags.v[0].body, text), "%s",
	      r->diags.n ? r->diags.v[0].body : "nothing");
	rig_free(r);
}

static void check_inputs(void)
{
	struct rig r = rig_new(IMC_OP_MATMUL, 1, IMC_NCHW);
	struct imc_value *v;

	check_message(&r, "1 inputs where 2 to 2 fit");
	r = rig_new(IMC_OP_MATMUL, 2, IMC_NCHW);
	rig_input(&r, 0, 2, (int64_t[]){2, 2}, NULL);
	check_message(&r, "input 1 is missing");
	r = rig_new(IMC_OP_MATMUL, 2, IMC_NCHW);
	rig_node(&r)->in[0] = imc_graph_add_value(r.g, "a");
	rig_node(&r)->in[1] = rig_node(&r)->in[0];
	check_message(&r, "the shape of input 'a' is not known");
	/* The product of a column and a row, each of 2^21 elements. */
	r = rig_new(IMC_OP_MATMUL, 2, IMC_NCHW);
	for (int k = 0; k < 2; k++) {
		imc_val id = imc_graph_add_value(r.g, "a");

		rig_node(&r)->in[k] = id;
		v = imc_value_at(r.g, id);
		v->t = (struct imc_tensor){.rank = 2, .dim = {1, 1}};
		v->t.dim[k] = 1 << 21;
		v->shaped = true;
	}
	check_message(&r, "an output of shape [2097152, 2097152] has more than "
			  "2^40 elements");
	r = rig_new(IMC_OP_SOFTMAX, 1, IMC_NCHW);
	rig_node(&r)->in[0] = imc_graph_add_value(r.g, "a");
	v = imc_value_at(r.g, rig_node(&r)->in[0]);
	v->t = (struct imc_tensor){.rank = 2, .dim = {INT64_MAX, 4}};
	v->shaped = true;
	check_message(&r, "input 'a' is too large");
}

/* A value within the range of an attribute, often at its ends. */
static int64_t wild(const struct imc_attr_info *a)
{
	const int64_t some[] = {a->min, a->max, a->min + 1, a->def_i,  0, 1, 2,
				-1,	3,	1 << 30,    -(1 << 30)};
	int64_t v = some[rig_random(0, 10)];

	return v < a->min || v > a->max ? a->def_i : v;
}

static void set_wild(struct imc_node *n)
{
	const struct imc_op_info *info = imc_op_info(n->op);

	for (int i = 0; i < info->n_attr; i++) {
		const struct imc_attr_info *a = &info->attr[i];
		char *field = (char *)&n->a + a->offset;

		for (int k = 0; k < a->count; k++)
			if (a->type == IMC_FIELD_I && rig_random(0, 3) == 0)
				((int64_t *)(void *)field)[k] = wild(a);
		if (a->type == IMC_FIELD_L && rig_random(0, 1))
			*(struct imc_ints *)(void *)field =
				(struct imc_ints){(int)rig_random(0, 8),
						  {wild(a), wild(a), 1, wild(a),
						   4, wild(a), 2, wild(a)}};
	}
}

static void set_wild_input(struct rig *r, int k)
{
	const int64_t large[] = {0, INT64_MAX, -1, (int64_t)1 << 40, 1 << 20};
	imc_val id = imc_graph_add_value(r->g, "a");
	struct imc_value *v = imc_value_at(r->g, id);

	v->shaped = true;
	v->t.rank = rig_node(r)->op == IMC_OP_GEMM ? 2 : 4;
	if (rig_random(0, 3) == 0)
		v->t.rank = (int)rig_random(0, IMC_MAX_RANK);
	for (int i = 0; i < v->t.rank; i++)
		v->t.dim[i] = rig_random(0, 15) ? rig_random(1, 3)
						: large[rig_random(0, 4)];
	rig_node(r)->in[k] = id;
}

/* Whatever attributes and shapes are: accepted with a shape that fits, or
 * refused with one message. Run with sanitizers to see more. */
static void check_wild(enum imc_op op)
{
	const struct imc_op_info *info = imc_op_info(op);
	int n_accepted = 0;

	for (int i = 0; i < 3000; i++) {
		struct rig r =
			rig_new(op, info->n_in_min, (enum imc_layout)(i % 2));
		const struct imc_value *y;
		bool ok;

		set_wild(rig_node(&r));
		for (int k = 0; k < info->n_in_min; k++)
			set_wild_input(&r, k);
		ok = imc_op_infer(r.g, r.id, &r.diags);
		y = imc_node_out(r.g, rig_node(&r), 0);
		CHECK(ok ? y->shaped : r.diags.n == 1, "%s %d", info->name, i);
		for (int k = 0; ok && k < y->t.rank; k++)
			CHECK(y->t.dim[k] >= 0, "%s %d", info->name, i);
		n_accepted += ok;
		rig_free(&r);
	}
	CHECK(n_accepted > 0 && n_accepted < 3000, "%s: %d", info->name,
	      n_accepted);
}

int main(void)
{
	static const enum imc_op ops[] = {
		IMC_OP_CONV2D,	   IMC_OP_CONV_TRANSPOSE,
		IMC_OP_MAX_POOL,   IMC_OP_AVERAGE_POOL,
		IMC_OP_GEMM,	   IMC_OP_MATMUL,
		IMC_OP_SOFTMAX,	   IMC_OP_LRN,
		IMC_OP_LAYER_NORM, IMC_OP_GLOBAL_MAX_POOL,
	};

	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
		check_wild(ops[i]);
	check_table();
	check_defaults();
	check_inputs();
	return check_result();
}
