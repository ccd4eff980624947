#include <string.h>

#include "ir/num.h"
#include "ir/op.h"
#include "tests/check.h"
#include "tests/quant_ops/quant_cases.h"

#define N_CASE 200

/* One node with two inputs, built from shapes. */
struct bench {
	struct imc_arena *a;
	struct imc_graph *g;
	struct imc_node *n;
	struct imc_tensor in[2], out;
};

static struct imc_value *new_value(struct imc_graph *g, struct rnd *r,
				   const struct imc_tensor *t, imc_val *id)
{
	struct imc_value *v;

	*id = imc_graph_add_value(g, "v");
	v = imc_value_at(g, *id);
	if (t)
		v->t = *t;
	v->t.data = NULL;
	v->shaped = t != NULL;
	v->scale = 1;
	v->zero = (int32_t)pick(r, -128, 127);
	return v;
}

static void fill(struct imc_tensor *t, struct rnd *r, struct imc_arena *a)
{
	unsigned char *x = imc_arena_alloc(a, imc_tensor_bytes(t));

	for (size_t i = 0; i < imc_tensor_bytes(t); i++)
		x[i] = (unsigned char)pick(r, 0, 255);
	t->data = x;
}

static struct bench make_bench(struct rnd *r, enum imc_op op,
			       const struct imc_tensor in[2])
{
	struct bench b = {.a = imc_arena_new()};
	imc_val id[3];
	imc_node_id node;

	b.g = imc_graph_new(b.a, "g");
	b.g->layout = IMC_NHWC;
	for (int i = 0; i < 2; i++) {
		b.in[i] = in[i];
		new_value(b.g, r, &in[i], &id[i]);
		if (!b.in[i].data)
			fill(&b.in[i], r, b.a);
	}
	/* A table is a constant: rules look into it. */
	if (in[1].data)
		imc_value_at(b.g, id[1])->t.data = in[1].data;
	new_value(b.g, r, NULL, &id[2]);
	node = imc_graph_add_node(b.g, op, imc_op_info(op)->n_in_max, 1, NULL);
	b.n = imc_node_at(b.g, node);
	for (int i = 0; i < b.n->n_in; i++)
		b.n->in[i] = id[i];
	imc_node_set_out(b.g, node, 0, id[2]);
	b.n->a.lo[0] = pick(r, -128, -1);
	b.n->a.hi[0] = pick(r, 0, 127);
	return b;
}

static const int8_t *run(struct bench *b)
{
	struct imc_diags d = {.arena = b->a};
	imc_node_id id = {0};

	CHECK(imc_op_infer(b->g, id, &d), "%s", d.n ? d.v[0].text : "");
	b->out = imc_node_out(b->g, b->n, 0)->t;
	imc_op_eval(b->g, b->n, b->in, &b->out, b->a);
	return b->out.data;
}

static int32_t zero_in(const struct bench *b, int k)
{
	return imc_node_in(b->g, b->n, k)->zero;
}

/* v / 2^shift, halves away from zero, exactly. */
static int64_t slow_shift(int64_t v, int64_t shift)
{
	int64_t unit = (int64_t)1 << shift, q = v / unit, rest = v % unit;

	rest = rest < 0 ? -rest : rest;
	if (rest >= unit - rest)
		q += v < 0 ? -1 : 1;
	return q;
}

static int64_t slow_pair(const struct bench *b, int64_t x, int64_t y)
{
	const struct imc_attrs *t = &b->n->a;
	int64_t v = (x - zero_in(b, 0)) * t->mult[0] +
		    (y - zero_in(b, 1)) * t->mult[1];

	if (b->n->op == IMC_OP_Q_MUL)
		v = (x - zero_in(b, 0)) * (y - zero_in(b, 1)) * t->mult[0];
	v = slow_shift(v, t->shift[0]) + imc_node_out(b->g, b->n, 0)->zero;
	return imc_clamp(v, t->lo[0], t->hi[0]);
}

/* Index into t of the element at `at` of the output. */
static int64_t index_in(const struct imc_tensor *t, const struct imc_tensor *o,
			const int64_t *at)
{
	int64_t i = 0;

	for (int k = 0; k < t->rank; k++) {
		int64_t p = at[k + o->rank - t->rank];

		i = i * t->dim[k] + (t->dim[k] == 1 ? 0 : p);
	}
	return i;
}

