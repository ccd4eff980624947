#include "backend/report/facts.h"

#include <string.h>

#include "ir/op.h"

const char *imc_report_base(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path ? path : "";
}

const char *imc_report_method(const struct imc_options *o)
{
	return o->calib_method == 1 ? "min-max" : "percentile";
}

static void add_cost(struct imc_cost *to, const struct imc_cost *c)
{
	to->cycles += c->cycles;
	to->ns += c->ns;
	to->pj += c->pj;
	to->engine_ns += c->engine_ns;
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
		double rows = t->n_row / groups_of(l, t) * l->as->slices;

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

static void add_layer(const struct imc_module *m, imc_node_id id,
		      const struct imc_cost *cost, struct imc_report_facts *f)
{
	const struct imc_node *n = imc_node_at(m->g, id);
	struct imc_report_layer *l = &f->layer[f->n_layer];
	const struct imc_op_info *op = imc_op_info(n->op);

	*l = (struct imc_report_layer){.id = id, .name = n->name, .copies = 1};
	l->as = &m->map.assign[id.i];
	l->cost = *cost;
	add_cost(&f->total, cost);
	add_cost(&f->engine[l->as->engine], cost);
	if (!costs(cost))
		return;
	f->n_layer++;
	l->op = op_text(n);
	l->note = note_of(l->as);
	l->in = imc_node_in(m->g, n, 0);
	l->out = imc_node_out(m->g, n, 0);
	if (op->kind == IMC_MATRIX)
		l->mx = imc_matrix_of(m->g, n);
	if (l->as->engine != IMC_ENGINE_CROSSBAR)
		return;
	l->n_tile = l->as->n_tile;
	l->copies = copies(m, l);
	l->cell_utilisation = utilisation(m, l);
}

/* Layers in the order of the plan; before there is one, of the graph. */
static void find_layers(const struct imc_module *m, struct imc_arena *a,
			struct imc_report_facts *f)
{
	f->layer = imc_arena_array(a, m->g->n_node + 1, sizeof *f->layer);
	for (size_t i = 0; i < m->plan.n_step; i++) {
		const struct imc_step *s = &m->plan.step[i];

		if (s->kind == IMC_STEP_RUN) {
			add_layer(m, s->node, &s->cost, f);
			continue;
		}
		add_cost(&f->transfers, &s->cost);
		add_cost(&f->total, &s->cost);
	}
	for (size_t i = 0; !m->plan.step && i < m->g->n_order; i++)
		add_layer(m, m->g->order[i],
			  &m->map.assign[m->g->order[i].i].cost, f);
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

/* Everything of the bundle lies in L2, with inputs and outputs of a run. */
static int64_t l2_peak(const struct imc_module *m,
		       const struct imc_report_sizes *s)
{
	int64_t n = s->image_bytes + s->code_data_bytes;

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
	find_arrays(m, a, &f);
	f.l2_peak_bytes = l2_peak(m, s);
	f.target_source = imc_report_base(m->hw->source);
	f.model_file = imc_report_base(m->model_path);
	f.calib_file = imc_report_base(m->calib_source);
	f.synthetic = m->calib_source && !strcmp(m->calib_source, "synthetic");
	return f;
}
