/* fit_drives.h: inputs of the word lines that hold biases. */
#ifndef IMC_FIT_DRIVES_H
#define IMC_FIT_DRIVES_H

#include "hwdesc/hw.h"
#include "ir/op.h"

/* At most `rows` drives for these n biases: a coarse one or the finest one is
 * given up, whichever costs less. */
struct imc_ints imc_fit_drives(const struct imc_hw *hw, const int32_t *bias,
			       int64_t n, int32_t rows);

#endif
