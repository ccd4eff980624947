/* Exact digital weights beside the arrays (Krishnan et al., Hybrid RRAM/SRAM
 * in-memory computing, IEEE TCAD 2022): out = arrays(x) + (sram(x) >> shift).
 * Here the sums stay whole until they are rounded once, into the units of the
 * digital sum. */
#include "ir/num.h"
#include "ir/op/q_conv.h"

/* The residual weights as those of a convolution without ADC, in one slice and
 * a group a bundle; n: room for its node. */
static struct imc_q_conv plain_of(const struct imc_q_conv *q,
				  struct imc_node *n)
{
	struct imc_q_conv p = *q;

	*n = *q->n;
	n->a.adc[0] = n->a.post[0] = 0;
	n->a.slices[0] = 1;
	n->a.slice_bits[0] = 8;
	n->a.drive.n = 0;
	p.n = n;
	p.weight = q->residual;
	p.bias_row = NULL;
	p.bundle = 1;
	p.n_bundle = q->group;
	p.block_rows = q->kh * q->kw * q->group_c;
	return p;
}

/* What sum a is, in the units of the digital sum of column k. */
static int32_t scaled(const struct imc_q_conv *q, int64_t k, int32_t a)
{
	int32_t shift = (int32_t)q->n->a.residual_shift[0];

	if (!q->n->a.adc[0])
		return (int32_t)imc_rescale(a, 1, shift);
	return (int32_t)imc_rescale(a, q->adc_mult[k],
				    q->adc_shift[k] + shift - IMC_SUM_FRAC);
}

void imc_q_conv_add_residual(const struct imc_q_conv *q, int32_t *sum)
{
	struct imc_arena *a;
	struct imc_node n;
	struct imc_q_conv p;
	int32_t *rest;

	if (!q->residual)
		return;
	a = imc_arena_new();
	p = plain_of(q, &n);
	rest = imc_arena_array(a, (size_t)(q->n_window * q->k), sizeof *rest);
	for (int b = 0; b < p.n_bundle; b++) {
		struct imc_q_piece piece = imc_q_conv_block(&p, b, 0);
		struct imc_arena *one = imc_arena_new();
		int8_t *cells = imc_arena_alloc(
			one, (size_t)(piece.n_row * piece.n_col));

		imc_q_conv_cells(&p, &piece, 0, cells);
		imc_q_conv_run(&p, &piece, cells, rest, one);
		imc_arena_free(one);
	}
	for (int64_t i = 0; i < q->n_window * q->k; i++)
		if (rest[i])
			sum[i] += scaled(q, i % q->k, rest[i]);
	imc_arena_free(a);
}
