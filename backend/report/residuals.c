#include "backend/report/residuals.h"

#include "backend/report/table.h"
#include "ir/residual.h"

/* Residual weights of one layer, or of all. */
struct residuals {
	int64_t n_group, n_place, n_weight, bytes;
	double macs, ns, pj; /* of the macro */
	int32_t shift;
};

/* What there is without residual weights, of a layer on arrays. */
static void add_empty(const struct imc_module *m,
		      const struct imc_report_layer *l, struct residuals *sum)
{
	const struct imc_node *n = imc_node_at(m->g, l->id);

	if (m->hw->sram_macs_per_cycle <= 0 ||
	    l->as->engine != IMC_ENGINE_CROSSBAR || n->op != IMC_OP_Q_CONV2D)
		return;
	sum->n_place += imc_residual_places(&imc_node_in(m->g, n, 1)->t,
					    m->hw->sram_group);
	sum->n_weight += imc_tensor_count(&imc_node_in(m->g, n, 1)->t);
}

/* False: layer l has none. */
static bool residuals_of(const struct imc_module *m,
			 const struct imc_report_layer *l, struct residuals *r)
{
	const struct imc_node *n = imc_node_at(m->g, l->id);
	const struct imc_value *w =
		n->op == IMC_OP_Q_CONV2D ? imc_node_in(m->g, n, 9) : NULL;
	struct imc_arena *a;
	struct imc_residual stored;

	if (!w)
		return false;
	a = imc_arena_new();
	stored = imc_residual_pack(m->g, n, a);
	r->n_group = stored.n_group;
	r->n_place = imc_residual_places(&w->t, stored.group);
	r->n_weight = imc_tensor_count(&w->t);
	r->bytes = imc_residual_bytes(&stored);
	r->shift = stored.shift;
	r->macs =
		(double)l->mx.n_window * (double)stored.n_group * stored.group;
	imc_cost_residual(m->hw, r->macs, &r->ns, &r->pj);
	imc_arena_free(a);
	return true;
}

static struct residuals all_of(const struct imc_module *m,
			       const struct imc_report_facts *f)
{
	struct residuals sum = {0}, r;

	for (size_t i = 0; i < f->n_layer; i++) {
		if (!residuals_of(m, &f->layer[i], &r)) {
			add_empty(m, &f->layer[i], &sum);
			continue;
		}
		sum.n_group += r.n_group;
		sum.n_place += r.n_place;
		sum.n_weight += r.n_weight;
		sum.bytes += r.bytes;
		sum.macs += r.macs;
		sum.ns += r.ns;
		sum.pj += r.pj;
	}
	return sum;
}

static void print_row(struct imc_table *t, const struct imc_report_layer *l,
		      const struct residuals *r)
{
	struct imc_arena *a = t->a;

	imc_table_cell(t, imc_report_short_name(l, 28, a));
	imc_table_cell(t, imc_arena_printf(a, "%d", (int)r->shift));
	imc_table_cell(t, imc_arena_printf(a, "%lld", (long long)r->n_group));
	imc_table_cell(t, imc_arena_printf(a, "%.1f%%",
					   100 * (double)r->n_group /
						   (double)r->n_place));
	imc_table_cell(t, imc_arena_printf(a, "%lld", (long long)r->bytes));
	imc_table_cell(t, imc_arena_printf(a, "%.2f", r->ns * 1e-3));
	imc_table_cell(t, imc_arena_printf(a, "%.2f", r->pj * 1e-3));
}

void imc_report_residuals_text(const struct imc_module *m,
			       const struct imc_report_facts *f,
			       struct imc_arena *a, struct imc_buf *out)
{
	static const char *const head[] = {"layer", "shift", "groups", "kept",
					   "bytes", "us",    "nJ"};
	struct residuals sum = all_of(m, f), r;
	struct imc_table t = {.a = a, .n_col = 7, .left = "lrrrrrr"};

	if (sum.n_group == 0)
		return;
	imc_buf_printf(out,
		       "\nResidual weights beside the arrays (groups of %d; "
		       "%lld of %lld, %lld of %lld bytes of SRAM;\n%.4g ms, "
		       "which count where the arrays are faster, and %.4g uJ)"
		       "\n\n",
		       (int)m->hw->sram_group, (long long)sum.n_group,
		       (long long)sum.n_place, (long long)sum.bytes,
		       (long long)m->hw->sram_bytes, sum.ns * 1e-6,
		       sum.pj * 1e-6);
	for (int i = 0; i < 7; i++)
		imc_table_cell(&t, head[i]);
	for (size_t i = 0; i < f->n_layer; i++)
		if (residuals_of(m, &f->layer[i], &r))
			print_row(&t, &f->layer[i], &r);
	imc_table_print(&t, out);
}

static void write_layer(struct imc_json *j, const struct imc_report_layer *l,
			const struct residuals *r)
{
	imc_json_open_row(j, NULL, '{');
	imc_json_text(j, "name", l->name);
	imc_json_int(j, "shift", r->shift);
	imc_json_int(j, "groups", r->n_group);
	imc_json_int(j, "places", r->n_place);
	imc_json_int(j, "bytes", r->bytes);
	imc_json_number(j, "latency_us", r->ns * 1e-3);
	imc_json_number(j, "energy_nj", r->pj * 1e-3);
	imc_json_close(j, '}');
}

void imc_report_residuals_json(struct imc_json *j, const struct imc_module *m,
			       const struct imc_report_facts *f)
{
	struct residuals sum = all_of(m, f), r;

	if (sum.n_group == 0)
		return;
	imc_json_open(j, "residual", '{');
	imc_json_int(j, "group", m->hw->sram_group);
	imc_json_int(j, "groups", sum.n_group);
	imc_json_int(j, "places", sum.n_place);
	imc_json_number(j, "share",
			(double)(sum.n_group * m->hw->sram_group) /
				(double)sum.n_weight);
	imc_json_int(j, "bytes", sum.bytes);
	imc_json_int(j, "available_bytes", m->hw->sram_bytes);
	imc_json_number(j, "latency_ms", sum.ns * 1e-6);
	imc_json_number(j, "energy_uj", sum.pj * 1e-6);
	imc_json_open(j, "layers", '[');
	for (size_t i = 0; i < f->n_layer; i++)
		if (residuals_of(m, &f->layer[i], &r))
			write_layer(j, &f->layer[i], &r);
	imc_json_close(j, ']');
	imc_json_close(j, '}');
}
