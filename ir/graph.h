/* graph.h: the network: nodes and values, float or quantised.
 *
 * A graph owns nothing: all it points to lives in the arena of its module.
 * Nodes and values are referred to by id. Ids stay valid when nodes are
 * added; `order` says in which order nodes run. imc_graph_compact renumbers
 * and may only be used while no map exists. */
#ifndef IMC_GRAPH_H
#define IMC_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ir/support/arena.h"
#include "ir/support/diag.h"

#define IMC_MAX_RANK 8

typedef struct {
	uint32_t i;
} imc_val;
typedef struct {
	uint32_t i;
} imc_node_id;

#define IMC_NO_VAL ((imc_val){UINT32_MAX})
#define IMC_NO_NODE ((imc_node_id){UINT32_MAX})

static inline bool imc_node_ok(imc_node_id id)
{
	return id.i != UINT32_MAX;
}

static inline bool imc_val_ok(imc_val v)
{
	return v.i != UINT32_MAX;
}

/* name in text, bytes an element, number in ONNX's TensorProto.DataType */
#define IMC_DTYPES(X)                                                          \
	X(F32, f32, 4, 1)                                                      \
	X(U8, u8, 1, 2)                                                        \
	X(I8, i8, 1, 3)                                                        \
	X(U16, u16, 2, 4)                                                      \
	X(I16, i16, 2, 5)                                                      \
	X(I32, i32, 4, 6)                                                      \
	X(I64, i64, 8, 7)                                                      \
	X(BOOL, bool, 1, 9)                                                    \
	X(F16, f16, 2, 10)                                                     \
	X(F64, f64, 8, 11)                                                     \
	X(U32, u32, 4, 12)                                                     \
	X(U64, u64, 8, 13)

enum imc_dtype {
#define X(id, name, size, onnx) IMC_##id,
	IMC_DTYPES(X)
#undef X
		IMC_N_DTYPE
};

size_t imc_dtype_size(enum imc_dtype t);
const char *imc_dtype_name(enum imc_dtype t);
/* The type with that number in ONNX; false if it is none of ours. */
bool imc_dtype_of_onnx(int onnx, enum imc_dtype *out);

/* The element type, shape (dim[0] is the outermost) and bytes of a tensor.
 * data is row-major. Rank 0 is a scalar. */
struct imc_tensor {
	enum imc_dtype dtype;
	int rank;
	int64_t dim[IMC_MAX_RANK];
	void *data;
};

/* Elements of a shape: the product of its dimensions. */
int64_t imc_tensor_count(const struct imc_tensor *t);
size_t imc_tensor_bytes(const struct imc_tensor *t);

enum imc_op {
#define OP(id, name, onnx, n_in_min, n_in_max, kind, family, text) IMC_OP_##id,
#include "ir/ops.def"
#undef OP
	IMC_N_OP
};

/* A list of at most IMC_MAX_RANK integers. */
struct imc_ints {
	int n;
	int64_t v[IMC_MAX_RANK];
};

/* Every attribute an operator can have; ops.def says which one uses which. */
struct imc_attrs {
#define FIELD_I(field, n) int64_t field[n];
#define FIELD_F(field, n) float field[n];
#define FIELD_L(field) struct imc_ints field;
#include "ir/ops.def"
};

/* Scales, zeros and codes that the model file itself gives: of a network that
 * others quantised. What follows `kept` says why the target cannot hold them,
 * so that the value is quantised anew. */
#define IMC_GIVENS(X)                                                          \
	X(NONE, none, "")                                                      \
	X(KEPT, kept, "")                                                      \
	X(BITS, bits, "arrays read fewer bits")                                \
	X(ZERO, zero, "the zero of the DAC is fixed")                          \
	X(CODES, codes, "the cells lack some of the codes")                    \
	X(WIDE, wide, "codes less their zero exceed 8 bits")                   \
	X(AXIS, axis, "scales are along another axis than the outputs")        \
	X(SHARED, shared, "all outputs of a job share one scale")              \
	X(SHIFT, shift, "the engine scales by powers of two only")             \
	X(JOINED, joined, "it takes the scale of what it is joined with")

enum imc_given {
#define X(id, name, text) IMC_GIVEN_##id,
	IMC_GIVENS(X)
#undef X
		IMC_N_GIVEN
};

const char *imc_given_name(enum imc_given g); /* "kept" */
const char *imc_given_text(enum imc_given g); /* why it is not kept, or "" */

struct imc_value {
	const char *name;    /* ONNX's, or made from it; unique in the graph */
	struct imc_tensor t; /* t.data != NULL: a constant */
	bool shaped;	     /* dtype, rank and dim are known */
	/* Range over the calibration set, in real units; lo <= hi. */
	bool ranged;
	float lo, hi;
	/* Quantised (scale > 0): real = scale * (q - zero). */
	float scale;
	int32_t zero;
	/* Kept: no pass may choose other numbers. Of a float activation or
	 * constant these are scale and zero, or `scales`; quantised, its codes
	 * are those of the file (uint8: less 128). */
	enum imc_given given;
	/* Weights: one scale for each index of axis 0; f32 constant, or none.
	 * Float weights that have one are scale times code, and quantise to
	 * these codes. */
	imc_val scales;
	/* Activations: the mean of each channel (last axis) over the
	 * calibration set, in real units; f32 constant, or none. */
	imc_val means;
	/* Activations: for codes of 2 .. 7 bits the range with the least
	 * squared error over the calibration set; f32 constant [6, 2], or
	 * none. */
	imc_val clips;
	/* Activations: what equalise divided each channel (last axis) by, so
	 * that this holds x / divisor in the place of the model's x; f32
	 * constant, or none: by 1. */
	imc_val divisors;
	imc_node_id def; /* the node that computes it, or IMC_NO_NODE */
};

