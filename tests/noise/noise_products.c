/* Products of arrays with noise: what reading adds, sums of many rows of large
 * codes, and that neither threads nor the order of samples matter. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hwdesc/noise_model.h"
#include "ir/eval.h"
#include "tests/check.h"

#define SIDE 32
#define PIXELS (SIDE * SIDE)
#define CODE_MAX 127

/* A 1x1 convolution of n_in channels to n_out on one array, every pixel of the
 * input alike. */
struct world {
	struct imc_arena *a;
	struct imc_graph *g;
	imc_node_id id;
	struct imc_map map;
	struct imc_images img;
	struct imc_tensor x;
};

static imc_val add_const(struct world *w, enum imc_dtype t, int rank,
			 const int64_t *dim, const void *data)
{
	struct imc_tensor x = {.dtype = t, .rank = rank};

	memcpy(x.dim, dim, (size_t)rank * sizeof *dim);
	x.data = (void *)(uintptr_t)data;
	return imc_graph_add_const(w->g, "c", &x);
}

static imc_val add_numbers(struct world *w, int64_t n, int32_t v)
{
	int32_t *data = imc_arena_array(w->a, (size_t)n, sizeof *data);

	for (int64_t i = 0; i < n; i++)
		data[i] = v;
	return add_const(w, IMC_I32, 1, &n, data);
}

static imc_val add_value(struct world *w, const char *name, int64_t channels)
{
	imc_val id = imc_graph_add_value(w->g, name);
	struct imc_value *v = imc_value_at(w->g, id);

	v->scale = 1;
	v->shaped = true;
	v->t = (struct imc_tensor){.dtype = IMC_I8, .rank = 4};
	memcpy(v->t.dim, (int64_t[]){1, SIDE, SIDE, channels},
	       4 * sizeof *v->t.dim);
	return id;
}

static void add_tile(struct world *w, int32_t n_in, int32_t n_out)
{
	struct imc_tile *t =
		IMC_PUSH(w->a, w->map.tile, w->map.n_tile, w->map.cap_tile);
	struct imc_assign *as = imc_arena_array(w->a, w->id.i + 1, sizeof *as);

	*t = (struct imc_tile){.node = w->id,
			       .n_row = n_in,
			       .n_col = n_out,
			       .n_slice = 1,
			       .patch_h = 1,
			       .patch_w = 1,
			       .h = n_in,
			       .w = n_out};
	w->map.array_rows = n_in;
	w->map.array_cols = n_out;
	w->map.n_array = 1;
	w->map.n_assign = w->id.i + 1;
	w->map.assign = as;
	as[w->id.i] = (struct imc_assign){.engine = IMC_ENGINE_CROSSBAR,
					  .slices = 1,
					  .patch_h = 1,
					  .patch_w = 1,
					  .rest_h = 1,
					  .rest_w = 1,
					  .copies = 1,
					  .n_tile = 1};
}

/* The ADC reads acc / 2^shift. */
static struct world make(int32_t n_in, int32_t n_out, int8_t code, int8_t x,
			 int32_t shift)
{
	struct world w = {.a = imc_arena_new()};
	int64_t dim[] = {n_out, 1, 1, n_in};
	int8_t *weight = imc_arena_array(w.a, (size_t)n_in, (size_t)n_out);
	imc_val in, out;
	struct imc_node *n;

	w.g = imc_graph_new(w.a, "g");
	w.g->layout = IMC_NHWC;
	memset(weight, code, (size_t)n_in * (size_t)n_out);
	in = add_value(&w, "x", n_in);
	out = add_value(&w, "y", n_out);
	w.id = imc_graph_add_node(w.g, IMC_OP_Q_CONV2D, 9, 1, NULL);
	imc_node_set_out(w.g, w.id, 0, out);
	n = imc_node_at(w.g, w.id);
	n->in[0] = in;
	n->in[1] = add_const(&w, IMC_I8, 4, dim, weight);
	n->in[5] = add_numbers(&w, n_out, 1 << 20);
	n->in[6] = add_numbers(&w, n_out, shift + 20);
	n->in[7] = add_numbers(&w, n_out, 0);
	n->a.adc[0] = n->a.post[0] = n->a.slices[0] = 1;
	n->a.slice_bits[0] = 8;
	n->a.bundle[0] = n->a.group[0] = 1;
	n->a.adc_lo[0] = n->a.lo[0] = -128;
	n->a.adc_hi[0] = n->a.hi[0] = 127;
	*IMC_PUSH(w.a, w.g->input, w.g->n_input, w.g->cap_input) = in;
	*IMC_PUSH(w.a, w.g->output, w.g->n_output, w.g->cap_output) = out;
	add_tile(&w, n_in, n_out);
	w.img = imc_map_images(w.g, &w.map, w.a);
	w.x = imc_value_at(w.g, in)->t;
	w.x.data = imc_arena_array(w.a, PIXELS, (size_t)n_in);
	memset(w.x.data, x, (size_t)PIXELS * (size_t)n_in);
	return w;
}

