#include <string.h>

#include "backend/report/adcs.h"
#include "backend/report/facts.h"
#include "backend/report/memory.h"
#include "backend/report/residuals.h"
#include "backend/report/robustness.h"
#include "backend/report/stages.h"
#include "backend/report/table.h"

static const char *first_part(const char *s, size_t most, struct imc_arena *a)
{
	const char *text = imc_report_cleaned(s, a);

	if (strlen(text) <= most)
		return text;
	return imc_arena_printf(a, "%.*s..", (int)most - 2, text);
}

static const char *rate_text(const struct imc_peak *r, struct imc_arena *a)
{
	return imc_arena_printf(a, "%.4g GOPS, %.4g TOPS/W, %.4g GOPS/mm2",
				r->tops * 1e3, r->tops_per_w,
				r->tops_per_mm2 * 1e3);
}

static void print_speed(const struct imc_module *m,
			const struct imc_report_facts *f, struct imc_arena *a,
			struct imc_buf *out)
{
	double bound_ns = imc_plan_bound_ns(&m->map, &m->plan);

	imc_buf_printf(out, "  latency      %.4g ms", f->total.ns * 1e-6);
	if (bound_ns > 0)
		imc_buf_printf(out, " (at least %.4g%s)", bound_ns * 1e-6,
			       m->plan.in_chains ? " in strips" : "");
	if (f->saved_ns > 0)
		imc_buf_printf(out, ", overlap saves %.4g ms",
			       f->saved_ns * 1e-6);
	imc_buf_printf(out, "\n  energy       %.4g uJ\n", f->total.pj * 1e-6);
	imc_buf_printf(out, "  work         %lld MACs, %lld parameters\n",
		       (long long)imc_graph_macs(m->g),
		       (long long)imc_graph_params(m->g));
	imc_buf_printf(out, "  rate         %s\n", rate_text(&f->rate, a));
	if (f->peak.tops > 0)
		imc_buf_printf(out,
			       "  peak         %s (full arrays, layers of %d "
			       "windows)\n",
			       rate_text(&f->peak, a), IMC_REPORT_PEAK_WINDOWS);
}

/* What was asked for: a latency above its bound may be meant. */
static const char *objective_text(const struct imc_module *m,
				  struct imc_arena *a)
{
	enum imc_objective o = (enum imc_objective)m->opt.objective;

	if (o != IMC_OBJECTIVE_LATENCY || m->opt.slack <= 0 ||
	    imc_hw_is_spatial(m->hw)) /* there nothing is given away */
		return imc_objective_name(o);
	return imc_arena_printf(a, "latency, up to %g %% of it for energy",
				m->opt.slack);
}

/* Where ranges come from. */
static void print_ranges(const struct imc_module *m,
			 const struct imc_report_facts *f, struct imc_buf *out)
{
	struct imc_given_count c = imc_given_count_of(m->g);

	if (m->calib_source)
		imc_buf_printf(out, "  calibration  %lld samples of %s, %s\n",
			       (long long)m->calib_n, f->calib_file,
			       imc_report_method(&m->opt));
	if (c.n_act || c.n_weight)
		imc_buf_printf(out,
			       "  given        numbers of %d of %d activations "
			       "and of %d of %d weights are kept\n",
			       c.act[IMC_GIVEN_KEPT], c.n_act,
			       c.weight[IMC_GIVEN_KEPT], c.n_weight);
}

static void print_title(const struct imc_module *m,
			const struct imc_report_sizes *s,
			const struct imc_report_facts *f, struct imc_arena *a,
			struct imc_buf *out)
{
	imc_buf_printf(out, "%s on %s (imcc %s)\n\n", m->model_name,
		       m->hw->name, IMCC_VERSION);
	print_speed(m, f, a, out);
	imc_buf_printf(out,
		       "  arrays       %d of %d used (at least %d), %.1f %% of "
		       "their cells\n",
		       m->map.n_used, m->map.n_array, m->map.lower_bound,
		       f->array_utilisation * 100);
	imc_buf_printf(out,
		       "  L1           %lld of %lld bytes (at least %lld)\n",
		       (long long)m->plan.l1_bytes, (long long)m->hw->l1_bytes,
		       (long long)m->plan.l1_lower_bound);
	imc_buf_printf(
		out,
		"  L2           %lld of %lld bytes: images %lld, code and "
		"data %lld\n",
		(long long)f->l2_peak_bytes, (long long)m->hw->l2_bytes,
		(long long)s->image_bytes, (long long)s->code_data_bytes);
	imc_buf_printf(out, "  objective    %s\n", objective_text(m, a));
	print_ranges(m, f, out);
}

/* Several groups: "32x(9x1)". */
static const char *matrix_text(const struct imc_report_layer *l,
			       struct imc_arena *a)
{
	if (!l->mx.rows)
		return "";
	if (l->mx.groups > 1)
		return imc_arena_printf(a, "%dx(%dx%d)", l->mx.groups,
					l->mx.rows, l->mx.cols);
	return imc_arena_printf(a, "%dx%d", l->mx.rows, l->mx.cols);
}

