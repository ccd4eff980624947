/* plan.h: steps in order, buffers with offsets.
 *
 * A step with `beside` runs at the same time as the step before it, on another
 * engine; a run of such steps is a slot, and slots follow one another. Steps
 * of a slot must not touch what another one of them writes. A node may be
 * computed by several steps, each for some rows of its output (a strip).
 *
 * The plan refers to the graph and the map by id and never replaces them. */
#ifndef IMC_PLAN_H
#define IMC_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/graph.h"
#include "ir/map.h"

#define IMC_STEPS(X)                                                           \
	X(LOAD, load)	/* DMA: a graph input from the caller into L1 */       \
	X(RUN, run)	/* compute a node */                                   \
	X(STORE, store) /* DMA: a graph output from L1 to the caller */

enum imc_step_kind {
#define X(id, name) IMC_STEP_##id,
	IMC_STEPS(X)
#undef X
		IMC_N_STEP
};

/* A region of L1: a value, or the scratch of a step (val absent). Live from
 * step `first` to step `last`, both included. */
struct imc_buffer {
	imc_val val;
	int64_t offset, size_bytes;
	int32_t first, last;
};

struct imc_step {
	enum imc_step_kind kind;
	imc_node_id node; /* RUN */
	imc_val val;	  /* LOAD, STORE */
	/* Rows row .. row + n_row of the value moved, or of the output of the
	 * node; axis 1 of [1, H, W, C]. n_row 0: all. */
	int32_t row, n_row;
	bool beside;	 /* in the slot of the step before it */
	int32_t scratch; /* index of its scratch buffer, or -1 */
	/* RUN on a crossbar with post digital: output rows computed before the
	 * cores take over; 0 elsewhere. */
	int32_t strip_rows;
	struct imc_cost cost;
};

struct imc_plan {
	size_t n_step, cap_step;
	struct imc_step *step; /* NULL: not planned yet */
	size_t n_buffer, cap_buffer;
	struct imc_buffer *buffer;
	size_t n_buffer_of;
	int32_t *buffer_of; /* by value id: its buffer, or -1. Values that are
			     * views of others (reshape) share a buffer. */
	int64_t l1_bytes;   /* peak */
	int64_t l1_lower_bound; /* largest sum of buffers live at once */
};

const char *imc_step_name(enum imc_step_kind k);

/* Rows first .. end. */
struct imc_rows {
	int64_t first, end;
};

/* Rows of a value that steps may make one by one: axis 1 of [1, H, W, C]. What
 * has another shape is one row. */
int64_t imc_plan_n_row(const struct imc_tensor *t);

/* The rows of t that step s makes or moves: all with n_row 0. */
struct imc_rows imc_step_rows(const struct imc_step *s,
			      const struct imc_tensor *t);

/* True if rows of the output of n depend on some rows of its inputs only:
 * elements of equal shape, and windows. */
bool imc_plan_by_rows(const struct imc_node *n);

/* The rows of input k of node n that rows `out` of its output depend on; all
 * rows when it is not computed by rows. Below the last window there may be
 * rows that no output reads. */
struct imc_rows imc_plan_reads(const struct imc_graph *g,
			       const struct imc_node *n, int k,
			       struct imc_rows out);

/* The step behind the slot that begins with step i. */
size_t imc_plan_slot_end(const struct imc_plan *p, size_t i);

/* What a step keeps busy: bits of enum imc_lane. Array jobs and depth-wise
 * jobs share the accelerator's port; the digital array has its own, unless the
 * target says otherwise; a crossbar step with post digital also needs the
 * cores and runs alone: while it waits for its own strips it would wait for
 * all that runs beside it too. */
enum imc_lane {
	IMC_LANE_CORES = 1,
	IMC_LANE_PORT = 2,
	IMC_LANE_DMA = 4,
	IMC_LANE_PE = 8
};

unsigned imc_step_lanes(const struct imc_map *m, const struct imc_step *s);

/* Latency and energy of the plan: sums over slots, each as long as its longest
 * step. transfers: those of steps without RUN beside them (may be NULL). */
struct imc_cost imc_plan_total(const struct imc_plan *p,
			       struct imc_cost *transfers);

/* True if node n only gives its input another shape, so that the plan lets
 * both share a buffer and no step is needed. */
bool imc_plan_is_view(const struct imc_graph *g, const struct imc_node *n);

/* The evaluator of the plan: runs the steps in one block of l1_bytes where
 * every byte that is not live is poisoned. What the steps of a slot are to
 * write is poisoned before the first of them runs and written when all have
 * run, so that none gets anything that another one of the slot makes, or
 * that it overwrites, whatever their order. in/out as for imc_eval_graph. */
void imc_eval_plan(const struct imc_map_eval *me, const struct imc_plan *p,
		   const struct imc_tensor *in, struct imc_tensor *out,
		   struct imc_arena *result);

/* The same; `hook` (of ir/eval.h) is called for each node when its last rows
 * are in L1, where its outputs lie until it returns. What the plan does not
 * run, as views, is not seen. */
struct imc_plan_watch {
	void (*hook)(void *cx, imc_node_id n, const struct imc_tensor *out);
	void *cx;
};

void imc_eval_plan_watched(const struct imc_map_eval *me,
			   const struct imc_plan *p,
			   const struct imc_tensor *in, struct imc_tensor *out,
			   const struct imc_plan_watch *watch,
			   struct imc_arena *result);

bool imc_plan_equal(const struct imc_plan *a, const struct imc_plan *b);

/* Recomputes what a plan must satisfy: every row of every node is computed
 * once, in order, in a slot behind those that make what it reads; steps of a
 * slot run on different engines; every value has a buffer that lives from the
 * slot of its making to that of its last use, and no two live buffers share a
 * byte; strips of codes are whole patches and fit their scratch. NULL, or what
 * is wrong (in a). */
const char *imc_plan_check(const struct imc_graph *g, const struct imc_map *m,
			   const struct imc_plan *p, struct imc_arena *a);

#endif
