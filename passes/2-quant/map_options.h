/* map_options.h: the ways to compute one node, with their costs. */
#ifndef IMC_MAP_OPTIONS_H
#define IMC_MAP_OPTIONS_H

#include "passes/2-quant/quant.h"

struct imc_map_option {
	struct imc_assign as; /* with its cost */
	unsigned lanes;	      /* enum imc_lane: what it keeps busy */
	int64_t cells;	      /* of arrays */
	double error;	      /* of the network, by it alone; 0: not measured */
};

struct imc_map_options {
	size_t n, cap;
	struct imc_map_option *v;
};

/* True if weights of n are constant, so that arrays and the depth-wise engine
 * may hold them. */
bool imc_map_is_matrix(const struct imc_graph *g, const struct imc_node *n);

/* An assignment of that engine without slices, copies and costs. */
struct imc_assign imc_map_plain(const struct imc_module *m,
				enum imc_engine engine);

unsigned imc_map_lanes(const struct imc_module *m, const struct imc_assign *as);

/* Adds `as` to the options of node id: unless it is impossible, or another
 * option is as good in time, energy, cells, error and lanes; of equals the
 * first stays. Options that it beats so go. */
void imc_map_add(const struct imc_module *m, imc_node_id id,
		 struct imc_assign as, struct imc_map_options *o,
		 struct imc_arena *a);

/* Every way to cut matrix node id for the crossbars, with slices, bias rows
 * and post as in `as`: bundles, tiles and copies, as m->opt allows. */
void imc_map_add_cuts(const struct imc_module *m, imc_node_id id,
		      const struct imc_assign *as, struct imc_map_options *o,
		      struct imc_arena *a);

/* The options of matrix node id: those that no other one beats in time, energy,
 * cells and error at once. NULL in *why, or what hinders the engine that
 * m->opt.conv_engine or dw_engine asks for; then there are none. */
struct imc_map_options imc_map_options_of(const struct imc_module *m,
					  imc_node_id id, struct imc_arena *a,
					  const char **why);

/* ---- accuracy as part of the choice ---- */

/* True if hw may compute a layer with more error or less on its arrays: these
 * share a port, and an ADC rounds what they sum up. (Machines where each tile
 * has arrays of its own: choose_bits.h.) */
bool imc_variants_can(const struct imc_hw *hw);

/* True if m is to choose between them, by a largest drop or under noise. Else
 * each layer is computed in the one way that rules about its weights say. */
bool imc_variants_are_chosen(const struct imc_module *m);

/* Ways of a layer on the arrays that differ in what they compute: bits of the
 * weights, and whether the ADC's codes are the activations. */
#define IMC_MAX_VARIANT 8

struct imc_variants {
	int n;
	struct imc_assign
		v[IMC_MAX_VARIANT]; /* bits, slices, post, bias rows */
};

/* Of matrix node n, as far as m->opt leaves a choice; most exact weights come
 * last, post adc before digital. None: arrays are not to compute it. */
struct imc_variants imc_map_variants(const struct imc_module *m,
				     const struct imc_node *n);

/* The engine that is asked for, or IMC_ENGINE_NONE. */
enum imc_engine imc_map_forced(const struct imc_module *m,
			       const struct imc_node *n);

/* True unless another engine is asked for. */
bool imc_map_may_use(const struct imc_module *m, const struct imc_node *n,
		     enum imc_engine engine);

/* What keeps an engine that was asked for from computing a node, where it
 * cannot. */
const char *imc_map_hindrance(const struct imc_module *m,
			      enum imc_engine forced);

#endif
