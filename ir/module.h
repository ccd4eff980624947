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
	X(RANGED, ranged)	/* calibrated range on every activation */     \
	X(ASSIGNED, assigned)	/* map.assign: an engine for every node */     \
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
	X(LATENCY, latency) X(ENERGY, energy) X(ARRAYS, arrays) X(EDP, edp)

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
	int calib_method;  /* 0 percentile, 1 min-max */
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
};

struct imc_hw; /* hwdesc/hw.h */

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
void imc_module_free(struct imc_module *m);

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
