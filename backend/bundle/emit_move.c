#include <string.h>

#include "backend/bundle/emit.h"
#include "ir/op.h"
#include "ir/support/checked.h"

/* Moves: every element of a result is some element of an input, or a fill.
 * Which one is asked of the operator's own evaluator, so that there is no
 * second list of what moves mean: it runs on int8 inputs that hold the bytes
 * of element numbers. Rows that are alike are one row and the way to the next
 * one; what is not made by rows is one row of all elements. A row is fitted
 * into loops of constant step; what does not fit becomes a table. */

#define MAX_DIM 6 /* IMC_RT_MAX_DIM */

struct loops {
	int n; /* innermost first */
	int64_t dim[MAX_DIM], src[MAX_DIM], dst[MAX_DIM];
};

/* What goes from input `in` to output `out`, in rows first .. end. */
struct imc_emit_moved {
	int in, out;
	int64_t first, end;
	int64_t per, x_row, x_phase, y_row; /* as of struct imc_rt_move */
	bool fits;			    /* loops; else a table of `count` */
	struct loops loops;
	int64_t src, dst; /* of the first element */
	int64_t count, table;
};

/* A move as it is found once; filled: elements that no input reaches. */
struct imc_emit_moves {
	size_t n, cap;
	struct imc_emit_moved *v;
	bool *filled; /* by output */
	int *fill;
	bool by_rows;
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

/* ---- rows ---- */

/* Elements of a row, of which the whole is one if it is not made by rows. */
static int64_t row_of(const struct imc_emit_moves *m,
		      const struct imc_tensor *t)
{
	return m->by_rows ? imc_plan_row_bytes(t) : imc_tensor_count(t);
}

/* Where row r of the output begins in the input, but for what is equal in all
 * rows. */
static int64_t source_of(const struct imc_emit_moved *m, int64_t r)
{
	return r / m->per * m->x_row + r % m->per * m->x_phase;
}

/* Pairs of row r of the output. */
static struct pairs pairs_of(const struct imc_emit_moved *m,
			     const struct pairs *v, int64_t r)
{
	struct pairs row = {0};
	int64_t i = 0;

	while (i < v->n && v->dst[i] / m->y_row < r)
		i++;
	row.dst = v->dst + i;
	row.src = v->src + i;
	while (i < v->n && v->dst[i++] / m->y_row == r)
		row.n++;
	return row;
}

/* Rows m->first .. m->end, one behind another, are as `row`, the first one. */
static bool rows_alike(const struct imc_emit_moved *m, const struct pairs *v,
		       const struct pairs *row)
{
	if (v->n != row->n * (m->end - m->first))
		return false;
	for (int64_t i = 0; i < v->n; i++) {
		int64_t k = i % row->n, r = m->first + i / row->n;
		int64_t at = source_of(m, r) - source_of(m, m->first);

		if (v->dst[i] - row->dst[k] != (r - m->first) * m->y_row ||
		    v->src[i] - row->src[k] != at)
			return false;
	}
	return true;
}

static bool find_rows(struct probe *p, const struct pairs *v,
		      struct imc_emit_moved *m, struct pairs *row)
{
	struct imc_move_rows rows;

	if (!imc_plan_move_rows(p->e->g, p->l->n, &rows))
		return false;
	m->per = rows.per;
	m->x_row = rows.step * imc_plan_row_bytes(&p->in[m->in]);
	m->x_phase = 0;
	m->first = v->dst[0] / m->y_row;
	m->end = v->dst[v->n - 1] / m->y_row + 1;
	*row = pairs_of(m, v, m->first);
	if (m->per > 1 && m->end - m->first > 1) {
		struct pairs next = pairs_of(m, v, m->first + 1);

		if (m->first || !next.n)
			return false;
		m->x_phase = next.src[0] - row->src[0];
	}
	return rows_alike(m, v, row);
}

/* ---- what is found once ---- */

static void make_table(struct probe *p, const struct pairs *row,
		       struct imc_emit_moved *m)
{
	int64_t first = m->first * m->y_row, from = source_of(m, m->first);
	int32_t *table = imc_arena_array(p->a, (size_t)m->count, sizeof *table);

