#include "ir/eval.h"

#include <math.h>
#include <string.h>

#include "ir/op.h"
#include "ir/support/checked.h"

/* A value while the network runs. owner: holds its data alone, so that it can
 * be released after its last reader; NULL: lives longer. */
struct slot {
	struct imc_tensor t;
	struct imc_arena *owner;
	size_t n_reader;
	bool is_output;
};

struct run {
	const struct imc_graph *g;
	const struct imc_eval_how *how;
	struct imc_arena *result;
	struct slot *slot;
};

static void count_readers(struct run *r)
{
	const struct imc_graph *g = r->g;

	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);

		for (int k = 0; k < n->n_in; k++)
			if (imc_val_ok(n->in[k]))
				r->slot[n->in[k].i].n_reader++;
	}
	for (size_t i = 0; i < g->n_output; i++)
		r->slot[g->output[i].i].is_output = true;
}

/* Makes room for output v: in the result if it stays, else alone. */
static struct imc_tensor open_slot(struct run *r, imc_val v)
{
	struct slot *s = &r->slot[v.i];

	s->t = imc_value_at(r->g, v)->t;
	if (!s->is_output)
		s->owner = imc_arena_new();
	s->t.data = imc_arena_alloc(s->owner ? s->owner : r->result,
				    imc_tensor_bytes(&s->t));
	return s->t;
}

static void close_slot(struct slot *s)
{
	if (s->n_reader || !s->owner)
		return;
	imc_arena_free(s->owner);
	s->owner = NULL;
	s->t.data = NULL;
}

static bool is_needed(const struct imc_node *n)
{
	for (int k = 0; k < n->n_out; k++)
		if (imc_val_ok(n->out[k]))
			return !n->dead;
	return false;
}

static void run_node(struct run *r, imc_node_id id, struct imc_arena *scratch)
{
	const struct imc_node *n = imc_node_at(r->g, id);
	const struct imc_eval_how *how = r->how;
	struct imc_tensor *in =
		imc_arena_array(scratch, (size_t)n->n_in, sizeof *in);
	struct imc_tensor *out =
		imc_arena_array(scratch, (size_t)n->n_out, sizeof *out);

	for (int k = 0; k < n->n_in; k++)
		if (imc_val_ok(n->in[k]))
			in[k] = r->slot[n->in[k].i].t;
	for (int k = 0; k < n->n_out; k++)
		if (imc_val_ok(n->out[k]))
			out[k] = open_slot(r, n->out[k]);
	if (!how || !how->compute ||
	    !how->compute(how->cx, id, in, out, scratch))
		imc_op_info(n->op)->eval(r->g, n, in, out, scratch);
	if (how && how->hook)
		how->hook(how->cx, id, out);
}

static void run_order(struct run *r)
{
	const struct imc_graph *g = r->g;

	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);
		struct imc_arena *scratch = imc_arena_new();

		if (is_needed(n))
			run_node(r, g->order[i], scratch);
		imc_arena_free(scratch);
		for (int k = 0; k < n->n_in; k++)
			if (imc_val_ok(n->in[k])) {
				r->slot[n->in[k].i].n_reader--;
				close_slot(&r->slot[n->in[k].i]);
			}
		for (int k = 0; k < n->n_out; k++)
			if (imc_val_ok(n->out[k]))
				close_slot(&r->slot[n->out[k].i]);
	}
}

/* An output that no node computed (an input, a constant) is copied, since
 * its data belongs to somebody else. */
static struct imc_tensor take_output(struct run *r, imc_val v)
{
	const struct imc_value *value = imc_value_at(r->g, v);
	struct imc_tensor t = r->slot[v.i].t;

	if (value->t.data || imc_graph_is_input(r->g, v))
		t.data = imc_arena_memdup(r->result, t.data,
					  imc_tensor_bytes(&t));
	return t;
}

void imc_eval_graph(const struct imc_graph *g, const struct imc_tensor *in,
		    struct imc_tensor *out, const struct imc_eval_how *how,
		    struct imc_arena *result)
{
	struct imc_arena *own = imc_arena_new();
	struct run r = {.g = g, .how = how, .result = result};

	r.slot = imc_arena_array(own, g->n_value, sizeof *r.slot);
	count_readers(&r);
	for (size_t i = 0; i < g->n_value; i++)
		if (g->value[i].t.data)
			r.slot[i].t = g->value[i].t;
	for (size_t i = 0; i < g->n_input; i++)
		r.slot[g->input[i].i].t = in[i];
	run_order(&r);
	for (size_t i = 0; i < g->n_output; i++)
		out[i] = take_output(&r, g->output[i]);
	imc_arena_free(own);
}

/* ---- real values ---- */

void imc_quantise_array(const struct imc_value *v, const float *x, int8_t *q,
			int64_t n)
{
	double scale = v->scale > 0 ? (double)v->scale : 1;
	double zero = v->scale > 0 ? (double)v->zero : 0;

	for (int64_t i = 0; i < n; i++) {
		double y = round((double)x[i] / scale) + zero;

		/* In this order a value that is no number becomes -128. */
		y = y > INT8_MIN ? y : INT8_MIN;
		q[i] = (int8_t)(y < INT8_MAX ? y : INT8_MAX);
	}
}

void imc_dequantise_array(const struct imc_value *v, const int8_t *q, float *x,
			  int64_t n)
{
	float scale = v->scale > 0 ? v->scale : 1;
	int32_t zero = v->scale > 0 ? v->zero : 0;

	for (int64_t i = 0; i < n; i++)
		x[i] = scale * (float)(q[i] - zero);
}

