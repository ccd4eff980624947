#include "ir/samples.h"

#include "ir/support/checked.h"
#include "ir/support/splitmix.h"

static void fill(float *x, int64_t n, uint64_t state)
{
	for (int64_t i = 0; i < n; i++)
		x[i] = (float)imc_splitmix_normal(&state);
}

struct imc_samples imc_samples_make(const struct imc_graph *g, int64_t n,
				    uint64_t seed, struct imc_arena *a)
{
	size_t n_input =
		g->n_input < IMC_MAX_INPUT ? g->n_input : IMC_MAX_INPUT;
	struct imc_samples s = {.n = n,
				.n_input = (int)n_input,
				.synthetic = true,
				.source = "synthetic"};

	for (size_t k = 0; k < n_input; k++) {
		uint64_t stream = seed + k;
		size_t count = SIZE_MAX;

		s.size[k] = imc_tensor_count(&imc_value_at(g, g->input[k])->t);
		/* Left at its maximum, the arena refuses it. */
		imc_mul_size((size_t)n, (size_t)s.size[k], &count);
		s.x[k] = imc_arena_array(a, count, sizeof(float));
		fill(s.x[k], n * s.size[k], imc_splitmix_next(&stream));
	}
	return s;
}
