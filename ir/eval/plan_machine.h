/* plan_machine.h: the memories of a plan while it runs.
 *
 * What a step writes is known before it runs: a target. What it writes there
 * is known when it has run, and is there when its slot ends. */
#ifndef IMC_PLAN_MACHINE_H
#define IMC_PLAN_MACHINE_H

#include "ir/plan_now.h"

#define IMC_POISON 0xA5

struct imc_machine {
	const struct imc_graph *g;
	const struct imc_plan *p;
	struct imc_graph cut;	/* the same, with own nodes and values, which
				 * are those of a strip while it runs */
	struct imc_map_eval me; /* of `cut` */
	unsigned char *mem[IMC_N_MEM];
	struct imc_plan_now now;
	const struct imc_tensor *in;
	struct imc_tensor *out;
};

/* n runs of `width` bytes, `stride` apart, from byte `at` of a ring of `size`
 * bytes on. No run but of n = 1 reaches over its end. */
struct imc_target {
	unsigned char *base;
	int64_t size, at, n, width, stride;
};

int64_t imc_target_bytes(const struct imc_target *t);
void imc_target_poison(const struct imc_target *t);

/* from: the runs one after another. */
void imc_target_write(const struct imc_target *t, const void *from);

void imc_machine_poison(const struct imc_machine *m, int32_t buffer);

/* Where those rows and channels of v lie in its buffer of a memory, or of
 * blocks of channels, where that block lies. */
struct imc_target imc_machine_find(const struct imc_machine *m, imc_val v,
				   enum imc_memory mem, struct imc_rows rows,
				   struct imc_rows chans);

/* The same where a step that runs finds them: in L1, or if v has no buffer
 * there in L2, or at the caller's. */
struct imc_target imc_machine_place(const struct imc_machine *m, imc_val v,
				    struct imc_rows rows,
				    struct imc_rows chans);

/* The bytes of a target one after another: in place if they lie so, else
 * copied into a. */
const void *imc_machine_take(const struct imc_target *t, struct imc_arena *a);

/* The place of the constants that step s fetches, or runs with. */
struct imc_target imc_machine_constants(const struct imc_machine *m,
					const struct imc_step *s);

/* What FETCH puts there, in a. */
void *imc_machine_fetch(const struct imc_machine *m, const struct imc_step *s,
			struct imc_arena *a);

/* Runs the node of step s; v[k]: bytes of the part of output k that it makes,
 * in a. */
void imc_machine_run(struct imc_machine *m, const struct imc_step *s,
		     const void **v, struct imc_arena *a);

#endif
