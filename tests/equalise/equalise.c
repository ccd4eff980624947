/* Scales of channels: the float function stays, bit for bit, on networks of all
 * sorts; and a network with badly scaled channels, once quantised, loses much
 * less. */
#include <math.h>
#include <string.h>

#include "tests/check.h"
#include "tests/stage2/lab.h"

#define N_SAMPLE 12

typedef void builder(struct lab *l);

/* Row k of the weights that make y times by[k % n], and its bias. */
static void scale_rows(struct lab *l, imc_val y, const float *by, int n)
{
	const struct imc_graph *g = l->b.g;
	const struct imc_node *c = imc_node_at(g, imc_value_at(g, y)->def);

	for (int i = 1; i < c->n_in; i++) {
		struct imc_tensor *t = &imc_node_in(g, c, i)->t;
		int64_t row = imc_tensor_count(t) / t->dim[0];

		for (int64_t k = 0; k < t->dim[0] * row; k++)
			((float *)t->data)[k] *= by[k / row % n];
	}
}

/* Channel c of what the weights of y read times by[c % n]. */
static void scale_columns(struct lab *l, imc_val y, const float *by, int n)
{
	const struct imc_graph *g = l->b.g;
	const struct imc_node *c = imc_node_at(g, imc_value_at(g, y)->def);
	struct imc_tensor *t = &imc_node_in(g, c, 1)->t;
	int64_t area = t->dim[2] * t->dim[3];

	for (int64_t k = 0; k < imc_tensor_count(t); k++)
		((float *)t->data)[k] *= by[k / area % t->dim[1] % n];
}

static const float uneven[] = {16, 0.125f, 1, 0.03f, 4};
static const float undone[] = {1 / 16.0f, 8, 1, 1 / 0.03f, 0.25f};
#define N_UNEVEN 5

static imc_val relu6(struct lab *l, imc_val x, float hi)
{
	imc_val y = OP(&l->b, CLIP, x);

	t_attrs(&l->b, y)->act_lo[0] = 0;
	t_attrs(&l->b, y)->act_hi[0] = hi;
	return y;
}

static imc_val uneven_conv(struct lab *l, imc_val x, int64_t n_in,
			   int64_t n_out, int64_t k)
{
	imc_val y = t_conv(&l->b, x, n_in, n_out, k, k / 2);

	scale_rows(l, y, uneven, N_UNEVEN);
	return y;
}

static imc_val depthwise(struct lab *l, imc_val x, int64_t n)
{
	imc_val w = t_const(&l->b, DIM(n, 1, 3, 3));
	imc_val bias = t_const(&l->b, DIM(n)), y;

	y = OP(&l->b, CONV2D, x, w, bias);
	t_attrs(&l->b, y)->group[0] = n;
	t_attrs(&l->b, y)->kernel[0] = t_attrs(&l->b, y)->kernel[1] = 3;
	for (int i = 0; i < 4; i++)
		t_attrs(&l->b, y)->pads[i] = 1;
	return y;
}

/* Every output, of three channels. */
static void end(struct lab *l, imc_val x, int64_t n_in)
{
	t_output(&l->b, t_conv(&l->b, x, n_in, 3, 1, 0));
}

static void build_chain(struct lab *l)
{
	imc_val x = t_input(&l->b, DIM(1, 3, 8, 8));

	x = OP(&l->b, RELU, uneven_conv(l, x, 3, 10, 3));
	x = OP(&l->b, LEAKY_RELU, uneven_conv(l, x, 10, 7, 1));
	end(l, x, 7);
}

static void build_depthwise(struct lab *l)
{
	imc_val x = t_input(&l->b, DIM(1, 3, 8, 8));

	x = OP(&l->b, RELU, uneven_conv(l, x, 3, 10, 1));
	x = OP(&l->b, RELU, depthwise(l, x, 10));
	end(l, x, 10);
}

static void build_residual(struct lab *l)
{
	imc_val x = t_input(&l->b, DIM(1, 3, 8, 8)), y;

	x = OP(&l->b, RELU, uneven_conv(l, x, 3, 10, 1));
	y = OP(&l->b, RELU, uneven_conv(l, x, 10, 10, 3));
	x = OP(&l->b, RELU, OP(&l->b, ADD, x, y));
	end(l, x, 10);
}

