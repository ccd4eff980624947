/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_rt_conv_dot.h"

void imc_rt_dot_1(const struct imc_rt_walk *k, const int8_t *x, int32_t zero,
		  const int8_t *const *w, int32_t w_at, const int32_t *sum,
		  int32_t *to)
{
	int32_t a0 = sum[0], a1 = sum[1], a2 = sum[2], a3 = sum[3];
	int32_t place = k->place;

	for (int32_t i = 0; i < k->n_line; i++, w_at += k->w_line) {
		const int8_t *from = x + place * k->line_bytes;
		const int8_t *w0 = w[0] + w_at, *w1 = w[1] + w_at;
		const int8_t *w2 = w[2] + w_at, *w3 = w[3] + w_at;

		for (int32_t r = 0; r < k->n_run; r++) {
			const int8_t *xa = from, *end = xa + k->run;

#pragma GCC unroll 4
			for (; xa != end; xa++) {
				int32_t v = *xa - zero;

				a0 += v * *w0++;
				a1 += v * *w1++;
				a2 += v * *w2++;
				a3 += v * *w3++;
			}
			from += k->run_step;
		}
		place += k->line_step;
		while (place >= k->lines)
			place -= k->lines;
	}
	to[0] = a0;
	to[1] = a1;
	to[2] = a2;
	to[3] = a3;
}

void imc_rt_dot_2(const struct imc_rt_walk *k, const int8_t *x,
		  const int8_t *const *w, int32_t w_at, const int32_t *sum,
		  int32_t *to)
{
	int32_t a0 = sum[0], a1 = sum[1], a2 = sum[2], a3 = sum[3];
	int32_t b0 = sum[0], b1 = sum[1], b2 = sum[2], b3 = sum[3];
	int32_t place = k->place;

	for (int32_t i = 0; i < k->n_line; i++, w_at += k->w_line) {
		const int8_t *from = x + place * k->line_bytes;
		const int8_t *w0 = w[0] + w_at, *w1 = w[1] + w_at;
		const int8_t *w2 = w[2] + w_at, *w3 = w[3] + w_at;

		for (int32_t r = 0; r < k->n_run; r++) {
			const int8_t *xa = from, *end = xa + k->run;
			const int8_t *xb = xa + k->x_step;

#pragma GCC unroll 4
			for (; xa != end; xa++) {
				int32_t s = *xa, t = *xb++, v = *w0++;

				a0 += s * v;
				b0 += t * v;
				v = *w1++;
				a1 += s * v;
				b1 += t * v;
				v = *w2++;
				a2 += s * v;
				b2 += t * v;
				v = *w3++;
				a3 += s * v;
				b3 += t * v;
			}
			from += k->run_step;
		}
		place += k->line_step;
		while (place >= k->lines)
			place -= k->lines;
	}
	to[0] = a0;
	to[1] = a1;
	to[2] = a2;
	to[3] = a3;
	to[4] = b0;
	to[5] = b1;
	to[6] = b2;
	to[7] = b3;
}

void imc_rt_dot_3(const struct imc_rt_walk *k, const int8_t *x,
		  const int8_t *const *w, int32_t w_at, const int32_t *sum,
		  int32_t *to)
{
	int32_t a0 = sum[0], a1 = sum[1], a2 = sum[2], a3 = sum[3];
	int32_t b0 = sum[0], b1 = sum[1], b2 = sum[2], b3 = sum[3];
	int32_t c0 = sum[0], c1 = sum[1], c2 = sum[2], c3 = sum[3];
	int32_t place = k->place;

	for (int32_t i = 0; i < k->n_line; i++, w_at += k->w_line) {
		const int8_t *from = x + place * k->line_bytes;
		const int8_t *w0 = w[0] + w_at, *w1 = w[1] + w_at;
		const int8_t *w2 = w[2] + w_at, *w3 = w[3] + w_at;

		for (int32_t r = 0; r < k->n_run; r++) {
			const int8_t *xa = from, *end = xa + k->run;
			const int8_t *xb = xa + k->x_step;
			const int8_t *xc = xb + k->x_step;

#pragma GCC unroll 4
			for (; xa != end; xa++) {
				int32_t s = *xa, t = *xb++, u = *xc++,
					v = *w0++;

				a0 += s * v;
				b0 += t * v;
				c0 += u * v;
				v = *w1++;
				a1 += s * v;
				b1 += t * v;
				c1 += u * v;
				v = *w2++;
				a2 += s * v;
				b2 += t * v;
				c2 += u * v;
				v = *w3++;
				a3 += s * v;
				b3 += t * v;
				c3 += u * v;
			}
			from += k->run_step;
		}
		place += k->line_step;
		while (place >= k->lines)
			place -= k->lines;
	}
	to[0] = a0;
	to[1] = a1;
	to[2] = a2;
	to[3] = a3;
	to[4] = b0;
	to[5] = b1;
	to[6] = b2;
	to[7] = b3;
	to[8] = c0;
	to[9] = c1;
	to[10] = c2;
	to[11] = c3;
}
