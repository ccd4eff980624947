/* work.h: what is to run and to be moved, slot by slot, and what that needs in
 * memory: a plan whose slots may still change, without offsets. */
#ifndef IMC_WORK_H
#define IMC_WORK_H

#include "passes/4-plan/choose.h"

/* A step and the buffers that it reads or writes: use[first_use] .. */
struct imc_piece {
	struct imc_step step; /* scratch: a buffer of the work */
	int32_t slot;
	int32_t first_use, n_use;
};

struct imc_work {
	struct imc_module *m;
	struct imc_arena *a;
	size_t n_piece, cap_piece;
	struct imc_piece *piece;
	size_t n_buffer, cap_buffer;
	struct imc_buffer *buffer; /* first, last: slots */
	size_t n_use, cap_use;
	int32_t *use;
	int32_t n_slot;
};

/* A new piece in that slot; what follows with imc_work_use is its. */
struct imc_piece *imc_work_add(struct imc_work *w, enum imc_step_kind kind,
			       int32_t slot);
void imc_work_use(struct imc_work *w, int32_t buffer);
int32_t imc_work_buffer(struct imc_work *w, struct imc_buffer b);

/* The chains, one after another, with what fetches their constants. */
struct imc_work imc_work_of_chains(struct imc_flow *f,
				   const struct imc_choice *c,
				   struct imc_module *m, struct imc_arena *a);

/* The steps of m->plan, whose values are whole, and what fetches constants. */
struct imc_work imc_work_of_plan(struct imc_module *m, struct imc_arena *a);

/* Moves transfers from slots of their own to others where work hides them, as
 * far as L1 has room. */
void imc_work_hide(struct imc_work *w, int64_t room);

/* Makes m->plan of it, with offsets; roots and roomy_ns stay. */
void imc_work_finish(struct imc_work *w, struct imc_arena *scratch);

#endif
