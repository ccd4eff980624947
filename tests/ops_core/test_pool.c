/* Pools against a walk over every cell of every window. */
#include <math.h>

#include "tests/ops_core/rig.h"

struct shape {
	enum imc_layout layout;
	enum imc_op op;
	int64_t n, c, in[2], out[2];
	struct imc_attrs a;
};

static bool global(const struct shape *s)
{
	return s->op == IMC_OP_GLOBAL_MAX_POOL ||
	       s->op == IMC_OP_GLOBAL_AVERAGE_POOL;
}

static struct shape random_shape(void)
{
	static const enum imc_op ops[] = {
		IMC_OP_MAX_POOL,	IMC_OP_AVERAGE_POOL,
		IMC_OP_MAX_POOL,	IMC_OP_AVERAGE_POOL,
		IMC_OP_GLOBAL_MAX_POOL, IMC_OP_GLOBAL_AVERAGE_POOL};
	struct shape s = {.layout = rig_random(0, 1) ? IMC_NHWC : IMC_NCHW,
			  .op = ops[rig_random(0, 5)],
			  .n = rig_random(1, 2),
			  .c = rig_random(1, 5)};

	imc_attrs_default(s.op, &s.a);
	s.a.ceil_mode[0] = rig_random(0, 1);
	s.a.count_pad[0] = rig_random(0, 1);
	for (int i = 0; i < 2; i++) {
		s.in[i] = rig_random(3, 11);
		s.a.kernel[i] = rig_random(1, 4);
		s.a.stride[i] = rig_random(1, 3);
		s.a.dilation[i] =
			s.op == IMC_OP_MAX_POOL ? rig_random(1, 2) : 1;
		s.a.pads[i] = rig_random(0, s.a.kernel[i] - 1);
		s.a.pads[i + 2] = rig_random(0, s.a.kernel[i] - 1);
	}
	return s;
}

/* As ONNX: with ceil_mode a window may begin in the input or the padding
 * before it, but not behind. */
static void solve(struct shape *s, int i)
{
	struct imc_attrs *a = &s->a;
	int64_t extent = (a->kernel[i] - 1) * a->dilation[i] + 1;
	int64_t room = s->in[i] + a->pads[i] + a->pads[i + 2] - extent;

	if (room < 0) {
		s->out[i] = 0;
		return;
	}
	s->out[i] = room / a->stride[i] + 1;
	if (a->ceil_mode[0]) {
		s->out[i] = (room + a->stride[i] - 1) / a->stride[i] + 1;
		while ((s->out[i] - 1) * a->stride[i] >= s->in[i] + a->pads[i])
			s->out[i]--;
	}
}

/* pads must follow the global form too: the window is the whole input. */
static void widen(struct shape *s)
{
	for (int i = 0; i < 2; i++) {
		s->a.kernel[i] = s->in[i];
		s->a.stride[i] = s->a.dilation[i] = 1;
		s->a.pads[i] = s->a.pads[i + 2] = 0;
	}
	s->a.ceil_mode[0] = 0;
}

static double expected(const struct shape *s, const struct imc_tensor *x,
		       const int64_t at[4])
{
	bool max = s->op == IMC_OP_MAX_POOL || s->op == IMC_OP_GLOBAL_MAX_POOL;
	const struct imc_attrs *a = &s->a;
	double best = -INFINITY, sum = 0;
	int64_t count = 0;

	for (int64_t i = 0; i < a->kernel[0] * a->kernel[1]; i++) {
		int64_t k[2] = {i / a->kernel[1], i % a->kernel[1]}, p[2];
		bool in = true, padded = true;
		double v;

		for (int d = 0; d < 2; d++) {
			p[d] = at[2 + d] * a->stride[d] - a->pads[d] +
			       k[d] * a->dilation[d];
			in = in && p[d] >= 0 && p[d] < s->in[d];
			padded = padded && p[d] < s->in[d] + a->pads[d + 2];
		}
		count += in || (padded && a->count_pad[0]);
		if (!in)
			continue;
		v = (double)rig_get(x, s->layout,
				    (int64_t[]){at[0], at[1], p[0], p[1]});
		best = v > best ? v : best;
		sum += v;
	}
	return max ? best : sum / (double)count;
}

