#include "passes/1-graph/given.h"

#include <math.h>
#include <string.h>

static const struct imc_value *const_in(const struct imc_graph *g,
					const struct imc_node *n, int k)
{
	const struct imc_value *v = imc_node_in(g, n, k);

	return v && v->t.data ? v : NULL;
}

static bool check_scale(const struct imc_graph *g, const struct imc_node *n,
			int k, struct imc_diags *d)
{
	const struct imc_value *v = const_in(g, n, k);
	const float *x;

	if (!v || v->t.dtype != IMC_F32)
		return true;
	x = v->t.data;
	for (int64_t i = 0; i < imc_tensor_count(&v->t); i++)
		if (!(x[i] > 0) || !isfinite(x[i]))
			return imc_diag(d, n->loc, IMC_D_GIVEN_SCALE, v->name,
					(double)x[i]);
	return true;
}

bool imc_given_check(const struct imc_graph *g, const struct imc_node *n,
		     struct imc_diags *d)
{
	bool ok;

	switch ((int)n->op) {
	case IMC_OP_QUANTIZE_LINEAR:
	case IMC_OP_DEQUANTIZE_LINEAR:
		return check_scale(g, n, 1, d);
	case IMC_OP_QLINEAR_CONV:
	case IMC_OP_QLINEAR_MATMUL:
		ok = check_scale(g, n, 1, d);
		ok = check_scale(g, n, 4, d) && ok;
		return check_scale(g, n, 6, d) && ok;
	}
	return true;
}

/* The one zero of codes like x, as of an int8; false: there are several. */
static bool zero_of(const struct imc_graph *g, const struct imc_node *n,
		    enum imc_dtype code, int32_t *zero)
{
	const struct imc_value *z = imc_node_in(g, n, 2);

	*zero = code == IMC_U8 ? -128 : 0;
	if (!z)
		return true;
	if (!z->t.data || imc_tensor_count(&z->t) != 1)
		return false;
	*zero += z->t.dtype == IMC_U8 ? *(const uint8_t *)z->t.data
				      : *(const int8_t *)z->t.data;
	return true;
}

/* Scales along `axis` as a constant: a vector for axis 0, else with as many
 * axes as what they scale. */
static imc_val scales_const(struct imc_graph *g, const char *name, int rank,
			    int axis, const float *x, int64_t n)
{
	struct imc_tensor t = {.dtype = IMC_F32, .rank = axis ? rank : 1};

	for (int i = 0; i < t.rank; i++)
		t.dim[i] = i == axis ? n : 1;
	t.data = (void *)(uintptr_t)x; /* copied, not written */
	return imc_graph_add_const(g, name, &t);
}

/* Output 0 of n, a dequantise_linear of constants, keeps their numbers. */
static void keep_numbers(struct imc_graph *g, const struct imc_node *n)
{
	const struct imc_value *x = imc_node_in(g, n, 0);
	const struct imc_value *s = imc_node_in(g, n, 1);
	imc_val y = n->out[0], scales = IMC_NO_VAL;
	int64_t n_scale = imc_tensor_count(&s->t);
	int32_t zero = 0;

	if ((x->t.dtype != IMC_I8 && x->t.dtype != IMC_U8) ||
	    s->t.dtype != IMC_F32 ||
	    (n_scale == 1 && !zero_of(g, n, x->t.dtype, &zero)))
		return;
	if (n_scale != 1)
		scales = scales_const(g, s->name, x->t.rank, (int)n->a.axis[0],
				      s->t.data, n_scale);
	else
		imc_value_at(g, y)->scale = *(const float *)s->t.data;
	imc_value_at(g, y)->zero = zero;
	imc_value_at(g, y)->scales = scales;
	imc_value_at(g, y)->given = IMC_GIVEN_KEPT;
}

