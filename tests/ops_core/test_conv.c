/* Convolutions against the sums of their definition. All values are small
 * integers, so that results must be equal. */
#include "tests/ops_core/rig.h"

struct shape {
	enum imc_layout layout;
	int64_t n, c, k, group, in[2], kernel[2], stride[2], dilation[2];
	int64_t before[2], after[2], out[2];
	int auto_pad;
};

static int64_t floor_div(int64_t a, int64_t b)
{
	return a >= 0 ? a / b : -((-a + b - 1) / b);
}

/* Length and padding of one axis as ONNX states them. */
static void solve(struct shape *s, int i)
{
	int64_t extent = (s->kernel[i] - 1) * s->dilation[i] + 1, total;

	if (s->auto_pad == 3)
		s->before[i] = s->after[i] = 0;
	s->out[i] = floor_div(s->in[i] + s->before[i] + s->after[i] - extent,
			      s->stride[i]) +
		    1;
	if (s->auto_pad != 1 && s->auto_pad != 2)
		return;
	s->out[i] = (s->in[i] + s->stride[i] - 1) / s->stride[i];
	total = (s->out[i] - 1) * s->stride[i] + extent - s->in[i];
	total = total > 0 ? total : 0;
	s->before[i] = s->auto_pad == 1 ? total / 2 : (total + 1) / 2;
}

static struct shape random_shape(void)
{
	struct shape s = {.layout = rig_random(0, 1) ? IMC_NHWC : IMC_NCHW,
			  .n = rig_random(1, 2),
			  .auto_pad = (int)rig_random(0, 3)};
	int64_t per = rig_random(1, 5);
	bool depthwise = rig_random(0, 3) == 0;

	s.group = rig_random(1, 4);
	s.c = s.group * (depthwise ? 1 : per);
	s.k = s.group * rig_random(1, depthwise ? 2 : 19);
	for (int i = 0; i < 2; i++) {
		s.in[i] = rig_random(1, 12);
		s.kernel[i] = rig_random(1, 4);
		s.stride[i] = rig_random(1, 3);
		s.dilation[i] = rig_random(1, 2);
		s.before[i] = rig_random(-1, 3);
		s.after[i] = rig_random(-1, 3);
	}
	return s;
}

static void set_attrs(const struct shape *s, struct imc_attrs *a)
{
	a->group[0] = s->group;
	a->auto_pad[0] = s->auto_pad;
	for (int i = 0; i < 2; i++) {
		a->stride[i] = s->stride[i];
		a->dilation[i] = s->dilation[i];
		a->pads[i] = s->auto_pad ? 0 : s->before[i];
		a->pads[i + 2] = s->auto_pad ? 0 : s->after[i];
	}
}

static float expected(const struct shape *s, const struct imc_tensor *x,
		      const struct imc_tensor *w, const float *bias,
		      const int64_t at[4])
{
	int64_t per = s->c / s->group, g = at[1] / (s->k / s->group);
	float sum = bias ? bias[at[1]] : 0;

	for (int64_t c = 0; c < per; c++)
		for (int64_t ky = 0; ky < s->kernel[0]; ky++)
			for (int64_t kx = 0; kx < s->kernel[1]; kx++) {
				int64_t y = at[2] * s->stride[0] -
					    s->before[0] + ky * s->dilation[0];
				int64_t z = at[3] * s->stride[1] -
					    s->before[1] + kx * s->dilation[1];

				if (y < 0 || y >= s->in[0] || z < 0 ||
				    z >= s->in[1])
					continue;
				sum += rig_get(x, s->layout,
					       (int64_t[]){at[0], g * per + c,
							   y, z}) *
				       rig_get(w, s->layout,
					       (int64_t[]){at[1], c, ky, kx});
			}
	return sum;
}

static bool same(const struct shape *s, const struct rig *r,
		 const struct imc_tensor *y, const float *bias, bool clip)
{
	const struct imc_tensor *x = &imc_node_in(r->g, rig_node(r), 0)->t;
	const struct imc_tensor *w = &imc_node_in(r->g, rig_node(r), 1)->t;
	int64_t want[4], area = s->out[0] * s->out[1];

	rig_dims(want, s->layout,
		 (int64_t[]){s->n, s->k, s->out[0], s->out[1]});
	if (y->rank != 4 || memcmp(want, y->dim, sizeof want))
		return false;
	for (int64_t i = 0; i < s->n * s->k * area; i++) {
		const int64_t at[4] = {i / area / s->k, i / area % s->k,
				       i % area / s->out[1], i % s->out[1]};
		float e = expected(s, x, w, bias, at);

		if (clip)
			e = e < 0 ? 0 : e > 6 ? 6 : e;
		if (e != rig_get(y, s->layout, at))
			return false;
	}
	return true;
}