static bool same(const struct shape *s, const struct imc_tensor *x,
		 const struct imc_tensor *y)
{
	int64_t want[4], area = s->out[0] * s->out[1];

	rig_dims(want, s->layout,
		 (int64_t[]){s->n, s->c, s->out[0], s->out[1]});
	if (y->rank != 4 || memcmp(want, y->dim, sizeof want))
		return false;
	for (int64_t i = 0; i < s->n * s->c * area; i++) {
		const int64_t at[4] = {i / area / s->c, i / area % s->c,
				       i % area / s->out[1], i % s->out[1]};

		if ((float)expected(s, x, at) != rig_get(y, s->layout, at))
			return false;
	}
	return true;
}

static void check_pool(int round)
{
	struct shape s = random_shape();
	struct rig r = rig_new(s.op, 1, s.layout);
	struct imc_tensor x, y;
	int64_t dim[4];

	if (global(&s))
		widen(&s);
	else
		rig_node(&r)->a = s.a;
	solve(&s, 0);
	solve(&s, 1);
	rig_dims(dim, s.layout, (int64_t[]){s.n, s.c, s.in[0], s.in[1]});
	x = *rig_input(&r, 0, 4, dim, NULL);
	y = rig_run(&r);
	if (s.out[0] < 1 || s.out[1] < 1)
		CHECK(y.rank == 0 && r.diags.n_error == 1, "%d", round);
	else
		CHECK(same(&s, &x, &y), "%s %d", imc_op_info(s.op)->name,
		      round);
	rig_free(&r);
}

/* Codes: the padding must not win over negative ones. */
static void check_codes(enum imc_dtype t, const void *x, const void *want)
{
	struct rig r = rig_new(IMC_OP_MAX_POOL, 1, IMC_NHWC);
	struct imc_tensor in = {.dtype = t, .rank = 3, .dim = {1, 4, 1}}, y;

	in.data = (void *)(uintptr_t)x;
	rig_node(&r)->in[0] = imc_graph_add_const(r.g, "x", &in);
	rig_node(&r)->a.kernel[1] = 3;
	rig_node(&r)->a.stride[1] = 2;
	rig_node(&r)->a.auto_pad[0] = 2;
	y = rig_run(&r);
	CHECK(y.dim[1] == 2 && !memcmp(y.data, want, imc_tensor_bytes(&y)),
	      "%s", imc_dtype_name(t));
	rig_free(&r);
}

static void check_refused(int rank, int64_t pad, const char *text)
{
	struct rig r = rig_new(IMC_OP_MAX_POOL, 1, IMC_NCHW);

	rig_node(&r)->a.kernel[1] = 2;
	rig_node(&r)->a.pads[3] = pad;
	rig_input(&r, 0, rank, (int64_t[]){1, 1, 3, 3, 3}, NULL);
	OK(rig_run(&r).rank == 0);
	CHECK(r.diags.n == 1 && !strcmp(r.diags.v[0].body, text), "%s",
	      r.diags.n ? r.diags.v[0].body : "nothing");
	rig_free(&r);
}

int main(void)
{
	const int8_t i8[] = {-5, -7, -9, -3}, i8_want[] = {-5, -3};
	const uint8_t u8[] = {5, 200, 9, 3}, u8_want[] = {200, 200};
	const double f64[] = {-1, -2, -0.5, -3}, f64_want[] = {-1, -0.5};

	for (int i = 0; i < 500; i++)
		check_pool(i);
	check_codes(IMC_I8, i8, i8_want);
	check_codes(IMC_U8, u8, u8_want);
	check_codes(IMC_F64, f64, f64_want);
	check_refused(5, 0,
		      "the input has rank 5; 3 (1-D) and 4 (2-D) "
		      "are supported");
	check_refused(4, 2,
		      "pads 0 and 2 for a kernel of extent 2; they "
		      "must be smaller");
	return check_result();
}
