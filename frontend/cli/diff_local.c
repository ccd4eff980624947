#include "frontend/cli/diff_local.h"

#include <math.h>
#include <string.h>

#include "ir/num.h"
#include "ir/op.h"
#include "ir/op/q_conv.h"

/* One layer on one sample. */
struct work {
	const struct diff_net *n;
	const struct diff_layer *l;
	const struct imc_node *q;     /* NULL: a graph input */
	const struct imc_tensor *f;   /* by value of the float graph */
	const struct diff_code *code; /* of the output */
	int64_t count;		      /* elements of the output */
	struct imc_arena *a;
	struct diff_local *out;
};

const char *diff_cause_name(enum diff_cause c)
{
	static const char *const name[DIFF_N_CAUSE] = {
		"input", "weights", "range", "step", "sums", "adcclip"};

	return name[c];
}

static float *floats(const struct work *w, int64_t n)
{
	return imc_arena_array(w->a, (size_t)n, sizeof(float));
}

static int8_t *codes_of(const struct work *w, imc_val v, const float *x,
			int64_t n)
{
	int8_t *q = imc_arena_alloc(w->a, (size_t)n);

	diff_quantise(&w->n->code[v.i], x, q, n);
	return q;
}

static double square_of(const float *a, const float *b, int64_t n)
{
	double sum = 0;

	for (int64_t i = 0; i < n; i++)
		sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
	return sum;
}

/* ---- the float node with other numbers ---- */

/* Inputs of the float node, with what the quantised node reads in their
 * place. */
static struct imc_tensor *rounded_inputs(const struct work *w,
					 const struct imc_node *x)
{
	/* room for a bias that it does not have */
	struct imc_tensor *in =
		imc_arena_array(w->a, (size_t)x->n_in + 1, sizeof *in);

	for (int k = 0; k < x->n_in; k++) {
		const struct imc_value *v = imc_node_in(w->n->f, x, k);
		int64_t n;
		float *real;

		if (!v)
			continue;
		in[k] = v->t;
		if (v->t.data)
			continue;
		n = imc_tensor_count(&v->t);
		real = floats(w, n);
		diff_dequantise(
			&w->n->code[w->q->in[k].i],
			codes_of(w, w->q->in[k], w->f[x->in[k].i].data, n),
			real, n);
		in[k].data = real;
	}
	return in;
}

static float *run_float(const struct work *w, const struct imc_node *x,
			const struct imc_tensor *in)
{
	struct imc_tensor out = imc_value_at(w->n->f, w->l->twin)->t;

	out.data = floats(w, w->count);
	imc_op_info(x->op)->eval(w->n->f, x, in, &out, w->a);
	return out.data;
}

static bool same_dims(const struct imc_tensor *a, const struct imc_tensor *b)
{
	return a->rank == b->rank &&
	       !memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim);
}

/* The weights that the codes stand for. */
static float *real_weights(const struct work *w, const struct imc_value *codes)
{
	int64_t n = imc_tensor_count(&codes->t), r = n / codes->t.dim[0];
	const float *scale = imc_value_at(w->n->g, codes->scales)->t.data;
	const int8_t *q = codes->t.data;
	float *real = floats(w, n);

	for (int64_t i = 0; i < n; i++)
		real[i] = (float)q[i] * scale[i / r];
	return real;
}

/* The bias less what rounded weights add on average, as quantise has it. */
static float *real_bias(const struct work *w, const struct imc_tensor *in,
			const float *weights)
{
	const struct imc_tensor *t = &in[1];
	int64_t k_all = t->dim[0], c = t->dim[3],
		r = imc_tensor_count(t) / k_all;
	const struct imc_value *x = imc_node_in(w->n->g, w->q, 0);
	const float *mean = imc_val_ok(x->means)
				    ? imc_value_at(w->n->g, x->means)->t.data
				    : NULL;
	const float *old = in[2].data, *real = t->data;
	float *bias = floats(w, k_all);

	for (int64_t k = 0; k < k_all; k++) {
		int64_t group = k / (k_all / w->q->a.group[0]);
		double b = old ? (double)old[k] : 0;

		for (int64_t i = 0; mean && i < r; i++)
			b -= ((double)weights[k * r + i] - real[k * r + i]) *
			     mean[group * c + i % c];
		bias[k] = (float)b;
	}
	return bias;
}

/* y2; NULL: the node has no weights to round. */
static float *run_rounded(const struct work *w, const struct imc_node *x,
			  struct imc_tensor *in)
{
	struct imc_node node = *x;
	const struct imc_value *codes;

