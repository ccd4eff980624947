/* milp.h: mixed-integer programs, by GLPK where it is built in.
 *
 * Minimises a sum over columns subject to rows. All the compiler has of GLPK
 * goes through here. One program lives at a time in a thread: GLPK's memory
 * goes with it. */
#ifndef IMC_MILP_H
#define IMC_MILP_H

#include <stdbool.h>
#include <stdint.h>

struct imc_milp;

/* An empty program; NULL: built without GLPK. */
struct imc_milp *imc_milp_new(void);
void imc_milp_free(struct imc_milp *m);

/* Columns are numbered from 1. A binary one can be fixed to 0 or 1. */
int imc_milp_add_binary(struct imc_milp *m, double cost);
int imc_milp_add_real(struct imc_milp *m, double cost, double low, double high);
void imc_milp_fix(struct imc_milp *m, int col, double value);

/* sum factor[i] col[i], i = 1 .. n, is at most `most`, or `most` exactly. No
 * column twice. */
void imc_milp_add_row(struct imc_milp *m, int n, const int *col,
		      const double *factor, bool exactly, double most);

struct imc_milp_limit {
	int64_t n_node; /* of branch and bound, looked at */
	double seconds; /* INFINITY: nodes alone, so that every run ends alike
			 */
	bool cuts;	/* knapsack covers and rounding */
};

enum imc_milp_result {
	IMC_MILP_BEST,	 /* a solution, and none is better */
	IMC_MILP_FOUND,	 /* a solution */
	IMC_MILP_NONE,	 /* proven: there is none */
	IMC_MILP_UNKNOWN /* gave up */
};

struct imc_milp_answer {
	enum imc_milp_result result;
	double value;	/* of the solution */
	double bound;	/* of any solution, by relaxations; may be -INFINITY */
	int64_t n_node; /* looked at */
};

/* Rows can be added behind it, to solve again. All that GLPK says holds to
 * its tolerances of about 1e-7. */
struct imc_milp_answer imc_milp_solve(struct imc_milp *m,
				      struct imc_milp_limit limit);

/* In the solution that was found. */
double imc_milp_value(const struct imc_milp *m, int col);

#endif