static void check_conv(int round)
{
	struct shape s = random_shape();
	bool bias = rig_random(0, 1), clip = rig_random(0, 3) == 0;
	struct rig r = rig_new(IMC_OP_CONV2D, 3, s.layout);
	int64_t x[4], w[4];
	const float *b = NULL;
	struct imc_tensor y;

	rig_dims(x, s.layout, (int64_t[]){s.n, s.c, s.in[0], s.in[1]});
	rig_dims(w, s.layout,
		 (int64_t[]){s.k, s.c / s.group, s.kernel[0], s.kernel[1]});
	set_attrs(&s, &rig_node(&r)->a);
	solve(&s, 0);
	solve(&s, 1);
	rig_node(&r)->a.act[0] = clip;
	rig_node(&r)->a.act_hi[0] = 6;
	rig_input(&r, 0, 4, x, NULL);
	rig_input(&r, 1, 4, w, NULL);
	if (bias)
		b = rig_input(&r, 2, 1, &s.k, NULL)->data;
	y = rig_run(&r);
	if (s.out[0] < 1 || s.out[1] < 1)
		CHECK(y.rank == 0 && r.diags.n_error == 1, "conv %d", round);
	else
		CHECK(same(&s, &r, &y, b, clip), "conv %d", round);
	rig_free(&r);
}

/* Typing again what was resolved must change nothing. */
static void check_transpose_again(struct rig *r, const struct imc_tensor *y,
				  int round)
{
	struct imc_tensor again = rig_run(r);

	CHECK(!memcmp(again.dim, y->dim, 4 * sizeof *y->dim) &&
		      !memcmp(again.data, y->data, imc_tensor_bytes(y)),
	      "typed twice, %d", round);
}

/* y[oy] = sum of x[iy] * w[ky] over iy * stride - before + ky * dilation = oy
 */
static void scatter(const struct shape *s, const struct imc_tensor *x,
		    const struct imc_tensor *w, float *y)
{
	int64_t per = s->c / s->group, k = s->k / s->group;
	int64_t n_product =
		imc_tensor_count(x) * k * s->kernel[0] * s->kernel[1];

	for (int64_t i = 0; i < n_product; i++) {
		int64_t t = i, kx, ky, ko, ix, iy, c, oy, ox;

		kx = t % s->kernel[1], t /= s->kernel[1];
		ky = t % s->kernel[0], t /= s->kernel[0];
		ko = t % k, t /= k;
		ix = t % s->in[1], t /= s->in[1];
		iy = t % s->in[0], t /= s->in[0];
		c = t % s->c, t /= s->c;
		oy = iy * s->stride[0] - s->before[0] + ky * s->dilation[0];
		ox = ix * s->stride[1] - s->before[1] + kx * s->dilation[1];
		if (oy < 0 || oy >= s->out[0] || ox < 0 || ox >= s->out[1])
			continue;
		y[((t * s->k + c / per * k + ko) * s->out[0] + oy) * s->out[1] +
		  ox] += rig_get(x, IMC_NCHW, (int64_t[]){t, c, iy, ix}) *
			 rig_get(w, IMC_NCHW, (int64_t[]){c, ko, ky, kx});
	}
}

static void check_transpose(int round)
{
	struct shape s = random_shape();
	int64_t extra[2] = {rig_random(0, 2), rig_random(0, 2)};
	struct rig r = rig_new(IMC_OP_CONV_TRANSPOSE, 2, IMC_NCHW);
	struct imc_tensor *x, *w, y;
	float *want;

	s.auto_pad = 0;
	set_attrs(&s, &rig_node(&r)->a);
	for (int i = 0; i < 2; i++) {
		s.out[i] = (s.in[i] - 1) * s.stride[i] + extra[i] +
			   (s.kernel[i] - 1) * s.dilation[i] + 1 - s.before[i] -
			   s.after[i];
		rig_node(&r)->a.output_padding[i] = extra[i];
	}
	x = rig_input(&r, 0, 4, (int64_t[]){s.n, s.c, s.in[0], s.in[1]}, NULL);
	w = rig_input(&r, 1, 4,
		      (int64_t[]){s.c, s.k / s.group, s.kernel[0], s.kernel[1]},
		      NULL);
	/* Values may move when one is added. */
	x = &imc_node_in(r.g, rig_node(&r), 0)->t;
	y = rig_run(&r);
	if (s.out[0] < 1 || s.out[1] < 1) {
		CHECK(y.rank == 0, "transpose %d", round);
	} else {
		want = imc_arena_array(
			r.arena, (size_t)(s.n * s.k * s.out[0] * s.out[1]),
			sizeof *want);
		scatter(&s, x, w, want);
		CHECK(y.rank == 4 && y.dim[2] == s.out[0] &&
			      y.dim[3] == s.out[1] &&
			      !memcmp(want, y.data, imc_tensor_bytes(&y)),
		      "transpose %d", round);
		check_transpose_again(&r, &y, round);
	}
	rig_free(&r);
}

