#include <string.h>

#include "backend/bundle/emit.h"
#include "ir/op.h"

/* Moves: every element of a result is some element of an input, or a fill.
 * Which one is asked of the operator's own evaluator, so that there is no
 * second list of what moves mean: it runs on int8 inputs that hold the bytes
 * of element numbers. The answer is fitted into loops of constant step; what
 * does not fit becomes a table. */

#define MAX_DIM 6 /* IMC_RT_MAX_DIM */

struct loops {
	int n; /* innermost first */
	int64_t dim[MAX_DIM], src[MAX_DIM], dst[MAX_DIM];
};

struct probe {
	struct imc_emit *e;
	const struct imc_emit_layer *l;
	struct imc_arena *a; /* of this move */
	struct imc_tensor *in, *out;
	int n_data; /* inputs 0 .. n_data - 1 are moved */
};

/* Elements that go from an input to an output: dst[i] = src[i]. */
struct pairs {
	int64_t n;
	int32_t *dst, *src;
};

static void start_probe(struct probe *p)
{
	const struct imc_node *n = p->l->n;

	p->in = imc_arena_array(p->a, (size_t)n->n_in, sizeof *p->in);
	p->out = imc_arena_array(p->a, (size_t)n->n_out, sizeof *p->out);
	p->n_data = n->op == IMC_OP_CONCAT ? n->n_in : 1;
	for (int k = 0; k < n->n_in; k++) {
		const struct imc_value *v = imc_node_in(p->e->g, n, k);

		if (v)
			p->in[k] = v->t;
		if (k < p->n_data)
			p->in[k].data = imc_arena_alloc(
				p->a, imc_tensor_bytes(&p->in[k]));
	}
}

/* Output o when all moved inputs are 0 but input k, which is `pattern`, or
 * with byte >= 0 that byte of every element's number. k -1: none. */
static const int8_t *ask(struct probe *p, int o, int k, int pattern, int byte)
{
	const struct imc_node *n = p->l->n;

	for (int i = 0; i < p->n_data; i++) {
		unsigned char *x = p->in[i].data;
		int64_t count = imc_tensor_count(&p->in[i]);

		for (int64_t j = 0; j < count; j++)
			x[j] = i != k	  ? 0
			       : byte < 0 ? (unsigned char)pattern
					  : (unsigned char)(j >> (8 * byte));
	}
	for (int i = 0; i < n->n_out; i++)
		p->out[i] = imc_node_out(p->e->g, n, i)->t;
	imc_op_eval(p->e->g, n, p->in, p->out, p->a);
	return p->out[o].data;
}

/* What goes from input k to output o; still: what output o is with all
 * moved inputs 0. */
static struct pairs find_pairs(struct probe *p, int o, int k,
			       const int8_t *still)
{
	const struct imc_tensor *y = &imc_node_out(p->e->g, p->l->n, o)->t;
	int64_t n_in = imc_tensor_count(&p->in[k]), n_out = imc_tensor_count(y);
	const int8_t *moved = ask(p, o, k, 0x55, -1);
	struct pairs v = {0};

	v.dst = imc_arena_array(p->a, (size_t)n_out, sizeof *v.dst);
	v.src = imc_arena_array(p->a, (size_t)n_out, sizeof *v.src);
	for (int64_t i = 0; i < n_out; i++)
		if (moved[i] != still[i])
			v.dst[v.n++] = (int32_t)i;
	for (int b = 0; b < 4 && (n_in - 1) >> (8 * b) > 0; b++) {
		const uint8_t *digit = (const uint8_t *)ask(p, o, k, 0, b);

		for (int64_t i = 0; i < v.n; i++)
			v.src[i] |=
				(int32_t)((uint32_t)digit[v.dst[i]] << (8 * b));
	}
	return v;
}

/* True if bases 0, unit, 2*unit ... of v go in runs of `len` by equal steps. */
static bool runs_fit(const struct pairs *v, int64_t unit, int64_t len)
{
	int64_t dst = v->dst[unit] - v->dst[0];
	int64_t src = v->src[unit] - v->src[0];

	for (int64_t i = 0; i < v->n / unit; i++)
		if (i % len &&
		    (v->dst[i * unit] - v->dst[(i - 1) * unit] != dst ||
		     v->src[i * unit] - v->src[(i - 1) * unit] != src))
			return false;
	return true;
}

/* The longest run that divides the bases evenly; 1 if none is longer. */
static int64_t longest_run(const struct pairs *v, int64_t unit)
{
	int64_t n = v->n / unit, limit = 1;
	int64_t dst = v->dst[unit] - v->dst[0];
	int64_t src = v->src[unit] - v->src[0];

	while (limit < n &&
	       v->dst[limit * unit] - v->dst[(limit - 1) * unit] == dst &&
	       v->src[limit * unit] - v->src[(limit - 1) * unit] == src)
		limit++;
	for (int64_t len = limit; len > 1; len--)
		if (n % len == 0 && runs_fit(v, unit, len))
			return len;
	return 1;
}

/* False: v is no nest of at most MAX_DIM loops. */
static bool fit_loops(const struct pairs *v, struct loops *out)
{
	int64_t unit = 1;

	*out = (struct loops){0};
	while (unit < v->n) {
		int64_t len = longest_run(v, unit);

		if (len == 1 || out->n == MAX_DIM)
			return false;
		out->dim[out->n] = len;
		out->dst[out->n] = v->dst[unit] - v->dst[0];
		out->src[out->n++] = v->src[unit] - v->src[0];
		unit *= len;
	}
	return true;
}

