/* onnx.h: ONNX bytes to graph. The only user of protobuf-c. */
#ifndef IMC_ONNX_H
#define IMC_ONNX_H

#include "ir/graph.h"

/* What a model file says of itself, also when it cannot be read to the end;
 * text lives as long as the diagnostics. */
struct imc_onnx_info {
	int64_t ir_version, opset; /* opset: of the default domain */
	const char *producer, *producer_version, *graph_name;
	size_t n_node, n_initialiser;
	size_t n_domain; /* other operator sets: "com.microsoft 1" ... */
	const char **domain;
};

/* Reads model file `path` into a float graph (layout NCHW, in ONNX's own
 * order made topological; shapes of inputs and constants are known, the rest
 * is for infer_shapes). A symbolic batch dimension (the first) becomes 1.
 * All unsupported operators are reported, each with its node, the reason and
 * what would help, before it gives up. External data may not leave the
 * model's folder. NULL: reported. info may be NULL. */
struct imc_graph *imc_onnx_read(const char *path, struct imc_arena *a,
				struct imc_diags *d,
				struct imc_onnx_info *info);

/* The same from size bytes in memory; path is used in messages and for
 * external data. */
struct imc_graph *imc_onnx_read_bytes(const char *path, const void *bytes,
				      size_t size, struct imc_arena *a,
				      struct imc_diags *d,
				      struct imc_onnx_info *info);

/* Reads one serialised TensorProto. *name: its name, "" if none. False:
 * reported. */
bool imc_onnx_read_tensor(const char *path, const void *bytes, size_t size,
			  struct imc_arena *a, struct imc_diags *d,
			  struct imc_tensor *out, const char **name);

#endif
