#include <string.h>

#include "ir/graph.h"
#include "ir/op.h"

/* Two graphs that are compared. of[i] is the id in b of value i of a, or
 * UINT32_MAX while the walk has not met it: ids may differ, positions not. */
struct pair {
	const struct imc_graph *a, *b;
	uint32_t *of, *back;
};

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* -0 and NaN are told apart by their bits, which is what printing keeps. */
static bool same_float(float a, float b)
{
	return !memcmp(&a, &b, sizeof a);
}

static bool same_tensor(const struct imc_tensor *a, const struct imc_tensor *b)
{
	if (a->dtype != b->dtype || a->rank != b->rank || !a->data != !b->data)
		return false;
	for (int i = 0; i < a->rank; i++)
		if (a->dim[i] != b->dim[i])
			return false;
	return !a->data || !memcmp(a->data, b->data, imc_tensor_bytes(a));
}

static bool same_range(const struct imc_value *a, const struct imc_value *b)
{
	return a->ranged == b->ranged &&
	       (!a->ranged ||
		(same_float(a->lo, b->lo) && same_float(a->hi, b->hi)));
}

static bool same_val(struct pair *p, imc_val x, imc_val y);

static bool same_value(struct pair *p, const struct imc_value *a,
		       const struct imc_value *b)
{
	return same_text(a->name, b->name) && a->shaped == b->shaped &&
	       (!a->shaped || same_tensor(&a->t, &b->t)) && same_range(a, b) &&
	       same_float(a->scale, b->scale) && a->zero == b->zero &&
	       a->given == b->given && same_val(p, a->scales, b->scales) &&
	       same_val(p, a->means, b->means) &&
	       same_val(p, a->clips, b->clips) &&
	       same_val(p, a->divisors, b->divisors);
}

/* A scales value has none itself, so this goes two deep at most. */
static bool same_val(struct pair *p, imc_val x, imc_val y)
{
	if (!imc_val_ok(x) || !imc_val_ok(y))
		return imc_val_ok(x) == imc_val_ok(y);
	if (p->of[x.i] != UINT32_MAX || p->back[y.i] != UINT32_MAX)
		return p->of[x.i] == y.i && p->back[y.i] == x.i;
	p->of[x.i] = y.i;
	p->back[y.i] = x.i;
	return same_value(p, imc_value_at(p->a, x), imc_value_at(p->b, y));
}

static bool same_vals(struct pair *p, size_t n, const imc_val *x,
		      const imc_val *y)
{
	for (size_t i = 0; i < n; i++)
		if (!same_val(p, x[i], y[i]))
			return false;
	return true;
}

static bool same_ints(const struct imc_ints *a, const struct imc_ints *b)
{
	return a->n == b->n && !memcmp(a->v, b->v, (size_t)a->n * sizeof *a->v);
}

static bool same_attr(const struct imc_attr_info *i, const struct imc_attrs *a,
		      const struct imc_attrs *b)
{
	const char *x = (const char *)a + i->offset;
	const char *y = (const char *)b + i->offset;

	switch (i->type) {
	case IMC_FIELD_I:
		return !memcmp(x, y, (size_t)i->count * sizeof(int64_t));
	case IMC_FIELD_F:
		return !memcmp(x, y, (size_t)i->count * sizeof(float));
	case IMC_FIELD_L:
		return same_ints((const struct imc_ints *)x,
				 (const struct imc_ints *)y);
	}
	return false;
}

static bool same_attrs(enum imc_op op, const struct imc_attrs *a,
		       const struct imc_attrs *b)
{
	const struct imc_op_info *info = imc_op_info(op);

	for (int i = 0; i < info->n_attr; i++)
		if (!same_attr(&info->attr[i], a, b))
			return false;
	return true;
}

static bool same_origins(const struct imc_node *a, const struct imc_node *b)
{
	if (a->n_origin != b->n_origin)
		return false;
	for (int i = 0; i < a->n_origin; i++)
		if (!same_text(a->origin[i], b->origin[i]))
			return false;
	return true;
}

static bool same_node(struct pair *p, const struct imc_node *a,
		      const struct imc_node *b)
{
	return a->op == b->op && same_text(a->name, b->name) &&
	       a->n_in == b->n_in && a->n_out == b->n_out &&
	       same_attrs(a->op, &a->a, &b->a) && same_origins(a, b) &&
	       same_vals(p, (size_t)a->n_in, a->in, b->in) &&
	       same_vals(p, (size_t)a->n_out, a->out, b->out);
}

static bool same_nodes(struct pair *p)
{
	for (size_t i = 0; i < p->a->n_order; i++)
		if (!same_node(p, imc_node_at(p->a, p->a->order[i]),
			       imc_node_at(p->b, p->b->order[i])))
			return false;
	return true;
}

bool imc_graph_equal(const struct imc_graph *a, const struct imc_graph *b)
{
	struct imc_arena *scratch = imc_arena_new();
	struct pair p = {
		.a = a,
		.b = b,
		.of = imc_arena_array(scratch, a->n_value + 1, sizeof *p.of),
		.back = imc_arena_array(scratch, b->n_value + 1,
					sizeof *p.back),
	};
	bool same = same_text(a->name, b->name) && a->layout == b->layout &&
		    a->n_order == b->n_order && a->n_input == b->n_input &&
		    a->n_output == b->n_output;

	memset(p.of, 0xff, (a->n_value + 1) * sizeof *p.of);
	memset(p.back, 0xff, (b->n_value + 1) * sizeof *p.back);
	same = same && same_vals(&p, a->n_input, a->input, b->input) &&
	       same_nodes(&p) &&
	       same_vals(&p, a->n_output, a->output, b->output);
	imc_arena_free(scratch);
	return same;
}
