#include <string.h>

#include "backend/report/adcs.h"
#include "backend/report/facts.h"
#include "backend/report/json.h"
#include "backend/report/memory.h"
#include "backend/report/residuals.h"
#include "backend/report/robustness.h"
#include "backend/report/stages.h"
#include "hwdesc/cost.h"
#include "ir/support/checked.h"

/* Of a network that others quantised: what is kept, and why the rest is not. */
static void write_given(struct imc_json *j, const struct imc_module *m)
{
	struct imc_given_count c = imc_given_count_of(m->g);

	if (c.n_act == 0 && c.n_weight == 0)
		return;
	imc_json_open(j, "given", '{');
	for (int w = 0; w < 2; w++) {
		imc_json_open(j, w ? "weights" : "activations", '{');
		imc_json_int(j, "all", w ? c.n_weight : c.n_act);
		for (int i = IMC_GIVEN_KEPT; i < IMC_N_GIVEN; i++)
			imc_json_int(j, imc_given_name((enum imc_given)i),
				     w ? c.weight[i] : c.act[i]);
		imc_json_close(j, '}');
	}
	imc_json_close(j, '}');
}

static void write_head(struct imc_json *j, const struct imc_module *m,
		       const struct imc_report_facts *f)
{
	imc_json_text(j, "imcc_version", IMCC_VERSION);
	imc_json_open(j, "model", '{');
	imc_json_text(j, "name", m->model_name);
	imc_json_text(j, "path", f->model_file);
	imc_json_text(j, "sha256", m->model_sha256);
	imc_json_close(j, '}');
	imc_json_open(j, "target", '{');
	imc_json_text(j, "name", m->hw->name);
	imc_json_text(j, "source", f->target_source);
	imc_json_int(j, "clusters", m->hw->chip_clusters);
	imc_json_int(j, "cores", m->hw->cluster_cores);
	imc_json_number(j, "freq_mhz", m->hw->cluster_freq);
	imc_json_int(j, "arrays", m->hw->ima_arrays);
	imc_json_int(j, "array_rows", m->hw->ima_rows);
	imc_json_int(j, "array_cols", m->hw->ima_cols);
	imc_json_int(j, "cell_bits", m->hw->ima_cell_bits);
	imc_json_close(j, '}');
	imc_json_open(j, "calibration", '{');
	imc_json_text(j, "source", f->calib_file);
	imc_json_int(j, "samples", m->calib_n);
	imc_json_bool(j, "synthetic", f->synthetic);
	imc_json_text(j, "method", imc_report_method(&m->opt));
	if (m->opt.calib_method == 0)
		imc_json_number(j, "percentile", m->opt.percentile);
	imc_json_close(j, '}');
	write_given(j, m);
}

static void write_rates(struct imc_json *j, const struct imc_peak *r)
{
	imc_json_number(j, "tops", r->tops);
	imc_json_number(j, "tops_per_w", r->tops_per_w);
	imc_json_number(j, "tops_per_mm2", r->tops_per_mm2);
}

static void write_totals(struct imc_json *j, const struct imc_module *m,
			 const struct imc_report_facts *f)
{
	double bound_ns = imc_plan_bound_ns(&m->map, &m->plan);

	imc_json_open(j, "total", '{');
	imc_json_number(j, "latency_ms", f->total.ns * 1e-6);
	imc_json_number(j, "energy_uj", f->total.pj * 1e-6);
	imc_json_int(j, "macs", imc_graph_macs(m->g));
	imc_json_int(j, "params", imc_graph_params(m->g));
	imc_json_number(j, "transfer_ms", f->transfers.ns * 1e-6);
	imc_json_number(j, "transfer_uj", f->transfers.pj * 1e-6);
	imc_json_number(j, "area_mm2", imc_area_mm2(m->hw));
	imc_json_number(j, "latency_bound_ms", bound_ns * 1e-6);
	if (bound_ns > 0)
		imc_json_text(j, "latency_bound_of",
			      m->plan.in_chains ? "chains" : "pairs");
	imc_json_number(j, "overlap_saves_ms", f->saved_ns * 1e-6);
	write_rates(j, &f->rate);
	imc_json_close(j, '}');
	imc_json_open(j, "mapping", '{');
	imc_json_text(j, "objective",
		      imc_objective_name((enum imc_objective)m->opt.objective));
	imc_json_number(j, "slack_percent",
			imc_hw_is_spatial(m->hw) ? 0 : m->opt.slack);
	imc_json_close(j, '}');
	imc_json_open(j, "peak", '{');
	imc_json_int(j, "windows", IMC_REPORT_PEAK_WINDOWS);
	write_rates(j, &f->peak);
	imc_json_close(j, '}');
}

