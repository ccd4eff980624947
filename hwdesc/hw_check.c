/* What holds between the keys of a machine. */
#include <inttypes.h>

#include "hwdesc/hw_keys.h"
#include "ir/support/checked.h"

#define MAX_CELLS (1 << 24)

bool imc_hw_is_spatial(const struct imc_hw *hw)
{
	return hw->ima_tiles == 1;
}

int64_t imc_hw_n_array(const struct imc_hw *hw)
{
	return hw->ima_arrays * (imc_hw_is_spatial(hw) ? hw->chip_clusters : 1);
}

/* A step adds up so many products of a cell and pulse_bits bits of an input,
 * 0 or more: rows * cell * pulse + 1 sums, of signed cells those of both
 * signs. The pulse with an input's sign has as many. */
bool imc_hw_sums_exact(const struct imc_hw *hw)
{
	int64_t rows = hw->ima_rows_at_once
			       ? imc_min_i64(hw->ima_rows_at_once, hw->ima_rows)
			       : hw->ima_rows;
	int64_t cell = hw->ima_cell_bits == 1
			       ? 1
			       : ((int64_t)1 << hw->ima_cell_bits) - 2;

	if (hw->ima_adc == 1)
		return true;
	return hw->ima_pulse_bits > 0 &&
	       rows * cell * (((int64_t)1 << hw->ima_pulse_bits) - 1) <
		       (int64_t)1 << hw->ima_adc_bits;
}

struct check {
	const struct imc_hw *hw;
	const struct imc_loc *at; /* as imc_hw_check_at; NULL: nowhere */
	struct imc_loc loc;
	struct imc_diags *d;
	bool ok;
};

/* The place of the first of the two keys that the file names. */
static struct imc_loc place_of(const struct check *c, const struct imc_key *a,
			       const struct imc_key *b)
{
	if (c->at && c->at[a - imc_hw_table.key].file)
		return c->at[a - imc_hw_table.key];
	if (c->at && c->at[b - imc_hw_table.key].file)
		return c->at[b - imc_hw_table.key];
	return c->loc;
}

/* Keys a and b contradict each other: why. */
static void contradict(struct check *c, const char *a, const char *b,
		       const char *why)
{
	const struct imc_key *x = imc_key_find(&imc_hw_table, a);
	const struct imc_key *y = imc_key_find(&imc_hw_table, b);

	c->ok = imc_diag(c->d, place_of(c, x, y), IMC_D_HW_RELATION, a,
			 imc_key_value_text(c->hw, x, c->d->arena), b,
			 imc_key_value_text(c->hw, y, c->d->arena), why);
}

/* What is done in turns: bits of inputs, rows, columns. */
static void check_steps(struct check *c)
{
	const struct imc_hw *hw = c->hw;
	bool exact = imc_hw_sums_exact(hw);

	if (hw->ima_pulse_bits > hw->ima_dac_bits)
		contradict(c, "ima.pulse_bits", "ima.dac_bits",
			   "an input code has no more bits");
	if (hw->ima_adc_cols > hw->ima_cols)
		contradict(c, "ima.adc_cols", "ima.cols",
			   "no more columns can take turns than there are");
	if (hw->ima_pulse_bits && !exact)
		contradict(c, "ima.adc_bits", "ima.rows_at_once",
			   "the ADC of a bit-serial machine must tell apart "
			   "all sums of a step");
	else if (hw->ima_rows_at_once && !exact)
		contradict(c, "ima.rows_at_once", "ima.adc",
			   "sums of rows in turn are exact: no ADC, or "
			   "bit-serial inputs");
	if (hw->ima_cell_bits == 1 && !hw->ima_pulse_bits && !exact)
		contradict(c, "ima.cell_bits", "ima.adc",
			   "bits of two's complement need exact sums: no ADC, "
			   "or bit-serial inputs");
	if (hw->ima_slices && !hw->ima_pulse_bits && !exact)
		contradict(c, "ima.slices", "ima.adc",
			   "slices in arrays of their own need exact sums");
}

