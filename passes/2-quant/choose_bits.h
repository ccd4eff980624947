/* choose_bits.h: bits and copies of the layers of a spatial machine; networks
 * that are tried, on any machine.
 *
 * LRMP (Nallathambi et al., arXiv 2312.03146): fewer bits free arrays, which
 * hold copies of slow layers. Errors of layers add up (imc_layer_error); a
 * budget for their sum is chosen so that the network that comes out, measured,
 * is good enough. */
#ifndef IMC_CHOOSE_BITS_H
#define IMC_CHOOSE_BITS_H

#include "passes/2-quant/map_options.h"
#include "passes/solver/alloc.h"

/* True if layers get bits of their own: on a spatial machine, with an error
 * budget or a largest drop. */
bool imc_bits_are_chosen(const struct imc_module *m);

/* ---- networks that are tried ---- */

/* How good a network is on the judge's samples. */
struct imc_score {
	double error; /* sum of squares of (output - float's) / of float's; of
			 a softmax at the end its input counts */
	double right; /* percent of samples with the right class */
	/* Under noise both are means of runs; right's deviation over them, and
	 * its least. */
	double std, worst;
};

/* The judge of a module: what the float network gives, and the share of its
 * outputs that is right. NULL: a class is none of the outputs, reported. */
struct imc_trials;

struct imc_trials *imc_trials_open(const struct imc_module *m,
				   const struct imc_pass_cx *cx,
				   struct imc_arena *a);

struct imc_score imc_trials_float(const struct imc_trials *t);

/* Quantises a fork of the module with `assign` for its nodes (as
 * choose_engine leaves them) and measures it. False: a pass failed, which said
 * why. Uses all processors; the result does not depend on how many. */
bool imc_trials_run(struct imc_trials *t, const struct imc_assign *assign,
		    struct imc_score *out);

/* Measures a fork that is in device arithmetic; under noise (imc_pass_cx.noise)
 * its tiles have places. */
void imc_trials_measure(struct imc_trials *t, const struct imc_module *f,
			struct imc_score *out);

/* Brings a fork, with `assign` for its nodes, to device arithmetic: runs the
 * passes behind choose_engine up to the one that settles the numbers, whatever
 * passes.def lists between. False: one failed, which said why. */
bool imc_trials_fit(struct imc_module *fork, const struct imc_samples *calib,
		    const struct imc_assign *assign);

/* The errors of layers on the arrays, one change at a time, on as many samples
 * of the calib set as 2^38 multiply-accumulates in all allow, at least one:
 * what it adds to the squared error of the output against that of the float
 * network, relative to its square; of a softmax at the end its input counts. As
 * many bits as can be have error 0; of fewer, 2 .. 5 are measured, and 6, 7
 * follow by 4^-bits. Fills m->error, error_rank (of random bits for all layers,
 * seeded by m->opt.seed) and error_model. Machines with imc_bits_are_free. */
bool imc_errors_measure(struct imc_module *m, struct imc_pass_cx *cx);
/* The same for machines with imc_variants_can: of weights of as many bits as
 * choose_engine may take, with post digital and adc, against exact sums of
 * 8-bit weights; with m->robust.model under that noise, a mean of some runs.
 * Fills m->error and error_model. False: reported. */
bool imc_variants_measure(struct imc_module *m, struct imc_pass_cx *cx);

/* "measured on 3 samples of x.npy", in the arena of m. */
const char *imc_errors_source(const struct imc_module *m, size_t n_sample,
			      const struct imc_samples *of);

/* Spearman's: of the ranks of n pairs; equal values share their rank. */
double imc_rank_correlation(const double *x, const double *y, int n);

/* ---- options of layers ---- */

/* A way to compute a node. */
struct imc_bit_option {
	struct imc_assign as; /* with its cost */
	/* To narrow what it reads, by a q_rescale before it. */
	struct imc_cost narrow;
};

/* The nodes that take time, in run order, with the options of each and what
 * the solver sees of them. */
struct imc_bit_problem {
	size_t n;
	imc_node_id *node;
	struct imc_bit_option **option; /* [n][p.layer[i].n] */
	struct imc_alloc_problem p;
	/* Time of its options that layers share is a limit of the pipeline, and
	 * p.fixed_stage_ns has what the other nodes share. */
	bool shares;
	/* Not NULL: why the engine that is asked for cannot compute node bad.
	 */
	const char *why;
	imc_node_id bad;
};

/* Lists bits x copies of every node as m->opt allows; errors from m->error (0
 * where bits are not chosen). What another option beats in all is left out, but
 * for an agent to choose (m->opt.search) only by options with the same bits.
 * Nodes without weights on cores that all share are not listed, as they have no
 * choice: p.fixed_ns and p.fixed_stage_ns have their time. m->map.assign is as
 * choose_engine begins. */
struct imc_bit_problem imc_bit_problem_of(const struct imc_module *m,
					  struct imc_arena *a);

/* The errors of all layers at b bits everywhere, 2 <= b <= 8; in between by
 * geometric interpolation. */
double imc_bit_budget(const struct imc_module *m, double b);

/* False: m->opt asks for a search that it leaves nothing to learn from, which
 * is reported. */
bool imc_search_check(const struct imc_module *m);

/* Chooses engines, bits and copies of all nodes of a spatial machine, and
 * fills m->map.assign, m->trial. False: reported. */
bool imc_choose_spatial(struct imc_module *m, struct imc_pass_cx *cx);

#endif
