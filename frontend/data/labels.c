#include <math.h>

#include "frontend/data/npy.h"
#include "frontend/data/preprocess.h"

/* Beyond this a label cannot be an index, nor exact in a double. */
#define LABEL_MAX 1e9

static bool check_shape(const char *path, const struct imc_tensor *t,
			struct imc_diags *d)
{
	bool ok = t->rank >= 1 && t->dim[0] == imc_tensor_count(t);

	return ok || imc_diag(d, IMC_IN_FILE(path), IMC_D_LABEL_SHAPE,
			      imc_shape_text(t, d->arena));
}

static bool bad_label(const char *path, int64_t i, double v,
		      struct imc_diags *d)
{
	return imc_diag(d, IMC_IN_FILE(path), IMC_D_LABEL_VALUE, (long long)i,
			imc_arena_printf(d->arena, "%g", v));
}

bool imc_data_labels(const char *path, imc_read_pb *pb, struct imc_arena *a,
		     struct imc_diags *d, int64_t *n, int64_t **out)
{
	struct imc_arena *scratch = imc_arena_new();
	struct imc_tensor t = {0};
	bool ok = imc_data_tensor(path, pb, scratch, d, &t) &&
		  check_shape(path, &t, d);

	if (ok) {
		*n = imc_tensor_count(&t);
		*out = imc_arena_array(a, (size_t)*n, sizeof **out);
	}
	for (int64_t i = 0; ok && i < *n; i++) {
		double v = imc_element(&t, i);

		ok = (v == floor(v) && fabs(v) <= LABEL_MAX) ||
		     bad_label(path, i, v, d);
		(*out)[i] = ok ? (int64_t)v : 0;
	}
	imc_arena_free(scratch);
	return ok;
}
