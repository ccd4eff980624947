#include "backend/report/facts.h"

#include <string.h>

#include "backend/report/adcs.h"
#include "ir/op.h"

const char *imc_report_base(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path ? path : "";
}

const char *imc_report_method(const struct imc_options *o)
{
	static const char *const name[] = {"percentile", "min-max",
					   "mean-square error"};

	return name[o->calib_method];
}

static void add_cost(struct imc_cost *to, const struct imc_cost *c)
{
	to->cycles += c->cycles;
	to->ns += c->ns;
	to->pj += c->pj;
	to->engine_ns += c->engine_ns;
	to->core_ns += c->core_ns;
	to->stream_ns += c->stream_ns;
	to->stall_ns += c->stall_ns;
}

/* Groups that share the jobs of a tile. */
static double groups_of(const struct imc_report_layer *l,
			const struct imc_tile *t)
{
	int32_t all = l->as->bundle > 1 ? l->as->bundle : 1;
	int32_t left = l->mx.groups - t->bundle * all;

	return left < all ? left : all;
}

/* Cells that hold a weight or a bias, over all cells of the layer's tiles:
 * less than 1 when groups or copies share a job and what lies between them is
 * 0. */
static double utilisation(const struct imc_module *m,
			  const struct imc_report_layer *l)
{
	double cells = 0, used = 0;

	for (int32_t i = 0; i < l->n_tile; i++) {
		const struct imc_tile *t = &m->map.tile[l->as->first_tile + i];
		double slices = t->n_slice ? t->n_slice : l->as->slices;
		double rows = t->n_row / groups_of(l, t) * slices;

		cells += (double)t->w * t->h;
		used += (rows + t->n_bias) * t->n_col * t->patch_h * t->patch_w;
	}
	return cells > 0 ? used / cells : 0;
}

/* Pixels of the largest job. */
static int32_t copies(const struct imc_module *m,
		      const struct imc_report_layer *l)
{
	int32_t most = 1;

	for (int32_t i = 0; i < l->n_tile; i++) {
		const struct imc_tile *t = &m->map.tile[l->as->first_tile + i];

		if (t->patch_h * t->patch_w > most)
			most = t->patch_h * t->patch_w;
	}
	return most;
}

static const char *note_of(const struct imc_assign *as)
{
	return as->spilled ? "spilled: no crossbar array was left for it" : "";
}

static bool costs(const struct imc_cost *c)
{
	return c->ns > 0 || c->pj > 0;
}

/* The operator as the user wrote it; of a node that a pass put beside it, what
 * that does. */
static const char *op_text(const struct imc_node *n)
{
	const struct imc_op_info *op = imc_op_info(n->op);
	const char *written = n->loc.op && *n->loc.op ? n->loc.op : op->name;

	if (op->kind == IMC_MOVE && *op->onnx)
		return op->onnx;
	if (n->op == IMC_OP_Q_RESCALE && !strcmp(written, "Concat"))
		return "rescale";
	return written;
}

/* A layer that has no cost yet. */
static struct imc_report_layer *new_layer(const struct imc_module *m,
					  imc_node_id id,
					  struct imc_report_facts *f)
{
	const struct imc_node *n = imc_node_at(m->g, id);
	struct imc_report_layer *l = &f->layer[f->n_layer++];

	*l = (struct imc_report_layer){.id = id, .name = n->name, .copies = 1};
	l->as = &m->map.assign[id.i];
	l->op = op_text(n);
	l->note = note_of(l->as);
	if (imc_hw_is_spatial(m->hw))
		l->arrays = imc_cost_arrays(m->hw, m->g, id, l->as);
	l->in = imc_node_in(m->g, n, 0);
	l->out = imc_node_out(m->g, n, 0);
	if (imc_op_info(n->op)->kind == IMC_MATRIX)
		l->mx = imc_matrix_of(m->g, n);
	if (l->as->engine == IMC_ENGINE_CROSSBAR) {
		l->n_tile = l->as->n_tile;
		l->copies = copies(m, l);
		l->cell_utilisation = utilisation(m, l);
	}
	return l;
}

/* Finds layers while steps come in; of[node] is the layer + 1, or 0. */
struct find {
	const struct imc_module *m;
	struct imc_report_facts *f;
	size_t *of;
};

/* One step of node id, or all of it; hidden: beside a longer one. */
static void add_run(struct find *x, imc_node_id id, const struct imc_cost *c,
		    bool hidden)
{
	struct imc_report_facts *f = x->f;
	struct imc_report_layer *l;

	if (!costs(c))
		return;
	if (!x->of[id.i]) {
		new_layer(x->m, id, f);
		x->of[id.i] = f->n_layer;
	}
	l = &f->layer[x->of[id.i] - 1];
	add_cost(&l->cost, c);
	add_cost(&f->engine[l->as->engine], c);
	if (hidden) {
		l->hidden_ns += c->ns;
		f->engine_hidden_ns[l->as->engine] += c->ns;
	}
}

/* Time of a step if nothing ran at once, inside it either; what rounding
 * makes of the same sum in another order does not count. */
static double apart_ns(const struct imc_cost *c)
{
	double sum = c->engine_ns + c->core_ns;

	return sum > c->ns * (1 + 1e-9) ? sum : c->ns;
}

