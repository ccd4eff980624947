#include "frontend/cli/diff_net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/op.h"

/* ---- which values mean the same ---- */

struct named {
	const char *name;
	uint32_t i;
};

static int by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	return strcmp(x->name, y->name);
}

struct names {
	size_t n;
	struct named *v;
};

static void add_name(struct names *to, const struct imc_graph *f, imc_val v)
{
	if (imc_val_ok(v))
		to->v[to->n++] = (struct named){imc_value_at(f, v)->name, v.i};
}

/* Of values that are there when the network runs. */
static struct names names_of(const struct imc_graph *f, struct imc_arena *a)
{
	struct names all = {0,
			    imc_arena_array(a, f->n_value + 1, sizeof *all.v)};

	for (size_t i = 0; i < f->n_input; i++)
		add_name(&all, f, f->input[i]);
	for (size_t i = 0; i < f->n_order; i++) {
		const struct imc_node *x = imc_node_at(f, f->order[i]);

		for (int k = 0; k < x->n_out; k++)
			add_name(&all, f, x->out[k]);
	}
	qsort(all.v, all.n, sizeof *all.v, by_name);
	return all;
}

static bool same_shape(const struct imc_tensor *a, const struct imc_tensor *b)
{
	return a->rank == b->rank &&
	       !memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim);
}

static imc_val value_named(const struct diff_net *n, const struct names *names,
			   const struct imc_value *v)
{
	struct named key = {v->name, 0};
	const struct named *at =
		bsearch(&key, names->v, names->n, sizeof key, by_name);
	const struct imc_value *w = at ? &n->f->value[at->i] : NULL;

	if (!w || w->t.data || w->t.dtype != IMC_F32 || v->t.data ||
	    v->t.dtype != IMC_I8 || !same_shape(&v->t, &w->t))
		return IMC_NO_VAL;
	return (imc_val){at->i};
}

static bool is_rescale(const struct imc_node *n)
{
	return n->op == IMC_OP_Q_RESCALE;
}

static bool is_softmax(const struct imc_graph *g, const struct imc_value *v)
{
	return imc_node_ok(v->def) &&
	       imc_node_at(g, v->def)->op == IMC_OP_Q_SOFTMAX;
}

/* Rescales that have no name of their own, and softmax that lost its name to
 * the rescale behind it. */
static void spread_twins(struct diff_net *n)
{
	const struct imc_graph *g = n->g;

	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *r = imc_node_at(g, g->order[i]);

		if (is_rescale(r) && !imc_val_ok(n->twin[r->out[0].i]))
			n->twin[r->out[0].i] = n->twin[r->in[0].i];
	}
	for (size_t i = g->n_order; i-- > 0;) {
		const struct imc_node *r = imc_node_at(g, g->order[i]);

		if (is_rescale(r) && !imc_val_ok(n->twin[r->in[0].i]) &&
		    is_softmax(g, imc_node_in(g, r, 0)))
			n->twin[r->in[0].i] = n->twin[r->out[0].i];
	}
}

static void find_twins(struct diff_net *n, struct imc_arena *a)
{
	const struct imc_graph *g = n->g;
	const struct names names = names_of(n->f, a);

	n->twin = imc_arena_array(a, g->n_value, sizeof *n->twin);
	n->wanted = imc_arena_array(a, n->f->n_value, sizeof *n->wanted);
	for (size_t v = 0; v < g->n_value; v++)
		n->twin[v] = value_named(n, &names, &g->value[v]);
	spread_twins(n);
	for (size_t v = 0; v < g->n_value; v++)
		if (imc_val_ok(n->twin[v]))
			n->wanted[n->twin[v].i] = true;
}

/* ---- which codes a value has ---- */

static bool has_clamp(enum imc_op op)
{
	const struct imc_op_info *info = imc_op_info(op);

	for (int i = 0; i < info->n_attr; i++)
		if (!strcmp(info->attr[i].name, "lo"))
			return true;
	return false;
}

