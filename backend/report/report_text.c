#include <string.h>

#include "backend/report/facts.h"

/* A table of text: cells are kept until their widths are known. */
#define MAX_COL 13

struct table {
	struct imc_arena *a;
	int n_col;
	const char *left; /* one letter a column: 'l' left, 'r' right */
	size_t n, cap;
	const char **cell;
};

static void add_cell(struct table *t, const char *text)
{
	*IMC_PUSH(t->a, t->cell, t->n, t->cap) = text;
}

static void add_head(struct table *t, const char *const *names)
{
	for (int i = 0; i < t->n_col; i++)
		add_cell(t, names[i]);
}

static void print_row(const struct table *t, size_t row, const int *width,
		      struct imc_buf *out)
{
	size_t begin = out->n;

	for (int c = 0; c < t->n_col; c++) {
		const char *text = t->cell[row * (size_t)t->n_col + (size_t)c];

		imc_buf_text(out, "  ");
		imc_buf_printf(out, t->left[c] == 'l' ? "%-*s" : "%*s",
			       width[c], text);
	}
	while (out->n > begin && out->p[out->n - 1] == ' ')
		out->p[--out->n] = 0;
	imc_buf_text(out, "\n");
}

static void print_table(const struct table *t, struct imc_buf *out)
{
	int width[MAX_COL] = {0};

	for (size_t i = 0; i < t->n; i++) {
		int w = (int)strlen(t->cell[i]);
		size_t c = i % (size_t)t->n_col;

		if (w > width[c])
			width[c] = w;
	}
	for (size_t row = 0; row < t->n / (size_t)t->n_col; row++)
		print_row(t, row, width, out);
}

/* A name that cannot spoil the table: no control characters. */
static char *cleaned(const char *s, struct imc_arena *a)
{
	char *out = imc_arena_strdup(a, s);

	for (char *p = out; *p; p++)
		if ((unsigned char)*p < 0x20)
			*p = '?';
	return out;
}

/* The end of a long name says more than its beginning. */
static const char *last_part(const char *s, size_t most, struct imc_arena *a)
{
	const char *text = cleaned(s, a);
	size_t n = strlen(text);

	if (n <= most)
		return text;
	return imc_arena_printf(a, "..%s", text + n - (most - 2));
}

static const char *first_part(const char *s, size_t most, struct imc_arena *a)
{
	const char *text = cleaned(s, a);

	if (strlen(text) <= most)
		return text;
	return imc_arena_printf(a, "%.*s..", (int)most - 2, text);
}

static void print_title(const struct imc_module *m,
			const struct imc_report_sizes *s,
			const struct imc_report_facts *f, struct imc_buf *out)
{
	imc_buf_printf(out, "%s on %s (imcc %s)\n\n", m->model_name,
		       m->hw->name, IMCC_VERSION);
	imc_buf_printf(out, "  latency      %.4g ms\n", f->total.ns * 1e-6);
	imc_buf_printf(out, "  energy       %.4g uJ\n", f->total.pj * 1e-6);
	imc_buf_printf(out, "  work         %lld MACs, %lld parameters\n",
		       (long long)imc_graph_macs(m->g),
		       (long long)imc_graph_params(m->g));
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
	imc_buf_printf(out, "  calibration  %lld samples of %s, %s\n",
		       (long long)m->calib_n, f->calib_file,
		       imc_report_method(&m->opt));
}

static const char *const layer_head[] = {
	"layer", "op",	 "engine", "rows",  "cols",   "tiles", "copy",
	"bits",	 "post", "us",	   "share", "energy", "cells",
};

static const char *rows_text(const struct imc_report_layer *l,
			     struct imc_arena *a)
{
	if (!l->mx.rows)
		return "";
	if (l->mx.groups > 1)
		return imc_arena_printf(a, "%dx%d", l->mx.groups, l->mx.rows);
	return imc_arena_printf(a, "%d", l->mx.rows);
}

