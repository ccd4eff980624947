/* conformance.h: ONNX's test cases through the float evaluator. */
#ifndef IMC_CONFORMANCE_H
#define IMC_CONFORMANCE_H

#include "ir/graph.h"

enum verdict { CASE_PASS, CASE_REFUSED, CASE_FAIL };

/* Two floats agree when |a - b| <= atol + rtol * |b|, b the expected one. */
struct tolerance {
	double rtol, atol;
};

/* One case: a model and the folders of its data. */
struct test_case {
	const char *name, *folder;
	const char *model; /* path, or NULL when there are several */
};

struct test_cases {
	struct imc_arena *arena;
	struct test_case *v;
	size_t n, cap;
};

/* Adds the cases at and below `folder`, sorted by name. False: it cannot be
 * read. */
bool find_cases(struct test_cases *out, const char *folder);

/* The names in folder that begin with `prefix`, sorted; NULL: unreadable. */
const char **list_folder(struct imc_arena *a, const char *folder,
			 const char *prefix, size_t *n);

/* Runs a case on all its data sets. *why: the reason of what is no pass. */
enum verdict run_case(const struct test_case *c, const struct tolerance *tol,
		      struct imc_arena *a, const char **why);

/* Infers all types of g in order and evaluates what is constant. False:
 * reported. */
bool fold_graph(struct imc_graph *g, struct imc_diags *d);

/* NULL when got agrees with want, else what is wrong with it. */
const char *compare_tensors(const struct imc_tensor *got,
			    const struct imc_tensor *want,
			    const struct tolerance *tol, struct imc_arena *a);

#endif
