/* SPDX-License-Identifier: Apache-2.0 */
/* imc_rt_trace.h: what the layers of a network made, against what they should
 * have made of one sample; for debug builds of a network. */
#ifndef IMC_RT_TRACE_H
#define IMC_RT_TRACE_H

#include "imc_rt.h"

/* A layer: rows of n_pixel pixels of n_channel bytes, and the CRC-32 of what
 * its steps make, one after another, rows in order, of each its channels. */
struct imc_rt_traced {
	const char *name;
	int32_t n_pixel, n_channel;
	uint32_t crc;
};

/* Adds to *crc (0 at the begin) rows row .. row + n_row, of them channels
 * chan .. chan + n_chan, of y, a whole tensor or a ring of so many lines (0:
 * all). */
void imc_rt_trace(uint32_t *crc, const struct imc_rt_traced *t, const int8_t *y,
		  int32_t lines, int32_t row, int32_t n_row, int32_t chan,
		  int32_t n_chan);

/* Calls `differs`, if there is one, with the first of n layers whose CRC is
 * another one. Gives its number, or n. */
int32_t imc_rt_trace_compare(const uint32_t *crc,
			     const struct imc_rt_traced *golden, int32_t n,
			     void (*differs)(const struct imc_rt_traced *t,
					     uint32_t crc));

#endif