/* ADCs whose registers count products of full inputs and cells. */
static void check_whole_ends(struct check *c)
{
	const struct imc_hw *hw = c->hw;

	if (hw->ima_adc_rounding && !hw->ima_adc_ends)
		contradict(c, "ima.adc_rounding", "ima.adc_ends",
			   "float32 is known of ranges with whole ends");
	if (!hw->ima_adc_ends)
		return;
	if (imc_hw_sums_exact(hw))
		contradict(c, "ima.adc_ends", "ima.adc",
			   "no ADC clips sums that are exact");
	if (hw->ima_adc_bits != 8)
		contradict(c, "ima.adc_ends", "ima.adc_bits",
			   "LOW + HIGH has code 127");
	if (hw->ima_dac_bits != 8)
		contradict(c, "ima.adc_ends", "ima.dac_bits",
			   "the largest input is 127");
	if (hw->ima_dac_zero)
		contradict(c, "ima.adc_ends", "ima.dac_zero",
			   "inputs lie around 0");
	if (hw->ima_adc_range)
		contradict(c, "ima.adc_ends", "ima.adc_range",
			   "a layer has one LOW and one HIGH");
	if (hw->ima_aggregate)
		contradict(c, "ima.adc_ends", "ima.aggregate",
			   "codes of blocks do not add up to activations");
}

static void check_sram(struct check *c)
{
	if (c->hw->sram_macs_per_cycle > 0 && imc_hw_is_spatial(c->hw))
		contradict(c, "sram.macs_per_cycle", "ima.tiles",
			   "residual weights lie beside arrays that tiles "
			   "share");
}

/* What only machines have whose tiles have arrays of their own. */
static void check_own_tiles(struct check *c)
{
	const struct imc_hw *hw = c->hw;

	if (imc_hw_is_spatial(hw))
		return;
	if (hw->ima_slices)
		contradict(c, "ima.slices", "ima.tiles",
			   "slices have arrays of their own only where tiles "
			   "have");
	if (hw->vector_arrays)
		contradict(c, "vector.arrays", "ima.tiles",
			   "vector units come with tiles of their own");
	if (hw->link_bytes_per_cycle > 0)
		contradict(c, "link.bytes_per_cycle", "ima.tiles",
			   "layers have clusters of their own only where tiles "
			   "have arrays");
}

bool imc_hw_check_at(const struct imc_hw *hw, const struct imc_loc *at,
		     struct imc_loc loc, struct imc_diags *d)
{
	struct check c = {hw, at, loc, d, true};

	/* A machine without arrays keeps the default of one active array. Of
	 * a spatial one any large number says: all. */
	if (hw->ima_active_arrays > 1 && !imc_hw_is_spatial(hw) &&
	    hw->ima_active_arrays > hw->ima_arrays)
		contradict(&c, "ima.active_arrays", "ima.arrays",
			   "no more arrays can compute than there are");
	if (hw->ima_rows * hw->ima_cols > MAX_CELLS)
		contradict(&c, "ima.rows", "ima.cols",
			   "an array has at most 16777216 cells");
	if (hw->l1_banks * 4 > hw->l1_bytes)
		contradict(&c, "l1.banks", "l1.bytes",
			   "a bank has at least 4 bytes");
	if (hw->ima_aggregate && hw->ima_adc)
		contradict(&c, "ima.aggregate", "ima.adc",
			   "the aggregation block adds codes of ADCs");
	if (hw->ima_adc_range && hw->ima_adc)
		contradict(&c, "ima.adc_range", "ima.adc",
			   "there is no ADC to set");
	check_steps(&c);
	check_own_tiles(&c);
	check_sram(&c);
	check_whole_ends(&c);
	if (hw->pe_shares_port && hw->pe_rows == 0)
		contradict(&c, "pe.shares_port", "pe.rows",
			   "there is no array to share it with");
	if (hw->pe_shares_port && hw->pe_port_bytes != hw->ima_port_bytes)
		contradict(&c, "pe.port_bytes", "ima.port_bytes",
			   "pe.shares_port says that they are one port");
	return c.ok;
}

bool imc_hw_check(const struct imc_hw *hw, struct imc_loc loc,
		  struct imc_diags *d)
{
	return imc_hw_check_at(hw, NULL, loc, d);
}
