/* preprocess.h: from stored numbers to the network's input. */
#ifndef IMC_PREPROCESS_H
#define IMC_PREPROCESS_H

#include "frontend/data/data.h"

/* Reads the YAML file beside data file `path` into *pre, if there is one.
 * False: reported. */
bool imc_pre_beside(const char *path, struct imc_arena *a, struct imc_diags *d,
		    struct imc_preprocess *pre);

/* Element i of t (any type but IMC_N_DTYPE) as a double. */
double imc_element(const struct imc_tensor *t, int64_t i);

#endif
