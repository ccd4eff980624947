/* SPDX-License-Identifier: Apache-2.0 */
#include "imc_rt_trace.h"

void imc_rt_trace(uint32_t *crc, const struct imc_rt_traced *t, const int8_t *y,
		  int32_t lines, int32_t row, int32_t n_row, int32_t chan,
		  int32_t n_chan)
{
	for (int32_t r = row; r < row + n_row; r++) {
		int64_t at = lines ? r % lines : r;

		for (int32_t i = 0; i < t->n_pixel; i++) {
			int64_t pixel = at * t->n_pixel + i;

			*crc = imc_rt_crc32_more(
				*crc, y + pixel * t->n_channel + chan,
				(size_t)n_chan);
		}
	}
}

int32_t imc_rt_trace_compare(const uint32_t *crc,
			     const struct imc_rt_traced *golden, int32_t n,
			     void (*differs)(const struct imc_rt_traced *t,
					     uint32_t crc))
{
	int32_t k = 0;

	while (k < n && crc[k] == golden[k].crc)
		k++;
	if (k < n && differs)
		differs(&golden[k], crc[k]);
	return k;
}
