/* A node, or a strip or a block of it, from what lies in L1. */
#include <string.h>

#include "ir/eval/plan_machine.h"
#include "ir/op.h"
#include "ir/support/checked.h"

/* What one RUN step makes. */
struct part {
	const struct imc_node *n;
	const struct imc_step *s;
	struct imc_rows rows, chans;
	int64_t n_chan;	 /* of the output */
	bool cut_rows;	 /* the node is computed for these rows only */
	bool some_chans; /* not all */
	bool cut_chans;	 /* it is computed for these channels only */
	struct imc_arena *a;
};

/* False: the node is computed whole, and the rows are taken out. A mean whose
 * windows reach below the padding (ceil_mode) counts by the whole input, and
 * numbers of a move are about whole tensors. */
static bool can_cut(const struct imc_graph *g, const struct imc_node *n)
{
	const struct imc_attrs *a = &n->a;
	const struct imc_tensor *x = &imc_node_in(g, n, 0)->t;
	const struct imc_tensor *y = &imc_node_out(g, n, 0)->t;

	if (imc_op_info(n->op)->kind == IMC_MOVE)
		return n->op == IMC_OP_CONCAT;
	if (n->op != IMC_OP_Q_AVERAGE_POOL)
		return imc_plan_by_rows(g, n);
	return (y->dim[1] - 1) * a->stride[0] + a->kernel[0] <=
	       x->dim[1] + a->pads[0] + a->pads[2];
}

static struct part part_of(const struct imc_machine *m,
			   const struct imc_step *s, struct imc_arena *a)
{
	const struct imc_node *n = imc_node_at(m->g, s->node);
	struct part p = {.n = n, .s = s, .a = a};

	p.rows = imc_step_rows(s, &imc_node_out(m->g, n, 0)->t);
	p.n_chan = imc_plan_out_chan(m->g, n);
	p.chans = imc_step_chans(s, p.n_chan);
	p.cut_rows = s->n_row && can_cut(m->g, n);
	p.some_chans = p.chans.end - p.chans.first < p.n_chan;
	p.cut_chans = p.some_chans &&
		      (n->op != IMC_OP_Q_CONV2D || n->a.group[0] == 1);
	return p;
}

/* ---- constants ---- */

/* Channels of t, whose first axis they are. */
static void take_chans(struct imc_tensor *t, struct imc_rows chans)
{
	int64_t of_chan = (int64_t)imc_tensor_bytes(t) / t->dim[0];

	t->data = (char *)t->data + chans.first * of_chan;
	t->dim[0] = chans.end - chans.first;
}

#define SHIFT 4 /* inputs of a convolution */
#define ADC_ZERO 7
#define MAX_SHIFT 62
#define MAX_ZERO (1 << 20)

/* What a fault has left is within what arithmetic is defined for. */
static void bound_values(int input, int32_t *v, int64_t n)
{
	int64_t lo = input == SHIFT ? 0 : -MAX_ZERO;
	int64_t hi = input == SHIFT ? MAX_SHIFT : MAX_ZERO;

	for (int64_t i = 0; i < n; i++)
		v[i] = (int32_t)imc_min_i64(imc_max_i64(v[i], lo), hi);
}

/* All channels of a convolution by groups, of which only those of a block are
 * known: the others are computed of zeros, and left. */
static void *widen(const struct part *p, const struct imc_constant *c,
		   const void *block)
{
	char *all = imc_arena_alloc(p->a, (size_t)(c->per_chan * p->n_chan));

	memcpy(all + p->chans.first * c->per_chan, block,
	       (size_t)((p->chans.end - p->chans.first) * c->per_chan));
	return all;
}

/* Input c->input of the node, t, from a piece of its constants. */
static void take_constant(const struct imc_machine *m, const struct part *p,
			  const struct imc_constant *c, const char *piece,
			  struct imc_tensor *t)
{
	bool conv = p->n->op == IMC_OP_Q_CONV2D;
	bool bound = conv && (c->input == SHIFT || c->input == ADC_ZERO);
	const void *from = piece + c->offset;
	int64_t bytes = c->bytes;

	*t = imc_node_in(m->g, p->n, c->input)->t;
	if (conv && p->some_chans)
		bytes = c->per_chan * (p->chans.end - p->chans.first);
	if ((uintptr_t)from % 4 || bound)
		from = imc_arena_memdup(p->a, from, (size_t)bytes);
	t->data = (void *)(uintptr_t)from;
	if (bound)
		bound_values(c->input, t->data, bytes / 4);
	if (!conv || !p->some_chans)
		return;
	if (p->cut_chans)
		t->dim[0] = p->chans.end - p->chans.first;
	else
		t->data = widen(p, c, from);
}

