/* Every rule of stage 1 on a small network: what is left, and that the
 * outputs are the same after every pass. */
#include <string.h>

#include "check.h"
#include "graph_cases.h"

#define TOLERANCE 1e-5

struct run {
	const struct test_case *t;
	struct imc_module *m;
	struct imc_arena *a;
	const struct imc_tensor *in, *out;
};

static void print_faults(const struct imc_module *m)
{
	for (size_t i = 0; i < m->diags->n; i++)
		fprintf(stderr, "%s\n", m->diags->v[i].text);
}

static bool pass(struct run *r, const char *name)
{
	bool ok = t_pass(r->m, name, NULL);
	double far;

	CHECK(ok, "%s: %s fails", r->t->name, name);
	print_faults(r->m);
	if (!ok || !r->out)
		return ok;
	far = t_distance(r->out, t_eval(r->m->g, r->in, r->a),
			 r->m->g->n_output);
	CHECK(far <= TOLERANCE, "%s: %s changes outputs by %g", r->t->name,
	      name, far);
	return ok;
}

static bool passes(struct run *r, const char *list)
{
	char *copy = imc_arena_strdup(r->a, list), *rest = NULL;

	for (char *p = strtok_r(copy, " ", &rest); p;
	     p = strtok_r(NULL, " ", &rest))
		if (!pass(r, p))
			return false;
	return true;
}

static void check_ops(struct run *r, const char *want)
{
	const char *ops = t_ops(r->m->g, r->a);

	CHECK(!strcmp(ops, want), "%s: '%s', not '%s'", r->t->name, ops, want);
}

static void check_names(struct run *r, const char *const *name)
{
	const struct imc_graph *g = r->m->g;

	for (size_t i = 0; i < g->n_output; i++)
		CHECK(!strcmp(imc_value_at(g, g->output[i])->name, name[i]),
		      "%s: output is called %s, not %s", r->t->name,
		      imc_value_at(g, g->output[i])->name, name[i]);
}

static void run_stage(struct run *r)
{
	struct imc_graph *g = r->m->g;
	const char *name[8];

	for (size_t i = 0; i < g->n_output; i++)
		name[i] = imc_value_at(g, g->output[i])->name;
	if (!passes(r, "infer_shapes fold_constants"))
		return;
	r->in = t_samples(g, 7, r->a);
	r->out = t_eval(g, r->in, r->a);
	if (!passes(r, r->t->passes))
		return;
	check_ops(r, r->t->ops);
	if (!strstr(r->t->passes, "to_nhwc") &&
	    !passes(r, "simplify fold_bn fold_scale fold_pad lower_matmul "
		       "fuse_act to_nhwc"))
		return;
	if (r->t->end)
		check_ops(r, r->t->end);
	check_names(r, name);
}

static void run_case(const struct test_case *t)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	struct imc_module *m = imc_module_new(&d);
	struct build b = {imc_graph_new(m->arena, t->name), 1};
	struct run r = {.t = t, .m = m, .a = a};

	m->g = b.g;
	t->make(&b);
	run_stage(&r);
	imc_module_free(m);
	imc_arena_free(a);
}

static void run_cases(const struct test_case *t)
{
	for (; t->name; t++)
		run_case(t);
}

/* imc_graph_equal tells graphs apart by each thing that it compares. */
static struct imc_graph *conv_graph(struct imc_arena *a)
{
	struct build b = {imc_graph_new(a, "g"), 1};
	imc_val x = t_input(&b, DIM(1, 2, 3, 3));

	t_output(&b, OP(&b, RELU, t_conv(&b, x, 2, 2, 3, 1)));
	return b.g;
}

static void check_equal(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_graph *g = conv_graph(a), *h = conv_graph(a);
	float *w = imc_node_in(h, &h->node[0], 1)->t.data;

	CHECK(imc_graph_equal(g, h), "same graphs");
	w[3] = -w[3];
	CHECK(!imc_graph_equal(g, h), "another weight");
	w[3] = -w[3];
	h->node[0].a.pads[2]++;
	CHECK(!imc_graph_equal(g, h), "another attribute");
	h->node[0].a.pads[2]--;
	h->node[1].in[0] = h->input[0];
	CHECK(!imc_graph_equal(g, h), "another edge");
	h->node[1].in[0] = h->node[0].out[0];
	imc_value_at(h, h->output[0])->name = "other";
	CHECK(!imc_graph_equal(g, h), "another name");
	imc_value_at(h, h->output[0])->name = "relu_1";
	imc_value_at(h, h->output[0])->scale = 0.5f;
	CHECK(!imc_graph_equal(g, h), "another scale");
	imc_value_at(h, h->output[0])->scale = 0;
	CHECK(imc_graph_equal(g, h), "the same again");
	/* ids may differ */
	imc_graph_add_value(h, "unused");
	imc_graph_compact(g);
	CHECK(imc_graph_equal(g, h), "an unused value");
	imc_arena_free(a);
}

static bool shares_origin(const struct imc_node *a, const struct imc_node *b)
{
	bool computes = imc_op_info(a->op)->kind != IMC_MOVE &&
			imc_op_info(b->op)->kind != IMC_MOVE;

	for (int i = 0; i < a->n_origin && computes; i++)
		for (int k = 0; k < b->n_origin; k++)
			if (!strcmp(a->origin[i], b->origin[k]))
				return true;
	return false;
}

/* Each ONNX node is the work of one node: no other one names it too. */
static void check_origins(void)
{
	static const char *const pass[] = {"infer_shapes", "fold_constants",
					   "simplify",	   "lower_matmul",
					   "fuse_act",	   "to_nhwc"};
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	struct imc_module *m = imc_module_new(&d);
	struct build b = {imc_graph_new(m->arena, "origins"), 1};
	imc_val x = t_conv(&b, t_input(&b, DIM(1, 2, 4, 4)), 2, 3, 3, 0);

	m->g = b.g;
	x = OP(&b, FLATTEN, OP(&b, RELU, x));
	x = OP(&b, RELU, OP(&b, GEMM, x, t_const(&b, DIM(12, 5))));
	t_output(&b, OP(&b, GEMM, x, t_const(&b, DIM(5, 4))));
	for (size_t i = 0; i < sizeof pass / sizeof *pass; i++)
		CHECK(t_pass(m, pass[i], NULL), "%s", pass[i]);
	for (size_t i = 0; i < b.g->n_order; i++)
		for (size_t k = 0; k < i; k++)
			CHECK(!shares_origin(&b.g->node[b.g->order[i].i],
					     &b.g->node[b.g->order[k].i]),
			      "nodes %d and %d", (int)i, (int)k);
	imc_module_free(m);
	imc_arena_free(a);
}

int main(void)
{
	check_equal();
	check_origins();
	run_cases(simple_cases);
	run_cases(fold_cases);
	run_cases(nhwc_cases);
	return check_result();
}
