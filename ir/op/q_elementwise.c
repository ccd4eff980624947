#include <string.h>

#include "ir/eval/wide.h"
#include "ir/num.h"
#include "ir/op.h"
#include "ir/support/checked.h"

static bool wrong(struct imc_diags *d, const struct imc_node *n,
		  const char *what)
{
	return imc_diag(d, n->loc, IMC_D_SHAPE_MISMATCH,
			imc_arena_printf(d->arena, "%s: %s",
					 imc_op_info(n->op)->name, what));
}

/* Dimension i from the right; 1 where a shape has no more. */
static int64_t dim_right(const struct imc_tensor *t, int i)
{
	return i < t->rank ? t->dim[t->rank - 1 - i] : 1;
}

/* The common shape of a and b as in numpy; false when there is none. */
static bool broadcast(const struct imc_tensor *a, const struct imc_tensor *b,
		      struct imc_tensor *out)
{
	out->rank = a->rank > b->rank ? a->rank : b->rank;
	for (int i = 0; i < out->rank; i++) {
		int64_t x = dim_right(a, i), y = dim_right(b, i);

		if (x != y && x != 1 && y != 1)
			return false;
		out->dim[out->rank - 1 - i] = x == 1 ? y : x;
	}
	return true;
}

static bool is_table(const struct imc_value *v, enum imc_dtype t)
{
	return v && v->t.dtype == t && v->t.rank == 1 && v->t.dim[0] == 256;
}

/* A softmax never divides by 0: its largest element always counts. */
static bool counts_largest(const struct imc_value *v)
{
	const int32_t *e = v->t.data;

	for (int i = 0; e && i < 256; i++)
		if (e[i] < (i == 0))
			return false;
	return true;
}

static const char *check_second(const struct imc_graph *g,
				const struct imc_node *n,
				struct imc_tensor *out)
{
	const struct imc_value *b = imc_node_in(g, n, 1);

	if (n->op == IMC_OP_Q_LUT && !is_table(b, IMC_I8))
		return "the table is not i8[256]";
	if (n->op == IMC_OP_Q_SOFTMAX &&
	    (!is_table(b, IMC_I32) || !counts_largest(b)))
		return "the table is not i32[256] with a positive first entry";
	if (n->op != IMC_OP_Q_ADD && n->op != IMC_OP_Q_MUL)
		return NULL;
	if (!b || b->t.dtype != IMC_I8)
		return "input 1 is not i8";
	if (!broadcast(&imc_node_in(g, n, 0)->t, &b->t, out))
		return "the shapes do not broadcast";
	return NULL;
}

bool imc_type_q_elementwise(struct imc_graph *g, struct imc_node *n,
			    struct imc_diags *d)
{
	const struct imc_value *a = imc_node_in(g, n, 0);
	struct imc_value *y = imc_node_out(g, n, 0);
	struct imc_tensor out = a->t;
	const char *bad;

	if (a->t.dtype != IMC_I8)
		return wrong(d, n, "input 0 is not i8");
	if (n->op == IMC_OP_Q_SOFTMAX && a->t.rank < 1)
		return wrong(d, n, "input 0 is a scalar");
	bad = check_second(g, n, &out);
	if (bad)
		return wrong(d, n, bad);
	out.data = y->t.data;
	y->t = out;
	y->shaped = true;
	return true;
}

/* What an operator needs of its node and values. */
struct pair {
	int32_t za, zb, zy, mult[2], shift, lo, hi;
};

static struct pair pair_of(const struct imc_graph *g, const struct imc_node *n)
{
	const struct imc_value *b = imc_node_in(g, n, 1);

	return (struct pair){
		.za = imc_node_in(g, n, 0)->zero,
		.zb = b ? b->zero : 0,
		.zy = imc_node_out(g, n, 0)->zero,
		.mult = {(int32_t)n->a.mult[0], (int32_t)n->a.mult[1]},
		.shift = (int32_t)n->a.shift[0],
		.lo = (int32_t)n->a.lo[0],
		.hi = (int32_t)n->a.hi[0]};
}

/* n elements of a and b, sa and sb apart (0: one serves all). */
typedef void pair_row(const struct pair *p, const int8_t *a, const int8_t *b,
		      const int64_t step[3], int8_t *y);

/* IMC_WIDE neighbours of a and b. */
IMC_SIMD_PART void add_block(const struct imc_wide k[5],
			     const struct imc_wide_bounds *bounds,
			     const int8_t *a, const int8_t *b, int8_t *y)
{
	struct imc_wide u, v;
	const struct imc_wide one = {{1, 1, 1, 1}, {1, 1, 1, 1}};

	imc_wide_load_codes(a, &u);
	imc_wide_load_codes(b, &v);
	u.even = (u.even - k[0].even) * k[1].even +
		 (v.even - k[2].even) * k[3].even;
	u.odd = (u.odd - k[0].odd) * k[1].odd + (v.odd - k[2].odd) * k[3].odd;
	imc_wide_requant(&u, &one, &k[4], bounds);
	imc_wide_store_codes(&u, y);
}

/* As many as fit in blocks; how many that was. */
IMC_SIMD
static int64_t add_blocks(const struct pair *p, const int8_t *a,
			  const int8_t *b, int64_t n, int8_t *y)
{
	struct imc_wide k[5];
	struct imc_wide_bounds bounds;
	int64_t i = 0;

	imc_wide_fill(p->za, &k[0]);
	imc_wide_fill(p->mult[0], &k[1]);
	imc_wide_fill(p->zb, &k[2]);
	imc_wide_fill(p->mult[1], &k[3]);
	imc_wide_fill(p->shift, &k[4]);
	imc_wide_fill(p->zy, &bounds.zero);
	imc_wide_fill(p->lo, &bounds.lo);
	imc_wide_fill(p->hi, &bounds.hi);
	for (; i + IMC_WIDE <= n; i += IMC_WIDE)
		add_block(k, &bounds, a + i, b + i, y + i);
	return i;
}

