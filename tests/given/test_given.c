/* Networks that others quantised, in both of ONNX's forms: on a machine that
 * holds their numbers the device has the codes of the file, and computes what
 * the file says but for one step of the output. */
#include <math.h>
#include <string.h>

#include "frontend/onnx/onnx.h"
#include "hwdesc/hw.h"
#include "ir/eval.h"
#include "ir/text.h"
#include "passes/pass.h"
#include "tests/check.h"
#include "tests/onnx/onnx_encode.h"

#define F32 1
#define U8 2
#define I8 3
#define I32 6

#define N_CHANNEL 3
#define N_WEIGHT (N_CHANNEL * 2 * 3 * 3)

/* The file's numbers. */
static const float sx = 0.03f, sy = 0.05f, sp = 0.04f;
static const float sw[N_CHANNEL] = {0.01f, 0.02f, 0.005f};
static const unsigned char zx = 117, zy = 0, zp = 9;
static const int32_t bias[N_CHANNEL] = {300, -1000, 77};

static void weights(int8_t w[N_WEIGHT])
{
	for (int i = 0; i < N_WEIGHT; i++)
		w[i] = (int8_t)(i * 37 % 255 - 127);
}

static void constant(struct net *n, const char *name, int type,
		     const char *dims, const void *p, size_t size)
{
	struct imc_buf t = {.arena = n->a};

	put_tensor(&t, name, type, dims, p, size);
	put_bytes(&n->graph, 5, t.p, t.n);
}

static void put_numbers(struct net *n)
{
	int8_t w[N_WEIGHT], zero[N_CHANNEL] = {0};

	weights(w);
	constant(n, "w", I8, "3 2 3 3", w, sizeof w);
	constant(n, "sw", F32, "3", sw, sizeof sw);
	constant(n, "zw", I8, "3", zero, sizeof zero);
	constant(n, "b", I32, "3", bias, sizeof bias);
	constant(n, "sx", F32, "", &sx, sizeof sx);
	constant(n, "sy", F32, "", &sy, sizeof sy);
	constant(n, "sp", F32, "", &sp, sizeof sp);
	constant(n, "zx", U8, "", &zx, sizeof zx);
	constant(n, "zy", U8, "", &zy, sizeof zy);
	constant(n, "zp", U8, "", &zp, sizeof zp);
}

static struct imc_buf pairs(struct imc_arena *a)
{
	struct net n = net_new(a, 13);
	float sb[N_CHANNEL];

	for (int k = 0; k < N_CHANNEL; k++)
		sb[k] = sx * sw[k];
	put_numbers(&n);
	constant(&n, "sb", F32, "3", sb, sizeof sb);
	net_input(&n, "x", F32, "1 2 6 6");
	net_output(&n, "y");
	net_node(&n, "QuantizeLinear", "q0", "x sx zx", "xq");
	net_node(&n, "DequantizeLinear", "d0", "xq sx zx", "xr");
	net_i(&n, "axis", 0);
	net_node(&n, "DequantizeLinear", "dw", "w sw zw", "wr");
	net_i(&n, "axis", 0);
	net_node(&n, "DequantizeLinear", "db", "b sb", "br");
	net_is(&n, "pads", "1 1 1 1");
	net_node(&n, "Conv", "conv", "xr wr br", "c");
	net_node(&n, "Relu", "relu", "c", "r");
	net_node(&n, "QuantizeLinear", "q1", "r sy zy", "rq");
	net_node(&n, "DequantizeLinear", "d1", "rq sy zy", "rr");
	net_node(&n, "GlobalAveragePool", "pool", "rr", "p");
	net_node(&n, "QuantizeLinear", "q2", "p sp zp", "pq");
	net_node(&n, "DequantizeLinear", "d2", "pq sp zp", "y");
	return net_bytes(&n);
}

static struct imc_buf integers(struct imc_arena *a)
{
	struct net n = net_new(a, 13);

	put_numbers(&n);
	net_input(&n, "x", F32, "1 2 6 6");
	net_output(&n, "y");
	net_node(&n, "QuantizeLinear", "q0", "x sx zx", "xq");
	net_is(&n, "pads", "1 1 1 1");
	net_node(&n, "QLinearConv", "conv", "xq sx zx w sw zw sy zy b", "c");
	net_i(&n, "channels_last", 0);
	net_node(&n, "com.microsoft:QLinearGlobalAveragePool", "pool",
		 "c sy zy sp zp", "pq");
	net_node(&n, "DequantizeLinear", "d2", "pq sp zp", "y");
	return net_bytes(&n);
}