static void check_pair(struct rnd *r)
{
	struct imc_tensor in[2] = {{.dtype = IMC_I8, .rank = 4},
				   {.dtype = IMC_I8}};
	bool mul = pick(r, 0, 1), same = pick(r, 0, 2) == 0;
	struct bench b;
	const int8_t *y;
	int64_t bad = 0;

	in[1].rank = same ? 4 : (int)pick(r, 0, 4);
	for (int k = 0; k < 4; k++)
		in[0].dim[k] = pick(r, 1, 4);
	for (int k = 0; k < in[1].rank; k++) {
		int64_t *d = &in[0].dim[k + 4 - in[1].rank];

		in[1].dim[k] = same || pick(r, 0, 1) ? *d : 1;
		if (!same && in[1].dim[k] != 1 && pick(r, 0, 2) == 0)
			*d = 1;
	}
	b = make_bench(r, mul ? IMC_OP_Q_MUL : IMC_OP_Q_ADD, in);
	b.n->a.mult[0] = pick(r, 0, INT32_MAX);
	b.n->a.mult[1] = mul ? 0 : pick(r, INT32_MIN + 1, INT32_MAX);
	b.n->a.shift[0] = pick(r, mul ? 36 : 29, 48);
	y = run(&b);
	for (int64_t i = 0; i < imc_tensor_count(&b.out); i++) {
		int64_t at[4], rest = i;

		for (int k = 4; k-- > 0; rest /= b.out.dim[k])
			at[k] = rest % b.out.dim[k];
		bad += y[i] !=
		       slow_pair(&b,
				 ((int8_t *)b.in[0]
					  .data)[index_in(&in[0], &b.out, at)],
				 ((int8_t *)b.in[1]
					  .data)[index_in(&in[1], &b.out, at)]);
	}
	CHECK(bad == 0, "%d wrong", (int)bad);
	imc_arena_free(b.a);
}

static void check_rescale(struct rnd *r)
{
	struct imc_tensor in[2] = {{.dtype = IMC_I8, .rank = 2, .dim = {3, 50}},
				   {.dtype = IMC_I8, .rank = 0}};
	struct bench b = make_bench(r, IMC_OP_Q_RESCALE, in);
	const int8_t *x = b.in[0].data, *y;
	int64_t bad = 0;

	b.n->a.mult[0] = pick(r, 0, INT32_MAX);
	b.n->a.shift[0] = pick(r, 28, 40);
	y = run(&b);
	for (int i = 0; i < 150; i++) {
		int64_t v = (x[i] - zero_in(&b, 0)) * b.n->a.mult[0];

		v = slow_shift(v, b.n->a.shift[0]) +
		    imc_node_out(b.g, b.n, 0)->zero;
		bad += y[i] != imc_clamp(v, b.n->a.lo[0], b.n->a.hi[0]);
	}
	CHECK(bad == 0, "%d wrong", (int)bad);
	imc_arena_free(b.a);
}

static void check_lut(struct rnd *r)
{
	int8_t table[256];
	struct imc_tensor in[2] = {
		{.dtype = IMC_I8, .rank = 2, .dim = {3, 50}},
		{.dtype = IMC_I8, .rank = 1, .dim = {256}, .data = table}};
	struct bench b;
	const int8_t *y;
	int64_t bad = 0;

	for (int i = 0; i < 256; i++)
		table[i] = (int8_t)pick(r, -128, 127);
	b = make_bench(r, IMC_OP_Q_LUT, in);
	y = run(&b);
	for (int i = 0; i < 150; i++)
		bad += y[i] != table[((int8_t *)b.in[0].data)[i] + 128];
	CHECK(bad == 0, "%d wrong", (int)bad);
	imc_arena_free(b.a);
}

static void check_softmax(struct rnd *r)
{
	int32_t table[256];
	struct imc_tensor in[2] = {
		{.dtype = IMC_I8, .rank = 3, .dim = {2, 3, 7}},
		{.dtype = IMC_I32, .rank = 1, .dim = {256}, .data = table}};
	struct bench b;
	const int8_t *x, *y;
	int64_t bad = 0;

	for (int i = 0; i < 256; i++)
		table[i] = (int32_t)((1 << 23) >> (i / 10));
	b = make_bench(r, IMC_OP_Q_SOFTMAX, in);
	x = b.in[0].data;
	y = run(&b);
	for (int i = 0; i < 42; i++) {
		int max = -128;
		int64_t sum = 0, v;

		for (int k = i / 7 * 7; k < i / 7 * 7 + 7; k++)
			max = x[k] > max ? x[k] : max;
		for (int k = i / 7 * 7; k < i / 7 * 7 + 7; k++)
			sum += table[max - x[k]];
		v = (256 * (int64_t)table[max - x[i]] + sum / 2) / sum;
		v += imc_node_out(b.g, b.n, 0)->zero;
		bad += y[i] != imc_clamp(v, b.n->a.lo[0], b.n->a.hi[0]);
	}
	CHECK(bad == 0, "%d wrong", (int)bad);
	imc_arena_free(b.a);
}

