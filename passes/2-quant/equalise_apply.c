/* Scales into weights, biases and added constants. */
#include <string.h>

#include "ir/op.h"
#include "passes/2-quant/equalise.h"

struct apply {
	const struct imc_eq *e;
	struct imc_graph *g;
};

/* Scale of channel c of v; 1 when v has none. */
static double scale_of(const struct apply *p, imc_val v, int64_t c)
{
	const struct imc_eq *e = p->e;

	return v.i < e->n_value && e->at[v.i] != IMC_EQ_NONE
		       ? e->scale[e->root[e->at[v.i] + (size_t)c]]
		       : 1;
}

static bool has_scale(const struct apply *p, imc_val v)
{
	if (v.i >= p->e->n_value || p->e->at[v.i] == IMC_EQ_NONE)
		return false;
	for (int64_t c = 0; c < imc_eq_channels(imc_value_at(p->g, v)); c++)
		if (scale_of(p, v, c) != 1)
			return true;
	return false;
}

/* Input k of node id as a constant that may be changed: with data of its own,
 * and another value if other nodes read it, too. */
static float *own_copy(struct apply *p, imc_node_id id, int k)
{
	imc_val v = imc_node_at(p->g, id)->in[k];
	struct imc_tensor *t = &imc_value_at(p->g, v)->t;

	if (imc_graph_n_use(p->g, v, NULL) > 1) {
		v = imc_graph_add_const(p->g, imc_value_at(p->g, v)->name, t);
		imc_node_at(p->g, id)->in[k] = v;
		return imc_value_at(p->g, v)->t.data;
	}
	t->data = imc_arena_memdup(p->g->arena, t->data, imc_tensor_bytes(t));
	return t->data;
}

/* Divides by the scale of the last axis, that of v. */
static void divide(const struct apply *p, float *x, int64_t n, imc_val v)
{
	int64_t c = imc_eq_channels(imc_value_at(p->g, v));

	for (int64_t i = 0; i < n; i++)
		x[i] = (float)(x[i] / scale_of(p, v, i % c));
}

static void scale_weights(const struct apply *p, const struct imc_node *n,
			  float *w, const struct imc_tensor *t)
{
	int64_t rows = t->dim[1] * t->dim[2] * t->dim[3], c = t->dim[3];
	int64_t per_group = t->dim[0] / n->a.group[0];

	for (int64_t k = 0; k < t->dim[0]; k++)
		for (int64_t r = 0; r < rows; r++) {
			double in = scale_of(p, n->in[0],
					     k / per_group * c + r % c);
			double out = scale_of(p, n->out[0], k);

			w[k * rows + r] = (float)(w[k * rows + r] * in / out);
		}
}

static void apply_conv(struct apply *p, imc_node_id id)
{
	float *w = own_copy(p, id, 1), *b;
	const struct imc_node *n = imc_node_at(p->g, id);

	scale_weights(p, n, w, &imc_node_in(p->g, n, 1)->t);
	if (!imc_node_in(p->g, n, 2))
		return;
	b = own_copy(p, id, 2);
	n = imc_node_at(p->g, id);
	divide(p, b, imc_tensor_count(&imc_node_in(p->g, n, 2)->t), n->out[0]);
}

static bool is_const(const struct imc_graph *g, const struct imc_node *n, int k)
{
	const struct imc_value *v = imc_node_in(g, n, k);

	return v && v->t.data;
}

static bool apply_add(struct apply *p, imc_node_id id)
{
	for (int k = 0; k < 2; k++) {
		const struct imc_node *n = imc_node_at(p->g, id);
		float *x;

		if (!is_const(p->g, n, k) || !has_scale(p, n->out[0]))
			continue;
		x = own_copy(p, id, k);
		n = imc_node_at(p->g, id);
		divide(p, x, imc_tensor_count(&imc_node_in(p->g, n, k)->t),
		       n->out[0]);
		return true;
	}
	return false;
}

static bool apply_node(struct apply *p, imc_node_id id)
{
	const struct imc_node *n = imc_node_at(p->g, id);

	if (n->op == IMC_OP_ADD || n->op == IMC_OP_SUB)
		return apply_add(p, id);
	if (n->op != IMC_OP_CONV2D ||
	    (!has_scale(p, n->in[0]) && !has_scale(p, n->out[0])))
		return false;
	apply_conv(p, id);
	return true;
}

/* The scales of v as a constant, divisors of it. */
static void note_divisors(const struct apply *p, imc_val v)
{
	struct imc_graph *g = p->g;
	struct imc_tensor t = {.dtype = IMC_F32, .rank = 1};
	struct imc_arena *a = imc_arena_new();
	float *s;
	imc_val id;

	t.dim[0] = imc_eq_channels(imc_value_at(g, v));
	t.data = s = imc_arena_array(a, (size_t)t.dim[0], sizeof *s);
	for (int64_t c = 0; c < t.dim[0]; c++)
		s[c] = (float)scale_of(p, v, c);
	id = imc_graph_add_const(
		g, imc_arena_printf(a, "%s.divisors", imc_value_at(g, v)->name),
		&t);
	imc_value_at(g, v)->divisors = id;
	imc_arena_free(a);
}

int64_t imc_eq_apply(const struct imc_eq *e, struct imc_graph *g)
{
	struct apply p = {.e = e, .g = g};
	int64_t n = 0;

	for (size_t i = 0; i < g->n_order; i++)
		n += apply_node(&p, g->order[i]);
	for (uint32_t i = 0; i < e->n_value; i++)
		if (has_scale(&p, (imc_val){i}))
			note_divisors(&p, (imc_val){i});
	return n;
}

/* The divisors of the value of that name, one for each of n channels; NULL: it
 * has none. */
static const float *divisors_of(const struct imc_graph *g, const char *name,
				int64_t n)
{
	for (size_t i = 0; i < g->n_value; i++) {
		const struct imc_value *v = &g->value[i];

		if (!v->name || !imc_val_ok(v->divisors) ||
		    strcmp(v->name, name) != 0)
			continue;
		v = imc_value_at(g, v->divisors);
		return imc_tensor_count(&v->t) == n ? v->t.data : NULL;
	}
	return NULL;
}

void imc_equalise_like(struct imc_graph *g, const struct imc_graph *like)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_eq e = {.g = g, .a = a, .n_value = g->n_value};

	e.at = imc_arena_array(a, g->n_value, sizeof *e.at);
	for (size_t i = 0; i < g->n_value; i++) {
		e.at[i] = e.n_slot;
		e.n_slot += (size_t)imc_eq_channels(&g->value[i]);
	}
	e.root = imc_arena_array(a, e.n_slot, sizeof *e.root);
	e.scale = imc_arena_array(a, e.n_slot, sizeof *e.scale);
	for (size_t i = 0; i < e.n_slot; i++) {
		e.root[i] = i;
		e.scale[i] = 1;
	}
	for (size_t i = 0; i < g->n_value; i++) {
		const struct imc_value *v = &g->value[i];
		int64_t n = imc_eq_channels(v);
		const float *s = v->t.data || !v->name
					 ? NULL
					 : divisors_of(like, v->name, n);

		for (int64_t c = 0; s && c < n; c++)
			e.scale[e.at[i] + (size_t)c] = s[c];
	}
	imc_eq_apply(&e, g);
	imc_arena_free(a);
}