static void emit_ints(struct imc_emit *e, const char *field, const int64_t *v,
		      int n, int64_t pad)
{
	imc_buf_printf(&e->layers, "\t.%s = {", field);
	for (int i = MAX_DIM - 1; i >= 0; i--)
		imc_buf_printf(&e->layers, "%lld%s",
			       (long long)(i < n ? v[i] : pad), i ? ", " : "");
	imc_buf_text(&e->layers, "},\n");
}

static void emit_copy(struct imc_emit *e, const char *name,
		      const struct loops *l, const struct pairs *v)
{
	imc_buf_printf(&e->layers, "static const struct imc_rt_copy %s = {\n",
		       name);
	emit_ints(e, "dim", l->dim, l->n, 1);
	emit_ints(e, "src_step", l->src, l->n, 0);
	emit_ints(e, "dst_step", l->dst, l->n, 0);
	imc_buf_printf(&e->layers,
		       "\t.src_offset = %d, .dst_offset = %d,\n};\n\n",
		       (int)v->src[0], (int)v->dst[0]);
}

static void emit_gather(struct probe *p, const char *name, int64_t count,
			const struct pairs *v)
{
	int32_t *table = imc_arena_array(p->a, (size_t)count, sizeof *table);
	int64_t at;

	for (int64_t i = 0; i < count; i++)
		table[i] = -1;
	for (int64_t i = 0; i < v->n; i++)
		table[v->dst[i]] = v->src[i];
	at = imc_emit_bytes(p->e, table, (size_t)count * sizeof *table);
	imc_buf_printf(&p->e->layers,
		       "static const struct imc_rt_gather %s = {\n"
		       "\t.count = %lld,\n\t.table = I32(%lld),\n};\n\n",
		       name, (long long)count, (long long)at);
}

/* One input into one output. */
static void emit_part(struct probe *p, int o, int k, const struct pairs *v)
{
	const struct imc_node *n = p->l->n;
	const char *name = p->l->name;
	const char *to = imc_emit_operand(p->e, n->out[o]);
	const char *from = imc_emit_operand(p->e, n->in[k]);
	struct loops l;

	if (p->n_data > 1 || n->n_out > 1)
		name = imc_arena_printf(p->e->a, "%s_%d", name, o + k);
	if (fit_loops(v, &l))
		emit_copy(p->e, name, &l, v);
	else
		emit_gather(p, name,
			    imc_tensor_count(&imc_node_out(p->e->g, n, o)->t),
			    v);
	imc_emit_call(p->e, fit_loops(v, &l) ? "imc_rt_copy" : "imc_rt_gather",
		      imc_arena_printf(p->e->a, "&%s, %s, %s", name, from, to),
		      0);
}

/* The value of elements that no input reaches. False: they differ. */
static bool emit_fill(struct probe *p, int o, const int8_t *still,
		      const bool *moved)
{
	const struct imc_tensor *y = &imc_node_out(p->e->g, p->l->n, o)->t;
	int64_t n = imc_tensor_count(y), first = -1;

	for (int64_t i = 0; i < n; i++) {
		if (moved[i])
			continue;
		if (first >= 0 && still[i] != still[first])
			return false;
		first = first < 0 ? i : first;
	}
	if (first >= 0)
		imc_emit_call(p->e, "imc_rt_fill",
			      imc_arena_printf(
				      p->e->a, "%s, %lld, %d",
				      imc_emit_operand(p->e, p->l->n->out[o]),
				      (long long)n, still[first]),
			      0);
	return true;
}

static bool emit_output(struct probe *p, int o)
{
	int64_t n = imc_tensor_count(&imc_node_out(p->e->g, p->l->n, o)->t);
	const int8_t *still = ask(p, o, -1, 0, -1);
	bool *moved = imc_arena_array(p->a, (size_t)n, sizeof *moved);
	struct pairs *v = imc_arena_array(p->a, (size_t)p->n_data, sizeof *v);

	for (int k = 0; k < p->n_data; k++) {
		v[k] = find_pairs(p, o, k, still);
		for (int64_t i = 0; i < v[k].n; i++)
			moved[v[k].dst[i]] = true;
	}
	if (!emit_fill(p, o, still, moved))
		return imc_emit_refuse(p->e, p->l,
				       "it fills with several values");
	for (int k = 0; k < p->n_data; k++)
		if (v[k].n)
			emit_part(p, o, k, &v[k]);
	return true;
}

static bool can_move(struct imc_emit *e, const struct imc_emit_layer *l)
{
	const struct imc_node *n = l->n;
	int n_data = n->op == IMC_OP_CONCAT ? n->n_in : 1;

	if (n->op == IMC_OP_RESIZE && n->a.mode[0] != 0)
		return imc_emit_refuse(e, l, "only mode nearest moves codes");
	for (int k = 0; k < n->n_in; k++) {
		const struct imc_value *v = imc_node_in(e->g, n, k);

		if (k < n_data && v->t.dtype != IMC_I8)
			return imc_emit_refuse(e, l, "its input is not int8");
		if (k >= n_data && v && !v->t.data)
			return imc_emit_refuse(e, l,
					       "its indices are computed");
	}
	return true;
}

bool imc_emit_move(struct imc_emit *e, const struct imc_emit_layer *l)
{
	struct probe p = {.e = e, .l = l, .a = imc_arena_new()};
	bool ok = can_move(e, l);

	if (ok)
		start_probe(&p);
	for (int o = 0; o < l->n->n_out && ok; o++)
		ok = emit_output(&p, o);
	imc_arena_free(p.a);
	return ok;
}