static const int8_t *run(const struct world *w, const struct imc_noise_case *c,
			 int64_t sample)
{
	struct imc_map_eval me = {
		.g = w->g, .m = &w->map, .img = &w->img, .sample = sample};
	struct imc_eval_how how = {.compute = imc_map_compute, .cx = &me};
	struct imc_tensor out;

	if (c)
		me.analog = imc_analog_program(w->g, &w->map, &w->img, c, w->a);
	imc_eval_graph(w->g, &w->x, &out, &how, w->a);
	return out.data;
}

static double deviation(const int8_t *y, int64_t n, double *mean)
{
	double sum = 0, square = 0;

	for (int64_t i = 0; i < n; i++) {
		sum += y[i];
		square += y[i] * y[i];
	}
	*mean = sum / (double)n;
	return sqrt(square / (double)n - *mean * *mean);
}

/* Noise of reading at every pixel anew: deviations as stated, within 3 %, with
 * 1/12 of a code squared from the ADC's rounding. */
static void test_reading(void)
{
	struct world w = make(64, 16, 5, 40, 3);
	struct imc_noise *n = imc_noise_new(w.a);
	struct imc_noise_case c = {
		.noise = n, .cell_max = 7, .input_max = 127, .seed = 4};
	double mean, std, want;
	int64_t count = PIXELS * 16;

	/* sum = 64 * 5 * 40 / 8 would clip: an input with both signs */
	for (int64_t i = 0; i < PIXELS * 64; i += 2)
		((int8_t *)w.x.data)[i] = -40;
	n->read_mvm = 0.05;
	std = deviation(run(&w, &c, 0), count, &mean);
	/* deviation 0.05 * 7 * sqrt(64 * 5/7 * 40^2) / 8 */
	want = sqrt(pow(0.05 * 7 * sqrt(64 * 5 / 7.0) * 40 / 8, 2) + 1 / 12.0);
	CHECK(fabs(std / want - 1) < 0.03 && fabs(mean) < 4 * want / 128,
	      "mvm: %g, not %g; mean %g", std, want, mean);
	n->read_mvm = 0;
	n->read_out = 0.1;
	std = deviation(run(&w, &c, 0), count, &mean);
	want = sqrt(pow(0.1 * 7 * 127 / 8, 2) + 1 / 12.0);
	CHECK(fabs(std / want - 1) < 0.03, "out: %g, not %g", std, want);
	imc_arena_free(w.a);
}

/* The same key gives the same bits, another one others. */
static void test_keys(void)
{
	struct world w = make(64, 16, 5, 1, 3);
	struct imc_noise *n = imc_noise_new(w.a);
	struct imc_noise_case c = {
		.noise = n, .cell_max = 7, .input_max = 127, .seed = 4};
	const int8_t *first;
	size_t size = PIXELS * 16;

	n->read_out = 0.1;
	first = run(&w, &c, 3);
	setenv("IMC_THREADS", "1", 1);
	CHECK(!memcmp(first, run(&w, &c, 3), size), "one thread");
	setenv("IMC_THREADS", "5", 1);
	CHECK(!memcmp(first, run(&w, &c, 3), size), "five threads");
	CHECK(memcmp(first, run(&w, &c, 2), size), "another sample");
	c.run = 1;
	CHECK(memcmp(first, run(&w, &c, 3), size), "another run");
	c.run = 0;
	c.seed = 5;
	CHECK(memcmp(first, run(&w, &c, 3), size), "another seed");
	imc_arena_free(w.a);
}

/* Sums beyond the 24 bits of a float: 1500 rows of 126 or 127 times 127 are
 * 24 million, and the ADC's step is one of them, so that every one counts. */
static void test_large(void)
{
	struct world w = make(1500, 5, CODE_MAX, CODE_MAX, 0);
	struct imc_noise *n = imc_noise_new(w.a);
	struct imc_noise_case c = {
		.noise = n, .cell_max = CODE_MAX, .input_max = 127};
	int32_t *zero = imc_node_in(w.g, imc_node_at(w.g, w.id), 7)->t.data;
	int8_t *x = w.x.data;
	const int8_t *quiet, *want;
	int spread = 0;

	for (int64_t i = 0; i < PIXELS; i++)
		x[i * 1500 + 3] = (int8_t)(i % 2 ? 127 : 126);
	/* the ADC adds its zero before it clips: the sum comes into range */
	for (int k = 0; k < 5; k++)
		zero[k] = -1500 * CODE_MAX * CODE_MAX + 100;
	want = run(&w, NULL, 0);
	quiet = run(&w, &c, 0);
	CHECK(!memcmp(want, quiet, PIXELS * 5), "large sums");
	for (int i = 0; i < PIXELS * 5; i++)
		spread += want[i] != want[0];
	CHECK(spread > 0, "the ADC sees single steps");
	imc_arena_free(w.a);
}

int main(void)
{
	test_reading();
	test_keys();
	test_large();
	return check_result();
}