/* Those rows of t that a strip reads, if it does not read all. */
static void take_rows(struct imc_tensor *t, struct imc_rows rows)
{
	if (rows.end - rows.first == imc_plan_n_row(t))
		return;
	t->data = (char *)t->data + rows.first * imc_plan_row_bytes(t);
	t->dim[1] = rows.end - rows.first;
}

/* A constant where it is: in L2. */
static void find_constant(const struct imc_machine *m, const struct part *p,
			  int k)
{
	imc_val v = p->n->in[k];
	struct imc_tensor *t = &m->cut.value[v.i].t;

	*t = imc_value_at(m->g, v)->t;
	t->data = imc_value_at(m->g, imc_plan_origin(m->g, v))->t.data;
	if (p->cut_chans && p->n->op == IMC_OP_Q_CONV2D && k != 8)
		take_chans(t, p->chans);
	if (p->cut_rows)
		take_rows(t, imc_plan_reads(m->g, p->n, k, p->rows));
}

static void take_constants(const struct imc_machine *m, const struct part *p)
{
	int32_t b = m->now.node[p->s->node.i];
	struct imc_constants c;
	struct imc_target at;
	const char *piece;

	if (b < 0)
		return;
	c = imc_plan_constants(m->g, m->me.m, p->s->node,
			       m->p->buffer[b].n_chan);
	at = imc_machine_constants(m, p->s);
	piece = imc_machine_take(&at, p->a);
	for (int i = 0; i < c.n; i++)
		take_constant(m, p, &c.part[i], piece,
			      &m->cut.value[p->n->in[c.part[i].input].i].t);
}

/* ---- values ---- */

/* The rows of input k that the evaluator gets: those that are read, or any
 * one, since it takes no empty tensor. */
static struct imc_rows given_rows(const struct imc_machine *m,
				  const struct part *p, int k)
{
	const struct imc_tensor *t = &imc_node_in(m->g, p->n, k)->t;
	struct imc_rows r = imc_plan_reads(m->g, p->n, k, p->rows);

	if (r.first == r.end) {
		r.first = imc_min_i64(r.first, imc_plan_n_row(t) - 1);
		r.end = r.first + 1;
	}
	return r;
}

/* Those rows in a tensor that has all, the others poisoned. */
static void *among_all(const struct part *p, const struct imc_tensor *t,
		       struct imc_rows rows, const void *from)
{
	size_t size = imc_tensor_bytes(t);
	int64_t line = imc_plan_row_bytes(t);
	char *all = imc_arena_room(p->a, size, 1);

	memset(all, IMC_POISON, size);
	memcpy(all + rows.first * line, from,
	       (size_t)((rows.end - rows.first) * line));
	return all;
}

/* Such a step needs no buffer of that input. */
static bool reads_nothing(const struct imc_machine *m, const struct part *p,
			  int k)
{
	struct imc_rows r = imc_plan_reads(m->g, p->n, k, p->rows);

	return r.first == r.end;
}

static const void *poisoned(const struct part *p, const struct imc_tensor *t,
			    struct imc_rows rows)
{
	size_t size = (size_t)((rows.end - rows.first) * imc_plan_row_bytes(t));

	return memset(imc_arena_room(p->a, size, 1), IMC_POISON, size);
}

static const void *taken(const struct imc_machine *m, const struct part *p,
			 imc_val v, struct imc_rows rows, struct imc_rows chans)
{
	struct imc_target at = imc_machine_place(m, v, rows, chans);

	return imc_machine_take(&at, p->a);
}

/* Of a global pool by channels, the input is cut as the output is. */
static void take_value(const struct imc_machine *m, const struct part *p, int k)
{
	imc_val v = p->n->in[k];
	struct imc_tensor *t = &m->cut.value[v.i].t;
	struct imc_rows rows = given_rows(m, p, k);
	struct imc_rows chans = {0, imc_plan_n_chan(&imc_value_at(m->g, v)->t)};
	const void *from;

	*t = imc_value_at(m->g, v)->t;
	if (p->cut_chans && p->n->op != IMC_OP_Q_CONV2D) {
		chans = p->chans;
		t->dim[t->rank - 1] = chans.end - chans.first;
	}
	from = reads_nothing(m, p, k) ? poisoned(p, t, rows)
				      : taken(m, p, v, rows, chans);
	if (rows.end - rows.first == imc_plan_n_row(t)) {
		t->data = (void *)(uintptr_t)from;
	} else if (p->cut_rows) {
		t->data = (void *)(uintptr_t)from;
		t->dim[1] = rows.end - rows.first;
	} else {
		t->data = among_all(p, t, rows, from);
	}
}

/* ---- the node ---- */

