#include <math.h>

#include "ir/num.h"
#include "ir/num_adc.h"
#include "ir/op.h"
#include "ir/support/checked.h"
#include "ir/verify.h"

static bool is_number(const struct imc_value *x)
{
	return x->t.dtype == IMC_I8 && x->scale > 0 && isfinite(x->scale) &&
	       x->zero >= -128 && x->zero <= 127;
}

/* Activations in and out of n, also those that are constant. */
static bool check_activations(const struct imc_verify *v,
			      const struct imc_node *n)
{
	const struct imc_graph *g = v->m->g;

	for (int k = 0; k < n->n_in; k++) {
		const struct imc_value *x = imc_node_in(g, n, k);

		if (x && !x->t.data && !is_number(x))
			return imc_verify_fail(v, n, "'%s' is not quantised",
					       x->name);
	}
	for (int k = 0; k < n->n_out; k++) {
		const struct imc_value *y = imc_node_out(g, n, k);

		if (y && !is_number(y))
			return imc_verify_fail(v, n, "'%s' is not quantised",
					       y->name);
	}
	return true;
}

/* Operators that act on codes give the numbers of their input on. */
static bool keeps_numbers(const struct imc_graph *g, const struct imc_node *n)
{
	const struct imc_value *x = imc_node_in(g, n, 0);
	bool keeps = imc_op_info(n->op)->kind == IMC_MOVE ||
		     n->op == IMC_OP_MAX_POOL ||
		     n->op == IMC_OP_GLOBAL_MAX_POOL;

	if (!keeps || !x)
		return true;
	for (int k = 0; k < n->n_out; k++) {
		const struct imc_value *y = imc_node_out(g, n, k);

		if (y && (x->scale < y->scale || x->scale > y->scale ||
			  x->zero != y->zero))
			return false;
	}
	return true;
}

static bool constants_there(const struct imc_verify *v,
			    const struct imc_node *n, int first)
{
	const struct imc_graph *g = v->m->g;

	for (int k = first; k < n->n_in; k++)
		if (imc_node_in(g, n, k) && !imc_node_in(g, n, k)->t.data)
			return imc_verify_fail(v, n, "input %d is not constant",
					       k);
	return true;
}

static const int32_t *vector(const struct imc_graph *g,
			     const struct imc_node *n, int k)
{
	const struct imc_value *x = imc_node_in(g, n, k);

	return x ? x->t.data : NULL;
}

static bool all_within(const int32_t *x, int64_t n, int64_t lo, int64_t hi)
{
	for (int64_t i = 0; x && i < n; i++)
		if (x[i] < lo || x[i] > hi)
			return false;
	return true;
}

/* mult in input k, shift in input k + 1. */
static bool check_factors(const struct imc_verify *v, const struct imc_node *n,
			  int k, int64_t size)
{
	const struct imc_graph *g = v->m->g;

	if (!all_within(vector(g, n, k), size, 0, INT32_MAX))
		return imc_verify_fail(v, n, "a multiplier is negative");
	if (!all_within(vector(g, n, k + 1), size, 0, IMC_SHIFT_MAX))
		return imc_verify_fail(v, n, "a shift is not 0 .. %d",
				       IMC_SHIFT_MAX);
	return true;
}

static bool check_slices(const struct imc_verify *v, const struct imc_node *n)
{
	const struct imc_value *w = imc_node_in(v->m->g, n, 1);
	const int8_t *x = w->t.data;
	int64_t count = imc_tensor_count(&w->t);
	bool good[256];

	for (int i = 0; i < 256; i++)
		good[i] = imc_sliceable(i - 128, (int)n->a.slices[0],
					(int)n->a.slice_bits[0]);
	for (int64_t i = 0; i < count; i++)
		if (!good[x[i] + 128])
			return imc_verify_fail(v, n,
					       "weight %d is not %d slices of "
					       "%d bits",
					       x[i], (int)n->a.slices[0],
					       (int)n->a.slice_bits[0]);
	return true;
}

static bool check_bias_rows(const struct imc_verify *v,
			    const struct imc_node *n)
{
	const struct imc_value *rows = imc_node_in(v->m->g, n, 8);
	int32_t max = imc_slice_cell_max((int)n->a.slice_bits[0]);
	const int8_t *x = rows ? rows->t.data : NULL;

	for (int i = 0; i < n->a.drive.n; i++)
		if (n->a.drive.v[i] < -128 || n->a.drive.v[i] > 127)
			return imc_verify_fail(v, n, "drive %d is no DAC code",
					       i);
	for (int64_t i = 0; x && i < imc_tensor_count(&rows->t); i++)
		if (x[i] < -max || x[i] > max)
			return imc_verify_fail(v, n,
					       "a bias row has cell %d, beyond "
					       "%d",
					       x[i], (int)max);
	return true;
}

