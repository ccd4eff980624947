/* SPDX-License-Identifier: Apache-2.0 */
/* imc_npy.h: arrays in .npy files, for the host runner. */
#ifndef IMC_NPY_H
#define IMC_NPY_H

#include <stddef.h>
#include <stdint.h>

#define IMC_NPY_MAX_RANK 8

struct imc_npy {
	int rank;
	int64_t dim[IMC_NPY_MAX_RANK];
	int64_t count;
	int integer; /* the elements are integers */
	int size;    /* bytes of one */
	int is_signed;
	unsigned char *data; /* of malloc, by imc_npy_read */
};

/* Reads version 1 to 3, little-endian, C order, f4 f8 and integers of 1 to 8
 * bytes. NULL, or what is wrong. */
const char *imc_npy_read(const char *path, struct imc_npy *out);

/* Element i as a double. */
double imc_npy_at(const struct imc_npy *a, int64_t i);

/* Writes float32 of this shape. NULL, or what is wrong. */
const char *imc_npy_write(const char *path, int rank, const int64_t *dim,
			  const float *x);

#endif
