#include "passes/2-quant/rerun.h"

#include <math.h>
#include <string.h>

#include "ir/eval.h"
#include "ir/num.h"
#include "ir/op.h"
#include "ir/support/parallel.h"

struct work {
	struct imc_rerun *r;
	const struct imc_graph *real;
	const struct imc_samples *s;
	double *square; /* [sample] */
};

struct keep {
	struct imc_rerun *r;
	size_t sample;
};

static int8_t **codes_of(const struct imc_rerun *r, size_t sample)
{
	return r->code + sample * r->g->n_value;
}

static void after_node(void *cx, imc_node_id id, const struct imc_tensor *out)
{
	const struct keep *k = cx;
	const struct imc_node *n = imc_node_at(k->r->g, id);
	int8_t **code = codes_of(k->r, k->sample);

	for (int i = 0; i < n->n_out; i++)
		if (imc_val_ok(n->out[i]))
			memcpy(code[n->out[i].i], out[i].data,
			       imc_tensor_bytes(&out[i]));
}

/* Squared distance of the ends of a sample to those of the float network. */
static double error_of(const struct imc_rerun *r, size_t sample,
		       int8_t *const *kept, int8_t *const *now)
{
	double sum = 0;

	for (size_t k = 0; k < r->ends.n; k++) {
		imc_val id = imc_end_value(r->g, &r->ends, k);
		const struct imc_value *v = imc_value_at(r->g, id);
		const float *real = r->real[sample * r->ends.n + k];
		const int8_t *code = now && now[id.i] ? now[id.i] : kept[id.i];

		for (int64_t i = 0; i < imc_tensor_count(&v->t); i++) {
			double d = (double)v->scale * (code[i] - v->zero) -
				   (double)real[i];

			sum += d * d;
		}
	}
	return sum;
}

/* The ends of the float network, while it runs. */
struct float_ends {
	const struct work *w;
	size_t sample;
};

static void after_float(void *cx, imc_node_id id, const struct imc_tensor *out)
{
	const struct float_ends *f = cx;
	const struct imc_rerun *r = f->w->r;
	const struct imc_node *n = imc_node_at(f->w->real, id);

	for (size_t k = 0; k < r->ends.n; k++) {
		imc_val v = imc_end_value(f->w->real, &r->ends, k);

		for (int i = 0; i < n->n_out; i++)
			if (n->out[i].i == v.i)
				memcpy(r->real[f->sample * r->ends.n + k],
				       out[i].data, imc_tensor_bytes(&out[i]));
	}
}

static void run_float(const struct work *w, size_t i, struct imc_arena *a)
{
	const struct imc_graph *g = w->real;
	struct float_ends f = {w, i};
	struct imc_eval_how how = {.hook = after_float, .cx = &f};
	struct imc_tensor *in = imc_arena_array(a, g->n_input, sizeof *in);
	struct imc_tensor *out = imc_arena_array(a, g->n_output, sizeof *out);

	for (size_t k = 0; k < g->n_input; k++)
		imc_real_to_device(g, g->input[k],
				   w->s->x[k] + (int64_t)i * w->s->size[k],
				   &in[k], a);
	imc_eval_graph(g, in, out, &how, a);
}

static double square_of(const struct imc_rerun *r, size_t sample)
{
	double sum = 0;

	for (size_t k = 0; k < r->ends.n; k++) {
		imc_val v = imc_end_value(r->g, &r->ends, k);
		const float *x = r->real[sample * r->ends.n + k];

		for (int64_t i = 0;
		     i < imc_tensor_count(&imc_value_at(r->g, v)->t); i++)
			sum += (double)x[i] * x[i];
	}
	return sum;
}

static void run_sample(void *cx, size_t i, size_t thread)
{
	const struct work *w = cx;
	struct imc_rerun *r = w->r;
	const struct imc_graph *g = r->g;
	struct keep keep = {r, i};
	struct imc_eval_how how = {.hook = after_node, .cx = &keep};
	struct imc_arena *a = imc_arena_new();
	struct imc_tensor *in = imc_arena_array(a, g->n_input, sizeof *in);
	struct imc_tensor *out = imc_arena_array(a, g->n_output, sizeof *out);

	(void)thread;
	for (size_t k = 0; k < g->n_input; k++) {
		imc_real_to_device(g, g->input[k],
				   w->s->x[k] + (int64_t)i * w->s->size[k],
				   &in[k], a);
		memcpy(codes_of(r, i)[g->input[k].i], in[k].data,
		       imc_tensor_bytes(&in[k]));
	}
	imc_eval_graph(g, in, out, &how, a);
	run_float(w, i, a);
	w->square[i] = square_of(r, i);
	r->error[i] = error_of(r, i, codes_of(r, i), NULL);
	imc_arena_free(a);
}

