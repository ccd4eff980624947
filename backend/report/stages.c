#include "backend/report/stages.h"

#include "backend/report/table.h"

const char *imc_report_bound_by(const struct imc_report_layer *l)
{
	const struct imc_cost *c = &l->as->cost;
	double arrays = c->engine_ns - c->stall_ns;

	if (l->as->engine != IMC_ENGINE_CROSSBAR)
		return imc_engine_name(l->as->engine);
	if (c->core_ns > arrays && c->core_ns > c->stall_ns)
		return "digital";
	return c->stall_ns > arrays ? "streams" : "arrays";
}

/* ---- text ---- */

static const char *slowest_name(const struct imc_module *m,
				const struct imc_pipeline *p,
				struct imc_arena *a)
{
	if (p->slowest.i == IMC_NO_NODE.i)
		return "what shares the cores";
	return imc_report_cleaned(imc_node_at(m->g, p->slowest)->name, a);
}

/* A rescale has the name of the layer that it narrows an input for. */
static const char *stage_name(const struct imc_module *m,
			      const struct imc_report_layer *l,
			      struct imc_arena *a)
{
	if (imc_node_at(m->g, l->id)->op == IMC_OP_Q_RESCALE)
		return imc_arena_printf(a, "%s (rescale)",
					imc_report_short_name(l, 18, a));
	return imc_report_short_name(l, 28, a);
}

static void add_stage(struct imc_table *t, const struct imc_module *m,
		      const struct imc_report_layer *l)
{
	const struct imc_layer_error *e = imc_layer_error_of(m, l->id);
	const struct imc_assign *as = l->as;
	bool analog = as->engine == IMC_ENGINE_CROSSBAR;
	struct imc_arena *a = t->a;
	int32_t copies = as->copies > 1 ? as->copies : 1;

	imc_table_cell(t, stage_name(m, l, a));
	imc_table_cell(t, analog ? imc_arena_printf(a, "%d", as->weight_bits)
				 : "");
	imc_table_cell(t,
		       analog ? imc_arena_printf(a, "%d", as->act_bits) : "");
	imc_table_cell(t, analog ? imc_arena_printf(a, "%d", l->n_tile / copies)
				 : "");
	imc_table_cell(t, imc_arena_printf(a, "%d", copies));
	imc_table_cell(t, imc_arena_printf(a, "%lld", (long long)l->arrays));
	imc_table_cell(t, imc_arena_printf(a, "%.2f",
					   imc_stage_ns(&l->as->cost) * 1e-3));
	imc_table_cell(t, imc_report_bound_by(l));
	imc_table_cell(t, analog && e
				  ? imc_arena_printf(a, "%.2g",
						     imc_layer_error_at(
							     e, as->weight_bits,
							     as->act_bits))
				  : "");
}

static void print_stages(const struct imc_module *m,
			 const struct imc_report_facts *f, struct imc_arena *a,
			 struct imc_buf *out)
{
	static const char *const head[] = {"layer", "w bits", "a bits",
					   "tiles", "copies", "arrays",
					   "us",    "bound",  "error"};
	struct imc_table t = {.a = a, .n_col = 9, .left = "lrrrrrrlr"};
	const struct imc_pipeline *p = &f->pipeline;

	imc_buf_text(
		out,
		"\nStages of the pipeline (tiles: of one copy; bound: what "
		"takes most of its time;\nerror: of the output, by its "
		"bits alone)\n\n");
	imc_table_head(&t, head);
	for (size_t i = 0; i < f->n_layer; i++)
		add_stage(&t, m, &f->layer[i]);
	imc_table_print(&t, out);
	imc_buf_printf(out,
		       "\n  %.4g images/s: the slowest stage takes %.4g us",
		       p->images_per_s, p->stage_ns * 1e-3);
	if (m->map.stage_bound_ns > 0)
		imc_buf_printf(out, " (at least %.4g)",
			       m->map.stage_bound_ns * 1e-3);
	imc_buf_printf(out, ", %s\n", slowest_name(m, p, a));
	if (p->shared_ns > 0)
		imc_buf_printf(out, "  the shared cores take %.4g us of each\n",
			       p->shared_ns * 1e-3);
}

/* The objective's value, as a person reads it. */
static const char *value_text(const struct imc_module *m, double value,
			      struct imc_arena *a)
{
	switch ((enum imc_objective)m->opt.objective) {
	case IMC_OBJECTIVE_LATENCY:
		return imc_arena_printf(a, "%.4g ms", value * 1e-6);
	case IMC_OBJECTIVE_THROUGHPUT:
		return imc_arena_printf(a, "%.4g images/s", 1e9 / value);
	case IMC_OBJECTIVE_ENERGY:
		return imc_arena_printf(a, "%.4g uJ", value * 1e-6);
	case IMC_OBJECTIVE_ARRAYS:
		return imc_arena_printf(a, "%.0f arrays", value);
	case IMC_OBJECTIVE_EDP:
	case IMC_N_OBJECTIVE:
		break;
	}
	return imc_arena_printf(a, "%.4g", value);
}

