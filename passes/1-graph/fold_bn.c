/* fold_bn: y = scale * (x - mean) / sqrt(var + epsilon) + bias is x * mul +
 * add, a pair for each channel. */
#include <math.h>

#include "passes/1-graph/rewrite.h"

struct affine {
	int64_t n;
	double *mul, *add;
};

static bool affine_of(struct imc_rw *rw, const struct imc_node *n,
		      struct affine *out)
{
	const struct imc_tensor *t[5];
	const float *scale, *bias, *mean, *var;

	for (int k = 1; k < 5; k++) {
		t[k] = imc_rw_f32_in(rw->g, n, k);
		if (!t[k] || imc_tensor_count(t[k]) != imc_tensor_count(t[1]))
			return false;
	}
	scale = t[1]->data;
	bias = t[2]->data;
	mean = t[3]->data;
	var = t[4]->data;
	out->n = imc_tensor_count(t[1]);
	out->mul =
		imc_arena_array(rw->scratch, (size_t)out->n, sizeof *out->mul);
	out->add =
		imc_arena_array(rw->scratch, (size_t)out->n, sizeof *out->add);
	for (int64_t c = 0; c < out->n; c++) {
		out->mul[c] = (double)scale[c] /
			      sqrt((double)var[c] + (double)n->a.epsilon[0]);
		out->add[c] = (double)bias[c] - (double)mean[c] * out->mul[c];
	}
	return true;
}

/* x as a constant [n, 1, ..] that meets axis 1 of a tensor of `rank`. */
static imc_val channel_const(struct imc_rw *rw, imc_node_id id,
			     const char *what, int rank, const double *x,
			     int64_t n)
{
	const struct imc_node *bn = imc_node_at(rw->g, id);
	const char *name =
		imc_arena_printf(rw->g->arena, "%s.%s",
				 imc_value_at(rw->g, bn->out[0])->name, what);
	float *f = imc_arena_array(rw->scratch, (size_t)n, sizeof *f);
	int64_t dim[IMC_MAX_RANK] = {n, 1, 1, 1, 1, 1, 1, 1};

	for (int64_t c = 0; c < n; c++)
		f[c] = (float)x[c];
	return imc_rw_const(rw, name, rank > 1 ? rank - 1 : 1, dim, f);
}

static void to_mul_add(struct imc_rw *rw, imc_node_id id,
		       const struct affine *f)
{
	imc_val x = imc_node_at(rw->g, id)->in[0];
	int rank = imc_value_at(rw->g, x)->t.rank;
	imc_val by = channel_const(rw, id, "mul", rank, f->mul, f->n);
	imc_val plus = channel_const(rw, id, "add", rank, f->add, f->n);
	imc_node_id mul = imc_rw_add(rw, IMC_OP_MUL, id, x, by);

	imc_rw_infer(rw, mul);
	imc_rw_become(rw, id, IMC_OP_ADD, 2);
	imc_node_at(rw->g, id)->in[0] = imc_node_at(rw->g, mul)->out[0];
	imc_node_at(rw->g, id)->in[1] = plus;
}

static bool fold(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	struct affine f;
	imc_node_id def;

	if (n->op != IMC_OP_BATCH_NORM || !affine_of(rw, n, &f))
		return false;
	def = imc_rw_sole_def(rw->g, n, 0);
	if (imc_rw_matrix_axis(rw->g, def) == 1 &&
	    imc_rw_scale_matrix(rw, def, f.mul, f.add))
		imc_rw_take_over(rw, def, id);
	else
		to_mul_add(rw, id, &f);
	return true;
}

bool imc_pass_fold_bn(struct imc_module *m, struct imc_pass_cx *cx)
{
	static imc_rw_rule *const rules[] = {fold};

	return imc_rw_run(m, cx, rules, 1);
}
