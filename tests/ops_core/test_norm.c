/* Normalisations: figures worked out by hand, in both layouts. */
#include <math.h>

#include "tests/ops_core/rig.h"

static bool near(const struct imc_tensor *y, const float *want, int n)
{
	const float *v = y->data;

	if (!v || imc_tensor_count(y) != n)
		return false;
	for (int i = 0; i < n; i++)
		if (!(fabsf(v[i] - want[i]) <= 1e-6f + 1e-5f * fabsf(want[i])))
			return false;
	return true;
}

#define D(...) ((int64_t[]){__VA_ARGS__})
#define F(...) ((float[]){__VA_ARGS__})

/* Channel 0: 1 3, channel 1: 10 30. */
static void check_channels(enum imc_op op, enum imc_layout layout,
			   const float *first, const float *last)
{
	bool nchw = layout == IMC_NCHW, batch = op == IMC_OP_BATCH_NORM;
	struct rig r = rig_new(op,
			       batch		  ? 5
			       : op == IMC_OP_LRN ? 1
						  : 3,
			       layout);
	struct imc_tensor y;

	rig_node(&r)->a.epsilon[0] = 0;
	rig_node(&r)->a.size[0] = 2;
	rig_node(&r)->a.alpha[0] = 2;
	rig_node(&r)->a.beta[0] = 0.5f;
	rig_node(&r)->a.bias[0] = 0;
	rig_input(&r, 0, 4, nchw ? D(1, 2, 1, 2) : D(1, 1, 2, 2),
		  nchw ? F(1, 3, 10, 30) : F(1, 10, 3, 30));
	if (op != IMC_OP_LRN) {
		rig_input(&r, 1, 1, D(2), F(2, 3));
		rig_input(&r, 2, 1, D(2), F(-1, 1));
	}
	if (batch) {
		rig_input(&r, 3, 1, D(2), F(1, 20));
		rig_input(&r, 4, 1, D(2), F(4, 100));
	}
	y = rig_run(&r);
	CHECK(near(&y, nchw ? first : last, 4), "%s", imc_op_info(op)->name);
	rig_free(&r);
}

static void check_axis(enum imc_op op, int axis, bool flat, const float *x,
		       const float *want)
{
	struct rig r = rig_new(op, 1, IMC_NCHW);
	struct imc_tensor y;

	rig_node(&r)->a.axis[0] = axis;
	rig_node(&r)->a.flat[0] = flat;
	rig_input(&r, 0, 3, D(1, 2, 2), x);
	y = rig_run(&r);
	CHECK(near(&y, want, 4), "%s", imc_op_info(op)->name);
	rig_free(&r);
}

static void check_layer_norm(void)
{
	struct rig r = rig_new(IMC_OP_LAYER_NORM, 3, IMC_NCHW);
	const float s = sqrtf(1.5f); /* 1 / sqrt(2/3) */
	struct imc_tensor y;

	rig_node(&r)->a.epsilon[0] = 0;
	rig_input(&r, 0, 2, D(2, 3), F(1, 2, 3, 30, 20, 10));
	rig_input(&r, 1, 1, D(3), F(1, 1, 2));
	rig_input(&r, 2, 1, D(1), F(5));
	y = rig_run(&r);
	OK(near(&y, F(5 - s, 5, 5 + 2 * s, 5 + s, 5, 5 - 2 * s), 6));
	rig_free(&r);
}

static void check_refused(void)
{
	struct rig r = rig_new(IMC_OP_SOFTMAX, 1, IMC_NCHW);

	rig_node(&r)->a.axis[0] = 3;
	rig_input(&r, 0, 2, D(2, 2), NULL);
	OK(rig_run(&r).rank == 0 && r.diags.n == 1);
	OK(!strcmp(r.diags.v[0].body, "axis 3 is outside a tensor of rank 2"));
	rig_free(&r);
}

int main(void)
{
	const float l3 = logf(3), third = 1.0f / 3, root = sqrtf(0.5f);

	for (int i = 0; i < 2; i++) {
		enum imc_layout l = i ? IMC_NHWC : IMC_NCHW;

		check_channels(IMC_OP_BATCH_NORM, l, F(-1, 1, -2, 4),
			       F(-1, -2, 1, 4));
		check_channels(IMC_OP_INSTANCE_NORM, l, F(-3, 1, -2, 4),
			       F(-3, -2, 1, 4));
		/* size 2: channel c and c + 1, alpha / size = 1 */
		check_channels(IMC_OP_LRN, l,
			       F(1 / sqrtf(101), 3 / sqrtf(909), 1, 1),
			       F(1 / sqrtf(101), 1, 3 / sqrtf(909), 1));
	}
	check_axis(IMC_OP_SOFTMAX, -1, false, F(0, l3, 1000, 1000),
		   F(0.25f, 0.75f, 0.5f, 0.5f));
	check_axis(IMC_OP_SOFTMAX, 1, false, F(0, 5, l3, 5),
		   F(0.25f, 0.5f, 0.75f, 0.5f));
	check_axis(IMC_OP_SOFTMAX, 1, true, F(0, 0, l3, 0),
		   F(third / 2, third / 2, 0.5f, third / 2));
	check_axis(IMC_OP_LOG_SOFTMAX, 2, false, F(0, l3, 7, 7),
		   F(logf(0.25f), logf(0.75f), logf(0.5f), logf(0.5f)));
	check_axis(IMC_OP_HARDMAX, 2, false, F(1, 2, 3, 3), F(0, 1, 1, 0));
	check_axis(IMC_OP_HARDMAX, 1, true, F(1, 2, 3, 3), F(0, 0, 1, 0));
	check_axis(IMC_OP_LP_NORM, 2, false, F(3, 4, 0, 0),
		   F(0.6f, 0.8f, 0, 0));
	check_axis(IMC_OP_LP_NORM, 1, false, F(1, 0, 1, 2),
		   F(root, 0, root, 1));
	check_layer_norm();
	check_refused();
	return check_result();
}