static void write_arrays(struct imc_json *j, const struct imc_module *m,
			 const struct imc_report_facts *f)
{
	double all = (double)m->map.array_rows * m->map.array_cols;

	imc_json_open(j, "arrays", '{');
	imc_json_int(j, "used", m->map.n_used);
	imc_json_int(j, "available", m->map.n_array);
	imc_json_int(j, "lower_bound", m->map.lower_bound);
	imc_json_number(j, "utilisation", f->array_utilisation);
	imc_json_text(j, "solver", m->map.solver);
	imc_json_int(j, "gap", m->map.n_used - m->map.lower_bound);
	imc_json_open_row(j, "utilisations", '[');
	for (size_t i = 0; i < f->n_array; i++)
		imc_json_number(j, NULL, (double)f->array[i].cells / all);
	imc_json_close(j, ']');
	imc_json_close(j, '}');
}

static void write_shape(struct imc_json *j, const char *key,
			const struct imc_value *v)
{
	imc_json_open_row(j, key, '[');
	for (int i = 0; v && i < v->t.rank; i++)
		imc_json_int(j, NULL, v->t.dim[i]);
	imc_json_close(j, ']');
}

static const char *post_of(const struct imc_report_layer *l)
{
	if (l->as->engine != IMC_ENGINE_CROSSBAR)
		return "";
	return l->as->post_adc ? "adc" : "digital";
}

static void write_layer(struct imc_json *j, const struct imc_module *m,
			const struct imc_report_facts *f,
			const struct imc_report_layer *l)
{
	const struct imc_node *n = imc_node_at(m->g, l->id);
	bool analog = l->as->engine == IMC_ENGINE_CROSSBAR;

	imc_json_open(j, NULL, '{');
	imc_json_text(j, "name", l->name);
	imc_json_open_row(j, "onnx_nodes", '[');
	for (int i = 0; i < n->n_origin; i++)
		imc_json_text(j, NULL, n->origin[i]);
	imc_json_close(j, ']');
	imc_json_text(j, "op", l->op);
	imc_json_text(j, "engine", imc_engine_name(l->as->engine));
	imc_json_int(j, "rows", l->mx.rows);
	imc_json_int(j, "cols", l->mx.cols);
	imc_json_int(j, "groups", l->mx.groups);
	imc_json_int(j, "tiles", l->n_tile);
	imc_json_int(j, "copies", l->copies);
	imc_json_int(j, "weight_bits", l->mx.rows ? l->as->weight_bits : 0);
	imc_json_int(j, "act_bits", l->as->act_bits);
	imc_json_text(j, "post", post_of(l));
	imc_json_int(j, "slices", l->n_tile ? l->as->slices : 0);
	imc_json_number(j, "latency_us", l->cost.ns * 1e-3);
	imc_json_number(j, "energy_nj", l->cost.pj * 1e-3);
	imc_json_number(j, "cell_utilisation", l->cell_utilisation);
	write_shape(j, "input_shape", l->in);
	write_shape(j, "output_shape", l->out);
	imc_json_text(j, "note", l->note);
	imc_json_number(j, "hidden_us", l->hidden_ns * 1e-3);
	imc_json_number(j, "digital_us", analog ? l->cost.core_ns * 1e-3 : 0);
	imc_json_number(j, "stream_us", l->cost.stream_ns * 1e-3);
	imc_json_number(j, "stream_share",
			l->cost.ns > 0 ? l->cost.stall_ns / l->cost.ns : 0);
	imc_json_open_row(j, "patch", '[');
	imc_json_int(j, NULL, analog ? imc_max_i64(l->as->patch_h, 1) : 0);
	imc_json_int(j, NULL, analog ? imc_max_i64(l->as->patch_w, 1) : 0);
	imc_json_close(j, ']');
	imc_report_adc_json(j, f, l);
	if (analog && l->as->column_cells)
		imc_report_cells_json(j, m, l);
	if (f->spatial)
		imc_report_stage_json(j, m, l);
	else if (m->n_trial)
		imc_json_number(j, "error",
				imc_layer_error_as(imc_layer_error_of(m, l->id),
						   l->as));
	imc_json_close(j, '}');
}

