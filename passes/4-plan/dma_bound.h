/* dma_bound.h: bytes that any plan of a network must move between L1 and the
 * rest, whatever its order.
 *
 * What is counted, and why no plan can do without:
 *
 * 1. The rows of inputs that something reads, each once, and the outputs. They
 *    have no other place outside L1 than the caller's memory.
 * 2. The constants that nodes read while they run (imc_plan_constants), each
 *    node's once. Where a plan lets the cores read them in L2 instead, those
 *    bytes move as well; whoever compares must count them. The same goes for
 *    values that they read or make in far places (imc_plan_far_bytes).
 * 3. Of a convolution on the cores, the depth-wise engine excepted, or on the
 *    digital array, of one group: every part of its weights W meets every row
 *    of its input X. Take the bytes of W and of X that come to L1 only once and
 *    stay there until their last use here: every two of them are in L1 at the
 *    same moment. Consider the last of these rows to come and the last of
 *    these weights: when the later of both comes, either all of those rows or
 *    all of those weights are in L1, so one of the two sets fits it. Therefore
 *    at least min(W - L1, X - L1) bytes, if that is positive, come more than
 *    once: weights by a transfer more, rows of X by two (out and in again) or,
 *    if X is an input or output of the network, by one.
 * 4. A node that is not computed by rows, B, runs at one moment (that of its
 *    last step). All rows that it depends on have been made then; of those the
 *    rows that are read by nodes all of whose rows depend on B are still to be
 *    read. Their sum S is in L1 or was moved out, and comes in again: 2 * (S -
 *    L1) bytes if that is positive, for inputs and outputs of the network once
 *    S - L1. Unless B is a pool whose input may come in blocks of channels, its
 *    output and the rest of its inputs are in L1 then as well.
 *
 * 3 and 4 are added up as far as they are about different values. Rows in
 * flight of chains that are computed depth-first are not counted: how many
 * there are depends on the order. */
#ifndef IMC_DMA_BOUND_H
#define IMC_DMA_BOUND_H

#include "ir/module.h"

/* m has engines for all nodes and a target, whose l1_bytes count; its plan is
 * not looked at. */
int64_t imc_dma_lower_bound(const struct imc_module *m);

#endif