struct imc_node {
	enum imc_op op;
	bool dead;
	const char *name; /* of the ONNX node it came from */
	struct imc_loc loc;
	int n_in, n_out;
	imc_val *in; /* IMC_NO_VAL: an optional input that is absent */
	imc_val *out;
	struct imc_attrs a;
	/* Names of all ONNX nodes whose work this node does, itself first. */
	int n_origin;
	const char **origin;
};

/* How the last axes of 4-D activations are laid out. */
enum imc_layout { IMC_NCHW, IMC_NHWC };

struct imc_graph {
	struct imc_arena *arena; /* borrowed from the module */
	const char *name;
	enum imc_layout layout;
	size_t n_node, cap_node;
	struct imc_node *node;
	size_t n_value, cap_value;
	struct imc_value *value;
	size_t n_order, cap_order;
	imc_node_id *order; /* live nodes, every one after those it reads */
	size_t n_input, cap_input, n_output, cap_output;
	imc_val *input, *output;
};

struct imc_graph *imc_graph_new(struct imc_arena *a, const char *name);

/* True if v has numbers that the model file gives: its range, scale, zero
 * and codes are to be left as they are. */
static inline bool imc_value_given(const struct imc_value *v)
{
	return v->given == IMC_GIVEN_KEPT;
}

/* The range of codes of 8 bits with the scale and zero of v. */
void imc_value_given_range(const struct imc_value *v, float *lo, float *hi);

/* Value `to` gets the given numbers of `from`, whatever these are. */
void imc_value_give(struct imc_graph *g, imc_val to, imc_val from);

/* A new value; its name is made unique by a suffix when it is taken. */
imc_val imc_graph_add_value(struct imc_graph *g, const char *name);

/* A new constant of shape t; t->data is copied into the arena. */
imc_val imc_graph_add_const(struct imc_graph *g, const char *name,
			    const struct imc_tensor *t);

/* A new node with attributes at their defaults, with the name, place and
 * origin of `like` (NULL: none), with n_in and n_out ids all absent. It is
 * put at the end of `order`; call imc_graph_sort when that is not its place.
 * Pointers to nodes and values may move. */
imc_node_id imc_graph_add_node(struct imc_graph *g, enum imc_op op, int n_in,
			       int n_out, const struct imc_node *like);

static inline struct imc_node *imc_node_at(const struct imc_graph *g,
					   imc_node_id n)
{
	return &g->node[n.i];
}

static inline struct imc_value *imc_value_at(const struct imc_graph *g,
					     imc_val v)
{
	return &g->value[v.i];
}

/* Input k of n, or NULL when it is absent or n has fewer inputs. */
struct imc_value *imc_node_in(const struct imc_graph *g,
			      const struct imc_node *n, int k);
struct imc_value *imc_node_out(const struct imc_graph *g,
			       const struct imc_node *n, int k);

/* Sets output k of node n to v, and v's def to n. */
void imc_node_set_out(struct imc_graph *g, imc_node_id n, int k, imc_val v);

/* Makes room for inputs up to n_in; new ones are absent. */
void imc_node_resize_in(struct imc_graph *g, imc_node_id n, int n_in);

/* Every reader of `from`, and every graph output that is `from`, reads `to`
 * instead. */
void imc_graph_replace(struct imc_graph *g, imc_val from, imc_val to);

/* Uses of v by live nodes, plus one for each graph output that is v. The one
 * reader is stored in *reader when it is a node (may be NULL). */
int imc_graph_n_use(const struct imc_graph *g, imc_val v, imc_node_id *reader);

/* True if v is an output (input) of the graph. */
bool imc_graph_is_output(const struct imc_graph *g, imc_val v);
bool imc_graph_is_input(const struct imc_graph *g, imc_val v);

/* Adds the origins of `other` to those of n (no name twice). */
void imc_node_add_origin(struct imc_graph *g, imc_node_id n,
			 const struct imc_node *other);

/* Recomputes `order` from the data flow, stable in node id; dead nodes are
 * left out. False: there is a cycle (never after a successful import). */
bool imc_graph_sort(struct imc_graph *g);

/* Marks nodes dead whose outputs nobody uses, and drops them from order. */
size_t imc_graph_sweep(struct imc_graph *g);

/* Removes dead nodes and unused values, and renumbers in `order`. */
void imc_graph_compact(struct imc_graph *g);

/* Equal objects: same nodes in the same order with the same attributes,
 * values, constants (bit for bit) and names. */
bool imc_graph_equal(const struct imc_graph *a, const struct imc_graph *b);

/* Multiply-accumulates of one inference, and the parameters (elements of the
 * weights and biases of matrix nodes and batch normalisations). */
int64_t imc_graph_macs(const struct imc_graph *g);
int64_t imc_graph_params(const struct imc_graph *g);

/* Given numbers of a quantised graph that were kept, and the others by why. */
struct imc_given_count {
	int n_act, n_weight; /* that had any */
	int act[IMC_N_GIVEN], weight[IMC_N_GIVEN];
};

struct imc_given_count imc_given_count_of(const struct imc_graph *g);

#endif
