/* onnx_write.h: a model of plain structs into a file. */
#ifndef IMC_ONNX_WRITE_H
#define IMC_ONNX_WRITE_H

#include "frontend/onnx/onnx_model.h"
#include "ir/support/diag.h"

/* True if m, whose raw data need not be there yet, fits a file; else reported
 * for `path`. */
bool imc_onnx_check_size(const struct imc_onnx_model *m, const char *path,
			 struct imc_diags *d);

/* Writes m, whose size was checked, to the regular file `path`, which is
 * there whole or not at all. False: reported. */
bool imc_onnx_write(const struct imc_onnx_model *m, const char *path,
		    struct imc_diags *d);

#endif
