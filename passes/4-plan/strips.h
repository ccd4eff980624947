/* strips.h: plans for an L1 that does not hold all values whole. */
#ifndef IMC_STRIPS_H
#define IMC_STRIPS_H

#include "ir/module.h"

/* Makes m->plan, of which roots and roomy_ns stay, fit L1 and as short as
 * possible. False: none fits; m->plan is then of no use. */
bool imc_strips_plan(struct imc_module *m);

/* Makes the map say what m->plan does: where scratch is too small for two
 * strips of codes, cores and arrays of a layer work in turn. */
void imc_strips_take(struct imc_module *m, struct imc_arena *scratch);

/* Makes m->plan fit L1, from the whole steps in turn that it holds. The map
 * stays. */
typedef bool imc_strips_try(struct imc_module *m, struct imc_arena *scratch);

/* Says which node needs most L1, and the least size with which try_plan finds
 * a plan. Returns false; m->plan stays. */
bool imc_strips_refuse(struct imc_module *m, imc_strips_try *try_plan,
		       struct imc_arena *scratch);

/* Whether constants and buffers fit L2. False: reported. */
bool imc_strips_check_l2(struct imc_module *m);

#endif