/* Some channels saturate, most do not. */
static void build_relu6(struct lab *l)
{
	imc_val x = t_input(&l->b, DIM(1, 3, 8, 8));

	x = relu6(l, uneven_conv(l, x, 3, 10, 1), 6);
	x = relu6(l, depthwise(l, x, 10), 6);
	end(l, x, 10);
}

/* None does. */
static void build_wide_clip(struct lab *l)
{
	imc_val x = t_input(&l->b, DIM(1, 3, 8, 8));

	x = relu6(l, uneven_conv(l, x, 3, 10, 1), 1e4f);
	end(l, x, 10);
}

static void build_pools(struct lab *l)
{
	imc_val x = t_input(&l->b, DIM(1, 3, 8, 8)), y;

	x = OP(&l->b, RELU, uneven_conv(l, x, 3, 10, 3));
	y = OP(&l->b, MAX_POOL, x);
	t_attrs(&l->b, y)->kernel[0] = t_attrs(&l->b, y)->kernel[1] = 2;
	t_attrs(&l->b, y)->stride[0] = t_attrs(&l->b, y)->stride[1] = 2;
	x = OP(&l->b, RELU, uneven_conv(l, y, 10, 7, 1));
	end(l, OP(&l->b, GLOBAL_AVERAGE_POOL, x), 7);
}

static void build_concat(struct lab *l)
{
	imc_val x = t_input(&l->b, DIM(1, 3, 8, 8)), a, b;

	a = OP(&l->b, RELU, uneven_conv(l, x, 3, 10, 3));
	b = OP(&l->b, RELU, uneven_conv(l, x, 3, 5, 1));
	x = OP(&l->b, CONCAT, a, b);
	t_attrs(&l->b, x)->axis[0] = 1;
	end(l, x, 15);
}

static void build_flat(struct lab *l)
{
	imc_val x = t_input(&l->b, DIM(1, 3, 4, 4)), w;
	float *data;

	x = OP(&l->b, RELU, uneven_conv(l, x, 3, 10, 3));
	w = t_const(&l->b, DIM(160, 4)); /* of 10 channels of 4 x 4 */
	data = imc_value_at(l->b.g, w)->t.data;
	for (int i = 0; i < 160 * 4; i++)
		data[i] *= undone[i / (16 * 4) % N_UNEVEN];
	t_output(&l->b, OP(&l->b, MATMUL, OP(&l->b, FLATTEN, x), w));
}

/* A table operator: nothing may move. */
static void build_blocked(struct lab *l)
{
	imc_val x = t_input(&l->b, DIM(1, 3, 8, 8));

	x = OP(&l->b, SIGMOID, uneven_conv(l, x, 3, 10, 1));
	end(l, x, 10);
}

/* So much that a few channels fill the range of both activations, and are
 * what the layer behind reads least of. */
static void build_bad(struct lab *l)
{
	imc_val x = t_input(&l->b, DIM(1, 3, 8, 8)), y;

	x = OP(&l->b, RELU, uneven_conv(l, x, 3, 30, 1));
	y = t_conv(&l->b, x, 30, 20, 1, 0);
	scale_columns(l, y, undone, N_UNEVEN);
	scale_rows(l, y, uneven, N_UNEVEN);
	x = OP(&l->b, RELU, y);
	y = t_conv(&l->b, x, 20, 3, 1, 0);
	scale_columns(l, y, undone, N_UNEVEN);
	t_output(&l->b, y);
}

static void open_case(struct lab *l, const char *name, builder *build, int post)
{
	struct imc_pass_run how = {.stop_after = "check_device",
				   .verify = true};

	lab_open(l, name, 64);
	l->m->hw->ima_cell_bits = 4;
	l->m->hw->ima_aggregate = 1;
	l->m->opt.post = post;
	build(l);
	CHECK(imc_passes_run(l->m, &how), "%s", name);
	l->calib = imc_samples_make(l->m->g, N_SAMPLE, 5, l->a);
}

static struct imc_tensor input(const struct lab *l, size_t s)
{
	const struct imc_graph *g = l->m->g;
	struct imc_tensor t = imc_value_at(g, g->input[0])->t;

	t.dtype = IMC_F32;
	t.data = l->calib.x[0] + (int64_t)s * l->calib.size[0];
	return t;
}