static bool is_activation(const struct imc_value *v)
{
	return !v->t.data && v->shaped && v->t.dtype == IMC_I8;
}

/* Room for the ends of the float network. */
static void open_real(struct imc_rerun *r, struct imc_arena *a)
{
	size_t n = r->n_sample * r->ends.n;

	r->real = imc_arena_array(a, n + 1, sizeof *r->real);
	for (size_t i = 0; i < n; i++) {
		imc_val v = imc_end_value(r->g, &r->ends, i % r->ends.n);
		int64_t count = imc_tensor_count(&imc_value_at(r->g, v)->t);

		r->real[i] = imc_arena_array(a, (size_t)count, sizeof(float));
	}
	r->error = imc_arena_array(a, r->n_sample + 1, sizeof *r->error);
}

struct imc_rerun imc_rerun_open(const struct imc_graph *g,
				const struct imc_graph *real,
				const struct imc_ends *ends,
				const struct imc_samples *s, size_t n,
				struct imc_arena *a)
{
	struct imc_rerun r = {.g = g, .ends = *ends, .n_sample = n};
	struct work w = {.r = &r, .real = real, .s = s};

	w.square = imc_arena_array(a, n, sizeof *w.square);
	r.code = imc_arena_array(a, n * g->n_value, sizeof *r.code);
	for (size_t i = 0; i < n * g->n_value; i++) {
		const struct imc_value *v = &g->value[i % g->n_value];

		if (is_activation(v))
			r.code[i] = imc_arena_alloc(a, imc_tensor_bytes(&v->t));
	}
	open_real(&r, a);
	imc_parallel_for(n, run_sample, &w);
	for (size_t i = 0; i < n; i++)
		r.square += w.square[i];
	return r;
}

/* One sample on its way through what has changed. */
struct path {
	const struct imc_rerun *r;
	int8_t **kept; /* [value] */
	int8_t **now;  /* [value]: where it differs from what was kept */
	const struct imc_eval_how *how; /* of the changed node; or NULL */
	struct imc_arena *a;
};

static struct imc_tensor tensor_of(const struct path *p,
				   const struct imc_graph *g, imc_val v)
{
	struct imc_tensor t = imc_value_at(g, v)->t;

	if (t.data)
		return t;
	t.dtype = IMC_I8;
	t.data = p->now[v.i] ? p->now[v.i] : p->kept[v.i];
	return t;
}

/* What node n of g reads; `first`, if it has data, is its input 0. */
static struct imc_tensor *inputs_of(const struct path *p,
				    const struct imc_graph *g,
				    const struct imc_node *n,
				    const struct imc_tensor *first,
				    struct imc_arena *a)
{
	struct imc_tensor *in =
		imc_arena_array(a, (size_t)n->n_in + 1, sizeof *in);

	for (int k = 0; k < n->n_in; k++)
		if (k == 0 && first->data)
			in[k] = *first;
		else if (imc_val_ok(n->in[k]))
			in[k] = tensor_of(p, g, n->in[k]);
	return in;
}

static struct imc_tensor *compute(const struct path *p,
				  const struct imc_graph *g,
				  const struct imc_node *n,
				  const struct imc_tensor *first,
				  struct imc_arena *a)
{
	struct imc_tensor *out =
		imc_arena_array(a, (size_t)n->n_out + 1, sizeof *out);

	imc_op_eval(g, n, inputs_of(p, g, n, first, a), out, a);
	return out;
}

/* The changed node, by p->how if that can. */
static struct imc_tensor *compute_by(const struct path *p,
				     const struct imc_graph *g, imc_node_id id,
				     const struct imc_tensor *first,
				     struct imc_arena *a)
{
	const struct imc_node *n = imc_node_at(g, id);
	struct imc_tensor *out;