/* The outputs of n get their elements. */
static void compute(struct imc_graph *g, const struct imc_node *n)
{
	struct imc_arena *scratch = imc_arena_new();
	struct imc_tensor *in =
		imc_arena_array(scratch, (size_t)n->n_in + 1, sizeof *in);
	struct imc_tensor *out =
		imc_arena_array(scratch, (size_t)n->n_out + 1, sizeof *out);

	for (int k = 0; k < n->n_in; k++)
		if (imc_node_in(g, n, k))
			in[k] = imc_node_in(g, n, k)->t;
	for (int k = 0; k < n->n_out; k++)
		if (imc_node_out(g, n, k))
			out[k] = imc_node_out(g, n, k)->t;
	imc_op_eval(g, n, in, out, scratch);
	for (int k = 0; k < n->n_out; k++) {
		struct imc_value *v = imc_node_out(g, n, k);

		if (v)
			v->t.data = imc_arena_memdup(g->arena, out[k].data,
						     imc_tensor_bytes(&out[k]));
	}
	imc_arena_free(scratch);
}

void imc_given_evaluate(struct imc_graph *g, imc_node_id id)
{
	struct imc_node *n = imc_node_at(g, id);

	if (n->op != IMC_OP_CONSTANT)
		compute(g, n);
	if (n->op == IMC_OP_DEQUANTIZE_LINEAR)
		keep_numbers(g, n);
	n->dead = true;
	for (int k = 0; k < n->n_out; k++)
		if (imc_node_out(g, n, k))
			imc_node_out(g, n, k)->def = IMC_NO_NODE;
}

/* The axis that scales are along; -1: one scale. */
static int axis_of(const struct imc_graph *g, const struct imc_value *v)
{
	const struct imc_tensor *t;

	if (!imc_val_ok(v->scales))
		return -1;
	t = &imc_value_at(g, v->scales)->t;
	for (int i = 1; i < t->rank; i++)
		if (t->dim[i] != 1)
			return i;
	return t->rank > 1 ? t->rank - 1 : 0;
}

void imc_given_follow(struct imc_rw *rw, imc_val to, int to_axis, imc_val from,
		      int axis, const double *mul)
{
	struct imc_graph *g = rw->g;
	const struct imc_value *x = imc_value_at(g, from), *s;
	int along = axis_of(g, x);
	int64_t n = x->t.dim[axis];
	int rank = imc_value_at(g, to)->t.rank;
	float *scale;

	imc_value_give(g, to, from);
	if (!imc_value_given(x) || (along < 0 && !mul))
		return;
	if (along >= 0 &&
	    (along != axis ||
	     imc_tensor_count(&imc_value_at(g, x->scales)->t) != n)) {
		imc_value_at(g, to)->given = IMC_GIVEN_AXIS;
		return;
	}
	s = along < 0 ? NULL : imc_value_at(g, x->scales);
	scale = imc_arena_array(rw->scratch, (size_t)n, sizeof *scale);
	for (int64_t k = 0; k < n; k++) {
		double by = mul ? fabs(mul[k]) : 1;

		scale[k] = s ? ((const float *)s->t.data)[k] : x->scale;
		if (by > 0) /* else any scale will do */
			scale[k] = (float)((double)scale[k] * by);
	}
	imc_value_at(g, to)->scale = 0;
	imc_value_at(g, to)->zero = 0;
	{
		imc_val v = scales_const(
			g,
			imc_arena_printf(g->arena, "%s.scale",
					 imc_value_at(g, to)->name),
			rank, to_axis, scale, n);

		imc_value_at(g, to)->scales = v;
	}
}

bool imc_given_moves(enum imc_op op)
{
	return (imc_op_info(op)->kind == IMC_MOVE && op != IMC_OP_CONCAT) ||
	       op == IMC_OP_MAX_POOL || op == IMC_OP_GLOBAL_MAX_POOL;
}

/* Gives v, a float activation without numbers, those of `from`. */
static void give_activation(struct imc_graph *g, imc_val v, imc_val from)
{
	const struct imc_value *x;

	if (!imc_val_ok(v))
		return;
	x = imc_value_at(g, v);
	if (!x->t.data && x->given == IMC_GIVEN_NONE && x->t.dtype == IMC_F32)
		imc_value_give(g, v, from);
}

void imc_given_spread(struct imc_graph *g)
{
	for (size_t i = g->n_order; i-- > 0;) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		if (!imc_given_moves(n->op) && n->op != IMC_OP_CONCAT)
			continue;
		for (int k = 0; k < (n->op == IMC_OP_CONCAT ? n->n_in : 1); k++)
			give_activation(g, n->in[k], n->out[0]);
	}
	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		for (int k = 0; imc_given_moves(n->op) && k < n->n_out; k++)
			give_activation(g, n->out[k], n->in[0]);
	}
}