/* Recombined codes stay in int32. */
static bool check_sum(const struct imc_verify *v, const struct imc_node *n)
{
	const struct imc_attrs *a = &n->a;
	struct imc_matrix x = imc_matrix_of(v->m->g, n);
	int64_t rows = x.rows * imc_min_i64(a->bundle[0], x.groups);
	int64_t blocks =
		a->block_rows[0] ? imc_ceil_div(rows, a->block_rows[0]) : 1;
	int64_t top = (int64_t)1
		      << (a->slices[0] * a->slice_bits[0] + IMC_SUM_FRAC);
	int64_t most = INT32_MAX / (imc_node_in(v->m->g, n, 9) ? 2 : 1);

	if (blocks * top > most / (a->adc_hi[0] - a->adc_lo[0] + 1))
		return imc_verify_fail(v, n, "its codes can exceed 32 bits");
	return true;
}

/* The integer numbers are those of the registers (ir/num_adc.h). */
static bool check_ends(const struct imc_verify *v, const struct imc_node *n,
		       int64_t k)
{
	const struct imc_graph *g = v->m->g;
	const struct imc_attrs *a = &n->a;
	int64_t ends = a->adc_low[0] + a->adc_high[0];
	int32_t mult, shift;

	if (ends == 0)
		return !a->adc_float[0] ||
		       imc_verify_fail(v, n, "its ADC in float32 has no ends");
	if (ends > IMC_ADC_ENDS_MAX || a->slice_bits[0] < 2)
		return imc_verify_fail(v, n, "the ends of its ADC are far off");
	imc_adc_ends_factor(imc_cell_max((int)a->slice_bits[0]), (int32_t)ends,
			    &mult, &shift);
	if (!all_within(vector(g, n, 5), k, mult, mult) ||
	    !all_within(vector(g, n, 6), k, shift, shift) ||
	    !all_within(vector(g, n, 7), k, 0, 0) ||
	    a->adc_lo[0] != -imc_adc_end_code(a->adc_low[0], ends) ||
	    a->adc_hi[0] != imc_adc_end_code(a->adc_high[0], ends))
		return imc_verify_fail(
			v, n, "its ADC has other numbers than its ends");
	return true;
}

static bool check_adc(const struct imc_verify *v, const struct imc_node *n)
{
	const struct imc_graph *g = v->m->g;
	const struct imc_attrs *a = &n->a;
	int64_t k = imc_node_in(g, n, 1)->t.dim[0];

	if (a->post[0] && a->slices[0] != 1)
		return imc_verify_fail(v, n, "post adc with %d slices",
				       (int)a->slices[0]);
	if (a->slice_bits[0] == 1)
		return imc_verify_fail(v, n, "slices of 1 bit behind an ADC");
	if (!check_slices(v, n) || !check_bias_rows(v, n))
		return false;
	if (!imc_module_has(v->m, IMC_FACT_FITTED))
		return true;
	if (!vector(g, n, 5) || !vector(g, n, 6) || !vector(g, n, 7))
		return imc_verify_fail(v, n, "its ADC has no setting");
	if (a->adc_lo[0] > a->adc_hi[0] || a->adc_lo[0] < -32768 ||
	    a->adc_hi[0] > 32767)
		return imc_verify_fail(v, n, "its ADC has no range");
	if (!all_within(vector(g, n, 7), k, -(1 << 20), 1 << 20))
		return imc_verify_fail(v, n, "the zero of its ADC is far off");
	return check_factors(v, n, 5, k) && check_ends(v, n, k) &&
	       check_sum(v, n);
}

/* ---- residual weights ---- */

/* The largest sum over the weights of one output, of magnitudes. */
static int64_t largest_sum(const struct imc_tensor *w)
{
	const int8_t *x = w->data;
	int64_t n = imc_tensor_count(w) / w->dim[0], most = 0;

	for (int64_t k = 0; k < w->dim[0]; k++, x += n) {
		int64_t sum = 0;

		for (int64_t i = 0; i < n; i++)
			sum += x[i] < 0 ? -x[i] : x[i];
		most = imc_max_i64(most, sum);
	}
	return most;
}

/* Codes of an activation less its zero are at most this. */
#define MOST_INPUT 255

/* What residual weights add is scaled as the ADC's codes are, and what both
 * come to stays in int32. */
