/* onnx_import.h: what the files of the ONNX front end share. */
#ifndef IMC_ONNX_IMPORT_H
#define IMC_ONNX_IMPORT_H

#include "frontend/onnx/onnx.h"
#include "frontend/onnx/onnx_model.h"
#include "ir/op.h"

/* Reads all of file `path` into a. NULL: reported. */
void *imc_onnx_read_file(const char *path, struct imc_arena *a,
			 struct imc_diags *d, size_t *size);

/* size bytes at `offset` of the file `location` names, relative to the
 * folder of `model`, which it may not leave. NULL: *why says why. */
void *imc_onnx_read_external(const char *model, const char *location,
			     int64_t offset, size_t size, struct imc_arena *a,
			     const char **why);

/* An ONNX tensor as one of ours, its data in a. False: reported at loc. */
bool imc_onnx_make_tensor(const struct imc_onnx_tensor *t, struct imc_loc loc,
			  struct imc_arena *a, struct imc_diags *d,
			  struct imc_tensor *out);

/* "bfloat16" for 16, "type 99" for what the standard has not. */
const char *imc_onnx_type_name(int dtype, struct imc_arena *a);

/* Types and shapes that take the place of those the model declares: of the
 * inputs that are not initialisers, in order. data is not read. */
struct imc_onnx_given {
	size_t n;
	const struct imc_tensor *t;
};

/* imc_onnx_read_bytes with given inputs (NULL: as declared). */
struct imc_graph *imc_onnx_read_given(const char *path, const void *bytes,
				      size_t size, struct imc_arena *a,
				      struct imc_diags *d,
				      struct imc_onnx_info *info,
				      const struct imc_onnx_given *given);

/* A value by its ONNX name. lost: an output that is not computed, with the
 * reason in why; v is then absent. */
struct imc_onnx_entry {
	const char *name;
	imc_val v;
	bool input; /* of the graph */
	struct imc_loc loc;
	const char *lost, *help;
};

struct imc_onnx_names {
	size_t n, cap; /* cap: a power of two */
	struct imc_onnx_entry *slot;
};

/* One import. The model and scratch end with it. */
struct imc_onnx_import {
	const char *path;
	struct imc_arena *a, *scratch;
	struct imc_diags *d;
	struct imc_graph *g;
	const struct imc_onnx_model *m;
	const struct imc_onnx_given *given;
	int64_t opset;
	struct imc_onnx_names names;
};

/* Finds a name; NULL when no value has it. */
struct imc_onnx_entry *imc_onnx_find(const struct imc_onnx_import *im,
				     const char *name);

/* Where node i of the model is; its name, made when it has none. */
struct imc_loc imc_onnx_node_loc(const struct imc_onnx_import *im, size_t i);

/* A new constant made for node n: name is the node's with `suffix`. */
imc_val imc_onnx_add_const(struct imc_onnx_import *im, imc_node_id n,
			   const char *suffix, const struct imc_tensor *t);

/* The ONNX attribute of that name, or NULL. */
const struct imc_onnx_attr *imc_onnx_attr(const struct imc_onnx_node *p,
					  const char *name);

/* Checks and stores every attribute of p in node n. False: reported. */
bool imc_onnx_import_attrs(struct imc_onnx_import *im,
			   const struct imc_onnx_node *p, imc_node_id n);

/* The operator of p; IMC_N_OP: reported at loc as unsupported. */
enum imc_op imc_onnx_choose_op(struct imc_onnx_import *im,
			       const struct imc_onnx_node *p,
			       struct imc_loc loc);

/* The operator that p, one of com.microsoft on codes, is made of; IMC_N_OP: it
 * is none of them. */
enum imc_op imc_onnx_qlinear_op(const struct imc_onnx_node *p);

/* True if attribute a of such a node says nothing. */
bool imc_onnx_qlinear_attr(const struct imc_onnx_node *p,
			   const struct imc_onnx_attr *a);

/* Puts dequantise and quantise around node n, if p is such a node. False:
 * reported. */
bool imc_onnx_expand_qlinear(struct imc_onnx_import *im,
			     const struct imc_onnx_node *p, imc_node_id n);

/* The tensor of a Constant node. False: reported at loc. */
bool imc_onnx_constant(struct imc_onnx_import *im,
		       const struct imc_onnx_node *p, struct imc_loc loc,
		       struct imc_tensor *out);

/* What the operator set of the model means by node n, before and after its
 * attributes were read: defaults, inputs at other places. */
void imc_onnx_opset_defaults(struct imc_onnx_import *im, imc_node_id n);
bool imc_onnx_adapt(struct imc_onnx_import *im, const struct imc_onnx_node *p,
		    imc_node_id n);

/* Outputs of op that we compute when the ONNX node has n of them, and why
 * the others are not. */
int imc_onnx_n_out(enum imc_op op, size_t n);
const char *imc_onnx_lost_output(enum imc_op op, const char **help);

#endif
