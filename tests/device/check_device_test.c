/* What a user's network may hold that no engine computes: each case ends in
 * one diagnostic of the pass check_device, and nothing else is refused. */
#include <math.h>
#include <string.h>

#include "build.h"
#include "check.h"
#include "ir/samples.h"
#include "passes/pass.h"

#define NO_KERNEL                                                              \
	"the cores have no kernel for it; end the network before it, or "      \
	"export without it"

struct refusal {
	const char *want; /* NULL: runs */
	void (*make)(struct build *b);
};

static void fine(struct build *b)
{
	imc_val x = t_conv(b, t_input(b, DIM(1, 4, 6, 6)), 4, 8, 3, 1);

	x = OP(b, SIGMOID, OP(b, AVERAGE_POOL, x));
	t_output(b, OP(b, CONCAT, x, x));
}

static void transposed(struct build *b)
{
	t_output(b, OP(b, CONV_TRANSPOSE, t_input(b, DIM(1, 4, 6, 6)),
		       t_const(b, DIM(4, 3, 2, 2))));
}

static void linear(struct build *b)
{
	struct imc_tensor t = {IMC_F32, 1, {4}, (float[]){1, 1, 2, 2}};
	imc_val x = t_input(b, DIM(1, 4, 6, 6));
	imc_val s = imc_graph_add_const(b->g, "scales", &t);

	x = OP(b, RESIZE, x, IMC_NO_VAL, s);
	t_attrs(b, x)->mode[0] = 1;
	t_output(b, x);
}

static void computed_weights(struct build *b)
{
	t_output(b, OP(b, CONV2D, t_input(b, DIM(1, 4, 6, 6)),
		       t_input(b, DIM(2, 4, 3, 3))));
}

static void infinite_weights(struct build *b)
{
	t_output(b, OP(b, CONV2D, t_input(b, DIM(1, 4, 6, 6)),
		       t_fill(b, INFINITY, DIM(2, 4, 3, 3))));
}

static void integers(struct build *b)
{
	t_output(b, OP(b, ARG_MAX, t_input(b, DIM(1, 4, 6, 6))));
}

static void dilated_mean(struct build *b)
{
	imc_val x = OP(b, AVERAGE_POOL, t_input(b, DIM(1, 4, 6, 6)));

	for (int i = 0; i < 2; i++)
		t_attrs(b, x)->kernel[i] = t_attrs(b, x)->dilation[i] = 2;
	t_output(b, x);
}

static void softmax_of_rows(struct build *b)
{
	imc_val x = OP(b, SOFTMAX, t_input(b, DIM(1, 4, 6, 6)));

	t_attrs(b, x)->axis[0] = 2;
	t_output(b, x);
}

static void two_matrices(struct build *b)
{
	t_output(b,
		 OP(b, MATMUL, t_input(b, DIM(2, 3)), t_input(b, DIM(3, 4))));
}

static void quantised(struct build *b)
{
	imc_val scale = t_fill(b, 0.5f, 0, NULL);
	imc_val x = OP(b, QUANTIZE_LINEAR, t_input(b, DIM(1, 4)), scale);

	t_output(b, OP(b, DEQUANTIZE_LINEAR, x, t_fill(b, 0.25f, 0, NULL)));
}

static void byte_input(struct build *b)
{
	imc_val x = t_input(b, DIM(1, 4));

	imc_value_at(b->g, x)->t.dtype = IMC_U8;
	t_output(b, x);
}

static void empty_input(struct build *b)
{
	t_output(b, OP(b, RELU, t_input(b, DIM(1, 0))));
}

static void join(struct build *b, int n)
{
	imc_val x = t_input(b, DIM(1, 4));

	for (int i = 1; i < n; i++)
		x = OP(b, ADD, x, t_input(b, DIM(1, 4)));
	t_output(b, x);
}

static void most_inputs(struct build *b)
{
	join(b, IMC_MAX_INPUT);
}

static void more_inputs(struct build *b)
{
	join(b, IMC_MAX_INPUT + 1);
}

static void constant_output(struct build *b)
{
	t_output(b, OP(b, RELU, t_input(b, DIM(1, 4))));
	t_output(b, t_const(b, DIM(3)));
}

