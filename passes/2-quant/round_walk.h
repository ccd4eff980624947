/* round_walk.h: two forms of a network side by side on samples, node by node.
 *
 * `real` stays as it is; `now` has the same nodes and activations, and may get
 * other weights up to the moment when a node is run. */
#ifndef IMC_ROUND_WALK_H
#define IMC_ROUND_WALK_H

#include "ir/graph.h"
#include "ir/samples.h"
#include "ir/support/arena.h"

struct imc_round_walk;

/* Up to node `last`. Close it with imc_round_walk_close. */
struct imc_round_walk *imc_round_walk_open(const struct imc_graph *real,
					   const struct imc_graph *now,
					   const struct imc_samples *s,
					   imc_node_id last,
					   struct imc_arena *a);
void imc_round_walk_close(struct imc_round_walk *w);

size_t imc_round_walk_count(const struct imc_round_walk *w);

/* [sample]: an activation that a later node reads. */
float *const *imc_round_walk_real(const struct imc_round_walk *w, imc_val v);
float *const *imc_round_walk_now(const struct imc_round_walk *w, imc_val v);

/* Runs node id of both, in the order of nodes; what nobody reads any more is
 * released. Uses all processors. */
void imc_round_walk_run(struct imc_round_walk *w, imc_node_id id);

#endif