static void ends_of_table(const struct imc_tensor *t, struct diff_code *c)
{
	const int8_t *q = t->data;

	c->lo = INT8_MAX;
	c->hi = INT8_MIN;
	for (int64_t i = 0; i < imc_tensor_count(t); i++) {
		c->lo = q[i] < c->lo ? q[i] : c->lo;
		c->hi = q[i] > c->hi ? q[i] : c->hi;
	}
}

/* The ADC's code is the activation only where no codes are added. */
static bool is_adc_code(const struct imc_graph *g, const struct imc_node *n)
{
	const struct imc_tensor *w = &imc_node_in(g, n, 1)->t;
	int64_t rows = w->dim[1] * w->dim[2] * w->dim[3] * n->a.bundle[0];

	return n->a.adc[0] && n->a.post[0] &&
	       (n->a.block_rows[0] == 0 || rows <= n->a.block_rows[0]);
}

/* Moves give on what they read. */
static void ends_of_inputs(const struct diff_net *n, const struct imc_node *x,
			   struct diff_code *c)
{
	bool any = false;

	for (int k = 0; k < x->n_in; k++) {
		const struct imc_value *v = imc_node_in(n->g, x, k);
		const struct diff_code *from;

		if (!v || v->t.dtype != IMC_I8 || v->t.data)
			continue;
		from = &n->code[x->in[k].i];
		c->lo = any && c->lo < from->lo ? c->lo : from->lo;
		c->hi = any && c->hi > from->hi ? c->hi : from->hi;
		any = true;
	}
}

static void set_ends(const struct diff_net *n, const struct imc_node *x,
		     struct diff_code *c)
{
	if (x->op == IMC_OP_Q_CONV2D && is_adc_code(n->g, x)) {
		c->lo = (int32_t)x->a.adc_lo[0];
		c->hi = (int32_t)x->a.adc_hi[0];
	} else if (x->op == IMC_OP_Q_LUT) {
		ends_of_table(&imc_node_in(n->g, x, 1)->t, c);
	} else if (has_clamp(x->op)) {
		c->lo = (int32_t)x->a.lo[0];
		c->hi = (int32_t)x->a.hi[0];
	} else {
		ends_of_inputs(n, x, c);
	}
}

static void find_codes(struct diff_net *n, struct imc_arena *a)
{
	const struct imc_graph *g = n->g;

	n->code = imc_arena_array(a, g->n_value, sizeof *n->code);
	for (size_t v = 0; v < g->n_value; v++)
		n->code[v] = (struct diff_code){
			g->value[v].scale > 0 ? (double)g->value[v].scale : 1,
			g->value[v].scale > 0 ? g->value[v].zero : 0, INT8_MIN,
			INT8_MAX};
	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *x = imc_node_at(g, g->order[i]);

		for (int k = 0; k < x->n_out; k++)
			if (imc_val_ok(x->out[k]))
				set_ends(n, x, &n->code[x->out[k].i]);
	}
}

/* ---- layers ---- */

/* Every activation that float node x reads is the twin of what q reads there.
 */
static bool same_work(const struct diff_net *n, const struct imc_node *q,
		      const struct imc_node *x)
{
	for (int k = 0; k < x->n_in; k++) {
		const struct imc_value *v = imc_node_in(n->f, x, k);

		if (!v || v->t.data)
			continue;
		if (k >= q->n_in || !imc_val_ok(q->in[k]) ||
		    n->twin[q->in[k].i].i != x->in[k].i)
			return false;
	}
	return x->n_out == 1;
}

static imc_node_id float_node_of(const struct diff_net *n,
				 const struct diff_layer *l)
{
	imc_node_id id = imc_value_at(n->f, l->twin)->def;

	if (!imc_node_ok(id) || l->rescales ||
	    !same_work(n, imc_node_at(n->g, l->node), imc_node_at(n->f, id)))
		return IMC_NO_NODE;
	return id;
}

static int32_t bits_of(const struct diff_code *c)
{
	int32_t bits = 1;

	while (bits < 8 &&
	       (c->lo < -(1 << (bits - 1)) || c->hi > (1 << (bits - 1)) - 1))
		bits++;
	return bits;
}

