/* plan.h: steps in order, buffers with offsets.
 *
 * A step with `beside` runs at the same time as the step before it, on another
 * engine; a run of such steps is a slot, and slots follow one another: what a
 * slot makes or moves is there when it ends. Steps of a slot must not touch
 * what another one of them writes. Transfers of a slot share the DMA and run
 * one after another, in any order. A node may be computed by several steps,
 * each for some rows of its output (a strip) or for some of its channels.
 *
 * Engines and cores read and write L1. What is not there has a far place: of
 * an input or an output the caller's memory, of any other value a buffer in
 * L2, and the constants of nodes lie in L2 for good. The cores alone may work
 * on far places as well, which is slow: what a RUN step of theirs reads or
 * makes and has no buffer in L1 in that slot lies in its buffer in L2, or if
 * there is none in the caller's memory, as input or as the only output that is
 * the value or a view of it (imc_plan_home).
 *
 * The plan refers to the graph and the map by id and never replaces them. */
#ifndef IMC_PLAN_H
#define IMC_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/graph.h"
#include "ir/map.h"

#define IMC_STEPS(X)                                                           \
	X(LOAD, load)	/* DMA: of a value, from its far place into L1 */      \
	X(FETCH, fetch) /* DMA: constants of a node, from L2 into L1 */        \
	X(RUN, run)	/* compute a node */                                   \
	X(STORE, store) /* DMA: of a value, from L1 to its far place */

enum imc_step_kind {
#define X(id, name) IMC_STEP_##id,
	IMC_STEPS(X)
#undef X
		IMC_N_STEP
};

#define IMC_MEMORIES(X) X(L1, l1) X(L2, l2)

enum imc_memory {
#define X(id, name) IMC_MEM_##id,
	IMC_MEMORIES(X)
#undef X
		IMC_N_MEM
};

/* A region of a memory: for a value (val), for constants of a node (node), or
 * the scratch of a step (both absent). Live from step `first` to step `last`,
 * both included. At most one buffer of a memory holds a value, or constants of
 * a node, at a time.
 *
 * In L1 a buffer may be smaller than what it holds in turn, a ring: row r of a
 * value lies at place r % lines, each of them a whole row. With n_chan, of a
 * value or of constants, it is cut into blocks of n_chan channels instead, the
 * last of which may have fewer: block b lies at place b % lines, every place
 * as large as a full block: of a value [rows][n_chan] for all of its rows, of
 * constants imc_plan_constants(.., n_chan).bytes. Without, constants are one
 * block. lines counts the rows or blocks that fit: all of them if it is no
 * ring. Of scratch, and in L2, which is never a ring, lines and n_chan are 0.
 */
struct imc_buffer {
	imc_val val;
	imc_node_id node;
	enum imc_memory mem;
	int32_t lines, n_chan;
	int64_t offset, size_bytes;
	int32_t first, last;
};

struct imc_step {
	enum imc_step_kind kind;
	imc_node_id node; /* RUN, FETCH */
	imc_val val;	  /* LOAD, STORE */
	/* Rows row .. row + n_row of the value moved, or of the output of the
	 * node; axis 1 of [1, H, W, C]. n_row 0: all. */
	int32_t row, n_row;
	/* Channels chan .. chan + n_chan of the same, last axis: a block of a
	 * buffer that is cut by channels. n_chan 0: all. RUN: of a convolution
	 * on cores or digital array, whose constants come in blocks; or of a
	 * global pool (one output row and column), whose input does. */
	int32_t chan, n_chan;
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
	size_t n_root;
	uint32_t *root; /* by value id: the value whose buffers it lies in:
			 * itself, or what it is a view of */
	int64_t l1_bytes, l2_bytes; /* peaks; L2 without constants */
	/* Largest sums of buffers live at once. */
	int64_t l1_lower_bound, l2_lower_bound;
	/* Latency of a plan of whole layers and pairs, if all values and
	 * constants were in L1 from the start (0: this one). Chains may be
	 * shorter. */
	double roomy_ns;
	/* Nodes of chains share slots as their engines allow; else at most two
	 * neighbours do. imc_map has a bound on the latency for each. */
	bool in_chains;
	/* Bytes that DMA must move at least: inputs, outputs, constants, and
	 * what no order of work can keep in L1. */
	int64_t dma_lower_bound;
};

const char *imc_step_name(enum imc_step_kind k);
const char *imc_memory_name(enum imc_memory m);

/* True if a step is about a node, false if about a value. */
static inline bool imc_step_has_node(enum imc_step_kind k)
{
	return k == IMC_STEP_RUN || k == IMC_STEP_FETCH;
}

/* The buffer for constants of node id in L1 that lives in `step`, or -1: then
 * the cores read them in L2. */
int32_t imc_plan_constants_buffer(const struct imc_plan *p, imc_node_id id,
				  size_t step);

/* What of a node's constant inputs is read while it runs, as one piece of
 * memory, or one for each n_chan of its output channels (0: all): biases,
 * multipliers and tables, and weights that are on no array. Settings of arrays
 * and ADCs, tables of moves, and residual weights stay in L2. */
#define IMC_MAX_CONSTANTS 8