	if (!p->how)
		return compute(p, g, n, first, a);
	out = imc_arena_array(a, (size_t)n->n_out + 1, sizeof *out);
	for (int k = 0; k < n->n_out; k++) {
		out[k] = imc_node_out(g, n, k)->t;
		out[k].data = imc_arena_alloc(a, imc_tensor_bytes(&out[k]));
	}
	if (p->how->compute(p->how->cx, id, inputs_of(p, g, n, first, a), out,
			    a))
		return out;
	return compute(p, g, n, first, a);
}

static void keep_changes(const struct path *p, const struct imc_node *n,
			 const struct imc_tensor *out)
{
	for (int k = 0; k < n->n_out; k++) {
		size_t size = imc_tensor_bytes(&out[k]);

		if (!imc_val_ok(n->out[k]) ||
		    !memcmp(out[k].data, p->kept[n->out[k].i], size))
			continue;
		p->now[n->out[k].i] = imc_arena_memdup(p->a, out[k].data, size);
	}
}

static bool same_numbers(const struct imc_value *a, const struct imc_value *b)
{
	return a->zero == b->zero && !(a->scale < b->scale) &&
	       !(a->scale > b->scale);
}

/* Codes with the numbers of `from` as those with the numbers of `to`. */
static void translate(const struct imc_value *from, const struct imc_value *to,
		      struct imc_tensor *t, struct imc_arena *a)
{
	int64_t n = imc_tensor_count(t);
	int8_t *code;

	if (same_numbers(from, to))
		return;
	code = imc_arena_memdup(a, t->data, (size_t)n);
	for (int64_t i = 0; i < n; i++) {
		double x = (double)from->scale * (code[i] - from->zero);

		code[i] = (int8_t)imc_clamp(
			llround(fmax(-1e6, fmin(1e6, x / to->scale))) +
				to->zero,
			INT8_MIN, INT8_MAX);
	}
	t->data = code;
}

/* What the changed node reads, and what it gives, in its own numbers. */
static struct imc_tensor own_input(const struct path *p,
				   const struct imc_graph *with, imc_val v,
				   struct imc_arena *a)
{
	struct imc_tensor t = tensor_of(p, with, v);

	translate(imc_value_at(p->r->g, v), imc_value_at(with, v), &t, a);
	return t;
}

/* The node that is computed in another way, behind a rescaled input. */
static void run_changed(const struct path *p, const struct imc_graph *with,
			imc_node_id id)
{
	const struct imc_node *n = imc_node_at(with, id);
	imc_node_id front = imc_node_in(with, n, 0)->def;
	struct imc_arena *a = imc_arena_new();
	struct imc_tensor none = {0}, own, *first = &own, *out;

	if (imc_node_ok(front) && front.i >= p->r->g->n_node)
		first = compute(p, with, imc_node_at(with, front), &none, a);
	else
		own = own_input(p, with, n->in[0], a);
	out = compute_by(p, with, id, first, a);
	translate(imc_node_out(with, n, 0), imc_node_out(p->r->g, n, 0), out,
		  a);
	keep_changes(p, n, out);
	imc_arena_free(a);
}

static bool reads_change(const struct path *p, const struct imc_node *n)
{
	for (int k = 0; k < n->n_in; k++)
		if (imc_val_ok(n->in[k]) && p->now[n->in[k].i])
			return true;
	return false;
}

static void run_behind(const struct path *p, imc_node_id changed)
{
	const struct imc_graph *g = p->r->g;

	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);
		struct imc_tensor none = {0};
		struct imc_arena *a;

		if (g->order[i].i == changed.i || !reads_change(p, n))
			continue;
		a = imc_arena_new();
		keep_changes(p, n, compute(p, g, n, &none, a));
		imc_arena_free(a);
	}
}

double imc_rerun_error(const struct imc_rerun *r, size_t sample,
		       const struct imc_graph *with, imc_node_id id)
{
	return imc_rerun_error_by(r, sample, with, id, NULL);
}

double imc_rerun_error_by(const struct imc_rerun *r, size_t sample,
			  const struct imc_graph *with, imc_node_id id,
			  const struct imc_eval_how *how)
{
	struct path p = {.r = r,
			 .kept = codes_of(r, sample),
			 .how = how,
			 .a = imc_arena_new()};
	double error;

	p.now = imc_arena_array(p.a, r->g->n_value, sizeof *p.now);
	run_changed(&p, with, id);
	run_behind(&p, id);
	error = error_of(r, sample, p.kept, p.now);
	imc_arena_free(p.a);
	return error - r->error[sample];
}