static void write_arrays_map(struct imc_json *j, const struct imc_module *m,
			     const struct imc_report_facts *f)
{
	imc_json_open(j, "arrays_map", '[');
	for (size_t i = 0; i < m->map.n_tile; i++) {
		const struct imc_tile *t = &m->map.tile[i];

		if (t->array < 0)
			continue;
		imc_json_open_row(j, NULL, '{');
		imc_json_int(j, "array", t->array);
		imc_json_text(j, "layer", imc_node_at(m->g, t->node)->name);
		imc_json_int(j, "x", t->x);
		imc_json_int(j, "y", t->y);
		imc_json_int(j, "w", t->w);
		imc_json_int(j, "h", t->h);
		if (f->tile_adc[i].by_rows)
			imc_report_tile_json(j, &f->tile_adc[i]);
		imc_json_close(j, '}');
	}
	imc_json_close(j, ']');
}

/* A clock differs from run to run and a bundle may not: 0 unless asked. */
static void write_passes(struct imc_json *j, const struct imc_module *m)
{
	imc_json_open(j, "passes", '[');
	for (size_t i = 0; i < m->n_pass; i++) {
		imc_json_open_row(j, NULL, '{');
		imc_json_text(j, "name", m->pass[i].name);
		imc_json_number(j, "ms", m->opt.timings ? m->pass[i].ms : 0);
		imc_json_int(j, "changes", m->pass[i].n_changed);
		imc_json_close(j, '}');
	}
	imc_json_close(j, ']');
}

static void write_warnings(struct imc_json *j, const struct imc_diags *d)
{
	imc_json_open(j, "warnings", '[');
	for (size_t i = 0; d && i < d->n; i++)
		if (d->v[i].severity == IMC_WARNING)
			imc_json_text(j, NULL, d->v[i].text);
	imc_json_close(j, ']');
}

void imc_report_json(const struct imc_module *m,
		     const struct imc_report_sizes *s, struct imc_buf *out)
{
	struct imc_arena *scratch = imc_arena_new();
	struct imc_report_facts f = imc_report_facts(m, s, scratch);
	struct imc_json j = {.out = out};

	imc_json_open(&j, NULL, '{');
	write_head(&j, m, &f);
	write_totals(&j, m, &f);
	write_arrays(&j, m, &f);
	imc_report_memory_json(&j, m, s, &f);
	imc_report_residuals_json(&j, m, &f);
	imc_report_robust_json(&j, m, &f);
	imc_report_stages_json(&j, m, &f);
	imc_json_open(&j, "layers", '[');
	for (size_t i = 0; i < f.n_layer; i++)
		write_layer(&j, m, &f, &f.layer[i]);
	imc_json_close(&j, ']');
	write_arrays_map(&j, m, &f);
	write_passes(&j, m);
	write_warnings(&j, m->diags);
	imc_json_close(&j, '}');
	imc_arena_free(scratch);
}