static void choose_pool(struct imc_attrs *a, struct rnd *r)
{
	for (int i = 0; i < 2; i++) {
		a->kernel[i] = pick(r, 2, 4);
		a->stride[i] = pick(r, 1, 3);
		a->pads[i] = pick(r, 0, a->kernel[i] - 1);
		a->pads[i + 2] = pick(r, 0, a->kernel[i] - 1);
	}
	a->ceil_mode[0] = pick(r, 0, 1);
	a->count_pad[0] = pick(r, 0, 1);
	a->shift[0] = pick(r, 30, 34);
}

/* One output by the definition: every cell of the window is looked at. */
static int64_t slow_pool(const struct bench *b, const int64_t at[4])
{
	const struct imc_attrs *a = &b->n->a;
	const int64_t *in = b->in[0].dim;
	const int8_t *x = b->in[0].data;
	const int32_t *table = b->in[1].data;
	int64_t sum = 0, count = 0, h = in[1], w = in[2];

	for (int64_t i = 0; i < a->kernel[0] * a->kernel[1]; i++) {
		int64_t y =
			at[1] * a->stride[0] - a->pads[0] + i / a->kernel[1];
		int64_t z =
			at[2] * a->stride[1] - a->pads[1] + i % a->kernel[1];
		bool inside = y >= 0 && y < h && z >= 0 && z < w;

		if (inside)
			sum += x[((at[0] * h + y) * w + z) * in[3] + at[3]] -
			       zero_in(b, 0);
		count += inside || (a->count_pad[0] && y < h + a->pads[2] &&
				    z < w + a->pads[3]);
	}
	return imc_requant(sum, table[count - a->count_min[0]],
			   (int32_t)a->shift[0],
			   imc_node_out(b->g, b->n, 0)->zero, (int32_t)a->lo[0],
			   (int32_t)a->hi[0]);
}

static void check_pool(struct rnd *r)
{
	int32_t table[16];
	struct imc_tensor in[2] = {
		{.dtype = IMC_I8, .rank = 4, .dim = {2, 0, 0, 3}},
		{.dtype = IMC_I32, .rank = 1, .dim = {16}, .data = table}};
	struct bench b;
	const int8_t *y;
	int64_t bad = 0;

	in[0].dim[1] = pick(r, 4, 8);
	in[0].dim[2] = pick(r, 4, 8);
	for (int i = 0; i < 16; i++)
		table[i] = (int32_t)pick(r, 0, INT32_MAX);
	b = make_bench(r, IMC_OP_Q_AVERAGE_POOL, in);
	choose_pool(&b.n->a, r);
	y = run(&b);
	for (int64_t i = 0; i < imc_tensor_count(&b.out); i++) {
		int64_t at[4], rest = i;

		for (int k = 4; k-- > 0; rest /= b.out.dim[k])
			at[k] = rest % b.out.dim[k];
		bad += y[i] != slow_pool(&b, at);
	}
	CHECK(bad == 0, "%d wrong", (int)bad);
	imc_arena_free(b.a);
}

/* A table that is too short for a window is refused. */
static void check_short_table(struct rnd *r)
{
	int32_t table[3] = {1, 2, 3};
	struct imc_tensor in[2] = {
		{.dtype = IMC_I8, .rank = 4, .dim = {1, 4, 4, 1}},
		{.dtype = IMC_I32, .rank = 1, .dim = {3}, .data = table}};
	struct bench b = make_bench(r, IMC_OP_Q_AVERAGE_POOL, in);
	struct imc_diags d = {.arena = b.a};

	b.n->a.kernel[0] = b.n->a.kernel[1] = 2;
	CHECK(!imc_op_infer(b.g, (imc_node_id){0}, &d), "4 of 3");
	b.n->a.count_min[0] = 2;
	CHECK(imc_op_infer(b.g, (imc_node_id){0}, &d), "%s",
	      d.n ? d.v[0].text : "");
	imc_arena_free(b.a);
}

int test_cores(struct rnd *r)
{
	for (int i = 0; i < N_CASE; i++) {
		check_pair(r);
		check_pool(r);
	}
	for (int i = 0; i < N_CASE / 10; i++) {
		check_rescale(r);
		check_lut(r);
		check_softmax(r);
	}
	check_short_table(r);
	return check_result();
}
