/* random_plan.h: valid plans of a network that no planner would choose: rings
 * of any size, values in L2, strips, blocks of channels, fetches, transfers
 * beside the work.
 *
 * Steps are listed one after another first, each with the places that it reads
 * and writes; then neighbours that do not meet are put into slots. */
#ifndef IMC_TEST_RANDOM_PLAN_H
#define IMC_TEST_RANDOM_PLAN_H

#include "ir/module.h"
#include "tests/runtime/random.h"

/* A place: row or block of a buffer; of buffer -1 - v, row of value v at the
 * caller's. */
struct use {
	int32_t buffer;
	int64_t place;
};

struct uses {
	struct use *v;
	size_t n, cap;
};

struct listed {
	struct imc_step s;
	struct uses read, write;
};

/* A buffer while steps are listed; what its places hold. */
struct held {
	struct imc_buffer b;
	int64_t n_place;
	int64_t *unit; /* -1: nothing */
	int64_t *chan; /* channels of it that are there */
};

struct list {
	const struct imc_module *m;
	struct random *r;
	struct imc_arena *a;
	struct listed *step;
	size_t n_step, cap_step;
	struct held *held;
	size_t n_held, cap_held;
	uint32_t *root;
};

/* What one RUN step makes. */
struct cell {
	int32_t row, n_row, chan, n_chan; /* n_chan 0: all */
};

/* A node, and how far it is. */
struct task {
	imc_node_id id;
	struct cell *cell;
	size_t n_cell, cap_cell, next;
	int32_t n_chan;	    /* of its blocks; 0: none */
	bool fetches, pool; /* constants into L1; a global pool by channels */
	bool by_chan;	    /* all rows of a block before the next block */
};

/* Cells of node t->id that make all of it in order. far: its input may be
 * loaded by channels. */
void random_cells(const struct imc_module *m, struct task *t, bool far,
		  struct random *r, struct imc_arena *a);

/* Largest height of the patches of a node. */
int32_t random_patch(const struct imc_module *m, imc_node_id id);

/* What a random plan makes use of. */
struct random_count {
	int n_ring, n_far, n_block, n_fetch, n_pool, n_beside, n_scratch;
};

/* A plan of m, placed, in a; the map's engines are those that it has. */
struct imc_plan random_plan(const struct imc_module *m, struct random *r,
			    struct random_count *n, struct imc_arena *a);

/* Puts listed steps into slots, and buffers to their places. */
struct imc_plan random_slots(struct list *l, struct random_count *n);

#endif
