#include <string.h>

#include "backend/bundle/emit.h"
#include "ir/support/checked.h"

/* Reads back as 0x01020304 on a little-endian machine only. */
void imc_emit_start_l2(struct imc_emit *e)
{
	static const char tag[] = {4, 3, 2, 1};

	e->l2.arena = e->a;
	imc_emit_bytes(e, tag, sizeof tag);
	e->l2_at = imc_arena_array(e->a, e->g->n_value, sizeof *e->l2_at);
	for (size_t v = 0; v < e->g->n_value; v++)
		e->l2_at[v] = -1;
	e->known = imc_arena_array(e->a, e->g->n_node, sizeof *e->known);
	for (size_t k = 0; k < e->g->n_node; k++)
		e->known[k] = (struct imc_emit_known){
			.traced = -1, .piece = -1, .first = -1, .record = -1};
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

#define BLOCK_ALIGN 16

int64_t imc_emit_piece_step(const struct imc_constants *c)
{
	return imc_ceil_div(c->bytes, BLOCK_ALIGN) * BLOCK_ALIGN;
}

/* Channels from chan on of c, into one block of l2. */
static void put_block(struct imc_emit *e, const struct imc_node *n,
		      const struct imc_constants *c, int64_t chan)
{
	char *block = imc_arena_alloc(e->a, (size_t)c->bytes);

	for (int i = 0; i < c->n; i++) {
		const struct imc_constant *part = &c->part[i];
		imc_val v = imc_plan_origin(e->g, n->in[part->input]);
		const struct imc_tensor *t = &imc_value_at(e->g, v)->t;
		int64_t at = chan * part->per_chan;
		int64_t left = (int64_t)imc_tensor_bytes(t) - at;

		memcpy(block + part->offset, (const char *)t->data + at,
		       (size_t)imc_min_i64(part->bytes, left));
	}
	imc_emit_bytes(e, block, (size_t)c->bytes);
}

int64_t imc_emit_piece(struct imc_emit *e, imc_node_id id, int64_t n_chan)
{
	struct imc_emit_known *k = &e->known[id.i];
	const struct imc_node *n = imc_node_at(e->g, id);
	struct imc_constants c =
		imc_plan_constants(e->g, &e->m->map, id, n_chan);
	int64_t all = n_chan ? imc_node_in(e->g, n, 1)->t.dim[0] : 1;

	if (k->piece >= 0 && k->n_chan == n_chan)
		return k->piece;
	imc_buf_align(&e->l2, BLOCK_ALIGN);
	k->piece = (int64_t)e->l2.n;
	k->n_chan = n_chan;
	for (int64_t at = 0; at < all && c.bytes; at += n_chan ? n_chan : 1)
		put_block(e, n, &c, at);
	return k->piece;
}

const char *imc_emit_table(struct imc_emit *e, const struct imc_node *n, int k,
			   const char *macro)
{
	if (!imc_node_in(e->g, n, k))
		return "0";
	return imc_arena_printf(e->a, "%s(%lld)", macro,
				(long long)imc_emit_const(e, n->in[k]));
}
