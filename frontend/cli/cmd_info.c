#include <stdio.h>
#include <string.h>

#include "frontend/cli/driver.h"
#include "ir/op.h"
#include "ir/support/checked.h"
#include "passes/pass.h"

static void print_file(const char *path, const struct imc_onnx_info *i)
{
	printf("%s\n  graph      %s\n", path,
	       i->graph_name ? i->graph_name : "");
	printf("  opset      %lld", (long long)i->opset);
	for (size_t k = 0; k < i->n_domain; k++)
		printf(", %s", i->domain[k]);
	printf("\n  IR         %lld\n  producer   %s %s\n",
	       (long long)i->ir_version, i->producer ? i->producer : "",
	       i->producer_version ? i->producer_version : "");
}

static void print_values(const struct imc_graph *g, const char *what,
			 const imc_val *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct imc_value *x = imc_value_at(g, v[i]);

		printf("  %-10s %s", what, x->name);
		if (x->shaped) {
			printf(" %s [", imc_dtype_name(x->t.dtype));
			for (int k = 0; k < x->t.rank; k++)
				printf("%s%lld", k ? ", " : "",
				       (long long)x->t.dim[k]);
			putchar(']');
		}
		putchar('\n');
	}
}

/* How often each operator occurs. */
struct histogram {
	size_t count[IMC_N_OP];
};

static struct histogram count_operators(const struct imc_graph *g)
{
	struct histogram h = {0};

	for (size_t i = 0; i < g->n_order; i++)
		h.count[imc_node_at(g, g->order[i])->op]++;
	return h;
}

static void print_operators(const struct histogram *h)
{
	printf("\noperators\n");
	for (int k = 0; k < IMC_N_OP; k++) {
		const struct imc_op_info *p = imc_op_info((enum imc_op)k);

		if (h->count[k])
			printf("  %-24s %zu\n", *p->onnx ? p->onnx : p->name,
			       h->count[k]);
	}
}

/* The widest name of a matrix layer, or of the column's title. */
static int name_width(const struct imc_graph *g)
{
	size_t width = strlen("layer");

	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		if (n->op == IMC_OP_CONV2D && strlen(n->name) > width)
			width = strlen(n->name);
	}
	return (int)width;
}

/* The matrix layers as the mapper sees them, after stage 1. */
static void print_layers(const struct imc_graph *g)
{
	int width = name_width(g);

	printf("\n%-*s %-14s %7s %6s %6s %8s %14s %12s\n", width, "layer",
	       "operator", "rows", "cols", "groups", "windows", "MACs",
	       "weights");
	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);
		const struct imc_op_info *op = imc_op_info(n->op);
		struct imc_matrix x;
		int64_t weights;

		if (n->op != IMC_OP_CONV2D)
			continue;
		x = imc_matrix_of(g, n);
		weights = (int64_t)x.rows * x.cols * x.groups;
		printf("%-*s %-14s %7d %6d %6d %8lld %14lld %12lld\n", width,
		       n->name, n->loc.op ? n->loc.op : op->onnx, x.rows,
		       x.cols, x.groups, (long long)x.n_window,
		       (long long)(weights * x.n_window), (long long)weights);
	}
	printf("\nMACs       %lld\n", (long long)imc_graph_macs(g));
}

static bool run_stage_1(struct imc_module *m, const char *until)
{
	struct imc_pass_run how = {.stop_after = until};

	return imc_passes_run(m, &how);
}

static bool print_model(struct imc_module *m, const char *path,
			const struct imc_onnx_info *info)
{
	struct histogram h = count_operators(m->g);
	int64_t n_param;

	print_file(path, info);
	print_values(m->g, "input", m->g->input, m->g->n_input);
	if (!run_stage_1(m, "infer_shapes"))
		return false;
	print_values(m->g, "output", m->g->output, m->g->n_output);
	print_operators(&h);
	/* as trained: first normalisations are still there, at the end biases
	 * are no longer additions */
	if (!run_stage_1(m, "fold_constants"))
		return false;
	n_param = imc_graph_params(m->g);
	if (!run_stage_1(m, "to_nhwc"))
		return false;
	n_param = imc_max_i64(n_param, imc_graph_params(m->g));
	print_layers(m->g);
	printf("parameters %lld\n", (long long)n_param);
	return true;
}

int cli_info(const struct cli_options *o, struct cli_ui *ui)
{
	const char *path = o->operand.v[0];
	struct imc_onnx_info info = {0};
	struct imc_module *m = cli_module_import(path, o->d, &info);
	bool ok;

	(void)ui;
	if (!m) {
		if (info.n_node)
			print_file(path, &info);
		return CLI_FAULT;
	}
	ok = print_model(m, path, &info);
	imc_module_free(m);
	return ok ? CLI_OK : CLI_FAULT;
}