static void add_trial(struct imc_table *t, const struct imc_module *m,
		      const struct imc_trial *r, size_t i)
{
	struct imc_arena *a = t->a;

	imc_table_cell(
		t, imc_arena_printf(a, "%zu%s", i + 1, r->taken ? " *" : ""));
	imc_table_cell(t, imc_arena_printf(a, "%.3g", r->budget));
	imc_table_cell(t, imc_arena_printf(a, "%.3g", r->predicted));
	imc_table_cell(t, imc_arena_printf(a, "%.3g", r->error));
	imc_table_cell(t, imc_arena_printf(a, "%.2f", r->drop));
	imc_table_cell(t, value_text(m, r->value, a));
}

static void print_trials(const struct imc_module *m, struct imc_arena *a,
			 struct imc_buf *out)
{
	static const char *const head[] = {"trial",    "budget", "predicted",
					   "measured", "drop %", "value"};
	struct imc_table t = {.a = a, .n_col = 6, .left = "lrrrrr"};

	if (m->error_model)
		imc_buf_printf(out, "\nErrors of bits: %s", m->error_model);
	if (m->error_model && m->error_rank > 0)
		imc_buf_printf(out,
			       "; sums of them and measured errors have a rank "
			       "correlation of %.2f",
			       m->error_rank);
	if (m->error_model)
		imc_buf_text(out, "\n");
	if (m->n_trial == 0)
		return;
	imc_buf_text(out, "\nNetworks that were measured (*: taken)\n\n");
	imc_table_head(&t, head);
	for (size_t i = 0; i < m->n_trial; i++)
		add_trial(&t, m, &m->trial[i], i);
	imc_table_print(&t, out);
}

void imc_report_stages_text(const struct imc_module *m,
			    const struct imc_report_facts *f,
			    struct imc_buf *out)
{
	struct imc_arena *a = imc_arena_new();

	if (f->spatial)
		print_stages(m, f, a, out);
	if (f->spatial || m->n_trial)
		print_trials(m, a, out);
	imc_arena_free(a);
}

/* ---- JSON ---- */

void imc_report_stage_json(struct imc_json *j, const struct imc_module *m,
			   const struct imc_report_layer *l)
{
	const struct imc_layer_error *e = imc_layer_error_of(m, l->id);

	imc_json_int(j, "replicas", l->as->copies > 1 ? l->as->copies : 1);
	imc_json_int(j, "arrays", l->arrays);
	imc_json_number(j, "stage_us", imc_stage_ns(&l->as->cost) * 1e-3);
	imc_json_text(j, "bound_by", imc_report_bound_by(l));
	imc_json_number(
		j, "error",
		e ? imc_layer_error_at(e, l->as->weight_bits, l->as->act_bits)
		  : 0);
}

static void write_trials(struct imc_json *j, const struct imc_module *m)
{
	imc_json_open(j, "trials", '[');
	for (size_t i = 0; i < m->n_trial; i++) {
		const struct imc_trial *r = &m->trial[i];

		imc_json_open_row(j, NULL, '{');
		imc_json_number(j, "budget", r->budget);
		imc_json_number(j, "predicted", r->predicted);
		imc_json_number(j, "error", r->error);
		imc_json_number(j, "drop", r->drop);
		imc_json_number(j, "value", r->value);
		imc_json_bool(j, "taken", r->taken);
		imc_json_close(j, '}');
	}
	imc_json_close(j, ']');
}

/* Of a machine whose arrays share a port, if something was measured. */
static void write_choice(struct imc_json *j, const struct imc_module *m)
{
	if (m->n_trial == 0)
		return;
	imc_json_open(j, "choice", '{');
	imc_json_text(j, "error_model", m->error_model);
	write_trials(j, m);
	imc_json_close(j, '}');
}

void imc_report_stages_json(struct imc_json *j, const struct imc_module *m,
			    const struct imc_report_facts *f)
{
	const struct imc_pipeline *p = &f->pipeline;

	if (!f->spatial) {
		write_choice(j, m);
		return;
	}
	imc_json_open(j, "pipeline", '{');
	imc_json_number(j, "stage_us", p->stage_ns * 1e-3);
	imc_json_number(j, "stage_bound_us", m->map.stage_bound_ns * 1e-3);
	imc_json_number(j, "images_per_s", p->images_per_s);
	imc_json_text(j, "slowest",
		      p->slowest.i == IMC_NO_NODE.i
			      ? "cores"
			      : imc_node_at(m->g, p->slowest)->name);
	imc_json_number(j, "shared_us", p->shared_ns * 1e-3);
	imc_json_close(j, '}');
	imc_json_open(j, "bits", '{');
	imc_json_text(j, "error_model", m->error_model);
	imc_json_number(j, "error_rank", m->error_rank);
	write_trials(j, m);
	imc_json_close(j, '}');
}
