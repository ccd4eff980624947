#include <string.h>

#include "ir/num.h"
#include "ir/op.h"
#include "ir/op/q_conv.h"
#include "ir/residual.h"
#include "tests/check.h"
#include "tests/quant_ops/quant_cases.h"

#define N_CASE 400

static imc_val add_const(struct imc_graph *g, enum imc_dtype t, int rank,
			 const int64_t *dim)
{
	static const int8_t zeros[1 << 16];
	struct imc_tensor x = {.dtype = t, .rank = rank};

	for (int i = 0; i < rank; i++)
		x.dim[i] = dim[i];
	x.data = (void *)(uintptr_t)zeros;
	return imc_graph_add_const(g, "c", &x);
}

static imc_val add_vector(struct imc_graph *g, struct rnd *r, int64_t k,
			  const int64_t range[2])
{
	imc_val v = add_const(g, IMC_I32, 1, &k);
	int32_t *x = imc_value_at(g, v)->t.data;

	for (int64_t i = 0; i < k; i++)
		x[i] = (int32_t)pick(r, range[0], range[1]);
	return v;
}

static imc_val add_activation(struct imc_graph *g, struct rnd *r)
{
	imc_val id = imc_graph_add_value(g, "x");
	struct imc_value *v = imc_value_at(g, id);

	v->scale = 0.5f;
	v->zero = pick(r, 0, 1) ? (int32_t)pick(r, -128, 127) : 0;
	v->shaped = true;
	v->t.dtype = IMC_I8;
	v->t.rank = 4;
	return id;
}

/* Weights that can be sliced. */
static void fill_weights(struct imc_tensor *w, struct rnd *r,
			 const struct imc_attrs *a)
{
	int8_t *x = w->data;
	int n = (int)a->slices[0], bits = (int)a->slice_bits[0];
	int32_t max = imc_slice_max(n, bits);

	max = max > 127 ? 127 : max;
	for (int64_t i = 0; i < imc_tensor_count(w); i++)
		do
			x[i] = (int8_t)pick(r, -max - 1, max);
		while (!imc_sliceable(x[i], n, bits));
}

static void choose_adc(struct imc_attrs *a, struct rnd *r)
{
	static const int cut[][2] = {{1, 4}, {2, 4}, {1, 8}, {3, 3}, {4, 2}};
	int64_t c = pick(r, 0, 4);

	a->adc[0] = 1;
	a->post[0] = pick(r, 0, 1);
	if (a->post[0])
		c = 2 * pick(r, 0, 1);
	a->slices[0] = cut[c][0];
	a->slice_bits[0] = cut[c][1];
	a->adc_lo[0] = pick(r, -128, -64);
	a->adc_hi[0] = pick(r, 64, 127);
	if (pick(r, 0, 1))
		a->drive.n = (int)pick(r, 1, 3);
	for (int i = 0; i < a->drive.n; i++)
		a->drive.v[i] = pick(r, -128, 127);
}

/* Without an ADC slices may have 1 bit. */
static void choose_slices(struct imc_attrs *a, struct rnd *r)
{
	static const int cut[][2] = {{1, 8}, {2, 4}, {4, 2}, {3, 3}};
	int64_t c = pick(r, 0, 7);

	a->slices[0] = c < 4 ? cut[c][0] : pick(r, 2, 8);
	a->slice_bits[0] = c < 4 ? cut[c][1] : 1;
}

static void choose_window(struct imc_attrs *a, struct rnd *r)
{
	for (int i = 0; i < 2; i++) {
		a->stride[i] = pick(r, 1, 3);
		a->dilation[i] = pick(r, 1, 2);
		a->pads[i] = pick(r, 0, 2);
		a->pads[i + 2] = pick(r, 0, 2);
	}
	a->lo[0] = pick(r, -128, -1);
	a->hi[0] = pick(r, 0, 127);
}

static void add_numbers(struct imc_graph *g, imc_node_id id, int64_t k,
			struct rnd *r)
{
	struct imc_node *n = imc_node_at(g, id);
	static const int64_t range[][2] = {{-9999, 9999}, {0, INT32_MAX},
					   {24, 40},	  {0, INT32_MAX},
					   {31, 42},	  {-20, 20}};
	static const int64_t plain[2] = {32, 47};

