/* Weights: one stream of numbers a tensor. Only integers, and double products
 * that every machine rounds alike, so that the bytes are the same. */
#include "frontend/zoo/zoo_layers.h"

#include "ir/support/splitmix.h"

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

	return imc_splitmix_next(&mixed) ^ hash(name);
}

/* From -1 up to, and not with, 1. */
static double uniform(uint64_t *state)
{
	return (double)(imc_splitmix_next(state) >> 11) * 0x1p-52 - 1;
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
			v[i] = (float)(imc_splitmix_normal(&state) * f->scale);
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
