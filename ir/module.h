/* module.h: one compilation: its network, its machine, what was decided. */
#ifndef IMC_MODULE_H
#define IMC_MODULE_H

#include "ir/graph.h"
#include "ir/map.h"
#include "ir/plan.h"
#include "ir/samples.h"
#include "ir/support/diag.h"

/* What passes establish and rely on; passes.def says which. */
#define IMC_FACTS(X)                                                           \
	X(SHAPED, shaped)	/* every value has a type and a shape */       \
	X(FOLDED, folded)	/* no node computes a constant */              \
	X(CANONICAL, canonical) /* only operators that stage 2 knows */        \
	X(NHWC, nhwc)		/* activations and weights channel-last */     \
	X(EQUALISED, equalised) /* scales of channels are chosen */            \
	X(RANGED, ranged)	/* calibrated range on every activation */     \
	X(MEASURED, measured)	/* errors of bits, if bits are to be chosen */ \
	X(ASSIGNED, assigned)	/* map.assign: an engine for every node */     \
	X(ROUNDED, rounded)	/* weights have codes, as far as asked for */  \
	X(QUANTISED, quantised) /* device arithmetic only, but ADC gains */    \
	X(FITTED, fitted)	/* ADC gains are set: numbers are final */     \
	X(TILED, tiled)		/* map.tile covers every crossbar weight */    \
	X(PLACED, placed)	/* every tile has its place on an array */     \
	X(PLANNED, planned)	/* plan: steps and buffers */

enum imc_fact {
#define X(id, name) IMC_FACT_##id,
	IMC_FACTS(X)
#undef X
		IMC_N_FACT
};

/* What the mapping should have least of. edp: energy times latency. */
#define IMC_OBJECTIVES(X)                                                      \
	X(LATENCY, latency)                                                    \
	X(ENERGY, energy)                                                      \
	X(ARRAYS, arrays)                                                      \
	X(EDP, edp)                                                            \
	X(THROUGHPUT, throughput) /* of spatial machines */

enum imc_objective {
#define X(id, name) IMC_OBJECTIVE_##id,
	IMC_OBJECTIVES(X)
#undef X
		IMC_N_OBJECTIVE
};

const char *imc_objective_name(enum imc_objective o);

/* What the user asked for, beside the machine. */
struct imc_options {
	int weight_bits; /* 0: as many as a cell of the target has */
	uint64_t seed;
	int calib_method;  /* 0 percentile, 1 min-max, 2 mse */
	int equalise;	   /* 0 where it pays, 1 on, 2 off */
	double percentile; /* of |x| kept, e.g. 99.999 */
	int post;	   /* 0 choose, 1 digital, 2 adc */
	bool spill;	   /* any layer may fall back to the cores */
	int solver;	 /* 0 best of all, 1 greedy only, 2 MaxRects by area */
	int objective;	 /* enum imc_objective */
	double slack;	 /* percent more latency that may save energy */
	int max_copies;	 /* pixels of a job at most; 0: as many as pay */
	int tiling;	 /* 0 choose, 1 remainder, 2 equal */
	bool no_overlap; /* one engine at a time */
	/* 0 choose, else a value of enum imc_engine: of convolutions
	 * and products; of depth-wise convolutions. */
	int conv_engine, dw_engine;
	int dw_job;   /* channels of a depth-wise job on a crossbar; 0 */
	bool timings; /* the report holds measured times */

	/* Bits and copies of layers on spatial machines. Bits are chosen layer
	 * by layer (LRMP) if there is an error budget: budget_bits or
	 * has_drop. Else all layers have weight_bits and act_bits. */
	int act_bits;	    /* 0: as many as the DAC has */
	int max_replicas;   /* copies over arrays at most; 0: as many as pay */
	double budget_bits; /* the error of so many bits everywhere; 0 */
	bool has_drop;
	double max_drop;    /* percent of samples that may be lost, measured */
	int error_model;    /* 0 measured, 1 one law for all layers */
	int search;	    /* 0 solver, 1 reinforcement learning */
	int max_trials;	    /* networks that are measured at most; 0: 12,
				search 1: 100 */
	double solver_time; /* seconds of one solver call; 0: no limit */
	double min_throughput; /* images a second at least; 0 */
	int rounding;	       /* 0 choose, 1 compensate, 2 nearest */
	bool no_bias_correction;
	/* Percent of the weights on arrays that may have exact residual weights
	 * beside the arrays. */
	double residual;
	/* Cells that are not 0 in a column of a tile, at most; -1: so few that
	 * the ADCs read every sum as it is; 0: any number. */
	int column_cells;
};

