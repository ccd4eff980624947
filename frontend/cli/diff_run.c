#include "frontend/cli/diff_run.h"

#include <string.h>

#include "ir/eval.h"
#include "ir/support/checked.h"
#include "ir/support/parallel.h"

/* Samples whose figures are held until they are summed up in order. */
#define BATCH 64

/* One sample at one level. */
struct pass {
	const struct diff_run *r;
	struct imc_tensor *f; /* twins, by value of the float graph */
	int8_t **code;	      /* by layer: what the quantised network gave */
	int8_t **alone;	      /* by layer: its devices on the same inputs */
	struct imc_map_eval noisy;
	enum diff_level level;
	struct diff_figures *out; /* by layer */
	struct imc_arena *a;
};

/* Runs a level on one sample; calls see_layer for each node. */
typedef void run_level(struct pass *p, const struct imc_tensor *in);

struct batch {
	const struct diff_run *r;
	struct cli_ui *ui;
	int64_t first;
	struct diff_figures *out; /* [BATCH][layer] */
};

static void keep_twin(struct pass *p, imc_val v, const struct imc_tensor *t)
{
	if (!p->r->net->wanted[v.i])
		return;
	p->f[v.i] = *t;
	p->f[v.i].data = imc_arena_memdup(p->a, t->data, imc_tensor_bytes(t));
}

static void see_float(void *cx, imc_node_id id, const struct imc_tensor *out)
{
	struct pass *p = cx;
	const struct imc_node *n = imc_node_at(p->r->net->f, id);

	for (int k = 0; k < n->n_out; k++)
		if (imc_val_ok(n->out[k]))
			keep_twin(p, n->out[k], &out[k]);
}

/* The one input of the network, as x, the model's, is in graph g. */
static struct imc_tensor input_of(const struct pass *p,
				  const struct imc_graph *g, const float *x)
{
	struct imc_tensor t;

	imc_real_to_device(g, g->input[0], x, &t, p->a);
	return t;
}

static struct imc_tensor *outputs_of(const struct imc_graph *g,
				     struct imc_arena *a)
{
	return imc_arena_array(a, g->n_output, sizeof(struct imc_tensor));
}

static void run_float(struct pass *p, const float *x)
{
	const struct imc_graph *f = p->r->net->f;
	struct imc_eval_how how = {.hook = see_float, .cx = p};
	struct imc_tensor in = input_of(p, f, x);

	keep_twin(p, f->input[0], &in);
	imc_eval_graph(f, &in, outputs_of(f, p->a), &how, p->a);
}

static int64_t count_other(const int8_t *a, const int8_t *b, int64_t n)
{
	int64_t other = 0;

	for (int64_t i = 0; i < n; i++)
		other += a[i] != b[i];
	return other;
}

static void see_layer(struct pass *p, size_t i, const int8_t *code)
{
	const struct diff_net *net = p->r->net;
	const struct diff_layer *l = &net->layer[i];
	struct diff_figures *out = &p->out[i];
	int64_t n = imc_tensor_count(&imc_value_at(net->g, l->value)->t);

	out->level[p->level] = diff_sums_of(p->f[l->twin.i].data, code, n,
					    &net->code[l->value.i]);
	if (p->level == DIFF_QUANTISED) {
		p->code[i] = imc_arena_memdup(p->a, code, (size_t)n);
		if (p->alone[i])
			out->devices = diff_sums_between(
				code, p->alone[i], n, &net->code[l->value.i]);
		return;
	}
	out->n_other[p->level] = count_other(p->code[i], code, n);
	out->n_other_sample[p->level] = out->n_other[p->level] > 0;
}

static void see_node(void *cx, imc_node_id id, const struct imc_tensor *out)
{
	struct pass *p = cx;
	int32_t i = p->r->net->layer_of[id.i];

	if (i >= 0)
		see_layer(p, (size_t)i, out[0].data);
}

static void see_inputs(struct pass *p, const struct imc_tensor *in)
{
	const struct diff_net *net = p->r->net;

	for (size_t i = 0; i < net->n_layer; i++)
		if (!imc_node_ok(net->layer[i].node))
			see_layer(p, i, in[0].data);
}

/* ---- levels ---- */

static bool compute_noisy(void *cx, imc_node_id id, const struct imc_tensor *in,
			  struct imc_tensor *out, struct imc_arena *scratch)
{
	struct pass *p = cx;

	return imc_map_compute(&p->noisy, id, in, out, scratch);
}

/* Keeps what the devices of the node make of these inputs; what it gives is
 * computed without noise. */
static bool try_devices(void *cx, imc_node_id id, const struct imc_tensor *in,
			struct imc_tensor *out, struct imc_arena *scratch)
{
	struct pass *p = cx;
	int32_t i = p->r->net->layer_of[id.i];
	struct imc_tensor noisy = out[0];

