/* check_device: what the device cannot compute is refused here, before
 * calibration, so that later passes meet only what they know. */
#include <math.h>

#include "ir/op.h"
#include "passes/2-quant/column_cells.h"
#include "passes/2-quant/quant.h"

/* Inputs 0 .. n - 1 of a move are data; the others say where it goes. */
static int n_data(const struct imc_node *n)
{
	return n->op == IMC_OP_CONCAT ? n->n_in : 1;
}

static const char *wrong_move(const struct imc_graph *g,
			      const struct imc_node *n)
{
	if (n->op == IMC_OP_RESIZE && n->a.mode[0] != 0)
		return "only mode nearest moves elements";
	for (int k = n_data(n); k < n->n_in; k++) {
		const struct imc_value *v = imc_node_in(g, n, k);

		if (v && !v->t.data)
			return "where elements go is computed, not constant";
	}
	return NULL;
}

static const char *wrong_conv(const struct imc_graph *g,
			      const struct imc_node *n)
{
	for (int k = 1; k < n->n_in; k++) {
		const struct imc_value *v = imc_node_in(g, n, k);

		if (v && !v->t.data)
			return "its weights are computed, not constant";
	}
	return NULL;
}

static const char *wrong_softmax(const struct imc_graph *g,
				 const struct imc_node *n)
{
	int last = imc_node_in(g, n, 0)->t.rank - 1;

	return n->a.axis[0] == last || n->a.axis[0] == -1
		       ? NULL
		       : "softmax runs over channels only";
}

static const char *wrong_pool(const struct imc_graph *g,
			      const struct imc_node *n)
{
	if (imc_node_in(g, n, 0)->t.rank != 4)
		return "only pictures are pooled";
	if (n->op == IMC_OP_AVERAGE_POOL &&
	    (n->a.dilation[0] != 1 || n->a.dilation[1] != 1))
		return "its window is dilated";
	return NULL;
}

static bool is_finite(const struct imc_tensor *t)
{
	const float *x = t->data;
	int64_t n = imc_tensor_count(t);

	for (int64_t i = 0; i < n; i++)
		if (!isfinite(x[i]))
			return false;
	return true;
}

/* What no node may have. */
static const char *wrong_values(const struct imc_graph *g,
				const struct imc_node *n)
{
	for (int k = 0; k < n->n_in; k++) {
		const struct imc_value *v = imc_node_in(g, n, k);

		if (v && v->t.data && v->t.dtype == IMC_F32 &&
		    !is_finite(&v->t))
			return "a constant of it is infinite or not a number";
	}
	for (int k = 0; k < n->n_out; k++) {
		const struct imc_value *v = imc_node_out(g, n, k);

		if (v && v->t.dtype != IMC_F32)
			return v->t.dtype == IMC_F64 || v->t.dtype == IMC_F16
				       ? "only f32 activations are mapped"
				       : "it computes integers; only float "
					 "activations are mapped";
		if (v && imc_tensor_count(&v->t) == 0)
			return "its output is empty";
	}
	return NULL;
}

static const char *wrong_operator(const struct imc_graph *g,
				  const struct imc_node *n)
{
	if (imc_op_info(n->op)->eval == imc_eval_pool)
		return wrong_pool(g, n);
	if (n->op == IMC_OP_CONV2D)
		return wrong_conv(g, n);
	if (imc_op_info(n->op)->kind == IMC_MOVE)
		return wrong_move(g, n);
	if (n->op == IMC_OP_SOFTMAX)
		return wrong_softmax(g, n);
	if (imc_digital_can(n->op))
		return NULL;
	return "the cores have no kernel for it; end the network before it, "
	       "or export without it";
}

static bool check_node(const struct imc_module *m, const struct imc_node *n)
{
	const char *why = wrong_values(m->g, n);

	if (!why)
		why = wrong_operator(m->g, n);
	return !why || imc_diag(m->diags, n->loc, IMC_D_NO_DEVICE_FORM,
				imc_op_info(n->op)->name, why);
}

