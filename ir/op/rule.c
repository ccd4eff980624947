#include "ir/op/rule.h"

#include <inttypes.h>

#include "ir/op.h"
#include "ir/support/checked.h"

bool imc_rule_reject(struct imc_diags *d, const struct imc_node *n,
		     const char *fmt, ...)
{
	va_list ap;
	const char *text;

	va_start(ap, fmt);
	text = imc_arena_vprintf(d->arena, fmt, ap);
	va_end(ap);
	text = imc_arena_printf(d->arena, "%s: %s", imc_op_info(n->op)->name,
				text);
	return imc_diag(d, n->loc, IMC_D_SHAPE_MISMATCH, text);
}

bool imc_rule_fits(const struct imc_tensor *t)
{
	int64_t count = 1;

	if (t->rank < 0 || t->rank > IMC_MAX_RANK)
		return false;
	for (int i = 0; i < t->rank; i++) {
		/* A zero elsewhere must not hide a dimension that overflows. */
		int64_t by = imc_max_i64(t->dim[i], 1);

		if (t->dim[i] < 0 || !imc_mul_i64(count, by, &count) ||
		    count > IMC_MAX_COUNT)
			return false;
	}
	return true;
}

void imc_rule_set_output(struct imc_graph *g, const struct imc_node *n, int k,
			 const struct imc_tensor *t)
{
	struct imc_value *v = imc_node_out(g, n, k);

	if (!v)
		return;
	v->t.dtype = t->dtype;
	v->t.rank = t->rank;
	for (int i = 0; i < t->rank; i++)
		v->t.dim[i] = t->dim[i];
	v->shaped = true;
}

bool imc_rule_dtype(const struct imc_graph *g, const struct imc_node *n, int k,
		    enum imc_dtype t, struct imc_diags *d)
{
	const struct imc_value *v = imc_node_in(g, n, k);

	if (!v || v->t.dtype == t)
		return true;
	return imc_rule_reject(d, n, "input '%s' is %s where %s is needed",
			       v->name, imc_dtype_name(v->t.dtype),
			       imc_dtype_name(t));
}

bool imc_rule_vector(const struct imc_graph *g, const struct imc_node *n, int k,
		     int64_t n_element, struct imc_diags *d)
{
	const struct imc_value *v = imc_node_in(g, n, k);

	if (!v || (v->t.rank == 1 && v->t.dim[0] == n_element))
		return true;
	return imc_rule_reject(
		d, n, "input '%s' must be a vector of %" PRId64 " elements",
		v->name, n_element);
}

bool imc_rule_axis(const struct imc_node *n, int rank, int64_t *axis,
		   struct imc_diags *d)
{
	if (*axis < -rank || *axis >= rank)
		return imc_rule_reject(d, n,
				       "axis %" PRId64 " of a tensor of "
				       "rank %d",
				       *axis, rank);
	if (*axis < 0)
		*axis += rank;
	return true;
}
