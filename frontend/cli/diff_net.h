/* diff_net.h: the layers of a quantised network beside those of the float
 * network that it was made from.
 *
 * Quantisation keeps the names of values, so that values of the same name and
 * shape mean the same. What it puts between two of them (a rescale to fewer
 * bits, say) means what it reads. */
#ifndef IMC_CLI_DIFF_NET_H
#define IMC_CLI_DIFF_NET_H

#include "frontend/cli/diff_sums.h"
#include "ir/map.h"

/* A graph input, or what a node of the quantised graph computes. Moves of
 * codes are none: they change nothing. */
struct diff_layer {
	const char *name;    /* of the ONNX node, or of the input */
	imc_node_id node;    /* absent: an input */
	imc_val value, twin; /* quantised, float */
	/* What computes the twin from twins of what the node reads; absent: the
	 * node only brings what it reads to other codes, or no float node does
	 * the same work. */
	imc_node_id float_node;
	bool rescales; /* the node only brings what it reads to other codes */
	/* What the user may see. */
	int32_t act_bits; /* of what it reads, by its codes; 0: nothing */
	/* Largest float weight over their mean magnitude: of all, or the mean
	 * of those of each output channel that has an own scale; 0: not known
	 */
	double crest;
	bool one_scale; /* all its weights share a scale */
};

struct diff_net {
	const struct imc_graph *g, *f; /* quantised, float; borrowed */
	const struct imc_map *map;
	size_t n_layer;
	struct diff_layer *layer; /* in the order they run */
	int32_t *layer_of;	  /* by node of g, or -1 */
	imc_val *twin;		  /* by value of g */
	struct diff_code *code;	  /* by value of g */
	bool *wanted;		  /* by value of f: it is a twin */
};

/* Everything in a. */
struct diff_net diff_net_open(const struct imc_graph *g,
			      const struct imc_map *map,
			      const struct imc_graph *f, struct imc_arena *a);

static inline const struct imc_node *diff_node(const struct diff_net *n,
					       const struct diff_layer *l)
{
	return imc_node_ok(l->node) ? imc_node_at(n->g, l->node) : NULL;
}

/* How the node of l is mapped; NULL: an input. */
static inline const struct imc_assign *diff_assign(const struct diff_net *n,
						   const struct diff_layer *l)
{
	return imc_node_ok(l->node) && l->node.i < n->map->n_assign
		       ? &n->map->assign[l->node.i]
		       : NULL;
}

#endif
