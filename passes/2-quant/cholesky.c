#include "passes/2-quant/cholesky.h"

#include <assert.h>
#include <cblas.h>

/* LAPACK has no header of its own. Matrices are column by column: an upper
 * half there is the lower one of ours. */
void dpotrf_(const char *half, const int *n, double *a, const int *stride,
	     int *info);

bool imc_cholesky_factor(double *a, int64_t n)
{
	int size = (int)n, info = 0;

	assert(n >= 0 && n <= INT32_MAX);
	openblas_set_num_threads(1);
	dpotrf_("U", &size, a, &size, &info);
	return info == 0;
}

void imc_cholesky_solve(const double *l, int64_t n, double *b, int64_t m)
{
	int size = (int)n, rows = (int)m;

	assert(n <= INT32_MAX && m <= INT32_MAX);
	openblas_set_num_threads(1);
	cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans,
		    CblasNonUnit, rows, size, 1, l, size, b, size);
	cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasNoTrans,
		    CblasNonUnit, rows, size, 1, l, size, b, size);
}