	for (int i = 0; i < 6; i++) {
		const int64_t *at = range[i];

		if (i < 3 ? n->a.adc[0] && n->a.post[0] : !n->a.adc[0])
			continue;
		if (i == 2 && pick(r, 0, 1))
			at = plain;
		n->in[2 + i] = add_vector(g, r, k, at);
	}
	if (n->a.drive.n) {
		int64_t dim[2] = {n->a.drive.n, k};
		int8_t *x;

		n->in[8] = add_const(g, IMC_I8, 2, dim);
		x = imc_node_in(g, n, 8)->t.data;
		for (int64_t i = 0; i < dim[0] * k; i++)
			x[i] = (int8_t)pick(r, -7, 7);
	}
}

/* Depth-wise with 8-bit numbers, a group each, or any grouping. */
static void choose_groups(struct imc_attrs *a, struct rnd *r, int64_t w[4],
			  int64_t *c)
{
	int64_t kind = pick(r, 0, 3);

	a->group[0] = kind == 0 ? 1 : pick(r, 1, 6);
	w[3] = kind == 1 ? 1 : pick(r, 1, 5);
	w[0] = a->group[0] * (kind == 1 ? 1 : pick(r, 1, 20));
	w[1] = pick(r, 1, 3);
	w[2] = pick(r, 1, 3);
	if (!pick(r, 0, 3))
		w[1] = w[2] = 1;
	*c = a->group[0] * w[3];
	a->bundle[0] = pick(r, 1, a->group[0]);
	a->block_rows[0] = pick(r, 0, 1) ? 0 : pick(r, 1, w[1] * w[2] * *c + 3);
}

static void fill_input(struct conv_case *c, struct rnd *r, struct imc_arena *a)
{
	int8_t *x;

	c->x = imc_node_in(c->g, imc_node_at(c->g, c->id), 0)->t;
	c->x.data = x = imc_arena_alloc(a, imc_tensor_bytes(&c->x));
	for (int64_t i = 0; i < imc_tensor_count(&c->x); i++)
		x[i] = (int8_t)pick(r, -128, 127);
}

/* Few weights of few bits, most groups empty. */
static void add_residual(struct imc_graph *g, imc_node_id id, struct rnd *r)
{
	struct imc_tensor w = imc_node_in(g, imc_node_at(g, id), 1)->t;
	int64_t group = pick(r, 1, 7), max = (1 << pick(r, 1, 7)) - 1;
	int64_t n = imc_tensor_count(&w), kept = pick(r, 0, 3);
	imc_val v = add_const(g, IMC_I8, 4, w.dim);
	struct imc_node *node = imc_node_at(g, id);
	int8_t *x = imc_value_at(g, v)->t.data;

	node->in[9] = v;
	node->a.residual_shift[0] = pick(r, 0, 3);
	node->a.residual_group[0] = group;
	for (int64_t i = 0; i < n; i++)
		if (pick(r, 0, 3) <= kept)
			x[i] = (int8_t)pick(r, -max, max);
}

struct conv_case make_conv(struct rnd *r, struct imc_arena *a)
{
	struct conv_case c = {.g = imc_graph_new(a, "g")};
	struct rnd own = {r->state ^ 0x5e5}; /* of residual weights */
	imc_val x = add_activation(c.g, r), y = add_activation(c.g, r);
	imc_node_id id = imc_graph_add_node(c.g, IMC_OP_Q_CONV2D, 10, 1, NULL);
	struct imc_node *n = imc_node_at(c.g, id);
	int64_t w[4], channels;
	imc_val weights;

	c.id = id;
	c.g->layout = IMC_NHWC;
	n->in[0] = x;
	imc_node_set_out(c.g, id, 0, y);
	choose_window(&n->a, r);
	choose_groups(&n->a, r, w, &channels);
	if (pick(r, 0, 2))
		choose_adc(&n->a, r);
	else
		choose_slices(&n->a, r);
	weights = add_const(c.g, IMC_I8, 4, w);
	n = imc_node_at(c.g, id);
	n->in[1] = weights;
	fill_weights(&imc_value_at(c.g, weights)->t, r, &n->a);
	imc_value_at(c.g, x)->t.dim[0] = pick(r, 1, 2);
	imc_value_at(c.g, x)->t.dim[1] = pick(r, 5, 9);
	imc_value_at(c.g, x)->t.dim[2] = pick(r, 5, 9);
	imc_value_at(c.g, x)->t.dim[3] = channels;
	add_numbers(c.g, id, w[0], r);
	if (!imc_node_at(c.g, id)->a.post[0] && pick(&own, 0, 1))
		add_residual(c.g, id, &own);
	n = imc_node_at(c.g, id);
	if (n->a.adc[0] && !pick(&own, 0, 2))
		choose_ends(&c, &own);
	fill_input(&c, r, a);
	c.text = imc_arena_printf(
		a,
		"k %d c %d group %d bundle %d rows %d adc %d post %d "
		"slices %d bias rows %d residual %d float %d",
		(int)w[0], (int)channels, (int)n->a.group[0],
		(int)n->a.bundle[0], (int)n->a.block_rows[0], (int)n->a.adc[0],
		(int)n->a.post[0], (int)n->a.slices[0], n->a.drive.n,
		imc_val_ok(n->in[9]), (int)n->a.adc_float[0]);
	*IMC_PUSH(a, c.g->input, c.g->n_input, c.g->cap_input) = x;
	*IMC_PUSH(a, c.g->output, c.g->n_output, c.g->cap_output) = y;
	return c;
}

