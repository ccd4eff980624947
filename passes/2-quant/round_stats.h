/* round_stats.h: what the inputs of a matrix node look like.
 *
 * The node is computed twice: as in the float network, from x, and in one whose
 * earlier layers are rounded, from y. Of some output pixels of all samples the
 * window of y gives a column of r numbers (ky, kx, c; padding is 0). */
#ifndef IMC_ROUND_STATS_H
#define IMC_ROUND_STATS_H

#include "ir/graph.h"
#include "ir/support/arena.h"

/* Of one group, around the means (centred) or not. */
struct imc_round_stats {
	int64_t r, k, n; /* rows, outputs, pixels */
	double *h;	 /* [r][r]: mean of y y^T */
	double *mean;	 /* [r]: of y */
	double *lag;	 /* [k][r]: mean of (w x - w y) y^T */
	double *shift;	 /* [k]: mean of w x - w y */
};

/* A node, and its input 0 in both networks: x[sample], y[sample]. */
struct imc_round_node {
	const struct imc_graph *g;
	const struct imc_node *n;
	size_t n_sample;
	float *const *x, *const *y;
	const float *w; /* [k][r] of all groups */
};

/* Rows of a group that h is made for, at most: a larger one would take
 * minutes. */
#define IMC_ROUND_MOST 4608

/* Looks at up to 16384 pixels of a group, of few rows 2048 or 128 r; fewer,
 * down to 2 r, where r * r times pixels would be above 2^33. They are spread
 * evenly over samples and space. Uses all processors; the result does not
 * depend on how many. */
struct imc_round_stats imc_round_stats_of(const struct imc_round_node *n,
					  int64_t group, bool centred,
					  struct imc_arena *a);

#endif
