/* simplify.h: the rules of simplify, a file for each subject; to_nhwc uses
 * those for moves again on what it made. */
#ifndef IMC_SIMPLIFY_H
#define IMC_SIMPLIFY_H

#include "passes/1-graph/rewrite.h"

/* simplify_arith.c */
imc_rw_rule imc_simplify_identity; /* identity, dropout, same cast, +0, *1 */
imc_rw_rule imc_simplify_sum;	   /* sum of n: n - 1 adds */
imc_rw_rule imc_simplify_sub_div;  /* by a constant: add, mul */
imc_rw_rule imc_simplify_clip;	   /* relu, max, min, clip inputs: clip */
imc_rw_rule imc_simplify_hard_sigmoid; /* clip(x + 3, 0, 6) / 6 */
imc_rw_rule imc_simplify_hard_swish;   /* x * hard_sigmoid(x) */
imc_rw_rule imc_simplify_softmax;      /* flat ones along one axis */

/* simplify_pool.c */
imc_rw_rule imc_simplify_reduce_axes; /* axes input: attribute */
imc_rw_rule imc_simplify_reduce;      /* over the plane: global pool */
imc_rw_rule imc_simplify_pool;	      /* of the whole plane: global pool */
imc_rw_rule imc_simplify_unit_pool;   /* of one element: out */

/* simplify_move.c */
imc_rw_rule imc_simplify_to_reshape; /* flatten, squeeze, unsqueeze */
imc_rw_rule imc_simplify_reshape;    /* joined; to the same shape: out */
imc_rw_rule imc_simplify_transpose;  /* joined; of axes of size 1: reshape */
imc_rw_rule imc_simplify_slice;	     /* constant inputs: attributes */
imc_rw_rule imc_simplify_pad;
imc_rw_rule imc_simplify_split;
imc_rw_rule imc_simplify_expand; /* to the same shape: out */

#endif
