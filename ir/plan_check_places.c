#include "ir/plan_check.h"

static int64_t rows_of(const struct imc_plan_checker *c, imc_val v)
{
	return imc_plan_n_row(&imc_value_at(c->g, v)->t);
}

const char *imc_units_read(const struct imc_plan_checker *c,
			   const struct imc_units *x, size_t i)
{
	for (int64_t r = x->u.first; r < x->u.end; r++) {
		struct imc_place *p = &x->at.v[r % x->at.n];

		if (p->unit != r || p->n_chan < x->n_chan)
			return imc_arena_printf(
				c->a,
				"step %zu reads %s %lld of '%s', which is not "
				"in %s since a slot before",
				i, x->unit, (long long)r, x->name, x->where);
		p->read = (int32_t)i;
	}
	return NULL;
}

static const char *write_unit(const struct imc_plan_checker *c,
			      const struct imc_units *x, int64_t r,
			      struct imc_rows chans, size_t i)
{
	struct imc_place *p = &x->at.v[r % x->at.n];

	if (p->made >= c->slot || p->read >= c->slot)
		return imc_arena_printf(
			c->a,
			"step %zu writes %s %lld of '%s' in %s where step %d "
			"of its slot %s",
			i, x->unit, (long long)r, x->name, x->where,
			(int)(p->made >= c->slot ? p->made : p->read),
			p->made >= c->slot ? "writes" : "reads");
	if (chans.first && (p->unit != r || p->n_chan != chans.first))
		return imc_arena_printf(
			c->a,
			"step %zu makes channels %lld to %lld of row %lld of "
			"'%s', and those before are not in %s",
			i, (long long)chans.first, (long long)chans.end,
			(long long)r, x->name, x->where);
	*p = (struct imc_place){r, chans.end, (int32_t)i, -1};
	return NULL;
}

const char *imc_units_write(const struct imc_plan_checker *c,
			    const struct imc_units *x, struct imc_rows chans,
			    size_t i)
{
	const char *bad = NULL;

	for (int64_t r = x->u.first; r < x->u.end && !bad; r++)
		bad = write_unit(c, x, r, chans, i);
	return bad;
}

/* Buffer b, which lives now or is -1, must live in step i. */
static const char *check_live(const struct imc_plan_checker *c, int32_t b,
			      const char *name, const char *where, size_t i)
{
	const struct imc_buffer *f = &c->p->buffer[b];

	if (b < 0)
		return imc_arena_printf(
			c->a,
			"step %zu uses '%s', which has no buffer in %s then", i,
			name, where);
	if (f->first > (int64_t)i || f->last < (int64_t)i)
		return imc_arena_printf(
			c->a, "step %zu uses '%s', which lives %d to %d", i,
			name, (int)f->first, (int)f->last);
	return NULL;
}

/* The places of rows `rows` of v in a buffer. */
const char *imc_units_rows(const struct imc_plan_checker *c, imc_val v,
			   enum imc_memory mem, struct imc_rows rows, size_t i,
			   struct imc_units *x)
{
	int32_t b = imc_plan_now_of(&c->now, v, mem);
	imc_val root = {c->p->root[v.i]};
	const char *bad;

	*x = (struct imc_units){
		.u = imc_plan_root_rows(c->g, c->p, v, rows),
		.n_chan = imc_plan_n_chan(&imc_value_at(c->g, root)->t),
		.unit = "row",
		.name = imc_plan_name(c, root),
		.where = mem == IMC_MEM_L1 ? "L1" : "L2"};
	bad = check_live(c, b, imc_plan_name(c, v), x->where, i);
	if (bad)
		return bad;
	if (c->p->buffer[b].n_chan)
		return imc_arena_printf(
			c->a,
			"step %zu needs rows of '%s', whose buffer is cut by "
			"channels",
			i, x->name);
	x->at = c->buffer[b];
	if (rows_of(c, v) != rows_of(c, root) && x->at.n < rows_of(c, root))
		return imc_arena_printf(
			c->a,
			"step %zu needs '%s', which has other rows than the "
			"ring of '%s'",
			i, imc_plan_name(c, v), x->name);
	return NULL;
}

/* Rows of v that lie in the memory of output o, of which it is a view or that
 * is one of it. */
static const char *rows_of_output(const struct imc_plan_checker *c, imc_val v,
				  imc_val o, struct imc_rows rows,
				  struct imc_units *x)
{
	const struct imc_tensor *t = &imc_value_at(c->g, v)->t;
	const struct imc_tensor *to = &imc_value_at(c->g, o)->t;
	int64_t line = imc_plan_row_bytes(t);
	int64_t of = imc_plan_row_bytes(to);

	*x = (struct imc_units){.at = c->out[o.i],
				.u = rows,
				.n_chan = imc_plan_n_chan(to),
				.unit = "row",
				.name = imc_plan_name(c, o),
				.where = "the output"};
	if (line == of || of == 0)
		return NULL;
	x->u.first = rows.first * line / of;
	x->u.end = rows.end == rows_of(c, v) ? rows_of(c, o)
					     : rows.end * line / of;
	if (x->u.first * of == rows.first * line &&
	    (x->u.end * of == rows.end * line || rows.end == rows_of(c, v)))
		return NULL;
	return imc_arena_printf(c->a, "rows of '%s' are no rows of '%s'",
				imc_plan_name(c, v), x->name);
}

const char *imc_units_by_cores(const struct imc_plan_checker *c, imc_val v,
			       struct imc_rows rows, size_t i,
			       struct imc_units *x)
{
	imc_node_id id = c->p->step[i].node;
	struct imc_home home;

	if (imc_plan_now_of(&c->now, v, IMC_MEM_L1) >= 0 ||
	    c->m->assign[id.i].engine != IMC_ENGINE_CORES)
		return imc_units_rows(c, v, IMC_MEM_L1, rows, i, x);
	if (imc_plan_now_of(&c->now, v, IMC_MEM_L2) >= 0)
		return imc_units_rows(c, v, IMC_MEM_L2, rows, i, x);
	home = imc_plan_home(c->g, c->p, v);
	switch (home.kind) {
	case IMC_HOME_INPUT:
		*x = (struct imc_units){.u = rows};
		return NULL;
	case IMC_HOME_OUTPUT:
		return rows_of_output(c, v, c->g->output[home.i], rows, x);
	case IMC_HOME_NONE:
		break;
	}
	return imc_units_rows(c, v, IMC_MEM_L1, rows, i, x);
}

/* The place of a block in buffer b, which is cut by channels; of constants
 * that are not, they are the one block. */
const char *imc_units_block(const struct imc_plan_checker *c, int32_t b,
			    struct imc_rows chans, int64_t n_chan, size_t i,
			    struct imc_units *x)
{
	const struct imc_buffer *f = &c->p->buffer[b];
	int64_t block;

	*x = (struct imc_units){.n_chan = 1, .where = "L1"};
	x->unit = imc_val_ok(f->val) ? "block" : "constants, block";
	x->name = imc_val_ok(f->val) ? imc_plan_name(c, f->val)
				     : imc_node_at(c->g, f->node)->name;
	block = imc_plan_block(chans, f->n_chan, n_chan);
	if (block < 0)
		return imc_arena_printf(
			c->a,
			"step %zu needs channels %lld to %lld of '%s', which "
			"are no block of %lld",
			i, (long long)chans.first, (long long)chans.end,
			x->name, (long long)(f->n_chan ? f->n_chan : n_chan));
	x->at = c->buffer[b];
	x->u = (struct imc_rows){block, block + 1};
	return check_live(c, b, x->name, x->where, i);
}