static const char *tiles_text(const struct imc_report_layer *l,
			      struct imc_arena *a)
{
	if (l->as->copies > 1)
		return imc_arena_printf(a, "%dx%d", l->as->copies,
					l->n_tile / l->as->copies);
	return imc_arena_printf(a, "%d", l->n_tile);
}

/* What follows the ADC: nothing, or so many us of the cores. */
static const char *post_text(const struct imc_report_layer *l,
			     struct imc_arena *a)
{
	if (l->as->post_adc)
		return "adc";
	return imc_arena_printf(a, "%.2f", l->cost.core_ns * 1e-3);
}

static const char *share_text(double ns, double total_ns, struct imc_arena *a)
{
	return imc_arena_printf(a, "%.1f%%",
				total_ns > 0 ? ns * 100 / total_ns : 0);
}

static void add_layer(struct imc_table *t, const struct imc_report_layer *l,
		      double total_ns)
{
	bool analog = l->as->engine == IMC_ENGINE_CROSSBAR;
	double shown = l->cost.ns - l->hidden_ns;
	struct imc_arena *a = t->a;

	imc_table_cell(t, imc_report_short_name(l, 24, a));
	imc_table_cell(t, first_part(l->op, 9, a));
	imc_table_cell(t, imc_arena_printf(a, "%s%s",
					   imc_engine_name(l->as->engine),
					   l->as->spilled ? " *" : ""));
	imc_table_cell(t, matrix_text(l, a));
	imc_table_cell(t, analog ? tiles_text(l, a) : "");
	imc_table_cell(t, analog ? imc_arena_printf(a, "%d", l->copies) : "");
	imc_table_cell(t, imc_arena_printf(a, "%.2f", l->cost.ns * 1e-3));
	imc_table_cell(t, shown > 0 || l->cost.ns <= 0
				  ? share_text(shown, total_ns, a)
				  : "hidden");
	imc_table_cell(t, imc_arena_printf(a, "%.3f", l->cost.pj * 1e-6));
	imc_table_cell(t, analog ? post_text(l, a) : "");
	imc_table_cell(t, analog ? imc_arena_printf(a, "%.0f%%",
						    l->cell_utilisation * 100)
				 : "");
}

static void print_layers(const struct imc_report_facts *f, struct imc_arena *a,
			 struct imc_buf *out)
{
	static const char *const head[] = {
		"layer", "op",	  "engine", "matrix", "tiles", "px",
		"us",	 "share", "uJ",	    "post",   "cells",
	};
	struct imc_table t = {.a = a, .n_col = 11, .left = "lllrrrrrrrr"};
	bool spilled = false;

	imc_buf_text(out,
		     "\nLayers (matrix: rows x columns of the weights; px: "
		     "output pixels of a job;\npost: us of the cores behind "
		     "the ADC; cells: of its tiles, those with weights)\n\n");
	imc_table_head(&t, head);
	for (size_t i = 0; i < f->n_layer; i++) {
		add_layer(&t, &f->layer[i], f->total.ns);
		spilled |= f->layer[i].as->spilled;
	}
	imc_table_print(&t, out);
	if (spilled)
		imc_buf_text(out,
			     "\n  * spilled: no crossbar array was left for "
			     "it\n");
}

/* Bits of the weights of an engine's layers: "4", "4-8", or "". */
static const char *bits_text(const struct imc_report_facts *f, int engine,
			     struct imc_arena *a)
{
	int32_t least = INT32_MAX, most = 0;

	for (size_t i = 0; i < f->n_layer; i++) {
		const struct imc_assign *as = f->layer[i].as;

		if ((int)as->engine != engine || !f->layer[i].mx.rows)
			continue;
		if (as->weight_bits < least)
			least = as->weight_bits;
		if (as->weight_bits > most)
			most = as->weight_bits;
	}
	if (most == 0)
		return "";
	if (least == most)
		return imc_arena_printf(a, "%d", most);
	return imc_arena_printf(a, "%d-%d", least, most);
}

/* A row of the table of engines. */
struct engine_row {
	const char *name, *bits;
	double ns, hidden_ns, pj;
};

static void add_engine(struct imc_table *t, const struct engine_row *r,
		       double total_ns)
{
	struct imc_arena *a = t->a;

	if (!(r->ns > 0) && !(r->pj > 0))
		return;
	imc_table_cell(t, r->name);
	imc_table_cell(t, r->bits);
	imc_table_cell(t, imc_arena_printf(a, "%.2f", r->ns * 1e-3));
	imc_table_cell(
		t, r->hidden_ns > 0
			   ? imc_arena_printf(a, "%.2f", r->hidden_ns * 1e-3)
			   : "");
	imc_table_cell(t, share_text(r->ns - r->hidden_ns, total_ns, a));
	imc_table_cell(t, imc_arena_printf(a, "%.3f", r->pj * 1e-6));
}

