#include "frontend/data/npy.h"
#include "ir/support/checked.h"

/* Shape of output k of g over n samples, as the bundle's runner writes it. */
static struct imc_tensor wanted(const struct imc_graph *g, size_t k, int64_t n)
{
	struct imc_tensor t = imc_data_model_tensor(g, g->output[k]);

	t.dtype = IMC_F32;
	if (t.rank == 0)
		t.dim[t.rank++] = 1;
	if (!imc_mul_i64(t.dim[0], n, &t.dim[0]))
		t.dim[0] = -1;
	return t;
}

static bool equal(const struct imc_tensor *a, const struct imc_tensor *b)
{
	if (a->dtype != b->dtype || a->rank != b->rank)
		return false;
	for (int i = 0; i < a->rank; i++)
		if (a->dim[i] != b->dim[i])
			return false;
	return true;
}

static bool read_one(const char *path, const struct imc_graph *g, size_t k,
		     int64_t n, struct imc_arena *a, struct imc_diags *d,
		     const float **out)
{
	struct imc_tensor want = wanted(g, k, n), t = {0};

	if (!imc_data_tensor(path, NULL, a, d, &t))
		return false;
	*out = t.data;
	return equal(&t, &want) ||
	       imc_diag(d, IMC_IN_FILE(path), IMC_D_OUTPUTS_SHAPE,
			imc_dtype_name(t.dtype), imc_shape_text(&t, d->arena),
			imc_shape_text(&want, d->arena));
}

bool imc_data_outputs(const char *path, const struct imc_graph *g, int64_t n,
		      struct imc_arena *a, struct imc_diags *d,
		      const float ***out)
{
	*out = imc_arena_array(a, g->n_output + 1, sizeof **out);
	for (size_t k = 0; k < g->n_output; k++) {
		const char *file =
			k ? imc_arena_printf(a, "%s.%zu.npy", path, k) : path;

		if (!read_one(file, g, k, n, a, d, &(*out)[k]))
			return false;
	}
	return true;
}
