/* verify.h: the parts of imc_module_verify. Private to ir. */
#ifndef IMC_VERIFY_H
#define IMC_VERIFY_H

#include "ir/module.h"

struct imc_verify {
	const struct imc_module *m;
	struct imc_arena *scratch;
};

/* Reports what is wrong at n (NULL: nowhere); always false. */
bool imc_verify_fail(const struct imc_verify *v, const struct imc_node *n,
		     const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Ids, order, definitions, attributes. What follows relies on them. */
bool imc_verify_graph(const struct imc_verify *v);

/* Every type and shape is what its type rule says. */
bool imc_verify_types(const struct imc_verify *v);

/* Device arithmetic: int8 with scales, numbers within their ranges. */
bool imc_verify_numbers(const struct imc_verify *v);

/* Errors of bits: of nodes that there are, once each. */
bool imc_verify_bits(const struct imc_verify *v);

/* Engines, tiles and places. */
bool imc_verify_map(const struct imc_verify *v);

#endif
