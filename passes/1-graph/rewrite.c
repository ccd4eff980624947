#include "passes/1-graph/rewrite.h"

#include <assert.h>
#include <string.h>

const struct imc_tensor *imc_rw_const_in(const struct imc_graph *g,
					 const struct imc_node *n, int k)
{
	const struct imc_value *v = imc_node_in(g, n, k);

	return v && v->t.data ? &v->t : NULL;
}

const struct imc_tensor *imc_rw_f32_in(const struct imc_graph *g,
				       const struct imc_node *n, int k)
{
	const struct imc_tensor *t = imc_rw_const_in(g, n, k);

	return t && t->dtype == IMC_F32 ? t : NULL;
}

const struct imc_tensor *imc_rw_operand(const struct imc_graph *g,
					const struct imc_node *n, int *k)
{
	const struct imc_tensor *a = imc_rw_f32_in(g, n, 0);
	const struct imc_tensor *b = imc_rw_f32_in(g, n, 1);

	if (!a == !b)
		return NULL;
	*k = a ? 0 : 1;
	return a ? a : b;
}

const struct imc_tensor *imc_rw_type_in(const struct imc_graph *g,
					const struct imc_node *n, int k)
{
	return &imc_value_at(g, n->in[k])->t;
}

const struct imc_tensor *imc_rw_type_out(const struct imc_graph *g,
					 const struct imc_node *n, int k)
{
	return &imc_value_at(g, n->out[k])->t;
}

imc_node_id imc_rw_def(const struct imc_graph *g, const struct imc_node *n,
		       int k)
{
	const struct imc_value *v = imc_node_in(g, n, k);

	return v && !v->t.data ? v->def : IMC_NO_NODE;
}

bool imc_rw_is(const struct imc_graph *g, imc_node_id id, enum imc_op op)
{
	return imc_rw_found(id) && imc_node_at(g, id)->op == op;
}

imc_node_id imc_rw_sole_def(const struct imc_graph *g, const struct imc_node *n,
			    int k)
{
	imc_node_id def = imc_rw_def(g, n, k);

	if (imc_rw_found(def) && imc_node_at(g, def)->n_out == 1 &&
	    imc_graph_n_use(g, n->in[k], NULL) == 1)
		return def;
	return IMC_NO_NODE;
}

imc_node_id imc_rw_sole_reader(const struct imc_graph *g,
			       const struct imc_node *n)
{
	imc_node_id reader = IMC_NO_NODE;

	if (imc_graph_n_use(g, n->out[0], &reader) != 1)
		return IMC_NO_NODE;
	return reader;
}

bool imc_rw_same_shape(const struct imc_tensor *a, const struct imc_tensor *b)
{
	if (a->rank != b->rank)
		return false;
	for (int i = 0; i < a->rank; i++)
		if (a->dim[i] != b->dim[i])
			return false;
	return true;
}

bool imc_rw_ints(const struct imc_tensor *t, struct imc_ints *out)
{
	int64_t n;

	if (!t || !t->data || t->rank > 1)
		return false;
	n = imc_tensor_count(t);
	if (n > IMC_MAX_RANK || (t->dtype != IMC_I64 && t->dtype != IMC_I32))
		return false;
	out->n = (int)n;
	for (int i = 0; i < out->n; i++)
		out->v[i] = t->dtype == IMC_I64 ? ((const int64_t *)t->data)[i]
						: ((const int32_t *)t->data)[i];
	return true;
}

imc_val imc_rw_const(struct imc_rw *rw, const char *name, int rank,
		     const int64_t *dim, const float *x)
{
	struct imc_tensor t = {.dtype = IMC_F32, .rank = rank};

	for (int i = 0; i < rank; i++)
		t.dim[i] = dim[i];
	t.data = (void *)(uintptr_t)x; /* copied, not written */
	return imc_graph_add_const(rw->g, name, &t);
}

imc_val imc_rw_const_as(struct imc_rw *rw, imc_val c, int rank,
			const int64_t *dim)
{
	struct imc_tensor t = imc_value_at(rw->g, c)->t;
	imc_val v;

	t.rank = rank;
	memcpy(t.dim, dim, (size_t)rank * sizeof *dim);
	v = imc_graph_add_const(rw->g, imc_value_at(rw->g, c)->name, &t);
	imc_value_give(rw->g, v, c);
	return v;
}

imc_node_id imc_rw_add(struct imc_rw *rw, enum imc_op op, imc_node_id like,
		       imc_val a, imc_val b)
{
	int n_in = imc_val_ok(a) + imc_val_ok(b);
	imc_node_id id = imc_graph_add_node(rw->g, op, n_in, 1,
					    imc_node_at(rw->g, like));
	struct imc_node *n = imc_node_at(rw->g, id);
	const char *name = imc_arena_printf(
		rw->g->arena, "%s.%s",
		imc_val_ok(a) ? imc_value_at(rw->g, a)->name : n->name,
		imc_op_info(op)->name);

	if (imc_val_ok(a))
		n->in[0] = a;
	if (imc_val_ok(b))
		n->in[n_in - 1] = b;
	imc_node_set_out(rw->g, id, 0, imc_graph_add_value(rw->g, name));
	return id;
}