static const struct refusal refusals[] = {
	{NULL, fine},
	{"conv_transpose cannot run on the device: " NO_KERNEL, transposed},
	{"resize cannot run on the device: only mode nearest moves elements",
	 linear},
	{"conv2d cannot run on the device: its weights are computed, not "
	 "constant",
	 computed_weights},
	{"conv2d cannot run on the device: a constant of it is infinite or "
	 "not a number",
	 infinite_weights},
	{"arg_max cannot run on the device: it computes integers; only float "
	 "activations are mapped",
	 integers},
	{"average_pool cannot run on the device: its window is dilated",
	 dilated_mean},
	{"softmax cannot run on the device: softmax runs over channels only",
	 softmax_of_rows},
	{"matmul cannot run on the device: " NO_KERNEL, two_matrices},
	{"quantize_linear cannot run on the device: its codes go to no "
	 "DequantizeLinear with the same scale and zero",
	 quantised},
	{"input 'x' has type u8; only networks that take f32 are mapped",
	 byte_input},
	{"input 'x' has no elements", empty_input},
	{"the network has 17 inputs; 16 at most are mapped", more_inputs},
	{"output 'c' depends on no input; leave it out of the network",
	 constant_output},
};

struct fixture {
	struct imc_arena *a;
	struct imc_diags d;
	struct imc_module *m;
};

static void begin(struct fixture *f, void (*make)(struct build *b))
{
	struct build b = {.seed = 1};

	f->a = imc_arena_new();
	f->d = (struct imc_diags){.arena = f->a};
	f->m = imc_module_new(&f->d);
	f->m->model_path = f->m->model_name = "net";
	f->m->hw = imc_hw_load("garofalo-34", f->m->arena, &f->d);
	f->m->g = b.g = imc_graph_new(f->m->arena, "net");
	f->m->opt.percentile = 100;
	make(&b);
}

static void end(struct fixture *f)
{
	imc_module_free(f->m);
	imc_arena_free(f->a);
}

static bool run(struct fixture *f, const char *stop_after)
{
	struct imc_pass_run how = {.stop_after = stop_after, .verify = true};
	struct imc_samples s;

	if (!stop_after) {
		s = imc_samples_make(f->m->g, 4, 1, f->a);
		how.calib = &s;
	}
	return imc_passes_run(f->m, &how);
}

static void check_refusal(const struct refusal *r)
{
	struct fixture f;

	begin(&f, r->make);
	CHECK(run(&f, "check_device") == !r->want, "%s",
	      r->want ? r->want : "a fine network");
	CHECK(f.d.n == (r->want != NULL), "%d messages", (int)f.d.n);
	for (size_t i = 0; i < f.d.n; i++)
		CHECK(r->want && !strcmp(f.d.v[i].body, r->want), "'%s'",
		      f.d.v[i].body);
	end(&f);
}

static void crossed_clip(struct build *b)
{
	imc_val x = OP(b, CLIP, t_input(b, DIM(1, 4, 6, 6)));

	t_attrs(b, x)->act_lo[0] = 2;
	t_attrs(b, x)->act_hi[0] = -2;
	t_output(b, x);
}

static void infinite_values(struct build *b)
{
	imc_val x = OP(b, RELU, t_input(b, DIM(1, 4, 6, 6)));

	t_output(b, OP(b, RECIPROCAL, x));
}

/* Odd, but not wrong: goes through every pass and its checks. */
static void check_runs(void (*make)(struct build *b), const char *warning)
{
	struct fixture f;
	bool ok;

	begin(&f, make);
	ok = run(&f, NULL);
	CHECK(ok && f.d.n == (warning != NULL), "%s",
	      f.d.n ? f.d.v[0].text : "no warning");
	if (f.d.n && warning)
		CHECK(!strcmp(f.d.v[0].body, warning), "'%s'", f.d.v[0].body);
	end(&f);
}

int main(void)
{
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
		check_refusal(&refusals[i]);
	check_runs(fine, NULL);
	check_runs(most_inputs, NULL);
	check_runs(crossed_clip, NULL);
	check_runs(infinite_values,
		   "'reciprocal_1' is infinite or not a number for some "
		   "samples; its range leaves that out");
	return check_result();
}
