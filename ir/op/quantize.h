/* quantize.h: the halves of the family `quantize`: qlinear.c has the
 * integer convolutions and matrix products, quantize.c the rest. */
#ifndef IMC_QUANTIZE_H
#define IMC_QUANTIZE_H

#include "ir/op/typing.h"

/* QLINEAR_CONV and CONV_INTEGER, QLINEAR_MATMUL and MATMUL_INTEGER. */
bool imc_qconv_type(const struct imc_typing *t);
void imc_qconv_eval(const struct imc_node *n, const struct imc_tensor *in,
		    struct imc_tensor *y, struct imc_arena *scratch);
bool imc_qmatmul_type(const struct imc_typing *t);
void imc_qmatmul_eval(const struct imc_node *n, const struct imc_tensor *in,
		      struct imc_tensor *y, struct imc_arena *scratch);

/* Stores round(v) + zero as element i of y, saturated; halves to even. Not
 * a number gives zero. y: an integer type of at most 32 bits. */
void imc_quantize_store(struct imc_tensor *y, int64_t i, float v, int64_t zero);

/* False (reported): input k, if present, has neither one element nor n. */
bool imc_quantize_count(const struct imc_typing *t, int k, int64_t n);

#endif