/* What fewer bits do to the output, alone, all else at 8 bits: error of node
 * `node` with weights (activations it reads) of b bits is weight[b] (act[b]),
 * b = 2 .. 8, as squared error of the output over its square. Where an ADC
 * rounds sums that is part of weight[b]; adc[b] takes its place when the ADC's
 * code is the activation (post adc). */
struct imc_layer_error {
	imc_node_id node;
	double weight[9], act[9], adc[9];
};

/* A network that was measured while bits were chosen. */
struct imc_trial {
	double budget;	    /* errors that were allowed; search 1: value */
	double predicted;   /* sum of its layers' errors; search 1: 0 */
	double error, drop; /* measured; drop in percent */
	double value;	    /* of the objective, ns (pj, arrays) */
	bool taken;
	double gap;   /* of value, proven */
	double right; /* percent of the samples, measured */
	/* With noise error, drop and right are means of runs; right's
	 * deviation over them, and its least. */
	double std, worst;
};

/* How one layer is computed without regard to noise. */
struct imc_plain_layer {
	imc_node_id node;
	enum imc_engine engine;
	int32_t weight_bits;
	bool post_adc;
};

/* The device noise that a mapping is chosen under, and the mapping that would
 * be chosen without, measured under the same: what robustness costs. */
struct imc_robust {
	const char *model; /* of noise: its name or file; NULL: none */
	double time_s;	   /* since programming */
	int64_t runs;	   /* sets of devices that a network is measured on */
	int32_t plain_arrays;	   /* 0: there is no such mapping */
	double plain_ns, plain_pj; /* of its plan */
	double plain_error;	   /* as those of struct imc_trial */
	double plain_right, plain_std, plain_worst;
	double float_right; /* percent, of the float network */
	size_t n_plain, cap_plain;
	struct imc_plain_layer *plain;
};

struct imc_hw; /* hwdesc/hw.h */
struct imc_tried;

struct imc_module {
	struct imc_arena *arena; /* owns everything below */
	const char *model_name;	 /* "resnet8": names the files of the bundle */
	const char *model_path;	 /* as the user wrote it */
	const char *model_sha256;
	struct imc_hw *hw;
	struct imc_options opt;
	struct imc_graph *g;
	struct imc_map map;
	struct imc_plan plan;
	uint32_t facts;		   /* bit of each enum imc_fact that holds */
	struct imc_preprocess pre; /* for integer data, also in the bundle */
	/* How ranges were calibrated: source is a file name or "synthetic". */
	const char *calib_source;
	int64_t calib_n;
	/* Of layers whose bits are chosen: errors, how they were found, rank
	 * correlation (Spearman) of predicted and measured errors of random
	 * choices (0: not checked), and what was tried. */
	const char *error_model;
	size_t n_error;
	struct imc_layer_error *error;
	double error_rank;
	size_t n_trial, cap_trial;
	struct imc_trial *trial;
	struct imc_tried *tried; /* borrowed: passes/2-quant/tried.h, or NULL */
	struct imc_robust robust;
	struct imc_diags *diags; /* borrowed: of the command */
	/* Of every pass that ran, in order. */
	size_t n_pass, cap_pass;
	struct imc_pass_time {
		const char *name;
		double ms;
		int64_t n_changed;
	} * pass;
};

struct imc_module *imc_module_new(struct imc_diags *d);

/* A module that passes may change while m stays as it is. It borrows the
 * constants of m, which must outlive it; its plan and map are copies. */
struct imc_module *imc_module_fork(const struct imc_module *m);
void imc_module_free(struct imc_module *m);

/* The errors of node id; NULL: they are not known. */
const struct imc_layer_error *imc_layer_error_of(const struct imc_module *m,
						 imc_node_id id);

/* Of such bits together; 0 for bits that e says nothing of. */
double imc_layer_error_at(const struct imc_layer_error *e, int weight_bits,
			  int act_bits);

/* Of the node when it is assigned so; 0 for what is not on crossbars. e may be
 * NULL, for 0. */
double imc_layer_error_as(const struct imc_layer_error *e,
			  const struct imc_assign *as);

static inline bool imc_module_has(const struct imc_module *m, enum imc_fact f)
{
	return m->facts >> f & 1;
}

const char *imc_fact_name(enum imc_fact f);

/* Checks what should hold under the module's facts: types, ids, shapes, order,
 * quantisation, tiles inside arrays and weights covered exactly once, buffers
 * that do not overlap while live. False: reported as IMC_D_VERIFY (a fault of
 * the compiler, or of a hand-written text form). */
bool imc_module_verify(const struct imc_module *m);

#endif
