/* rewrite.h: what the passes of stage 1 share to change a graph.
 *
 * A pass is a list of rules. A rule looks at one node and what surrounds it,
 * and either leaves the graph alone and says false, or changes it to one of
 * the same meaning and says true. Rules are tried on every node until none
 * applies, so each must leave less to do than it found.
 *
 * Values that are outputs of the graph keep their place and their names:
 * what computes them changes, they do not. Nodes and values move when one is
 * added: take pointers again after imc_rw_add and imc_rw_const. */
#ifndef IMC_REWRITE_H
#define IMC_REWRITE_H

#include "ir/graph.h"
#include "ir/op.h"
#include "passes/pass.h"

struct imc_rw {
	struct imc_graph *g;
	struct imc_diags *d;
	struct imc_arena *scratch;
	int64_t n_changed;
	bool failed; /* a node that a rule made has no type; reported */
};

typedef bool imc_rw_rule(struct imc_rw *rw, imc_node_id id);

/* Runs n rules (first match first) over the graph of m to the fixed point,
 * drops what died, renumbers, and counts changes in cx. */
bool imc_rw_run(struct imc_module *m, struct imc_pass_cx *cx,
		imc_rw_rule *const *rule, size_t n);

/* ---- looking ---- */

/* The tensor of input k of n when it is a constant (float), else NULL. */
const struct imc_tensor *imc_rw_const_in(const struct imc_graph *g,
					 const struct imc_node *n, int k);
const struct imc_tensor *imc_rw_f32_in(const struct imc_graph *g,
				       const struct imc_node *n, int k);

/* The two operands of a node with two inputs of which one is a float
 * constant and the other is not: its index in *k. NULL: it is not so. */
const struct imc_tensor *imc_rw_operand(const struct imc_graph *g,
					const struct imc_node *n, int *k);

/* The type of input k (output k), which must be there. */
const struct imc_tensor *imc_rw_type_in(const struct imc_graph *g,
					const struct imc_node *n, int k);
const struct imc_tensor *imc_rw_type_out(const struct imc_graph *g,
					 const struct imc_node *n, int k);

/* The node that computes input k of n, or IMC_NO_NODE. */
imc_node_id imc_rw_def(const struct imc_graph *g, const struct imc_node *n,
		       int k);
bool imc_rw_is(const struct imc_graph *g, imc_node_id id, enum imc_op op);

/* The same if n is its only reader and its output is not the graph's. */
imc_node_id imc_rw_sole_def(const struct imc_graph *g, const struct imc_node *n,
			    int k);

/* The one node that reads output 0 of n, or IMC_NO_NODE: several do, or the
 * graph's outputs do. */
imc_node_id imc_rw_sole_reader(const struct imc_graph *g,
			       const struct imc_node *n);

static inline bool imc_rw_found(imc_node_id id)
{
	return id.i != UINT32_MAX;
}

bool imc_rw_same_shape(const struct imc_tensor *a, const struct imc_tensor *b);

/* The integers (i32 or i64) of a constant of at most IMC_MAX_RANK elements;
 * false: it is not one. */
bool imc_rw_ints(const struct imc_tensor *t, struct imc_ints *out);

/* ---- changing ---- */

/* A new float constant: rank and dim, with the elements of x. */
imc_val imc_rw_const(struct imc_rw *rw, const char *name, int rank,
		     const int64_t *dim, const float *x);

/* The same elements in another shape. */
imc_val imc_rw_const_as(struct imc_rw *rw, imc_val c, int rank,
			const int64_t *dim);

/* A new node of one output, with the name and origins of `like`; it reads a
 * and b (either may be IMC_NO_VAL, and is then no input). Its output is a new
 * value with a name made from that of a. Set its attributes, then call
 * imc_rw_infer; or give it another output. */
imc_node_id imc_rw_add(struct imc_rw *rw, enum imc_op op, imc_node_id like,
		       imc_val a, imc_val b);

/* A reshape (transpose) of a, typed; returns its output. */
imc_val imc_rw_reshape(struct imc_rw *rw, imc_node_id like, imc_val a, int rank,
		       const int64_t *dim);
imc_val imc_rw_transpose(struct imc_rw *rw, imc_node_id like, imc_val a,
			 int rank, const int64_t *perm);

/* Runs the type rule of id; a fault is kept in rw->failed. */
void imc_rw_infer(struct imc_rw *rw, imc_node_id id);

/* Node id becomes an `op` with n_in inputs (at most those it has) and default
 * attributes; its outputs stay. */
void imc_rw_become(struct imc_rw *rw, imc_node_id id, enum imc_op op, int n_in);

/* `by` computes output 0 of id instead of id, which dies; by gets the origins
 * of id. The old output of by has then no more to say. */
void imc_rw_take_over(struct imc_rw *rw, imc_node_id by, imc_node_id id);

/* Node id only hands on its input 0: who reads its output reads the input.
 * False, and nothing changed, when both ends are visible outside. */
bool imc_rw_bypass(struct imc_rw *rw, imc_node_id id);

/* ---- constants that differ from channel to channel only ---- */

/* Reads constant c, which is broadcast against x: one number for each index
 * of `axis` of x, in x->dim[axis] elements of scratch. NULL when c varies
 * along another axis, or makes the result larger than x. */
double *imc_rw_channels(struct imc_rw *rw, const struct imc_tensor *c,
			const struct imc_tensor *x, int axis);

/* The axis of the output channels of a node that multiplies by a constant
 * matrix (conv2d, gemm, matmul) and has no clip yet; -1: it is none. */
int imc_rw_matrix_axis(const struct imc_graph *g, imc_node_id id);

/* Every output channel k of such a node becomes y * mul[k] + add[k]. NULL: 1
 * or 0. False, and nothing changed: its bias is not a constant a channel, or
 * a matmul would need a bias and cannot become a gemm. */
bool imc_rw_scale_matrix(struct imc_rw *rw, imc_node_id id, const double *mul,
			 const double *add);

#endif