imc_val imc_rw_reshape(struct imc_rw *rw, imc_node_id like, imc_val a, int rank,
		       const int64_t *dim)
{
	imc_node_id id = imc_rw_add(rw, IMC_OP_RESHAPE, like, a, IMC_NO_VAL);
	struct imc_ints *dims = &imc_node_at(rw->g, id)->a.dims;

	dims->n = rank;
	memcpy(dims->v, dim, (size_t)rank * sizeof *dim);
	imc_rw_infer(rw, id);
	return imc_node_at(rw->g, id)->out[0];
}

imc_val imc_rw_transpose(struct imc_rw *rw, imc_node_id like, imc_val a,
			 int rank, const int64_t *perm)
{
	imc_node_id id = imc_rw_add(rw, IMC_OP_TRANSPOSE, like, a, IMC_NO_VAL);
	struct imc_ints *p = &imc_node_at(rw->g, id)->a.perm;

	p->n = rank;
	memcpy(p->v, perm, (size_t)rank * sizeof *perm);
	imc_rw_infer(rw, id);
	return imc_node_at(rw->g, id)->out[0];
}

void imc_rw_infer(struct imc_rw *rw, imc_node_id id)
{
	bool ok = imc_op_infer(rw->g, id, rw->d);

	assert(ok);
	rw->failed |= !ok;
}

void imc_rw_become(struct imc_rw *rw, imc_node_id id, enum imc_op op, int n_in)
{
	struct imc_node *n = imc_node_at(rw->g, id);

	assert(n_in <= n->n_in);
	n->op = op;
	n->n_in = n_in;
	imc_attrs_default(op, &n->a);
}

void imc_rw_take_over(struct imc_rw *rw, imc_node_id by, imc_node_id id)
{
	imc_val out = imc_node_at(rw->g, id)->out[0];

	imc_node_add_origin(rw->g, by, imc_node_at(rw->g, id));
	imc_node_set_out(rw->g, by, 0, out);
	imc_node_at(rw->g, id)->dead = true;
}

/* Output `out` of the graph is a copy of `in`; whoever computes `in` can
 * compute `out` instead, unless `in` is visible as well. */
static bool hand_back(struct imc_rw *rw, imc_val in, imc_val out)
{
	struct imc_graph *g = rw->g;
	struct imc_value *v = imc_value_at(g, in);
	imc_node_id def = v->def;

	if (v->t.data || !imc_rw_found(def) || imc_graph_is_output(g, in) ||
	    imc_graph_is_input(g, in))
		return false;
	for (int k = 0; k < imc_node_at(g, def)->n_out; k++)
		if (imc_node_at(g, def)->out[k].i == in.i)
			imc_node_set_out(g, def, k, out);
	imc_graph_replace(g, in, out);
	return true;
}

static bool has_live_node(const struct imc_graph *g, const char *origin)
{
	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		for (int k = 0; k < n->n_origin && !n->dead; k++)
			if (!strcmp(n->origin[k], origin))
				return true;
	}
	return false;
}

/* The node `by` stands for what n stood for, unless another does: a reshape
 * around a gemm says nothing of the layer before it. */
static void hand_origins(struct imc_graph *g, imc_node_id by,
			 const struct imc_node *n)
{
	struct imc_node left = *n;
	const char *origin[1];

	left.n_origin = 1;
	left.origin = origin;
	for (int k = 0; k < n->n_origin; k++) {
		origin[0] = n->origin[k];
		if (!has_live_node(g, origin[0]))
			imc_node_add_origin(g, by, &left);
	}
}

/* Given numbers of either end are those of both. */
static void share_given(struct imc_graph *g, imc_val in, imc_val out)
{
	if (imc_value_at(g, out)->given == IMC_GIVEN_NONE)
		imc_value_give(g, out, in);
	else if (imc_value_at(g, in)->given == IMC_GIVEN_NONE &&
		 !imc_value_at(g, in)->t.data)
		imc_value_give(g, in, out);
}

bool imc_rw_bypass(struct imc_rw *rw, imc_node_id id)
{
	struct imc_graph *g = rw->g;
	struct imc_node *n = imc_node_at(g, id);
	imc_val in = n->in[0], out = n->out[0];
	imc_node_id def = imc_value_at(g, in)->def;

	if (imc_graph_is_output(g, out)) {
		/* its own input must not become its output */
		n->dead = true;
		n->in[0] = IMC_NO_VAL;
		if (!hand_back(rw, in, out)) {
			n->dead = false;
			n->in[0] = in;
			return false;
		}
	} else {
		n->dead = true;
		imc_graph_replace(g, out, in);
	}
	share_given(g, in, out);
	if (imc_rw_found(def))
		hand_origins(g, def, n);
	return true;
}
