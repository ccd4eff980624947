/* What holds between the keys of a machine. */
#include <inttypes.h>

#include "hwdesc/hw_key.h"

#define MAX_CELLS (1 << 24)

struct check {
	const struct imc_hw *hw;
	const struct imc_loc *at; /* as imc_hw_check_at; NULL: nowhere */
	struct imc_loc loc;
	struct imc_diags *d;
	bool ok;
};

/* The place of the first of the two keys that the file names. */
static struct imc_loc place_of(const struct check *c,
			       const struct imc_hw_key *a,
			       const struct imc_hw_key *b)
{
	if (c->at && c->at[a - imc_hw_keys].file)
		return c->at[a - imc_hw_keys];
	if (c->at && c->at[b - imc_hw_keys].file)
		return c->at[b - imc_hw_keys];
	return c->loc;
}

/* Keys a and b contradict each other: why. */
static void contradict(struct check *c, const char *a, const char *b,
		       const char *why)
{
	const struct imc_hw_key *x = imc_hw_key_find(a);
	const struct imc_hw_key *y = imc_hw_key_find(b);

	c->ok = imc_diag(c->d, place_of(c, x, y), IMC_D_HW_RELATION, a,
			 imc_hw_value_text(c->hw, x, c->d->arena), b,
			 imc_hw_value_text(c->hw, y, c->d->arena), why);
}

bool imc_hw_check_at(const struct imc_hw *hw, const struct imc_loc *at,
		     struct imc_loc loc, struct imc_diags *d)
{
	struct check c = {hw, at, loc, d, true};

	/* A machine without arrays keeps the default of one active array. */
	if (hw->ima_active_arrays > 1 && hw->ima_active_arrays > hw->ima_arrays)
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
