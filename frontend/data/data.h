/* data.h: tensors on disk, calibration and evaluation sets. */
#ifndef IMC_DATA_H
#define IMC_DATA_H

#include "ir/graph.h"
#include "ir/samples.h"
#include "ir/support/diag.h"

/* Reads a serialised TensorProto; passed in, since protobuf lives elsewhere. */
typedef bool imc_read_pb(const char *path, const void *bytes, size_t size,
			 struct imc_arena *a, struct imc_diags *d,
			 struct imc_tensor *out, const char **name);

/* All bytes of a file, zero-terminated; NULL: reported. */
void *imc_file_read(const char *path, struct imc_arena *a, struct imc_diags *d,
		    size_t *size);

/* Reads .npy (version 1 to 3, C or Fortran order, little or big endian) or
 * .pb (by `pb`), chosen by its content. False: reported. */
bool imc_data_tensor(const char *path, imc_read_pb *pb, struct imc_arena *a,
		     struct imc_diags *d, struct imc_tensor *out);

/* Reads samples for the (float, NCHW) input of g from `path`: with or without
 * batch dimension, NCHW or NHWC as the input's shape makes unambiguous.
 * pre: applied to integer data, and to float data when given; when it is not
 * given it is read from the YAML file beside the data (x.yaml for x.npy, or
 * data.yaml in its folder) if there is one, and *pre is set. limit: samples at
 * most, 0 = all. False: reported. */
bool imc_data_samples(const char *path, const struct imc_graph *g,
		      imc_read_pb *pb, struct imc_preprocess *pre,
		      int64_t limit, struct imc_arena *a, struct imc_diags *d,
		      struct imc_samples *out);

/* Reads n integer labels (any integer type, or whole floats). */
bool imc_data_labels(const char *path, imc_read_pb *pb, struct imc_arena *a,
		     struct imc_diags *d, int64_t *n, int64_t **out);

/* Parses "0.485,0.456,0.406" into v (at most 4); count, or -1. */
int imc_parse_floats(const char *text, double v[4]);

/* Writes a float32 .npy. False: reported. */
bool imc_npy_write(const char *path, const struct imc_tensor *t,
		   struct imc_diags *d);

#endif
