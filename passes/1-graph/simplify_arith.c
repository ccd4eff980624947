#include <math.h>

#include "passes/1-graph/simplify.h"

static bool all_equal(const struct imc_tensor *t, float x)
{
	const float *v = t->data;
	int64_t n = imc_tensor_count(t);

	for (int64_t i = 0; i < n; i++)
		if (v[i] != x)
			return false;
	return n > 0;
}

/* The number in a constant whose elements are all the same. */
static bool uniform(const struct imc_tensor *t, float *x)
{
	if (!t || !imc_tensor_count(t))
		return false;
	*x = *(const float *)t->data;
	return all_equal(t, *x);
}

/* x + 0 and x * 1 of x's own shape; k: the operand that stays. */
static bool is_neutral(const struct imc_graph *g, const struct imc_node *n)
{
	int k;
	const struct imc_tensor *c;

	if ((n->op != IMC_OP_ADD && n->op != IMC_OP_MUL) || n->a.act[0])
		return false;
	c = imc_rw_operand(g, n, &k);
	return c && k == 1 && all_equal(c, n->op == IMC_OP_MUL) &&
	       imc_rw_same_shape(imc_rw_type_in(g, n, 0),
				 imc_rw_type_out(g, n, 0));
}

/* Constants go to the right of what commutes. */
static bool swap_operands(const struct imc_graph *g, struct imc_node *n)
{
	imc_val a = n->in[0];
	int k;

	if ((n->op != IMC_OP_ADD && n->op != IMC_OP_MUL) ||
	    !imc_rw_operand(g, n, &k) || k == 1)
		return false;
	n->in[0] = n->in[1];
	n->in[1] = a;
	return true;
}

bool imc_simplify_identity(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);

	if (swap_operands(rw->g, n))
		return true;
	if (n->op == IMC_OP_DROPOUT && n->n_out > 1 && imc_val_ok(n->out[1]) &&
	    imc_graph_n_use(rw->g, n->out[1], NULL) > 0)
		return false;
	if (n->op == IMC_OP_IDENTITY || n->op == IMC_OP_DROPOUT ||
	    (n->op == IMC_OP_CAST &&
	     imc_rw_type_in(rw->g, n, 0)->dtype ==
		     imc_rw_type_out(rw->g, n, 0)->dtype) ||
	    is_neutral(rw->g, n))
		return imc_rw_bypass(rw, id);
	return false;
}

bool imc_simplify_sum(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	int n_in = n->n_in;
	imc_val acc;

	if (n->op != IMC_OP_SUM)
		return false;
	if (n_in == 1) {
		imc_rw_become(rw, id, IMC_OP_IDENTITY, 1);
		return true;
	}
	acc = n->in[0];
	for (int k = 1; k + 1 < n_in; k++) {
		imc_node_id add = imc_rw_add(rw, IMC_OP_ADD, id, acc,
					     imc_node_at(rw->g, id)->in[k]);

		imc_rw_infer(rw, add);
		acc = imc_node_at(rw->g, add)->out[0];
	}
	n = imc_node_at(rw->g, id);
	n->in[0] = acc;
	n->in[1] = n->in[n_in - 1];
	imc_rw_become(rw, id, IMC_OP_ADD, 2);
	return true;
}

bool imc_simplify_sub_div(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	const struct imc_tensor *c;
	const float *v;
	struct imc_attrs a = n->a;
	bool sub = n->op == IMC_OP_SUB;
	float *x;
	int64_t count;
	imc_val by;
	int k;

	if (!sub && n->op != IMC_OP_DIV)
		return false;
	c = imc_rw_operand(rw->g, n, &k);
	if (!c || k != 1)
		return false;
	count = imc_tensor_count(c);
	v = c->data;
	x = imc_arena_array(rw->scratch, (size_t)count, sizeof *x);
	for (int64_t i = 0; i < count; i++) {
		x[i] = sub ? -v[i] : (float)(1.0 / (double)v[i]);
		if (!isfinite(x[i]) || (!sub && !isnormal(x[i])))
			return false;
	}
	by = imc_rw_const(rw, imc_value_at(rw->g, n->in[1])->name, c->rank,
			  c->dim, x);
	imc_node_at(rw->g, id)->in[1] = by;
	imc_rw_become(rw, id, sub ? IMC_OP_ADD : IMC_OP_MUL, 2);
	n = imc_node_at(rw->g, id);
	n->a.act[0] = sub ? a.act[0] : 0;
	n->a.act_lo[0] = sub ? a.act_lo[0] : 0;
	n->a.act_hi[0] = sub ? a.act_hi[0] : 0;
	return true;
}

