#include "ir/op.h"
#include "ir/plan_now.h"
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

/* ---- moves ---- */

#define ROWS 1	/* axes of [1, H, W, C] */
#define WIDTH 2 /* and those behind it */

/* What imc_plan_move_rows is asked: node n, from x to y. */
struct move {
	const struct imc_graph *g;
	const struct imc_node *n;
	const struct imc_tensor *x, *y;
};

/* Other modes than a constant fill rows with those of x. */
static bool pad_rows(const struct move *m, struct imc_move_rows *r)
{
	const struct imc_attrs *a = &m->n->a;

	r->shift = -a->starts.v[ROWS];
	return !a->starts.v[0] && !a->ends.v[0] &&
	       (!a->mode[0] || (!r->shift && !a->ends.v[ROWS]));
}

static bool slice_rows(const struct move *m, struct imc_move_rows *r)
{
	const struct imc_attrs *a = &m->n->a;

	for (int i = 0; i < a->axes.n; i++) {
		if (a->axes.v[i] != ROWS)
			continue;
		r->step = a->steps.v[i];
		r->shift = a->starts.v[i];
	}
	return r->step > 0;
}

/* Rows are scaled by the factor that their numbers say. */
static bool is_scale(const struct move *m, int64_t factor)
{
	enum { SCALES = 2, SIZES = 3 };
	const struct imc_value *scales = imc_node_in(m->g, m->n, SCALES);
	const struct imc_value *sizes = imc_node_in(m->g, m->n, SIZES);
	const float *s = scales ? scales->t.data : NULL;

	if (sizes && imc_tensor_count(&sizes->t) > 0)
		return true;
	return s && scales->t.dtype == IMC_F32 &&
	       imc_tensor_count(&scales->t) > ROWS && s[ROWS] == (float)factor;
}

/* Whole factors with which row r is the nearest one of r / per, whatever way
 * of counting coordinates the node has. */
static bool resize_rows(const struct move *m, struct imc_move_rows *r)
{
	enum { HALF_PIXEL, ASYMMETRIC, ROUNDS = 2, FLOOR = 2 };
	const struct imc_attrs *a = &m->n->a;
	bool exact = (a->coord[0] == ASYMMETRIC && a->nearest[0] == FLOOR) ||
		     (a->coord[0] == HALF_PIXEL && a->nearest[0] < ROUNDS);

	if (a->mode[0] != 0 || m->y->dim[ROWS] % m->x->dim[ROWS])
		return false;
	r->per = m->y->dim[ROWS] / m->x->dim[ROWS];
	return exact && is_scale(m, r->per);
}

static bool transpose_rows(const struct move *m)
{
	const struct imc_ints *p = &m->n->a.perm;

	return p->n == 4 && p->v[0] == 0 && p->v[ROWS] == ROWS;
}

/* Rows of a move whose x and y are [1, H, W, C]. */
static bool rows_of_move(const struct move *m, struct imc_move_rows *r)
{
	bool deep = m->g->layout == IMC_NHWC;

	/* all other operators have no such rows, or are no moves */
	if (m->n->op == IMC_OP_CONCAT || m->n->op == IMC_OP_GATHER)
		return m->n->a.axis[0] >= WIDTH;
	if (m->n->op == IMC_OP_PAD)
		return pad_rows(m, r);
	if (m->n->op == IMC_OP_SLICE)
		return slice_rows(m, r);
	if (m->n->op == IMC_OP_RESIZE)
		return resize_rows(m, r);
	if (m->n->op == IMC_OP_TRANSPOSE)
		return transpose_rows(m);
	if (m->n->op == IMC_OP_DEPTH_TO_SPACE)
		r->per = m->n->a.size[0];
	else if (m->n->op == IMC_OP_SPACE_TO_DEPTH)
		r->step = r->span = m->n->a.size[0];
	else
		return false;
	return deep;
}

static bool is_rows(const struct imc_tensor *t)
{
	return t->rank == 4 && t->dim[0] == 1 && t->dim[ROWS] > 0;
}

bool imc_plan_move_rows(const struct imc_graph *g, const struct imc_node *n,
			struct imc_move_rows *out)
{
	struct move m = {.g = g, .n = n};

	*out = (struct imc_move_rows){.per = 1, .step = 1, .span = 1};
	if (imc_op_info(n->op)->kind != IMC_MOVE || n->n_out != 1 ||
	    !imc_val_ok(n->in[0]))
		return false;
	m.x = &imc_node_in(g, n, 0)->t;
	m.y = &imc_node_out(g, n, 0)->t;
	return is_rows(m.x) && is_rows(m.y) && rows_of_move(&m, out);
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a >= 0 ? a / b : -imc_ceil_div(-a, b);
}

/* What those output rows of a move are made of, of n_row input rows. */
static struct imc_rows moved(const struct imc_move_rows *m, int64_t n_row,
			     struct imc_rows out)
{
	int64_t first = floor_div(out.first, m->per) * m->step + m->shift;
	int64_t end =
		floor_div(out.end - 1, m->per) * m->step + m->shift + m->span;
	struct imc_rows in;

	in.first = imc_min_i64(imc_max_i64(first, 0), n_row);
	in.end = imc_max_i64(imc_min_i64(end, n_row), in.first);
	return in;
}

/* ---- any node ---- */

bool imc_plan_by_rows(const struct imc_graph *g, const struct imc_node *n)
{
	struct imc_move_rows m;

	return is_elementwise(n->op) || is_window(n->op) ||
	       imc_plan_move_rows(g, n, &m);
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
	bool rows = x->rank == 4 && y->rank == 4 && y->dim[0] == 1;
	struct imc_move_rows m;

	if (rows && is_window(n->op) && k == 0)
		return covered(n, in_rows, out);
	if (rows && is_elementwise(n->op) && in_rows == y->dim[1])
		return out;
	if (rows && (k == 0 || n->op == IMC_OP_CONCAT) &&
	    imc_plan_move_rows(g, n, &m))
		return moved(&m, in_rows, out);
	return (struct imc_rows){0, in_rows};
}