/* One output channel at one window of the slow evaluator. */
struct spot {
	const struct conv_case *c;
	const struct imc_node *n;
	const struct imc_tensor *w;
	int64_t batch, oy, ox, k;
};

static const int32_t *vec(const struct spot *s, int k)
{
	return imc_node_in(s->c->g, s->n, k)->t.data;
}

/* x - zero at row r (ky, kx, channel of the bundle), and the weight there. */
static int64_t row_x(const struct spot *s, int64_t r, int64_t *w)
{
	const struct imc_attrs *a = &s->n->a;
	const int64_t *d = s->w->dim, *in = s->c->x.dim;
	int64_t gk = d[0] / a->group[0], group = s->k / gk;
	int64_t first = group / a->bundle[0] * a->bundle[0];
	int64_t n = a->group[0] - first < a->bundle[0] ? a->group[0] - first
						       : a->bundle[0];
	int64_t c = r % (n * d[3]), tap = r / (n * d[3]);
	int64_t y =
		s->oy * a->stride[0] - a->pads[0] + tap / d[2] * a->dilation[0];
	int64_t x =
		s->ox * a->stride[1] - a->pads[1] + tap % d[2] * a->dilation[1];
	const int8_t *p = s->c->x.data, *q = s->w->data;

	*w = 0;
	if (c / d[3] + first == group)
		*w = q[(s->k * d[1] * d[2] + tap) * d[3] + c % d[3]];
	if (y < 0 || y >= in[1] || x < 0 || x >= in[2])
		return 0;
	return p[((s->batch * in[1] + y) * in[2] + x) * in[3] + first * d[3] +
		 c] -
	       imc_node_in(s->c->g, s->n, 0)->zero;
}

static int64_t n_row(const struct spot *s)
{
	const struct imc_attrs *a = &s->n->a;
	const int64_t *d = s->w->dim;
	int64_t group = s->k / (d[0] / a->group[0]);
	int64_t first = group / a->bundle[0] * a->bundle[0];
	int64_t n = a->group[0] - first < a->bundle[0] ? a->group[0] - first
						       : a->bundle[0];

	return d[1] * d[2] * n * d[3];
}

static int64_t plain_sum(const struct spot *s)
{
	int64_t acc = 0, w;

	for (int64_t r = 0; r < n_row(s); r++) {
		int64_t x = row_x(s, r, &w);

		acc += x * w;
	}
	return acc;
}

/* What the residual weights add. */
static int64_t rest(const struct spot *s)
{
	const struct imc_value *v = imc_node_in(s->c->g, s->n, 9);
	int32_t shift = (int32_t)s->n->a.residual_shift[0];
	struct spot of = *s;

	if (!v)
		return 0;
	of.w = &v->t;
	if (!s->n->a.adc[0])
		return imc_rescale(plain_sum(&of), 1, shift);
	return imc_rescale(plain_sum(&of), vec(s, 5)[s->k],
			   vec(s, 6)[s->k] + shift - 6);
}

void naive_rest(const struct conv_case *c, int32_t *sum)
{
	const struct imc_node *n = imc_node_at(c->g, c->id);
	const int64_t *out = imc_node_out(c->g, n, 0)->t.dim;
	struct spot s = {.c = c, .n = n, .w = &imc_node_in(c->g, n, 1)->t};

	for (s.batch = 0; s.batch < out[0]; s.batch++)
		for (s.oy = 0; s.oy < out[1]; s.oy++)
			for (s.ox = 0; s.ox < out[2]; s.ox++)
				for (s.k = 0; s.k < out[3]; s.k++)
					*sum++ += (int32_t)rest(&s);
}