/* ONNX's own example: output_shape larger than the natural 9 x 7. */
static void check_output_shape(void)
{
	struct rig r = rig_new(IMC_OP_CONV_TRANSPOSE, 2, IMC_NCHW);
	struct imc_attrs *a = &rig_node(&r)->a;
	const float x[] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
	const float one[] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
	const float first[] = {0, 0, 1, 1, 3, 2, 2, 0};
	struct imc_tensor y;

	a->stride[0] = 3;
	a->stride[1] = 2;
	a->output_shape = (struct imc_ints){2, {10, 8}};
	rig_input(&r, 0, 4, (int64_t[]){1, 1, 3, 3}, x);
	rig_input(&r, 1, 4, (int64_t[]){1, 1, 3, 3}, one);
	y = rig_run(&r);
	OK(y.dim[2] == 10 && y.dim[3] == 8);
	OK(!memcmp(y.data, first, sizeof first));
	check_transpose_again(&r, &y, 0);
	rig_free(&r);
}

/* One cell too many is cut off behind (1 SAME_UPPER) or before (2). */
static void check_same_transpose(int auto_pad, const float *want)
{
	struct rig r = rig_new(IMC_OP_CONV_TRANSPOSE, 2, IMC_NCHW);
	struct imc_attrs *a = &rig_node(&r)->a;
	struct imc_tensor y;

	a->stride[1] = 2;
	a->auto_pad[0] = auto_pad;
	a->output_shape = (struct imc_ints){2, {1, 6}};
	rig_input(&r, 0, 4, (int64_t[]){1, 1, 1, 3}, (float[]){1, 2, 3});
	rig_input(&r, 1, 4, (int64_t[]){1, 1, 1, 3}, (float[]){1, 1, 1});
	y = rig_run(&r);
	OK(y.data && y.dim[3] == 6 && !memcmp(y.data, want, 6 * sizeof *want));
	check_transpose_again(&r, &y, auto_pad);
	rig_free(&r);
}

static void check_1d(enum imc_layout layout)
{
	struct rig r = rig_new(IMC_OP_CONV2D, 2, layout);
	struct imc_attrs *a = &rig_node(&r)->a;
	const float x[] = {1, 2, 3, 4}, w[] = {1, 10, 100};
	const float want[] = {210, 321, 432, 43};
	const int64_t first[] = {1, 1, 4}, last[] = {1, 4, 1};
	const int64_t kernel[] = {1, 3, 1}, kernel_first[] = {1, 1, 3};
	struct imc_tensor y;

	a->kernel[0] = 1;
	a->kernel[1] = 3;
	a->pads[1] = a->pads[3] = 1;
	rig_input(&r, 0, 3, layout == IMC_NCHW ? first : last, x);
	rig_input(&r, 1, 3, layout == IMC_NCHW ? kernel_first : kernel, w);
	y = rig_run(&r);
	OK(y.rank == 3 && imc_tensor_count(&y) == 4);
	OK(y.data && !memcmp(y.data, want, sizeof want));
	rig_free(&r);
}

static void check_refused(int64_t c, int64_t kernel, int64_t attr,
			  const char *text)
{
	struct rig r = rig_new(IMC_OP_CONV2D, 2, IMC_NCHW);

	rig_node(&r)->a.kernel[0] = attr;
	rig_input(&r, 0, 4, (int64_t[]){1, 4, 5, 5}, NULL);
	rig_input(&r, 1, 4, (int64_t[]){2, c, kernel, 3}, NULL);
	OK(rig_run(&r).rank == 0);
	CHECK(r.diags.n == 1 && !strcmp(r.diags.v[0].body, text), "%s",
	      r.diags.n ? r.diags.v[0].body : "nothing");
	rig_free(&r);
}

int main(void)
{
	for (int i = 0; i < 600; i++)
		check_conv(i);
	for (int i = 0; i < 200; i++)
		check_transpose(i);
	check_output_shape();
	check_same_transpose(1, (float[]){1, 1, 3, 2, 5, 3});
	check_same_transpose(2, (float[]){1, 3, 2, 5, 3, 3});
	check_1d(IMC_NCHW);
	check_1d(IMC_NHWC);
	check_refused(3, 3, 0,
		      "the input has 4 channels, the weights take 3 "
		      "in each of 1 groups");
	check_refused(4, 6, 0,
		      "the kernel does not fit into the padded 5x5 "
		      "input");
	check_refused(4, 3, 2, "kernel 2x0, weights are 3x3");
	return check_result();
}