/* Output 0 of every sample, by the network as it now is. */
static float **outputs(const struct lab *l, int64_t *n)
{
	float **y = imc_arena_array(l->a, N_SAMPLE, sizeof *y);

	for (size_t s = 0; s < N_SAMPLE; s++) {
		struct imc_tensor x = input(l, s), *out;

		out = t_eval(l->m->g, &x, l->a);
		*n = imc_tensor_count(&out[0]);
		y[s] = out[0].data;
	}
	return y;
}

static double distance(float **a, float **b, int64_t n)
{
	double sum = 0, all = 0;

	for (size_t s = 0; s < N_SAMPLE; s++)
		for (int64_t i = 0; i < n; i++) {
			double d = (double)a[s][i] - b[s][i];

			sum += d * d;
			all += (double)a[s][i] * a[s][i];
		}
	return sqrt(sum / all);
}

static int64_t equalise(struct lab *l, int how)
{
	struct imc_pass_cx cx = {.scratch = imc_arena_new(),
				 .calib = &l->calib};

	l->m->opt.equalise = how;
	CHECK(imc_pass_equalise(l->m, &cx), "%s", l->name);
	imc_arena_free(cx.scratch);
	CHECK(imc_module_verify(l->m), "%s", l->name);
	return cx.n_changed;
}

/* changes: whether the pass should find something to do. */
static void check_function(const char *name, builder *build, int post,
			   bool changes)
{
	struct lab l;
	float **before, **after;
	int64_t n, n_changed;

	open_case(&l, name, build, post);
	before = outputs(&l, &n);
	n_changed = equalise(&l, 1);
	after = outputs(&l, &n);
	CHECK(changes == (n_changed > 0), "%s, post %d: %lld changed", name,
	      post, (long long)n_changed);
	for (size_t s = 0; s < N_SAMPLE; s++)
		CHECK(!memcmp(before[s], after[s], (size_t)n * sizeof(float)),
		      "%s, post %d: off by %g", name, post,
		      distance(before, after, n));
	lab_close(&l);
}

/* Made-up samples, digital arrays of 8 bits, or a scale for each column:
 * nothing is done unasked. */
static void check_auto(void)
{
	struct lab l;

	open_case(&l, "auto", build_bad, 2);
	CHECK(equalise(&l, 0) == 0, "made-up samples");
	l.calib.synthetic = false;
	CHECK(equalise(&l, 2) == 0, "off");
	l.m->hw->ima_adc = 1; /* none */
	CHECK(equalise(&l, 0) == 0, "exact sums");
	l.m->opt.weight_bits = 4;
	l.m->opt.post = 0;
	CHECK(equalise(&l, 0) == 0, "a scale for each column");
	l.m->opt.post = 2;
	CHECK(equalise(&l, 0) > 0, "few bits");
	lab_close(&l);
}

/* Relative error of the quantised network. */
static double quantised_error(int post, int how)
{
	struct imc_pass_run run = {.verify = true};
	struct lab l;
	float **before;
	int64_t n;
	double error;

	open_case(&l, "bad", build_bad, post);
	l.m->opt.equalise = how;
	before = outputs(&l, &n);
	run.calib = &l.calib;
	CHECK(imc_passes_run(l.m, &run), "post %d", post);
	error = distance(before, outputs(&l, &n), n);
	lab_close(&l);
	return error;
}

static void check_quantised(void)
{
	for (int post = 1; post <= 2; post++) {
		double off = quantised_error(post, 2);
		double on = quantised_error(post, 1);

		CHECK(3 * on < off, "post %d: %g, without %g", post, on, off);
	}
}

int main(void)
{
	for (int post = 0; post <= 2; post += 2) {
		check_function("chain", build_chain, post, true);
		check_function("depthwise", build_depthwise, post, true);
		check_function("residual", build_residual, post, true);
		check_function("relu6", build_relu6, post, true);
		check_function("wide clip", build_wide_clip, post, true);
		check_function("pools", build_pools, post, true);
		check_function("concat", build_concat, post, true);
		check_function("flat", build_flat, post, true);
		check_function("blocked", build_blocked, post, false);
	}
	check_auto();
	check_quantised();
	return check_result() | lab_result();
}