static bool check_residual_adc(const struct imc_verify *v,
			       const struct imc_node *n, int64_t most)
{
	const struct imc_graph *g = v->m->g;
	const struct imc_attrs *a = &n->a;
	int64_t k = imc_node_in(g, n, 1)->t.dim[0];
	const int32_t *mult = vector(g, n, 5), *shift = vector(g, n, 6);

	for (int64_t i = 0; i < k; i++) {
		int64_t s = shift[i] + a->residual_shift[0] - IMC_SUM_FRAC;

		if (s < 0 || s > IMC_SHIFT_MAX)
			return imc_verify_fail(
				v, n, "its residual has shift %d, not 0 .. %d",
				(int)s, IMC_SHIFT_MAX);
		if (imc_rescale(most, mult[i], (int32_t)s) > INT32_MAX / 2)
			return imc_verify_fail(
				v, n, "its residual can exceed 32 bits");
	}
	return true;
}

static bool check_residual(const struct imc_verify *v, const struct imc_node *n)
{
	const struct imc_value *r = imc_node_in(v->m->g, n, 9);
	int64_t most, acc;

	if (!r)
		return !n->a.residual_shift[0] ||
		       imc_verify_fail(v, n,
				       "a residual shift without residual");
	if (n->a.post[0])
		return imc_verify_fail(v, n, "a residual with post adc");
	most = MOST_INPUT * largest_sum(&r->t);
	acc = MOST_INPUT * largest_sum(&imc_node_in(v->m->g, n, 1)->t);
	if (!n->a.adc[0] && most + acc > INT32_MAX)
		return imc_verify_fail(v, n, "its residual can exceed 32 bits");
	return !n->a.adc[0] || !imc_module_has(v->m, IMC_FACT_FITTED) ||
	       check_residual_adc(v, n, most);
}

static bool check_conv(const struct imc_verify *v, const struct imc_node *n)
{
	const struct imc_graph *g = v->m->g;
	const struct imc_attrs *a = &n->a;
	int64_t k = imc_node_in(g, n, 1)->t.dim[0];
	bool digital = !a->adc[0] ||
		       (!a->post[0] && imc_module_has(v->m, IMC_FACT_FITTED));

	if (!constants_there(v, n, 1) || !check_factors(v, n, 3, k))
		return false;
	if (digital &&
	    (!vector(g, n, 2) || !vector(g, n, 3) || !vector(g, n, 4)))
		return imc_verify_fail(v, n, "it cannot requantise");
	if (!all_within(vector(g, n, 2), k, -(1 << 30), 1 << 30))
		return imc_verify_fail(v, n, "its bias exceeds 31 bits");
	if (!a->adc[0] && a->drive.n)
		return imc_verify_fail(v, n, "bias rows without an ADC");
	if (!a->adc[0])
		return ((a->slices[0] == 1 && a->slice_bits[0] > 1) ||
			check_slices(v, n)) &&
		       check_residual(v, n);
	return check_adc(v, n) && check_residual(v, n);
}

static bool check_table(const struct imc_verify *v, const struct imc_node *n)
{
	const struct imc_value *t = imc_node_in(v->m->g, n, 1);

	if (!constants_there(v, n, 1))
		return false;
	if (n->op == IMC_OP_Q_AVERAGE_POOL &&
	    !all_within(t->t.data, t->t.dim[0], 0, INT32_MAX))
		return imc_verify_fail(v, n, "a multiplier is negative");
	return true;
}

static bool check_node(const struct imc_verify *v, const struct imc_node *n)
{
	if (!check_activations(v, n))
		return false;
	if (!keeps_numbers(v->m->g, n))
		return imc_verify_fail(
			v, n, "its output has not the numbers of its input");
	if (n->a.lo[0] > n->a.hi[0])
		return imc_verify_fail(v, n, "lo is above hi");
	if (n->op == IMC_OP_Q_CONV2D)
		return check_conv(v, n);
	if (n->op == IMC_OP_Q_AVERAGE_POOL || n->op == IMC_OP_Q_LUT ||
	    n->op == IMC_OP_Q_SOFTMAX)
		return check_table(v, n);
	return true;
}

bool imc_verify_numbers(const struct imc_verify *v)
{
	const struct imc_graph *g = v->m->g;

	if (g->layout != IMC_NHWC)
		return imc_verify_fail(v, NULL, "it is not channel-last");
	for (size_t i = 0; i < g->n_input; i++)
		if (!is_number(imc_value_at(g, g->input[i])))
			return imc_verify_fail(
				v, NULL, "input '%s' is not quantised",
				imc_value_at(g, g->input[i])->name);
	for (size_t i = 0; i < g->n_order; i++)
		if (!check_node(v, imc_node_at(g, g->order[i])))
			return false;
	return true;
}
