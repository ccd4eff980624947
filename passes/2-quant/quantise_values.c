/* Scale and zero of every activation.
 *
 * An operator that only moves codes gives its input's numbers on. A concat
 * wants one scale for all its inputs: an input that nobody else reads takes
 * the concat's range, any other one is rescaled in front of it. */
#include <math.h>
#include <string.h>

#include "ir/eval.h"
#include "ir/num.h"
#include "ir/op.h"
#include "ir/support/checked.h"
#include "passes/2-quant/given_numbers.h"
#include "passes/2-quant/quant.h"

static struct imc_qparams qparams_of_const(const struct imc_value *v)
{
	const struct imc_tensor *t = &v->t;
	const float *x = t->data;
	float lo = 0, hi = 0;

	if (imc_value_given(v) && !imc_val_ok(v->scales))
		return (struct imc_qparams){v->scale, v->zero};
	for (int64_t i = 0; i < imc_tensor_count(t); i++) {
		lo = fminf(lo, x[i]);
		hi = fmaxf(hi, x[i]);
	}
	return imc_qparams_of(lo, hi, 8, false);
}

static bool has_numbers(const struct imc_value *v, struct imc_qparams q)
{
	return !memcmp(&v->scale, &q.scale, sizeof q.scale) &&
	       v->zero == q.zero;
}

/* An int8 constant in the place of the float one v. */
static imc_val quantise_const(struct imc_graph *g, imc_val v,
			      struct imc_qparams q)
{
	const struct imc_value *from = imc_value_at(g, v);
	struct imc_arena *a = imc_arena_new();
	struct imc_tensor t = from->t;
	int64_t n = imc_tensor_count(&t);
	const float *x = t.data;
	imc_val id;

	t.dtype = IMC_I8;
	t.data = imc_arena_alloc(a, (size_t)n);
	id = imc_graph_add_const(g, from->name, &t);
	imc_arena_free(a);
	imc_value_at(g, id)->scale = q.scale;
	imc_value_at(g, id)->zero = q.zero;
	from = imc_value_at(g, v);
	if (imc_value_given(from))
		imc_value_at(g, id)->given = has_numbers(from, q)
						     ? IMC_GIVEN_KEPT
						     : IMC_GIVEN_JOINED;
	imc_quantise_array(imc_value_at(g, id), x, imc_value_at(g, id)->t.data,
			   n);
	return id;
}

static bool is_float_const(const struct imc_value *v)
{
	return v && v->t.data && v->t.dtype == IMC_F32;
}

/* Float constants that an operator on codes reads beside an activation. Those
 * of a concat get the numbers of its output, later. */
static void quantise_consts(struct imc_graph *g, const struct imc_node *n)
{
	bool takes = n->op == IMC_OP_ADD || n->op == IMC_OP_SUB ||
		     n->op == IMC_OP_MUL;

	for (int k = 0; takes && k < n->n_in; k++) {
		const struct imc_value *v = imc_node_in(g, n, k);

		if (is_float_const(v))
			n->in[k] = quantise_const(g, n->in[k],
						  qparams_of_const(v));
	}
}

/* Ranges that only the operator knows. */
static void known_range(const struct imc_node *n, struct imc_value *out)
{
	if (imc_value_given(out))
		return;
	if (n->op == IMC_OP_SOFTMAX || n->op == IMC_OP_SIGMOID ||
	    n->op == IMC_OP_HARD_SIGMOID) {
		/* of 8 bits, with any zero: scale 1/256, zero -128 */
		out->lo = 0;
		out->hi = 255.0f / 256;
	}
}

/* Inputs of a concat that only it reads take the range of all. */
static void share_ranges(struct imc_graph *g)
{
	for (size_t i = g->n_order; i-- > 0;) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);
		const struct imc_value *out;

		if (n->op != IMC_OP_CONCAT)
			continue;
		out = imc_node_out(g, n, 0);
		for (int k = 0; k < n->n_in; k++) {
			struct imc_value *v = imc_node_in(g, n, k);

			if (v->t.data || imc_value_given(v) ||
			    imc_graph_n_use(g, n->in[k], NULL) > 1)
				continue;
			v->lo = out->lo;
			v->hi = out->hi;
			v->clips = out->clips;
		}
	}
}

/* A new activation shaped like v, with other numbers. */
static imc_val new_activation(struct imc_graph *g, imc_val v, float scale,
			      int32_t zero)
{
	imc_val id = imc_graph_add_value(g, imc_value_at(g, v)->name);
	struct imc_value *new = imc_value_at(g, id);

	*new = (struct imc_value){
		.name = new->name,
		.t = imc_value_at(g, v)->t,
		.shaped = true,
		.scale = scale,
		.zero = zero,
		.scales = IMC_NO_VAL,
		.means = IMC_NO_VAL,
		.clips = IMC_NO_VAL,
		.divisors = imc_value_at(g, v)->divisors,
		.def = IMC_NO_NODE,
	};
	new->t.data = NULL;
	return id;
}