/* Largest of n weights over their mean magnitude; 0: all are 0. */
static double crest_of(const float *w, int64_t n)
{
	double most = 0, sum = 0;

	for (int64_t i = 0; i < n; i++) {
		most = fmax(most, fabs((double)w[i]));
		sum += fabs((double)w[i]);
	}
	return sum > 0 ? most * (double)n / sum : 0;
}

/* codes: quantised weights of l. */
static void look_at_weights(const struct diff_net *n, struct diff_layer *l,
			    const struct imc_value *codes)
{
	const float *s = imc_value_at(n->g, codes->scales)->t.data;
	int64_t k = codes->t.dim[0], r = imc_tensor_count(&codes->t) / k;
	const struct imc_node *x = imc_node_at(n->f, l->float_node);
	const struct imc_value *w = imc_node_in(n->f, x, 1);

	l->one_scale = k > 1;
	for (int64_t i = 1; i < k; i++)
		l->one_scale &= s[i] <= s[0] && s[i] >= s[0];
	if (!w || !w->t.data || !same_shape(&w->t, &codes->t))
		return;
	if (l->one_scale) {
		l->crest = crest_of(w->t.data, k * r);
		return;
	}
	for (int64_t i = 0; i < k; i++)
		l->crest += crest_of((const float *)w->t.data + i * r, r) /
			    (double)k;
}

static void add_layer(struct diff_net *n, struct diff_layer l)
{
	const struct imc_node *q = diff_node(n, &l);

	if (!imc_val_ok(l.twin))
		return;
	if (q && imc_val_ok(q->in[0]))
		l.act_bits = bits_of(&n->code[q->in[0].i]);
	l.rescales = q && is_rescale(q) && n->twin[q->in[0].i].i == l.twin.i;
	l.float_node = q ? float_node_of(n, &l) : IMC_NO_NODE;
	if (q && q->op == IMC_OP_Q_CONV2D && imc_node_ok(l.float_node) &&
	    imc_val_ok(imc_node_in(n->g, q, 1)->scales))
		look_at_weights(n, &l, imc_node_in(n->g, q, 1));
	if (q)
		n->layer_of[l.node.i] = (int32_t)n->n_layer;
	n->layer[n->n_layer++] = l;
}

/* A concat, a maximum of codes, a reshape: no arithmetic, no error. */
static bool is_layer(const struct imc_node *n)
{
	return n->op == IMC_OP_Q_LUT || has_clamp(n->op);
}

/* A rescale has the name of the node that reads it. */
static const char *name_of(const struct diff_net *n, const struct imc_node *q,
			   struct imc_arena *a)
{
	const char *name =
		q->name && *q->name ? q->name : imc_node_out(n->g, q, 0)->name;

	return is_rescale(q) && n->twin[q->in[0].i].i == n->twin[q->out[0].i].i
		       ? imc_arena_printf(a, "%s.rescale", name)
		       : name;
}

struct diff_net diff_net_open(const struct imc_graph *g,
			      const struct imc_map *map,
			      const struct imc_graph *f, struct imc_arena *a)
{
	struct diff_net n = {.g = g, .f = f, .map = map};

	find_twins(&n, a);
	find_codes(&n, a);
	n.layer_of = imc_arena_array(a, g->n_node, sizeof *n.layer_of);
	for (size_t i = 0; i < g->n_node; i++)
		n.layer_of[i] = -1;
	n.layer = imc_arena_array(a, g->n_input + g->n_order, sizeof *n.layer);
	for (size_t i = 0; i < g->n_input; i++)
		add_layer(&n,
			  (struct diff_layer){
				  .name = imc_value_at(g, g->input[i])->name,
				  .node = IMC_NO_NODE,
				  .value = g->input[i],
				  .twin = n.twin[g->input[i].i]});
	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *q = imc_node_at(g, g->order[i]);

		if (is_layer(q))
			add_layer(&n, (struct diff_layer){
					      .name = name_of(&n, q, a),
					      .node = g->order[i],
					      .value = q->out[0],
					      .twin = n.twin[q->out[0].i]});
	}
	return n;
}
