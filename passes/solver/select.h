/* select.h: one option for every group of a chain, so that the tiles of all
 * that was picked fit the bins, for the least of an objective.
 *
 * Groups are the steps of a network in the order they run. Two neighbours can
 * run beside each other when their options need different lanes; then they
 * take the time of the longer one. A group is in one such pair at most. The
 * errors of what is picked add up, and may be limited. All solvers share one
 * entry type. */
#ifndef IMC_SELECT_H
#define IMC_SELECT_H

#include "ir/module.h"
#include "passes/solver/pack.h"

/* n tiles of one size, one after another. */
struct imc_select_run {
	struct imc_pack_rect rect;
	int32_t n;
};

struct imc_select_option {
	double ns, pj;
	int64_t cells;	/* of all its tiles */
	unsigned lanes; /* bits: what it keeps busy */
	double error;	/* >= 0: of the network, by this choice */
	int32_t n_run;
	const struct imc_select_run *run;
};

struct imc_select_group {
	int32_t n; /* 1 at least */
	const struct imc_select_option *option;
	bool may_pair; /* with the group behind it */
};

struct imc_select_problem {
	int32_t bin_w, bin_h, n_bin;
	int32_t n;
	const struct imc_select_group *group;
	enum imc_objective objective;
	/* Objective latency: of picks that take at most (1 + slack) times the
	 * least time that was found, those of least energy. */
	double slack;
	double limit_ns; /* picks that take longer do not count; 0: no limit */
	/* Nor do those whose errors add up to more; 0: no limit. */
	double max_error;
	/* Places the tiles in the end; asked n_pack times whether it can. fits:
	 * asked often, true only for what pack places; NULL: pack is asked. */
	imc_pack_solver *pack;
	int32_t n_pack;
	bool (*fits)(const struct imc_pack_problem *p);
	const int32_t *start; /* picks that pack, for want of better; or NULL */
};

struct imc_select_answer {
	bool found;    /* false: nothing that packs was found */
	int32_t *pick; /* of every group */
	double ns, pj; /* with pairs */
	int32_t n_bin; /* that imc_select_tiles fit: fewest, or all there are */
	/* Proven: no picks that fit n_bin bins have less of what the objective
	 * counts: ns, pJ, ns * pJ; with objective arrays ns. */
	double bound;
};

typedef struct imc_select_answer
imc_select_solver(const struct imc_select_problem *p, struct imc_arena *a);

/* A price for each cell makes the groups independent but for pairs: dynamic
 * programming along the chain is then exact, and for every price
 *     cost + price * (cells - all cells of the bins)
 * is a lower bound (Lagrange; M. L. Fisher, "The Lagrangian relaxation method
 * for solving integer programming problems", 1981). Picks for prices near the
 * best one are tried with the packer, then improved by single changes and
 * exchanges. Calls the packer a limited number of times.
 *
 * max_error is met in the same way, by a penalty: for every price of errors
 *     (bound with price * error added to the cost of options) - price *
 * max_error is a lower bound as well. The price is searched by halves; the
 * largest of the bounds on the way is the one that is given. What is picked
 * keeps the limit itself: its errors are added up. */
imc_select_solver imc_select_priced;

/* Proven: no picks with tiles that fit the bins take less time; INFINITY:
 * there are no picks of so few cells. Needs neither runs nor packers. */
double imc_select_bound(const struct imc_select_problem *p);

/* The same where any groups may be beside each other, in strips or whole, as
 * far as no lane is kept busy by two of them at once; all groups of a chain of
 * at most n_chain successive ones, that is, and one chain after another.
 * may_pair is not looked at.
 *
 * A chain takes at least as long as each lane L is busy, so at least as any
 * weights w of the lanes that add up to 1 have it:
 *     max over L of sum of ns[L] >= sum over L of w[L] * sum of ns[L],
 * and for weights, and prices of cells and errors as above, the groups are
 * independent. The largest value for some weights bounds a chain, and so does
 * the time of each of its groups alone; the least
 * way to cut all groups into chains is found exactly. */
double imc_select_bound_chains(const struct imc_select_problem *p,
			       int32_t n_chain);

/* Every pick, packed every way; for tests, up to 8 tiles. */
imc_select_solver imc_select_exhaustive;

/* Latency and energy of picks; pairs are chosen best. */
void imc_select_cost(const struct imc_select_problem *p, const int32_t *pick,
		     double *ns, double *pj);
int64_t imc_select_cells(const struct imc_select_problem *p,
			 const int32_t *pick);
double imc_select_error(const struct imc_select_problem *p,
			const int32_t *pick);

/* All tiles of the picks, by group, as a problem for n_bin bins (in a). */
struct imc_pack_problem imc_select_tiles(const struct imc_select_problem *p,
					 const int32_t *pick,
					 struct imc_arena *a);

#endif
