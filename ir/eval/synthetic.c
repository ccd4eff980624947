#include "ir/samples.h"

#include "ir/support/checked.h"

/* splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number
 * generators", 2014. */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Nearly normal: the sum of twelve uniform variables has variance 1. All in
 * integers up to one exact division, hence the same on every machine. */
static float normal(uint64_t *state)
{
	int64_t sum = 0;

	for (int i = 0; i < 3; i++)
		for (uint64_t z = next(state), k = 0; k < 4; k++, z >>= 16)
			sum += (int64_t)(z & 0xffff);
	/* twelve times the mean of 0 .. 65535 */
	return (float)(sum - 6 * 65535) / 65536.0f;
}

static void fill(float *x, int64_t n, uint64_t state)
{
	for (int64_t i = 0; i < n; i++)
		x[i] = normal(&state);
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
		fill(s.x[k], n * s.size[k], next(&stream));
	}
	return s;
}
