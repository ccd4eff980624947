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
 * .pb (by `pb`, may be NULL), chosen by its content. False: reported. */
bool imc_data_tensor(const char *path, imc_read_pb *pb, struct imc_arena *a,
		     struct imc_diags *d, struct imc_tensor *out);

/* Type and shape of v as the ONNX model states it (NCHW, also when g is
 * channel-last by now); data is NULL. */
struct imc_tensor imc_data_model_tensor(const struct imc_graph *g, imc_val v);

/* That of the first input of g. */
struct imc_tensor imc_data_input(const struct imc_graph *g);

/* Reads samples for the (float) input of g from `path`. The shape may be
 *     the input's own [N, C, H, W], or channel-last [N, H, W, C], or without
 *     axes of size 1 (grey pictures [N, H, W]), or flat [N, F] when C or
 *     H * W is 1, or any [N, A, B] for a flat input [1, A * B];
 *     N absent: a single sample.
 * .npy data that could be channel-first and channel-last alike is refused; a
 * .pb is an ONNX tensor, and channel-first.
 *
 * pre: x = (data * scale - mean) / std. When pre->given it is for any data.
 * When not, it is read from the YAML file beside the data (x.yaml for x.npy,
 * or data.yaml in its folder) if there is one; else float data is taken as it
 * is, and integer data goes by what else *pre holds (all 0: as it is). That
 * file has keys mean, std, scale: a number, or for mean and std a list
 * [a, b, c] with one a channel. On return *pre is what was done, and `given`
 * tells if anything was.
 *
 * pre->scale 0 means it was not said: then float data has scale 1, and integer
 * data has scale 1/255 when mean or std are there and all of them are <= 1
 * (they are on the 0..1 scale), else 1.
 *
 * limit: samples at most, 0 = all. False: reported. */
bool imc_data_samples(const char *path, const struct imc_graph *g,
		      imc_read_pb *pb, struct imc_preprocess *pre,
		      int64_t limit, struct imc_arena *a, struct imc_diags *d,
		      struct imc_samples *out);

/* The same as the bundle's runner reads them: integer data goes by *pre, the
 * preprocessing of the module, when that was given; float data is taken as it
 * is; no file beside the data counts. */
bool imc_data_samples_compiled(const char *path, const struct imc_graph *g,
			       imc_read_pb *pb,
			       const struct imc_preprocess *pre, int64_t limit,
			       struct imc_arena *a, struct imc_diags *d,
			       struct imc_samples *out);

/* Reads what the bundle's runner wrote for n samples: (*out)[k], in a, holds
 * output k of all of them, from `path` and PATH.1.npy ... False: reported. */
bool imc_data_outputs(const char *path, const struct imc_graph *g, int64_t n,
		      struct imc_arena *a, struct imc_diags *d,
		      const float ***out);

/* Settles a scale that was not said, as above, and checks mean and std against
 * the number of channels. False: reported at `path`. */
bool imc_pre_settle(struct imc_preprocess *pre, bool integer, int64_t channels,
		    const char *path, struct imc_diags *d);

/* Reads n integer labels, [N] or [N, 1] (any integer type, or whole floats). */
bool imc_data_labels(const char *path, imc_read_pb *pb, struct imc_arena *a,
		     struct imc_diags *d, int64_t *n, int64_t **out);

/* Parses "0.485,0.456,0.406" into v (at most 4); count, or -1. */
int imc_parse_floats(const char *text, double v[4]);

#endif