static void print_engines(const struct imc_report_facts *f, struct imc_arena *a,
			  struct imc_buf *out)
{
	static const char *const head[] = {"engine", "weight bits", "us",
					   "hidden", "share",	    "uJ"};
	struct imc_table t = {.a = a, .n_col = 6, .left = "lrrrrr"};
	struct engine_row r;

	imc_buf_text(out, "\nEngines (hidden: us beside a longer step)\n\n");
	imc_table_head(&t, head);
	for (int e = 0; e < IMC_N_ENGINE; e++) {
		r.name = imc_engine_name((enum imc_engine)e);
		r.bits = bits_text(f, e, a);
		r.ns = f->engine[e].ns;
		r.hidden_ns = f->engine_hidden_ns[e];
		r.pj = f->engine[e].pj;
		add_engine(&t, &r, f->total.ns);
	}
	r = (struct engine_row){"transfers", "", f->transfers.ns, 0,
				f->transfers.pj};
	add_engine(&t, &r, f->total.ns);
	imc_table_print(&t, out);
}

/* The arrays with fewest cells in use, at most three. */
static void print_emptiest(const struct imc_report_facts *f, double all,
			   struct imc_buf *out)
{
	size_t last = 0; /* the one printed last */

	for (int k = 0; k < 3 && (size_t)k + 1 < f->n_array; k++) {
		const struct imc_report_array *r = f->array;
		size_t best = f->n_array;

		for (size_t i = 0; i < f->n_array; i++) {
			/* behind the last one by cells, then number */
			bool behind = k == 0 || r[i].cells > r[last].cells ||
				      (r[i].cells == r[last].cells && i > last);

			if (behind &&
			    (best == f->n_array || r[i].cells < r[best].cells))
				best = i;
		}
		imc_buf_printf(out, "%s %d with %.1f %%",
			       k ? "," : "\n  emptiest:", r[best].array,
			       (double)r[best].cells * 100 / all);
		last = best;
	}
	if (f->n_array > 1)
		imc_buf_text(out, "\n");
}

/* Arrays beside one another in a row of their table. */
#define ARRAYS_A_ROW 4

static void print_arrays(const struct imc_module *m,
			 const struct imc_report_facts *f, struct imc_arena *a,
			 struct imc_buf *out)
{
	static const char *const head[] = {"array", "tiles", "used"};
	double all = (double)m->map.array_rows * m->map.array_cols;
	int n = f->n_array < ARRAYS_A_ROW ? (int)f->n_array : ARRAYS_A_ROW;
	struct imc_table t = {.a = a, .n_col = 3 * n, .left = "rrrrrrrrrrrr"};

	if (n == 0)
		return;
	imc_buf_printf(out,
		       "\nArrays (%d rows, %d columns each; placed by %s)"
		       "\n\n",
		       m->map.array_rows, m->map.array_cols,
		       m->map.solver ? m->map.solver : "hand");
	for (int i = 0; i < t.n_col; i++)
		imc_table_cell(&t, head[i % 3]);
	for (size_t i = 0; i < f->n_array; i++) {
		const struct imc_report_array *r = &f->array[i];

		imc_table_cell(&t, imc_arena_printf(a, "%d", r->array));
		imc_table_cell(&t, imc_arena_printf(a, "%d", r->n_tile));
		imc_table_cell(&t,
			       imc_arena_printf(a, "%.1f%%",
						(double)r->cells * 100 / all));
	}
	while (t.n % (size_t)t.n_col)
		imc_table_cell(&t, "");
	imc_table_print(&t, out);
	print_emptiest(f, all, out);
}

static void print_warnings(const struct imc_diags *d, struct imc_buf *out)
{
	bool any = false;

	for (size_t i = 0; d && i < d->n; i++) {
		if (d->v[i].severity != IMC_WARNING)
			continue;
		if (!any)
			imc_buf_text(out, "\nWarnings\n\n");
		any = true;
		imc_buf_printf(out, "  %s\n", d->v[i].text);
	}
}

void imc_report_text(const struct imc_module *m,
		     const struct imc_report_sizes *s, struct imc_buf *out)
{
	struct imc_arena *scratch = imc_arena_new();
	struct imc_report_facts f = imc_report_facts(m, s, scratch);

	print_title(m, s, &f, scratch, out);
	print_layers(&f, scratch, out);
	imc_report_adcs_text(m, &f, out);
	imc_report_residuals_text(m, &f, scratch, out);
	imc_report_robust_text(m, &f, out);
	imc_report_stages_text(m, &f, out);
	print_engines(&f, scratch, out);
	imc_report_memory_text(m, &f, out);
	if (!f.spatial) /* a tile an array says nothing */
		print_arrays(m, &f, scratch, out);
	print_warnings(m->diags, out);
	imc_arena_free(scratch);
}
