/* splitmix.h: random numbers that are the same on every machine. The generator
 * is splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
 * generators", 2014); its state is any number. */
#ifndef IMC_SPLITMIX_H
#define IMC_SPLITMIX_H

#include <stdint.h>

static inline uint64_t imc_splitmix_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* From 0 up to, and not with, 1. */
static inline double imc_splitmix_unit(uint64_t *state)
{
	return (double)(imc_splitmix_next(state) >> 11) * 0x1p-53;
}

/* Nearly normal, between -6 and 6: the sum of twelve numbers of 16 bits has
 * mean 6 * 65535 and variance 65536^2 - 1. In integers up to one exact
 * division; exact as float, too. */
static inline double imc_splitmix_normal(uint64_t *state)
{
	int32_t sum = -6 * 65535;

	for (int i = 0; i < 3; i++) {
		uint64_t u = imc_splitmix_next(state);

		sum += (int32_t)(u & 65535) + (int32_t)(u >> 16 & 65535) +
		       (int32_t)(u >> 32 & 65535) + (int32_t)(u >> 48);
	}
	return sum / 65536.0;
}

#endif