	if (w->q->op != IMC_OP_Q_CONV2D || x->op != IMC_OP_CONV2D)
		return NULL;
	codes = imc_node_in(w->n->g, w->q, 1);
	if (!imc_val_ok(codes->scales) || !same_dims(&codes->t, &in[1]))
		return NULL;
	in[2].dtype = IMC_F32;
	in[2].rank = 1;
	in[2].dim[0] = codes->t.dim[0];
	in[2].data = real_bias(w, in, real_weights(w, codes));
	in[1].data = real_weights(w, codes);
	node.n_in = 3;
	return run_float(w, &node, in);
}

/* ---- the device ---- */

static struct imc_tensor *device_inputs(const struct work *w)
{
	const struct imc_node *q = w->q;
	struct imc_tensor *in =
		imc_arena_array(w->a, (size_t)q->n_in, sizeof *in);

	for (int k = 0; k < q->n_in; k++) {
		const struct imc_value *v = imc_node_in(w->n->g, q, k);

		if (!v)
			continue;
		in[k] = v->t;
		if (v->t.data)
			continue;
		if (!imc_val_ok(w->n->twin[q->in[k].i]))
			return NULL;
		in[k].data = codes_of(w, q->in[k],
				      w->f[w->n->twin[q->in[k].i].i].data,
				      imc_tensor_count(&v->t));
	}
	return in;
}

static const int8_t *run_device(const struct work *w,
				const struct imc_tensor *in)
{
	struct imc_tensor out = imc_value_at(w->n->g, w->l->value)->t;

	out.data = imc_arena_alloc(w->a, (size_t)w->count);
	imc_op_info(w->q->op)->eval(w->n->g, w->q, in, &out, w->a);
	return out.data;
}

/* ---- ADCs without ends ---- */

/* Readings far beyond the ends of any ADC; sums of them stay in 32 bits. */
#define FAR (1 << 13)

/* Adds what ADCs would read of one block and slice. at: bundle, block, slice.
 */
static void add_block(const struct work *w, const struct imc_q_conv *q,
		      const struct imc_tensor *in, const int at[3],
		      int64_t *sum)
{
	struct imc_q_bundle b = imc_q_conv_bundle(q, at[0]);
	const struct imc_attrs *x = &w->q->a;
	struct imc_arena *a = imc_arena_new();
	int64_t n = q->n_window * b.n_col;
	int64_t weight = (int64_t)imc_slice_factor(at[2], (int)x->slices[0],
						   (int)x->slice_bits[0]) *
			 (x->post[0] ? 1 : 1 << IMC_SUM_FRAC);
	int32_t *acc = imc_arena_array(a, (size_t)n, sizeof *acc);

	imc_q_conv_acc(w->n->g, w->q, in, at[0], at[1], at[2], acc, a);
	for (int64_t i = 0; i < n; i++) {
		int64_t k = b.k0 + i % b.n_col;
		int64_t read =
			imc_rescale(acc[i], q->adc_mult[k], q->adc_shift[k]);

		sum[i / b.n_col * q->k + k] +=
			imc_clamp(read, -FAR, FAR) * weight;
	}
	imc_arena_free(a);
}

static const int8_t *finish(const struct work *w, const struct imc_q_conv *q,
			    const int64_t *sum)
{
	int32_t *s = imc_arena_array(w->a, (size_t)w->count, sizeof *s);
	int8_t *y = imc_arena_alloc(w->a, (size_t)w->count);

	for (int64_t i = 0; i < w->count; i++)
		s[i] = (int32_t)imc_clamp(sum[i], -(1 << 30), 1 << 30);
	imc_q_conv_finish(q, s, y);
	return y;
}

/* What the device would give if its ADCs did not clip; NULL: it has none, or
 * one whose code is the activation and clips as that should. */
static const int8_t *run_endless(const struct work *w,
				 const struct imc_tensor *in)
{
	struct imc_q_conv q;
	int64_t *sum;

	if (w->q->op != IMC_OP_Q_CONV2D || !w->q->a.adc[0])
		return NULL;
	imc_q_conv_open(&q, w->n->g, w->q, in);
	if (w->q->a.post[0] && imc_q_conv_bundle(&q, 0).n_block == 1)
		return NULL;
	sum = imc_arena_array(w->a, (size_t)w->count, sizeof *sum);
	for (int b = 0; b < q.n_bundle; b++)
		for (int i = 0; i < imc_q_conv_bundle(&q, b).n_block; i++)
			for (int s = 0; s < (int)w->q->a.slices[0]; s++)
				add_block(w, &q, in, (int[]){b, i, s}, sum);
	return finish(w, &q, sum);
}