static bool check_inputs(const struct imc_module *m)
{
	const struct imc_graph *g = m->g;
	bool ok = true;

	if (g->n_input > IMC_MAX_INPUT)
		return imc_diag(m->diags, IMC_IN_FILE(m->model_path),
				IMC_D_INPUT_COUNT, (int)g->n_input,
				IMC_MAX_INPUT);
	for (size_t i = 0; i < g->n_input; i++) {
		const struct imc_value *v = imc_value_at(g, g->input[i]);

		if (v->t.dtype != IMC_F32)
			ok = imc_diag(m->diags, IMC_IN_FILE(m->model_path),
				      IMC_D_INPUT_TYPE, v->name,
				      imc_dtype_name(v->t.dtype));
		else if (imc_tensor_count(&v->t) == 0)
			ok = imc_diag(m->diags, IMC_IN_FILE(m->model_path),
				      IMC_D_INPUT_EMPTY, v->name);
	}
	return ok;
}

static bool check_outputs(const struct imc_module *m)
{
	const struct imc_graph *g = m->g;
	bool ok = true;

	for (size_t i = 0; i < g->n_output; i++) {
		const struct imc_value *v = imc_value_at(g, g->output[i]);

		if (v->t.data)
			ok = imc_diag(m->diags, IMC_IN_FILE(m->model_path),
				      IMC_D_OUTPUT_CONSTANT, v->name);
	}
	return ok;
}

/* Why a quantised operator was not made a float one; NULL: it is none. */
static const char *wrong_quantised(const struct imc_graph *g,
				   const struct imc_node *n)
{
	if (imc_op_info(n->op)->eval != imc_eval_quantize)
		return NULL;
	if (n->op == IMC_OP_DYNAMIC_QUANTIZE || n->op == IMC_OP_CONV_INTEGER ||
	    n->op == IMC_OP_MATMUL_INTEGER)
		return "its scales are known only at run time; quantise "
		       "statically, or give the float network";
	for (int k = 1; k < n->n_in; k++)
		if (imc_node_in(g, n, k) && !imc_node_in(g, n, k)->t.data &&
		    k != 3)
			return "its scales and zeros are computed, not "
			       "constant";
	if (n->op != IMC_OP_QUANTIZE_LINEAR &&
	    n->op != IMC_OP_DEQUANTIZE_LINEAR)
		return "its weights are computed, not constant";
	if (imc_tensor_count(&imc_node_in(g, n, 1)->t) != 1)
		return "an activation has one scale, not one for each channel";
	if (n->op == IMC_OP_DEQUANTIZE_LINEAR)
		return "its codes come from no QuantizeLinear with the same "
		       "scale and zero";
	return "its codes go to no DequantizeLinear with the same scale and "
	       "zero";
}

/* One message for all the operators of a quantised network. */
static bool check_float(const struct imc_module *m)
{
	const struct imc_graph *g = m->g;

	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);
		const char *why = wrong_quantised(g, n);

		if (why)
			return imc_diag(m->diags, n->loc, IMC_D_NO_DEVICE_FORM,
					imc_op_info(n->op)->name, why);
	}
	return true;
}

bool imc_pass_check_device(struct imc_module *m, struct imc_pass_cx *cx)
{
	const struct imc_graph *g = m->g;
	bool ok = check_outputs(m);

	if (m->opt.residual > 0 && m->hw->sram_macs_per_cycle <= 0)
		return imc_diag(m->diags, IMC_NOWHERE, IMC_D_RESIDUAL_NONE);
	if (!imc_column_cells_check(m))
		return false;

	(void)cx;
	if (!check_inputs(m) || !check_float(m))
		return false;
	for (size_t i = 0; i < g->n_order; i++)
		ok &= check_node(m, imc_node_at(g, g->order[i]));
	return ok;
}