static void become_clip(struct imc_rw *rw, imc_node_id id, float lo, float hi)
{
	struct imc_node *n;

	imc_rw_become(rw, id, IMC_OP_CLIP, 1);
	n = imc_node_at(rw->g, id);
	n->a.act_lo[0] = lo;
	n->a.act_hi[0] = hi;
}

/* max(x, c) and min(x, c) of x's own shape. */
static bool clip_of_extreme(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	const struct imc_tensor *c;
	float x;
	int k;

	if ((n->op != IMC_OP_MAX && n->op != IMC_OP_MIN) || n->n_in != 2)
		return false;
	c = imc_rw_operand(rw->g, n, &k);
	if (!uniform(c, &x) || isnan(x) ||
	    !imc_rw_same_shape(imc_rw_type_in(rw->g, n, 1 - k),
			       imc_rw_type_out(rw->g, n, 0)))
		return false;
	n->in[0] = n->in[1 - k];
	if (n->op == IMC_OP_MAX)
		become_clip(rw, id, x, INFINITY);
	else
		become_clip(rw, id, -INFINITY, x);
	return true;
}

/* The limits of a clip that has them as constant inputs. */
static bool clip_of_inputs(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	float limit[2] = {n->a.act_lo[0], n->a.act_hi[0]};

	if (n->op != IMC_OP_CLIP || n->n_in == 1)
		return false;
	for (int k = 1; k < n->n_in; k++)
		if (imc_node_in(rw->g, n, k) &&
		    !uniform(imc_rw_f32_in(rw->g, n, k), &limit[k - 1]))
			return false;
	become_clip(rw, id, limit[0], limit[1]);
	return true;
}

bool imc_simplify_clip(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);

	if (imc_rw_type_out(rw->g, n, 0)->dtype != IMC_F32)
		return false;
	if (n->op == IMC_OP_RELU) {
		become_clip(rw, id, 0, INFINITY);
		return true;
	}
	return clip_of_extreme(rw, id) || clip_of_inputs(rw, id);
}

static bool near(float a, double b)
{
	return fabs((double)a - b) < 1e-6;
}

/* The value x when input k of n is clip(x + 3, 0, 6) and read here only. */
static imc_val relu6_plus_3(const struct imc_graph *g, const struct imc_node *n,
			    int k)
{
	imc_node_id clip = imc_rw_sole_def(g, n, k), add;
	const struct imc_node *c, *a;
	float three;
	int at;

	if (!imc_rw_is(g, clip, IMC_OP_CLIP))
		return IMC_NO_VAL;
	c = imc_node_at(g, clip);
	add = imc_rw_sole_def(g, c, 0);
	if (c->n_in != 1 || c->a.act_lo[0] != 0 || c->a.act_hi[0] != 6 ||
	    !imc_rw_is(g, add, IMC_OP_ADD))
		return IMC_NO_VAL;
	a = imc_node_at(g, add);
	if (a->a.act[0] || !uniform(imc_rw_operand(g, a, &at), &three) ||
	    three != 3 ||
	    !imc_rw_same_shape(imc_rw_type_in(g, a, 1 - at),
			       imc_rw_type_out(g, a, 0)))
		return IMC_NO_VAL;
	return a->in[1 - at];
}

/* Node id does the work of what only it reads, up to x. */
static void add_origins(struct imc_rw *rw, imc_node_id id, imc_node_id at,
			imc_val x)
{
	for (int k = 0; k < imc_node_at(rw->g, at)->n_in; k++) {
		imc_node_id def =
			imc_rw_sole_def(rw->g, imc_node_at(rw->g, at), k);

		if (!imc_rw_found(def) ||
		    imc_node_at(rw->g, at)->in[k].i == x.i)
			continue;
		imc_node_add_origin(rw->g, id, imc_node_at(rw->g, def));
		add_origins(rw, id, def, x);
	}
}

/* Node id becomes a unary op of x. All that lies between reads x alone, so
 * the walk above is as short as the pattern. */