/* The slot of steps first .. end: its longest layer is not hidden; what a
 * transfer takes longer than that is the transfer's. */
static void add_slot(struct find *x, size_t first, size_t end)
{
	const struct imc_step *step = x->m->plan.step;
	const struct imc_step *run = NULL;
	double ns = 0, apart = 0;

	for (size_t i = first; i < end; i++) {
		const struct imc_cost *c = &step[i].cost;

		if (step[i].kind == IMC_STEP_RUN &&
		    (!run || c->ns > run->cost.ns))
			run = &step[i];
		if (c->ns > ns)
			ns = c->ns;
		apart += apart_ns(c);
	}
	x->f->saved_ns += apart - ns;
	x->f->transfers.ns += ns - (run ? run->cost.ns : 0);
	for (size_t i = first; i < end; i++)
		if (step[i].kind == IMC_STEP_RUN)
			add_run(x, step[i].node, &step[i].cost,
				&step[i] != run);
}

static void find_planned(struct find *x)
{
	const struct imc_plan *p = &x->m->plan;
	struct imc_cost moved;

	x->f->total = imc_plan_total(p, &moved);
	x->f->transfers.pj = moved.pj;
	for (size_t i = 0, next; i < p->n_step; i = next) {
		next = i + 1;
		while (next < p->n_step && p->step[next].beside)
			next++;
		add_slot(x, i, next);
	}
}

/* Layers in the order of the plan; before there is one, of the graph. */
static void find_layers(const struct imc_module *m, struct imc_arena *a,
			struct imc_report_facts *f)
{
	struct find x = {.m = m, .f = f};

	f->layer = imc_arena_array(a, m->g->n_node + 1, sizeof *f->layer);
	x.of = imc_arena_array(a, m->g->n_node + 1, sizeof *x.of);
	if (m->plan.step) {
		find_planned(&x);
		return;
	}
	for (size_t i = 0; i < m->g->n_order; i++) {
		imc_node_id id = m->g->order[i];

		add_run(&x, id, &m->map.assign[id.i].cost, false);
		add_cost(&f->total, &m->map.assign[id.i].cost);
	}
}

static void find_rates(const struct imc_module *m, struct imc_report_facts *f)
{
	double ops = 2 * (double)imc_graph_macs(m->g);
	double area = imc_area_mm2(m->hw);

	f->peak = imc_peak_of(m->hw, IMC_REPORT_PEAK_WINDOWS);
	if (f->total.ns > 0)
		f->rate.tops = ops / f->total.ns * 1e-3;
	if (f->total.pj > 0)
		f->rate.tops_per_w = ops / f->total.pj;
	if (area > 0)
		f->rate.tops_per_mm2 = f->rate.tops / area;
}

static void find_arrays(const struct imc_module *m, struct imc_arena *a,
			struct imc_report_facts *f)
{
	double cells = (double)m->map.array_rows * m->map.array_cols, all = 0;
	struct imc_report_array *of =
		imc_arena_array(a, (size_t)m->map.n_array + 1, sizeof *of);

	for (size_t i = 0; i < m->map.n_tile; i++) {
		const struct imc_tile *t = &m->map.tile[i];

		if (t->array < 0 || t->array >= m->map.n_array)
			continue;
		of[t->array].n_tile++;
		of[t->array].cells += (int64_t)t->w * t->h;
		all += (double)t->w * t->h;
	}
	f->array = of;
	for (int32_t k = 0; k < m->map.n_array; k++)
		if (of[k].n_tile) {
			of[k].array = k;
			f->array[f->n_array++] = of[k];
		}
	if (f->n_array && cells > 0)
		f->array_utilisation = all / (cells * (double)f->n_array);
}

/* Everything of the bundle lies in L2, with inputs and outputs of a run, and
 * what does not fit L1. */
static int64_t l2_peak(const struct imc_module *m,
		       const struct imc_report_sizes *s)
{
	int64_t n = s->image_bytes + s->code_data_bytes + m->plan.l2_bytes;

	for (size_t i = 0; i < m->g->n_input; i++)
		n += (int64_t)imc_tensor_bytes(
			&imc_value_at(m->g, m->g->input[i])->t);
	for (size_t i = 0; i < m->g->n_output; i++)
		n += (int64_t)imc_tensor_bytes(
			&imc_value_at(m->g, m->g->output[i])->t);
	return n;
}

struct imc_report_facts imc_report_facts(const struct imc_module *m,
					 const struct imc_report_sizes *s,
					 struct imc_arena *a)
{
	struct imc_report_facts f = {0};

	find_layers(m, a, &f);
	find_rates(m, &f);
	find_arrays(m, a, &f);
	f.tile_adc = imc_report_adc_bits(m, a);
	f.spatial = imc_hw_is_spatial(m->hw);
	if (f.spatial)
		f.pipeline = imc_pipeline_of(m->hw, m->g, &m->map);
	f.l2_peak_bytes = l2_peak(m, s);
	f.target_source = imc_report_base(m->hw->source);
	f.model_file = imc_report_base(m->model_path);
	f.calib_file = imc_report_base(m->calib_source);
	f.synthetic = m->calib_source && !strcmp(m->calib_source, "synthetic");
	return f;
}
