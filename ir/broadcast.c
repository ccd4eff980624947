#include "ir/broadcast.h"

bool imc_broadcast_shape(struct imc_tensor *y, const struct imc_tensor *t)
{
	int rank = y->rank > t->rank ? y->rank : t->rank;
	int64_t dim[IMC_MAX_RANK];

	for (int i = 1; i <= rank; i++) {
		int64_t a = i <= y->rank ? y->dim[y->rank - i] : 1;
		int64_t b = i <= t->rank ? t->dim[t->rank - i] : 1;

		if (a != b && a != 1 && b != 1)
			return false;
		dim[rank - i] = a == 1 ? b : a;
	}
	y->rank = rank;
	for (int i = 0; i < rank; i++)
		y->dim[i] = dim[i];
	return true;
}

void imc_broadcast_strides(const struct imc_tensor *t,
			   const struct imc_tensor *y, int64_t *stride)
{
	int64_t step = 1;

	for (int i = 1; i <= y->rank; i++) {
		int64_t d = i <= t->rank ? t->dim[t->rank - i] : 1;

		stride[y->rank - i] = d == 1 ? 0 : step;
		step *= d;
	}
}
