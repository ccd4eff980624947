#include "hwdesc/adc_bits.h"

#include "ir/op/q_conv.h"
#include "ir/support/checked.h"

/* What an input can be, less its zero. */
struct drive_range {
	int64_t lo, hi;
};

int imc_bits_for(int64_t n)
{
	int b = 0;

	while (b < 62 && (int64_t)1 << b < n)
		b++;
	return b;
}

/* The clamp of the node that gives the input bounds it, if it has one. Padding
 * adds 0, which may lie outside of that. */
static struct drive_range range_of(const struct imc_hw *hw,
				   const struct imc_graph *g,
				   const struct imc_node *n)
{
	const struct imc_value *x = imc_node_in(g, n, 0);
	int64_t top = (1 << (hw->ima_dac_bits - 1)) - 1;
	struct drive_range r = {-top - 1, top};

	if (imc_node_ok(x->def)) {
		const struct imc_node *from = imc_node_at(g, x->def);

		if (from->op == IMC_OP_Q_CONV2D || from->op == IMC_OP_Q_ADD) {
			r.lo = imc_max_i64(r.lo, from->a.lo[0]);
			r.hi = imc_min_i64(r.hi, from->a.hi[0]);
		}
	}
	r.lo = imc_min_i64(r.lo - x->zero, 0);
	r.hi = imc_max_i64(r.hi - x->zero, 0);
	return r;
}

/* One column of the cells of p, cell[row * stride]; the last n_drive rows have
 * drives of their own. Returns how many are not 0. */
static int64_t look_column(const struct imc_q_conv *q,
			   const struct imc_q_piece *p, const int8_t *cell,
			   const struct drive_range *x, int64_t sum[2])
{
	int64_t stride = p->slices * p->n_col, n = 0;

	sum[0] = sum[1] = 0;
	for (int64_t r = 0; r < p->n_row + p->n_drive; r++) {
		int64_t c = cell[r * stride];

		n += c != 0;
		if (r >= p->n_row) {
			sum[0] += c * q->n->a.drive.v[r - p->n_row];
			sum[1] += c * q->n->a.drive.v[r - p->n_row];
		} else {
			sum[0] += c * (c > 0 ? x->lo : x->hi);
			sum[1] += c * (c > 0 ? x->hi : x->lo);
		}
	}
	return n;
}

static void look_columns(const struct imc_q_conv *q,
			 const struct imc_q_piece *p, const int8_t *cells,
			 const struct drive_range *x, bool shared,
			 struct imc_adc_bits *b)
{
	for (int64_t k = 0; k < p->slices * p->n_col; k++) {
		int64_t sum[2];
		int64_t n = look_column(q, p, cells + k, x, sum);

		b->cells = imc_max_i64(b->cells, n);
		if (k == 0 || (!shared && sum[1] - sum[0] > b->hi - b->lo)) {
			b->lo = sum[0];
			b->hi = sum[1];
		} else if (shared) {
			b->lo = imc_min_i64(b->lo, sum[0]);
			b->hi = imc_max_i64(b->hi, sum[1]);
		}
	}
}

static int by_rule(const struct imc_hw *hw, int64_t rows)
{
	int v = (int)(hw->ima_pulse_bits ? hw->ima_pulse_bits
					 : hw->ima_dac_bits);
	int w = (int)hw->ima_cell_bits;

	return imc_bits_for(rows) + v + w - (v == 1 || w == 1);
}

struct imc_adc_bits imc_tile_adc_bits(const struct imc_hw *hw,
				      const struct imc_graph *g,
				      const struct imc_tile *t)
{
	const struct imc_node *n = imc_node_at(g, t->node);
	struct drive_range x = range_of(hw, g, n);
	struct imc_arena *a = imc_arena_new();
	struct imc_tensor in[9] = {0};
	struct imc_adc_bits b = {0};
	struct imc_q_conv q;
	struct imc_q_piece p;
	int8_t *cells;

	for (int k = 0; k < n->n_in && k < 9; k++)
		if (imc_node_in(g, n, k))
			in[k] = imc_node_in(g, n, k)->t;
	imc_q_conv_open(&q, g, n, in);
	p = imc_q_conv_tile(&q, t);
	if (!p.slices) /* all of them */
		p.slices = (int32_t)n->a.slices[0];
	cells = imc_arena_array(a, (size_t)(p.n_row + p.n_drive),
				(size_t)(p.slices * p.n_col));
	imc_q_conv_cells(&q, &p, t->slice0, cells);
	look_columns(&q, &p, cells, &x, hw->ima_adc_range == 0, &b);
	b.rows = imc_q_conv_lines(&q, &p) + p.n_drive;
	if (hw->ima_rows_at_once)
		b.rows = imc_min_i64(b.rows, hw->ima_rows_at_once);
	b.by_rows = by_rule(hw, b.rows);
	b.by_cells = by_rule(hw, b.cells);
	b.exact = imc_bits_for(b.hi - b.lo + 1);
	imc_arena_free(a);
	return b;
}
