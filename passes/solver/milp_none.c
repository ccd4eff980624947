/* Built without GLPK: there are no programs, so nothing else is called. */
#include <assert.h>
#include <math.h>
#include <stddef.h>

#include "passes/solver/milp.h"

struct imc_milp *imc_milp_new(void)
{
	return NULL;
}

void imc_milp_free(struct imc_milp *m)
{
	assert(!m);
	(void)m;
}

int imc_milp_add_binary(struct imc_milp *m, double cost)
{
	assert(m);
	(void)m;
	(void)cost;
	return 0;
}

int imc_milp_add_real(struct imc_milp *m, double cost, double low, double high)
{
	assert(m);
	(void)m;
	(void)cost;
	(void)low;
	(void)high;
	return 0;
}

void imc_milp_fix(struct imc_milp *m, int col, double value)
{
	assert(m);
	(void)m;
	(void)col;
	(void)value;
}

void imc_milp_add_row(struct imc_milp *m, int n, const int *col,
		      const double *factor, bool exactly, double most)
{
	assert(m);
	(void)m;
	(void)n;
	(void)col;
	(void)factor;
	(void)exactly;
	(void)most;
}

struct imc_milp_answer imc_milp_solve(struct imc_milp *m,
				      struct imc_milp_limit limit)
{
	assert(m);
	(void)m;
	(void)limit;
	return (struct imc_milp_answer){IMC_MILP_UNKNOWN, 0, -INFINITY, 0};
}

double imc_milp_value(const struct imc_milp *m, int col)
{
	assert(m);
	(void)m;
	(void)col;
	return 0;
}