	for (int64_t i = 0; i < m->count; i++)
		table[i] = -1;
	for (int64_t i = 0; i < row->n; i++)
		table[row->dst[i] - first] = (int32_t)(row->src[i] - from);
	m->table =
		imc_emit_bytes(p->e, table, (size_t)m->count * sizeof *table);
}

/* A table has no place for sources in rows before its own. */
static bool has_table(const struct imc_emit_moved *m, const struct pairs *row)
{
	for (int64_t i = 0; i < row->n; i++)
		if (row->src[i] < source_of(m, m->first))
			return false;
	return true;
}

/* One input into one output. */
static bool find_part(struct probe *p, struct imc_emit_moves *all,
		      const struct pairs *v, struct imc_emit_moved *m)
{
	const struct imc_tensor *y = &imc_node_out(p->e->g, p->l->n, m->out)->t;
	struct pairs row = *v;

	m->per = 1;
	m->end = 1;
	m->count = m->y_row = row_of(all, y);
	if (all->by_rows && !find_rows(p, v, m, &row))
		return false;
	m->src = row.src[0] - source_of(m, m->first);
	m->dst = row.dst[0] - m->first * m->y_row;
	m->fits = fit_loops(&row, &m->loops);
	if (m->fits)
		return true;
	if (!has_table(m, &row))
		return false;
	make_table(p, &row, m);
	return true;
}

/* The value of elements that no input reaches. False: they differ. */
static bool find_fill(struct probe *p, struct imc_emit_moves *all, int o,
		      const int8_t *still, const bool *moved)
{
	const struct imc_tensor *y = &imc_node_out(p->e->g, p->l->n, o)->t;
	int64_t n = imc_tensor_count(y);

	for (int64_t i = 0; i < n; i++) {
		if (moved[i])
			continue;
		if (all->filled[o] && still[i] != all->fill[o])
			return false;
		all->filled[o] = true;
		all->fill[o] = still[i];
	}
	return true;
}

static bool find_output(struct probe *p, struct imc_emit_moves *all, int o)
{
	int64_t n = imc_tensor_count(&imc_node_out(p->e->g, p->l->n, o)->t);
	const int8_t *still = ask(p, o, -1, 0, -1);
	bool *moved = imc_arena_array(p->a, (size_t)n, sizeof *moved);

	for (int k = 0; k < p->n_data; k++) {
		struct pairs v = find_pairs(p, o, k, still);
		struct imc_emit_moved m = {.in = k, .out = o};

		for (int64_t i = 0; i < v.n; i++)
			moved[v.dst[i]] = true;
		if (v.n && !find_part(p, all, &v, &m))
			return imc_emit_refuse(p->e, p->l,
					       "its rows are not alike");
		if (v.n)
			*IMC_PUSH(p->e->a, all->v, all->n, all->cap) = m;
	}
	if (!find_fill(p, all, o, still, moved))
		return imc_emit_refuse(p->e, p->l,
				       "it fills with several values");
	return true;
}

/* NULL: reported. */
static const struct imc_emit_moves *find_moves(struct imc_emit *e,
					       const struct imc_emit_layer *l)
{
	struct probe p = {.e = e, .l = l, .a = imc_arena_new()};
	struct imc_emit_moves *m = imc_arena_alloc(e->a, sizeof *m);
	size_t n_out = (size_t)l->n->n_out;
	bool ok = true;

	m->by_rows = imc_plan_by_rows(e->g, l->n);
	m->filled = imc_arena_array(e->a, n_out, sizeof *m->filled);
	m->fill = imc_arena_array(e->a, n_out, sizeof *m->fill);
	start_probe(&p);
	for (int o = 0; o < l->n->n_out && ok; o++)
		ok = find_output(&p, m, o);
	imc_arena_free(p.a);
	return ok ? m : NULL;
}

/* ---- text ---- */

static void emit_ints(struct imc_emit *e, const char *field, const int64_t *v,
		      int n, int64_t pad)
{
	imc_buf_printf(&e->layers, "\t.%s = {", field);
	for (int i = MAX_DIM - 1; i >= 0; i--)
		imc_buf_printf(&e->layers, "%lld%s",
			       (long long)(i < n ? v[i] : pad), i ? ", " : "");
	imc_buf_text(&e->layers, "},\n");
}

static void emit_field(struct imc_emit *e, const char *name, int64_t v)
{
	if (v)
		imc_buf_printf(&e->layers, ", .%s = %lld", name, (long long)v);
}

/* .rows; one row has no way to the next. */
static void emit_row(struct imc_emit *e, const struct imc_emit_layer *l,
		     const struct imc_emit_moved *m)
{
	int64_t x_ring = imc_emit_ring_size(e, l->n->in[m->in]);
	int64_t y_ring = imc_emit_ring_size(e, l->n->out[m->out]);

	imc_buf_printf(&e->layers, "\t.rows = {.per = %lld", (long long)m->per);
	emit_field(e, "x_row", m->x_row);
	emit_field(e, "x_phase", m->x_phase);
	if (m->end - m->first > 1)
		emit_field(e, "y_row", m->y_row);
	if (x_ring || y_ring)
		imc_buf_printf(&e->layers,
			       ",\n\t\t .x_ring = %lld, .y_ring = %lld",
			       (long long)x_ring, (long long)y_ring);
	imc_buf_text(&e->layers, "},\n");
}

static void emit_copy(struct imc_emit *e, const struct imc_emit_layer *l,
		      const char *name, const struct imc_emit_moved *m)
{
	imc_buf_printf(&e->layers, "static const struct imc_rt_copy %s = {\n",
		       name);
	emit_row(e, l, m);
	emit_ints(e, "dim", m->loops.dim, m->loops.n, 1);
	emit_ints(e, "src_step", m->loops.src, m->loops.n, 0);
	emit_ints(e, "dst_step", m->loops.dst, m->loops.n, 0);
	imc_buf_printf(&e->layers,
		       "\t.src_offset = %lld, .dst_offset = %lld,\n};\n\n",
		       (long long)m->src, (long long)m->dst);
}

static void emit_gather(struct imc_emit *e, const struct imc_emit_layer *l,
			const char *name, const struct imc_emit_moved *m)
{
	imc_buf_printf(&e->layers, "static const struct imc_rt_gather %s = {\n",
		       name);
	emit_row(e, l, m);
	imc_buf_printf(&e->layers,
		       "\t.count = %lld,\n\t.table = I32(%lld),\n};\n\n",
		       (long long)m->count, (long long)m->table);
}

/* Rows of output o that the step makes. */
static struct imc_rows step_rows(struct imc_emit *e,
				 const struct imc_emit_layer *l,
				 const struct imc_emit_moves *all, int o)
{
	if (!all->by_rows)
		return (struct imc_rows){0, 1};
	return imc_step_rows(l->step, &imc_node_out(e->g, l->n, o)->t);
}

static void emit_part(struct imc_emit *e, const struct imc_emit_layer *l,
		      const struct imc_emit_moves *all,
		      const struct imc_emit_moved *m)
{
	struct imc_rows r = step_rows(e, l, all, m->out);
	const char *name = l->name;

	if (l->n->op == IMC_OP_CONCAT || l->n->n_out > 1)
		name = imc_arena_printf(e->a, "%s_%d", name, m->out + m->in);
	if (m->fits)
		emit_copy(e, l, name, m);
	else
		emit_gather(e, l, name, m);
	r.first = imc_max_i64(r.first, m->first);
	r.end = imc_min_i64(r.end, m->end);
	if (r.first >= r.end)
		return;
	imc_emit_call(e, m->fits ? "imc_rt_copy" : "imc_rt_gather",
		      imc_arena_printf(e->a, "&%s, %s, %s, %s, %s", name,
				       imc_emit_operand(e, l->n->in[m->in]),
				       imc_emit_operand(e, l->n->out[m->out]),
				       imc_emit_number(e, r.first),
				       imc_emit_number(e, r.end - r.first)),
		      0);
}

static void emit_fill(struct imc_emit *e, const struct imc_emit_layer *l,
		      const struct imc_emit_moves *all, int o)
{
	const struct imc_tensor *y = &imc_node_out(e->g, l->n, o)->t;
	struct imc_rows r = step_rows(e, l, all, o);
	int64_t lines = all->by_rows ? imc_emit_lines(e, l->n->out[o]) : 0;

	imc_emit_call(e, "imc_rt_fill",
		      imc_arena_printf(e->a, "%s, %lld, %lld, %d, %s, %s",
				       imc_emit_operand(e, l->n->out[o]),
				       (long long)lines,
				       (long long)row_of(all, y), all->fill[o],
				       imc_emit_number(e, r.first),
				       imc_emit_number(e, r.end - r.first)),
		      0);
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
	struct imc_emit_known *known = &e->known[l->id.i];
	const struct imc_emit_moves *m;

	if (!known->moves && can_move(e, l))
		known->moves = find_moves(e, l);
	m = known->moves;
	if (!m)
		return false;
	for (int o = 0; o < l->n->n_out; o++)
		if (m->filled[o])
			emit_fill(e, l, m, o);
	for (size_t i = 0; i < m->n; i++)
		emit_part(e, l, m, &m->v[i]);
	return true;
}
