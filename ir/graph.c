#include "ir/graph.h"

#include <assert.h>
#include <string.h>

#include "ir/op.h"
#include "ir/support/checked.h"

static const struct {
	const char *name;
	size_t size;
	int onnx;
} dtypes[IMC_N_DTYPE] = {
#define X(id, name, size, onnx) [IMC_##id] = {#name, size, onnx},
	IMC_DTYPES(X)
#undef X
};

size_t imc_dtype_size(enum imc_dtype t)
{
	return dtypes[t].size;
}

const char *imc_dtype_name(enum imc_dtype t)
{
	return dtypes[t].name;
}

bool imc_dtype_of_onnx(int onnx, enum imc_dtype *out)
{
	for (int t = 0; t < IMC_N_DTYPE; t++)
		if (dtypes[t].onnx == onnx) {
			*out = (enum imc_dtype)t;
			return true;
		}
	return false;
}

int64_t imc_tensor_count(const struct imc_tensor *t)
{
	int64_t n = 1;

	for (int i = 0; i < t->rank; i++)
		n *= t->dim[i];
	return n;
}

size_t imc_tensor_bytes(const struct imc_tensor *t)
{
	return (size_t)imc_tensor_count(t) * imc_dtype_size(t->dtype);
}

struct imc_graph *imc_graph_new(struct imc_arena *a, const char *name)
{
	struct imc_graph *g = imc_arena_alloc(a, sizeof *g);

	g->arena = a;
	g->name = imc_arena_strdup(a, name);
	return g;
}

static const char *const givens[IMC_N_GIVEN][2] = {
#define X(id, name, text) {#name, text},
	IMC_GIVENS(X)
#undef X
};

const char *imc_given_name(enum imc_given g)
{
	return givens[g][0];
}

const char *imc_given_text(enum imc_given g)
{
	return givens[g][1];
}

void imc_value_given_range(const struct imc_value *v, float *lo, float *hi)
{
	*lo = v->scale * (float)(INT8_MIN - v->zero);
	*hi = v->scale * (float)(INT8_MAX - v->zero);
}

void imc_value_give(struct imc_graph *g, imc_val to, imc_val from)
{
	struct imc_value *v = imc_value_at(g, to);
	const struct imc_value *x = imc_value_at(g, from);

	v->given = x->given;
	if (x->given == IMC_GIVEN_NONE)
		return;
	v->scale = x->scale;
	v->zero = x->zero;
	v->scales = x->scales;
}

static bool name_taken(const struct imc_graph *g, const char *name)
{
	for (size_t i = 0; i < g->n_value; i++)
		if (!strcmp(g->value[i].name, name))
			return true;
	return false;
}

imc_val imc_graph_add_value(struct imc_graph *g, const char *name)
{
	const char *unique = imc_arena_strdup(g->arena, name);
	struct imc_value *v;

	for (int i = 1; name_taken(g, unique); i++)
		unique = imc_arena_printf(g->arena, "%s.%d", name, i);
	v = IMC_PUSH(g->arena, g->value, g->n_value, g->cap_value);
	v->name = unique;
	v->def = IMC_NO_NODE;
	v->scales = v->means = v->clips = v->divisors = IMC_NO_VAL;
	return (imc_val){(uint32_t)(g->n_value - 1)};
}

imc_val imc_graph_add_const(struct imc_graph *g, const char *name,
			    const struct imc_tensor *t)
{
	imc_val id = imc_graph_add_value(g, name);
	struct imc_value *v = imc_value_at(g, id);

	v->t = *t;
	v->t.data = imc_arena_memdup(g->arena, t->data, imc_tensor_bytes(t));
	v->shaped = true;
	return id;
}

static imc_val *absent(struct imc_arena *a, int n)
{
	imc_val *v = imc_arena_array(a, (size_t)n, sizeof *v);

	for (int i = 0; i < n; i++)
		v[i] = IMC_NO_VAL;
	return v;
}

imc_node_id imc_graph_add_node(struct imc_graph *g, enum imc_op op, int n_in,
			       int n_out, const struct imc_node *like)
{
	struct imc_node copy = {.loc = IMC_NOWHERE, .name = ""};
	struct imc_node *n;
	imc_node_id id = {(uint32_t)g->n_node};

	if (like)
		copy = *like; /* `like` may move when the array grows */
	n = IMC_PUSH(g->arena, g->node, g->n_node, g->cap_node);
	n->op = op;
	n->name = copy.name;
	n->loc = copy.loc;
	n->n_origin = copy.n_origin;
	n->origin = copy.origin;
	n->n_in = n_in;
	n->n_out = n_out;
	n->in = absent(g->arena, n_in);
	n->out = absent(g->arena, n_out);
	imc_attrs_default(op, &n->a);
	*IMC_PUSH(g->arena, g->order, g->n_order, g->cap_order) = id;
	return id;
}

struct imc_value *imc_node_in(const struct imc_graph *g,
			      const struct imc_node *n, int k)
{
	if (k >= n->n_in || !imc_val_ok(n->in[k]))
		return NULL;
	return imc_value_at(g, n->in[k]);
}

struct imc_value *imc_node_out(const struct imc_graph *g,
			       const struct imc_node *n, int k)
{
	if (k >= n->n_out || !imc_val_ok(n->out[k]))
		return NULL;
	return imc_value_at(g, n->out[k]);
}

