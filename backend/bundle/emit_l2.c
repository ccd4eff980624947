#include "backend/bundle/emit.h"

/* Reads back as 0x01020304 on a little-endian machine only. */
void imc_emit_start_l2(struct imc_emit *e)
{
	static const char tag[] = {4, 3, 2, 1};

	e->l2.arena = e->a;
	imc_emit_bytes(e, tag, sizeof tag);
	e->l2_at = imc_arena_array(e->a, e->g->n_value, sizeof *e->l2_at);
	for (size_t v = 0; v < e->g->n_value; v++)
		e->l2_at[v] = -1;
}

int64_t imc_emit_bytes(struct imc_emit *e, const void *p, size_t size)
{
	int64_t at;

	imc_buf_align(&e->l2, 16);
	at = (int64_t)e->l2.n;
	imc_buf_bytes(&e->l2, p, size);
	return at;
}

int64_t imc_emit_const(struct imc_emit *e, imc_val v)
{
	const struct imc_tensor *t = &imc_value_at(e->g, v)->t;

	if (e->l2_at[v.i] < 0)
		e->l2_at[v.i] = imc_emit_bytes(e, t->data, imc_tensor_bytes(t));
	return e->l2_at[v.i];
}

/* The constant that v is a view of, or v. */
static imc_val origin_of(const struct imc_graph *g, imc_val v)
{
	for (;;) {
		imc_node_id def = imc_value_at(g, v)->def;

		if (imc_value_at(g, v)->t.data || def.i == UINT32_MAX ||
		    !imc_plan_is_view(g, imc_node_at(g, def)))
			return v;
		v = imc_node_at(g, def)->in[0];
	}
}

const char *imc_emit_operand(struct imc_emit *e, imc_val v)
{
	int32_t b =
		imc_plan_buffer(&e->m->plan, v, IMC_MEM_L1, (size_t)e->step);

	if (b >= 0)
		return imc_arena_printf(e->a, "l1 + %lld",
					(long long)e->m->plan.buffer[b].offset);
	return imc_arena_printf(
		e->a, "I8(%lld)",
		(long long)imc_emit_const(e, origin_of(e->g, v)));
}

const char *imc_emit_table(struct imc_emit *e, const struct imc_node *n, int k,
			   const char *macro)
{
	if (!imc_node_in(e->g, n, k))
		return "0";
	return imc_arena_printf(e->a, "%s(%lld)", macro,
				(long long)imc_emit_const(e, n->in[k]));
}
