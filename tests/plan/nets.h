/* nets.h: random quantised networks with engines, ready to be scheduled. */
#ifndef IMC_TEST_NETS_H
#define IMC_TEST_NETS_H

#include "ir/module.h"
#include "tests/runtime/random.h"

/* Windows on all engines, sums, tables and moves, tiles placed; d must outlive
 * the module. The caller frees it. */
struct imc_module *net_make(struct random *r, struct imc_diags *d);

/* One random input for each of the graph. */
struct imc_tensor *net_input(const struct imc_module *m, struct random *r,
			     struct imc_arena *a);

#endif