/* Padding with which windows over the given rows alone give those rows. */
static void cut_window(struct imc_machine *m, const struct part *p)
{
	struct imc_attrs *a = &m->cut.node[p->s->node.i].a;
	struct imc_rows in = given_rows(m, p, 0);
	int64_t dilation =
		p->n->op == IMC_OP_Q_AVERAGE_POOL ? 1 : a->dilation[0];
	int64_t above = p->rows.first * a->stride[0] - a->pads[0];
	int64_t below = (p->rows.end - 1) * a->stride[0] - a->pads[0] +
			(a->kernel[0] - 1) * dilation + 1;

	a->pads[0] = in.first - above;
	a->pads[2] = below - in.end;
}

/* Makes the node of m->cut what the step computes. */
static void cut_node(struct imc_machine *m, const struct part *p)
{
	const struct imc_node *n = p->n;
	struct imc_tensor *y = &m->cut.value[n->out[0].i].t;

	for (int k = 0; k < n->n_in; k++) {
		if (!imc_val_ok(n->in[k]))
			continue;
		if (imc_value_at(m->g, imc_plan_origin(m->g, n->in[k]))->t.data)
			find_constant(m, p, k);
		else
			take_value(m, p, k);
	}
	take_constants(m, p);
	if (p->cut_chans)
		y->dim[y->rank - 1] = p->chans.end - p->chans.first;
	if (!p->cut_rows || p->rows.end - p->rows.first == imc_plan_n_row(y))
		return;
	y->dim[1] = p->rows.end - p->rows.first;
	if (n->op == IMC_OP_Q_CONV2D || n->op == IMC_OP_MAX_POOL ||
	    n->op == IMC_OP_Q_AVERAGE_POOL)
		cut_window(m, p);
}

static void mend_node(struct imc_machine *m, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(m->g, id);

	m->cut.node[id.i] = *n;
	for (int k = 0; k < n->n_in; k++)
		if (imc_val_ok(n->in[k]))
			m->cut.value[n->in[k].i] = *imc_node_in(m->g, n, k);
	for (int k = 0; k < n->n_out; k++)
		if (imc_val_ok(n->out[k]))
			m->cut.value[n->out[k].i] = *imc_node_out(m->g, n, k);
}

/* Runs the node of m->cut as it is; matrix nodes write all of their outputs. */
static struct imc_tensor *compute(const struct imc_machine *m, imc_node_id id,
				  struct imc_arena *a)
{
	const struct imc_graph *g = &m->cut;
	const struct imc_node *n = imc_node_at(g, id);
	struct imc_tensor *in, *out;

	in = imc_arena_array(a, (size_t)n->n_in, sizeof *in);
	out = imc_arena_array(a, (size_t)n->n_out, sizeof *out);
	for (int k = 0; k < n->n_in; k++)
		if (imc_val_ok(n->in[k]))
			in[k] = imc_node_in(g, n, k)->t;
	for (int k = 0; k < n->n_out; k++) {
		size_t size;

		if (!imc_val_ok(n->out[k]))
			continue;
		out[k] = imc_node_out(g, n, k)->t;
		size = imc_tensor_bytes(&out[k]);
		out[k].data = imc_op_info(n->op)->kind == IMC_MATRIX
				      ? imc_arena_room(a, size, 1)
				      : imc_arena_alloc(a, size);
	}
	if (!imc_map_compute((void *)(uintptr_t)&m->me, id, in, out, a))
		imc_op_info(n->op)->eval(g, n, in, out, a);
	return out;
}

/* The step's part of an output that was computed for more rows or channels. */
static const void *part_of_output(const struct part *p,
				  const struct imc_tensor *y)
{
	int64_t line = imc_plan_row_bytes(y);
	struct imc_target at = {.base = y->data,
				.size = (int64_t)imc_tensor_bytes(y),
				.n = 1,
				.width = (int64_t)imc_tensor_bytes(y)};

	if (p->s->n_row && !p->cut_rows) {
		at.at = p->rows.first * line;
		at.width = (p->rows.end - p->rows.first) * line;
	}
	if (p->some_chans && !p->cut_chans) {
		int64_t size = (int64_t)imc_dtype_size(y->dtype);

		at.n = at.width / (p->n_chan * size);
		at.stride = p->n_chan * size;
		at.at += p->chans.first * size;
		at.width = (p->chans.end - p->chans.first) * size;
	}
	return imc_machine_take(&at, p->a);
}

void imc_machine_run(struct imc_machine *m, const struct imc_step *s,
		     const void **v, struct imc_arena *a)
{
	struct part p = part_of(m, s, a);
	struct imc_tensor *out;

	cut_node(m, &p);
	out = compute(m, s->node, a);
	for (int k = 0; k < p.n->n_out; k++)
		if (imc_val_ok(p.n->out[k]))
			v[k] = part_of_output(&p, &out[k]);
	mend_node(m, s->node);
}