	if (i < 0 || !imc_node_at(p->r->net->g, id)->a.adc[0])
		return false;
	noisy.data = imc_arena_alloc(p->a, imc_tensor_bytes(&noisy));
	if (imc_map_compute(&p->noisy, id, in, &noisy, scratch))
		p->alone[i] = noisy.data;
	return false;
}

static void run_quantised(struct pass *p, const struct imc_tensor *in)
{
	const struct imc_graph *g = p->r->net->g;
	struct imc_eval_how how = {.hook = see_node, .cx = p};

	if (p->r->analog)
		how.compute = try_devices;

	imc_eval_graph(g, in, outputs_of(g, p->a), &how, p->a);
}

/* The plan in its buffers, over the cells of the images. */
static void run_bundle(struct pass *p, const struct imc_tensor *in)
{
	const struct imc_graph *g = p->r->net->g;
	struct imc_plan_watch watch = {see_node, p};

	imc_eval_plan_watched(&p->r->map, p->r->plan, in, outputs_of(g, p->a),
			      &watch, p->a);
}

/* The map over devices that are not ideal. */
static void run_noisy(struct pass *p, const struct imc_tensor *in)
{
	const struct imc_graph *g = p->r->net->g;
	struct imc_eval_how how = {
		.hook = see_node, .compute = compute_noisy, .cx = p};

	imc_eval_graph(g, in, outputs_of(g, p->a), &how, p->a);
}

static const struct {
	const char *name;
	run_level *run;
} levels[DIFF_N_LEVEL] = {
	[DIFF_QUANTISED] = {"quantised", run_quantised},
	[DIFF_BUNDLE] = {"bundle", run_bundle},
	[DIFF_NOISY] = {"noisy", run_noisy},
};

const char *diff_level_name(enum diff_level l)
{
	return levels[l].name;
}

int diff_n_level(const struct diff_run *r)
{
	return r->analog ? DIFF_N_LEVEL : DIFF_NOISY;
}

/* ---- samples ---- */

static void run_sample(void *cx, size_t i, size_t thread)
{
	struct batch *b = cx;
	const struct diff_run *r = b->r;
	const struct diff_net *net = r->net;
	int64_t at = r->first + b->first + (int64_t)i;
	const float *x = r->samples->x[0] + at * r->samples->size[0];
	struct pass p = {
		.r = r, .out = b->out + i * net->n_layer, .a = imc_arena_new()};
	struct imc_tensor in;

	p.f = imc_arena_array(p.a, net->f->n_value, sizeof *p.f);
	p.code = imc_arena_array(p.a, net->n_layer, sizeof *p.code);
	p.alone = imc_arena_array(p.a, net->n_layer, sizeof *p.alone);
	p.noisy = r->map;
	p.noisy.analog = r->analog;
	p.noisy.sample = at;
	run_float(&p, x);
	in = input_of(&p, net->g, x);
	for (int l = 0; l < diff_n_level(r); l++) {
		p.level = (enum diff_level)l;
		see_inputs(&p, &in);
		levels[l].run(&p, &in);
	}
	for (size_t k = 0; k < net->n_layer; k++)
		p.out[k].local = diff_local_of(net, &net->layer[k], p.f);
	imc_arena_free(p.a);
	if (thread == 0)
		cli_ui_progress(b->ui, "compare", b->first + (int64_t)i, r->n);
}

static void add_figures(struct diff_figures *to, const struct diff_figures *f)
{
	for (int l = 0; l < DIFF_N_LEVEL; l++) {
		diff_sums_add(&to->level[l], &f->level[l]);
		to->n_other[l] += f->n_other[l];
		to->n_other_sample[l] += f->n_other_sample[l];
	}
	diff_local_add(&to->local, &f->local);
	diff_sums_add(&to->devices, &f->devices);
}

struct diff_figures *diff_run_all(const struct diff_run *r, struct cli_ui *ui,
				  struct imc_arena *a)
{
	size_t n_layer = r->net->n_layer;
	struct diff_figures *all = imc_arena_array(a, n_layer, sizeof *all);
	struct batch b = {.r = r, .ui = ui};

	for (; b.first < r->n; b.first += BATCH) {
		size_t n = (size_t)imc_min_i64(BATCH, r->n - b.first);
		struct imc_arena *own = imc_arena_new();

		b.out = imc_arena_array(own, n * n_layer, sizeof *b.out);
		imc_parallel_for(n, run_sample, &b);
		for (size_t i = 0; i < n * n_layer; i++)
			add_figures(&all[i % n_layer], &b.out[i]);
		imc_arena_free(own);
	}
	cli_ui_clear(ui);
	return all;
}
