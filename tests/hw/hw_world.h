/* hw_world.h: what the tests of the cost model share: a machine, and layers
 * for it. */
#ifndef IMC_TEST_HW_WORLD_H
#define IMC_TEST_HW_WORLD_H

#include "hwdesc/cost.h"

/* For users of tests/check.h. */
#define OK(condition) CHECK(condition, "is false")

struct world {
	struct imc_arena *arena; /* the caller frees it */
	struct imc_diags d;
	struct imc_hw *hw;
	struct imc_graph *g; /* empty */
};

/* Ends the program when there is no such target. */
void open_world(struct world *w, const char *target);

/* A value [a, b, c, d]; a constant has zeros. */
imc_val value(struct world *w, enum imc_dtype dtype, const int64_t dim[4],
	      bool constant);

/* A layer: `out` x `out` outputs, c channels to k, kernel, stride, groups. */
struct layer {
	int64_t out, c, k, kernel, stride, group;
};

imc_node_id conv(struct world *w, enum imc_op op, struct layer l);
imc_node_id add(struct world *w, enum imc_op op, int64_t out, int64_t c);

/* Four-bit weights, one a cell; one group a job. */
struct imc_assign assign(enum imc_engine e, bool post_adc);

/* Equal but for rounding. */
bool near(double a, double b);

#endif