static void add_row(const struct pair *p, const int8_t *a, const int8_t *b,
		    const int64_t step[3], int8_t *y)
{
	bool dense = step[0] == 1 && step[1] == 1;
	int64_t i = dense ? add_blocks(p, a, b, step[2], y) : 0;

	for (; i < step[2]; i++) {
		int64_t v = (int64_t)(a[i * step[0]] - p->za) * p->mult[0] +
			    (int64_t)(b[i * step[1]] - p->zb) * p->mult[1];

		y[i] = (int8_t)imc_requant(v, 1, p->shift, p->zy, p->lo, p->hi);
	}
}

static void mul_row(const struct pair *p, const int8_t *a, const int8_t *b,
		    const int64_t step[3], int8_t *y)
{
	for (int64_t i = 0; i < step[2]; i++) {
		int64_t v = (int64_t)(a[i * step[0]] - p->za) *
			    (b[i * step[1]] - p->zb);

		y[i] = (int8_t)imc_requant(v, p->mult[0], p->shift, p->zy,
					   p->lo, p->hi);
	}
}

static bool same_shape(const struct imc_tensor *a, const struct imc_tensor *b)
{
	return a->rank == b->rank &&
	       !memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim);
}

/* Element strides of t inside `out`, from the right; 0 where it repeats. */
static void strides_in(const struct imc_tensor *t, const struct imc_tensor *out,
		       int64_t *stride)
{
	int64_t step = 1;

	for (int i = 0; i < out->rank; i++) {
		stride[i] = dim_right(t, i) == 1 ? 0 : step;
		step *= dim_right(t, i);
	}
}

static int64_t offset_of(const struct imc_tensor *out, const int64_t *stride,
			 int64_t row)
{
	int64_t at = 0;

	for (int i = 1; i < out->rank; i++) {
		at += row % dim_right(out, i) * stride[i];
		row /= dim_right(out, i);
	}
	return at;
}

static void pair_all(const struct pair *p, const struct imc_tensor *in,
		     struct imc_tensor *out, pair_row *row)
{
	const int8_t *a = in[0].data, *b = in[1].data;
	int64_t sa[IMC_MAX_RANK] = {0}, sb[IMC_MAX_RANK] = {0};
	int64_t count = imc_tensor_count(out), len = dim_right(out, 0);
	int8_t *y = out->data;

	if (same_shape(&in[0], &in[1])) {
		row(p, a, b, (int64_t[]){1, 1, count}, y);
		return;
	}
	strides_in(&in[0], out, sa);
	strides_in(&in[1], out, sb);
	for (int64_t r = 0; r * len < count; r++)
		row(p, a + offset_of(out, sa, r), b + offset_of(out, sb, r),
		    (int64_t[]){sa[0], sb[0], len}, y + r * len);
}

/* One operand: 256 inputs, so 256 results. */
static void look_up(const int8_t *table, const struct imc_tensor *in,
		    struct imc_tensor *out)
{
	const int8_t *x = in->data;
	int8_t *y = out->data;
	int64_t n = imc_tensor_count(in);

	for (int64_t i = 0; i < n; i++)
		y[i] = table[x[i] + 128];
}

static void rescale(const struct pair *p, const struct imc_tensor *in,
		    struct imc_tensor *out)
{
	int8_t table[256];

	for (int x = -128; x < 128; x++)
		table[x + 128] = (int8_t)imc_requant(
			x - p->za, p->mult[0], p->shift, p->zy, p->lo, p->hi);
	look_up(table, in, out);
}

static void softmax_row(const struct pair *p, const int32_t *table,
			const int8_t *x, int64_t n, int8_t *y)
{
	int8_t max = x[0];
	int64_t sum = 0;

	for (int64_t i = 0; i < n; i++)
		max = x[i] > max ? x[i] : max;
	for (int64_t i = 0; i < n; i++)
		sum += table[max - x[i]];
	for (int64_t i = 0; i < n; i++) {
		int64_t e = table[max - x[i]];

		y[i] = (int8_t)imc_clamp((256 * e + sum / 2) / sum + p->zy,
					 p->lo, p->hi);
	}
}

static void softmax(const struct pair *p, const struct imc_tensor *in,
		    struct imc_tensor *out)
{
	int64_t count = imc_tensor_count(out), len = dim_right(out, 0);
	const int8_t *x = in[0].data;
	int8_t *y = out->data;

	for (int64_t at = 0; at < count; at += len)
		softmax_row(p, in[1].data, x + at, len, y + at);
}

void imc_eval_q_elementwise(const struct imc_graph *g, const struct imc_node *n,
			    const struct imc_tensor *in, struct imc_tensor *out,
			    struct imc_arena *scratch)
{
	struct pair p = pair_of(g, n);

	(void)scratch;
	if (n->op == IMC_OP_Q_ADD)
		pair_all(&p, in, out, add_row);
	else if (n->op == IMC_OP_Q_MUL)
		pair_all(&p, in, out, mul_row);
	else if (n->op == IMC_OP_Q_RESCALE)
		rescale(&p, in, out);
	else if (n->op == IMC_OP_Q_LUT)
		look_up(in[1].data, in, out);
	else
		softmax(&p, in, out);
}