static void count_cut(const struct work *w, const int8_t *endless,
		      const int8_t *device)
{
	w->out->n_read = w->count;
	for (int64_t i = 0; i < w->count; i++)
		w->out->n_cut += endless[i] != device[i];
}

/* ---- causes ---- */

/* From y2 to the device's codes, by way of y4. */
static void explain_codes(const struct work *w, const float *y2,
			  const int8_t *y4, const int8_t *device)
{
	const struct diff_code *c = w->code;
	double lo = c->scale * (c->lo - 0.5 - c->zero);
	double hi = c->scale * (c->hi + 0.5 - c->zero);
	const int8_t *q3 = codes_of(w, w->l->value, y2, w->count);
	double *cause = w->out->cause;

	for (int64_t i = 0; i < w->count; i++) {
		double d = c->scale * (q3[i] - c->zero) - y2[i];
		double e = c->scale * (y4[i] - q3[i]);
		double f = c->scale * (device[i] - y4[i]);
		bool cut = y2[i] < lo || y2[i] > hi;

		cause[cut ? DIFF_BY_RANGE : DIFF_BY_STEP] += d * d;
		cause[DIFF_BY_SUMS] += e * e;
		cause[DIFF_BY_ADC] += f * f;
	}
}

/* What a rescale reads is its y1. */
static const float *rescaled(const struct work *w)
{
	float *y = floats(w, w->count);

	diff_dequantise(
		&w->n->code[w->q->in[0].i],
		codes_of(w, w->q->in[0], w->f[w->l->twin.i].data, w->count), y,
		w->count);
	return y;
}

static void explain(const struct work *w, const int8_t *y4,
		    const int8_t *device)
{
	const float *y0 = w->f[w->l->twin.i].data, *y1 = y0, *y2 = NULL;
	double *cause = w->out->cause;

	w->out->explained =
		!w->q || w->l->rescales || imc_node_ok(w->l->float_node);
	if (!w->out->explained)
		return;
	if (w->q && w->l->rescales) {
		y1 = rescaled(w);
	} else if (w->q) {
		const struct imc_node *x =
			imc_node_at(w->n->f, w->l->float_node);
		struct imc_tensor *in = rounded_inputs(w, x);

		y1 = run_float(w, x, in);
		y2 = run_rounded(w, x, in);
	}
	y2 = y2 ? y2 : y1;
	cause[DIFF_BY_INPUT] = square_of(y1, y0, w->count);
	cause[DIFF_BY_WEIGHTS] = square_of(y2, y1, w->count);
	explain_codes(w, y2, y4, device);
}

static void run_layer(const struct work *w)
{
	const float *y0 = w->f[w->l->twin.i].data;
	const struct imc_tensor *in = w->q ? device_inputs(w) : NULL;
	const int8_t *device, *endless;

	if (w->q && !in)
		return;
	device = w->q ? run_device(w, in)
		      : codes_of(w, w->l->value, y0, w->count);
	w->out->sums = diff_sums_of(y0, device, w->count, w->code);
	endless = w->q ? run_endless(w, in) : NULL;
	if (endless)
		count_cut(w, endless, device);
	explain(w, endless ? endless : device, device);
}

struct diff_local diff_local_of(const struct diff_net *n,
				const struct diff_layer *l,
				const struct imc_tensor *f)
{
	struct diff_local out = {0};
	struct work w = {.n = n,
			 .l = l,
			 .q = diff_node(n, l),
			 .f = f,
			 .code = &n->code[l->value.i],
			 .a = imc_arena_new(),
			 .out = &out};

	w.count = imc_tensor_count(&imc_value_at(n->f, l->twin)->t);
	run_layer(&w);
	imc_arena_free(w.a);
	return out;
}

void diff_local_add(struct diff_local *to, const struct diff_local *l)
{
	diff_sums_add(&to->sums, &l->sums);
	to->explained |= l->explained;
	for (int c = 0; c < DIFF_N_CAUSE; c++)
		to->cause[c] += l->cause[c];
	to->n_read += l->n_read;
	to->n_cut += l->n_cut;
}

double diff_cause_share(const struct diff_local *l, enum diff_cause c)
{
	double all = 0;

	for (int i = 0; i < DIFF_N_CAUSE; i++)
		all += l->cause[i];
	return all > 0 ? l->cause[c] / all : 0;
}

enum diff_cause diff_cause_of(const struct diff_local *l)
{
	int best = 0;

	for (int c = 1; c < DIFF_N_CAUSE; c++)
		if (l->cause[c] > l->cause[best])
			best = c;
	return l->cause[best] > 0 ? (enum diff_cause)best : DIFF_N_CAUSE;
}
