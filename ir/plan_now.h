/* plan_now.h: which buffers live while the slots of a plan go by.
 *
 * A buffer lives in every slot that has a step of its life, since no step of a
 * slot is sure to end before another one begins. All buffers have lives inside
 * the plan and hold values and nodes that are. */
#ifndef IMC_PLAN_NOW_H
#define IMC_PLAN_NOW_H

#include "ir/plan.h"

struct imc_plan_now {
	const struct imc_plan *p;
	/* The buffer that lives now, or -1: by value id, by node id. */
	int32_t *value[IMC_N_MEM], *node;
	/* Buffers in the order of their births, and of their deaths. */
	int32_t *by_first, *by_last;
	size_t n_born, n_dead;
};

/* Before the first slot; lives as long as a. */
struct imc_plan_now imc_plan_now_open(const struct imc_graph *g,
				      const struct imc_plan *p,
				      struct imc_arena *a);

/* The slot that ends before step `end` begins. */
void imc_plan_now_enter(struct imc_plan_now *w, size_t end);

/* The next buffer that dies with the slot that ends before step `end`, or -1:
 * call it until then. */
int32_t imc_plan_now_leave(struct imc_plan_now *w, size_t end);

/* The buffer that v (or what it is a view of) has now, or -1. */
static inline int32_t imc_plan_now_of(const struct imc_plan_now *w, imc_val v,
				      enum imc_memory mem)
{
	return w->value[mem][w->p->root[v.i]];
}

/* The caller's memory that v lies in: of that input, or else of the only output
 * that is v or shares its buffers. */
struct imc_home {
	enum { IMC_HOME_NONE, IMC_HOME_INPUT, IMC_HOME_OUTPUT } kind;
	size_t i; /* among those of the graph */
};

struct imc_home imc_plan_home(const struct imc_graph *g,
			      const struct imc_plan *p, imc_val v);

/* ---- shapes ---- */

/* Channels of t: its last axis. */
int64_t imc_plan_n_chan(const struct imc_tensor *t);

/* Bytes of a row of t. */
int64_t imc_plan_row_bytes(const struct imc_tensor *t);

/* The channels of n that step s makes or moves: all with n_chan 0. */
struct imc_rows imc_step_chans(const struct imc_step *s, int64_t n);

/* Which block of n_chan of n channels those are; -1: none. n_chan 0: one block
 * holds all. */
int64_t imc_plan_block(struct imc_rows chans, int64_t n_chan, int64_t n);

/* What v is a view of, or v: a constant if data of v is known. */
imc_val imc_plan_origin(const struct imc_graph *g, imc_val v);

/* The rows of what v is a view of in which those rows of v lie. */
struct imc_rows imc_plan_root_rows(const struct imc_graph *g,
				   const struct imc_plan *p, imc_val v,
				   struct imc_rows rows);

/* The output channels of node n: those of its first output. */
int64_t imc_plan_out_chan(const struct imc_graph *g, const struct imc_node *n);

/* True if n makes one output row and column of a window: its channels are
 * those of its input. */
bool imc_plan_is_global_pool(const struct imc_graph *g,
			     const struct imc_node *n);

/* Row r of the output of a move is made of input rows floor(r / per) * step +
 * shift, `span` of them, as far as there are such; rows of equal r % per are
 * made in the same way. */
struct imc_move_rows {
	int64_t per, step, shift, span;
};

/* False: n is no move, or not by rows. */
bool imc_plan_move_rows(const struct imc_graph *g, const struct imc_node *n,
			struct imc_move_rows *out);

#endif
