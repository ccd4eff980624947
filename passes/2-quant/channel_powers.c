/* The mean square of each channel of what convolutions read. */
#include "ir/eval.h"
#include "ir/op.h"
#include "ir/support/checked.h"
#include "ir/support/parallel.h"
#include "passes/2-quant/residual_choice.h"

/* Samples that are run. */
#define MAX_SAMPLE 32

struct work {
	const struct imc_module *m;
	const struct imc_samples *calib;
	double **sum; /* [sample * n_value + value]: of squares, or NULL */
};

struct one {
	const struct work *w;
	double **sum; /* of this sample */
};

static void add_squares(const struct imc_tensor *t, double *sum)
{
	int64_t n = imc_tensor_count(t), c = t->dim[t->rank - 1];
	const float *x = t->data;

	for (int64_t i = 0; i < n; i++)
		sum[i % c] += (double)x[i] * (double)x[i];
}

static void after_node(void *p, imc_node_id id, const struct imc_tensor *out)
{
	const struct one *o = p;
	const struct imc_node *n = imc_node_at(o->w->m->g, id);

	for (int k = 0; k < n->n_out; k++)
		if (imc_val_ok(n->out[k]) && o->sum[n->out[k].i])
			add_squares(&out[k], o->sum[n->out[k].i]);
}

static void run_sample(void *p, size_t i, size_t thread)
{
	const struct work *w = p;
	const struct imc_graph *g = w->m->g;
	struct one one = {w, w->sum + i * g->n_value};
	struct imc_eval_how how = {.hook = after_node, .cx = &one};
	struct imc_arena *a = imc_arena_new();
	struct imc_tensor *in = imc_arena_array(a, g->n_input, sizeof *in);
	struct imc_tensor *out = imc_arena_array(a, g->n_output, sizeof *out);

	(void)thread;
	for (size_t k = 0; k < g->n_input; k++) {
		struct imc_tensor t;

		in[k] = imc_value_at(g, g->input[k])->t;
		in[k].data = w->calib->x[k] + (int64_t)i * w->calib->size[k];
		if (!one.sum[g->input[k].i])
			continue;
		imc_real_to_device(g, g->input[k], in[k].data, &t, a);
		add_squares(&t, one.sum[g->input[k].i]);
	}
	imc_eval_real(g, in, out, &how, a);
	imc_arena_free(a);
}

/* Room for the sums of what convolutions read, in every sample. */
static void new_sums(struct work *w, size_t n_sample, struct imc_arena *a)
{
	const struct imc_graph *g = w->m->g;

	w->sum = imc_arena_array(a, n_sample * g->n_value, sizeof *w->sum);
	for (size_t i = 0; i < g->n_order; i++) {
		const struct imc_node *n = imc_node_at(g, g->order[i]);
		const struct imc_value *x = imc_node_in(g, n, 0);

		if (n->op != IMC_OP_CONV2D || !x || x->t.data ||
		    x->t.dtype != IMC_F32)
			continue;
		for (size_t s = 0; s < n_sample; s++)
			w->sum[s * g->n_value + n->in[0].i] = imc_arena_array(
				a, (size_t)x->t.dim[x->t.rank - 1],
				sizeof(double));
	}
}

double **imc_channel_powers(const struct imc_module *m,
			    const struct imc_samples *calib,
			    struct imc_arena *a)
{
	const struct imc_graph *g = m->g;
	size_t n_sample = (size_t)imc_min_i64(calib->n, MAX_SAMPLE);
	struct work w = {.m = m, .calib = calib};

	new_sums(&w, n_sample, a);
	imc_parallel_for(n_sample, run_sample, &w);
	for (size_t v = 0; v < g->n_value; v++) {
		const struct imc_tensor *t = &g->value[v].t;
		int64_t c = t->rank ? t->dim[t->rank - 1] : 1;
		double n = (double)imc_tensor_count(t) / (double)c;

		for (int64_t k = 0; w.sum[v] && k < c; k++) {
			for (size_t s = 1; s < n_sample; s++)
				w.sum[v][k] += w.sum[s * g->n_value + v][k];
			w.sum[v][k] /= n * (double)n_sample;
		}
	}
	return w.sum;
}
