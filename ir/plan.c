#include "ir/plan.h"

#include "ir/fields.h"

const char *imc_step_name(enum imc_step_kind k)
{
	static const char *const name[IMC_N_STEP] = {
#define X(id, text) #text,
		IMC_STEPS(X)
#undef X
	};

	return name[k];
}

/* True if axes of more than one element stay in order. */
static bool moves_nothing(const struct imc_ints *perm,
			  const struct imc_tensor *t)
{
	int64_t last = -1;

	for (int i = 0; i < t->rank; i++) {
		/* no perm: the reverse order */
		int64_t from = perm->n ? perm->v[i] : t->rank - 1 - i;

		if (t->dim[from] == 1)
			continue;
		if (from < last)
			return false;
		last = from;
	}
	return true;
}

bool imc_plan_is_view(const struct imc_graph *g, const struct imc_node *n)
{
	const struct imc_value *x = imc_node_in(g, n, 0);

	if (n->op == IMC_OP_RESHAPE || n->op == IMC_OP_IDENTITY)
		return true;
	return n->op == IMC_OP_TRANSPOSE && moves_nothing(&n->a.perm, &x->t);
}

static bool step_equal(const struct imc_step *a, const struct imc_step *b)
{
	if (a->kind != b->kind || !imc_members_equal(imc_step_members, a, b))
		return false;
	return a->kind == IMC_STEP_RUN ? a->node.i == b->node.i
				       : a->val.i == b->val.i;
}

bool imc_plan_equal(const struct imc_plan *a, const struct imc_plan *b)
{
	if (a->n_step != b->n_step || a->n_buffer != b->n_buffer ||
	    a->n_buffer_of != b->n_buffer_of ||
	    !imc_members_equal(imc_plan_members, a, b))
		return false;
	for (size_t i = 0; i < a->n_step; i++)
		if (!step_equal(&a->step[i], &b->step[i]))
			return false;
	for (size_t i = 0; i < a->n_buffer; i++)
		if (a->buffer[i].val.i != b->buffer[i].val.i ||
		    !imc_members_equal(imc_buffer_members, &a->buffer[i],
				       &b->buffer[i]))
			return false;
	for (size_t i = 0; i < a->n_buffer_of; i++)
		if (a->buffer_of[i] != b->buffer_of[i])
			return false;
	return true;
}
