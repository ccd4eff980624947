/* graph_cases.h: a network, the passes to run, and what must be left of it. */
#ifndef IMC_TEST_CASES_H
#define IMC_TEST_CASES_H

#include "build.h"

/* `passes` run after infer_shapes and fold_constants; then the operators in
 * order must be `ops`. Then the whole stage runs, and they must be `end`
 * (NULL: not looked at). The outputs stay the same throughout. */
struct test_case {
	const char *name;
	void (*make)(struct build *b);
	const char *passes, *ops, *end;
};

extern const struct test_case simple_cases[], fold_cases[], nhwc_cases[];

#endif
