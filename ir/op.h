/* op.h: what ops.def says of each operator, and how its family computes.
 *
 * A family is one file ir/op/<family>.c with a type rule and an evaluator
 * for all its operators. Nothing else switches over operators to compute. */
#ifndef IMC_OP_H
#define IMC_OP_H

#include "ir/graph.h"
#include "ir/support/arena.h"

enum imc_kind { IMC_MATRIX, IMC_DIGITAL, IMC_MOVE, IMC_HOST };

enum imc_field_type { IMC_FIELD_I, IMC_FIELD_F, IMC_FIELD_L };

/* One attribute of one operator. offset: into struct imc_attrs. count:
 * elements of an I or F field. Integers lie in min .. max. */
struct imc_attr_info {
	const char *name;
	enum imc_field_type type;
	size_t offset;
	int count;
	int64_t def_i, min, max;
	float def_f;
};

/* The type rule of a family: checks the types and shapes of the inputs of
 * node n (all shaped) and sets dtype, shape and `shaped` of its outputs.
 * Inputs that decide a shape must be constants. May normalise attributes
 * (negative axes, auto_pad into pads, shape inputs into attributes).
 * False: reported. */
typedef bool imc_type_rule(struct imc_graph *g, struct imc_node *n,
			   struct imc_diags *d);

/* Evaluates node n: in[k] and out[k] are its inputs and outputs (in[k].data
 * NULL: absent), with out[k].data allocated and zeroed. g gives scales, zeros
 * and the layout; it is only read, so that many threads may evaluate. All
 * shapes were accepted by the type rule. scratch: freed by the caller. */
typedef void imc_evaluator(const struct imc_graph *g, const struct imc_node *n,
			   const struct imc_tensor *in, struct imc_tensor *out,
			   struct imc_arena *scratch);

struct imc_op_info {
	const char *name; /* "conv2d": in text forms */
	const char *onnx; /* "Conv", or "" */
	int n_in_min, n_in_max;
	enum imc_kind kind;
	imc_type_rule *type;
	imc_evaluator *eval;
	const char *text; /* its meaning, one line */
	int n_attr;
	const struct imc_attr_info *attr;
};

const struct imc_op_info *imc_op_info(enum imc_op op);

/* IMC_N_OP when there is none of that name. */
enum imc_op imc_op_by_name(const char *name);
enum imc_op imc_op_by_onnx(const char *onnx_type);

const char *imc_kind_name(enum imc_kind k);

/* Sets the attributes of op to their defaults. */
void imc_attrs_default(enum imc_op op, struct imc_attrs *a);

/* Runs the type rule of n after checking its number of inputs. */
bool imc_op_infer(struct imc_graph *g, imc_node_id n, struct imc_diags *d);

/* Allocates out[k] in `scratch` and evaluates node n. */
void imc_op_eval(const struct imc_graph *g, const struct imc_node *n,
		 const struct imc_tensor *in, struct imc_tensor *out,
		 struct imc_arena *scratch);

/* Declarations of the families' functions: imc_type_conv, imc_eval_conv ... */
#define OP(id, name, onnx, lo, hi, kind, family, text)                         \
	imc_type_rule imc_type_##family;                                       \
	imc_evaluator imc_eval_##family;
#include "ir/ops.def"
#undef OP

#endif
