/* cholesky.h: factors of symmetric matrices, by LAPACK. */
#ifndef IMC_CHOLESKY_H
#define IMC_CHOLESKY_H

#include <stdbool.h>
#include <stdint.h>

/* a[n][n] = L L^T: the lower half becomes L, the upper one keeps what it held.
 * False: a is not positive definite. On one processor, whatever there are: the
 * result does not depend on threads. Its last bits may differ between kinds
 * of processors, as LAPACK is tuned for each. */
bool imc_cholesky_factor(double *a, int64_t n);

/* Rows b[m][n] become b (L L^T)^-1. */
void imc_cholesky_solve(const double *l, int64_t n, double *b, int64_t m);

#endif