static int64_t code(const struct spot *s, int64_t row0, int64_t row1, int slice)
{
	const struct imc_attrs *a = &s->n->a;
	volatile float sum = 0;
	int64_t acc = 0, w;

	for (int64_t r = row0; r < row1; r++) {
		int64_t x = row_x(s, r, &w);

		w = imc_slice((int32_t)w, slice, (int)a->slices[0],
			      (int)a->slice_bits[0]);
		acc += x * w;
		naive_float_add(&sum, x, w, a->slice_bits[0]);
	}
	for (int i = 0; i < a->drive.n && row1 == n_row(s) && slice == 0; i++) {
		const int8_t *rows = imc_node_in(s->c->g, s->n, 8)->t.data;

		w = rows[i * s->w->dim[0] + s->k];
		acc += a->drive.v[i] * w;
		naive_float_add(&sum, a->drive.v[i], w, a->slice_bits[0]);
	}
	if (a->adc_float[0])
		return naive_float_code(sum, a->adc_low[0], a->adc_high[0]);
	return imc_requant(acc, vec(s, 5)[s->k], vec(s, 6)[s->k],
			   vec(s, 7)[s->k], (int32_t)a->adc_lo[0],
			   (int32_t)a->adc_hi[0]);
}

static int64_t naive_one(const struct spot *s)
{
	const struct imc_attrs *a = &s->n->a;
	int32_t zero_y = imc_node_out(s->c->g, s->n, 0)->zero;
	int64_t rows = n_row(s), sum = 0, one = 0, n_block = 0;
	int64_t step = a->block_rows[0] ? a->block_rows[0] : rows;

	for (int64_t r = 0; r < rows && a->adc[0]; r += step, n_block++)
		for (int i = 0; i < a->slices[0]; i++) {
			int64_t end = r + step < rows ? r + step : rows;
			int frac = a->post[0] ? 0 : IMC_SUM_FRAC;

			one = code(s, r, end, i);
			sum += (one - vec(s, 7)[s->k]) *
			       (1 << (i * a->slice_bits[0] + frac));
		}
	if (a->adc[0] && a->post[0])
		return n_block == 1
			       ? one
			       : imc_clamp(sum + zero_y, a->lo[0], a->hi[0]);
	if (!a->adc[0])
		sum = plain_sum(s);
	sum += rest(s);
	return imc_requant(sum + vec(s, 2)[s->k], vec(s, 3)[s->k],
			   vec(s, 4)[s->k], zero_y, (int32_t)a->lo[0],
			   (int32_t)a->hi[0]);
}

void naive_conv(const struct conv_case *c, int8_t *y)
{
	const struct imc_node *n = imc_node_at(c->g, c->id);
	const int64_t *out = imc_node_out(c->g, n, 0)->t.dim;
	struct spot s = {.c = c, .n = n, .w = &imc_node_in(c->g, n, 1)->t};

	for (s.batch = 0; s.batch < out[0]; s.batch++)
		for (s.oy = 0; s.oy < out[1]; s.oy++)
			for (s.ox = 0; s.ox < out[2]; s.ox++)
				for (s.k = 0; s.k < out[3]; s.k++)
					*y++ = (int8_t)naive_one(&s);
}

/* Cases of each kind. */
struct conv_seen {
	int varied, residual[2], blocks, groups, in_float;
};

/* Groups of w that are not all 0. */
static int64_t kept_groups(const struct imc_tensor *w, int64_t group)
{
	const int8_t *x = w->data;
	int64_t n = 0;

	for (int64_t i = 0; i < imc_tensor_count(w); i += w->dim[3])
		for (int64_t c = 0; c < w->dim[3]; c += group) {
			bool any = false;

			for (int64_t j = c; j < c + group && j < w->dim[3]; j++)
				any |= x[i + j] != 0;
			n += any;
		}
	return n;
}

