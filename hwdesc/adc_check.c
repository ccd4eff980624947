#include "hwdesc/adc_check.h"

#include "hwdesc/adc_bits.h"
#include "ir/num.h"

/* Where one column of a tile is. */
struct place {
	const struct imc_module *m;
	const struct imc_node *n;
	const struct imc_tile *t;
	const struct imc_images *img;
	struct imc_sum_range drive;
	int32_t column; /* of the tile */
	int64_t channel;
};

static const int32_t *numbers(const struct place *p, int input)
{
	return imc_node_in(p->m->g, p->n, input)->t.data;
}

/* What its ADC makes of the sum v, before it clips. */
static int64_t reading(const struct place *p, int64_t v)
{
	return imc_rescale(v, numbers(p, 5)[p->channel],
			   numbers(p, 6)[p->channel]) +
	       numbers(p, 7)[p->channel];
}

static bool reads_whole(const struct place *p, const struct imc_sum_range *sum)
{
	int64_t mult = numbers(p, 5)[p->channel];
	int32_t shift = numbers(p, 6)[p->channel];

	return shift < 32 && mult == (int64_t)1 << shift &&
	       sum->lo >= INT32_MIN && sum->hi <= INT32_MAX &&
	       reading(p, sum->lo) >= p->n->a.adc_lo[0] &&
	       reading(p, sum->hi) <= p->n->a.adc_hi[0];
}

/* Its sums; returns how many cells are not 0. */
static int64_t sums_of(const struct place *p, struct imc_sum_range *sum)
{
	const struct imc_tile *t = p->t;
	int64_t stride = p->img->cols, lines = t->h - t->n_bias, n;
	const int8_t *cell =
		p->img->cell[t->array] + t->y * stride + t->x + p->column;

	*sum = (struct imc_sum_range){0, 0};
	n = imc_column_sums(cell, lines, stride, &p->drive, sum);
	for (int32_t i = 0; i < t->n_bias; i++) {
		struct imc_sum_range d = {p->n->a.drive.v[i],
					  p->n->a.drive.v[i]};

		n += imc_column_sums(cell + (lines + i) * stride, 1, stride, &d,
				     sum);
	}
	return n;
}

static bool check_column(const struct place *p, int32_t cells)
{
	const struct imc_tile *t = p->t;
	struct imc_sum_range sum;
	int64_t n = sums_of(p, &sum);

	if (n > cells)
		return imc_diag(p->m->diags, p->n->loc, IMC_D_COLUMN_FULL,
				(int)(t->x + p->column), (int)t->array, (int)n,
				(int)t->y, (int)cells);
	if (p->m->opt.column_cells < 0 && !reads_whole(p, &sum))
		return imc_diag(p->m->diags, p->n->loc, IMC_D_ADC_CLIPS,
				(int)(t->x + p->column), (int)t->array,
				(long long)sum.lo, (long long)sum.hi,
				(int)t->y);
	return true;
}

static bool check_tile(const struct imc_module *m, const struct imc_tile *t,
		       const struct imc_images *img)
{
	const struct imc_node *n = imc_node_at(m->g, t->node);
	struct imc_matrix mx = imc_matrix_of(m->g, n);
	struct place p = {m, n, t, img, imc_drive_range(m->hw, m->g, n), 0, 0};
	int64_t k0 = (int64_t)t->bundle * n->a.bundle[0] * mx.cols + t->col0;
	bool ok = true;

	for (; ok && p.column < t->w; p.column++) {
		p.channel = k0 + p.column % t->n_col;
		ok = check_column(&p, m->map.assign[t->node.i].column_cells);
	}
	return ok;
}

bool imc_adc_check(const struct imc_module *m, const struct imc_images *img)
{
	bool ok = true;

	for (size_t i = 0; ok && i < m->map.n_tile; i++) {
		const struct imc_tile *t = &m->map.tile[i];

		if (m->map.assign[t->node.i].column_cells && t->array >= 0 &&
		    imc_node_at(m->g, t->node)->a.adc[0])
			ok = check_tile(m, t, img);
	}
	return ok;
}
