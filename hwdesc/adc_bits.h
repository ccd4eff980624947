/* adc_bits.h: the ADC that reads every sum of a tile as it is. */
#ifndef IMC_ADC_BITS_H
#define IMC_ADC_BITS_H

#include "hwdesc/hw.h"
#include "ir/map.h"

/* Of the columns of a tile. The resolution that loses nothing,
 * - by_rows: by the rule of ISAAC (Shafiee et al., ISCA 2016),
 *       ceil(log2(rows)) + v + w, less 1 if v or w is 1,
 *   v: bits of what drives a word line at once, w: bits of a cell;
 * - by_cells: by that of TinyADC (Yuan et al., DATE 2021), which takes the most
 *   cells of a column that are not 0 in the place of the rows;
 * - exact: from the cells and the codes that they can be driven with: the sums
 *   lie in lo .. hi, and the codes of so many bits tell hi - lo + 1 sums apart,
 *   wherever they lie, since the zero of an ADC is free. */
struct imc_adc_bits {
	int64_t rows; /* word lines driven at once; bias rows are some */
	int64_t cells;
	int64_t lo, hi; /* no input whatever gives another sum */
	int by_rows, by_cells, exact;
};

/* What a sum, or what drives a word line, can be at least and at most. */
struct imc_sum_range {
	int64_t lo, hi;
};

/* Of tile t, whose node is a q_conv2d of g with all its weights; the cells are
 * those that the map would program. All columns of a job share lo and hi, if
 * they share one setting; else these are of the column with the widest range.
 * The input has the codes that the node before it can give (those of the DAC,
 * if that is not known). With an ADC of `exact` bits, gain 1 and code a.lo at
 * the sum lo no sum of the tile is ever clipped. */
struct imc_adc_bits imc_tile_adc_bits(const struct imc_hw *hw,
				      const struct imc_graph *g,
				      const struct imc_tile *t);

/* What the input of matrix node n of g, less its zero, can be: the codes that
 * the nodes before it can give, of those of the DAC; and 0, of padding. */
struct imc_sum_range imc_drive_range(const struct imc_hw *hw,
				     const struct imc_graph *g,
				     const struct imc_node *n);

/* Adds to `sum` what `cells` cells in a column can bring, driven like that;
 * cell[i * stride]. Returns how many are not 0. */
int64_t imc_column_sums(const int8_t *cell, int64_t cells, int64_t stride,
			const struct imc_sum_range *drive,
			struct imc_sum_range *sum);

/* The sums that the ADCs read for each output channel of q_conv2d n:
 * range[k] is of all row blocks and slices of channel k. */
void imc_channel_sums(const struct imc_hw *hw, const struct imc_graph *g,
		      const struct imc_node *n, struct imc_sum_range *range);

/* The widest sums of columns that share a setting: range[0 .. n]. */
struct imc_sum_range imc_join_sums(const struct imc_sum_range *range,
				   int64_t n);

/* True if ADCs of the machine tell all these sums apart; those whose range has
 * whole ends never have gain 1. */
bool imc_adc_reads(const struct imc_hw *hw, const struct imc_sum_range *r);

/* The least b with 2^b >= n; 0 for n <= 1. */
int imc_bits_for(int64_t n);

#endif
