/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_rt_residual.h"

#include "imc_rt_num.h"
#include "imc_rt_share.h"

/* The window of one pixel, and the channels that an output reads of it. */
struct view {
	const struct imc_rt_crossbar *p;
	const int8_t *x;
	int32_t y0, x0, c0; /* its first input position, first channel */
};

/* Weight i of a group, which begins at bit i * bits. */
static int32_t weight_at(const uint8_t *from, int32_t i, int32_t bits)
{
	int32_t at = i * bits, byte = at / 8, shift = at % 8;
	int32_t v = from[byte] >> shift;

	if (shift + bits > 8)
		v |= from[byte + 1] << (8 - shift);
	v &= (1 << bits) - 1;
	return v >> (bits - 1) ? v - (1 << bits) : v;
}

/* The products of one group; 0 in the padding. */
static int32_t group_sum(const struct view *v, const uint8_t *record)
{
	const struct imc_rt_residual *r = v->p->residual;
	const struct imc_hal_window *w = &v->p->window;
	int32_t blocks = (r->channels + r->group - 1) / r->group;
	int32_t place = record[0] | record[1] << 8;
	int32_t tap = place / blocks, c = place % blocks * r->group;
	int32_t y = v->y0 + tap / w->kernel_w * w->dilation_h;
	int32_t x = v->x0 + tap % w->kernel_w * w->dilation_w;
	int32_t n = r->channels - c < r->group ? r->channels - c : r->group;
	int32_t sum = 0;
	const int8_t *from;

	if (y < 0 || y >= w->in_h || x < 0 || x >= w->in_w)
		return 0;
	y = imc_rt_line(y, w->in_lines, w->in_h);
	from = v->x + ((int64_t)y * w->in_w + x) * w->in_c + v->c0 + c;
	for (int32_t i = 0; i < n; i++)
		sum += (from[i] - v->p->zero_x) *
		       weight_at(record + 2, i, r->bits);
	return sum;
}

/* In the units of the digital sum of output k. */
static int64_t scaled(const struct imc_rt_crossbar *p, int32_t k, int32_t sum)
{
	int32_t shift = p->residual->shift;

	if (!p->adc_mult)
		return imc_rt_rescale(sum, 1, shift);
	return imc_rt_rescale(sum, p->adc_mult[k],
			      p->adc_shift[k] + shift - IMC_RT_SUM_FRAC);
}

void imc_rt_add_residual(const struct imc_rt_crossbar *p, const int8_t *x,
			 int64_t pixel, int32_t k0, int32_t n, int64_t *sum)
{
	const struct imc_rt_residual *r = p->residual;
	const struct imc_hal_window *w = &p->window;
	int32_t size = 2 + (r->group * r->bits + 7) / 8;
	struct view v = {p, x, 0, 0, 0};

	v.y0 = (int32_t)(pixel / w->out_w) * w->stride_h - w->pad_top;
	v.x0 = (int32_t)(pixel % w->out_w) * w->stride_w - w->pad_left;
	for (int32_t k = k0; k < k0 + n; k++) {
		int32_t rest = 0;

		v.c0 = k / r->outputs * r->channels;
		for (int32_t i = r->first[k]; i < r->first[k + 1]; i++)
			rest += group_sum(&v, (const uint8_t *)r->record +
						      (int64_t)i * size);
		if (rest)
			sum[k - k0] += scaled(p, k, rest);
	}
}
