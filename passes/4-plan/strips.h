/* strips.h: plans for an L1 that does not hold all values whole. */
#ifndef IMC_STRIPS_H
#define IMC_STRIPS_H

#include "ir/module.h"

/* Makes m->plan, of which roots and roomy_ns stay, fit L1 and as short as
 * possible. False: none fits; m->plan is then of no use. */
bool imc_strips_plan(struct imc_module *m, struct imc_arena *scratch);

/* Says which node needs most L1, and how much would do for all. Returns false.
 */
bool imc_strips_refuse(struct imc_module *m, struct imc_arena *scratch);

/* Whether constants and buffers fit L2. False: reported. */
bool imc_strips_check_l2(struct imc_module *m);

#endif
