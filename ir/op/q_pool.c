#include "ir/num.h"
#include "ir/op.h"
#include "ir/support/checked.h"
#include "ir/window.h"

static bool wrong(struct imc_diags *d, const struct imc_node *n,
		  const char *what)
{
	return imc_diag(d, n->loc, IMC_D_SHAPE_MISMATCH,
			imc_arena_printf(d->arena, "q_average_pool: %s", what));
}

/* The walk along axis 0 (rows) or 1 (columns). False: nothing fits. */
static bool walk_axis(const struct imc_node *n, int axis, int64_t in,
		      struct imc_walk *w)
{
	const struct imc_attrs *a = &n->a;

	*w = (struct imc_walk){.in = in,
			       .kernel = a->kernel[axis],
			       .stride = a->stride[axis],
			       .dilation = 1,
			       .before = a->pads[axis],
			       .after = a->pads[axis + 2]};
	return imc_walk_solve(w, 0, a->ceil_mode[0] != 0) && w->out > 0;
}

/* Where window i lies inside the input, and how many of its elements count. */
struct span {
	int64_t from, to, count;
};

static struct span span_of(const struct imc_walk *w, bool pad, int64_t i)
{
	int64_t from = i * w->stride - w->before, to = from + w->kernel;
	struct span s = {imc_max_i64(from, 0), imc_min_i64(to, w->in), 0};

	s.count = imc_max_i64(s.to - s.from, 0);
	if (pad)
		s.count = imc_min_i64(to, w->in + w->after) - from;
	return s;
}

static void count_range(const struct imc_walk *w, bool pad, int64_t *min,
			int64_t *max)
{
	*min = INT64_MAX;
	*max = 0;
	for (int64_t i = 0; i < w->out; i++) {
		int64_t n = span_of(w, pad, i).count;

		*min = imc_min_i64(*min, n);
		*max = imc_max_i64(*max, n);
	}
}

/* Every count has its multiplier in the table. */
static bool table_serves(const struct imc_node *n, const struct imc_walk *y,
			 const struct imc_walk *x, int64_t size)
{
	bool pad = n->a.count_pad[0] != 0;
	int64_t min_y, max_y, min_x, max_x;

	count_range(y, pad, &min_y, &max_y);
	count_range(x, pad, &min_x, &max_x);
	return min_y * min_x >= n->a.count_min[0] &&
	       max_y * max_x - n->a.count_min[0] < size;
}

/* Longest side of a window: sums of i8 stay in int32; and of an input. */
#define MAX_SIDE 4096
#define MAX_INPUT (1 << 20)

static const char *check_sides(const struct imc_attrs *a,
			       const struct imc_plane *x)
{
	if (x->h > MAX_INPUT || x->w > MAX_INPUT)
		return "a side of the input exceeds 2^20";
	for (int i = 0; i < 4; i++)
		if (a->pads[i] >= a->kernel[i % 2])
			return "the padding is as large as the window";
	if (a->kernel[0] > MAX_SIDE || a->kernel[1] > MAX_SIDE)
		return "a side of the window exceeds 4096";
	return NULL;
}

bool imc_type_q_pool(struct imc_graph *g, struct imc_node *n,
		     struct imc_diags *d)
{
	const struct imc_tensor *x = &imc_node_in(g, n, 0)->t;
	const struct imc_value *table = imc_node_in(g, n, 1);
	struct imc_value *out = imc_node_out(g, n, 0);
	struct imc_walk rows, cols;
	struct imc_plane px;
	const char *bad;

	if (g->layout != IMC_NHWC || x->dtype != IMC_I8 || x->rank < 3 ||
	    x->rank > 4)
		return wrong(d, n, "the input is not i8, channel-last");
	px = imc_plane_of(x, g->layout);
	if (!table || table->t.dtype != IMC_I32 || table->t.rank != 1)
		return wrong(d, n, "the table is not i32 of rank 1");
	bad = check_sides(&n->a, &px);
	if (bad)
		return wrong(d, n, bad);
	if (!walk_axis(n, 0, px.h, &rows) || !walk_axis(n, 1, px.w, &cols))
		return wrong(d, n, "the window does not fit into the input");
	if (!table_serves(n, &rows, &cols, table->t.dim[0]))
		return wrong(d, n, "the table does not serve every window");
	out->t.dtype = IMC_I8;
	out->t.rank = x->rank;
	imc_plane_shape(&out->t, g->layout, px.n, px.c, rows.out, cols.out);
	out->shaped = true;
	return true;
}

/* One walk of the pool: its tensors and where it is. */
struct pool {
	const struct imc_node *n;
	struct imc_walk y, x;
	int64_t c;
	int32_t zero_x, zero_y;
	const int32_t *table;
	int32_t *sum; /* [c] */
};

static void pool_window(const struct pool *p, const int8_t *in, struct span y,
			struct span x, int8_t *out)
{
	const struct imc_attrs *a = &p->n->a;
	int32_t mult = p->table[y.count * x.count - a->count_min[0]];

	for (int64_t c = 0; c < p->c; c++)
		p->sum[c] = 0;
	for (int64_t i = y.from; i < y.to; i++)
		for (int64_t j = x.from; j < x.to; j++) {
			const int8_t *at = in + (i * p->x.in + j) * p->c;

			for (int64_t c = 0; c < p->c; c++)
				p->sum[c] += at[c] - p->zero_x;
		}
	for (int64_t c = 0; c < p->c; c++)
		out[c] = (int8_t)imc_requant(
			p->sum[c], mult, (int32_t)a->shift[0], p->zero_y,
			(int32_t)a->lo[0], (int32_t)a->hi[0]);
}

void imc_eval_q_pool(const struct imc_graph *g, const struct imc_node *n,
		     const struct imc_tensor *in, struct imc_tensor *out,
		     struct imc_arena *scratch)
{
	struct imc_plane x = imc_plane_of(&in[0], g->layout);
	struct pool p = {.n = n,
			 .c = x.c,
			 .zero_x = imc_node_in(g, n, 0)->zero,
			 .zero_y = imc_node_out(g, n, 0)->zero,
			 .table = in[1].data};
	bool pad = n->a.count_pad[0] != 0;
	int8_t *to = out[0].data;

	if (!walk_axis(n, 0, x.h, &p.y) || !walk_axis(n, 1, x.w, &p.x))
		return; /* never: the type rule said so */
	p.sum = imc_arena_array(scratch, (size_t)p.c, sizeof *p.sum);
	for (int64_t b = 0; b < in[0].dim[0]; b++) {
		const int8_t *from =
			(const int8_t *)in[0].data + b * p.y.in * p.x.in * p.c;

		for (int64_t i = 0; i < p.y.out; i++)
			for (int64_t j = 0; j < p.x.out; j++, to += p.c)
				pool_window(&p, from, span_of(&p.y, pad, i),
					    span_of(&p.x, pad, j), to);
	}
}
