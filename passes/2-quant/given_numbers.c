#include "passes/2-quant/given_numbers.h"

#include <math.h>

#include "ir/support/buf.h"

/* Weights are scale * code in float: the quotient is an integer but for the
 * rounding of the product. */
#define NEAR 1e-3

/* Operators that know the range of what they compute. */
static bool has_range(enum imc_op op)
{
	return op == IMC_OP_SOFTMAX || op == IMC_OP_SIGMOID ||
	       op == IMC_OP_HARD_SIGMOID;
}

bool imc_all_given(const struct imc_graph *g)
{
	for (size_t i = 0; i < g->n_input; i++)
		if (!imc_value_given(imc_value_at(g, g->input[i])))
			return false;
	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		for (int k = 0; k < n->n_out; k++) {
			const struct imc_value *v = imc_node_out(g, n, k);

			if (v && !imc_value_given(v) && !has_range(n->op))
				return false;
		}
	}
	return true;
}

/* One scale, or one for each of the k outputs, in scale[k]. */
static bool scales_of(const struct imc_graph *g, const struct imc_value *w,
		      int64_t k, float *scale)
{
	const struct imc_value *s =
		imc_val_ok(w->scales) ? imc_value_at(g, w->scales) : NULL;

	if (s && (s->t.rank != 1 || s->t.dim[0] != k))
		return false;
	for (int64_t i = 0; i < k; i++)
		scale[i] = s ? ((const float *)s->t.data)[i] : w->scale;
	return true;
}

bool imc_given_codes(const struct imc_graph *g, const struct imc_value *w,
		     float *scale, int8_t *code, enum imc_given *given)
{
	int64_t k = w->t.dim[0], n = imc_tensor_count(&w->t);
	const float *x = w->t.data;

	*given = w->given;
	if (!imc_value_given(w))
		return false;
	*given = IMC_GIVEN_AXIS;
	if (!scales_of(g, w, k, scale))
		return false;
	*given = IMC_GIVEN_WIDE;
	for (int64_t i = 0; i < n; i++) {
		double y = (double)x[i] / (double)scale[i / (n / k)];
		double q = nearbyint(y);

		if (!(q >= INT8_MIN && q <= INT8_MAX) || fabs(y - q) > NEAR)
			return false;
		code[i] = (int8_t)q;
	}
	*given = IMC_GIVEN_KEPT;
	return true;
}

enum imc_given imc_given_act(const struct imc_hw *hw, const struct imc_value *v,
			     const struct imc_act_bits *b)
{
	if (!imc_value_given(v))
		return v->given;
	if (b->bits < 8)
		return IMC_GIVEN_BITS;
	if (b->by_arrays && hw->ima_dac_zero == 0 && v->zero != 0)
		return IMC_GIVEN_ZERO;
	return IMC_GIVEN_KEPT;
}

/* "; anew: 3 activations (why), 2 weights (why)" */
static void print_others(const struct imc_given_count *c, struct imc_buf *out)
{
	const char *before = "; quantised anew:";

	for (int w = 0; w < 2; w++)
		for (int i = IMC_GIVEN_KEPT + 1; i < IMC_N_GIVEN; i++) {
			int n = w ? c->weight[i] : c->act[i];
			const char *what = w ? "weights" : "activations";

			if (!n)
				continue;
			imc_buf_printf(out, "%s %d %s (%s)", before, n, what,
				       imc_given_text((enum imc_given)i));
			before = ",";
		}
}

void imc_given_tell(const struct imc_module *m, struct imc_arena *scratch)
{
	struct imc_given_count c = imc_given_count_of(m->g);
	struct imc_buf others = {.arena = scratch};

	if (c.n_act == 0 && c.n_weight == 0)
		return;
	imc_buf_text(&others, "");
	print_others(&c, &others);
	imc_diag(m->diags, IMC_IN_FILE(m->model_path), IMC_D_GIVEN_NUMBERS,
		 c.act[IMC_GIVEN_KEPT], c.n_act, c.weight[IMC_GIVEN_KEPT],
		 c.n_weight, others.p ? others.p : "");
}
