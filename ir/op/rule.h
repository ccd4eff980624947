/* rule.h: what the type rules of all families share. */
#ifndef IMC_RULE_H
#define IMC_RULE_H

#include "ir/graph.h"

/* Most elements that a tensor may have. */
#define IMC_MAX_COUNT ((int64_t)1 << 40)

/* Reports that n cannot be typed: IMC_D_SHAPE_MISMATCH with the name of the
 * operator before the text, at n->loc. Always false. */
bool imc_rule_reject(struct imc_diags *d, const struct imc_node *n,
		     const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* True if every dimension is >= 0 and there are at most IMC_MAX_COUNT
 * elements. */
bool imc_rule_fits(const struct imc_tensor *t);

/* Gives output k of n (if it is there) the type and shape of t. */
void imc_rule_set_output(struct imc_graph *g, const struct imc_node *n, int k,
			 const struct imc_tensor *t);

/* Checks that input k, if present, has element type t; else reports. */
bool imc_rule_dtype(const struct imc_graph *g, const struct imc_node *n, int k,
		    enum imc_dtype t, struct imc_diags *d);

/* Checks that input k, if present, is a vector of n_element. */
bool imc_rule_vector(const struct imc_graph *g, const struct imc_node *n, int k,
		     int64_t n_element, struct imc_diags *d);

/* Makes a negative axis positive; reports one outside -rank .. rank-1. */
bool imc_rule_axis(const struct imc_node *n, int rank, int64_t *axis,
		   struct imc_diags *d);

#endif
