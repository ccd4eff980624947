/* chain.h: successive units that run together, strip by strip.
 *
 * A turn makes one strip of the last unit, and of those before it what that
 * strip reads; nothing is made twice. What only the chain reads lies in rings
 * of lines in L1; what comes from far is loaded, and what others read later is
 * kept whole or stored, strips by strips. Work and transfers of neighbouring
 * turns share slots, as the policy has it. */
#ifndef IMC_CHAIN_H
#define IMC_CHAIN_H

#include "passes/4-plan/flow.h"

#define IMC_CHAIN_UNITS 8
#define IMC_CHAIN_USES 64

/* A value that the chain reads or makes. */
struct imc_chain_use {
	int32_t value;
	bool had;   /* whole in L1 already */
	bool load;  /* from its far place */
	bool keep;  /* whole in L1 from now on */
	bool store; /* to its far place */
	bool far;   /* not in L1: the cores use its far place */
};

/* How many turns units and transfers run ahead of what reads them; eager:
 * transfers begin as soon as they can, else where work hides them. */
struct imc_chain_policy {
	int32_t unit_ahead, dma_ahead;
	bool eager, one_at_a_time;
};

struct imc_chain {
	int32_t first, n_unit;
	int32_t n_use;
	struct imc_chain_use use[IMC_CHAIN_USES];
	int64_t strip;	/* rows of the last unit in a turn */
	int64_t n_chan; /* its only unit runs in blocks of channels; 0 */
	struct imc_chain_policy policy;
};

struct imc_chain_task {
	int32_t slot;
	enum imc_step_kind kind;
	int32_t use;  /* LOAD, STORE */
	int32_t unit; /* RUN, FETCH */
	imc_val val;  /* LOAD, STORE: the value, or a view of it */
	struct imc_rows rows;
	int64_t chan, n_chan;
	int32_t strip_rows;
	struct imc_cost cost;
};

struct imc_chain_sum {
	double ns, dma_ns, pj;
	int64_t bytes; /* of L1, constants and scratch too */
	int32_t n_slot;
	int64_t lines[IMC_CHAIN_USES];	     /* rows or blocks of its buffer */
	int32_t strip_rows[IMC_CHAIN_UNITS]; /* largest strips of codes */
	int64_t constant_lines;		     /* blocks, with n_chan */
};

typedef void imc_chain_hook(void *cx, const struct imc_chain_task *t);

/* Goes through the slots of c; hook (or NULL) gets every task, slot by slot. */
void imc_chain_run(struct imc_flow *f, const struct imc_chain *c,
		   struct imc_chain_sum *out, imc_chain_hook *hook, void *cx);

/* Bytes as offsets are aligned. */
int64_t imc_chain_aligned(int64_t bytes);

#endif