/* What is stored is what there was, in no more room than it needs. */
static void check_stored(const struct conv_case *c, struct imc_arena *a)
{
	const struct imc_node *n = imc_node_at(c->g, c->id);
	const struct imc_tensor *w = &imc_node_in(c->g, n, 9)->t;
	size_t size = imc_tensor_bytes(w);
	struct imc_residual r = imc_residual_pack(c->g, n, a);
	int8_t *back = imc_arena_alloc(a, size);
	const int8_t *x = w->data;
	int32_t bits = 2;

	for (size_t i = 0; i < size; i++)
		while (x[i] > (1 << (bits - 1)) - 1 ||
		       x[i] < -(1 << (bits - 1)))
			bits++;
	imc_residual_unpack(&r, back);
	CHECK(!memcmp(back, w->data, size), "stored: %s", c->text);
	CHECK(r.n_group == kept_groups(w, r.group) &&
		      r.n_group == imc_residual_count(w, r.group) &&
		      r.first[0] == 0 && r.first[r.k] == r.n_group,
	      "%d groups: %s", (int)r.n_group, c->text);
	CHECK(imc_residual_bytes(&r) ==
		      4 * (w->dim[0] + 1) +
			      r.n_group * (2 + (r.group * bits + 7) / 8),
	      "%d bytes: %s", (int)imc_residual_bytes(&r), c->text);
}

static void check_conv(struct rnd *r, struct conv_seen *seen)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	struct conv_case c = make_conv(r, a);
	struct imc_tensor in[IMC_Q_CONV_IN] = {{0}}, out;
	struct imc_node *n = imc_node_at(c.g, c.id);
	bool typed = imc_op_infer(c.g, c.id, &d);
	int8_t *want;
	size_t size;

	CHECK(typed, "%s", d.n ? d.v[0].text : "");
	for (int k = 1; k < 10; k++)
		if (imc_node_in(c.g, n, k))
			in[k] = imc_node_in(c.g, n, k)->t;
	in[0] = c.x;
	out = imc_node_out(c.g, n, 0)->t;
	imc_op_eval(c.g, n, in, &out, a);
	size = imc_tensor_bytes(&out);
	want = imc_arena_alloc(a, size);
	naive_conv(&c, want);
	CHECK(!memcmp(want, out.data, size), "%s", c.text);
	if (imc_node_in(c.g, n, 9)) {
		check_stored(&c, a);
		seen->residual[n->a.adc[0]]++;
		seen->blocks += n->a.block_rows[0] > 0;
		seen->groups += n->a.group[0] > 1;
	}
	seen->in_float += n->a.adc_float[0] > 0;
	seen->varied += size > 1 && memcmp(want, want + 1, size - 1) != 0;
	imc_arena_free(a);
}

/* More rows than float sums hold exactly: 255 * 127 * 2000 > 2^24. */
static void check_long_sums(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_graph *g = imc_graph_new(a, "g");
	struct rnd r = {7};
	imc_val x = add_activation(g, &r), y = add_activation(g, &r);
	imc_node_id id = imc_graph_add_node(g, IMC_OP_Q_CONV2D, 5, 1, NULL);
	imc_val w = add_const(g, IMC_I8, 4, (int64_t[]){1, 1, 1, 9001});
	struct imc_tensor in[IMC_Q_CONV_IN] = {{0}};
	int8_t *code = imc_arena_alloc(a, 9001);
	int32_t acc;

	g->layout = IMC_NHWC;
	imc_value_at(g, x)->zero = -128;
	memcpy(imc_value_at(g, x)->t.dim, (int64_t[]){1, 1, 1, 9001},
	       4 * sizeof(int64_t));
	imc_node_at(g, id)->in[0] = x;
	imc_node_at(g, id)->in[1] = w;
	imc_node_set_out(g, id, 0, y);
	memset(imc_value_at(g, w)->t.data, 127, 9001);
	memset(code, 127, 9001);
	code[17] = 126;
	in[0] = imc_value_at(g, x)->t;
	in[0].data = code;
	in[1] = imc_value_at(g, w)->t;
	imc_q_conv_acc(g, imc_node_at(g, id), in, 0, 0, 0, &acc, a);
	CHECK(acc == 9001 * 127 * 255 - 127, "%d", (int)acc);
	imc_arena_free(a);
}

int test_conv(struct rnd *r)
{
	struct conv_seen seen = {0};

	for (int i = 0; i < N_CASE; i++)
		check_conv(r, &seen);
	/* Else a case says nothing: everything was clamped. */
	CHECK(seen.varied > N_CASE / 2, "%d", seen.varied);
	CHECK(seen.in_float > N_CASE / 10, "%d", seen.in_float);
	CHECK(seen.residual[0] > 20 && seen.residual[1] > 20 &&
		      seen.blocks > 20 && seen.groups > 20,
	      "%d %d %d %d", seen.residual[0], seen.residual[1], seen.blocks,
	      seen.groups);
	check_long_sums();
	return check_result();
}
