/* alloc.h: one option for each layer of a network whose layers have arrays of
 * their own, under a number of arrays and an error budget.
 *
 * An option is a choice of weight bits, activation bits and copies, seen from
 * here as time, energy, arrays and error. Errors add up, as in LRMP
 * (Nallathambi et al., arXiv 2312.03146) and HAWQ. One pick a layer:
 *
 *     minimise   sum ns | max stage_ns | sum pj | sum arrays
 *     subject to sum arrays <= n_array, sum error <= max_error,
 *                stage_ns <= max_stage_ns for every pick
 *
 * The sums are multiple-choice knapsacks with two constraints: prices for
 * arrays and error give a proven bound (Lagrange), what they leave open is
 * solved exactly or by MILP. The largest time is found by bisection over the
 * times of the options, with the fewest arrays below a time inside. */
#ifndef IMC_ALLOC_H
#define IMC_ALLOC_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/support/arena.h"

struct imc_alloc_option {
	double ns;	 /* > 0: the layer alone */
	double stage_ns; /* > 0, <= ns: its stage of the pipeline */
	double pj;
	double error; /* >= 0 */
	int32_t arrays;
};

struct imc_alloc_layer {
	int32_t n;
	const struct imc_alloc_option *option;
};

enum imc_alloc_goal {
	IMC_ALLOC_LATENCY, /* sum of ns */
	IMC_ALLOC_STAGE,   /* largest stage_ns: 1 / throughput */
	IMC_ALLOC_ENERGY,
	IMC_ALLOC_ARRAYS
};

struct imc_alloc_problem {
	enum imc_alloc_goal goal;
	int32_t n;
	const struct imc_alloc_layer *layer;
	int64_t n_array;
	double max_error;    /* INFINITY: any */
	double max_stage_ns; /* INFINITY: any */
	/* What is there whatever is picked: added to the sum of ns; and a stage
	 * of the pipeline (work that all layers share). */
	double fixed_ns, fixed_stage_ns;
	/* Good enough: (value - bound) / value at most this; 0: the best. */
	double gap;
	/* The search ends after so many seconds with what it has; INFINITY: it
	 * ends by counts of work alone, so that every run ends alike. */
	double seconds;
	bool no_milp; /* without GLPK, even if it is built in */
};

struct imc_alloc_answer {
	bool found;    /* pick is an answer */
	bool proven;   /* the value is the best, or (not found) there is none */
	int32_t *pick; /* [n], in the caller's arena */
	/* Of the picks: the goal, and what no pick can be below. Not found:
	 * the value is INFINITY, and if that is proven the bound is, too. */
	double value, bound;
	double ns, stage_ns, pj, error; /* with what is fixed */
	int64_t arrays;
	const char *how; /* "prices", "exact", "milp" ... */
	int64_t work;	 /* options looked at; a partial pick counts as ten */
};

/* A sum of errors may be above max_error by its rounding. 100 layers of 10^4
 * options take some tenths of a second to within 0.1 %, and mostly to 0. */
struct imc_alloc_answer imc_alloc(const struct imc_alloc_problem *p,
				  struct imc_arena *a);

/* Times, energy, error and arrays of what s picks. */
void imc_alloc_sum(const struct imc_alloc_problem *p,
		   struct imc_alloc_answer *s);

/* What the goal counts of an answer. */
double imc_alloc_value(enum imc_alloc_goal goal,
		       const struct imc_alloc_answer *s);

/* (value - bound) / value; 0 if value is 0, INFINITY if nothing was found. */
double imc_alloc_gap(const struct imc_alloc_answer *s);

/* Recomputes what an answer claims, independently: NULL, or what is wrong. */
const char *imc_alloc_check(const struct imc_alloc_problem *p,
			    const struct imc_alloc_answer *s,
			    struct imc_arena *a);

/* Tries every combination: at most 2^22 of them, else nothing is found and
 * nothing proven. For tests. */
struct imc_alloc_answer imc_alloc_exhaustive(const struct imc_alloc_problem *p,
					     struct imc_arena *a);

/* LATENCY, ENERGY or ARRAYS without error budget, by dynamic programming over
 * the number of arrays: exact, or nothing is found and nothing proven. For
 * tests and as a cross-check. */
struct imc_alloc_answer imc_alloc_dynamic(const struct imc_alloc_problem *p,
					  struct imc_arena *a);

#endif
