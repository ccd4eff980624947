/* npy.h: numpy's array files, between the files of this folder. */
#ifndef IMC_NPY_H
#define IMC_NPY_H

#include "frontend/data/data.h"

/* True if bytes begin as a .npy file does. */
bool imc_npy_is(const void *bytes, size_t size);

/* Reads a .npy file from memory; out->data (row-major, of this machine's byte
 * order) lives in a. path is used in messages. False: reported. */
bool imc_npy_read(const char *path, const void *bytes, size_t size,
		  struct imc_arena *a, struct imc_diags *d,
		  struct imc_tensor *out);

/* "[600, 28, 28]" */
const char *imc_shape_text(const struct imc_tensor *t, struct imc_arena *a);

#endif