void imc_node_set_out(struct imc_graph *g, imc_node_id n, int k, imc_val v)
{
	imc_node_at(g, n)->out[k] = v;
	if (imc_val_ok(v))
		imc_value_at(g, v)->def = n;
}

void imc_node_resize_in(struct imc_graph *g, imc_node_id id, int n_in)
{
	struct imc_node *n = imc_node_at(g, id);
	imc_val *in;

	if (n_in > n->n_in) {
		in = absent(g->arena, n_in);
		if (n->n_in)
			memcpy(in, n->in, (size_t)n->n_in * sizeof *in);
		n->in = in;
	}
	n->n_in = n_in;
}

void imc_graph_replace(struct imc_graph *g, imc_val from, imc_val to)
{
	for (size_t i = 0; i < g->n_node; i++)
		for (int k = 0; k < g->node[i].n_in; k++)
			if (g->node[i].in[k].i == from.i)
				g->node[i].in[k] = to;
	for (size_t i = 0; i < g->n_output; i++)
		if (g->output[i].i == from.i)
			g->output[i] = to;
}

int imc_graph_n_use(const struct imc_graph *g, imc_val v, imc_node_id *reader)
{
	int n = 0;

	for (size_t i = 0; i < g->n_node; i++)
		for (int k = 0; k < g->node[i].n_in && !g->node[i].dead; k++)
			if (g->node[i].in[k].i == v.i) {
				n++;
				if (reader)
					*reader = (imc_node_id){(uint32_t)i};
			}
	for (size_t i = 0; i < g->n_output; i++)
		n += g->output[i].i == v.i;
	return n;
}

bool imc_graph_is_output(const struct imc_graph *g, imc_val v)
{
	for (size_t i = 0; i < g->n_output; i++)
		if (g->output[i].i == v.i)
			return true;
	return false;
}

bool imc_graph_is_input(const struct imc_graph *g, imc_val v)
{
	for (size_t i = 0; i < g->n_input; i++)
		if (g->input[i].i == v.i)
			return true;
	return false;
}

static bool has_origin(const struct imc_node *n, const char *name)
{
	for (int i = 0; i < n->n_origin; i++)
		if (!strcmp(n->origin[i], name))
			return true;
	return false;
}

void imc_node_add_origin(struct imc_graph *g, imc_node_id id,
			 const struct imc_node *other)
{
	struct imc_node *n = imc_node_at(g, id);
	const char **all = imc_arena_array(
		g->arena, (size_t)(n->n_origin + other->n_origin), sizeof *all);
	int count = n->n_origin;

	if (count)
		memcpy(all, n->origin, (size_t)count * sizeof *all);
	for (int i = 0; i < other->n_origin; i++)
		if (!has_origin(n, other->origin[i]))
			all[count++] = other->origin[i];
	n->origin = all;
	n->n_origin = count;
}

/* Depth-first from the outputs' side: nodes in id order, each after the ones
 * it reads. state: 0 new, 1 open, 2 done. An explicit stack, since networks
 * can be deeper than the C stack. */
static bool visit(struct imc_graph *g, uint32_t root, unsigned char *state,
		  uint32_t *stack)
{
	size_t top = 0;

	stack[top++] = root;
	while (top) {
		uint32_t at = stack[top - 1];
		const struct imc_node *n = &g->node[at];
		bool ready = true;

		state[at] = 1;
		for (int k = 0; k < n->n_in && ready; k++) {
			struct imc_value *v = imc_node_in(g, n, k);
			uint32_t def = v ? v->def.i : UINT32_MAX;

			if (def == UINT32_MAX || state[def] == 2)
				continue;
			if (state[def] == 1)
				return false;
			stack[top++] = def;
			ready = false;
		}
		if (!ready)
			continue;
		state[at] = 2;
		g->order[g->n_order++] = (imc_node_id){at};
		top--;
	}
	return true;
}

bool imc_graph_sort(struct imc_graph *g)
{
	struct imc_arena *scratch = imc_arena_new();
	unsigned char *state = imc_arena_alloc(scratch, g->n_node + 1);
	uint32_t *stack =
		imc_arena_array(scratch, g->n_node + 1, sizeof *stack);
	bool ok = true;

	g->order = imc_arena_grow(g->arena, g->order, g->n_node, &g->cap_order,
				  sizeof *g->order);
	g->n_order = 0;
	for (uint32_t i = 0; i < g->n_node && ok; i++)
		if (!g->node[i].dead && state[i] == 0)
			ok = visit(g, i, state, stack);
	imc_arena_free(scratch);
	return ok;
}

static bool is_used(const struct imc_graph *g, const struct imc_node *n)
{
	for (int k = 0; k < n->n_out; k++)
		if (imc_val_ok(n->out[k]) &&
		    imc_graph_n_use(g, n->out[k], NULL) > 0)
			return true;
	return false;
}

size_t imc_graph_sweep(struct imc_graph *g)
{
	size_t n_dead = 0, kept = 0;

	for (size_t i = g->n_order; i-- > 0;) {
		struct imc_node *n = imc_node_at(g, g->order[i]);

		if (!n->dead && !is_used(g, n)) {
			n->dead = true;
			n_dead++;
		}
	}
	for (size_t i = 0; i < g->n_order; i++)
		if (!imc_node_at(g, g->order[i])->dead)
			g->order[kept++] = g->order[i];
	g->n_order = kept;
	return n_dead;
}
