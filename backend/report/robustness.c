#include "backend/report/robustness.h"

#include "backend/report/table.h"

/* The network that was taken; NULL: none was measured. */
static const struct imc_trial *taken_of(const struct imc_module *m)
{
	for (size_t i = 0; i < m->n_trial; i++)
		if (m->trial[i].taken)
			return &m->trial[i];
	return NULL;
}

/* How the layer is computed without regard to noise; NULL: not known. */
static const struct imc_plain_layer *plain_of(const struct imc_module *m,
					      imc_node_id id)
{
	const struct imc_robust *r = &m->robust;

	for (size_t i = 0; i < r->n_plain; i++)
		if (r->plain[i].node.i == id.i)
			return &r->plain[i];
	return NULL;
}

static bool has_changed(const struct imc_plain_layer *p,
			const struct imc_assign *as)
{
	return p->engine != as->engine || p->weight_bits != as->weight_bits ||
	       p->post_adc != as->post_adc;
}

/* The error that the layer has as it would be computed. */
static double plain_error(const struct imc_module *m,
			  const struct imc_plain_layer *p)
{
	struct imc_assign as = {.engine = p->engine,
				.weight_bits = p->weight_bits,
				.act_bits = (int32_t)m->hw->ima_dac_bits,
				.post_adc = p->post_adc};

	return imc_layer_error_as(imc_layer_error_of(m, p->node), &as);
}

/* ---- text ---- */

struct way {
	const char *name;
	int32_t arrays;
	double ns, pj, error, right, std, worst;
};

static void add_way(struct imc_table *t, const struct way *w)
{
	struct imc_arena *a = t->a;

	imc_table_cell(t, w->name);
	imc_table_cell(t, imc_arena_printf(a, "%d", w->arrays));
	imc_table_cell(t, imc_arena_printf(a, "%.4g", w->ns * 1e-6));
	imc_table_cell(t, imc_arena_printf(a, "%.4g", w->pj * 1e-6));
	imc_table_cell(t, imc_arena_printf(a, "%.3g", w->error));
	imc_table_cell(t, imc_arena_printf(a, "%.2f", w->right));
	imc_table_cell(t, imc_arena_printf(a, "%.2f", w->std));
	imc_table_cell(t, imc_arena_printf(a, "%.2f", w->worst));
}

static void print_ways(const struct imc_module *m,
		       const struct imc_report_facts *f, struct imc_arena *a,
		       struct imc_buf *out)
{
	static const char *const head[] = {"mapping", "arrays", "ms",
					   "uJ",      "error",	"right %",
					   "std",     "worst"};
	struct imc_table t = {.a = a, .n_col = 8, .left = "lrrrrrrr"};
	const struct imc_robust *r = &m->robust;
	const struct imc_trial *s = taken_of(m);

	imc_table_head(&t, head);
	if (r->plain_arrays > 0)
		add_way(&t, &(struct way){"plain", r->plain_arrays, r->plain_ns,
					  r->plain_pj, r->plain_error,
					  r->plain_right, r->plain_std,
					  r->plain_worst});
	if (s)
		add_way(&t, &(struct way){"robust", m->map.n_used, f->total.ns,
					  f->total.pj, s->error, s->right,
					  s->std, s->worst});
	imc_table_print(&t, out);
	imc_buf_printf(out, "\n  float: %.2f %%", r->float_right);
	if (s)
		imc_buf_printf(out, "; predicted error %.3g", s->predicted);
	imc_buf_text(out, "\n");
	if (r->plain_arrays == 0)
		imc_buf_text(out, "  without regard to noise there is no "
				  "mapping on this machine\n");
}

static const char *way_text(enum imc_engine e, int32_t bits, bool adc,
			    struct imc_arena *a)
{
	if (e != IMC_ENGINE_CROSSBAR)
		return imc_engine_name(e);
	return imc_arena_printf(a, "%s %d bit%s", imc_engine_name(e), bits,
				adc ? " adc" : "");
}

static void add_change(struct imc_table *t, const struct imc_module *m,
		       const struct imc_report_layer *l,
		       const struct imc_plain_layer *p)
{
	struct imc_arena *a = t->a;

	imc_table_cell(t, imc_report_short_name(l, 28, a));
	imc_table_cell(t, way_text(p->engine, p->weight_bits, p->post_adc, a));
	imc_table_cell(t, way_text(l->as->engine, l->as->weight_bits,
				   l->as->post_adc, a));
	imc_table_cell(t, imc_arena_printf(a, "%.3g", plain_error(m, p)));
	imc_table_cell(t, imc_arena_printf(a, "%.3g",
					   imc_layer_error_as(
						   imc_layer_error_of(m, l->id),
						   l->as)));
}

