#include "passes/2-quant/float_runs.h"

#include "ir/eval.h"
#include "ir/support/parallel.h"

struct runs {
	const struct imc_module *m;
	const struct imc_pass_cx *cx;
	const char *what;
	size_t first;
	imc_float_see *see;
	void *p;
};

struct one {
	const struct runs *r;
	size_t sample;
};

static void after_node(void *p, imc_node_id id, const struct imc_tensor *out)
{
	const struct one *o = p;
	const struct imc_node *n = imc_node_at(o->r->m->g, id);

	for (int k = 0; k < n->n_out; k++)
		if (imc_val_ok(n->out[k]) && out[k].dtype == IMC_F32)
			o->r->see(o->r->p, o->sample, n->out[k], &out[k]);
}

/* In the layout of the graph. */
static struct imc_tensor *inputs_of(const struct one *o, struct imc_arena *a)
{
	const struct imc_graph *g = o->r->m->g;
	const struct imc_samples *s = o->r->cx->calib;
	struct imc_tensor *in = imc_arena_array(a, g->n_input, sizeof *in);

	for (size_t k = 0; k < g->n_input; k++) {
		const float *x = s->x[k] + (int64_t)o->sample * s->size[k];

		imc_real_to_device(g, g->input[k], x, &in[k], a);
		o->r->see(o->r->p, o->sample, g->input[k], &in[k]);
	}
	return in;
}

static void run_sample(void *p, size_t i, size_t thread)
{
	const struct runs *r = p;
	const struct imc_graph *g = r->m->g;
	struct one one = {r, r->first + i};
	struct imc_eval_how how = {.hook = after_node, .cx = &one};
	struct imc_arena *a = imc_arena_new();
	struct imc_tensor *out = imc_arena_array(a, g->n_output, sizeof *out);

	imc_eval_graph(g, inputs_of(&one, a), out, &how, a);
	imc_arena_free(a);
	if (thread == 0 && r->cx->progress)
		r->cx->progress(r->cx->ui, r->what, (int64_t)one.sample,
				r->cx->calib->n);
}

void imc_float_runs(const struct imc_module *m, const struct imc_pass_cx *cx,
		    const char *what, size_t first, size_t n,
		    imc_float_see *see, void *p)
{
	struct runs r = {m, cx, what, first, see, p};

	imc_parallel_for(n, run_sample, &r);
}
