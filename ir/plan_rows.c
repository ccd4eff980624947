#include "ir/plan.h"
#include "ir/support/checked.h"

int64_t imc_plan_n_row(const struct imc_tensor *t)
{
	return t->rank == 4 && t->dim[0] == 1 ? t->dim[1] : 1;
}

struct imc_rows imc_step_rows(const struct imc_step *s,
			      const struct imc_tensor *t)
{
	if (s->n_row == 0)
		return (struct imc_rows){0, imc_plan_n_row(t)};
	return (struct imc_rows){s->row, (int64_t)s->row + s->n_row};
}

static bool is_elementwise(enum imc_op op)
{
	return op == IMC_OP_Q_ADD || op == IMC_OP_Q_MUL ||
	       op == IMC_OP_Q_RESCALE || op == IMC_OP_Q_LUT;
}

static bool is_window(enum imc_op op)
{
	return op == IMC_OP_Q_CONV2D || op == IMC_OP_MAX_POOL ||
	       op == IMC_OP_Q_AVERAGE_POOL;
}

bool imc_plan_by_rows(const struct imc_node *n)
{
	return is_elementwise(n->op) || is_window(n->op);
}

/* What the windows of those output rows cover of n_row input rows. */
static struct imc_rows covered(const struct imc_node *n, int64_t n_row,
			       struct imc_rows out)
{
	const struct imc_attrs *a = &n->a;
	int64_t dilation = n->op == IMC_OP_Q_AVERAGE_POOL ? 1 : a->dilation[0];
	int64_t above = out.first * a->stride[0] - a->pads[0];
	int64_t below = (out.end - 1) * a->stride[0] - a->pads[0] +
			(a->kernel[0] - 1) * dilation + 1;
	struct imc_rows in;

	in.first = imc_min_i64(imc_max_i64(above, 0), n_row);
	in.end = imc_max_i64(imc_min_i64(below, n_row), in.first);
	return in;
}

struct imc_rows imc_plan_reads(const struct imc_graph *g,
			       const struct imc_node *n, int k,
			       struct imc_rows out)
{
	const struct imc_tensor *x = &imc_node_in(g, n, k)->t;
	const struct imc_tensor *y = &imc_node_out(g, n, 0)->t;
	int64_t in_rows = imc_plan_n_row(x);
	bool has_rows = x->rank == 4 && y->rank == 4 && y->dim[0] == 1;

	if (has_rows && is_window(n->op) && k == 0)
		return covered(n, in_rows, out);
	if (has_rows && is_elementwise(n->op) && in_rows == y->dim[1])
		return out;
	return (struct imc_rows){0, in_rows};
}