static void absorb(struct imc_rw *rw, imc_node_id id, enum imc_op op, imc_val x)
{
	add_origins(rw, id, id, x);
	imc_node_at(rw->g, id)->in[0] = x;
	imc_rw_become(rw, id, op, 1);
}

bool imc_simplify_hard_sigmoid(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	float sixth;
	imc_val x;
	int k;

	if (n->op != IMC_OP_MUL || n->a.act[0] ||
	    !uniform(imc_rw_operand(rw->g, n, &k), &sixth) ||
	    !near(sixth, 1.0 / 6) ||
	    !imc_rw_same_shape(imc_rw_type_in(rw->g, n, 1 - k),
			       imc_rw_type_out(rw->g, n, 0)))
		return false;
	x = relu6_plus_3(rw->g, n, 1 - k);
	if (!imc_val_ok(x))
		return false;
	absorb(rw, id, IMC_OP_HARD_SIGMOID, x);
	n = imc_node_at(rw->g, id);
	n->a.alpha[0] = 1.0f / 6;
	n->a.beta[0] = 0.5f;
	return true;
}

/* hard_sigmoid(x) with the slope of hard_swish, at input k; gives x. */
static imc_val gate(const struct imc_graph *g, const struct imc_node *n, int k)
{
	imc_node_id def = imc_rw_sole_def(g, n, k);
	const struct imc_node *s;

	if (!imc_rw_is(g, def, IMC_OP_HARD_SIGMOID))
		return IMC_NO_VAL;
	s = imc_node_at(g, def);
	return near(s->a.alpha[0], 1.0 / 6) && near(s->a.beta[0], 0.5)
		       ? s->in[0]
		       : IMC_NO_VAL;
}

/* (x * clip(x + 3, 0, 6)) / 6: n multiplies the product by 1/6. */
static imc_val swish_of_product(const struct imc_graph *g,
				const struct imc_node *n)
{
	float sixth;
	int k;
	imc_node_id product;

	if (!uniform(imc_rw_operand(g, n, &k), &sixth) ||
	    !near(sixth, 1.0 / 6) ||
	    !imc_rw_same_shape(imc_rw_type_in(g, n, 1 - k),
			       imc_rw_type_out(g, n, 0)))
		return IMC_NO_VAL;
	product = imc_rw_sole_def(g, n, 1 - k);
	if (!imc_rw_is(g, product, IMC_OP_MUL) ||
	    imc_node_at(g, product)->a.act[0])
		return IMC_NO_VAL;
	for (int i = 0; i < 2; i++) {
		const struct imc_node *p = imc_node_at(g, product);
		imc_val x = relu6_plus_3(g, p, i);

		if (imc_val_ok(x) && x.i == p->in[1 - i].i)
			return x;
	}
	return IMC_NO_VAL;
}

bool imc_simplify_hard_swish(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	imc_val x = IMC_NO_VAL;

	if (n->op != IMC_OP_MUL || n->a.act[0])
		return false;
	for (int k = 0; k < 2 && !imc_val_ok(x); k++) {
		x = gate(rw->g, n, k);
		if (imc_val_ok(x) && x.i != n->in[1 - k].i)
			x = IMC_NO_VAL;
	}
	if (!imc_val_ok(x))
		x = swish_of_product(rw->g, n);
	if (!imc_val_ok(x))
		return false;
	absorb(rw, id, IMC_OP_HARD_SWISH, x);
	return true;
}

bool imc_simplify_softmax(struct imc_rw *rw, imc_node_id id)
{
	struct imc_node *n = imc_node_at(rw->g, id);
	const struct imc_tensor *t;
	int axis, one = -1, n_large = 0;

	if ((n->op != IMC_OP_SOFTMAX && n->op != IMC_OP_LOG_SOFTMAX &&
	     n->op != IMC_OP_HARDMAX) ||
	    !n->a.flat[0])
		return false;
	t = imc_rw_type_in(rw->g, n, 0);
	axis = (int)n->a.axis[0] + (n->a.axis[0] < 0 ? t->rank : 0);
	for (int i = axis; i < t->rank; i++)
		if (t->dim[i] > 1 || one < 0) {
			n_large += t->dim[i] > 1;
			one = i;
		}
	if (one < 0 || n_large > 1)
		return false;
	n->a.flat[0] = 0;
	n->a.axis[0] = one;
	return true;
}
