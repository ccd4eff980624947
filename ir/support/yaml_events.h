/* yaml_events.h: YAML text as a flat tree. The only user of libyaml.
 *
 * What a description file needs and no more: mappings, lists and scalars of
 * one document. Anchors, aliases and tags are refused, so that a small file
 * cannot become a large tree; size, depth and number of nodes are limited. */
#ifndef IMC_YAML_EVENTS_H
#define IMC_YAML_EVENTS_H

#include "ir/support/diag.h"

#define IMC_YAML_MAX_BYTES (1 << 20)
#define IMC_YAML_MAX_DEPTH 16
#define IMC_YAML_MAX_NODE 4096
#define IMC_YAML_MAX_KEY 255

enum imc_yaml_kind { IMC_YAML_SCALAR, IMC_YAML_MAP, IMC_YAML_LIST };

/* One value. Nodes lie in the order of the text: a container comes right
 * before what it holds. */
struct imc_yaml_node {
	enum imc_yaml_kind kind;
	int parent;	  /* index of its container; -1: the root, node 0 */
	int index;	  /* position in its container, from 0 */
	const char *path; /* "ima.arrays", "mean[0]"; "" for the root */
	const char *key;  /* "arrays"; NULL in a list and for the root */
	const char *text; /* of a scalar; else NULL */
	bool quoted;	  /* the scalar was written in quotes */
	struct imc_loc loc, key_loc; /* of the value, and of its key */
};

struct imc_yaml {
	size_t n, cap;
	struct imc_yaml_node *node; /* n = 0: the document is empty */
};

/* Reads size bytes of text; file is used in messages. All text of the tree
 * lives in a. A key that comes twice in one mapping is an error. False:
 * reported. */
bool imc_yaml_read(const char *file, const char *text, size_t size,
		   struct imc_arena *a, struct imc_diags *d,
		   struct imc_yaml *out);

/* The entry `key` of mapping `map` (an index), or NULL. */
const struct imc_yaml_node *imc_yaml_get(const struct imc_yaml *y, int map,
					 const char *key);

/* Child k of container `in` (an index), or NULL when it has fewer. */
const struct imc_yaml_node *imc_yaml_child(const struct imc_yaml *y, int in,
					   int k);

#endif