static void add_layer(struct table *t, const struct imc_report_layer *l,
		      double total_ns)
{
	bool analog = l->as->engine == IMC_ENGINE_CROSSBAR;
	struct imc_arena *a = t->a;

	add_cell(t, last_part(l->name, 20, a));
	add_cell(t, first_part(l->op, 11, a));
	add_cell(t, imc_arena_printf(a, "%s%s", imc_engine_name(l->as->engine),
				     l->as->spilled ? " *" : ""));
	add_cell(t, rows_text(l, a));
	add_cell(t, l->mx.cols ? imc_arena_printf(a, "%d", l->mx.cols) : "");
	add_cell(t, analog ? imc_arena_printf(a, "%d", l->n_tile) : "");
	add_cell(t, analog ? imc_arena_printf(a, "%d", l->copies) : "");
	add_cell(t, l->mx.rows ? imc_arena_printf(a, "%d", l->as->weight_bits)
			       : "");
	add_cell(t, !analog ? "" : l->as->post_adc ? "adc" : "digital");
	add_cell(t, imc_arena_printf(a, "%.2f", l->cost.ns * 1e-3));
	add_cell(t, imc_arena_printf(a, "%.1f%%",
				     total_ns > 0 ? l->cost.ns * 100 / total_ns
						  : 0));
	add_cell(t, imc_arena_printf(a, "%.4g", l->cost.pj * 1e-3));
	add_cell(t, analog ? imc_arena_printf(a, "%.0f%%",
					      l->cell_utilisation * 100)
			   : "");
}

static void print_layers(const struct imc_report_facts *f, struct imc_arena *a,
			 struct imc_buf *out)
{
	struct table t = {.a = a, .n_col = 13, .left = "lllrrrrrlrrrr"};
	bool spilled = false;

	imc_buf_text(out, "\nLayers (rows, cols: of the weight matrix; us, nJ)"
			  "\n\n");
	add_head(&t, layer_head);
	for (size_t i = 0; i < f->n_layer; i++) {
		add_layer(&t, &f->layer[i], f->total.ns);
		spilled |= f->layer[i].as->spilled;
	}
	print_table(&t, out);
	if (spilled)
		imc_buf_text(out,
			     "\n  * spilled: no crossbar array was left for "
			     "it\n");
}

static void add_engine(struct table *t, const char *name,
		       const struct imc_cost *c, double total_ns)
{
	if (!(c->ns > 0) && !(c->pj > 0))
		return;
	add_cell(t, name);
	add_cell(t, imc_arena_printf(t->a, "%.2f", c->ns * 1e-3));
	add_cell(t,
		 imc_arena_printf(t->a, "%.1f%%",
				  total_ns > 0 ? c->ns * 100 / total_ns : 0));
	add_cell(t, imc_arena_printf(t->a, "%.4g", c->pj * 1e-3));
}

static void print_engines(const struct imc_report_facts *f, struct imc_arena *a,
			  struct imc_buf *out)
{
	static const char *const head[] = {"engine", "us", "share", "nJ"};
	struct table t = {.a = a, .n_col = 4, .left = "lrrr"};

	imc_buf_text(out, "\nEngines\n\n");
	add_head(&t, head);
	for (int e = 0; e < IMC_N_ENGINE; e++)
		add_engine(&t, imc_engine_name((enum imc_engine)e),
			   &f->engine[e], f->total.ns);
	add_engine(&t, "transfers", &f->transfers, f->total.ns);
	print_table(&t, out);
}

static void print_arrays(const struct imc_module *m,
			 const struct imc_report_facts *f, struct imc_arena *a,
			 struct imc_buf *out)
{
	static const char *const head[] = {"array", "tiles", "cells", "used"};
	double all = (double)m->map.array_rows * m->map.array_cols;
	struct table t = {.a = a, .n_col = 4, .left = "rrrr"};

	if (!f->n_array)
		return;
	imc_buf_printf(out,
		       "\nArrays (%d rows, %d columns each; placed by %s)"
		       "\n\n",
		       m->map.array_rows, m->map.array_cols,
		       m->map.solver ? m->map.solver : "hand");
	add_head(&t, head);
	for (size_t i = 0; i < f->n_array; i++) {
		const struct imc_report_array *r = &f->array[i];

		add_cell(&t, imc_arena_printf(a, "%d", r->array));
		add_cell(&t, imc_arena_printf(a, "%d", r->n_tile));
		add_cell(&t, imc_arena_printf(a, "%lld", (long long)r->cells));
		add_cell(&t, imc_arena_printf(a, "%.1f%%",
					      (double)r->cells * 100 / all));
	}
	print_table(&t, out);
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

	print_title(m, s, &f, out);
	print_layers(&f, scratch, out);
	print_engines(&f, scratch, out);
	print_arrays(m, &f, scratch, out);
	print_warnings(m->diags, out);
	imc_arena_free(scratch);
}