struct imc_constant {
	int input;
	int64_t offset; /* bytes from the begin of the piece, a multiple of 4 */
	int64_t per_chan; /* bytes of one output channel; 0: not cut */
	int64_t bytes;	  /* in a piece */
};

struct imc_constants {
	int n;
	struct imc_constant part[IMC_MAX_CONSTANTS];
	int64_t bytes; /* of a piece, a multiple of 4; 0: there are none */
};

struct imc_constants imc_plan_constants(const struct imc_graph *g,
					const struct imc_map *m, imc_node_id id,
					int64_t n_chan);

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
 * elements of equal shape, windows, and moves within rows or of whole rows
 * (concatenation over width or channels, padding, slices, nearest neighbours,
 * blocks between depth and space). */
bool imc_plan_by_rows(const struct imc_graph *g, const struct imc_node *n);

/* The rows of input k of node n that rows `out` of its output depend on; all
 * rows when it is not computed by rows. Below the last window there may be
 * rows that no output reads; and rows that read none, of padding, for which
 * that input needs no buffer. */
struct imc_rows imc_plan_reads(const struct imc_graph *g,
			       const struct imc_node *n, int k,
			       struct imc_rows out);

/* The step behind the slot that begins with step i. */
size_t imc_plan_slot_end(const struct imc_plan *p, size_t i);

/* What a step keeps busy: bits of enum imc_lane. Array jobs and depth-wise
 * jobs share the accelerator's port; the digital array has its own, unless the
 * target says otherwise; a crossbar step with post digital needs the cores
 * too. Only the DMA has several users in a slot. */
enum imc_lane {
	IMC_LANE_CORES = 1,
	IMC_LANE_PORT = 2,
	IMC_LANE_DMA = 4,
	IMC_LANE_PE = 8
};

unsigned imc_step_lanes(const struct imc_map *m, const struct imc_step *s);

/* Latency and energy of the plan: sums over slots, each as long as its longest
 * step, or as all of its transfers. transfers: those of slots without RUN (may
 * be NULL). */
struct imc_cost imc_plan_total(const struct imc_plan *p,
			       struct imc_cost *transfers);

/* No plan of that kind has a lower latency, whatever the choice of mappings:
 * the bound of m for chains or for pairs. 0: not known. */
static inline double imc_plan_bound_ns(const struct imc_map *m,
				       const struct imc_plan *p)
{
	return p->in_chains ? m->chain_bound_ns : m->bound_ns;
}

/* True if node n only gives its input another shape, so that the plan lets
 * both share a buffer and no step is needed. */
bool imc_plan_is_view(const struct imc_graph *g, const struct imc_node *n);

/* Bytes that the cores read and write in far places in step i: each row of
 * what has no buffer in L1, once. */
int64_t imc_plan_far_bytes(const struct imc_graph *g, const struct imc_map *m,
			   const struct imc_plan *p, size_t i);

/* Those of all steps, and of constants that no buffer in L1 holds: what moves
 * without a transfer. */
int64_t imc_plan_in_place_bytes(const struct imc_graph *g,
				const struct imc_map *m,
				const struct imc_plan *p);

/* Bytes that the transfers of the plan move, blocks of constants without gaps.
 */
int64_t imc_step_dma_bytes(const struct imc_graph *g, const struct imc_map *m,
			   const struct imc_step *s);
int64_t imc_plan_dma_bytes(const struct imc_graph *g, const struct imc_map *m,
			   const struct imc_plan *p);

/* The evaluator of the plan: runs the steps in one block of l1_bytes and one of
 * l2_bytes where every byte that is not live is poisoned. What the steps of a
 * slot are to write is poisoned before the first of them runs and written when
 * all have run, so that none gets anything that another one of the slot makes,
 * or that it overwrites, whatever their order. in/out as for imc_eval_graph. */
void imc_eval_plan(const struct imc_map_eval *me, const struct imc_plan *p,
		   const struct imc_tensor *in, struct imc_tensor *out,
		   struct imc_arena *result);

/* The same; `hook` (of ir/eval.h) is called for each node when its last rows
 * are made; `out` is whole, whatever is left of it in L1. What the plan does
 * not run, as views, is not seen. */
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

/* Recomputes what a plan must satisfy: every row and channel of every node is
 * computed once, channels of a row in order, and none before the row above has
 * it (all channels of some rows before the next rows, or all rows of a block
 * of channels before the next block); what a step reads or moves is in its
 * buffer, or far place, since a slot before, and nothing else of its slot
 * writes there; all outputs are stored; steps of a slot run on different
 * engines, but for transfers; buffers live from the slot of their filling to
 * that of their last use, hold what they should, and no two live buffers of a
 * memory share a byte; strips of codes are whole patches and fit their
 * scratch.
 *
 * A buffer of a value that is cut by channels is filled by LOAD only, all rows
 * at once, and read by global pools only. Constants of a node that have a
 * buffer are read there only; a step that makes some channels needs one. A
 * view whose rows are not those of what it shows needs all of them in L1, and
 * is loaded as what it shows. A value is loaded and stored as often, and in
 * any order, as one likes. As slots follow one another, nothing can wait for
 * what comes later. NULL, or what is wrong (in a). */
const char *imc_plan_check(const struct imc_graph *g, const struct imc_map *m,
			   const struct imc_plan *p, struct imc_arena *a);

#endif
