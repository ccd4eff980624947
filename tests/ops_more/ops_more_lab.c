#include "ops_more_lab.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ir/op/lane.h"

struct lab *lab_new(void)
{
	struct imc_arena *a = imc_arena_new();
	struct lab *l = imc_arena_alloc(a, sizeof *l);

	l->arena = a;
	l->g = imc_graph_new(a, "lab");
	l->diags.arena = a;
	return l;
}

void lab_free(struct lab *l)
{
	imc_arena_free(l->arena);
}

static struct imc_tensor shape_of(enum imc_dtype t, const int64_t *dims)
{
	struct imc_tensor x = {.dtype = t};

	while (dims[x.rank] >= 0) {
		x.dim[x.rank] = dims[x.rank];
		x.rank++;
	}
	return x;
}

imc_val lab_const(struct lab *l, enum imc_dtype t, const void *data,
		  const int64_t *dims)
{
	struct imc_tensor x = shape_of(t, dims);

	x.data = (void *)(uintptr_t)data;
	return imc_graph_add_const(l->g, "c", &x);
}

imc_val lab_unknown(struct lab *l, enum imc_dtype t, const int64_t *dims)
{
	imc_val v = imc_graph_add_value(l->g, "u");

	imc_value_at(l->g, v)->t = shape_of(t, dims);
	imc_value_at(l->g, v)->shaped = true;
	return v;
}

struct imc_attrs *lab_node(struct lab *l, enum imc_op op, int n_out, int n_in,
			   const imc_val *in)
{
	l->node = imc_graph_add_node(l->g, op, n_in, n_out, NULL);
	for (int k = 0; k < n_in; k++)
		imc_node_at(l->g, l->node)->in[k] = in[k];
	for (int k = 0; k < n_out; k++)
		imc_node_set_out(l->g, l->node, k,
				 imc_graph_add_value(l->g, "y"));
	return &imc_node_at(l->g, l->node)->a;
}

bool lab_run(struct lab *l)
{
	struct imc_tensor in[16] = {{0}};
	struct imc_node *n;

	for (int i = 0; i < 2; i++)
		if (!imc_op_infer(l->g, l->node, &l->diags)) {
			fprintf(stderr, "%s\n",
				l->diags.v[l->diags.n - 1].text);
			return false;
		}
	n = imc_node_at(l->g, l->node);
	for (int k = 0; k < n->n_in; k++)
		if (imc_val_ok(n->in[k]))
			in[k] = imc_node_in(l->g, n, k)->t;
	imc_op_eval(l->g, n, in, l->out, l->arena);
	return true;
}

bool lab_refuses(struct lab *l, const char *body)
{
	size_t before = l->diags.n;

	if (imc_op_infer(l->g, l->node, &l->diags)) {
		fprintf(stderr, "accepted\n");
		return false;
	}
	if (l->diags.n == before + 1 && !strcmp(l->diags.v[before].body, body))
		return true;
	fprintf(stderr, "said '%s'\n",
		l->diags.n > before ? l->diags.v[before].body : "");
	return false;
}

static bool close_to(double a, double b, double tolerance)
{
	if (isnan(a) || isnan(b))
		return isnan(a) && isnan(b);
	return a == b || fabs(a - b) <= tolerance;
}

bool lab_is(const struct lab *l, int k, enum imc_dtype t, const int64_t *dims,
	    const double *v, double tolerance)
{
	struct imc_tensor want = shape_of(t, dims);
	const struct imc_tensor *y = &l->out[k];
	bool ok = y->dtype == t && y->rank == want.rank;

	for (int i = 0; i < want.rank && ok; i++)
		ok = y->dim[i] == want.dim[i];
	for (int64_t i = 0; ok && i < imc_tensor_count(&want); i++)
		ok = close_to(imc_f64_at(y, i), v[i], tolerance);
	if (ok)
		return true;
	fprintf(stderr, "got %s", imc_dtype_name(y->dtype));
	for (int i = 0; i < y->rank; i++)
		fprintf(stderr, "%s%lld", i ? "x" : " ", (long long)y->dim[i]);
	for (int64_t i = 0; i < imc_tensor_count(y) && i < 40; i++)
		fprintf(stderr, " %g", imc_f64_at(y, i));
	fputc('\n', stderr);
	return false;
}
