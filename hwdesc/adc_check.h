/* adc_check.h: no ADC changes a sum of columns that hold few cells. */
#ifndef IMC_ADC_CHECK_H
#define IMC_ADC_CHECK_H

#include "hwdesc/hw.h"
#include "ir/module.h"

/* Looks at the arrays as they are programmed, at every column of the tiles of
 * nodes with column_cells: no more cells than that are not 0. With option
 * column_cells -1, too: whatever codes the DACs drive the word lines with (as
 * imc_drive_range), the ADC has gain 1 and gives the sum no other code than its
 * own. False: reported. */
bool imc_adc_check(const struct imc_module *m, const struct imc_images *img);

#endif
