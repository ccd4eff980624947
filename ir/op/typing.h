/* typing.h: what the type rules of the operator families share. */
#ifndef IMC_TYPING_H
#define IMC_TYPING_H

#include "ir/op.h"

/* Most elements that a tensor may have. */
#define IMC_MAX_COUNT ((int64_t)1 << 40)

/* The arguments of a type rule. */
struct imc_typing {
	struct imc_graph *g;
	struct imc_node *n;
	struct imc_diags *d;
};

/* Sets of element types, one bit of each enum imc_dtype. */
#define IMC_TYPE_BIT(t) (1u << IMC_##t)
#define IMC_FLOATS (IMC_TYPE_BIT(F32) | IMC_TYPE_BIT(F16) | IMC_TYPE_BIT(F64))
#define IMC_SIGNED                                                             \
	(IMC_TYPE_BIT(I8) | IMC_TYPE_BIT(I16) | IMC_TYPE_BIT(I32) |            \
	 IMC_TYPE_BIT(I64))
#define IMC_UNSIGNED                                                           \
	(IMC_TYPE_BIT(U8) | IMC_TYPE_BIT(U16) | IMC_TYPE_BIT(U32) |            \
	 IMC_TYPE_BIT(U64))
#define IMC_NUMBERS (IMC_FLOATS | IMC_SIGNED | IMC_UNSIGNED)
#define IMC_INDICES (IMC_TYPE_BIT(I32) | IMC_TYPE_BIT(I64))
#define IMC_BYTES (IMC_TYPE_BIT(U8) | IMC_TYPE_BIT(I8))
#define IMC_ANY_TYPE (IMC_NUMBERS | IMC_TYPE_BIT(BOOL))

/* Reports a misfit of shapes or attributes in a sentence; always false. */
bool imc_typing_fail(const struct imc_typing *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Begins a type rule. False (reported): the node has not 1 .. n_max outputs,
 * the first one is absent (but with INT32_MAX), or an attribute is out of the
 * range that ops.def gives. */
bool imc_typing_begin(const struct imc_typing *t, int n_max);

/* Input k, or NULL when it is absent. */
const struct imc_tensor *imc_typing_in(const struct imc_typing *t, int k);

/* False (reported): input k is absent or its type is not in the set. */
bool imc_typing_takes(const struct imc_typing *t, int k, uint32_t types);

/* False (reported): input k, if present, has another type, or is no vector of
 * n_element. */
bool imc_typing_dtype(const struct imc_typing *t, int k, enum imc_dtype type);
bool imc_typing_vector(const struct imc_typing *t, int k, int64_t n_element);

/* False (reported): input k has another type than input 0. */
bool imc_typing_same(const struct imc_typing *t, int k);

/* False (reported): input k, which decides a shape, is not a constant. */
bool imc_typing_const(const struct imc_typing *t, int k);

/* The integers in constant input k: a list or a scalar of type i32 or i64.
 * False (reported): they are not constant, not integers or too many. */
bool imc_typing_ints(const struct imc_typing *t, int k, struct imc_ints *out);

/* Makes input k absent, after its content has become an attribute. */
void imc_typing_drop(const struct imc_typing *t, int k);

/* Makes *axis 0 .. rank-1. False (reported): it is outside. */
bool imc_typing_axis(const struct imc_typing *t, int64_t *axis, int rank);

/* The same for each of a list; false also when an axis comes twice. */
bool imc_typing_axes(const struct imc_typing *t, struct imc_ints *axes,
		     int rank);

/* Widens *y by input k. False (reported): they do not broadcast. */
bool imc_typing_broadcast(const struct imc_typing *t, int k,
			  struct imc_tensor *y);

/* True if every dimension is >= 0 and there are at most IMC_MAX_COUNT
 * elements. */
bool imc_typing_fits(const struct imc_tensor *t);

/* Gives output k the type and shape of y; an absent one is passed over.
 * False (reported): there are too many elements. */
bool imc_typing_set(const struct imc_typing *t, int k,
		    const struct imc_tensor *y);

/* "[1, 3, 8, 8]", in the arena of the diagnostics. */
const char *imc_typing_text(const struct imc_typing *t,
			    const struct imc_tensor *x);

#endif