/* A q_rescale from value `from` to value `to`, for a node like that. */
static void add_rescale(struct imc_module *m, const struct imc_node *like,
			imc_val from, imc_val to)
{
	struct imc_graph *g = m->g;
	imc_node_id r = imc_graph_add_node(g, IMC_OP_Q_RESCALE, 1, 1, like);
	struct imc_node *n = imc_node_at(g, r);
	int32_t mult, shift;

	imc_factor((double)imc_value_at(g, from)->scale /
			   imc_value_at(g, to)->scale,
		   &mult, &shift);
	n->a.mult[0] = mult;
	n->a.shift[0] = shift;
	n->in[0] = from;
	imc_node_set_out(g, r, 0, to);
	imc_assign_grow(m);
}

/* Puts a q_rescale to these numbers between node id and its input k. */
static void rescale_input(struct imc_module *m, imc_node_id id, int k,
			  float scale, int32_t zero)
{
	struct imc_node like = *imc_node_at(m->g, id);
	imc_val from = like.in[k];
	imc_val to = new_activation(m->g, from, scale, zero);

	add_rescale(m, &like, from, to);
	imc_node_at(m->g, id)->in[k] = to;
}

static void match_concat(struct imc_module *m, imc_node_id id)
{
	struct imc_graph *g = m->g;
	const struct imc_value *out = imc_node_out(g, imc_node_at(g, id), 0);
	struct imc_qparams q = {out->scale, out->zero};

	for (int k = 0; k < imc_node_at(g, id)->n_in; k++) {
		const struct imc_value *in =
			imc_node_in(g, imc_node_at(g, id), k);

		if (is_float_const(in)) {
			imc_val v =
				quantise_const(g, imc_node_at(g, id)->in[k], q);

			imc_node_at(g, id)->in[k] = v;
		} else if (in->scale != q.scale || in->zero != q.zero) {
			rescale_input(m, id, k, q.scale, q.zero);
		}
	}
}

/* Scale and zero of v as codes like that. */
static struct imc_qparams numbers_of(const struct imc_module *m,
				     const struct imc_value *v,
				     const struct imc_act_bits *b)
{
	const float *clip = imc_clip_of(m->g, v, b->bits);

	return imc_qparams_of(clip ? clip[0] : v->lo, clip ? clip[1] : v->hi,
			      b->bits,
			      b->by_arrays && m->hw->ima_dac_zero == 0);
}

static void set_numbers(struct imc_module *m, struct imc_value *v,
			const struct imc_act_bits *b)
{
	struct imc_qparams q;

	v->given = imc_given_act(m->hw, v, b);
	if (imc_value_given(v))
		return;
	q = numbers_of(m, v, b);
	v->scale = q.scale;
	v->zero = q.zero;
}

/* q_softmax only gives codes of scale 1/256 and zero -128. Who needs others
 * reads them behind a q_rescale. */
static void number_softmax(struct imc_module *m, imc_node_id id)
{
	struct imc_node like = *imc_node_at(m->g, id);
	const struct imc_qparams always = {1.0f / 256, -128};
	imc_val out = like.out[0], own;

	if (has_numbers(imc_value_at(m->g, out), always))
		return;
	own = new_activation(m->g, out, 1.0f / 256, -128);
	imc_node_set_out(m->g, id, 0, own);
	add_rescale(m, &like, own, out);
}

/* out is a move of `in`. */
static void take_numbers(struct imc_value *out, const struct imc_value *in)
{
	const struct imc_qparams q = {in->scale, in->zero};

	if (in->given != IMC_GIVEN_NONE)
		out->given = in->given;
	else if (imc_value_given(out) && !has_numbers(out, q))
		out->given = IMC_GIVEN_JOINED;
	out->scale = q.scale;
	out->zero = q.zero;
}

/* Scale and zero of what node id computes; its inputs have theirs. */
static void number_outputs(struct imc_module *m, imc_node_id id,
			   const struct imc_act_bits *bits)
{
	struct imc_graph *g = m->g;
	const struct imc_node *n = imc_node_at(g, id);

	for (int k = 0; k < n->n_out; k++) {
		struct imc_value *out = imc_node_out(g, n, k);
		const struct imc_value *in = imc_node_in(g, n, 0);

		if (!out)
			continue;
		known_range(n, out);
		if (imc_is_code_move(n->op) && n->op != IMC_OP_CONCAT) {
			take_numbers(out, in);
		} else {
			set_numbers(m, out, &bits[n->out[k].i]);
		}
	}
	if (n->op == IMC_OP_SOFTMAX)
		number_softmax(m, id);
}

