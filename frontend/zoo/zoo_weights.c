/* Weights: one stream of numbers a tensor. Only integers, and double products
 * that every machine rounds alike, so that the bytes are the same. */
#include "frontend/zoo/zoo_layers.h"

/* Steele et al., "Fast splittable pseudorandom number generators", 2014. */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* FNV-1a. */
static uint64_t hash(const char *s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
	return h;
}

static uint64_t stream(uint64_t seed, const char *name)
{
	uint64_t mixed = seed;

	return next(&mixed) ^ hash(name);
}

/* The sum of twelve numbers of 16 bits has mean 12 * 65535 / 2 and variance
 * 65536^2 - 1: nearly normal, and exact. */
static double normal(uint64_t *state)
{
	int sum = -12 * 65535 / 2;

	for (int i = 0; i < 3; i++) {
		uint64_t u = next(state);

		sum += (int)(u & 65535) + (int)(u >> 16 & 65535) +
		       (int)(u >> 32 & 65535) + (int)(u >> 48);
	}
	return sum / 65536.0;
}

/* From -1 up to, and not with, 1. */
static double uniform(uint64_t *state)
{
	return (double)(next(state) >> 11) * 0x1p-52 - 1;
}

static void fill(const struct imc_zoo_fill *f, uint64_t state, float *v,
		 size_t n)
{
	switch (f->rule) {
	case ZOO_FILL:
		for (size_t i = 0; i < n; i++)
			v[i] = (float)f->scale;
		break;
	case ZOO_NORMAL:
		for (size_t i = 0; i < n; i++)
			v[i] = (float)(normal(&state) * f->scale);
		break;
	case ZOO_UNIFORM:
		for (size_t i = 0; i < n; i++)
			v[i] = (float)(uniform(&state) * f->scale);
		break;
	}
}

void imc_zoo_make_weights(struct imc_zoo_net *net, uint64_t seed,
			  struct imc_arena *a)
{
	for (size_t i = 0; i < net->model.n_init; i++) {
		struct imc_onnx_tensor *t = &net->model.init[i];
		float *v = imc_arena_alloc(a, t->n_raw);

		fill(&net->fill[i], stream(seed, t->name), v,
		     t->n_raw / sizeof *v);
		t->raw = v;
	}
}
