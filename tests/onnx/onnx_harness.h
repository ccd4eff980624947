/* onnx_harness.h: reads a made model and looks at what came of it. */
#ifndef IMC_TEST_HARNESS_H
#define IMC_TEST_HARNESS_H

#include "frontend/onnx/onnx.h"
#include "tests/onnx/onnx_encode.h"

#define HOLDS(condition) CHECK(condition, "does not hold")

/* What reading a model gave; text: all messages, a line each. */
struct got {
	struct imc_graph *g;
	struct imc_onnx_info info;
	const char *text;
};

struct got read_net(const struct net *n);
struct got read_as(struct imc_arena *a, const char *path, const void *p,
		   size_t size);

/* The first node of operator op; NULL: none. */
const struct imc_node *node_of(const struct got *r, enum imc_op op);

/* Each gives the number of its failed checks. */
int test_forms(void);
int test_refuse(void);
int test_bytes(const char *folder);

#endif
