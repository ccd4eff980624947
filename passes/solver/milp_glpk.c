#include <glpk.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "passes/solver/milp.h"

struct imc_milp {
	glp_prob *lp;
};

struct imc_milp *imc_milp_new(void)
{
	struct imc_milp *m = malloc(sizeof *m);

	if (!m)
		abort();
	glp_term_out(GLP_OFF);
	m->lp = glp_create_prob();
	glp_set_obj_dir(m->lp, GLP_MIN);
	return m;
}

void imc_milp_free(struct imc_milp *m)
{
	if (!m)
		return;
	glp_delete_prob(m->lp);
	glp_free_env();
	free(m);
}

int imc_milp_add_binary(struct imc_milp *m, double cost)
{
	int col = glp_add_cols(m->lp, 1);

	glp_set_col_kind(m->lp, col, GLP_BV);
	glp_set_obj_coef(m->lp, col, cost);
	return col;
}

int imc_milp_add_real(struct imc_milp *m, double cost, double low, double high)
{
	int col = glp_add_cols(m->lp, 1), kind = GLP_FR;

	if (isfinite(low) && isfinite(high))
		kind = low < high ? GLP_DB : GLP_FX;
	else if (isfinite(low))
		kind = GLP_LO;
	else if (isfinite(high))
		kind = GLP_UP;
	glp_set_col_bnds(m->lp, col, kind, low, high);
	glp_set_obj_coef(m->lp, col, cost);
	return col;
}

void imc_milp_fix(struct imc_milp *m, int col, double value)
{
	glp_set_col_bnds(m->lp, col, GLP_FX, value, value);
}

void imc_milp_add_row(struct imc_milp *m, int n, const int *col,
		      const double *factor, bool exactly, double most)
{
	int row = glp_add_rows(m->lp, 1);

	glp_set_row_bnds(m->lp, row, exactly ? GLP_FX : GLP_UP, most, most);
	glp_set_mat_row(m->lp, row, n, col, factor);
}

struct watch {
	int64_t n_node, most;
	double bound;
};

static void watch_nodes(glp_tree *tree, void *watch)
{
	struct watch *w = watch;
	int best;

	if (glp_ios_reason(tree) != GLP_ISELECT)
		return;
	best = glp_ios_best_node(tree);
	if (best)
		w->bound = glp_ios_node_bound(tree, best);
	if (++w->n_node > w->most)
		glp_ios_terminate(tree);
}

static int milliseconds(double seconds)
{
	double ms = ceil(seconds * 1e3);

	return ms >= INT_MAX ? INT_MAX : ms < 1 ? 1 : (int)ms;
}

static enum imc_milp_result result_of(glp_prob *lp, int status)
{
	if (status == GLP_ENOPFS)
		return IMC_MILP_NONE;
	if (status != 0 && status != GLP_ESTOP && status != GLP_ETMLIM)
		return IMC_MILP_UNKNOWN;
	if (glp_mip_status(lp) == GLP_OPT)
		return IMC_MILP_BEST;
	if (glp_mip_status(lp) == GLP_FEAS)
		return IMC_MILP_FOUND;
	return glp_mip_status(lp) == GLP_NOFEAS ? IMC_MILP_NONE
						: IMC_MILP_UNKNOWN;
}

struct imc_milp_answer imc_milp_solve(struct imc_milp *m,
				      struct imc_milp_limit limit)
{
	struct watch w = {0, limit.n_node, -INFINITY};
	struct imc_milp_answer out = {.result = IMC_MILP_UNKNOWN};
	glp_iocp how;

	glp_init_iocp(&how);
	how.msg_lev = GLP_MSG_OFF;
	how.presolve = GLP_ON;
	how.cov_cuts = how.mir_cuts = limit.cuts ? GLP_ON : GLP_OFF;
	how.tm_lim = milliseconds(limit.seconds);
	how.cb_func = watch_nodes;
	how.cb_info = &w;
	out.result = result_of(m->lp, glp_intopt(m->lp, &how));
	out.n_node = w.n_node;
	out.bound = w.bound;
	if (out.result == IMC_MILP_BEST || out.result == IMC_MILP_FOUND)
		out.value = glp_mip_obj_val(m->lp);
	if (out.result == IMC_MILP_BEST)
		out.bound = out.value;
	return out;
}

double imc_milp_value(const struct imc_milp *m, int col)
{
	return glp_mip_col_val(m->lp, col);
}
