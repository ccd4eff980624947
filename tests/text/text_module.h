/* text_module.h: a module made by hand, as it would be after each stage. */
#ifndef IMC_TEST_TEXT_MODULE_H
#define IMC_TEST_TEXT_MODULE_H

#include "ir/text.h"

enum stage { FLOAT, QUANTISED, TILED, PLACED, PLANNED, SPATIAL, N_STAGE };

/* input -> convolution -> reshape -> softmax, at that stage. SPATIAL is placed
 * in arrays of binary cells: slices apart, two copies. */
struct imc_module *make_module(enum stage s, struct imc_diags *d);

/* A machine of two keys. */
extern const struct imc_text_hw toy_hw;

#endif
