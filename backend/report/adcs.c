#include "backend/report/adcs.h"

#include "backend/report/table.h"

/* Clipped sums, of all, from which on a layer is marked. */
#define MARKED 0.01

static bool has_adc(const struct imc_module *m, const struct imc_tile *t)
{
	const struct imc_node *n = imc_node_at(m->g, t->node);

	return n->op == IMC_OP_Q_CONV2D && n->a.adc[0];
}

struct imc_adc_bits *imc_report_adc_bits(const struct imc_module *m,
					 struct imc_arena *a)
{
	struct imc_adc_bits *b =
		imc_arena_array(a, m->map.n_tile + 1, sizeof *b);

	for (size_t i = 0; i < m->map.n_tile; i++) {
		const struct imc_tile *t = &m->map.tile[i];

		if (!has_adc(m, t))
			continue;
		if (t->copy > 0) /* the same cells as the one before it */
			b[i] = b[i - 1];
		else
			b[i] = imc_tile_adc_bits(m->hw, m->g, t);
	}
	return b;
}

static void take_larger(int64_t *to, int64_t x)
{
	*to = x > *to ? x : *to;
}

/* Of a layer: the largest of its tiles; all 0: no ADC. */
static struct imc_adc_bits layer_adc(const struct imc_report_facts *f,
				     const struct imc_report_layer *l)
{
	struct imc_adc_bits most = {0};

	for (int32_t i = 0; i < l->n_tile; i++) {
		const struct imc_adc_bits *b =
			&f->tile_adc[l->as->first_tile + i];

		take_larger(&most.rows, b->rows);
		take_larger(&most.cells, b->cells);
		if (b->by_rows > most.by_rows)
			most.by_rows = b->by_rows;
		if (b->by_cells > most.by_cells)
			most.by_cells = b->by_cells;
		if (b->exact > most.exact)
			most.exact = b->exact;
	}
	return most;
}

static const char *part_text(double part, struct imc_arena *a)
{
	return imc_arena_printf(a, "%.2f%%%s", part * 100,
				part > MARKED ? " !" : "");
}

static void add_layer(struct imc_table *t, const struct imc_report_layer *l,
		      const struct imc_adc_bits *b)
{
	struct imc_arena *a = t->a;

	imc_table_cell(t, imc_report_short_name(l, 28, a));
	imc_table_cell(t, imc_arena_printf(a, "%.4g", l->as->adc_gain));
	imc_table_cell(t, part_text(l->as->adc_clipped_lo, a));
	imc_table_cell(t, part_text(l->as->adc_clipped_hi, a));
	imc_table_cell(t, imc_arena_printf(a, "%lld", (long long)b->rows));
	imc_table_cell(t, imc_arena_printf(a, "%d", b->by_rows));
	imc_table_cell(t, imc_arena_printf(a, "%lld", (long long)b->cells));
	imc_table_cell(t, imc_arena_printf(a, "%d", b->by_cells));
	imc_table_cell(t, imc_arena_printf(a, "%d", b->exact));
}

void imc_report_adcs_text(const struct imc_module *m,
			  const struct imc_report_facts *f, struct imc_buf *out)
{
	static const char *const head[] = {"layer", "gain", "low",
					   "high",  "rows", "bits",
					   "cells", "bits", "exact"};
	struct imc_arena *a = imc_arena_new();
	struct imc_table t = {.a = a, .n_col = 9, .left = "lrrrrrrrr"};
	bool any = false, marked = false;

	imc_table_head(&t, head);
	for (size_t i = 0; i < f->n_layer; i++) {
		const struct imc_report_layer *l = &f->layer[i];
		struct imc_adc_bits b = layer_adc(f, l);

		if (!b.by_rows)
			continue;
		any = true;
		marked |= l->as->adc_clipped_lo > MARKED ||
			  l->as->adc_clipped_hi > MARKED;
		add_layer(&t, l, &b);
	}
	if (any) {
		imc_buf_printf(
			out,
			"\nADCs of %lld bits (gain: codes of one unit of the "
			"sum; low, high: sums clipped,\nof the calibration "
			"samples; rows and cells not 0 of a column, bits that "
			"lose nothing\nby them, and by the cells "
			"themselves)\n\n",
			(long long)m->hw->ima_adc_bits);
		imc_table_print(&t, out);
		if (marked)
			imc_buf_text(out, "\n  ! more than 1 % of the sums\n");
	}
	imc_arena_free(a);
}

void imc_report_tile_json(struct imc_json *j, const struct imc_adc_bits *b)
{
	imc_json_open_row(j, "adc_bits", '{');
	imc_json_int(j, "rows", b->rows);
	imc_json_int(j, "by_rows", b->by_rows);
	imc_json_int(j, "cells", b->cells);
	imc_json_int(j, "by_cells", b->by_cells);
	imc_json_int(j, "exact", b->exact);
	imc_json_close(j, '}');
}

void imc_report_adc_json(struct imc_json *j, const struct imc_report_facts *f,
			 const struct imc_report_layer *l)
{
	struct imc_adc_bits b = layer_adc(f, l);

	if (!b.by_rows)
		return;
	imc_json_number(j, "adc_gain", l->as->adc_gain);
	imc_json_number(j, "adc_clipped_lo", l->as->adc_clipped_lo);
	imc_json_number(j, "adc_clipped_hi", l->as->adc_clipped_hi);
	imc_report_tile_json(j, &b);
}

void imc_report_cells_json(struct imc_json *j, const struct imc_module *m,
			   const struct imc_report_layer *l)
{
	const struct imc_value *w =
		imc_node_in(m->g, imc_node_at(m->g, l->id), 1);
	int64_t n = imc_tensor_count(&w->t), left = 0;

	for (int64_t i = 0; i < n; i++)
		left += ((const int8_t *)w->t.data)[i] != 0;
	imc_json_int(j, "column_cells", l->as->column_cells);
	imc_json_int(j, "weights", n);
	imc_json_int(j, "weights_not_0", left);
}