static void print_changes(const struct imc_module *m,
			  const struct imc_report_facts *f, struct imc_arena *a,
			  struct imc_buf *out)
{
	static const char *const head[] = {"layer", "plain", "robust", "error",
					   "error now"};
	struct imc_table t = {.a = a, .n_col = 5, .left = "lllrr"};

	imc_table_head(&t, head);
	for (size_t i = 0; i < f->n_layer; i++) {
		const struct imc_plain_layer *p = plain_of(m, f->layer[i].id);

		if (p && has_changed(p, f->layer[i].as))
			add_change(&t, m, &f->layer[i], p);
	}
	if (t.n == 5) {
		imc_buf_text(out, "\n  no layer is computed in another way\n");
		return;
	}
	imc_buf_text(out, "\n");
	imc_table_print(&t, out);
}

void imc_report_robust_text(const struct imc_module *m,
			    const struct imc_report_facts *f,
			    struct imc_buf *out)
{
	const struct imc_robust *r = &m->robust;
	struct imc_arena *a;

	if (!r->model)
		return;
	a = imc_arena_new();
	imc_buf_printf(out,
		       "\nUnder the noise of %s, %g s after programming, %lld "
		       "runs (plain: mapped without\nregard to it; error: of "
		       "the output)\n\n",
		       imc_report_cleaned(r->model, a), r->time_s,
		       (long long)r->runs);
	print_ways(m, f, a, out);
	if (r->n_plain > 0)
		print_changes(m, f, a, out);
	imc_arena_free(a);
}

/* ---- JSON ---- */

static void write_way(struct imc_json *j, const struct way *w)
{
	imc_json_open(j, w->name, '{');
	imc_json_int(j, "arrays", w->arrays);
	imc_json_number(j, "ms", w->ns * 1e-6);
	imc_json_number(j, "uj", w->pj * 1e-6);
	imc_json_number(j, "error", w->error);
	imc_json_number(j, "mean", w->right);
	imc_json_number(j, "std", w->std);
	imc_json_number(j, "worst", w->worst);
	imc_json_close(j, '}');
}

static void write_changes(struct imc_json *j, const struct imc_module *m,
			  const struct imc_report_facts *f)
{
	struct imc_arena *a = imc_arena_new();

	imc_json_open(j, "changes", '[');
	for (size_t i = 0; i < f->n_layer; i++) {
		const struct imc_report_layer *l = &f->layer[i];
		const struct imc_plain_layer *p = plain_of(m, l->id);

		if (!p || !has_changed(p, l->as))
			continue;
		imc_json_open_row(j, NULL, '{');
		imc_json_text(j, "layer", imc_node_at(m->g, l->id)->name);
		imc_json_text(
			j, "plain",
			way_text(p->engine, p->weight_bits, p->post_adc, a));
		imc_json_text(j, "robust",
			      way_text(l->as->engine, l->as->weight_bits,
				       l->as->post_adc, a));
		imc_json_number(j, "plain_error", plain_error(m, p));
		imc_json_number(j, "error",
				imc_layer_error_as(imc_layer_error_of(m, l->id),
						   l->as));
		imc_json_close(j, '}');
	}
	imc_json_close(j, ']');
	imc_arena_free(a);
}

void imc_report_robust_json(struct imc_json *j, const struct imc_module *m,
			    const struct imc_report_facts *f)
{
	const struct imc_robust *r = &m->robust;
	const struct imc_trial *s = taken_of(m);

	if (!r->model)
		return;
	imc_json_open(j, "robust", '{');
	imc_json_text(j, "noise", r->model);
	imc_json_number(j, "time_s", r->time_s);
	imc_json_int(j, "runs", r->runs);
	imc_json_number(j, "float", r->float_right);
	if (r->plain_arrays > 0)
		write_way(j, &(struct way){"plain", r->plain_arrays,
					   r->plain_ns, r->plain_pj,
					   r->plain_error, r->plain_right,
					   r->plain_std, r->plain_worst});
	if (s) {
		write_way(j, &(struct way){"robust", m->map.n_used, f->total.ns,
					   f->total.pj, s->error, s->right,
					   s->std, s->worst});
		imc_json_number(j, "predicted_error", s->predicted);
	}
	write_changes(j, m, f);
	imc_json_close(j, '}');
}