/* Inputs come with 8 bits. Those that arrays with narrower DACs read are
 * brought to fewer first, so that what exceeds the range clips as it should. */
static void number_input(struct imc_module *m, imc_val v,
			 const struct imc_act_bits *bits)
{
	static const struct imc_act_bits whole = {8, false};
	struct imc_graph *g = m->g;
	struct imc_node like = {.op = IMC_OP_IDENTITY,
				.name = imc_value_at(g, v)->name};
	struct imc_qparams q = numbers_of(m, imc_value_at(g, v), bits);
	imc_val to;

	if (bits->bits == 8) {
		set_numbers(m, imc_value_at(g, v), bits);
		return;
	}
	to = new_activation(g, v, q.scale, q.zero);
	imc_value_at(g, to)->means = imc_value_at(g, v)->means;
	imc_graph_replace(g, v, to);
	set_numbers(m, imc_value_at(g, v), &whole);
	add_rescale(m, &like, v, to);
}

static void clamp_to_bits(struct imc_node *n, int bits)
{
	n->a.lo[0] = -(1 << (bits - 1));
	n->a.hi[0] = (1 << (bits - 1)) - 1;
}

/* The value whose range is known: a rescaled input stands for the input. */
static imc_val unscaled(const struct imc_graph *g, imc_val v)
{
	const struct imc_value *x = imc_value_at(g, v);

	while (!x->ranged && imc_node_ok(x->def) &&
	       imc_node_at(g, x->def)->op == IMC_OP_Q_RESCALE) {
		v = imc_node_at(g, x->def)->in[0];
		x = imc_value_at(g, v);
	}
	return v;
}

imc_val imc_narrow_input(struct imc_module *m, imc_node_id id, int bits)
{
	struct imc_graph *g = m->g;
	const struct imc_act_bits b = {bits, true};
	struct imc_node like = *imc_node_at(g, id);
	imc_val from = like.in[0], v = unscaled(g, from), to;
	struct imc_qparams q = numbers_of(m, imc_value_at(g, v), &b);

	to = new_activation(g, from, q.scale, q.zero);
	imc_value_at(g, to)->means = imc_value_at(g, from)->means;
	add_rescale(m, &like, from, to);
	clamp_to_bits(imc_node_at(g, imc_value_at(g, to)->def), bits);
	imc_node_at(g, id)->in[0] = to;
	return to;
}

/* Arrays of fewer bits than the value they read has get an own one, shared by
 * those of equal bits. */
struct narrowed {
	const struct imc_act_bits *bits; /* of the first n values */
	size_t n;
	imc_val *to; /* [value * 9 + bits] */
};

static void narrow_input(struct imc_module *m, imc_node_id id,
			 const struct narrowed *w)
{
	int bits = m->map.assign[id.i].act_bits;
	imc_val v = unscaled(m->g, imc_node_at(m->g, id)->in[0]), *to;

	if (bits >= w->bits[v.i].bits)
		return;
	to = &w->to[v.i * 9 + (unsigned)bits];
	if (imc_val_ok(*to))
		imc_node_at(m->g, id)->in[0] = *to;
	else
		*to = imc_narrow_input(m, id, bits);
}

static void narrow_inputs(struct imc_module *m, size_t n_order,
			  struct narrowed *w, struct imc_arena *scratch)
{
	w->to = imc_arena_array(scratch, w->n * 9, sizeof *w->to);
	for (size_t i = 0; i < w->n * 9; i++)
		w->to[i] = IMC_NO_VAL;
	for (size_t i = 0; i < n_order; i++) {
		imc_node_id id = m->g->order[i];

		if (m->map.assign[id.i].engine == IMC_ENGINE_CROSSBAR)
			narrow_input(m, id, w);
	}
}

void imc_quantise_values(struct imc_module *m, struct imc_pass_cx *cx)
{
	struct imc_graph *g = m->g;
	struct narrowed w = {imc_act_bits_of(m, cx->scratch), g->n_value, NULL};
	size_t n_order = g->n_order;

	share_ranges(g);
	for (size_t i = 0; i < g->n_input; i++)
		number_input(m, g->input[i], &w.bits[g->input[i].i]);
	for (size_t i = 0; i < n_order; i++) {
		quantise_consts(g, imc_node_at(g, g->order[i]));
		number_outputs(m, g->order[i], w.bits);
	}
	for (size_t i = 0; i < n_order; i++)
		if (imc_node_at(g, g->order[i])->op == IMC_OP_CONCAT)
			match_concat(m, g->order[i]);
	narrow_inputs(m, n_order, &w, cx->scratch);
	imc_graph_sort(g);
}