struct fixture {
	struct imc_arena *a;
	struct imc_diags d;
	struct imc_module *file, *device;
};

static struct imc_module *open(struct fixture *f, struct imc_buf bytes,
			       const char *stop_after)
{
	struct imc_pass_run how = {.stop_after = stop_after, .verify = true};
	struct imc_module *m = imc_module_new(&f->d);

	m->model_path = m->model_name = "net";
	m->hw = imc_hw_load("sram-imc", m->arena, &f->d);
	m->g = imc_onnx_read_bytes("net", bytes.p, bytes.n, m->arena, &f->d,
				   NULL);
	CHECK(m->g && imc_passes_run(m, &how), "%s",
	      f->d.n ? f->d.v[f->d.n - 1].text : "");
	return m;
}

/* The one convolution has the codes, scales and activations of the file. */
static void check_codes(const struct imc_graph *g)
{
	int8_t w[N_WEIGHT];

	weights(w);
	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);
		const struct imc_value *c, *x, *y;
		const int8_t *code;

		if (n->op != IMC_OP_Q_CONV2D)
			continue;
		x = imc_node_in(g, n, 0);
		c = imc_node_in(g, n, 1);
		y = imc_node_out(g, n, 0);
		code = c->t.data;
		CHECK(imc_value_given(c) && imc_value_given(x) &&
			      imc_value_given(y),
		      "numbers are lost");
		for (int k = 0; k < N_WEIGHT; k++) /* [3,2,9] to [3,9,2] */
			CHECK(code[k / 18 * 18 + k % 9 * 2 + k / 9 % 2] == w[k],
			      "weight %d", k);
		CHECK(!memcmp(imc_value_at(g, c->scales)->t.data, sw,
			      sizeof sw),
		      "scales");
		CHECK(!memcmp(imc_node_in(g, n, 2)->t.data, bias, sizeof bias),
		      "bias");
		CHECK(!memcmp(&x->scale, &sx, 4) && x->zero == zx - 128,
		      "input");
		CHECK(!memcmp(&y->scale, &sy, 4) && y->zero == zy - 128,
		      "output");
	}
}

static void check_outputs(const struct fixture *f)
{
	struct imc_samples s = imc_samples_make(f->file->g, 8, 1, f->a);

	for (int i = 0; i < 8; i++) {
		struct imc_tensor in =
			imc_value_at(f->file->g, f->file->g->input[0])->t;
		struct imc_tensor want, got;

		in.data = s.x[0] + i * s.size[0];
		imc_eval_real(f->file->g, &in, &want, NULL, f->a);
		imc_eval_real(f->device->g, &in, &got, NULL, f->a);
		for (int k = 0; k < N_CHANNEL; k++)
			CHECK(fabsf(((float *)want.data)[k] -
				    ((float *)got.data)[k]) <= sp * 1.001f,
			      "output %d of sample %d", k, i);
	}
}

static void check_text(const struct fixture *f)
{
	struct imc_buf text = {.arena = f->a}, blob = {.arena = f->a};
	struct imc_diags d = {.arena = f->a};
	struct imc_module *m;

	imc_text_print(f->device, &imc_hw_text, NULL, &text, &blob);
	m = imc_text_parse("net.imc", text.p, text.n, NULL, 0, &imc_hw_text,
			   &d);
	CHECK(m && imc_graph_equal(m->g, f->device->g), "text");
	CHECK(strstr(text.p, " given kept"), "text");
	if (m)
		imc_module_free(m);
}

static void check(struct imc_buf (*make)(struct imc_arena *a))
{
	struct fixture f = {.a = imc_arena_new()};

	f.d.arena = f.a;
	f.file = open(&f, make(f.a), "fold_constants");
	f.device = open(&f, make(f.a), "quantise");
	CHECK(f.d.n == 1 &&
		      strstr(f.d.v[0].text, "of 3 of 3 activations and of 1 of "
					    "1 weights"),
	      "%s", f.d.n ? f.d.v[0].text : "no note");
	check_codes(f.device->g);
	check_outputs(&f);
	check_text(&f);
	imc_module_free(f.file);
	imc_module_free(f.device);
	imc_arena_free(f.a);
}

int main(void)
{
	check(pairs);
	check(integers);
	return check_result();
}