/* Stores `real` as element i of type t: rounded, saturated. */
static void store_as(enum imc_dtype t, double real, void *to, int64_t i)
{
	double x = round(real);

	switch (t) {
	case IMC_F32:
		((float *)to)[i] = (float)real;
		break;
	case IMC_F64:
		((double *)to)[i] = real;
		break;
	case IMC_BOOL:
		((uint8_t *)to)[i] = x < 0 || x > 0;
		break;
	case IMC_U8:
		((uint8_t *)to)[i] = (uint8_t)fmin(fmax(x, 0), UINT8_MAX);
		break;
	case IMC_I8:
		((int8_t *)to)[i] = (int8_t)fmin(fmax(x, INT8_MIN), INT8_MAX);
		break;
	case IMC_U16:
		((uint16_t *)to)[i] = (uint16_t)fmin(fmax(x, 0), UINT16_MAX);
		break;
	case IMC_I16:
		((int16_t *)to)[i] =
			(int16_t)fmin(fmax(x, INT16_MIN), INT16_MAX);
		break;
	case IMC_U32:
		((uint32_t *)to)[i] = (uint32_t)fmin(fmax(x, 0), UINT32_MAX);
		break;
	case IMC_I32:
		((int32_t *)to)[i] =
			(int32_t)fmin(fmax(x, INT32_MIN), INT32_MAX);
		break;
	case IMC_U64:
		((uint64_t *)to)[i] = (uint64_t)fmin(fmax(x, 0), 0x1p63);
		break;
	case IMC_I64:
		((int64_t *)to)[i] = (int64_t)fmin(fmax(x, -0x1p62), 0x1p62);
		break;
	case IMC_F16: /* no input has it: the importer widens it */
	case IMC_N_DTYPE:
		break;
	}
}

/* t with the channel axis moved: from place 1 to the end (to_last), or back.
 * Ranks 3 and 4 only; others are returned as they are. */
static struct imc_tensor move_channels(const struct imc_tensor *t, bool to_last,
				       struct imc_arena *a)
{
	struct imc_tensor y = *t;
	int last = t->rank - 1;
	size_t size = imc_dtype_size(t->dtype), n, c, area, from, to;
	const char *src = t->data;
	char *dst;

	if (t->rank != 3 && t->rank != 4)
		return y;
	for (int i = 1; i <= last; i++)
		y.dim[i] = to_last ? (i == last ? t->dim[1] : t->dim[i + 1])
				   : (i == 1 ? t->dim[last] : t->dim[i - 1]);
	n = (size_t)t->dim[0];
	c = (size_t)t->dim[to_last ? 1 : last];
	area = (size_t)(last == 2 ? 1 : y.dim[2]);
	area *= (size_t)(to_last ? y.dim[1] : y.dim[last]);
	y.data = dst = imc_arena_alloc(a, imc_tensor_bytes(t));
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < c; k++)
			for (size_t p = 0; p < area; p++) {
				from = (i * c + k) * area + p;
				to = (i * area + p) * c + k;
				memcpy(dst + (to_last ? to : from) * size,
				       src + (to_last ? from : to) * size,
				       size);
			}
	return y;
}

static struct imc_tensor to_device(const struct imc_graph *g, imc_val id,
				   const struct imc_tensor *in,
				   struct imc_arena *a)
{
	const struct imc_value *v = imc_value_at(g, id);
	struct imc_tensor t = *in;
	int64_t n = imc_tensor_count(in);
	const float *x;

	if (g->layout == IMC_NHWC)
		t = move_channels(in, true, a);
	if (t.dtype == v->t.dtype || t.dtype != IMC_F32)
		return t;
	x = t.data;
	t.dtype = v->t.dtype;
	t.data = imc_arena_array(a, (size_t)n, imc_dtype_size(t.dtype));
	if (t.dtype == IMC_I8 && v->scale > 0)
		imc_quantise_array(v, x, t.data, n);
	else
		for (int64_t i = 0; i < n; i++)
			store_as(t.dtype, (double)x[i], t.data, i);
	return t;
}

static struct imc_tensor to_real(const struct imc_graph *g, imc_val id,
				 const struct imc_tensor *out,
				 struct imc_arena *a)
{
	const struct imc_value *v = imc_value_at(g, id);
	struct imc_tensor t = *out;
	int64_t n = imc_tensor_count(out);

	if (t.dtype == IMC_I8 && v->scale > 0) {
		t.dtype = IMC_F32;
		t.data = imc_arena_array(a, (size_t)n, sizeof(float));
		imc_dequantise_array(v, out->data, t.data, n);
	}
	return g->layout == IMC_NHWC ? move_channels(&t, false, a) : t;
}

void imc_eval_real(const struct imc_graph *g, const struct imc_tensor *in,
		   struct imc_tensor *out, const struct imc_eval_how *how,
		   struct imc_arena *result)
{
	struct imc_arena *own = imc_arena_new();
	struct imc_tensor *device =
		imc_arena_array(own, g->n_input, sizeof *device);

	for (size_t i = 0; i < g->n_input; i++)
		device[i] = to_device(g, g->input[i], &in[i], own);
	imc_eval_graph(g, device, out, how, result);
	for (size_t i = 0; i < g->n_output; i++)
		out[i] = to_real(g, g->output[i], &out[i], result);
	imc_arena_free(own);
}
