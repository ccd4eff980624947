#include "hwdesc/adc_bits.h"

#include "ir/op/q_conv.h"
#include "ir/support/checked.h"

int imc_bits_for(int64_t n)
{
	int b = 0;

	while (b < 62 && (int64_t)1 << b < n)
		b++;
	return b;
}

/* True if n gives codes of its input 0 and no others. */
static bool moves_codes(const struct imc_node *n)
{
	return n->op == IMC_OP_MAX_POOL || n->op == IMC_OP_GLOBAL_MAX_POOL ||
	       n->op == IMC_OP_RESHAPE || n->op == IMC_OP_TRANSPOSE ||
	       n->op == IMC_OP_FLATTEN || n->op == IMC_OP_SQUEEZE ||
	       n->op == IMC_OP_UNSQUEEZE;
}

/* The clamp of the node that gives the input bounds it, if it has one. Padding
 * adds 0, which may lie outside of that. */
struct imc_sum_range imc_drive_range(const struct imc_hw *hw,
				     const struct imc_graph *g,
				     const struct imc_node *n)
{
	const struct imc_value *x = imc_node_in(g, n, 0), *v = x;
	int64_t top = (1 << (hw->ima_dac_bits - 1)) - 1;
	struct imc_sum_range r = {-top - 1, top};

	while (imc_node_ok(v->def) && moves_codes(imc_node_at(g, v->def)))
		v = imc_node_in(g, imc_node_at(g, v->def), 0);
	if (imc_node_ok(v->def)) {
		const struct imc_node *from = imc_node_at(g, v->def);

		if (from->op == IMC_OP_Q_CONV2D || from->op == IMC_OP_Q_ADD ||
		    from->op == IMC_OP_Q_RESCALE ||
		    from->op == IMC_OP_Q_AVERAGE_POOL) {
			r.lo = imc_max_i64(r.lo, from->a.lo[0]);
			r.hi = imc_min_i64(r.hi, from->a.hi[0]);
		}
	}
	r.lo = imc_min_i64(r.lo - x->zero, 0);
	r.hi = imc_max_i64(r.hi - x->zero, 0);
	return r;
}

int64_t imc_column_sums(const int8_t *cell, int64_t cells, int64_t stride,
			const struct imc_sum_range *drive,
			struct imc_sum_range *sum)
{
	int64_t n = 0;

	for (int64_t r = 0; r < cells; r++) {
		int64_t c = cell[r * stride];

		n += c != 0;
		sum->lo += c * (c > 0 ? drive->lo : drive->hi);
		sum->hi += c * (c > 0 ? drive->hi : drive->lo);
	}
	return n;
}

/* One column of the cells of p, cell[row * stride]; the last n_drive rows have
 * drives of their own. Returns how many are not 0. */
static int64_t look_column(const struct imc_q_conv *q,
			   const struct imc_q_piece *p, const int8_t *cell,
			   const struct imc_sum_range *x,
			   struct imc_sum_range *sum)
{
	int64_t stride = p->slices * p->n_col, n;

	*sum = (struct imc_sum_range){0, 0};
	n = imc_column_sums(cell, p->n_row, stride, x, sum);
	for (int i = 0; i < p->n_drive; i++) {
		struct imc_sum_range d = {q->n->a.drive.v[i],
					  q->n->a.drive.v[i]};

		n += imc_column_sums(cell + (p->n_row + i) * stride, 1, stride,
				     &d, sum);
	}
	return n;
}

static void look_columns(const struct imc_q_conv *q,
			 const struct imc_q_piece *p, const int8_t *cells,
			 const struct imc_sum_range *x, bool shared,
			 struct imc_adc_bits *b)
{
	for (int64_t k = 0; k < p->slices * p->n_col; k++) {
		struct imc_sum_range sum;
		int64_t n = look_column(q, p, cells + k, x, &sum);

		b->cells = imc_max_i64(b->cells, n);
		if (k == 0 || (!shared && sum.hi - sum.lo > b->hi - b->lo)) {
			b->lo = sum.lo;
			b->hi = sum.hi;
		} else if (shared) {
			b->lo = imc_min_i64(b->lo, sum.lo);
			b->hi = imc_max_i64(b->hi, sum.hi);
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

static void open_weights(struct imc_q_conv *q, const struct imc_graph *g,
			 const struct imc_node *n)
{
	struct imc_tensor in[IMC_Q_CONV_IN] = {0};

	for (int k = 0; k < n->n_in && k < IMC_Q_CONV_IN; k++)
		if (imc_node_in(g, n, k))
			in[k] = imc_node_in(g, n, k)->t;
	in[0].data = NULL;
	imc_q_conv_open(q, g, n, in);
}

struct imc_adc_bits imc_tile_adc_bits(const struct imc_hw *hw,
				      const struct imc_graph *g,
				      const struct imc_tile *t)
{
	const struct imc_node *n = imc_node_at(g, t->node);
	struct imc_sum_range x = imc_drive_range(hw, g, n);
	struct imc_arena *a = imc_arena_new();
	struct imc_adc_bits b = {0};
	struct imc_q_conv q;
	struct imc_q_piece p;
	int8_t *cells;

	open_weights(&q, g, n);
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

static void look_block(const struct imc_q_conv *q, const struct imc_q_piece *p,
		       const struct imc_sum_range *x,
		       struct imc_sum_range *range)
{
	struct imc_arena *a = imc_arena_new();
	int8_t *cells = imc_arena_array(a, (size_t)(p->n_row + p->n_drive),
					(size_t)(p->slices * p->n_col));

	imc_q_conv_cells(q, p, 0, cells);
	for (int64_t i = 0; i < p->slices * p->n_col; i++) {
		struct imc_sum_range *r =
			&range[p->b.k0 + p->col0 + i % p->n_col];
		struct imc_sum_range sum;

		look_column(q, p, cells + i, x, &sum);
		r->lo = imc_min_i64(r->lo, sum.lo);
		r->hi = imc_max_i64(r->hi, sum.hi);
	}
	imc_arena_free(a);
}

void imc_channel_sums(const struct imc_hw *hw, const struct imc_graph *g,
		      const struct imc_node *n, struct imc_sum_range *range)
{
	struct imc_sum_range x = imc_drive_range(hw, g, n);
	struct imc_q_conv q;

	open_weights(&q, g, n);
	for (int64_t k = 0; k < q.k; k++)
		range[k] = (struct imc_sum_range){INT64_MAX, INT64_MIN};
	for (int i = 0; i < q.n_bundle; i++) {
		int n_block = imc_q_conv_bundle(&q, i).n_block;

		for (int k = 0; k < n_block; k++) {
			struct imc_q_piece p = imc_q_conv_block(&q, i, k);

			look_block(&q, &p, &x, range);
		}
	}
}

struct imc_sum_range imc_join_sums(const struct imc_sum_range *range, int64_t n)
{
	struct imc_sum_range r = {INT64_MAX, INT64_MIN};

	for (int64_t k = 0; k < n; k++) {
		r.lo = imc_min_i64(r.lo, range[k].lo);
		r.hi = imc_max_i64(r.hi, range[k].hi);
	}
	return r;
}

bool imc_adc_reads(const struct imc_hw *hw, const struct imc_sum_range *r)
{
	return !hw->ima_adc_ends && r->hi - r->lo < (int64_t)1
							    << hw->ima_adc_bits;
}
