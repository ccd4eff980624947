/* hw_keys.h: the keys of hw.def as a table, for hw.c and hw_check.c. */
#ifndef IMC_HW_KEYS_H
#define IMC_HW_KEYS_H

#include "hwdesc/hw.h"
#include "hwdesc/key.h"

enum {
#define KEY_I(s, k, u, d, lo, hi, text) IMC_HW_KEY_##s##_##k,
#define KEY_F KEY_I
#define KEY_E(s, k, w, d, text) IMC_HW_KEY_##s##_##k,
#include "hwdesc/hw.def"
	IMC_N_HW_KEY
};

extern const struct imc_key_table imc_hw_table;

/* What imc_hw_check checks; at: the place of each key in the file, file NULL
 * where it has none; loc: the place of what has none. */
bool imc_hw_check_at(const struct imc_hw *hw, const struct imc_loc *at,
		     struct imc_loc loc, struct imc_diags *d);

#endif
